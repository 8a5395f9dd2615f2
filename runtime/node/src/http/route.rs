//! From method and path to what is asked for.
//!
//! | path | what |
//! | --- | --- |
//! | `/transfer` | a top-level `pub fn` |
//! | `/Account/ann/deposit` | a `pub fn` of an entity; one segment for each key field |
//! | `/Account/ann/balance` | a `pub state` |
//! | `/Account/ann` | all of them |
//!
//! A function that names its route itself (`@get("/rates/{currency}")`) is there and nowhere else.

use hyper::Method;
use serde_json::json;
use weir_contract::json::{from_text, nearest};
use weir_contract::keys::encode_keys;
use weir_contract::manifest::{Effect, Entity, Function, FunctionKind, Route, RoutePart};
use weir_contract::{Manifest, Value, limits};

use super::reply::Problem;

/// A function and the key it is asked of.
#[derive(Debug)]
pub(super) struct Target {
    /// Position in the manifest's functions.
    pub function: u32,
    /// In the key encoding.
    pub keys: Vec<u8>,
    /// Parameters that stand in the path, by name.
    pub in_path: Vec<(String, Value)>,
}

/// The segments of a path, percent-decoded.
pub(super) fn segments(path: &str) -> Result<Vec<String>, Problem> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let decoded = path.split('/').map(|s| percent_decode(s, false));
    let decoded: Option<Vec<String>> = decoded.collect();
    decoded.ok_or_else(|| Problem::bad_request("the path is not percent-encoded UTF-8"))
}

/// The pairs of a query.
pub(super) fn query_pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((percent_decode(name, true)?, percent_decode(value, true)?))
        });
    let pairs: Option<Vec<_>> = pairs.collect();
    pairs.ok_or_else(|| Problem::bad_request("the query is not percent-encoded UTF-8"))
}

pub(super) fn find(
    manifest: &Manifest,
    method: &Method,
    segments: &[String],
) -> Result<Target, Problem> {
    match own_route(manifest, method, segments)? {
        Some(target) => Ok(target),
        None => by_name(manifest, method, segments)
            .map_err(|problem| beside_routes(manifest, segments).unwrap_or(problem)),
    }
}

/// What is said of a path that begins as a route of a function's own does, and goes on otherwise.
fn beside_routes(manifest: &Manifest, segments: &[String]) -> Option<Problem> {
    let first = segments.first()?;
    if manifest.entity(first).is_some() {
        return None;
    }
    let functions = manifest.functions.iter().filter(|f| f.public);
    let routes = functions.filter_map(|f| f.route.as_ref()).filter(|route| {
        matches!(route.parts().next(), Some(RoutePart::Text(text)) if text == first)
            && route.parts().count() > 1
    });
    let paths: Vec<&str> = routes.map(|route| route.path.as_str()).take(3).collect();
    let reason = format!("the path is {}", paths.join(" or "));
    (!paths.is_empty()).then(|| Problem::new(404, "NotFound", reason))
}

/// A function that names its route itself. Where two paths fit, text goes before parameters.
fn own_route(
    manifest: &Manifest,
    method: &Method,
    segments: &[String],
) -> Result<Option<Target>, Problem> {
    let functions = manifest.functions.iter().enumerate();
    let with_routes = functions.filter_map(|(at, f)| Some((at, f, f.route.as_ref()?)));
    let mut fitting: Vec<_> = with_routes
        .filter(|(_, f, route)| f.public && fits(route, segments))
        .collect();
    let Some((.., best)) = fitting.first() else {
        return Ok(None);
    };
    let mut best = *best;
    for (.., route) in &fitting {
        best = std::cmp::max_by_key(best, route, |route| texts(route));
    }
    fitting.retain(|(.., route)| texts(route) == texts(best));
    let is_it = |route: &Route| {
        let name = route.method.name();
        method.as_str() == name || *method == Method::HEAD && name == "GET"
    };
    let Some((at, function, route)) = fitting.iter().find(|(.., route)| is_it(route)) else {
        let allow: Vec<&str> = fitting.iter().map(|(.., r)| r.method.name()).collect();
        return Err(not_allowed(allow.join(", ")));
    };
    target(manifest, *at as u32, function, route, segments).map(Some)
}

