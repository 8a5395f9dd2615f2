//! Receipts (`analyses.md` 2.3, 2.4, 2.11): what each entry costs at most, as formulas over its arguments and the state, and
//! how much coordination it needs.
//!
//! Works on functions that are not cut yet, where a run is one function from its start to its end. Functions are summarised over
//! their parameters, callees first; a summary is filled in at each call. `paths` finds the dearest way through a function, `op` has
//! the prices, `lengths` how long collections are, `keys` which instances are the same, `class` why order matters.

mod class;
mod commute;
mod cost;
mod dearest;
mod function;
mod keys;
mod lengths;
mod op;
mod order;
mod paths;
mod raised;
mod shown;

use std::cell::RefCell;
use std::collections::BTreeMap;

use weir_contract::limits;
use weir_contract::receipt::Receipt;

use crate::ir::*;
use crate::plans::symbol::Abstract;
use cost::*;
use function::Function;

/// Works out the receipt of every function that can be started from outside.
pub fn fill(module: &mut Module) {
    let receipts: Vec<(Option<Receipt>, Vec<SiteId>)> = {
        let known = Summaries::of(module);
        let entries = module.entries.iter().map(|entry| {
            let receipt = known.receipt(entry);
            let dearest = receipt.iter().flat_map(|_| dearest::of(&known, entry));
            let dearest = dearest.collect();
            (receipt, dearest)
        });
        entries.collect()
    };
    for (entry, (receipt, dearest)) in module.entries.iter_mut().zip(receipts) {
        entry.receipt = receipt;
        entry.dearest = dearest;
    }
}

/// What is known of a function for those who call it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub cost: Cost,
    /// What undoing its steps would cost.
    pub undo: Cost,
    /// Of the collection it gives.
    pub length: Option<Count>,
}

pub(crate) struct Summaries<'m> {
    pub module: &'m Module,
    /// By function, with what its registers may hold.
    values: Vec<Vec<Abstract>>,
    by_func: RefCell<BTreeMap<FuncId, Summary>>,
}

impl<'m> Summaries<'m> {
    fn of(module: &'m Module) -> Self {
        let mut known = Summaries {
            module,
            values: crate::plans::values(module),
            by_func: RefCell::default(),
        };
        for group in order::callees_first(module) {
            let is_circle = group.len() > 1 || order::runs(module, group[0]).contains(&group[0]);
            let found: Vec<(FuncId, Summary)> = match is_circle {
                true => known.circle(&group),
                false => vec![(group[0], known.summarise(group[0]))],
            };
            known.by_func.get_mut().extend(found);
        }
        known
    }

    /// `None` while it is worked out itself.
    pub fn get(&self, func: FuncId) -> Option<Summary> {
        self.by_func.borrow().get(&func).cloned()
    }

