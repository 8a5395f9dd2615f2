//! Rules of form that the grammar leaves open to stay LALR(1): names of attributes,
//! what may be assigned to, what may be sent, where `_` may stand.

use weir_contract::near::distance;
use weir_diagnostics::{Diagnostic, codes};

use crate::ast::walk::{Node, walk};
use crate::ast::*;

/// All attributes there are (`@intrinsic` and `@module` are for the prelude only). What each takes and where it may stand is checked
/// with the types.
pub const ATTRIBUTES: &[&str] = &[
    "anyone",
    "role",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "status",
    "key",
    "time",
    "late",
    "keep",
    "at",
    "idempotent",
    "once",
    "read",
    "pure",
    "retry",
    "timeout",
    "was",
    "from",
    "step",
    "budget",
    "tenant",
    "secret",
    "may_see",
    "crosses_tenants",
    "intrinsic",
    "module",
];

pub fn check(module: &Module, diagnostics: &mut Vec<Diagnostic>) {
    walk(module, &mut |node| match node {
        Node::Attr(attr) => diagnostics.extend(unknown_attribute(attr)),
        Node::Stmt(stmt) => {
            if let StmtKind::Assign { target, .. } = &stmt.kind {
                diagnostics.extend(not_assignable(target));
            }
        }
        Node::Expr(expr) => diagnostics.extend(misshapen(expr)),
        Node::Pattern(pattern) => diagnostics.extend(second_rest(pattern)),
        _ => {}
    });
    crate::bound_twice::check(module, diagnostics);
    for item in &module.items {
        if let ItemKind::Workflow(workflow) = &item.kind {
            diagnostics.extend(workflow.members.iter().filter_map(event_with_body));
        }
    }
}

fn unknown_attribute(attr: &Attr) -> Option<Diagnostic> {
    let name = attr.name.as_str();
    if ATTRIBUTES.contains(&name) {
        return None;
    }
    let message = format!("there is no attribute `@{name}`");
    let found = Diagnostic::new(codes::E0109, attr.name.span, message);
    let near = ATTRIBUTES
        .iter()
        .map(|known| (distance(name, known), *known))
        .filter(|(distance, _)| *distance <= (name.len() / 3).clamp(1, 2));
    Some(match near.clone().min() {
        Some((_, known)) => found
            .help(format!("did you mean `@{known}`?"))
            .fix_if_certain(
                format!("write `@{known}`"),
                vec![(attr.name.span, known.to_owned())],
                near.count() == 1,
            ),
        None if matches!(name, "allow" | "invariant" | "state" | "merge" | "event") => found.help(
            format!("`{name}` is a line of its own in the entity: write `{name} ..`"),
        ),
        None => found.help(match name {
            "cron" | "schedule" | "scheduled" => {
                "write `every 1h { .. }`, or `@at(\"07:00\") every 1d { .. }`"
            }
            "public" | "anonymous" => "write `@anyone` in front of a `pub fn`",
            "auth" | "authorize" | "authenticated" | "roles" => {
                "write `@role(\"manager\")`, or `allow caller.id == owner` in the entity; without either who calls must be signed in"
            }
            "route" | "path" | "http" => "write `@get(\"/path/{param}\")`, `@post`, `@put`, `@patch` or `@delete`",
            "index" | "unique" => "instances are found by their keys; a `view` keeps what is looked for otherwise",
            "cache" | "cached" | "memoize" => "a `view` is a query that is kept up to date",
            "ttl" | "expires" | "retention" => "write `@keep(7d)` in front of a stream",
            _ => "attributes are a closed set; there are none of your own",
        }),
    })
}

/// Where one rest ends and another begins, nothing would tell.
fn second_rest(pattern: &Pattern) -> Option<Diagnostic> {
    let PatternKind::List(parts) = &pattern.kind else {
        return None;
    };
    let mut rests = parts.iter().filter(|part| part.kind.is_rest());
    let (first, second) = (rests.next()?, rests.next()?);
    Some(
        Diagnostic::new(codes::E0101, second.span, "a list has one rest")
            .label("where it begins cannot be told")
            .secondary(first.span, "the rest is here already")
            .help(
                "keep one of them, and look through it: `rest.position(x => ..)`, or `x in rest`",
            ),
    )
}

/// A place is a variable or own state, or a path into one.
fn not_assignable(target: &Expr) -> Option<Diagnostic> {
    let mut root = target;
    loop {
        match &root.kind {
            ExprKind::Field { base, .. }
            | ExprKind::TupleField { base, .. }
            | ExprKind::Index { base, .. } => root = base,
            ExprKind::Var(_) | ExprKind::SelfRef | ExprKind::Hole => break,
            _ => {
                let found =
                    Diagnostic::new(codes::E0110, target.span, "this cannot be assigned to");
                let of_entity = matches!(&root.kind, ExprKind::Call { callee, .. }
                    if matches!(callee.kind, ExprKind::Con(_)));
                return Some(if of_entity && root.span != target.span {
                    found
                        .label("state of another entity")
                        .help("call a function of that entity that makes the change")
                } else {
                    found.label("neither a variable nor a path into one").help(
                        "assign to a `var`, to own `state`, or to a path such as `items[k].qty`",
                    )
                });
            }
        }
    }
    matches!(target.kind, ExprKind::SelfRef).then(|| {
        Diagnostic::new(codes::E0110, target.span, "`self` cannot be assigned to")
            .help("assign to its state fields one by one")
    })
}

fn misshapen(expr: &Expr) -> Option<Diagnostic> {
    match &expr.kind {
        ExprKind::Send { call, .. } => match call.kind {
            ExprKind::Call { .. } | ExprKind::Hole => None,
            _ => Some(
                Diagnostic::new(codes::E0111, call.span, "`send` needs a call")
                    .label("not a call")
                    .help("write `send Entity(key).function(...)`"),
            ),
        },
        // `4 =>` and on the next line `_ => 5`.
        ExprKind::Match { arms, .. } => arms
            .iter()
            .find(|arm| matches!(arm.body.kind, ExprKind::Lambda { .. }))
            .map(|arm| {
                let message = "a lambda cannot be the result of an arm";
                Diagnostic::new(codes::E0101, arm.body.span, message).help(
                    "is the result of the arm above missing? write `{}` for one that does nothing",
                )
            }),
        ExprKind::Var(name) if name.name == "_" => Some(
            Diagnostic::new(codes::E0101, expr.span, "`_` is not a value")
                .label("expected a value")
                .help("`_` stands for a name that is not needed, as in `(_, x) => x`"),
        ),
        _ => None,
    }
}

fn event_with_body(member: &Member) -> Option<Diagnostic> {
    match &member.kind {
        MemberKind::Event(event) => {
            let body = event.body.as_ref()?;
            Some(
                Diagnostic::new(
                    codes::E0115,
                    body.span,
                    "an event of a workflow has no body",
                )
                .secondary(event.name.span, "this event")
                .help(format!(
                    "take it where the run waits: `wait {{ {}(...) => ... }}`",
                    event.name
                )),
            )
        }
        _ => None,
    }
}