fn fits(route: &Route, segments: &[String]) -> bool {
    route.parts().count() == segments.len()
        && route
            .parts()
            .zip(segments)
            .all(|(part, segment)| match part {
                RoutePart::Text(text) => text == segment,
                RoutePart::Param(_) => true,
            })
}

/// Where a route has text.
fn texts(route: &Route) -> Vec<bool> {
    let parts = route.parts();
    parts
        .map(|part| matches!(part, RoutePart::Text(_)))
        .collect()
}

/// Keys and parameters of a path.
fn target(
    manifest: &Manifest,
    number: u32,
    function: &Function,
    route: &Route,
    segments: &[String],
) -> Result<Target, Problem> {
    let entity = function.entity.map(|e| &manifest.entities[e as usize]);
    let keys = entity.map_or(&[][..], |entity| &entity.keys);
    let mut texts = vec![String::new(); keys.len()];
    let mut in_path = Vec::new();
    for (part, segment) in route.parts().zip(segments) {
        let RoutePart::Param(name) = part else {
            continue;
        };
        if let Some(at) = keys.iter().position(|key| key.name == name) {
            texts[at] = segment.clone();
        } else if let Some(param) = function.params.iter().find(|p| p.name == name) {
            let value = from_text(&manifest.defs, &param.ty, segment, name)?;
            in_path.push((name.to_owned(), value));
        }
    }
    Ok(Target {
        function: number,
        keys: match entity {
            Some(entity) => entity_key(manifest, entity, &texts)?,
            None => Vec::new(),
        },
        in_path,
    })
}

/// The function that a path names.
fn by_name(manifest: &Manifest, method: &Method, segments: &[String]) -> Result<Target, Problem> {
    let Some((first, rest)) = segments.split_first() else {
        return Err(Problem::new(
            404,
            "NotFound",
            "name a function or an entity",
        ));
    };
    let (name, keys, functions) = match manifest.entity(first) {
        None if rest.is_empty() && !first.contains('.') => {
            (first.as_str(), Vec::new(), public_functions(manifest, None))
        }
        // The functions of a module are below its name: `/shop/hello`.
        None if *first == manifest.program && rest.len() == 1 && !rest[0].contains('.') => (
            rest[0].as_str(),
            Vec::new(),
            public_functions(manifest, None),
        ),
        None => match public_functions(manifest, None)
            .into_iter()
            .find(|(_, f)| is_at(f, segments))
        {
            Some(found) => (found.1.name.as_str(), Vec::new(), vec![found]),
            None => return Err(unknown_entity(manifest, first)),
        },
        Some((id, entity)) => {
            let count = entity.keys.len();
            let name = match rest.len().checked_sub(count) {
                Some(0) => "",
                Some(1) => rest[count].as_str(),
                _ => return Err(wrong_key_count(entity, rest.len())),
            };
            let keys = entity_key(manifest, entity, &rest[..count])?;
            (name, keys, public_functions(manifest, Some(id)))
        }
    };
    let named: Vec<&(usize, &Function)> =
        functions.iter().filter(|(_, f)| f.name == name).collect();
    if named.is_empty() {
        return Err(unknown_function(manifest, first, name, &functions));
    }
    let reads = |f: &Function| f.effect <= Effect::Read;
    let fits = |f: &Function| match *method {
        Method::POST => is_called(f),
        Method::GET | Method::HEAD => reads(f),
        _ => false,
    };
    match named.iter().find(|(_, f)| fits(f)) {
        Some((function, _)) => Ok(Target {
            function: *function as u32,
            keys,
            in_path: Vec::new(),
        }),
        None => {
            let allow = match (
                named.iter().any(|(_, f)| is_called(f)),
                named.iter().any(|(_, f)| reads(f)),
            ) {
                (true, true) => "GET, HEAD, POST",
                (true, false) => "POST",
                _ => "GET, HEAD",
            };
            Err(not_allowed(allow.to_owned()))
        }
    }
}

/// Whether a function of another module is meant: `shop.orders.place` is at `/shop/orders/place`.
fn is_at(function: &Function, segments: &[String]) -> bool {
    segments
        .iter()
        .map(String::as_str)
        .eq(function.name.split('.'))
}

