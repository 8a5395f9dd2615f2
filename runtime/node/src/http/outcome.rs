//! What became of a call, as an answer over HTTP: status, JSON or content, and the headers that say where in the log it is exact.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::{ETAG, HeaderName, IF_NONE_MATCH};
use serde_json::{Value as Json, json};
use weir_contract::Manifest;
use weir_contract::json::Document;
use weir_contract::manifest::FunctionKind;
use weir_machine::show::{bug_to_json, render_output};
use weir_machine::{Answer, Done, Ended, KeptAnswer};

use super::Shared;
use super::blobs::{content, given_out};
use super::call::Asked;
use super::reply::{Problem, Reply, json_reply, text_reply, with_header};
use super::request::{etag, names_tag, text};
use crate::core::Refusal;

/// The answer to a call that has been made.
pub(super) async fn reply(
    shared: &Arc<Shared>,
    manifest: &Manifest,
    number: u32,
    asked: &Asked,
    done: Done,
) -> Result<Reply, Problem> {
    let headers = &asked.headers;
    let function = &manifest.functions[number as usize];
    let run = done.run.to_string();
    let given = match &done.answer {
        Answer::Output(output) | Answer::Ended(Ended::Output(output)) => {
            given_out(manifest, function, headers, output)
        }
        Answer::Again(KeptAnswer::Output { function, output }) => {
            let function = &manifest.functions[*function as usize];
            given_out(manifest, function, headers, output)
        }
        _ => None,
    };
    if let Some(blob) = given {
        // Parts and tags are for what is only looked at.
        let none = HeaderMap::new();
        let conditions = if asked.is_read() { headers } else { &none };
        let reply = content(shared, conditions, &blob).await?;
        return Ok(with_header(reply, RUN, &run));
    }
    let reply = match in_words(manifest, number, headers, &done)? {
        Worded::Whole(reply) => return Ok(reply),
        Worded::Answer(reply) => reply,
    };
    let mut reply = with_header(reply, RUN, &run);
    if done.position > 0 {
        reply = with_header(reply, POSITION, &done.position.to_string());
    }
    if function.entity.is_none()
        || !reply.status().is_success()
        || matches!(done.answer, Answer::Again(_))
    {
        return Ok(reply);
    }
    let tag = etag(done.version, manifest);
    if matches!(function.kind, FunctionKind::Field | FunctionKind::Whole)
        && text(headers, &IF_NONE_MATCH)?.is_some_and(|header| names_tag(header, &tag))
    {
        reply = hyper::Response::new(super::reply::body(""));
        *reply.status_mut() = hyper::StatusCode::NOT_MODIFIED;
    }
    Ok(with_header(reply, ETAG, &tag))
}

/// An answer without the headers that all have, or one that is whole.
enum Worded {
    Answer(Reply),
    Whole(Reply),
}

/// What is said of each outcome.
fn in_words(
    manifest: &Manifest,
    number: u32,
    headers: &HeaderMap,
    done: &Done,
) -> Result<Worded, Problem> {
    let run = done.run.to_string();
    let written = |(status, json): (u16, Document)| text_reply(status, json.to_string());
    let ours = |error: weir_machine::BadRecord| Problem::new(500, "Bug", error.to_string());
    Ok(Worded::Answer(match &done.answer {
        Answer::Output(output) => written(render_output(manifest, number, output).map_err(ours)?),
        Answer::Again(KeptAnswer::Output { function, output }) => {
            written(render_output(manifest, *function, output).map_err(ours)?)
        }
        Answer::Again(KeptAnswer::Rendered { status, json }) => text_reply(*status, json.clone()),
        Answer::GoesOn | Answer::Again(KeptAnswer::Run) => json_reply(202, &json!({ "run": run })),
        Answer::Ended(Ended::Output(output)) => {
            written(render_output(manifest, number, output).map_err(ours)?)
        }
        Answer::Ended(Ended::Cancelled) => json_reply(409, &json!({ "error": "Cancelled" })),
        Answer::Ended(Ended::Rendered { status, json }) => text_reply(*status, json.clone()),
        Answer::KeyReused => {
            let reason = "this Idempotency-Key was used for another request";
            return Err(Problem::new(422, "IdempotencyKeyReused", reason));
        }
        Answer::OtherVersion => {
            let problem = Problem::new(
                412,
                "PreconditionFailed",
                "the instance has changed since that ETag",
            );
            let reply = problem.with("version", json!(done.version)).into_reply();
            let reply = with_header(reply, ETAG, &etag(done.version, manifest));
            return Ok(Worded::Whole(reply));
        }
        Answer::Full(stream) => {
            let stream = &manifest.streams[*stream as usize].name;
            let reason = format!("too many entries of the stream `{stream}` wait to be consumed");
            return Err(Problem::unavailable(&reason));
        }
        Answer::TooLong { bytes, bytes_max } => {
            let reason = format!(
                "the arguments are too long for a record of the log: {bytes} bytes with the caller and the key, {bytes_max} are the limit"
            );
            return Err(Problem::new(413, "PayloadTooLarge", reason));
        }
        Answer::Building {
            view,
            behind,
            whole,
        } => {
            let name = &manifest.views[*view as usize].name;
            let reason = format!("the view {name} is being built: {behind} of {whole} rows to go");
            let problem = Problem::unavailable(reason).with("behind", json!(behind));
            return Err(problem.with("whole", json!(whole)));
        }
        Answer::Before {
            output,
            position,
            behind,
            whole,
        } => {
            check_not_before(headers, *position)?;
            let rows = written(render_output(manifest, number, output).map_err(ours)?);
            with_header(rows, BUILDING, &format!("{behind} of {whole}"))
        }
        Answer::Bug(bug) => {
            let mut body = json!({ "error": "Bug", "run": run });
            if let (Json::Object(body), Json::Object(bug)) = (&mut body, bug_to_json(bug)) {
                body.extend(bug);
            }
            let reply = with_header(json_reply(500, &body), RUN, &run);
            return Ok(Worded::Whole(reply));
        }
    }))
}

/// The rows that a view had before it is built anew are no answer to who has seen what came later.
fn check_not_before(headers: &HeaderMap, position: u64) -> Result<(), Problem> {
    let seen = text(headers, &POSITION)?.and_then(|text| text.parse().ok());
    if seen.is_none_or(|seen: u64| seen <= position) {
        return Ok(());
    }
    let reason =
        "the view is being built, and what it showed before is older than what you have seen";
    Err(Problem::unavailable(reason).with("position", json!(position)))
}

pub(super) const RUN: HeaderName = HeaderName::from_static("weir-run");
/// The log position that an answer is exact at: it shows all up to there and nothing after. In a request, one that a client has seen.
pub(super) const POSITION: HeaderName = HeaderName::from_static("weir-position");

/// The rows are those that the view had before it was begun again, and so many of so many rows of its sources are still to be fed to
/// the one that is being built.
pub(super) const BUILDING: HeaderName = HeaderName::from_static("weir-building");

pub(super) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Busy => Problem::unavailable("too many calls are waiting"),
        Refusal::Stopping | Refusal::Stale => Problem::unavailable("the node is stopping"),
        Refusal::Unavailable(why) => Problem::unavailable(why),
    }
}
