//! Calls that compute for long run on threads beside the machine's, so that they hold nobody up and more than one core is used.
//!
//! ```text
//!   call of a function that has shown itself to take long ──> queue ──> the machine copies what its plan names ──> a thread runs it
//!                                                            ▲                                                          │
//!                                        those that may conflict with one under way wait       the machine keeps it, or not ◄┘
//! ```
//! What is copied and when a step may be kept says `weir_machine::beside`; here is who runs it, and whether it pays. Nothing of this
//! is in the log: a record made so is that of an ordinary call.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use weir_contract::Manifest;
use weir_contract::beside::may_run_beside;
use weir_contract::manifest::Effect;
use weir_machine::beside::{Begun, Beside, Footprint, How, Ran, Settled, Why, footprint};
use weir_machine::{Call, Steps};

use super::frames::Waiter;
use super::{Answered, Message, Refusal, Worker};

/// How many calls ran beside the machine since the node was started, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BesideCounts {
    /// That run now.
    pub running: u64,
    /// Kept as they were.
    pub kept: u64,
    /// Run again, because something that they had read was changed meanwhile or the time they had asked for had gone on.
    pub conflicts: u64,
    /// Run again, because they read what their plan does not name.
    pub misses: u64,
    /// Run again in the ordinary way, because they did what only a step on the state itself can do, or their time was over.
    pub impossible: u64,
    /// Of calls that were to run beside, those that at last ran in the ordinary way.
    pub ordinary: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    running: AtomicU64,
    kept: AtomicU64,
    conflicts: AtomicU64,
    misses: AtomicU64,
    impossible: AtomicU64,
    ordinary: AtomicU64,
}

impl Counters {
    pub fn now(&self) -> BesideCounts {
        BesideCounts {
            running: self.running.load(Relaxed),
            kept: self.kept.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            misses: self.misses.load(Relaxed),
            impossible: self.impossible.load(Relaxed),
            ordinary: self.ordinary.load(Relaxed),
        }
    }

    fn lost(&self, why: Why) {
        let counter = match why {
            Why::Conflict | Why::TimeWentOn => &self.conflicts,
            Why::Missed => &self.misses,
            Why::Impossible | Why::TookTooLong => &self.impossible,
        };
        counter.fetch_add(1, Relaxed);
    }
}

/// What is set for a node.
#[derive(Clone, Copy, Debug)]
pub struct BesideConfig {
    /// Threads that run calls beside the machine; `None` for as many as the machine has cores, 0 for none: then all run in the
    /// ordinary way.
    pub threads: Option<usize>,
    /// Calls of a function whose steps have taken so long of late run beside.
    pub from: Duration,
}

impl Default for BesideConfig {
    fn default() -> Self {
        BesideConfig {
            threads: None,
            // Handing a step over and keeping it takes some tens of microseconds.
            from: Duration::from_micros(200),
        }
    }
}

/// What is known of a function's calls.
#[derive(Clone, Copy, Default)]
struct Habit {
    /// How long its steps take of late. Begins at nothing, so that one slow start does not make it long.
    mean_ns: u64,
    /// Of 256 that ran beside of late, so many in vain.
    in_vain: u32,
    /// So many calls run in the ordinary way before it is tried again.
    pause: u32,
    /// Its calls always do what cannot be done beside.
    never: bool,
}

/// Of 256 in vain: then it does not pay.
const IN_VAIN_MAX: u32 = 128;
/// Calls that run in the ordinary way then.
const PAUSE: u32 = 64;
/// Copying may take this part of the time that the step takes.
const COPYING_SHARE: u64 = 4;

impl Habit {
    fn took(&mut self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.mean_ns = self.mean_ns - self.mean_ns / 4 + ns / 4;
    }

    fn went(&mut self, well: bool) {
        let one = if well { 0 } else { 256 };
        self.in_vain = (self.in_vain * 7 + one) / 8;
        if self.in_vain > IN_VAIN_MAX {
            (self.in_vain, self.pause) = (0, PAUSE);
        }
    }
}

/// A call that waits to be begun.
struct Queued {
    call: Arc<Call>,
    program: Arc<Manifest>,
    footprint: Footprint,
    answer: Answered,
}

/// A call that runs.
struct Flying {
    call: Arc<Call>,
    program: Arc<Manifest>,
    footprint: Footprint,
    answer: Answered,
    /// The log position of the state that it saw.
    position: u64,
}

struct Job {
    number: u64,
    beside: Box<Beside>,
}

/// What a thread brings back: nothing when it panicked.
pub(super) struct Back {
    number: u64,
    ran: Option<Ran>,
    took: Duration,
}

pub(super) struct Besides {
    threads_max: usize,
    from_ns: u64,
    /// By function of the program in force.
    habits: Vec<Habit>,
    jobs: Option<Sender<Job>>,
    /// Where the threads take them from.
    taken: Option<Arc<Mutex<Receiver<Job>>>>,
    threads: usize,
    next: u64,
    queue: VecDeque<Queued>,
    flying: BTreeMap<u64, Flying>,
    counters: Arc<Counters>,
}

