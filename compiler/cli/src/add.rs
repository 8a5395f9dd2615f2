//! `weir add`: declares the functions of a component, from its WIT file, and says in `weir.toml` where it is.

use crate::files::replace;
use crate::output::{Failure, Outcome, Style, say, say_part};
use crate::program;
use std::fs;
use std::path::{Path, PathBuf};
use weir_driver::wit::{Block, Package};
use weir_driver::{Program, config, inside, is_module_name};

/// Declare the functions of a component.
#[derive(clap::Args)]
pub struct Args {
    /// A .wit file, a folder of them, or a package of the project's folder `wit`, such as wit:acme/image@0.3
    #[arg(value_name = "WIT")]
    what: String,
    /// The file that gets the `extern` block [default: the program's first]
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// The component itself, inside the project [default: NAME.wasm]
    #[arg(long, value_name = "FILE")]
    component: Option<String>,
    /// Write the block to standard output, and change nothing
    #[arg(long, conflicts_with_all = ["into", "component"])]
    print: bool,
}

pub fn add(args: Args) -> Outcome {
    let here = Path::new(".");
    let package = match args.what.strip_prefix("wit:") {
        Some(name) => {
            let folder = match program::find(here) {
                Ok(program) => program.folder,
                Err(_) => here.to_owned(),
            };
            in_folder(&inside(&folder, "wit"), name)?
        }
        None => read(Path::new(&args.what))?,
    };
    let block = package.block();
    for left_out in &block.left_out {
        eprintln!("{}: {left_out}", Style::stderr().bold("note"));
    }
    if !block.text.contains(" fn ") {
        let why = format_args!(
            "{} exports no function that can be declared",
            package.name()
        );
        return Err(Failure::new(why).next("name a package with a world that exports functions"));
    }
    if args.print {
        say_part!("{}", block.text);
        return Ok(());
    }
    let program = program::find(here)?;
    write(&program, &block, args.into.as_deref(), args.component)
}

fn read(path: &Path) -> Outcome<Package> {
    if !path.exists() {
        let why = format_args!("there is no {}", path.display());
        return Err(Failure::new(why).next("name a .wit file, or a folder of them"));
    }
    Package::read(path).map_err(Failure::new)
}

/// The package of that name among the files and folders of `wit`.
fn in_folder(folder: &Path, name: &str) -> Outcome<Package> {
    let mut places = vec![folder.to_owned()];
    for inner in [folder.to_owned(), folder.join("deps")] {
        let Ok(entries) = fs::read_dir(&inner) else {
            continue;
        };
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        found.sort();
        let is_wit = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|e| e == "wit");
        places.extend(found.into_iter().filter(is_wit));
    }
    let mut others = Vec::new();
    for place in places {
        // What is no package by itself, such as a folder of packages, is looked into.
        let Ok(package) = Package::read(&place) else {
            continue;
        };
        if package.is(name) {
            return Ok(package);
        }
        others.push(package.name());
    }
    others.sort();
    others.dedup();
    let there = match others.as_slice() {
        [] => "no package".to_owned(),
        others => others.join(", "),
    };
    let why = format_args!("{} has no package {name}, but {there}", folder.display());
    Err(Failure::new(why).next(format_args!(
        "put its .wit file there, or name the file: weir add path/to/{}.wit",
        name.split(['/', '@']).nth(1).unwrap_or("file")
    )))
}

fn write(
    program: &Program,
    block: &Block,
    into: Option<&Path>,
    component: Option<String>,
) -> Outcome {
    let source = into.unwrap_or(&program.source);
    let unreadable =
        |error| Failure::new(format_args!("cannot read {}: {error}", source.display()));
    let text = fs::read_to_string(source).map_err(unreadable)?;
    let (name, head) = (&block.name, format!("extern {} from", block.name));
    debug_assert!(is_module_name(name));
    if text
        .lines()
        .any(|line| line.trim_start().starts_with(&head))
    {
        let why = format_args!(
            "{} has `extern {name}` already, and stayed as it was",
            source.display()
        );
        return Err(Failure::new(why).next("remove it first, or look at both: weir add --print"));
    }
    let component = component.unwrap_or_else(|| format!("{name}.wasm"));
    let toml = inside(&program.folder, "weir.toml");
    let old = match fs::read_to_string(&toml) {
        Ok(old) => old,
        Err(_) => match program.source.strip_prefix(&program.folder) {
            Ok(entry) => format!("entry = \"{}\"\n", entry.display()),
            Err(_) => format!("entry = \"{}\"\n", program.source.display()),
        },
    };
    let failed = |error: config::ConfigError| {
        let next = error.help.clone();
        Failure::new(format_args!("{}:{error}", toml.display())).next(next)
    };
    let new = config::with_component(&old, name, &component).map_err(failed)?;
    // What it became must be understood before anything is written.
    config::parse(&new).map_err(failed)?;
    let gap = if text.trim().is_empty() { "" } else { "\n" };
    replace(source, &format!("{text}{gap}{}", block.text))?;
    match toml.exists() {
        true => replace(&toml, &new)?,
        false => fs::write(&toml, new).map_err(|error| {
            Failure::new(format_args!("cannot write {}: {error}", toml.display()))
        })?,
    }
    say!(
        "{}: extern {name} from \"{}\"",
        source.display(),
        block.source
    );
    say!(
        "{}: [extern.{name}] component = \"{component}\"",
        toml.display()
    );
    if !inside(&program.folder, &component).exists() {
        say!();
        say!(
            "next: build the component, and put it at {}",
            inside(&program.folder, &component).display()
        );
    }
    Ok(())
}
