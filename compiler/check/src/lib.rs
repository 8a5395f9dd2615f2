//! From syntax tree to checked program: names, types, failures, effects.
//!
//! ```text
//! ast -> collect: every top-level name gets a number
//!     -> signatures: types of fields, parameters, results, `fails`
//!     -> body: each body on its own (bidirectional, local inference)
//!     -> patterns: every match covers, no arm is unreachable
//!     -> effects: a fixpoint over calls, held against the ceiling of each place
//!     -> advice: warnings about runs
//!     -> copies: generic functions and those that take functions need finitely many
//!     -> gate: a `Checked` only when nothing was wrong
//! ```
//!
//! Nothing here fails or panics on broken programs: what cannot be worked out is
//! `Type::Unknown`, somebody was told once, and what depends on it stays silent.

mod advice;
mod again;
mod around;
mod as_step;
mod body;
mod budget;
mod collect;
mod consequences;
mod copies;
mod counts;
mod effects;
mod endless;
mod externs;
mod fill;
pub mod hir;
mod infer;
mod lasting;
mod lattices;
mod layered;
pub mod meanings;
mod messages;
mod misplaced;
mod modules;
mod only_walked;
mod parts;
mod patterns;
pub mod prelude;
mod roles;
mod routes;
mod schedules;
mod scope;
mod signatures;
mod streams;
mod survey;
mod text;
mod types;
mod views;
mod walk;
mod workflows;

use weir_diagnostics::Diagnostic;
use weir_syntax::ast;

pub use again::{Earlier, Print};
pub use around::{Around, Look, Near, look};
pub use body::merge_builtin;
pub use collect::is_builtin_type;
pub use consequences::drop_of_broken_text;
pub use copies::COPIES_MAX;
pub use hir::Checked;
pub use infer::{could_take, has_unknown};
pub use lasting::remarks;
pub use messages::{near as near_names, show as show_type};
pub use modules::Source;
pub use patterns::missing_cases;
pub use roles::roles;
pub use survey::{Survey, survey};
pub use text::{check_text, checked_text};

/// What checking finds out.
#[derive(Debug)]
pub struct CheckResult {
    /// The program, when it has no errors. Where parsing had errors it is not to be used: holes may hide behind them.
    pub checked: Option<Checked>,
    /// Errors and warnings of the program, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a program of one file together with the parsed prelude ([`prelude::load`]).
pub fn check(prelude: &[ast::Module], program: &ast::Module) -> CheckResult {
    let entry = Source {
        path: "main",
        module: program,
        mentions: &prelude::Mentions::of(program),
    };
    check_modules(prelude, &[entry])
}

/// Checks a program together with the parsed prelude; its first file comes first.
pub fn check_modules(prelude: &[ast::Module], sources: &[Source<'_>]) -> CheckResult {
    let mut cx = scope::Cx::default();
    run(&mut cx, prelude, sources);
    result(cx)
}

/// All passes, in their order.
fn run(cx: &mut scope::Cx, prelude: &[ast::Module], sources: &[Source<'_>]) {
    let mut again = begin(cx, prelude, sources, &[], None);
    body::check_all(cx, &mut again);
    patterns::check(cx, &again);
    finish(cx, &again);
}

/// What checking a program again finds out.
#[derive(Debug)]
pub struct CheckedAgain {
    pub result: CheckResult,
    /// For the next time.
    pub earlier: Earlier,
    /// The paths of the modules whose bodies were checked; empty for the library.
    pub checked: Vec<String>,
}

/// The same as [`check_modules`], with what an earlier check has left; `prints` are those of the sources.
pub fn check_again(
    prelude: &[ast::Module],
    sources: &[Source<'_>],
    prints: &[Print],
    earlier: Option<&mut Earlier>,
) -> CheckedAgain {
    let mut cx = scope::Cx::default();
    let mut again = begin(&mut cx, prelude, sources, prints, earlier);
    body::check_all(&mut cx, &mut again);
    let mut notes = again.keep(&mut cx);
    patterns::check(&mut cx, &again);
    again.patterns_done(&mut cx, &mut notes);
    notes.effects = finish(&mut cx, &again);
    let path = |module: &usize| match module.checked_sub(1) {
        None => String::new(),
        Some(at) => sources[at].path.to_owned(),
    };
    CheckedAgain {
        earlier: notes.with(std::sync::Arc::new(cx.program.clone())),
        checked: again.checked.iter().map(path).collect(),
        result: result(cx),
    }
}

/// The passes in front of those that look at bodies.
fn begin<'a>(
    cx: &mut scope::Cx,
    prelude: &[ast::Module],
    sources: &'a [Source<'a>],
    prints: &'a [Print],
    mut earlier: Option<&'a mut Earlier>,
) -> again::Again<'a> {
    let declared = earlier
        .as_mut()
        .and_then(|earlier| earlier.declared(prelude, sources, prints));
    match declared {
        Some(declared) if declared.meanings.is_some() == cx.meanings.is_some() => *cx = declared,
        _ => {
            modules::collect_all(cx, prelude, sources);
            signatures::resolve(cx);
        }
    }
    again::Again::new(cx, sources, prints, earlier.map(|earlier| &*earlier))
}

/// The passes that look at the whole program.
fn finish(cx: &mut scope::Cx, again: &again::Again<'_>) -> effects::Known {
    let effects = effects::check(cx, again);
    routes::check(cx);
    as_step::check(cx);
    advice::check(cx);
    copies::check(cx);
    weir_diagnostics::sort(&mut cx.diagnostics);
    cx.diagnostics.dedup();
    consequences::drop_of_places(&mut cx.diagnostics);
    effects
}

fn result(cx: scope::Cx) -> CheckResult {
    let failed = cx.diagnostics.iter().any(Diagnostic::is_error) || !is_closed(&cx.program);
    CheckResult {
        checked: (!failed).then_some(cx.program),
        diagnostics: cx.diagnostics,
    }
}

/// Whether every type is known. A hole in the tree leaves one that is not; the parser has told why.
fn is_closed(program: &Checked) -> bool {
    let mut closed = true;
    for (_, body) in walk::bodies(program) {
        walk::all(&body.root, &mut |expr| {
            closed &= !infer::has_unknown(&expr.ty);
        });
    }
    closed
}
