//! Broken text is the usual case: whatever stands there, and wherever the cursor is, everything can be asked and nothing panics.

use std::path::{Path, PathBuf};

use weir_driver::{Library, Memory, Parses};
use weir_ide::{At, Snapshot};

/// Unoptimized, each text takes a while: so many are made of all prefixes of all files, and so many of edits.
const PREFIXES: usize = 70;
const EDITS: usize = 40;

/// All programs there are to break.
fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = Vec::new();
    let mut add = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        files.extend(entries.map(|entry| entry.path()));
    };
    add(&root.join("../syntax/tests/programs"));
    let examples = std::fs::read_dir(root.join("../../examples")).expect("examples");
    for example in examples.flatten() {
        add(&example.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "weir"));
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("a text"));
    texts.collect()
}

fn snapshot(library: &Library, text: &str) -> Snapshot {
    let world = Memory::default().with("main.weir", text);
    let program = weir_driver::find(&world, Path::new("main.weir")).expect("there");
    let survey = weir_driver::survey(&world, &program, library, &mut Parses::default());
    Snapshot::new(survey.expect("it is read"), &library.modules)
}

/// Asks everything at a place.
fn ask(snapshot: &Snapshot, library: &Library, offset: usize) {
    let file = snapshot.survey.files[0].id;
    let offset = offset as u32;
    let at = At { file, offset };
    let text = snapshot.text(file);
    let other = weir_driver::parse_alone("record Other(n: Int)\n");
    let beside = [weir_ide::Beside::new(
        "shop.other".to_owned(),
        &other.module,
    )];
    for one in weir_ide::completion(snapshot, library, at, &beside) {
        assert!(
            one.replaced.start <= offset && offset <= one.replaced.end,
            "{one:?}"
        );
        assert!(text.get(one.replaced.range()).is_some(), "{one:?}");
        for edit in &one.edits {
            assert!(text.get(edit.span.range()).is_some(), "{one:?}");
        }
    }
    if let Some(found) = weir_ide::signature(snapshot, library, at) {
        for (start, end) in &found.params {
            assert!(found.label.get(*start as usize..*end as usize).is_some());
        }
    }
    weir_ide::hover(snapshot, at);
    weir_ide::definition(snapshot, at);
    weir_ide::type_definition(snapshot, at);
    weir_ide::implementations(snapshot, at);
    weir_ide::references(snapshot, at);
    let _ = weir_ide::rename(snapshot, at, "another");
    weir_ide::selections(snapshot, at);
}

/// Asks everything about the whole.
fn ask_all(snapshot: &Snapshot) {
    let file = snapshot.survey.files[0].id;
    let text = snapshot.text(file);
    let mut end = 0;
    for token in weir_ide::tokens(snapshot, file) {
        assert!(token.span.start >= end, "tokens do not overlap");
        end = token.span.end;
        assert!(text.get(token.span.range()).is_some());
    }
    let whole = snapshot.module(file).expect("a tree").span;
    for hint in weir_ide::hints(snapshot, whole) {
        assert!(text.is_char_boundary(hint.at.start as usize));
    }
    weir_ide::lenses(snapshot, file);
    weir_ide::folds(snapshot, file);
    weir_ide::document_symbols(snapshot, file);
    weir_ide::matching_symbols(snapshot, "a");
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[test]
fn no_prefix_of_a_program_panics() {
    let library = Library::default();
    let texts = texts();
    let total: usize = texts.iter().map(String::len).sum();
    let step = total / PREFIXES;
    for (n, text) in texts.iter().enumerate() {
        // Other places in each file, which are the same each time.
        for end in (n * 37 % step..text.len()).step_by(step) {
            let text = &text[..boundary(text, end)];
            let snapshot = snapshot(&library, text);
            // The last line is where one would write.
            ask(&snapshot, &library, text.len());
            let line = text.rfind('\n').map_or(0, |at| at + 1);
            ask(
                &snapshot,
                &library,
                boundary(text, line + (text.len() - line) / 2),
            );
            ask_all(&snapshot);
        }
    }
}

/// A small generator, so that each run makes the same edits.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

/// What people and slips of theirs put in.
const PUT_IN: &[&str] = &[
    ".",
    "(",
    ")",
    "{",
    "}",
    "\"",
    "[",
    "]",
    "<",
    ",",
    ":",
    "=>",
    "=",
    "@",
    "?",
    "\n",
    "  ",
    "|",
    "//",
    " fails ",
    "match x {",
    "wait {",
    "import ",
    "fn ",
    "pub ",
    "for x in ",
    "\u{1F514}",
    "é",
    "_",
    "0",
    "Z",
    "self.",
    " is ",
    "require ",
    "send ",
    "-> ",
    "..",
    "\"{",
    "t\"",
    "5s",
];

#[test]
fn no_edit_makes_anything_panic() {
    let library = Library::default();
    let texts = texts();
    let mut seeded = Seeded(7);
    for n in 0..EDITS {
        let mut text = texts[n % texts.len()].clone();
        let mut places = Vec::new();
        for _ in 0..1 + seeded.below(4) {
            let start = boundary(&text, seeded.below(text.len()));
            let length = seeded.below(3) * seeded.below(12);
            let end = boundary(&text, (start + length).min(text.len())).max(start);
            let put = PUT_IN[seeded.below(PUT_IN.len())];
            text.replace_range(start..end, put);
            places.push(start + put.len());
        }
        let snapshot = snapshot(&library, &text);
        let checked = {
            let world = Memory::default().with("main.weir", &text);
            let program = weir_driver::find(&world, Path::new("main.weir")).expect("there");
            weir_driver::check(&world, &program).expect("it is read")
        };
        // As `weir check` has them.
        let mut found = checked.diagnostics.clone();
        found.extend(weir_driver::remarks(&checked));
        weir_diagnostics::sort(&mut found);
        assert_eq!(snapshot.survey.diagnostics, found);
        for place in places {
            let place = boundary(&text, place.min(text.len()));
            ask(&snapshot, &library, place);
        }
        ask_all(&snapshot);
    }
}
