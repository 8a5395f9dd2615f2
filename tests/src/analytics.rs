//! Work over files for tests of temporary data: words to count and points to gather, and plain programs that do the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::Client;
use crate::process::{Node, Scratch};
use crate::random::Random;

/// A project of one program in a folder of its own, on a node of `weir` with these limits.
pub fn started(
    weir: &str,
    name: &str,
    (program, limits): (&str, &str),
    env: &[(String, String)],
) -> (Scratch, Node, Client) {
    let folder = Scratch::new(name);
    std::fs::write(folder.join("main.weir"), program).unwrap();
    let config = format!("name = \"main\"\nentry = \"main.weir\"\n[limits]\n{limits}\n");
    std::fs::write(folder.join("weir.toml"), config).unwrap();
    let (node, client) = again(weir, &folder, env);
    (folder, node, client)
}

/// The same program and data, served again.
pub fn again(weir: &str, folder: &Scratch, env: &[(String, String)]) -> (Node, Client) {
    let (program, data) = (folder.join(""), folder.join("data"));
    let args = [&program, "--data", &data, "--port", "0"];
    let node = Node::start_with(weir, &args.map(|arg| arg as &str), env);
    let client = Client::connect(&node.host).unwrap();
    (node, client)
}

/// Contents that a node has, with the blobs that name them.
pub struct Sent {
    pub names: Vec<Value>,
    pub contents: Vec<String>,
}

pub fn send(client: &mut Client, contents: Vec<String>) -> Sent {
    let mut names = Vec::new();
    for content in &contents {
        let headers = [("content-type", "text/plain")];
        let reply = client.post("/blobs", &headers, content).unwrap();
        assert!(reply.status < 300, "{}", reply.body);
        names.push(reply.json());
    }
    Sent { names, contents }
}

/// Lines of words of which few come often.
pub fn words(random: &mut Random, files: u64, lines: u64) -> Vec<String> {
    let mut one = |_| {
        let mut text = String::new();
        for _ in 0..lines {
            for _ in 0..8 {
                let n = random.below(60) * random.below(60);
                text.push_str(&format!(
                    "{}{n} ",
                    if n.is_multiple_of(2) { "Word" } else { "w" }
                ));
            }
            text.push('\n');
        }
        text
    };
    (0..files).map(&mut one).collect()
}

/// The words that occur most often, as the programs of the tests count them.
pub fn counted(contents: &[String], most: usize) -> Value {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for word in contents.iter().flat_map(|c| c.split([' ', '\n'])) {
        if word.chars().count() > 3 {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    let mut all: Vec<(String, i64)> = counts.into_iter().collect();
    all.sort_by_key(|(_, times)| -times);
    all.truncate(most);
    json!(all)
}

/// Points around some places, one a line.
pub fn points(random: &mut Random, files: u64, lines: u64) -> Vec<String> {
    let mut one = |_| {
        let mut text = String::new();
        for _ in 0..lines {
            let x = random.below(4) * 100 + random.below(20);
            let y = random.below(3) * 100 + random.below(20);
            text.push_str(&format!("{x}.5,{y}.25\n"));
        }
        text
    };
    (0..files).map(&mut one).collect()
}

/// The centers after some rounds that begin with the first points. The sums are those of a loop over all lines: equal to the last bit.
pub fn gathered(contents: &[String], k: usize, rounds: usize) -> Vec<(f64, f64)> {
    let number = |text: &str| text.parse::<f64>().unwrap();
    let lines = contents.iter().flat_map(|c| c.lines());
    let point = |line: &str| {
        let (x, y) = line.split_once(',').unwrap();
        (number(x), number(y))
    };
    let points: Vec<(f64, f64)> = lines.map(point).collect();
    let mut centers: Vec<(f64, f64)> = points[..k].to_vec();
    for _ in 0..rounds {
        let mut sums: BTreeMap<usize, (f64, f64, u64)> = BTreeMap::new();
        for p in &points {
            let away = |c: &(f64, f64)| (c.0 - p.0) * (c.0 - p.0) + (c.1 - p.1) * (c.1 - p.1);
            let mut best = 0;
            for i in 1..centers.len() {
                if away(&centers[i]) < away(&centers[best]) {
                    best = i;
                }
            }
            let sum = sums.entry(best).or_default();
            *sum = (sum.0 + p.0, sum.1 + p.1, sum.2 + 1);
        }
        centers = sums
            .values()
            .map(|s| (s.0 / s.2 as f64, s.1 / s.2 as f64))
            .collect();
    }
    centers
}
