//! Running a call beside the machine: on a part of its state that was copied, while other steps go on, and kept only if nothing
//! that it read has changed meanwhile.
//!
//! ```text
//!   begin   what the access plan names is copied: the block      settle   all that was read is so still: the writes are done, the
//!   run     anywhere, at any time, on the block alone                     record is made as if the step had run just now
//!                                                                         else: again with a newer block, or in the ordinary way
//! ```
//! The records are those of the calls run one after the other in the order of the records. What a step sees and could be something
//! else by then is what it read of the state, which is compared; the time, which is compared where it was asked for; and its chance,
//! which comes from a number that is taken when it begins and is nobody else's. Whatever else a step can do ends it here
//! ([`crate::transaction::Transaction::is_lost`]): then nothing has happened, and the call runs in the ordinary way.
//!
//! A call that only reads is exact at the moment its block was taken, so nothing is compared.
//!
//! Plain functions without threads: who holds the machine may begin calls and settle them in any order.

mod block;
mod footprint;

pub(crate) use block::{Block, Reading, What};
pub use footprint::{Footprint, Spot, footprint};

use std::sync::Arc;

use weir_contract::host_call::{Given, Lines};
use weir_contract::manifest::{Effect, Manifest};
use weir_contract::{CrashReason, border};

use crate::asking::{StepCap, Surroundings};
use crate::attempt::{Attempt, RECORD_HEAD, check, outcome_of};
use crate::chance::Chance;
use crate::drive::{Work, caller_of, drive, first_frame};
use crate::machine::{Call, Done, Machine};
use crate::ops::{self, Writes};
use crate::record::Outcome;
use crate::spent::Spent;
use crate::state::State;
use crate::steps::Steps;
use crate::transaction::Transaction;

/// How often a call is tried beside the machine before it runs in the ordinary way.
const ROUNDS_MAX: u32 = 3;
/// Modules of manifests from this version on say in their plans who asks for the time.
const TIME_SAID_SINCE: u32 = 7;

/// What becomes of a call that is to run beside the machine.
pub enum Begun {
    /// It needs no step.
    Answered(Box<Done>),
    Beside(Box<Beside>),
    /// Copying what it touches would cost too much.
    TooMuch,
}

/// A call with all it needs to run, without the machine.
pub struct Beside {
    begun: Origin,
    settings: Arc<Given>,
    cap: StepCap,
    record_bytes_max: usize,
    block: Block,
}

/// A step that has run beside the machine, and may be kept or not.
pub struct Ran {
    /// What it was begun as, without its block.
    begun: Origin,
    end: End,
}

/// What a call was begun as.
struct Origin {
    call: Arc<Call>,
    /// With its sites.
    manifest: Arc<Manifest>,
    program: Arc<Manifest>,
    /// Nobody else's.
    run: u64,
    time: i64,
    /// Of its instance, when the block was taken.
    version: u64,
    /// What the block was to have, for another round.
    spots: Footprint,
    budget: u64,
    round: u32,
}

struct End {
    outcome: Outcome,
    writes: Writes,
    lines: Lines,
    spent: Spent,
    /// The block as it was taken.
    then: State,
    reading: Reading,
    took_too_long: bool,
}

/// What comes of a step that has run beside the machine.
pub enum Settled {
    /// As the machine's `call` gives it, and how it went.
    Done(Box<Done>, How),
    /// It is to run once more, with a newer block.
    Again(Box<Beside>, Why),
}

/// Whether the step that ran beside was of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Kept,
    /// It was not, and the call has run in the ordinary way.
    Ordinary(Why),
}

/// Why a step that ran beside is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Something that it read has changed.
    Conflict,
    /// It read what its plan does not name.
    Missed,
    /// It asked for the time, which has gone on.
    TimeWentOn,
    /// It did what cannot be done beside the machine.
    Impossible,
    /// Its time was over, of which it may have had less than a step has that runs alone.
    TookTooLong,
}

impl Machine {
    /// Takes along what the call needs, as far as its plan says. `budget` is what copying it may cost, in nanoseconds by and large.
    pub fn begin_beside(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Arc<Manifest>,
        call: Arc<Call>,
        spots: Footprint,
        budget: u64,
        now: i64,
    ) -> Begun {
        let Some(program) = self.program.clone() else {
            return Begun::TooMuch;
        };
        let time = now.max(self.time);
        if let Err(done) = self.before(steps, manifest, &call, time) {
            return Begun::Answered(done);
        }
        let Some(block) = Block::take(&self.state, &spots.reads, budget) else {
            return Begun::TooMuch;
        };
        let run = self.next_run;
        self.next_run += 1;
        let version = self.version(&call, manifest);
        let begun = Origin {
            call,
            manifest: manifest.clone(),
            program,
            run,
            time,
            version,
            spots,
            budget,
            round: 1,
        };
        Begun::Beside(Box::new(Beside {
            begun,
            settings: self.settings.clone(),
            cap: self.step_cap,
            record_bytes_max: self.record_bytes_max,
            block,
        }))
    }

