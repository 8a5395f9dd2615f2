//! Answers: JSON with a status, and one shape for everything that went wrong.

use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Value as Json, json};
use weir_contract::json::JsonError;

pub(super) type Reply = Response<BoxBody<Bytes, std::io::Error>>;

pub(super) fn body(bytes: impl Into<Bytes>) -> BoxBody<Bytes, std::io::Error> {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed()
}

/// JSON with a status.
pub(super) fn json_reply(status: u16, json: &Json) -> Reply {
    text_reply(status, json.to_string())
}

pub(super) fn text_reply(status: u16, json: String) -> Reply {
    let mut reply = Response::new(body(json));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    reply
}

pub(super) fn with_header(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// What went wrong before or instead of a step: `{"error": "NotFound", "reason": ...}`.
#[derive(Debug)]
pub(super) struct Problem {
    pub status: u16,
    pub error: &'static str,
    pub reason: String,
    /// Further members.
    pub more: Vec<(&'static str, Json)>,
    pub retry_after: Option<Duration>,
    /// Value of `Allow`, for 405.
    pub allow: Option<String>,
}

impl Problem {
    pub fn new(status: u16, error: &'static str, reason: impl Into<String>) -> Problem {
        Problem {
            status,
            error,
            reason: reason.into(),
            more: Vec::new(),
            retry_after: None,
            allow: None,
        }
    }

    pub fn bad_request(reason: impl Into<String>) -> Problem {
        Problem::new(400, "BadRequest", reason)
    }

    pub fn unavailable(reason: impl Into<String>) -> Problem {
        Problem {
            retry_after: Some(Duration::from_secs(1)),
            ..Problem::new(503, "Unavailable", reason)
        }
    }

    pub fn with(mut self, name: &'static str, json: Json) -> Problem {
        self.more.push((name, json));
        self
    }

    pub fn into_reply(self) -> Reply {
        let mut object = json!({ "error": self.error, "reason": self.reason });
        for (name, value) in self.more {
            object[name] = value;
        }
        let mut reply = json_reply(self.status, &object);
        if let Some(after) = self.retry_after {
            reply = with_header(reply, RETRY_AFTER, &after.as_secs().to_string());
        }
        if let Some(allow) = self.allow {
            reply = with_header(reply, hyper::header::ALLOW, &allow);
        }
        reply
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Problem {
        let mut problem = Problem::bad_request(error.to_string());
        if !error.path.is_empty() {
            problem = problem.with("path", json!(error.path));
        }
        match error.nearest {
            Some(name) => problem.with("did_you_mean", json!(name)),
            None => problem,
        }
    }
}
