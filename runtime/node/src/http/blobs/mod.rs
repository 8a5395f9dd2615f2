//! Contents of blobs over HTTP, streamed: no more of one is in memory than a few parts.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /blobs` | the body is a content, `Content-Type` its media type: 201 with `{"blob": ..}` |
//! | `GET /blobs/HASH` | the content; also parts of it (`Range`) |
//! | a call with one `Blob`, and a body that is no JSON | the body is that parameter, the others stand in the query |
//! | a call that gives a `Blob` | the content, unless the client asks for JSON |
//!
//! What a program itself has at `/blobs` goes first. Contents are for those who are signed in; who knows a hash may read what it names.

mod incoming;
mod outgoing;
mod range;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, LOCATION};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde_json::json;
use weir_contract::blobs::{Blob, BlobError, BlobHash, resolve};
use weir_contract::manifest::{Access, Function, Param};
use weir_contract::{Manifest, Type, Value};

use super::Shared;
use super::call::check_access;
use super::reply::{Problem, Reply, json_reply, with_header};
use super::request::{caller, text};
use super::route::find;

pub(super) use outgoing::content;

/// Where contents are.
const PATH: &str = "blobs";

/// A content that comes in or is asked for by its hash; `Err` gives the body back when something else is meant.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    head: &Parts,
    segments: &[String],
    incoming: Incoming,
) -> Result<Result<Reply, Problem>, Incoming> {
    if segments.first().is_none_or(|first| first != PATH) || segments.len() > 2 {
        return Err(incoming);
    }
    let program = shared.door.program();
    if find(&program, &head.method, segments).is_ok() {
        return Err(incoming);
    }
    Ok(match segments {
        [_] => post(shared, &program, head, incoming).await,
        [_, hash] => get(shared, &program, head, hash).await,
        _ => Err(Problem::new(404, "NotFound", "there is nothing")),
    })
}

async fn post(
    shared: &Arc<Shared>,
    program: &Manifest,
    head: &Parts,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    if head.method != Method::POST {
        return Err(not_allowed("POST"));
    }
    signed_in(program, &head.headers)?;
    let media_type = media_type(&head.headers)?;
    let longest = program.limits.blob_bytes();
    let blob = incoming::take(shared, incoming, media_type, longest).await?;
    let reply = json_reply(201, &blob_json(&blob));
    Ok(with_header(
        reply,
        LOCATION,
        &format!("/{PATH}/{}", blob.hash),
    ))
}

async fn get(
    shared: &Arc<Shared>,
    program: &Manifest,
    head: &Parts,
    hash: &str,
) -> Result<Reply, Problem> {
    if head.method != Method::GET && head.method != Method::HEAD {
        return Err(not_allowed("GET, HEAD"));
    }
    signed_in(program, &head.headers)?;
    let Some(hash) = BlobHash::parse(hash) else {
        return Err(Problem::bad_request(
            "a blob is named by the 64 hexadecimal digits of its hash, small ones",
        ));
    };
    let store = shared.config.blobs.clone();
    let found = on_disk(move || store.0.find(&hash)).await?;
    let Some(kept) = found else {
        let reason = format!("there is no blob {hash}");
        return Err(Problem::new(404, "NotFound", reason));
    };
    let blob = Blob {
        hash,
        size: kept.size as i64,
        media_type: kept.media_type,
    };
    let reply = content(shared, &head.headers, &blob).await?;
    let forever = "private, max-age=31536000, immutable";
    Ok(with_header(reply, hyper::header::CACHE_CONTROL, forever))
}

/// A call whose body is the one `Blob` it takes. `None` when it is not such a call, and nothing was read.
pub(super) fn wanted_by(
    program: &Manifest,
    head: &Parts,
    segments: &[String],
) -> Option<Result<Access, Problem>> {
    if head.method == Method::GET || head.method == Method::HEAD {
        return None;
    }
    let kind = head.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is = |other: &str| kind.eq_ignore_ascii_case(other);
    // `curl -d` says the second of what may be anything.
    if kind.is_empty()
        || is("application/json")
        || is("application/x-www-form-urlencoded")
        || kind.to_ascii_lowercase().ends_with("+json")
    {
        return None;
    }
    let target = find(program, &head.method, segments).ok()?;
    let function = &program.functions[target.function as usize];
    function.blob_param(&program.defs)?;
    Some(match is("multipart/form-data") {
        true => Err(Problem::new(
            415,
            "UnsupportedMediaType",
            "send the content itself as the body, with its own Content-Type",
        )),
        false => Ok(function.access.clone()),
    })
}

