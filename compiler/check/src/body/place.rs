//! Places: what can be assigned and changed by `push`, `remove`, ...

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use super::{BodyCx, FrameKind, hole, node};
use crate::hir::*;
use crate::meanings::Def;

/// What a mutating method takes and gives.
struct Mutation {
    op: MutateOp,
    params: Vec<Type>,
    ret: Type,
}

impl BodyCx<'_> {
    /// Code that may run at another time changes a variable around it.
    fn changed_inside(&mut self, name: &ast::Ident, local: &Local, kind: &FrameKind, span: Span) {
        let (declared, help) = match kind {
            FrameKind::Argument | FrameKind::Mock(_) => (
                "declared outside of the lambda",
                "use a `for` loop, or `fold`",
            ),
            FrameKind::Branch => (
                "declared outside of the branch",
                "let the branch give a value, and use it when all have ended",
            ),
            FrameKind::Undo => (
                "declared outside of the `undo`",
                "keep it in the workflow's state",
            ),
            FrameKind::Scratch => (
                "declared outside of the `scratch let`",
                "let it give a value, and use that behind it",
            ),
        };
        let what = kind.words();
        self.report(
            Diagnostic::new(
                codes::E0505,
                span,
                format!("{what} cannot change `{name}`, which is outside of it"),
            )
            .label("changed here")
            .secondary(local.span, declared)
            .help(help),
        );
    }

    /// The place an expression names; reports when it is none.
    pub(super) fn place(&mut self, e: &ast::Expr) -> Option<Place> {
        self.look_around(e, None);
        let found = self.place_named(e)?;
        self.of_type(e.span, &found.ty);
        Some(found)
    }

    fn place_named(&mut self, e: &ast::Expr) -> Option<Place> {
        if let (Ast::Var(name) | Ast::Field { name, .. }, Some(field)) =
            (&e.kind, self.merge_root(e))
        {
            self.not_assigned(name, field, e.span);
            return None;
        }
        match &e.kind {
            Ast::Var(name) => {
                if let Some(id) = self.lookup(name.as_str()) {
                    self.means_local(name.span, id);
                    let local = self.locals[id.0 as usize].clone();
                    if !local.is_var {
                        self.not_a_var(name, &local);
                        return None;
                    }
                    let around = self.lambdas.iter().find(|frame| id.0 < frame.first);
                    if let Some(kind) = around.map(|frame| frame.kind.clone()) {
                        self.changed_inside(name, &local, &kind, e.span);
                        return None;
                    }
                    return Some(Place {
                        root: PlaceRoot::Local(id),
                        path: Vec::new(),
                        ty: local.ty,
                        span: e.span,
                    });
                }
                let state = self
                    .entity
                    .and_then(|entity| self.own_field(entity, name, e.span));
                match state {
                    Some(Expr {
                        kind: ExprKind::State(field),
                        ty,
                        ..
                    }) => Some(Place {
                        root: PlaceRoot::State(field),
                        path: Vec::new(),
                        ty,
                        span: e.span,
                    }),
                    _ => {
                        if self.cx.names.constants.contains_key(name.as_str()) {
                            self.report(
                                Diagnostic::new(
                                    codes::E0501,
                                    e.span,
                                    format!("`{name}` is a constant"),
                                )
                                .label("cannot be changed")
                                .help("keep what changes in the state of an entity"),
                            );
                        } else if !self.cx.names.later.contains_key(name.as_str()) {
                            self.unknown_name(name, "variable");
                        }
                        None
                    }
                }
            }
            Ast::Field { base, name } => {
                if let (Ast::SelfRef, Some(entity)) = (&base.kind, self.entity)
                    && let Some(Expr {
                        kind: ExprKind::State(field),
                        ty,
                        ..
                    }) = self.own_field(entity, name, e.span)
                {
                    return Some(Place {
                        root: PlaceRoot::State(field),
                        path: Vec::new(),
                        ty,
                        span: e.span,
                    });
                }
                if !is_place_shape(base) {
                    // Reported by the parser.
                    self.plain(base, None);
                    return None;
                }
                let place = self.place(base)?;
                let fields = match self.head(&place.ty) {
                    Type::Record(id, args) => self.cx.program.record_fields(id, &args),
                    Type::Tuple(fields) => fields
                        .into_iter()
                        .map(|f| NamedType {
                            name: f.name.unwrap_or_default(),
                            ty: f.ty,
                        })
                        .collect(),
                    Type::Unknown => return None,
                    _ => Vec::new(),
                };
                let Some(at) = fields.iter().position(|f| f.name == name.name) else {
                    let shown = self.show(&place.ty);
                    self.report(
                        Diagnostic::new(
                            codes::E0204,
                            name.span,
                            format!("`{shown}` has no field `{name}`"),
                        )
                        .label("not there")
                        .help("only fields of records and tuples can be assigned"),
                    );
                    return None;
                };
                let head = self.head(&place.ty);
                self.means_field(name.span, &head, at);
                Some(step(
                    place,
                    PlaceStep::Field(at as u32),
                    fields[at].ty.clone(),
                    e.span,
                ))
            }
            Ast::TupleField { base, index, .. } => {
                let place = self.place(base)?;
                match self.head(&place.ty) {
                    Type::Tuple(fields) if (*index as usize) < fields.len() => {
                        let ty = fields[*index as usize].ty.clone();
                        Some(step(place, PlaceStep::Field(*index), ty, e.span))
                    }
                    Type::Unknown => None,
                    other => {
                        let shown = self.show(&other);
                        self.report(
                            Diagnostic::new(
                                codes::E0204,
                                e.span,
                                format!("`{shown}` has no part {index}"),
                            )
                            .label("not there")
                            .help("parts of a tuple are counted from 0"),
                        );
                        None
                    }
                }
            }
            Ast::Index { base, index } => {
                let place = self.place(base)?;
                match self.head(&place.ty) {
                    Type::List(item) => {
                        let index = self.expr_of(index, &Type::Int);
                        Some(step(place, PlaceStep::ListIndex(index), *item, e.span))
                    }
                    Type::Map(key, value) => {
                        let index = self.expr_of(index, &key);
                        Some(step(place, PlaceStep::MapKey(index), *value, e.span))
                    }
                    Type::Unknown => None,
                    other => {
                        let shown = self.show(&other);
                        self.report(
                            Diagnostic::new(
                                codes::E0305,
                                e.span,
                                format!("`{shown}` cannot be indexed"),
                            )
                            .label("neither a list nor a map")
                            .help("only lists (`xs[0]`) and maps (`m[key]`) can"),
                        );
                        None
                    }
                }
            }
            // Reported by the parser.
            _ => None,
        }
    }

    fn not_a_var(&mut self, name: &ast::Ident, local: &Local) {
        let is_key = self.entity.is_some_and(|e| {
            let keys = &self.cx.program.entity(e).keys;
            keys.iter().any(|k| k.name == name.name) && local.span == self.cx.program.entity(e).span
        });
        let found = Diagnostic::new(
            codes::E0501,
            name.span,
            format!("`{name}` cannot be changed"),
        )
        .secondary(local.span, "declared here");
        let hides_state = self.is_own_field(name.as_str());
        self.report(if is_key {
            found
                .label("a key never changes")
                .help("keep what changes in `state`")
        } else if hides_state {
            found.label("this is not the state").help(format!(
                "write `self.{name}` for the state, or give the other one another name"
            ))
        } else {
            found.label("not a `var`").help(format!(
                "declare it with `var {name} = ..`; what comes from a parameter or a loop is copied first"
            ))
        });
    }

    /// `base.name(args)` where `name` changes what `base` names; `None` when it is another kind of call.
    pub(super) fn mutation(
        &mut self,
        base: &ast::Expr,
        name: &ast::Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Expr> {
        const NAMES: &[&str] = &["push", "pop", "insert", "remove", "clear", "add"];
        if !NAMES.contains(&name.as_str()) || !self.is_own_place(base) {
            return None;
        }
        let ty = self.type_of_place(base)?;
        let mutation = mutation_of(name.as_str(), &ty)?;
        if let Some(name_of) = NAMES.iter().find(|known| **known == name.as_str()) {
            self.means(name.span, Def::Builtin(name_of));
        }
        let Some(place) = self.place(base) else {
            args.iter().for_each(|a| {
                self.expr(&a.value, None);
            });
            return Some(hole(span));
        };
        if args.len() != mutation.params.len() {
            self.report(
                Diagnostic::new(
                    codes::E0302,
                    span,
                    format!(
                        "`{name}` takes {} value{}, found {}",
                        mutation.params.len(),
                        if mutation.params.len() == 1 { "" } else { "s" },
                        args.len()
                    ),
                )
                .label("wrong number of arguments")
                .help("look at what it takes"),
            );
            return Some(hole(span));
        }
        let args = args
            .iter()
            .zip(&mutation.params)
            .map(|(a, ty)| self.expr_of(&a.value, ty))
            .collect();
        let kind = ExprKind::Mutate {
            place,
            op: mutation.op,
            args,
        };
        Some(node(kind, mutation.ret, span))
    }

    /// Whether the root is a variable or own state, as far as the shape tells.
    fn is_own_place(&self, e: &ast::Expr) -> bool {
        match &e.kind {
            Ast::Var(name) => {
                self.scopes
                    .iter()
                    .any(|s| s.iter().any(|(n, _)| *n == name.name))
                    || self.entity.is_some_and(|id| {
                        self.cx
                            .program
                            .entity(id)
                            .fields
                            .iter()
                            .any(|f| f.name == name.name)
                    })
            }
            Ast::Field { base, .. } if matches!(base.kind, Ast::SelfRef) => true,
            Ast::Field { base, .. } | Ast::TupleField { base, .. } | Ast::Index { base, .. } => {
                self.is_own_place(base)
            }
            _ => false,
        }
    }

    /// The type at the end of a path, without reporting anything.
    fn type_of_place(&mut self, e: &ast::Expr) -> Option<Type> {
        let ty = match &e.kind {
            Ast::Var(name) => match self.lookup(name.as_str()) {
                Some(id) => self.locals[id.0 as usize].ty.clone(),
                None => self.own_field(self.entity?, name, e.span)?.ty,
            },
            Ast::Field { base, name } if matches!(base.kind, Ast::SelfRef) => {
                self.own_field(self.entity?, name, e.span)?.ty
            }
            Ast::Field { base, name } => match self.type_of_place(base)? {
                Type::Record(id, args) => {
                    let fields = self.cx.program.record_fields(id, &args);
                    fields.into_iter().find(|f| f.name == name.name)?.ty
                }
                Type::Tuple(fields) => {
                    fields
                        .into_iter()
                        .find(|f| f.name.as_deref() == Some(name.as_str()))?
                        .ty
                }
                _ => return None,
            },
            Ast::TupleField { base, index, .. } => match self.type_of_place(base)? {
                Type::Tuple(fields) => fields.get(*index as usize)?.ty.clone(),
                _ => return None,
            },
            Ast::Index { base, .. } => match self.type_of_place(base)? {
                Type::List(item) => *item,
                Type::Map(_, value) => *value,
                _ => return None,
            },
            _ => return None,
        };
        Some(self.head(&ty))
    }
}

