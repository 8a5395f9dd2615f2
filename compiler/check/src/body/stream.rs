//! What can be done with a stream in a body: `posts.emit(p)`.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};

use super::{BodyCx, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

impl BodyCx<'_> {
    /// The stream an expression names, unless something nearer has the name.
    pub(super) fn stream_meant(&mut self, base: &ast::Expr) -> Option<StreamId> {
        if let Some((id, name)) = self.stream_in_module(base) {
            self.means(name.span, Def::Stream(id));
            return Some(id);
        }
        let Ast::Var(name) = &base.kind else {
            return None;
        };
        let id = *self.cx.names.streams.get(name.as_str())?;
        if self.lookup(name.as_str()).is_some() || self.is_own_field(name.as_str()) {
            return None;
        }
        self.means(name.span, Def::Stream(id));
        Some(id)
    }

    /// `posts.emit(p)`
    pub(super) fn call_stream(
        &mut self,
        id: StreamId,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let stream = &self.cx.program.streams[id.0 as usize];
        let (of, called, declared) = (stream.ty.clone(), stream.name.clone(), stream.span);
        if name.as_str() != "emit" {
            let message = format!("the stream `{called}` has no `{name}`");
            let found = Diagnostic::new(codes::E0204, name.span, message)
                .label("not there")
                .secondary(declared, "declared here");
            let found = did_you_mean(found, name.span, name.as_str(), ["emit"]);
            self.report(found.or(|found| {
                found.help(format!("write `{called}.emit(..)` to put an entry into it; what is in it comes to `on {called}(entry) {{ .. }}`"))
            }));
            self.check_loose(args);
            return hole(span);
        }
        self.means(name.span, Def::Builtin("emit"));
        if args.len() > 1 && matches!(of, Type::Record(..)) {
            let made = self.show(&of);
            let all = args[0].span.to(args[args.len() - 1].span);
            self.report(
                Diagnostic::new(codes::E0302, all, "`emit` takes one entry")
                    .label(format!("these are the fields of a `{made}`"))
                    .secondary(declared, format!("entries are a `{made}`"))
                    .help(format!("make one: `{called}.emit({made}(..))`"))
                    .fix(
                        format!("make a `{made}` of them"),
                        vec![
                            (all.before(), format!("{made}(")),
                            (all.after(), ")".to_owned()),
                        ],
                    ),
            );
            self.check_loose(args);
            return hole(span);
        }
        let Some(placed) = self.place_args("emit", &[("entry", false)], args, span) else {
            return hole(span);
        };
        let [Some(value)] = placed.as_slice() else {
            return hole(span);
        };
        let found = self.expr(value, Some(&of));
        let why = Some((declared, format!("entries of `{called}` are of this type")));
        let value = Box::new(self.fit(found, &of, why));
        node(ExprKind::Emit { stream: id, value }, Type::Int, span)
    }

    /// A stream where a value is wanted.
    pub(super) fn stream_value(&mut self, id: StreamId, span: Span) -> Expr {
        let name = self.cx.program.streams[id.0 as usize].name.clone();
        self.report(
            Diagnostic::new(codes::E0405, span, format!("`{name}` is a stream, not a value"))
                .label("not data")
                .help(format!(
                    "put something into it with `{name}.emit(..)`; what is in it comes to `on {name}(entry) {{ .. }}`, one by one"
                )),
        );
        hole(span)
    }
}
