//! The steps of a function: where it is cut, what each frame keeps, and what follows what; and what it reads and writes.
//! All of it is from the manifest, so it is there while the program has no errors.

use weir_check::hir::{Consumer, FnId};
use weir_check::meanings::Def;
use weir_contract::manifest::{Frame, FrameRole, Manifest};
use weir_contract::receipt::Receipt;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::{Node, walk};
use weir_syntax::ast::{ExprKind, ItemKind, StmtKind};

use crate::declared::Kind;
use crate::{At, Snapshot, facts};

/// A place where a run may rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `Checkout.run/payments.charge#1`, or the function's name for its start.
    pub label: String,
    /// `start`, `resume`, `branch`, `undo`.
    pub role: &'static str,
    /// What ends the wait: `sleep`, `payments.charge`; empty for the start.
    pub waits_for: String,
    /// The variables that are kept meanwhile, with their size; `nothing` where there are none.
    pub keeps: String,
    pub place: Span,
}

/// From one step to another, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub from: usize,
    pub to: usize,
    /// `next`, `beside`, `undone by`, `again`.
    pub how: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepGraph {
    /// `Checkout.run`
    pub function: String,
    pub steps: Vec<Step>,
    pub ways: Vec<Way>,
}

/// The graph of the function at a place; the reason why there is none.
pub fn step_graph(snapshot: &Snapshot, at: At) -> Result<StepGraph, String> {
    let (name, declared, _) = function_at(snapshot, at)?;
    let manifest = snapshot
        .manifest()
        .ok_or("the program has errors: its steps are known when they are mended")?;
    Ok(graph(snapshot, manifest, name, declared))
}

