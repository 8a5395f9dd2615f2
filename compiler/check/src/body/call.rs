//! Calls: of functions, handlers, parameters; placing of arguments.

use weir_contract::library::Op;
use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};

use super::sequence::behind;
use super::{BodyCx, entry, hole, node, query};
use crate::hir::*;
use crate::infer;
use crate::meanings::Def;

/// An argument on its way to its parameter.
enum Given<'e> {
    Written(&'e ast::Expr),
    Checked(Expr),
    Default,
}

/// A function without its body.
pub(super) struct Signature {
    name: String,
    entity: Option<EntityId>,
    /// How many.
    pub(super) type_params: usize,
    pub(super) params: Vec<Type>,
    pub(super) ret: Type,
}

impl BodyCx<'_> {
    pub(super) fn signature(&self, id: FnId) -> Signature {
        let function = self.cx.program.function(id);
        Signature {
            name: function.name.clone(),
            entity: function.entity,
            type_params: function.type_params.len(),
            params: function.params.iter().map(|p| p.ty.clone()).collect(),
            ret: function.ret.clone(),
        }
    }

    pub(super) fn call(
        &mut self,
        callee: &ast::Expr,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        match &callee.kind {
            Ast::Var(name) => self.call_name(name, args, want, span),
            Ast::Con(name) => self.constructor(name, Some(args), want, span),
            Ast::Field { base, name } => self.call_method(base, name, args, want, span),
            Ast::Hole => hole(span),
            _ => {
                let found = self.plain(callee, None);
                if self.head(&found.ty) != Type::Unknown {
                    let shown = self.show(&found.ty);
                    self.report(
                        Diagnostic::new(
                            codes::E0305,
                            callee.span,
                            format!("`{shown}` cannot be called"),
                        )
                        .label("not a function")
                        .help("only functions, handlers and constructors can be called"),
                    );
                }
                hole(span)
            }
        }
    }

    fn call_name(
        &mut self,
        name: &Ident,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some(id) = self.lookup(name.as_str()) {
            self.means_local(name.span, id);
            return self.call_local(id, name, args, span);
        }
        if let Some(over_rows) = self.aggregate(name, args, span) {
            let found = self.expr(&over_rows, want);
            self.means(name.span, Def::Builtin(query::about(name.as_str())));
            return found;
        }
        if let Some(handler) = self.own_handler(name.as_str()) {
            self.means(name.span, Def::Function(handler));
            return self.call_handler(None, handler, args, span);
        }
        if let Some((entity, event)) = self.own_event(name.as_str()) {
            self.means(name.span, Def::Event(entity, event.0));
            return self.call_event(entity, event, None, args, span);
        }
        let all = self.functions_named(name.as_str());
        if let Some(own) = self.own_function(&all) {
            self.means(name.span, Def::Function(own));
            return self.call_one(own, None, args, want, span);
        }
        if !all.is_empty() {
            return self.call_function(name, all, None, args, want, span);
        }
        if let Some(done) = self.builtin(name, args, span) {
            return done;
        }
        if let Some(of_group) = self.misnamed_aggregate(name, args, span) {
            return of_group;
        }
        if !self.cx.names.later.contains_key(name.as_str()) {
            self.unknown_name(name, "function");
        }
        self.check_loose(args);
        hole(span)
    }

    /// The plain functions of a name. The prelude only sees its own, whatever the program declares, and the program sees
    /// what the prelude describes (`///`): the rest of it is for the prelude alone.
    pub(super) fn functions_named(&self, name: &str) -> Vec<FnId> {
        let all = self
            .cx
            .names
            .functions
            .get(name)
            .cloned()
            .unwrap_or_default();
        let is_seen = |f: &FnId| {
            let function = self.cx.program.function(*f);
            // The library sees only what it declares, all of it.
            self.is_prelude || !function.is_prelude || function.doc.is_some()
        };
        all.into_iter().filter(is_seen).collect()
    }

    /// The one of them the program itself declares.
    pub(super) fn own_function(&self, all: &[FnId]) -> Option<FnId> {
        let own = |f: &FnId| !self.cx.program.function(*f).is_prelude;
        all.iter().copied().find(own)
    }

    /// Arguments of a call that went wrong: what is in them is still looked at.
    pub(super) fn check_loose(&mut self, args: &[ast::Arg]) {
        for arg in args {
            if !matches!(arg.value.kind, Ast::Lambda { .. }) {
                self.expr(&arg.value, None);
            }
        }
    }

    fn call_local(&mut self, id: LocalId, name: &Ident, args: &[ast::Arg], span: Span) -> Expr {
        let local = self.locals[id.0 as usize].clone();
        let Type::Fn(params, ret) = local.ty else {
            let shown = self.show(&local.ty);
            if self.head(&local.ty) != Type::Unknown {
                self.report(
                    Diagnostic::new(
                        codes::E0305,
                        name.span,
                        format!("`{name}` is a `{shown}`, it cannot be called"),
                    )
                    .label("not a function")
                    .secondary(local.span, "declared here")
                    .help("rename one of them if a function of this name was meant"),
                );
            }
            self.check_loose(args);
            return hole(span);
        };
        if args.len() != params.len() {
            self.report(
                Diagnostic::new(
                    codes::E0302,
                    span,
                    format!(
                        "`{name}` takes {} arguments, found {}",
                        params.len(),
                        args.len()
                    ),
                )
                .label("wrong number of arguments")
                .secondary(local.span, "declared here")
                .help("give one argument for each type in its `fn(..)`"),
            );
            return node(ExprKind::Unit, Type::Unknown, span);
        }
        let args = args
            .iter()
            .zip(&params)
            .map(|(a, ty)| self.expr_of(&a.value, ty))
            .collect();
        node(ExprKind::CallParam { param: id, args }, *ret, span)
    }

    pub(super) fn call_handler(
        &mut self,
        mut target: Option<Expr>,
        id: FnId,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let function = self.signature(id);
        let Some(entity) = function.entity else {
            return hole(span);
        };
        let decl = self.cx.functions[id.0 as usize].decl.clone();
        let params: Vec<(&str, bool)> = decl
            .params
            .iter()
            .map(|p| (p.name.as_str(), p.default.is_some()))
            .collect();
        let Some(placed) = self.place_args(&function.name, &params, args, span) else {
            return hole(span);
        };
        let mut done = Vec::new();
        for (at, slot) in placed.into_iter().enumerate() {
            done.push(match slot {
                Some(e) => Arg::Value(self.argument(e, &function.params[at], &decl.params[at])),
                None => Arg::Default,
            });
        }
        let names = params.iter().map(|(name, _)| *name);
        let target_first = target.iter_mut().map(|target| (target, "target"));
        let written = target_first.chain(written(&mut done, names));
        let kept = self.keep_in_source_order(written.collect());
        if self.is_run(id) {
            return behind(kept, self.call_run(id, target, done, span));
        }
        let ty = match self.is_dropped(span, false) {
            true => function.ret,
            false => self.call_type(id, &[]),
        };
        let kind = ExprKind::CallHandler {
            entity,
            function: id,
            target: target.map(Box::new),
            args: done,
        };
        behind(kept, node(kind, ty, span))
    }

    fn argument(&mut self, e: &ast::Expr, ty: &Type, decl: &ast::Field) -> Expr {
        let found = self.expr(e, Some(ty));
        let why = Some((decl.span, format!("`{}` is declared here", decl.name)));
        self.fit(found, ty, why)
    }

    /// What a call gives: the result, or a `Result` where it may fail.
    pub(super) fn call_type(&mut self, id: FnId, type_args: &[Type]) -> Type {
        if self.cx.functions[id.0 as usize].infers_fails {
            entry::function(self.cx, id);
        }
        let function = self.cx.program.function(id);
        let ret = function.ret.substitute(type_args);
        if function.fails.is_empty() {
            ret
        } else {
            Type::Result(Box::new(ret), function.fails.clone())
        }
    }

    /// Calls one of the functions of a name; `receiver` is the first argument of a method call.
    pub(super) fn call_function(
        &mut self,
        name: &Ident,
        all: Vec<FnId>,
        receiver: Option<Expr>,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let (id, receiver) = match (&all[..], receiver) {
            ([only], receiver) => (*only, receiver),
            (_, Some(receiver)) => (self.prefer(&all), Some(receiver)),
            (_, None) => {
                let Some(first) = args.first() else {
                    return self.no_arguments(name, span);
                };
                let first = self.plain(&first.value, None);
                let fitting = self.fitting(&all, &first.ty, args.len());
                if fitting.is_empty() {
                    self.no_method(name, &self.head(&first.ty));
                    return hole(span);
                }
                let id = self.prefer(&fitting);
                self.means(name.span, Def::Function(id));
                return self.call_one(id, Some(first), &args[1..], want, span);
            }
        };
        self.means(name.span, Def::Function(id));
        self.call_one(id, receiver, args, want, span)
    }

    fn no_arguments(&mut self, name: &Ident, span: Span) -> Expr {
        self.report(
            Diagnostic::new(
                codes::E0302,
                span,
                format!("`{name}` needs something to work on"),
            )
            .label("no argument")
            .help(format!("write `x.{name}()` or `{name}(x)`")),
        );
        hole(span)
    }

    /// The program's own function before the prelude's.
    fn prefer(&self, all: &[FnId]) -> FnId {
        self.own_function(all).unwrap_or(all[0])
    }

    fn call_one(
        &mut self,
        id: FnId,
        receiver: Option<Expr>,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let function = self.signature(id);
        let decl = self.cx.functions[id.0 as usize].decl.clone();
        let type_args: Vec<Type> = (0..function.type_params)
            .map(|_| self.table.fresh())
            .collect();
        let skip = usize::from(receiver.is_some());
        let params: Vec<(&str, bool)> = decl
            .params
            .iter()
            .skip(skip)
            .map(|p| (p.name.as_str(), p.default.is_some()))
            .collect();
        let Some(placed) = self.place_args(&function.name, &params, args, span) else {
            return hole(span);
        };
        let mut given: Vec<Given> = receiver.into_iter().map(Given::Checked).collect();
        given.extend(
            placed
                .into_iter()
                .map(|slot| slot.map_or(Given::Default, Given::Written)),
        );

        // What is wanted helps where a type parameter is only in the result: `let xs: List<Int> = none()`.
        let ret = function.ret.substitute(&type_args);
        if let (Some(want), false) = (want, type_args.is_empty()) {
            let want = self.table.resolve(want);
            if !infer::has_unknown(&want)
                && want != Type::Unit
                && !infer::has_infer(&want)
                && literal_free(&function)
            {
                self.table.unify(&ret, &want);
            }
        }
        // Lambdas last: the other arguments say what they take.
        let mut done: Vec<Option<Arg>> = given.iter().map(|_| None).collect();
        let mut waiting = Vec::new();
        for (at, arg) in given.into_iter().enumerate() {
            let ty = function.params[at].substitute(&type_args);
            let field = &decl.params[at];
            match arg {
                Given::Default => done[at] = Some(Arg::Default),
                Given::Checked(e) => {
                    let why = Some((field.span, format!("`{}` is declared here", field.name)));
                    done[at] = Some(Arg::Value(self.fit(e, &ty, why)));
                }
                Given::Written(e) if matches!(ty, Type::Fn(..)) => waiting.push((at, e, ty)),
                Given::Written(e) => done[at] = Some(Arg::Value(self.argument(e, &ty, field))),
            }
        }
        for (at, e, ty) in waiting {
            done[at] = Some(self.function_argument(e, &ty));
        }
        let mut args: Vec<Arg> = done.into_iter().flatten().collect();
        self.literals_are_understood(id, &args, span);
        let names = decl.params.iter().map(|param| param.name.as_str());
        let kept = self.keep_in_source_order(written(&mut args, names).collect());
        let ty = match self.is_dropped(span, false) {
            true => ret,
            false => self.call_type(id, &type_args),
        };
        let kind = ExprKind::Call {
            function: id,
            type_args,
            args,
        };
        behind(kept, node(kind, ty, span))
    }
}

