//! What `weir.toml` says is obeyed: limits by the node and by tests, the outside world by each file of the project.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"pub fn spin(n: Int) -> Int {
  var sum = 0
  for i in 0..n { sum = (sum + i) % 7 }
  sum
}

pub fn fill(n: Int) -> Int {
  var xs: List<Int> = []
  for i in 0..n { xs.push(i) }
  xs.length()
}

pub fn long(n: Int) -> Text = "x".repeat(n)
pub fn take(text: Text) -> Int = text.length()

workflow Waiting(id: Text) {
  pub event one()
  pub event two()
  pub fn run(n: Int) -> Int {
    let kept = long(n)
    wait { two() => {} }
    kept.length()
  }
}

test "fills" {
  expect fill(300_000) == 300_000
}
"#;

fn project(scratch: &Scratch, toml: &str) {
    fs::write(
        scratch.join("weir.toml"),
        format!("entry = \"main.weir\"\n{toml}"),
    )
    .unwrap();
    fs::write(scratch.join("main.weir"), PROGRAM).unwrap();
}

fn weir(scratch: &Scratch, args: &[&str]) -> (i32, String) {
    let (exit, out, err) = said(WEIR, scratch.path(), args);
    (exit, out + &err)
}

#[test]
fn limits_are_obeyed() {
    let scratch = Scratch::new("limits");
    project(
        &scratch,
        "[limits]\nstep = \"5s\"\nmemory = \"8MiB\"\nframe = \"1KiB\"\nreply = \"1KiB\"\nbody = \"1KiB\"\nevents = 2\n",
    );
    let node = Node::start(WEIR, &[&scratch.join("main.weir"), "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    let mut call = |path: &str, body: &str| client.post(path, &[], body).unwrap();

    // Much longer than a step may take that nobody gave more time.
    let spun = call("/main/spin", r#"{"n": 200000000}"#);
    assert_eq!(spun.status, 200, "{spun:?}");
    let filled = call("/main/fill", r#"{"n": 1000000}"#);
    assert_eq!(
        (filled.status, filled.json()["reason"].as_str()),
        (500, Some("step too large"))
    );
    assert_eq!(call("/main/fill", r#"{"n": 1000}"#).body, "1000");

    assert_eq!(call("/main/long", r#"{"n": 900}"#).status, 200);
    let long = call("/main/long", r#"{"n": 2000}"#);
    assert_eq!(
        (long.status, long.json()["reason"].as_str()),
        (500, Some("step too large: its reply is too long"))
    );
    let text = "x".repeat(2_000);
    let body = call("/main/take", &format!(r#"{{"text": "{text}"}}"#));
    assert_eq!(body.status, 413, "{body:?}");
    assert!(body.body.contains("longer than 1024 bytes"), "{body:?}");

    assert_eq!(call("/Waiting/a/run", r#"{"n": 10}"#).status, 202);
    assert_eq!(call("/Waiting/a/one", "{}").status, 202);
    assert_eq!(call("/Waiting/a/one", "{}").status, 202);
    let third = call("/Waiting/a/one", "{}");
    assert_eq!(third.status, 503, "{third:?}");
    assert!(third.body.contains("too many events"), "{third:?}");

    call("/Waiting/b/run", r#"{"n": 2000}"#);
    let runs = client.get("/_weir/runs", &[]).unwrap();
    assert!(runs.body.contains("its frames have"), "{runs:?}");
    let program = client.get("/_weir/program", &[]).unwrap().json();
    assert_eq!(program["limits"]["step_ms"], 5_000);
}

#[test]
fn without_them_the_usual_ones_hold() {
    let scratch = Scratch::new("limits");
    project(&scratch, "");
    let node = Node::start(WEIR, &[&scratch.join("main.weir"), "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    let spun = client
        .post("/main/spin", &[], r#"{"n": 2000000000}"#)
        .unwrap();
    assert_eq!(
        (spun.status, spun.json()["reason"].as_str()),
        (500, Some("step took too long"))
    );
    let filled = client.post("/main/fill", &[], r#"{"n": 300000}"#).unwrap();
    assert_eq!(filled.body, "300000");
}

#[test]
fn a_queue_that_is_full_says_so() {
    let scratch = Scratch::new("limits");
    project(&scratch, "[limits]\nstep = \"5s\"\nqueue = 1\n");
    let node = Node::start(WEIR, &[&scratch.join("main.weir"), "--port", "0"]);
    let call = |host: String| {
        let mut client = Client::connect(&host).unwrap();
        let answers = (0..20).map(|_| client.post("/main/spin", &[], r#"{"n": 3000000}"#).unwrap());
        answers.map(|answer| answer.status).collect::<Vec<_>>()
    };
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let host = node.host.clone();
            std::thread::spawn(move || call(host))
        })
        .collect();
    let mut statuses = Vec::new();
    for client in clients {
        statuses.extend(client.join().expect("it is answered"));
    }
    assert!(
        statuses.contains(&200) && statuses.contains(&503),
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
}

#[test]
fn tests_run_within_the_limits() {
    let scratch = Scratch::new("limits");
    project(&scratch, "");
    assert_eq!(weir(&scratch, &["test", "--quick"]).0, 0);
    project(&scratch, "[limits]\nmemory = \"4MiB\"\n");
    let (exit, said) = weir(&scratch, &["test", "--quick"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("step too large"), "{said}");
}

#[test]
fn a_file_that_is_named_is_of_the_project_around_it() {
    let scratch = Scratch::new("project");
    fs::create_dir_all(scratch.path().join("src/inner")).unwrap();
    fs::write(
        scratch.join("weir.toml"),
        "name = \"shop\"\nversion = \"1.2.3\"\nentry = \"src/main.weir\"\n[limits]\nstep = \"250ms\"\n",
    )
    .unwrap();
    fs::write(scratch.join("src/main.weir"), PROGRAM).unwrap();
    let built = |args: &[&str], folder: &str| {
        let mut all = vec!["build"];
        all.extend(args);
        let out = scratch.join("out");
        let _ = fs::remove_dir_all(&out);
        all.extend(["--out", &out]);
        let ran = Command::new(WEIR)
            .args(&all)
            .current_dir(scratch.path().join(folder))
            .output()
            .expect("the binary starts");
        assert!(ran.status.success(), "{args:?} in {folder}: {ran:?}");
        fs::read_to_string(scratch.join("out/shop.manifest.json")).expect("it is called shop")
    };
    let whole = built(&[], ".");
    assert!(whole.contains("\"program_version\": \"1.2.3\""), "{whole}");
    assert!(whole.contains("\"step_ms\": 250"), "{whole}");
    // The same bytes, wherever one stands and however one names it.
    assert_eq!(built(&["src/main.weir"], "."), whole);
    assert_eq!(built(&["main.weir"], "src"), whole);
    assert_eq!(built(&["../main.weir"], "src/inner"), whole);
    assert_eq!(built(&[], "src/inner"), whole);

    fs::write(
        scratch.join("weir.toml"),
        "entry = \"src/main.weir\"\n[limits]\nstp = \"1s\"\n",
    )
    .unwrap();
    let (exit, said) = weir(&scratch, &["check", "src/main.weir"]);
    assert_eq!(exit, 1);
    assert!(
        said.contains("weir.toml:3:1: `limits` has no key `stp`\nnext: did you mean `step`?"),
        "{said}"
    );
}

#[test]
fn a_saved_weir_toml_takes_over() {
    let scratch = Scratch::new("reload");
    project(&scratch, "");
    let node = Node::start(WEIR, &[&scratch.join("main.weir"), "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    let mut body_bytes = || {
        let program = client.get("/_weir/program", &[]).unwrap().json();
        program["limits"]["body_bytes"].as_u64()
    };
    assert_eq!(body_bytes(), None);
    // What is not right changes nothing.
    project(&scratch, "[limits]\nbodi = \"1KiB\"\n");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(body_bytes(), None);
    project(&scratch, "[limits]\nbody = \"1KiB\"\n");
    let end = Instant::now() + Duration::from_secs(20);
    while body_bytes() != Some(1024) {
        assert!(Instant::now() < end, "it was not loaded");
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = "x".repeat(2_000);
    let refused = client.post("/main/take", &[], &format!(r#"{{"text": "{text}"}}"#));
    assert_eq!(refused.unwrap().status, 413);
}
