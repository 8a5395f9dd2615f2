//! Values that are made and taken apart in one function need not be made; what is known of a tag is not asked again.
//!
//! ```text
//! b1: r2 = variant 1, (r1)  jump b3           b1: r2 = variant 1, (r1)  jump b4
//! b2: r2 = variant 0, ()    jump b3     =>    b2: r2 = variant 0, ()    jump b5
//! b3: switch r2 { 0: b5, 1: b4 }
//! b4: r3 = payload r2, 1, 0                   b4: r3 = copy r1
//! ```
//! 1. A switch behind the `else` of another on the same value is part of it: a `match` becomes one table. A way that brings a
//!    known tag to a switch goes where that leads. No way is led into a loop past its start, so loops keep one.
//! 2. Forward, what each register was made of: fields are read where they came from.
//!
//! What nobody reads any more `simplify` takes away.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::CrashReason;

use crate::dataflow::{Direction, Problem, solve};
use crate::ir::*;
use crate::loops::loops;

/// Of a function with more blocks only the first part is done: each of them has a state of its own.
const BLOCKS_MAX: usize = 2_000;

pub fn known(func: &mut Func) {
    let parts = |op: &Op| {
        matches!(
            op,
            Op::VariantMake(..) | Op::RecordMake(_) | Op::VariantGet(..)
        )
    };
    let mut insts = func.blocks.iter().flat_map(|block| &block.insts);
    let switches = |block: &Block| matches!(block.term, Term::Switch { .. });
    if !insts.any(|inst| parts(&inst.op)) && !func.blocks.iter().any(switches) {
        return;
    }
    join_switches(func);
    lead_on(func);
    // What nothing leads to is no way either.
    crate::simplify::remove_unreachable(func);
    if func.blocks.len() > BLOCKS_MAX {
        return;
    }
    let problem = Made {
        before: single_ways(func),
    };
    for (number, state) in solve(func, &problem).into_iter().enumerate() {
        let Some(mut state) = state else { continue };
        problem.arrive(func, BlockId(number as u32), &mut state);
        let block = &mut func.blocks[number];
        for inst in &mut block.insts {
            if let Some(part) = part(&inst.op, &state) {
                inst.op = Op::Copy(part);
            }
            pass(inst, &mut state);
        }
        if let Term::Switch { on, cases, default } = &block.term
            && let Some(tag) = state.get(on).and_then(|made| made.tag)
            && let Some(to) = goal(cases, *default, tag)
        {
            block.term = Term::Jump(to);
        }
    }
}

/// Where a switch leads for a tag.
fn goal(cases: &[(u32, BlockId)], default: Option<BlockId>, tag: u32) -> Option<BlockId> {
    let case = cases.iter().find(|(number, _)| *number == tag);
    case.map(|(_, to)| *to).or(default)
}

fn heads(func: &Func) -> BTreeSet<BlockId> {
    loops(func).into_iter().map(|each| each.head).collect()
}

/// Takes the cases of a switch behind the `else` into the one in front.
fn join_switches(func: &mut Func) {
    let heads = heads(func);
    for number in 0..func.blocks.len() {
        // A chain of them is taken in one by one; it cannot be longer than there are blocks.
        for _ in 0..func.blocks.len() {
            let Term::Switch {
                on,
                cases,
                default: Some(next),
            } = &func.blocks[number].term
            else {
                break;
            };
            let behind = func.block(*next);
            if !behind.insts.is_empty() || heads.contains(next) {
                break;
            }
            let (on, mut cases) = (*on, cases.clone());
            let default = match &behind.term {
                Term::Switch {
                    on: again,
                    cases: more,
                    default,
                } if *again == on => {
                    let new = |(tag, _): &&(u32, BlockId)| goal(&cases, None, *tag).is_none();
                    let more: Vec<_> = more.iter().filter(new).copied().collect();
                    cases.extend(more);
                    cases.sort();
                    *default
                }
                // It was made up for what cannot be.
                Term::Crash {
                    reason: CrashReason::Unreachable,
                    detail: None,
                } => None,
                _ => break,
            };
            func.blocks[number].term = Term::Switch { on, cases, default };
        }
    }
}

