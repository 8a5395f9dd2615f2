//! A bug of a program is told with its function and the calls that led there, wherever people look for it: in the answer, on
//! the standard error of the node, in the list of runs, below a test that failed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use weir_tests::http::Client;
use weir_tests::process::{Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"fn share(of: Int, among: Int) -> Int {
  let all = of / among
  if all > 1000 { share(all, among) } else { all + 1 }
}

pub fn ask(among: Int) -> Int {
  share(10, among) + 1
}

workflow Slow(id: Text) {
  pub fn run(among: Int) -> Int {
    sleep(1ms)
    ask(among) + 1
  }
}

test "shared among nobody" {
  expect ask(0) == 1
}
"#;

#[test]
fn a_bug_is_told_with_its_function_and_its_callers() {
    let scratch = Scratch::new("bugs");
    std::fs::write(scratch.join("share.weir"), PROGRAM).unwrap();
    let (exit, out, err) = said(WEIR, scratch.path(), &["test", "share.weir", "--quick"]);
    assert_eq!(exit, 1, "{out}{err}");
    insta::assert_snapshot!(out, @r#"
    FAIL  shared among nobody
          share.weir:2:13: division by zero in share
            let all = of / among
            called from ask (share.weir:7:3)
          again: weir test share.weir "shared among nobody" --quick

    0 passed, 1 failed
    "#);

    let noted = scratch.join("stderr");
    let mut node = Command::new(WEIR)
        .args(["run", "share.weir", "--port", "0", "--data", "data"])
        .current_dir(scratch.path())
        .stdout(Stdio::piped())
        .stderr(File::create(&noted).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let host = first.strip_prefix("listening on http://").expect(&first);
    // The rest has to go somewhere.
    std::thread::spawn(move || lines.for_each(drop));

    let mut client = Client::connect(host).unwrap();
    let reply = client.post("/ask", &[], r#"{"among": 0}"#).unwrap();
    assert_eq!(reply.status, 500);
    insta::assert_snapshot!(reply.body, @r#"{"error":"Bug","run":"0","at":"share.weir:2:13","reason":"division by zero","function":"share","called_from":["ask (share.weir:7:3)"]}"#);

    let started = client.post("/Slow/a/run", &[], r#"{"among": 0}"#).unwrap();
    assert_eq!(started.status, 202, "{}", started.body);
    let parked = loop {
        let (_, out, _) = said(WEIR, scratch.path(), &["runs", "--data", "data"]);
        if out.contains("parked at") {
            break out;
        }
    };
    // Since when is another matter.
    let parked: Vec<&str> = parked
        .lines()
        .map(|line| line.split(" for ").next().unwrap().trim())
        .collect();
    insta::assert_snapshot!(parked.join("\n"), @r#"
    1  parked     Slow.run (a)
    parked at share.weir:2:13 in share: division by zero
    called from ask (share.weir:7:3)
    "#);
    node.kill().unwrap();
    node.wait().unwrap();
    insta::assert_snapshot!(std::fs::read_to_string(noted).unwrap(), @r#"
    weir: a call of ask stopped at share.weir:2:13 in share: division by zero
    weir: run 1 is parked at share.weir:2:13 in share: division by zero
    "#);
}
