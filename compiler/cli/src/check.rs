//! `weir check FILE`: what is wrong with a program, without running it; with `--fix` what is certain is put right.

use crate::files::replace;
use crate::output::{Failure, Outcome, say, say_part};
use crate::program::{self, Which};
use clap::ValueEnum;
use similar::TextDiff;
use weir_diagnostics::Severity;
use weir_driver::{Analysis, Disk, Program};

/// Check a program for errors.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    program: Which,
    /// How to write what was found
    #[arg(long, value_enum, default_value = "human")]
    message_format: Format,
    /// Put right what can only be meant in one way, then check again
    #[arg(long)]
    fix: bool,
    /// With --fix: show what would be changed, and change nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,
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
    let mut analysis = match args.fix {
        true => fix(&program, args.dry_run)?,
        false => program::analyse(&program)?,
    };
    // State is looked at as a whole, when all else is right.
    analysis.diagnostics.extend(weir_driver::remarks(&analysis));
    weir_diagnostics::sort(&mut analysis.diagnostics);
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

/// Applies the certain fixes; gives what is found afterwards.
fn fix(program: &Program, dry_run: bool) -> Outcome<Analysis> {
    let fixed = weir_driver::fix(&Disk, program).map_err(program::refuse)?;
    for (path, change) in &fixed.files {
        if dry_run {
            let name = path.display().to_string();
            let diff = TextDiff::from_lines(&change.old, &change.new);
            say_part!("{}", diff.unified_diff().header(&name, &name));
        } else {
            replace(path, &change.new)?;
        }
    }
    for applied in &fixed.applied {
        let done = if dry_run { "would be fixed" } else { "fixed" };
        eprintln!("{}: {done}: {}", applied.place, applied.title);
    }
    Ok(fixed.analysis)
}
