//! Holds a module to the rules of `ir`: ids in range, unique names, operand and result types, every
//! register written before it is read on all paths. What passes here needs no checks behind it.

mod defined;
mod look;
mod passed;
mod rule;
mod types;

pub use look::look_types;
pub use types::{
    arith as arith_type, fields as record_fields, merge_args, payload as payload_types, same_shape,
};

use std::collections::BTreeSet;

use weir_contract::{DefKind, Type};

use crate::ir::*;
use crate::text::print_type;

/// Every broken rule, one sentence each; empty when the module is sound.
pub fn verify(module: &Module) -> Vec<String> {
    let mut problems = Vec::new();
    unique(
        "function",
        module.funcs.iter().map(|f| &f.name),
        &mut problems,
    );
    unique(
        "entity",
        module.entities.iter().map(|e| &e.name),
        &mut problems,
    );
    unique(
        "type",
        module.defs.defs.iter().map(|d| &d.name),
        &mut problems,
    );
    for (i, entity) in module.entities.iter().enumerate() {
        verify_entity(module, EntityId(i as u32), entity, &mut problems);
    }
    for entry in &module.entries {
        verify_entry(module, entry, &mut problems);
    }
    for func in &module.funcs {
        verify_func(module, func, &mut problems);
    }
    unique(
        "stream",
        module.streams.iter().map(|s| &s.name),
        &mut problems,
    );
    for stream in &module.streams {
        verify_stream(module, stream, &mut problems);
    }
    problems
}

fn verify_stream(module: &Module, stream: &Stream, problems: &mut Vec<String>) {
    let mut bad = |text: &str| problems.push(format!("stream {}: {text}", stream.name));
    let mut types = std::iter::once(&stream.ty).chain(&stream.key);
    if !types.all(|ty| known(module, ty)) {
        return bad("unknown type");
    }
    let takes = |entry: EntryId, ty: &Type| {
        let entry = module.entries.get(entry.0 as usize);
        entry.is_some_and(|entry| {
            entry.kind == EntryKind::Function
                && matches!(entry.params.as_slice(), [param] if param.ty == *ty)
        })
    };
    let list = Type::List(Box::new(stream.ty.clone()));
    if stream.append.is_some_and(|entry| !takes(entry, &list)) {
        bad("append does not take a list of its entries");
    }
    if !stream.consumers.iter().all(|e| takes(*e, &stream.ty)) {
        bad("a consumer does not take its entries");
    }
}

/// Panics with the problems and the module's text when it is not sound. For the border between stages.
pub fn assert_sound(module: &Module) {
    let problems = verify(module);
    assert!(
        problems.is_empty(),
        "broken flow IR:\n{}\n\n{}",
        problems.join("\n"),
        crate::text::print(module)
    );
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>, problems: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            problems.push(format!("two of {what} {name}"));
        }
    }
}

fn verify_entity(module: &Module, id: EntityId, entity: &Entity, problems: &mut Vec<String>) {
    let mut bad = |text: String| problems.push(format!("entity {}: {text}", entity.name));
    match module.defs.defs.get(entity.def.0 as usize) {
        Some(def) if def.name == entity.name && matches!(def.kind, DefKind::Entity { .. }) => {}
        _ => bad("its definition is not an entity of the same name".into()),
    }
    let takes_instance = |func: FuncId, ret: &Type| {
        module.funcs.get(func.0 as usize).is_some_and(|f| {
            f.params == 1 && f.regs[0].ty == RegType::Instance(id) && f.ret == *ret
        })
    };
    if entity
        .check
        .is_some_and(|f| !takes_instance(f, &Type::Unit))
    {
        bad("check is not (Instance) -> Unit".into());
    }
    if entity
        .allow
        .is_some_and(|f| !takes_instance(f, &Type::Bool))
    {
        bad("allow is not (Instance) -> Bool".into());
    }
    let mut names = BTreeSet::new();
    for slot in &entity.slots {
        if !names.insert(&slot.name) {
            bad(format!("two slots .{}", slot.name));
        }
        let value = slot.kind.value_type();
        if !known(module, &value) {
            bad(format!("slot .{}: unknown type", slot.name));
            continue;
        }
        let scalar = matches!(slot.kind, SlotKind::Scalar(_));
        let fits = match &slot.init {
            Init::Empty => !scalar,
            Init::Literal(l) => scalar && l.ty() == *module.defs.base(&value),
            Init::Func(f) => takes_instance(*f, &value),
        };
        if !fits {
            bad(format!(
                "slot .{}: its initial value does not fit",
                slot.name
            ));
        }
    }
}

