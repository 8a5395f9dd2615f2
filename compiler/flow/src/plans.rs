//! Access plans (`analyses.md` 2.2): which instances, fields and entries each entry may touch, as expressions over its
//! arguments.
//!
//! Abstract interpretation with symbolic values. A register that gets two different values, and everything that is
//! computed, is unknown, so a plan never names too little. Functions are summarised over their parameters and
//! the summary is filled in at each call; recursion leaves a plan incomplete.

pub(crate) mod symbol;

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::plan::{Plan, PlanExpr, Touch, TouchMode};

use crate::ir::*;
use symbol::{Abstract, Symbol};

/// Works out the plan of every entry.
pub fn fill(module: &mut Module) {
    let mut planner = Planner::new(module);
    let plans: Vec<Plan> = planner
        .module
        .entries
        .iter()
        .map(|e| planner.plan(e))
        .collect();
    for (entry, plan) in module.entries.iter_mut().zip(plans) {
        entry.plan = plan;
    }
}

/// What each register of each function may hold, over all paths.
pub(crate) fn values(module: &Module) -> Vec<Vec<Abstract>> {
    let mut planner = Planner::new(module);
    let ids = (0..module.funcs.len() as u32).map(FuncId);
    ids.map(|id| {
        planner.summary(id);
        planner.summarise(id).1
    })
    .collect()
}

/// A touch in words: `write Account(to).entries`, `read Stock(key sku).held[order]`.
pub fn show(touch: &Touch) -> String {
    let mode = match touch.mode {
        TouchMode::Read => "read",
        TouchMode::Write => "write",
    };
    let keys: Vec<String> = touch.key.iter().map(show_expr).collect();
    if touch.path.is_empty() {
        let keys: String = keys.iter().map(|key| format!("{key}, ")).collect();
        return format!("{mode} {}({keys}..)", touch.entity);
    }
    let entry = touch
        .entry
        .iter()
        .map(|e| format!("[{}]", show_expr(e)))
        .collect::<String>();
    format!(
        "{mode} {}({}).{}{entry}",
        touch.entity,
        keys.join(", "),
        touch.path.join(".")
    )
}

fn show_expr(e: &PlanExpr) -> String {
    match e {
        PlanExpr::Argument(name) => name.clone(),
        PlanExpr::Key(name) => format!("key {name}"),
        PlanExpr::Caller => "caller".into(),
        PlanExpr::Constant(text) => text.clone(),
        PlanExpr::Member(of, name) => format!("{}.{name}", show_expr(of)),
        PlanExpr::Element(of) => format!("each {}", show_expr(of)),
        PlanExpr::Unknown => "?".into(),
    }
}

/// A touch over the parameters of a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SymbolicTouch {
    mode: TouchMode,
    entity: EntityId,
    keys: Vec<Symbol>,
    /// None: which instances there are whose keys begin with these.
    slot: Option<SlotId>,
    entry: Option<Symbol>,
}

#[derive(Clone, Debug)]
struct Summary {
    complete: bool,
    touches: BTreeSet<SymbolicTouch>,
    result: Abstract,
}

struct Planner<'m> {
    module: &'m Module,
    summaries: BTreeMap<FuncId, Summary>,
    /// By function: equal for functions that call each other.
    circle: Vec<usize>,
    /// By function: whether it may ask what time it is.
    ask_time: Vec<bool>,
}

impl<'m> Planner<'m> {
    fn new(module: &'m Module) -> Self {
        let mut circle = vec![0; module.funcs.len()];
        for (number, group) in crate::call_graph::callees_first(module).iter().enumerate() {
            group.iter().for_each(|id| circle[id.0 as usize] = number);
        }
        Planner {
            module,
            summaries: BTreeMap::new(),
            circle,
            ask_time: crate::call_graph::ask_time(module),
        }
    }

