//! Streams for people, under `/_weir/streams`.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET streams` | each stream: how many entries came, are kept, wait to be consumed, were given up; its consumers |
//! | `GET streams/clicks?from=&limit=` | entries that are kept, from a position on |
//! | `GET streams/clicks/dead` | entries that consumers have given up |
//! | `POST streams/clicks/retry?position=&consumer=` | puts one back: 200, or 409 when nobody has given it up |

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;
use weir_machine::streams::Consumed;

use super::{number, on_machine};
use crate::core::Order;
use crate::http::Shared;
use crate::http::call::Asked;
use crate::http::outcome::refused;
use crate::http::reply::{Problem, Reply, json_reply};
use crate::http::route::query_pairs;

const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 10_000;

pub(super) async fn answer(
    shared: &Arc<Shared>,
    asked: &Asked,
    rest: &[&str],
) -> Result<Reply, Problem> {
    match (&asked.method, rest) {
        (&Method::GET, []) => {
            let streams = on_machine(shared, |machine| Ok(machine.streams_json())).await?;
            Ok(json_reply(200, &json!(streams)))
        }
        (&Method::GET, [stream]) => {
            let from = number(&asked.query, "from")?.unwrap_or(0);
            let limit = number(&asked.query, "limit")?.map_or(LIST_DEFAULT, |n| n as usize);
            let name = (*stream).to_owned();
            let entries = on_machine(shared, move |machine| {
                let entries = machine.entries_json(&name, from, limit.min(LIST_MAX));
                entries.map_err(|e| e.to_string())
            });
            shown(stream, entries.await?)
        }
        (&Method::GET, [stream, "dead"]) => {
            let name = (*stream).to_owned();
            let dead = on_machine(shared, move |machine| {
                machine.dead_json(&name).map_err(|e| e.to_string())
            });
            shown(stream, dead.await?)
        }
        (&Method::POST, [stream, "retry"]) => retry(shared, asked, stream).await,
        _ => Err(Problem::new(
            404,
            "NotFound",
            "GET streams, streams/NAME or streams/NAME/dead; POST streams/NAME/retry?position=N",
        )),
    }
}

fn shown(stream: &str, found: Option<Vec<Json>>) -> Result<Reply, Problem> {
    match found {
        Some(found) => Ok(json_reply(200, &json!(found))),
        None => Err(no_stream(stream)),
    }
}

fn no_stream(stream: &str) -> Problem {
    Problem::new(404, "NotFound", format!("there is no stream {stream}"))
}

async fn retry(shared: &Shared, asked: &Asked, name: &str) -> Result<Reply, Problem> {
    let Some(position) = number(&asked.query, "position")? else {
        return Err(Problem::bad_request("position: is missing"));
    };
    let program = shared.door.program();
    let Some((stream, declared)) = program.stream(name) else {
        return Err(no_stream(name));
    };
    let pairs = query_pairs(&asked.query)?;
    let wanted = pairs.iter().find(|(name, _)| name == "consumer");
    let named = |n: &u32| program.functions[*n as usize].name.clone();
    let consumers = declared.consumers.iter().zip(0..);
    let consumers = consumers.filter(|(n, _)| wanted.is_none_or(|(_, name)| *name == named(n)));
    let mut again = Vec::new();
    for (function, consumer) in consumers {
        let (sender, receiver) = oneshot::channel();
        let entry = Consumed {
            stream,
            consumer,
            position,
        };
        shared.door.order(0, Order::Entry(entry), move |done| {
            let _ = sender.send(done);
        });
        match receiver.await {
            Ok(Ok(true)) => again.push(named(function)),
            Ok(Ok(false)) => {}
            Ok(Err(refusal)) => return Err(refused(refusal)),
            Err(_) => return Err(Problem::unavailable("the node is stopping")),
        }
    }
    if again.is_empty() {
        let reason = format!("{name} {position}: no consumer has given it up");
        return Err(Problem::new(409, "Conflict", reason));
    }
    let said = json!({ "stream": name, "position": position, "consumers": again });
    Ok(json_reply(200, &said))
}
