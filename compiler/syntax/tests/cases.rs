//! Broken texts: what is said about them, and what is left of the tree.
//!
//! `tests/cases/*.txt` hold cases as `=== name`, text, `---`, expected. Run with
//! `UPDATE_CASES=1` to write what is found now, then read the difference.

use std::fmt::Write;

use weir_diagnostics::{SourceFile, SourceMap};
use weir_syntax::ast::*;
use weir_syntax::parse;

fn run(folder: &str, show: fn(&str) -> String) {
    let folder = format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut wrong = String::new();
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("cases")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("case file");
        let mut rewritten = String::new();
        for case in text.split("=== ").skip(1) {
            let (name, case) = case.split_once('\n').expect("a name");
            let (source, expected) = case.split_once("---\n").expect("`---` after the text");
            let found = show(source);
            writeln!(rewritten, "=== {name}\n{source}---\n{found}").unwrap();
            if found.trim_end() != expected.trim_end() {
                writeln!(
                    wrong,
                    "=== {name}\n{source}--- expected\n{expected}--- found\n{found}"
                )
                .unwrap();
            }
        }
        if update {
            std::fs::write(&path, rewritten.trim_end().to_owned() + "\n").expect("case file");
        }
    }
    assert!(wrong.is_empty() || update, "{wrong}");
}

fn said(source: &str) -> String {
    let mut sources = SourceMap::new();
    let id = sources.add("", source);
    let parsed = parse(id, source);
    let place = |file: &SourceFile, offset| {
        let place = file.line_column(offset);
        format!("{}:{}", place.line, place.column)
    };
    let mut out = String::new();
    for found in &parsed.diagnostics {
        let start = place(sources.file(id), found.primary.span.start);
        writeln!(out, "{} {start} {}", found.code, found.message).unwrap();
        if found.primary.text.starts_with("expected") {
            writeln!(out, "  {}", found.primary.text).unwrap();
        }
        for second in &found.secondary {
            let start = place(sources.file(id), second.span.start);
            writeln!(out, "  {start} {}", second.text).unwrap();
        }
        if let Some(help) = &found.help {
            writeln!(out, "  help: {help}").unwrap();
        }
    }
    out
}

#[test]
fn mistakes_are_named_with_the_next_step() {
    run("cases", said);
}

#[test]
fn a_mistake_costs_only_its_own_unit() {
    run("recovery", |source| {
        let mut sources = SourceMap::new();
        let id = sources.add("", source);
        said(source) + &outline(&parse(id, source).module)
    });
}

/// The tree down to statements and arms, a line each.
fn outline(module: &Module) -> String {
    let mut out = String::new();
    for item in &module.items {
        match &item.kind {
            ItemKind::Hole => out.push_str("hole\n"),
            ItemKind::Fn(decl) => function(&mut out, 0, decl),
            ItemKind::Record(decl) => {
                writeln!(out, "record {}({})", decl.name, names(&decl.fields)).unwrap()
            }
            ItemKind::Enum(decl) => {
                let names: Vec<_> = decl.variants.iter().map(|v| v.name.as_str()).collect();
                writeln!(out, "enum {}: {}", decl.name, names.join(" ")).unwrap();
            }
            ItemKind::Entity(decl) => {
                writeln!(out, "entity {}({})", decl.name, names(&decl.keys)).unwrap();
                for member in &decl.members {
                    match &member.kind {
                        MemberKind::Fn(decl) => function(&mut out, 1, decl),
                        MemberKind::State(state) => {
                            writeln!(out, "  state {}", state.name).unwrap()
                        }
                        MemberKind::Hole => out.push_str("  hole\n"),
                        _ => out.push_str("  member\n"),
                    }
                }
            }
            ItemKind::Test(decl) => {
                writeln!(out, "test {:?}", decl.name.value).unwrap();
                block(&mut out, 1, &decl.body);
            }
            ItemKind::Let(decl) => {
                writeln!(out, "let {} = {}", decl.name, short(&decl.value)).unwrap()
            }
            _ => out.push_str("item\n"),
        }
    }
    out
}

fn names(fields: &[Field]) -> String {
    let names: Vec<_> = fields.iter().map(|f| f.name.as_str()).collect();
    names.join(" ")
}

fn function(out: &mut String, depth: usize, decl: &FnDecl) {
    writeln!(
        out,
        "{}fn {}({})",
        "  ".repeat(depth),
        decl.name,
        names(&decl.params)
    )
    .unwrap();
    match &decl.body {
        FnBody::Block(body) => block(out, depth + 1, body),
        FnBody::Expr(body) => writeln!(out, "{}= {}", "  ".repeat(depth + 1), short(body)).unwrap(),
    }
}

fn block(out: &mut String, depth: usize, body: &Block) {
    let margin = "  ".repeat(depth);
    for stmt in &body.stmts {
        match &stmt.kind {
            StmtKind::Hole => writeln!(out, "{margin}hole").unwrap(),
            StmtKind::Let { pattern, value, .. } => {
                let name = match &pattern.kind {
                    PatternKind::Bind(name) => name.as_str(),
                    _ => "pattern",
                };
                writeln!(out, "{margin}let {name} = {}", short(value)).unwrap();
            }
            StmtKind::Var { name, value, .. } => {
                writeln!(out, "{margin}var {name} = {}", short(value)).unwrap();
            }
            StmtKind::Expr(value) => {
                writeln!(out, "{margin}{}", short(value)).unwrap();
                inner(out, depth + 1, value);
            }
            StmtKind::Assign { value, .. } => {
                writeln!(out, "{margin}assign {}", short(value)).unwrap()
            }
            _ => writeln!(out, "{margin}statement").unwrap(),
        }
    }
}

fn inner(out: &mut String, depth: usize, value: &Expr) {
    match &value.kind {
        ExprKind::If { then, .. } => block(out, depth, then),
        ExprKind::Match { arms, .. } => {
            for arm in arms {
                let hole = matches!(arm.pattern.kind, PatternKind::Hole);
                let word = if hole { "hole" } else { "arm" };
                writeln!(out, "{}{word} {}", "  ".repeat(depth), short(&arm.body)).unwrap();
            }
        }
        _ => {}
    }
}

/// The kind of an expression, and the arguments of a call.
fn short(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Call { callee, args } => {
            let args: Vec<_> = args.iter().map(|arg| short(&arg.value)).collect();
            format!("{}({})", short(callee), args.join(" "))
        }
        ExprKind::Var(name) | ExprKind::Con(name) => name.name.clone(),
        ExprKind::Int(value) => value.to_string(),
        kind => {
            let shown = format!("{kind:?}");
            let end = shown.find(|c: char| !c.is_alphanumeric());
            shown[..end.unwrap_or(shown.len())].to_lowercase()
        }
    }
}
