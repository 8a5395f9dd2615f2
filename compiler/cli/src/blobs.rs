//! `weir blobs`: the contents that are kept beside the log; one of them as a file; and sweeping out those that nothing names.

use crate::client;
use crate::output::{Failure, Outcome, counted, say};
use crate::runs::{age, short};
use crate::source::{From, Source};
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use weir_contract::blobs::{BlobHash, BlobStore};
use weir_node::FileBlobs;
use weir_node::blobs::{SWEEP_AGE, listed_json, sweep, swept_json};

/// List the contents of blobs, get one, or sweep out those that nothing names.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Print all contents: hash, bytes, media type, and how long ago each was kept or asked for
    List {
        #[command(flatten)]
        source: From,
        /// As JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Write the content of one to standard output, or into a file
    Get {
        #[command(flatten)]
        source: From,
        /// Its hash, or as many of the first digits as no other has
        hash: String,
        /// Into this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Remove those that no state, no record, no snapshot and no sleeping run names
    Sweep {
        #[command(flatten)]
        source: From,
        /// Only what nobody has kept or asked for in so long, such as 90s, 15m, 2h or 3d [default: 1d]
        #[arg(long, value_name = "AGE", value_parser = age)]
        older: Option<i64>,
        /// Remove nothing, only say what would go
        #[arg(long)]
        dry_run: bool,
        /// What was removed as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Bytes that are taken out of a directory at a time.
const PART_BYTES: u64 = 1 << 20;

pub fn blobs(args: Args) -> Outcome {
    match args.verb {
        Verb::List { source, json } => {
            for listed in all(&source.open()?)? {
                match json {
                    true => say!("{listed}"),
                    false => say!("{}", row(&listed)),
                }
            }
            Ok(())
        }
        Verb::Get { source, hash, out } => get(&source.open()?, &hash, out.as_deref()),
        Verb::Sweep {
            source,
            older,
            dry_run,
            json,
        } => {
            let age = older.map_or(SWEEP_AGE, |us| Duration::from_micros(us.max(0) as u64));
            let swept = sweep_in(&source.open()?, age, dry_run)?;
            if json {
                say!("{swept}");
                return Ok(());
            }
            let removed = swept["removed"].as_array().cloned().unwrap_or_default();
            for listed in &removed {
                say!("{}", row(listed));
            }
            let number = |member: &str| swept[member].as_u64().unwrap_or(0);
            let bytes = counted(number("bytes"), "byte", "bytes");
            let left = counted(number("left"), "stays", "stay");
            match dry_run {
                true => say!("{} would go, {bytes}; {left}", removed.len()),
                false => say!("{} removed, {bytes} free; {left}", removed.len()),
            }
            Ok(())
        }
    }
}

/// `ab12..  1234  5m  image/png`
fn row(listed: &Value) -> String {
    let text = |name: &str| listed[name].as_str().unwrap_or_default().to_owned();
    let age = short(listed["age_s"].as_i64().unwrap_or_default() * 1_000_000);
    let media_type = match text("type") {
        none if none.is_empty() => "-".to_owned(),
        known => known,
    };
    let (blob, size) = (text("blob"), listed["size"].to_string());
    format!("{blob}  {size:>12}  {age:>6}  {media_type}")
}

fn store(path: &Path) -> Outcome<FileBlobs> {
    FileBlobs::open(path.join(BLOBS)).map_err(Failure::new)
}

/// Where they are in the directory of the data.
pub const BLOBS: &str = "blobs";

fn all(source: &Source) -> Outcome<Vec<Value>> {
    match source {
        Source::Node { url } => {
            let reply = client::get(url, "/_weir/blobs")?;
            let all = answered(url, reply.status, &reply.body)?;
            Ok(all.as_array().cloned().unwrap_or_default())
        }
        Source::Directory { path, .. } => {
            let all = store(path)?.list().map_err(Failure::new)?;
            Ok(all.iter().map(listed_json).collect())
        }
    }
}

fn get(source: &Source, hash: &str, out: Option<&Path>) -> Outcome {
    let hash = whole(source, hash)?;
    let mut into: Box<dyn Write> = match out {
        Some(path) => Box::new(File::create(path).map_err(|error| {
            Failure::new(format_args!("cannot write {}: {error}", path.display()))
        })?),
        None => Box::new(std::io::stdout().lock()),
    };
    let unwritten =
        |error: std::io::Error| Failure::new(format_args!("cannot write the content: {error}"));
    match source {
        Source::Node { url } => client::download(url, &format!("/blobs/{hash}"), &mut into)?,
        Source::Directory { path, .. } => {
            let store = store(path)?;
            let mut at = 0;
            loop {
                let part = store
                    .read(&hash, at, at + PART_BYTES)
                    .map_err(Failure::new)?;
                if part.is_empty() {
                    break;
                }
                into.write_all(&part).map_err(unwritten)?;
                at += part.len() as u64;
            }
        }
    }
    into.flush().map_err(unwritten)
}

/// The hash that begins so.
fn whole(source: &Source, start: &str) -> Outcome<BlobHash> {
    if let Some(hash) = BlobHash::parse(start) {
        return Ok(hash);
    }
    let all = all(source)?;
    let names = all.iter().filter_map(|listed| listed["blob"].as_str());
    let found: Vec<&str> = names.filter(|name| name.starts_with(start)).collect();
    match found.as_slice() {
        [one] => Ok(BlobHash::parse(one).expect("it is in the list")),
        [] => Err(Failure::new(format_args!("no blob begins with `{start}`"))
            .next("weir blobs list, to see all")),
        several => Err(
            Failure::new(format_args!("{} blobs begin with `{start}`", several.len()))
                .next("give more digits of the hash"),
        ),
    }
}

fn sweep_in(source: &Source, age: Duration, dry: bool) -> Outcome<Value> {
    match source {
        Source::Node { url } => {
            let dry = if dry { "&dry" } else { "" };
            let path = format!("/_weir/blobs/sweep?older_s={}{dry}", age.as_secs());
            let reply = client::post_slowly(url, &path, "")?;
            answered(url, reply.status, &reply.body)
        }
        Source::Directory { path, log } => {
            let swept = sweep(&**log, &store(path)?, age, dry).map_err(Failure::new)?;
            Ok(swept_json(&swept))
        }
    }
}

fn answered(url: &str, status: u16, body: &str) -> Outcome<Value> {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    match status {
        200 => Ok(json),
        _ => Err(Failure::new(format_args!(
            "the node at {url} answered {status}: {}",
            json["reason"].as_str().unwrap_or(body)
        ))),
    }
}