/// The arguments that are worked out here, with the names of their parameters.
fn written<'a>(
    args: &'a mut [Arg],
    names: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = (&'a mut Expr, &'a str)> {
    args.iter_mut()
        .zip(names)
        .filter_map(|(arg, name)| match arg {
            Arg::Value(value) => Some((value, name)),
            _ => None,
        })
}

impl BodyCx<'_> {
    /// Literals given to a function that is built in and reads them by rules of its own: a pattern, the name of a time zone.
    fn literals_are_understood(&mut self, id: FnId, args: &[Arg], span: Span) {
        let Implementation::Intrinsic(name) = &self.cx.program.function(id).implementation else {
            return;
        };
        let name = name.clone();
        self.name_is_written(&name, args, span);
        let Some(op) = Op::from_name(&name) else {
            return;
        };
        for (at, arg) in args.iter().enumerate() {
            let Arg::Value(literal) = arg else { continue };
            let ExprKind::Text(text) = &literal.kind else {
                continue;
            };
            if let Some(refused) = op.refuses(at, text) {
                let found = Diagnostic::new(codes::E0308, literal.span, refused.what);
                self.report(found.label(refused.why).help(refused.help));
            }
        }
    }
}

/// No parameter is a function: then the wanted result cannot clash with what a lambda turns out to give.
fn literal_free(function: &Signature) -> bool {
    function.params.iter().all(|ty| !matches!(ty, Type::Fn(..)))
}
