//! Messages: what a machine that talks to others may get twice.
//!
//! That is what a client sends, here the test; and the answer of the outside, when a call that may be repeated is. What runs send
//! each other is in the log with the step that sent it, and cannot arrive twice.

use weir_contract::Manifest;
use weir_contract::manifest::Promise;
use weir_log::Record;
use weir_machine::effects::Ask;
use weir_machine::run_record::{RUN_STEP, RunStepRecord};
use weir_machine::show_runs::name_of;
use weir_machine::{Machine, Place};

use crate::trial::describe;

pub(crate) enum Message {
    /// An outside call, by number.
    Call(u64),
    /// What the test asked for, and its place among what it asked for in that step.
    Sent(usize, Ask),
}

/// The messages of a record that has just been made, with words for people. `next_call` is the number that no outside call had
/// before.
pub(crate) fn messages(
    machine: &Machine,
    manifest: &Manifest,
    record: &Record,
    test: Option<u64>,
    next_call: &mut u64,
) -> Vec<(Message, String)> {
    let mut found = Vec::new();
    if record.kind == RUN_STEP
        && let Ok(step) = RunStepRecord::decode(&record.body)
        && Some(step.run) == test
        // One that has ended sends nothing again.
        && machine.runs().get(step.run).is_some()
    {
        let sent = step.asks.into_iter().enumerate();
        found.extend(sent.filter_map(|(index, ask)| {
            let what = name_of_sent(manifest, &ask)?;
            let what = format!("{what}, which the test sends");
            Some((Message::Sent(index, ask), what))
        }));
    }
    while let Some(call) = machine.outside_call(*next_call) {
        *next_call += 1;
        let function = &manifest.externs[call.function as usize];
        if function.promise == Promise::Once {
            continue;
        }
        let by = match Some(call.run) == test {
            true => "the test".to_owned(),
            false => describe(machine, manifest, call.run),
        };
        let what = format!("{}.{}, called by {by}", function.module, function.name);
        found.push((Message::Call(call.call), what));
    }
    found
}

/// `None` for what no client could send: with a delay.
fn name_of_sent(manifest: &Manifest, ask: &Ask) -> Option<String> {
    match ask {
        Ask::Send {
            function,
            delay: None,
            ..
        } => Some(name_of(manifest, Place::Function(*function))),
        Ask::Event {
            to, delay: None, ..
        } => {
            let entity = &manifest.entities[to.entity as usize];
            let event = &entity.workflow.as_ref()?.events[to.event as usize];
            Some(format!("{}.{}", entity.name, event.name))
        }
        _ => None,
    }
}
