//! `weir explain CODE`: the page of an error code.

use crate::output::{Failure, Outcome};

/// Explain an error code.
#[derive(clap::Args)]
pub struct Args {
    /// A code as an error shows it, such as E0302
    #[arg(value_name = "CODE")]
    what: String,
}

pub fn explain(args: Args) -> Outcome {
    match weir_diagnostics::explain(&args.what) {
        Some(entry) => {
            print!("{}", entry.page);
            Ok(())
        }
        None => Err(no_such_code(&args.what)),
    }
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

/// In how many places two codes differ.
fn distance(a: &str, b: &str) -> usize {
    let b = b.to_uppercase();
    let differing = a.chars().zip(b.chars()).filter(|(a, b)| a != b).count();
    differing + a.len().abs_diff(b.len())
}
