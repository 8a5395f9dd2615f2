//! A function that is called and not there: written behind what calls it, with the types of the arguments, and with what the
//! place of the call wants.

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::{Span, codes};
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Arg, Expr, ExprKind, FnBody, Ident, StmtKind};

use super::{Action, ActionKind, Asked, extract_value, fields, write};
use crate::{Edit, labels, show};

pub fn missing_function(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    let snapshot = asked.snapshot;
    let (call, name, base, args) = asked.innermost(|e| match &e.kind {
        ExprKind::Call { callee, args } => match &callee.kind {
            ExprKind::Var(name) => Some((e, name, None, args)),
            ExprKind::Field { base, name } => Some((e, name, Some(&**base), args)),
            _ => None,
        },
        _ => None,
    })?;
    if name.is_upper()
        || !name.span.contains(asked.selected.before()) && name.span.end != asked.selected.start
    {
        return None;
    }
    let mut found = snapshot.survey.diagnostics.iter();
    let is_missing = |d: &weir_diagnostics::Diagnostic| {
        matches!(d.code, codes::E0201 | codes::E0204) && d.primary.span == name.span
    };
    let at = found.position(is_missing)?;
    let receiver = match base {
        None => None,
        // `module.name()` is declared in the module.
        Some(base) => match snapshot.ty(base.span) {
            Some(ty) if !show::is_unknown(ty) => Some((base, ty)),
            _ => return None,
        },
    };
    let mut params: Vec<(String, Type)> = Vec::new();
    let mut place = asked.whole()?.after();
    let mut is_member = asked.member().is_some();
    match receiver {
        Some((_, Type::Entity(id))) => {
            // A function of that entity, behind its last member.
            let declared = snapshot.meanings().declared.get(&Def::Entity(*id))?;
            let whole = snapshot.declared.by_name.get(declared)?.whole;
            if !snapshot.is_own(declared.file) {
                return None;
            }
            let text = snapshot.snippet(whole);
            let kept = text.strip_suffix('}')?.trim_end().len() as u32;
            let end = whole.start + kept;
            place = Span::new(whole.file, end, end);
            is_member = true;
        }
        Some((base, ty)) => {
            params.push((param_name(base, None, params.len()), ty.clone()));
            place = asked.item()?.span.after();
            is_member = false;
        }
        None => {}
    }
    for arg in args {
        let ty = snapshot
            .ty(arg.value.span)
            .cloned()
            .unwrap_or(Type::Unknown);
        let mut name = param_name(&arg.value, arg.label.as_ref(), params.len());
        while params.iter().any(|(known, _)| *known == name) {
            name.push('2');
        }
        params.push((name, ty));
    }
    if params.iter().any(|(_, ty)| show::is_unknown(ty)) {
        return None;
    }
    let gives = wanted(asked, call).filter(|ty| !show::is_unknown(ty) && *ty != Type::Unit);
    let indent = if is_member { "  " } else { "" };
    let shown: Vec<String> = params
        .iter()
        .map(|(name, ty)| format!("{name}: {}", snapshot.show(call.span, ty)))
        .collect();
    let (gives, body) = match &gives {
        Some(ty) => {
            let value = write::value(snapshot, ty);
            let shown = snapshot.show(call.span, ty);
            (
                format!(" -> {shown}"),
                format!("{{\n{indent}  {value}\n{indent}}}"),
            )
        }
        None => (String::new(), "{}".to_owned()),
    };
    let text = format!("\n\n{indent}fn {name}({}){gives} {body}", shown.join(", "));
    let title = format!("write the function `{name}`");
    let edit = Edit { span: place, text };
    let mut action = Action::new(title, ActionKind::QuickFix, vec![edit]);
    action.mends = Some(at);
    Some(action)
}

fn param_name(value: &Expr, label: Option<&Ident>, n: usize) -> String {
    if let Some(label) = label {
        return label.name.clone();
    }
    match &value.kind {
        ExprKind::Var(name) => name.name.clone(),
        ExprKind::Field { name, .. } => extract_value::lower(name.as_str()),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Con(name) => extract_value::lower(name.as_str()),
            _ => letter(n),
        },
        _ => letter(n),
    }
}

fn letter(n: usize) -> String {
    char::from(b'a' + (n % 26) as u8).to_string()
}

