//! Checks bodies: one [`BodyCx`] a body, from its parameters to its typed root expression.
//!
//! `expr(e, want)` checks an expression; `want` is what its place would like, a
//! hint for literals and empty collections. `expr_of(e, ty)` also insists.

mod argument;
mod around;
mod builtins;
mod call;
mod construct;
mod control;
mod entry;
mod expr;
mod failure;
mod field_defaults;
mod fixture;
mod grouped;
mod library;
mod loops;
mod member;
mod merge;
mod message;
mod method;
mod module;
mod names;
mod operators;
mod order;
mod outside;
mod parallel;
mod partial;
mod pattern;
mod place;
mod query;
mod range;
mod scratch;
mod sequence;
mod stream;
mod undo;
mod view;
mod wait;

pub use merge::builtin as merge_builtin;
use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast;

pub use entry::{check_all, check_around};

use crate::around::Around;
use crate::fill;
use crate::hir::*;
use crate::infer::{self, Table};
use crate::meanings::Def;
use crate::messages;
use crate::scope::Cx;

/// What may leave a body as a failure.
enum Fails {
    /// These, as declared.
    Declared(Vec<ErrorId>),
    /// Whatever does; collected.
    Inferred(Vec<ErrorId>),
    /// Nothing: invariants, initial values, constants. With the words for the place.
    Never(&'static str),
}

/// Where a function can be made to declare one more failure.
enum FailsPlace {
    /// Behind the last one it declares.
    Behind(Span),
    /// Behind the type of its result, as the first.
    BehindType(Span),
    /// In front of its block, as the first.
    InFront(Span),
}

impl FailsPlace {
    /// `None` where the tree does not tell.
    fn of(decl: &ast::FnDecl) -> Option<FailsPlace> {
        match (decl.fails.last(), &decl.ret, &decl.body) {
            (Some(last), ..) => Some(FailsPlace::Behind(last.span)),
            (None, Some(ret), _) => Some(FailsPlace::BehindType(ret.span)),
            (None, None, ast::FnBody::Block(block)) => Some(FailsPlace::InFront(block.span)),
            (None, None, ast::FnBody::Expr(_)) => None,
        }
    }

    /// Declares these as well: names with commas between them.
    fn edit(&self, errors: &str) -> (Span, String) {
        match self {
            FailsPlace::Behind(span) => (span.after(), format!(", {errors}")),
            FailsPlace::BehindType(span) => (span.after(), format!(" fails {errors}")),
            FailsPlace::InFront(span) => (span.before(), format!("fails {errors} ")),
        }
    }
}

/// Code inside a body that may run at another time than what is around it.
#[derive(Clone, Debug, PartialEq)]
enum FrameKind {
    /// A lambda as an argument.
    Argument,
    /// Of `parallel`.
    Branch,
    /// The compensation of an `undo`.
    Undo,
    /// Answers for an `extern` function, which may fail with these.
    Mock(Vec<ErrorId>),
    /// What a `scratch let` is made from.
    Scratch,
}

impl FrameKind {
    fn words(&self) -> &'static str {
        match self {
            FrameKind::Argument | FrameKind::Mock(_) => "a lambda",
            FrameKind::Branch => "a branch of `parallel`",
            FrameKind::Undo => "an `undo`",
            FrameKind::Scratch => "temporary data",
        }
    }
}

/// A lambda, branch or compensation being checked.
struct LambdaFrame {
    kind: FrameKind,
    /// Locals below this number are outside.
    first: u32,
    captures: BTreeSet<LocalId>,
}

