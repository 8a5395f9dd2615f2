//! What is not written and yet there, to be shown inside of the text: types that are worked out, the parameters that bare
//! literals are for, what a function may fail with and does, and where a run may sleep, with what is kept meanwhile.

use std::collections::BTreeMap;

use weir_check::hir::{Effect, FnId, Type};
use weir_check::meanings::Def;
use weir_contract::Field;
use weir_contract::manifest::{FrameRole, Function};
use weir_contract::receipt::Class;
use weir_contract::scratch::may_be_made_from;
use weir_diagnostics::{FileId, Span};
use weir_driver::receipts;
use weir_syntax::ast::walk::{Node, pattern, walk};
use weir_syntax::ast::{Expr, ExprKind, Ident, ItemKind, PatternKind, StmtKind, UnaryOp};

use crate::declared::Kind;
use crate::rename::Edit;
use crate::{Snapshot, calls, show};

/// Something to show at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// In bytes.
    pub at: Span,
    pub label: String,
    pub kind: HintKind,
    /// Markdown.
    pub about: Option<String>,
    /// What writes it into the text, where it could stand there.
    pub edit: Option<Edit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    Type,
    Parameter,
    /// What a function may fail with and does; behind its head.
    Effect,
    /// A place where a run may sleep; behind the line.
    Wait,
}

/// Those in a piece of a file, in the order of the text.
pub fn hints(snapshot: &Snapshot, within: Span) -> Vec<Hint> {
    let mut found = Vec::new();
    if let Some(module) = snapshot.module(within.file) {
        walk(module, &mut |node| {
            let span = node.span();
            if span.end >= within.start && span.start <= within.end {
                of_node(snapshot, node, &mut found);
            }
        });
    }
    effects(snapshot, within.file, &mut found);
    waits(snapshot, within.file, &mut found);
    found.retain(|hint| within.start <= hint.at.start && hint.at.start <= within.end);
    found.sort_by_key(|hint| hint.at);
    found
}

