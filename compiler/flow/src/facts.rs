//! Checks that cannot fail: of a position in a list, of the result of a sum or a difference, of whether somebody else knows a list or
//! a record.
//!
//! ```text
//!   r2 = list.len r0            r2 is at most the length of r0
//!   r3 = const 0                r3 is not negative
//! b1:
//!   r4 = lt r3, r2
//!   branch r4, b2, b3
//! b2:                           r3 < r2
//!   r5 = list.get r0, r3        in range
//!   r3 = add r3, r6             r6 is 1, so what is less than another number has a next one
//! ```
//! Forward, over sets of facts; where paths meet, what holds on all of them. Runs on the finished module, behind `ownership`,
//! because a list gets a second owner where that says so.

use std::collections::BTreeSet;

use weir_contract::Type;

use crate::dataflow::{Direction, Problem, solve};
use crate::ir::*;
use crate::ownership::{Ownership, flat_fields, is_list};
use crate::release::is_number;

/// Of a function with more blocks nothing is worked out: each of them has a set of its own.
const BLOCKS_MAX: usize = 2_000;

/// How far in front of a list's end a number is known to be.
const MORE_MAX: u8 = 2;

/// What holds for one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Instructions that need not look whether the position is in range or the result fits.
    safe: BTreeSet<(BlockId, usize)>,
    /// Instructions whose list or record nobody else knows for sure.
    owned: BTreeSet<(BlockId, usize)>,
    /// By register: the number it always holds.
    constants: Vec<Option<i64>>,
    /// By register: the text it always holds.
    texts: Vec<Option<String>>,
    /// By register: whether a zero in it may be negative, because nobody who reads it can tell.
    either_zero: Vec<bool>,
}

impl Facts {
    /// By block and position of the instruction in it.
    pub fn is_safe(&self, at: (BlockId, usize)) -> bool {
        self.safe.contains(&at)
    }

    pub fn is_owned(&self, at: (BlockId, usize)) -> bool {
        self.owned.contains(&at)
    }

    pub fn constant(&self, reg: Reg) -> Option<i64> {
        self.constants[reg.0 as usize]
    }

    /// The text that the register always holds.
    pub fn text(&self, reg: Reg) -> Option<&str> {
        self.texts[reg.0 as usize].as_deref()
    }
}

impl Facts {
    /// Whether the result of an operation on floats in this register may stay a negative zero.
    pub fn is_either_zero(&self, reg: Reg) -> bool {
        self.either_zero[reg.0 as usize]
    }
}

pub fn facts(module: &Module, func: &Func, ownership: &Ownership) -> Facts {
    let mut facts = Facts {
        constants: constants(func, |literal| match literal {
            Literal::Int(n) => Some(*n),
            _ => None,
        }),
        texts: constants(func, |literal| match literal {
            Literal::Text(text) => Some(text.clone()),
            _ => None,
        }),
        either_zero: either_zero(module, func),
        ..Facts::default()
    };
    let insts = func.blocks.iter().flat_map(|block| &block.insts);
    let asks = |inst: &Inst| {
        matches!(
            inst.op,
            Op::ListGet(..)
                | Op::ListSet(..)
                | Op::ListSetField(..)
                | Op::ListPush(..)
                | Op::FieldSet(..)
                | Op::Arith(..)
        )
    };
    if func.blocks.len() > BLOCKS_MAX || !insts.into_iter().any(asks) {
        return facts;
    }
    let known = Known {
        module,
        ownership,
        constants: &facts.constants,
        before: single_predecessors(func),
    };
    let (mut safe, mut owned) = (BTreeSet::new(), BTreeSet::new());
    for (number, state) in solve(func, &known).into_iter().enumerate() {
        // What no path reaches is not asked.
        let Some(mut state) = state else { continue };
        let id = BlockId(number as u32);
        known.arrive(func, id, &mut state);
        for (at, inst) in func.block(id).insts.iter().enumerate() {
            known.share(id, at, &mut state);
            if known.is_safe(func, inst, &state) {
                safe.insert((id, at));
            }
            if let Op::ListSet(list, ..) | Op::ListSetField(list, ..) | Op::ListPush(list, _) =
                inst.op
                && state.contains(&Fact::Owned(list))
            {
                owned.insert((id, at));
            }
            if known.is_changed_in_place(func, inst, &state) {
                owned.insert((id, at));
            }
            known.pass(func, inst, &mut state);
        }
    }
    facts.safe = safe;
    facts.owned = owned;
    facts
}

