//! Pieces of text that actions write.

use weir_check::hir::Type;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::{Node, walk_expr};
use weir_syntax::ast::{Expr, ExprKind};

use crate::{Edit, Snapshot};

/// Records in records, and no deeper.
const DEPTH_MAX: u32 = 4;

/// A value of a type, the plainest there is; `{}` where nobody can make one.
pub fn value(snapshot: &Snapshot, ty: &Type) -> String {
    known(snapshot, ty, 0).unwrap_or_else(|| "{}".into())
}

fn known(snapshot: &Snapshot, ty: &Type, depth: u32) -> Option<String> {
    if depth > DEPTH_MAX {
        return None;
    }
    let checked = snapshot.checked();
    let part = |ty: &Type| known(snapshot, ty, depth + 1);
    Some(match ty {
        Type::Unit => "{}".into(),
        Type::Bool => "false".into(),
        Type::Int => "0".into(),
        Type::Decimal | Type::Float => "0.0".into(),
        Type::Text => "\"\"".into(),
        Type::Duration => "0s".into(),
        Type::Time => "now()".into(),
        Type::List(_) => "[]".into(),
        Type::Map(..) => "[:]".into(),
        Type::Option(_) => "None".into(),
        Type::Tuple(parts) => {
            let parts: Option<Vec<String>> = parts.iter().map(|p| part(&p.ty)).collect();
            format!("({})", parts?.join(", "))
        }
        Type::Record(id, args) if args.is_empty() => {
            let record = &checked.records[id.0 as usize];
            let fields: Option<Vec<String>> = record
                .fields
                .iter()
                .map(|field| Some(format!("{}: {}", field.name, part(&field.ty)?)))
                .collect();
            format!("{}({})", record.name, fields?.join(", "))
        }
        Type::Enum(id, args) if args.is_empty() => {
            let declared = &checked.enums[id.0 as usize];
            let plain = declared.variants.iter().find(|v| v.fields.is_empty())?;
            format!("{}.{}", declared.name, plain.name)
        }
        Type::New(id, args) if args.is_empty() => {
            let declared = &checked.news[id.0 as usize];
            format!("{}({})", declared.name, part(&declared.base)?)
        }
        _ => return None,
    })
}

/// Takes away a piece of the text, and its line where nothing else is on it.
pub fn without_line(snapshot: &Snapshot, span: Span) -> Edit {
    let text = snapshot.text(span.file);
    let (start, end) = (span.start as usize, span.end as usize);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = &text[end..];
    let behind = rest.trim_start_matches([' ', '\t', ',', '\r']);
    let is_alone =
        text[line..start].trim().is_empty() && (behind.is_empty() || behind.starts_with('\n'));
    let span = match is_alone {
        true => {
            let skipped = rest.len() - behind.len() + usize::from(behind.starts_with('\n'));
            Span::new(span.file, line as u32, (end + skipped) as u32)
        }
        false => span,
    };
    Edit {
        span,
        text: String::new(),
    }
}

/// Whether working a value out may do more than give it: it calls something.
pub fn does_something(e: &Expr) -> bool {
    let mut found = false;
    walk_expr(e, &mut |node| {
        if let Node::Expr(e) = node {
            found |= matches!(
                e.kind,
                ExprKind::Call { .. }
                    | ExprKind::Send { .. }
                    | ExprKind::Try(_)
                    | ExprKind::Fail(_)
                    | ExprKind::Return(_)
                    | ExprKind::Wait(_)
                    | ExprKind::Parallel(_)
                    | ExprKind::Atomic(_)
                    | ExprKind::Undo { .. }
            );
        }
    });
    found
}

/// Whether an expression stays one thing wherever it is put.
pub fn is_closed(e: &Expr) -> bool {
    !matches!(
        e.kind,
        ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Range { .. }
            | ExprKind::Is { .. }
            | ExprKind::Coalesce { .. }
            | ExprKind::Peek(_)
            | ExprKind::Send { .. }
            | ExprKind::Undo { .. }
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::For(_)
            | ExprKind::Lambda { .. }
            | ExprKind::Fail(_)
            | ExprKind::Return(_)
            | ExprKind::Wait(_)
    )
}

/// Each line but the first moved by so many blanks more, or fewer where the text has them.
pub fn indented(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
            if !line.trim().is_empty() {
                out.push_str(to);
                out.push_str(line.strip_prefix(from).unwrap_or(line.trim_start()));
            }
        } else {
            out.push_str(line);
        }
    }
    out
}
