//! The outside world: who answers the calls of `extern` functions.

pub mod attempt;
pub mod caller;
pub mod component;
pub mod http;
mod web;

use std::sync::Arc;

use weir_contract::Manifest;
use weir_machine::{OutsideCall, failed_output};

/// Takes the output of an extern function: `border::OUTPUT_OK` and its value, or `border::OUTPUT_FAILED`, the error's number
/// and its fields.
pub type OutsideAnswer = Box<dyn FnOnce(Vec<u8>) + Send>;

/// Calls extern functions. Retries and timeouts, as the manifest has them, are its business.
pub trait Outside: Send + Sync {
    /// Makes a call whose request is durable. Called by whoever holds the machine, so it must not block; `answer` may be called
    /// from anywhere. A call whose answer never came is made again when the node starts anew, with the same
    /// [`OutsideCall::key`], unless the function promises to be called `once`.
    fn call(&self, manifest: &Arc<Manifest>, call: &OutsideCall, answer: OutsideAnswer);
}

/// `WEIR_EXTERN_PAYMENTS` for `payments`: where a base URL, or the file of a component, may stand instead of in `weir.toml`.
pub fn environment_name(name: &str) -> String {
    let upper = name.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    });
    format!("WEIR_EXTERN_{}", upper.collect::<String>())
}

/// No outside world: each call fails with `Unavailable`. One that cannot fail so is not answered at all.
pub struct Nobody;

impl Outside for Nobody {
    fn call(&self, manifest: &Arc<Manifest>, call: &OutsideCall, answer: OutsideAnswer) {
        let function = &manifest.externs[call.function as usize];
        if let Some(failures) = &manifest.failures
            && function.fails.contains(&failures.unavailable)
        {
            answer(failed_output(failures.unavailable));
        }
    }
}