    fn plan(&mut self, entry: &Entry) -> Plan {
        let func = self.module.func(entry.func);
        let args: Vec<Abstract> = (0..func.params)
            .map(|p| Abstract::param(self.module, func, Reg(p)))
            .collect();
        let mut summary = self.summary(entry.func);
        if let Some(guard) = entry.guard {
            self.include(&mut summary, guard, &args);
        }
        // Invariants read the instances that were written.
        let written: BTreeSet<(EntityId, Vec<Symbol>)> = summary
            .touches
            .iter()
            .filter(|t| t.mode == TouchMode::Write)
            .map(|t| (t.entity, t.keys.clone()))
            .collect();
        let asks = |planner: &Self, func: FuncId| planner.ask_time[func.0 as usize];
        let mut asks_time =
            asks(self, entry.func) || entry.guard.is_some_and(|guard| asks(self, guard));
        if !summary.complete {
            // Perhaps it writes more.
            let mut checks = self.module.entities.iter().filter_map(|e| e.check);
            asks_time |= checks.any(|check| asks(self, check));
        }
        for (entity, keys) in written {
            if let Some(check) = self.module.entity(entity).check {
                asks_time |= asks(self, check);
                self.include(&mut summary, check, &[Abstract::Instance(keys)]);
            }
        }
        let touches: BTreeSet<Touch> = summary
            .touches
            .iter()
            .map(|t| self.touch(entry, t))
            .collect();
        Plan {
            complete: summary.complete,
            touches: touches.into_iter().collect(),
            asks_time,
        }
    }

    /// Adds what a call does.
    fn include(&mut self, into: &mut Summary, callee: FuncId, args: &[Abstract]) -> Abstract {
        let callee = self.summary(callee);
        into.complete &= callee.complete;
        into.touches
            .extend(callee.touches.iter().map(|t| SymbolicTouch {
                keys: t.keys.iter().map(|k| k.substitute(args)).collect(),
                entry: t.entry.as_ref().map(|e| e.substitute(args)),
                ..t.clone()
            }));
        callee.result.substitute(args)
    }

    fn summary(&mut self, id: FuncId) -> Summary {
        if let Some(summary) = self.summaries.get(&id) {
            return summary.clone();
        }
        let (summary, _) = self.summarise(id);
        self.summaries.insert(id, summary.clone());
        summary
    }

    /// With what each register may hold.
    fn summarise(&mut self, id: FuncId) -> (Summary, Vec<Abstract>) {
        let module = self.module;
        let func = module.func(id);
        let mut values = vec![Abstract::Bottom; func.regs.len()];
        for p in 0..func.params {
            values[p as usize] = Abstract::param(module, func, Reg(p));
        }
        let mut out = Summary {
            complete: true,
            touches: BTreeSet::new(),
            result: Abstract::Bottom,
        };
        // Values only rise in a lattice of small height.
        loop {
            let before = values.clone();
            out.touches.clear();
            for inst in func.blocks.iter().flat_map(|b| &b.insts) {
                let value = match &inst.op {
                    Op::Call(callee, args) => {
                        if self.circle[callee.0 as usize] == self.circle[id.0 as usize] {
                            // A recursion: what comes of it cannot be told.
                            out.complete = false;
                            Abstract::unknown()
                        } else {
                            let args: Vec<Abstract> =
                                args.iter().map(|r| values[r.0 as usize].clone()).collect();
                            self.include(&mut out, *callee, &args)
                        }
                    }
                    op => {
                        touches(func, op, &values, &mut out.touches);
                        symbol::value(module, func, op, &values)
                    }
                };
                if let Some(dst) = inst.dst {
                    values[dst.0 as usize].join(value);
                }
            }
            if values == before {
                break;
            }
        }
        for block in &func.blocks {
            if let Term::Return(r) = block.term {
                out.result.join(values[r.0 as usize].clone());
            }
        }
        (out, values)
    }

