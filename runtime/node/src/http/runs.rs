//! Runs over HTTP: what a start answers that goes on, results, events.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /Checkout/o1/run` | starts it: 202 with `Location`, or its result when it has one; again for the same key: the same run |
//! | `GET /Checkout/o1/run` | its result; 202 with what it waits for while it goes on |
//! | `POST /Checkout/o1/approved` | an event: 202, 410 when the run has ended, 404 when there is none |
//!
//! `Prefer: wait=10` waits so many seconds for a result before the 202.

use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::Method;
use hyper::header::{HeaderName, LOCATION};
use serde_json::json;
use tokio::sync::oneshot;
use weir_contract::Manifest;
use weir_contract::manifest::{Event, Function, FunctionKind};
use weir_machine::show_runs::name_of;
use weir_machine::{Answer, Call, Done, EventTo, Place, Sent};

use super::Shared;
use super::args::args_from_body;
use super::call::{Asked, check_access};
use super::outcome::{RUN, refused, reply};
use super::reply::{Problem, Reply, json_reply, with_header};
use super::request::{caller, idempotency_key, text};
use super::route::{entity_key, percent_encode};
use crate::core::{EventAnswer, Refusal, WhichRun};

/// How long a call of a function that may wait is waited for when the request does not say.
const WAIT_DEFAULT: Duration = Duration::from_secs(20);
/// More than this nobody waits on one connection.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// An event or the run of a workflow, when that is what the path names.
pub(super) async fn answer(shared: &Arc<Shared>, asked: &Asked) -> Option<Result<Reply, Problem>> {
    let program = shared.door.program();
    let (entity, definition) = program.entity(asked.segments.first()?)?;
    let workflow = definition.workflow.as_ref()?;
    let (name, key) = asked.segments[1..].split_last()?;
    if key.len() != definition.keys.len() {
        return None;
    }
    if asked.method == Method::GET && name == "run" {
        let function = &program.functions[workflow.run as usize];
        let key = match entity_key(&program, definition, key) {
            Ok(key) => key,
            Err(problem) => return Some(Err(problem)),
        };
        return function
            .public
            .then_some(result(shared, asked, &program, workflow.run, key).await);
    }
    let number = workflow.events.iter().position(|e| e.name == *name)?;
    let event = &workflow.events[number];
    if !event.public {
        return None;
    }
    if asked.method != Method::POST {
        return Some(Err(Problem {
            allow: Some("POST".to_owned()),
            ..Problem::new(405, "MethodNotAllowed", "use POST")
        }));
    }
    let to = entity_key(&program, definition, key).map(|key| (entity, key));
    Some(match to {
        Ok((entity, key)) => send(shared, asked, &program, event, (entity, number), key).await,
        Err(problem) => Err(problem),
    })
}

async fn send(
    shared: &Arc<Shared>,
    asked: &Asked,
    program: &Arc<Manifest>,
    event: &Event,
    (entity, number): (u32, usize),
    key: Vec<u8>,
) -> Result<Reply, Problem> {
    let caller = caller(&asked.headers, program)?;
    check_access(&event.access, &caller)?;
    let args = args_from_body(shared, program, &event.params, &[], &asked.body.bytes)?;
    let sent = Sent {
        to: EventTo {
            entity,
            key: key.into(),
            event: number as u32,
            args: args.into(),
        },
        caller: caller.id,
        roles: caller.roles,
        idempotency: idempotency_key(&asked.headers)?,
    };
    let (sender, receiver) = oneshot::channel();
    shared.door.event(sent, program.clone(), move |taken| {
        let _ = sender.send(taken);
    });
    let taken = match receiver.await {
        Ok(Ok(taken)) => taken,
        Ok(Err(Refusal::Stale)) => {
            return Err(Problem::unavailable("the program is being replaced"));
        }
        Ok(Err(refusal)) => return Err(refused(refusal)),
        Err(_) => return Err(Problem::unavailable("the node is stopping")),
    };
    match taken {
        EventAnswer::Taken => Ok(json_reply(202, &json!(null))),
        EventAnswer::KeyReused => Err(Problem::new(
            422,
            "IdempotencyKeyReused",
            "this Idempotency-Key was used for another request",
        )),
        EventAnswer::Denied => Err(Problem::new(403, "Forbidden", "`allow` says no")),
        EventAnswer::NoRun => Err(Problem::new(
            404,
            "NotFound",
            "no run was started for this key",
        )),
        EventAnswer::Ended => Err(Problem::new(410, "Gone", "the run has ended")),
        EventAnswer::Full => Err(Problem::unavailable("too many events wait in the run")),
        EventAnswer::TooLong => Err(Problem::new(
            413,
            "PayloadTooLarge",
            "the event is too long for a record of the log",
        )),
    }
}

