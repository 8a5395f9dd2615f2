//! The manifest of the scripts.

use serde_json::{Value as Json, json};
use weir_contract::Manifest;

pub const THING: u32 = 0;
pub const ORDER: u32 = 1;
/// Functions.
pub const GO: u32 = 0;
pub const NOTE: u32 = 1;
pub const RUN: u32 = 2;
/// Streams: with a key, and without.
pub const KEYED: u32 = 0;
pub const LOOSE: u32 = 1;
/// Externs: one that can fail and be repeated, one that cannot be.
pub const CHARGE: u32 = 0;
pub const POST: u32 = 1;
pub const LOOK: u32 = 2;
/// Errors.
pub const REFUSED: u32 = 4;
/// Entries of frames.
pub const UNIT: u32 = 10;
pub const EVENT: u32 = 11;
pub const ANSWER: u32 = 12;
pub const RESULT: u32 = 13;
pub const JOINED: u32 = 14;
pub const OUTER: u32 = 15;
pub const UNDO: u32 = 20;
pub const BRANCH: u32 = 21;
pub const MOCK: u32 = 22;
/// Says yes to ann.
pub const ALLOW: u32 = 30;

pub fn manifest() -> Manifest {
    Manifest::from_json(json().to_string().as_bytes()).unwrap()
}

pub fn json() -> Json {
    let error =
        |name: &str| json!({ "name": name, "kind": { "error": { "fields": [], "status": 409 } } });
    let script = json!([{ "name": "script", "ty": "text", "has_default": false }]);
    let function = |name: &str, kind: &str, entity: Option<u32>, entry: u32, effect: &str| {
        let mut function = json!({
            "name": name, "kind": kind, "entry": entry, "public": true, "params": script, "returns": "unit",
            "fails": [REFUSED], "effect": effect, "access": "anyone",
            "plan": { "complete": false, "touches": [] },
        });
        if let Some(entity) = entity {
            function["entity"] = json!(entity);
        }
        function
    };
    // An entry is a script.
    let consumer = |name: &str| {
        let mut function = function(name, "function", None, 0, "wait");
        function["public"] = json!(false);
        function["fails"] = json!([]);
        function
    };
    let frame = |label: &str, entry: u32, role: &str, result: Json| {
        let mut frame = json!({
            "label": label, "entry": entry, "role": role, "cells": [{ "name": "script", "ty": "text" }],
            "returns": "unit", "fails": if role == "undo" { json!([]) } else { json!([REFUSED]) },
            "waits_for": label, "site": 0,
        });
        if !result.is_null() {
            frame["result"] = result;
        }
        frame
    };
    let event = |name: &str, params: Json| json!({ "name": name, "params": params, "public": true, "access": "anyone" });
    let external = |name: &str, promise: &str| {
        json!({
            "module": "payments", "name": name, "source": "http:payments",
            "params": [{ "name": "n", "ty": "int", "has_default": false }],
            "returns": "int", "fails": [2, 3], "promise": promise,
        })
    };
    let by = json!([{ "name": "by", "ty": "text" }]);
    json!({
        "version": 2, "program": "scripts", "module_sha256": "00",
        "defs": [
            error("Cancelled"), error("TimedOut"), error("Unavailable"), error("Unknown"), error("Refused"),
            { "name": "Order.event", "kind": { "enum": { "variants": [
                { "name": "approved", "fields": by }, { "name": "rejected", "fields": [] },
                { "name": "after", "fields": [] } ] } } },
        ],
        "entities": [
            {
                "name": "Thing", "keys": [{ "name": "id", "ty": "text" }],
                "fields": [{ "name": "log", "ty": { "list": "text" }, "public": true }],
                "slots": [{ "path": ["log"], "kind": { "list": "text" } }],
            },
            {
                "name": "Order", "keys": [{ "name": "id", "ty": "text" }], "fields": [], "slots": [],
                "workflow": {
                    "run": RUN, "event_enum": 5,
                    "events": [
                        event("approved", json!([{ "name": "by", "ty": "text", "has_default": false }])),
                        event("rejected", json!([])),
                    ],
                },
            },
        ],
        "functions": [
            function("go", "function", None, 0, "wait"),
            function("note", "handler", Some(THING), 1, "write"),
            function("run", "run", Some(ORDER), 2, "wait"),
            consumer("keyed.on"),
            consumer("loose.on"),
        ],
        "streams": [
            { "name": "keyed", "ty": "text", "key": "text", "consumers": [3] },
            { "name": "loose", "ty": "text", "consumers": [4] },
        ],
        "frames": [
            frame("go#unit", UNIT, "resume", Json::Null),
            frame("go#event", EVENT, "resume", json!({ "named": 5 })),
            frame("go#answer", ANSWER, "resume", json!({ "result": ["int", [1, 2, 3]] })),
            frame("go#result", RESULT, "resume", json!({ "result": ["unit", [REFUSED, 0, 1]] })),
            frame("go#joined", JOINED, "resume", json!({ "result": [{ "list": "int" }, [REFUSED]] })),
            frame("go#outer", OUTER, "resume", json!({ "result": ["unit", [REFUSED]] })),
            frame("go#undo", UNDO, "undo", Json::Null),
            frame("go#branch", BRANCH, "branch", Json::Null),
            frame("go#mock", MOCK, "mock", Json::Null),
        ],
        "externs": [external("charge", "idempotent"), external("post", "once"), external("look", "read")],
        "failures": { "cancelled": 0, "timed_out": 1, "unavailable": 2, "unknown": 3 },
        "tests": [], "sites": [], "sources": [],
    })
}
