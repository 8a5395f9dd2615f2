//! Calls of `extern .. from "wit:.."` that are not pure: each on a thread of its own, so that neither the machine nor the tasks of
//! HTTP wait for a component, in a fresh instance. A component has no imports, so it cannot know the call's key: what it gives
//! depends on the arguments alone, and to call it again does no harm.
//!
//! A component that traps, or takes too long, is a call that was not answered: the next attempt may meet a mended one.

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};
use weir_component::Components;
use weir_contract::{Manifest, limits};
use weir_machine::OutsideCall;

use super::attempt::{Attempt, again, time};
use super::environment_name;

/// Why nobody can be asked, and what to do about it.
pub fn not_configured(module: &str) -> String {
    format!(
        "no component is configured for `{module}`: set `[extern.{module}] component = \"{module}.wasm\"` in weir.toml, or {}",
        environment_name(module)
    )
}

/// Calls at a time. Enough that a long one holds up no short ones; each may take [`limits::COMPONENT_MEMORY_MAX`].
const CALLS_MAX: usize = 16;

/// The components of a program, and who may run now.
#[derive(Clone)]
pub struct ComponentCaller {
    components: Arc<Components>,
    turns: Arc<Semaphore>,
}

impl ComponentCaller {
    pub fn new(components: Arc<Components>) -> ComponentCaller {
        ComponentCaller {
            components,
            turns: Arc::new(Semaphore::new(CALLS_MAX)),
        }
    }

    /// One attempt; its time begins when it is its turn.
    pub async fn attempt(&self, manifest: &Arc<Manifest>, call: &OutsideCall) -> Attempt {
        let module = &manifest.externs[call.function as usize].module;
        if !self.components.has(module) {
            return again(not_configured(module));
        }
        let Ok(turn) = self.turns.clone().acquire_owned().await else {
            unreachable!("nobody closes the semaphore")
        };
        let (components, manifest) = (self.components.clone(), manifest.clone());
        let (function, args) = (call.function as usize, call.args.clone());
        let (sender, receiver) = oneshot::channel();
        // Not one of tokio's: those are waited for when the node stops.
        let thread = std::thread::Builder::new().name("weir-component".to_owned());
        let started = thread.spawn(move || {
            let function = &manifest.externs[function];
            let answer = components.ask(&manifest, function, &args, time(function));
            let answer = answer.map(|reply| reply.encode(&manifest.defs, &function.returns));
            drop(turn);
            // The call may have been given up meanwhile.
            let _ = sender.send(answer);
        });
        if let Err(error) = started {
            return again(format!("no thread for it: {error}"));
        }
        match receiver.await {
            Ok(Ok(output)) if output.len() > limits::REPLY_MAX => {
                again(format!("its answer has {} bytes", output.len()))
            }
            Ok(Ok(output)) => Attempt::Done(output),
            Ok(Err(why)) => again(why),
            Err(_) => again("the component's thread panicked".to_owned()),
        }
    }
}
