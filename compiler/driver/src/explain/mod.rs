//! `weir explain FUNCTION FILE`: what a function touches, what it may do, and who may call it, from the manifest.

mod cuts;
mod route;

pub(crate) use cuts::bytes;
pub use cuts::{kept, size};
pub use route::{method, route, signature};

use std::fmt::Write;

use crate::receipts;
use weir_contract::beside::{Serial, may_run_beside};
use weir_contract::manifest::{Access, Effect, Entity, Function, FunctionKind, Manifest};
use weir_contract::plan::{PlanExpr, Touch, TouchMode};

/// The functions that `name` means: `transfer`, `Account.transfer`, or `Account.balance` for a state.
pub fn find<'a>(manifest: &'a Manifest, name: &str) -> Vec<&'a Function> {
    // Functions of other modules have dots in their names.
    let is_plain = |f: &Function| f.entity.is_none() && f.name == name;
    if name.contains('.')
        && let Some(found) = manifest.functions.iter().find(|f| is_plain(f))
    {
        return vec![found];
    }
    let (entity, name) = match name.split_once('.') {
        Some((entity, name)) => (Some(entity), name),
        None => (None, name),
    };
    manifest
        .functions
        .iter()
        .filter(|function| function.kind != FunctionKind::Whole && function.name == name)
        .filter(|function| entity.is_none_or(|entity| entity_name(manifest, function) == entity))
        .collect()
}

/// The names that can be asked for, in the order of the source.
pub fn names(manifest: &Manifest) -> Vec<String> {
    let functions = manifest.functions.iter();
    functions
        .filter(|function| function.kind != FunctionKind::Whole)
        .filter(|function| !is_part_of_view(manifest, function))
        .map(|function| full_name(manifest, function))
        .collect()
}

/// What keeps a view up to date, which nobody calls.
fn is_part_of_view(manifest: &Manifest, function: &Function) -> bool {
    !function.public
        && function.entity.is_none()
        && function
            .name
            .rsplit_once('.')
            .is_some_and(|(view, _)| manifest.views.iter().any(|known| known.name == view))
}

/// The page of a function that waits and that only the program calls.
pub fn page_of_frames(manifest: &Manifest, name: &str) -> Option<String> {
    let cuts = cuts::cuts(manifest, name);
    let barriers = receipts::barriers(manifest, name, None);
    (!cuts.is_empty()).then(|| {
        format!(
            "{name}\n\neffect   {}\n{cuts}{barriers}",
            effect(Effect::Wait)
        )
    })
}

/// The page of a function.
pub fn page(manifest: &Manifest, function: &Function) -> String {
    let mut page = full_name(manifest, function);
    page.push_str(&signature(manifest, function));
    page.push('\n');
    for line in function.doc.iter().flat_map(|doc| doc.lines()) {
        page.push_str(&format!("  {line}\n"));
    }
    page.push('\n');
    let effect = match (consumes(manifest, function), function.effect) {
        // That an entry was consumed is on the log, whatever was done with it.
        (Some(_), Effect::Pure | Effect::Read) => {
            "read: changes nothing, and is one record in the log for each entry"
        }
        (_, known) => effect(known),
    };
    page.push_str(&format!("effect   {effect}\n"));
    page.push_str(&format!("callers  {}\n", callers(manifest, function)));
    page.push_str(&receipts::lines(manifest, function));
    page.push_str(&touches_of(function));
    page.push_str(&views_of(manifest, function));
    page.push_str(&emits(manifest, function));
    page.push_str(&beside(manifest, function));
    let name = full_name(manifest, function);
    page.push_str(&cuts::cuts(manifest, &name));
    page.push_str(&receipts::barriers(manifest, &name, Some(function)));
    page
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure: touches no state and needs no record in the log",
        Effect::Read => "read: changes nothing, needs no record in the log, and may be a GET",
        Effect::Write => "write: a transaction, and one record in the log",
        Effect::Wait => "wait: it may go on in later steps, through crashes and restarts",
    }
}

fn callers(manifest: &Manifest, function: &Function) -> String {
    if let Some(stream) = consumes(manifest, function) {
        return format!("each entry of the stream {stream}, once");
    }
    if !function.public {
        return "only the program itself: it is not `pub`".into();
    }
    match &function.access {
        Access::Anyone => "anyone, also without signing in".into(),
        Access::Roles(roles) => format!("callers with the role {}", roles.join(" or ")),
        Access::Allow => format!(
            "callers whom `allow` of {} accepts",
            entity_name(manifest, function)
        ),
        Access::SignedIn => "any signed-in caller".into(),
    }
}

/// The streams it may put entries into in its first step.
fn emits(manifest: &Manifest, function: &Function) -> String {
    if function.emits.is_empty() {
        return String::new();
    }
    let streams = function.emits.iter();
    let names: Vec<&str> = streams
        .map(|stream| manifest.streams[*stream as usize].name.as_str())
        .collect();
    format!("emits    into {}\n", names.join(", "))
}

