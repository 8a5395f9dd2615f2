//! The whole machine as bytes, so that a log can be trimmed and recovery need not replay from the start.
//!
//! ```text
//!   version u8, next run, time, program: 0 or 1 and its manifest,
//!   answers: count, each: caller, key, run, time, digest 32, 0 function output | 1 status json | 2 the run goes on
//!   for each entity of the program: count, each in key order: key, version, its slots:
//!     0 absent | 1 scalar | 2 map: count, keys and values | 3 list: count, elements | 4 what merges: its state
//!   runs (`run_snapshot`); version 1 ends before them
//!   streams (`streams::snapshot`); version 4 ends before them
//!   how many tables of replicas there are, which only tests have, and these as those of entities
//!   views (`views::snapshot`), and what they see of streams (`streams::snapshot`)
//! ```
//! Canonical: machines that are equal have equal snapshots, which the replay checker relies on.

use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::encode::{DecodeError, Reader, put_bytes, put_int, put_varint};

use crate::effects::small;
use crate::idempotency::{Kept, KeptAnswer};
use crate::machine::{BadRecord, Machine};
use crate::merged::Merging;
use crate::program::empty_state;
use crate::schedule::Runs;
use crate::state::{Instance, Slot, State, Table};
use crate::streams::Streams;

/// The version this crate writes. Version 2 has no branch that waits for another, version 3 no callers of bugs, version 4 no
/// streams and no state that merges, version 5 does not say which entries were late.
pub const SNAPSHOT_VERSION: u8 = 6;
/// The newest version in which views remember the newest time, and nothing which entries were late.
const WITHOUT_LATE: u8 = 5;
/// The newest version without views.
const WITHOUT_VIEWS: u8 = 4;
/// The oldest version it reads, which has no runs.
const WITHOUT_RUNS: u8 = 1;
/// The newest version without streams.
const WITHOUT_STREAMS: u8 = 4;
/// The newest in which nothing merges.
const WITHOUT_MERGES: u8 = 4;

impl Machine {
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = self.of_records();
        if let Some(program) = &self.program {
            self.views.encode_into(program, &mut out);
            let is_large = |view| self.view_whole(view) > self.view_rows_waited_for;
            self.views
                .encode_shown_into(program, &is_large, self.position, &mut out);
            self.streams.encode_seen_into(&mut out);
        }
        out
    }

    /// The part of a snapshot that follows from the records alone. How far views are is the affair of each machine.
    pub fn of_records(&self) -> Vec<u8> {
        let mut out = vec![SNAPSHOT_VERSION];
        put_varint(&mut out, self.next_run);
        put_int(&mut out, self.time);
        match &self.program {
            None => out.push(0),
            Some(program) => {
                out.push(1);
                put_bytes(&mut out, program.to_json().as_bytes());
            }
        }
        put_varint(&mut out, self.answers.iter().len() as u64);
        for (caller, key, kept) in self.answers.iter() {
            put_bytes(&mut out, caller.as_bytes());
            put_bytes(&mut out, key.as_bytes());
            put_varint(&mut out, kept.run);
            put_int(&mut out, kept.time);
            out.extend_from_slice(&kept.digest);
            match &kept.answer {
                KeptAnswer::Output { function, output } => {
                    out.push(0);
                    put_varint(&mut out, *function as u64);
                    put_bytes(&mut out, output);
                }
                KeptAnswer::Rendered { status, json } => {
                    out.push(1);
                    put_varint(&mut out, *status as u64);
                    put_bytes(&mut out, json.as_bytes());
                }
                KeptAnswer::Run => out.push(2),
            }
        }
        let (own, replicas) = self.state.tables().split_at(self.state.entities());
        own.iter().for_each(|table| put_table(&mut out, table));
        self.runs.encode_into(&mut out);
        self.streams.encode_into(&mut out);
        // One that was only looked at is none.
        let last = replicas.iter().rposition(|table| !table.is_empty());
        let replicas = &replicas[..last.map_or(0, |last| last + 1)];
        put_varint(&mut out, replicas.len() as u64);
        replicas.iter().for_each(|table| put_table(&mut out, table));
        out
    }

    pub fn restore(snapshot: &[u8]) -> Result<Machine, BadRecord> {
        let mut r = Reader::new(snapshot);
        let version = r.byte()?;
        if !(WITHOUT_RUNS..=SNAPSHOT_VERSION).contains(&version) {
            return Err(BadRecord(
                "a snapshot of a version this runtime does not know".to_owned(),
            ));
        }
        let mut machine = Machine::new();
        machine.next_run = r.varint()?;
        machine.time = r.int()?;
        if r.byte()? == 1 {
            let manifest = Manifest::from_json(r.bytes()?).map_err(|e| BadRecord(e.to_string()))?;
            machine.state = empty_state(&manifest);
            machine.answers.keep_us = manifest.retention.answers_us();
            machine.program = Some(Arc::new(manifest));
        }
        for _ in 0..r.varint()? {
            let caller = r.text()?;
            let key = r.text()?;
            let run = r.varint()?;
            let time = r.int()?;
            let digest = r.take(32)?.try_into().expect("32 bytes");
            let answer = match r.byte()? {
                0 => KeptAnswer::Output {
                    function: small(&mut r)?,
                    output: r.bytes()?.to_vec(),
                },
                1 => KeptAnswer::Rendered {
                    status: small(&mut r)? as u16,
                    json: r.text()?.to_owned(),
                },
                2 => KeptAnswer::Run,
                _ => return Err(r.error("no such answer").into()),
            };
            let kept = Kept {
                run,
                time,
                digest,
                answer,
            };
            machine.answers.keep(caller, key, kept);
        }
        let entities = machine.state.entities() as u32;
        for table in 0..entities {
            read_table(&mut r, &mut machine.state, table)?;
        }
        if version > WITHOUT_RUNS {
            machine.runs = Runs::restore(&mut r, machine.program.as_deref())?;
        }
        let program = machine.program.as_deref();
        machine.streams = match version > WITHOUT_STREAMS {
            true => Streams::restore(&mut r, program)?,
            false => program.map(Streams::of).unwrap_or_default(),
        };
        if version > WITHOUT_MERGES {
            let replicas = r.varint()?;
            for table in (u64::from(entities)..).take(replicas as usize) {
                let table = u32::try_from(table).unwrap_or(u32::MAX);
                if !machine.state.make_table(table) {
                    return Err(BadRecord("a replica too many".to_owned()));
                }
                read_table(&mut r, &mut machine.state, table)?;
            }
        }
        machine.begin_views();
        if let Some(program) = &machine.program
            && version > WITHOUT_VIEWS
        {
            match version > WITHOUT_LATE {
                true => {
                    machine.views.restore(program, &mut r)?;
                    machine.streams.restore_seen(&mut r)?;
                }
                false => {
                    let newest = machine.views.restore_5(program, &mut r)?;
                    machine.streams.see_again(&newest);
                }
            }
        }
        r.finish()?;
        Ok(machine)
    }
}

