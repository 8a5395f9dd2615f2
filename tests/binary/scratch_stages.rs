//! k-means over files larger than the memory for temporary data, with tasks lost and the process killed in each stage: after each stage
//! the node holds, to the byte, what the program may still read, and nothing at the end. And what the command line shows meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use weir_contract::{Defs, TupleField, Type, Value, encode};
use weir_tests::analytics::{self, counted, gathered, points, send, words};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
record Point(x: Float, y: Float)
record Partial(center: Int, x: Float, y: Float, n: Int)

workflow Study(name: Text) {
  pub event next()

  pub fn run(files: List<Blob>, k: Int) -> List<Point> {
    scratch let points = parallel for f in files, line in f.lines() select parse_point(line)

    var centers = for p in points select p limit k
    wait { next() => {} }
    for _ in 0..2 {
      scratch let sums =
        parallel for p in points
        group by center: nearest(centers, p)
        select Partial(center, sum(p.x), sum(p.y), count())

      let found = sums.length()
      wait { next() => {} }
      centers = for s in sums select Point(s.x / s.n.to_float(), s.y / s.n.to_float()) limit found
      wait { next() => {} }
    }
    let all = points.length()
    wait { next() => {} }
    for c in centers select c limit all
  }
}

@anyone
pub fn kmeans(files: List<Blob>, k: Int, rounds: Int = 10) -> List<Point> {
  scratch let points = parallel for f in files, line in f.lines() select parse_point(line)

  var centers = for p in points select p limit k
  for _ in 0..rounds {
    scratch let sums =
      parallel for p in points
      group by center: nearest(centers, p)
      select Partial(center, sum(p.x), sum(p.y), count())

    centers = for s in sums select Point(s.x / s.n.to_float(), s.y / s.n.to_float())
  }
  centers
}

@anyone
pub fn top_words(files: List<Blob>, n: Int = 100) -> List<(Text, Int)> {
  scratch let counts = parallel for f in files, line in f.lines(), word in line.split(" ")
    where word.length() > 3
    group by word: word.lower()
    select (word, count())

  for (word, times) in counts sort by times desc select (word, times) limit n
}

fn parse_point(line: Text) -> Point {
  let cols = line.split(",")
  Point(cols[0].to_float() ?? 0f, cols[1].to_float() ?? 0f)
}

fn nearest(centers: List<Point>, p: Point) -> Int =
  centers.index_of_min(c => (c.x - p.x) * (c.x - p.x) + (c.y - p.y) * (c.y - p.y))
"#;

/// Less than what any of the tests makes.
const LIMITS: &str = "scratch_memory = \"64KiB\"";

fn started(name: &str, env: &[(String, String)]) -> (Scratch, Node, Client) {
    analytics::started(WEIR, name, (PROGRAM, LIMITS), env)
}

fn again(folder: &Scratch, env: &[(String, String)]) -> (Node, Client) {
    analytics::again(WEIR, folder, env)
}

fn get(client: &mut Client, path: &str) -> Json {
    client.get(path, &[]).unwrap().json()
}

fn until<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn list_bytes(item: &[Type], rows: Vec<Vec<Value>>) -> u64 {
    let field = |ty: &Type| TupleField {
        name: None,
        ty: ty.clone(),
    };
    let item = Type::Tuple(item.iter().map(field).collect());
    let rows = rows.into_iter().map(Value::Record).collect();
    let bytes = encode(
        &Defs::default(),
        &Type::List(Box::new(item)),
        &Value::List(rows),
    );
    bytes.len() as u64
}

fn point(line: &str) -> (f64, f64) {
    let (x, y) = line.split_once(',').unwrap();
    (x.parse().unwrap(), y.parse().unwrap())
}

/// One part for each file; a part that is too long for one is a few bytes more, so files are short.
fn bytes_of_points(contents: &[String]) -> u64 {
    let of = |content: &String| {
        let row = |line| {
            let (x, y) = point(line);
            vec![Value::Float(x), Value::Float(y)]
        };
        let bytes = list_bytes(
            &[Type::Float, Type::Float],
            content.lines().map(row).collect(),
        );
        assert!(bytes < 128 << 10, "{bytes} are two parts");
        bytes
    };
    contents.iter().map(of).sum()
}

fn bytes_of_sums(contents: &[String], centers: &[(f64, f64)]) -> u64 {
    let mut counts = vec![0; centers.len()];
    for line in contents.iter().flat_map(|c| c.lines()) {
        let p = point(line);
        let away = |c: &(f64, f64)| (c.0 - p.0) * (c.0 - p.0) + (c.1 - p.1) * (c.1 - p.1);
        let mut best = 0;
        for i in 1..centers.len() {
            if away(&centers[i]) < away(&centers[best]) {
                best = i;
            }
        }
        counts[best] += 1;
    }
    let row = |(center, count): (usize, &i64)| {
        let sum = Value::Float(0.5);
        vec![
            Value::Int(center as i64),
            sum.clone(),
            sum,
            Value::Int(*count),
        ]
    };
    let rows = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    list_bytes(
        &[Type::Int, Type::Float, Type::Float, Type::Int],
        rows.map(row).collect(),
    )
}