/// Why its calls hold up others, however long they compute.
fn beside(manifest: &Manifest, function: &Function) -> String {
    match may_run_beside(manifest, function) {
        Err(why) if function.public && why != Serial::Waits => {
            format!(
                "threads  none of its own, however long it computes: it {}\n",
                why.text()
            )
        }
        _ => String::new(),
    }
}

/// The stream whose entries it consumes.
fn consumes<'a>(manifest: &'a Manifest, function: &Function) -> Option<&'a str> {
    let is_it = |at: &u32| manifest.functions[*at as usize].entry == function.entry;
    let mut streams = manifest.streams.iter();
    let stream = streams.find(|stream| stream.consumers.iter().any(is_it))?;
    Some(&stream.name)
}

/// The views whose rows it may read in its first step.
fn views_of(manifest: &Manifest, function: &Function) -> String {
    let names = function.views.iter();
    let names: Vec<&str> = names
        .filter_map(|view| manifest.views.get(*view as usize))
        .map(|view| view.name.as_str())
        .collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("views    reads {}\n", names.join(", ")),
    }
}

fn touches_of(function: &Function) -> String {
    let touches = touches(function);
    if touches.is_empty() {
        return match function.effect {
            _ if !function.views.is_empty() => String::new(),
            Effect::Wait => "touches  nothing in its first step\n".into(),
            _ => "touches  nothing\n".into(),
        };
    }
    let mut text = String::new();
    for (n, line) in touches.iter().enumerate() {
        let first = if n == 0 { "touches" } else { "" };
        let _ = writeln!(text, "{first:<8} {line}");
    }
    text
}

/// What a function reads and writes, a line each: `writes  Account(owner).balance`.
pub fn touches(function: &Function) -> Vec<String> {
    let plan = &function.plan;
    let line = |touch: &Touch| match touch.mode {
        TouchMode::Read => format!("reads   {}", place(touch)),
        TouchMode::Write => format!("writes  {}", place(touch)),
    };
    let mut lines: Vec<String> = plan.touches.iter().map(line).collect();
    if !plan.complete {
        lines.push("and perhaps more, which only running it can tell".into());
    }
    lines
}

/// The instances a function touches, each once: `writes Account(owner)`.
pub fn touched(function: &Function) -> Vec<String> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for touch in &function.plan.touches {
        let keys: Vec<String> = touch.key.iter().map(expression).collect();
        let name = match touch.path.is_empty() {
            true => format!("all {}", touch.entity),
            false => format!("{}({})", touch.entity, keys.join(", ")),
        };
        let writes = touch.mode == TouchMode::Write;
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known |= writes,
            None => found.push((name, writes)),
        }
    }
    let shown = |(name, writes): (String, bool)| match writes {
        true => format!("writes {name}"),
        false => format!("reads {name}"),
    };
    let mut shown: Vec<String> = found.into_iter().map(shown).collect();
    if !function.plan.complete {
        shown.push("perhaps more".to_owned());
    }
    shown
}

fn place(touch: &Touch) -> String {
    let keys: Vec<String> = touch.key.iter().map(expression).collect();
    if touch.path.is_empty() {
        let entity = &touch.entity;
        return match keys.is_empty() {
            true => format!("which {entity} there are: a walk over all of them"),
            false => format!(
                "which {entity} begin with ({}): a walk over those",
                keys.join(", ")
            ),
        };
    }
    let mut text = format!("{}({})", touch.entity, keys.join(", "));
    for part in &touch.path {
        text.push_str(&format!(".{part}"));
    }
    if let Some(entry) = &touch.entry {
        text.push_str(&format!("[{}]", expression(entry)));
    }
    text
}

fn expression(expression_: &PlanExpr) -> String {
    match expression_ {
        PlanExpr::Argument(name) | PlanExpr::Key(name) => name.clone(),
        PlanExpr::Caller => "caller.id".into(),
        PlanExpr::Constant(text) => text.clone(),
        PlanExpr::Member(of, name) => format!("{}.{name}", expression(of)),
        PlanExpr::Element(of) => format!("each of {}", expression(of)),
        PlanExpr::Unknown => "?".into(),
    }
}

pub fn full_name(manifest: &Manifest, function: &Function) -> String {
    match entity(manifest, function) {
        Some(entity) => format!("{}.{}", entity.name, function.name),
        None => function.name.clone(),
    }
}

fn entity_name<'a>(manifest: &'a Manifest, function: &Function) -> &'a str {
    entity(manifest, function).map_or("", |entity| &entity.name)
}

fn entity<'a>(manifest: &'a Manifest, function: &Function) -> Option<&'a Entity> {
    function.entity.map(|id| &manifest.entities[id as usize])
}
