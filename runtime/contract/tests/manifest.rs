//! The manifest file: what is written fits its JSON schema, reads back, and contradictions are refused.

use serde_json::{Value as Json, json};
use weir_contract::Manifest;

/// A receipt that uses every member and every form of a formula.
fn receipt() -> Json {
    json!({
        "at": 1, "class": "serial", "reason": "it reads `first` to decide", "site": 1,
        "cost": {
            "records": [{ "times": 1 }],
            "keys": [{ "times": 2, "of": [{ "length": { "of": { "argument": "lines" } } }] }],
            "outside": [{ "times": 1, "of": ["unbounded"] }],
            "reads": [{ "times": 1, "of": [{ "max": [
                [{ "times": 2 }],
                [{ "times": 1, "of": [{ "length": { "value": { "argument": "n" } } }] }] ] }] }],
            "writes": [{ "times": 1, "of": [
                { "length": { "stored": { "entity": "Order", "key": [{ "key": "id" }], "path": ["by"] } } },
                { "length": { "instances": "Order" } }] }],
            "waits": [{ "times": 1, "of": [{ "share": [[{ "times": 1, "of": [{ "length": { "rounds": 1 } }] }], 65] }] }],
            "messages": [],
        },
        "undo": { "records": [{ "times": 1 }], "keys": [], "outside": [], "reads": [], "writes": [], "waits": [],
            "messages": [] },
        "frame_bytes": { "least": 1, "most": 11 },
        "commuting": [{ "entity": "Order", "path": ["by"], "how": "add", "site": 1 }],
    })
}

