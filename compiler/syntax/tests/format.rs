//! The one style: programs in it stay as they are, others become so.

use weir_diagnostics::FileId;
use weir_syntax::{format, parse};

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

/// Formats, and holds the result to the promises of `format`: stable, every comment
/// once and in order, the same tree (which `format` itself asserts).
fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    let twice = format(&once).expect("formatted text parses");
    assert_eq!(once, twice, "formatting is not stable");
    let comments = |text: &str| -> Vec<String> {
        let parsed = parse(FileId(0), text);
        let places = parsed.comments.iter().map(|c| c.span.range());
        places
            .map(|range| text[range].trim_end().to_owned())
            .collect()
    };
    assert_eq!(comments(text), comments(&once));
    once
}

#[test]
fn the_programs_of_the_reference_are_in_the_style() {
    for (name, text) in programs() {
        assert_eq!(formatted(&text), text, "{name}");
    }
}

#[test]
fn layout_that_means_nothing_is_forgotten() {
    for (name, text) in programs() {
        // Indentation outside of texts over several lines; the programs have none.
        let flat: String = text
            .lines()
            .map(|line| line.trim_start().to_owned() + "  \n\n\n")
            .collect();
        let squeezed: String = formatted(&flat)
            .split("\n\n")
            .collect::<Vec<_>>()
            .join("\n");
        let plain = text.split("\n\n").collect::<Vec<_>>().join("\n");
        let same = |a: &str, b: &str| {
            let code = |line: &str| line.split("//").next().unwrap().trim_end().to_owned();
            a.lines().map(code).eq(b.lines().map(code))
        };
        assert!(same(&squeezed, &plain), "{name}:\n{squeezed}");
    }
}

#[test]
fn cases() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format/format.txt");
    let text = std::fs::read_to_string(path).expect("cases");
    for case in text.split("=== ").skip(1) {
        let (name, case) = case.split_once('\n').expect("a name");
        let (source, expected) = case.split_once("---\n").expect("`---`");
        assert_eq!(formatted(source).trim_end(), expected.trim_end(), "{name}");
    }
}

#[test]
fn lines_that_end_in_two_characters_end_in_one() {
    let windows = "\u{feff}fn f() -> Text {\r\n  // why\r\n  \"a\r\nb\"\r\n}\r\n";
    let text = "fn f() -> Text {\n  // why\n  \"a\nb\"\n}\n";
    assert_eq!(formatted(windows), text);
}

#[test]
fn a_broken_program_is_left_alone() {
    let errors = format("fn f( {").expect_err("errors");
    assert!(errors.iter().any(|found| found.is_error()));
}

/// xorshift64*: the same changes on every run.
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
fn programs_laid_out_at_random_become_stable() {
    const SPACES: [&str; 7] = ["\n", "\n\n\n", "   ", " // why\n", "\n// what\n", "\t", ";"];
    let programs = programs();
    let mut random = Random(0xF0);
    let mut formatted_programs = 0;
    for _ in 0..250 {
        let (_, text) = &programs[random.below(programs.len())];
        let mut text = text.clone();
        for _ in 0..1 + random.below(8) {
            let gaps: Vec<usize> = text
                .match_indices([' ', '\n', '(', ','])
                .map(|(at, _)| at)
                .collect();
            let at = gaps[random.below(gaps.len())];
            if random.below(3) == 0 && text[at..].starts_with('\n') {
                text.replace_range(at..at + 1, " ");
            } else {
                text.insert_str(at + 1, SPACES[random.below(SPACES.len())]);
            }
        }
        let errors = parse(FileId(0), &text).diagnostics;
        if errors.iter().all(|found| !found.is_error()) {
            formatted_programs += 1;
            formatted(&text);
        }
    }
    assert!(formatted_programs > 50, "only {formatted_programs} parse");
}
