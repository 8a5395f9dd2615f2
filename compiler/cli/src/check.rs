//! `weir check FILE`: what is wrong with a program, without running it.

use crate::output::{Failure, Outcome, say, say_part};
use crate::program::{self, Which};
use clap::ValueEnum;
use weir_diagnostics::Severity;

/// Check a program for errors.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    program: Which,
    /// How to write what was found
    #[arg(long, value_enum, default_value = "human")]
    message_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// With the lines of the source, to standard error
    Human,
    /// One JSON object a line, to standard output
    Json,
}

pub fn check(args: Args) -> Outcome {
    let program = args.program.find()?;
    let analysis = program::analyse(&program)?;
    match args.message_format {
        Format::Human => program::report(&program, &analysis, Severity::Hint),
        Format::Json => say_part!(
            "{}",
            weir_diagnostics::json_lines(&analysis.sources, &analysis.diagnostics)
        ),
    }
    if analysis.errors() > 0 {
        return Err(Failure::said());
    }
    if let Format::Human = args.message_format {
        say!("{}: no errors", program.source.display());
    }
    Ok(())
}
