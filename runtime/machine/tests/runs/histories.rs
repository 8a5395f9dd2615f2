//! Histories made up at random: scripts that wait, send, branch and fail in all ways, with events, answers, cancelling and
//! resuming at random moments. A process that dies after every record must come to the same end as one that never does.

use crate::random::Random;
use crate::relabel::renumbered;
use crate::scripts::{GO, RUN, World, manifest};
use std::collections::BTreeMap;

use weir_machine::StepCap;

/// Scripts of chance.
impl Random {
    fn key(&mut self) -> &'static str {
        ["a", "b", "c"][self.next(3) as usize]
    }

    /// Only workflows wait for events.
    fn call(&mut self) -> String {
        let script = self.script(3);
        let other = script.replace("wait 0 1 within", "sleep");
        format!(
            "log s; {}",
            other.replace("wait 0", "yield").replace("wait 1", "yield")
        )
    }

    fn script(&mut self, depth: u32) -> String {
        let count = 1 + self.next(4);
        let commands: Vec<String> = (0..count).map(|_| self.command(depth)).collect();
        commands.join("; ")
    }

    fn command(&mut self, depth: u32) -> String {
        let n = self.next(100);
        let inner = |random: &mut Random| random.script(depth - 1);
        match self.next(if depth > 0 { 22 } else { 15 }) {
            0 => "yield".into(),
            1 => format!("sleep {}", n % 7),
            2 => format!("wait 0 1 within {}", n % 20),
            3 => format!("wait {}", n % 2),
            4 if n < 20 => format!("look {n}"),
            4 => format!("charge {n}"),
            5 => format!("post {n} within {}", n % 20),
            6 => format!("undo u{n}"),
            7 => format!("note {} n{n}", self.key()),
            8 => format!("note_after {} {} m{n}", n % 9, self.key()),
            9 => format!("event_after {} {} {}", n % 9, self.key(), n % 2),
            10 => format!("event {} {}", self.key(), n % 2),
            11 if n < 30 => "fail".into(),
            12 if n < 30 => "bug".into(),
            13 => "full".into(),
            14 => "cancel".into(),
            15 => format!("sub ({})", inner(self)),
            16 => format!("par ({}) ({})", inner(self), inner(self)),
            17 => format!("send {} ({})", self.key(), inner(self)),
            18 => format!(
                "send_after {} {} ({}); cancel",
                n % 5,
                self.key(),
                inner(self)
            ),
            19 => format!("run {} ({}) within {n}", self.key(), inner(self)),
            20 => format!("try (note {} no; undo no; log no)", self.key()),
            _ => format!("log l{n}"),
        }
    }
}

/// One thing from outside, or some time.
fn act(world: &mut World, random: &mut Random) {
    let n = random.next(1000) as usize;
    // Those that nobody waits for any more are forgotten by a process that dies.
    world.outside = world.machine.outstanding().into();
    match random.next(13) {
        0 | 1 => drop(world.call(GO, "", &random.call())),
        2 => drop(world.call(RUN, random.key(), &random.script(3))),
        3 | 4 => drop(world.event(random.key(), (n % 2) as u32, "e")),
        5 | 6 if !world.outside.is_empty() => {
            world.answer([None, None, Some(2), Some(3)][n % 4]);
        }
        7 => {
            world.steps.mended = true;
            let runs: Vec<u64> = world.machine.runs().going().map(|(n, _)| n).collect();
            for run in runs {
                world.resume(run);
            }
        }
        8 if n.is_multiple_of(4) => {
            let runs: Vec<u64> = world.machine.runs().going().map(|(n, _)| n).collect();
            if !runs.is_empty() {
                let run = runs[n % runs.len()];
                match n.is_multiple_of(16) {
                    true => world.end_now(run),
                    false => world.cancel(run),
                };
            }
        }
        9 => world.steps.mended = false,
        10 | 12 => world.pass((n % 30) as i64),
        11 if n.is_multiple_of(4) => world.deploy(match n % 8 {
            0 => renumbered(),
            _ => manifest(),
        }),
        _ => drop(world.advance()),
    }
}