/// The body of such a call, when who calls may.
pub(super) async fn take(
    shared: &Arc<Shared>,
    program: &Manifest,
    access: &Access,
    head: &Parts,
    incoming: Incoming,
) -> Result<Blob, Problem> {
    check_access(access, &caller(&head.headers, program)?)?;
    let media_type = media_type(&head.headers)?;
    incoming::take(shared, incoming, media_type, program.limits.blob_bytes()).await
}

/// The blob in a function's result, where that is its content for whoever does not ask for JSON.
pub(super) fn given_out(
    program: &Manifest,
    function: &Function,
    headers: &HeaderMap,
    output: &[u8],
) -> Option<Blob> {
    use weir_contract::call::Reply;
    let defs = &program.defs;
    let is_blob = |ty: &Type| *defs.base(ty) == Type::Blob;
    let may_be = match defs.base(&function.returns) {
        Type::Option(of) => is_blob(of),
        ty => is_blob(ty),
    };
    if !may_be || wants_json(headers) {
        return None;
    }
    match Reply::decode(defs, &function.returns, &function.fails, output) {
        Ok(Reply::Ok(Value::Blob(blob))) => Some(*blob),
        Ok(Reply::Ok(Value::Option(Some(value)))) => match *value {
            Value::Blob(blob) => Some(*blob),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the client asks for JSON and not for anything.
fn wants_json(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(ACCEPT).iter();
    let mut kinds = accepts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.any(|kind| kind.eq_ignore_ascii_case("application/json"))
}

/// Looks up the blobs in an argument, so that no call names a content that is not there.
pub(super) fn look_up(
    shared: &Shared,
    manifest: &Manifest,
    param: &Param,
    value: &mut Value,
) -> Result<(), Problem> {
    let store = &*shared.config.blobs.0;
    resolve(&manifest.defs, &param.ty, value, store).map_err(|unresolved| {
        let problem = Problem::bad_request(format!("{}: {unresolved}", param.name));
        problem.with("path", json!(param.name))
    })
}

pub(super) fn blob_json(blob: &Blob) -> serde_json::Value {
    json!({ "blob": blob.hash.to_string(), "size": blob.size, "type": blob.media_type })
}

/// What the client says the content is.
fn media_type(headers: &HeaderMap) -> Result<String, Problem> {
    let said = text(headers, &CONTENT_TYPE)?.unwrap_or("").trim();
    match Blob::problem(said) {
        None => Ok(said.to_owned()),
        Some(why) => Err(Problem::bad_request(why)),
    }
}

fn signed_in(program: &Manifest, headers: &HeaderMap) -> Result<(), Problem> {
    check_access(&Access::SignedIn, &caller(headers, program)?)
}

fn not_allowed(allow: &str) -> Problem {
    Problem {
        allow: Some(allow.to_owned()),
        ..Problem::new(405, "MethodNotAllowed", format!("use {allow}"))
    }
}

/// Runs what waits for the disk where that holds nobody up.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(disk_problem),
        Err(_) => Err(Problem::unavailable("the node is stopping")),
    }
}

fn disk_problem(error: BlobError) -> Problem {
    match error {
        BlobError::Missing(_) => Problem::new(404, "NotFound", error.to_string()),
        BlobError::Damaged { .. } => Problem::new(500, "Damaged", error.to_string()),
        BlobError::Disk(why) => Problem::new(507, "InsufficientStorage", why),
    }
}

/// A header that is there for the browser of whoever opens a content: it is nobody's page.
const SANDBOX: (HeaderName, &str) = (hyper::header::CONTENT_SECURITY_POLICY, "sandbox");
const NO_SNIFF: (HeaderName, &str) = (hyper::header::X_CONTENT_TYPE_OPTIONS, "nosniff");