pub(crate) struct BodyCx<'a> {
    cx: &'a mut Cx,
    table: Table,
    locals: Vec<Local>,
    used: Vec<bool>,
    scopes: Vec<Vec<(String, LocalId)>>,
    /// The entity this code belongs to.
    entity: Option<EntityId>,
    type_params: Vec<ast::Ident>,
    /// Type of `return`; `None` where there is no function to return from.
    ret: Option<Type>,
    fails: Fails,
    fails_place: Option<FailsPlace>,
    lambdas: Vec<LambdaFrame>,
    loop_depth: u32,
    /// Of the comprehensions around, outermost first.
    groups: Vec<query::Group>,
    /// In the rows of a view: what stands in place of a call of an aggregate.
    results: Vec<(Span, ast::Expr)>,
    /// In what a view means, where streams can be walked: whether it has windows.
    in_view: Option<bool>,
    in_test: bool,
    is_prelude: bool,
    /// How many diagnostics there were before this body.
    told_before: usize,
    /// The function this is the body of.
    function: Option<FnId>,
    /// The call that `send` is being checked for, and whether it is sent with a delay.
    sent: Option<(Span, bool)>,
    /// The types of expressions so far, when somebody asked for meanings.
    types: Option<Vec<(Span, Type)>>,
    /// A `?` on a call of the function itself whose failures are not known yet.
    recursive_try: Option<Span>,
    /// What is in reach at the name that somebody asks about, when it is in this body.
    around: Option<Around>,
}

impl<'a> BodyCx<'a> {
    fn new(cx: &'a mut Cx, fails: Fails) -> BodyCx<'a> {
        BodyCx {
            told_before: cx.diagnostics.len(),
            types: cx.meanings.is_some().then(Vec::new),
            cx,
            table: Table::default(),
            locals: Vec::new(),
            used: Vec::new(),
            scopes: vec![Vec::new()],
            entity: None,
            type_params: Vec::new(),
            ret: None,
            fails,
            fails_place: None,
            lambdas: Vec::new(),
            loop_depth: 0,
            groups: Vec::new(),
            results: Vec::new(),
            in_view: None,
            in_test: false,
            is_prelude: false,
            function: None,
            recursive_try: None,
            around: None,
            sent: None,
        }
    }

    /// Declares the keys of the entity as the first locals.
    fn with_keys(mut self, entity: EntityId) -> BodyCx<'a> {
        self.entity = Some(entity);
        let (keys, span) = {
            let e = self.cx.program.entity(entity);
            (e.keys.clone(), e.span)
        };
        for key in keys {
            let id = self.add_local(&key.name, key.ty, false, span);
            self.used[id.0 as usize] = true;
        }
        self
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.cx.report(diagnostic);
    }

    fn show(&self, ty: &Type) -> String {
        let params: Vec<String> = self.type_params.iter().map(|p| p.name.clone()).collect();
        messages::show(&self.cx.program, &params, &self.table.resolve(ty))
    }

    /// The type with what is known filled in, one layer deep.
    fn head(&self, ty: &Type) -> Type {
        self.table.shallow(ty)
    }

    fn declare(&mut self, name: &str, ty: Type, is_var: bool, span: Span) -> LocalId {
        // What the checker makes up has no name in the text.
        if span.range().len() == name.len() && name != "_" {
            self.means(span, Def::Local(span));
            self.of_type(span, &ty);
        }
        self.add_local(name, ty, is_var, span)
    }