fn not_allowed(allow: String) -> Problem {
    let reason = format!("use {allow}");
    Problem {
        allow: Some(allow),
        ..Problem::new(405, "MethodNotAllowed", reason)
    }
}

/// Whether it is called, not read.
fn is_called(function: &Function) -> bool {
    matches!(
        function.kind,
        FunctionKind::Function | FunctionKind::Handler | FunctionKind::Run
    )
}

/// The key of an instance from segments of a path.
pub(super) fn entity_key(
    manifest: &Manifest,
    entity: &Entity,
    texts: &[String],
) -> Result<Vec<u8>, Problem> {
    let defs = &manifest.defs;
    let fields = entity.keys.iter().zip(texts);
    let values = fields.map(|(field, text)| from_text(defs, &field.ty, text, &field.name));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let key = encode_keys(defs, &entity.keys, &values);
    if key.len() > limits::KEY_MAX {
        let reason = format!("the key is longer than {} bytes", limits::KEY_MAX);
        return Err(Problem::bad_request(reason));
    }
    Ok(key)
}

fn public_functions(manifest: &Manifest, entity: Option<u32>) -> Vec<(usize, &Function)> {
    let functions = manifest.functions.iter().enumerate();
    functions
        .filter(|(_, f)| f.public && f.entity == entity && f.route.is_none())
        .collect()
}

fn unknown_entity(manifest: &Manifest, name: &str) -> Problem {
    let known = manifest.entities.iter().map(|e| e.name.as_str());
    let problem = Problem::new(
        404,
        "NotFound",
        format!("there is no entity {}", quoted(name)),
    );
    with_nearest(problem, name, known)
}

fn unknown_function(
    manifest: &Manifest,
    first: &str,
    name: &str,
    functions: &[(usize, &Function)],
) -> Problem {
    let known = functions
        .iter()
        .map(|(_, f)| f.name.as_str())
        .filter(|n| !n.is_empty());
    let of_entity = manifest.entity(first).is_some();
    let reason = match (of_entity, name) {
        (true, "") => format!("{first} has no public state"),
        (true, _) => format!("{first} has no public function or state {}", quoted(name)),
        (false, _) => format!("there is no public function or entity {}", quoted(name)),
    };
    let problem = Problem::new(404, "NotFound", reason);
    if of_entity {
        return with_nearest(problem, name, known);
    }
    with_nearest(
        problem,
        name,
        known.chain(manifest.entities.iter().map(|e| e.name.as_str())),
    )
}

fn wrong_key_count(entity: &Entity, found: usize) -> Problem {
    let keys: Vec<String> = entity
        .keys
        .iter()
        .map(|k| format!("{{{}}}", k.name))
        .collect();
    let name = &entity.name;
    let parts = if found == 1 { "part" } else { "parts" };
    let reason = format!(
        "the path is /{name}/{}/name; found {found} {parts} after /{name}",
        keys.join("/")
    );
    Problem::new(404, "NotFound", reason)
}

fn with_nearest<'a>(problem: Problem, name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    match nearest(name, known) {
        Some(near) => problem.with("did_you_mean", json!(near)),
        None => problem,
    }
}

fn quoted(name: &str) -> String {
    let short: String = name.chars().take(60).collect();
    format!("\"{short}\"")
}

/// As one segment of a path.
pub(super) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte as char);
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `None` when it is not percent-encoded UTF-8.
fn percent_decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (high, low) = (bytes.next()? as char, bytes.next()? as char);
                out.push((high.to_digit(16)? * 16 + low.to_digit(16)?) as u8);
            }
            b'+' if plus_is_space => out.push(b' '),
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_is_encoded_and_refuses_the_rest() {
        assert_eq!(percent_decode("a%20b+c", false).as_deref(), Some("a b+c"));
        assert_eq!(percent_decode("a%20b+c", true).as_deref(), Some("a b c"));
        assert_eq!(percent_decode("%C3%A4%2F", false).as_deref(), Some("ä/"));
        for bad in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(percent_decode(bad, false), None, "{bad}");
        }
    }
}
