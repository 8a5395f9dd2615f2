//! Runs in a snapshot. What tables can be made anew from them is not written.
//!
//! ```text
//!   next call
//!   runs      count, each: number, target, key, caller, roles, since, steps, outside u8, idempotency, next strand,
//!             strands, undos (frames), events (number, args),
//!             0 goes on | 1 ends: how | 2 cancelled, and some strands go on to their next wait
//!   strand    number, frames, waiting, since, for whom: 0 the run | 1 strand | 2 call,
//!             branches: 0 or 1 and count, each: strand, 0 or 1 value; failure: 0 or 1 bytes
//!   waiting   0 ready turn given | 1 sleep due | 2 events numbers due? | 3 outside call function args due?
//!             4 run number due? | 5 join list fallible | 6 quiet due | 9 parked bug given | 8 sibling
//!             7 parked place reason given (until version 3)
//!   given     0 bytes | 1 event number args | 2 no event | 3 answer of the outside
//!   finished  count, each: number, target, key, since, at, how, workflow u8
//!   how       0 output | 1 cancelled | 2 status json
//!   delayed   count, each: number, due, to;   mocks  count, each: extern, frame
//!   instances of workflows: count, each: entity, key, run
//! ```

use weir_contract::Manifest;
use weir_contract::encode::{DecodeError, Reader, put_bytes, put_int, put_varint};

use crate::effects::{EventTo, Frame, Place, small};
use crate::known::{events_of, known, known_event};
use crate::machine::BadRecord;
use crate::record::Bug;
use crate::runs::{Branches, Caller, Ended, Finished, Given, Run, Strand, Waiting, WorksFor};
use crate::schedule::Runs;

type Read<T> = Result<T, DecodeError>;

impl Runs {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.next_call);
        put_varint(out, self.going.len() as u64);
        for (number, run) in &self.going {
            put_varint(out, *number);
            put_run(out, run);
        }
        put_varint(out, self.finished.len() as u64);
        for (number, run) in &self.finished {
            put_varint(out, *number);
            run.target.encode_into(out);
            put_bytes(out, &run.key);
            put_int(out, run.since);
            put_int(out, run.at);
            put_ended(out, &run.ended);
            out.push(run.workflow as u8);
        }
        put_varint(out, self.delayed.len() as u64);
        for (number, (due, to)) in &self.delayed {
            put_varint(out, *number);
            put_int(out, *due);
            to.encode_into(out);
        }
        put_varint(out, self.mocks.len() as u64);
        for (function, frame) in &self.mocks {
            put_varint(out, *function as u64);
            frame.encode_into(out);
        }
        put_varint(out, self.workflows.len() as u64);
        for ((entity, key), run) in &self.workflows {
            put_varint(out, *entity as u64);
            put_bytes(out, key);
            put_varint(out, *run);
        }
    }

    /// Reads runs and holds them against the program in force.
    pub(crate) fn restore(
        r: &mut Reader<'_>,
        program: Option<&Manifest>,
    ) -> Result<Runs, BadRecord> {
        let runs = Runs::decode(r)?;
        match program {
            Some(program) => check(&runs, program)?,
            None if runs.going.is_empty() && runs.finished.is_empty() => {}
            None => return Err(BadRecord("runs without a program".to_owned())),
        }
        Ok(runs)
    }

    fn decode(r: &mut Reader<'_>) -> Read<Runs> {
        let mut runs = Runs::default();
        runs.next_call = r.varint()?;
        for _ in 0..r.varint()? {
            let number = r.varint()?;
            let run = read_run(r, &mut runs)?;
            let strands: Vec<u32> = run.strands.iter().map(|s| s.number).collect();
            runs.going.insert(number, Box::new(run));
            for strand in strands {
                runs.link(number, strand);
            }
        }
        for _ in 0..r.varint()? {
            let number = r.varint()?;
            let finished = Finished {
                target: Place::decode(r)?,
                key: r.bytes()?.into(),
                since: r.int()?,
                at: r.int()?,
                ended: read_ended(r)?,
                workflow: flag(r)?,
            };
            runs.keep(number, finished);
        }
        for _ in 0..r.varint()? {
            let number = r.varint()?;
            let due = r.int()?;
            runs.delay(number, due, EventTo::decode(r)?);
        }
        for _ in 0..r.varint()? {
            runs.mocks.insert(small(r)?, Frame::decode(r)?);
        }
        for _ in 0..r.varint()? {
            let instance = (small(r)?, r.bytes()?.into());
            runs.workflows.insert(instance, r.varint()?);
        }
        Ok(runs)
    }
}

