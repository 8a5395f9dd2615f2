//! `weir doc`: pages about a program or the library; `weir doc NAME`: what they say of one thing, in the terminal.

use crate::output::{Failure, Outcome, Style, say, say_part};
use crate::program;
use crate::routes::routes;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use weir_contract::near::distance;
use weir_diagnostics::{Diagnostic, Severity};
use weir_doc::{Book, Input};
use weir_driver::{Analysis, Memory, receipts};

/// Make pages about a program, or about the library.
#[derive(clap::Args)]
pub struct Args {
    /// What to show in the terminal instead, such as list.map or Account.deposit; std shows the parts of the library
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
            (book(&program, &program::analyse(&program)?)?, out)
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
    let library = library();
    let mut known = weir_doc::names(&library);
    let mut said = String::new();
    if let Some(program) = &here {
        let analysis = program::analyse(program)?;
        let is_error = |d: &Diagnostic| d.severity == Severity::Error;
        // A program that is wrong keeps nobody from reading about the library.
        let is_of_library = !weir_doc::text(&library, name).is_empty();
        if !(is_of_library && analysis.diagnostics.iter().any(is_error)) {
            let book = book(program, &analysis)?;
            said = weir_doc::text(&book, name);
            known.extend(weir_doc::names(&book));
        }
    }
    if said.is_empty() {
        said = weir_doc::text(&library, name);
    }
    if said.is_empty() && matches!(name, "std" | "library") {
        said = format!(
            "The parts of the library; `weir doc list` shows one, `weir doc list.map` a function.\n\n{}",
            weir_doc::parts(&library)
        );
    }
    if said.is_empty() {
        said = elsewhere(&library, name);
    }
    if said.is_empty() {
        said = weir_driver::words::about(name).unwrap_or_default();
    }
    if said.is_empty() {
        let what = match here {
            Some(_) => "neither the program nor the library has",
            None => "the library has no",
        };
        let failure = Failure::new(format_args!("{what} `{name}`"));
        return Err(match near(name, &known).as_slice() {
            [] => failure.next("weir doc std, which shows the parts of the library"),
            near => failure.next(format_args!("weir doc {}", near.join(", or weir doc "))),
        });
    }
    say_part!("{said}");
    Ok(())
}

/// What is called so in other languages or stands in another part: `list.len`, `toUpperCase`, `math.floor`.
fn elsewhere(library: &Book, name: &str) -> String {
    let names = weir_driver::words::names_for(name).into_iter();
    let mut all = names.map(|there| weir_doc::text(library, &there));
    match all.find(|said| !said.is_empty()) {
        Some(said) => format!("there is no `{name}` in the library, but this:\n\n{said}"),
        None => String::new(),
    }
}

/// The names that are most like it, three at most; also like its last part.
fn near<'a>(name: &str, known: &'a [String]) -> Vec<&'a str> {
    let last = |name: &'a str| name.rsplit_once('.').map_or(name, |(_, last)| last);
    let mut found: Vec<(usize, &str)> = known
        .iter()
        .map(|known| match name.contains('.') {
            true => (distance(name, known), known.as_str()),
            false => (distance(name, last(known)), known.as_str()),
        })
        .filter(|(far, _)| far * 3 <= name.chars().count())
        .collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).take(3).collect()
}

fn book(program: &weir_driver::Program, analysis: &Analysis) -> Outcome<Book> {
    program::report(program, analysis, Severity::Error);
    let bundle = weir_driver::build(program, analysis).ok_or_else(Failure::said)?;
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
