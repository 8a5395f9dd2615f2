//! `weir runs`: what goes on, what each run waits for and since when; and orders about runs, one or many.

use crate::client;
use crate::output::{Failure, Outcome, Style, say};
use crate::source::{From, Source};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};
use weir_contract::library::time;

/// List runs, show one, cancel, resume or retry them.
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
    #[command(flatten)]
    filter: Filter,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// As JSON, one run a line
    #[arg(long)]
    json: bool,
}

/// Which runs.
#[derive(clap::Args, Clone)]
struct Filter {
    /// Only in this state: ready, waiting, parked, cancelling, undoing, done, failed or cancelled
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only of this function, such as Checkout.run
    #[arg(long = "fn", value_name = "FUNCTION")]
    function: Option<String>,
    /// Only older than this, such as 90s, 15m, 2h or 3d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older: Option<i64>,
    /// Only with this value in a frame or in the key, such as card=4242; may stand more than once
    #[arg(long = "where", value_name = "NAME=VALUE")]
    with: Vec<String>,
    /// Also runs that have ended
    #[arg(long)]
    ended: bool,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Print one run: its frames as named values, what it waits for, its undos
    Show {
        #[command(flatten)]
        source: From,
        /// Number of the run
        run: u64,
    },
    /// End runs: they undo what they did. One that has asked the outside for something goes on until it knows the answer
    Cancel {
        #[command(flatten)]
        order: Order,
        /// Wait for no answer: what the outside does meanwhile is not undone
        #[arg(long)]
        now: bool,
    },
    /// Let parked runs try their step again
    Resume(Order),
    /// Make the outside calls of runs once more
    Retry(Order),
}

#[derive(clap::Args)]
struct Order {
    #[command(flatten)]
    source: From,
    /// Numbers of runs
    #[arg(value_name = "RUN", required_unless_present = "all")]
    runs: Vec<u64>,
    /// All that the filters let through
    #[arg(long, conflicts_with = "runs")]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

pub fn runs(args: Args) -> Outcome {
    match args.verb {
        None => list(args.list),
        Some(Verb::Show { source, run }) => match source.open()?.run(run)? {
            Ok(about) => {
                say!("{about:#}");
                Ok(())
            }
            Err(missing) => Err(Failure::new(missing).next("weir runs --ended, to see all")),
        },
        Some(Verb::Cancel { order, now: true }) => give(order, "end-now", "cancelled"),
        Some(Verb::Cancel { order, now: false }) => give(order, "cancel", "cancelled"),
        Some(Verb::Resume(order)) => give(order, "resume", "resumed"),
        Some(Verb::Retry(order)) => give(order, "retry", "tried again"),
    }
}

fn list(list: List) -> Outcome {
    let source = list.source.open()?;
    let style = Style::stdout();
    let mut count = 0;
    each(&source, &list.filter, list.limit, |run| {
        count += 1;
        match list.json {
            true => say!("{run}"),
            false => say!("{}", row(run, &style)),
        }
    })?;
    if count == 0 && !list.json {
        say!("no runs");
    }
    Ok(())
}

/// Calls `take` with each run that the filter lets through.
fn each(source: &Source, filter: &Filter, limit: usize, mut take: impl FnMut(&Value)) -> Outcome {
    let ended = filter.ended
        || matches!(
            filter.state.as_deref(),
            Some("done" | "failed" | "cancelled")
        );
    source.runs(ended, limit, |run| {
        let fits = filter.fits(&run);
        if fits {
            take(&run);
        }
        fits
    })
}

impl Filter {
    fn fits(&self, run: &Value) -> bool {
        let is = |member: &str, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|w| run[member] == w)
        };
        let old_enough = self.older.is_none_or(|us| age_of(run) >= us);
        is("state", &self.state)
            && is("fn", &self.function)
            && old_enough
            && self.with.iter().all(|pair| holds(run, pair))
    }
}

/// Whether a cell of a frame, or a part of the key, has that name and value.
fn holds(run: &Value, pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let is = |object: &Value| match object.get(name) {
        Some(Value::String(text)) => text == value,
        // A number or a flag, as JSON writes it.
        Some(other) => serde_json::from_str::<Value>(value).is_ok_and(|v| v == *other),
        None => false,
    };
    let strands = run["strands"].as_array().into_iter().flatten();
    let frames = strands.flat_map(|s| s["frames"].as_array().into_iter().flatten());
    is(&run["key"]) || frames.into_iter().any(|frame| is(&frame["cells"]))
}

