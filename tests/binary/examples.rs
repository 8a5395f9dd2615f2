//! The examples do what their READMEs show: tests print `expected.txt`, and each `$ curl` line gives the lines below it.
//!
//! The reference shows sessions too. They are of the program above them, in a folder of their own; `$ weir` lines are run there, and
//! `..` stands for what differs from time to time. Each program takes over from the one before, with its data, by way of `kill -9`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use weir_tests::http::Client;
use weir_tests::markdown::blocks;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn tests_of_the_examples_print_what_is_expected() {
    for example in examples() {
        let output = Command::new(WEIR)
            .arg("test")
            .arg(&example)
            .env("NO_COLOR", "1")
            .output()
            .expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", example.display());
        let path = example.join("expected.txt");
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            expected,
            "{}",
            path.display()
        );
    }
}

#[test]
fn readmes_show_what_curl_prints() {
    for example in examples() {
        let readme =
            fs::read_to_string(example.join("README.md")).expect("an example has a README");
        let scratch = Scratch::new("readme");
        let folder = example.to_str().expect("a path in UTF-8");
        let node = Node::start(
            WEIR,
            &[folder, "--data", &scratch.join("data"), "--port", "0"],
        );
        let calls = session(&readme);
        assert!(
            calls.len() >= 3,
            "{folder}: a README shows how to call the program"
        );
        for (line, expected) in calls {
            let (status, body) = curl(&node, line);
            if expected.is_empty() {
                assert_eq!(status, 200, "{folder}: {line}: {body}");
            } else {
                assert_eq!(body + "\n", expected, "{folder}: {line}");
            }
        }
    }
}

#[test]
fn the_first_readme_shows_a_transfer() {
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).expect("there is a README");
    assert!(readme.contains("run examples/bank/bank.weir"));
    let scratch = Scratch::new("readme");
    let bank = format!("{ROOT}/examples/bank/bank.weir");
    let node = Node::start(
        WEIR,
        &[&bank, "--data", &scratch.join("data"), "--port", "0"],
    );
    let lines: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("curl "))
        .collect();
    assert!(lines.len() >= 3, "the README shows how to call the bank");
    for line in &lines {
        let (status, body) = curl(&node, line);
        assert_eq!(status, 200, "{line}: {body}");
    }
    assert_eq!(curl(&node, lines[2]), (200, "\"30\"".into()));
}

