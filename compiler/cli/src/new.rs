//! `weir new NAME`: a small project that runs as it is.
//!
//! The files are in `template/`, where they can be read and are tested; `NAME` in them stands for the project's name.

use crate::output::{Failure, Outcome, say};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Make a small project that runs as it is.
#[derive(clap::Args)]
pub struct Args {
    /// Folder to make; its last part is the project's name
    path: PathBuf,
}

const FILES: [(&str, &str); 4] = [
    ("weir.toml", include_str!("../template/weir.toml")),
    ("NAME.weir", include_str!("../template/NAME.weir")),
    ("README.md", include_str!("../template/README.md")),
    (".gitignore", include_str!("../template/gitignore")),
];

pub fn new(args: Args) -> Outcome {
    let name = args
        .path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if !weir_driver::is_module_name(name) {
        return Err(Failure::usage(format_args!(
            "`{name}` cannot be a project's name: a name is lower-case letters, digits and `_`, and starts with a letter"
        ))
        .next(format_args!("weir new {}", suggestion(name))));
    }
    match fs::create_dir(&args.path) {
        Ok(()) => {}
        // An empty folder is as good as a new one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_empty_folder(&args.path) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::new(format_args!(
                "{} exists already, and nothing in it was touched",
                args.path.display()
            ))
            .next(format_args!(
                "weir new {name}_2, or remove the folder first"
            )));
        }
        Err(error) => {
            return Err(Failure::new(format_args!(
                "cannot make the folder {}: {error}",
                args.path.display()
            ))
            .next("choose a folder whose parent exists and may be written to"));
        }
    }
    for (file, text) in FILES {
        let path = args.path.join(file.replace("NAME", name));
        fs::write(&path, text.replace("NAME", name)).map_err(|error| {
            Failure::new(format_args!("cannot write {}: {error}", path.display()))
        })?;
    }
    say!("made {}", args.path.display());
    say!();
    say!("  cd {}", args.path.display());
    say!("  weir run      serves it on this machine, and again each time you save");
    say!("  weir test     runs its tests");
    Ok(())
}

fn suggestion(name: &str) -> String {
    let mut fixed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !weir_driver::is_module_name(&fixed) {
        fixed = format!("shop{fixed}");
    }
    fixed
}

fn is_empty_folder(path: &std::path::Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}
