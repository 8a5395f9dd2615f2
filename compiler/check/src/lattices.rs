//! Where what merges may stand: behind `merge`, and in records of which all fields merge. Everywhere else there are only values of it.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast;

use crate::hir::*;
use crate::messages;
use crate::scope::Cx;
use crate::types::merging_ty;

/// The type of a `merge` field, and how it merges.
pub fn of_field(cx: &mut Cx, decl: &ast::MergeDecl) -> (Type, Option<Lattice>) {
    let ty = merging_ty(cx, &decl.ty, &[]);
    let lattice = cx.program.lattice(&ty);
    let Some(lattice) = lattice else {
        if !is_unknown(&ty) {
            let found = not_merging(cx, decl.ty.span, &ty);
            let name = &decl.name;
            let shown = messages::show(&cx.program, &[], &ty);
            let help = instead(&ty).or_else(|| partly(cx, &ty)).unwrap_or_else(|| {
                format!("what merges is a `Counter`, a `Latest<{shown}>`, an `AddSet<..>` and their like; for what one place decides write `state {name}: {shown}`")
            });
            cx.report(found.help(help));
        }
        return (Type::Unknown, None);
    };
    match check_inside(cx, decl.ty.span, &lattice) {
        true => (ty, Some(lattice)),
        false => (Type::Unknown, None),
    }
}

fn not_merging(cx: &Cx, span: Span, ty: &Type) -> Diagnostic {
    let shown = messages::show(&cx.program, &[], ty);
    let message = format!("`{shown}` does not say how it merges");
    let found = Diagnostic::new(codes::E0520, span, message).label("not a type that merges");
    let Type::Record(id, args) = ty else {
        return found;
    };
    let fields = cx.program.record_fields(*id, args);
    let wrong = fields.iter().find(|f| cx.program.lattice(&f.ty).is_none());
    match wrong {
        Some(wrong) => {
            let declared = cx.program.records[id.0 as usize].span;
            let name = &wrong.name;
            found.secondary(declared, format!("its field `{name}` does not merge"))
        }
        None => found,
    }
}

/// What is nearest to a type that does not merge.
fn instead(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Int => "a number that is added to is a `Counter`; of one that only the last writer sets write `Latest<Int>`".into(),
        Type::Money => "money that is added to is a `MoneySum`".into(),
        Type::Bool => "what happens once is a `Flag`; what goes on and off is a `Latest<Bool>`".into(),
        Type::Set(_) | Type::List(_) => "a set that is added to and taken from is an `AddSet<..>`".into(),
        Type::Map(..) => "write `MergeMap<Key, ..>`, with what merges as its second type".into(),
        _ => return None,
    })
}

/// The same of one of which a part merges.
fn partly(cx: &Cx, ty: &Type) -> Option<String> {
    let help = match ty {
        Type::New(id, _) if LatticeKind::of_id(*id).is_some() => {
            "what is at a key merges too: write `MergeMap<Key, Counter>`, for example"
        }
        Type::Record(..) if cx.program.has_lattice(ty) => "let all its fields merge",
        _ => return None,
    };
    Some(help.to_owned())
}

fn is_unknown(ty: &Type) -> bool {
    crate::infer::has_unknown(ty)
}

/// What is inside of what merges is plain data; keys are keys.
fn check_inside(cx: &mut Cx, span: Span, lattice: &Lattice) -> bool {
    let plain = |cx: &mut Cx, ty: &Type| {
        if cx.program.has_lattice(ty) {
            let shown = messages::show(&cx.program, &[], ty);
            let message = format!("`{shown}` is inside of something that merges as a whole");
            let found = Diagnostic::new(codes::E0520, span, message).label("only values here");
            cx.report(found.help("what has parts that merge by themselves is a `MergeMap<Key, ..>`, or a record of them"));
            return false;
        }
        true
    };
    match lattice {
        Lattice::Leaf(_, item) => item.as_ref().is_none_or(|item| plain(cx, item)),
        Lattice::Map(key, of) => plain(cx, key) && check_inside(cx, span, of),
        Lattice::Record(parts) => parts.iter().all(|(_, part)| check_inside(cx, span, part)),
    }
}

/// A record with a field that merges is one that merges: all of its fields do.
pub fn records(cx: &mut Cx, records: Vec<usize>) {
    for at in records {
        let fields = cx.program.records[at].fields.clone();
        let merges = |cx: &Cx, field: &NamedType| cx.program.has_lattice(&field.ty);
        let Some(first) = fields.iter().position(|field| merges(cx, field)) else {
            continue;
        };
        let decl = cx.records[at].clone();
        for (field, written) in fields.iter().zip(&decl.fields) {
            if is_unknown(&field.ty) || matches!(field.ty, Type::Param(_)) {
                continue;
            }
            match cx.program.lattice(&field.ty) {
                Some(_) => {
                    if let Some(default) = &written.default {
                        crate::signatures::no_default(
                            cx,
                            default.span,
                            "what merges",
                            "leave it out: it begins with nothing",
                        );
                    }
                }
                None => {
                    let message = format!(
                        "`{}` does not merge, but other fields of the record do",
                        field.name
                    );
                    let found = Diagnostic::new(codes::E0520, written.ty.span, message)
                        .label("plain data")
                        .secondary(decl.fields[first].ty.span, "this merges");
                    let shown =
                        messages::show(&cx.program, &cx.program.records[at].type_params, &field.ty);
                    cx.report(found.help(format!(
                        "write `Latest<{shown}>`, or take it out of the record"
                    )));
                }
            }
        }
    }
}

/// Notes a type that is written where what merges may not stand.
pub fn written(cx: &mut Cx, span: Span, ty: &Type) {
    if matches!(
        ty,
        Type::Unit
            | Type::Bool
            | Type::Int
            | Type::Text
            | Type::Unknown
            | Type::Decimal
            | Type::Param(_)
    ) {
        return;
    }
    match &mut cx.written_types {
        Some(types) => types.push((span, ty.clone())),
        None => check_place(cx, span, ty),
    }
}

/// Looks at all types that were noted, now that all records are known.
pub fn check_places(cx: &mut Cx) {
    for (span, ty) in cx.written_types.take().unwrap_or_default() {
        check_place(cx, span, &ty);
    }
}

fn check_place(cx: &mut Cx, span: Span, ty: &Type) {
    if !cx.program.has_lattice(ty) {
        return;
    }
    let shown = messages::show(&cx.program, &[], ty);
    let message = format!("`{shown}` is only there behind `merge`");
    let found = Diagnostic::new(codes::E0520, span, message).label("not a value");
    let help = match ty {
        Type::New(id, args) => match LatticeKind::of_id(*id) {
            Some(kind) => {
                let seen = kind.base().substitute(args);
                let seen = messages::show(&cx.program, &[], &seen);
                format!("in an entity write `merge name: {shown}`; a value of it is `{seen}`")
            }
            None => "keep it in an entity: `merge name: ..`".to_owned(),
        },
        _ => "keep it in an entity, `merge name: ..`, and pass on the `value` of its parts"
            .to_owned(),
    };
    cx.report(found.help(help));
}
