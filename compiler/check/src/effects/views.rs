//! What views may do, and where they may be read.
//!
//! A row is worked out from what it is made of: an entry, a row of another view, or the keys and the state of one instance. And a view shows
//! what was committed, so a step that has changed what a view is made of does not read it afterwards.

use std::collections::{BTreeMap, BTreeSet};

use weir_diagnostics::{Diagnostic, Span, codes};

use super::{Ceiling, Does, Places, acts, reach_of};
use crate::hir::*;
use crate::walk::{self, Owner};

/// Holds the functions of all views to what is worked out from rows alone.
pub fn hold(places: &Places<'_>, found: &mut Vec<Diagnostic>) {
    let ceiling = Ceiling {
        place: "a view",
        effect: Effect::Pure,
        others: false,
        help: "a row is worked out from what it is made of alone: an entry, a row, or the keys and the state of one instance",
    };
    let mut functions: Vec<(FnId, Option<EntityId>)> = Vec::new();
    for view in &places.program.views {
        for source in &view.sources {
            let entity = match source.of {
                SourceOf::Entity(entity) => Some(entity),
                _ => None,
            };
            functions.push((source.feed, entity));
        }
        let others = view
            .pair
            .into_iter()
            .chain(view.group.as_ref().map(|g| g.row));
        functions.extend(others.map(|id| (id, None)));
    }
    for (id, entity) in functions {
        let Implementation::Body(body) = &places.program.function(id).implementation else {
            continue;
        };
        let own = match entity {
            Some(entity) => own_reads(places, entity, &body.root),
            None => BTreeSet::new(),
        };
        let first = acts(places.program, &body.root).into_iter().find(|act| {
            let is_own =
                matches!(act.does, Does::ReadOther | Does::Handler(_)) && own.contains(&act.span);
            !is_own && places.breaks(reach_of(act, places.reach), &ceiling)
        });
        found.extend(first.map(|act| places.too_much(&act, &ceiling)));
    }
}

/// Where the state of the one instance is read that a row is made of.
fn own_reads(places: &Places<'_>, entity: EntityId, root: &Expr) -> BTreeSet<Span> {
    let mut locals = BTreeSet::new();
    // What is bound further inside may be handed on from there, so inner walks come first.
    fn bind(entity: EntityId, e: &Expr, locals: &mut BTreeSet<LocalId>) {
        walk::children(e, &mut |part| bind(entity, part, locals));
        let ExprKind::For(walk) = &e.kind else { return };
        for (pattern, source) in &walk.generators {
            let ForSource::Collection(list) = source else {
                continue;
            };
            let item = match &list.kind {
                ExprKind::List(items) if items.len() == 1 => &items[0],
                ExprKind::For(inner) => &inner.body,
                _ => continue,
            };
            hand_on(entity, pattern, item, locals);
        }
    }
    fn hand_on(entity: EntityId, pattern: &Pattern, item: &Expr, locals: &mut BTreeSet<LocalId>) {
        match (&pattern.kind, &item.kind) {
            (PatternKind::Fields(patterns), ExprKind::Tuple(items)) => {
                for (pattern, item) in patterns.iter().zip(items) {
                    hand_on(entity, pattern, item, locals);
                }
            }
            (PatternKind::Bind(local), ExprKind::EntityRef(of, _)) if *of == entity => {
                locals.insert(*local);
            }
            (PatternKind::Bind(local), ExprKind::Local(from)) if locals.contains(from) => {
                locals.insert(*local);
            }
            _ => {}
        }
    }
    bind(entity, root, &mut locals);
    let is_own = |target: &Expr| matches!(target.kind, ExprKind::Local(l) if locals.contains(&l));
    let mut own = BTreeSet::new();
    walk::all(root, &mut |e| match &e.kind {
        ExprKind::StateOf { target, .. } if is_own(target) => drop(own.insert(e.span)),
        ExprKind::CallHandler {
            function,
            target: Some(target),
            ..
        } if is_own(target) && reads_own_state(places, *function, &mut BTreeSet::new()) => {
            own.insert(e.span);
        }
        _ => {}
    });
    own
}

/// Whether a function of an instance gives what follows from its state alone.
fn reads_own_state(places: &Places<'_>, id: FnId, seen: &mut BTreeSet<FnId>) -> bool {
    !seen.insert(id)
        || places.acts[id.0 as usize].iter().all(|act| match act.does {
            Does::Read => true,
            Does::Call(callee) => reads_own_state(places, callee, seen),
            _ => false,
        })
}

/// What a view is made of in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    Entity(EntityId),
    Stream(StreamId),
}

/// What matters here of what code does, in the order in which it does it.
struct Event {
    changes: BTreeSet<Ground>,
    reads: BTreeSet<ViewId>,
    span: Span,
    /// The loops around it.
    loops: Vec<Span>,
}

/// Finds views that are read where what they are made of was changed in the same step.
pub fn stale(program: &Checked, found: &mut Vec<Diagnostic>) {
    if program.views.is_empty() {
        return;
    }
    let grounds = grounds(program);
    let changes = changes(program);
    let mut look = |code: &Expr, entity: Option<EntityId>| {
        let mut events = Vec::new();
        collect(
            program,
            code,
            entity,
            &changes,
            &mut Vec::new(),
            &mut events,
        );
        found.extend(first_stale(program, &events, &grounds));
    };
    for (owner, body) in walk::bodies(program) {
        let (entity, waits) = match owner {
            Owner::Function(id) => {
                let function = program.function(id);
                (function.entity, function.effect == Effect::Wait)
            }
            Owner::Test => (None, true),
            _ => continue,
        };
        if !waits {
            look(&body.root, entity);
            continue;
        }
        walk::all(&body.root, &mut |e| {
            if let ExprKind::Atomic(inner) = &e.kind {
                look(inner, entity);
            }
        });
    }
}