/// A manifest that uses every member and every form of the schema.
fn full() -> Json {
    json!({
        "version": 7,
        "program": "shop",
        "program_version": "1.4.0",
        "limits": { "step_ms": 50, "memory_bytes": 8_388_608, "frame_bytes": 4096, "reply_bytes": 4096, "body_bytes": 4096,
            "events": 10, "queue": 100, "backlog": 1000, "blob_bytes": 8_388_608, "scratch_memory_bytes": 4_194_304, "scratch_disk_bytes": 0 },
        "retention": { "answers_s": 3600, "runs_s": 3600, "streams_s": 86_400 },
        "module_sha256": "ab",
        "defs": [
            { "name": "Line", "kind": { "record": { "fields": [{ "name": "sku", "ty": { "named": 1 } }] } } },
            { "name": "Sku", "kind": { "new": { "base": "text" } } },
            { "name": "Status", "kind": { "enum": { "variants": [
                { "name": "Open", "fields": [] },
                { "name": "Paid", "fields": [{ "name": "lines", "ty": { "list": { "named": 0 } } }] } ] } } },
            { "name": "Sold", "kind": { "error": { "fields": [], "status": 409 } } },
            { "name": "Order", "kind": { "entity": { "keys": [{ "name": "id", "ty": "int" }] } } },
            { "name": "Checkout.event", "kind": { "enum": { "variants": [
                { "name": "approved", "fields": [{ "name": "by", "ty": "text" }] },
                { "name": "after", "fields": [] } ] } } },
        ],
        "entities": [{
            "name": "Order",
            "keys": [{ "name": "id", "ty": "int" }],
            "fields": [
                { "name": "first", "ty": { "named": 0 }, "public": true },
                { "name": "by", "ty": { "map": ["text", { "option": "decimal" }] }, "public": false },
                { "name": "who", "ty": { "set": "text" }, "public": false },
                { "name": "at", "ty": { "tuple": [{ "name": "from", "ty": "time" }, { "ty": { "list": "bool" } }] },
                  "public": false },
                { "name": "likes", "ty": { "map": ["text", "int"] }, "public": true,
                  "merge": { "merge_map": ["text", "counter"] } },
                { "name": "last", "ty": { "option": "text" }, "public": true, "merge": { "latest": "text" } },
            ],
            "slots": [
                { "path": ["first", "sku"], "kind": { "scalar": { "named": 1 } } },
                { "path": ["by"], "kind": { "map": ["text", { "option": "decimal" }] } },
                { "path": ["who"], "kind": { "set": "text" } },
                { "path": ["at", "from"], "kind": { "scalar": "time" } },
                { "path": ["at", "1"], "kind": { "list": "bool" } },
                { "path": ["likes"], "kind": { "scalar": { "map": ["text", "int"] } },
                  "merge": { "merge_map": ["text", "counter"] } },
                { "path": ["last"], "kind": { "scalar": { "option": "text" } }, "merge": { "latest": "text" } },
            ],
            "allow": 4,
            "walked": true,
            "doc": "an order",
        }, {
            "name": "Checkout",
            "keys": [{ "name": "id", "ty": "text" }],
            "fields": [],
            "slots": [],
            "workflow": { "run": 2, "event_enum": 5, "begins": true, "events": [{
                "name": "approved", "params": [{ "name": "by", "ty": "text", "has_default": false }], "public": true,
                "access": "allow", "guard": 9, "doc": "it goes on" }] },
        }],
        "functions": [
            {
                "name": "buy", "kind": "handler", "entity": 0, "entry": 1, "public": true,
                "params": [{ "name": "sku", "ty": { "named": 1 }, "has_default": true }],
                "returns": { "result": ["unit", [3]] }, "fails": [3], "effect": "write",
                "access": { "roles": ["clerk"] },
                "plan": { "complete": true, "touches": [{
                    "mode": "write", "entity": "Order", "key": [{ "key": "id" }], "path": ["by"],
                    "entry": { "member": [{ "argument": "sku" }, "x"] } }] },
                "doc": "buys",
            },
            {
                "name": "all", "kind": "function", "entry": 2, "public": false, "params": [],
                "returns": "float", "fails": [], "effect": "read", "access": "signed_in",
                "plan": { "complete": false, "touches": [{
                    "mode": "read", "entity": "Order", "key": [{ "element": "unknown" }], "path": [],
                    "entry": { "constant": "1" } }], "asks_time": true },
            },
            {
                "name": "run", "kind": "run", "entity": 1, "entry": 5, "public": true, "params": [],
                "returns": "unit", "fails": [3], "effect": "wait", "access": "anyone",
                "plan": { "complete": false, "touches": [] },
            },
            {
                "name": "lines.append", "kind": "function", "entry": 10, "public": true,
                "params": [{ "name": "entries", "ty": { "list": { "named": 0 } }, "has_default": false }],
                "returns": { "list": "int" }, "fails": [], "effect": "write", "access": "anyone",
                "plan": { "complete": true, "touches": [] }, "emits": [0],
                "receipt": receipt(),
            },
            {
                "name": "lines.on", "kind": "function", "entry": 11, "public": false,
                "params": [{ "name": "line", "ty": { "named": 0 }, "has_default": false }],
                "returns": "unit", "fails": [], "effect": "write", "access": "signed_in",
                "plan": { "complete": true, "touches": [] },
            },
        ],
        "frames": [
            {
                "label": "Checkout.run/wait#1", "entry": 6, "role": "resume", "entity": 1, "result": { "named": 5 },
                "cells": [{ "name": "lines", "ty": { "list": { "named": 0 } } }], "returns": "unit", "fails": [3],
                "waits_for": "wait for approved", "site": 0, "emits": [0],
            },
            {
                "label": "Checkout.run/undo#1", "entry": 7, "role": "undo", "cells": [], "returns": "unit",
                "fails": [], "waits_for": "", "site": 0,
            },
        ],
        "externs": [{
            "module": "payments", "name": "charge", "source": "http:payments",
            "params": [{ "name": "card", "ty": "text", "has_default": false }], "returns": "text", "fails": [3],
            "promise": "idempotent", "retry": { "attempts": 3, "pause_us": 1000 }, "timeout_us": 5000000,
        }, {
            "module": "image", "name": "width", "source": "wit:acme/image@0.3",
            "params": [{ "name": "png", "ty": "bytes", "has_default": false }], "returns": "int", "fails": [],
            "promise": "pure",
        }],
        "components": [{ "module": "image", "sha256": "ef" }],
        "host_calls": [{ "encode": { "named": 0 } }, { "pretty": "int" }, { "decode": { "named": 2 } }, { "log": ["info", "unit"] },
            { "config": { "name": "fee", "ty": "decimal", "has_default": true } }, { "secret": "key" }, "reveal",
            "keep_blob", "read_blob", "blob_lines",
            { "scratch_parts": { "tuple": [{ "name": "scratch", "ty": "text" }] } },
            { "scratch_part": ["int", { "list": "int" }] }, { "scratch_whole": ["int", "int"] }],
        "scratches": [{
            "name": "Order.buy.rows", "made_from": { "tuple": [{ "name": "scratch", "ty": "text" }, { "name": "n", "ty": "int" }] },
            "gives": { "list": "int" },
            "code": { "tasks": { "source": 9, "item": "int", "each": 10, "row": { "tuple": [{ "ty": "int" }, { "ty": "int" }] }, "finish": 11, "key": "int" } },
        }, {
            "name": "Order.buy.sum", "made_from": { "tuple": [{ "name": "scratch", "ty": "text" }] }, "gives": "int", "code": { "whole": 12 },
        }],
        "failures": { "cancelled": 3, "timed_out": 3, "unavailable": 3, "unknown": 3 },
        "roles": ["clerk"],
        "tests": [{
            "name": "buys", "entry": 8, "site": 0,
            "params": [{ "name": "n", "ty": "int", "has_default": false }],
        }],
        "sites": [{ "source": 0, "line": 1, "column": 2, "text": "x", "function": "Order.buy" }],
        "sources": [{ "path": "shop.weir", "sha256": "cd" }],
        "streams": [
            { "name": "lines", "ty": { "named": 0 }, "key": { "named": 1 }, "timed": true, "late_us": 30_000_000,
              "keep": { "for": 3_600_000_000_u64 }, "append": 3, "consumers": [4], "doc": "what was bought" },
            { "name": "audit", "ty": "text", "keep": { "ever": "the law" } },
        ],
    })
}

