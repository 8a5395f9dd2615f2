//! Which branches of `parallel` may be there while a function waits: those that were begun and not joined since.
//!
//! Works on a function that is cut at its waits, over all its pieces: a branch is known from where it is begun, along every way, until a
//! `Join`. One that comes to its own beginning again is begun more than once, nobody knows how often.

use std::collections::{BTreeMap, BTreeSet};

use weir_flow::ir::{BlockId, EntryId, Func, FuncId, Module, Op, Reg, Term, Wait};

pub struct Branch<'m> {
    /// The piece it is begun in.
    pub func: &'m Func,
    pub entry: EntryId,
    pub cells: &'m [Reg],
    /// In a loop.
    pub often: bool,
}

/// A block of a piece, and the place of an instruction in it.
type Place = ((FuncId, BlockId), usize);

/// By suspension, as the block that it ends.
pub fn begun<'m>(
    module: &'m Module,
    pieces: &BTreeSet<FuncId>,
) -> BTreeMap<(FuncId, BlockId), Vec<Branch<'m>>> {
    let mut at_start: BTreeMap<(FuncId, BlockId), BTreeSet<Place>> = BTreeMap::new();
    let mut open: Vec<(FuncId, BlockId)> = pieces.iter().map(|id| (*id, BlockId(0))).collect();
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        seen.insert(at);
        let at_end = at_end(module, at, &at_start);
        let mut to = |next: (FuncId, BlockId), all: &BTreeSet<Place>| {
            let known = at_start.entry(next).or_default();
            let before = known.len();
            known.extend(all);
            if known.len() > before || !seen.contains(&next) {
                open.push(next);
            }
        };
        let term = &module.func(at.0).block(at.1).term;
        term.for_each_successor(|block| to((at.0, block), &at_end));
        match term {
            Term::TailCall(piece, _) => to((*piece, BlockId(0)), &at_end),
            Term::Suspend { entry, wait, .. } => {
                let joins = matches!(wait, Some((Wait::Join { .. }, _)));
                let left = if joins { BTreeSet::new() } else { at_end };
                to((module.entry(*entry).func, BlockId(0)), &left);
            }
            _ => {}
        }
    }
    let suspends = seen.iter().filter(|(func, block)| {
        let term = &module.func(*func).block(*block).term;
        matches!(term, Term::Suspend { .. })
    });
    let branches = suspends.map(|at| {
        let all = at_end(module, *at, &at_start);
        let all = all.iter().map(|place| branch(module, *place, &at_start));
        (*at, all.collect())
    });
    branches.collect()
}

fn at_end(
    module: &Module,
    at: (FuncId, BlockId),
    at_start: &BTreeMap<(FuncId, BlockId), BTreeSet<Place>>,
) -> BTreeSet<Place> {
    let mut all = at_start.get(&at).cloned().unwrap_or_default();
    let insts = module.func(at.0).block(at.1).insts.iter().enumerate();
    let begins = insts.filter(|(_, inst)| matches!(inst.op, Op::Spawn(..)));
    all.extend(begins.map(|(number, _)| (at, number)));
    all
}

fn branch<'m>(
    module: &'m Module,
    place: Place,
    at_start: &BTreeMap<(FuncId, BlockId), BTreeSet<Place>>,
) -> Branch<'m> {
    let ((id, block), number) = place;
    let func = module.func(id);
    let Op::Spawn(entry, cells) = &func.block(block).insts[number].op else {
        unreachable!("a branch is begun there");
    };
    let often = at_start.get(&(id, block));
    Branch {
        func,
        entry: *entry,
        cells,
        often: often.is_some_and(|known| known.contains(&place)),
    }
}
