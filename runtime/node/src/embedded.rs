//! A machine without HTTP: calls by name, for tests that compare whole programs and for use inside another program.

use std::sync::Arc;
use std::sync::mpsc::channel;

use weir_contract::Manifest;
use weir_contract::call::Reply;
use weir_log::Log;
use weir_machine::{Answer, Bug};

use crate::config::Config;
use crate::core::{Core, Door, Refusal, StartError, WhichRun};
use crate::program::{NamedCall, Program};

/// A running machine on a log, usually `weir_log::MemoryLog`.
pub struct Embedded {
    core: Core,
}

/// What became of an embedded call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Reply(Reply),
    Bug(Bug),
    /// Refused before or instead of a step, for this reason.
    Refused(String),
}

impl Embedded {
    pub fn start(
        config: &Config,
        program: Program,
        log: Arc<dyn Log>,
    ) -> Result<Embedded, StartError> {
        let program = program.with_blobs(&config.blobs);
        Core::start(config, program, log).map(|core| Embedded { core })
    }

    /// Makes one call and waits until its answer is durable; when it starts a run, until that has ended. Access rules of
    /// functions are the caller's business here; `allow` is still asked by the step.
    pub fn submit(&self, call: &NamedCall) -> Outcome {
        let manifest = self.core.door().program();
        let Some(call) = call.resolve(&manifest) else {
            return Outcome::Refused("there is no such function".to_owned());
        };
        let (sender, receiver) = channel();
        let function = call.function;
        self.core
            .door()
            .call(call, manifest.clone(), move |result| {
                let _ = sender.send(result);
            });
        let answer = match receiver.recv().unwrap_or(Err(Refusal::Stopping)) {
            Ok(done) if done.answer == Answer::GoesOn => self.wait_for(WhichRun::Number(done.run)),
            Ok(done) => Ok(Some(done.answer)),
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(Some(answer)) => outcome(&manifest, function, answer),
            Ok(None) => Outcome::Refused("there is no such run".to_owned()),
            Err(refusal) => Outcome::Refused(format!("{refusal:?}")),
        }
    }

    /// Waits until a run has ended and that is durable. `None` when there is no such run. Blocks, so not for tasks of an async
    /// runtime.
    pub fn wait_for(&self, which: WhichRun) -> Result<Option<Answer>, Refusal> {
        let ended = self.core.door().wait_for_run(which).blocking_recv();
        let result = ended.unwrap_or(Err(Refusal::Stopping))?;
        Ok(result.map(|(_, answer)| answer))
    }

    /// For everything else that can be asked of a machine.
    pub fn door(&self) -> &Door {
        self.core.door()
    }

    /// Finishes what is open and takes a snapshot.
    pub fn stop(self) -> Result<(), String> {
        self.core.stop()
    }
}

fn outcome(manifest: &Manifest, function: u32, answer: Answer) -> Outcome {
    let output = match answer {
        Answer::Output(output) => output,
        Answer::Again(weir_machine::KeptAnswer::Output { output, .. }) => output,
        Answer::Bug(bug) => return Outcome::Bug(bug),
        other => return Outcome::Refused(format!("{other:?}")),
    };
    let function = &manifest.functions[function as usize];
    match Reply::decode(&manifest.defs, &function.returns, &function.fails, &output) {
        Ok(reply) => Outcome::Reply(reply),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}
