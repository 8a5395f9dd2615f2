//! The end of a step in the middle of a function.
//!
//! The function hands the host what it needs to go on, a frame: an entry and its cells. The innermost one also
//! says what is waited for. Then it returns as if it were done, with a value nobody looks at: each function around
//! reads the module's global, hands over its own frame and returns, up to the entry, which outputs one byte.

use weir_contract::border::{self, OUTPUT_SUSPENDED};
use weir_contract::encode::{put_int, put_varint};
use weir_flow::ir::{EntryId, Module, Reg, Term, Wait};

use crate::asm::{Asm, F64, I32, I64};
use crate::function::Body;
use crate::module::{Gen, SUSPENDED};
use crate::{entry, row};

/// [`Term::Suspend`].
pub fn suspend(
    b: &mut Body<'_, '_>,
    entry: EntryId,
    cells: &[Reg],
    wait: Option<&(Wait, Vec<Reg>)>,
) {
    b.a.u32(entry.0);
    row::push(b, &[], cells);
    b.a.call(b.g.import("frame"));
    if let Some((wait, operands)) = wait {
        let (kind, known) = kind(wait);
        b.a.u32(kind);
        row::push(b, &known, operands);
        b.a.call(b.g.import("suspend"));
        b.a.i32(1).set_global(SUSPENDED);
    }
    let result = b.g.val_type(&b.func.ret);
    match result {
        I32 => b.a.i32(0),
        I64 => b.a.i64(0),
        F64 => b.a.f64(0.0),
        other => unreachable!("no value is of type {other:?}"),
    };
    b.a.return_();
}

/// The number of a wait, and those of its operands that are known now. They come before those in registers.
fn kind(wait: &Wait) -> (u32, Vec<u8>) {
    let mut known = Vec::new();
    let kind = match wait {
        Wait::Yield => border::SUSPEND_YIELD,
        Wait::Sleep => border::SUSPEND_SLEEP,
        Wait::SleepUntil => border::SUSPEND_SLEEP_UNTIL,
        Wait::Events(_, events) => {
            put_varint(&mut known, events.len() as u64);
            for event in events {
                put_int(&mut known, *event as i64);
            }
            border::SUSPEND_EVENTS
        }
        // Whether the time is limited is in the value of the limit.
        Wait::Extern {
            function,
            within: _,
        } => {
            put_int(&mut known, *function as i64);
            border::SUSPEND_EXTERN
        }
        Wait::Run => border::SUSPEND_RUN,
        // Whether there is a limit shows in there being an operand.
        Wait::Join {
            list,
            fallible,
            limit: _,
        } => {
            known.extend([*list as u8, *fallible as u8]);
            border::SUSPEND_JOIN
        }
        Wait::Advance => border::SUSPEND_ADVANCE,
        Wait::Settle => border::SUSPEND_SETTLE,
    };
    (kind, known)
}

/// Whether any function of the module suspends.
pub fn anywhere(module: &Module) -> bool {
    let mut blocks = module.funcs.iter().flat_map(|func| &func.blocks);
    blocks.any(|block| matches!(block.term, Term::Suspend { .. }))
}

/// Ends an entry whose function has suspended.
pub fn output(g: &mut Gen<'_>, a: &mut Asm) {
    a.global(SUSPENDED).if_();
    entry::bare_output(g, a, OUTPUT_SUSPENDED);
    a.return_();
    a.end();
}
