//! Temporary data that cannot be made, or not again: a function that declares `ScratchLost` fails with it, so its callers see it and may go
//! on; any other is parked and says why. Either way nothing is left.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use weir_tests::analytics::{self, Sent, send};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
workflow Job(name: Text) {
  pub state tried: Int = 0
  pub event next()

  // Made once, and once more behind the wait where it is lost.
  pub fn run(files: List<Blob>) -> Int fails ScratchLost {
    scratch let lines = parallel for f in files, line in f.lines() select line
    let first = lines.length()
    count()
    wait { next() => {} }
    var n = first
    for _ in lines { n += 1 }
    count()
    n
  }

  fn count() { tried += 1 }
}

@anyone
pub fn lines_in(files: List<Blob>) -> Int fails ScratchLost {
  scratch let lines = parallel for f in files, line in f.lines() select line
  lines.length()
}

// Sees it, and goes on without.
@anyone
pub fn lines_or_none(files: List<Blob>) -> Text {
  match lines_in(files) {
    Ok(n) => "{n} lines"
    ScratchLost(why) => "none, because of {why}"
  }
}

@anyone
pub fn counted(files: List<Blob>) -> Int {
  scratch let lines = parallel for f in files, line in f.lines() select line
  lines.length()
}

@anyone
pub fn broken(files: List<Blob>) -> Int fails ScratchLost {
  scratch let words = parallel for f in files, line in f.lines() select line.split(" ")[1000]
  words.length()
}
"#;

fn started(name: &str, limits: &str, env: &[(String, String)]) -> (Scratch, Node, Client) {
    analytics::started(WEIR, name, (PROGRAM, limits), env)
}

fn again(folder: &Scratch, env: &[(String, String)]) -> (Node, Client) {
    analytics::again(WEIR, folder, env)
}

fn files(client: &mut Client) -> Sent {
    let content = |n: i32| (0..200).map(|line| format!("{n} {line}\n")).collect();
    send(client, (0..3).map(content).collect())
}

fn ask(client: &mut Client, path: &str, sent: &Sent, wait: &str) -> (u16, Json) {
    let headers = [("accept", "application/json"), ("prefer", wait)];
    let body = json!({ "files": sent.names }).to_string();
    let reply = client.post(path, &headers, &body).unwrap();
    (reply.status, reply.json())
}

fn nothing_is_left(client: &mut Client, folder: &Scratch) {
    let all = client.get("/_weir/scratch", &[]).unwrap().json();
    assert_eq!(
        (&all["memory_bytes"], &all["disk_bytes"]),
        (&json!(0), &json!(0)),
        "{all}"
    );
    let files = std::fs::read_dir(folder.join("data/scratch")).unwrap();
    assert_eq!(files.count(), 0, "no file is left");
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where the contents lie.
fn contents(of: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(of).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => contents(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn a_content_that_is_gone_after_a_crash_fails_the_run() {
    let (folder, node, mut client) = started("scratch-gone", "", &[]);
    let sent = files(&mut client);
    let (status, _) = ask(&mut client, "/Job/a/run", &sent, "wait=0");
    assert_eq!(status, 202);
    let tried = |client: &mut Client| client.get("/Job/a", &[]).unwrap().json()["tried"].clone();
    until("it waits", || tried(&mut client) == 1);
    // The node dies, and somebody has removed a content.
    node.kill();
    let mut found = Vec::new();
    contents(Path::new(&folder.join("data/blobs")), &mut found);
    let hash = sent.names[1]["blob"].as_str().unwrap();
    found.retain(|path| path.to_string_lossy().contains(hash));
    assert!(!found.is_empty(), "the content lies somewhere");
    let kept: Vec<(PathBuf, Vec<u8>)> = found
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    kept.iter()
        .for_each(|(path, _)| std::fs::remove_file(path).unwrap());
    let (node, mut client) = again(&folder, &[]);
    let reply = client.post("/Job/a/next", &[], "{}").unwrap();
    assert_eq!(reply.status, 202, "{}", reply.body);
    let mut ended = Json::Null;
    until("it fails", || {
        let all = client.get("/_weir/runs?ended=true", &[]).unwrap();
        ended = all.json()[0].clone();
        ended["state"] == "failed"
    });
    let result = ended["result"].to_string();
    assert!(
        result.contains("ScratchLost") && result.contains("the content of a blob"),
        "{ended}"
    );
    // The step that met it has done nothing.
    assert_eq!(tried(&mut client), 1);
    nothing_is_left(&mut client, &folder);
    let url = format!("http://{}", node.host);
    let (_, shown, _) = said(
        WEIR,
        Path::new(&folder.join("")),
        &["runs", "--ended", "--url", &url],
    );
    assert!(shown.contains("failed     Job.run (a)"), "{shown}");
    assert!(shown.contains("ScratchLost"), "{shown}");
}

#[test]
fn without_room_it_fails_with_the_limit_and_can_be_handled() {
    let limits = "scratch_memory = \"1KiB\"\nscratch_disk = \"1KiB\"";
    let (folder, _node, mut client) = started("scratch-no-room", limits, &[]);
    let sent = files(&mut client);
    let (status, said) = ask(&mut client, "/lines_in", &sent, "wait=60");
    assert_eq!(
        (status, &said["error"]),
        (503, &json!("ScratchLost")),
        "{said}"
    );
    assert!(said.to_string().contains("`scratch_disk`"), "{said}");
    nothing_is_left(&mut client, &folder);
    let (status, said) = ask(&mut client, "/lines_or_none", &sent, "wait=60");
    assert_eq!(status, 200, "{said}");
    let text = said.as_str().unwrap();
    assert!(
        text.starts_with("none, because of temporary data: "),
        "{text}"
    );
    // One that says nothing of it is parked, so that it can go on when there is room.
    let (status, _) = ask(&mut client, "/counted", &sent, "wait=0");
    assert_eq!(status, 202);
    let mut reason = String::new();
    until("it is parked", || {
        let all = client.get("/_weir/runs", &[]).unwrap().json();
        let said = all[0]["strands"][0]["bug"]["reason"].as_str();
        reason = said.unwrap_or("").to_owned();
        all[0]["state"] == "parked"
    });
    assert!(reason.contains("`scratch_disk`"), "{reason}");
    nothing_is_left(&mut client, &folder);
}

#[test]
fn tasks_that_are_lost_each_time_end_it() {
    let env = [("WEIR_LOSE_TASKS".to_owned(), "1".to_owned())];
    let (folder, _node, mut client) = started("scratch-always-lost", "", &env);
    let sent = files(&mut client);
    let (status, said) = ask(&mut client, "/lines_in", &sent, "wait=60");
    assert_eq!(
        (status, &said["error"]),
        (503, &json!("ScratchLost")),
        "{said}"
    );
    assert!(
        said.to_string()
            .contains("lost 5 times with the thread that ran it"),
        "{said}"
    );
    nothing_is_left(&mut client, &folder);
}

#[test]
fn a_bug_in_a_task_is_a_bug() {
    let (folder, _node, mut client) = started("scratch-bug-declared", "", &[]);
    let sent = files(&mut client);
    let (status, _) = ask(&mut client, "/broken", &sent, "wait=0");
    assert_eq!(status, 202);
    until("it is parked", || {
        let all = client.get("/_weir/runs", &[]).unwrap().json();
        all[0]["state"] == "parked"
    });
    nothing_is_left(&mut client, &folder);
}
