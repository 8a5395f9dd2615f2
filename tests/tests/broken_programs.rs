//! Whatever the text, the front end answers with diagnostics: it does not panic, and each span lies inside its file.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use weir_driver::Memory;
use weir_tests::random::Random;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// How many mutated programs; a few, because checking one takes milliseconds without optimisation.
const MUTATIONS: usize = 60;

#[test]
fn prefixes_of_the_examples() {
    for (name, text) in examples() {
        // Many line ends, and every place of the first lines: a cut inside a word is like many others.
        let line_ends = text.match_indices('\n').map(|(at, _)| at).step_by(3);
        let first = (0..100).filter(|at| text.is_char_boundary(*at));
        for cut in first.chain(line_ends) {
            survives(&name, &text[..cut.min(text.len())]);
        }
    }
}

#[test]
fn mutations_of_the_examples() {
    let seed = Random::seed("broken_programs");
    let mut random = Random::new(seed);
    let examples = examples();
    for _ in 0..MUTATIONS {
        let (name, text) = &examples[random.below(examples.len() as u64) as usize];
        survives(name, &mutated(text, &mut random));
    }
}

/// Some characters are dropped, doubled, or replaced by ones that mean something.
fn mutated(text: &str, random: &mut Random) -> String {
    const SIGNS: [&str; 16] = [
        "{", "}", "(", ")", "[", "]", "\"", "=", "?", ".", ",", "\n", "fn", "0", "\u{e9}", "match",
    ];
    let mut chars: Vec<String> = text.chars().map(String::from).collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(chars.len() as u64) as usize;
        let far = random.below(chars.len() as u64) as usize;
        match random.below(4) {
            0 => chars[at].clear(),
            1 => chars[at] = SIGNS[random.below(SIGNS.len() as u64) as usize].into(),
            2 => chars.swap(at, far),
            _ => {
                let end = (at + 1 + random.below(40) as usize).min(chars.len());
                let piece = chars[at..end].concat();
                chars[far].push_str(&piece);
            }
        }
    }
    chars.concat()
}

fn survives(name: &str, text: &str) {
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let world = Memory::default().with("broken.weir", text);
        let program = weir_driver::find(&world, Path::new("broken.weir")).expect("it is found");
        let analysis = weir_driver::check(&world, &program).expect("it is read");
        for diagnostic in &analysis.diagnostics {
            let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
            for span in labels.map(|label| label.span) {
                let file = analysis
                    .sources
                    .get(span.file)
                    .expect("a span names a file");
                assert!(span.start <= span.end && span.end as usize <= file.text.len());
            }
            weir_diagnostics::render(&analysis.sources, diagnostic, false);
        }
        assert_eq!(analysis.checked.is_some(), analysis.errors() == 0);
    }));
    assert!(checked.is_ok(), "from {name}:\n{text}");
}

fn examples() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = fs::read_dir(Path::new(ROOT).join("examples"))
        .expect("there are examples")
        .map(|entry| {
            let folder = entry.expect("it can be read").path();
            let name = folder.file_name().expect("a folder has a name").to_owned();
            let text = fs::read_to_string(folder.join(&name).with_extension("weir"));
            (
                name.display().to_string(),
                text.expect("the program is there"),
            )
        })
        .collect();
    found.sort();
    found
}
