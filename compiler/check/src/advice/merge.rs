//! State that is only added to, in transactions of several instances, where nothing decides by it: the next transaction waits for its
//! value and does nothing with it. As `merge` it would not have to.
//!
//! Only what surely means the same: a sum that begins at 0, all writes are `+=` of what does not read it, nothing that writes reads
//! it, nor an invariant or a rule of access.

use std::collections::BTreeMap;

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

type Field = (EntityId, FieldId);

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let joint = joint(program);
    if joint.is_empty() {
        return;
    }
    let uses = uses(program);
    for (at, entity) in program.entities.iter().enumerate() {
        for (number, field) in entity.fields.iter().enumerate() {
            let id = (EntityId(at as u32), FieldId(number as u32));
            let (Some(uses), Some((lattice, certain))) = (uses.get(&id), sum(field)) else {
                continue;
            };
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
            let edits = edits(field, lattice, uses);
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

/// How a sum that begins at 0 would merge, and whether readers would see no difference.
fn sum(field: &StateField) -> Option<(&'static str, bool)> {
    if field.merge.is_some() {
        return None;
    }
    match (&field.ty, &field.init.root.kind) {
        (Type::Int, ExprKind::Int(0)) => Some(("Counter", true)),
        (Type::Money, ExprKind::Money(money)) if money.amount == 0 => Some(("MoneySum", false)),
        _ => None,
    }
}

/// What is done to each sum. All bodies are looked at once, for all of them together.
fn uses(program: &Checked) -> BTreeMap<Field, Uses> {
    let mut all: BTreeMap<Field, Uses> = BTreeMap::new();
    for (id, own) in (0..).map(EntityId).zip(&program.entities) {
        let fields = (0..).map(FieldId).zip(&own.fields);
        let sums = fields.filter(|(_, field)| sum(field).is_some());
        all.extend(sums.map(|(field, _)| ((id, field), Uses::default())));
        let inits = own.fields.iter().map(|field| &field.init);
        let rules = own.invariants.iter().chain(&own.allows);
        let handlers = own.handlers.iter().map(|id| program.function(*id));
        let params = handlers.flat_map(|function| &function.params);
        let defaults = params.filter_map(|param| param.default.as_ref());
        for body in inits.chain(rules).chain(defaults) {
            walk::all(&body.root, &mut |expr| {
                if let ExprKind::State(read) = expr.kind
                    && let Some(uses) = all.get_mut(&(id, read))
                {
                    uses.other = true;
                }
            });
        }
    }
    for (owner, body) in walk::bodies(program) {
        let function = match owner {
            Owner::Function(id) => Some((id, program.function(id))),
            _ => None,
        };
        let own = function.and_then(|(_, function)| function.entity);
        let only_reads = function.is_some_and(|(_, function)| function.effect <= Effect::Read)
            || owner == Owner::Test;
        walk::all(&body.root, &mut |expr| match &expr.kind {
            ExprKind::State(field) => {
                if let Some(uses) = of(&mut all, own, *field) {
                    uses.is_read(expr.span, only_reads);
                }
            }
            ExprKind::StateOf { entity, field, .. } => {
                if let Some(uses) = of(&mut all, Some(*entity), *field) {
                    uses.is_read(expr.span, only_reads);
                }
            }
            ExprKind::SetState { entity, fields, .. } => {
                for (field, _) in fields {
                    if let Some(uses) = of(&mut all, Some(*entity), *field) {
                        uses.other = true;
                    }
                }
            }
            ExprKind::Assign { place, .. }
            | ExprKind::AssignOp { place, .. }
            | ExprKind::Mutate { place, .. } => {
                let PlaceRoot::State(field) = place.root else {
                    return;
                };
                let Some(uses) = of(&mut all, own, field) else {
                    return;
                };
                match (&expr.kind, function) {
                    (
                        ExprKind::AssignOp {
                            op: ArithOp::Add,
                            value,
                            ..
                        },
                        Some((id, _)),
                    ) if place.path.is_empty() => {
                        uses.added.push((place.span, value.span, expr.span, id));
                    }
                    _ => uses.other = true,
                }
            }
            _ => {}
        });
    }
    all
}

fn of(
    all: &mut BTreeMap<Field, Uses>,
    entity: Option<EntityId>,
    field: FieldId,
) -> Option<&mut Uses> {
    all.get_mut(&(entity?, field))
}

impl Uses {
    fn is_read(&mut self, span: Span, only_reads: bool) {
        match only_reads {
            true => self.read.push(span),
            false => self.other = true,
        }
    }
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