    /// Keeps what has run beside, if it is what would come of running it now. The program must be the one it was begun with.
    pub fn settle(&mut self, steps: &mut dyn Steps, ran: Ran, now: i64) -> Settled {
        let Ran { begun, end } = ran;
        let manifest = begun.manifest.clone();
        let function = &manifest.functions[begun.call.function as usize];
        self.spent.add(end.spent);
        if let Err(why) = self.is_good(&begun, &end, function.effect) {
            return self.try_again(steps, begun, &end, why, now);
        }
        if function.effect < Effect::Write {
            let attempt = end.attempt();
            let (run, time) = (begun.run, begun.time);
            let mut done = self.after(&manifest, &begun.call, None, run, time, attempt);
            done.version = begun.version;
            return Settled::Done(Box::new(done), How::Kept);
        }
        let time = match end.saw_time(&begun) {
            true => begun.time,
            false => now.max(self.time),
        };
        let digest = match self.before(steps, &manifest, &begun.call, time) {
            Ok(digest) => digest,
            // Another call with its key was faster, or so: this one never began.
            Err(done) => return Settled::Done(done, How::Kept),
        };
        let attempt = end.attempt();
        if !attempt.writes.is_empty() {
            self.state.make_room();
            let applied = ops::apply(&mut self.state, &attempt.writes);
            applied.expect("what a step has written can be done again");
            self.tell_views(&attempt.writes);
        }
        let done = self.after(&manifest, &begun.call, digest, begun.run, time, attempt);
        Settled::Done(Box::new(done), How::Kept)
    }

    fn is_good(&self, begun: &Origin, end: &End, effect: Effect) -> Result<(), Why> {
        if end.reading.is_astray() {
            return Err(Why::Impossible);
        }
        if end.reading.missed().is_some() {
            return Err(Why::Missed);
        }
        if end.took_too_long {
            return Err(Why::TookTooLong);
        }
        if effect < Effect::Write {
            return Ok(());
        }
        if end.saw_time(begun) && self.time > begun.time {
            return Err(Why::TimeWentOn);
        }
        match end.reading.still_holds(&end.then, &self.state) {
            true => Ok(()),
            false => Err(Why::Conflict),
        }
    }

    fn try_again(
        &mut self,
        steps: &mut dyn Steps,
        begun: Origin,
        end: &End,
        why: Why,
        now: i64,
    ) -> Settled {
        let Origin {
            call,
            manifest,
            mut spots,
            budget,
            round,
            ..
        } = begun;
        let is_worth_it = matches!(why, Why::Conflict | Why::Missed) && round < ROUNDS_MAX;
        if is_worth_it {
            spots.reads.extend(end.reading.missed());
            let begun = self.begin_beside(steps, &manifest, call.clone(), spots, budget, now);
            match begun {
                Begun::Answered(done) => return Settled::Done(done, How::Ordinary(why)),
                Begun::Beside(mut beside) => {
                    beside.begun.round = round + 1;
                    return Settled::Again(beside, why);
                }
                Begun::TooMuch => {}
            }
        }
        let done = self.call(steps, &manifest, &call, now);
        Settled::Done(Box::new(done), How::Ordinary(why))
    }
}

impl Beside {
    /// Runs the step to its end. Needs nothing but itself.
    pub fn run(self, steps: &mut dyn Steps) -> Ran {
        let begun = self.begun;
        let (call, manifest) = (&begun.call, &*begun.manifest);
        let function = &manifest.functions[call.function as usize];
        let caller = caller_of(call);
        let first = first_frame(call);
        let work = Work::of_call(manifest, call, &first, &caller, begun.time);
        let around = Surroundings {
            program: Some(begun.program.clone()),
            next_run: begun.run + 1,
            chance: Chance::new(begun.run, 0),
            time: begun.time,
            cap: self.cap,
            settings: self.settings,
            ..Surroundings::default()
        };
        let on = Transaction::begin_on(self.block, around);
        let (mut on, result) = drive(steps, &work, on);
        let used = work.used();
        let room = self.record_bytes_max.saturating_sub(used + RECORD_HEAD);
        let checked =
            result.and_then(|driven| check(&manifest.limits, &on, function.effect, room, driven));
        let took_too_long = checked
            .as_ref()
            .is_err_and(|crash| crash.reason == CrashReason::StepTooLong);
        let lines = std::mem::take(&mut on.asking.lines);
        let outcome = outcome_of(manifest, checked);
        let spent = on.spent();
        let (writes, then, reading) = on.part();
        let end = End {
            outcome,
            writes,
            lines,
            spent,
            then,
            reading,
            took_too_long,
        };
        Ran { begun, end }
    }
}

impl Ran {
    /// The program in force when it was begun.
    pub fn program(&self) -> &Arc<Manifest> {
        &self.begun.program
    }
}

impl End {
    fn saw_time(&self, begun: &Origin) -> bool {
        let function = &begun.manifest.functions[begun.call.function as usize];
        begun.manifest.version < TIME_SAID_SINCE
            || function.plan.asks_time
            || self.reading.saw_time()
    }

    /// What a step gives that has run on the state itself.
    fn attempt(self) -> Attempt {
        let is_dropped = is_dropped(&self.outcome);
        Attempt {
            outcome: self.outcome,
            asks: Vec::new(),
            writes: match is_dropped {
                true => Writes::default(),
                false => self.writes,
            },
            lines: self.lines,
            lacks_scratch: false,
        }
    }
}

/// Whether nothing of a step that ended so is kept.
pub(crate) fn is_dropped(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Bug(_) => true,
        Outcome::Output(output) => output.first() == Some(&border::OUTPUT_DENIED),
        Outcome::Suspended(_) => false,
    }
}
