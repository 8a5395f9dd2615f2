//! The settings and secrets that tests have.
//!
//! Nothing of the environment, so that tests come out the same everywhere: what `weir.toml` sets for the program, or else for its
//! tests. A secret that it does not give is `test:NAME`. A setting that is nowhere is a bug of the test that asks for it.

use std::collections::BTreeMap;

use weir_contract::Manifest;
use weir_contract::host_call::{Given, HostCall, Lacking};

use crate::Program;

/// What the tests of a program have; or what of its `weir.toml` will not do.
pub fn settings_of_tests(program: &Program, manifest: &Manifest) -> Result<Given, Vec<Lacking>> {
    // Those of tests go first.
    let all: BTreeMap<&str, &str> = program
        .config
        .iter()
        .chain(&program.test_config)
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let is_there = |call: &&HostCall| match call {
        HostCall::Config(setting) => all.contains_key(setting.name.as_str()),
        _ => true,
    };
    let calls = manifest.host_calls.iter().filter(is_there);
    let calls: Vec<HostCall> = calls.cloned().collect();
    let config = |name: &str| all.get(name).map(|text| (*text).to_owned());
    let secret = |name: &str| {
        let given = program.test_secrets.get(name).cloned();
        Some(given.unwrap_or_else(|| format!("test:{name}")))
    };
    Given::read(&manifest.defs, &calls, config, secret)
}
