//! A record that a closure only takes apart comes to it as the fields it uses, so that a run keeps no more than those.
//!
//! ```text
//!   fn undo(line: Line)               fn undo(line.sku: Text)
//!     sku = field line, 0      =>       sku = copy line.sku
//! ```

use std::collections::BTreeMap;

use weir_contract::{DefKind, Defs, Type};

use crate::ir::*;

/// What a parameter is made from: one of the values given, or a field of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Position among the values.
    pub given: usize,
    pub field: Option<u32>,
}

/// Trims the value parameters of `func`, which follow its first `fixed`; `params` describes them. Gives the new
/// description, and what each is made from.
pub fn trim(
    defs: &Defs,
    func: &mut Func,
    fixed: u32,
    params: Vec<EntryParam>,
) -> (Vec<EntryParam>, Vec<Taken>) {
    let used = fields_used(func);
    let (mut new, mut taken) = (Vec::new(), Vec::new());
    // Where each old parameter, or field of it, is now.
    let mut place: BTreeMap<(Reg, Option<u32>), u32> = BTreeMap::new();
    for (given, param) in params.into_iter().enumerate() {
        let reg = Reg(fixed + given as u32);
        let names = field_names(defs, &param.ty);
        let fields = used.get(&reg).filter(|_| names.is_some());
        match fields.and_then(|fields| fields.as_ref()) {
            Some(fields) => {
                for (field, ty) in fields {
                    place.insert((reg, Some(*field)), new.len() as u32);
                    let name = &names.as_ref().expect("a record")[*field as usize];
                    new.push(EntryParam {
                        name: format!("{}.{name}", param.name),
                        ty: ty.clone(),
                        defaulted: false,
                    });
                    taken.push(Taken {
                        given,
                        field: Some(*field),
                    });
                }
            }
            None => {
                place.insert((reg, None), new.len() as u32);
                new.push(param);
                taken.push(Taken { given, field: None });
            }
        }
    }
    if taken.iter().any(|t| t.field.is_some()) || taken.len() < (func.params - fixed) as usize {
        rebuild(func, fixed, &new, &place);
    }
    (new, taken)
}

/// For each register that is read: its fields with their types, or `None` when it is read as a whole.
fn fields_used(func: &Func) -> BTreeMap<Reg, Option<BTreeMap<u32, Type>>> {
    let mut used: BTreeMap<Reg, Option<BTreeMap<u32, Type>>> = BTreeMap::new();
    for block in &func.blocks {
        for inst in &block.insts {
            match inst.op {
                Op::FieldGet(record, position) => {
                    let ty = func.value_type(inst.dst.expect("a field goes somewhere"));
                    if let Some(fields) = used.entry(record).or_insert(Some(BTreeMap::new())) {
                        fields.insert(position, ty.clone());
                    }
                }
                ref op => op.for_each_use(|r| {
                    used.insert(r, None);
                }),
            }
            // Assigned inside: what it holds later is not what was given.
            inst.dst.iter().for_each(|r| {
                if r.0 < func.params {
                    used.insert(*r, None);
                }
            });
        }
        block.term.for_each_use(|r| {
            used.insert(r, None);
        });
    }
    used
}

/// Gives the function its new parameters; the old registers follow them, and old parameters are copied to theirs.
fn rebuild(
    func: &mut Func,
    fixed: u32,
    new: &[EntryParam],
    place: &BTreeMap<(Reg, Option<u32>), u32>,
) {
    let shift = new.len() as u32;
    let old = std::mem::take(&mut func.regs);
    let (first, rest) = old.split_at(fixed as usize);
    func.regs = first.to_vec();
    func.regs.extend(new.iter().map(|param| RegInfo {
        ty: RegType::Value(param.ty.clone()),
        name: Some(param.name.clone()),
    }));
    func.regs.extend_from_slice(rest);
    let old_params = func.params;
    func.params = fixed + shift;
    let moved = |r: Reg| match r.0 < fixed {
        true => r,
        false => Reg(r.0 + shift),
    };
    for block in &mut func.blocks {
        for inst in &mut block.insts {
            match inst.op {
                Op::FieldGet(record, field) if place.contains_key(&(record, Some(field))) => {
                    inst.op = Op::Copy(Reg(fixed + place[&(record, Some(field))]));
                }
                ref mut op => op.for_each_use_mut(|r| *r = moved(*r)),
            }
            inst.dst = inst.dst.map(moved);
        }
        block.term.for_each_use_mut(|r| *r = moved(*r));
    }
    let site = func.site;
    let copies = (fixed..old_params).filter_map(|r| {
        let at = place.get(&(Reg(r), None))?;
        Some(Inst {
            dst: Some(moved(Reg(r))),
            op: Op::Copy(Reg(fixed + at)),
            site,
        })
    });
    let copies: Vec<Inst> = copies.collect();
    func.blocks[0].insts.splice(0..0, copies);
}

/// The fields of a type that is taken apart by position, by name.
fn field_names(defs: &Defs, ty: &Type) -> Option<Vec<String>> {
    match ty {
        Type::Tuple(fields) => {
            let name = |(i, f): (usize, &weir_contract::TupleField)| {
                f.name.clone().unwrap_or_else(|| i.to_string())
            };
            Some(fields.iter().enumerate().map(name).collect())
        }
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Record { fields } | DefKind::Error { fields, .. } => {
                Some(fields.iter().map(|f| f.name.clone()).collect())
            }
            _ => None,
        },
        _ => None,
    }
}
