//! Calls of the library's `http` module: requests to whatever address the program gives. Any answer is an answer, whatever its
//! status; only where none comes is there anything to try again.

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use weir_contract::call::{Reply, decode_args};
use weir_contract::manifest::Extern;
use weir_contract::{Defs, Value};

/// What the manifest calls the module.
pub const SOURCE: &str = "std:http";

/// The request that a call stands for, or why there is none: what the program gave is no address, or no header.
pub fn request(
    defs: &Defs,
    function: &Extern,
    args: &[u8],
    key: &str,
) -> Result<Request<Full<Bytes>>, String> {
    let args = decode_args(defs, &function.params, args).map_err(|e| e.to_string())?;
    let mut request = Request::new(Full::default());
    *request.method_mut() = match function.name.as_str() {
        "get" => Method::GET,
        "put" => Method::PUT,
        "delete" => Method::DELETE,
        "post" => Method::POST,
        "patch" => Method::PATCH,
        "post_with_key" => {
            let key = HeaderValue::from_str(key).map_err(|e| e.to_string())?;
            request.headers_mut().insert("idempotency-key", key);
            Method::POST
        }
        other => return Err(format!("this runtime's http module has no `{other}`")),
    };
    for (param, value) in function.params.iter().zip(args.into_iter().flatten()) {
        match (param.name.as_str(), value) {
            ("url", Value::Text(url)) => *request.uri_mut() = address(&url)?,
            ("body", Value::Bytes(body)) => *request.body_mut() = Full::new(body.into()),
            ("headers", Value::Map(headers)) => add_headers(request.headers_mut(), headers)?,
            (other, _) => return Err(format!("this runtime's http module takes no `{other}`")),
        }
    }
    Ok(request)
}

fn address(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|e| format!("`{url}`: {e}"))?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some() => Ok(uri),
        _ => Err(format!("`{url}` is no http:// or https:// address")),
    }
}

fn add_headers(to: &mut HeaderMap, headers: BTreeMap<Value, Value>) -> Result<(), String> {
    for header in headers {
        let (Value::Text(name), Value::Text(value)) = header else {
            return Err("headers are text".to_owned());
        };
        let wrong = || format!("`{name}: {value}` is no header");
        let named: HeaderName = name.parse().map_err(|_| wrong())?;
        to.insert(named, value.parse().map_err(|_| wrong())?);
    }
    Ok(())
}

/// The answer as an `HttpResponse`.
pub fn reply(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Reply {
    let mut all: BTreeMap<Value, Value> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let known = all.entry(Value::Text(name.as_str().to_owned()));
        let Value::Text(joined) = known.or_insert_with(|| Value::Text(String::new())) else {
            continue;
        };
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(&value);
    }
    Reply::Ok(Value::Record(vec![
        Value::Int(status.as_u16().into()),
        Value::Map(all),
        Value::Bytes(body.to_vec()),
    ]))
}

/// Nothing was sent, and why; `None` when the function cannot say so.
pub fn not_sent(defs: &Defs, function: &Extern, why: &str) -> Option<Reply> {
    let mut fails = function.fails.iter();
    let id = fails.find(|id| defs.get(**id).name == "NotSent")?;
    Some(Reply::Failed(*id, vec![Value::Text(why.to_owned())]))
}
