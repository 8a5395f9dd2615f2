//! What each function does to state and time (`pure < read < write < wait`), and whether the place allows it.
//!
//! A function does what its body does and what the functions it calls do: a fixpoint over the call graph, taken one
//! strongly connected component after another, callees first. Then each place with a ceiling is held against
//! it; a message shows the way from the place to the line that goes too far. Fills in `Function::effect`. Runs on
//! checked bodies.

mod scratch;
mod views;

use std::collections::BTreeSet;
use std::sync::Arc;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::again::Again;
use crate::hir::*;
use crate::scope::Cx;
use crate::walk::{self, Owner};

/// One thing a body does, with where.
#[derive(Clone, Copy, Debug)]
struct Act {
    does: Does,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Reads own state.
    Read,
    /// `now()`, `caller`: not the same in every step.
    Ask,
    /// Reads or keeps the content of a blob: always the same.
    Content,
    /// Reads another instance's state.
    ReadOther,
    /// Changes own state.
    Write,
    /// Sends a message, or takes one back.
    Send,
    /// May go on in a later step.
    Wait,
    /// Remembers how to undo what was done, should a later step fail.
    Undo,
    /// Puts an entry into a stream.
    Emit,
    /// A handler is a transaction of its own instance or another.
    Handler(FnId),
    Call(FnId),
    /// Reads a view.
    View(ViewId),
}

/// What a function does with everything it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    effect: Effect,
    /// Looks at or changes an instance other than its own.
    others: bool,
}

const NOTHING: Reach = Reach {
    effect: Effect::Pure,
    others: false,
};

/// What a place may do, and how it is called in messages.
struct Ceiling {
    place: &'static str,
    effect: Effect,
    others: bool,
    help: &'static str,
}

/// What is known afterwards, for the next check of the same program.
#[derive(Debug, Default)]
pub struct Known {
    /// Of each function.
    acts: Vec<Arc<Vec<Act>>>,
    reach: Vec<Reach>,
    /// The files in whose bodies something goes too far.
    told: BTreeSet<FileId>,
    touched: views::Touched,
}

/// Of bodies that were taken over it is known what they do; and while all functions do what they did, nothing goes too far in them
/// where nothing did.
pub fn check(cx: &mut Cx, again: &Again<'_>) -> Known {
    let earlier = again.effects();
    let program = &cx.program;
    let functions = program.functions.iter().enumerate();
    let acts: Vec<Arc<Vec<Act>>> = functions
        .map(|(at, function)| match earlier {
            Some(known) if again.is_taken(function.span) => known.acts[at].clone(),
            _ => Arc::new(function_acts(program, function)),
        })
        .collect();
    let (reach, views) = fixpoint(&acts);
    let same = earlier.filter(|known| known.reach == reach);
    for (at, (reach, views)) in reach.iter().zip(views).enumerate() {
        let function = &cx.program.functions[at];
        // Most do what they did in the check before, and are shared with it.
        if function.effect != reach.effect || !function.views.iter().eq(&views) {
            let function = &mut cx.program.functions[at];
            function.effect = reach.effect;
            function.views = views.into_iter().collect();
        }
    }
    let touched = views::Touched::new(&cx.program, again);
    let mut found = Vec::new();
    {
        let places = Places {
            program: &cx.program,
            acts: &acts,
            reach: &reach,
        };
        for (owner, body) in walk::bodies(&cx.program) {
            let place = body.root.span;
            let was_fine = |known: &Known| !known.told.contains(&place.file);
            // Temporary data depends on more of what functions do than their effect.
            let is_scratch = body.locals.iter().any(|local| local.is_scratch);
            if again.is_taken(place) && same.is_some_and(was_fine) && !is_scratch {
                continue;
            }
            if let Some(ceiling) = ceiling(&cx.program, owner) {
                places.hold(&body.root, &ceiling, &mut found);
            }
            walk::all(&body.root, &mut |expr| {
                places.check_lambdas(expr, &mut found);
                places.check_atomic(expr, &mut found);
                places.check_owner(expr, &mut found);
                places.check_scratch(expr, &mut found);
            });
            places.check_kept(body, &mut found);
        }
        views::hold(&places, &mut found);
        views::stale(&cx.program, &touched, &mut found);
    }
    let told = found.iter().map(|found| found.primary.span.file).collect();
    found
        .into_iter()
        .for_each(|diagnostic| cx.report(diagnostic));
    Known {
        acts,
        reach,
        told,
        touched,
    }
}

