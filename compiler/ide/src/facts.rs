//! What calling something does: effect, keys and fields it touches, records it appends, who may call it.

use weir_check::hir::{Effect, FnId, Promise};
use weir_check::meanings::Def;
use weir_contract::manifest::{Frame, FrameRole, Function, FunctionKind};
use weir_diagnostics::Span;
use weir_driver::receipts;

use crate::Snapshot;
use crate::show::{effect, errors};

/// Sentences in Markdown.
pub fn facts(snapshot: &Snapshot, def: Def) -> Vec<String> {
    let mut facts = Vec::new();
    match def {
        Def::Function(id) => {
            let function = snapshot.checked().function(id);
            if function.is_prelude {
                return facts;
            }
            facts.push(format!("*{}*", effects(snapshot, id)));
            if let Some(planned) = planned(snapshot, id) {
                facts.extend(receipt(snapshot, planned));
                facts.extend(touches(planned));
                facts.extend(route(snapshot, planned));
            }
            facts.extend(waits(snapshot, id));
        }
        Def::Extern(id) => {
            let function = snapshot.checked().extern_fn(id);
            let promise = match function.promise {
                Promise::Pure => "runs inside the step, and depends on its arguments only",
                Promise::Read => "called outside between two steps; may be called again",
                Promise::Idempotent => {
                    "called outside between two steps; called again with the same key after a crash"
                }
                Promise::Once => {
                    "called outside between two steps, at most once: after a crash it fails with `Unknown`"
                }
            };
            facts.push(format!("*{promise}*"));
            if !function.fails.is_empty() {
                facts.push(format!("fails {}", errors(snapshot, &function.fails)));
            }
        }
        Def::Error(id) => {
            let status = snapshot.checked().errors[id.0 as usize].status;
            facts.push(format!("answered with status {status}"));
        }
        Def::State(entity, _) => {
            let name = &snapshot.checked().entity(entity).name;
            facts.push(format!("durable, one for each `{name}`"));
        }
        Def::View(id) => facts.extend(crate::views::facts(snapshot, id)),
        Def::Local(at) => facts.extend(crate::temporary::facts(snapshot, at)),
        Def::Stream(id) => facts.extend(crate::streams::facts(snapshot, id)),
        Def::Event(..) => facts.push("kept until the run waits for it".into()),
        _ => {}
    }
    facts
}

/// `writes state, one record in the log`
pub fn effects(snapshot: &Snapshot, id: FnId) -> String {
    let function = snapshot.checked().function(id);
    let records = match function.effect {
        Effect::Pure | Effect::Read => "no record",
        Effect::Write if function.entity.is_none() && !function.is_pub => {
            return "writes state".into();
        }
        Effect::Write => "one record",
        Effect::Wait => "one record a step",
    };
    format!("{}, {records}", effect(function.effect))
}

/// The function in the manifest, when the program has no errors and it can be called from outside or is a handler.
pub fn planned(snapshot: &Snapshot, id: FnId) -> Option<&Function> {
    let checked = snapshot.checked();
    let function = checked.function(id);
    let manifest = snapshot.manifest()?;
    let entity = function.entity.map(|id| &checked.entity(id).name);
    let own_path = own_path(snapshot, id);
    manifest.functions.iter().find(|planned| {
        let of = planned
            .entity
            .map(|id| &manifest.entities[id as usize].name);
        let name = match (&own_path, of) {
            (Some(path), None) => planned.name.strip_prefix(path.as_str()),
            _ => Some(planned.name.as_str()),
        };
        let is_code = !matches!(planned.kind, FunctionKind::Whole | FunctionKind::Field);
        is_code && of == entity && name == Some(function.name.as_str())
    })
}

/// The run of the `every` with that period, as [`planned`].
pub fn schedule(snapshot: &Snapshot, period: Span) -> Option<&Function> {
    let mut runs = snapshot.checked().functions.iter().zip((0..).map(FnId));
    let run = runs.find(|(function, _)| function.span == period && function.entity.is_some());
    planned(snapshot, run?.1)
}

/// `serial: it reads ..`, and what a call costs at most, or each tick of an `every`.
pub fn receipt(snapshot: &Snapshot, function: &Function) -> Option<String> {
    let manifest = snapshot.manifest()?;
    let receipt = function.receipt.as_ref()?;
    let mut lines = vec![
        format!("- {}", receipts::class(manifest, receipt)),
        match receipts::each_tick(manifest, function) {
            Some(tick) => format!("- each tick costs {}", receipts::cost(manifest, &tick)),
            None => format!("- costs {}", receipts::cost(manifest, &receipt.cost)),
        },
    ];
    if !receipt.undo.is_zero() {
        let undo = receipts::cost(manifest, &receipt.undo);
        lines.push(format!("- {undo} more to undo it"));
    }
    let own = weir_driver::explain::full_name(manifest, function);
    let swaps = receipts::swaps(manifest, function).lines(&own);
    lines.extend(
        swaps
            .iter()
            .map(|line| format!("- may change places {line}")),
    );
    Some(lines.join("\n"))
}

/// Where a run of a function may sleep, and what is kept there: a line each.
fn waits(snapshot: &Snapshot, id: FnId) -> Option<String> {
    let manifest = snapshot.manifest()?;
    let function = snapshot.checked().function(id);
    let name = match function.entity {
        Some(entity) => format!(
            "{}.{}",
            snapshot.checked().entity(entity).name,
            function.name
        ),
        None => match own_path(snapshot, id) {
            Some(path) => format!("{path}{}", function.name),
            None => function.name.clone(),
        },
    };
    let is_here = |frame: &&Frame| {
        let rest = frame.label.strip_prefix(&name);
        frame.role == FrameRole::Resume && rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let lines = manifest.frames.iter().filter(is_here).map(|frame| {
        let what = match frame.waits_for.as_str() {
            "its next step" => "a step may end here".to_owned(),
            what => format!("waits for {what}"),
        };
        let line = manifest.sites.get(frame.site as usize);
        let line = line.map_or(0, |site| site.line);
        format!(
            "- line {line}: {what}, keeps {}",
            weir_driver::explain::kept(manifest, frame)
        )
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What stands in front of the name of a function of another file than the first: its path, with a dot.
fn own_path(snapshot: &Snapshot, id: FnId) -> Option<String> {
    let place = snapshot.checked().function(id).span.file;
    let mut files = snapshot.survey.files.iter().skip(1);
    let file = files.find(|file| file.id == place)?;
    Some(format!("{}.", file.path))
}

fn touches(function: &Function) -> Option<String> {
    let lines = weir_driver::explain::touches(function);
    (!lines.is_empty()).then(|| {
        let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
        lines.join("\n")
    })
}

fn route(snapshot: &Snapshot, function: &Function) -> Option<String> {
    let manifest = snapshot.manifest()?;
    let shown = || weir_driver::explain::route(manifest, function);
    function.public.then(|| format!("`{}`", shown()))
}
