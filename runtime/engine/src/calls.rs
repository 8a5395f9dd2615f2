//! The functions a module may import, as `weir_contract::border` lists them.

use std::time::{Duration, Instant};

use wasmtime::{Caller, Linker};
use weir_contract::border::{self, MODULE};
use weir_contract::limits::{STEP_DISK_CALLS_MAX, STEP_PASSWORDS_MAX};
use weir_contract::{CrashReason, Currency, Defs, Money, Type, Value, library};
use weir_machine::StateAccess;

use crate::host::{
    Answer, Host, Stop, give, give_scratch, known, range, reach, split, stop, unless_lost,
};
use crate::samples::set_deadline;
use crate::scratch;
use crate::{merge_calls, run_calls};

type C<'a> = Caller<'a, Host>;

/// A host call that takes longer has waited for a disk.
const QUICK: Duration = Duration::from_micros(500);

/// Defines all of them.
pub fn define(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    define_instance(linker)?;
    define_map(linker)?;
    define_list(linker)?;
    define_transaction(linker)?;
    run_calls::define(linker)?;
    merge_calls::define(linker)?;
    define_pure(linker)
}

fn define_instance(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "open",
        |mut c: C<'_>, entity: u32, key: u32, len: u32| -> Answer<u32> {
            let (memory, host) = split(&mut c);
            let key = range(memory, key, len)?;
            if key.len() > weir_contract::limits::KEY_MAX {
                return Err(Stop {
                    site: None,
                    reason: CrashReason::StepTooLarge,
                    detail: format!("a key of {} bytes", key.len()),
                }
                .into());
            }
            Ok(host.state().open(entity, key))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "keys",
        |mut c: C<'_>, handle: u32, dst: u32| -> Answer<i32> {
            known(c.data_mut().state(), handle)?;
            give(&mut c, dst, |h| {
                h.state().opened(handle).map(|(_, key)| key)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "next_key",
        |mut c: C<'_>,
         entity: u32,
         first: u32,
         first_len: u32,
         after: u32,
         after_len: i32,
         dst: u32|
         -> Answer<i32> {
            let (memory, host) = split(&mut c);
            if !host.state().is_walked(entity) {
                return stop(CrashReason::Unreachable);
            }
            // Both come from where the answer goes.
            let mut sought = std::mem::take(&mut host.scratch);
            sought.clear();
            sought.extend_from_slice(range(memory, first, first_len)?);
            if let Ok(after_len) = u32::try_from(after_len) {
                sought.extend_from_slice(range(memory, after, after_len)?);
            }
            let answer = give(&mut c, dst, |h| {
                let (first, after) = sought.split_at(first_len as usize);
                let after = (after_len >= 0).then_some(after);
                h.state().next_key(entity, first, after)
            });
            c.data_mut().scratch = sought;
            answer
        },
    )?;
    linker.func_wrap(
        MODULE,
        "get",
        |mut c: C<'_>, handle: u32, slot: u32, dst: u32| -> Answer<i32> {
            known(c.data_mut().state(), handle)?;
            give(&mut c, dst, |h| h.state().get(handle, slot))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "put",
        |mut c: C<'_>, handle: u32, slot: u32, value: u32, len: u32| -> Answer<()> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            host.state().put(handle, slot, range(memory, value, len)?);
            unless_lost(host.state(), ())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "present",
        |mut c: C<'_>, handle: u32, slot: u32| -> Answer<u32> {
            known(c.data_mut().state(), handle)?;
            let state = c.data_mut().state();
            let answer = state.present(handle, slot) as u32;
            unless_lost(state, answer)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "clear",
        |mut c: C<'_>, handle: u32, slot: u32| -> Answer<()> {
            known(c.data_mut().state(), handle)?;
            let state = c.data_mut().state();
            state.clear(handle, slot);
            unless_lost(state, ())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "slot_len",
        |mut c: C<'_>, handle: u32, slot: u32| -> Answer<u64> {
            known(c.data_mut().state(), handle)?;
            let state = c.data_mut().state();
            let answer = state.slot_len(handle, slot);
            unless_lost(state, answer)
        },
    )?;
    Ok(())
}

