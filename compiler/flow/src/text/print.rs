//! Module -> text.

mod lattices;
mod streams;
mod waiting;

use std::fmt::Write;

use weir_contract::{DefKind, Field, Type};

use super::operands::{self, Operand};
use crate::ir::*;

/// The whole module. Equal modules print the same text.
pub fn print(module: &Module) -> String {
    let mut out = String::new();
    for (number, file) in (0..).zip(&module.files) {
        let word = if module.library.contains(&number) {
            "library"
        } else {
            "file"
        };
        let _ = writeln!(out, "{word} {}", quote(file));
    }
    for (i, s) in module.sites.iter().enumerate() {
        let _ = writeln!(out, "site {i} {} {} {}", s.file, s.start, s.end);
    }
    for Inlined { site, called_at } in &module.inlined {
        let _ = writeln!(out, "inlined {} {}", site.0, called_at.0);
    }
    for def in &module.defs.defs {
        let _ = match &def.kind {
            DefKind::Record { fields } => {
                writeln!(out, "record {}({})", def.name, print_fields(module, fields))
            }
            DefKind::Error { fields, status } => {
                writeln!(
                    out,
                    "error {}({}) {status}",
                    def.name,
                    print_fields(module, fields)
                )
            }
            DefKind::New { base } => {
                writeln!(out, "new {} = {}", def.name, print_type(module, base))
            }
            DefKind::Entity { keys } => {
                writeln!(out, "key {}({})", def.name, print_fields(module, keys))
            }
            DefKind::Enum { variants } => {
                let rows: Vec<String> = variants
                    .iter()
                    .map(|v| format!("{}({})", v.name, print_fields(module, &v.fields)))
                    .collect();
                writeln!(out, "enum {} {{ {} }}", def.name, rows.join(", "))
            }
        };
    }
    waiting::outside(module, &mut out);
    for entity in &module.entities {
        let _ = writeln!(out, "entity {} {{", entity.name);
        if let Some(doc) = &entity.doc {
            let _ = writeln!(out, "  doc {}", quote(doc));
        }
        for field in &entity.fields {
            let public = if field.public { "pub " } else { "" };
            let ty = print_type(module, &field.ty);
            let merge = lattices::merge(module, field.merge.as_ref());
            let _ = writeln!(out, "  {public}field {}: {ty}{merge}", field.name);
        }
        for slot in &entity.slots {
            let kind = match &slot.kind {
                SlotKind::Scalar(t) => format!("scalar {}", print_type(module, t)),
                SlotKind::List(t) => format!("list {}", print_type(module, t)),
                SlotKind::Set(t) => format!("set {}", print_type(module, t)),
                SlotKind::Map(k, v) => {
                    format!("map {}, {}", print_type(module, k), print_type(module, v))
                }
            };
            let init = match &slot.init {
                Init::Empty => "empty".to_string(),
                Init::Literal(l) => print_literal(l),
                Init::Func(f) => func_name(module, *f),
            };
            let merge = lattices::merge(module, slot.merge.as_ref());
            let _ = writeln!(out, "  slot .{}: {kind}{merge} = {init}", slot.name);
        }
        for (word, func) in [("check", entity.check), ("allow", entity.allow)] {
            if let Some(f) = func {
                let _ = writeln!(out, "  {word} {}", func_name(module, f));
            }
        }
        if let Some(workflow) = &entity.workflow {
            waiting::workflow(module, workflow, &mut out);
        }
        out.push_str("}\n");
    }
    for func in &module.funcs {
        out.push_str(&print_func(module, func));
    }
    for entry in &module.entries {
        print_entry(module, entry, &mut out);
    }
    for stream in &module.streams {
        streams::stream(module, stream, &mut out);
    }
    out
}