impl Besides {
    pub fn new(config: &BesideConfig, counters: Arc<Counters>) -> Besides {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Besides {
            threads_max: config.threads.unwrap_or_else(cores),
            from_ns: u64::try_from(config.from.as_nanos()).unwrap_or(u64::MAX),
            habits: Vec::new(),
            jobs: None,
            taken: None,
            threads: 0,
            next: 0,
            queue: VecDeque::new(),
            flying: BTreeMap::new(),
            counters,
        }
    }

    /// Another program is in force: threads of the one before end when they are done, and nothing is known of its functions.
    pub fn start_anew(&mut self, program: &Manifest) {
        (self.jobs, self.taken, self.threads) = (None, None, 0);
        let habit = |function| Habit {
            never: may_run_beside(program, function).is_err(),
            ..Habit::default()
        };
        self.habits = program.functions.iter().map(habit).collect();
    }

    /// Whether a call of that function is to run beside.
    pub fn wants(&mut self, function: u32) -> bool {
        let Some(habit) = self.habits.get_mut(function as usize) else {
            return false;
        };
        if self.threads_max == 0 || habit.never || habit.mean_ns < self.from_ns {
            return false;
        }
        let pauses = habit.pause > 0;
        habit.pause = habit.pause.saturating_sub(1);
        !pauses
    }

    /// A step of a call has taken so long.
    pub fn took(&mut self, function: u32, time: Duration) {
        if let Some(habit) = self.habits.get_mut(function as usize) {
            habit.took(time);
        }
    }

    fn went(&mut self, function: u32, well: bool) {
        if let Some(habit) = self.habits.get_mut(function as usize) {
            habit.went(well);
        }
    }

    fn budget(&self, function: u32) -> u64 {
        let habit = self.habits.get(function as usize);
        habit.map_or(0, |habit| habit.mean_ns / COPYING_SHARE)
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.flying.is_empty()
    }

    fn landed(&mut self, number: u64) -> Option<Flying> {
        let flying = self.flying.remove(&number)?;
        self.counters.running.fetch_sub(1, Relaxed);
        Some(flying)
    }

    /// The first that waits and that nothing under way, and nobody who waits longer, may conflict with.
    fn next_queued(&mut self) -> Option<Queued> {
        if self.flying.len() >= self.threads_max {
            return None;
        }
        let may_go = |at: &usize| {
            let own = &self.queue[*at].footprint;
            let flying = self.flying.values().map(|flying| &flying.footprint);
            let ahead = self.queue.iter().take(*at).map(|queued| &queued.footprint);
            !flying.chain(ahead).any(|other| own.conflicts(other))
        };
        let at = (0..self.queue.len().min(LOOKED_AT_MAX)).find(may_go)?;
        self.queue.remove(at)
    }

    /// Nobody takes calls any more.
    pub fn refuse_all(self, why: &Refusal) {
        let queued = self.queue.into_iter().map(|queued| queued.answer);
        let flying = self.flying.into_values().map(|flying| flying.answer);
        queued
            .chain(flying)
            .for_each(|answer| answer(Err(why.clone())));
    }
}

/// So many that wait are looked at to find one that conflicts with nothing.
const LOOKED_AT_MAX: usize = 32;

impl Worker {
    /// Takes a call that is to run beside the machine.
    pub(super) fn call_beside(&mut self, call: Call, program: &Arc<Manifest>, answer: Answered) {
        let Some(footprint) = footprint(&self.program, &call) else {
            self.beside.went(call.function, false);
            return self.call_ordinarily(&call, answer);
        };
        let reads_only = self.reads_only(call.function);
        self.beside.queue.push_back(Queued {
            call: Arc::new(call),
            program: program.clone(),
            // Who only reads disturbs nobody and is disturbed by nobody; what it needs is worked out when it begins.
            footprint: match reads_only {
                true => Footprint::default(),
                false => footprint,
            },
            answer,
        });
        self.begin_beside();
    }

    fn reads_only(&self, function: u32) -> bool {
        self.program.functions[function as usize].effect < Effect::Write
    }

    /// Begins calls that wait, as many as there are threads for.
    fn begin_beside(&mut self) {
        while let Some(queued) = self.beside.next_queued() {
            let Queued {
                call,
                program,
                footprint: own,
                answer,
            } = queued;
            if let Some(why) = &self.failed {
                answer(Err(Refusal::Unavailable(why.clone())));
                continue;
            }
            if !Arc::ptr_eq(&program, &self.program) {
                answer(Err(Refusal::Stale));
                continue;
            }
            let now = self.tick();
            let budget = self.beside.budget(call.function);
            let spots = footprint(&self.program, &call).unwrap_or_default();
            let begun = self.machine.begin_beside(
                &mut *self.steps,
                &program,
                call.clone(),
                spots,
                budget,
                now,
            );
            match begun {
                Begun::Answered(done) => self.done(*done, answer),
                Begun::TooMuch => {
                    self.beside.went(call.function, false);
                    self.call_ordinarily(&call, answer);
                }
                Begun::Beside(beside) => {
                    let flying = Flying {
                        call,
                        program,
                        footprint: own,
                        answer,
                        position: 0,
                    };
                    self.fly(flying, beside);
                }
            }
        }
        if self.beside.threads_max == 0 {
            // No thread could be had.
            while let Some(queued) = self.beside.queue.pop_front() {
                self.call_ordinarily(&queued.call, queued.answer);
            }
        }
    }

