//! Where something is declared, and where its type is.

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::Span;

use crate::{At, Snapshot, nodes};

/// The name where what stands at a place is declared; the start of the file for a module.
pub fn definition(snapshot: &Snapshot, at: At) -> Option<Span> {
    let (_, def) = snapshot.name_at(at)?;
    snapshot.place(def)
}

/// Where the type of what stands at a place is declared, or of the items where it is a collection.
pub fn type_definition(snapshot: &Snapshot, at: At) -> Option<Span> {
    let of_name = snapshot.name_at(at).and_then(|(span, _)| snapshot.ty(span));
    let of_expr = || {
        let e = nodes::expr_at(snapshot.module(at.file)?, at)?;
        snapshot.ty(e.span)
    };
    let def = declared_type(of_name.or_else(of_expr)?)?;
    snapshot.place(def)
}

fn declared_type(ty: &Type) -> Option<Def> {
    match ty {
        Type::Record(id, ..) => Some(Def::Record(*id)),
        Type::Error(id, ..) => Some(Def::Error(*id)),
        Type::Enum(id, ..) => Some(Def::Enum(*id)),
        Type::New(id, ..) => Some(Def::New(*id)),
        Type::Entity(id) => Some(Def::Entity(*id)),
        Type::List(of) | Type::Set(of) | Type::Option(of) => declared_type(of),
        Type::Result(of, _) | Type::Run(of, _) | Type::Map(_, of) => declared_type(of),
        _ => None,
    }
}