/// A jump to a switch, behind the making of what it asks for, goes on at once.
fn lead_on(func: &mut Func) {
    let heads = heads(func);
    for number in 0..func.blocks.len() {
        for _ in 0..func.blocks.len() {
            let block = &func.blocks[number];
            let Term::Jump(next) = block.term else { break };
            let behind = func.block(next);
            let Term::Switch { on, cases, default } = &behind.term else {
                break;
            };
            if !behind.insts.is_empty() || heads.contains(&next) {
                break;
            }
            let made = block.insts.iter().rev().find(|inst| inst.dst == Some(*on));
            let Some(Op::VariantMake(tag, _)) = made.map(|inst| &inst.op) else {
                break;
            };
            let Some(to) = goal(cases, *default, *tag) else {
                break;
            };
            func.blocks[number].term = Term::Jump(to);
        }
    }
}

/// What is known of the value in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    tag: Option<u32>,
    /// The registers that hold its fields.
    fields: Option<Vec<Reg>>,
}

type State = BTreeMap<Reg, Value>;

/// The register that holds the part that the operation reads.
fn part(op: &Op, state: &State) -> Option<Reg> {
    let (value, field) = match op {
        Op::FieldGet(value, field) => (state.get(value)?, field),
        Op::VariantGet(value, tag, field) => {
            let value = state.get(value)?;
            if value.tag != Some(*tag) {
                return None;
            }
            (value, field)
        }
        _ => return None,
    };
    value.fields.as_ref()?.get(*field as usize).copied()
}

fn pass(inst: &Inst, state: &mut State) {
    let Some(dst) = inst.dst else { return };
    let made = match &inst.op {
        Op::RecordMake(fields) => Some(Value {
            tag: None,
            fields: Some(fields.clone()),
        }),
        Op::VariantMake(tag, fields) => Some(Value {
            tag: Some(*tag),
            fields: Some(fields.clone()),
        }),
        Op::Copy(from) => state.get(from).cloned(),
        Op::FieldSet(record, field, value) => state.get(record).cloned().map(|mut made| {
            if let Some(fields) = &mut made.fields {
                fields[*field as usize] = *value;
            }
            made
        }),
        _ => None,
    };
    state.remove(&dst);
    state.extend(made.map(|made| (dst, made)));
    state.retain(|_, value| {
        if value
            .fields
            .as_ref()
            .is_some_and(|fields| fields.contains(&dst))
        {
            value.fields = None;
        }
        value.tag.is_some() || value.fields.is_some()
    });
}

/// By block: where the only way to it starts.
fn single_ways(func: &Func) -> Vec<Option<BlockId>> {
    let mut ways = vec![(0, BlockId(0)); func.blocks.len()];
    for (number, block) in func.blocks.iter().enumerate() {
        block.term.for_each_successor(|to| {
            let (count, from) = &mut ways[to.0 as usize];
            *count += 1;
            *from = BlockId(number as u32);
        });
    }
    let only = |(count, from)| (count == 1).then_some(from);
    ways.into_iter().map(only).collect()
}

struct Made {
    before: Vec<Option<BlockId>>,
}

impl Made {
    /// A case of a switch says the tag.
    fn arrive(&self, func: &Func, block: BlockId, state: &mut State) {
        let Some(before) = self.before[block.0 as usize] else {
            return;
        };
        let Term::Switch { on, cases, .. } = &func.block(before).term else {
            return;
        };
        let Some((tag, _)) = cases.iter().find(|(_, to)| *to == block) else {
            return;
        };
        let known = state.entry(*on).or_insert(Value {
            tag: None,
            fields: None,
        });
        known.tag = Some(*tag);
    }
}

impl Problem for Made {
    /// `None`: no path has arrived yet.
    type State = Option<State>;
    const DIRECTION: Direction = Direction::Forward;

    fn boundary(&self, _: &Func) -> Option<State> {
        Some(State::new())
    }

    fn start(&self, _: &Func) -> Option<State> {
        None
    }

    fn join(&self, into: &mut Option<State>, from: &Option<State>) {
        match (into.as_mut(), from) {
            (_, None) => {}
            (None, Some(_)) => *into = from.clone(),
            (Some(into), Some(from)) => into.retain(|reg, value| {
                let Some(other) = from.get(reg) else {
                    return false;
                };
                if value.tag != other.tag {
                    // Fields of another tag are others.
                    return false;
                }
                if value.fields != other.fields {
                    value.fields = None;
                }
                value.tag.is_some() || value.fields.is_some()
            }),
        }
    }

    fn transfer(&self, func: &Func, block: BlockId, state: &mut Option<State>) {
        let Some(state) = state else { return };
        self.arrive(func, block, state);
        let insts = &func.block(block).insts;
        insts.iter().for_each(|inst| pass(inst, state));
    }
}