/// One function.
pub fn print_func(module: &Module, func: &Func) -> String {
    let mut out = String::new();
    let reg = |i: usize| {
        let info = &func.regs[i];
        let ty = match &info.ty {
            RegType::Value(t) => print_type(module, t),
            RegType::Instance(e) => format!("instance {}", module.entity(*e).name),
        };
        match &info.name {
            Some(name) => format!("r{i} {}: {ty}", quote(name)),
            None => format!("r{i}: {ty}"),
        }
    };
    let params: Vec<String> = (0..func.params as usize).map(reg).collect();
    let _ = writeln!(
        out,
        "fn {}({}) -> {}{} {{",
        name_text(&func.name),
        params.join(", "),
        print_type(module, &func.ret),
        site_text(func.site)
    );
    for i in func.params as usize..func.regs.len() {
        let _ = writeln!(out, "  {}", reg(i));
    }
    for (i, block) in func.blocks.iter().enumerate() {
        let _ = writeln!(out, "b{i}:");
        for inst in &block.insts {
            let (name, operands) = operands::of_op(&inst.op);
            out.push_str("  ");
            if let Some(dst) = inst.dst {
                let _ = write!(out, "r{} = ", dst.0);
            }
            out.push_str(name);
            let words: Vec<String> = operands
                .iter()
                .map(|o| print_operand(module, func, &operands, o))
                .collect();
            if !words.is_empty() {
                let _ = write!(out, " {}", words.join(", "));
            }
            let _ = writeln!(out, "{}", site_text(inst.site));
        }
        let _ = writeln!(
            out,
            "  {}{}",
            print_term(module, &block.term),
            site_text(block.site)
        );
    }
    out.push_str("}\n");
    out
}

fn print_entry(module: &Module, entry: &Entry, out: &mut String) {
    let kind = match entry.kind {
        EntryKind::Function => "function",
        EntryKind::Handler => "handler",
        EntryKind::Field => "field",
        EntryKind::Whole => "whole",
        EntryKind::Test => "test",
        EntryKind::Run => "run",
        EntryKind::Guard => "guard",
        EntryKind::Resume => "resume",
        EntryKind::Undo => "undo",
        EntryKind::Branch => "branch",
        EntryKind::Scratch(ScratchPart::Whole) => "scratch_whole",
        EntryKind::Scratch(ScratchPart::Source) => "scratch_source",
        EntryKind::Scratch(ScratchPart::Each) => "scratch_each",
        EntryKind::Scratch(ScratchPart::Finish) => "scratch_finish",
        EntryKind::Scratch(ScratchPart::Groups) => "scratch_groups",
        EntryKind::Mock => "mock",
    };
    let _ = write!(out, "entry {kind} {}", quote(&entry.name));
    if let Some(e) = entry.entity {
        let _ = write!(out, " of {}", module.entity(e).name);
    }
    let effect = match entry.effect {
        Effect::Pure => "pure",
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Wait => "wait",
    };
    let guard = match entry.guard {
        Some(g) => format!(" guard {}", func_name(module, g)),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        " {} = {}{guard} {}{} {effect}{}{}{}",
        params_text(module, &entry.params),
        func_name(module, entry.func),
        access_text(&entry.access),
        if entry.public { " public" } else { "" },
        match entry.waits_for.as_str() {
            "" => String::new(),
            what => format!(" waits_for {}", quote(what)),
        },
        entry
            .doc
            .iter()
            .map(|d| format!(" doc {}", quote(d)))
            .collect::<String>(),
        site_text(entry.site)
    );
}

fn params_text(module: &Module, params: &[EntryParam]) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|p| {
            let defaulted = if p.defaulted { " = ?" } else { "" };
            format!(
                "{}: {}{defaulted}",
                quote(&p.name),
                print_type(module, &p.ty)
            )
        })
        .collect();
    format!("({})", params.join(", "))
}

fn access_text(access: &Access) -> String {
    match access {
        Access::Anyone => "anyone".to_string(),
        Access::SignedIn => "signed_in".to_string(),
        Access::Roles(roles) => {
            let roles: Vec<String> = roles.iter().map(|r| quote(r)).collect();
            format!("roles({})", roles.join(", "))
        }
    }
}

