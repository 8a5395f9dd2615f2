//! The outside world: `extern` blocks, what their functions promise about being called twice, and the failures that
//! come with it.
//!
//! Everything else a step does is undone by a crash; a call to the outside is not. So each function has to say what a second
//! call would do, and what is said decides what the runtime may do after a crash.

use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use crate::as_step;
use crate::collect::duplicate;
use crate::hir::*;
use crate::scope::Cx;
use crate::signatures;
use crate::types;

/// Remembers which errors of the prelude stand for the failures the runtime makes up.
pub fn failures(cx: &mut Cx) {
    let named = |name: &str| {
        let at = cx.program.errors.iter().position(|e| e.name == name);
        ErrorId(at.unwrap_or_default() as u32)
    };
    cx.program.failures = Failures {
        cancelled: named("Cancelled"),
        timed_out: named("TimedOut"),
        unavailable: named("Unavailable"),
        unknown: named("Unknown"),
        scratch_lost: named("ScratchLost"),
    };
}

/// Gives the functions of a block their numbers.
pub fn collect(cx: &mut Cx, decl: &ast::ExternDecl, is_prelude: bool) {
    if let Some((first, _)) = cx.names.externs.get(&decl.name.name) {
        let first = *first;
        duplicate(cx, &decl.name, first);
        return;
    }
    let source = source(cx, &decl.from, is_prelude);
    let mut ids: Vec<ExternId> = Vec::new();
    for function in &decl.fns {
        let same = ids.iter().find(|id| {
            let known = cx.program.extern_fn(**id);
            known.name == function.name.name
        });
        if let Some(id) = same {
            let first = cx.program.extern_fn(*id).span;
            duplicate(cx, &function.name, first);
        }
        ids.push(ExternId(cx.externs.len() as u32));
        cx.externs.push(Arc::new(function.clone()));
        cx.program.externs.push(ExternFn {
            module: decl.name.name.clone(),
            name: function.name.name.clone(),
            source: source.clone(),
            params: Vec::new(),
            ret: Type::Unit,
            fails: Vec::new(),
            promise: Promise::Read,
            retry: None,
            timeout_us: None,
            as_step: AsStep::default(),
            doc: function.doc.as_ref().map(|d| d.text.clone()),
            span: function.name.span,
        });
    }
    cx.names
        .externs
        .insert(decl.name.name.clone(), (decl.name.span, ids));
}

fn source(cx: &mut Cx, from: &ast::TextLit, is_prelude: bool) -> ExternSource {
    match from.value.split_once(':') {
        Some(("std", name)) if is_prelude => ExternSource::Library(name.to_owned()),
        Some(("http", name)) if !name.is_empty() => ExternSource::Http(name.to_owned()),
        Some(("wit", name)) if is_package(name) => ExternSource::Component(name.to_owned()),
        Some(("wit", name)) => {
            cx.report(
                Diagnostic::new(
                    codes::E0806,
                    from.span,
                    format!("`{name}` is not the name of a package"),
                )
                .label("no package")
                .help("write the owner, the package and its version: \"wit:acme/image@0.3\""),
            );
            ExternSource::Component(name.to_owned())
        }
        _ => {
            cx.report(
                Diagnostic::new(
                    codes::E0806,
                    from.span,
                    format!("\"{}\" does not say where these functions are", from.value),
                )
                .label("no service")
                .help(
                    "write \"http:name\" for a service whose address is configured under that name, or \"wit:acme/image@0.3\" for a component",
                ),
            );
            ExternSource::Http(String::new())
        }
    }
}

/// `acme/image@0.3`, as WIT has names (words of ASCII letters and digits with `-` between) and versions; a version may be left
/// out, or be the beginning of one.
fn is_package(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let kebab = |name: &str| name.split('-').all(word);
    let version = |version: &str| {
        let numbers = version.split('.');
        numbers.clone().count() <= 3 && numbers.clone().all(|n| n.parse::<u32>().is_ok())
    };
    let (package, given) = match name.split_once('@') {
        Some((package, given)) => (package, Some(given)),
        None => (name, None),
    };
    let named = package
        .split_once('/')
        .is_some_and(|(owner, package)| kebab(owner) && kebab(package));
    named && given.is_none_or(version)
}

/// Works out types, promise and failures of functions.
pub fn resolve(cx: &mut Cx, externs: Vec<usize>) {
    for at in externs {
        let decl = cx.externs[at].clone();
        cx.enter(decl.name.span);
        let params = parameters(cx, &decl.params);
        let ret = match &decl.ret {
            Some(written) => types::ty(cx, written, &[]),
            None => Type::Unit,
        };
        let source = cx.program.externs[at].source.clone();
        let said = attributes(cx, &decl, &source);
        let as_step = as_step::read(cx, &decl.attrs);
        let mut fails: Vec<ErrorId> = Vec::new();
        for path in &decl.fails {
            fails.extend(types::error_named(cx, path));
        }
        if said.retry.is_some() || said.timeout_us.is_some() {
            fails.push(cx.program.failures.unavailable);
        }
        if said.promise == Promise::Once {
            fails.push(cx.program.failures.unknown);
        }
        fails.sort();
        fails.dedup();
        let function = &mut cx.program.externs[at];
        function.params = params;
        function.ret = ret;
        function.fails = fails;
        function.promise = said.promise;
        function.retry = said.retry;
        function.timeout_us = said.timeout_us;
        function.as_step = as_step;
    }
}

