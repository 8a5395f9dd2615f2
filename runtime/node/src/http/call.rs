//! One call over HTTP: arguments in, a step, the answer out.

use std::sync::Arc;

use hyper::header::{ETAG, HeaderName, IF_NONE_MATCH};
use hyper::{HeaderMap, Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;
use weir_contract::call::encode_args;
use weir_contract::json::{Document, Members, from_json, from_query, nearest, parse};
use weir_contract::manifest::{Access, Effect, Function, FunctionKind, Param};
use weir_contract::{Blob, Manifest, Type, Value, limits};
use weir_machine::show::{bug_to_json, render_output};
use weir_machine::{Answer, Call, Done, Ended, KeptAnswer};

use super::Shared;
use super::blobs::{content, given_out, look_up};
use super::reply::{Problem, Reply, json_reply, text_reply, with_header};
use super::request::{Body, caller, etag, idempotency_key, if_match, names_tag, text};
use super::route::{Target, find, query_pairs};
use super::runs::finish;
use crate::core::Refusal;
use crate::program::Caller;

/// A request with its body read.
pub(super) struct Asked {
    pub method: Method,
    pub segments: Vec<String>,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Body,
    /// What the body was, where it is a parameter and not JSON: then `body` is empty.
    pub blob: Option<Blob>,
}

pub(super) async fn answer(shared: &Arc<Shared>, asked: &Asked) -> Result<Reply, Problem> {
    // A reload between reading the request and running it makes it be read again, by the new program.
    for _ in 0..3 {
        let program = shared.door.program();
        let Target {
            function: number,
            keys,
            in_path,
        } = find(&program, &asked.method, &asked.segments)?;
        let function = &program.functions[number as usize];
        let caller = caller(&asked.headers, &program)?;
        check_position(shared, &asked.headers)?;
        check_access(&function.access, &caller)?;
        let is_post = asked.method != Method::GET && asked.method != Method::HEAD;
        let takes_entries = program.streams.iter().any(|s| s.append == Some(number));
        let args = match (&asked.blob, function.blob_param(&program.defs)) {
            (Some(blob), Some(param)) => {
                let mut given = in_path;
                given.push((param.name.clone(), Value::Blob(Box::new(blob.clone()))));
                args_from_query(shared, &program, function, &given, &asked.query)?
            }
            (Some(_), None) => return Err(Problem::bad_request("the body is not JSON")),
            (None, _) if is_post && takes_entries => {
                entries_from_body(shared, &program, function, &asked.body.bytes)?
            }
            (None, _) if is_post => {
                let body = &asked.body.bytes;
                args_from_body(shared, &program, &function.params, &in_path, body)?
            }
            (None, _) => args_from_query(shared, &program, function, &in_path, &asked.query)?,
        };
        if args.len() > limits::ARGS_MAX {
            return Err(Problem::new(
                413,
                "PayloadTooLarge",
                "the arguments are too long",
            ));
        }
        let call = Call {
            function: number,
            caller: caller.id,
            roles: caller.roles,
            keys,
            args,
            idempotency: if is_post {
                idempotency_key(&asked.headers)?
            } else {
                None
            },
            if_match: match function.effect {
                Effect::Write if function.entity.is_some() => if_match(&asked.headers)?,
                _ => None,
            },
        };
        let (sender, receiver) = oneshot::channel();
        shared.door.call_here(call, program.clone(), move |result| {
            // The client may have gone; the step stands all the same.
            let _ = sender.send(result);
        });
        match receiver.await {
            Ok(Ok(done)) => {
                let mut reply = finish(shared, asked, &program, number, done).await?;
                if takes_entries && reply.status() == StatusCode::OK {
                    // They are there; whoever consumes them does so later.
                    *reply.status_mut() = StatusCode::ACCEPTED;
                }
                return Ok(reply);
            }
            Ok(Err(Refusal::Stale)) => continue,
            Ok(Err(refusal)) => return Err(refused(refusal)),
            Err(_) => return Err(Problem::unavailable("the node is stopping")),
        }
    }
    Err(Problem::unavailable("the program is being replaced"))
}

pub(super) fn check_access(access: &Access, caller: &Caller) -> Result<(), Problem> {
    let roles = match access {
        Access::Anyone => return Ok(()),
        _ if caller.id.is_empty() => {
            return Err(Problem::new(401, "Unauthorized", "sign in to call this"));
        }
        // Whether `allow` accepts the caller only the step can tell.
        Access::SignedIn | Access::Allow => return Ok(()),
        Access::Roles(roles) => roles,
    };
    if roles.iter().any(|role| caller.roles.contains(role)) {
        return Ok(());
    }
    let reason = format!("this needs the role {}", roles.join(" or "));
    Err(Problem::new(403, "Forbidden", reason))
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

/// A client that has seen a position is never shown what was before it: a log that has not come so far is another one, or was put
/// back to an earlier state.
fn check_position(shared: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(text) = text(headers, &POSITION)? else {
        return Ok(());
    };
    let seen: u64 = text
        .parse()
        .map_err(|_| Problem::bad_request("Weir-Position: expected a number"))?;
    let here = shared.door.position();
    if seen <= here {
        return Ok(());
    }
    let problem = Problem::unavailable("the log has not come to the position that you have seen");
    Err(problem.with("position", json!(here)))
}

/// Parameters that stand in the path, by name.
type InPath = [(String, Value)];

fn value_in_path<'a>(in_path: &'a InPath, name: &str) -> Option<&'a Value> {
    let mut all = in_path.iter();
    all.find(|(n, _)| n == name).map(|(_, value)| value)
}