fn print_operand(module: &Module, func: &Func, all: &[Operand], operand: &Operand) -> String {
    let regs = |rs: &[Reg]| {
        rs.iter()
            .map(|r| format!("r{}", r.0))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match operand {
        Operand::Reg(r) => format!("r{}", r.0),
        Operand::Number(n) => n.to_string(),
        // The instance comes first; a module that does not verify may hold anything there.
        Operand::Slot(s) => match all.first() {
            Some(Operand::Reg(r)) => match func.regs.get(r.0 as usize).map(|i| &i.ty) {
                Some(RegType::Instance(e)) => format!(".{}", module.slot(*e, *s).name),
                _ => format!(".{}", s.0),
            },
            _ => format!(".{}", s.0),
        },
        Operand::Func(f) => func_name(module, *f),
        Operand::Entity(e) => module.entity(*e).name.clone(),
        Operand::Literal(l) => print_literal(l),
        Operand::Name(n) => quote(n),
        Operand::Regs(rs) => format!("({})", regs(rs)),
    }
}

fn print_term(module: &Module, term: &Term) -> String {
    let row = |regs: &[Reg]| {
        let regs: Vec<String> = regs.iter().map(|r| format!("r{}", r.0)).collect();
        format!("({})", regs.join(", "))
    };
    match term {
        Term::TailCall(func, args) => {
            format!("tail_call {}{}", func_name(module, *func), row(args))
        }
        Term::Suspend { entry, cells, wait } => {
            let wait = wait.iter().map(|(wait, operands)| {
                format!(" for {}{}", quote(&super::wait::print(wait)), row(operands))
            });
            format!(
                "suspend {}{}{}",
                entry.0,
                row(cells),
                wait.collect::<String>()
            )
        }
        Term::Jump(b) => format!("jump b{}", b.0),
        Term::Branch(r, a, b) => format!("branch r{}, b{}, b{}", r.0, a.0, b.0),
        Term::Switch { on, cases, default } => {
            let mut rows: Vec<String> = cases
                .iter()
                .map(|(tag, b)| format!("{tag}: b{}", b.0))
                .collect();
            rows.extend(default.iter().map(|b| format!("else: b{}", b.0)));
            format!("switch r{} {{ {} }}", on.0, rows.join(", "))
        }
        Term::Return(r) => format!("return r{}", r.0),
        Term::Crash {
            reason,
            detail: None,
        } => format!("crash {}", reason.name()),
        Term::Crash {
            reason,
            detail: Some(r),
        } => format!("crash {}, r{}", reason.name(), r.0),
    }
}

fn print_fields(module: &Module, fields: &[Field]) -> String {
    let rows: Vec<String> = fields
        .iter()
        .map(|f| format!("{}: {}", f.name, print_type(module, &f.ty)))
        .collect();
    rows.join(", ")
}

/// A type in the words of the language.
pub fn print_type(module: &Module, ty: &Type) -> String {
    let go = |t: &Type| print_type(module, t);
    let name = |id: &weir_contract::DefId| module.defs.get(*id).name.clone();
    match ty {
        Type::Unit => "Unit".into(),
        Type::Bool => "Bool".into(),
        Type::Int => "Int".into(),
        Type::Decimal => "Decimal".into(),
        Type::Float => "Float".into(),
        Type::Text => "Text".into(),
        Type::Bytes => "Bytes".into(),
        Type::Time => "Time".into(),
        Type::Duration => "Duration".into(),
        Type::Date => "Date".into(),
        Type::Money => "Money".into(),
        Type::Blob => "Blob".into(),
        Type::List(t) => format!("List<{}>", go(t)),
        Type::Set(t) => format!("Set<{}>", go(t)),
        Type::Option(t) => format!("Option<{}>", go(t)),
        Type::Map(k, v) => format!("Map<{}, {}>", go(k), go(v)),
        Type::Tuple(fields) => {
            let rows: Vec<String> = fields
                .iter()
                .map(|f| match &f.name {
                    Some(n) => format!("{n}: {}", go(&f.ty)),
                    None => go(&f.ty),
                })
                .collect();
            format!("({})", rows.join(", "))
        }
        Type::Named(id) => name(id),
        Type::Result(ok, errors) => {
            let names: Vec<String> = errors.iter().map(name).collect();
            format!("Result<{}, {}>", go(ok), names.join(" | "))
        }
    }
}

fn print_literal(literal: &Literal) -> String {
    match literal {
        Literal::Unit => "unit".into(),
        Literal::Bool(b) => b.to_string(),
        Literal::Int(n) => n.to_string(),
        Literal::Decimal(n) => format!("{n}n"),
        Literal::Float(x) if x.is_nan() => "nan".into(),
        Literal::Float(x) if x.is_infinite() => (if *x > 0.0 { "inf" } else { "neg_inf" }).into(),
        Literal::Float(x) => format!("{x:?}f"),
        Literal::Text(s) => quote(s),
        Literal::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            format!("bytes \"{hex}\"")
        }
        Literal::Time(us) => format!("{us}t"),
        Literal::Duration(us) => format!("{us}us"),
        Literal::Date(days) => format!("{days}d"),
        Literal::Money(money) => format!("{}n{}", money.amount, money.currency),
    }
}

fn func_name(module: &Module, func: FuncId) -> String {
    match module.funcs.get(func.0 as usize) {
        Some(f) => name_text(&f.name),
        None => format!("@?{}", func.0),
    }
}

fn name_text(name: &str) -> String {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    {
        format!("@{name}")
    } else {
        format!("@{}", quote(name))
    }
}

fn site_text(site: SiteId) -> String {
    if site.0 == 0 {
        String::new()
    } else {
        format!(" !{}", site.0)
    }
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
