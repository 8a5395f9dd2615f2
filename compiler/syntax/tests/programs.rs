//! The programs of the language reference parse, whole and in pieces.

use weir_diagnostics::{FileId, SourceMap, render};
use weir_syntax::parse;

fn programs() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    let mut programs: Vec<_> = std::fs::read_dir(folder)
        .expect("programs")
        .map(|entry| entry.expect("entry").path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("program"))
        })
        .collect();
    programs.sort();
    programs
}

#[test]
fn every_program_parses_without_a_word() {
    assert_eq!(programs().len(), 15);
    for (name, text) in programs() {
        let parsed = parse(FileId(0), &text);
        let mut sources = SourceMap::new();
        sources.add(&name, text);
        let said: String = parsed
            .diagnostics
            .iter()
            .map(|d| render(&sources, d, false))
            .collect();
        assert!(said.is_empty(), "{said}");
    }
}

/// Parsing must end, and every span must lie in the text on character boundaries.
fn survives(text: &str, what: &str) {
    let parsed = parse(FileId(0), text);
    let tree = format!("{:?}", parsed.module);
    let check = |start: usize, end: usize| {
        let fits = start <= end && text.get(start..end).is_some();
        assert!(fits, "{what}: span {start}..{end} of\n{text}");
    };
    for place in tree.split("@0:").skip(1) {
        let length = place.find(|c: char| c != '.' && !c.is_ascii_digit());
        let (start, end) = place[..length.unwrap_or(place.len())]
            .split_once("..")
            .expect("a span");
        check(start.parse().unwrap(), end.parse().unwrap());
    }
    for found in &parsed.diagnostics {
        let fixes = found.fixes.iter().flat_map(|fix| &fix.edits);
        let labels = found.secondary.iter().map(|label| label.span);
        for span in labels
            .chain(fixes.map(|(span, _)| *span))
            .chain([found.primary.span])
        {
            check(span.start as usize, span.end as usize);
        }
    }
    let broken = tree.contains("Hole");
    assert!(
        !broken || !parsed.diagnostics.is_empty(),
        "{what}: a hole without a diagnostic in\n{text}\n{tree}"
    );
}

#[test]
fn every_prefix_of_every_program_is_survived() {
    // A quarter of the prefixes a thread: there are some 26,000.
    std::thread::scope(|scope| {
        for quarter in 0..4 {
            scope.spawn(move || {
                for (name, text) in programs() {
                    for (end, _) in text.char_indices().skip(quarter).step_by(4) {
                        survives(&text[..end], &format!("{name} up to byte {end}"));
                    }
                }
            });
        }
    });
}

/// xorshift64*: the same mutations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

#[test]
fn mutated_programs_are_survived() {
    const PIECES: [&str; 24] = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "\\",
        "{\"",
        ";",
        ",",
        "=",
        "=>",
        "let ",
        "fn ",
        "entity ",
        "\n",
        "é",
        "match x {",
        " undo ",
        "t\"",
        "99999999999999999999",
        "/*",
        "@",
    ];
    let programs = programs();
    let mut random = Random(0x5EED);
    for round in 0..400 {
        let (name, text) = &programs[random.below(programs.len())];
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..1 + random.below(3) {
            let at = random.below(chars.len());
            match random.below(4) {
                0 => {
                    chars.remove(at);
                }
                1 => {
                    let end = (at + 1 + random.below(30)).min(chars.len());
                    chars.drain(at..end);
                }
                2 => {
                    let piece = PIECES[random.below(PIECES.len())];
                    chars.splice(at..at, piece.chars());
                }
                _ => {
                    let other = random.below(chars.len());
                    chars.swap(at, other);
                }
            }
        }
        let mutated: String = chars.into_iter().collect();
        survives(&mutated, &format!("{name}, round {round}"));
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("-", ""),
        ("not ", ""),
        ("f(", ")"),
        ("x ?? ", "x"),
        ("x + ", "x"),
        ("if x { ", "}"),
        ("x => ", "x"),
        ("{", "}"),
        ("\"{", "}\""),
    ] {
        let text = format!(
            "fn f() {{ let y = {}1{} }}",
            open.repeat(3000),
            close.repeat(3000)
        );
        survives(&text, open);
        let parsed = parse(FileId(0), &text);
        assert!(!parsed.diagnostics.is_empty(), "{open}");
    }
}
