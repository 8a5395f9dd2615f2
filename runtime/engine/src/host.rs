//! What the host functions work on: the transaction of the running step, the module's memory, scratch space.

use std::sync::Arc;

use wasmtime::{Caller, Global, Memory, ResourceLimiter, Val};
use weir_contract::CrashReason;
use weir_contract::library::Refusal;
use weir_contract::pure::{Pure, Stopped};
use weir_machine::{Misused, StateAccess, Transaction};

use crate::program::Program;

const PAGE_BYTES: usize = 65536;

/// The data of a store.
pub struct Host {
    /// Set while a step runs.
    pub state: Option<Transaction>,
    /// Set once the instance exists.
    pub exports: Option<Exports>,
    /// Bytes on their way into the memory, kept to be used again.
    pub scratch: Vec<u8>,
    /// Who computes what is pure.
    pub pure: Arc<dyn Pure>,
    /// The program that runs, to run more of it.
    pub program: Program,
    /// How often the running step called what is slow on purpose.
    pub slow_calls: u32,
    /// Host calls that waited for a disk.
    pub disk_calls: u32,
    /// The time of a step.
    pub deadline_ticks: u64,
    /// What is left of it, while samples are taken.
    pub ticks_left: u64,
    memory_bytes_max: usize,
}

#[derive(Clone, Copy)]
pub struct Exports {
    pub memory: Memory,
    pub site: Global,
}

/// Why a host function ended the step.
#[derive(Debug)]
pub struct Stop {
    /// `None`: where the module said it was.
    pub site: Option<u32>,
    pub reason: CrashReason,
    pub detail: String,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {:?}", self.reason.name(), self.site)
    }
}

impl std::error::Error for Stop {}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop {
            site: None,
            reason: refusal.reason,
            detail: refusal.detail,
        }
    }
}

impl From<CrashReason> for Stop {
    fn from(reason: CrashReason) -> Stop {
        Stop {
            site: None,
            reason,
            detail: String::new(),
        }
    }
}

impl From<Misused> for Stop {
    fn from(misused: Misused) -> Stop {
        Stop {
            site: None,
            reason: CrashReason::Unreachable,
            detail: misused.0.to_owned(),
        }
    }
}

impl From<Stopped> for Stop {
    fn from(stopped: Stopped) -> Stop {
        Stop {
            site: None,
            reason: stopped.reason,
            detail: stopped.detail,
        }
    }
}

pub type Answer<T> = Result<T, wasmtime::Error>;

pub fn stop<T>(reason: CrashReason) -> Answer<T> {
    Err(wasmtime::Error::from(Stop::from(reason)))
}

impl Host {
    pub fn new(
        memory_bytes_max: usize,
        deadline_ticks: u64,
        pure: Arc<dyn Pure>,
        program: Program,
    ) -> Host {
        Host {
            state: None,
            exports: None,
            scratch: Vec::new(),
            pure,
            program,
            slow_calls: 0,
            disk_calls: 0,
            deadline_ticks,
            ticks_left: deadline_ticks,
            memory_bytes_max,
        }
    }

    /// The running step's state. A module can call the host only while a step runs.
    pub fn state(&mut self) -> &mut Transaction {
        self.state
            .as_mut()
            .expect("host functions run within a step")
    }
}

/// The module's bytes and the host's data at once.
pub fn split<'a>(caller: &'a mut Caller<'_, Host>) -> (&'a mut [u8], &'a mut Host) {
    let memory = caller
        .data()
        .exports
        .expect("set before the first step")
        .memory;
    memory.data_and_store_mut(caller)
}

/// Bytes that the module names. A range outside its memory is a bug of the compiler.
pub fn range(memory: &[u8], at: u32, len: u32) -> Answer<&[u8]> {
    match memory.get(at as usize..at as usize + len as usize) {
        Some(bytes) => Ok(bytes),
        None => stop(CrashReason::Unreachable),
    }
}

/// A handle that no `open` gave is a bug of the compiler; state does not have to check again.
pub fn known(state: &Transaction, handle: u32) -> Answer<()> {
    match state.opened(handle) {
        Some(_) => Ok(()),
        None => stop(CrashReason::Unreachable),
    }
}

/// An answer, unless nothing comes of the step any more: then it need not go on.
pub fn unless_lost<T>(state: &Transaction, answer: T) -> Answer<T> {
    match state.is_lost() {
        false => Ok(answer),
        true => stop(CrashReason::Unreachable),
    }
}

/// Writes what `bytes` gives at `dst`, and gives its length or -1. May ask twice, when memory must grow.
pub fn give(
    caller: &mut Caller<'_, Host>,
    dst: u32,
    bytes: impl Fn(&mut Host) -> Option<&[u8]>,
) -> Answer<i32> {
    let (memory, host) = split(caller);
    let Some(found) = bytes(host) else {
        return match &host.state {
            Some(state) => unless_lost(state, -1),
            None => Ok(-1),
        };
    };
    let len = found.len();
    if let Some(to) = memory.get_mut(dst as usize..dst as usize + len) {
        to.copy_from_slice(found);
        return Ok(len as i32);
    }
    reach(caller, dst as usize + len)?;
    let (memory, host) = split(caller);
    if let Some(found) = bytes(host) {
        memory[dst as usize..dst as usize + len].copy_from_slice(found);
    }
    Ok(len as i32)
}

/// Writes the scratch space at `dst`.
pub fn give_scratch(caller: &mut Caller<'_, Host>, dst: u32) -> Answer<i32> {
    give(caller, dst, |host| Some(&host.scratch))
}

/// Makes the memory at least that long.
pub fn reach(caller: &mut Caller<'_, Host>, bytes: usize) -> Answer<()> {
    let memory = caller
        .data()
        .exports
        .expect("set before the first step")
        .memory;
    grow(memory, &mut *caller, bytes)
}

pub fn grow(memory: Memory, mut store: impl wasmtime::AsContextMut, bytes: usize) -> Answer<()> {
    let missing = bytes.saturating_sub(memory.data_size(&store));
    if missing > 0
        && memory
            .grow(&mut store, missing.div_ceil(PAGE_BYTES) as u64)
            .is_err()
    {
        return stop(CrashReason::StepTooLarge);
    }
    Ok(())
}

/// Where the module said it was.
pub fn site(exports: &Exports, store: impl wasmtime::AsContextMut) -> u32 {
    match exports.site.get(store) {
        Val::I32(site) => site as u32,
        _ => 0,
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.memory_bytes_max)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(false)
    }
}