/// Whether the program has every place that runs name, so that nothing has to look again.
fn check(runs: &Runs, program: &Manifest) -> Result<(), BadRecord> {
    for run in runs.going.values() {
        known(program, run.target)?;
        let frames = run.strands.iter().flat_map(|s| &s.frames);
        for frame in frames.chain(&run.undos) {
            known(program, frame.place)?;
        }
        let events = events_of(program, run.target);
        let mut numbers: Vec<u32> = run.events.iter().map(|(event, _)| *event).collect();
        for strand in &run.strands {
            match &strand.waiting {
                Waiting::Events { numbers: all, .. } => numbers.extend(all),
                Waiting::Ready { given, .. } | Waiting::Parked { given, .. } => {
                    if let Given::Event(event, _) = given {
                        numbers.push(*event);
                    }
                }
                Waiting::Outside { function, .. }
                    if *function as usize >= program.externs.len() =>
                {
                    return Err(BadRecord("no such extern function".to_owned()));
                }
                _ => {}
            }
        }
        if numbers.iter().any(|n| *n as usize >= events) {
            return Err(BadRecord("no such event in the program".to_owned()));
        }
    }
    for run in runs.finished.values() {
        known(program, run.target)?;
    }
    for (_, to) in runs.delayed.values() {
        known_event(program, to)?;
    }
    for frame in runs.mocks.values() {
        known(program, frame.place)?;
    }
    let is_entity = |entity: u32| (entity as usize) < program.entities.len();
    match runs.workflows.keys().all(|(entity, _)| is_entity(*entity)) {
        true => Ok(()),
        false => Err(BadRecord("no such entity".to_owned())),
    }
}

fn put_run(out: &mut Vec<u8>, run: &Run) {
    run.target.encode_into(out);
    put_bytes(out, &run.key);
    put_bytes(out, run.caller.id.as_bytes());
    put_varint(out, run.caller.roles.len() as u64);
    for role in &run.caller.roles {
        put_bytes(out, role.as_bytes());
    }
    put_int(out, run.since);
    put_varint(out, run.steps);
    out.push(run.outside as u8);
    put_option(out, run.idempotency.as_deref(), |out, key| {
        put_bytes(out, key.as_bytes())
    });
    put_varint(out, run.next_strand as u64);
    put_varint(out, run.strands.len() as u64);
    for strand in &run.strands {
        put_strand(out, strand);
    }
    put_frames(out, &run.undos);
    put_varint(out, run.events.len() as u64);
    for (event, args) in &run.events {
        put_varint(out, *event as u64);
        put_bytes(out, args);
    }
    match (&run.ending, run.cancelled) {
        (Some(ended), _) => {
            out.push(1);
            put_ended(out, ended);
        }
        (None, cancelled) => out.push(2 * cancelled as u8),
    }
}

