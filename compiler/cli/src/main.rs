//! `weir`, the command line: one file a verb, each a plain function from its arguments to an [`output::Outcome`].
//!
//! What all verbs keep to: results go to standard output, everything said about them to standard error; the exit
//! code is 0 for done, 1 for failed, 2 for a command that could not be understood; and whatever is refused names
//! what to type next.

mod add;
mod blobs;
mod build;
mod check;
mod client;
mod components;
mod doc;
mod explain;
mod files;
mod fmt;
mod log;
mod lsp;
mod memory;
mod new;
mod output;
mod place;
mod profile;
mod program;
mod receipts;
mod reload;
mod routes;
mod run;
mod runs;
mod scratch;
mod send;
mod settings;
mod source;
mod state;
mod streams;
mod test;
mod views;
mod watch;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Weir: stateful programs that survive kill -9.
#[derive(Parser)]
#[command(name = "weir", version, about, disable_help_subcommand = true)]
#[command(after_help = "Start with `weir new shop`, then `cd shop` and `weir run`.")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    New(new::Args),
    Add(add::Args),
    Check(check::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Build(build::Args),
    Run(run::Args),
    Log(log::Args),
    State(state::Args),
    Runs(Box<runs::Args>),
    Views(views::Args),
    Blobs(blobs::Args),
    Streams(streams::Args),
    Send(send::Args),
    Explain(explain::Args),
    Doc(doc::Args),
    Lsp(lsp::Args),
    Receipts(receipts::Args),
    Scratch(scratch::Args),
}

fn main() -> ExitCode {
    memory::set_up();
    let outcome = match Cli::parse().verb {
        Verb::New(args) => new::new(args),
        Verb::Add(args) => add::add(args),
        Verb::Test(args) => test::test(args),
        Verb::Build(args) => build::build(args),
        Verb::Run(args) => run::run(args),
        Verb::Log(args) => log::log(args),
        Verb::State(args) => state::state(args),
        Verb::Runs(args) => runs::runs(*args),
        Verb::Views(args) => views::views(args),
        Verb::Blobs(args) => blobs::blobs(args),
        Verb::Streams(args) => streams::streams(args),
        Verb::Send(args) => send::send(args),
        Verb::Check(args) => check::check(args),
        Verb::Fmt(args) => fmt::fmt(args),
        Verb::Explain(args) => explain::explain(args),
        Verb::Doc(args) => doc::doc(args),
        Verb::Lsp(args) => lsp::lsp(args),
        Verb::Receipts(args) => receipts::receipts(args),
        Verb::Scratch(args) => scratch::scratch(args),
    };
    profile::finish();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
