//! The arguments of a request: from its path, its query or its body, by the types of the parameters.

use serde_json::json;
use weir_contract::call::encode_args;
use weir_contract::json::{Document, Members, from_json, from_query, nearest, parse};
use weir_contract::manifest::{Function, Param};
use weir_contract::{Manifest, Type, Value};

use super::Shared;
use super::blobs::look_up;
use super::call::Asked;
use super::reply::Problem;
use super::route::query_pairs;

/// What a function is called with, encoded.
pub(super) fn args_of(
    shared: &Shared,
    program: &Manifest,
    number: u32,
    in_path: Vec<(String, Value)>,
    asked: &Asked,
) -> Result<Vec<u8>, Problem> {
    let function = &program.functions[number as usize];
    let body = &asked.body.bytes;
    match (&asked.blob, function.blob_param(&program.defs)) {
        (Some(blob), Some(param)) => {
            let mut given = in_path;
            given.push((param.name.clone(), Value::Blob(Box::new(blob.clone()))));
            args_from_query(shared, program, function, &given, &asked.query)
        }
        (Some(_), None) => Err(Problem::bad_request("the body is not JSON")),
        (None, _) if asked.is_read() => {
            args_from_query(shared, program, function, &in_path, &asked.query)
        }
        (None, _) if takes_entries(program, number) => {
            entries_from_body(shared, program, function, body)
        }
        (None, _) => args_from_body(shared, program, &function.params, &in_path, body),
    }
}

/// Whether the function puts entries into a `pub stream`.
pub(super) fn takes_entries(program: &Manifest, number: u32) -> bool {
    program.streams.iter().any(|s| s.append == Some(number))
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