/// The entries of a `pub stream`: the body is one, or an array of them.
fn entries_from_body(
    shared: &Shared,
    manifest: &Manifest,
    function: &Function,
    body: &[u8],
) -> Result<Vec<u8>, Problem> {
    let [param] = function.params.as_slice() else {
        return Err(Problem::bad_request("this takes no entries"));
    };
    let Type::List(of) = &param.ty else {
        return Err(Problem::bad_request("this takes no entries"));
    };
    let json = match body {
        [] => {
            return Err(Problem::bad_request(
                "the body must be an entry, or an array of them",
            ));
        }
        body => parse(body)?,
    };
    let mut entries = match &json {
        Document::Array(_) => from_json(&manifest.defs, &param.ty, &json, "entries")?,
        one => Value::List(vec![from_json(&manifest.defs, of, one, "entry")?]),
    };
    look_up(shared, manifest, param, &mut entries)?;
    Ok(encode_args(
        &manifest.defs,
        &function.params,
        &[Some(entries)],
    ))
}

pub(super) fn args_from_body(
    shared: &Shared,
    manifest: &Manifest,
    params: &[Param],
    in_path: &InPath,
    body: &[u8],
) -> Result<Vec<u8>, Problem> {
    let json = match body {
        [] => Document::Object(Members::new()),
        body => parse(body)?,
    };
    let Some(members) = json.as_object() else {
        return Err(Problem::bad_request(
            "the body must be a JSON object with the parameters by name",
        ));
    };
    for (name, _) in members {
        if !params.iter().any(|p| p.name == *name) {
            return Err(unknown_parameter(params, in_path, name));
        }
        if value_in_path(in_path, name).is_some() {
            return Err(Problem::bad_request(format!("{name}: stands in the path")));
        }
    }
    let defs = &manifest.defs;
    let arg = |param: &Param| match json.get(&param.name) {
        None if let Some(value) = value_in_path(in_path, &param.name) => Ok(Some(value.clone())),
        Some(json) => {
            let mut value = from_json(defs, &param.ty, json, &param.name)?;
            look_up(shared, manifest, param, &mut value)?;
            Ok(Some(value))
        }
        None => missing(manifest, param),
    };
    let args = params
        .iter()
        .map(arg)
        .collect::<Result<Vec<_>, Problem>>()?;
    Ok(encode_args(defs, params, &args))
}

fn args_from_query(
    shared: &Shared,
    manifest: &Manifest,
    function: &Function,
    in_path: &InPath,
    query: &str,
) -> Result<Vec<u8>, Problem> {
    let pairs = query_pairs(query)?;
    let mut used = vec![false; pairs.len()];
    let defs = &manifest.defs;
    let mut args = Vec::with_capacity(function.params.len());
    for param in &function.params {
        if let Some(value) = value_in_path(in_path, &param.name) {
            args.push(Some(value.clone()));
            continue;
        }
        args.push(
            match from_query(defs, &param.ty, &param.name, &pairs, &mut used)? {
                Some(mut value) => {
                    look_up(shared, manifest, param, &mut value)?;
                    Some(value)
                }
                None => missing(manifest, param)?,
            },
        );
    }
    match used.iter().position(|used| !used) {
        Some(unused) => Err(unknown_parameter(
            &function.params,
            in_path,
            &pairs[unused].0,
        )),
        None => Ok(encode_args(defs, &function.params, &args)),
    }
}

/// What stands for a parameter that was left out.
fn missing(manifest: &Manifest, param: &Param) -> Result<Option<Value>, Problem> {
    match manifest.defs.base(&param.ty) {
        _ if param.has_default => Ok(None),
        Type::Option(_) => Ok(Some(Value::Option(None))),
        _ => {
            let problem = Problem::bad_request(format!("{}: is missing", param.name));
            Err(problem.with("path", json!(param.name)))
        }
    }
}

fn unknown_parameter(params: &[Param], in_path: &InPath, name: &str) -> Problem {
    let free = params
        .iter()
        .filter(|p| value_in_path(in_path, &p.name).is_none());
    let short: String = name.chars().take(60).collect();
    let problem = Problem::bad_request(format!("unknown field \"{short}\""));
    let problem = problem.with("path", json!(short));
    match nearest(name, free.map(|p| p.name.as_str())) {
        Some(near) => problem.with("did_you_mean", json!(near)),
        None => problem,
    }
}

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
        let looks = asked.method == Method::GET || asked.method == Method::HEAD;
        let none = HeaderMap::new();
        let reply = content(shared, if looks { headers } else { &none }, &blob).await?;
        return Ok(with_header(reply, RUN, &run));
    }
    let written = |(status, json): (u16, Document)| text_reply(status, json.to_string());
    let ours = |error: weir_machine::BadRecord| Problem::new(500, "Bug", error.to_string());
    let reply = match &done.answer {
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
            return Ok(with_header(reply, ETAG, &etag(done.version, manifest)));
        }
        Answer::Full(stream) => {
            let stream = &manifest.streams[*stream as usize].name;
            let reason = format!("too many entries of the stream `{stream}` wait to be consumed");
            return Err(Problem::unavailable(&reason));
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
            return Ok(with_header(json_reply(500, &body), RUN, &run));
        }
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

const RUN: HeaderName = HeaderName::from_static("weir-run");
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
