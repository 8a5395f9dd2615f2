//! Runs for people, under `/_weir/runs`.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET runs?after=&limit=&ended=&state=&fn=` | those that go on (with `ended=true` also those that have ended), by number |
//! | `GET runs/7` | one: strands with frames as named values, what each waits for and since when, undos, queued events |
//! | `POST runs/7/cancel`, `end-now`, `resume`, `retry` | 200 and the state it is in now, or 409 when there is nothing to do |

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::{number, on_machine};
use crate::core::Order;
use crate::http::Shared;
use crate::http::call::Asked;
use crate::http::outcome::refused;
use crate::http::reply::{Problem, Reply, json_reply};
use crate::http::route::query_pairs;

const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 10_000;
/// Runs looked at for one answer, when many do not fit the filter.
const LOOKED_AT_MAX: usize = 100_000;

pub(super) async fn answer(
    shared: &Arc<Shared>,
    asked: &Asked,
    rest: &[&str],
) -> Result<Reply, Problem> {
    match (&asked.method, rest) {
        (&Method::GET, []) => list(shared, &asked.query).await,
        (&Method::GET, [run]) => {
            let run = run_number(run)?;
            let about = on_machine(shared, move |machine| {
                machine.run_json(run).map_err(|e| e.to_string())
            });
            match about.await? {
                Some(mut about) => {
                    say_scratch(shared, &mut about);
                    Ok(json_reply(200, &about))
                }
                None => Err(Problem::new(
                    404,
                    "NotFound",
                    format!("there is no run {run}"),
                )),
            }
        }
        (&Method::POST, [run, order]) => {
            let order_ = match *order {
                "cancel" => Order::Cancel,
                "end-now" => Order::EndNow,
                "resume" => Order::Resume,
                "retry" => Order::Retry,
                _ => return Err(unknown()),
            };
            give(shared, run_number(run)?, order_, order).await
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> Problem {
    let reason = "GET runs or runs/N; POST runs/N/cancel, end-now, resume or retry";
    Problem::new(404, "NotFound", reason)
}

fn run_number(text: &str) -> Result<u64, Problem> {
    let wrong = |_| Problem::bad_request("a run is a number");
    text.parse().map_err(wrong)
}

async fn give(shared: &Shared, run: u64, order: Order, name: &str) -> Result<Reply, Problem> {
    let (sender, receiver) = oneshot::channel();
    shared.door.order(run, order, move |done| {
        let _ = sender.send(done);
    });
    match receiver.await {
        Ok(Ok(true)) => {
            let state = on_machine(shared, move |machine| {
                let run = machine.run_json(run).map_err(|e| e.to_string())?;
                Ok(run.map_or(Json::Null, |run| run["state"].clone()))
            });
            let said = json!({ "run": run, "done": name, "state": state.await? });
            Ok(json_reply(200, &said))
        }
        Ok(Ok(false)) => {
            let reason = match order {
                Order::Cancel => "it has ended, or is ending already",
                Order::EndNow => "it has ended, or is undoing what it did already",
                Order::Resume => "it is not parked at a bug",
                Order::Retry => "it waits for no outside call that may be repeated",
                Order::Entry(_) => "nobody has given that entry up",
            };
            Err(Problem::new(
                409,
                "Conflict",
                format!("run {run}: {reason}"),
            ))
        }
        Ok(Err(refusal)) => Err(refused(refusal)),
        Err(_) => Err(Problem::unavailable("the node is stopping")),
    }
}

async fn list(shared: &Shared, query: &str) -> Result<Reply, Problem> {
    let limit = number(query, "limit")?.map_or(LIST_DEFAULT, |n| n as usize);
    let limit = limit.min(LIST_MAX);
    let mut after = number(query, "after")?;
    let pairs = query_pairs(query)?;
    let wanted = |name: &str| {
        let found = pairs.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone())
    };
    let ended = wanted("ended").is_some_and(|value| value == "true");
    let (state, function) = (wanted("state"), wanted("fn"));
    let rows = on_machine(shared, move |machine| {
        let fits = |run: &Json| {
            let is = |member: &str, wanted: &Option<String>| {
                wanted.as_deref().is_none_or(|w| run[member] == w)
            };
            is("state", &state) && is("fn", &function)
        };
        let mut rows = Vec::new();
        let mut looked_at = 0;
        while rows.len() < limit && looked_at < LOOKED_AT_MAX {
            let page = machine
                .runs_json(after, limit, ended)
                .map_err(|e| e.to_string())?;
            let Some(last) = page.last() else { break };
            after = last["run"].as_u64();
            looked_at += page.len();
            rows.extend(page.into_iter().filter(fits));
        }
        rows.truncate(limit);
        Ok(rows)
    });
    let mut rows = rows.await?;
    rows.iter_mut().for_each(|row| say_scratch(shared, row));
    Ok(json_reply(200, &json!(rows)))
}

/// The temporary data that a run may still read, and how far it is.
fn say_scratch(shared: &Shared, about: &mut Json) {
    let number = about["run"].as_u64();
    if let Some(data) = number.and_then(|run| shared.door.workshop().of_run_json(run)) {
        about["scratch"] = data;
    }
}