fn ceiling(program: &Checked, owner: Owner) -> Option<Ceiling> {
    let own_read = |place| Ceiling {
        place,
        effect: Effect::Read,
        others: false,
        help: "use only keys and state of this entity",
    };
    let pure = |place, help| Ceiling {
        place,
        effect: Effect::Pure,
        others: false,
        help,
    };
    match owner {
        Owner::Invariant(_) => Some(own_read("an `invariant`")),
        Owner::Allow(_) => Some(own_read("an `allow`")),
        Owner::Constant(_) => Some(pure(
            "a constant",
            "make it a function: `fn name() -> Type { ... }`",
        )),
        Owner::Init(_) => Some(pure("the initial value of a state", "set it in a handler")),
        Owner::Default => Some(pure(
            "a default",
            "make the parameter optional and decide in the body",
        )),
        Owner::Function(id) => handler_ceiling(program, id),
        // Its functions are held to what a view may do.
        Owner::Test | Owner::View => None,
    }
}

/// A handler is one transaction. Only `run` and what it is made of may wait.
fn handler_ceiling(program: &Checked, id: FnId) -> Option<Ceiling> {
    let function = program.function(id);
    if let Some(place) = worked_out_from_entry(program, id) {
        return Some(Ceiling {
            place,
            effect: Effect::Pure,
            others: false,
            help: "work it out from the entry alone",
        });
    }
    let entity = program.entity(function.entity?);
    let (place, help) = match &entity.workflow {
        None => (
            "a handler",
            "make it a workflow, or `send` what waits: then nobody waits for it here",
        ),
        Some(workflow) if workflow.run == id || !function.is_pub => return None,
        Some(_) => (
            "a `pub fn` of a workflow",
            "only `run` and functions that are not `pub` may wait; for what comes from outside, `run` waits for an `event`",
        ),
    };
    Some(Ceiling {
        place,
        effect: Effect::Write,
        others: true,
        help,
    })
}

/// What a function works out from the entries of a stream.
fn worked_out_from_entry(program: &Checked, id: FnId) -> Option<&'static str> {
    let is = |derived: &Option<Derived>| derived.as_ref().is_some_and(|d| d.function == id);
    let mut streams = program.streams.iter();
    streams.find_map(|stream| match (is(&stream.key), is(&stream.time)) {
        (true, _) => Some("the key of an entry"),
        (_, true) => Some("the time of an entry"),
        _ => None,
    })
}

fn function_acts(program: &Checked, function: &Function) -> Vec<Act> {
    match &function.implementation {
        Implementation::Body(body) => acts(program, &body.root),
        Implementation::Intrinsic(name) if asks(name) => vec![Act {
            does: match name.starts_with("blobs.") {
                true => Does::Content,
                false => Does::Ask,
            },
            span: function.span,
        }],
        Implementation::Intrinsic(_) => Vec::new(),
    }
}

/// Built-in functions that depend on more than their arguments, or do more than give a value.
fn asks(intrinsic: &str) -> bool {
    let (part, _) = intrinsic.split_once('.').unwrap_or_default();
    matches!(part, "log" | "config" | "secret" | "blobs")
}

/// Everything a piece of code does, in source order.
fn acts(program: &Checked, expr: &Expr) -> Vec<Act> {
    let mut out = Vec::new();
    walk::all(expr, &mut |expr| {
        let mut act = |does| {
            out.push(Act {
                does,
                span: expr.span,
            });
        };
        match &expr.kind {
            ExprKind::State(_) => act(Does::Read),
            ExprKind::StateOf { .. } | ExprKind::Exists { .. } => act(Does::ReadOther),
            ExprKind::ReadView { view, .. } => act(Does::View(*view)),
            ExprKind::SetState { .. } | ExprKind::Merge { .. } | ExprKind::Sync(..) => {
                act(Does::Write)
            }
            ExprKind::For(walk) if walks_entity(&walk.generators) => act(Does::ReadOther),
            ExprKind::Now
            | ExprKind::CallerId
            | ExprKind::CallerRoles
            | ExprKind::Random
            | ExprKind::Fresh => act(Does::Ask),
            ExprKind::Send { .. } | ExprKind::Cancel(_) => act(Does::Send),
            ExprKind::Emit { .. } => act(Does::Emit),
            ExprKind::CallExtern { function, .. }
                if program.extern_fn(*function).promise == Promise::Pure => {}
            ExprKind::CallExtern { .. } => act(Does::Wait),
            ExprKind::PushUndo { .. } => act(Does::Undo),
            ExprKind::Sleep(_)
            | ExprKind::SleepUntil(_)
            | ExprKind::Wait { .. }
            | ExprKind::RunResult { .. }
            | ExprKind::Parallel(_)
            | ExprKind::ParallelFor { .. }
            | ExprKind::Advance(_)
            | ExprKind::Settle
            | ExprKind::Mock { .. }
            | ExprKind::CrashAt(_)
            | ExprKind::Scratch(_) => act(Does::Wait),
            ExprKind::Assign { place, .. }
            | ExprKind::AssignOp { place, .. }
            | ExprKind::Mutate { place, .. } => {
                if let PlaceRoot::State(_) = place.root {
                    act(Does::Write);
                }
            }
            ExprKind::Call { function, .. } => act(Does::Call(*function)),
            ExprKind::CallHandler { function, .. } => act(Does::Handler(*function)),
            _ => {}
        }
        for arg in walk::call_args(expr) {
            if let Arg::Function(function, _) = arg {
                act(Does::Call(*function));
            }
        }
    });
    out
}

