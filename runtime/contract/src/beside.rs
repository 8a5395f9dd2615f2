//! Which calls may run beside the others, on a copy of what they touch: as far as a manifest tells.

use serde::{Deserialize, Serialize};

use crate::manifest::{Effect, Entity, Function, FunctionKind, Manifest};
use crate::plan::{Touch, TouchMode};

/// Why calls of a function always run where the state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serial {
    /// It may go on in later steps.
    Waits,
    ReadsView,
    Emits,
    /// It asks which instances there are.
    Walks,
    Merges,
}

impl Serial {
    /// For people, behind "it".
    pub fn text(self) -> &'static str {
        match self {
            Serial::Waits => "may go on in later steps",
            Serial::ReadsView => "reads a view",
            Serial::Emits => "emits into a stream",
            Serial::Walks => "asks which instances there are",
            Serial::Merges => "changes state that merges",
        }
    }
}

/// Whether calls of a function may run beside the others at all. One that does besides what cannot be done there is found out when
/// it does.
pub fn may_run_beside(manifest: &Manifest, function: &Function) -> Result<(), Serial> {
    if function.kind == FunctionKind::Run || function.effect > Effect::Write {
        return Err(Serial::Waits);
    }
    if !function.views.is_empty() {
        return Err(Serial::ReadsView);
    }
    if !function.emits.is_empty() {
        return Err(Serial::Emits);
    }
    for touch in &function.plan.touches {
        if touch.path.is_empty() {
            return Err(Serial::Walks);
        }
        let merges = || {
            let (_, entity) = manifest.entity(&touch.entity)?;
            let slot = slot_of(entity, touch)?;
            entity.slots[slot as usize].merge.as_ref()
        };
        if touch.mode == TouchMode::Write && merges().is_some() {
            return Err(Serial::Merges);
        }
    }
    Ok(())
}

/// The slot that a touch is about.
pub fn slot_of(entity: &Entity, touch: &Touch) -> Option<u32> {
    let slot = entity.slots.iter().position(|s| s.path == touch.path)?;
    Some(slot as u32)
}
