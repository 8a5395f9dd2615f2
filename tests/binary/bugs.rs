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
            called from test "shared among nobody" (share.weir:18:10)
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
    called from Slow.run (share.weir:13:5)
    "#);
    node.kill().unwrap();
    node.wait().unwrap();
    insta::assert_snapshot!(std::fs::read_to_string(noted).unwrap(), @r#"
    weir: a call of ask stopped at share.weir:2:13 in share: division by zero
    weir: run 1 is parked at share.weir:2:13 in share: division by zero
    "#);
}

/// Functions that are small are put where they are called; the calls are told all the same. What breaks in the library breaks
/// where the program called it.
#[test]
fn calls_of_small_functions_are_told_too() {
    let scratch = Scratch::new("small-bugs");
    let program = r#"fn at(all: List<Int>, n: Int) -> Int = all[n]

fn second(all: List<Int>) -> Int = at(all, 1)

pub fn ask(n: Int) -> Int = second([n]) + second([n, n])

test "one is not two" {
  let sums = [1, 2].map(n => ask(n))
  expect sums == [2, 4]
}

test "the least has no opposite" {
  expect (-9223372036854775807 - 1).abs() == 0
}
"#;
    std::fs::write(scratch.join("at.weir"), program).unwrap();
    let (exit, out, err) = said(WEIR, scratch.path(), &["test", "at.weir", "--quick"]);
    assert_eq!(exit, 1, "{out}{err}");
    insta::assert_snapshot!(out, @r#"
    FAIL  one is not two
          at.weir:1:40: index out of range in at
            fn at(all: List<Int>, n: Int) -> Int = all[n]
            called from second (at.weir:3:36)
            called from ask (at.weir:5:29)
            called from test "one is not two" (at.weir:8:30)
            called from map (std/list.weir:189:26)
            called from test "one is not two" (at.weir:8:14)
          again: weir test at.weir "one is not two" --quick
    FAIL  the least has no opposite
          at.weir:13:10: overflow
            expect (-9223372036854775807 - 1).abs() == 0
          again: weir test at.weir "the least has no opposite" --quick

    0 passed, 2 failed
    "#);
}
