//! `weir new NAME`: a small project that runs as it is.
//!
//! The files are in `template/`, a folder for each template, where they can be read and are tested; `NAME` in them stands for the
//! project's name.

use crate::output::{Failure, Outcome, Style, say};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Make a small project that runs as it is.
#[derive(clap::Args)]
pub struct Args {
    /// Folder to make; its last part is the project's name
    #[arg(required_unless_present = "list")]
    path: Option<PathBuf>,
    /// What it begins with; --list shows them
    #[arg(long, value_name = "NAME", default_value = TEMPLATES[0].name)]
    template: String,
    /// Show the templates, and make nothing
    #[arg(long, conflicts_with = "path")]
    list: bool,
}

/// What a project can begin with.
struct Template {
    name: &'static str,
    /// What is in it, in a line.
    about: &'static str,
    /// Name and text of each file.
    files: &'static [(&'static str, &'static str)],
}

macro_rules! template {
    ($name:literal, $about:literal, [$($file:literal),*]) => {
        Template {
            name: $name,
            about: $about,
            files: &[
                $(($file, include_str!(concat!("../template/", $name, "/", $file))),)*
                (".gitignore", include_str!("../template/gitignore")),
            ],
        }
    };
}

/// The first is what one gets who does not choose.
const TEMPLATES: &[Template] = &[
    template!(
        "service",
        "articles and how many are left: state, failures, a test",
        ["weir.toml", "NAME.weir", "README.md"]
    ),
    template!(
        "bank",
        "accounts and transfers: transactions, invariants, who may call",
        ["weir.toml", "NAME.weir", "README.md"]
    ),
    template!(
        "workflow",
        "orders that take days: an outside service, events, undoing",
        ["weir.toml", "NAME.weir", "README.md"]
    ),
    template!(
        "shop",
        "a program of three files: imports, a route of its own",
        [
            "weir.toml",
            "main.weir",
            "catalogue.weir",
            "cart.weir",
            "README.md"
        ]
    ),
];

pub fn new(args: Args) -> Outcome {
    let Some(path) = args.path else {
        return list();
    };
    let Some(template) = TEMPLATES.iter().find(|t| t.name == args.template) else {
        let known: Vec<&str> = TEMPLATES.iter().map(|t| t.name).collect();
        let why = format_args!(
            "there is no template `{}`: there are {}",
            args.template,
            known.join(", ")
        );
        return Err(Failure::usage(why).next("weir new --list"));
    };
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if !weir_driver::is_module_name(name) {
        return Err(Failure::usage(format_args!(
            "`{name}` cannot be a project's name: a name is lower-case letters, digits and `_`, and starts with a letter"
        ))
        .next(format_args!("weir new {}", suggestion(name))));
    }
    match fs::create_dir(&path) {
        Ok(()) => {}
        // An empty folder is as good as a new one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_empty_folder(&path) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::new(format_args!(
                "{} exists already, and nothing in it was touched",
                path.display()
            ))
            .next(format_args!(
                "weir new {name}_2, or remove the folder first"
            )));
        }
        Err(error) => {
            return Err(Failure::new(format_args!(
                "cannot make the folder {}: {error}",
                path.display()
            ))
            .next("choose a folder whose parent exists and may be written to"));
        }
    }
    for (file, text) in template.files {
        let path = path.join(file.replace("NAME", name));
        fs::write(&path, text.replace("NAME", name)).map_err(|error| {
            Failure::new(format_args!("cannot write {}: {error}", path.display()))
        })?;
    }
    say!("made {}", path.display());
    say!();
    say!("  cd {}", path.display());
    say!("  weir run      serves it on this machine, and again each time you save");
    say!("  weir test     runs its tests");
    Ok(())
}

fn list() -> Outcome {
    let style = Style::stdout();
    for template in TEMPLATES {
        say!("{}", style.bold(template.name));
        say!("  {}", template.about);
    }
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