/// What is held, once the run has come to the next `wait`; with the names of what its variables still mean.
fn held(client: &mut Client, folder: &Scratch, frame: &str) -> (u64, Vec<String>) {
    until(&format!("it comes to {frame}"), || {
        let runs = get(client, "/_weir/runs");
        let strand = &runs[0]["strands"][0];
        let is_there = strand["at"] == frame
            && strand["waits_for"] == "event next"
            && runs[0]["events"] == json!([]);
        is_there.then_some(())
    });
    let runs = get(client, "/_weir/runs");
    let mut named: Vec<(String, u64)> = Vec::new();
    for data in runs[0]["scratch"].as_array().into_iter().flatten() {
        let name = data["name"].as_str().unwrap().to_owned();
        named.push((name, data["bytes"].as_u64().unwrap_or(0)));
    }
    let all = get(client, "/_weir/scratch");
    let of = |member: &str| all[member].as_u64().unwrap();
    let bytes = of("memory_bytes") + of("disk_bytes");
    assert_eq!(
        named.iter().map(|(_, bytes)| bytes).sum::<u64>(),
        bytes,
        "what is held is what the run's variables name: {runs:#} {all:#}"
    );
    let files = std::fs::read_dir(folder.join("data/scratch")).unwrap();
    let files: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(files, of("disk_bytes"), "the files are what is counted");
    assert!(of("memory_bytes") <= 64 << 10, "{all}");
    let mut names: Vec<String> = named.into_iter().map(|(name, _)| name).collect();
    names.sort();
    (bytes, names)
}

