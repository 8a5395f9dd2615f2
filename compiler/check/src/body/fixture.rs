//! In tests, on an instance: `.set(field: value, ..)` writes its state, also what is private; `.get()` is all of its state, as a tuple
//! with the fields' names; `.exists()` is whether any of it was ever written. A function of the entity goes before each of them.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, Ident};

use super::{BodyCx, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

impl BodyCx<'_> {
    /// One of them; `None` when the name is none of theirs.
    pub(super) fn fixture(
        &mut self,
        target: &Expr,
        entity: EntityId,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Expr> {
        let target = Box::new(target.clone());
        let called = match (name.as_str(), args) {
            ("set", [_, ..]) => "set",
            ("get", []) => "get",
            ("exists", []) => "exists",
            _ => return None,
        };
        self.means(name.span, Def::Builtin(called));
        let made = match called {
            "set" => {
                let fields = self.fields_to_set(entity, args);
                let kind = ExprKind::SetState {
                    entity,
                    target,
                    fields,
                };
                node(kind, Type::Unit, span)
            }
            "get" => self.all_state(*target, entity, span),
            _ => node(ExprKind::Exists { entity, target }, Type::Bool, span),
        };
        self.only_in_tests(name);
        Some(made)
    }

    fn fields_to_set(&mut self, entity: EntityId, args: &[ast::Arg]) -> Vec<(FieldId, Expr)> {
        let known: Vec<(String, Type)> = {
            let fields = self.cx.program.entity(entity).fields.iter();
            fields.map(|f| (f.name.clone(), f.ty.clone())).collect()
        };
        let mut fields: Vec<(FieldId, Expr)> = Vec::new();
        for arg in args {
            let label = arg.label.as_ref().map(|label| label.name.as_str());
            let at = known
                .iter()
                .position(|(name, _)| Some(name.as_str()) == label);
            let Some(at) = at else {
                let what = match label {
                    Some(label) => format!("the state has no `{label}`"),
                    None => "`set` takes fields by name".to_owned(),
                };
                let found = Diagnostic::new(codes::E0302, arg.span, what).label("not a field");
                let help = |found: Diagnostic| {
                    let all = known.iter().map(|(name, _)| format!("`{name}: ..`"));
                    let all: Vec<String> = all.collect();
                    found.help(format!("name one of {}", all.join(", ")))
                };
                let names = known.iter().map(|(name, _)| name.as_str());
                self.report(match &arg.label {
                    Some(wrong) => did_you_mean(found, wrong.span, &wrong.name, names).or(help),
                    None => help(found),
                });
                self.plain(&arg.value, None);
                continue;
            };
            let id = FieldId(at as u32);
            if let Some(label) = &arg.label {
                self.means(label.span, Def::State(entity, at as u32));
            }
            if self.cx.program.entity(entity).fields[at].merge.is_some() {
                let message = format!("`{}` merges, so nobody can say what it is", known[at].0);
                let found = Diagnostic::new(codes::E0501, arg.span, message);
                self.report(
                    found
                        .label("cannot be set")
                        .help("call a function of the entity that changes it"),
                );
                self.plain(&arg.value, None);
                continue;
            }
            let value = self.expr_of(&arg.value, &known[at].1);
            if fields.iter().any(|(before, _)| *before == id) {
                let message = format!("`{}` is set twice", known[at].0);
                self.report(
                    Diagnostic::new(codes::E0302, arg.span, message)
                        .label("again")
                        .help("leave one of them out"),
                );
            }
            fields.push((id, value));
        }
        fields
    }

    fn all_state(&mut self, target: Expr, entity: EntityId, span: Span) -> Expr {
        let ty = target.ty.clone();
        let of = self.declare("the instance", ty.clone(), false, span);
        self.used[of.0 as usize] = true;
        let fields = self.cx.program.entity(entity).fields.clone();
        let part = |(at, field): (usize, &StateField)| {
            let target = Box::new(node(ExprKind::Local(of), ty.clone(), span));
            let kind = ExprKind::StateOf {
                entity,
                target,
                field: FieldId(at as u32),
            };
            node(kind, field.ty.clone(), span)
        };
        let parts = fields.iter().enumerate().map(part).collect();
        let names = fields.iter().map(|field| TupleField {
            name: Some(field.name.clone()),
            ty: field.ty.clone(),
        });
        let all = Type::Tuple(names.collect());
        let tuple = node(ExprKind::Tuple(parts), all.clone(), span);
        let pattern = Pattern {
            kind: PatternKind::Bind(of),
            ty,
            span,
        };
        let stmts = vec![Stmt::Let(pattern, target), Stmt::Expr(tuple)];
        node(ExprKind::Block(Block { stmts }), all, span)
    }
}
