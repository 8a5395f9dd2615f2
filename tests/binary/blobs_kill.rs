//! `kill -9` while contents come in: what was acknowledged is there with its content, what the state names is there, acknowledged or not,
//! and of what was half sent nothing is left behind the next start.
//!
//! Threads send contents to `/blobs`, into calls, and have the program make some; the process is killed at random moments, also in the
//! middle of a body, and started again on the same directory.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use weir_contract::BlobHash;
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const KILLS: u64 = 16;
const THREADS: u64 = 4;

const PROGRAM: &str = r#"
entity Shelf(name: Text) {
  pub state all: List<Blob> = []

  pub fn put(file: Blob) -> Blob {
    all.push(file)
    file
  }

  pub fn make(line: Text, times: Int) -> Blob {
    let made = blob.of_text(line.repeat(times))
    all.push(made)
    made
  }
}
"#;

struct Shared {
    host: Mutex<String>,
    stop: AtomicBool,
    next: AtomicU64,
    /// Contents that were acknowledged, by hash.
    kept: Mutex<BTreeMap<String, String>>,
}

#[test]
fn what_was_acknowledged_is_there_with_its_content() {
    let seed = Random::seed("blobs_kill");
    let mut random = Random::new(seed);
    let scratch = Scratch::new("blobs-kill");
    let (program, data) = (scratch.join("shelf.weir"), scratch.join("data"));
    std::fs::write(&program, PROGRAM).unwrap();
    let start = || Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);
    let mut node = start();
    let shared = Arc::new(Shared {
        host: Mutex::new(node.host.clone()),
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
        kept: Mutex::default(),
    });
    let clients: Vec<_> = (0..THREADS)
        .map(|thread| {
            let shared = shared.clone();
            std::thread::spawn(move || send_until_stopped(&shared, seed ^ thread))
        })
        .collect();
    let mut halves = 0;
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(20 + random.below(200)));
        // One that will never be whole.
        let mut half = TcpStream::connect(&node.host).unwrap();
        let head = format!(
            "POST /blobs HTTP/1.1\r\nhost: {}\r\ncontent-length: 9000000\r\n\r\n",
            node.host
        );
        half.write_all(head.as_bytes()).unwrap();
        half.write_all(&vec![b'h'; 300_000]).unwrap();
        std::thread::sleep(Duration::from_millis(random.below(30)));
        node.kill();
        halves += left_over(&data);
        node = start();
        assert_eq!(
            left_over(&data),
            0,
            "what was half sent is removed at the start"
        );
        *shared.host.lock().unwrap() = node.host.clone();
    }
    shared.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().expect("a client ends well");
    }
    node.kill();
    let node = start();
    let kept = shared.kept.lock().unwrap();
    println!(
        "{} contents acknowledged, {halves} halves over {KILLS} kills",
        kept.len()
    );
    assert!(
        kept.len() as u64 > 2 * KILLS && halves > 0,
        "too few to mean anything"
    );
    let mut client = Client::connect(&node.host).unwrap();
    for (hash, content) in kept.iter() {
        let got = client.get(&format!("/blobs/{hash}"), &[]).unwrap();
        assert_eq!(got.status, 200, "{hash}: {}", got.body);
        assert!(got.body == *content, "{hash} has another content");
    }
    // Whatever the state names is there, also where nobody was told any more.
    let mut named = 0;
    for thread in 0..THREADS {
        let all = client
            .get(&format!("/Shelf/s{thread}/all"), &[])
            .unwrap()
            .json();
        for blob in all.as_array().expect("a list") {
            let hash = blob["blob"].as_str().unwrap();
            let got = client.get(&format!("/blobs/{hash}"), &[]).unwrap();
            assert_eq!(got.status, 200, "the state names {hash}: {}", got.body);
            assert_eq!(BlobHash::of(got.body.as_bytes()).to_string(), hash);
            named += 1;
        }
    }
    assert!(named > KILLS, "{named} are in the state");
}

/// Files of contents on their way in.
fn left_over(data: &str) -> usize {
    std::fs::read_dir(format!("{data}/blobs/new")).map_or(0, Iterator::count)
}

fn send_until_stopped(shared: &Shared, seed: u64) {
    let mut random = Random::new(seed);
    let thread = seed % THREADS;
    let mut client = None;
    while !shared.stop.load(Ordering::SeqCst) {
        let number = shared.next.fetch_add(1, Ordering::SeqCst);
        let line = format!("content {number}\n");
        let times = 1 + random.below(40_000) as usize;
        let content = line.repeat(times);
        let how = random.below(3);
        let headers = [
            ("content-type", "text/plain"),
            ("accept", "application/json"),
        ];
        let sent = match &mut client {
            None => {
                client = Client::connect(&shared.host.lock().unwrap().clone()).ok();
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            Some(client) => match how {
                0 => client.post("/blobs", &headers, &content),
                1 => client.post(&format!("/Shelf/s{thread}/put"), &headers, &content),
                _ => {
                    let body = serde_json::json!({ "line": line, "times": times }).to_string();
                    let path = format!("/Shelf/s{thread}/make");
                    client.post(&path, &[("accept", "application/json")], &body)
                }
            },
        };
        match sent {
            Ok(reply) if reply.status < 300 => {
                let hash = reply.json()["blob"].as_str().unwrap().to_owned();
                assert_eq!(hash, BlobHash::of(content.as_bytes()).to_string());
                shared.kept.lock().unwrap().insert(hash, content);
            }
            Ok(reply) if reply.status == 503 => {}
            Ok(reply) => panic!("{reply:?}"),
            // Whether it was kept nobody was told.
            Err(_) => client = None,
        }
    }
}
