//! `/_weir/blobs`: the contents that are kept, and sweeping out those that nothing names.

use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use serde_json::json;

use super::super::Shared;
use super::super::call::Asked;
use super::super::reply::{Problem, Reply, json_reply};
use super::super::route::query_pairs;
use super::number;
use crate::blobs::{SWEEP_AGE, listed_json, sweep, swept_json};

/// A running program may be about to name what was asked for less than this long ago.
const AGE_LEAST: Duration = Duration::from_secs(60);

pub(super) async fn answer(
    shared: &Arc<Shared>,
    asked: &Asked,
    rest: &[&str],
) -> Result<Reply, Problem> {
    let wrong_method = |use_: &str| Problem {
        allow: Some(use_.to_owned()),
        ..Problem::new(405, "MethodNotAllowed", format!("use {use_}"))
    };
    let (store, log) = (shared.config.blobs.clone(), shared.log.clone());
    match rest {
        [] if asked.method == Method::GET => {
            let all = tokio::task::spawn_blocking(move || store.0.list()).await;
            match all {
                Ok(Ok(all)) => {
                    let all: Vec<_> = all.iter().map(listed_json).collect();
                    Ok(json_reply(200, &json!(all)))
                }
                Ok(Err(error)) => Err(Problem::new(500, "Disk", error.to_string())),
                Err(_) => Err(Problem::unavailable("the node is stopping")),
            }
        }
        [] => Err(wrong_method("GET")),
        ["sweep"] if asked.method == Method::POST => {
            let age = number(&asked.query, "older_s")?.map_or(SWEEP_AGE, Duration::from_secs);
            let age = age.max(AGE_LEAST);
            let dry = query_pairs(&asked.query)?
                .iter()
                .any(|(name, _)| name == "dry");
            let swept =
                tokio::task::spawn_blocking(move || sweep(&*log, &*store.0, age, dry)).await;
            match swept {
                Ok(Ok(swept)) => Ok(json_reply(200, &swept_json(&swept))),
                Ok(Err(error)) => Err(Problem::new(500, "Disk", error.to_string())),
                Err(_) => Err(Problem::unavailable("the node is stopping")),
            }
        }
        ["sweep"] => Err(wrong_method("POST")),
        _ => Err(Problem::new(
            404,
            "NotFound",
            "there are blobs and blobs/sweep",
        )),
    }
}