fn walks_entity(generators: &[(Pattern, ForSource)]) -> bool {
    let is_entity = |(_, source): &(_, ForSource)| matches!(source, ForSource::Entities(_));
    generators.iter().any(is_entity)
}

/// What each function does and the views that it reads, all calls followed.
fn fixpoint(acts: &[Arc<Vec<Act>>]) -> (Vec<Reach>, Vec<BTreeSet<ViewId>>) {
    let mut graph = DiGraph::<(), ()>::with_capacity(acts.len(), acts.len());
    let nodes: Vec<_> = acts.iter().map(|_| graph.add_node(())).collect();
    for (from, acts) in acts.iter().enumerate() {
        for act in acts.iter() {
            if let Does::Call(to) | Does::Handler(to) = act.does {
                graph.add_edge(nodes[from], nodes[to.0 as usize], ());
            }
        }
    }
    let mut reach = vec![NOTHING; acts.len()];
    let mut read = vec![BTreeSet::new(); acts.len()];
    // Callees come first, so one look at each component is enough.
    for component in kosaraju_scc(&graph) {
        let mut whole = NOTHING;
        let mut views = BTreeSet::new();
        for act in component.iter().flat_map(|node| acts[node.index()].iter()) {
            whole = join(whole, reach_of(act, &reach));
            match act.does {
                Does::View(view) => drop(views.insert(view)),
                Does::Call(id) | Does::Handler(id) => {
                    views.extend(read[id.0 as usize].iter().copied());
                }
                _ => {}
            }
        }
        for node in component {
            reach[node.index()] = whole;
            read[node.index()].clone_from(&views);
        }
    }
    (reach, read)
}

fn join(a: Reach, b: Reach) -> Reach {
    Reach {
        effect: a.effect.max(b.effect),
        others: a.others || b.others,
    }
}

fn reach_of(act: &Act, reach: &[Reach]) -> Reach {
    let (effect, others) = match act.does {
        Does::Read | Does::Ask | Does::Content => (Effect::Read, false),
        Does::ReadOther | Does::View(_) => (Effect::Read, true),
        Does::Write => (Effect::Write, false),
        Does::Send | Does::Emit => (Effect::Write, true),
        Does::Wait | Does::Undo => (Effect::Wait, true),
        Does::Handler(id) => {
            return Reach {
                others: true,
                ..reach[id.0 as usize]
            };
        }
        Does::Call(id) => return reach[id.0 as usize],
    };
    Reach { effect, others }
}

struct Places<'a> {
    program: &'a Checked,
    acts: &'a [Arc<Vec<Act>>],
    reach: &'a [Reach],
}