    /// Hands it to a thread.
    fn fly(&mut self, flying: Flying, beside: Box<Beside>) {
        let number = self.beside.next;
        self.beside.next += 1;
        let position = self.position.load(Relaxed);
        let call = flying.call.clone();
        let flying = Flying { position, ..flying };
        self.beside.flying.insert(number, flying);
        self.beside.counters.running.fetch_add(1, Relaxed);
        if self.beside.threads < self.beside.flying.len() && !self.new_thread() {
            // Nobody else can run its steps.
            self.beside.threads_max = self.beside.threads;
        }
        let job = Job { number, beside };
        let jobs = self
            .beside
            .jobs
            .as_ref()
            .filter(|_| self.beside.threads > 0);
        if jobs.is_some_and(|jobs| jobs.send(job).is_ok()) {
            return;
        }
        if let Some(flying) = self.beside.landed(number) {
            self.call_ordinarily(&call, flying.answer);
        }
    }

    fn new_thread(&mut self) -> bool {
        let Some(mut steps) = self.steps.twin() else {
            return false;
        };
        if self.beside.taken.is_none() {
            let (sender, receiver) = channel();
            self.beside.jobs = Some(sender);
            self.beside.taken = Some(Arc::new(Mutex::new(receiver)));
        }
        let Some(jobs) = self.beside.taken.clone() else {
            return false;
        };
        let (messages, sent) = (self.messages.clone(), self.sent.clone());
        let work = move || {
            while let Some(job) = next_job(&jobs) {
                let (back, is_well) = run(job, &mut *steps);
                sent.fetch_add(1, std::sync::atomic::Ordering::Release);
                // The machine's thread may have ended already.
                if messages.send(Message::Back(Box::new(back))).is_err() || !is_well {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("weir-beside".to_owned());
        let started = thread.spawn(work).is_ok();
        self.beside.threads += started as usize;
        started
    }

    /// A thread has run a step.
    pub(super) fn back(&mut self, back: Back) {
        let Back { number, ran, took } = back;
        let Some(flying) = self.beside.landed(number) else {
            return;
        };
        let function = flying.call.function;
        if let Some(why) = &self.failed {
            return (flying.answer)(Err(Refusal::Unavailable(why.clone())));
        }
        if !Arc::ptr_eq(&flying.program, &self.program) {
            (flying.answer)(Err(Refusal::Stale));
            return self.begin_beside();
        }
        match ran {
            None => {
                // Its thread is gone.
                self.beside.threads = self.beside.threads.saturating_sub(1);
                self.beside.went(function, false);
                self.call_ordinarily(&flying.call, flying.answer);
            }
            Some(ran) => {
                self.beside.took(function, took);
                self.settle(ran, flying);
            }
        }
        self.begin_beside();
    }

    fn settle(&mut self, ran: Ran, flying: Flying) {
        let function = flying.call.function;
        let now = self.tick();
        match self.machine.settle(&mut *self.steps, ran, now) {
            Settled::Again(beside, why) => {
                self.beside.counters.lost(why);
                self.fly(flying, beside);
            }
            Settled::Done(done, how) => {
                match how {
                    How::Kept => drop(self.beside.counters.kept.fetch_add(1, Relaxed)),
                    How::Ordinary(why) => {
                        self.beside.counters.lost(why);
                        self.beside.counters.ordinary.fetch_add(1, Relaxed);
                        let habit = self.beside.habits.get_mut(function as usize);
                        if let Some(habit) = habit.filter(|_| why == Why::Impossible) {
                            habit.never = true;
                        }
                    }
                }
                self.beside.went(function, how == How::Kept);
                let mut done = *done;
                if how == How::Kept && self.reads_only(function) {
                    // It is exact at the state that it saw.
                    done.position = flying.position;
                    self.wait_for_all(Waiter::Call(flying.answer, done));
                } else {
                    self.done(done, flying.answer);
                }
            }
        }
    }
}

fn next_job(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    let jobs = jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    jobs.recv().ok()
}

/// Also says whether the thread can go on.
fn run(job: Job, steps: &mut dyn Steps) -> (Back, bool) {
    let Job { number, beside } = job;
    let began = std::time::Instant::now();
    // A panic is a bug of ours: the call then runs where all calls run, and the thread is given up.
    let ran = catch_unwind(AssertUnwindSafe(|| beside.run(steps))).ok();
    let is_well = ran.is_some();
    let took = began.elapsed();
    (Back { number, ran, took }, is_well)
}
