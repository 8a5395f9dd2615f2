//! The fields of a record, error or variant, and the parameters of a call, that nobody has given a value.

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::{Span, codes};
use weir_syntax::ast::{Arg, ExprKind};

use super::{Action, ActionKind, Asked, write};
use crate::{Edit, Snapshot, labels};

pub fn missing_fields(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    let snapshot = asked.snapshot;
    let found: Vec<_> = snapshot.survey.diagnostics.iter().enumerate().collect();
    let (at, whole, name, args, parens) = asked.innermost(|e| {
        let (name, args, parens) = match &e.kind {
            ExprKind::Call { callee, args } => {
                (labels::called(callee)?.span, args.as_slice(), true)
            }
            ExprKind::Con(name) => (name.span, &[][..], false),
            _ => return None,
        };
        // One about an argument is about what stands in it.
        let (at, _) = found.iter().find(|(_, d)| {
            let place = d.primary.span;
            let in_argument = args.iter().any(|arg| arg.span.contains(place));
            d.code == codes::E0302 && e.span.contains(place) && !in_argument
        })?;
        Some((*at, e.span, name, args, parens))
    })?;
    let def = snapshot.meanings().name(name)?;
    let parts = snapshot.declared.parts(snapshot.place(def)?);
    let missing: Vec<Edit> = parts
        .iter()
        .enumerate()
        .filter(|(n, part)| !is_given(args, *n, &snapshot.declared.by_name[*part].name))
        .filter(|(_, part)| {
            // A default is text behind a `=`.
            let declaration = &snapshot.declared.by_name[*part];
            !snapshot.snippet(declaration.whole).contains('=')
        })
        .filter_map(|(_, part)| {
            let name = &snapshot.declared.by_name[part].name;
            let def = snapshot.declared.defs.get(part)?;
            let value = match type_of(snapshot, *def) {
                Some(ty) => write::value(snapshot, &ty),
                None => "{}".into(),
            };
            Some(Edit {
                span: *part,
                text: format!("{name}: {value}"),
            })
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    let listed: Vec<&str> = missing.iter().map(|edit| edit.text.as_str()).collect();
    let listed = listed.join(", ");
    let edit = match (parens, args.last()) {
        (false, _) => Edit {
            span: whole.after(),
            text: format!("({listed})"),
        },
        (true, Some(last)) => Edit {
            span: last.span.after(),
            text: format!(", {listed}"),
        },
        (true, None) => Edit {
            span: Span::new(whole.file, whole.end - 1, whole.end - 1),
            text: listed,
        },
    };
    let title = match missing.len() {
        1 => "add the missing value".to_owned(),
        n => format!("add the {n} missing values"),
    };
    let mut action = Action::new(title, ActionKind::QuickFix, vec![edit]);
    action.mends = Some(at);
    Some(action)
}

/// Whether the n-th part has an argument: by position, or by its label.
fn is_given(args: &[Arg], n: usize, name: &str) -> bool {
    let by_position = args.get(n).is_some_and(|arg| arg.label.is_none());
    let label = |arg: &Arg| {
        arg.label
            .as_ref()
            .is_some_and(|label| label.as_str() == name)
    };
    // A variable of the same name may stand for itself, wherever.
    by_position || args.iter().any(label)
}

/// The type of a field, key or parameter.
pub(super) fn type_of(snapshot: &Snapshot, def: Def) -> Option<Type> {
    let checked = snapshot.checked();
    Some(match def {
        Def::RecordField(id, n) => checked.records[id.0 as usize]
            .fields
            .get(n as usize)?
            .ty
            .clone(),
        Def::ErrorField(id, n) => checked.errors[id.0 as usize]
            .fields
            .get(n as usize)?
            .ty
            .clone(),
        Def::VariantField(id, v, n) => {
            let variant = checked.enums[id.0 as usize].variants.get(v as usize)?;
            variant.fields.get(n as usize)?.ty.clone()
        }
        Def::Key(id, n) => checked.entity(id).keys.get(n as usize)?.ty.clone(),
        Def::Local(at) => snapshot
            .ty(at)
            .cloned()
            .or_else(|| parameter(snapshot, at))?,
        Def::ExternParam(id, n) => checked.extern_fn(id).params.get(n as usize)?.ty.clone(),
        _ => return None,
    })
}

/// The type of a parameter, by the place of its name.
fn parameter(snapshot: &Snapshot, at: Span) -> Option<Type> {
    let owner = snapshot.declared.by_name.get(&at)?.inside?;
    let Def::Function(id) = snapshot.declared.defs.get(&owner)? else {
        return None;
    };
    let n = snapshot
        .declared
        .parts(owner)
        .iter()
        .position(|p| *p == at)?;
    Some(snapshot.checked().function(*id).params.get(n)?.ty.clone())
}
