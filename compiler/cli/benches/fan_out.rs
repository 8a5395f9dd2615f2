//! `cargo bench --workspace --bench fan_out`: one post of `examples/social`, emitted, consumed, and delivered into the timelines of
//! 1,000 followers, over HTTP and on the disk, beside raw writes of the same bytes in the same minute. Once while timelines are
//! short, and once when there is more in them: what a post costs does not grow with what is there. Ratios hold, times vary.

use std::time::{Duration, Instant};

use weir_contract::Value;
use weir_tests::bench::{Bench, raw};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const SOCIAL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/social/social.weir"
);
const FANS: usize = 1_000;
const POSTS: usize = 20;
/// How many posts are in a timeline when it is measured again.
const LATER: usize = 100;
const TEXT: &str = "a post of some forty characters #weir";

fn main() {
    let scratch = Scratch::new("fan_out");
    let node = Node::start(
        WEIR,
        &[SOCIAL, "--data", &scratch.join("data"), "--port", "0"],
    );
    let mut http = Client::connect(&node.host).expect("the node serves");
    for fan in 0..FANS {
        let path = format!("/Person/f{fan}/follow");
        let reply = http.post(&path, &[], r#"{"other": "star"}"#);
        let reply = reply.expect("it answers");
        assert!(reply.status < 300, "{reply:?}");
    }
    let records = records();
    println!("one post into {FANS} timelines, over HTTP, on the disk: a second");
    post(&mut http, 1);
    let mut posted = 1;
    for before in [1, LATER] {
        post(&mut http, before - posted);
        let took = post(&mut http, POSTS);
        posted = before + POSTS;
        let per_second = POSTS as f64 / took.as_secs_f64();
        let (bytes, count) = (&records[before], records[before].len());
        let raw = raw::groups(scratch.path(), bytes.iter().copied());
        println!(
            "  {before:>3} posts there: {per_second:>7.1} posts, {:>8.0} timelines; {count} records of {} bytes a post; ratio to raw writes of \
             the same bytes, once a post {:.3}",
            per_second * (FANS + 1) as f64,
            bytes.iter().sum::<usize>(),
            per_second / raw
        );
    }
    shown(&mut http, posted);
}

/// So many posts, one after the other, until all of them are in all timelines.
fn post(http: &mut Client, posts: usize) -> Duration {
    let begin = Instant::now();
    for _ in 0..posts {
        let body = format!(r#"{{"text": "{TEXT}"}}"#);
        let reply = http.post("/Person/star/post", &[], &body);
        let reply = reply.expect("it answers");
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    loop {
        let shown = http.get("/_weir/streams", &[]).expect("it answers").json();
        if shown[0]["backlog"] == 0 {
            return begin.elapsed();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The last fan has seen all of them.
fn shown(http: &mut Client, posted: usize) {
    let path = format!("/Timeline/f{}/page?from={}", FANS - 1, posted - 1);
    let page = http.get(&path, &[]).expect("it answers").json();
    assert_eq!(page.as_array().map(Vec::len), Some(1), "{page}");
}

/// The lengths of the records of each post, as the machine makes them.
fn records() -> Vec<Vec<usize>> {
    let source = std::fs::read_to_string(SOCIAL).expect("it is there");
    let mut bench = Bench::new(&source);
    let text = |text: String| Value::Text(text);
    for fan in 0..FANS {
        let (key, other) = (text(format!("f{fan}")), text("star".into()));
        let call = bench.call(Some("Person"), "follow", vec![key], vec![other]);
        bench.whole(&call);
    }
    let (key, said) = (text("star".into()), text(TEXT.into()));
    let call = bench.call(Some("Person"), "post", vec![key], vec![said]);
    (0..=LATER).map(|_| bench.whole(&call)).collect()
}
