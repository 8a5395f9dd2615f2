//! What a frame is given when it goes on, in the encoding of its `result`.

use weir_contract::Manifest;
use weir_contract::border::{OUTPUT_FAILED, OUTPUT_OK};
use weir_contract::encode::{Reader, put_varint};

use crate::effects::Place;
use crate::known::events_of;
use crate::machine::BadRecord;
use crate::runs::{Ended, Given, Strand, Waiting};

/// What a strand that runs at that time is given: what it has been given, or what comes when its time is over.
pub(crate) fn given_at(program: &Manifest, strand: &Strand, time: i64) -> Result<Given, BadRecord> {
    if let Waiting::Ready { given, .. } = &strand.waiting {
        return Ok(given.clone());
    }
    if strand.waiting.due().is_none_or(|due| due > time) {
        return Err(BadRecord("a strand goes on that waits".to_owned()));
    }
    Ok(match &strand.waiting {
        Waiting::Events { .. } => Given::NoEvent,
        Waiting::Outside { .. } | Waiting::Run { .. } => {
            let failures = program.failures.as_ref();
            let timed_out = failures.ok_or_else(|| BadRecord("no failures".to_owned()))?;
            Given::Bytes(error_result(timed_out.timed_out.0).into())
        }
        _ => Given::nothing(),
    })
}

/// The bytes a frame gets for its `result`.
pub(crate) fn encode_given(program: &Manifest, target: Place, given: &Given) -> Vec<u8> {
    let mut out = Vec::new();
    match given {
        Given::Bytes(bytes) | Given::Answer(bytes) => out.extend_from_slice(bytes),
        Given::Event(event, args) => {
            put_varint(&mut out, *event as u64);
            out.extend_from_slice(args);
        }
        Given::NoEvent => {
            put_varint(&mut out, events_of(program, target) as u64);
        }
    }
    out
}

/// A step's output as a value of a `Result` type.
pub(crate) fn as_result(output: &[u8]) -> Vec<u8> {
    match output.split_first() {
        Some((&OUTPUT_FAILED, rest)) => {
            let mut r = Reader::new(rest);
            let mut out = Vec::new();
            if let Ok(id) = r.varint() {
                put_varint(&mut out, id + 1);
            }
            out.extend_from_slice(r.rest());
            out
        }
        Some((_, value)) => [&[0], value].concat(),
        None => Vec::new(),
    }
}

fn error_result(id: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, id as u64 + 1);
    out
}

/// What waiting for a run gives. Of one that nobody can know any more: that it was cancelled.
pub(crate) fn result_of_run(program: &Manifest, ended: Option<&Ended>) -> Given {
    let cancelled = program.failures.as_ref().map_or(0, |f| f.cancelled.0);
    let result = match ended {
        Some(Ended::Output(output))
            if matches!(output.first(), Some(&OUTPUT_OK | &OUTPUT_FAILED)) =>
        {
            as_result(output)
        }
        _ => error_result(cancelled),
    };
    Given::Bytes(result.into())
}
