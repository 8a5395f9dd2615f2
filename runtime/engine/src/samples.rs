//! Where steps are whenever the clock ticks: profiles that name functions and lines of the program.
//!
//! A step looks at the clock where loops begin a round and where functions begin, so that is where a sample finds it. Steps that
//! are over before the next tick are found as often as ticks fall into them, which is what a profile asks for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wasmtime::{AsContextMut, Store, StoreContextMut, UpdateDeadline, WasmBacktrace};

use crate::host::Host;

/// How often steps are looked at while samples are taken.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// How often each stack of calls was found: sites, innermost first. Empty where nothing of the program was on it.
#[derive(Debug, Default)]
pub struct Samples {
    counts: Mutex<HashMap<Vec<u32>, u64>>,
}

impl Samples {
    fn add(&self, stack: Vec<u32>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(stack).or_insert(0) += 1;
    }

    /// All there are by now, in no order.
    pub fn all(&self) -> Vec<(Vec<u32>, u64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(stack, n)| (stack.clone(), *n))
            .collect()
    }
}

/// Has each tick of the clock leave a sample, where the program of the store takes some.
pub(crate) fn watch(store: &mut Store<Host>) {
    let Some(samples) = store.data().program.samples().cloned() else {
        return;
    };
    store.epoch_deadline_callback(move |mut step: StoreContextMut<'_, Host>| {
        let stack = WasmBacktrace::capture(&step);
        samples.add(step.data().program.places().calls(&stack));
        let left = &mut step.data_mut().ticks_left;
        *left = left.saturating_sub(1);
        Ok(match left {
            0 => UpdateDeadline::Interrupt,
            _ => UpdateDeadline::Continue(1),
        })
    });
}

/// Gives a step so many ticks from here on.
pub(crate) fn set_deadline(mut step: impl AsContextMut<Data = Host>, ticks: u64) {
    let mut step = step.as_context_mut();
    step.data_mut().ticks_left = ticks;
    let looked_at = match step.data().program.samples() {
        Some(_) => 1,
        None => ticks,
    };
    step.set_epoch_deadline(looked_at);
}
