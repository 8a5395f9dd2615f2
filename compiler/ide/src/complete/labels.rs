//! Labels: the parameters and fields that a call leaves out so far.

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Arg, ExprKind};

use super::Suggested;
use super::item::{Build, Near, sort};
use super::marked::{Marked, Named};
use crate::calls::{self, Callee, Parameter};
use crate::declared::Kind;

/// Those that are missing, and all that have to be there at once.
pub fn labels(build: &mut Build, name: &Named) {
    let Some((args, callee)) = name.argument_of else {
        return;
    };
    let Some(callee) = calls::callee(build.snapshot(), callee) else {
        return;
    };
    // What is mocked has no name, nor has its answer.
    let is_mock = callee.def == Def::Builtin("mock");
    if is_mock || build.cursor.behind().trim_start().starts_with(':') {
        return;
    }
    let own = build.marked.name;
    let missing = missing(&callee, args, own);
    let kind = |parameter: &Parameter| {
        let declared = parameter.declared;
        let found = declared.and_then(|at| build.marked.snapshot.declared.by_name.get(&at));
        Suggested::Declared(found.map_or(Kind::Parameter, |found| found.kind))
    };
    let kinds: Vec<Suggested> = missing.iter().map(|parameter| kind(parameter)).collect();
    for (at, (parameter, kind)) in missing.iter().zip(kinds).enumerate() {
        if parameter.name.is_empty() {
            continue;
        }
        let label = format!("{}:", parameter.name);
        let place = parameter.declared.map(|at| build.marked.as_it_is(at));
        let prefix = build.cursor.prefix();
        let added = build.add(&label, kind, Near::Wanted, None);
        // In their order, behind values that fit.
        added.sort = sort(1, Near::Wanted, &format!("{:02}", at.min(99)), prefix);
        added.insert = format!("{label} ");
        added.detail = Some(parameter.head.clone());
        added.declared = place;
    }
    let needed: Vec<&&Parameter> = missing
        .iter()
        .filter(|parameter| !parameter.has_default && !parameter.name.is_empty())
        .collect();
    let is_last = args.last().is_some_and(|arg| arg.value.span == own);
    if needed.len() > 1 && is_last {
        let parts = needed.iter().zip(1..);
        let parts: Vec<String> = parts
            .map(|(parameter, at)| format!("{}: ${{{at}:{}}}", parameter.name, parameter.name))
            .collect();
        let names: Vec<String> = needed.iter().map(|p| format!("{}: ..", p.name)).collect();
        let label = names.join(", ");
        let prefix = build.cursor.prefix().to_owned();
        let added = build.add(&label, Suggested::Snippet, Near::Wanted, None);
        added.detail = Some("all that have to be there".to_owned());
        added.snippet = Some(parts.join(", "));
        added.insert.clear();
        added.sort = sort(1, Near::Wanted, "~", &prefix);
    }
}

/// The parameters that no argument but `own` is given for.
fn missing<'c>(
    callee: &'c Callee,
    args: &[Arg],
    own: weir_diagnostics::Span,
) -> Vec<&'c Parameter> {
    let others = || args.iter().filter(|arg| arg.value.span != own);
    let by_place = others().filter(|arg| arg.label.is_none()).count();
    let is_named = |parameter: &&Parameter| {
        let mut labels = others().filter_map(|arg| arg.label.as_ref());
        labels.any(|label| label.name == parameter.name)
    };
    let rest = callee.params.iter().skip(by_place);
    rest.filter(|parameter| !is_named(parameter)).collect()
}

/// The type of the parameter for which the made-up name is given, also as an item of a list.
pub fn wanted_of_argument(marked: &Marked) -> Option<Type> {
    wanted(marked, &marked.path())
}

fn wanted(marked: &Marked, path: &[Node<'_>]) -> Option<Type> {
    let [outer @ .., Node::Expr(own)] = path else {
        return None;
    };
    match outer {
        [.., Node::Expr(list)] => match &list.kind {
            ExprKind::List(items) if items.iter().any(|item| item.span == own.span) => {
                match wanted(marked, outer)? {
                    Type::List(item) | Type::Set(item) => Some(*item),
                    _ => None,
                }
            }
            _ => None,
        },
        [.., Node::Expr(call), Node::Arg(arg)] => {
            let ExprKind::Call { callee, args } = &call.kind else {
                return None;
            };
            let callee = calls::callee(&marked.snapshot, callee)?;
            let parameter = match &arg.label {
                Some(label) => callee.params.iter().find(|p| p.name == label.name)?,
                None => {
                    let at = args.iter().position(|other| other.span == arg.span)?;
                    callee.params.get(at)?
                }
            };
            let known = |ty: &Type| !matches!(ty, Type::Unknown);
            parameter.ty.clone().filter(known)
        }
        _ => None,
    }
}
