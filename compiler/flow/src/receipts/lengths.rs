//! How long the lists, sets and maps in registers are at most, and how great the numbers that loops end at.
//!
//! A list that grows in a loop has what it began with and an element for each round, as comprehensions make them.

use super::cost::{Count, Leaf};
use super::function::Function;
use crate::ir::*;
use crate::plans::symbol::{Abstract, Symbol};

impl Function<'_> {
    /// The length of a collection at most; where it is not known, the length has the name of the place that made it.
    pub fn length_or_rounds(&self, reg: Reg, site: SiteId) -> Count {
        let known = self.length(reg);
        known.unwrap_or_else(|| Count::length(Leaf::Rounds(site)))
    }

    pub fn length(&self, reg: Reg) -> Option<Count> {
        if let Some(known) = self.lengths.borrow().get(&reg) {
            return known.clone();
        }
        // While it is worked out it is what it was before.
        let before = Count::length(Leaf::Before(reg));
        self.lengths.borrow_mut().insert(reg, Some(before));
        let found = self.length_of_all(reg);
        // What was found on the way may be in terms of what was not known yet.
        let is_half = |_: &Reg, length: &mut Option<Count>| {
            let unfinished = |leaf: &&Leaf| matches!(leaf, Leaf::Before(of) if *of == reg);
            length
                .as_ref()
                .is_none_or(|length| !length.lengths().iter().any(unfinished))
        };
        self.lengths.borrow_mut().retain(is_half);
        self.lengths.borrow_mut().insert(reg, found.clone());
        found
    }

    fn length_of_all(&self, reg: Reg) -> Option<Count> {
        if let Abstract::Value(symbol) = &self.values[reg.0 as usize]
            && *symbol != Symbol::Unknown
        {
            return Some(Count::length(Leaf::Of(symbol.clone())));
        }
        if reg.0 < self.func.params {
            return None;
        }
        let defs = self.defs(reg);
        let mut begins = Vec::new();
        let mut grows = Vec::new();
        for place in defs {
            let length = self.length_of_op(*place)?;
            match after(&length, reg)? {
                None => begins.push((*place, length)),
                Some(more) => grows.push((*place, more)),
            }
        }
        let first = begins.iter().map(|(_, length)| length.clone());
        let mut length = first.reduce(|a, b| a.dearer(&b))?;
        for ((block, at), more) in grows {
            if let Some(most) = self.limit(reg, block, at) {
                length = length.plus(&most);
                continue;
            }
            // Loops in which it begins anew do not add up.
            let around = self.loops.iter().filter(|l| {
                l.blocks.contains(&block)
                    && !begins
                        .iter()
                        .all(|((begin, _), _)| l.blocks.contains(begin))
            });
            let rounds = self.rounds_of_all(around);
            length = length.plus(&more.times(&rounds));
        }
        let unfinished = |leaf: &&Leaf| matches!(leaf, Leaf::Before(of) if *of == reg);
        (!length.lengths().iter().any(unfinished)).then_some(length)
    }

    /// What `limit` has: behind the push its length is compared, and the loop left.
    pub(super) fn limit(&self, list: Reg, block: BlockId, at: usize) -> Option<Count> {
        let inside = self.func.block(block);
        let Term::Branch(more, rest, out) = inside.term else {
            return None;
        };
        let later = &inside.insts[at + 1..];
        let len = later.iter().find_map(|inst| match inst.op {
            Op::ListLen(of) if of == list => inst.dst,
            _ => None,
        })?;
        let most = later.iter().find_map(|inst| match inst.op {
            Op::Compare(CompareOp::Lt, a, b) if a == len && inst.dst == Some(more) => Some(b),
            _ => None,
        })?;
        let leaves = |l: &&crate::loops::Loop| l.blocks.contains(&block);
        let mut around = self.loops.iter().filter(leaves);
        if !around.all(|l| l.blocks.contains(&rest) && !l.blocks.contains(&out)) {
            return None;
        }
        let most = self.number(most)?;
        // A limit that nobody knows is no better than the rounds.
        most.as_number().map(Count::number)
    }

    fn length_of_op(&self, place: (BlockId, usize)) -> Option<Count> {
        let inst = self.inst(place);
        let one = || Count::number(1);
        Some(match &inst.op {
            Op::Copy(a) | Op::Cast(a) => self.length(*a)?,
            Op::ListMake(items) => Count::number(items.len() as u64),
            Op::ListPush(a, _) | Op::ListInsert(a, _, _) | Op::MapPut(a, _, _) => {
                self.length(*a)?.plus(&one())
            }
            Op::ListConcat(a, b) => self.length(*a)?.plus(&self.length(*b)?),
            Op::ListSet(a, ..)
            | Op::ListSetField(a, ..)
            | Op::ListRemove(a, _)
            | Op::MapRemove(a, _) => self.length(*a)?,
            Op::ListSlice(a, _, to) => {
                let most = self.number(*to).filter(|most| most.as_number().is_some());
                let whole = self.length(*a);
                match (whole, most) {
                    (Some(whole), Some(most)) => match (whole.as_number(), most.as_number()) {
                        (Some(a), Some(b)) => Count::number(a.min(b)),
                        _ => most,
                    },
                    (whole, most) => whole.or(most)?,
                }
            }
            Op::Load(instance, slot) => self.stored(*instance, *slot)?,
            Op::ListSlotSlice(instance, slot, _, to) => {
                let most = self.number(*to).filter(|most| most.as_number().is_some());
                most.or_else(|| self.stored(*instance, *slot))?
            }
            Op::Call(callee, args) => {
                let result = self.known.get(*callee)?.length.clone()?;
                self.here(&result, args, inst.site)
            }
            _ => return None,
        })
    }

    fn stored(&self, instance: Reg, slot: SlotId) -> Option<Count> {
        let Abstract::Instance(keys) = &self.values[instance.0 as usize] else {
            return None;
        };
        let entity = self.func.instance_of(instance);
        if keys.contains(&Symbol::Unknown) {
            return None;
        }
        Some(Count::length(Leaf::Stored(entity, keys.clone(), slot)))
    }

    /// A number at most.
    pub fn number(&self, reg: Reg) -> Option<Count> {
        if let Some(n) = self.constant(reg) {
            return Some(Count::number(n.max(0) as u64));
        }
        if let Abstract::Value(symbol) = &self.values[reg.0 as usize]
            && !matches!(symbol, Symbol::Unknown | Symbol::Constant(_))
        {
            return Some(Count::length(Leaf::Value(symbol.clone())));
        }
        match self.only_op(reg)? {
            Op::Copy(from) => self.number(*from),
            Op::ListLen(list) => self.length(*list),
            Op::MapLen(map) => self.length(*map),
            Op::SlotLen(instance, slot) => self.stored(*instance, *slot),
            _ => None,
        }
    }

    /// A formula of a callee with this call's arguments in place of its parameters.
    pub fn here(&self, of: &Count, args: &[Reg], site: SiteId) -> Count {
        let given: Vec<Abstract> = args
            .iter()
            .map(|arg| self.values[arg.0 as usize].clone())
            .collect();
        let unknown = || Count::length(Leaf::Rounds(site));
        of.with(&|leaf| match leaf {
            Leaf::Of(Symbol::Param(p)) => self.length(args[*p as usize]).unwrap_or_else(unknown),
            Leaf::Value(Symbol::Param(p)) => self.number(args[*p as usize]).unwrap_or_else(unknown),
            Leaf::Of(symbol) => match symbol.substitute(&given) {
                Symbol::Unknown => unknown(),
                symbol => Count::length(Leaf::Of(symbol)),
            },
            Leaf::Value(symbol) => match symbol.substitute(&given) {
                Symbol::Unknown => unknown(),
                Symbol::Constant(text) => match text.parse::<i64>() {
                    Ok(n) => Count::number(n.max(0) as u64),
                    Err(_) => unknown(),
                },
                symbol => Count::length(Leaf::Value(symbol)),
            },
            Leaf::Stored(entity, keys, slot) => {
                let keys: Vec<Symbol> = keys.iter().map(|key| key.substitute(&given)).collect();
                match keys.contains(&Symbol::Unknown) {
                    true => unknown(),
                    false => Count::length(Leaf::Stored(*entity, keys, *slot)),
                }
            }
            leaf => Count::length(leaf.clone()),
        })
    }
}

/// `None`: it cannot be told. Otherwise what an instruction adds to a register, or that it gives it a value that does not depend
/// on what it was.
fn after(length: &Count, reg: Reg) -> Option<Option<Count>> {
    let before = Leaf::Before(reg);
    if !length.lengths().contains(&&before) {
        return Some(None);
    }
    // Once, by itself, in one term: what is left is added.
    let mut more = Count::default();
    let mut seen = 0;
    for term in length.terms() {
        let alone = Count::length(before.clone());
        let [own] = alone.terms() else { return None };
        if term == own {
            seen += 1;
            continue;
        }
        let rest = Count::number(term.times);
        let rest = term.of.iter().fold(rest, |all, factor| {
            all.times(&Count::of_factor(factor.clone()))
        });
        more = more.plus(&rest);
    }
    (seen == 1 && !more.lengths().contains(&&before)).then_some(Some(more))
}
