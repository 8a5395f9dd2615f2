//! `weir log show`: everything that happened, one JSON object a line.

use crate::output::Outcome;
use crate::source::From;
use std::io::Write;

/// Show the log.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Print records as JSON, one a line, oldest first
    Show {
        #[command(flatten)]
        source: From,
        /// The first record to print
        #[arg(long, value_name = "N", default_value_t = 1)]
        from: u64,
        /// At most so many records
        #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
        limit: u64,
    },
}

pub fn log(args: Args) -> Outcome {
    let Verb::Show {
        source,
        from,
        limit,
    } = args.verb;
    let mut out = std::io::stdout().lock();
    source.open()?.log(from, limit, |line| {
        // Who reads may stop reading, as `head` does.
        let _ = writeln!(out, "{line}");
    })
}