#[test]
fn after_each_stage_what_may_be_read_is_held_and_nothing_else() {
    // Each fifth task is lost with the thread that ran it.
    let env = [("WEIR_LOSE_TASKS".to_owned(), "5".to_owned())];
    let (folder, mut node, mut client) = started("scratch-stages", &env);
    let sent = send(&mut client, points(&mut Random::new(21), 6, 3000));
    let (first, second) = (
        gathered(&sent.contents, 5, 0),
        gathered(&sent.contents, 5, 1),
    );
    let of_points = bytes_of_points(&sent.contents);
    assert!(
        of_points > 4 * (64 << 10),
        "{of_points} are no more than the mark"
    );
    let with_sums = |centers| of_points + bytes_of_sums(&sent.contents, centers);
    let (points, sums) = ("Study.run.points".to_owned(), "Study.run.sums".to_owned());
    let only = vec![points.clone()];
    let both = vec![points, sums];
    // In front of each `wait`, in their order.
    let stages = [
        ("Study.run/wait#1", of_points, only.clone()),
        ("Study.run/wait#4", with_sums(&first), both.clone()),
        ("Study.run/wait#2", of_points, only.clone()),
        ("Study.run/wait#4", with_sums(&second), both),
        ("Study.run/wait#2", of_points, only),
        ("Study.run/wait#3", 0, vec![]),
    ];
    let headers = [("prefer", "wait=0")];
    let body = json!({ "files": sent.names, "k": 5 }).to_string();
    let reply = client.post("/Study/s/run", &headers, &body).unwrap();
    assert_eq!(reply.status, 202, "{}", reply.body);
    for (number, (frame, bytes, names)) in stages.into_iter().enumerate() {
        assert_eq!(
            held(&mut client, &folder, frame),
            (bytes, names.clone()),
            "stage {number}"
        );
        if number % 2 == 0 {
            node.kill();
            (node, client) = again(&folder, &env);
            // It is made again when somebody reads it.
            let (nothing, named) = held(&mut client, &folder, frame);
            assert_eq!((nothing, named), (0, names), "stage {number}, killed");
        }
        let reply = client.post("/Study/s/next", &[], "{}").unwrap();
        assert_eq!(reply.status, 202, "{}", reply.body);
    }
    let found = until("it ends", || {
        let run = get(&mut client, "/_weir/runs?ended=true");
        (run[0]["state"] == "done").then(|| run[0]["result"].clone())
    });
    let found: Vec<(f64, f64)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["x"].as_f64().unwrap(), p["y"].as_f64().unwrap()))
        .collect();
    assert_eq!(found, gathered(&sent.contents, 5, 2));
    let all = get(&mut client, "/_weir/scratch");
    assert_eq!(
        (&all["data"], &all["memory_bytes"], &all["disk_bytes"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn points_are_gathered_while_workers_and_the_process_die() {
    let env = [("WEIR_LOSE_TASKS".to_owned(), "4".to_owned())];
    let (folder, mut node, mut client) = started("scratch-kmeans", &env);
    let mut random = Random::new(Random::seed("scratch_kmeans"));
    let sent = send(&mut client, points(&mut random, 12, 2500));
    let headers = [
        ("accept", "application/json"),
        ("prefer", "wait=0"),
        ("idempotency-key", "once"),
    ];
    let body = json!({ "files": sent.names, "k": 6, "rounds": 5 }).to_string();
    let reply = client.post("/kmeans", &headers, &body).unwrap();
    assert_eq!(reply.status, 202, "{}", reply.body);
    let (mut being_made, mut most_in_files) = (0, 0);
    for kill in 0..5 {
        // Some kills just when they come, others as soon as something is made.
        let waits = kill % 2 == 1;
        for _ in 0..random.below(8) * u64::from(waits) {
            std::thread::sleep(Duration::from_millis(50));
            let all = get(&mut client, "/_weir/scratch");
            most_in_files = most_in_files.max(all["disk_bytes"].as_u64().unwrap());
        }
        let mut is_being_made = || {
            let runs = get(&mut client, "/_weir/runs");
            let data = runs[0]["scratch"].as_array().cloned().unwrap_or_default();
            data.iter().any(|data| data["state"] == "being made")
        };
        let looks = if waits { 1 } else { 500 };
        being_made += usize::from((0..looks).any(|_| is_being_made()));
        node.kill();
        (node, client) = again(&folder, &env);
    }
    let headers = [
        ("accept", "application/json"),
        ("prefer", "wait=200"),
        ("idempotency-key", "once"),
    ];
    let reply = client.post("/kmeans", &headers, &body).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    let found: Vec<(f64, f64)> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["x"].as_f64().unwrap(), p["y"].as_f64().unwrap()))
        .collect();
    assert_eq!(found, gathered(&sent.contents, 6, 5));
    println!(
        "5 kills, {being_made} of them while something was made; {most_in_files} bytes in files"
    );
    assert!(being_made > 0, "too quick to mean anything");
    until("nothing is left", || {
        let all = get(&mut client, "/_weir/scratch");
        (all["data"] == 0 && all["memory_bytes"] == 0 && all["disk_bytes"] == 0).then_some(())
    });
    let files = std::fs::read_dir(folder.join("data/scratch")).unwrap();
    assert_eq!(files.count(), 0, "no file is left");
    drop(node);
}

#[test]
fn the_command_line_shows_how_far_it_is() {
    let env = [("WEIR_LOSE_TASKS".to_owned(), "7".to_owned())];
    let (folder, node, mut client) = started("scratch-shown", &env);
    let sent = send(&mut client, words(&mut Random::new(5), 16, 1500));
    let url = format!("http://{}", node.host);
    let weir = |args: &[&str]| {
        let (code, out, err) = said(WEIR, Path::new(&folder.join("")), args);
        assert_eq!(code, 0, "{out}{err}");
        out
    };
    assert_eq!(weir(&["scratch", "--url", &url]), "no temporary data\n");
    let headers = [("prefer", "wait=0"), ("idempotency-key", "once")];
    let body = json!({ "files": sent.names, "n": 20 }).to_string();
    let reply = client.post("/top_words", &headers, &body).unwrap();
    assert_eq!(reply.status, 202, "{}", reply.body);
    let shown = until("tasks are done", || {
        let shown = weir(&["scratch", "--url", &url]);
        let is_wanted = shown.contains("making rows, ")
            && !shown.contains(" 0 of 16 tasks done")
            && shown.contains("lost and run again");
        is_wanted.then_some(shown)
    });
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[0].contains(" of 64.0 KiB in memory, ")
            && lines[0].contains(" of 4.0 GiB in files; "),
        "{shown}"
    );
    assert!(
        lines[1].starts_with("  top_words.counts of run 0: being made for ")
            && lines[1].contains("stage 2 of 3: making rows, ")
            && lines[1].contains(" of 16 tasks done, ")
            && lines[1].contains(" in memory"),
        "{shown}"
    );
    let shown = weir(&["runs", "--url", &url]);
    assert!(shown.contains("waiting"), "{shown}");
    assert!(
        shown.contains("temporary data top_words.counts: being made for ")
            && shown.contains("waits for temporary data counts for "),
        "{shown}"
    );
    let row = weir(&["scratch", "--url", &url, "--json"]);
    let row: Json = serde_json::from_str(row.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&row["name"], &row["runs"], &row["stages"]),
        (&json!("top_words.counts"), &json!([0]), &json!(3))
    );
    // It ends when there is nothing left to show.
    let watched = weir(&["scratch", "--url", &url, "--watch"]);
    assert!(watched.ends_with("no temporary data\n"), "{watched}");
    let headers = [
        ("accept", "application/json"),
        ("prefer", "wait=60"),
        ("idempotency-key", "once"),
    ];
    let reply = client.post("/top_words", &headers, &body).unwrap();
    assert_eq!(reply.json(), counted(&sent.contents, 20));
}