fn of_node(snapshot: &Snapshot, node: Node<'_>, found: &mut Vec<Hint>) {
    match node {
        Node::Stmt(stmt) => match &stmt.kind {
            StmtKind::Let {
                pattern: bound,
                ty: None,
                value,
                ..
            } => match &bound.kind {
                PatternKind::Bind(_) if is_obvious(value) => {}
                PatternKind::Bind(name) => found.extend(of_type(snapshot, name, true)),
                _ => pattern(bound, &mut |node| {
                    if let Node::Pattern(part) = node
                        && let PatternKind::Bind(name) = &part.kind
                    {
                        found.extend(of_type(snapshot, name, false));
                    }
                }),
            },
            StmtKind::Var {
                name,
                ty: None,
                value,
            } if !is_obvious(value) => found.extend(of_type(snapshot, name, true)),
            _ => {}
        },
        Node::Expr(e) => match &e.kind {
            ExprKind::Lambda { params, .. } => {
                for param in params.iter().filter(|param| param.ty.is_none()) {
                    if let Some(name) = &param.name {
                        found.extend(of_type(snapshot, name, false));
                    }
                }
            }
            ExprKind::For(inner) => {
                for generator in &inner.generators {
                    if let PatternKind::Bind(name) = &generator.pattern.kind {
                        found.extend(of_type(snapshot, name, false));
                    }
                }
            }
            ExprKind::Call { callee, args } => {
                let is_bare =
                    |arg: &&weir_syntax::ast::Arg| arg.label.is_none() && is_literal(&arg.value);
                if !args.iter().any(|arg| is_bare(&arg)) {
                    return;
                }
                let Some(callee) = calls::callee(snapshot, callee) else {
                    return;
                };
                // Of one parameter the name of the function says enough.
                if callee.params.len() < 2 {
                    return;
                }
                for (arg, parameter) in args.iter().zip(&callee.params) {
                    if is_bare(&arg) && !parameter.name.is_empty() {
                        found.push(Hint {
                            at: arg.span.before(),
                            label: format!("{}:", parameter.name),
                            kind: HintKind::Parameter,
                            about: Some(crate::hover::code(&parameter.head)),
                            edit: None,
                        });
                    }
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// The type of a variable; with the edit that writes it where `can_be_written`.
fn of_type(snapshot: &Snapshot, name: &Ident, can_be_written: bool) -> Option<Hint> {
    let ty = snapshot.ty(name.span)?;
    if is_open(ty) {
        return None;
    }
    let shown = snapshot.show(name.span, ty);
    let label = format!(": {shown}");
    let is_written = can_be_written && !matches!(ty, Type::Result(..) | Type::Never);
    let edit = is_written.then(|| Edit {
        span: name.span.after(),
        text: label.clone(),
    });
    let short = match label.chars().count() {
        0..=40 => label,
        _ => label.chars().take(39).chain(['…']).collect(),
    };
    Some(Hint {
        at: name.span.after(),
        label: short,
        kind: HintKind::Type,
        about: Some(crate::hover::code(&format!("{name}: {shown}"))),
        edit,
    })
}

/// Whether any part of a type is not known.
fn is_open(ty: &Type) -> bool {
    let mut open = show::is_unknown(ty);
    ty.map(&mut |part| {
        open |= is_open(part);
        part.clone()
    });
    open
}

/// Whether a value says of what type it is.
fn is_obvious(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Call { callee, .. } => matches!(callee.kind, ExprKind::Con(_)),
        ExprKind::Con(_) => true,
        ExprKind::Hole => true,
        _ => is_literal(value) && !matches!(value.kind, ExprKind::List(_) | ExprKind::Map(_)),
    }
}

/// Whether an argument does not say what it is for.
fn is_literal(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Int(_)
        | ExprKind::Decimal(_)
        | ExprKind::Float(_)
        | ExprKind::Money { .. }
        | ExprKind::Duration(_)
        | ExprKind::Time(_)
        | ExprKind::Date(_)
        | ExprKind::Bool(_)
        | ExprKind::Text(_)
        | ExprKind::Interpolated(_) => true,
        ExprKind::List(items) => items.is_empty(),
        ExprKind::Map(entries) => entries.is_empty(),
        ExprKind::Con(name) => name.as_str() == "None",
        ExprKind::Unary { op, operand } => *op == UnaryOp::Neg && is_literal(operand),
        _ => false,
    }
}

/// Behind the heads of functions.
fn effects(snapshot: &Snapshot, file: FileId, found: &mut Vec<Hint>) {
    let all = snapshot.checked().functions.iter().zip((0..).map(FnId));
    for (function, id) in all.filter(|(function, _)| function.span.file == file) {
        // What nobody wrote as a function is shown where it was written.
        if snapshot.is_schedule(Def::Function(id)) {
            continue;
        }
        let Some(declaration) = snapshot.declaration(Def::Function(id)) else {
            continue;
        };
        let head = snapshot.snippet(declaration.head);
        let says_fails = show::one_line(head).contains(" fails ");
        if !says_fails && !function.fails.is_empty() {
            let label = format!(" fails {}", show::errors(snapshot, &function.fails));
            found.push(Hint {
                at: declaration.head.after(),
                label: label.trim_start().to_owned(),
                kind: HintKind::Effect,
                about: Some("worked out from its body".to_owned()),
                edit: Some(Edit {
                    span: declaration.head.after(),
                    text: label,
                }),
            });
        }
        let planned = crate::facts::planned(snapshot, id);
        found.extend(effect(snapshot, id, planned, declaration.head.after()));
    }
    for (period, declaration) in snapshot.declared.by_name.of(file) {
        if declaration.kind == Kind::Schedule
            && let Some(tick) = snapshot.tick(*period)
        {
            let run = crate::facts::schedule(snapshot, *period);
            found.extend(effect(snapshot, tick, run, declaration.head.after()));
        }
    }
    let module = snapshot.module(file);
    for item in module.iter().flat_map(|module| &module.items) {
        let ItemKind::On(on) = &item.kind else {
            continue;
        };
        let mut all = snapshot.checked().consumers.iter();
        let Some(consumer) = all.find(|consumer| consumer.span == on.stream.span) else {
            continue;
        };
        let text = &snapshot.survey.sources.file(file).text;
        let head = text[..on.body.span.start as usize].trim_end().len() as u32;
        let planned = crate::facts::planned(snapshot, consumer.function);
        let behind = Span::new(file, head, head);
        found.extend(effect(snapshot, consumer.function, planned, behind));
    }
}

/// `write, serial`: of what does more than compute.
fn effect(snapshot: &Snapshot, id: FnId, planned: Option<&Function>, behind: Span) -> Option<Hint> {
    let function = snapshot.checked().function(id);
    if function.effect == Effect::Pure {
        return None;
    }
    let receipt = planned.and_then(|planned| planned.receipt.as_ref());
    let effect = show::effect(function.effect);
    let (label, about) = match (receipt, snapshot.manifest()) {
        // That it reads is said by both.
        (Some(receipt), Some(manifest)) if receipt.class != Class::Read => (
            format!("{effect}, {}", receipt.class.name()),
            receipts::class(manifest, receipt),
        ),
        _ => (effect.to_owned(), crate::facts::effects(snapshot, id)),
    };
    Some(Hint {
        at: behind,
        label,
        kind: HintKind::Effect,
        about: Some(about),
        edit: None,
    })
}

/// Behind the lines where a run may sleep; only while the program has no errors.
fn waits(snapshot: &Snapshot, file: FileId, found: &mut Vec<Hint>) {
    let Some(manifest) = snapshot.manifest() else {
        return;
    };
    let source = snapshot.survey.sources.file(file);
    let mut by_line: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    for frame in manifest
        .frames
        .iter()
        .filter(|f| f.role == FrameRole::Resume)
    {
        let Some(site) = manifest.sites.get(frame.site as usize) else {
            continue;
        };
        // Tests wait as well, and nobody keeps what they do.
        if site.source != file.0 || frame.label.starts_with("test ") {
            continue;
        }
        // Of temporary data a run keeps what it is made from.
        let name = |cell: &Field| match may_be_made_from(&cell.ty) {
            true => format!("what {} is made from", cell.name),
            false => cell.name.clone(),
        };
        let names: Vec<String> = frame.cells.iter().map(name).collect();
        let label = match names.as_slice() {
            [] => "⏸ nothing kept".to_owned(),
            names => {
                let size = weir_driver::explain::size(&manifest.defs, &frame.cells);
                let size = size.replace("at least ", "≥ ").replace(" to ", "–");
                format!("⏸ {size}: {}", names.join(", "))
            }
        };
        let about = match frame.waits_for.as_str() {
            "its next step" => "a step may end here".to_owned(),
            what => format!("waits for {what}"),
        };
        let kept = weir_driver::explain::kept(manifest, frame);
        let about = format!("`{}`: {about}, keeps {kept}", frame.label);
        by_line
            .entry(site.line as usize - 1)
            .or_default()
            .push((label, about));
    }
    for (line, mut frames) in by_line {
        let Some(start) = source.line_start(line) else {
            continue;
        };
        let end = source
            .line_start(line + 1)
            .map_or(source.text.len(), |next| next - 1);
        let end = start + source.text[start..end.max(start)].trim_end().len();
        frames.dedup();
        for (label, about) in frames {
            found.push(Hint {
                at: Span::new(file, end as u32, end as u32),
                label,
                kind: HintKind::Wait,
                about: Some(about),
                edit: None,
            });
        }
    }
}