    fn add_local(&mut self, name: &str, ty: Type, is_var: bool, span: Span) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local {
            name: name.to_owned(),
            ty,
            is_var,
            is_scratch: false,
            span,
        });
        self.used.push(name.starts_with('_'));
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name.to_owned(), id));
        }
        id
    }

    fn lookup(&mut self, name: &str) -> Option<LocalId> {
        let found = self
            .scopes
            .iter()
            .rev()
            .find_map(|scope| scope.iter().rev().find(|(n, _)| n == name))
            .map(|(_, id)| *id)?;
        self.used[found.0 as usize] = true;
        for frame in &mut self.lambdas {
            if found.0 < frame.first {
                frame.captures.insert(found);
            }
        }
        Some(found)
    }

    /// Writes down what a name stands for, when somebody asked.
    fn means(&mut self, name: Span, def: Def) {
        // What a comprehension is rewritten into calls functions of the library whose names stand nowhere in the text.
        if let Def::Function(id) = def {
            let function = self.cx.program.function(id);
            let called = function.name.trim_end_matches('_');
            let written = name.range().len();
            if function.is_prelude && written != called.len() && written != function.name.len() {
                return;
            }
        }
        self.cx.means(name, def);
    }

    fn means_local(&mut self, name: Span, id: LocalId) {
        if name.range().len() != self.locals[id.0 as usize].name.len() {
            // Made up, and written nowhere.
            return;
        }
        let declared = self.locals[id.0 as usize].span;
        let key = self.entity.filter(|entity| {
            let entity = self.cx.program.entity(*entity);
            (id.0 as usize) < entity.keys.len() && entity.span == declared
        });
        self.means(
            name,
            match key {
                Some(entity) => Def::Key(entity, id.0),
                None => Def::Local(declared),
            },
        );
    }

    /// Writes down the type of what stands there, when somebody asked.
    fn of_type(&mut self, span: Span, ty: &Type) {
        if let Some(types) = &mut self.types {
            types.push((span, ty.clone()));
        }
    }

    fn scoped<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        self.scopes.push(Vec::new());
        let result = f(self);
        self.scopes.pop();
        result
    }

    /// Checks code that may run at another time; `f` gives its parameters and its body.
    fn closure(
        &mut self,
        kind: FrameKind,
        f: impl FnOnce(&mut Self) -> (Vec<LocalId>, Expr),
    ) -> Lambda {
        self.lambdas.push(LambdaFrame {
            kind,
            first: self.locals.len() as u32,
            captures: BTreeSet::new(),
        });
        let depth = std::mem::take(&mut self.loop_depth);
        let (params, body) = self.scoped(f);
        self.loop_depth = depth;
        let captures = self.lambdas.pop().map(|frame| frame.captures);
        Lambda {
            captures: captures
                .into_iter()
                .flatten()
                .filter(|id| !params.contains(id))
                .collect(),
            params,
            body: Box::new(body),
        }
    }

    /// Checks an expression and insists on its type.
    fn expr_of(&mut self, e: &ast::Expr, want: &Type) -> Expr {
        let found = self.expr(e, Some(want));
        self.fit(found, want, None)
    }

    /// Insists that a checked expression has a type; `why` points at who asked.
    fn fit(&mut self, e: Expr, want: &Type, why: Option<(Span, String)>) -> Expr {
        let wanted = self.head(want);
        if let Type::Result(_, errors) = self.head(&e.ty)
            && !matches!(wanted, Type::Result(..))
        {
            self.unhandled(value_of(&e), &errors);
            return Expr {
                ty: Type::Unknown,
                ..e
            };
        }
        if !self.table.unify(&e.ty, want) {
            self.mismatch(value_of(&e), want, &e.ty, why);
            return Expr {
                ty: Type::Unknown,
                ..e
            };
        }
        e
    }

    fn mismatch(&mut self, span: Span, want: &Type, found: &Type, why: Option<(Span, String)>) {
        if infer::has_unknown(&self.table.resolve(want))
            || infer::has_unknown(&self.table.resolve(found))
        {
            return;
        }
        let (want_text, found_text) = (self.show(want), self.show(found));
        let mut d = Diagnostic::new(
            codes::E0301,
            span,
            format!("expected `{want_text}`, found `{found_text}`"),
        )
        .label(format!("this is `{found_text}`"));
        if let Some((at, text)) = why {
            d = d.secondary(at, text);
        }
        let (want, found) = (self.head(want), self.head(found));
        let d = d.help(self.conversion(&want, &found));
        self.report(match want {
            Type::Option(inner) if self.head(&inner) == found => {
                let around = [(span.before(), "Some(".into()), (span.after(), ")".into())];
                d.certain_fix("wrap it in `Some(..)`", around.into())
            }
            _ => d,
        });
    }

    /// The next step when a value of one type stands where another is wanted.
    fn conversion(&self, want: &Type, found: &Type) -> String {
        match (want, found) {
            (Type::Option(inner), found) if self.head(inner) == *found => "wrap it: `Some(..)`".into(),
            (want, Type::Option(inner)) if self.head(inner) == *want => {
                "it may be missing: give a value for that case with `?? ..`, or look with `is Some(x)`".into()
            }
            (Type::New(id, args), found) if self.cx.program.base(*id, args) == *found => {
                format!("make it one: `{}(..)`", self.cx.program.news[id.0 as usize].name)
            }
            (want, Type::New(id, args)) if self.cx.program.base(*id, args) == *want => {
                "take what it is made of: `.value`".into()
            }
            (Type::Bool, Type::Option(_)) => "ask whether it is there: `value is Some(_)`".into(),
            (Type::Bool, Type::List(_) | Type::Set(_) | Type::Map(..) | Type::Text) => {
                "ask what about it, such as `not value.is_empty()`".into()
            }
            (Type::Bool, Type::Int | Type::Decimal | Type::Float) => "compare it: `value != 0`".into(),
            (Type::Map(..), Type::List(item)) if matches!(self.head(item), Type::Infer(_)) => {
                "an empty map is written `[:]`".into()
            }
            (Type::Time, Type::Text) => {
                "write a time as `t\"2026-01-31T10:00Z\"`, or read it: `.to_time()`".into()
            }
            (Type::Tuple(_), _) => format!(
                "put all its parts in parentheses: a value of type `{}`",
                self.show(want)
            ),
            (_, Type::Error(id)) => format!(
                "to fail with it, write `fail {}`",
                self.cx.program.errors[id.0 as usize].name
            ),
            (want, Type::Run(..)) if !matches!(want, Type::Run(..) | Type::Ticket) => "what is sent goes on by itself: wait for what it gives with `.result()`".into(),
            (_, Type::Ticket) => "what is sent gives nothing here: call it without `send`".into(),
            (Type::Decimal, Type::Int) => "convert it: `.to_decimal()`".into(),
            (Type::Float, Type::Int | Type::Decimal) => "convert it: `.to_float()`".into(),
            (Type::Text, Type::Int | Type::Decimal | Type::Float | Type::Bool | Type::Time | Type::Duration | Type::Date | Type::Money) => {
                "put it into a text: `\"{..}\"`".into()
            }
            (Type::Unit, _) => "nothing is wanted here: add `-> Type` to the function, or drop the value".into(),
            (_, Type::Unit) => "this gives nothing: a function that gives something says what, `-> Type`".into(),
            (Type::Int, Type::Decimal | Type::Float) => "convert it: `.to_int()`".into(),
            (Type::Int, Type::Text) => "read the number: `.to_int() ?? 0`".into(),
            (Type::Decimal, Type::Text) => "read the number: `.to_decimal() ?? 0`".into(),
            (Type::Decimal, Type::Float) => "convert it: `.to_decimal() ?? 0`".into(),
            (Type::Set(_), Type::List(_)) => "convert it: `.to_set()`".into(),
            (Type::List(_), Type::Set(_)) => "convert it: `.to_list()`".into(),
            (Type::List(item), found) if self.head(item) == *found => "put it into a list: `[..]`".into(),
            (Type::Run(a, _), Type::Run(b, _)) if self.head(a) == self.head(b) => {
                format!("say what it may fail with, `{}`, or leave the type out", self.show(found))
            }
            (Type::Money, Type::Int | Type::Decimal) => "say of what currency: `20USD`, or `money(amount, \"USD\")`".into(),
            (Type::Int | Type::Decimal, Type::Money) => "take its amount: `.amount()`".into(),
            (Type::Blob, Type::Bytes) => "keep it as the content of one: `blob.of(bytes, \"image/png\")`".into(),
            (Type::Blob, Type::Text) => "keep it as the content of one: `blob.of_text(text)`".into(),
            (Type::Bytes, Type::Blob) => "read its content: `.bytes()`, or a part of it: `.slice(0, 1000)`".into(),
            (Type::Text, Type::Blob) => "read its content: `.text()`, which gives a `Text?`; `.hash()` names it".into(),
            (Type::Date, Type::Time) => "take its date: `.date()` in UTC, `.in_zone(\"Europe/Berlin\").date()` elsewhere".into(),
            (Type::Time, Type::Date) => "say which time of that day: `.midnight()` in UTC, `.start_in(\"Europe/Berlin\")` elsewhere".into(),
            (Type::Duration, Type::Int) => "say of what: `5s`, `5m`, `2h`, `1d`".into(),
            (Type::Date, Type::Text) => "write a date as `d\"2026-01-31\"`, or read it: `.to_date()`, which gives a `Date?`".into(),
            (Type::Bytes, Type::Text) => "take its bytes: `.to_bytes()`; of digits: `.from_hex()`, `.from_base64()`".into(),
            (Type::Text, Type::Bytes) => "write it in digits, `.hex()` or `.base64()`, or read it as a text: `.text()`".into(),
            (Type::Enum(id, _), Type::Text | Type::Int) => {
                let variants = &self.cx.program.enums[id.0 as usize].variants;
                let names: Vec<String> = variants.iter().take(3).map(|v| format!("`{}`", v.name)).collect();
                format!("name one of its variants: {}", names.join(", "))
            }
            (_, Type::Record(id, _)) if self.cx.program.records[id.0 as usize].name == "Secret" && *want == Type::Text => {
                "take the text out where it is needed: `.reveal()`".into()
            }
            (Type::Entity(id), _) => {
                format!("name one by its key: `{}(..)`", self.cx.program.entity(*id).name)
            }
            _ => format!("put a value of type `{}` here", self.show(want)),
        }
    }

    /// Fills in every type, says where one could not be worked out, and gives the finished body.
    fn finish(mut self, mut root: Expr) -> (Body, Fails) {
        let mut open: Option<Span> = None;
        let table = std::mem::take(&mut self.table);
        let mut fill = |ty: &mut Type, span: Span| {
            *ty = table.resolve(ty);
            if infer::has_infer(ty) {
                open.get_or_insert(span);
                *ty = Type::Unknown;
            }
        };
        for local in &mut self.locals {
            fill(&mut local.ty, local.span);
        }
        if let (Some(types), Some(meanings)) = (self.types.take(), &mut self.cx.meanings)
            && !self.is_prelude
        {
            let known = types.into_iter();
            let known = known.map(|(span, ty)| (span, infer::settled(&table.resolve(&ty))));
            meanings.types.extend(known);
        }
        if let Some(around) = self.around.take() {
            let settled = |ty: &Type| infer::settled(&table.resolve(ty));
            self.cx.around = Some(around::settled(around, settled));
        }
        fill::each_type_mut(&mut root, &mut fill);
        if let Some(span) = open {
            let silent = self.cx.diagnostics.iter().any(Diagnostic::is_error);
            if !silent {
                self.cx.report(
                    Diagnostic::new(codes::E0303, span, "the type of this cannot be worked out")
                        .label("of what type?")
                        .help("write the type, for example `let xs: List<Int> = []`"),
                );
            }
        }
        // In a broken body a variable may be unused because its use could not be understood.
        let broken = self.cx.diagnostics[self.told_before..]
            .iter()
            .any(Diagnostic::is_error);
        if !self.is_prelude && !broken {
            for (local, used) in self.locals.iter().zip(&self.used) {
                if !used {
                    self.cx.diagnostics.push(
                        Diagnostic::new(
                            codes::W0702,
                            local.span,
                            format!("`{}` is never used", local.name),
                        )
                        .label("not used")
                        .help(match self.cx.names.constants.contains_key(&local.name) {
                            true => format!(
                                "this is a new name, not the constant: to compare with the constant write `x if x == {}`",
                                local.name
                            ),
                            false => format!(
                                "remove it, or write `_{}` to keep it on purpose",
                                local.name
                            ),
                        })
                        .fix("mark it as unused", vec![(local.span.before(), "_".into())]),
                    );
                }
            }
        }
        (
            Body {
                locals: self.locals,
                root,
            },
            self.fails,
        )
    }
}

/// Where the value of an expression is written: at the end of a block.
fn value_of(e: &Expr) -> Span {
    match &e.kind {
        ExprKind::Block(block) => match block.stmts.last() {
            Some(Stmt::Expr(last)) => value_of(last),
            _ => e.span,
        },
        _ => e.span,
    }
}

/// An expression node.
fn node(kind: ExprKind, ty: Type, span: Span) -> Expr {
    Expr { kind, ty, span }
}

/// Stands for what could not be checked; somebody was told.
fn hole(span: Span) -> Expr {
    node(ExprKind::Unit, Type::Unknown, span)
}
