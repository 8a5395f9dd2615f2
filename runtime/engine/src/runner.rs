//! Runs steps one after the other in an instance that is kept.

use wasmtime::{Store, Trap, TypedFunc, Val, WasmBacktrace};
use weir_contract::CrashReason;
use weir_contract::border::{self, StepInput};
use weir_machine::{Crash, Steps, Transaction};

use crate::host::{self, Exports, Host, Stop};
use crate::places::{CALLERS_MAX, Places};
use crate::program::{LoadError, Program};
use crate::samples::set_deadline;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// The encoded reply.
    Ok(Vec<u8>),
    /// The error: its number as varint and its fields.
    Failed(Vec<u8>),
    /// `allow` said no.
    Denied,
    Bug(Crash),
}

/// One thread's place to run steps of a program.
pub struct Runner {
    program: Program,
    /// None after a trap, until the next step.
    instance: Option<Instance>,
    input: Vec<u8>,
}

struct Instance {
    store: Store<Host>,
    step: TypedFunc<(u32, u32, u32), u64>,
    exports: Exports,
    /// Where inputs go.
    input_at: u32,
}

impl Runner {
    /// Starts an instance, so that a module that cannot start says so here.
    pub fn new(program: &Program) -> Result<Runner, LoadError> {
        let instance = Instance::new(program).map_err(|e| LoadError::Broken(format!("{e:#}")))?;
        Ok(Runner {
            program: program.clone(),
            instance: Some(instance),
            input: Vec::new(),
        })
    }

    /// Runs one entry that does not wait, and gives the transaction back with the output; commits and aborts nothing.
    pub fn run_step(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        on: Transaction,
    ) -> (Transaction, StepOutcome) {
        let (on, result) = self.run(entry, input, on);
        let outcome = match result {
            Err(crash) => StepOutcome::Bug(crash),
            Ok(mut output) => match output.first() {
                Some(&border::OUTPUT_OK) => StepOutcome::Ok(output.split_off(1)),
                Some(&border::OUTPUT_FAILED) => StepOutcome::Failed(output.split_off(1)),
                Some(&border::OUTPUT_DENIED) => StepOutcome::Denied,
                _ => StepOutcome::Bug(Crash::new(
                    0,
                    CrashReason::Unreachable,
                    "it waits, which only a run can",
                )),
            },
        };
        (on, outcome)
    }
}

impl Steps for Runner {
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        let instance = match &mut self.instance {
            Some(instance) => instance,
            none => match Instance::new(&self.program) {
                Ok(new) => none.insert(new),
                Err(e) => {
                    let detail = format!("no new instance: {e:#}");
                    return (on, Err(Crash::new(0, CrashReason::StepTooLarge, detail)));
                }
            },
        };
        self.input.clear();
        input.encode_into(&mut self.input);
        instance.store.data_mut().state = Some(on);
        instance.store.data_mut().slow_calls = 0;
        instance.store.data_mut().disk_calls = 0;
        set_deadline(&mut instance.store, self.program.deadline_ticks());
        let result = instance.call(entry, &self.input);
        let on = instance
            .store
            .data_mut()
            .state
            .take()
            .expect("lent before the call");
        let result = result.map_err(|error| instance.crash(&error, self.program.places()));
        if result.is_err() {
            self.instance = None;
        }
        (on, result)
    }

    fn twin(&self) -> Option<Box<dyn Steps + Send>> {
        let runner = Runner::new(&self.program).ok()?;
        Some(Box::new(runner))
    }

    fn beside(&self) -> Option<Box<dyn Steps + Send>> {
        let runner = Runner::new(&self.program.for_tasks()).ok()?;
        Some(Box::new(runner))
    }
}

impl Instance {
    fn new(program: &Program) -> wasmtime::Result<Instance> {
        let mut store = program.store();
        set_deadline(&mut store, program.deadline_ticks());
        let instance = program.pre().instantiate(&mut store)?;
        let missing = || wasmtime::Error::msg("an export is missing");
        let memory = instance
            .get_memory(&mut store, border::EXPORT_MEMORY)
            .ok_or_else(missing)?;
        let site = instance
            .get_global(&mut store, border::EXPORT_SITE)
            .ok_or_else(missing)?;
        let heap = instance
            .get_global(&mut store, border::EXPORT_HEAP)
            .ok_or_else(missing)?;
        let step = instance.get_typed_func(&mut store, border::EXPORT_STEP)?;
        let Val::I32(input_at) = heap.get(&mut store) else {
            return Err(missing());
        };
        let exports = Exports { memory, site };
        store.data_mut().exports = Some(exports);
        Ok(Instance {
            store,
            step,
            exports,
            input_at: input_at as u32,
        })
    }

    fn call(&mut self, entry: u32, input: &[u8]) -> wasmtime::Result<Vec<u8>> {
        let memory = self.exports.memory;
        let end = self.input_at as usize + input.len();
        host::grow(memory, &mut self.store, end)?;
        memory.data_mut(&mut self.store)[self.input_at as usize..end].copy_from_slice(input);
        let output = self
            .step
            .call(&mut self.store, (entry, self.input_at, input.len() as u32))?;
        let (at, len) = ((output >> 32) as u32, output as u32);
        Ok(host::range(memory.data(&self.store), at, len)?.to_vec())
    }

    /// What an error of a call means to people.
    fn crash(&mut self, error: &wasmtime::Error, places: &Places) -> Crash {
        let mut calls = error
            .downcast_ref::<WasmBacktrace>()
            .map_or_else(Vec::new, |stack| places.calls(stack))
            .into_iter();
        let innermost = calls.next();
        let (said, reason, detail) = match error.downcast_ref::<Stop>() {
            Some(stop) => (stop.site, stop.reason, stop.detail.clone()),
            None => match error.downcast_ref::<Trap>() {
                Some(Trap::StackOverflow) => (None, CrashReason::StackOverflow, String::new()),
                Some(Trap::Interrupt) => (None, CrashReason::StepTooLong, String::new()),
                Some(trap) => (None, CrashReason::Unreachable, trap.to_string()),
                None => (
                    None,
                    CrashReason::Unreachable,
                    error.root_cause().to_string(),
                ),
            },
        };
        // What the module says itself is the most exact; without a stack there is still the last place it knew it reached.
        let site = said.filter(|site| *site != 0).or(innermost);
        Crash {
            site: site.unwrap_or_else(|| host::site(&self.exports, &mut self.store)),
            reason,
            detail,
            callers: calls.take(CALLERS_MAX).collect(),
        }
    }
}