    /// The touch in the words of the manifest.
    fn touch(&self, entry: &Entry, touch: &SymbolicTouch) -> Touch {
        let entity = self.module.entity(touch.entity);
        Touch {
            mode: touch.mode,
            entity: entity.name.clone(),
            key: touch.keys.iter().map(|k| expr(entry, k)).collect(),
            path: touch.slot.map_or(vec![], |slot| {
                let name = &self.module.slot(touch.entity, slot).name;
                name.split('.').map(str::to_string).collect()
            }),
            entry: touch.entry.as_ref().map(|e| expr(entry, e)),
        }
    }
}

/// A symbol over the parameters of an entry's function, in the words of the manifest.
pub(crate) fn expr(entry: &Entry, symbol: &Symbol) -> PlanExpr {
    let first = entry.entity.is_some() as u32;
    let argument = |p: u32| &entry.params[(p - first) as usize];
    match symbol {
        Symbol::Unknown => PlanExpr::Unknown,
        Symbol::Caller => PlanExpr::Caller,
        Symbol::Constant(text) => PlanExpr::Constant(text.clone()),
        Symbol::Param(p) => PlanExpr::Argument(argument(*p).name.clone()),
        Symbol::Key(_, name) => PlanExpr::Key(name.clone()),
        // A defaulted argument arrives as an option; what is inside is the argument itself.
        Symbol::Element(of) => match &**of {
            Symbol::Param(p) if argument(*p).defaulted => {
                PlanExpr::Argument(argument(*p).name.clone())
            }
            of => PlanExpr::Element(Box::new(expr(entry, of))),
        },
        Symbol::Member(of, name) => PlanExpr::Member(Box::new(expr(entry, of)), name.clone()),
    }
}

/// What one instruction reads and writes.
fn touches(func: &Func, op: &Op, values: &[Abstract], out: &mut BTreeSet<SymbolicTouch>) {
    if let Op::NextKey(entity, _, first) = op {
        out.insert(SymbolicTouch {
            mode: TouchMode::Read,
            entity: *entity,
            keys: first
                .iter()
                .map(|r| values[r.0 as usize].symbol())
                .collect(),
            slot: None,
            entry: None,
        });
        return;
    }
    let mut touch = |mode, instance: &Reg, slot: &SlotId, entry: Option<&Reg>| {
        let Abstract::Instance(keys) = &values[instance.0 as usize] else {
            return;
        };
        out.insert(SymbolicTouch {
            mode,
            entity: func.instance_of(*instance),
            keys: keys.clone(),
            slot: Some(*slot),
            entry: entry.map(|r| values[r.0 as usize].symbol()),
        });
    };
    use TouchMode::{Read, Write};
    match op {
        Op::Load(i, s) | Op::Present(i, s) | Op::SlotLen(i, s) | Op::ListSlotSlice(i, s, _, _) => {
            touch(Read, i, s, None);
        }
        Op::Store(i, s, _)
        | Op::ListSlotPush(i, s, _)
        | Op::ListSlotInsert(i, s, _, _)
        | Op::SlotClear(i, s) => {
            touch(Write, i, s, None);
        }
        // What merges is not read to be changed.
        Op::MergeSlot { instance, slot, .. } => touch(Write, instance, slot, None),
        Op::MergeLook {
            instance,
            slot,
            parts,
            args,
            ..
        } => {
            let entry = args.first().filter(|_| parts.is_empty());
            touch(Read, instance, slot, entry);
        }
        Op::ListSlotPop(i, s) | Op::ListSlotRemove(i, s, _) => {
            touch(Read, i, s, None);
            touch(Write, i, s, None);
        }
        Op::ListSlotGet(i, s, at) | Op::MapSlotGet(i, s, at) | Op::SlotHas(i, s, at) => {
            touch(Read, i, s, Some(at));
        }
        Op::ListSlotSet(i, s, at, _) | Op::MapSlotPut(i, s, at, _) => touch(Write, i, s, Some(at)),
        Op::MapSlotRemove(i, s, k) | Op::SetSlotAdd(i, s, k) | Op::SetSlotRemove(i, s, k) => {
            touch(Read, i, s, Some(k));
            touch(Write, i, s, Some(k));
        }
        _ => {}
    }
}
