//! Types with parameters at every border of a program, in the real binary: bodies and answers over HTTP, state over `kill -9`,
//! an outside service, and pages of `weir doc`.

use std::fs;

use serde_json::{Value, json};
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch, said};
use weir_tests::server::{Answer, Server};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
/// A part of a long list.
record Page<T>(items: List<T>, next: Text? = None)

/// One of two.
enum Either<A, B> {
  This(value: A)
  That(value: B)
}

record Line(sku: Text, qty: Int)

extern catalogue from "http:catalogue" {
  /// What is there.
  @idempotent
  fn find(what: Either<Text, Int>) -> Page<Line>
}

entity Book(name: Text) {
  pub state page: Page<Line> = Page([])

  @anyone
  pub fn put(page: Page<Line>) -> Either<Int, Text> {
    self.page = page
    if page.items.is_empty() { That("empty") } else { This(page.items.length) }
  }

  @anyone @get("/books/{name}/pair")
  pub fn pair() -> Page<(left: Int, right: Either<Int, Text>)> {
    Page([(left: page.items.length, right: That("x"))], next: Some("n"))
  }
}

@anyone
pub fn both(a: Either<Int, Text>, b: Page<Page<Int>> = Page([])) -> List<Either<Int, Text>> {
  [a, This(b.items.length)]
}

@anyone
pub fn ask(what: Text) -> Page<Line> = catalogue.find(This(what))
"#;

fn post(client: &mut Client, path: &str, body: Value) -> Reply {
    client
        .post(path, &[("Prefer", "wait=30")], &body.to_string())
        .expect("the node answers")
}

#[test]
fn at_every_border() {
    let service = Server::start(|request| {
        let asked = request.body.to_string();
        Answer::Reply(200, json!({ "items": [{ "sku": asked, "qty": 2 }] }))
    });
    let scratch = Scratch::new("generic");
    let toml = format!(
        "name = \"shop\"\nentry = \"shop.weir\"\n[extern.catalogue]\nurl = \"{}\"\n",
        service.url()
    );
    fs::write(scratch.join("weir.toml"), toml).expect("it can be written");
    fs::write(scratch.join("shop.weir"), PROGRAM).expect("it can be written");
    let start = || {
        let folder = scratch.path().to_str().expect("UTF-8");
        let data = scratch.join("data");
        Node::start(WEIR, &[folder, "--data", &data, "--port", "0"])
    };

    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    let page = json!({ "items": [{ "sku": "bike", "qty": 1 }], "next": null });
    let reply = post(&mut client, "/Book/a/put", json!({ "page": page }));
    assert_eq!(reply.json(), json!({ "kind": "This", "value": 1 }));
    let reply = post(
        &mut client,
        "/Book/b/put",
        json!({ "page": { "items": [] } }),
    );
    assert_eq!(reply.json(), json!({ "kind": "That", "value": "empty" }));
    // The arguments of the type decide what fits.
    let wrong = json!({ "page": { "items": [{ "sku": "bike", "qty": "one" }] } });
    let reply = post(&mut client, "/Book/a/put", wrong);
    assert_eq!(
        (reply.status, &reply.json()["path"]),
        (400, &json!("page.items[0].qty"))
    );
    let body =
        json!({ "a": { "kind": "That", "value": "q" }, "b": { "items": [{ "items": [1] }] } });
    let reply = post(&mut client, "/shop/both", body);
    let both = json!([{ "kind": "That", "value": "q" }, { "kind": "This", "value": 1 }]);
    assert_eq!(reply.json(), both);
    let reply = post(
        &mut client,
        "/shop/both",
        json!({ "a": { "kind": "That", "value": 7 } }),
    );
    assert_eq!(
        (reply.status, &reply.json()["path"]),
        (400, &json!("a.value"))
    );
    let reply = post(&mut client, "/shop/ask", json!({ "what": "bikes" }));
    let asked = json!({ "what": { "kind": "This", "value": "bikes" } }).to_string();
    let answer = json!({ "items": [{ "sku": asked, "qty": 2 }], "next": null });
    assert_eq!(reply.json(), answer);
    node.kill();

    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    let reply = client.get("/Book/a/page", &[]).expect("the node answers");
    assert_eq!(reply.json(), page);
    let reply = client.get("/books/a/pair", &[]).expect("the node answers");
    let pair = json!({ "left": 1, "right": { "kind": "That", "value": "x" } });
    assert_eq!(reply.json(), json!({ "items": [pair], "next": "n" }));
    drop(node);

    let (code, told, _) = said(WEIR, scratch.path(), &["doc", "Page"]);
    assert_eq!(code, 0);
    assert!(
        told.contains("record Page<T>(items: List<T>, next: Text? = None)"),
        "{told}"
    );
    let (_, told, _) = said(WEIR, scratch.path(), &["doc", "pair"]);
    assert!(
        told.contains("Page<(left: Int, right: Either<Int, Text>)>"),
        "{told}"
    );
    // A path is a program, here as with other commands.
    let (code, _, told) = said(WEIR, scratch.path(), &["doc", "."]);
    assert_eq!(code, 0, "{told}");
    assert!(scratch.path().join(".weir/doc/index.html").exists());
}