fn verify_entry(module: &Module, entry: &Entry, problems: &mut Vec<String>) {
    let mut bad = |text: &str| problems.push(format!("entry {}: {text}", entry.name));
    let mut expected = Vec::new();
    if let Some(entity) = entry.entity {
        if entity.0 as usize >= module.entities.len() {
            return bad("unknown entity");
        }
        expected.push(RegType::Instance(entity));
    }
    if let Some(guard) = entry.guard {
        match module.funcs.get(guard.0 as usize) {
            Some(f) if f.params as usize == expected.len() && f.ret == Type::Bool => {}
            _ => bad("its guard is not (Instance) -> Bool"),
        }
    }
    expected.extend(entry.params.iter().map(|p| {
        RegType::Value(if p.defaulted {
            Type::Option(Box::new(p.ty.clone()))
        } else {
            p.ty.clone()
        })
    }));
    match module.funcs.get(entry.func.0 as usize) {
        Some(f)
            if f.regs
                .iter()
                .take(f.params as usize)
                .map(|r| &r.ty)
                .eq(&expected) => {}
        _ => bad("its function does not take its parameters"),
    }
}

fn verify_func(module: &Module, func: &Func, problems: &mut Vec<String>) {
    let before = problems.len();
    let mut bad =
        |place: &str, text: String| problems.push(format!("@{}{place}: {text}", func.name));
    if func.params as usize > func.regs.len() {
        return bad("", "more parameters than registers".into());
    }
    if func.blocks.is_empty() {
        return bad("", "no blocks".into());
    }
    if !known(module, &func.ret) || func.site.0 as usize >= module.count_sites() {
        bad("", "unknown result type or site".into());
    }
    for (i, reg) in func.regs.iter().enumerate() {
        let known = match &reg.ty {
            RegType::Value(ty) => known(module, ty),
            RegType::Instance(e) => (e.0 as usize) < module.entities.len(),
        };
        if !known {
            bad("", format!("r{i} has an unknown type"));
        }
    }
    // Further rules look types up.
    if problems.len() > before {
        return;
    }
    for (i, block) in func.blocks.iter().enumerate() {
        for inst in &block.insts {
            if let Err(text) = verify_inst(module, func, inst) {
                let (name, _) = crate::text::operands_of(&inst.op);
                problems.push(format!("@{} b{i}: {name}: {text}", func.name));
            }
        }
        if let Err(text) = verify_term(module, func, block) {
            problems.push(format!("@{} b{i}: {text}", func.name));
        }
    }
    if problems.len() == before {
        defined::verify(func, problems);
    }
}

fn verify_inst(module: &Module, func: &Func, inst: &Inst) -> Result<(), String> {
    let count = func.regs.len() as u32;
    let mut out_of_range = inst.dst.filter(|r| r.0 >= count);
    inst.op
        .for_each_use(|r| out_of_range = out_of_range.or((r.0 >= count).then_some(r)));
    if let Some(r) = out_of_range {
        return Err(format!("no register r{}", r.0));
    }
    if inst.site.0 as usize >= module.count_sites() {
        return Err(format!("no site {}", inst.site.0));
    }
    let wanted = inst.dst.map(|r| func.reg_type(r));
    match (types::result(module, func, &inst.op, wanted)?, wanted) {
        (None, None) => Ok(()),
        (Some(given), Some(wanted)) if given == *wanted => Ok(()),
        (None, Some(_)) => Err("has no result".into()),
        (Some(_), None) => Err("its result goes nowhere".into()),
        (Some(given), Some(wanted)) => Err(format!(
            "gives {}, the register holds {}",
            show(module, &given),
            show(module, wanted)
        )),
    }
}

