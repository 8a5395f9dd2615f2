//! Views and live answers through the real binary: what a view shows is exact at the position it names, the rows that change are
//! sent to who listens, and a kill changes neither.

use std::fs;

use serde_json::{Value, json};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
record Offer(hotel: Text, price: Int)
record City(city: Text, hotels: Int, mean: Int)

entity Hotel(id: Text) {
  pub state city: Text = ""
  pub state price: Int = 0

  @anyone
  pub fn set(at: Text, to: Int) {
    city = at
    price = to
  }
}

@anyone
pub view cheapest =
  for h in Hotel
  where h.price > 0
  sort by h.price
  select Offer(h.id, h.price) limit 2

@anyone
pub view cities =
  for h in Hotel
  where h.price > 0
  group by city: h.city
  select City(city, count(), sum(h.price) / count())
"#;

fn set(client: &mut Client, hotel: &str, city: &str, price: i64) -> u64 {
    let body = json!({ "at": city, "to": price }).to_string();
    let reply = client
        .post(&format!("/Hotel/{hotel}/set"), &[], &body)
        .expect("the node answers");
    assert_eq!(reply.status, 200, "{reply:?}");
    position(&reply)
}

fn position(reply: &weir_tests::http::Reply) -> u64 {
    let position = reply.header("weir-position").expect("a position");
    position.parse().expect("a number")
}

/// The next event: its name and what it says.
fn event(client: &mut Client) -> (String, Value) {
    loop {
        let (mut name, mut data) = (String::new(), None);
        for line in client.read_chunk().expect("an event comes").lines() {
            if let Some(rest) = line.strip_prefix("event: ") {
                name = rest.to_owned();
            }
            if let Some(rest) = line.strip_prefix("data: ") {
                data = serde_json::from_str(rest).ok();
            }
        }
        if let Some(data) = data {
            return (name, data);
        }
    }
}

#[test]
fn rows_follow_and_survive_a_kill() {
    let scratch = Scratch::new("live");
    let program = scratch.join("hotels.weir");
    fs::write(&program, PROGRAM).expect("it can be written");
    let data = scratch.join("data");
    let start = || Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);

    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    set(&mut client, "ritz", "paris", 300);
    set(&mut client, "inn", "paris", 100);
    let at = set(&mut client, "grand", "rome", 200);
    let reply = client.get("/cheapest", &[]).expect("the node answers");
    let cheapest = json!([{ "hotel": "inn", "price": 100 }, { "hotel": "grand", "price": 200 }]);
    assert_eq!((reply.json(), position(&reply)), (cheapest, at));
    let paris = client.get("/cities/paris", &[]).expect("the node answers");
    assert_eq!(
        paris.json(),
        json!([{ "city": "paris", "hotels": 2, "mean": 200 }])
    );

    let mut live = Client::connect(&node.host).expect("it listens");
    let head = live.begin("/cheapest", &[("accept", "text/event-stream")]);
    let head = head.expect("the node answers");
    assert_eq!(
        head.header("content-type"),
        Some("text/event-stream"),
        "{head:?}"
    );
    let (name, rows) = event(&mut live);
    assert_eq!((&*name, rows.as_array().map(Vec::len)), ("rows", Some(2)));
    // What does not show changes nothing that is sent.
    set(&mut client, "ritz", "paris", 310);
    set(&mut client, "inn", "rome", 90);
    let (_, said) = event(&mut live);
    assert!(said.to_string().contains("90"), "{said}");
    drop(live);
    node.kill();

    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    let reply = client.get("/cities", &[]).expect("the node answers");
    let cities = json!([
        { "city": "paris", "hotels": 1, "mean": 310 },
        { "city": "rome", "hotels": 2, "mean": 145 },
    ]);
    assert_eq!(reply.json(), cities);

    // A position that this log has not come to was seen of another one.
    let here = position(&reply);
    let seen = [("weir-position", (here + 50).to_string())];
    let seen: Vec<(&str, &str)> = seen.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let refused = client.get("/cities", &seen).expect("the node answers");
    assert_eq!(refused.status, 503, "{refused:?}");
    let here = here.to_string();
    let seen = client.get("/cities", &[("weir-position", &here)]);
    assert_eq!(seen.expect("the node answers").status, 200);

    let views = std::process::Command::new(WEIR)
        .args(["views", "--data", &data])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&views.stdout).into_owned();
    assert!(
        said.contains("cities") && said.contains("2 rows of Hotel, up to date"),
        "{said}"
    );
    node.kill();
}

/// Any answer of a read can be followed, and listening does not hold up a node that stops.
#[test]
fn the_state_of_an_instance_can_be_followed() {
    let scratch = Scratch::new("live_state");
    let program = scratch.join("hotels.weir");
    fs::write(&program, PROGRAM).expect("it can be written");
    let data = scratch.join("data");
    let node = Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);
    let mut client = Client::connect(&node.host).expect("it listens");
    set(&mut client, "ritz", "paris", 300);
    let mut live = Client::connect(&node.host).expect("it listens");
    live.begin("/Hotel/ritz/price", &[("accept", "text/event-stream")])
        .expect("the node answers");
    assert_eq!(event(&mut live), ("value".to_owned(), json!(300)));
    set(&mut client, "ritz", "paris", 280);
    assert_eq!(event(&mut live), ("value".to_owned(), json!(280)));
    let begin = std::time::Instant::now();
    node.terminate();
    assert!(begin.elapsed().as_secs() < 4, "it waits for nobody");
}
