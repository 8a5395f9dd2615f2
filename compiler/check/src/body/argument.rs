//! Arguments: brought into the order of the parameters; lambdas and functions passed on.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use super::library::takes_a_name;
use super::{BodyCx, FrameKind, hole};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

impl BodyCx<'_> {
    /// An argument for a parameter of function type: a lambda, an own parameter, or a function by name.
    pub(super) fn function_argument(&mut self, e: &ast::Expr, ty: &Type) -> Arg {
        let Type::Fn(params, ret) = ty else {
            return Arg::Value(hole(e.span));
        };
        self.look_around(e, Some(ty));
        match &e.kind {
            Ast::Lambda {
                params: names,
                body,
            } => match self.lambda(names, body, params, ret, FrameKind::Argument, e.span) {
                Some(lambda) => Arg::Lambda(lambda),
                None => Arg::Value(hole(e.span)),
            },
            Ast::Var(_) | Ast::Field { .. } if let Some((name, all)) = self.functions_meant(e) => {
                if let Ast::Var(_) = &e.kind
                    && let Some(id) = self.lookup(name.as_str())
                {
                    self.means_local(name.span, id);
                    let found = self.locals[id.0 as usize].ty.clone();
                    if !self.table.unify(&found, ty) {
                        self.mismatch(e.span, ty, &found, None);
                    }
                    return if matches!(found, Type::Fn(..)) {
                        Arg::Param(id)
                    } else {
                        Arg::Value(hole(e.span))
                    };
                }
                let first = params.first().cloned().unwrap_or(Type::Unknown);
                let fitting = self.fitting(&all, &first, params.len());
                let Some(id) = fitting.first().copied() else {
                    self.unknown_name(name, "function");
                    return Arg::Value(hole(e.span));
                };
                self.means(name.span, Def::Function(id));
                if let Implementation::Intrinsic(built_in) =
                    &self.cx.program.function(id).implementation
                    && takes_a_name(built_in)
                {
                    let found = Diagnostic::new(
                        codes::E0308,
                        e.span,
                        format!("`{name}` must be called with a name that is written out"),
                    );
                    self.report(
                        found
                            .label("not a name that is known before the program runs")
                            .help(format!(
                                "call it where you need it: `{name}(\"opening_hour\")`"
                            )),
                    );
                    return Arg::Value(hole(e.span));
                }
                let function = self.signature(id);
                let type_args: Vec<Type> = (0..function.type_params)
                    .map(|_| self.table.fresh())
                    .collect();
                let own = Type::Fn(
                    function
                        .params
                        .iter()
                        .map(|ty| ty.substitute(&type_args))
                        .collect(),
                    Box::new(self.call_type(id, &type_args)),
                );
                if !self.table.unify(&own, ty) {
                    self.mismatch(e.span, ty, &own, None);
                }
                Arg::Function(id, type_args)
            }
            Ast::Hole => Arg::Value(hole(e.span)),
            _ => {
                let shown = self.show(ty);
                self.report(
                    Diagnostic::new(
                        codes::E0301,
                        e.span,
                        format!("expected a function `{shown}`"),
                    )
                    .label("not a function")
                    .help("write a lambda: `x => ..`, or the name of a function"),
                );
                Arg::Value(hole(e.span))
            }
        }
    }

    pub(super) fn lambda(
        &mut self,
        names: &[ast::LambdaParam],
        body: &ast::Expr,
        params: &[Type],
        ret: &Type,
        kind: FrameKind,
        span: Span,
    ) -> Option<Lambda> {
        if names.len() != params.len() {
            self.report(
                Diagnostic::new(
                    codes::E0302,
                    span,
                    format!(
                        "this lambda has {} parameters, {} wanted",
                        names.len(),
                        params.len()
                    ),
                )
                .label("wrong number of parameters")
                .help(if params.len() == 2 {
                    "write `(a, b) => ..`"
                } else {
                    "write `x => ..`"
                }),
            );
            return None;
        }
        // A stand-in answers without looking, as often as not.
        let may_ignore = matches!(kind, FrameKind::Mock(_));
        Some(self.closure(kind, |b| {
            let ids: Vec<LocalId> = names
                .iter()
                .zip(params)
                .map(|(p, ty)| match &p.name {
                    Some(name) => b.declare(name.as_str(), ty.clone(), false, name.span),
                    None => b.declare("_", ty.clone(), false, p.span),
                })
                .collect();
            for id in ids.iter().filter(|_| may_ignore) {
                b.used[id.0 as usize] = true;
            }
            let body = b.value(body, ret);
            (ids, body)
        }))
    }

    /// Brings arguments into parameter order; `None` for those left to their default. Reports what does not fit.
    pub(super) fn place_args<'e>(
        &mut self,
        callee: &str,
        params: &[(&str, bool)],
        args: &'e [ast::Arg],
        span: Span,
    ) -> Option<Vec<Option<&'e ast::Expr>>> {
        let mut slots: Vec<Option<&ast::Expr>> = vec![None; params.len()];
        let mut next = 0;
        let mut fine = true;
        for arg in args {
            let at = match &arg.label {
                Some(label) => match params.iter().position(|(name, _)| *name == label.name) {
                    Some(at) => at,
                    None => {
                        let found = Diagnostic::new(
                            codes::E0302,
                            label.span,
                            format!("`{callee}` takes no `{label}`"),
                        )
                        .label("no such parameter");
                        let known = params.iter().map(|(name, _)| *name);
                        let found = did_you_mean(found, label.span, label.as_str(), known);
                        self.report(
                            found.or(|found| found.help(format!("it takes ({})", names(params)))),
                        );
                        fine = false;
                        continue;
                    }
                },
                None => {
                    next += 1;
                    next - 1
                }
            };
            if at >= params.len() {
                self.report(
                    Diagnostic::new(
                        codes::E0302,
                        arg.span,
                        format!(
                            "`{callee}` takes {} argument{}, found {}",
                            params.len(),
                            if params.len() == 1 { "" } else { "s" },
                            args.len()
                        ),
                    )
                    .label("one too many")
                    .help(takes(callee, params)),
                );
                fine = false;
                break;
            }
            if slots[at].is_some() {
                self.report(
                    Diagnostic::new(
                        codes::E0302,
                        arg.span,
                        format!("`{}` is given twice", params[at].0),
                    )
                    .label("again here")
                    .help("remove one of them"),
                );
                fine = false;
            }
            slots[at] = Some(&arg.value);
        }
        let missing: Vec<&str> = params
            .iter()
            .zip(&slots)
            .filter(|((_, default), slot)| !default && slot.is_none())
            .map(|((name, _), _)| *name)
            .collect();
        if fine && !missing.is_empty() {
            let list: Vec<String> = missing.iter().map(|m| format!("`{m}`")).collect();
            self.report(
                Diagnostic::new(
                    codes::E0302,
                    span,
                    format!("`{callee}` needs {}", list.join(" and ")),
                )
                .label("missing argument")
                .help(takes(callee, params)),
            );
            fine = false;
        }
        if !fine {
            self.check_loose(args);
        }
        fine.then_some(slots)
    }
}

