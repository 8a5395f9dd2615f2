//! Calls of `extern` functions, and their stand-ins in tests.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};

use super::sequence::behind;
use super::{BodyCx, FrameKind, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

/// An `extern` block by its name.
pub(super) struct OutsideBlock {
    name: Ident,
    declared: Span,
    functions: Vec<ExternId>,
}

impl BodyCx<'_> {
    /// The `extern` block an expression names, unless something nearer has the name.
    pub(super) fn outside_block(&mut self, base: &ast::Expr) -> Option<OutsideBlock> {
        if let Some((module, name)) = self.block_in_module(base) {
            let (declared, functions) = self.cx.modules.own[module].externs[name.as_str()].clone();
            self.means(name.span, Def::ExternBlock(declared));
            return Some(OutsideBlock {
                name,
                declared,
                functions,
            });
        }
        let Ast::Var(name) = &base.kind else {
            return None;
        };
        if self.lookup(name.as_str()).is_some() || self.is_own_field(name.as_str()) {
            return None;
        }
        let (declared, functions) = self.cx.names.externs.get(name.as_str())?.clone();
        self.means(name.span, Def::ExternBlock(declared));
        Some(OutsideBlock {
            name: name.clone(),
            declared,
            functions,
        })
    }

    pub(super) fn is_own_field(&self, name: &str) -> bool {
        self.entity.is_some_and(|entity| {
            let fields = &self.cx.program.entity(entity).fields;
            fields.iter().any(|f| f.name == name)
        })
    }

    /// The function of a block, or the message that it has none of that name.
    fn extern_named(&mut self, block: &OutsideBlock, name: &Ident) -> Option<ExternId> {
        let names: Vec<String> = block
            .functions
            .iter()
            .map(|id| self.cx.program.extern_fn(*id).name.clone())
            .collect();
        if let Some(at) = names.iter().position(|n| *n == name.name) {
            self.means(name.span, Def::Extern(block.functions[at]));
            return Some(block.functions[at]);
        }
        let found = Diagnostic::new(
            codes::E0204,
            name.span,
            format!("`{}` has no `{name}`", block.name),
        )
        .label("not there")
        .secondary(block.declared, "declared here");
        let known = names.iter().map(String::as_str);
        let found = did_you_mean(found, name.span, name.as_str(), known);
        let is_of_library = (block.declared.file.0 as usize) < crate::prelude::FILES.len();
        self.report(found.or(|found| match is_of_library {
            true => found.help("declare an `extern` of your own for what else there is outside"),
            false => found.help(format!("add `fn {name}(..)` to the block")),
        }));
        None
    }

    /// `payments.charge(card, total)`
    pub(super) fn call_extern(
        &mut self,
        block: OutsideBlock,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let Some(id) = self.extern_named(&block, name) else {
            self.check_loose(args);
            return hole(span);
        };
        let function = self.cx.program.extern_fn(id).clone();
        let decl = self.cx.externs[id.0 as usize].clone();
        let params: Vec<(&str, bool)> = decl
            .params
            .iter()
            .map(|p| (p.name.as_str(), p.default.is_some()))
            .collect();
        let Some(placed) = self.place_args(name.as_str(), &params, args, span) else {
            return hole(span);
        };
        let mut values = Vec::new();
        for ((slot, param), field) in placed.into_iter().zip(&function.params).zip(&decl.params) {
            values.push(Arg::Value(match (slot, &field.default) {
                (Some(e), _) => {
                    let found = self.expr(e, Some(&param.ty));
                    let why = Some((function.span, format!("`{name}` is declared here")));
                    self.fit(found, &param.ty, why)
                }
                (None, Some(default)) => self.default_here(default, &param.ty),
                (None, None) => hole(span),
            }));
        }
        let written = values.iter_mut().zip(&function.params);
        let written = written.filter_map(|(arg, param)| match arg {
            Arg::Value(value) => Some((value, param.name.as_str())),
            _ => None,
        });
        let kept = self.keep_in_source_order(written.collect());
        let kind = ExprKind::CallExtern {
            function: id,
            args: values,
            within: None,
        };
        let ty = match function.fails.is_empty() {
            true => function.ret,
            false => Type::Result(Box::new(function.ret), function.fails),
        };
        behind(kept, node(kind, ty, span))
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
        let Some(block) = self.outside_block(base) else {
            return self.misused_mock(function.span);
        };
        let Some(id) = self.extern_named(&block, name) else {
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
