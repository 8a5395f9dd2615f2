//! Settings and secrets of a program: from the environment, from `weir.toml`, and what tests have instead.

use crate::output::{Failure, Outcome, Style};
use std::collections::BTreeMap;
use weir_contract::Manifest;
use weir_contract::host_call::{Given, HostCall, Lacking, Setting};
use weir_driver::Program;

/// `WEIR_CONFIG_FEE` for `fee`.
fn variable(kind: &str, name: &str) -> String {
    format!("WEIR_{kind}_{}", name.to_ascii_uppercase())
}

/// For a program that is to be served: the environment goes before `weir.toml`. What is missing or will not do is all told at once.
pub fn to_run(source: Option<&Program>, manifest: &Manifest) -> Outcome<Given> {
    let none = BTreeMap::new();
    let written = source.map_or(&none, |program| &program.config);
    note_unknown(written, manifest);
    let config = |name: &str| {
        let set = std::env::var(variable("CONFIG", name)).ok();
        set.or_else(|| written.get(name).cloned())
    };
    let mut unread = Vec::new();
    for name in secrets(manifest) {
        if let Err(why) = secret(name) {
            unread.push(why);
        }
    }
    let secret = |name: &str| secret(name).ok().flatten();
    let read = Given::read(&manifest.defs, &manifest.host_calls, config, secret);
    match read {
        Ok(given) if unread.is_empty() => Ok(given),
        read => {
            let lacking = read.err().unwrap_or_default();
            let mut all: Vec<String> = lacking
                .iter()
                .filter(|one| {
                    !unread
                        .iter()
                        .any(|why| why.contains(&variable("SECRET", &one.name)))
                })
                .map(|one| sentence(manifest, one))
                .collect();
            all.extend(unread);
            let next = match lacking.first() {
                Some(one) if one.is_secret => {
                    format!("set {} in the environment", variable("SECRET", &one.name))
                }
                Some(one) => format!(
                    "write it under [config] in weir.toml, or set {}",
                    variable("CONFIG", &one.name)
                ),
                None => "make the file readable".to_owned(),
            };
            Err(Failure::new(all.join("\n  ")).next(next))
        }
    }
}

/// For its tests, which know nothing of the environment.
pub fn to_test(program: &Program, manifest: &Manifest) -> Outcome<Given> {
    weir_driver::settings_of_tests(program, manifest).map_err(|lacking| {
        let all: Vec<String> = lacking.iter().map(|one| sentence(manifest, one)).collect();
        Failure::new(all.join("\n  ")).next("mend [config] or [test.config] in weir.toml")
    })
}

/// `None` where it is nowhere; an error where its file cannot be read.
fn secret(name: &str) -> Result<Option<String>, String> {
    let variable = variable("SECRET", name);
    if let Ok(secret) = std::env::var(&variable) {
        return Ok(Some(secret));
    }
    let Ok(path) = std::env::var(format!("{variable}_FILE")) else {
        return Ok(None);
    };
    match std::fs::read_to_string(&path) {
        // Editors and shells end files with a line break.
        Ok(text) => Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned())),
        Err(error) => Err(format!(
            "{variable}_FILE names {path}, which cannot be read: {error}"
        )),
    }
}

fn secrets(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.host_calls.iter().filter_map(|call| match call {
        HostCall::Secret(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Never says what a secret is.
fn sentence(manifest: &Manifest, lacking: &Lacking) -> String {
    let name = &lacking.name;
    if lacking.is_secret {
        let variable = variable("SECRET", name);
        return format!(
            "the secret `{name}` is not set: {variable}, or {variable}_FILE with the path of its file"
        );
    }
    let ty = manifest.host_calls.iter().find_map(|call| match call {
        HostCall::Config(Setting { name: n, ty, .. }) if n == name => {
            Some(manifest.defs.name_of(ty))
        }
        _ => None,
    });
    let ty = ty.unwrap_or_default();
    match &lacking.why {
        Some(why) => format!("the setting `{name}` is no {ty}: {why}"),
        None => format!("the setting `{name}` ({ty}) is not set"),
    }
}

/// What stands in `weir.toml` and nobody asks for is mostly a name written wrong.
fn note_unknown(written: &BTreeMap<String, String>, manifest: &Manifest) {
    let asked: Vec<&str> = manifest
        .host_calls
        .iter()
        .filter_map(|call| match call {
            HostCall::Config(setting) => Some(setting.name.as_str()),
            _ => None,
        })
        .collect();
    for name in written
        .keys()
        .filter(|name| !asked.contains(&name.as_str()))
    {
        let meant = match weir_contract::json::nearest(name, asked.iter().copied()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        eprintln!(
            "{}: the program does not ask for `{name}`, which weir.toml sets{meant}",
            Style::stderr().bold("note")
        );
    }
}
