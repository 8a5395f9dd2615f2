//! Live answers: a `GET` that asks for `text/event-stream` gets its answer now, and again whenever it has become another.
//!
//! ```text
//!   event: rows      all rows of a view, or any other answer that is a list
//!   event: change    {"removed": [..], "added": [..], "at": [..]}   the rows that went and came since the event before, and
//!                    where in the list those that came stand, once the others are gone and those before them are there
//!   event: value     an answer that is no list
//!   event: building  {"behind": 120, "whole": 500}   of a view that is being built: the rows are those that it had before
//!   id: 4711         the log position the answer is exact at
//! ```
//! It looks again when the log has grown, at most ten times a second, and says nothing while the answer stays the same. So a client
//! that connects again needs to remember nothing: it begins with all rows. While a view is being built it looks four times a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::Shared;
use super::admin::Lines;
use super::call::{self, Asked};
use super::outcome::{BUILDING, POSITION};
use super::reply::{Problem, Reply};
use super::request::text;

/// Between two answers.
const PAUSE: Duration = Duration::from_millis(100);
/// A comment is sent when nothing else was for so long, which finds out that a client has gone.
const STILL_HERE: Duration = Duration::from_secs(15);
/// A view that is being built becomes another one without anything happening.
const BUILDING_PAUSE: Duration = Duration::from_millis(250);

/// Whether a request asks for a live answer.
pub(super) fn is_asked(asked: &Asked) -> bool {
    let accepts = text(&asked.headers, &ACCEPT).ok().flatten().unwrap_or("");
    asked.method == Method::GET
        && accepts
            .split(',')
            .any(|kind| kind.trim().starts_with("text/event-stream"))
}

pub(super) async fn answer(shared: &Arc<Shared>, mut asked: Asked) -> Result<Reply, Problem> {
    asked.headers.remove(hyper::header::IF_NONE_MATCH);
    let mut positions = shared.door.positions();
    positions.mark_unchanged();
    let mut seen = match once(shared, &asked).await? {
        Ok(seen) => seen,
        Err(reply) => return Ok(reply),
    };
    let (sender, receiver) = mpsc::channel(4);
    let shared = shared.clone();
    tokio::spawn(async move {
        let mut next = Some(seen.whole());
        let mut stopping = shared.stopping.clone();
        loop {
            if let Some(event) = next.take()
                && sender.send(Bytes::from(event)).await.is_err()
            {
                return;
            }
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                _ = sender.closed() => return,
                changed = positions.changed() => if changed.is_err() {
                    return;
                },
                () = tokio::time::sleep(BUILDING_PAUSE), if seen.building.is_some() => {}
                () = tokio::time::sleep(STILL_HERE), if seen.building.is_none() => {
                    next = Some(": still here\n\n".to_owned());
                    continue;
                }
            }
            tokio::time::sleep(PAUSE).await;
            positions.mark_unchanged();
            match once(&shared, &asked).await {
                Ok(Ok(now)) => {
                    next = seen.change(&now);
                    seen = now;
                }
                // It is refused now, or meets a bug: the client asks again and is told.
                Ok(Err(_)) | Err(_) => return,
            }
        }
    });
    let mut reply = Response::new(Lines(receiver).boxed());
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(reply)
}

/// An answer and where in the log it is exact.
struct Seen {
    position: String,
    /// How far the view is, where these are the rows that it had before.
    building: Option<Json>,
    json: Json,
}