fn read_run(r: &mut Reader<'_>, runs: &mut Runs) -> Read<Run> {
    let target = Place::decode(r)?;
    let key = r.bytes()?.into();
    let id = r.text()?.to_owned();
    let roles = (0..r.varint()?).map(|_| Ok(r.text()?.to_owned()));
    let caller = Caller {
        id,
        roles: roles.collect::<Read<_>>()?,
    };
    let mut run = Run {
        target,
        key,
        caller: runs.caller(caller),
        since: r.int()?,
        steps: r.varint()?,
        outside: flag(r)?,
        idempotency: option(r, |r| Ok(r.text()?.into()))?,
        next_strand: small(r)?,
        strands: many(r, read_strand)?,
        undos: many(r, Frame::decode)?,
        events: many(r, |r| Ok((small(r)?, r.bytes()?.into())))?.into(),
        cancelled: false,
        ending: None,
    };
    match r.byte()? {
        0 => {}
        1 => run.ending = Some(Box::new(read_ended(r)?)),
        2 => run.cancelled = true,
        _ => return Err(r.error("no such state of a run")),
    }
    Ok(run)
}

fn put_strand(out: &mut Vec<u8>, strand: &Strand) {
    put_varint(out, strand.number as u64);
    put_frames(out, &strand.frames);
    put_waiting(out, &strand.waiting);
    put_int(out, strand.since);
    match strand.works_for {
        WorksFor::Run => out.push(0),
        WorksFor::Strand(parent) => {
            out.push(1);
            put_varint(out, parent as u64);
        }
        WorksFor::Call(call) => {
            out.push(2);
            put_varint(out, call);
        }
    }
    put_option(out, strand.branches.as_deref(), |out, branches| {
        put_varint(out, branches.all.len() as u64);
        for (number, value) in &branches.all {
            put_varint(out, *number as u64);
            put_option(out, value.as_deref(), put_bytes);
        }
        put_option(out, branches.failed.as_deref(), put_bytes);
    });
}

fn read_strand(r: &mut Reader<'_>) -> Read<Strand> {
    Ok(Strand {
        number: small(r)?,
        frames: many(r, Frame::decode)?,
        waiting: read_waiting(r)?,
        since: r.int()?,
        works_for: match r.byte()? {
            0 => WorksFor::Run,
            1 => WorksFor::Strand(small(r)?),
            2 => WorksFor::Call(r.varint()?),
            _ => return Err(r.error("a strand works for nobody")),
        },
        branches: option(r, |r| {
            Ok(Box::new(Branches {
                all: many(r, |r| Ok((small(r)?, option(r, boxed)?)))?,
                failed: option(r, boxed)?,
            }))
        })?,
    })
}

fn put_waiting(out: &mut Vec<u8>, waiting: &Waiting) {
    match waiting {
        Waiting::Ready { turn, given } => {
            out.push(0);
            put_varint(out, *turn);
            put_given(out, given);
        }
        Waiting::Sleep { due } => {
            out.push(1);
            put_int(out, *due);
        }
        Waiting::Events { numbers, due } => {
            out.push(2);
            put_varint(out, numbers.len() as u64);
            for number in numbers {
                put_varint(out, *number as u64);
            }
            put_option(out, *due, put_int);
        }
        Waiting::Outside {
            call,
            function,
            args,
            due,
        } => {
            out.push(3);
            put_varint(out, *call);
            put_varint(out, *function as u64);
            put_bytes(out, args);
            put_option(out, *due, put_int);
        }
        Waiting::Run { run, due } => {
            out.push(4);
            put_varint(out, *run);
            put_option(out, *due, put_int);
        }
        Waiting::Join { list, fallible } => {
            out.extend_from_slice(&[5, *list as u8, *fallible as u8]);
        }
        Waiting::Sibling => out.push(8),
        Waiting::Quiet { due } => {
            out.push(6);
            put_int(out, *due);
        }
        Waiting::Parked { bug, given } => {
            out.push(9);
            bug.encode_into(out);
            put_given(out, given);
        }
    }
}

