//! What the command line asks a running node, under `/_weir/`: health, the program, the log, the state and the runs as JSON.

mod blobs;
mod runs;
mod streams;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use weir_log::Lsn;
use weir_machine::Machine;

use super::Shared;
use super::call::Asked;
use super::reply::{Problem, Reply, json_reply};
use super::route::{entity_key, query_pairs};
use crate::inspect;

/// Instances in one answer unless asked otherwise.
const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 10_000;

pub(super) async fn answer(shared: &Arc<Shared>, asked: &Asked) -> Result<Reply, Problem> {
    let segments: Vec<&str> = asked.segments[1..].iter().map(String::as_str).collect();
    if let ["runs", rest @ ..] = segments.as_slice() {
        return runs::answer(shared, asked, rest).await;
    }
    if let ["blobs", rest @ ..] = segments.as_slice() {
        return blobs::answer(shared, asked, rest).await;
    }
    if let ["streams", rest @ ..] = segments.as_slice() {
        return streams::answer(shared, asked, rest).await;
    }
    if asked.method != Method::GET {
        return Err(Problem {
            allow: Some("GET".to_owned()),
            ..Problem::new(405, "MethodNotAllowed", "use GET")
        });
    }
    match segments.as_slice() {
        ["health"] => Ok(json_reply(200, &json!({ "ready": true }))),
        ["program"] => Ok(json_reply(
            200,
            &inspect::program_json(&shared.door.program()),
        )),
        ["scratch"] => {
            let alive = shared.door.scratch_alive();
            let alive = json!({
                "data": alive.data,
                "memory_bytes": alive.memory_bytes,
                "disk_bytes": alive.disk_bytes,
            });
            Ok(json_reply(200, &alive))
        }
        ["beside"] => {
            let counts = shared.door.beside();
            let counts = json!({
                "running": counts.running,
                "kept": counts.kept,
                "conflicts": counts.conflicts,
                "misses": counts.misses,
                "impossible": counts.impossible,
                "ordinary": counts.ordinary,
            });
            Ok(json_reply(200, &counts))
        }
        ["log"] => log(shared, &asked.query),
        ["state"] => state_overview(shared).await,
        ["state", entity] => state_list(shared, entity, &asked.query).await,
        ["views"] => {
            let views = on_machine(shared, |machine| Ok(json!(machine.views_json())));
            Ok(json_reply(200, &views.await?))
        }
        ["views", name] => view_rows(shared, name, &asked.query).await,
        ["state", entity, ..] => state_get(shared, entity, &asked.segments[3..]).await,
        _ => Err(Problem::new(
            404,
            "NotFound",
            "there are health, program, log, state, runs, streams, views, scratch, beside and blobs",
        )),
    }
}

/// One JSON object a line, from record `from`, at most `limit`; read and sent piece by piece.
fn log(shared: &Arc<Shared>, query: &str) -> Result<Reply, Problem> {
    let from = number(query, "from")?.unwrap_or(0);
    let limit = number(query, "limit")?.unwrap_or(u64::MAX);
    let (sender, receiver) = mpsc::channel(16);
    let log = shared.log.clone();
    tokio::task::spawn_blocking(move || {
        let mut left = limit;
        let end = inspect::log_json(&*log, Lsn(from), |json| {
            if left == 0 {
                return false;
            }
            left -= 1;
            let line = Bytes::from(format!("{json}\n"));
            sender.blocking_send(line).is_ok() && left > 0
        });
        if let Err(error) = end {
            let line = format!("{}\n", json!({ "error": error.to_string() }));
            let _ = sender.blocking_send(Bytes::from(line));
        }
    });
    let mut reply = Response::new(Lines(receiver).boxed());
    let kind = HeaderValue::from_static("application/x-ndjson");
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(reply)
}

