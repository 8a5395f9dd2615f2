//! `weir streams`: what streams hold, how far consumers are, what they have given up; and putting that back.

use crate::client;
use crate::output::{Failure, Outcome, Style, counted, say};
use crate::routes::percent_encode;
use crate::source::From;
use serde_json::Value;

/// List streams, print the entries of one, put back what consumers have given up.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    source: From,
    /// Print the entries of this stream that are kept, one a line
    stream: Option<String>,
    /// From this position on
    #[arg(
        long,
        value_name = "POSITION",
        default_value_t = 0,
        requires = "stream"
    )]
    from: u64,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, requires = "stream")]
    limit: usize,
    /// Only entries that a consumer has given up: its run was cancelled
    #[arg(long, requires = "stream", conflicts_with_all = ["from", "limit"])]
    dead: bool,
    /// As JSON, one stream a line
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Put an entry back that a consumer has given up: it is consumed behind those of its key that wait
    Retry {
        #[command(flatten)]
        source: From,
        stream: String,
        /// Where it stands in the stream
        position: u64,
        /// Only this consumer, such as posts.on
        #[arg(long, value_name = "NAME")]
        consumer: Option<String>,
    },
}

pub fn streams(args: Args) -> Outcome {
    match args.verb {
        Some(Verb::Retry {
            source,
            stream,
            position,
            consumer,
        }) => retry(source, &stream, position, consumer.as_deref()),
        None => match &args.list.stream {
            Some(stream) => entries(stream.clone(), args.list),
            None => list(args.list),
        },
    }
}

fn list(list: List) -> Outcome {
    let streams = list.source.open()?.streams()?;
    let style = Style::stdout();
    if streams.is_empty() && !list.json {
        say!("the program has no streams");
    }
    for stream in &streams {
        match list.json {
            true => say!("{stream}"),
            false => say!("{}", rows(stream, style)),
        }
    }
    Ok(())
}

/// `clicks   3 entries, 1 waits to be consumed`, and a line for each consumer.
fn rows(stream: &Value, style: Style) -> String {
    let count = |of: &Value, name: &str| of[name].as_u64().unwrap_or_default();
    let name = stream["stream"].as_str().unwrap_or_default();
    let kept = match (count(stream, "next"), count(stream, "kept")) {
        (all, kept) if all == kept => counted(all, "entry", "entries"),
        (1, _) => "1 entry, not kept any more".to_owned(),
        (all, kept) => format!("{all} entries, {kept} of them kept"),
    };
    let mut text = format!("{}  {kept}", style.bold(name));
    let consumers = stream["consumers"].as_array();
    for consumer in consumers.into_iter().flatten() {
        let mut parts = Vec::new();
        for (member, word) in [
            ("waiting", "waiting"),
            ("going", "going on"),
            ("parked", "parked at a bug"),
            ("dead", "given up"),
        ] {
            let n = count(consumer, member);
            if n > 0 {
                parts.push(format!("{n} {word}"));
            }
        }
        if parts.is_empty() {
            parts.push("has had all".to_owned());
        }
        let name = consumer["name"].as_str().unwrap_or_default();
        text.push_str(&format!("\n  {name}: {}", parts.join(", ")));
    }
    text
}

fn entries(stream: String, list: List) -> Outcome {
    let source = list.source.open()?;
    let found = match list.dead {
        true => source.dead_entries(&stream)?,
        false => source.entries(&stream, list.from, list.limit)?,
    };
    match found {
        Ok(entries) => {
            if entries.is_empty() && list.dead {
                say!("no consumer has given up an entry of {stream}");
            }
            for entry in entries {
                say!("{entry}");
            }
            Ok(())
        }
        Err(missing) => Err(Failure::new(missing).next("weir streams, to see all")),
    }
}

fn retry(source: From, stream: &str, position: u64, consumer: Option<&str>) -> Outcome {
    let source = source.open()?;
    let url = source.node()?;
    let consumer = consumer.map(|name| format!("&consumer={}", percent_encode(name)));
    let path = format!(
        "/_weir/streams/{}/retry?position={position}{}",
        percent_encode(stream),
        consumer.unwrap_or_default()
    );
    let reply = client::post(url, &path, "")?;
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    if reply.status != 200 {
        let reason = body["reason"].as_str().unwrap_or(&reply.body).to_owned();
        let next = format!("weir streams {stream} --dead, to see what was given up");
        return Err(Failure::new(reason).next(next));
    }
    say!("put back");
    Ok(())
}