fn read_waiting(r: &mut Reader<'_>) -> Read<Waiting> {
    Ok(match r.byte()? {
        0 => Waiting::Ready {
            turn: r.varint()?,
            given: read_given(r)?,
        },
        1 => Waiting::Sleep { due: r.int()? },
        2 => Waiting::Events {
            numbers: many(r, small)?.into(),
            due: option(r, |r| r.int())?,
        },
        3 => Waiting::Outside {
            call: r.varint()?,
            function: small(r)?,
            args: r.bytes()?.into(),
            due: option(r, |r| r.int())?,
        },
        4 => Waiting::Run {
            run: r.varint()?,
            due: option(r, |r| r.int())?,
        },
        5 => Waiting::Join {
            list: flag(r)?,
            fallible: flag(r)?,
        },
        6 => Waiting::Quiet { due: r.int()? },
        7 => Waiting::Parked {
            bug: Box::new(Bug::decode_short(r)?),
            given: read_given(r)?,
        },
        9 => Waiting::Parked {
            bug: Box::new(Bug::decode(r)?),
            given: read_given(r)?,
        },
        8 => Waiting::Sibling,
        _ => return Err(r.error("no such kind of wait")),
    })
}

fn put_given(out: &mut Vec<u8>, given: &Given) {
    match given {
        Given::Bytes(bytes) => {
            out.push(0);
            put_bytes(out, bytes);
        }
        Given::Event(event, args) => {
            out.push(1);
            put_varint(out, *event as u64);
            put_bytes(out, args);
        }
        Given::NoEvent => out.push(2),
        Given::Answer(bytes) => {
            out.push(3);
            put_bytes(out, bytes);
        }
    }
}

fn read_given(r: &mut Reader<'_>) -> Read<Given> {
    Ok(match r.byte()? {
        0 => Given::Bytes(r.bytes()?.into()),
        1 => Given::Event(small(r)?, r.bytes()?.into()),
        2 => Given::NoEvent,
        3 => Given::Answer(r.bytes()?.into()),
        _ => return Err(r.error("no such thing is given")),
    })
}

fn put_ended(out: &mut Vec<u8>, ended: &Ended) {
    match ended {
        Ended::Output(output) => {
            out.push(0);
            put_bytes(out, output);
        }
        Ended::Cancelled => out.push(1),
        Ended::Rendered { status, json } => {
            out.push(2);
            put_varint(out, *status as u64);
            put_bytes(out, json.as_bytes());
        }
    }
}

fn read_ended(r: &mut Reader<'_>) -> Read<Ended> {
    Ok(match r.byte()? {
        0 => Ended::Output(r.bytes()?.to_vec()),
        1 => Ended::Cancelled,
        2 => Ended::Rendered {
            status: small(r)? as u16,
            json: r.text()?.to_owned(),
        },
        _ => return Err(r.error("no such end")),
    })
}

fn put_frames(out: &mut Vec<u8>, frames: &[Frame]) {
    put_varint(out, frames.len() as u64);
    for frame in frames {
        frame.encode_into(out);
    }
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(value.is_some() as u8);
    if let Some(value) = value {
        put(out, value);
    }
}

fn option<T>(r: &mut Reader<'_>, read: impl FnOnce(&mut Reader<'_>) -> Read<T>) -> Read<Option<T>> {
    match flag(r)? {
        true => read(r).map(Some),
        false => Ok(None),
    }
}

fn many<T>(r: &mut Reader<'_>, mut read: impl FnMut(&mut Reader<'_>) -> Read<T>) -> Read<Vec<T>> {
    let count = r.varint()?;
    if count > r.rest().len() as u64 {
        return Err(r.error("more than there are bytes"));
    }
    let mut all = Vec::with_capacity(count.min(4) as usize);
    for _ in 0..count {
        all.push(read(r)?);
    }
    all.shrink_to_fit();
    Ok(all)
}

fn boxed(r: &mut Reader<'_>) -> Read<Box<[u8]>> {
    Ok(r.bytes()?.into())
}

fn flag(r: &mut Reader<'_>) -> Read<bool> {
    match r.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(r.error("neither 0 nor 1")),
    }
}