impl Places<'_> {
    /// A lambda may look but not change; unless it stands in for the outside, which may do anything.
    fn check_lambdas(&self, expr: &Expr, found: &mut Vec<Diagnostic>) {
        for arg in walk::call_args(expr) {
            let ceiling = Ceiling {
                place: "a lambda",
                effect: Effect::Read,
                others: true,
                help: "write a `for` loop instead; it may do everything the function around may",
            };
            match arg {
                Arg::Lambda(lambda) => self.hold(&lambda.body, &ceiling, found),
                Arg::Function(id, _) if self.breaks(self.reach[id.0 as usize], &ceiling) => {
                    let act = Act {
                        does: Does::Call(*id),
                        span: expr.span,
                    };
                    found.push(self.too_much(&act, &ceiling));
                }
                _ => {}
            }
        }
    }

    /// What is one transaction cannot take many steps.
    fn check_atomic(&self, expr: &Expr, found: &mut Vec<Diagnostic>) {
        if let ExprKind::Atomic(inner) = &expr.kind {
            let ceiling = Ceiling {
                place: "`atomic`",
                effect: Effect::Write,
                others: true,
                help: "wait before it or after it",
            };
            self.hold(inner, &ceiling, found);
        }
    }

    /// What waits goes on in steps of its own workflow, so nobody else can be in the middle of it.
    fn check_owner(&self, expr: &Expr, found: &mut Vec<Diagnostic>) {
        let ExprKind::CallHandler {
            function,
            target: Some(_),
            ..
        } = &expr.kind
        else {
            return;
        };
        let waits = self.reach[function.0 as usize].effect == Effect::Wait;
        if waits && self.program.function(*function).entity.is_some() {
            let name = self.name(*function);
            found.push(
                Diagnostic::new(
                    codes::E0502,
                    expr.span,
                    format!("`{name}` waits, so only its own workflow can call it"),
                )
                .label("called from somewhere else")
                .secondary(self.program.function(*function).span, "this waits")
                .help("write `send` before it: it is done, and nobody waits for it here"),
            );
        }
    }

    fn breaks(&self, reach: Reach, ceiling: &Ceiling) -> bool {
        reach.effect > ceiling.effect || (reach.others && !ceiling.others)
    }

    /// Reports the first thing that goes over the ceiling.
    fn hold(&self, code: &Expr, ceiling: &Ceiling, found: &mut Vec<Diagnostic>) {
        let first = acts(self.program, code)
            .into_iter()
            .find(|act| self.breaks(reach_of(act, self.reach), ceiling));
        if let Some(act) = first {
            found.push(self.too_much(&act, ceiling));
        }
    }

    fn too_much(&self, act: &Act, ceiling: &Ceiling) -> Diagnostic {
        let mut way = vec![*act];
        self.follow(ceiling, &mut way, &mut BTreeSet::new());
        let last = way[way.len() - 1];
        let what = match last.does {
            Does::Write => "changes state",
            Does::Send => "sends a message",
            Does::Emit => "emits an entry",
            Does::Wait => "waits",
            Does::Undo => "keeps an `undo` for later",
            Does::ReadOther => "reads another instance",
            Does::View(_) => "reads a view",
            Does::Read => "reads state",
            Does::Ask | Does::Content => "depends on the step it runs in",
            Does::Handler(_) => "calls a handler",
            Does::Call(_) => "does more than is allowed here",
        };
        let allowed = match (ceiling.effect, ceiling.others) {
            (Effect::Pure, _) => "may only compute",
            (Effect::Read, false) => "may only read the state of its own instance",
            (Effect::Write, _) => "must finish at once",
            _ => "may only read",
        };
        let mut diagnostic = Diagnostic::new(
            codes::E0502,
            act.span,
            format!("{} {allowed}, but this {what}", ceiling.place),
        )
        .label(match act.does {
            Does::Call(id) | Does::Handler(id) => format!("calls `{}`", self.name(id)),
            _ => what.to_owned(),
        })
        .help(ceiling.help);
        for step in &way[1..] {
            diagnostic = diagnostic.secondary(
                step.span,
                match step.does {
                    Does::Call(id) | Does::Handler(id) => {
                        format!("which calls `{}`", self.name(id))
                    }
                    _ => format!("which {what} here"),
                },
            );
        }
        diagnostic
    }

    /// From a call down to the line that goes too far.
    fn follow(&self, ceiling: &Ceiling, way: &mut Vec<Act>, seen: &mut BTreeSet<FnId>) {
        let (Does::Call(id) | Does::Handler(id)) = way[way.len() - 1].does else {
            return;
        };
        if !seen.insert(id) {
            return;
        }
        let next = self.acts[id.0 as usize]
            .iter()
            .filter(|act| self.breaks(reach_of(act, self.reach), ceiling))
            .min_by_key(|act| match act.does {
                Does::Call(id) | Does::Handler(id) => 1 + usize::from(seen.contains(&id)),
                _ => 0,
            });
        if let Some(act) = next {
            way.push(*act);
            self.follow(ceiling, way, seen);
        }
    }

    fn name(&self, id: FnId) -> String {
        let function = self.program.function(id);
        match function.entity {
            Some(entity) => format!("{}.{}", self.program.entity(entity).name, function.name),
            None => function.name.clone(),
        }
    }
}
