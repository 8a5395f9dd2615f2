//! Contents of blobs through the real binary: in and out over HTTP, with ranges, limits and refusals; a long one without the memory of the
//! node growing; `weir blobs` on a node and on a directory.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;
use weir_contract::BlobHash;
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
error Missing

entity Shelf(name: Text) {
  pub state one: Blob? = None
  pub state all: Map<Blob, Text> = [:]

  pub fn put(file: Blob, note: Text = "") -> Int {
    one = Some(file)
    all[file] = note
    all.length()
  }

  pub fn get(hash: Text) -> Blob fails Missing {
    for (file, _) in all { if file.hash() == hash { return file } }
    fail Missing
  }

  pub fn empty() {
    one = None
    all = [:]
  }
}

@anyone
pub fn anyones(file: Blob) -> Text = "{file}"

pub fn made(text: Text) -> Blob = blob.of_text(text, "text/html")

pub fn both(a: Blob, b: Blob) -> Int = a.size() + b.size()

workflow Keeper(id: Text) {
  pub event go()

  pub fn run(file: Blob) -> Text {
    wait { go() => {} }
    file.text() ?? "no text"
  }
}
"#;

struct Running {
    node: Option<Node>,
    scratch: Scratch,
}

impl Running {
    fn start(config: &str) -> Running {
        let scratch = Scratch::new("blobs");
        std::fs::write(scratch.join("shelf.weir"), PROGRAM).expect("a scratch folder");
        let config = format!("entry = \"shelf.weir\"\n{config}");
        std::fs::write(scratch.join("weir.toml"), config).expect("a scratch folder");
        let mut running = Running {
            node: None,
            scratch,
        };
        running.start_again();
        running
    }

    /// After a `kill -9`, when it was running.
    fn start_again(&mut self) {
        if let Some(node) = self.node.take() {
            node.kill();
        }
        let (folder, data) = (self.scratch.join(""), self.scratch.join("data"));
        let node = Node::start(WEIR, &[&folder, "--data", &data, "--port", "0"]);
        self.node = Some(node);
    }

    fn host(&self) -> &str {
        &self.node.as_ref().expect("it runs").host
    }

    fn client(&self) -> Client {
        Client::connect(self.host()).expect("the node serves")
    }

    fn send(&self, path: &str, media_type: &str, content: &str) -> Reply {
        let headers = [("content-type", media_type)];
        let reply = self.client().post(path, &headers, content);
        reply.expect("the node answers")
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.client().get(path, headers).expect("the node answers")
    }

    /// What `weir blobs` prints.
    fn blobs(&self, args: &[&str]) -> (i32, String, String) {
        let data = self.scratch.join("data");
        let args = [&["blobs"], args, &["--data", &data]].concat();
        said(WEIR, self.scratch.path(), &args)
    }

    fn file(&self, content: &str) -> String {
        let name = hash(content);
        self.scratch
            .join(&format!("data/blobs/{}/{name}", &name[..2]))
    }
}

fn hash(content: &str) -> String {
    BlobHash::of(content.as_bytes()).to_string()
}

