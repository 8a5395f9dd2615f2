//! `weir receipts [FILE]`: what each call costs at most, before it runs; `--against OLD`: what became dearer or cheaper.

use std::path::{Path, PathBuf};

use weir_contract::Manifest;
use weir_driver::receipts::against::{self, Change, Turn};
use weir_driver::receipts::{self as costs};

use crate::output::{Failure, Outcome, say, say_part};
use crate::program::{self, Which};

/// Show what each function costs at most: records in the log, keys, outside calls.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Compare with an older program: a source or its folder, a built .wasm, a manifest, or the folder they are in
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// Fail (exit code 1) when something became dearer, or may have
    #[arg(long, requires = "against")]
    deny_dearer: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn receipts(args: Args) -> Outcome {
    let program = args.which.find()?;
    let manifest = program::compile(&program)?.manifest;
    let Some(old) = &args.against else {
        match args.format {
            Format::Json => say!("{:#}", costs::to_json(&manifest)),
            Format::Text => say_part!("{}", costs::table(&manifest)),
        }
        return Ok(());
    };
    let old = old_manifest(old)?;
    let changes = against::changes(&old, &manifest);
    match args.format {
        Format::Json => say!("{:#}", against::to_json(&changes)),
        Format::Text if changes.is_empty() => say!("no call costs another amount"),
        Format::Text => say_part!("{}", against::text(&changes)),
    }
    let dearer: Vec<&Change> = changes.iter().filter(|c| c.turn.may_be_dearer()).collect();
    if args.format == Format::Text && !changes.is_empty() {
        let turned = |turn: Turn| changes.iter().filter(|c| c.turn == turn).count();
        eprintln!(
            "{} dearer, {} cheaper, {} that cannot be compared, {} new, {} gone",
            turned(Turn::Dearer),
            turned(Turn::Cheaper),
            turned(Turn::Other),
            turned(Turn::New),
            turned(Turn::Gone)
        );
    }
    match (args.deny_dearer, dearer.first()) {
        (true, Some(first)) => Err(Failure::new(format_args!(
            "`{}` may cost more than before",
            first.function
        ))
        .next(format_args!("weir explain {}", first.function))),
        _ => Ok(()),
    }
}

/// The manifest of an older program, built or to be built.
fn old_manifest(path: &Path) -> Outcome<Manifest> {
    let manifest = match built(path)? {
        Some(file) => read(&file)?,
        None => {
            let program = program::find(path)?;
            program::compile(&program)?.manifest
        }
    };
    // Built by a compiler that did not write receipts.
    if !manifest.functions.is_empty() && manifest.functions.iter().all(|f| f.receipt.is_none()) {
        return Err(Failure::new(format_args!(
            "{} was built without receipts, so nothing can be compared",
            path.display()
        ))
        .next("name the folder of its sources, or build it again"));
    }
    Ok(manifest)
}

/// The manifest's file, where a path names something built.
fn built(path: &Path) -> Outcome<Option<PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".json") {
        return Ok(Some(path.to_owned()));
    }
    if name.ends_with(".wasm") {
        return Ok(Some(path.with_extension("manifest.json")));
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".manifest.json"))
        .collect();
    found.sort();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        [first, ..] => Err(Failure::new(format_args!(
            "{} has several built programs",
            path.display()
        ))
        .next(format_args!("name one of them: {}", first.display()))),
    }
}

fn read(file: &Path) -> Outcome<Manifest> {
    let text = std::fs::read(file).map_err(|why| {
        Failure::new(format_args!("cannot read {}: {why}", file.display()))
            .next("name a .manifest.json, a .wasm with its manifest beside it, or the sources")
    })?;
    Manifest::from_json(&text).map_err(|why| {
        Failure::new(format_args!("{}: {why}", file.display()))
            .next("name the folder of its sources")
    })
}