fn graph(snapshot: &Snapshot, manifest: &Manifest, function: String, declared: Span) -> StepGraph {
    let mut steps = vec![Step {
        label: function.clone(),
        role: "start",
        waits_for: String::new(),
        keeps: "nothing".into(),
        place: declared,
    }];
    let mine = |frame: &&Frame| {
        let rest = frame.label.strip_prefix(function.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    for frame in manifest.frames.iter().filter(mine) {
        let role = match frame.role {
            FrameRole::Resume => "resume",
            FrameRole::Undo => "undo",
            FrameRole::Branch => "branch",
            FrameRole::Mock => continue,
        };
        steps.push(Step {
            label: frame.label.clone(),
            role,
            waits_for: frame.waits_for.clone(),
            keeps: weir_driver::explain::kept(manifest, frame),
            place: place(snapshot, manifest, frame.site).unwrap_or(declared),
        });
    }
    let mut ways = ways(&steps);
    ways.extend(ways_back(snapshot, declared, &steps));
    StepGraph {
        function,
        steps,
        ways,
    }
}

/// Steps of one level follow each other in the order of the source; what is inside of a branch follows the branch, which begins
/// where the code around it has come to.
fn ways(steps: &[Step]) -> Vec<Way> {
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|at| (*at != 0, steps[*at].place));
    let mut ways = Vec::new();
    for (n, to) in order.iter().copied().enumerate().skip(1) {
        let home = home_of(steps, to);
        let before =
            order[..n].iter().rev().copied().find(|at| {
                *at == home || steps[*at].role == "resume" && home_of(steps, *at) == home
            });
        let from = before.unwrap_or(home);
        let how = match steps[to].role {
            "branch" => "beside",
            "undo" => "undone by",
            _ => "next",
        };
        ways.push(Way { from, to, how });
    }
    ways
}

/// The innermost branch or compensation that a step is in, or the start.
fn home_of(steps: &[Step], at: usize) -> usize {
    let is_inside = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let outer = (1..steps.len()).filter(|other| {
        steps[*other].role != "resume" && is_inside(&steps[at].label, &steps[*other].label)
    });
    let innermost = outer.max_by_key(|other| steps[*other].label.len());
    innermost.unwrap_or(0)
}

/// From the last wait in a loop to the first one: what waits in a loop waits again. What waits in a branch that begins in the loop
/// does not: it is another branch next time.
fn ways_back(snapshot: &Snapshot, declared: Span, steps: &[Step]) -> Vec<Way> {
    let Some(module) = snapshot.module(declared.file) else {
        return Vec::new();
    };
    let mut loops: Vec<Span> = Vec::new();
    walk(module, &mut |node| match node {
        Node::Stmt(stmt) if matches!(stmt.kind, StmtKind::While { .. }) => loops.push(stmt.span),
        Node::Expr(e) => match &e.kind {
            // The branches of a parallel loop begin together.
            ExprKind::For(of) if !of.parallel => loops.push(e.span),
            _ => {}
        },
        _ => {}
    });
    let mut ways: Vec<Way> = Vec::new();
    for span in loops {
        let waits = (1..steps.len())
            .filter(|at| steps[*at].role == "resume" && span.contains(steps[*at].place));
        let outermost = waits
            .clone()
            .map(|at| home_of(steps, at))
            .min_by_key(|home| (*home != 0, steps[*home].label.len()));
        let own = waits.filter(|at| Some(home_of(steps, *at)) == outermost);
        let first = own.clone().min_by_key(|at| steps[*at].place);
        let last = own.max_by_key(|at| steps[*at].place);
        if let (Some(to), Some(from)) = (first, last) {
            let how = "again";
            let way = Way { from, to, how };
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
    }
    ways
}

/// The span of a site of the manifest, which knows lines and columns.
fn place(snapshot: &Snapshot, manifest: &Manifest, site: u32) -> Option<Span> {
    let site = manifest.sites.get(site as usize)?;
    let wanted = &manifest.sources.get(site.source as usize)?.path;
    let sources = &snapshot.survey.sources;
    let file = snapshot.survey.files.iter().find(|file| {
        let name = &sources.file(file.id).name;
        weir_driver::path_inside(&snapshot.survey.program, name) == *wanted
    })?;
    let source = sources.file(file.id);
    let line = source.line_start(site.line as usize - 1)?;
    let column = site.column as usize - 1;
    let start = source.text[line..]
        .char_indices()
        .nth(column)
        .map_or(line, |(at, _)| line + at);
    Some(Span::new(file.id, start as u32, start as u32))
}

/// The name of a function in the manifest, where it is declared, and what it is.
fn function_at(snapshot: &Snapshot, at: At) -> Result<(String, Span, FnId), String> {
    if let Some(consumer) = consumer_at(snapshot, at) {
        let name = snapshot.checked().function(consumer.function).name.clone();
        return Ok((name, consumer.span, consumer.function));
    }
    let named = snapshot.name_at(at).and_then(|(_, def)| match def {
        Def::Function(_) => snapshot.place(def),
        _ => None,
    });
    let around = || {
        let all = snapshot.declared.by_name.of(at.file);
        let inside = all.filter(|(_, d)| {
            let runs = matches!(d.kind, Kind::Function | Kind::Handler | Kind::Schedule);
            runs && d.whole.start <= at.offset && at.offset <= d.whole.end
        });
        inside.map(|(span, _)| *span).next_back()
    };
    let none = || "there is no function here".to_owned();
    let declared = named.or_else(around).ok_or_else(none)?;
    let schedule = snapshot.tick(declared).filter(|_| {
        let declaration = snapshot.declared.by_name.get(&declared);
        declaration.is_some_and(|declaration| declaration.kind == Kind::Schedule)
    });
    if let Some(id) = schedule {
        let name = snapshot.checked().function(id).name.clone();
        return Ok((name, declared, id));
    }
    let def = snapshot.declared.defs.get(&declared).ok_or_else(none)?;
    let Def::Function(id) = def else {
        return Err(none());
    };
    let function = snapshot.checked().function(*id);
    if function.is_prelude {
        return Err("this is a function of the library: it has no steps".into());
    }
    let module = snapshot
        .survey
        .files
        .iter()
        .position(|f| f.id == declared.file);
    let name = match function.entity {
        Some(entity) => format!(
            "{}.{}",
            snapshot.checked().entity(entity).name,
            function.name
        ),
        None => match module {
            Some(at) if at > 0 => format!("{}.{}", snapshot.survey.files[at].path, function.name),
            _ => function.name.clone(),
        },
    };
    Ok((name, declared, *id))
}

/// The `on` around a place, unless a function that it calls is pointed at.
fn consumer_at(snapshot: &Snapshot, at: At) -> Option<&Consumer> {
    let is_function = |(_, def): (Span, Def)| matches!(def, Def::Function(_));
    if snapshot.name_at(at).is_some_and(is_function) {
        return None;
    }
    let items = snapshot.module(at.file)?.items.iter();
    let stream = items
        .filter(|item| item.span.start <= at.offset && at.offset <= item.span.end)
        .find_map(|item| match &item.kind {
            ItemKind::On(decl) => Some(decl.stream.span),
            _ => None,
        })?;
    let mut all = snapshot.checked().consumers.iter();
    all.find(|consumer| consumer.span == stream)
}

/// What is known of a call before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPlan {
    pub function: String,
    /// What it reads and writes, a line each.
    pub touches: Vec<String>,
    /// Its class, with the reason.
    pub class: Option<String>,
    /// In words.
    pub costs: Option<String>,
    pub receipt: Option<Receipt>,
}

/// What a call of the function at a place reads and writes, a line each, with its name in front.
pub fn access_plan(snapshot: &Snapshot, at: At) -> Result<AccessPlan, String> {
    let (name, _, id) = function_at(snapshot, at)?;
    let Some(manifest) = snapshot.manifest() else {
        return Err("the program has errors: what it touches is known when they are mended".into());
    };
    let planned = facts::planned(snapshot, id).ok_or(
        "only what can be called from outside, and functions of entities, have a plan of their own",
    )?;
    Ok(AccessPlan {
        function: name,
        touches: weir_driver::explain::touches(planned),
        class: planned
            .receipt
            .as_ref()
            .map(|receipt| weir_driver::receipts::class(manifest, receipt)),
        costs: planned
            .receipt
            .as_ref()
            .map(|receipt| weir_driver::receipts::cost(manifest, &receipt.cost)),
        receipt: planned.receipt.clone(),
    })
}

impl StepGraph {
    /// For people: a step after the other.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.function);
        for (at, step) in self.steps.iter().enumerate() {
            let way = self.ways.iter().find(|way| way.to == at);
            let from = way.map_or(String::new(), |way| {
                format!("  ({} {})", way.how, self.steps[way.from].label)
            });
            out.push_str(&format!("\n{} {}{from}\n", step.role, step.label));
            if !step.waits_for.is_empty() {
                out.push_str(&format!("  waits for {}\n", step.waits_for));
            }
            out.push_str(&format!("  keeps {}\n", step.keeps));
        }
        out
    }

    /// For Graphviz.
    pub fn dot(&self) -> String {
        let quoted =
            |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut out = format!(
            "digraph {} {{\n  node [shape=box];\n",
            quoted(&self.function)
        );
        for (at, step) in self.steps.iter().enumerate() {
            let mut label = step.label.clone();
            if !step.waits_for.is_empty() {
                label.push_str(&format!("\nwaits for {}", step.waits_for));
            }
            label.push_str(&format!("\nkeeps {}", step.keeps));
            let label = quoted(&label).replace('\n', "\\n");
            out.push_str(&format!("  s{at} [label={label}];\n"));
        }
        for way in &self.ways {
            let style = if way.how == "next" { "solid" } else { "dashed" };
            out.push_str(&format!(
                "  s{} -> s{} [label={}, style={style}];\n",
                way.from,
                way.to,
                quoted(way.how)
            ));
        }
        out.push_str("}\n");
        out
    }
}
