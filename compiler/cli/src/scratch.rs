//! `weir scratch`: the temporary data of a running program, how far it is, and what it takes in memory and in files.
//!
//! ```text
//! 64.0 MiB of 64.0 MiB in memory, 120.3 MiB of 4.0 GiB in files; 2 threads
//! top_words.counts  of run 7: being made for 12s, stage 2 of 3: making rows, 12 of 40 tasks done, 2 running; 3.0 MiB in memory
//! ```

use crate::client;
use crate::output::{Failure, Outcome, counted, say};
use crate::source::From;
use serde_json::Value;
use std::time::Duration;

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

/// Show the temporary data of a running program: how far it is, and what it takes.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: From,
    /// As JSON, one piece of data a line
    #[arg(long)]
    json: bool,
    /// Show it again each second, until there is none
    #[arg(long)]
    watch: bool,
}

pub fn scratch(args: Args) -> Outcome {
    let source = args.source.open()?;
    let url = source.node()?;
    loop {
        let reply = client::get(url, "/_weir/scratch")?;
        let all: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let Some(rows) = all["all"].as_array().filter(|_| reply.status == 200) else {
            return Err(Failure::new(format_args!(
                "the node at {url} answered {}: {}",
                reply.status, reply.body
            )));
        };
        match args.json {
            true => rows.iter().for_each(|row| say!("{row}")),
            false => show(&all, rows),
        }
        if !args.watch || rows.is_empty() {
            return Ok(());
        }
        std::thread::sleep(EVERY);
    }
}

fn show(all: &Value, rows: &[Value]) {
    let bytes = |member: &str| size(all[member].as_u64().unwrap_or(0));
    if rows.is_empty() {
        return say!("no temporary data");
    }
    say!(
        "{} of {} in memory, {} of {} in files; {} threads",
        bytes("memory_bytes"),
        bytes("memory_max"),
        bytes("disk_bytes"),
        bytes("disk_max"),
        all["threads"]
    );
    for row in rows {
        let runs = row["runs"].as_array().into_iter().flatten();
        let runs: Vec<String> = runs.map(Value::to_string).collect();
        let of = match runs.len() {
            0 => String::new(),
            1 => format!(" of run {}", runs[0]),
            _ => format!(" of runs {}", runs.join(", ")),
        };
        let name = row["name"].as_str().unwrap_or("?");
        say!("  {name}{of}: {}", how_far(row));
    }
}

/// What is known of one piece of it.
pub fn how_far(row: &Value) -> String {
    let state = row["state"].as_str().unwrap_or("?");
    let mut text = state.to_owned();
    if let Some(ms) = row["for_ms"].as_u64() {
        text.push_str(&format!(" for {}", crate::runs::short(ms as i64 * 1000)));
    }
    if let Some(needed) = row["waits_for"].as_str() {
        text.push_str(&format!(", waits for {needed}"));
    } else if let Some(stage) = row["stage"].as_str() {
        text.push_str(&format!(
            ", stage {} of {}: {stage}, {} of {} tasks done, {} running",
            row["stage_number"],
            row["stages"],
            row["tasks_done"],
            row["tasks"],
            row["tasks_running"],
        ));
    }
    if let Some(lost) = row["tasks_lost"].as_u64() {
        text.push_str(&format!(", {lost} lost and run again"));
    }
    if let Some(why) = row["why"].as_str() {
        text.push_str(&format!(": {why}"));
    }
    let held = |member: &str| row[member].as_u64();
    if let (Some(memory), Some(disk)) = (held("memory_bytes"), held("disk_bytes")) {
        text.push_str(&format!("; {} in memory", size(memory)));
        if disk > 0 {
            text.push_str(&format!(", {} in files", size(disk)));
        }
    }
    text
}

/// Bytes in the largest unit that leaves at least one.
fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let (mut amount, mut unit) = (bytes as f64, None);
    for next in units {
        if amount < 1024.0 {
            break;
        }
        (amount, unit) = (amount / 1024.0, Some(next));
    }
    match unit {
        None => counted(bytes, "byte", "bytes"),
        Some(unit) => format!("{amount:.1} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_have_one_unit() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(4 << 30), "4.0 GiB");
    }

    #[test]
    fn a_row_says_how_far_it_is() {
        let row = json!({
            "name": "top_words.counts", "runs": [7], "state": "being made", "stage": "making rows", "stage_number": 2,
            "stages": 3, "tasks_done": 12, "tasks_running": 2, "tasks": 40, "tasks_lost": 1,
            "memory_bytes": 3_145_728, "disk_bytes": 1024, "for_ms": 12_300,
        });
        assert_eq!(
            how_far(&row),
            "being made for 12s, stage 2 of 3: making rows, 12 of 40 tasks done, 2 running, 1 lost and run again; \
             3.0 MiB in memory, 1.0 KiB in files"
        );
        let row = json!({ "state": "being made", "for_ms": 0, "waits_for": "kmeans.points" });
        assert_eq!(how_far(&row), "being made for 0s, waits for kmeans.points");
        assert_eq!(how_far(&json!({ "state": "not made" })), "not made");
    }
}
