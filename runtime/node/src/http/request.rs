//! What a request says besides its path: that it comes from this machine, who calls, under which conditions, with what
//! body.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body as _, Incoming};

use hyper::header::{HOST, HeaderName, IF_MATCH, ORIGIN};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_contract::Manifest;

use super::reply::Problem;
use crate::program::Caller;

/// A page of another origin must not reach the node through a browser, by name or by address.
pub(super) fn check_local(headers: &HeaderMap) -> Result<(), Problem> {
    let host =
        text(headers, &HOST)?.ok_or_else(|| Problem::bad_request("the Host header is missing"))?;
    if !is_loopback(host) {
        return Err(Problem::new(
            403,
            "Forbidden",
            "the Host header does not name this machine",
        ));
    }
    match text(headers, &ORIGIN)? {
        Some(origin) => {
            let host = origin
                .strip_prefix("http://")
                .or(origin.strip_prefix("https://"));
            match host {
                Some(host) if is_loopback(host) => Ok(()),
                _ => Err(Problem::new(
                    403,
                    "Forbidden",
                    "requests from pages of other origins are refused",
                )),
            }
        }
        None => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some(("::1", port)) if is_port(port) => return true,
            _ => return false,
        },
        None => host,
    };
    let (name, port) = match name.split_once(':') {
        Some((name, _)) => (name, &host[name.len()..]),
        None => (name, ""),
    };
    is_port(port) && (name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1")
}

fn is_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

/// Who calls, by `Weir-Caller` and `Weir-Roles`; without both a developer.
pub(super) fn caller(headers: &HeaderMap, manifest: &Manifest) -> Result<Caller, Problem> {
    let id = text(headers, &HeaderName::from_static("weir-caller"))?;
    let roles = text(headers, &HeaderName::from_static("weir-roles"))?;
    if let (None, None) = (id, roles) {
        return Ok(Caller::developer(manifest));
    }
    let roles = roles
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|r| !r.is_empty());
    Ok(Caller::new(id.unwrap_or("dev").trim(), roles))
}

/// The `Idempotency-Key`, at most 255 bytes.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    match text(headers, &HeaderName::from_static("idempotency-key"))? {
        Some("") => Err(Problem::bad_request("the Idempotency-Key is empty")),
        Some(key) if key.len() > 255 => Err(Problem::bad_request(
            "the Idempotency-Key is longer than 255 bytes",
        )),
        key => Ok(key.map(str::to_owned)),
    }
}

/// The version that `If-Match` asks for.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(tag) = text(headers, &IF_MATCH)? else {
        return Ok(None);
    };
    match version_of(tag.trim()) {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::bad_request(
            "If-Match must be one ETag as this server gave it",
        )),
    }
}

/// `"12-0a1b2c3d"`: the instance's version and the beginning of the module's hash, since another program may show
/// the same state differently.
pub(super) fn etag(version: u64, manifest: &Manifest) -> String {
    let module = manifest.module_sha256.get(..8).unwrap_or("0");
    format!("\"{version}-{module}\"")
}

fn version_of(tag: &str) -> Option<u64> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    inner.split_once('-')?.0.parse().ok()
}

/// Whether `If-None-Match` names the tag.
pub(super) fn names_tag(header: &str, tag: &str) -> bool {
    let same = |t: &str| t.trim() == "*" || t.trim().strip_prefix("W/").unwrap_or(t.trim()) == tag;
    header.split(',').any(same)
}

/// A header that may be there once, as text.
pub(super) fn text<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Problem::bad_request(format!(
            "the header {name} is given twice"
        )));
    }
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Problem::bad_request(format!(
            "the header {name} is not UTF-8"
        ))),
    }
}

/// Bodies up to this size need no place in [`BodyRoom`].
const SMALL_BODY_BYTES: usize = 64 << 10;

/// Bounds the memory that bodies take: only so many big ones at a time.
pub(crate) struct BodyRoom(Arc<Semaphore>);

impl BodyRoom {
    pub fn new(big_bodies_max: usize) -> BodyRoom {
        BodyRoom(Arc::new(Semaphore::new(big_bodies_max)))
    }
}

/// A whole body; holds its place until dropped.
#[derive(Default)]
pub(super) struct Body {
    pub bytes: Vec<u8>,
    _place: Option<OwnedSemaphorePermit>,
}

/// Reads a body of at most `longest` bytes within its limit of time.
pub(super) async fn read_body(
    mut incoming: Incoming,
    longest: usize,
    timeout: Duration,
    room: &BodyRoom,
) -> Result<Body, Problem> {
    let too_big = || {
        let reason = format!("the body is longer than {longest} bytes");
        Problem::new(413, "PayloadTooLarge", reason)
    };
    if incoming.size_hint().lower() > longest as u64 {
        return Err(too_big());
    }
    if incoming.is_end_stream() {
        return Ok(Body::default());
    }
    let read = async {
        let mut body = Body::default();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|_| Problem::bad_request("the body ended too early"))?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            let len = body.bytes.len() + data.len();
            if len > longest {
                return Err(too_big());
            }
            if len > SMALL_BODY_BYTES && body._place.is_none() {
                body._place = room.0.clone().acquire_owned().await.ok();
            }
            body.bytes.extend_from_slice(data);
        }
        Ok(body)
    };
    let late = || Problem::new(408, "RequestTimeout", "the body took too long to arrive");
    tokio::time::timeout(timeout, read)
        .await
        .unwrap_or_else(|_| Err(late()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "[::2]",
            "localhost:",
            "localhost:80x",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn tags_are_compared_weakly_for_reading() {
        assert!(names_tag("\"1-a\", W/\"2-b\"", "\"2-b\""));
        assert!(names_tag("*", "\"2-b\""));
        assert!(!names_tag("\"1-a\"", "\"2-b\""));
        assert_eq!(version_of("\"12-0a\""), Some(12));
        assert_eq!(version_of("*"), None);
    }
}
