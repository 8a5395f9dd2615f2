//! `weir explain CODE`: the page of an error code; `weir explain FUNCTION FILE`: what a function touches and needs.

use crate::output::{Failure, Outcome, say_part};
use crate::program;
use std::path::{Path, PathBuf};
use weir_contract::near::distance;
use weir_driver::explain as plan;

/// Explain an error code, or a function of a program.
#[derive(clap::Args)]
pub struct Args {
    /// A code as an error shows it, such as E0302, or a function, such as Account.transfer
    #[arg(value_name = "CODE|FUNCTION")]
    what: String,
    /// The program of the function [default: this folder]
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
}

pub fn explain(args: Args) -> Outcome {
    if let Some(entry) = weir_diagnostics::explain(&args.what) {
        say_part!("{}", entry.page);
        return Ok(());
    }
    if args.path.is_none() && looks_like_code(&args.what) {
        return Err(no_such_code(&args.what));
    }
    let program = program::find(args.path.as_deref().unwrap_or(Path::new(".")))?;
    let manifest = program::compile(&program)?.manifest;
    let found = plan::find(&manifest, &args.what);
    // A function that only the program calls is in the manifest when it waits: as frames.
    if found.is_empty()
        && let Some(page) = plan::page_of_frames(&manifest, &args.what)
    {
        say_part!("{page}");
        return Ok(());
    }
    if found.is_empty() {
        let known = plan::names(&manifest).join(", ");
        let mut sites = manifest.sites.iter();
        let is_inside = sites.any(|site| site.function.as_ref() == Some(&args.what));
        let said = match is_inside {
            true => format!(
                "`{}` is called by the program alone and does not wait: what it does is told of those that call it",
                args.what
            ),
            false => format!(
                "{} has no function `{}`",
                program.source.display(),
                args.what
            ),
        };
        return Err(Failure::new(said).next(format_args!("name one of {known}")));
    }
    let pages: Vec<String> = found
        .iter()
        .map(|function| plan::page(&manifest, function))
        .collect();
    say_part!("{}", pages.join("\n"));
    Ok(())
}

/// A letter and digits: nobody calls a function so.
fn looks_like_code(what: &str) -> bool {
    let mut chars = what.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.as_str().parse::<u32>().is_ok()
}

fn no_such_code(what: &str) -> Failure {
    let failure = Failure::new(format_args!("there is no error code `{what}`"));
    let near = weir_diagnostics::all_codes()
        .iter()
        .map(|entry| entry.code.as_str())
        .min_by_key(|code| distance(code, what));
    match near {
        Some(near) => failure.next(format_args!(
            "weir explain {near}, if you meant the nearest code"
        )),
        None => failure,
    }
}