async fn state_overview(shared: &Shared) -> Result<Reply, Problem> {
    let counts = on_machine(shared, |machine| {
        let names = machine.program().map(|p| {
            p.entities
                .iter()
                .map(|e| e.name.clone())
                .collect::<Vec<_>>()
        });
        let tables = machine.state().tables().iter().map(|t| t.len());
        let rows = names.unwrap_or_default().into_iter().zip(tables);
        Ok(json!(
            rows.map(|(entity, keys)| json!({ "entity": entity, "keys": keys }))
                .collect::<Vec<_>>()
        ))
    });
    Ok(json_reply(200, &counts.await?))
}

async fn view_rows(shared: &Shared, name: &str, query: &str) -> Result<Reply, Problem> {
    let limit = number(query, "limit")?
        .map_or(LIST_DEFAULT, |n| n as usize)
        .min(LIST_MAX);
    let wanted = name.to_owned();
    let rows = on_machine(shared, move |machine| {
        machine
            .view_rows_json(&wanted, limit)
            .map_err(|e| e.to_string())
    });
    match rows.await? {
        Some(rows) => Ok(json_reply(200, &json!(rows))),
        None => Err(Problem::new(
            404,
            "NotFound",
            format!("there is no view {name}"),
        )),
    }
}

async fn state_list(shared: &Shared, entity: &str, query: &str) -> Result<Reply, Problem> {
    let limit = number(query, "limit")?
        .map_or(LIST_DEFAULT, |n| n as usize)
        .min(LIST_MAX);
    let program = shared.door.program();
    let Some((id, definition)) = program.entity(entity) else {
        return Err(Problem::new(
            404,
            "NotFound",
            format!("there is no entity {entity}"),
        ));
    };
    let after = query_pairs(query)?
        .into_iter()
        .find(|(name, _)| name == "after");
    let after = match after {
        Some((_, text)) => {
            let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
            Some(entity_key(&program, definition, &parts)?)
        }
        None => None,
    };
    let list = on_machine(shared, move |machine| {
        let list = machine.instances_json(id, after.as_deref(), limit);
        list.map(|list| json!(list)).map_err(|e| e.to_string())
    });
    Ok(json_reply(200, &list.await?))
}

async fn state_get(shared: &Shared, entity: &str, key: &[String]) -> Result<Reply, Problem> {
    let program = shared.door.program();
    let Some((id, definition)) = program.entity(entity) else {
        return Err(Problem::new(
            404,
            "NotFound",
            format!("there is no entity {entity}"),
        ));
    };
    if key.len() != definition.keys.len() {
        let reason = format!("{entity} has {} key fields", definition.keys.len());
        return Err(Problem::new(404, "NotFound", reason));
    }
    let key = entity_key(&program, definition, key)?;
    let instance = on_machine(shared, move |machine| {
        let instance = machine.instance_json(id, &key).map_err(|e| e.to_string())?;
        Ok(instance.unwrap_or(serde_json::Value::Null))
    });
    match instance.await? {
        serde_json::Value::Null => Err(Problem::new(404, "NotFound", "it was never written")),
        instance => Ok(json_reply(200, &instance)),
    }
}

async fn on_machine<T: Send + 'static>(
    shared: &Shared,
    look: impl FnOnce(&Machine) -> Result<T, String> + Send + 'static,
) -> Result<T, Problem> {
    let (sender, receiver) = oneshot::channel();
    shared.door.look(move |machine| {
        let _ = sender.send(look(machine));
    });
    match receiver.await {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(why)) => Err(Problem::new(500, "Bug", why)),
        Err(_) => Err(Problem::unavailable("the node is stopping")),
    }
}

pub(super) fn number(query: &str, name: &str) -> Result<Option<u64>, Problem> {
    let Some((_, text)) = query_pairs(query)?.into_iter().find(|(n, _)| n == name) else {
        return Ok(None);
    };
    let wrong = |_| Problem::bad_request(format!("{name}: expected a number"));
    text.parse().map(Some).map_err(wrong)
}

/// A body whose lines come through a channel; it ends when the sender does.
pub(super) struct Lines(pub(super) mpsc::Receiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.0
            .poll_recv(cx)
            .map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
