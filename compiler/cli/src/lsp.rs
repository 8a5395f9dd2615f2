//! `weir lsp`: the language server, for editors.

use crate::output::{Failure, Outcome};

/// Serve an editor: the Language Server Protocol over standard input and output.
#[derive(clap::Args)]
pub struct Args {
    /// How to talk; there is only this way, which some editors name
    #[arg(long)]
    stdio: bool,
}

pub fn lsp(args: Args) -> Outcome {
    let Args { stdio: _ } = args;
    weir_lsp::serve().map_err(|ended| {
        Failure::new(format_args!("{ended}"))
            .next("this is started by an editor, which speaks the Language Server Protocol")
    })
}