/// Asks once; an answer that is none of a read goes to the client as it is.
async fn once(shared: &Arc<Shared>, asked: &Asked) -> Result<Result<Seen, Reply>, Problem> {
    let reply = call::answer(shared, asked).await?;
    if reply.status() != StatusCode::OK {
        return Ok(Err(reply));
    }
    let position = reply
        .headers()
        .get(POSITION)
        .and_then(|value| value.to_str().ok());
    let position = position.unwrap_or("0").to_owned();
    let building = reply
        .headers()
        .get(BUILDING)
        .and_then(|value| value.to_str().ok());
    let building = building.and_then(|far| {
        let (behind, whole) = far.split_once(" of ")?;
        let number = |text: &str| text.parse::<u64>().ok();
        Some(json!({ "behind": number(behind)?, "whole": number(whole)? }))
    });
    let (head, body) = reply.into_parts();
    let body = body.collect().await;
    let body = body
        .map_err(|error| Problem::unavailable(error.to_string()))?
        .to_bytes();
    match serde_json::from_slice(&body) {
        Ok(json) => Ok(Ok(Seen {
            position,
            building,
            json,
        })),
        Err(_) => Ok(Err(Reply::from_parts(head, super::reply::body(body)))),
    }
}

impl Seen {
    fn event(&self, name: &str, data: &Json) -> String {
        format!("event: {name}\nid: {}\ndata: {data}\n\n", self.position)
    }

    fn whole(&self) -> String {
        let name = if self.json.is_array() {
            "rows"
        } else {
            "value"
        };
        let rows = self.event(name, &self.json);
        match &self.building {
            Some(far) => self.event("building", far) + &rows,
            None => rows,
        }
    }

    /// What tells a client that knows this answer the next one; `None` when it is the same.
    fn change(&self, now: &Seen) -> Option<String> {
        match (&self.building, &now.building) {
            (before, Some(far)) if self.json == now.json => {
                return (before.as_ref() != Some(far)).then(|| now.event("building", far));
            }
            // It is there, or it is begun again: other rows, from other code.
            (Some(_), _) | (_, Some(_)) => return Some(now.whole()),
            (None, None) => {}
        }
        if self.json == now.json {
            return None;
        }
        let (Json::Array(before), Json::Array(after)) = (&self.json, &now.json) else {
            return Some(now.whole());
        };
        let mut gone: BTreeMap<String, i64> = BTreeMap::new();
        for row in before {
            *gone.entry(row.to_string()).or_default() += 1;
        }
        let (mut added, mut at, mut stayed) = (Vec::new(), Vec::new(), Vec::new());
        for (place, row) in after.iter().enumerate() {
            match gone.get_mut(&row.to_string()) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    stayed.push(row);
                }
                _ => {
                    added.push(row);
                    at.push(place);
                }
            }
        }
        let (mut removed, mut left) = (Vec::new(), Vec::new());
        for row in before {
            match gone.get_mut(&row.to_string()) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    removed.push(row);
                }
                _ => left.push(row),
            }
        }
        // Where those that stay are in another order, only all rows tell it; where most rows are others, that is shorter.
        if left != stayed || added.len() + removed.len() >= after.len() {
            return Some(now.whole());
        }
        let change = json!({ "removed": removed, "added": added, "at": at });
        Some(now.event("change", &change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(position: u64, json: Json) -> Seen {
        Seen {
            position: position.to_string(),
            building: None,
            json,
        }
    }

    #[test]
    fn what_changed_is_told() {
        let before = seen(3, json!([1, 2, 3, 3, 5, 6, 7]));
        assert_eq!(before.change(&seen(4, before.json.clone())), None);
        let now = seen(5, json!([1, 2, 3, 4, 5, 6, 7]));
        let change = json!({ "removed": [3], "added": [4], "at": [3] });
        let told = format!("event: change\nid: 5\ndata: {change}\n\n");
        assert_eq!(before.change(&now), Some(told));
        let turned = seen(5, json!([2, 1, 3, 4, 5, 6, 7]));
        assert!(
            now.change(&turned)
                .is_some_and(|told| told.starts_with("event: rows"))
        );
        let all = seen(6, json!([8]));
        assert_eq!(
            now.change(&all).as_deref(),
            Some("event: rows\nid: 6\ndata: [8]\n\n")
        );
        let value = seen(7, json!({"left": 3}));
        assert_eq!(
            value.change(&seen(8, json!(2))).as_deref(),
            Some("event: value\nid: 8\ndata: 2\n\n")
        );
    }
}
