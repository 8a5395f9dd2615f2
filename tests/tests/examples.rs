//! The examples and what `weir new` makes are right and say so: no diagnostic, and formatting changes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use weir_driver::Disk;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn examples_raise_no_diagnostic() {
    for path in programs() {
        // The template has a name only after `weir new`; its text is what counts here.
        let text = fs::read_to_string(&path).expect("the program is there");
        let world = weir_driver::Memory::default().with("example.weir", &text);
        let program = weir_driver::find(&world, Path::new("example.weir")).expect("it is found");
        let analysis = weir_driver::check(&world, &program).expect("it is read");
        let said: Vec<String> = analysis
            .diagnostics
            .iter()
            .map(|diagnostic| weir_diagnostics::render(&analysis.sources, diagnostic, false))
            .collect();
        assert!(said.is_empty(), "{}:\n{}", path.display(), said.join("\n"));
    }
}

#[test]
fn programs_in_the_readmes_raise_no_diagnostic() {
    for readme in ["README.md", "compiler/cli/template/README.md"] {
        let text = fs::read_to_string(Path::new(ROOT).join(readme)).expect("the README is there");
        for (number, part) in text.split("```weir\n").skip(1).enumerate() {
            let block = part.split("```").next().unwrap_or_default();
            let world = weir_driver::Memory::default().with("readme.weir", block);
            let program = weir_driver::find(&world, Path::new("readme.weir")).expect("it is found");
            let analysis = weir_driver::check(&world, &program).expect("it is read");
            assert!(
                analysis.diagnostics.is_empty(),
                "{readme}, program {number}: {:?}",
                analysis.diagnostics
            );
        }
    }
}

#[test]
fn examples_and_the_library_are_formatted() {
    let library = fs::read_dir(Path::new(ROOT).join("stdlib")).expect("there is a library");
    let library = library.map(|entry| entry.expect("it can be read").path());
    for path in programs().into_iter().chain(library) {
        let text = fs::read_to_string(&path).expect("the program is there");
        let formatted = weir_syntax::format(&text).expect("an example parses");
        assert_eq!(formatted, text, "{}", path.display());
    }
}

#[test]
fn an_example_is_found_by_its_folder() {
    for folder in ["counter", "bank", "inventory"] {
        let path = Path::new(ROOT).join("examples").join(folder);
        let program = weir_driver::find(&Disk, &path).expect("a folder names its program");
        assert_eq!(program.name, folder);
    }
}

fn programs() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("examples"))
        .expect("there are examples")
        .map(|entry| entry.expect("it can be read").path())
        .map(|folder| {
            let name = folder.file_name().expect("a folder has a name").to_owned();
            folder.join(name).with_extension("weir")
        })
        .collect();
    assert!(found.len() >= 3);
    found.push(Path::new(ROOT).join("compiler/cli/template/NAME.weir"));
    found.sort();
    found
}