fn step(place: Place, next: PlaceStep, ty: Type, span: Span) -> Place {
    let mut path = place.path;
    path.push(next);
    Place {
        root: place.root,
        path,
        ty,
        span,
    }
}

/// A chain of fields and indices that starts at a name.
fn is_place_shape(e: &ast::Expr) -> bool {
    match &e.kind {
        Ast::Var(_) => true,
        Ast::Field { base, .. } => matches!(base.kind, Ast::SelfRef) || is_place_shape(base),
        Ast::TupleField { base, .. } | Ast::Index { base, .. } => is_place_shape(base),
        _ => false,
    }
}

fn mutation_of(name: &str, ty: &Type) -> Option<Mutation> {
    use MutateOp::*;
    let (op, params, ret) = match (ty, name) {
        (Type::List(t), "push") => (ListPush, vec![(**t).clone()], Type::Unit),
        (Type::List(t), "pop") => (ListPop, vec![], Type::Option(t.clone())),
        (Type::List(t), "insert") => (ListInsert, vec![Type::Int, (**t).clone()], Type::Unit),
        (Type::List(t), "remove") => (ListRemove, vec![Type::Int], (**t).clone()),
        (Type::List(_), "clear") => (ListClear, vec![], Type::Unit),
        (Type::Map(k, v), "remove") => (MapRemove, vec![(**k).clone()], Type::Option(v.clone())),
        (Type::Map(..), "clear") => (MapClear, vec![], Type::Unit),
        (Type::Set(t), "add") => (SetAdd, vec![(**t).clone()], Type::Bool),
        (Type::Set(t), "remove") => (SetRemove, vec![(**t).clone()], Type::Bool),
        (Type::Set(_), "clear") => (SetClear, vec![], Type::Unit),
        _ => return None,
    };
    Some(Mutation { op, params, ret })
}
