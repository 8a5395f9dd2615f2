//! The library's `http` module, in the real binary against a server that notes what it is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::json;
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
pub fn look(url: Text) -> Text fails NotSent, Unavailable {
  let answer = http.get(url, headers: ["x-who": "weir"])?
  "{answer.status} {answer.headers.get("x-said") ?? "-"} {answer.body.text() ?? "no text"}"
}

pub fn store(url: Text, what: Text) -> Int fails NotSent, Unavailable {
  http.put(url, what.to_bytes())?.status
}

pub fn drop(url: Text) -> Int fails NotSent, Unavailable = http.delete(url)?.status

pub fn tell(url: Text, what: Text) -> Int fails NotSent, Unknown {
  http.post(url, body: what.to_bytes(), headers: ["content-type": "text/plain"])?.status
}

pub fn change(url: Text, what: Text) -> Int fails NotSent, Unknown {
  http.patch(url, what.to_bytes())?.status
}

pub fn order(url: Text, what: Text) -> Int fails NotSent, Unavailable {
  http.post_with_key(url, what.to_bytes())?.status
}

test "a stand-in" {
  mock(http.get, (url, headers) => HttpResponse(status: 404, headers: [:], body: "gone".to_bytes()))
  expect look("http://nowhere.test/")? == "404 - gone"
}
"#;

/// What came in: head and body as text.
type Seen = Arc<Mutex<Vec<String>>>;

/// Answers 404 with two headers of one name; `/broken` gets no answer at all, `/huge` one of 5 MiB.
fn server() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound address"));
    let seen = Seen::default();
    let noted = seen.clone();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let noted = noted.clone();
            std::thread::spawn(move || answer(socket, &noted));
        }
    });
    (url, seen)
}

fn answer(socket: TcpStream, noted: &Seen) -> Option<()> {
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    let mut text = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().ok()?;
        }
        text.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    text.push_str(&String::from_utf8_lossy(&body));
    let is_broken = text.contains(" /broken ");
    let said = match text.contains(" /huge ") {
        true => "g".repeat(5 << 20),
        false => "gone".to_owned(),
    };
    noted.lock().expect("no thread panicked").push(text);
    if !is_broken {
        let mut socket = socket;
        let length = said.len();
        let head = format!(
            "HTTP/1.1 404 Not Found\r\nX-Said: a\r\nx-said: b\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        socket.write_all((head + &said).as_bytes()).ok()?;
    }
    Some(())
}

struct World {
    client: Client,
    url: String,
    seen: Seen,
    _node: Node,
    _scratch: Scratch,
}

impl World {
    fn start() -> World {
        let scratch = Scratch::new("web");
        let source = scratch.join("web.weir");
        std::fs::write(&source, PROGRAM).expect("a scratch folder");
        let data = scratch.join("data");
        let node = Node::start(WEIR, &[&source, "--data", &data, "--port", "0"]);
        let (url, seen) = server();
        World {
            client: Client::connect(&node.host).expect("it listens"),
            url,
            seen,
            _node: node,
            _scratch: scratch,
        }
    }

    /// Calls a function with an address at the server, or another one.
    fn call(&mut self, function: &str, at: &str, what: Option<&str>) -> Reply {
        let url = match at.strip_prefix('/') {
            Some(_) => format!("{}{at}", self.url),
            None => at.to_owned(),
        };
        let mut args = json!({ "url": url });
        if let Some(what) = what {
            args["what"] = json!(what);
        }
        let patience = [("Prefer", "wait=30")];
        let path = format!("/{function}");
        let reply = self.client.post(&path, &patience, &args.to_string());
        reply.expect("the node answers")
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().expect("no thread panicked"))
    }
}

#[test]
fn an_answer_that_has_no_room_in_the_log_counts_as_none() {
    let mut world = World::start();
    let reply = world.call("tell", "/huge", Some("x"));
    assert_eq!(
        (reply.status, &reply.json()["error"]),
        (502, &json!("Unknown"))
    );
    assert_eq!(world.call("tell", "/small", Some("x")).json(), json!(404));
}

#[test]
fn any_answer_is_an_answer_with_its_headers_and_body() {
    let mut world = World::start();
    let reply = world.call("look", "/a?b=1", None);
    assert_eq!((reply.status, reply.json()), (200, json!("404 a, b gone")));
    let seen = world.seen();
    assert!(seen[0].starts_with("GET /a?b=1 HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[0].contains("x-who: weir\r\n"), "{seen:?}");
    assert_eq!(seen.len(), 1);
}

#[test]
fn each_function_has_its_method_and_key() {
    let mut world = World::start();
    for (function, what) in [
        ("store", Some("kept")),
        ("drop", None),
        ("tell", Some("said")),
        ("change", Some("less")),
        ("order", Some("one")),
    ] {
        let reply = world.call(function, "/x", what);
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!(404)),
            "{function}"
        );
    }
    let seen = world.seen();
    let methods: Vec<&str> = seen.iter().filter_map(|s| s.split(' ').next()).collect();
    assert_eq!(methods, ["PUT", "DELETE", "POST", "PATCH", "POST"]);
    let keys: Vec<bool> = seen
        .iter()
        .map(|s| s.contains("idempotency-key: "))
        .collect();
    assert_eq!(keys, [false, false, false, false, true], "{seen:?}");
    assert!(seen[0].ends_with("\r\n\r\nkept"), "{seen:?}");
    assert!(seen[2].contains("content-type: text/plain\r\n"), "{seen:?}");
}

#[test]
fn what_was_not_sent_says_so_and_what_may_be_done_is_unknown() {
    let mut world = World::start();
    for wrong in ["nowhere", "ftp://nowhere.test/", "http:///x", "http://a b/"] {
        let reply = world.call("look", wrong, None);
        assert_eq!(reply.status, 502, "{wrong}: {reply:?}");
        assert_eq!(reply.json()["error"], "NotSent", "{wrong}");
    }
    assert_eq!(world.seen(), Vec::<String>::new());
    // Nobody listens there: a post knows that nothing was done.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    let nobody = format!("http://{}/", free.expect("a free port"));
    let reply = world.call("tell", &nobody, Some("x"));
    assert_eq!(reply.json()["error"], "NotSent", "{reply:?}");
    // It was sent, and no answer came.
    let reply = world.call("tell", "/broken", Some("x"));
    assert_eq!(reply.json()["error"], "Unknown", "{reply:?}");
    assert_eq!(world.seen().len(), 1, "it is sent once");
    // What may be repeated is, a few times.
    let reply = world.call("look", "/broken", None);
    assert_eq!(reply.json()["error"], "Unavailable", "{reply:?}");
    assert_eq!(world.seen().len(), 4);
}

#[test]
fn it_is_mocked_like_any_extern() {
    let scratch = Scratch::new("web-test");
    let source = scratch.join("web.weir");
    std::fs::write(&source, PROGRAM).expect("a scratch folder");
    let ran = std::process::Command::new(WEIR)
        .args(["test", &source])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(said.contains("1 passed, 0 failed"), "{said}");
}
