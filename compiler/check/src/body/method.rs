//! What follows a dot: `x.f(y)` is a handler, an event, or a function whose first parameter takes `x`.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};
use weir_syntax::familiar;

use super::{BodyCx, hole, node, query};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::{did_you_mean, meant};
use crate::modules;

impl BodyCx<'_> {
    pub(super) fn call_method(
        &mut self,
        base: &ast::Expr,
        name: &Ident,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Ast::Con(con) = &base.kind {
            return self.qualified(con, name, Some(args), want, span);
        }
        if let (Ast::SelfRef, Some(handler)) = (&base.kind, self.own_handler(name.as_str())) {
            self.means(name.span, Def::Function(handler));
            return self.call_handler(None, handler, args, span);
        }
        if let (Ast::SelfRef, Some((entity, event))) = (&base.kind, self.own_event(name.as_str())) {
            self.means(name.span, Def::Event(entity, event.0));
            return self.call_event(entity, event, None, args, span);
        }
        if let Some(block) = self.outside_block(base) {
            return self.call_extern(block, name, args, span);
        }
        if args.is_empty()
            && let Some(carried) = self.carried_state(base, name, span)
        {
            return carried;
        }
        if let Some(view) = self.view_meant(base) {
            return self.member_of_view(view, name, Some(args), span);
        }
        if let Some(stream) = self.stream_meant(base) {
            return self.call_stream(stream, name, args, span);
        }
        if let Some(inside) = self.in_module(base) {
            return self.call_in_module(inside, name, args, want, span);
        }
        if let Some(part) = self.library_part(base) {
            return self.call_in_library(part, name, args, want, span);
        }
        if name.as_str() == "within" {
            self.means(name.span, Def::Builtin("within"));
            return self.within(base, name, args, span);
        }
        if let Some(done) = self.merge_change(base, name, args, span) {
            return done;
        }
        if let Some(done) = self.mutation(base, name, args, span) {
            return done;
        }
        if let [arg] = args
            && matches!(name.as_str(), "sum" | "average")
            && matches!(arg.value.kind, Ast::Lambda { .. })
            && !self.takes_two(name.as_str())
        {
            return self.expr(&query::of_each(base, name.as_str(), &arg.value), want);
        }
        let is_caller = matches!(&base.kind, Ast::Var(v) if v.name == "caller")
            && self.lookup("caller").is_none();
        if is_caller {
            let Ast::Var(var) = &base.kind else {
                return hole(span);
            };
            self.unknown_name(var, "name");
            return hole(span);
        }
        let base = self.plain(base, None);
        let head = self.head(&base.ty);
        match &head {
            Type::Unknown => {
                self.check_loose(args);
                return hole(span);
            }
            Type::Entity(entity) => {
                if let Some(handler) = self.handler_of(*entity, name.as_str()) {
                    self.means(name.span, Def::Function(handler));
                    return self.call_handler(Some(base), handler, args, span);
                }
                if let Some(event) = self.event_of(*entity, name.as_str()) {
                    self.means(name.span, Def::Event(*entity, event.0));
                    return self.call_event(*entity, event, Some(base), args, span);
                }
                if self
                    .fitting(&self.functions_named(name.as_str()), &head, 0)
                    .is_empty()
                    && let Some(made) = self.fixture(&base, *entity, name, args, span)
                {
                    return made;
                }
            }
            Type::New(REPLICA, _) => return self.of_replica(base, name, Some(args), span),
            Type::New(id, _) if LatticeKind::of_id(*id).is_some() => {
                let kind = LatticeKind::of_id(*id).expect("just asked");
                if let Some(found) = self.merge_method(&base, kind, name, args, span) {
                    return found;
                }
            }
            Type::Run(..) if name.as_str() == "result" && args.is_empty() => {
                self.means(name.span, Def::Builtin("result"));
                return self.result_of(base, span);
            }
            Type::Record(id, of) if name.as_str() == "with" => {
                self.means(name.span, Def::Builtin("with"));
                let fields = self.cx.program.record_fields(*id, of);
                return self.with(base, &fields, args, span);
            }
            Type::Tuple(parts) if name.as_str() == "with" => {
                self.means(name.span, Def::Builtin("with"));
                let field = |part: &TupleField| NamedType {
                    name: part.name.clone().unwrap_or_default(),
                    ty: part.ty.clone(),
                };
                let fields: Vec<NamedType> = parts.iter().map(field).collect();
                return self.with(base, &fields, args, span);
            }
            _ => {}
        }
        let all = self.functions_named(name.as_str());
        let mut receiver = base;
        loop {
            let fitting = self.fitting(&all, &receiver.ty, args.len() + 1);
            if !fitting.is_empty() {
                return self.call_function(name, fitting, Some(receiver), args, want, span);
            }
            // A `new` type can do what its base can.
            match self.head(&receiver.ty) {
                Type::New(id, args) => {
                    let base = self.cx.program.base(id, &args);
                    let at = receiver.span;
                    receiver = node(ExprKind::Unwrap(id, Box::new(receiver)), base, at);
                }
                _ => break,
            }
        }
        self.no_method(name, &head);
        self.check_loose(args);
        hole(span)
    }

    pub(super) fn no_method(&mut self, name: &Ident, ty: &Type) {
        if matches!(ty, Type::Infer(_)) {
            return self.not_known_yet(name);
        }
        let shown = self.show(ty);
        let mutating = ["push", "pop", "insert", "remove", "clear", "add"].contains(&name.as_str())
            && matches!(ty, Type::List(_) | Type::Map(..) | Type::Set(_));
        if mutating {
            self.report(
                Diagnostic::new(
                    codes::E0501,
                    name.span,
                    format!("`{name}` changes a collection, and this one is only a value"),
                )
                .label("nothing to change")
                .help("call it on a `var` or on own state"),
            );
            return;
        }
        let mut known: Vec<String> = Vec::new();
        if let Type::Entity(id) = ty {
            let handlers = self.cx.program.entity(*id).handlers.clone();
            known.extend(
                handlers
                    .iter()
                    .map(|h| self.cx.program.function(*h).name.clone()),
            );
            if let Some(workflow) = &self.cx.program.entity(*id).workflow {
                known.extend(workflow.events.iter().map(|event| event.name.clone()));
            }
        } else {
            let names: Vec<String> = self.cx.names.functions.keys().cloned().collect();
            for n in names {
                let all = self.functions_named(&n);
                if !self.fitting(&all, ty, 0).is_empty() {
                    known.push(n);
                }
            }
        }
        if name.as_str() == "emit" {
            self.cx.later(name.span, &format!("`.{name}(..)`"));
            return;
        }
        let found = Diagnostic::new(
            codes::E0204,
            name.span,
            format!("`{shown}` has no `{name}`"),
        )
        .label("not there");
        if let Some(help) = self.not_a_function(ty, name) {
            return self.report(found.help(help));
        }
        if let Some(elsewhere) = modules::elsewhere(self.cx, name) {
            return self.report(elsewhere.help_of_method(found));
        }
        if let Type::New(id, _) = ty
            && let Some(kind) = LatticeKind::of_id(*id)
        {
            let changes: Vec<String> = kind
                .changes()
                .iter()
                .map(|c| format!("`{}`", c.name()))
                .collect();
            return self.report(found.help(match changes.is_empty() {
                true => "change what is at a key: `map[key].add(..)`".to_owned(),
                false => format!("it is changed with {}", changes.join(" and ")),
            }));
        }
        if let Some(help) = self.said_otherwise(ty, name) {
            return self.report(found.help(help));
        }
        let word = familiar::snake_case(name.as_str());
        let is_known = |n: &str| known.iter().any(|known| known == n);
        // `push` changes what it is called on, and so is not among the functions.
        let is_usual = |n: &&str| is_known(n) || (**n == *"push" && matches!(ty, Type::List(_)));
        let others = familiar::named(&word);
        let of = shown.split(['<', '?']).next().unwrap_or_default();
        let usual = match is_known(&word) {
            true => Some(word.as_str()),
            false => {
                if let Some(instead) = familiar::written_of(of, &word) {
                    return self.report(found.help(instead));
                }
                others.iter().copied().find(is_usual)
            }
        };
        let found = match usual {
            Some(usual) => meant(found, name.span, usual, true),
            None => {
                if let Some(instead) = familiar::written(&word) {
                    return self.report(found.help(instead));
                }
                let words: Vec<&str> = [word.as_str()].iter().chain(others).copied().collect();
                if let Some(way) = self.by_way_of(ty, &words) {
                    return self.report(found.help(way));
                }
                let known = known.iter().map(String::as_str);
                did_you_mean(found, name.span, name.as_str(), known)
            }
        };
        self.report(found.or(|found| match ty {
            Type::Option(_) => found.help(format!(
                "it may be missing: look first, `if value is Some(x) {{ x.{name}(..) }}`, or give another with `??`"
            )),
            _ => found.help(format!(
                "declare it: `fn {name}(x: {shown}, ..)` can be called as `x.{name}(..)`"
            )),
        }));
    }

    /// One of these functions is there for what a value of this type can be made into.
    fn by_way_of(&self, ty: &Type, words: &[&str]) -> Option<String> {
        let list = |item: &Type| Type::List(Box::new(item.clone()));
        let ways: Vec<(&str, Type)> = match ty {
            Type::Text => vec![("to_bytes", Type::Bytes), ("chars", list(&Type::Text))],
            Type::Bytes => vec![("to_list", list(&Type::Int))],
            Type::Int => vec![("to_decimal", Type::Decimal), ("to_float", Type::Float)],
            Type::Decimal => vec![("to_float", Type::Float)],
            Type::Time => vec![("date", Type::Date)],
            Type::Set(item) => vec![("to_list", list(item))],
            Type::Map(key, value) => {
                let field = |ty: &Type| TupleField {
                    name: None,
                    ty: ty.clone(),
                };
                let entry = Type::Tuple(vec![field(key), field(value)]);
                vec![("entries", list(&entry))]
            }
            _ => return None,
        };
        let called = match ty {
            Type::Text => "text",
            Type::Bytes => "bytes",
            Type::Int => "n",
            Type::Time => "time",
            Type::Set(_) => "set",
            Type::Map(..) => "m",
            _ => "x",
        };
        ways.iter().find_map(|(way, made)| {
            let fits = |word: &&&str| {
                !self
                    .fitting(&self.functions_named(word), made, 0)
                    .is_empty()
            };
            let word = words.iter().find(fits)?;
            let there = self.fitting(&self.functions_named(word), made, 0);
            let takes_more = |f: &FnId| self.cx.program.function(*f).params.len() > 1;
            let args = match there.iter().any(takes_more) {
                true => "..",
                false => "",
            };
            let shown = self.show(made);
            Some(format!(
                "`{shown}` has it: write `{called}.{way}().{word}({args})`"
            ))
        })
    }

    /// What is written otherwise of values of this type.
    fn said_otherwise(&self, ty: &Type, name: &Ident) -> Option<String> {
        let word = name.as_str();
        let help = match (ty, word) {
            (Type::Text, "join") => "it is the list that is joined: `xs.join(\", \")`",
            (Type::Map(..), "set" | "put") => "write `m[key] = value`",
            (Type::Map(..), "delete" | "pop") => "write `m.remove(key)`",
            (Type::List(_), "count") => "write `xs.length()`, or `xs.count_where(x => x > 1)`",
            (Type::Record(id, _), getter) => {
                let of = getter.strip_prefix("get_").or(getter.strip_prefix("get"))?;
                let of = of.to_lowercase();
                let fields = &self.cx.program.records[id.0 as usize].fields;
                let field = fields.iter().find(|field| field.name == of)?;
                return Some(format!(
                    "a field is asked for by its name: `.{}`",
                    field.name
                ));
            }
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// Whether the program has a function of that name with a parameter behind the receiver.
    fn takes_two(&self, name: &str) -> bool {
        let mut all = self.functions_named(name).into_iter();
        all.any(|f| self.cx.program.function(f).params.len() > 1)
    }

    /// `x.f(..)` where `f` is a field.
    fn not_a_function(&self, ty: &Type, name: &Ident) -> Option<String> {
        let fields = match ty {
            Type::Record(id, _) => &self.cx.program.records[id.0 as usize].fields,
            Type::Error(id) => &self.cx.program.errors[id.0 as usize].fields,
            Type::Entity(id) => &self.cx.program.entity(*id).keys,
            _ => return None,
        };
        let mut names = fields.iter().map(|field| &field.name);
        names
            .any(|field| *field == name.name)
            .then(|| format!("`{name}` is a field: leave the parentheses away"))
    }

    /// The functions whose first parameter takes a type; with `arguments` above 0 also by their number.
    pub(super) fn fitting(&self, all: &[FnId], ty: &Type, arguments: usize) -> Vec<FnId> {
        let fits = |f: &&FnId| {
            let function = self.cx.program.function(**f);
            let required = self.cx.functions[f.0 as usize]
                .decl
                .params
                .iter()
                .filter(|p| p.default.is_none())
                .count();
            let count =
                arguments == 0 || (arguments >= required && arguments <= function.params.len());
            count
                && function
                    .params
                    .first()
                    .is_some_and(|p| self.table.could_take(&p.ty, ty))
        };
        let mut found: Vec<FnId> = all.iter().filter(fits).copied().collect();
        if found.is_empty() && arguments > 0 {
            // Better the right function with the wrong arguments than none.
            found = self.fitting(all, ty, 0);
        }
        found
    }

    /// `x.f` for a function of one parameter.
    pub(super) fn method_without_arguments(
        &mut self,
        base: Expr,
        name: &Ident,
        span: Span,
    ) -> Option<Expr> {
        let all = self.functions_named(name.as_str());
        let mut receiver = base;
        loop {
            let fitting: Vec<FnId> = self
                .fitting(&all, &receiver.ty, 1)
                .into_iter()
                .filter(|f| self.cx.program.function(*f).params.len() == 1)
                .collect();
            if !fitting.is_empty() {
                return Some(self.call_function(name, fitting, Some(receiver), &[], None, span));
            }
            let Type::New(id, args) = self.head(&receiver.ty) else {
                return None;
            };
            let base = self.cx.program.base(id, &args);
            let at = receiver.span;
            receiver = node(ExprKind::Unwrap(id, Box::new(receiver)), base, at);
        }
    }

    fn with(&mut self, base: Expr, fields: &[NamedType], args: &[ast::Arg], span: Span) -> Expr {
        let of = self.head(&base.ty);
        let mut changes = Vec::new();
        for arg in args {
            let at = arg
                .label
                .as_ref()
                .and_then(|l| fields.iter().position(|f| f.name == l.name));
            match at {
                Some(at) if changes.iter().any(|(before, _)| *before == at as u32) => {
                    let message = format!("`{}` is given twice", fields[at].name);
                    self.report(
                        Diagnostic::new(codes::E0302, arg.span, message)
                            .label("again here")
                            .help("remove one of them"),
                    );
                }
                Some(at) => {
                    if let Some(label) = &arg.label {
                        self.means_field(label.span, &of, at);
                    }
                    changes.push((at as u32, self.expr_of(&arg.value, &fields[at].ty)));
                }
                None => {
                    let named = fields.iter().filter(|f| !f.name.is_empty());
                    let names: Vec<String> = named.map(|f| format!("`{}: ..`", f.name)).collect();
                    let help = match names.is_empty() {
                        true => {
                            "this tuple has no names: give it some, `(x: .., y: ..)`".to_owned()
                        }
                        false => format!("name one of {}", names.join(", ")),
                    };
                    self.report(
                        Diagnostic::new(codes::E0302, arg.span, "`with` takes fields by name")
                            .label("not a field")
                            .help(help),
                    );
                }
            }
        }
        let ty = base.ty.clone();
        node(ExprKind::With(Box::new(base), changes), ty, span)
    }
}
