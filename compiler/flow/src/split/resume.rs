//! What is kept at each cut, under which label, and the entry that goes on from there.
//!
//! Of the registers that are live behind the cut, the result comes from outside, and what is cheap is computed again:
//! constants, the keys of the run's own instance, fields of what is kept anyway. The rest are cells.

use std::collections::BTreeMap;

use weir_contract::Type;

use super::{Cut, Split};
use crate::ir::*;

/// One value of a frame.
#[derive(Clone, Debug)]
pub struct Cell {
    pub reg: Reg,
    /// Of the value; for an instance, of its reference.
    pub ty: Type,
    pub name: String,
}

impl Split<'_> {
    /// Names the cuts in the order of the code and makes their entries.
    pub fn make_entries(&mut self) {
        let mut ordinals: BTreeMap<String, u32> = BTreeMap::new();
        let cuts: Vec<Cut> = self.cuts.values().copied().collect();
        for cut in cuts {
            let waits_for = self.waits_for(cut);
            let (name, is_given) = match self.step_name(cut) {
                Some(name) => (name, true),
                None => (self.label_part(cut), false),
            };
            let ordinal = ordinals.entry(name.clone()).or_insert(0);
            *ordinal += 1;
            let label = match (is_given, *ordinal) {
                (true, 1) => format!("{}/{name}", self.func.name),
                _ => format!("{}/{name}#{ordinal}", self.func.name),
            };
            let entry = self.make_entry(cut, label, waits_for);
            self.entry_of.insert(cut.at, entry);
        }
    }

    /// The run's own instance, where the function has it.
    fn own_instance(&self) -> Option<(Reg, EntityId)> {
        let info = self.func.regs[..self.func.params as usize].first()?;
        match info.ty {
            RegType::Instance(entity) if self.module.entity(entity).workflow.is_some() => {
                Some((Reg(0), entity))
            }
            _ => None,
        }
    }

    fn make_entry(&mut self, cut: Cut, label: String, waits_for: String) -> EntryId {
        let func = self.func.block(cut.at);
        let last = func.insts.last().expect("a cut is behind an instruction");
        let (site, dst) = (last.site, last.dst);
        let dst = dst.expect("what suspends gives something");
        let result = self.func.value_type(dst).clone();
        let live = self.params(cut.behind);
        let own = self.own_instance();
        let plan = Plan::new(&self.func, &live, dst, own.map(|(reg, _)| reg));
        let mut cells: Vec<Cell> = plan.cells.iter().map(|reg| self.cell(*reg)).collect();
        tell_apart(&mut cells);

        let id = self.reserve(label.clone());
        let mut resume = Resume {
            func: Func {
                name: label.clone(),
                params: 0,
                regs: Vec::new(),
                ret: self.func.ret.clone(),
                blocks: Vec::new(),
                site,
            },
            insts: Vec::new(),
            of: BTreeMap::new(),
            site,
        };
        if let Some((reg, entity)) = own {
            resume.param(reg, RegType::Instance(entity), "self");
        }
        resume.param(dst, RegType::Value(result.clone()), "result");
        for cell in &cells {
            resume.param(cell.reg, RegType::Value(cell.ty.clone()), &cell.name);
        }
        // Parameters come first, so an instance is opened when all are there.
        for cell in &cells {
            if let RegType::Instance(entity) = self.func.reg_type(cell.reg) {
                let opened = resume.reg(RegType::Instance(*entity));
                resume.emit(opened, Op::Open(*entity, resume.of[&cell.reg]));
                resume.of.insert(cell.reg, opened);
            }
        }
        for reg in &plan.again {
            let mut op = definition(&self.func, *reg)
                .expect("computed again")
                .clone();
            op.for_each_use_mut(|r| *r = resume.of[r]);
            let again = resume.reg(self.func.reg_type(*reg).clone());
            resume.emit(again, op);
            resume.of.insert(*reg, again);
        }
        let args = live.iter().map(|reg| resume.of[reg]).collect();
        let mut func = resume.func;
        func.blocks.push(Block {
            insts: resume.insts,
            term: Term::TailCall(self.func_of[&cut.behind], args),
            site,
        });
        self.module.funcs[id.0 as usize] = func;

        let param = |name: &str, ty: &Type| EntryParam {
            name: name.to_owned(),
            ty: ty.clone(),
            defaulted: false,
        };
        let mut params = vec![param("result", &result)];
        params.extend(cells.iter().map(|cell| param(&cell.name, &cell.ty)));
        let entity = own.map(|(_, entity)| entity);
        let mut entry = Entry::inside(EntryKind::Resume, label, entity, params, id, site);
        entry.waits_for = waits_for;
        self.module.entries.push(entry);
        self.cells_of.insert(cut.at, cells);
        EntryId(self.module.entries.len() as u32 - 1)
    }

    fn cell(&self, reg: Reg) -> Cell {
        let info = &self.func.regs[reg.0 as usize];
        let copied = match definition(&self.func, reg) {
            Some(Op::Copy(from)) => self.func.regs[from.0 as usize].name.clone(),
            _ => None,
        };
        let name = info.name.clone().or(copied);
        // Not by its number: that changes with any edit before it.
        let name = name.unwrap_or_else(|| "value".to_owned());
        let ty = match &info.ty {
            RegType::Value(ty) => ty.clone(),
            RegType::Instance(entity) => Type::Named(self.module.entity(*entity).def),
        };
        Cell { reg, ty, name }
    }

    /// The name that what is waited for was given.
    fn step_name(&self, cut: Cut) -> Option<String> {
        let last = self.func.block(cut.at).insts.last()?;
        let name = match &last.op {
            Op::Call(callee, _) => self.names.funcs.get(callee),
            Op::Suspend(Wait::Extern { function, .. }, _) => self.names.externs.get(function),
            Op::Suspend(Wait::Yield, _) => {
                let callee = self.next_call(cut.behind)?;
                self.names.funcs.get(&callee)
            }
            _ => None,
        };
        name.cloned()
    }

    /// The part of a label that says what is waited for; it survives edits elsewhere.
    fn label_part(&self, cut: Cut) -> String {
        let last = self.func.block(cut.at).insts.last();
        match last.map(|inst| &inst.op) {
            Some(Op::Call(callee, _)) => self.module.func(*callee).name.clone(),
            Some(Op::Suspend(wait, _)) => match wait {
                Wait::Yield => self.next_transaction(cut.behind),
                Wait::Sleep => "sleep".to_owned(),
                Wait::SleepUntil => "sleep_until".to_owned(),
                Wait::Events(..) => "wait".to_owned(),
                Wait::Extern { function, .. } => {
                    let function = &self.module.externs[*function as usize];
                    format!("{}.{}", function.module, function.name)
                }
                Wait::Run => "result".to_owned(),
                // Not "parallel": the branches are called that.
                Wait::Join { .. } => "join".to_owned(),
                Wait::Advance => "advance".to_owned(),
                Wait::Settle => "settle".to_owned(),
            },
            other => unreachable!("{other:?} does not suspend"),
        }
    }

    /// What a step that has done enough would do next: the transaction behind the cut.
    fn next_transaction(&self, behind: BlockId) -> String {
        if let Some(name) = self.next_scratch(behind) {
            return name;
        }
        match self.next_call(behind) {
            Some(callee) => self.module.func(callee).name.clone(),
            None => "atomic".to_owned(),
        }
    }

    /// The variable of the temporary data that is asked for first.
    fn next_scratch(&self, behind: BlockId) -> Option<String> {
        let block = match &self.func.block(behind).term {
            Term::Jump(to) if self.func.block(behind).insts.is_empty() => self.func.block(*to),
            _ => self.func.block(behind),
        };
        match &block.insts.first()?.op {
            Op::Lib(name, args) if name == "scratch.parts" || name == "scratch.lost" => {
                self.func.regs[args[0].0 as usize].name.clone()
            }
            _ => None,
        }
    }

    fn next_call(&self, behind: BlockId) -> Option<FuncId> {
        let block = match &self.func.block(behind).term {
            Term::Jump(to) if self.func.block(behind).insts.is_empty() => self.func.block(*to),
            _ => self.func.block(behind),
        };
        block.insts.iter().find_map(|inst| match inst.op {
            Op::Call(callee, _) => Some(callee),
            _ => None,
        })
    }

    fn waits_for(&self, cut: Cut) -> String {
        let last = self.func.block(cut.at).insts.last();
        match last.map(|inst| &inst.op) {
            Some(Op::Suspend(Wait::Events(entity, events), _)) => {
                let workflow = self.module.entity(*entity).workflow.as_ref();
                let all = &workflow.expect("events are of workflows").events;
                let names: Vec<&str> = events
                    .iter()
                    .map(|e| all[*e as usize].name.as_str())
                    .collect();
                format!("event {}", names.join(" or "))
            }
            Some(Op::Suspend(Wait::Yield, _)) => match self.next_scratch(cut.behind) {
                Some(name) => format!("temporary data {name}"),
                None => "its next step".to_owned(),
            },
            Some(Op::Suspend(Wait::Run, _)) => "the result of another run".to_owned(),
            Some(Op::Suspend(Wait::Join { .. }, _)) => "its branches".to_owned(),
            _ => self.label_part(cut),
        }
    }
}

