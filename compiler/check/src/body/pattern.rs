//! Patterns: held against the type of the value, binding variables.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident, PatternKind as AstPattern};

use super::BodyCx;
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

impl BodyCx<'_> {
    pub(super) fn pattern(&mut self, p: &ast::Pattern, ty: &Type) -> Pattern {
        self.look_around_pattern(p, ty);
        let kind = self.pattern_kind(p, ty);
        let went_wrong =
            matches!(kind, PatternKind::Wildcard) && !matches!(p.kind, AstPattern::Wildcard);
        Pattern {
            kind,
            ty: if went_wrong {
                Type::Unknown
            } else {
                ty.clone()
            },
            span: p.span,
        }
    }

    fn pattern_kind(&mut self, p: &ast::Pattern, ty: &Type) -> PatternKind {
        let head = self.head(ty);
        match &p.kind {
            AstPattern::Hole | AstPattern::Wildcard => PatternKind::Wildcard,
            AstPattern::Bind(name) => {
                PatternKind::Bind(self.declare(name.as_str(), ty.clone(), false, name.span))
            }
            AstPattern::Bool(b) => {
                if !self.table.unify(ty, &Type::Bool) {
                    self.pattern_mismatch(p, "Bool", ty);
                }
                PatternKind::Bool(*b)
            }
            AstPattern::Int(n) => self.literal_pattern(p, Ast::Int(*n), ty),
            AstPattern::Text(t) => self.literal_pattern(p, Ast::Text(t.clone()), ty),
            AstPattern::Tuple(parts) => match head {
                Type::Tuple(fields) if fields.len() == parts.len() => PatternKind::Fields(
                    parts
                        .iter()
                        .zip(&fields)
                        .map(|(p, f)| self.pattern(p, &f.ty))
                        .collect(),
                ),
                Type::Infer(_) => {
                    let types: Vec<Type> = parts.iter().map(|_| self.table.fresh()).collect();
                    let fields = types
                        .iter()
                        .map(|ty| TupleField {
                            name: None,
                            ty: ty.clone(),
                        })
                        .collect();
                    self.table.unify(ty, &Type::Tuple(fields));
                    PatternKind::Fields(
                        parts
                            .iter()
                            .zip(&types)
                            .map(|(p, t)| self.pattern(p, t))
                            .collect(),
                    )
                }
                _ => {
                    self.pattern_mismatch(p, &format!("a tuple of {}", parts.len()), ty);
                    self.bind_all(parts.iter());
                    PatternKind::Wildcard
                }
            },
            AstPattern::List(parts) => self.list_pattern(p, parts, ty),
            // Outside of a list, nowhere; of a list with two of them the second, which is reported: uses of the name stay silent.
            AstPattern::Rest(name) => {
                if let Some(name) = name {
                    self.declare(name.as_str(), Type::Unknown, false, name.span);
                }
                PatternKind::Wildcard
            }
            AstPattern::Or(parts) => self.or_pattern(p, parts, ty),
            AstPattern::Con {
                qualifier,
                name,
                args,
            } => self.constructor_pattern(p, qualifier.as_ref(), name, args.as_deref(), ty),
        }
    }

    fn list_pattern(&mut self, p: &ast::Pattern, parts: &[ast::Pattern], ty: &Type) -> PatternKind {
        let item = self.table.fresh();
        let list = Type::list(item.clone());
        if !self.table.unify(ty, &list) {
            self.pattern_mismatch(p, "a list", ty);
        }
        let mut items = Vec::new();
        let mut rest = None;
        for part in parts {
            match &part.kind {
                AstPattern::Rest(name) if rest.is_none() => {
                    let local = name
                        .as_ref()
                        .map(|name| self.declare(name.as_str(), list.clone(), false, name.span));
                    let at = items.len();
                    rest = Some(Rest { at, local });
                }
                _ => items.push(self.pattern(part, &item)),
            }
        }
        PatternKind::List { items, rest }
    }

    fn literal_pattern(&mut self, p: &ast::Pattern, kind: Ast, ty: &Type) -> PatternKind {
        let literal = self.literal(&ast::Expr { kind, span: p.span }, Some(ty));
        if !self.table.unify(&literal.ty, ty) {
            let shown = self.show(&literal.ty);
            self.pattern_mismatch(p, &shown, ty);
        }
        PatternKind::Literal(Box::new(literal))
    }

    /// `A(x) | B(x)`: every part binds the same names at the same types.
    fn or_pattern(&mut self, p: &ast::Pattern, parts: &[ast::Pattern], ty: &Type) -> PatternKind {
        let outer = self.scopes.len();
        let mut first: Option<Vec<(String, LocalId)>> = None;
        let mut checked = Vec::new();
        for part in parts {
            self.scopes.push(Vec::new());
            let mut pattern = self.pattern(part, ty);
            let bound = self.scopes.pop().unwrap_or_default();
            debug_assert_eq!(outer, self.scopes.len());
            match &first {
                None => first = Some(bound),
                Some(names) => {
                    let same = names.len() == bound.len()
                        && bound
                            .iter()
                            .all(|(name, _)| names.iter().any(|(n, _)| n == name));
                    if !same {
                        self.report(
                            Diagnostic::new(
                                codes::E0605,
                                p.span,
                                "the parts of this pattern bind different names",
                            )
                            .label("each part has to bind the same names")
                            .secondary(part.span, "differs here")
                            .help("use `_` for what the arm does not need, or write two arms"),
                        );
                    }
                    for (name, id) in bound {
                        if let Some((_, keep)) = names.iter().find(|(n, _)| *n == name) {
                            let (a, b) = (
                                self.locals[keep.0 as usize].ty.clone(),
                                self.locals[id.0 as usize].ty.clone(),
                            );
                            if !self.table.unify(&a, &b) {
                                self.mismatch(part.span, &a, &b, None);
                            }
                            self.used[id.0 as usize] = true;
                            let again = self.locals[id.0 as usize].span;
                            self.means_local(again, *keep);
                            rename(&mut pattern, id, *keep);
                        }
                    }
                }
            }
            checked.push(pattern);
        }
        for (name, id) in first.unwrap_or_default() {
            if let Some(scope) = self.scopes.last_mut() {
                scope.push((name, id));
            }
        }
        PatternKind::Or(checked)
    }

    fn constructor_pattern(
        &mut self,
        p: &ast::Pattern,
        qualifier: Option<&Ident>,
        name: &Ident,
        args: Option<&[ast::PatternArg]>,
        ty: &Type,
    ) -> PatternKind {
        let head = self.head(ty);
        let given = args.unwrap_or_default();
        match (&head, name.as_str()) {
            (Type::Option(inner), "Some") => {
                self.means(name.span, Def::Builtin("Some"));
                let fields = [NamedType {
                    name: "value".into(),
                    ty: (**inner).clone(),
                }];
                let mut parts = self.pattern_args(p.span, name, &fields, args);
                return PatternKind::Some(Box::new(parts.remove(0)));
            }
            (Type::Option(_), "None") => {
                self.means(name.span, Def::Builtin("None"));
                return PatternKind::None;
            }
            (Type::Result(inner, _), "Ok") => {
                self.means(name.span, Def::Builtin("Ok"));
                let fields = [NamedType {
                    name: "value".into(),
                    ty: (**inner).clone(),
                }];
                let mut parts = self.pattern_args(p.span, name, &fields, args);
                return PatternKind::Ok(Box::new(parts.remove(0)));
            }
            (Type::Result(_, errors), _) => {
                let found = errors
                    .iter()
                    .copied()
                    .find(|e| self.cx.program.errors[e.0 as usize].name == name.name);
                if let Some(id) = found {
                    self.means(name.span, Def::Error(id));
                    let fields = self.cx.program.errors[id.0 as usize].fields.clone();
                    return PatternKind::Error(id, self.pattern_args(p.span, name, &fields, args));
                }
                let names: Vec<String> = errors
                    .iter()
                    .map(|e| self.cx.program.errors[e.0 as usize].name.clone())
                    .collect();
                self.no_such_case(
                    name,
                    &names,
                    "this cannot fail with",
                    &format!("`Ok(..)`, {}", quoted(&names)),
                );
            }
            (Type::Enum(id, of), _) => {
                let shown = self.cx.program.enums[id.0 as usize].name.clone();
                if let Some(q) = qualifier.filter(|q| q.name != shown) {
                    self.pattern_mismatch(p, &format!("a `{q}`"), ty);
                    self.bind_all(given.iter().map(|a| &a.pattern));
                    return PatternKind::Wildcard;
                }
                if let Some(q) = qualifier {
                    self.means(q.span, Def::Enum(*id));
                }
                let variants = self.cx.program.variants(*id, of);
                if let Some(at) = variants.iter().position(|v| v.name == name.name) {
                    self.means(name.span, Def::Variant(*id, at as u32));
                    let parts = self.pattern_args(p.span, name, &variants[at].fields, args);
                    return PatternKind::Variant(*id, at as u32, parts);
                }
                let names: Vec<String> = variants.iter().map(|v| v.name.clone()).collect();
                self.no_such_case(
                    name,
                    &names,
                    &format!("`{shown}` has no variant"),
                    &quoted(&names),
                );
            }
            (Type::Record(id, of), _)
                if self.cx.program.records[id.0 as usize].name == name.name =>
            {
                self.means(name.span, Def::Record(*id));
                let fields = self.cx.program.record_fields(*id, of);
                return PatternKind::Fields(self.pattern_args(p.span, name, &fields, args));
            }
            (Type::Error(id), _) if self.cx.program.errors[id.0 as usize].name == name.name => {
                self.means(name.span, Def::Error(*id));
                let fields = self.cx.program.errors[id.0 as usize].fields.clone();
                return PatternKind::Fields(self.pattern_args(p.span, name, &fields, args));
            }
            (Type::Unknown, _) => {}
            _ => self.pattern_mismatch(p, &format!("`{name}`"), ty),
        }
        self.bind_all(given.iter().map(|a| &a.pattern));
        PatternKind::Wildcard
    }

    fn no_such_case(&mut self, name: &Ident, known: &[String], what: &str, all: &str) {
        let found = Diagnostic::new(codes::E0205, name.span, format!("{what} `{name}`"))
            .label("not one of the cases");
        let known = known.iter().map(String::as_str);
        let found = did_you_mean(found, name.span, name.as_str(), known);
        self.report(found.or(|found| found.help(format!("the cases are {all}"))));
    }

    /// One pattern for each field; with labels, fields that are not named are not looked at.
    pub(super) fn pattern_args(
        &mut self,
        span: Span,
        name: &Ident,
        fields: &[NamedType],
        args: Option<&[ast::PatternArg]>,
    ) -> Vec<Pattern> {
        let args_given = args.unwrap_or_default();
        let labelled = args_given.iter().any(|a| a.label.is_some());
        let mut slots: Vec<Option<Pattern>> = vec![None; fields.len()];
        let mut wrong_count =
            args_given.len() > fields.len() || (!labelled && args_given.len() < fields.len());
        for arg in args_given {
            let at = match &arg.label {
                Some(label) => match fields.iter().position(|f| f.name == label.name) {
                    Some(at) => at,
                    None => {
                        let names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
                        self.report(
                            Diagnostic::new(
                                codes::E0204,
                                label.span,
                                format!("`{name}` has no `{label}`"),
                            )
                            .label("not there")
                            .help(format!("it has {}", quoted(&names))),
                        );
                        self.bind_all(std::iter::once(&arg.pattern));
                        continue;
                    }
                },
                None => slots
                    .iter()
                    .position(Option::is_none)
                    .unwrap_or(fields.len()),
            };
            if at >= fields.len() {
                self.bind_all(std::iter::once(&arg.pattern));
                continue;
            }
            if slots[at].is_some() {
                wrong_count = true;
            }
            let ty = fields[at].ty.clone();
            slots[at] = Some(self.pattern(&arg.pattern, &ty));
        }
        if wrong_count {
            let blanks = vec!["_"; fields.len()].join(", ");
            let fixed = if fields.is_empty() {
                name.name.clone()
            } else {
                format!("{name}({blanks})")
            };
            self.report(
                Diagnostic::new(
                    codes::E0603,
                    span,
                    format!(
                        "`{name}` holds {} value{}, this pattern has {}",
                        fields.len(),
                        if fields.len() == 1 { "" } else { "s" },
                        args_given.len()
                    ),
                )
                .label("one pattern for each value")
                .help(match fields.first() {
                    Some(field) => format!(
                        "write `{fixed}`, or name only those you need: `{name}({}: x)`",
                        field.name
                    ),
                    None => format!("write `{fixed}`"),
                }),
            );
        }
        slots
            .into_iter()
            .zip(fields)
            .map(|(slot, field)| {
                slot.unwrap_or(Pattern {
                    kind: PatternKind::Wildcard,
                    ty: field.ty.clone(),
                    span,
                })
            })
            .collect()
    }

    /// Binds the names of a pattern that went wrong, so that their uses stay silent.
    pub(super) fn bind_all<'p>(&mut self, patterns: impl Iterator<Item = &'p ast::Pattern>) {
        for p in patterns {
            self.pattern(p, &Type::Unknown);
        }
    }

    fn pattern_mismatch(&mut self, p: &ast::Pattern, found: &str, ty: &Type) {
        if matches!(self.head(ty), Type::Unknown | Type::Never) {
            return;
        }
        let shown = self.show(ty);
        let found = if found.contains(' ') || found.starts_with('`') {
            found.to_owned()
        } else {
            format!("`{found}`")
        };
        self.report(
            Diagnostic::new(
                codes::E0603,
                p.span,
                format!("this pattern is for {found}, the value is `{shown}`"),
            )
            .label("can never match")
            .help("write a pattern for the value's type"),
        );
    }
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|n| format!("`{n}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Makes a pattern bind `to` where it bound `from`.
fn rename(p: &mut Pattern, from: LocalId, to: LocalId) {
    match &mut p.kind {
        PatternKind::Bind(id) if *id == from => *id = to,
        PatternKind::Some(inner) | PatternKind::Ok(inner) => rename(inner, from, to),
        PatternKind::Error(_, parts)
        | PatternKind::Variant(_, _, parts)
        | PatternKind::Fields(parts)
        | PatternKind::Or(parts) => {
            parts.iter_mut().for_each(|p| rename(p, from, to));
        }
        PatternKind::List { items, rest } => {
            items.iter_mut().for_each(|p| rename(p, from, to));
            if let Some(rest) = rest.as_mut().filter(|rest| rest.local == Some(from)) {
                rest.local = Some(to);
            }
        }
        _ => {}
    }
}
