//! Machine code that `weir build --target` wrote and that a node keeps for its next start.

use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = "pub fn number() -> Int = 42\n";

fn answer(node: &Node) -> String {
    let mut client = Client::connect(&node.host).unwrap();
    client.get("/number", &[]).unwrap().body
}

#[test]
fn what_was_built_for_this_machine_runs_when_it_is_trusted() {
    let scratch = Scratch::new("aot");
    std::fs::write(scratch.join("number.weir"), PROGRAM).unwrap();
    let weir = |args: &[&str]| said(WEIR, scratch.path(), args);
    let (exit, out, err) = weir(&["build", "number.weir", "--target", "native"]);
    assert_eq!(exit, 0, "{err}");
    assert!(out.contains("build/number.native.code\n"), "{out}");
    assert!(
        out.ends_with("weir run build/number.wasm --trust-code`\n"),
        "{out}"
    );
    let first = std::fs::read(scratch.join("build/number.native.code")).unwrap();
    weir(&[
        "build",
        "number.weir",
        "--target",
        "native",
        "--out",
        "again",
    ]);
    assert_eq!(
        first,
        std::fs::read(scratch.join("again/number.native.code")).unwrap()
    );

    let (module, data) = (scratch.join("build/number.wasm"), scratch.join("data"));
    let args = [&module, "--port", "0", "--data", &data, "--trust-code"];
    assert_eq!(answer(&Node::start(WEIR, &args)), "42");
    let kept = scratch.path().join("data/code");
    assert!(!kept.exists(), "it did not have to compile");
    assert_eq!(answer(&Node::start(WEIR, &args[..5])), "42");
    assert!(kept.exists(), "without being told to, it does not take it");
    assert_eq!(answer(&Node::start(WEIR, &args[..5])), "42");

    std::fs::remove_file(scratch.join("build/number.native.code")).unwrap();
    let missing = Node::try_start(WEIR, &args).err().expect("it is not there");
    assert!(
        missing.contains("there is no machine code beside"),
        "{missing}"
    );
    let (exit, _, err) = weir(&["build", "number.weir", "--target", "no-such-machine"]);
    assert_eq!(exit, 1);
    assert!(err.contains("cannot compile for no-such-machine"), "{err}");
}

#[test]
fn profiles_are_asked_for_by_a_name_that_is_known() {
    let scratch = Scratch::new("profile");
    std::fs::write(scratch.join("number.weir"), PROGRAM).unwrap();
    let (program, data) = (scratch.join("number.weir"), scratch.join("data"));
    let args = [&program, "--port", "0", "--data", &data];
    let temporary = std::env::temp_dir();
    let perf = [("WEIR_PROFILE".to_owned(), "perf".to_owned())];
    let node = Node::start_with(WEIR, &args, &perf);
    let map = temporary.join(format!("perf-{}.map", node.pid()));
    let names = std::fs::read_to_string(&map);
    let _ = std::fs::remove_file(&map);
    node.kill();
    assert!(names.unwrap().lines().any(|line| line.ends_with("number")));
}

#[test]
fn a_profile_of_stacks_has_functions_and_lines() {
    let scratch = Scratch::new("stacks");
    let program = "\
fn is_prime(n: Int) -> Bool {
  var d = 2
  while d * d <= n {
    if n % d == 0 { return false }
    d += 1
  }
  true
}

entity Work(name: Text) {
  pub state found: Int = 0

  fn primes(most: Int) -> Int {
    for n in 2..most where is_prime(n) { found += 1 }
    found
  }
}

test \"primes\" {
  for _ in 0..5 {
    expect Work(\"a\").primes(50_000) > 0
  }
}
";
    std::fs::write(scratch.join("work.weir"), program).unwrap();
    let file = scratch.join("work.folded");
    let test = |profile: &str| {
        let output = std::process::Command::new(WEIR)
            .args(["test", "work.weir", "--quick"])
            .current_dir(scratch.path())
            .env("WEIR_PROFILE", profile)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), said)
    };
    let (passed, said) = test(&file);
    assert!(passed, "{said}");
    let stacks = std::fs::read_to_string(&file).unwrap();
    let deepest = "test \"primes\" (work.weir:21);Work.primes (work.weir:14);is_prime (work.weir:";
    assert!(stacks.lines().any(|l| l.starts_with(deepest)), "{stacks}");
    let counted = |line: &str| line.rsplit(' ').next()?.parse::<u64>().ok();
    assert!(
        stacks.lines().all(|line| counted(line) > Some(0)),
        "{stacks}"
    );
    assert!(
        said.contains("profile: ") && said.contains(" %  "),
        "{said}"
    );

    let (passed, said) = test("gprof");
    assert!(!passed && said.contains("set it to a file"), "{said}");
}