fn read(json: &Json) -> Result<Manifest, String> {
    Manifest::from_json(json.to_string().as_bytes()).map_err(|e| e.to_string())
}

#[test]
fn what_is_written_reads_back_and_fits_the_schema() {
    let manifest = read(&full()).unwrap();
    let text = manifest.to_json();
    assert_eq!(Manifest::from_json(text.as_bytes()).unwrap(), manifest);
    let written: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(written, full(), "every member of the example is kept");
    let schema = schema();
    fits(&schema, &schema, &written, "manifest").unwrap();
}

#[test]
fn the_schema_refuses_what_reading_refuses() {
    let schema = schema();
    for (pointer, value) in [
        ("/version", json!(8)),
        ("/limits/time", json!(5)),
        ("/retention/answers_s", json!("1d")),
        ("/functions/0/kind", json!("verb")),
        ("/functions/0/extra", json!(1)),
        ("/functions/0/effect", json!("later")),
        ("/frames/0/role", json!("jump")),
        ("/externs/0/promise", json!("twice")),
        ("/entities/1/workflow/extra", json!(1)),
        ("/entities/0/keys/0/ty", json!("number")),
        ("/entities/0/slots/0/kind", json!({ "tree": "int" })),
        ("/entities/0/fields/4/merge", json!("sum")),
        ("/entities/0/slots/5/merge", json!({ "latest": "number" })),
        ("/sites/0/line", json!("1")),
        ("/program", Json::Null),
        ("/streams/0/extra", json!(1)),
        ("/streams/0/keep", json!({ "until": 5 })),
        ("/limits/backlog", json!("many")),
    ] {
        let mut broken = full();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        broken.pointer_mut(parent).unwrap()[name] = value;
        assert!(
            fits(&schema, &schema, &broken, "manifest").is_err(),
            "{pointer}"
        );
        assert!(read(&broken).is_err(), "{pointer}");
    }
}