fn names(params: &[(&str, bool)]) -> String {
    params
        .iter()
        .map(|(name, default)| {
            if *default {
                format!("{name}: ..")
            } else {
                (*name).to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// What a call takes; of functions that take more elsewhere, how that is written.
fn takes(callee: &str, params: &[(&str, bool)]) -> String {
    match callee {
        "sort" if params.is_empty() => {
            "write `xs.sort_by(x => x.name)` for a key, `xs.sort_with((a, b) => a < b)` for a rule"
                .to_owned()
        }
        "max" | "min" | "unique" if params.is_empty() => {
            format!("it takes nothing; by a key it is `xs.{callee}_by(x => x.name)`")
        }
        "floor" | "ceil" if params.is_empty() => {
            let by = if callee == "floor" { "down" } else { "up" };
            format!("it gives a whole number; a decimal has `x.round_{by}(2)` for so many places")
        }
        "round" if params.is_empty() => {
            "it takes nothing; so many places are `x.to_text(2)` for floats, `m.round_to(2)` for money"
                .to_owned()
        }
        "random" if params.is_empty() => {
            "it is a number from 0 to 1; a whole number is `random.int(1, 7)`".to_owned()
        }
        "range" if names(params) == "from, to, step: .." => {
            "write `0..10`, as in `for i in 0..10`; with a step, `range(0, 10, step: 2)`".to_owned()
        }
        "get" if names(params) == "key" => {
            "what to use where there is nothing stands behind `??`: `m.get(key) ?? 0`".to_owned()
        }
        _ if params.is_empty() => "it takes nothing".to_owned(),
        _ => format!("it takes ({})", names(params)),
    }
}