fn define_map(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "map_get",
        |mut c: C<'_>, handle: u32, slot: u32, key: u32, key_len: u32, dst: u32| -> Answer<i32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let mut key_bytes = std::mem::take(&mut host.scratch);
            key_bytes.clear();
            key_bytes.extend_from_slice(range(memory, key, key_len)?);
            let answer = give(&mut c, dst, |h| h.state().map_get(handle, slot, &key_bytes));
            c.data_mut().scratch = key_bytes;
            answer
        },
    )?;
    linker.func_wrap(
        MODULE,
        "map_put",
        |mut c: C<'_>,
         handle: u32,
         slot: u32,
         key: u32,
         key_len: u32,
         value: u32,
         len: u32|
         -> Answer<u32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let (key, value) = (range(memory, key, key_len)?, range(memory, value, len)?);
            let answer = host.state().map_put(handle, slot, key, value) as u32;
            unless_lost(host.state(), answer)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "map_del",
        |mut c: C<'_>, handle: u32, slot: u32, key: u32, key_len: u32| -> Answer<u32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let key = range(memory, key, key_len)?;
            let answer = host.state().map_del(handle, slot, key) as u32;
            unless_lost(host.state(), answer)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "map_has",
        |mut c: C<'_>, handle: u32, slot: u32, key: u32, key_len: u32| -> Answer<u32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let key = range(memory, key, key_len)?;
            let answer = host.state().map_has(handle, slot, key) as u32;
            unless_lost(host.state(), answer)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "map_all",
        |mut c: C<'_>, handle: u32, slot: u32, dst: u32| -> Answer<i32> {
            counted(&mut c, handle, dst, |host, out| {
                host.state().map_all(handle, slot, out)
            })
        },
    )?;
    Ok(())
}

/// Writes a count and the parts that `fill` appends.
fn counted(
    c: &mut C<'_>,
    handle: u32,
    dst: u32,
    fill: impl FnOnce(&mut Host, &mut Vec<u8>) -> u32,
) -> Answer<i32> {
    let host = c.data_mut();
    known(host.state(), handle)?;
    let mut out = std::mem::take(&mut host.scratch);
    out.clear();
    out.extend_from_slice(&[0; 4]);
    let count = fill(host, &mut out);
    out[..4].copy_from_slice(&count.to_le_bytes());
    host.scratch = out;
    unless_lost(host.state(), ())?;
    give_scratch(c, dst)
}

fn define_list(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "list_get",
        |mut c: C<'_>, handle: u32, slot: u32, index: u64, dst: u32| -> Answer<i32> {
            known(c.data_mut().state(), handle)?;
            give(&mut c, dst, |h| h.state().list_get(handle, slot, index))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "list_set",
        |mut c: C<'_>, handle: u32, slot: u32, index: u64, value: u32, len: u32| -> Answer<u32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let value = range(memory, value, len)?;
            let answer = host.state().list_set(handle, slot, index, value) as u32;
            unless_lost(host.state(), answer)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "list_push",
        |mut c: C<'_>, handle: u32, slot: u32, value: u32, len: u32| -> Answer<()> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            host.state()
                .list_push(handle, slot, range(memory, value, len)?);
            Ok(())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "list_pop",
        |mut c: C<'_>, handle: u32, slot: u32, dst: u32| -> Answer<i32> {
            known(c.data_mut().state(), handle)?;
            let last = c.data_mut().state().slot_len(handle, slot).wrapping_sub(1);
            let len = give(&mut c, dst, |h| h.state().list_get(handle, slot, last))?;
            if len >= 0 {
                c.data_mut().state().list_pop(handle, slot);
            }
            Ok(len)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "list_insert",
        |mut c: C<'_>, handle: u32, slot: u32, index: u64, value: u32, len: u32| -> Answer<u32> {
            let (memory, host) = split(&mut c);
            known(host.state(), handle)?;
            let value = range(memory, value, len)?;
            let answer = host.state().list_insert(handle, slot, index, value) as u32;
            unless_lost(host.state(), answer)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "list_remove",
        |mut c: C<'_>, handle: u32, slot: u32, index: u64, dst: u32| -> Answer<i32> {
            known(c.data_mut().state(), handle)?;
            let len = give(&mut c, dst, |h| h.state().list_get(handle, slot, index))?;
            if len >= 0 {
                c.data_mut().state().list_remove(handle, slot, index);
            }
            Ok(len)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "list_range",
        |mut c: C<'_>, handle: u32, slot: u32, from: i64, to: i64, dst: u32| -> Answer<i32> {
            let (from, to) = (from.max(0) as u64, to.max(0) as u64);
            counted(&mut c, handle, dst, |host, out| {
                host.state().list_range(handle, slot, from, to, out)
            })
        },
    )?;
    Ok(())
}