fn parameters(cx: &mut Cx, decls: &[ast::Field]) -> Vec<Param> {
    // Defaults are checked where they are used, as those of records.
    let of = |field: NamedType| Param {
        name: field.name,
        ty: field.ty,
        default: None,
    };
    signatures::fields(cx, decls, &[])
        .into_iter()
        .map(of)
        .collect()
}

/// What the attributes of a function say.
struct Said {
    promise: Promise,
    retry: Option<(u32, i64)>,
    timeout_us: Option<i64>,
}

fn attributes(cx: &mut Cx, decl: &ast::ExternFn, source: &ExternSource) -> Said {
    let mut promise: Option<(Promise, &ast::Attr)> = None;
    let mut retry = None;
    let mut timeout_us = None;
    let mut limit: Option<&ast::Attr> = None;
    for attr in &decl.attrs {
        let said = match attr.name.as_str() {
            "idempotent" => Promise::Idempotent,
            "once" => Promise::Once,
            "read" => Promise::Read,
            "pure" => {
                if let ExternSource::Http(_) = source {
                    misused(
                        cx,
                        attr,
                        "a service cannot run inside the step, only a component (`wit:`) can: write `@read`",
                    );
                }
                Promise::Pure
            }
            "retry" => {
                retry = attempts(attr);
                limit = Some(attr);
                if retry.is_none() {
                    misused(
                        cx,
                        attr,
                        "write how often and how long between: `@retry(5, pause: 2s)`",
                    );
                }
                continue;
            }
            "timeout" => {
                timeout_us = match attr.args.as_slice() {
                    [arg] => duration(&arg.value),
                    _ => None,
                };
                limit = Some(attr);
                if timeout_us.is_none() {
                    misused(
                        cx,
                        attr,
                        "write how long one attempt may take: `@timeout(10s)`",
                    );
                }
                continue;
            }
            _ if as_step::is_one(attr) => continue,
            _ => {
                cx.attribute_later(attr, "here");
                continue;
            }
        };
        match promise {
            None => promise = Some((said, attr)),
            Some((_, first)) => cx.report(
                Diagnostic::new(
                    codes::E0801,
                    attr.span,
                    format!(
                        "`{}` makes two promises about being called twice",
                        decl.name
                    ),
                )
                .label("the second")
                .secondary(first.span, "the first")
                .help("keep the one that is true"),
            ),
        }
    }
    if let (Some((Promise::Pure, _)), Some(attr)) = (promise, limit) {
        misused(
            cx,
            attr,
            "a `@pure` function runs inside the step and cannot be away; remove this",
        );
    }
    if let (Some((Promise::Once, _)), Some(_), Some(attr)) = (promise, retry, limit) {
        misused(
            cx,
            attr,
            "what is `@once` is never called again; remove `@retry`, or promise `@idempotent`",
        );
    }
    if promise.is_none() {
        no_promise(cx, &decl.name);
    }
    Said {
        promise: promise.map_or(Promise::Idempotent, |(promise, _)| promise),
        retry,
        timeout_us,
    }
}

fn no_promise(cx: &mut Cx, name: &ast::Ident) {
    cx.report(
        Diagnostic::new(
            codes::E0801,
            name.span,
            format!("`{name}` does not say what happens when it is called twice"),
        )
        .label("after a crash nobody knows whether this was done")
        .help("write `@idempotent` when a second call with the same key does nothing new, `@once` when it must never be called again, `@read` when it changes nothing, `@pure` when a component only computes"),
    );
}

fn misused(cx: &mut Cx, attr: &ast::Attr, help: &str) {
    cx.report(
        Diagnostic::new(
            codes::E0508,
            attr.span,
            format!("`@{}` is not written right here", attr.name),
        )
        .label("does not fit")
        .help(help),
    );
}

/// The first pause between attempts where none is written, as where there is no limit.
const PAUSE_DEFAULT_US: i64 = 1_000_000;

/// `@retry(n)`, `@retry(n, pause: d)`
fn attempts(attr: &ast::Attr) -> Option<(u32, i64)> {
    let (first, others) = attr.args.split_first()?;
    let Ast::Int(n) = first.value.kind else {
        return None;
    };
    let n = u32::try_from(n).ok()?;
    match others {
        [] => Some((n, PAUSE_DEFAULT_US)),
        [pause] if pause.label.as_ref().is_some_and(|l| l.name == "pause") => {
            Some((n, duration(&pause.value)?))
        }
        _ => None,
    }
}

fn duration(e: &ast::Expr) -> Option<i64> {
    match e.kind {
        Ast::Duration(us) if us > 0 => Some(us),
        _ => None,
    }
}

/// Where a block of that name is declared.
pub fn declared(cx: &Cx, name: &str) -> Option<Span> {
    cx.names.externs.get(name).map(|(span, _)| *span)
}
