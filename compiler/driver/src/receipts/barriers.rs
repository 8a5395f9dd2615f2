//! Where steps end, and what leaves the program (`analyses.md` 2.15, 2.16).

use std::collections::BTreeSet;
use std::fmt::Write;

use weir_contract::manifest::{Frame, FrameRole, Function, Manifest};
use weir_contract::plan::TouchMode;
use weir_contract::view::SourceOf;

use super::table::line_of;

/// What stops steps from becoming one, and what has to wait until all before it is durable.
pub fn barriers(manifest: &Manifest, name: &str, function: Option<&Function>) -> String {
    let mut text = String::new();
    let frames = frames(manifest, name);
    if !frames.is_empty() {
        text.push_str("\nsteps that cannot be one\n");
    }
    for frame in &frames {
        let _ = writeln!(
            text,
            "  {}  {}",
            line_of(manifest, frame.site),
            why(manifest, frame)
        );
    }
    let barriers = barriers_of(manifest, name, function);
    if !barriers.is_empty() {
        let barriers: Vec<String> = barriers.iter().map(|b| b.text(manifest)).collect();
        let _ = write!(
            text,
            "\nleaves the program, so all before it is durable first\n  {}\n",
            barriers.join(", ")
        );
    }
    text
}

/// Something that leaves the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barrier {
    /// `payments.charge`, `the reply`
    pub what: String,
    /// Where, when it has a place of its own.
    pub site: Option<u32>,
}

impl Barrier {
    fn text(&self, manifest: &Manifest) -> String {
        match self.site {
            Some(site) => format!("{} ({})", self.what, line_of(manifest, site)),
            None => self.what.clone(),
        }
    }
}

/// What leaves the program: calls of the outside, rows of views that somebody outside may follow, the reply. Everything else may run
/// ahead of the log, and does: the next steps work on what is not durable yet.
pub fn barriers_of(manifest: &Manifest, name: &str, function: Option<&Function>) -> Vec<Barrier> {
    let mine = frames(manifest, name);
    let outside = mine.iter().filter(|frame| is_outside(manifest, frame));
    let mut found: Vec<Barrier> = outside
        .map(|frame| Barrier {
            what: frame.waits_for.clone(),
            site: Some(frame.site),
        })
        .collect();
    let Some(function) = function else {
        return found;
    };
    let mut streams: BTreeSet<u32> = function.emits.iter().copied().collect();
    streams.extend(mine.iter().flat_map(|frame| &frame.emits));
    let touches = function.plan.touches.iter();
    let written: BTreeSet<&str> = touches
        .filter(|touch| touch.mode == TouchMode::Write)
        .map(|touch| touch.entity.as_str())
        .collect();
    let mut changed: BTreeSet<u32> = BTreeSet::new();
    for (view, at) in manifest.views.iter().zip(0..) {
        let is_changed = view.sources.iter().any(|source| match source.of {
            SourceOf::Stream(stream) => streams.contains(&stream),
            SourceOf::Entity(entity) => {
                written.contains(manifest.entities[entity as usize].name.as_str())
            }
            // It stands before this one.
            SourceOf::View(of) => changed.contains(&of),
        });
        if !is_changed {
            continue;
        }
        changed.insert(at);
        if manifest.functions[view.all as usize].public {
            found.push(Barrier {
                what: format!("rows of `{}` to those who follow it", view.name),
                site: None,
            });
        }
    }
    if function.public {
        found.push(Barrier {
            what: "the reply".to_owned(),
            site: None,
        });
    }
    found
}

/// Where a function goes on behind its waits.
fn frames<'m>(manifest: &'m Manifest, name: &str) -> Vec<&'m Frame> {
    let mine = |frame: &&Frame| {
        let rest = frame.label.strip_prefix(name);
        frame.role == FrameRole::Resume && rest.is_some_and(|rest| rest.starts_with('/'))
    };
    manifest.frames.iter().filter(mine).collect()
}

fn is_outside(manifest: &Manifest, frame: &Frame) -> bool {
    let named = |e: &weir_contract::manifest::Extern| {
        let name = format!("{}.{}", e.module, e.name);
        frame.waits_for == name || frame.waits_for.starts_with(&format!("{name} "))
    };
    manifest.externs.iter().any(named)
}

fn why(manifest: &Manifest, frame: &Frame) -> String {
    let what = &frame.waits_for;
    if is_outside(manifest, frame) {
        return format!("{what} leaves the program, and its answer comes later");
    }
    match what.as_str() {
        "its next step" => format!(
            "fused: a step ends here only after {} transactions, or when it has written {} KiB",
            weir_contract::limits::STEP_TRANSACTIONS_MAX,
            weir_contract::limits::STEP_WRITES_MAX >> 10
        ),
        what => format!("{what}: what it waits for is not there yet"),
    }
}