fn grounds(program: &Checked) -> Vec<BTreeSet<Ground>> {
    let mut all = vec![BTreeSet::new(); program.views.len()];
    for id in program.views_in_order() {
        for source in &program.view(id).sources {
            let of = match source.of {
                SourceOf::Entity(entity) => BTreeSet::from([Ground::Entity(entity)]),
                SourceOf::Stream(stream) => BTreeSet::from([Ground::Stream(stream)]),
                SourceOf::View(of) => all[of.0 as usize].clone(),
            };
            all[id.0 as usize].extend(of);
        }
    }
    all
}

/// What each function changes, with all that it calls.
fn changes(program: &Checked) -> BTreeMap<FnId, BTreeSet<Ground>> {
    let mut known: BTreeMap<FnId, BTreeSet<Ground>> = BTreeMap::new();
    loop {
        let mut grown = false;
        for (at, function) in program.functions.iter().enumerate() {
            let id = FnId(at as u32);
            let Implementation::Body(body) = &function.implementation else {
                continue;
            };
            if function.is_prelude || function.effect < Effect::Write {
                continue;
            }
            let mut events = Vec::new();
            collect(
                program,
                &body.root,
                function.entity,
                &known,
                &mut Vec::new(),
                &mut events,
            );
            let all: BTreeSet<Ground> =
                events.into_iter().flat_map(|event| event.changes).collect();
            if known.get(&id) != Some(&all) {
                grown = true;
                known.insert(id, all);
            }
        }
        if !grown {
            return known;
        }
    }
}

/// In the order in which it happens: what is inside of an expression before the expression itself.
fn collect(
    program: &Checked,
    e: &Expr,
    entity: Option<EntityId>,
    known: &BTreeMap<FnId, BTreeSet<Ground>>,
    loops: &mut Vec<Span>,
    out: &mut Vec<Event>,
) {
    let is_loop = matches!(e.kind, ExprKind::For(_) | ExprKind::While { .. });
    if is_loop {
        loops.push(e.span);
    }
    walk::children(e, &mut |part| {
        collect(program, part, entity, known, loops, out)
    });
    let mut changes = BTreeSet::new();
    let mut reads = BTreeSet::new();
    match &e.kind {
        ExprKind::Assign { place, .. }
        | ExprKind::AssignOp { place, .. }
        | ExprKind::Mutate { place, .. } => {
            if let (PlaceRoot::State(_), Some(entity)) = (place.root, entity) {
                changes.insert(Ground::Entity(entity));
            }
        }
        ExprKind::SetState { entity, .. } => drop(changes.insert(Ground::Entity(*entity))),
        ExprKind::Emit { stream, .. } => drop(changes.insert(Ground::Stream(*stream))),
        ExprKind::ReadView { view, .. } => drop(reads.insert(*view)),
        ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
            changes.extend(known.get(function).into_iter().flatten());
            reads.extend(program.function(*function).views.iter().copied());
            for arg in walk::call_args(e) {
                if let Arg::Function(id, _) = arg {
                    reads.extend(program.function(*id).views.iter().copied());
                }
            }
        }
        _ => {}
    }
    if is_loop {
        loops.pop();
    }
    if !changes.is_empty() || !reads.is_empty() {
        out.push(Event {
            changes,
            reads,
            span: e.span,
            loops: loops.clone(),
        });
    }
}

/// The first view that is read behind a change of what it is made of; in a loop what stands behind comes before as well.
fn first_stale(
    program: &Checked,
    events: &[Event],
    grounds: &[BTreeSet<Ground>],
) -> Option<Diagnostic> {
    for (at, reading) in events.iter().enumerate() {
        for view in &reading.reads {
            let of = &grounds[view.0 as usize];
            let comes_before = |(other, event): &(usize, &Event)| {
                let again = event.loops.iter().any(|l| reading.loops.contains(l));
                *other < at || again
            };
            let mut before = events.iter().enumerate().filter(comes_before);
            let change = before.find_map(|(_, event)| {
                let ground = event.changes.intersection(of).next()?;
                Some((event.span, *ground))
            });
            let Some((changed, ground)) = change else {
                continue;
            };
            let name = &program.view(*view).name;
            let ground = match ground {
                Ground::Entity(entity) => &program.entity(entity).name,
                Ground::Stream(stream) => &program.streams[stream.0 as usize].name,
            };
            let message = format!(
                "`{name}` is read in the step that changes `{ground}`, which it is made of"
            );
            let mut diagnostic = Diagnostic::new(codes::E0523, reading.span, message)
                .label(format!("`{name}` does not show the change yet"));
            if changed != reading.span {
                diagnostic = diagnostic.secondary(changed, format!("changes `{ground}`"));
            }
            return Some(diagnostic.help("read it before the change, or in a function around this one that calls both, one after the other, in a test or a workflow"));
        }
    }
    None
}
