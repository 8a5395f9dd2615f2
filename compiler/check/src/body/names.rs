//! Lower-case names: variables, state, constants.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::{ast, familiar};

use super::{BodyCx, builtins, entry, hole, node};
use crate::externs;
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;
use crate::modules;
use crate::prelude;

/// Functions of the full language that have no meaning yet.
const LATER_FUNCTIONS: &[&str] = &["history"];

impl BodyCx<'_> {
    pub(super) fn name(&mut self, name: &ast::Ident, _want: Option<&Type>) -> Expr {
        let span = name.span;
        if let Some(id) = self.lookup(name.as_str()) {
            self.means_local(span, id);
            let ty = self.locals[id.0 as usize].ty.clone();
            if matches!(ty, Type::Fn(..)) {
                self.report(
                    Diagnostic::new(
                        codes::E0405,
                        span,
                        format!("`{name}` is a function: it can be called or passed on, not kept"),
                    )
                    .label("not data")
                    .help("call it here, or pass it as an argument"),
                );
                return hole(span);
            }
            return node(ExprKind::Local(id), ty, span);
        }
        if let Some(entity) = self.entity
            && let Some(found) = self.own_field(entity, name, span)
        {
            return found;
        }
        if let Some(id) = self.cx.names.constants.get(name.as_str()).copied() {
            self.means(span, Def::Constant(id));
            entry::constant(self.cx, id);
            let ty = self.cx.program.constants[id.0 as usize].ty.clone();
            return node(ExprKind::Constant(id), ty, span);
        }
        if let Some(view) = self.cx.names.views.get(name.as_str()).copied() {
            return self.view_as_value(view, name);
        }
        if self.cx.names.later.contains_key(name.as_str()) {
            return hole(span);
        }
        if externs::declared(self.cx, name.as_str()).is_some() {
            return self.extern_value(span);
        }
        if let Some(stream) = self.cx.names.streams.get(name.as_str()).copied() {
            self.means(span, Def::Stream(stream));
            return self.stream_value(stream, span);
        }
        if self.is_function(name.as_str()) {
            if let Some(id) = self.functions_named(name.as_str()).first() {
                self.means(span, Def::Function(*id));
            }
            return self.not_called(name, span);
        }
        if name.as_str() == "caller" {
            self.means(span, Def::Builtin("caller"));
            self.report(
                Diagnostic::new(codes::E0305, span, "`caller` alone is not a value")
                    .label("what about the caller?")
                    .help("write `caller.id` or `caller.roles`"),
            );
            return hole(span);
        }
        self.unknown_name(name, "name");
        hole(span)
    }

    /// A function by name where a value is wanted.
    pub(super) fn not_called(&mut self, name: &ast::Ident, span: Span) -> Expr {
        self.report(
            Diagnostic::new(
                codes::E0405,
                span,
                format!("`{name}` is a function: it can be called or passed on, not kept"),
            )
            .label("not called")
            .help(format!("call it: `{name}(..)`")),
        );
        hole(span)
    }

    pub(super) fn own_field(
        &mut self,
        entity: EntityId,
        name: &ast::Ident,
        span: Span,
    ) -> Option<Expr> {
        let fields = &self.cx.program.entity(entity).fields;
        let at = fields.iter().position(|f| f.name == name.name)?;
        let ty = fields[at].ty.clone();
        self.means(name.span, Def::State(entity, at as u32));
        Some(node(ExprKind::State(FieldId(at as u32)), ty, span))
    }

    /// The handler of this entity with that name.
    pub(super) fn own_handler(&self, name: &str) -> Option<FnId> {
        self.handler_of(self.entity?, name)
    }

    /// The event of this workflow with that name.
    pub(super) fn own_event(&self, name: &str) -> Option<(EntityId, EventId)> {
        let entity = self.entity?;
        Some((entity, self.event_of(entity, name)?))
    }

    pub(super) fn handler_of(&self, entity: EntityId, name: &str) -> Option<FnId> {
        let handlers = &self.cx.program.entity(entity).handlers;
        handlers
            .iter()
            .copied()
            .find(|f| self.cx.program.function(*f).name == name)
    }

    fn is_function(&self, name: &str) -> bool {
        !self.functions_named(name).is_empty()
            || self.own_handler(name).is_some()
            || builtins::NAMES.contains(&name)
    }

    /// Says that a name stands for nothing, with the nearest that does. `what` is how it is used.
    pub(super) fn unknown_name(&mut self, name: &ast::Ident, what: &str) {
        if LATER_FUNCTIONS.contains(&name.as_str()) {
            self.cx.later(name.span, &format!("`{name}`"));
            return;
        }
        let mut known: Vec<String> = Vec::new();
        for scope in &self.scopes {
            known.extend(scope.iter().map(|(n, _)| n.clone()));
        }
        if let Some(entity) = self.entity {
            let e = self.cx.program.entity(entity);
            known.extend(e.fields.iter().map(|f| f.name.clone()));
            known.extend(
                e.handlers
                    .iter()
                    .map(|h| self.cx.program.function(*h).name.clone()),
            );
        }
        known.extend(self.cx.names.constants.keys().cloned());
        known.extend(self.cx.names.views.keys().cloned());
        let functions = self.cx.names.functions.keys();
        known.extend(
            functions
                .filter(|f| !self.functions_named(f).is_empty())
                .cloned(),
        );
        known.push("caller".into());
        known.extend(builtins::NAMES.iter().map(|name| name.to_string()));
        known.extend(self.cx.names.externs.keys().cloned());
        let found = Diagnostic::new(
            codes::E0201,
            name.span,
            format!("there is no {what} `{name}` here"),
        )
        .label("not declared");
        let owner = self
            .cx
            .program
            .entities
            .iter()
            .find(|e| e.fields.iter().any(|f| f.name == name.name))
            .map(|e| e.name.clone());
        if self.is_of_rows(name) {
            return self.report(found.help(format!(
                "a group has many: write `collect({name})`, `first({name})`, or what else is wanted of all of them"
            )));
        }
        if let Some(elsewhere) = modules::elsewhere(self.cx, name) {
            return self.report(elsewhere.help(found));
        }
        if let Some(instead) = self.sibling_of_default(name) {
            return self.report(found.help(instead));
        }
        let is_part =
            self.cx.library.contains_key(name.as_str()) || prelude::is_displaced(name.as_str());
        if is_part && what == "name" {
            return self.report(found.help(format!(
                "it is a part of the library, which is no value: call one of its functions, which `weir doc {name}` shows"
            )));
        }
        let is_value = self.lookup(name.as_str()).is_some()
            || self.cx.names.constants.contains_key(name.as_str());
        if what == "function" && self.cx.names.views.contains_key(name.as_str()) {
            return self.report(found.help(format!(
                "`{name}` is a view: read its rows with `{name}.all()`, or with `{name}.at(key)`"
            )));
        }
        if what == "function" && is_value {
            return self
                .report(found.help(format!("`{name}` is a value: leave the parentheses away")));
        }
        if matches!(name.as_str(), "null" | "nil" | "undefined" | "none") {
            let found = found.help("write `None`, of a type such as `Text?`");
            return self
                .report(found.certain_fix("write `None`", vec![(name.span, "None".into())]));
        }
        let instead = match what {
            "function" => familiar::function(name.as_str()),
            _ => familiar::value(name.as_str()),
        };
        if let Some(instead) = instead {
            return self.report(found.help(instead));
        }
        if let Some(ended) = self.locals.iter().rev().find(|l| l.name == name.name) {
            let span = ended.span;
            let keyword = if what == "variable" { "var" } else { "let" };
            return self.report(
                found
                    .secondary(span, "known only in the block where this stands")
                    .help(format!(
                        "declare it in front of that block: `{keyword} {name} = ..`"
                    )),
            );
        }
        let known = known.iter().map(String::as_str);
        let found = did_you_mean(found, name.span, name.as_str(), known);
        self.report(found.or(|found| match owner {
            Some(owner) => found.help(format!(
                "it is state of `{owner}`: say of which one, for example `{owner}(..).{name}`"
            )),
            None if what == "function" => {
                found.help(format!("declare it: `fn {name}(..) {{ .. }}`"))
            }
            None if what == "variable" => {
                found.help(format!("declare it before: `var {name} = ..`"))
            }
            None if self.is_in_group() => found.help(format!(
                "where a key is worked out, it has a name that is given: `group by {name}: ..`"
            )),
            None => found.help(format!("declare it before: `let {name} = ..`")),
        }));
    }

    /// What to do where the default of a field or a parameter names one that it does not see.
    fn sibling_of_default(&self, name: &ast::Ident) -> Option<&'static str> {
        let names = |fields: &[ast::Field]| {
            let here = |field: &ast::Field| {
                let default = field.default.as_ref();
                default.is_some_and(|default| default.span.contains(name.span))
            };
            fields.iter().any(here) && fields.iter().any(|field| field.name.name == name.name)
        };
        let mut variants = self.cx.enums.iter().flat_map(|decl| &decl.variants);
        let of_value = self.cx.records.iter().any(|decl| names(&decl.fields))
            || self.cx.errors.iter().any(|decl| names(&decl.fields))
            || variants.any(|variant| names(&variant.fields));
        if of_value {
            return Some(
                "the default of a field sees no other field: give the value where it is made, or in a function that makes it",
            );
        }
        let of_parameter = matches!(self.fails, super::Fails::Never("a default"));
        of_parameter.then_some("a default sees the parameters in front of it, and no others")
    }
}
