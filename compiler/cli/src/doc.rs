//! `weir doc`: pages about a program or the library; `weir doc NAME`: what they say of one thing, in the terminal.

use crate::output::{Failure, Outcome, Style, say, say_part};
use crate::program;
use crate::routes::routes;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use weir_diagnostics::Severity;
use weir_doc::{Book, Input};
use weir_driver::{Memory, receipts};

/// Make pages about a program, or about the library.
#[derive(clap::Args)]
pub struct Args {
    /// What to show in the terminal instead, such as list.map or Account.deposit
    #[arg(value_name = "NAME", conflicts_with_all = ["out", "open"])]
    name: Option<String>,
    /// A .weir file, or the folder of a project [default: this folder]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// About the library
    #[arg(long, conflicts_with = "program")]
    std: bool,
    /// Folder for the pages [default: .weir/doc in the project; weir_std_doc for the library]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show them in the browser
    #[arg(long)]
    open: bool,
}

pub fn doc(mut args: Args) -> Outcome {
    // `weir doc .` means the program there, as with other commands.
    if args.program.is_none() && !args.std && args.name.as_deref().is_some_and(is_path) {
        args.program = args.name.take().map(PathBuf::from);
    }
    if let Some(name) = &args.name {
        return show(&args, name);
    }
    let (book, out) = match args.std {
        true => (library(), PathBuf::from("weir_std_doc")),
        false => {
            let program = program::find(args.program.as_deref().unwrap_or(Path::new(".")))?;
            let out = weir_driver::inside(&program.folder, ".weir/doc");
            (book(&program)?, out)
        }
    };
    let out = args.out.unwrap_or(out);
    for (path, text) in weir_doc::site(&book) {
        write(&out.join(path), &text)?;
    }
    let first = out.join("index.html");
    say!("{}", first.display());
    if args.open {
        open(&first)?;
    }
    Ok(())
}

/// No name of a declaration looks so.
fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.ends_with(".weir") || matches!(name, "." | "..")
}

/// In the terminal: of the program here, if there is one, or else of the library.
fn show(args: &Args, name: &str) -> Outcome {
    let here = match (args.std, &args.program) {
        (true, _) => None,
        (false, Some(path)) => Some(program::find(path)?),
        (false, None) => weir_driver::find(&weir_driver::Disk, Path::new(".")).ok(),
    };
    let mut said = match &here {
        Some(program) => weir_doc::text(&book(program)?, name),
        None => String::new(),
    };
    if said.is_empty() {
        said = weir_doc::text(&library(), name);
    }
    if said.is_empty() {
        said = weir_driver::words::about(name).unwrap_or_default();
    }
    if said.is_empty() {
        let what = if here.is_some() {
            "neither the program nor the library has"
        } else {
            "the library has no"
        };
        return Err(Failure::new(format_args!("{what} `{name}`"))
            .next("weir doc --std --open, and search there"));
    }
    say_part!("{said}");
    Ok(())
}

fn book(program: &weir_driver::Program) -> Outcome<Book> {
    let analysis = program::analyse(program)?;
    program::report(program, &analysis, Severity::Error);
    let bundle = weir_driver::build(program, &analysis).ok_or_else(Failure::said)?;
    let checked = analysis.checked.as_ref();
    let routes: BTreeMap<String, (String, String)> = routes(&bundle.manifest, "")
        .into_iter()
        .map(|route| (route.of, (route.method.to_owned(), route.path)))
        .collect();
    let costs: BTreeMap<String, (String, String)> = receipts::rows(&bundle.manifest)
        .into_iter()
        .map(|row| {
            let class = receipts::class(&bundle.manifest, row.receipt);
            let cost = receipts::cost(&bundle.manifest, &row.receipt.cost);
            (row.name, (class, cost))
        })
        .collect();
    let own = analysis
        .sources
        .files()
        .filter(|(id, _)| !analysis.is_of_library(*id));
    let modules: Vec<_> = own
        .map(|(id, file)| {
            let name = weir_driver::path_inside(program, &file.name);
            let path = match Path::new(&file.name) == program.source {
                true => program.name.clone(),
                false => weir_driver::module_path(program, Path::new(&file.name)),
            };
            (id, path, name)
        })
        .collect();
    Ok(weir_doc::read(&Input {
        title: &program.name,
        version: program.version.as_deref(),
        sources: &analysis.sources,
        modules: &modules,
        checked,
        routes: &routes,
        costs: &costs,
        only_documented: false,
    }))
}

/// What each program has.
fn library() -> Book {
    // Parts of the library come in only where they are named.
    let all = "pub fn all(at: Text) -> Int? = match http.get(at) {\n  Ok(a) => Some(a.status)\n  _ => None\n}\n\
               fn more() -> Text = json.encode(secret(\"key\"))\n";
    let world = Memory::default().with("all.weir", all);
    let program = weir_driver::find(&world, Path::new("all.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    debug_assert!(analysis.checked.is_some(), "{:?}", analysis.diagnostics);
    let sources = &analysis.sources;
    let modules: Vec<_> = sources
        .files()
        .filter_map(|(id, file)| {
            let name = file.name.strip_prefix("std/")?;
            Some((
                id,
                name.trim_end_matches(".weir").to_owned(),
                file.name.clone(),
            ))
        })
        .collect();
    weir_doc::read(&Input {
        title: "The library of Weir",
        version: Some(env!("CARGO_PKG_VERSION")),
        sources,
        modules: &modules,
        checked: analysis.checked.as_ref(),
        routes: &BTreeMap::new(),
        costs: &BTreeMap::new(),
        only_documented: true,
    })
}

fn write(path: &Path, text: &str) -> Outcome {
    let failed = |error| Failure::new(format_args!("cannot write {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

fn open(page: &Path) -> Outcome {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let started = Command::new(opener)
        .arg(page)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !started.is_ok_and(|status| status.success()) {
        let style = Style::stderr();
        eprintln!(
            "{}: no browser could be started; open {} yourself",
            style.bold("note"),
            page.display()
        );
    }
    Ok(())
}