/// Registers that are written with one literal only, of that kind.
fn constants<T: Clone + PartialEq>(
    func: &Func,
    kind: impl Fn(&Literal) -> Option<T>,
) -> Vec<Option<T>> {
    let mut constants = vec![None; func.regs.len()];
    let mut written = vec![false; func.regs.len()];
    written[..func.params as usize].fill(true);
    for inst in func.blocks.iter().flat_map(|block| &block.insts) {
        let Some(dst) = inst.dst else { continue };
        let again = std::mem::replace(&mut written[dst.0 as usize], true);
        let value = match &inst.op {
            Op::Const(literal) => kind(literal),
            _ => None,
        };
        let held = &mut constants[dst.0 as usize];
        if !again {
            *held = value;
        } else if *held != value {
            *held = None;
        }
    }
    constants
}

/// Registers that are written with products or quotients only, and read where the sign of a zero makes no difference: as a
/// factor, in a sum, as what is taken away from another number. Of two such numbers a sum is one too.
fn either_zero(module: &Module, func: &Func) -> Vec<bool> {
    let mut either = vec![false; func.regs.len()];
    let mut written = vec![false; func.regs.len()];
    written[..func.params as usize].fill(true);
    let is_float = |r: Reg| *module.defs.base(func.value_type(r)) == Type::Float;
    let insts = || func.blocks.iter().flat_map(|block| &block.insts);
    for inst in insts() {
        let Some(dst) = inst.dst else { continue };
        let again = std::mem::replace(&mut written[dst.0 as usize], true);
        let makes = matches!(inst.op, Op::Arith(ArithOp::Mul | ArithOp::Div, x, _) if is_float(x));
        either[dst.0 as usize] = makes && (!again || either[dst.0 as usize]);
    }
    let mut tells = |r: Reg| either[r.0 as usize] = false;
    for inst in insts() {
        match inst.op {
            Op::Arith(ArithOp::Add | ArithOp::Mul, ..) | Op::Compare(..) => {}
            Op::Arith(ArithOp::Sub, x, _) => tells(x),
            // Also as what is divided: the quotient has that sign.
            Op::Arith(ArithOp::Div, _, y) => tells(y),
            ref op => op.for_each_use(&mut tells),
        }
    }
    for block in &func.blocks {
        block.term.for_each_use(&mut tells);
    }
    either
}

