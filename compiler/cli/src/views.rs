//! `weir views`: how far the views of a running program are, and what is in one.

use crate::client;
use crate::output::{Failure, Outcome, counted, say};
use crate::routes::percent_encode;
use crate::source::From;
use serde_json::Value;

/// Show the views of a running program, or the rows of one.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: From,
    /// Print the rows of this view, one a line
    name: Option<String>,
    /// At most so many rows
    #[arg(long, value_name = "N", default_value_t = 1_000, requires = "name")]
    limit: usize,
    /// Print the list as JSON, one view a line
    #[arg(long, conflicts_with = "name")]
    json: bool,
}

pub fn views(args: Args) -> Outcome {
    let source = args.source.open()?;
    let url = source.node()?;
    let path = match &args.name {
        Some(name) => format!("/_weir/views/{}?limit={}", percent_encode(name), args.limit),
        None => "/_weir/views".to_owned(),
    };
    let reply = client::get(url, &path)?;
    let json: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let rows = match (reply.status, json.as_array()) {
        (200, Some(rows)) => rows,
        (404, _) => {
            let why = json["reason"]
                .as_str()
                .unwrap_or("it is not there")
                .to_owned();
            return Err(Failure::new(why).next("weir views"));
        }
        (status, _) => {
            return Err(Failure::new(format_args!(
                "the node at {url} answered {status}: {}",
                reply.body
            )));
        }
    };
    if args.name.is_some() || args.json {
        rows.iter().for_each(|row| say!("{row}"));
        return Ok(());
    }
    if rows.is_empty() {
        say!("this program has no views");
        return Ok(());
    }
    let width = rows
        .iter()
        .filter_map(|row| row["view"].as_str())
        .map(str::len)
        .max();
    let width = width.unwrap_or(0);
    for row in rows {
        let of: Vec<&str> = row["of"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let state = match (row["bug"].as_str(), row["behind"].as_u64()) {
            (Some(bug), _) => format!("stopped at a bug: {bug}"),
            (None, Some(0) | None) => "up to date".to_owned(),
            (None, Some(behind)) => to_go(row, behind),
        };
        let late = match row["late"].as_u64() {
            Some(0) | None => String::new(),
            Some(late) => format!(", {} too late", counted(late, "entry was", "entries were")),
        };
        let name = row["view"].as_str().unwrap_or("");
        say!(
            "{name:width$}  {} of {}, {state}{late}",
            counted(row["rows"].as_u64().unwrap_or(0), "row", "rows"),
            of.join(" and ")
        );
    }
    Ok(())
}

/// How far a view is, and what answers until then.
fn to_go(row: &Value, behind: u64) -> String {
    let whole = row["whole"].as_u64().unwrap_or(0).max(behind);
    let to_go = format!("{behind} of {whole} to go");
    match (
        row["before"]["rows"].as_u64(),
        row["before"]["position"].as_u64(),
    ) {
        (Some(rows), Some(position)) => {
            let rows = counted(rows, "row", "rows");
            format!("{to_go}; until then it shows the {rows} of position {position}")
        }
        _ => to_go,
    }
}