/// The type that the place of a call wants, as far as what is around it says.
fn wanted(asked: &Asked, call: &Expr) -> Option<Type> {
    let snapshot = asked.snapshot;
    let outer: Vec<&Node> = asked
        .around
        .iter()
        .filter(|node| node.span().contains(call.span) && node.span() != call.span)
        .collect();
    match outer.last()? {
        Node::Stmt(stmt) => match &stmt.kind {
            StmtKind::Let { ty: Some(ty), .. } | StmtKind::Var { ty: Some(ty), .. } => {
                written(asked, asked.snippet(ty.span))
            }
            StmtKind::Assign { target, .. } => snapshot.ty(target.span).cloned(),
            StmtKind::Require { .. } | StmtKind::While { .. } | StmtKind::Expect(_) => {
                Some(Type::Bool)
            }
            _ => None,
        },
        Node::Arg(arg) => of_argument(asked, arg),
        Node::Expr(around) => match &around.kind {
            ExprKind::If { cond, .. } if cond.span == call.span => Some(Type::Bool),
            ExprKind::Binary {
                left, right, op, ..
            } => {
                use weir_syntax::ast::BinaryOp::{And, Or};
                if matches!(op, And | Or) {
                    return Some(Type::Bool);
                }
                let other = if left.span == call.span { right } else { left };
                snapshot.ty(other.span).cloned()
            }
            _ => None,
        },
        // The value of a function: alone, or the last of its block.
        Node::Block(_) | Node::Item(_) | Node::Member(_) => of_function(asked, call),
        _ => None,
    }
    .or_else(|| of_function(asked, call))
}

/// A type by how it is written, as far as it is known without its place: the built-in ones, and the program's own.
fn written(asked: &Asked, text: &str) -> Option<Type> {
    if let Some(inner) = text.strip_suffix('?') {
        return Some(Type::Option(Box::new(written(asked, inner)?)));
    }
    let checked = asked.snapshot.checked();
    Some(match text {
        "Bool" => Type::Bool,
        "Int" => Type::Int,
        "Decimal" => Type::Decimal,
        "Float" => Type::Float,
        "Text" => Type::Text,
        "Time" => Type::Time,
        "Duration" => Type::Duration,
        _ => {
            if let Some(inner) = text.strip_prefix("List<").and_then(|t| t.strip_suffix('>')) {
                return Some(Type::List(Box::new(written(asked, inner)?)));
            }
            let place = asked
                .file
                .names
                .seen
                .iter()
                .find(|(name, _)| name == text)?
                .1;
            match place {
                Def::Record(id) if checked.records[id.0 as usize].type_params.is_empty() => {
                    Type::Record(id, Vec::new())
                }
                Def::Enum(id) if checked.enums[id.0 as usize].type_params.is_empty() => {
                    Type::Enum(id, Vec::new())
                }
                Def::New(id) if checked.news[id.0 as usize].type_params.is_empty() => {
                    Type::New(id, Vec::new())
                }
                _ => return None,
            }
        }
    })
}

fn of_argument(asked: &Asked, arg: &Arg) -> Option<Type> {
    let snapshot = asked.snapshot;
    asked.innermost(|e| match &e.kind {
        ExprKind::Call { callee, args } => {
            let n = args.iter().position(|a| a.span == arg.span)?;
            let name = labels::called(callee)?;
            let owner = snapshot.place(snapshot.meanings().name(name.span)?)?;
            let parts = snapshot.declared.parts(owner);
            let by_label = arg.label.as_ref().and_then(|label| {
                let mut parts = parts.iter();
                parts.find(|part| snapshot.declared.by_name[*part].name == label.name)
            });
            let part = by_label.or(parts.get(n))?;
            fields::type_of(snapshot, *snapshot.declared.defs.get(part)?)
        }
        _ => None,
    })
}

fn of_function(asked: &Asked, call: &Expr) -> Option<Type> {
    let function = asked.function()?;
    let Some(Def::Function(id)) = asked.snapshot.declared.defs.get(&function.name.span) else {
        return None;
    };
    let is_result = match &function.body {
        FnBody::Expr(body) => body.span == call.span,
        FnBody::Block(block) => matches!(
            block.stmts.last().map(|stmt| &stmt.kind),
            Some(StmtKind::Expr(e)) if e.span == call.span
        ),
    };
    is_result.then(|| asked.snapshot.checked().function(*id).ret.clone())
}