#[test]
fn contradictions_are_refused_with_the_place() {
    for (pointer, value, expected) in [
        (
            "/defs/0/kind",
            json!({ "new": { "base": { "named": 0 } } }),
            "type Line contains itself",
        ),
        (
            "/defs/1/kind/new/base",
            json!({ "named": 9 }),
            "type Sku names type 9 that is not there",
        ),
        (
            "/functions/0/entity",
            json!(7),
            "function buy does not say which entity it is of",
        ),
        (
            "/functions/0/fails",
            json!([0]),
            "function buy fails with type 0 that is no error",
        ),
        (
            "/entities/0/slots",
            json!([]),
            "the slots of entity Order are not those of its fields",
        ),
        (
            "/entities/0/fields/4/merge",
            json!("counter"),
            "entity Order.likes merges as something that is not of its type",
        ),
        (
            "/entities/0/slots/5/merge",
            json!({ "grow_set": "text" }),
            "the slots of entity Order are not those of its fields",
        ),
        ("/entities/0/keys", json!([]), "entity Order has no key"),
        (
            "/entities/1/keys",
            json!([{ "name": "id", "ty": "int" }]),
            "entity Checkout cannot begin by itself",
        ),
        (
            "/tests/0/site",
            json!(1),
            "test \"buys\" names a site that is not there",
        ),
        (
            "/sites/0/source",
            json!(1),
            "a site names a source that is not there",
        ),
        (
            "/version",
            json!(8),
            "is of version 8, this runtime reads versions 1 to 7",
        ),
        (
            "/limits/step_ms",
            json!(60_000),
            "step_ms is 60000, which is not from 5 to 5000",
        ),
        (
            "/retention/runs_s",
            json!(0),
            "runs_s is 0, which is not from 60 to 315360000",
        ),
        (
            "/entities/1/workflow/run",
            json!(0),
            "entity Checkout has no run",
        ),
        (
            "/entities/1/workflow/events",
            json!([]),
            "entity Checkout: its events are not those of its enum",
        ),
        (
            "/frames/1/entry",
            json!(6),
            "frame Checkout.run/undo#1 is out of order",
        ),
        (
            "/frames/1/label",
            json!("Checkout.run/wait#1"),
            "frame Checkout.run/wait#1 occurs twice",
        ),
        (
            "/frames/0/entity",
            json!(9),
            "frame Checkout.run/wait#1 names what is not there",
        ),
        (
            "/frames/0/cells/0/ty",
            json!({ "named": 77 }),
            "frame Checkout.run/wait#1 names type 77 that is not there",
        ),
        (
            "/externs/0/fails",
            json!([0]),
            "extern payments.charge fails with type 0 that is no error",
        ),
        (
            "/externs/1/source",
            json!("http:image"),
            "extern image.width is pure, but no component",
        ),
        (
            "/components/0/module",
            json!("payments"),
            "component payments is of no extern",
        ),
        (
            "/components",
            json!([{ "module": "image", "sha256": "ef" }, { "module": "image", "sha256": "01" }]),
            "component image occurs twice",
        ),
        (
            "/host_calls/0",
            json!({ "encode": { "named": 77 } }),
            "a host call names type 77 that is not there",
        ),
        (
            "/host_calls/3",
            json!({ "log": ["info", "int"] }),
            "a line of the log is none",
        ),
        (
            "/scratches/0/made_from",
            json!("text"),
            "the temporary data Order.buy.rows is made from what is none",
        ),
        (
            "/scratches/1/name",
            json!("Order.buy.rows"),
            "the temporary data Order.buy.rows occurs twice",
        ),
        (
            "/scratches/0/code/tasks/source",
            json!(null),
            "the temporary data Order.buy.rows has no items",
        ),
        (
            "/scratches/0/code/tasks/finish",
            json!(null),
            "the temporary data Order.buy.rows has a key and no use for it",
        ),
        (
            "/failures/unknown",
            json!(1),
            "the manifest fails with type 1 that is no error",
        ),
        (
            "/streams/1/name",
            json!("lines"),
            "stream lines occurs twice",
        ),
        (
            "/streams/1/ty",
            json!({ "named": 77 }),
            "stream audit names type 77 that is not there",
        ),
        (
            "/streams/0/timed",
            json!(false),
            "stream lines says what is late, but not by what time",
        ),
        (
            "/streams/0/keep",
            json!({ "for": 0 }),
            "stream lines keeps its entries for no time",
        ),
        (
            "/streams/0/append",
            json!(4),
            "stream lines cannot be appended to by that function",
        ),
        (
            "/streams/0/consumers",
            json!([3]),
            "stream lines has a consumer that does not take its entries",
        ),
        (
            "/streams/0/consumers",
            json!([4, 4]),
            "stream lines has a consumer twice",
        ),
        (
            "/functions/3/emits",
            json!([2]),
            "something emits into stream 2, which is not there",
        ),
        (
            "/limits/backlog",
            json!(0),
            "backlog is 0, which is not from 1 to 100000000",
        ),
    ] {
        let mut broken = full();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert_eq!(read(&broken).unwrap_err(), format!("manifest: {expected}"));
    }
}

#[test]
fn a_manifest_from_before_there_were_components_is_still_read() {
    let mut old = full();
    let members = old.as_object_mut().unwrap();
    members.remove("components");
    members["externs"].as_array_mut().unwrap().pop();
    let manifest = read(&old).unwrap();
    assert!(manifest.components.is_empty());
    let written: Json = serde_json::from_str(&manifest.to_json()).unwrap();
    assert_eq!(written, old, "nothing is written that was not there");
}

#[test]
fn the_name_of_a_component_leads_nowhere() {
    let mut broken = full();
    broken["externs"][1]["module"] = json!("../image");
    broken["components"][0]["module"] = json!("../image");
    let refused = read(&broken).unwrap_err();
    assert_eq!(
        refused,
        "manifest: component ../image has a name that is none"
    );
}