/// One line: number, state, function and key, what it waits for, since when.
fn row(run: &Value, style: &Style) -> String {
    let state = run["state"].as_str().unwrap_or("?");
    let shown = match state {
        "parked" | "failed" => style.red(state),
        "done" => style.green(state),
        _ => style.bold(state),
    };
    let key: Vec<String> = run["key"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, value)| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect();
    let name = run["fn"].as_str().unwrap_or("?");
    let number = run["run"].to_string();
    let mut text = format!("{number:>6}  {shown:<10} {name}");
    if !key.is_empty() {
        text.push_str(&format!(" ({})", key.join(", ")));
    }
    if let Some(stream) = run["consumes"]["stream"].as_str() {
        let position = &run["consumes"]["position"];
        text.push_str(&format!(" of {stream} {position}"));
        match &run["consumes"]["key"] {
            Value::Null => {}
            Value::String(key) => text.push_str(&format!(" ({key})")),
            key => text.push_str(&format!(" ({key})")),
        }
    }
    for data in run["scratch"].as_array().into_iter().flatten() {
        let name = data["name"].as_str().unwrap_or("?");
        let how_far = crate::scratch::how_far(data);
        text.push_str(&format!("\n          temporary data {name}: {how_far}"));
    }
    if let Some(error) = run["result"]["error"]
        .as_str()
        .filter(|_| state == "failed")
    {
        text.push_str(&format!("\n          failed with {error}"));
        let fields = run["result"].as_object().into_iter().flatten();
        let fields: Vec<String> = fields
            .filter(|(name, _)| *name != "error")
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        if !fields.is_empty() {
            text.push_str(&format!("({})", fields.join(", ")));
        }
    }
    let strands = run["strands"].as_array().into_iter().flatten();
    for strand in strands {
        let since = strand["since"].as_str().and_then(time::parse);
        let age = since.map_or(String::new(), |since| {
            format!(" for {}", short(now() - since))
        });
        match &strand["bug"] {
            Value::Null => {
                let what = strand["waits_for"].as_str().unwrap_or("its turn");
                let due = strand["due"].as_str().and_then(time::parse);
                let due = due.map_or(String::new(), |due| {
                    format!(", {} left", short(due - now()))
                });
                text.push_str(&format!("\n          waits for {what}{age}{due}"));
            }
            bug => {
                let said = |member: &str| bug[member].as_str().unwrap_or("?").to_owned();
                text.push_str(&format!("\n          parked at {}", said("at")));
                if bug["function"].is_string() {
                    text.push_str(&format!(" in {}", said("function")));
                }
                text.push_str(&format!(": {}{age}", said("reason")));
                for caller in bug["called_from"].as_array().into_iter().flatten() {
                    let caller = caller.as_str().unwrap_or("?");
                    text.push_str(&format!("\n            called from {caller}"));
                }
            }
        }
    }
    text
}

/// Whether a strand of the run waits at a bug.
fn is_parked(run: &Value) -> bool {
    let mut strands = run["strands"].as_array().into_iter().flatten();
    strands.any(|strand| !strand["bug"].is_null())
}

fn give(order: Order, verb: &str, done: &str) -> Outcome {
    let source = order.source.open()?;
    let url = source.node()?.to_owned();
    let mut runs = order.runs.clone();
    if order.all {
        each(&source, &order.filter, usize::MAX, |run| {
            // Only those parked at a bug are meant, wherever else others are.
            if verb != "resume" || is_parked(run) {
                runs.extend(run["run"].as_u64());
            }
        })?;
    }
    let (mut ok, mut refused, mut waiting, mut stuck) = (0, 0, 0, 0);
    for run in runs {
        let reply = client::post(&url, &format!("/_weir/runs/{run}/{verb}"), "")?;
        let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        if reply.status == 200 {
            match body["state"].as_str() {
                Some("cancelling") => waiting += 1,
                Some("parked") if verb == "cancel" => stuck += 1,
                _ => ok += 1,
            }
            continue;
        }
        refused += 1;
        eprintln!("{}", body["reason"].as_str().unwrap_or(&reply.body));
    }
    say!("{ok} {done}");
    if waiting > 0 {
        say!(
            "{waiting} will be: the outside has not answered yet (see them with --state cancelling, end them with --now)"
        );
    }
    if stuck > 0 {
        say!(
            "{stuck} had a bug behind an outside answer: mend the program and `weir runs resume`, or cancel again, and what was done outside stays done"
        );
    }
    match refused {
        0 => Ok(()),
        _ if order.all => Ok(()),
        _ => Err(Failure::said()),
    }
}

fn now() -> i64 {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    clock.unwrap_or_default().as_micros() as i64
}

fn age_of(run: &Value) -> i64 {
    let since = run["since"].as_str().and_then(time::parse);
    since.map_or(0, |since| now() - since)
}

/// `90s`, `15m`, `2h`, `3d` in microseconds.
pub fn age(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no age: write 90s, 15m, 2h or 3d");
    let split = text.len().checked_sub(1).ok_or_else(wrong)?;
    let (number, unit) = text.split_at_checked(split).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds * 1_000_000).ok_or_else(wrong)
}

/// A duration in its largest unit.
pub fn short(us: i64) -> String {
    let seconds = us.max(0) / 1_000_000;
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ages_have_one_unit() {
        assert_eq!(age("90s"), Ok(90_000_000));
        assert_eq!(age("2h"), Ok(7_200_000_000));
        for wrong in ["", "h", "2", "2w", "ä"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
        assert_eq!(short(119_000_000), "119s");
        assert_eq!(short(7_199_000_000), "119m");
    }

    #[test]
    fn runs_are_found_by_what_their_frames_hold() {
        let run = json!({
            "key": { "order": "o1" },
            "strands": [{ "frames": [{ "cells": { "card": "4242", "total": "1800", "n": 3 } }] }],
        });
        assert!(holds(&run, "card=4242"));
        assert!(holds(&run, "n=3"));
        assert!(holds(&run, "order=o1"));
        assert!(!holds(&run, "card=1"));
        assert!(!holds(&run, "other=1"));
    }
}
