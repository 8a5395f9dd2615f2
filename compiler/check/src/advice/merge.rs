//! State that is only added to, in transactions of several instances, where nothing decides by it: the next transaction waits for its
//! value and does nothing with it. As `merge` it would not have to.
//!
//! Only what surely means the same: a sum that begins at 0, all writes are `+=` of what does not read it, nothing that writes reads
//! it, nor an invariant or a rule of access.

use weir_diagnostics::{Diagnostic, Span, codes};

use super::name;
use crate::hir::*;
use crate::walk::{self, Owner};

/// What is known of a field.
#[derive(Default)]
struct Uses {
    /// The place, the value and the whole of each `+=`, with who does it.
    added: Vec<(Span, Span, Span, FnId)>,
    /// Where it is read, by what does not write.
    read: Vec<Span>,
    /// Something else is done to it, or decided by it.
    other: bool,
}

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let joint = joint(program);
    for (at, entity) in program.entities.iter().enumerate() {
        let id = EntityId(at as u32);
        for (at, field) in entity.fields.iter().enumerate() {
            let (lattice, certain) = match (&field.ty, &field.init.root.kind) {
                (Type::Int, ExprKind::Int(0)) => ("Counter", true),
                (Type::Money, ExprKind::Money(money)) if money.amount == 0 => ("MoneySum", false),
                _ => continue,
            };
            if field.merge.is_some() {
                continue;
            }
            let uses = uses(program, id, FieldId(at as u32));
            let shared = uses.added.iter().find(|added| joint.contains(&added.3));
            let (Some(shared), false) = (shared, uses.other) else {
                continue;
            };
            let handler = name(program, shared.3);
            let told = Diagnostic::new(
                codes::H0802,
                field.span,
                format!(
                    "`{handler}` is part of larger transactions, and only adds to `{}`",
                    field.name
                ),
            )
            .label("nothing decides by it")
            .secondary(shared.2, "added to here")
            .help(format!(
                "`merge {}: {lattice}` lets such changes come in any order",
                field.name
            ));
            // Of a sum of money readers see a list.
            let is_same = uses.read.is_empty() && (certain || !field.is_pub);
            let edits = edits(field, lattice, &uses);
            found.push(match (edits, is_same && certain) {
                (Some(edits), true) => told.certain_fix("make it merge", edits),
                (Some(edits), false) if is_same => told.fix("make it merge", edits),
                _ => told,
            });
        }
    }
}

/// The handlers that are called within transactions of others: by handlers of other entities, or in `atomic`.
fn joint(program: &Checked) -> Vec<FnId> {
    let mut found = Vec::new();
    let mut calls = |within: &Expr, of: Option<EntityId>| {
        walk::all(within, &mut |expr| {
            if let ExprKind::CallHandler {
                entity,
                function,
                target: Some(_),
                ..
            } = expr.kind
                && Some(entity) != of
            {
                found.push(function);
            }
        });
    };
    for (owner, body) in walk::bodies(program) {
        if let Owner::Function(id) = owner
            && let function = program.function(id)
            && function.entity.is_some()
            && function.effect == Effect::Write
        {
            calls(&body.root, function.entity);
            continue;
        }
        if owner == Owner::Test {
            continue;
        }
        walk::all(&body.root, &mut |expr| {
            if let ExprKind::Atomic(inner) = &expr.kind {
                calls(inner, None);
            }
        });
    }
    found
}

fn uses(program: &Checked, entity: EntityId, field: FieldId) -> Uses {
    let mut uses = Uses::default();
    let own = program.entity(entity);
    let inits = own.fields.iter().map(|field| &field.init);
    let rules = own.invariants.iter().chain(&own.allows);
    let handlers = own.handlers.iter().map(|id| program.function(*id));
    let params = handlers.flat_map(|function| &function.params);
    let defaults = params.filter_map(|param| param.default.as_ref());
    for body in inits.chain(rules).chain(defaults) {
        walk::all(&body.root, &mut |expr| {
            uses.other |= matches!(expr.kind, ExprKind::State(read) if read == field);
        });
    }
    for (owner, body) in walk::bodies(program) {
        let function = match owner {
            Owner::Function(id) => Some((id, program.function(id))),
            _ => None,
        };
        let is_own = function.is_some_and(|(_, function)| function.entity == Some(entity));
        let only_reads = function.is_some_and(|(_, function)| function.effect <= Effect::Read)
            || owner == Owner::Test;
        walk::all(&body.root, &mut |expr| match &expr.kind {
            ExprKind::State(read) if is_own && *read == field => match only_reads {
                true => uses.read.push(expr.span),
                false => uses.other = true,
            },
            ExprKind::StateOf {
                entity: of,
                field: read,
                ..
            } if (*of, *read) == (entity, field) => match only_reads {
                true => uses.read.push(expr.span),
                false => uses.other = true,
            },
            ExprKind::SetState {
                entity: of, fields, ..
            } => uses.other |= *of == entity && fields.iter().any(|(set, _)| *set == field),
            ExprKind::AssignOp {
                place,
                op: ArithOp::Add,
                value,
            } if is_own && place.root == PlaceRoot::State(field) && place.path.is_empty() => {
                match function {
                    Some((id, _)) => {
                        uses.added.push((place.span, value.span, expr.span, id));
                    }
                    None => uses.other = true,
                }
            }
            ExprKind::Assign { place, .. }
            | ExprKind::AssignOp { place, .. }
            | ExprKind::Mutate { place, .. } => {
                uses.other |= is_own && place.root == PlaceRoot::State(field);
            }
            _ => {}
        });
    }
    uses
}

/// The declaration and all that adds; nothing where the text has what is not seen here, such as parentheses around a value.
fn edits(field: &StateField, lattice: &str, uses: &Uses) -> Option<Vec<(Span, String)>> {
    let declared = field.init.root.span;
    let name = &field.name;
    // `state ytd: Int = 0`: from the word in front of the name, which is `state ` in the one style.
    let word = Span {
        start: field.span.start.checked_sub(6)?,
        end: declared.end,
        ..field.span
    };
    let mut edits = vec![(word, format!("merge {name}: {lattice}"))];
    for (place, value, whole, _) in &uses.added {
        if value.end != whole.end || value.start != place.end + 4 {
            return None;
        }
        let between = Span {
            start: place.end,
            end: value.start,
            ..*place
        };
        edits.push((between, ".add(".to_owned()));
        edits.push((value.after(), ")".to_owned()));
    }
    Some(edits)
}