/// Gives cells of one name a number from the second on: sleeping runs find their cells by name in a program that changed.
fn tell_apart(cells: &mut [Cell]) {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for cell in cells {
        let count = counts.entry(cell.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            cell.name = format!("{}#{count}", cell.name);
        }
    }
}

/// Of the registers live behind a cut: what is kept, and what is computed again, in an order that works.
struct Plan {
    cells: Vec<Reg>,
    again: Vec<Reg>,
}

impl Plan {
    fn new(func: &Func, live: &[Reg], result: Reg, own: Option<Reg>) -> Plan {
        let source = Source { func, live, own };
        let (again, cells): (Vec<Reg>, Vec<Reg>) = live
            .iter()
            .filter(|reg| **reg != result && own != Some(**reg))
            .partition(|reg| source.again(**reg, 0));
        let mut plan = Plan {
            cells,
            again: Vec::new(),
        };
        for reg in again {
            plan.compute(&source, reg);
        }
        plan
    }

    /// Puts what a register needs in front of it.
    fn compute(&mut self, source: &Source, reg: Reg) {
        if source.is_given(reg) || self.again.contains(&reg) {
            return;
        }
        let op = definition(source.func, reg).expect("computed again, so it has a definition");
        op.for_each_use(|r| self.compute(source, r));
        self.again.push(reg);
    }
}

