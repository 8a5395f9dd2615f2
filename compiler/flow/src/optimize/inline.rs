//! Small functions are put where they are called.
//!
//! ```text
//! fn @f(r0, r1)                         fn @f(r0, r1)
//! b0:                                   b0:
//!   r2 = call @next, (r0)       =>        r3 = const 1
//!   ..                                    r2 = add r0, r3
//! fn @next(r0)                            ..
//!   r1 = const 1
//!   r2 = add r0, r1
//!   return r2
//! ```
//! A parameter that the function never writes is the argument itself, so that nothing gets a second owner; another is a copy of
//! it. Callees come first, so what is small stands for all it calls. Functions that call themselves, and those that suspend,
//! stay where they are. An instruction keeps its place in the source and gets the one where it was called with it
//! (`Module::inlined`), so that a bug is told with the function it is in and all calls around it.

use std::collections::BTreeMap;

use crate::call_graph::{callees_first, calls};
use crate::ir::*;

/// Instructions and blocks of the largest function that is put in.
const INSTS_MAX: usize = 24;
const BLOCKS_MAX: usize = 12;
/// A function with more instructions takes no more in.
const CALLER_MAX: usize = 2_000;

pub fn inline(module: &mut Module) {
    let mut small = vec![false; module.funcs.len()];
    let mut places = Places::default();
    for group in callees_first(module) {
        let recursive = match group.as_slice() {
            [one] => calls(module.func(*one)).any(|callee| callee == *one),
            _ => true,
        };
        for id in group {
            let mut func = module.func(id).clone();
            if take_in(module, &mut func, &small, &mut places) {
                super::known::known(&mut func);
                crate::simplify::simplify(&mut func);
                module.funcs[id.0 as usize] = func;
            }
            small[id.0 as usize] = !recursive && is_small(module.func(id));
        }
    }
    module.inlined = places.found;
}

/// The places of what was put in.
#[derive(Default)]
struct Places {
    /// As [`Module::inlined`] will have them.
    found: Vec<Inlined>,
    numbers: BTreeMap<Inlined, SiteId>,
}

impl Places {
    /// The same place, called at another.
    fn called_at(&mut self, module: &Module, site: SiteId, call: SiteId) -> SiteId {
        let before = module.sites.len().max(1);
        let inlined = match (site.0 as usize).checked_sub(before) {
            Some(at) => {
                let Inlined { site, called_at } = self.found[at];
                let called_at = self.called_at(module, called_at, call);
                Inlined { site, called_at }
            }
            None => Inlined {
                site,
                called_at: call,
            },
        };
        *self.numbers.entry(inlined).or_insert_with(|| {
            self.found.push(inlined);
            SiteId((before + self.found.len()) as u32 - 1)
        })
    }

    /// Whether the place is in the library.
    fn is_library(&self, module: &Module, site: SiteId) -> bool {
        let at = (site.0 as usize).checked_sub(module.sites.len().max(1));
        module.is_library(at.map_or(site, |at| self.found[at].site))
    }
}

fn size(func: &Func) -> usize {
    func.blocks.iter().map(|block| block.insts.len()).sum()
}

fn is_small(func: &Func) -> bool {
    let stays = |block: &Block| match block.term {
        Term::Suspend { .. } | Term::TailCall(..) => true,
        // It would be no way out of the function any more.
        _ => (block.insts.iter()).any(|inst| matches!(inst.op, Op::Suspend(..) | Op::Suspended)),
    };
    size(func) <= INSTS_MAX && func.blocks.len() <= BLOCKS_MAX && !func.blocks.iter().any(stays)
}

/// Whether anything was put into the function.
fn take_in(module: &Module, func: &mut Func, small: &[bool], places: &mut Places) -> bool {
    let (mut done, mut size) = (false, size(func));
    let mut number = 0;
    // What is put in stands behind, and the rest of the block behind that, so it is looked at too.
    while number < func.blocks.len() && size < CALLER_MAX {
        let call = func.blocks[number]
            .insts
            .iter()
            .position(|inst| matches!(inst.op, Op::Call(callee, _) if small[callee.0 as usize]));
        let Some(at) = call else {
            number += 1;
            continue;
        };
        size += put_in(module, func, number, at, places);
        done = true;
        number += 1;
    }
    done
}

/// Replaces the call at that place; gives how many instructions came in. What stood behind it is a block of its own then.
fn put_in(
    module: &Module,
    func: &mut Func,
    number: usize,
    at: usize,
    places: &mut Places,
) -> usize {
    let behind = func.blocks[number].insts.split_off(at + 1);
    let call = func.blocks[number].insts.pop().expect("it is there");
    let Op::Call(callee, args) = call.op else {
        unreachable!("it is a call")
    };
    let callee = module.func(callee);
    let mut written = vec![false; callee.regs.len()];
    for inst in callee.blocks.iter().flat_map(|block| &block.insts) {
        inst.dst.iter().for_each(|r| written[r.0 as usize] = true);
    }
    // Where each register of the callee is now.
    let mut place = Vec::new();
    for (i, info) in callee.regs.iter().enumerate() {
        if let Some(arg) = args.get(i)
            && !written[i]
        {
            place.push(*arg);
            continue;
        }
        let reg = Reg(func.regs.len() as u32);
        func.regs.push(info.clone());
        place.push(reg);
        if let Some(arg) = args.get(i) {
            func.blocks[number].insts.push(Inst {
                dst: Some(reg),
                op: Op::Copy(*arg),
                site: call.site,
            });
        }
    }
    let first = func.blocks.len() as u32;
    let after = BlockId(first + callee.blocks.len() as u32);
    let rest = Block {
        insts: behind,
        term: std::mem::replace(&mut func.blocks[number].term, Term::Jump(BlockId(first))),
        site: func.blocks[number].site,
    };
    func.blocks[number].site = call.site;
    // What breaks in the library breaks, for people, where they called it; so does what has no place at all. An entry calls the
    // function it is of, which nobody wrote.
    let is_told = |places: &Places, site: SiteId| site.0 > 0 && !places.is_library(module, site);
    let called = call.site.0 > 0 && call.site != func.site;
    let mut seen_at = |site: &mut SiteId| {
        if !is_told(places, *site) && is_told(places, call.site) {
            *site = call.site;
        } else if site.0 > 0 && called {
            *site = places.called_at(module, *site, call.site);
        }
    };
    let rename = |r: &mut Reg| *r = place[r.0 as usize];
    for block in &callee.blocks {
        let mut block = block.clone();
        seen_at(&mut block.site);
        for inst in &mut block.insts {
            seen_at(&mut inst.site);
            inst.op.for_each_use_mut(rename);
            inst.dst.iter_mut().for_each(rename);
        }
        block.term.for_each_use_mut(rename);
        block.term.for_each_successor_mut(|to| to.0 += first);
        if let Term::Return(value) = block.term {
            block.term = Term::Jump(after);
            block.insts.extend(call.dst.map(|dst| Inst {
                dst: Some(dst),
                op: Op::Copy(value),
                site: call.site,
            }));
        }
        func.blocks.push(block);
    }
    func.blocks.push(rest);
    size(callee)
}
