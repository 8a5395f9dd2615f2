//! Whether JSON fits the manifest's schema.

use serde_json::Value as Json;

pub fn schema() -> Json {
    serde_json::from_str(include_str!("../../manifest.schema.json")).unwrap()
}

/// The part of JSON Schema that the file uses; a keyword it does not know fails, so that nothing is passed over.
pub fn fits(root: &Json, schema: &Json, json: &Json, at: &str) -> Result<(), String> {
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
