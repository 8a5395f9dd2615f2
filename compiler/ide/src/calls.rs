//! What a call takes: the parameters of what is called, as far as they are written in its parentheses.

use weir_check::hir::{NamedType, Type};
use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::{Expr, ExprKind};

use crate::labels::called;
use crate::{Snapshot, builtins, show};

/// What is called.
#[derive(Clone, Debug)]
pub struct Callee {
    pub name: String,
    pub def: Def,
    /// Without what stands in front of the dot.
    pub params: Vec<Parameter>,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    /// As declared: `qty: Int = 1`.
    pub head: String,
    /// With type parameters unknown.
    pub ty: Option<Type>,
    pub has_default: bool,
    pub declared: Option<Span>,
}

/// What an expression in front of parentheses calls; `None` where that is not known.
pub fn callee(snapshot: &Snapshot, expr: &Expr) -> Option<Callee> {
    let name = called(expr)?;
    let def = snapshot.meanings().name(name.span)?;
    let base = match &expr.kind {
        ExprKind::Field { base, .. } => Some(&**base),
        _ => None,
    };
    let receiver = base.and_then(|base| snapshot.ty(base.span));
    let mut found = of_def(snapshot, def, receiver)?;
    found.name = name.name.clone();
    let is_method = matches!(def, Def::Function(id) if snapshot.checked().function(id).entity.is_none())
        && base.is_some_and(|base| !names_module(snapshot, base));
    if is_method && !found.params.is_empty() {
        found.params.remove(0);
    }
    Some(found)
}

fn names_module(snapshot: &Snapshot, base: &Expr) -> bool {
    let name = match &base.kind {
        ExprKind::Var(name) | ExprKind::Field { name, .. } => name,
        _ => return false,
    };
    matches!(
        snapshot.meanings().name(name.span),
        Some(Def::Module(_) | Def::ExternBlock(_))
    )
}

/// The parameters of a definition; `receiver` is the type in front of the dot.
pub fn of_def(snapshot: &Snapshot, def: Def, receiver: Option<&Type>) -> Option<Callee> {
    let checked = snapshot.checked();
    let fields =
        |fields: &[NamedType]| -> Vec<Type> { fields.iter().map(|f| f.ty.clone()).collect() };
    let types: Vec<Type> = match def {
        Def::Function(id) => checked
            .function(id)
            .params
            .iter()
            .map(|p| p.ty.clone())
            .collect(),
        Def::Extern(id) => checked
            .extern_fn(id)
            .params
            .iter()
            .map(|p| p.ty.clone())
            .collect(),
        Def::Record(id) => fields(&checked.records[id.0 as usize].fields),
        Def::Error(id) => fields(&checked.errors[id.0 as usize].fields),
        Def::Variant(id, at) => fields(&checked.enums[id.0 as usize].variants[at as usize].fields),
        Def::Entity(id) => fields(&checked.entity(id).keys),
        Def::Event(id, at) => {
            let workflow = checked.entity(id).workflow.as_ref()?;
            fields(&workflow.events[at as usize].params)
        }
        Def::New(id) => {
            let new = &checked.news[id.0 as usize];
            let ty = snapshot.show(new.span, &new.base);
            return Some(made(
                def,
                vec![one("value", &ty, Some(new.base.substitute(&[])))],
            ));
        }
        Def::Local(at) => {
            let Some(Type::Fn(params, _)) = snapshot.ty(at) else {
                return None;
            };
            let params = params.iter().map(|ty| Parameter {
                name: String::new(),
                head: snapshot.show(at, ty),
                ty: Some(ty.substitute(&[])),
                has_default: false,
                declared: None,
            });
            return Some(made(def, params.collect()));
        }
        Def::Builtin(name) => return of_builtin(snapshot, def, name, receiver),
        _ => return None,
    };
    let owner = snapshot.place(def)?;
    let parts = snapshot.declared.parts(owner).iter().zip(types);
    let params = parts.map(|(part, ty)| {
        let declaration = &snapshot.declared.by_name[part];
        let head = show::one_line(snapshot.snippet(declaration.head));
        Parameter {
            name: declaration.name.clone(),
            has_default: has_default(&head),
            head,
            ty: Some(ty.substitute(&[])),
            declared: Some(*part),
        }
    });
    Some(made(def, params.collect()))
}

/// `name: Type = value`: no type has an equals sign in it.
pub fn has_default(head: &str) -> bool {
    head.contains(" = ")
}

fn made(def: Def, params: Vec<Parameter>) -> Callee {
    Callee {
        name: String::new(),
        def,
        params,
    }
}

fn one(name: &str, shown: &str, ty: Option<Type>) -> Parameter {
    Parameter {
        name: name.to_owned(),
        head: format!("{name}: {shown}"),
        ty,
        has_default: false,
        declared: None,
    }
}

fn of_builtin(
    snapshot: &Snapshot,
    def: Def,
    name: &'static str,
    receiver: Option<&Type>,
) -> Option<Callee> {
    let checked = snapshot.checked();
    let fields: Vec<NamedType> = match (name, receiver) {
        ("with", Some(Type::Record(id, args))) => checked.record_fields(*id, args),
        ("with", Some(Type::Tuple(parts))) => parts
            .iter()
            .filter_map(|part| {
                Some(NamedType {
                    name: part.name.clone()?,
                    ty: part.ty.clone(),
                })
            })
            .collect(),
        ("set", Some(Type::Entity(id))) => checked
            .entity(*id)
            .fields
            .iter()
            .map(|field| NamedType {
                name: field.name.clone(),
                ty: field.ty.clone(),
            })
            .collect(),
        _ => Vec::new(),
    };
    if !fields.is_empty() {
        let place = snapshot.survey.files.first()?.parsed.module.span;
        let params = fields.into_iter().map(|field| Parameter {
            // Each of them may be left out.
            has_default: true,
            ..one(
                &field.name,
                &snapshot.show(place, &field.ty),
                Some(field.ty.clone()),
            )
        });
        return Some(made(def, params.collect()));
    }
    let headline = builtins::headline(name)?;
    let (_, rest) = headline.split_once('(')?;
    let (inside, _) = rest.rsplit_once(')')?;
    let parts = inside.split(", ").filter(|part| !part.is_empty());
    let params = parts.map(|part| {
        let (name, shown) = part.split_once(": ").unwrap_or((part, ""));
        Parameter {
            name: name.to_owned(),
            head: part.to_owned(),
            ty: match shown {
                "Duration" => Some(Type::Duration),
                "Time" => Some(Type::Time),
                "Text" => Some(Type::Text),
                "Int" => Some(Type::Int),
                _ => None,
            },
            has_default: false,
            declared: None,
        }
    });
    Some(made(def, params.collect()))
}