/// What can be had behind a cut without a cell of its own.
struct Source<'f> {
    func: &'f Func,
    live: &'f [Reg],
    own: Option<Reg>,
}

impl Source<'_> {
    /// The own instance, and parameters nobody assigns that are kept: they are the same wherever they are read.
    fn is_given(&self, reg: Reg) -> bool {
        self.own == Some(reg) || self.live.contains(&reg) && is_constant(self.func, reg)
    }

    /// Whether a register, wherever it is written, holds a value that is cheap to get from what is given. Not from other
    /// registers: a loop may have written them again since.
    fn again(&self, reg: Reg, depth: u32) -> bool {
        const DEPTH_MAX: u32 = 8;
        let Some(op) = definition(self.func, reg) else {
            return false;
        };
        let cheap = matches!(
            op,
            Op::Const(_) | Op::Keys(_) | Op::FieldGet(..) | Op::Cast(_) | Op::Copy(_)
        );
        let mut all = cheap && depth < DEPTH_MAX;
        op.for_each_use(|r| all = all && (self.is_given(r) || self.again(r, depth + 1)));
        all
    }
}

/// The only operation that writes a register, when there is one only.
fn definition(func: &Func, reg: Reg) -> Option<&Op> {
    if reg.0 < func.params {
        return None;
    }
    let mut found = None;
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        if inst.dst == Some(reg) {
            if found.is_some() {
                return None;
            }
            found = Some(&inst.op);
        }
    }
    found
}

/// Whether a register holds one value for the whole call: a parameter nobody assigns.
fn is_constant(func: &Func, reg: Reg) -> bool {
    reg.0 < func.params
        && !func
            .blocks
            .iter()
            .flat_map(|b| &b.insts)
            .any(|inst| inst.dst == Some(reg))
}

/// The function of an entry while it is written.
struct Resume {
    func: Func,
    insts: Vec<Inst>,
    /// Where each register of the whole function is here.
    of: BTreeMap<Reg, Reg>,
    site: SiteId,
}

impl Resume {
    fn param(&mut self, of: Reg, ty: RegType, name: &str) {
        assert_eq!(self.func.params as usize, self.func.regs.len());
        self.func.params += 1;
        self.func.regs.push(RegInfo {
            ty,
            name: Some(name.to_owned()),
        });
        self.of.insert(of, Reg(self.func.params - 1));
    }

    fn reg(&mut self, ty: RegType) -> Reg {
        self.func.regs.push(RegInfo { ty, name: None });
        Reg(self.func.regs.len() as u32 - 1)
    }

    fn emit(&mut self, dst: Reg, op: Op) {
        self.insts.push(Inst {
            dst: Some(dst),
            op,
            site: self.site,
        });
    }
}
