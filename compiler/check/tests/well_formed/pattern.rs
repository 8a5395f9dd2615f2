//! Patterns against the type of what they are held against, and places that are assigned.

use weir_check::hir::*;

use crate::Checker;
use crate::types::same;

impl Checker<'_> {
    pub fn place(&mut self, place: &Place) {
        let mut ty = match place.root {
            PlaceRoot::Local(id) => {
                if !self.locals[id.0 as usize].is_var {
                    self.wrong.push(format!("assigns {id:?}, which is no var"));
                }
                self.local(id)
            }
            PlaceRoot::State(id) => self.state(id),
        };
        for step in &place.path {
            ty = match (step, &ty) {
                (PlaceStep::Field(at), ty) => self.fields(ty)[*at as usize].clone(),
                (PlaceStep::ListIndex(index), Type::List(item)) => {
                    self.part(index, &Type::Int, "an index");
                    (**item).clone()
                }
                (PlaceStep::MapKey(index), Type::Map(key, value)) => {
                    self.part(index, key, "a key");
                    (**value).clone()
                }
                _ => {
                    self.wrong.push(format!("{step:?} into {ty:?}"));
                    return;
                }
            };
        }
        if !same(&ty, &place.ty) {
            self.wrong
                .push(format!("a place of {ty:?} says it is {:?}", place.ty));
        }
    }

    pub fn pattern(&mut self, p: &Pattern, against: &Type) {
        self.closed(&p.ty, "a pattern");
        if !same(against, &p.ty) {
            self.wrong.push(format!(
                "{:?} a pattern for {:?} against {against:?}",
                p.span, p.ty
            ));
        }
        match (&p.kind, &p.ty) {
            (PatternKind::Wildcard, _)
            | (PatternKind::Bool(_), Type::Bool)
            | (PatternKind::None, Type::Option(_)) => {}
            (PatternKind::Bind(id), ty) => {
                let found = self.local(*id);
                if !same(ty, &found) {
                    self.wrong
                        .push(format!("{:?} binds {found:?} to {ty:?}", p.span));
                }
            }
            (PatternKind::Literal(e), ty) => self.part(e, ty, "a literal pattern"),
            (PatternKind::Some(inner), Type::Option(ty))
            | (PatternKind::Ok(inner), Type::Result(ty, _)) => {
                self.pattern(inner, ty);
            }
            (PatternKind::Error(id, inner), Type::Result(_, errors)) if errors.contains(id) => {
                let types = self.fields(&Type::Error(*id));
                self.patterns(inner, &types);
            }
            (PatternKind::Variant(id, at, inner), Type::Enum(of, args)) if id == of => {
                let variant = self.program.variants(*id, args).swap_remove(*at as usize);
                let types: Vec<Type> = variant.fields.iter().map(|f| f.ty.clone()).collect();
                self.patterns(inner, &types);
            }
            (PatternKind::Fields(inner), ty) => {
                let types = self.fields(ty);
                self.patterns(inner, &types);
            }
            (PatternKind::List { items, rest }, Type::List(item)) => {
                items.iter().for_each(|p| self.pattern(p, item));
                if let Some(local) = rest.and_then(|rest| rest.local) {
                    let found = self.local(local);
                    if !same(&p.ty, &found) {
                        self.wrong.push(format!("{:?} rest of {found:?}", p.span));
                    }
                }
                if rest.is_some_and(|rest| rest.at > items.len()) {
                    self.wrong
                        .push(format!("{:?} {rest:?} of {items:?}", p.span));
                }
            }
            (PatternKind::Or(inner), ty) => inner.iter().for_each(|p| self.pattern(p, ty)),
            (kind, ty) => self
                .wrong
                .push(format!("{:?} {kind:?} against {ty:?}", p.span)),
        }
    }

    pub fn patterns(&mut self, inner: &[Pattern], types: &[Type]) {
        if inner.len() != types.len() {
            self.wrong.push(format!("{inner:?} for {types:?}"));
        }
        for (p, ty) in inner.iter().zip(types) {
            self.pattern(p, ty);
        }
    }
}