/// The result of a workflow's run.
async fn result(
    shared: &Arc<Shared>,
    asked: &Asked,
    program: &Arc<Manifest>,
    number: u32,
    key: Vec<u8>,
) -> Result<Reply, Problem> {
    let function = &program.functions[number as usize];
    let caller = caller(&asked.headers, program)?;
    check_access(&function.access, &caller)?;
    let entity = function.entity.unwrap_or_default();
    let (sender, receiver) = oneshot::channel();
    let looked_for = key.clone();
    shared.door.look(move |machine| {
        let _ = sender.send(machine.runs().of_workflow(entity, &looked_for).is_some());
    });
    if !receiver.await.unwrap_or(false) {
        let reason = "no run was started for this key";
        return Err(Problem::new(404, "NotFound", reason));
    }
    // Asking to start a run that there is asks `allow`, and answers with what is known of it.
    let call = Call {
        function: number,
        caller: caller.id,
        roles: caller.roles,
        keys: key,
        args: Vec::new(),
        idempotency: None,
        if_match: None,
    };
    let (sender, receiver) = oneshot::channel();
    shared.door.call(call, program.clone(), move |done| {
        let _ = sender.send(done);
    });
    match receiver.await {
        Ok(Ok(done)) => finish(shared, asked, program, number, done).await,
        Ok(Err(Refusal::Stale)) => Err(Problem::unavailable("the program is being replaced")),
        Ok(Err(refusal)) => Err(refused(refusal)),
        Err(_) => Err(Problem::unavailable("the node is stopping")),
    }
}

/// The answer to a call, and for a run that goes on what there is to say when it was waited for long enough.
pub(super) async fn finish(
    shared: &Arc<Shared>,
    asked: &Asked,
    program: &Arc<Manifest>,
    number: u32,
    done: Done,
) -> Result<Reply, Problem> {
    let function = &program.functions[number as usize];
    if let Answer::Bug(bug) = &done.answer {
        let name = name_of(program, Place::Function(number));
        let speech = &shared.config.speech;
        speech.warn(&format!("a call of {name} stopped at {bug}"));
    }
    if !matches!(done.answer, Answer::GoesOn) {
        return reply(shared, program, number, asked, done).await;
    }
    let run = done.run;
    let wait = wait_for(&asked.headers, function)?;
    if !wait.is_zero() {
        let ended = shared.door.wait_for_run(WhichRun::Number(run));
        if let Ok(Ok(Ok(Some((_, answer))))) = tokio::time::timeout(wait, ended).await
            // The result is one of the program that is in force now, which may have other types: who asks again is told by that.
            && Arc::ptr_eq(program, &shared.door.program())
        {
            let done = Done { answer, ..done };
            return reply(shared, program, number, asked, done).await;
        }
    }
    let (sender, receiver) = oneshot::channel();
    shared.door.look(move |machine| {
        let _ = sender.send(machine.run_json(run));
    });
    let about = receiver.await.ok().and_then(Result::ok).flatten();
    let waits_for = about.as_ref().map(|run| &run["strands"][0]["waits_for"]);
    let body = json!({ "run": run.to_string(), "waits_for": waits_for });
    let reply = with_header(json_reply(202, &body), RUN, &run.to_string());
    Ok(match location(asked, function) {
        Some(path) => with_header(reply, LOCATION, &path),
        None => reply,
    })
}

/// Where the result of a workflow's run will be.
fn location(asked: &Asked, function: &Function) -> Option<String> {
    if function.kind != FunctionKind::Run {
        return None;
    }
    let parts = asked.segments.iter().map(|part| percent_encode(part));
    Some(format!("/{}", parts.collect::<Vec<_>>().join("/")))
}

/// How long a result is waited for: `Prefer: wait=N`, else a while for a function and not at all for a workflow.
fn wait_for(headers: &HeaderMap, function: &Function) -> Result<Duration, Problem> {
    let prefer = text(headers, &HeaderName::from_static("prefer"))?.unwrap_or("");
    let wait = prefer.split([',', ';']).find_map(|part| {
        let (name, seconds) = part.trim().split_once('=')?;
        (name.trim().eq_ignore_ascii_case("wait")).then_some(seconds.trim())
    });
    match wait {
        Some(seconds) => match seconds.parse() {
            Ok(seconds) => Ok(Duration::from_secs(seconds).min(WAIT_MAX)),
            Err(_) => Err(Problem::bad_request("Prefer: wait= takes whole seconds")),
        },
        None if function.kind == FunctionKind::Run => Ok(Duration::ZERO),
        None => Ok(WAIT_DEFAULT),
    }
}