fn put_table(out: &mut Vec<u8>, table: &Table) {
    put_varint(out, table.len() as u64);
    for instance in table.sorted() {
        put_bytes(out, &instance.key);
        put_varint(out, instance.version);
        for slot in &instance.slots {
            put_slot(out, slot);
        }
    }
}

fn read_table(r: &mut Reader<'_>, state: &mut State, table: u32) -> Result<(), BadRecord> {
    for _ in 0..r.varint()? {
        let key: Box<[u8]> = r.bytes()?.into();
        let version = r.varint()?;
        let mut slots = Vec::new();
        for slot in 0..state.slots(table) {
            let held = read_slot(r, state.merging(table, slot).as_deref())?;
            if !held.fits(state.kind(table, slot)) {
                return Err(BadRecord("a slot holds what it should not".to_owned()));
            }
            slots.push(held);
        }
        if state.find(table, &key).is_some() {
            return Err(BadRecord("an instance occurs twice".to_owned()));
        }
        let instance = Instance {
            key,
            version,
            slots,
        };
        state.insert(table, instance);
    }
    Ok(())
}

fn put_slot(out: &mut Vec<u8>, slot: &Slot) {
    match slot {
        Slot::Absent => out.push(0),
        Slot::Scalar(value) => {
            out.push(1);
            put_bytes(out, value);
        }
        Slot::Map(entries) => {
            out.push(2);
            put_varint(out, entries.len() as u64);
            for (key, value) in entries {
                put_bytes(out, key);
                put_bytes(out, value);
            }
        }
        Slot::List(items) => {
            out.push(3);
            put_varint(out, items.len() as u64);
            for item in items {
                put_bytes(out, item);
            }
        }
        Slot::Merged(merged) => {
            out.push(4);
            put_bytes(out, &merged.encoded());
        }
    }
}

fn read_slot(r: &mut Reader<'_>, merging: Option<&Merging>) -> Result<Slot, DecodeError> {
    Ok(match r.byte()? {
        0 => Slot::Absent,
        1 => Slot::Scalar(r.bytes()?.to_vec()),
        2 => {
            let count = r.varint()?;
            let entry = |_| Ok((r.bytes()?.to_vec(), r.bytes()?.to_vec()));
            Slot::Map((0..count).map(entry).collect::<Result<_, DecodeError>>()?)
        }
        3 => {
            let count = r.varint()?;
            let item = |_| Ok(r.bytes()?.to_vec());
            Slot::List((0..count).map(item).collect::<Result<_, DecodeError>>()?)
        }
        4 => {
            let merging = merging.ok_or(r.error("the slot does not merge"))?;
            let state = merging.decode(r.bytes()?)?;
            Slot::Merged(Box::new(merging.holding(state)))
        }
        _ => return Err(r.error("no such kind of slot")),
    })
}
