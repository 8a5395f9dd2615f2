//! Calls of `extern` functions, and their stand-ins in tests.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};

use super::{BodyCx, FrameKind, hole, node};
use crate::hir::*;
use crate::messages::nearest;

impl BodyCx<'_> {
    /// The `extern` block an expression names, unless something nearer has the name.
    pub(super) fn module<'e>(&mut self, base: &'e ast::Expr) -> Option<&'e Ident> {
        let Ast::Var(name) = &base.kind else {
            return None;
        };
        let is_module = self.cx.extern_names.contains_key(name.as_str())
            && self.lookup(name.as_str()).is_none()
            && !self.is_own_field(name.as_str());
        is_module.then_some(name)
    }

    fn is_own_field(&self, name: &str) -> bool {
        self.entity.is_some_and(|entity| {
            let fields = &self.cx.program.entity(entity).fields;
            fields.iter().any(|f| f.name == name)
        })
    }

    /// The function of a block, or the message that it has none of that name.
    fn extern_named(&mut self, module: &Ident, name: &Ident) -> Option<ExternId> {
        let (declared, ids) = self.cx.extern_names.get(module.as_str())?.clone();
        let names: Vec<String> = ids
            .iter()
            .map(|id| self.cx.program.extern_fn(*id).name.clone())
            .collect();
        if let Some(at) = names.iter().position(|n| *n == name.name) {
            return Some(ids[at]);
        }
        let mut found = Diagnostic::new(
            codes::E0204,
            name.span,
            format!("`{module}` has no `{name}`"),
        )
        .label("not there")
        .secondary(declared, "declared here");
        found = match nearest(name.as_str(), names.iter().map(String::as_str)) {
            Some(near) => found.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                vec![(name.span, near.to_owned())],
            ),
            None => found.help(format!("add `fn {name}(..)` to the block")),
        };
        self.report(found);
        None
    }

    /// `payments.charge(card, total)`
    pub(super) fn call_extern(
        &mut self,
        module: &Ident,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let Some(id) = self.extern_named(module, name) else {
            self.check_loose(args);
            return hole(span);
        };
        let function = self.cx.program.extern_fn(id).clone();
        let params: Vec<(&str, bool)> = function
            .params
            .iter()
            .map(|p| (p.name.as_str(), false))
            .collect();
        let Some(placed) = self.place_args(name.as_str(), &params, args, span) else {
            return hole(span);
        };
        let mut values = Vec::new();
        for (slot, param) in placed.into_iter().zip(&function.params) {
            values.push(match slot {
                Some(e) => {
                    let found = self.expr(e, Some(&param.ty));
                    let why = Some((function.span, format!("`{name}` is declared here")));
                    Arg::Value(self.fit(found, &param.ty, why))
                }
                None => Arg::Default,
            });
        }
        let kind = ExprKind::CallExtern {
            function: id,
            args: values,
            within: None,
        };
        let ty = match function.fails.is_empty() {
            true => function.ret,
            false => Type::Result(Box::new(function.ret), function.fails),
        };
        node(kind, ty, span)
    }

    /// `payments.charge` without a call.
    pub(super) fn extern_value(&mut self, span: Span) -> Expr {
        self.report(
            Diagnostic::new(
                codes::E0405,
                span,
                "what is outside can be called, not kept",
            )
            .label("not data")
            .help("call one of its functions: `name.function(..)`"),
        );
        hole(span)
    }

    /// `mock(payments.charge, (card, amount) => ..)`
    pub(super) fn mock(&mut self, args: &[ast::Arg], span: Span) -> Expr {
        let [function, answer] = args else {
            return self.misused_mock(span);
        };
        let Ast::Field { base, name } = &function.value.kind else {
            return self.misused_mock(function.span);
        };
        let Some(module) = self.module(base) else {
            return self.misused_mock(function.span);
        };
        let Some(id) = self.extern_named(module, name) else {
            return hole(span);
        };
        let Ast::Lambda { params, body } = &answer.value.kind else {
            return self.misused_mock(answer.span);
        };
        let function = self.cx.program.extern_fn(id);
        if function.promise == Promise::Pure {
            let name = format!("{}.{}", function.module, function.name);
            return self.mock_of_pure(&name, function.span, args[0].value.span);
        }
        let types: Vec<Type> = function.params.iter().map(|p| p.ty.clone()).collect();
        let (ret, fails) = (function.ret.clone(), function.fails.clone());
        let kind = FrameKind::Mock(fails);
        match self.lambda(params, body, &types, &ret, kind, answer.span) {
            Some(answer) => {
                let kind = ExprKind::Mock {
                    function: id,
                    answer,
                };
                node(kind, Type::Unit, span)
            }
            None => hole(span),
        }
    }

    /// What is pure answers the same in a test as anywhere, and inside the step, where no mock is asked.
    fn mock_of_pure(&mut self, name: &str, declared: Span, span: Span) -> Expr {
        self.report(
            Diagnostic::new(
                codes::E0508,
                span,
                format!("`{name}` is `@pure`, so a test runs the component itself"),
            )
            .label("needs no mock")
            .secondary(declared, "declared here")
            .help("leave the mock out"),
        );
        hole(span)
    }

    fn misused_mock(&mut self, span: Span) -> Expr {
        self.report(
            Diagnostic::new(
                codes::E0302,
                span,
                "`mock` takes a function of an `extern` block, and a lambda that answers for it",
            )
            .label("does not fit")
            .help("write `mock(payments.charge, (card, amount) => \"ch_1\")`"),
        );
        hole(span)
    }
}