#[test]
fn a_content_goes_in_and_comes_out() {
    let running = Running::start("");
    let sent = running.send("/blobs", "text/plain", "hello you");
    let named = json!({ "blob": hash("hello you"), "size": 9, "type": "text/plain" });
    assert_eq!((sent.status, sent.json()), (201, named.clone()));
    let at = format!("/blobs/{}", hash("hello you"));
    assert_eq!(sent.header("location"), Some(at.as_str()));
    let got = running.get(&at, &[]);
    assert_eq!((got.status, got.body.as_str()), (200, "hello you"));
    assert_eq!(got.header("content-type"), Some("text/plain"));
    assert_eq!(got.header("content-length"), Some("9"));
    let tag = got.header("etag").expect("a tag").to_owned();
    assert_eq!(running.get(&at, &[("if-none-match", &tag)]).status, 304);
    let part = running.get(&at, &[("range", "bytes=6-")]);
    assert_eq!((part.status, part.body.as_str()), (206, "you"));
    assert_eq!(part.header("content-range"), Some("bytes 6-8/9"));
    let other = [("range", "bytes=6-"), ("if-range", "\"x\"")];
    assert_eq!(running.get(&at, &other).status, 200);
    let beyond = running.get(&at, &[("range", "bytes=9-")]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some("bytes */9"));
    let head = format!(
        "HEAD {at} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        running.host()
    );
    let mut socket = TcpStream::connect(running.host()).unwrap();
    socket.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("content-length: 9\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    // Nobody need be told what the content is, and there may be none.
    let nothing = running
        .client()
        .request("POST", "/blobs", &[("content-type", "")], b"");
    assert_eq!(nothing.unwrap().json()["size"], 0);
    let nothing = running.get(&format!("/blobs/{}", hash("")), &[]);
    assert_eq!((nothing.status, nothing.body.as_str()), (200, ""));
    assert_eq!(
        nothing.header("content-type"),
        Some("application/octet-stream")
    );
    // By its name it goes into calls: as it was answered, or just the hash.
    for file in [
        named,
        json!({ "blob": hash("hello you") }),
        json!(hash("hello you")),
    ] {
        let body = json!({ "file": file, "note": "by name" }).to_string();
        let put = running.client().post("/Shelf/a/put", &[], &body).unwrap();
        assert_eq!((put.status, put.body.as_str()), (200, "1"));
    }
    let put = running.send("/Shelf/a/put?note=straight%20in", "image/png", "a picture");
    assert_eq!((put.status, put.body.as_str()), (200, "2"));
    let all = running.get("/Shelf/a/all", &[]).json();
    let notes: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e[1].as_str().unwrap())
        .collect();
    assert!(
        notes.contains(&"by name") && notes.contains(&"straight in"),
        "{all}"
    );
    // What gives a blob gives its content, and its name to who asks for JSON.
    let one = running.get("/Shelf/a/one", &[]);
    assert_eq!((one.status, one.body.as_str()), (200, "a picture"));
    assert_eq!(one.header("content-type"), Some("image/png"));
    let one = running.get(
        "/Shelf/a/one",
        &[("accept", "text/html, application/json;q=0.9")],
    );
    assert_eq!(
        one.json(),
        json!({ "blob": hash("a picture"), "size": 9, "type": "image/png" })
    );
    assert_eq!(running.get("/Shelf/none/one", &[]).body, "null");
    let found = running.get(&format!("/Shelf/a/get?hash={}", hash("hello you")), &[]);
    assert_eq!(found.body, "hello you");
    assert_eq!(
        running.get("/Shelf/a/get?hash=x", &[]).json()["error"],
        "Missing"
    );
    let made = running
        .client()
        .post("/made", &[], r#"{"text": "<b>"}"#)
        .unwrap();
    assert_eq!(
        (made.body.as_str(), made.header("content-type")),
        ("<b>", Some("text/html"))
    );
    assert_eq!(made.header("content-security-policy"), Some("sandbox"));
    // A call is made as a whole, whatever the client has of its answer.
    let tag = made.header("etag").expect("a tag").to_owned();
    let parts = [("range", "bytes=0-0"), ("if-none-match", tag.as_str())];
    let made = running.client().post("/made", &parts, r#"{"text": "<b>"}"#);
    let made = made.unwrap();
    assert_eq!((made.status, made.body.as_str()), (200, "<b>"));
}

#[test]
fn what_is_not_there_or_not_allowed_is_told() {
    let running = Running::start("[limits]\nblob = \"4KiB\"\n");
    let nobody = [("weir-caller", "")];
    let status = |reply: std::io::Result<Reply>| reply.expect("the node answers").status;
    assert_eq!(status(running.client().post("/blobs", &nobody, "x")), 401);
    assert_eq!(
        status(
            running
                .client()
                .get(&format!("/blobs/{}", hash("x")), &nobody)
        ),
        401
    );
    // Where anyone may call, anyone may send a content along; where not, it is not even read.
    let as_nobody = [("weir-caller", ""), ("content-type", "text/plain")];
    assert_eq!(
        status(running.client().post("/anyones", &as_nobody, "x")),
        200
    );
    assert_eq!(
        status(running.client().post("/Shelf/a/put", &as_nobody, "x")),
        401
    );
    let long = "x".repeat(4097);
    for path in ["/blobs", "/Shelf/a/put", "/anyones"] {
        let sent = running.send(path, "text/plain", &long);
        assert_eq!(
            (sent.status, sent.json()["error"].as_str()),
            (413, Some("PayloadTooLarge"))
        );
        // Also when it does not say so before.
        let mut client = running.client();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n",
            running.host()
        );
        let body = format!("{head}1001\r\n{long}\r\n0\r\n\r\n");
        client.send_raw(body.as_bytes()).unwrap();
        assert_eq!(client.read_reply().unwrap().status, 413, "{path}");
    }
    assert_eq!(running.send("/blobs", "text/plain", &long[1..]).status, 201);
    let get = |path: &str| running.get(path, &[]);
    assert_eq!(get(&format!("/blobs/{}", hash("never sent"))).status, 404);
    assert_eq!(get("/blobs/ABC").status, 400);
    assert_eq!(get("/blobs").status, 405);
    let deleted = running
        .client()
        .request("DELETE", &format!("/blobs/{}", hash("x")), &[], b"");
    assert_eq!(status(deleted), 405);
    let form = running.send("/Shelf/a/put", "multipart/form-data; boundary=x", "--x--");
    assert_eq!(form.status, 415);
    // JSON stays JSON, whatever the type says; two contents are not one body.
    let named = json!({ "file": hash("never sent") }).to_string();
    let missing = running
        .client()
        .post("/Shelf/a/put", &[], &named)
        .unwrap()
        .json();
    let why = format!(
        "file: there is no blob {}; send its content to POST /blobs first",
        hash("never sent")
    );
    assert_eq!(
        (missing["reason"].as_str(), missing["path"].as_str()),
        (Some(why.as_str()), Some("file"))
    );
    let cases = [
        (json!({ "file": "abc" }), "file: expected a blob as "),
        (
            json!({ "file": { "blob": hash("x"), "size": 2 } }),
            &format!("file: blob {} has 1 byte, not 2", hash("x")),
        ),
        (
            json!({ "file": { "blob": hash("x"), "sise": 1 } }),
            "file.sise: unknown field \"sise\"; did you mean \"size\"?",
        ),
        (json!({ "file": { "size": 1 } }), "file.blob: is missing"),
        (
            json!({ "file": { "blob": hash("x"), "type": "a\nb" } }),
            "file.type: a media type is made of visible ASCII",
        ),
    ];
    for (body, why) in cases {
        let reply = running
            .client()
            .post("/Shelf/a/put", &[], &body.to_string())
            .unwrap();
        let said = reply.json()["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            reply.status == 400 && said.starts_with(why),
            "{said}\n{why}"
        );
    }
    assert_eq!(running.send("/both", "text/plain", "x").status, 400);
    // A damaged content is told with its file, and nothing of it is given out.
    let sent = running.send("/Shelf/a/put", "text/plain", "to be damaged");
    assert_eq!(sent.status, 200);
    let mut running = running;
    std::fs::write(running.file("to be damaged"), "to be dAmaged").unwrap();
    running.start_again();
    let damaged = running.get("/Shelf/a/one", &[]);
    assert_eq!(damaged.status, 500);
    let reason = damaged.json()["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.contains(&running.file("to be damaged")) && reason.contains("is damaged"),
        "{reason}"
    );
}

#[test]
fn blobs_are_listed_got_and_swept_on_a_node_and_in_a_directory() {
    let mut running = Running::start("");
    for content in ["in a map", "in a run", "in nothing", "forgotten"] {
        running.send("/blobs", "text/plain", content);
    }
    let put = |running: &Running, shelf: &str, content: &str| {
        let body = json!({ "file": hash(content) }).to_string();
        running
            .client()
            .post(&format!("/Shelf/{shelf}/put"), &[], &body)
            .unwrap()
    };
    put(&running, "a", "in a map");
    let body = json!({ "file": hash("in a run") }).to_string();
    assert_eq!(
        running
            .client()
            .post("/Keeper/k/run", &[], &body)
            .unwrap()
            .status,
        202
    );
    let (code, listed, _) = running.blobs(&["list"]);
    assert_eq!((code, listed.lines().count()), (0, 4));
    assert!(
        listed.contains(&format!(
            "{}  {:>12}      0s  text/plain",
            hash("in a map"),
            8
        )),
        "{listed}"
    );
    let make_old = |running: &Running, content: &str| {
        let then = SystemTime::now() - Duration::from_secs(3 * 86_400);
        let file = std::fs::File::open(running.file(content)).unwrap();
        file.set_modified(then).unwrap();
    };
    for content in ["in a map", "in a run", "in nothing", "forgotten"] {
        make_old(&running, content);
    }
    // Named in the log only, and named again while it is old.
    put(&running, "b", "forgotten");
    make_old(&running, "forgotten");
    running.client().post("/Shelf/b/empty", &[], "{}").unwrap();
    for stopped in [false, true] {
        if stopped {
            running.node.take().unwrap().kill();
        }
        let (code, swept, _) = running.blobs(&["sweep", "--dry-run"]);
        assert_eq!(code, 0);
        assert!(
            swept.contains(&hash("in nothing"))
                && swept.ends_with("1 would go, 10 bytes; 3 stay\n"),
            "{swept}"
        );
        let (code, content, _) = running.blobs(&["get", &hash("in a run")[..8]]);
        assert_eq!((code, content.as_str()), (0, "in a run"));
    }
    let (_, swept, _) = running.blobs(&["sweep", "--json"]);
    let swept: serde_json::Value = serde_json::from_str(&swept).unwrap();
    assert_eq!((&swept["bytes"], &swept["left"]), (&json!(10), &json!(3)));
    let (code, _, told) = running.blobs(&["get", &hash("in nothing")]);
    assert_eq!(code, 1);
    assert!(told.contains("there is no blob"), "{told}");
    let (code, _, told) = running.blobs(&["get", "zz"]);
    assert!(
        code == 1 && told.contains("no blob begins with `zz`") && told.contains("weir blobs list"),
        "{told}"
    );
    // The run has its content, days later and after a kill.
    running.start_again();
    running.client().post("/Keeper/k/go", &[], "{}").unwrap();
    let done = running
        .client()
        .get("/Keeper/k/run", &[("prefer", "wait=10")])
        .unwrap();
    assert_eq!(done.body, "\"in a run\"");
    let out = running.scratch.join("out");
    let (code, ..) = running.blobs(&["get", &hash("in a map"), "--out", &out]);
    assert_eq!(
        (code, std::fs::read_to_string(&out).unwrap().as_str()),
        (0, "in a map")
    );
    let (code, state, _) = said(
        WEIR,
        running.scratch.path(),
        &[
            "state",
            "get",
            "Shelf",
            "a",
            "one",
            "--data",
            &running.scratch.join("data"),
        ],
    );
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!((code, &state["blob"]), (0, &json!(hash("in a map"))));
}

/// 200 MB.
const LONG: u64 = 200_000_000;
const PART: usize = 1 << 20;

#[test]
fn a_long_content_takes_no_more_memory_than_a_short_one() {
    let running = Running::start("");
    running.send("/Shelf/a/put", "a/b", "a short one");
    running.get("/Shelf/a/one", &[]);
    let pid = running.node.as_ref().unwrap().pid();
    let before = resident(pid);
    let (most, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let sampler = {
        let (most, stop) = (most.clone(), stop.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                most.fetch_max(resident(pid), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        })
    };
    let part: Vec<u8> = (0..PART).map(|n| (n * 7 / 3) as u8).collect();
    let mut socket = TcpStream::connect(running.host()).unwrap();
    let head = format!(
        "POST /Shelf/a/put HTTP/1.1\r\nhost: {}\r\ncontent-type: video/mp4\r\ncontent-length: {LONG}\r\nconnection: close\r\n\r\n",
        running.host()
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut left = LONG as usize;
    while left > 0 {
        let n = left.min(PART);
        socket.write_all(&part[..n]).unwrap();
        left -= n;
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n2"),
        "{answer}"
    );
    let got_in = most.load(Ordering::Relaxed);
    let mut socket = TcpStream::connect(running.host()).unwrap();
    let head = format!(
        "GET /Shelf/a/one HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        running.host()
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut got = Vec::new();
    let mut buffer = vec![0; PART];
    let mut size = 0;
    loop {
        match socket.read(&mut buffer).unwrap() {
            0 => break,
            n => {
                size += n as u64;
                if got.len() < 2 * PART {
                    got.extend_from_slice(&buffer[..n]);
                }
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    sampler.join().unwrap();
    let behind = got.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(size - behind as u64, LONG);
    assert!(got[behind..].starts_with(&part));
    let most = most.load(Ordering::Relaxed);
    println!(
        "resident: {before} KiB before, at most {got_in} KiB on the way in, {most} KiB in all"
    );
    assert!(most < before + 24 * 1024, "{before} KiB became {most} KiB");
}

/// Resident memory of a process in KiB.
fn resident(pid: u32) -> u64 {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
