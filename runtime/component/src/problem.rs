//! What can be wrong with a component before anything runs, in words, with what to do about it.

use std::fmt;

use weir_contract::manifest::Extern;
use weir_contract::{Defs, Type, limits};

use crate::find::Export;
use crate::misfit::Misfit;
use crate::show;
use weir_contract::names::{kebab, same};

/// Why components were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub Vec<Problem>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// May be several lines.
    pub message: String,
    /// What to do.
    pub next: String,
}

/// What is wrong with a whole component.
pub enum What {
    TooLarge(usize),
    CoreModule,
    Broken(String),
    Imports(Vec<String>),
}

impl Problem {
    pub(crate) fn of(module: &str, what: What) -> Problem {
        let (said, next) = match what {
            What::TooLarge(bytes) => (
                format!(
                    "is too large: {bytes} bytes, and {} are the limit",
                    limits::COMPONENT_BYTES_MAX
                ),
                "build it without debug information",
            ),
            What::CoreModule => (
                "is a core module, not a component".to_owned(),
                "make a component of it: `wasm-tools component new`",
            ),
            What::Broken(why) => (
                format!("cannot be read: {why}"),
                "build it again, as a component",
            ),
            What::Imports(names) => (
                format!(
                    "imports {}, and a component runs here with nothing from outside",
                    quoted(names.iter().map(String::as_str))
                ),
                "build it without WASI and other imports, and pass what it needs as arguments",
            ),
        };
        Problem {
            message: format!("the component of `{module}` {said}"),
            next: next.to_owned(),
        }
    }

    pub(crate) fn no_function(function: &Extern, exports: &[Export]) -> Problem {
        let paths: Vec<String> = exports.iter().map(Export::path).collect();
        let has = match paths.as_slice() {
            [] => "it exports no function".to_owned(),
            paths => format!("it exports {}", quoted(paths.iter().map(String::as_str))),
        };
        let elsewhere = exports.iter().any(|e| same(&function.name, &e.name));
        Problem {
            message: format!(
                "{} is not in its component under `{}`: {has}",
                shown(function),
                kebab(&function.name)
            ),
            next: match elsewhere {
                true => format!(
                    "name the package and version that it has, instead of \"{}\"",
                    function.source
                ),
                false => "declare a function that it exports".to_owned(),
            },
        }
    }

    pub(crate) fn several(function: &Extern, exports: &[&Export]) -> Problem {
        let paths: Vec<String> = exports.iter().map(|e| e.path()).collect();
        Problem {
            message: format!(
                "{} is in its component more than once: {}",
                shown(function),
                quoted(paths.iter().map(String::as_str))
            ),
            next: "build it with one of them".to_owned(),
        }
    }

    pub(crate) fn misfit(
        defs: &Defs,
        function: &Extern,
        export: &Export,
        misfit: Misfit,
    ) -> Problem {
        let place = match misfit.path.as_str() {
            "" => "here it has".to_owned(),
            path => format!("`{path}` is here"),
        };
        Problem {
            message: format!(
                "{} does not fit its component: {place} {}, and there {}\n  here:  {}\n  there: {}: {}",
                shown(function),
                misfit.ours,
                misfit.theirs,
                declared(defs, function),
                export.path(),
                show::function(&export.ty)
            ),
            next: misfit.next,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            let line = if n == 0 { "" } else { "\n" };
            write!(f, "{line}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

fn shown(function: &Extern) -> String {
    format!("`{}.{}`", function.module, function.name)
}

/// `fn thumbnail(png: Bytes, width: Int) -> Bytes`
fn declared(defs: &Defs, function: &Extern) -> String {
    let params = function.params.iter();
    let params = params.map(|p| format!("{}: {}", p.name, defs.name_of(&p.ty)));
    let params: Vec<String> = params.collect();
    let mut text = format!("fn {}({})", function.name, params.join(", "));
    if function.returns != Type::Unit {
        text += &format!(" -> {}", defs.name_of(&function.returns));
    }
    let fails = function.fails.iter();
    let fails: Vec<&str> = fails.map(|id| defs.get(*id).name.as_str()).collect();
    if !fails.is_empty() {
        text += &format!(" fails {}", fails.join(", "));
    }
    text
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
