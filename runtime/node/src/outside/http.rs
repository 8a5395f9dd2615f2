//! Calls of `extern .. from "http:NAME"`: a POST of the arguments as a JSON object to `BASE/function`, with the call's key as
//! `Idempotency-Key`; the answer is the value as JSON, or a failure as our own nodes answer it.
//!
//! | answer | means |
//! | --- | --- |
//! | 2xx with the value | done |
//! | any other with `{"error": "Declined", ...}` that the function may fail with | failed so |
//! | 408, 425, 429, 5xx, no answer | to be tried again |
//! | anything else | to be tried again, and told to people: one side does not keep to the contract |

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use weir_contract::blobs::{Blobs, resolve};
use weir_contract::call::{Reply, decode_args};
use weir_contract::json::{Document, field_values, fields_to_document, from_json, parse};
use weir_contract::manifest::{Extern, Promise};
use weir_contract::{DefKind, Defs, Field, Type, Value, limits};

use super::attempt::{Attempt, again, time};
use super::environment_name;
use super::web;

/// The base URL of each name: `http://127.0.0.1:9000/pay`.
pub type Bases = BTreeMap<String, String>;

/// One connection pool for all calls.
#[derive(Clone)]
pub struct HttpCaller {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    bases: Bases,
    /// Whoever answers with a blob must name a content that is here.
    blobs: Blobs,
}

impl HttpCaller {
    pub fn new(bases: Bases, blobs: Blobs) -> HttpCaller {
        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        HttpCaller {
            client: Client::builder(TokioExecutor::new()).build(tls),
            bases,
            blobs,
        }
    }

    /// One attempt; gives up after its [`time`].
    pub async fn attempt(&self, defs: &Defs, function: &Extern, args: &[u8], key: &str) -> Attempt {
        let limit = time(function);
        match tokio::time::timeout(limit, self.ask(defs, function, args, key)).await {
            Ok(attempt) => attempt,
            Err(_) => again(format!("no answer within {} ms", limit.as_millis())),
        }
    }

    async fn ask(&self, defs: &Defs, function: &Extern, args: &[u8], key: &str) -> Attempt {
        let is_web = function.source == web::SOURCE;
        let not_sent = |why: String| match web::not_sent(defs, function, &why) {
            Some(reply) if is_web => Attempt::Done(reply.encode(defs, &function.returns)),
            _ => again(why),
        };
        let request = match is_web {
            true => web::request(defs, function, args, key),
            false => self.request(defs, function, args, key),
        };
        let request = match request {
            Ok(request) => request,
            Err(why) => return not_sent(why),
        };
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => {
                let why = format!("no connection: {}", chain(&error));
                // Where it may not be tried again, it helps to know that nothing was done.
                return match error.is_connect() && function.promise == Promise::Once {
                    true => not_sent(why),
                    false => again(why),
                };
            }
        };
        let (head, body) = response.into_parts();
        let (status, after) = (head.status, retry_after(&head.headers));
        let body = Limited::new(body, limits::REPLY_MAX);
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return again(format!("the answer broke off: {error}")),
        };
        if is_web {
            let reply = web::reply(status, &head.headers, &body);
            return Attempt::Done(reply.encode(defs, &function.returns));
        }
        match understand(&self.blobs, defs, function, status, &body) {
            Ok(reply) => Attempt::Done(reply.encode(defs, &function.returns)),
            Err(why) => Attempt::Again { why, after },
        }
    }

    fn request(
        &self,
        defs: &Defs,
        function: &Extern,
        args: &[u8],
        key: &str,
    ) -> Result<Request<Full<Bytes>>, String> {
        let name = function.source.strip_prefix("http:").unwrap_or_default();
        let base = self.bases.get(name).ok_or_else(|| {
            format!(
                "no address is configured for `{name}`: set `[extern.{name}] url = \"http://..\"` in weir.toml, or {}",
                environment_name(name)
            )
        })?;
        let uri = format!("{}/{}", base.trim_end_matches('/'), function.name);
        let values = decode_args(defs, &function.params, args).map_err(|e| e.to_string())?;
        let fields: Vec<Field> = function
            .params
            .iter()
            .map(|p| Field {
                name: p.name.clone(),
                ty: p.ty.clone(),
            })
            .collect();
        let values: Vec<Value> = values.into_iter().flatten().collect();
        let json = fields_to_document(defs, &fields, &values).to_string();
        Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(HeaderName::from_static("idempotency-key"), key)
            .body(Full::new(Bytes::from(json)))
            .map_err(|e| e.to_string())
    }
}

/// How long the server wants to be left alone.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What an answer means, or why it means nothing.
fn understand(
    blobs: &Blobs,
    defs: &Defs,
    function: &Extern,
    status: StatusCode,
    body: &[u8],
) -> Result<Reply, String> {
    let json = match body {
        [] => Ok(Document::Null),
        body => parse(body),
    };
    if status.is_success() {
        let json = json.map_err(|e| format!("{status}, but not JSON: {e}"))?;
        let unfit =
            |e: &dyn std::fmt::Display| format!("{status}, but the answer does not fit: {e}");
        let mut value = from_json(defs, &function.returns, &json, "").map_err(|e| unfit(&e))?;
        resolve(defs, &function.returns, &mut value, &*blobs.0).map_err(|e| unfit(&e))?;
        return Ok(Reply::Ok(value));
    }
    let failure = json
        .ok()
        .and_then(|json| failure(blobs, defs, function, &json));
    failure.ok_or_else(|| {
        let said: String = String::from_utf8_lossy(body).chars().take(200).collect();
        format!("{status} {said}").trim_end().to_owned()
    })
}

/// `{"error": "Declined", "why": "no money"}` as one of the errors that the program declares.
fn failure(blobs: &Blobs, defs: &Defs, function: &Extern, json: &Document) -> Option<Reply> {
    let object = json.as_object()?;
    let name = json.get("error")?.as_str()?;
    let id = function
        .fails
        .iter()
        .find(|id| defs.get(**id).name == name)?;
    let DefKind::Error { fields, .. } = &defs.get(*id).kind else {
        return None;
    };
    let values = field_values(defs, fields, object, "", &["error"]).ok()?;
    let mut value = Value::Record(values);
    resolve(defs, &Type::Named(*id), &mut value, &*blobs.0).ok()?;
    match value {
        Value::Record(values) => Some(Reply::Failed(*id, values)),
        _ => None,
    }
}

/// An error with what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
