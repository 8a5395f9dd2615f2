//! `weir fmt`: programs in the one style.

use crate::files::replace;
use crate::output::{Failure, Outcome, Style, counted, say, say_part};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Write programs in the one style.
#[derive(clap::Args)]
pub struct Args {
    /// Files and folders (all `.weir` files in them); `-` reads standard input and writes standard output
    #[arg(value_name = "FILE", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Change nothing: name the files that are not in the style, and fail if there are any
    #[arg(long)]
    check: bool,
}

pub fn fmt(args: Args) -> Outcome {
    if let [path] = args.paths.as_slice()
        && path == Path::new("-")
    {
        return standard_input(args.check);
    }
    let mut files = Vec::new();
    for path in &args.paths {
        find(path, true, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::new("there is no .weir file here").next("weir fmt FILE"));
    }
    let (mut others, mut broken) = (0, 0);
    for file in &files {
        let text = read(file)?;
        let Some(formatted) = in_style(&file.display().to_string(), &text) else {
            broken += 1;
            continue;
        };
        if formatted == text {
            continue;
        }
        others += 1;
        match args.check {
            true => differs(file, &text, &formatted),
            false => {
                replace(file, &formatted)?;
                say!("{}: written anew", file.display());
            }
        }
    }
    match (broken, args.check && others > 0) {
        (0, false) => Ok(()),
        (0, true) => {
            let files = counted(others, "file is", "files are");
            Err(Failure::new(format_args!("{files} not in the style")).next("weir fmt"))
        }
        (broken, _) => {
            let files = counted(broken, "file has", "files have");
            Err(Failure::new(format_args!(
                "{files} errors and stayed as written"
            )))
        }
    }
}

fn standard_input(check: bool) -> Outcome {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(format_args!("cannot read standard input: {error}")))?;
    match in_style("standard input", &text) {
        None => Err(Failure::said()),
        Some(formatted) if !check => {
            say_part!("{formatted}");
            Ok(())
        }
        Some(formatted) if formatted == text => Ok(()),
        Some(_) => Err(Failure::new("standard input is not in the style")),
    }
}

/// The text in the style, or its errors told.
fn in_style(name: &str, text: &str) -> Option<String> {
    let unparsed = match weir_driver::format(name, text) {
        Ok(formatted) => return Some(formatted),
        Err(unparsed) => unparsed,
    };
    let colour = Style::stderr().colour;
    for error in &unparsed.errors {
        eprint!(
            "{}",
            weir_diagnostics::render(&unparsed.sources, error, colour)
        );
    }
    None
}

/// Names the file and the first line that would change.
fn differs(file: &Path, text: &str, formatted: &str) {
    let (mut old, mut new) = (text.lines(), formatted.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => {}
            (None, None) => return say!("{}: ends in another way", file.display()),
            (old, new) => {
                say!("{}:{number}", file.display());
                if let Some(old) = old {
                    say!("  - {old}");
                }
                if let Some(new) = new {
                    say!("  + {new}");
                }
                return;
            }
        }
    }
}

/// A path's files in order of their names. What begins with a dot is nobody's program.
fn find(path: &Path, is_named: bool, files: &mut Vec<PathBuf>) -> Outcome {
    let unreadable = |error| Failure::new(format_args!("cannot read {}: {error}", path.display()));
    let about = fs::metadata(path).map_err(unreadable)?;
    if !about.is_dir() {
        if is_named || path.extension().is_some_and(|e| e == "weir") {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        inside.push(entry.map_err(unreadable)?.path());
    }
    inside.sort();
    for path in inside {
        let name = path.file_name().unwrap_or_default();
        // As people write it.
        let path = path.strip_prefix(".").unwrap_or(&path);
        let is_hidden = name.to_string_lossy().starts_with('.');
        if !is_hidden && name != "target" && !path.is_symlink() {
            find(path, false, files)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Outcome<String> {
    fs::read_to_string(file)
        .map_err(|error| Failure::new(format_args!("cannot read {}: {error}", file.display())))
}