/// By block: the only one that leads there, unless it leads there in two ways.
fn single_predecessors(func: &Func) -> Vec<Option<BlockId>> {
    let mut before = vec![Vec::new(); func.blocks.len()];
    for (number, block) in func.blocks.iter().enumerate() {
        block
            .term
            .for_each_successor(|to| before[to.0 as usize].push(BlockId(number as u32)));
    }
    before
        .into_iter()
        .map(|from| match from.as_slice() {
            [one] => Some(*one),
            _ => None,
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    NotNegative(Reg),
    /// The first is less than the second.
    Less(Reg, Reg),
    /// The number and as many as the last more are at most the length of the list. With a number the smaller ones are there too.
    UpToLength(Reg, Reg, u8),
    /// There is an element of the list at the number.
    InRange(Reg, Reg),
    /// Nobody else knows the list, or the record.
    Owned(Reg),
}

impl Fact {
    fn is_about(&self, reg: Reg) -> bool {
        match *self {
            Fact::NotNegative(a) | Fact::Owned(a) => a == reg,
            Fact::Less(a, b) | Fact::UpToLength(a, b, _) | Fact::InRange(a, b) => {
                a == reg || b == reg
            }
        }
    }

    /// The same of a copy.
    fn of(self, from: Reg, to: Reg) -> Option<Fact> {
        let new = |r: Reg| if r == from { to } else { r };
        match self {
            Fact::NotNegative(a) if a == from => Some(Fact::NotNegative(to)),
            Fact::Less(a, b) if a == from || b == from => Some(Fact::Less(new(a), new(b))),
            Fact::UpToLength(a, list, more) if a == from => Some(Fact::UpToLength(to, list, more)),
            Fact::InRange(a, list) if a == from => Some(Fact::InRange(to, list)),
            _ => None,
        }
    }
}

type Set = BTreeSet<Fact>;

struct Known<'m> {
    module: &'m Module,
    ownership: &'m Ownership,
    constants: &'m [Option<i64>],
    before: Vec<Option<BlockId>>,
}

impl Known<'_> {
    fn constant(&self, reg: Reg) -> Option<i64> {
        self.constants[reg.0 as usize]
    }

    fn is_not_negative(&self, reg: Reg, state: &Set) -> bool {
        self.constant(reg).is_some_and(|n| n >= 0) || state.contains(&Fact::NotNegative(reg))
    }

    fn is_in_range(&self, index: Reg, list: Reg, state: &Set) -> bool {
        // A list that is at least as long as a number that is known has all positions below that.
        let within = |fact: &Fact| match (*fact, self.constant(index)) {
            (Fact::UpToLength(n, of, more), Some(index)) if of == list => self
                .constant(n)
                .is_some_and(|n| index < n.saturating_add(more as i64)),
            _ => false,
        };
        state.contains(&Fact::InRange(index, list))
            || self.is_not_negative(index, state)
                && (self.room(index, list, state) > Some(0) || state.iter().any(within))
    }

    /// How many more than the number are known to be at most the length of the list; `None`: not even the number is.
    fn room(&self, reg: Reg, list: Reg, state: &Set) -> Option<u8> {
        let more = |reg: Reg| {
            let known = |more: &u8| state.contains(&Fact::UpToLength(reg, list, *more));
            (0..=MORE_MAX).rev().find(known)
        };
        let below = state.iter().filter_map(|fact| match *fact {
            Fact::Less(a, n) if a == reg => more(n).map(|more| more + 1),
            _ => None,
        });
        below.chain(more(reg)).max()
    }

    /// The number has that much room in the list.
    fn has_room(new: &mut Vec<Fact>, reg: Reg, list: Reg, more: u8) {
        let known = 0..=more.min(MORE_MAX);
        new.extend(known.map(|more| Fact::UpToLength(reg, list, more)));
    }

    fn lists(state: &Set) -> BTreeSet<Reg> {
        let list = |fact: &Fact| match *fact {
            Fact::UpToLength(_, list, _) => Some(list),
            _ => None,
        };
        state.iter().filter_map(list).collect()
    }

    /// Whether the number is one of 0 to 2^32, as positions and lengths are.
    fn is_small(&self, reg: Reg, state: &Set) -> bool {
        let bounded = |fact: &Fact| match fact {
            Fact::InRange(a, _) => *a == reg,
            Fact::UpToLength(..) | Fact::Less(..) => self.is_bounded(reg, state),
            _ => false,
        };
        self.constant(reg)
            .is_some_and(|n| (0..1 << 32).contains(&n))
            || self.is_not_negative(reg, state) && state.iter().any(bounded)
    }

    /// Whether the number is below 2^32, as lengths are.
    fn is_bounded(&self, reg: Reg, state: &Set) -> bool {
        let length = |reg: Reg, f: &Fact| matches!(f, Fact::UpToLength(a, ..) if *a == reg);
        state.iter().any(|fact| match fact {
            Fact::Less(a, n) if *a == reg => state.iter().any(|f| length(*n, f)),
            fact => length(reg, fact),
        })
    }

    fn is_safe(&self, func: &Func, inst: &Inst, state: &Set) -> bool {
        match inst.op {
            Op::ListGet(list, index)
            | Op::ListSet(list, index, _)
            | Op::ListSetField(list, index, ..) => self.is_in_range(index, list, state),
            Op::Arith(op, x, y) if self.is_int(func, x) => {
                // What is less than another number has a next one.
                let has_next = |x: Reg, y: Reg| {
                    let below = |fact: &Fact| matches!(fact, Fact::Less(a, _) if *a == x);
                    self.constant(y) == Some(1) && state.iter().any(below)
                };
                match op {
                    ArithOp::Add => {
                        has_next(x, y)
                            || has_next(y, x)
                            || self.is_bounded(x, state) && self.is_step(y)
                            || self.is_bounded(y, state) && self.is_step(x)
                            || self.is_small(x, state) && self.is_small(y, state)
                    }
                    ArithOp::Sub => {
                        self.is_not_negative(x, state) && self.is_not_negative(y, state)
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether a field of a record is set that nobody else knows. Only a number: an address would be of something younger than
    /// what it lies in, which `release` takes for impossible.
    fn is_changed_in_place(&self, func: &Func, inst: &Inst, state: &Set) -> bool {
        let Op::FieldSet(record, _, value) = inst.op else {
            return false;
        };
        inst.dst == Some(record)
            && state.contains(&Fact::Owned(record))
            && is_number(&self.module.defs, func.value_type(value))
    }

    /// The registers whose record is known elsewhere behind the operation, or may be.
    fn for_each_kept(&self, func: &Func, op: &Op, mut f: impl FnMut(Reg)) {
        let is_flat = |list: Reg| match self.module.defs.base(func.value_type(list)) {
            Type::List(item) => flat_fields(&self.module.defs, item).is_some(),
            _ => false,
        };
        match *op {
            Op::FieldGet(..) | Op::Compare(..) | Op::Show(_) => {}
            Op::FieldSet(_, _, value) => f(value),
            // Such a list takes what is in the record.
            Op::ListPush(list, _) | Op::ListSet(list, ..) if is_flat(list) => {}
            ref op => op.for_each_use(f),
        }
    }

    /// Whether it is a number that can be added to any length.
    fn is_step(&self, reg: Reg) -> bool {
        self.constant(reg)
            .is_some_and(|n| (0..1 << 32).contains(&n))
    }

    fn is_int(&self, func: &Func, reg: Reg) -> bool {
        *self.module.defs.base(func.value_type(reg)) == Type::Int
    }

    /// Takes from lists that get a second owner by the instruction what is known of that.
    fn share(&self, block: BlockId, at: usize, state: &mut Set) {
        for list in self.ownership.shares(block, at) {
            state.remove(&Fact::Owned(*list));
        }
    }

    fn pass(&self, func: &Func, inst: &Inst, state: &mut Set) {
        let is_record = |r: Reg| match func.reg_type(r) {
            RegType::Value(ty) => {
                !is_list(self.module, func.reg_type(r)) && !is_number(&self.module.defs, ty)
            }
            RegType::Instance(_) => false,
        };
        self.for_each_kept(func, &inst.op, |r| {
            if is_record(r) {
                state.remove(&Fact::Owned(r));
            }
        });
        let Some(dst) = inst.dst else { return };
        let mut new: Vec<Fact> = Vec::new();
        let not_negative = |r: Reg| self.is_not_negative(r, state);
        // The list in the register is as long as it was, or longer.
        let mut keeps = false;
        match inst.op {
            Op::Const(Literal::Int(n)) if n >= 0 => new.push(Fact::NotNegative(dst)),
            Op::Copy(from) => new.extend(state.iter().filter_map(|fact| fact.of(from, dst))),
            Op::ListLen(list) => {
                new.push(Fact::NotNegative(dst));
                new.push(Fact::UpToLength(dst, list, 0));
            }
            Op::MapLen(_) | Op::SetLen(_) => new.push(Fact::NotNegative(dst)),
            Op::Arith(op, x, y) if self.is_int(func, x) => {
                let both = not_negative(x) && not_negative(y);
                // A step up takes from the room, a step down gives some.
                let step = |r: Reg| {
                    self.constant(r)
                        .filter(|n| (0..=MORE_MAX as i64).contains(n))
                };
                let (from, by, up) = match op {
                    ArithOp::Add if step(x).is_some() => (y, step(x), true),
                    ArithOp::Add => (x, step(y), true),
                    ArithOp::Sub => (x, step(y).or(not_negative(y).then_some(0)), false),
                    _ => (x, None, false),
                };
                for list in by.map_or(BTreeSet::new(), |_| Known::lists(state)) {
                    let (room, by) = (self.room(from, list, state), by.unwrap_or(0) as u8);
                    let room = room.and_then(|room| match up {
                        true => room.checked_sub(by),
                        false => Some(room + by),
                    });
                    if let Some(room) = room.filter(|_| list != dst) {
                        Known::has_room(&mut new, dst, list, room);
                    }
                }
                match op {
                    ArithOp::Add | ArithOp::Mul | ArithOp::Div if both => {
                        new.push(Fact::NotNegative(dst))
                    }
                    ArithOp::Sub if not_negative(y) => {
                        let at_most = |fact: &Fact| match *fact {
                            Fact::Less(a, n) if a == x => Some(Fact::Less(dst, n)),
                            _ => None,
                        };
                        new.extend(state.iter().filter_map(at_most));
                        if self.constant(y).is_some_and(|n| n > 0) {
                            new.push(Fact::Less(dst, x));
                        }
                    }
                    // Of what has been divided by, none is 0.
                    ArithOp::Rem if not_negative(x) => {
                        new.push(Fact::NotNegative(dst));
                        if not_negative(y) {
                            new.push(Fact::Less(dst, y));
                        }
                    }
                    _ => {}
                }
            }
            Op::ListGet(list, index) if index != dst && list != dst => {
                new.push(Fact::InRange(index, list));
                new.push(Fact::NotNegative(index));
            }
            Op::ListSet(list, index, _) | Op::ListSetField(list, index, ..) => {
                keeps = list == dst;
                new.push(Fact::InRange(index, list));
                new.push(Fact::NotNegative(index));
                new.push(Fact::Owned(dst));
            }
            Op::ListPush(list, _) => {
                keeps = list == dst;
                new.push(Fact::Owned(dst));
            }
            Op::ListMake(ref items) if !items.is_empty() => new.push(Fact::Owned(dst)),
            Op::RecordMake(_) | Op::FieldSet(..) => new.push(Fact::Owned(dst)),
            _ => {}
        }
        if !keeps {
            state.retain(|fact| !fact.is_about(dst));
            // What was less than the number before is not known to be less than this one.
            new.retain(|fact| !matches!(fact, Fact::Less(_, b) if *b == dst));
        }
        state.extend(new);
    }

    /// What the way to a block says that only one other leads to.
    fn arrive(&self, func: &Func, block: BlockId, state: &mut Set) {
        let Some(before) = self.before[block.0 as usize] else {
            return;
        };
        let before = func.block(before);
        let Term::Branch(on, yes, no) = before.term else {
            return;
        };
        if yes == no {
            return;
        }
        let mut compared = None;
        for inst in before.insts.iter().rev() {
            let Some(dst) = inst.dst else { continue };
            if dst == on {
                compared = match inst.op {
                    Op::Compare(op, x, y) if x != dst && y != dst && self.is_int(func, x) => {
                        Some((op, x, y))
                    }
                    _ => None,
                };
                break;
            }
        }
        let Some((op, x, y)) = compared else { return };
        // The operands are still what was compared.
        let behind = before.insts.iter().rev();
        let mut behind = behind.take_while(|inst| inst.dst != Some(on));
        if behind.any(|inst| inst.dst == Some(x) || inst.dst == Some(y)) {
            return;
        }
        let holds = block == yes;
        let (low, high, strictly) = match (op, holds) {
            (CompareOp::Lt, true) | (CompareOp::Ge, false) => (x, y, true),
            (CompareOp::Gt, true) | (CompareOp::Le, false) => (y, x, true),
            (CompareOp::Le, true) | (CompareOp::Gt, false) => (x, y, false),
            (CompareOp::Ge, true) | (CompareOp::Lt, false) => (y, x, false),
            (CompareOp::Eq, true) | (CompareOp::Ne, false) => {
                self.at_most(x, y, false, state);
                return self.at_most(y, x, false, state);
            }
            _ => return,
        };
        self.at_most(low, high, strictly, state);
    }

    /// What a number says that is greater than another, or equal to it.
    fn at_most(&self, low: Reg, high: Reg, strictly: bool, state: &mut Set) {
        let from = if strictly { -1 } else { 0 };
        if self.constant(low).is_some_and(|n| n >= from) || self.is_not_negative(low, state) {
            state.insert(Fact::NotNegative(high));
        }
        let mut new = Vec::new();
        for list in Known::lists(state) {
            if let Some(room) = self.room(high, list, state) {
                Known::has_room(&mut new, low, list, room + strictly as u8);
            }
        }
        state.extend(new);
        if strictly {
            state.insert(Fact::Less(low, high));
        }
    }
}

impl Problem for Known<'_> {
    /// `None`: no path has arrived yet.
    type State = Option<Set>;
    const DIRECTION: Direction = Direction::Forward;

    fn boundary(&self, _: &Func) -> Option<Set> {
        Some(Set::new())
    }

    fn start(&self, _: &Func) -> Option<Set> {
        None
    }

    fn join(&self, into: &mut Option<Set>, from: &Option<Set>) {
        match (into.as_mut(), from) {
            (_, None) => {}
            (None, Some(_)) => *into = from.clone(),
            (Some(into), Some(from)) => into.retain(|fact| from.contains(fact)),
        }
    }

    fn transfer(&self, func: &Func, block: BlockId, state: &mut Option<Set>) {
        let Some(state) = state else { return };
        self.arrive(func, block, state);
        for (at, inst) in func.block(block).insts.iter().enumerate() {
            self.share(block, at, state);
            self.pass(func, inst, state);
        }
    }
}