#[test]
fn sessions_in_the_reference_print_what_they_show() {
    let folder = fs::read_dir(Path::new(ROOT).join("compiler/reference")).expect("there is one");
    let mut wrong = Vec::new();
    for chapter in folder {
        let path = chapter.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("a chapter is text");
        if text.contains("\n$ ") {
            play(&text, &path.display().to_string(), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Does what a chapter shows, from its first block to its last, and adds what comes out otherwise to `wrong`.
fn play(chapter: &str, name: &str, wrong: &mut Vec<String>) {
    let scratch = Scratch::new("reference");
    let mut terminal = Terminal {
        folder: scratch.path().to_owned(),
        program: "main.weir".to_owned(),
        node: None,
        old: None,
    };
    for block in blocks(chapter) {
        match block.kind.split(' ').collect::<Vec<_>>()[..] {
            ["weir"] => {
                terminal.node = None;
                let path = terminal.folder.join(&terminal.program);
                fs::write(path, block.text).expect("a program is written");
            }
            ["weir", file] if file.ends_with(".weir") => {
                let before = terminal.in_force();
                fs::write(terminal.folder.join(file), block.text).expect("a file is written");
                terminal.old = terminal.old.take().or(before);
            }
            [""] => {
                terminal.wait_for_reload();
                for (line, shown) in session(block.text) {
                    let mut printed = terminal.run(line);
                    // What a message does comes a moment later, so a question is asked again.
                    let asks = line.starts_with("curl") && !line.contains("--json");
                    let is_question = asks && !line.contains("-X");
                    let mut tries = if is_question { 50 } else { 0 };
                    while tries > 0 && !is_shown(&printed, &shown) {
                        std::thread::sleep(Duration::from_millis(100));
                        printed = terminal.run(line);
                        tries -= 1;
                    }
                    if !is_shown(&printed, &shown) {
                        wrong.push(format!("{name}:{}: {line}\n{printed}", block.line));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Where the lines of a session are typed.
struct Terminal {
    folder: PathBuf,
    /// The file a program goes to.
    program: String,
    node: Option<Node>,
    /// What the node answered about its program before a file was saved.
    old: Option<String>,
}

impl Terminal {
    /// Does what a line says, and gives what it prints.
    fn run(&mut self, line: &str) -> String {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["weir", "run"] => {
                self.node = None;
                let mut node = self.start();
                let more = node.lines_until("Ctrl-C to stop");
                let all = format!("{}{more}", node.greeting).replace(&node.host, "127.0.0.1:7878");
                self.node = Some(node);
                all
            }
            ["weir", "new", name] => {
                self.program = format!("{name}.weir");
                weir(&words[1..], &self.folder)
            }
            ["weir", ..] => weir(&words[1..], &self.folder),
            ["cd", into] => {
                self.folder.push(into);
                String::new()
            }
            ["curl", ..] => {
                let node = self.node.take().unwrap_or_else(|| self.start());
                let (_, body) = curl(&node, line);
                self.node = Some(node);
                body + "\n"
            }
            _ => panic!("nobody knows how to do {line}"),
        }
    }

    /// What the node says of its program, if there is a node.
    fn in_force(&self) -> Option<String> {
        let node = self.node.as_ref()?;
        Some(curl(node, "curl http://127.0.0.1:7878/_weir/program").1)
    }

    /// A saved file takes over a moment later; one that changes nothing never does.
    fn wait_for_reload(&mut self) {
        let Some(old) = self.old.take() else { return };
        for _ in 0..30 {
            if self.in_force().is_none_or(|now| now != old) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn start(&self) -> Node {
        let folder = self.folder.to_str().expect("a path in UTF-8");
        Node::start(WEIR, &[folder, "--port", "0"])
    }
}

/// What a command prints, remarks first.
fn weir(args: &[&str], folder: &Path) -> String {
    let output = Command::new(WEIR)
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary starts");
    let lines = String::from_utf8_lossy(&output.stderr).into_owned();
    // Who is asked, and at which address, is of no interest here.
    let said: Vec<&str> = lines
        .lines()
        .filter(|line| !line.starts_with("note: "))
        .collect();
    let said: String = said.iter().map(|line| format!("{line}\n")).collect();
    said + &String::from_utf8_lossy(&output.stdout)
}

/// Whether each line is as shown: `..` in it is anything, and as a line of its own any lines. Nothing shown is anything.
fn is_shown(printed: &str, shown: &str) -> bool {
    let lines = |text| str::lines(text).collect::<Vec<_>>();
    shown.is_empty() || are_shown(&lines(printed), &lines(shown))
}

fn are_shown(printed: &[&str], shown: &[&str]) -> bool {
    match (shown, printed) {
        ([], _) => printed.is_empty(),
        (["..", rest @ ..], _) => (0..=printed.len()).any(|n| are_shown(&printed[n..], rest)),
        ([first, rest @ ..], [line, lines @ ..]) => fits(line, first) && are_shown(lines, rest),
        _ => false,
    }
}

fn fits(line: &str, shown: &str) -> bool {
    let mut rest = line;
    for (n, part) in shown.split("..").enumerate() {
        match rest.find(part) {
            Some(0) => rest = &rest[part.len()..],
            Some(at) if n > 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || shown.ends_with("..")
}

fn examples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("examples"))
        .expect("there are examples")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    found.sort();
    assert!(found.len() >= 3);
    found
}

/// The `$ curl` lines of a README, each with what is shown below it.
fn session(readme: &str) -> Vec<(&str, String)> {
    let mut calls: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if let Some(call) = line.strip_prefix("$ ") {
            calls.push((call, String::new()));
            inside = true;
        } else if line.starts_with("```") {
            inside = false;
        } else if inside && let Some((_, shown)) = calls.last_mut() {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    calls
}

/// Does what a curl line says, on the port of `node`.
fn curl(node: &Node, line: &str) -> (u16, String) {
    let mut words = words(line).into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"));
    let (mut body, mut url) = (None, String::new());
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut method = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => body = words.next(),
            "--data-binary" => {
                body = words.next();
                headers.push((
                    "content-type".into(),
                    "application/x-www-form-urlencoded".into(),
                ));
            }
            "-X" => method = words.next(),
            "-H" => {
                let header = words.next().expect("-H has a header");
                let (name, value) = header.split_once(": ").expect("a header has a value");
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                headers.push((name.to_ascii_lowercase(), value.to_string()));
            }
            _ => url = word,
        }
    }
    let path = url
        .strip_prefix("http://127.0.0.1:7878")
        .unwrap_or_else(|| panic!("{line}: the examples use the default port"));
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut client = Client::connect(&node.host).expect("the node serves");
    let body = body.as_deref();
    let by_body = if body.is_some() { "POST" } else { "GET" };
    let method = method.as_deref().unwrap_or(by_body);
    let reply = client
        .request(method, path, &headers, body.unwrap_or_default().as_bytes())
        .expect("the node answers");
    (reply.status, reply.body)
}

/// The words of a shell line with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}
