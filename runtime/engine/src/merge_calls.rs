//! What a step does to state that merges; `merge_sync` and `open_replica` are for tests.

use wasmtime::{Caller, Linker};
use weir_contract::CrashReason;
use weir_contract::border::MODULE;
use weir_machine::transaction::NotMerged;

use crate::host::{Answer, Host, Stop, give_scratch, known, range, split, unless_lost};

type C<'a> = Caller<'a, Host>;

pub fn define(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "merge_do",
        |mut c: C<'_>, handle: u32, slot: u32, operation: u32, len: u32| -> Answer<()> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let operation = range(memory, operation, len)?;
            let done = host.state().merge_do(handle, slot, operation);
            done.map_err(|why| match why {
                NotMerged::Overflow => Stop::from(CrashReason::Overflow).into(),
                NotMerged::Misused(misused) => Stop::from(misused).into(),
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "merge_look",
        |mut c: C<'_>, handle: u32, slot: u32, look: u32, len: u32, dst: u32| -> Answer<i32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let look = range(memory, look, len)?;
            let found = host.state().merge_look(handle, slot, look);
            let Some(found) = found.map_err(Stop::from)? else {
                return unless_lost(host.state(), -1);
            };
            host.scratch = found;
            give_scratch(&mut c, dst)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "open_replica",
        |mut c: C<'_>, entity: u32, key: u32, len: u32, number: i64| -> Answer<u32> {
            let (memory, host) = split(&mut c);
            let key = range(memory, key, len)?;
            let opened = host.state().open_replica(entity, key, number as u64);
            Ok(opened.map_err(Stop::from)?)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "merge_sync",
        |mut c: C<'_>, one: u32, other: u32| -> Answer<()> {
            let state = c.data_mut().state();
            known(state, one)?;
            known(state, other)?;
            Ok(state.merge_sync(one, other).map_err(Stop::from)?)
        },
    )?;
    Ok(())
}
