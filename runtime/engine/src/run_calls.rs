//! The functions of the border by which a step asks for what happens later: frames, waits, messages, undos, branches.

use wasmtime::{Caller, Linker};
use weir_contract::border::MODULE;
use weir_contract::{CrashReason, limits};
use weir_machine::{Misused, Transaction};

use crate::host::{Answer, Host, Stop, give_scratch, range, split, stop};

type C<'a> = Caller<'a, Host>;

pub fn define(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "full", |mut c: C<'_>| -> u32 {
        c.data_mut().state().full() as u32
    })?;
    linker.func_wrap(
        MODULE,
        "send",
        |mut c: C<'_>, entry: u32, handle: i32, args: u32, len: u32, delay: i64| -> Answer<u64> {
            let handle = u32::try_from(handle).ok();
            with_bytes(&mut c, args, len, |on, args| {
                on.send(entry, handle, args, later(delay))
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "event",
        |mut c: C<'_>, handle: u32, event: u32, args: u32, len: u32, delay: i64| -> Answer<()> {
            with_bytes(&mut c, args, len, |on, args| {
                on.event(handle, event, args, later(delay))
            })
        },
    )?;
    linker.func_wrap(MODULE, "cancel", |mut c: C<'_>, run: u64| {
        c.data_mut().state().cancel(run)
    })?;
    // entry, cells, len
    code(linker, "frame", Transaction::frame)?;
    code(linker, "undo", Transaction::undo)?;
    code(linker, "branch", Transaction::branch)?;
    // kind, operands, len
    code(linker, "suspend", Transaction::suspend)?;
    linker.func_wrap(MODULE, "random", |mut c: C<'_>| -> u64 {
        c.data_mut().state().random()
    })?;
    linker.func_wrap(MODULE, "fresh", |mut c: C<'_>, dst: u32| -> Answer<i32> {
        let host = c.data_mut();
        let id = host.state().fresh();
        host.scratch.clear();
        host.scratch.extend_from_slice(&id);
        give_scratch(&mut c, dst)
    })?;
    linker.func_wrap(MODULE, "emit", emit)?;
    linker.func_wrap(
        MODULE,
        "mock",
        |mut c: C<'_>, function: u32, entry: u32, cells: u32, len: u32| -> Answer<()> {
            with_bytes(&mut c, cells, len, |on, cells| {
                on.mock(function, entry, cells)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "crash_at",
        |mut c: C<'_>, label: u32, len: u32| -> Answer<()> {
            with_bytes(&mut c, label, len, |on, label| {
                on.crash_at(&String::from_utf8_lossy(label));
                Ok(())
            })
        },
    )?;
    Ok(())
}

/// stream, key, its length, time, value, its length
fn emit(
    mut c: C<'_>,
    stream: u32,
    key: u32,
    key_len: u32,
    time: i64,
    value: u32,
    len: u32,
) -> Answer<u64> {
    let (memory, host) = split(&mut c);
    let (key, value) = (range(memory, key, key_len)?, range(memory, value, len)?);
    if key.len() > limits::KEY_MAX {
        return stop(CrashReason::StepTooLarge);
    }
    let emitted = host.state().emit(stream, key, time, value);
    Ok(emitted.map_err(Stop::from)?)
}

/// The host calls that name a number and bytes.
fn code(
    linker: &mut Linker<Host>,
    name: &str,
    call: fn(&mut Transaction, u32, &[u8]) -> Result<(), Misused>,
) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        name,
        move |mut c: C<'_>, number: u32, bytes: u32, len: u32| -> Answer<()> {
            with_bytes(&mut c, bytes, len, |on, bytes| call(on, number, bytes))
        },
    )?;
    Ok(())
}

fn with_bytes<T>(
    c: &mut C<'_>,
    at: u32,
    len: u32,
    call: impl FnOnce(&mut Transaction, &[u8]) -> Result<T, Misused>,
) -> Answer<T> {
    let (memory, host) = split(c);
    let bytes = range(memory, at, len)?;
    Ok(call(host.state(), bytes).map_err(Stop::from)?)
}

/// A delay as it crosses the border; -1 is none.
fn later(delay: i64) -> Option<i64> {
    (delay != -1).then_some(delay.max(0))
}