fn define_transaction(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "savepoint", |mut c: C<'_>| -> u64 {
        c.data_mut().state().savepoint()
    })?;
    linker.func_wrap(MODULE, "rollback", |mut c: C<'_>, mark: u64| {
        c.data_mut().state().rollback(mark)
    })?;
    linker.func_wrap(MODULE, "touched", |mut c: C<'_>| -> i64 {
        match c.data_mut().state().touched() {
            Some((entity, handle)) => (entity as i64) << 32 | handle as i64,
            None => -1,
        }
    })?;
    linker.func_wrap(
        MODULE,
        "crash",
        |mut c: C<'_>, site: u32, reason: u32, detail: u32, len: u32| -> Answer<()> {
            let (memory, _) = split(&mut c);
            let detail = String::from_utf8_lossy(range(memory, detail, len)?).into_owned();
            let reason = CrashReason::from_code(reason).unwrap_or(CrashReason::Unreachable);
            Err(Stop {
                site: Some(site),
                reason,
                detail,
            }
            .into())
        },
    )?;
    Ok(())
}

fn define_pure(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "lib",
        |mut c: C<'_>, op: u32, args: u32, len: u32, dst: u32| -> Answer<i32> {
            let (memory, host) = split(&mut c);
            let Some(op) = library::Op::from_code(op) else {
                return stop(CrashReason::Unreachable);
            };
            let args = range(memory, args, len)?;
            if op.is_slow() {
                host.slow_calls += 1;
                if host.slow_calls > STEP_PASSWORDS_MAX {
                    return stop(CrashReason::StepTooLong);
                }
            }
            host.scratch = library::call(op, args).map_err(Stop::from)?;
            if op.is_slow() {
                // Its time is not the module's.
                let ticks = host.deadline_ticks;
                set_deadline(&mut c, ticks);
            }
            give_scratch(&mut c, dst)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "pure",
        |mut c: C<'_>, function: u32, args: u32, len: u32, dst: u32| -> Answer<i32> {
            let (memory, host) = split(&mut c);
            let args = range(memory, args, len)?;
            host.scratch = host.pure.call(function, args).map_err(Stop::from)?;
            give_scratch(&mut c, dst)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "host",
        |mut c: C<'_>, number: u32, args: u32, len: u32, dst: u32| -> Answer<i32> {
            let (memory, host) = split(&mut c);
            let args = range(memory, args, len)?;
            let began = Instant::now();
            let mut answer = host.state().host_call(number, args);
            if let Err(refusal) = &answer
                && refusal.reason == CrashReason::NoScratch
                && refusal.detail.is_empty()
                && scratch::make_here(host, number, args)
            {
                answer = host.state().host_call(number, args);
            }
            host.scratch = answer.map_err(Stop::from)?;
            if began.elapsed() > QUICK && host.disk_calls < STEP_DISK_CALLS_MAX {
                // It waited for a disk. Its time is not the module's, but there is an end to that.
                host.disk_calls += 1;
                let ticks = host.deadline_ticks;
                set_deadline(&mut c, ticks);
            }
            give_scratch(&mut c, dst)
        },
    )?;
    decimal(linker, "decimal_mul", library::decimal::mul)?;
    decimal(linker, "decimal_div", library::decimal::div)?;
    decimal(linker, "decimal_rem", library::decimal::rem)?;
    linker.func_wrap(MODULE, "float_rem", |a: f64, b: f64| -> f64 {
        weir_contract::encode::canonical_float(a % b)
    })?;
    linker.func_wrap(
        MODULE,
        "show_number",
        |mut c: C<'_>, kind: u32, low: i64, high: i64, dst: u32| -> Answer<i32> {
            let (ty, value) = match kind {
                border::SHOW_INT => (Type::Int, Value::Int(low)),
                border::SHOW_DECIMAL => (
                    Type::Decimal,
                    Value::Decimal((high as i128) << 64 | low as u64 as i128),
                ),
                border::SHOW_FLOAT => (Type::Float, Value::Float(f64::from_bits(low as u64))),
                border::SHOW_TIME => (Type::Time, Value::Time(low)),
                border::SHOW_DURATION => (Type::Duration, Value::Duration(low)),
                border::SHOW_DATE => (Type::Date, Value::Date(low)),
                border::SHOW_MONEY.. => {
                    let [code @ .., _] = kind.to_le_bytes();
                    let currency = str::from_utf8(&code).ok().and_then(Currency::of);
                    let Some(currency) = currency else {
                        return stop(CrashReason::Unreachable);
                    };
                    let amount = (high as i128) << 64 | low as u64 as i128;
                    (Type::Money, Value::Money(Money { currency, amount }))
                }
                _ => return stop(CrashReason::Unreachable),
            };
            show(&mut c, &ty, &value, dst)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "show_bytes",
        |mut c: C<'_>, kind: u32, bytes: u32, len: u32, dst: u32| -> Answer<i32> {
            let (memory, _) = split(&mut c);
            let bytes = range(memory, bytes, len)?;
            if kind == border::SHOW_BYTES {
                let value = Value::Bytes(bytes.to_vec());
                return show(&mut c, &Type::Bytes, &value, dst);
            }
            let Ok(text) = String::from_utf8(bytes.to_vec()) else {
                return stop(CrashReason::Unreachable);
            };
            // Text is quoted inside other values, so it is shown inside one that is then taken off.
            let list = Value::List(vec![Value::Text(text)]);
            let shown = library::show(&Defs::default(), &Type::List(Box::new(Type::Text)), &list);
            let host = c.data_mut();
            host.scratch.clear();
            host.scratch
                .extend_from_slice(&shown.as_bytes()[1..shown.len() - 1]);
            give_scratch(&mut c, dst)
        },
    )?;
    Ok(())
}

fn show(c: &mut C<'_>, ty: &Type, value: &Value, dst: u32) -> Answer<i32> {
    c.data_mut().scratch = library::show(&Defs::default(), ty, value).into_bytes();
    give_scratch(c, dst)
}

fn decimal(
    linker: &mut Linker<Host>,
    name: &str,
    compute: fn(i128, i128) -> Result<i128, CrashReason>,
) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        name,
        move |mut c: C<'_>, a: u32, b: u32, dst: u32| -> Answer<()> {
            reach(&mut c, dst as usize + 16)?;
            let (memory, _) = split(&mut c);
            let read = |at: u32| -> Answer<i128> {
                Ok(i128::from_le_bytes(
                    range(memory, at, 16)?.try_into().expect("16 bytes"),
                ))
            };
            let result = compute(read(a)?, read(b)?).map_err(Stop::from)?;
            memory[dst as usize..dst as usize + 16].copy_from_slice(&result.to_le_bytes());
            Ok(())
        },
    )?;
    Ok(())
}
