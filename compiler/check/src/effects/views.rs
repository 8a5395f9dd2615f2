//! What views may do, and where they may be read.
//!
//! A row is worked out from what it is made of: an entry, a row of another view, or the keys and the state of one instance. And a view shows
//! what was committed, so a step that has changed what a view is made of does not read it afterwards.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};

use super::{Ceiling, Does, Places, acts, reach_of};
use crate::again::Again;
use crate::hir::*;
use crate::walk;

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

/// What matters here of what code does, by itself.
#[derive(Debug)]
struct Touch {
    does: Touches,
    span: Span,
    /// The loops around it.
    loops: Vec<Span>,
}

#[derive(Debug)]
enum Touches {
    Change(Ground),
    Read(ViewId),
    /// The function that is called, and those that it is passed.
    Call(FnId, Vec<FnId>),
}

/// The same of a body, in the order in which it happens: what is inside of an expression before the expression itself.
#[derive(Debug, Default)]
struct OfBody {
    all: Vec<Touch>,
    atomic: Vec<Atomic>,
}

/// The code of an `atomic`.
#[derive(Debug)]
struct Atomic {
    /// Where it begins and ends in [`OfBody::all`].
    range: Range<usize>,
    /// So many loops are around it.
    loops: usize,
}

/// What is known of all bodies, for the next check of the same program.
#[derive(Debug, Default)]
pub struct Touched {
    functions: Vec<Arc<OfBody>>,
    tests: Vec<Arc<OfBody>>,
}

impl Touched {
    /// Bodies that were taken over do what they did.
    pub fn new(program: &Checked, again: &Again<'_>) -> Touched {
        if program.views.is_empty() {
            return Touched::default();
        }
        let known = again.effects().map(|known| &known.touched);
        let known = known.filter(|known| !known.functions.is_empty());
        let functions = program.functions.iter().enumerate();
        let functions = functions.map(|(at, function)| match known {
            Some(known) if again.is_taken(function.span) => known.functions[at].clone(),
            _ => match &function.implementation {
                Implementation::Body(body) => of_body(&body.root, function.entity),
                Implementation::Intrinsic(_) => Arc::default(),
            },
        });
        let tests = program.tests.iter().enumerate();
        let tests = tests.map(|(at, test)| match known {
            Some(known) if again.is_taken(test.span) => known.tests[at].clone(),
            _ => of_body(&test.body.root, None),
        });
        Touched {
            functions: functions.collect(),
            tests: tests.collect(),
        }
    }
}

fn of_body(root: &Expr, entity: Option<EntityId>) -> Arc<OfBody> {
    let mut found = OfBody::default();
    collect(root, entity, &mut Vec::new(), &mut found);
    Arc::new(found)
}

fn collect(e: &Expr, entity: Option<EntityId>, loops: &mut Vec<Span>, out: &mut OfBody) {
    let begin = out.all.len();
    let is_loop = matches!(e.kind, ExprKind::For(_) | ExprKind::While { .. });
    if is_loop {
        loops.push(e.span);
    }
    walk::children(e, &mut |part| collect(part, entity, loops, out));
    let does = match &e.kind {
        ExprKind::Assign { place, .. }
        | ExprKind::AssignOp { place, .. }
        | ExprKind::Mutate { place, .. } => match (place.root, entity) {
            (PlaceRoot::State(_), Some(entity)) => Some(Touches::Change(Ground::Entity(entity))),
            _ => None,
        },
        ExprKind::SetState { entity, .. } => Some(Touches::Change(Ground::Entity(*entity))),
        ExprKind::Emit { stream, .. } => Some(Touches::Change(Ground::Stream(*stream))),
        ExprKind::ReadView { view, .. } => Some(Touches::Read(*view)),
        ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
            let passed = walk::call_args(e).iter().filter_map(|arg| match arg {
                Arg::Function(id, _) => Some(*id),
                _ => None,
            });
            Some(Touches::Call(*function, passed.collect()))
        }
        ExprKind::Atomic(_) => {
            out.atomic.push(Atomic {
                range: begin..out.all.len(),
                loops: loops.len(),
            });
            None
        }
        _ => None,
    };
    if is_loop {
        loops.pop();
    }
    out.all.extend(does.map(|does| Touch {
        does,
        span: e.span,
        loops: loops.clone(),
    }));
}

/// What matters here of what code does with all that it calls.
struct Event<'t> {
    changes: BTreeSet<Ground>,
    reads: BTreeSet<ViewId>,
    span: Span,
    loops: &'t [Span],
}

/// Finds views that are read where what they are made of was changed in the same step.
pub fn stale(program: &Checked, touched: &Touched, found: &mut Vec<Diagnostic>) {
    if program.views.is_empty() {
        return;
    }
    let grounds = grounds(program);
    let changes = changes(program, touched);
    let event = |touch: &'_ Touch| {
        let mut changed = BTreeSet::new();
        let mut reads = BTreeSet::new();
        match &touch.does {
            Touches::Change(ground) => drop(changed.insert(*ground)),
            Touches::Read(view) => drop(reads.insert(*view)),
            Touches::Call(function, passed) => {
                changed.extend(&changes[function.0 as usize]);
                for id in passed.iter().chain([function]) {
                    reads.extend(program.function(*id).views.iter().copied());
                }
            }
        }
        (changed, reads)
    };
    let mut look = |touches: &[Touch], loops_around: usize| {
        let events = touches.iter().filter_map(|touch| {
            let (changes, reads) = event(touch);
            (!changes.is_empty() || !reads.is_empty()).then_some(Event {
                changes,
                reads,
                span: touch.span,
                loops: &touch.loops[loops_around..],
            })
        });
        let events: Vec<Event<'_>> = events.collect();
        found.extend(first_stale(program, &events, &grounds));
    };
    // What waits is many steps; what is `atomic` in it is one.
    let functions = program.functions.iter().map(|f| f.effect == Effect::Wait);
    let functions = functions.zip(&touched.functions);
    let tests = touched.tests.iter().map(|test| (true, test));
    for (waits, touched) in functions.chain(tests) {
        if !waits {
            look(&touched.all, 0);
            continue;
        }
        for atomic in &touched.atomic {
            look(&touched.all[atomic.range.clone()], atomic.loops);
        }
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
fn changes(program: &Checked, touched: &Touched) -> Vec<BTreeSet<Ground>> {
    let mut known = vec![BTreeSet::new(); program.functions.len()];
    loop {
        let mut grown = false;
        for (at, function) in program.functions.iter().enumerate() {
            if function.is_prelude || function.effect < Effect::Write {
                continue;
            }
            let mut all = BTreeSet::new();
            for touch in &touched.functions[at].all {
                match &touch.does {
                    Touches::Change(ground) => drop(all.insert(*ground)),
                    Touches::Call(id, _) => all.extend(&known[id.0 as usize]),
                    Touches::Read(_) => {}
                }
            }
            if known[at] != all {
                grown = true;
                known[at] = all;
            }
        }
        if !grown {
            return known;
        }
    }
}

/// The first view that is read behind a change of what it is made of; in a loop what stands behind comes before as well.
fn first_stale(
    program: &Checked,
    events: &[Event<'_>],
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