/// A history. With `dies`, the process starts anew after each thing that happens; half of the times from a snapshot.
fn history(seed: u64, dies: bool) -> World {
    let mut world = World::new();
    let mut random = Random::new(seed);
    let cap = StepCap {
        transactions: (seed % 3) as u32,
        ..StepCap::default()
    };
    world.machine.step_cap = cap;
    for _ in 0..60 {
        act(&mut world, &mut random);
        if dies {
            let at = match world.records.len() % 2 {
                0 => world.records.len() / 2,
                _ => usize::MAX,
            };
            world.restart(at);
        }
    }
    world
}

fn first(world: &World) -> Option<u64> {
    world.machine.runs().going().map(|(n, _)| n).next()
}

#[test]
fn dying_after_everything_changes_nothing() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..60 {
        let (once, again) = (history(seed, false), history(seed, true));
        assert_eq!(once.log(), again.log(), "seed {seed}");
        assert_eq!(once.records.len(), again.records.len(), "seed {seed}");
        for (n, (a, b)) in once.records.iter().zip(&again.records).enumerate() {
            assert!(a.body == b.body, "seed {seed}: record {n} is another");
        }
        assert_eq!(once.ended, again.ended, "seed {seed}");
        for word in once.log().split([' ', ':']) {
            *seen.entry(word.to_owned()).or_default() += 1;
        }
    }
    // The histories are worth the time only if they come by everything.
    for word in [
        "approved", "rejected", "nothing", "answer", "error", "ok", "joined", "undo",
    ] {
        assert!(seen.get(word).is_some_and(|n| *n >= 3), "{word}: {seen:?}");
    }
}

#[test]
fn every_prefix_of_a_history_goes_on_to_an_end() {
    for seed in 1..20 {
        let whole = history(seed, false);
        for cut in (1..whole.records.len()).step_by(11) {
            let mut world = World::new();
            world.records = whole.records[..cut].to_vec();
            world.now = whole.now;
            world.restart(cut / 2);
            world.steps.mended = true;
            let runs: Vec<u64> = world.machine.runs().going().map(|(n, _)| n).collect();
            for run in &runs {
                world.resume(*run);
            }
            world.pass(1000);
            while !world.outside.is_empty() {
                world.answer(None);
                world.pass(1000);
            }
            // What is left waits for events, or for a run that does; cancelled, it undoes and ends.
            while let Some(run) = first(&world) {
                world.cancel(run);
                world.pass(1000);
                while !world.outside.is_empty() {
                    world.answer(None);
                    world.pass(1000);
                }
            }
            assert_eq!(world.machine.next_due(), None, "seed {seed}");
        }
    }
}

#[test]
fn damaged_records_and_snapshots_of_runs_are_refused_without_panic() {
    let whole = history(11, false);
    let mut machine = weir_machine::Machine::new();
    for record in &whole.records {
        for at in (0..record.body.len()).step_by(3) {
            let mut bytes = record.body.clone();
            bytes[at] ^= 0x41;
            // Changed bytes may by chance be another valid record; what they must not do is panic, now or at what comes next.
            let mut other = machine.clone();
            if other.apply(record.kind, &bytes).is_ok() && other.program().is_some() {
                let _ = other.deploy(&renumbered(), 1);
            }
            let _ = machine.clone().apply(record.kind, &record.body[..at]);
        }
        machine.apply(record.kind, &record.body).unwrap();
    }
    let snapshot = machine.snapshot();
    for at in (0..snapshot.len()).step_by(5) {
        let mut bytes = snapshot.clone();
        bytes[at] ^= 0x41;
        if let Ok(mut other) = weir_machine::Machine::restore(&bytes) {
            let _ = other.deploy(&renumbered(), 1);
        }
    }
}
