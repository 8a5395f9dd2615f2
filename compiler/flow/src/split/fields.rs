//! A record that lives across a cut and is only ever taken apart becomes its parts, so that a frame holds just the fields
//! that are used later.
//!
//! ```text
//!   r1 = list.get r0, r9            r1 = list.get r0, r9
//!                                   r2 = field r1, 0
//!   wait "sleep" (r8)        =>     wait "sleep" (r8)
//!   r2 = field r1, 0
//! ```
//! The parts are taken right behind the only place that writes the record, so they are always those of its newest value.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::{DefKind, Type};

use crate::ir::*;
use crate::liveness::live_out;

pub fn scatter(module: &Module, func: &mut Func, waiting: &BTreeSet<FuncId>) {
    // A part may itself be a record that is only taken apart.
    const ROUNDS_MAX: usize = 4;
    for _ in 0..ROUNDS_MAX {
        let records = only_taken_apart(module, func, waiting);
        if records.is_empty() {
            break;
        }
        for (record, types) in records {
            take_apart(module, func, record, &types);
        }
    }
}

/// Records with one definition that live across a cut and of which only fields are read; with the fields' types.
fn only_taken_apart(
    module: &Module,
    func: &Func,
    waiting: &BTreeSet<FuncId>,
) -> BTreeMap<Reg, BTreeMap<u32, Type>> {
    let mut definitions = vec![0; func.regs.len()];
    (0..func.params).for_each(|r| definitions[r as usize] = 1);
    let mut whole = vec![false; func.regs.len()];
    let mut fields: BTreeMap<Reg, BTreeMap<u32, Type>> = BTreeMap::new();
    for block in &func.blocks {
        for inst in &block.insts {
            inst.dst.iter().for_each(|r| definitions[r.0 as usize] += 1);
            match inst.op {
                Op::FieldGet(record, position) => {
                    let dst = inst.dst.expect("a field goes somewhere");
                    let ty = func.value_type(dst).clone();
                    fields.entry(record).or_default().insert(position, ty);
                }
                ref op => op.for_each_use(|r| whole[r.0 as usize] = true),
            }
        }
        block.term.for_each_use(|r| whole[r.0 as usize] = true);
    }
    let crossing = crossing(func, waiting);
    fields.retain(|record, _| {
        let at = record.0 as usize;
        definitions[at] == 1
            && !whole[at]
            && crossing.contains(record)
            && matches!(&func.regs[at].ty, RegType::Value(ty) if is_record(module, ty))
    });
    fields
}

/// The registers that are live behind some cut.
fn crossing(func: &Func, waiting: &BTreeSet<FuncId>) -> BTreeSet<Reg> {
    let mut crossing = BTreeSet::new();
    for (block, mut live) in func.blocks.iter().zip(live_out(func)) {
        block.term.for_each_use(|r| {
            live.insert(r);
        });
        for inst in block.insts.iter().rev() {
            if super::is_cut(inst, waiting) {
                crossing.extend(live.iter().filter(|r| Some(*r) != inst.dst));
            }
            inst.dst.iter().for_each(|r| live.remove(*r));
            inst.op.for_each_use(|r| {
                live.insert(r);
            });
        }
    }
    crossing
}

fn take_apart(module: &Module, func: &mut Func, record: Reg, types: &BTreeMap<u32, Type>) {
    let name = func.regs[record.0 as usize].name.clone();
    let whole = func.value_type(record).clone();
    let mut parts = BTreeMap::new();
    for (position, ty) in types {
        let field = field_name(module, &whole, *position);
        let name = name.as_ref().map(|name| format!("{name}.{field}"));
        func.regs.push(RegInfo {
            ty: RegType::Value(ty.clone()),
            name,
        });
        parts.insert(*position, Reg(func.regs.len() as u32 - 1));
    }
    let taking = |site| {
        let take = |(position, part): (&u32, &Reg)| Inst {
            dst: Some(*part),
            op: Op::FieldGet(record, *position),
            site,
        };
        parts.iter().map(take).collect::<Vec<Inst>>()
    };
    for block in &mut func.blocks {
        for inst in &mut block.insts {
            if let Op::FieldGet(from, position) = inst.op
                && from == record
            {
                inst.op = Op::Copy(parts[&position]);
            }
        }
        let made = block.insts.iter().position(|i| i.dst == Some(record));
        if let Some(at) = made {
            let site = block.insts[at].site;
            block.insts.splice(at + 1..at + 1, taking(site));
        }
    }
    if record.0 < func.params {
        let site = func.site;
        func.blocks[0].insts.splice(0..0, taking(site));
    }
}

/// As a person writes it behind the dot.
fn field_name(module: &Module, ty: &Type, position: u32) -> String {
    let at = position as usize;
    let name = match ty {
        Type::Tuple(fields) => fields[at].name.clone(),
        Type::Named(id) => match &module.defs.get(*id).kind {
            DefKind::Record { fields } | DefKind::Error { fields, .. } => {
                Some(fields[at].name.clone())
            }
            _ => None,
        },
        _ => None,
    };
    name.unwrap_or_else(|| position.to_string())
}

fn is_record(module: &Module, ty: &Type) -> bool {
    match ty {
        Type::Tuple(_) => true,
        Type::Named(id) => matches!(
            module.defs.get(*id).kind,
            DefKind::Record { .. } | DefKind::Error { .. }
        ),
        _ => false,
    }
}
