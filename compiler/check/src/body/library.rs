//! The library by its parts: `json.parse(text)`, `list.sum(xs)`, `log.info("paid", order: id)`.
//!
//! A part is a file of the library. Whatever a program itself calls so goes first.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};
use weir_syntax::familiar;

use super::{BodyCx, hole, node};
use crate::hir::*;
use crate::messages::{did_you_mean, meant};
use crate::prelude;

/// A part of the library, or a name that is one elsewhere, with how the same is done here.
pub(super) enum Part {
    Here(&'static str),
    Elsewhere(Ident, &'static str),
}

/// Functions whose first argument is a name that must be known before the program runs.
const NAMED: &[&str] = &["config.needed", "config.given", "secret.named"];

/// Whether a built-in function must be called with its name written out.
pub(crate) fn takes_a_name(intrinsic: &str) -> bool {
    NAMED.contains(&intrinsic)
}

impl BodyCx<'_> {
    /// The part of the library that stands before a dot.
    pub(super) fn library_part(&mut self, base: &ast::Expr) -> Option<Part> {
        let Ast::Var(name) = &base.kind else {
            return None;
        };
        let is_nearer = self.is_own_field(name.as_str())
            || self.cx.names.constants.contains_key(name.as_str())
            || self.cx.names.later.contains_key(name.as_str())
            || self.lookup(name.as_str()).is_some();
        if is_nearer {
            return None;
        }
        if let Some((part, _)) = self.cx.library.get_key_value(name.as_str()) {
            return Some(Part::Here(part));
        }
        if prelude::is_displaced(name.as_str()) {
            let why = "a type of the program has the name of one of its types, so that part of the library is not here: call yours otherwise";
            return Some(Part::Elsewhere(name.clone(), why));
        }
        familiar::library(name.as_str()).map(|instead| Part::Elsewhere(name.clone(), instead))
    }

    pub(super) fn call_in_library(
        &mut self,
        part: Part,
        name: &Ident,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let part = match part {
            Part::Here(part) => part,
            Part::Elsewhere(at, instead) => {
                let message = format!("there is no name `{at}` here, nor in the library");
                let found = Diagnostic::new(codes::E0201, at.span, message);
                self.report(found.label("not declared").help(instead));
                self.check_loose(args);
                return hole(span);
            }
        };
        let functions = &self.cx.library[part];
        let Some(all) = functions.get(name.as_str()).cloned() else {
            self.not_in_part(part, name);
            self.check_loose(args);
            return hole(span);
        };
        match (part, all.as_slice()) {
            ("log", [line]) => self.log(*line, name, args, span),
            _ => self.call_function(name, all, None, args, want, span),
        }
    }

    /// What was meant may be called otherwise, stand in another part, or be written otherwise.
    fn not_in_part(&mut self, part: &'static str, name: &Ident) {
        let functions = &self.cx.library[part];
        let message = format!("`{part}` of the library has no `{name}`");
        let found = Diagnostic::new(codes::E0204, name.span, message).label("not there");
        let word = familiar::snake_case(name.as_str());
        let usual = match functions.contains_key(&word) {
            true => Some(word.as_str()),
            false => familiar::in_library(part, &word),
        };
        if let Some(usual) = usual.filter(|usual| functions.contains_key(*usual)) {
            let found = meant(found, name.span, usual, true);
            return self.report(found.or(|found| found));
        }
        if let Some(instead) = familiar::in_library_written(part, &word) {
            return self.report(found.help(instead));
        }
        // `math.floor` is there for numbers of some kinds. What is called behind its part only is about something else.
        if !self.functions_named(&word).is_empty() {
            let others = self.cx.library.iter();
            let others = others.filter(|(_, has)| has.contains_key(&word));
            let others: Vec<String> = others.map(|(of, _)| format!("`{of}.{word}`")).collect();
            if !others.is_empty() {
                let help = format!("other parts have it: {}", others.join(", "));
                return self.report(found.help(help));
            }
        }
        let known = functions.keys().map(String::as_str);
        let found = did_you_mean(found, name.span, name.as_str(), known);
        let help = format!("`weir doc {part}` shows what it has");
        self.report(found.or(|found| found.help(help)));
    }

    /// `log.info("paid", order: id)`: the values become one tuple with names.
    fn log(&mut self, function: FnId, name: &Ident, args: &[ast::Arg], span: Span) -> Expr {
        self.means(name.span, crate::meanings::Def::Function(function));
        let Some((message, values)) = args.split_first().filter(|(m, _)| m.label.is_none()) else {
            self.misused_log(name, span, "what is to be written comes first, as a text");
            self.check_loose(args);
            return hole(span);
        };
        let message = self.expr_of(&message.value, &Type::Text);
        let (mut parts, mut fields): (Vec<Expr>, Vec<TupleField>) = Default::default();
        for arg in values {
            let value = self.plain(&arg.value, None);
            let label = arg.label.as_ref().map(|label| label.name.clone());
            let is_known = |f: &TupleField| f.name == label;
            match &arg.label {
                None => self.misused_log(name, arg.span, "say what this value is called"),
                Some(_) if fields.iter().any(is_known) => {
                    self.misused_log(name, arg.span, "two values of a line have one name");
                }
                Some(_) => {
                    let ty = value.ty.clone();
                    fields.push(TupleField { name: label, ty });
                    parts.push(value);
                }
            }
        }
        let values = match parts.is_empty() {
            true => node(ExprKind::Unit, Type::Unit, span),
            false => node(ExprKind::Tuple(parts), Type::Tuple(fields), span),
        };
        let kind = ExprKind::Call {
            function,
            type_args: vec![values.ty.clone()],
            args: vec![Arg::Value(message), Arg::Value(values)],
        };
        node(kind, Type::Unit, span)
    }

    fn misused_log(&mut self, name: &Ident, span: Span, why: &str) {
        let found = Diagnostic::new(codes::E0302, span, why).label("does not fit");
        let help = format!("write `log.{name}(\"paid\", order: id, total: sum)`");
        self.report(found.help(help));
    }

    /// Settings and secrets are asked for by names that are written out, so that a node knows at its start what it needs.
    pub(super) fn name_is_written(&mut self, intrinsic: &str, args: &[Arg], span: Span) {
        if !takes_a_name(intrinsic) {
            return;
        }
        let what = match intrinsic.starts_with("secret") {
            true => "secret",
            false => "setting",
        };
        let Some(Arg::Value(name)) = args.first() else {
            return;
        };
        let is_name = |text: &str| {
            let mut chars = text.chars();
            chars.next().is_some_and(|c| c.is_ascii_lowercase())
                && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let why = match &name.kind {
            ExprKind::Text(text) if is_name(text) => return,
            ExprKind::Text(text) => format!("`{text}` cannot be the name of a {what}"),
            _ if name.ty == Type::Unknown => return,
            _ => format!("the name of a {what} must be written out"),
        };
        let at = if name.span.range().is_empty() {
            span
        } else {
            name.span
        };
        self.report(
            Diagnostic::new(codes::E0308, at, why)
                .label("not a name that is known before the program runs")
                .help("write lower-case letters, digits and `_` in quotes, as `\"opening_hour\"`"),
        );
    }
}
