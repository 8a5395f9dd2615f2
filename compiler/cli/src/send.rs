//! `weir send Checkout o1 approved '{"by": "ann"}'`: an event, or a call, from the command line.

use crate::client;
use crate::output::{Failure, Outcome, say};
use crate::routes::percent_encode;
use crate::source::From;

/// Send an event to a run, or call a function, of a running program.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: From,
    /// An entity or workflow, the parts of its key, and the event or function; or a function
    #[arg(required = true, value_name = "PATH")]
    path: Vec<String>,
    /// The arguments by name, as a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    args: String,
}

pub fn send(args: Args) -> Outcome {
    if let Err(error) =
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&args.args)
    {
        return Err(
            Failure::usage(format_args!("--args is not a JSON object: {error}"))
                .next(r#"write it as --args '{"by": "ann"}'"#),
        );
    }
    let source = args.source.open()?;
    let parts: Vec<String> = args.path.iter().map(|part| percent_encode(part)).collect();
    let reply = client::post(source.node()?, &format!("/{}", parts.join("/")), &args.args)?;
    if reply.status < 300 {
        if reply.body != "null" {
            say!("{}", reply.body);
        }
        return Ok(());
    }
    Err(
        Failure::new(format_args!("{}: {}", reply.status, reply.body))
            .next("weir runs, to see what goes on and what it waits for"),
    )
}
