//! Makes outside calls on the node's own tasks: attempts, pauses between them, and who is told when nothing helps.
//!
//! A call without limits is tried for ever, with pauses of 1 s that double up to a minute. With `@retry` or `@timeout` it
//! fails `Unavailable` after the last attempt. One that may be made once is attempted once: what became of it when no answer came
//! nobody knows, so it fails `Unknown`.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use weir_component::Components;
use weir_contract::Manifest;
use weir_contract::blobs::Blobs;
use weir_contract::manifest::Promise;
use weir_machine::{OutsideCall, failed_output};

use super::attempt::{Attempt, again};
use super::component::{ComponentCaller, not_configured};
use super::http::{Bases, HttpCaller};
use super::{Outside, OutsideAnswer};

const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The outside world: services over HTTP, and the components of a program.
#[derive(Clone)]
pub struct Callers {
    runtime: Handle,
    http: HttpCaller,
    components: Option<ComponentCaller>,
    /// An answer that is longer has no room in the log: it counts as none.
    answer_bytes_max: usize,
}

impl Callers {
    /// Calls run on `runtime`; `bases` says where each name is. Answers are at most so many bytes, encoded.
    pub fn new(runtime: Handle, bases: Bases, blobs: Blobs, answer_bytes_max: usize) -> Callers {
        Callers {
            http: HttpCaller::new(bases, blobs),
            components: None,
            runtime,
            answer_bytes_max,
        }
    }

    /// The same with the components of a program.
    pub fn with_components(&self, components: Arc<Components>) -> Callers {
        Callers {
            components: Some(ComponentCaller::new(components)),
            ..self.clone()
        }
    }

    async fn attempt(&self, manifest: &Arc<Manifest>, call: &OutsideCall) -> Attempt {
        match self.ask(manifest, call).await {
            Attempt::Done(output) if output.len() > self.answer_bytes_max => again(format!(
                "its answer has {} bytes, and the log takes {} of it",
                output.len(),
                self.answer_bytes_max
            )),
            attempt => attempt,
        }
    }

    async fn ask(&self, manifest: &Arc<Manifest>, call: &OutsideCall) -> Attempt {
        let function = &manifest.externs[call.function as usize];
        match &self.components {
            Some(components) if function.is_component() => components.attempt(manifest, call).await,
            None if function.is_component() => again(not_configured(&function.module)),
            _ => {
                let (defs, key) = (&manifest.defs, call.key());
                self.http.attempt(defs, function, &call.args, &key).await
            }
        }
    }
}

impl Outside for Callers {
    fn call(&self, manifest: &Arc<Manifest>, call: &OutsideCall, answer: OutsideAnswer) {
        let (callers, manifest, call) = (self.clone(), manifest.clone(), call.clone());
        self.runtime.spawn(async move {
            let output = until_answered(&callers, &manifest, &call).await;
            answer(output);
        });
    }
}

async fn until_answered(
    callers: &Callers,
    manifest: &Arc<Manifest>,
    call: &OutsideCall,
) -> Vec<u8> {
    let function = &manifest.externs[call.function as usize];
    let limited = function.retry.is_some() || function.timeout_us.is_some();
    let attempts = match (&function.retry, function.promise) {
        (_, Promise::Once) => Some(1),
        (Some(retry), _) => Some(retry.attempts.saturating_add(1)),
        (None, _) if limited => Some(1),
        (None, _) => None,
    };
    let mut pause = function.retry.as_ref().map_or(PAUSE_FIRST, |retry| {
        Duration::from_micros(retry.pause_us.max(0) as u64)
    });
    let failures = manifest
        .failures
        .as_ref()
        .expect("a program that calls has them");
    // Within the limits that make it a failure here, a service that says so of itself is asked again.
    let again =
        (limited && function.promise != Promise::Once).then(|| failed_output(failures.unavailable));
    let mut made = 0;
    loop {
        let (why, after) = match callers.attempt(manifest, call).await {
            Attempt::Done(output) if Some(&output) == again.as_ref() => {
                ("it says that it is unavailable".to_owned(), None)
            }
            Attempt::Done(output) => return output,
            Attempt::Again { why, after } => (why, after),
        };
        eprintln!("weir: {}.{}: {why}", function.module, function.name);
        made += 1;
        if attempts.is_some_and(|most| made >= most) {
            return failed_output(match function.promise {
                Promise::Once => failures.unknown,
                _ => failures.unavailable,
            });
        }
        tokio::time::sleep(after.unwrap_or(pause).max(pause).min(PAUSE_MAX)).await;
        if function.retry.is_none() {
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}