#[test]
fn versions_2_and_3_are_still_read() {
    for version in [2, 3] {
        let mut older = full();
        let members = older.as_object_mut().unwrap();
        for name in [
            "program_version",
            "limits",
            "retention",
            "host_calls",
            "scratches",
        ] {
            members.remove(name);
        }
        members["version"] = json!(version);
        let workflow = &mut members["entities"][1]["workflow"];
        workflow.as_object_mut().unwrap().remove("begins");
        let manifest = read(&older).expect("it is read");
        assert_eq!(manifest.version, version);
        assert_eq!(manifest.limits.step_ms(), 100);
        assert_eq!(manifest.retention.answers_us(), 86_400_000_000);
    }
}

#[test]
fn version_1_is_still_read() {
    let mut old = full();
    let members = old.as_object_mut().unwrap();
    for name in [
        "frames",
        "externs",
        "components",
        "host_calls",
        "scratches",
        "failures",
        "program_version",
        "limits",
        "retention",
        "streams",
    ] {
        members.remove(name);
    }
    members["version"] = json!(1);
    members["entities"].as_array_mut().unwrap().pop();
    // The functions of the workflow and of the stream.
    members["functions"].as_array_mut().unwrap().truncate(2);
    let manifest = read(&old).unwrap();
    assert!(manifest.frames.is_empty() && manifest.failures.is_none());
    let schema = schema();
    fits(&schema, &schema, &old, "manifest").unwrap();
    let mut waits = full();
    waits.as_object_mut().unwrap().remove("failures");
    let refused = read(&waits).unwrap_err();
    assert_eq!(refused, "manifest: the program waits, but has no failures");
}

fn schema() -> Json {
    serde_json::from_str(include_str!("../manifest.schema.json")).unwrap()
}

/// The part of JSON Schema that the file uses; a keyword it does not know fails, so that nothing is passed over.
fn fits(root: &Json, schema: &Json, json: &Json, at: &str) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().ok_or("a schema is an object")? {
        let ok = match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                fits(
                    root,
                    root.pointer(pointer).ok_or("a reference to nothing")?,
                    json,
                    at,
                )?;
                true
            }
            "type" => match rule.as_str().unwrap() {
                "object" => json.is_object(),
                "array" => json.is_array(),
                "string" => json.is_string(),
                "boolean" => json.is_boolean(),
                "integer" => json.is_i64() || json.is_u64(),
                other => return Err(format!("unknown type {other}")),
            },
            "const" => json == rule,
            "enum" => rule.as_array().unwrap().contains(json),
            "minimum" => json.as_i64() >= rule.as_i64(),
            "oneOf" => {
                let rules = rule.as_array().unwrap().iter();
                rules
                    .filter(|rule| fits(root, rule, json, at).is_ok())
                    .count()
                    == 1
            }
            "required" => {
                let names = rule.as_array().unwrap().iter();
                names
                    .map(|n| n.as_str().unwrap())
                    .all(|n| json.get(n).is_some())
            }
            "minProperties" => json
                .as_object()
                .is_some_and(|o| o.len() as u64 >= rule.as_u64().unwrap()),
            "maxProperties" => json
                .as_object()
                .is_some_and(|o| o.len() as u64 <= rule.as_u64().unwrap()),
            "additionalProperties" => {
                let known = &schema["properties"];
                json.as_object()
                    .is_some_and(|o| o.keys().all(|name| known.get(name).is_some()))
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(member) = json.get(name) {
                        fits(root, rule, member, &format!("{at}.{name}"))?;
                    }
                }
                true
            }
            "items" => {
                for (i, item) in json.as_array().into_iter().flatten().enumerate() {
                    fits(root, rule, item, &format!("{at}[{i}]"))?;
                }
                true
            }
            other => return Err(format!("unknown keyword {other}")),
        };
        if !ok {
            return Err(format!("{at}: {keyword}"));
        }
    }
    Ok(())
}

#[test]
fn what_reads_a_view_names_one_that_is_there() {
    let mut manifest = full();
    manifest["host_calls"] = json!([{ "view": { "view": 7, "row": "int" } }]);
    let told = read(&manifest).expect_err("there is no view 7");
    assert!(told.contains("a read of a view"), "{told}");
    let mut manifest = full();
    manifest["functions"][0]["views"] = json!([7]);
    let told = read(&manifest).expect_err("there is no view 7");
    assert!(told.contains("a view is read that is not there"), "{told}");
}