fn verify_term(module: &Module, func: &Func, block: &Block) -> Result<(), String> {
    let mut target = Ok(());
    block.term.for_each_use(|r| {
        if r.0 as usize >= func.regs.len() {
            target = Err(format!("no register r{}", r.0));
        }
    });
    block.term.for_each_successor(|b| {
        if b.0 == 0 || b.0 as usize >= func.blocks.len() {
            target = Err(format!("jumps to b{}", b.0));
        }
    });
    target?;
    let expect = |r: &Reg, ty: &Type| {
        if *func.reg_type(*r) == RegType::Value(ty.clone()) {
            Ok(())
        } else {
            Err(format!(
                "r{} is {}, not {}",
                r.0,
                show(module, func.reg_type(*r)),
                print_type(module, ty)
            ))
        }
    };
    match &block.term {
        Term::TailCall(callee, args) => {
            let callee = module
                .funcs
                .get(callee.0 as usize)
                .ok_or("no such function")?;
            passed::arguments(func, callee, args)?;
            if callee.ret == func.ret {
                Ok(())
            } else {
                Err(format!("@{} gives something else", callee.name))
            }
        }
        Term::Suspend { entry, cells, wait } => {
            let resume = module
                .entries
                .get(entry.0 as usize)
                .filter(|e| e.kind == EntryKind::Resume)
                .ok_or("no such place to go on")?;
            passed::cells(
                module,
                func,
                cells,
                resume.params.get(1..).unwrap_or_default(),
            )?;
            match wait {
                Some((wait, operands)) => passed::wait(module, func, wait, operands),
                None => Ok(()),
            }
        }
        Term::Jump(_) | Term::Crash { detail: None, .. } => Ok(()),
        Term::Branch(r, ..) => expect(r, &Type::Bool),
        Term::Return(r) => expect(r, &func.ret),
        Term::Crash {
            detail: Some(r), ..
        } => expect(r, &Type::Text),
        Term::Switch { on, cases, default } => {
            let RegType::Value(ty) = func.reg_type(*on) else {
                return Err("switch on an instance".into());
            };
            let tags =
                types::tags(module, ty).ok_or(format!("switch on {}", print_type(module, ty)))?;
            if !cases.is_sorted_by(|a, b| a.0 < b.0) {
                return Err("cases do not ascend".into());
            }
            if let Some((tag, _)) = cases.iter().find(|(tag, _)| !tags.contains(tag)) {
                return Err(format!("no tag {tag}"));
            }
            if default.is_none() && cases.is_empty() {
                Err("switch without cases".into())
            } else {
                Ok(())
            }
        }
    }
}

fn show(module: &Module, ty: &RegType) -> String {
    match ty {
        RegType::Value(t) => print_type(module, t),
        RegType::Instance(e) => format!("instance {}", module.entity(*e).name),
    }
}

/// Whether every definition a type names exists, and a Result names errors only.
fn known(module: &Module, ty: &Type) -> bool {
    let in_range = |id: &weir_contract::DefId| (id.0 as usize) < module.defs.defs.len();
    match ty {
        Type::List(t) | Type::Set(t) | Type::Option(t) => known(module, t),
        Type::Map(k, v) => known(module, k) && known(module, v),
        Type::Tuple(fields) => fields.iter().all(|f| known(module, &f.ty)),
        Type::Named(id) => in_range(id),
        Type::Result(ok, errors) => {
            known(module, ok)
                && errors.iter().all(|e| {
                    in_range(e) && matches!(module.defs.get(*e).kind, DefKind::Error { .. })
                })
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