    pub fn function(&self, id: FuncId) -> Function<'_> {
        Function::new(self, id, self.values[id.0 as usize].clone())
    }

    fn summarise(&self, id: FuncId) -> Summary {
        let of = self.function(id);
        let returned = of.func.blocks.iter().filter_map(|block| match block.term {
            Term::Return(reg) => Some(of.length(reg)),
            _ => None,
        });
        let length = returned.reduce(|a, b| Some(a?.dearer(&b?))).flatten();
        Summary {
            cost: paths::cost(&of),
            undo: undo(&of),
            length,
        }
    }

    /// Functions that call each other do all they do, nobody knows how often.
    fn circle(&self, group: &[FuncId]) -> Vec<(FuncId, Summary)> {
        let mut all = Summary::default();
        for id in group {
            let of = self.function(*id);
            for inst in of.func.blocks.iter().flat_map(|block| &block.insts) {
                op::add(&of, inst, &mut all.cost);
            }
            all.undo.then(&undo(&of));
        }
        let often = Count::unbounded();
        for cost in [&mut all.cost, &mut all.undo] {
            // What is in terms of registers and parameters of one is nothing to the others.
            cost.times(&often, &|_| true);
            let keys = std::mem::take(&mut cost.keys);
            for (key, touched) in keys.known {
                let written = match touched.written {
                    true => often.clone(),
                    false => Count::default(),
                };
                let many = Many {
                    touched: often.clone(),
                    written,
                    site: touched.site,
                };
                cost.keys.touch_many(key.entity, many);
            }
            for (entity, many) in keys.many {
                cost.keys.touch_many(entity, many);
            }
            cost.open = cost.keys.clone();
        }
        group.iter().map(|id| (*id, all.clone())).collect()
    }

    /// What a piece of code that is run later costs.
    pub fn closure(&self, of: &Function<'_>, entry: EntryId, cells: &[Reg], site: SiteId) -> Cost {
        let summary = self.get(self.module.entry(entry).func);
        let cost = summary.unwrap_or_default().cost;
        self.later(of, &cost, entry, cells, site)
    }

    /// The cost of an entry that is run later with these cells.
    fn later(
        &self,
        of: &Function<'_>,
        cost: &Cost,
        entry: EntryId,
        cells: &[Reg],
        site: SiteId,
    ) -> Cost {
        let Some(entity) = self.module.entry(entry).entity else {
            return op::at_call(of, cost, cells, site);
        };
        // The instance of the run is that of the code around.
        let is_own = |reg: &Reg| *of.func.reg_type(*reg) == RegType::Instance(entity);
        let own = (0..of.func.params).map(Reg).find(is_own);
        let own = own.expect("code of an instance is made where that is known");
        let args: Vec<Reg> = std::iter::once(own).chain(cells.iter().copied()).collect();
        op::at_call(of, cost, &args, site)
    }

    fn receipt(&self, entry: &Entry) -> Option<Receipt> {
        use EntryKind::*;
        if !matches!(entry.kind, Function | Handler | Run | Field | Whole) {
            return None;
        }
        let summary = self.get(entry.func)?;
        let mut cost = summary.cost.clone();
        if let Some(guard) = entry.guard.and_then(|guard| self.get(guard)) {
            // It runs first, on the same instance.
            let mut with = guard.cost;
            with.then(&cost);
            cost = with;
        }
        let mut undo = summary.undo;
        finish(&mut cost, entry.effect);
        finish_undo(&mut undo);
        let shown = shown::Shown::new(self.module, entry);
        let (class, reason, site) = class::class(self, entry, &summary.cost);
        Some(Receipt {
            at: entry.site.0,
            class,
            reason,
            site: site.0,
            cost: shown.cost(&cost),
            undo: shown.cost(&undo),
            frame_bytes: None,
            commuting: commute::of(self, entry),
        })
    }
}

/// All undos that may have been pushed, each as a step of its own.
fn undo(of: &Function<'_>) -> Cost {
    let mut all = Cost::default();
    let blocks = of.func.blocks.iter().zip((0..).map(BlockId));
    for (block, number) in blocks {
        for inst in &block.insts {
            let mut one = match &inst.op {
                Op::PushUndo(entry, cells) => {
                    let mut one = of.known.closure(of, *entry, cells, inst.site);
                    one.count(RECORDS, 1);
                    one
                }
                Op::Spawn(entry, cells) => {
                    let func = of.module.entry(*entry).func;
                    let summary = of.known.get(func).unwrap_or_default();
                    of.known.later(of, &summary.undo, *entry, cells, inst.site)
                }
                Op::Call(callee, args) => match of.known.get(*callee) {
                    Some(summary) => op::at_call(of, &summary.undo, args, inst.site),
                    None => continue,
                },
                _ => continue,
            };
            for around in of.loops.iter().rev().filter(|l| l.blocks.contains(&number)) {
                one.times(&of.rounds(around), &|reg| of.changes_in(around, reg));
            }
            all.then(&one);
        }
    }
    all
}

/// The records that a call, or a run, has besides those of its waits.
fn finish(cost: &mut Cost, effect: Effect) {
    match effect {
        Effect::Pure | Effect::Read => cost.counts[RECORDS] = Count::default(),
        Effect::Write => cost.counts[RECORDS] = Count::number(1),
        Effect::Wait => {
            cost.count(RECORDS, 1);
            finish_undo(cost);
        }
    }
}

/// A step has so many transactions, and the one behind its end.
fn finish_undo(cost: &mut Cost) {
    let early = cost.counts[TRANSACTIONS].share(limits::STEP_TRANSACTIONS_MAX as u64 + 1);
    cost.counts[RECORDS] = cost.counts[RECORDS].plus(&early);
}
