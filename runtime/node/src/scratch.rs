//! Temporary data on a node: it is computed by threads beside the machine's, kept in memory and in files while a run may read it, and
//! gone afterwards.
//!
//! ```text
//!   a step reads it ──> not there: the step is dropped, the strand waits, a job begins
//!   threads take tasks of jobs, each runs them in an instance of its own ──> all done: the machine hears, the strand tries again
//!   each record of a run says which of it the run may still read ──> what nobody may read is dropped
//! ```
//! None of this is in the log. After a crash the strands are where they were, find nothing, and it begins anew.

mod room;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use weir_contract::host_call::Given;
use weir_contract::library::Refusal;
use weir_contract::scratch::{Found, ScratchStore};
use weir_contract::{CrashReason, Manifest};
use weir_machine::Steps;
use weir_machine::scratch::{Job, Piece, Progress, Task, made_of_others, run_task};

use self::room::FileRoom;

/// A task that is lost so often with whoever ran it will be lost the next time too: the data cannot be had.
const LOST_MAX: usize = 5;

/// What is set for a node.
#[derive(Clone, Debug, Default)]
pub struct ScratchConfig {
    /// Where temporary data lies that is too much for memory; it is emptied. Without one there is memory only.
    pub dir: Option<PathBuf>,
    /// Threads that compute it; 0 for as many as the machine has cores.
    pub threads: usize,
    /// Tests only: each so many-th task is lost with a panic of whoever ran it.
    pub lose_every: u32,
}

/// What is held, for people and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alive {
    /// How many pieces of temporary data are there or being made.
    pub data: usize,
    pub memory_bytes: u64,
    pub disk_bytes: u64,
}

pub struct Workshop {
    inner: Mutex<Inner>,
    /// There may be a task, or it ends.
    work: Condvar,
    room: FileRoom,
    config: ScratchConfig,
    tasks_run: AtomicU32,
    /// How many there are for the program in force.
    threads: AtomicUsize,
    came: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Inner {
    program: Option<Arc<Manifest>>,
    data: BTreeMap<Vec<u8>, Data>,
    /// What each run may still read.
    owners: BTreeMap<u64, Vec<Vec<u8>>>,
    next_job: u64,
    /// Threads of an earlier one end.
    generation: u64,
}

enum Data {
    Making(Making),
    There(Vec<Arc<dyn Piece>>),
    Failed(Refusal),
}

struct Making {
    number: u64,
    job: Arc<Mutex<Job>>,
    needs: Vec<Vec<u8>>,
    since: Instant,
    /// As it was when somebody asked last.
    progress: Progress,
}

/// The data that is there, for a job that takes parts of other data.
struct View<'a>(&'a BTreeMap<Vec<u8>, Data>);

impl ScratchStore for View<'_> {
    fn parts(&self, made_from: &[u8]) -> Found<u64> {
        match self.0.get(made_from) {
            Some(Data::There(parts)) => Found::There(parts.len() as u64),
            Some(Data::Failed(refusal)) => Found::Failed(refusal.clone()),
            Some(Data::Making(_)) | None => Found::Missing,
        }
    }

    fn part(&self, _: &[u8], _: u64) -> Found<Vec<u8>> {
        Found::Missing
    }

    fn is_here(&self) -> bool {
        false
    }

    fn put(&self, _: &[u8], _: Result<Vec<Vec<u8>>, Refusal>) {}
}

/// A task, and which data it is of.
struct Taken {
    made_from: Vec<u8>,
    number: u64,
    job: Arc<Mutex<Job>>,
    task: Task,
}

impl Workshop {
    /// `came` is called whenever something that was missing is there, or cannot be had.
    pub fn open(
        config: &ScratchConfig,
        came: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Arc<Workshop>> {
        Ok(Arc::new(Workshop {
            inner: Mutex::default(),
            work: Condvar::new(),
            room: FileRoom::open(config.dir.clone())?,
            config: config.clone(),
            tasks_run: AtomicU32::new(0),
            threads: AtomicUsize::new(0),
            came: Box::new(came),
        }))
    }

    /// Puts a program in force: threads for it, none for the one before. What that one has made is dropped, because another code may
    /// make something else of the same.
    pub fn start(self: &Arc<Self>, program: &Arc<Manifest>, given: &Arc<Given>, steps: &dyn Steps) {
        let limits = &program.limits;
        self.room
            .set_limits(limits.scratch_memory_bytes(), limits.scratch_disk_bytes());
        let generation = {
            let mut inner = self.lock();
            inner.generation += 1;
            inner.program = Some(program.clone());
            inner.data.clear();
            self.work.notify_all();
            inner.generation
        };
        self.threads.store(0, Relaxed);
        if program.scratches.is_empty() {
            return;
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let count = match self.config.threads {
            0 => cores(),
            count => count,
        };
        for _ in 0..count {
            let Some(steps) = steps.beside() else { break };
            let hand = Hand {
                workshop: self.clone(),
                program: program.clone(),
                given: given.clone(),
                steps,
                generation,
            };
            let thread = std::thread::Builder::new()
                .name("weir-scratch".to_owned())
                .spawn(move || hand.work());
            thread.expect("the system can start a thread");
            self.threads.fetch_add(1, Relaxed);
        }
    }

    /// Nothing is computed any more; threads end when they have done the task they are at.
    pub fn stop(&self) {
        self.lock().generation += 1;
        self.work.notify_all();
    }

    /// From now on a run may still read this, and nothing else.
    pub fn owned(&self, run: u64, made_from: Vec<Vec<u8>>) {
        let mut inner = self.lock();
        match made_from.is_empty() {
            true if inner.owners.remove(&run).is_none() => return,
            true => {}
            false => drop(inner.owners.insert(run, made_from)),
        }
        inner.collect();
    }

    pub fn alive(&self) -> Alive {
        let held = self.room.held();
        Alive {
            data: self.lock().data.len(),
            memory_bytes: held.memory_bytes.load(Relaxed),
            disk_bytes: held.disk_bytes.load(Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No panic leaves it half done.
        self.inner.lock().unwrap_or_else(|lost| lost.into_inner())
    }

    /// What is there of it; begins a job where nothing is.
    fn find<T>(&self, made_from: &[u8], get: impl FnOnce(&[Arc<dyn Piece>]) -> T) -> Found<T> {
        let mut inner = self.lock();
        match inner.data.get(made_from) {
            Some(Data::There(parts)) => return Found::There(get(parts)),
            Some(Data::Making(_)) => return Found::Missing,
            Some(Data::Failed(refusal)) => {
                // Whoever tries again later, as by `weir resume`, begins anew.
                let refusal = refusal.clone();
                inner.data.remove(made_from);
                return Found::Failed(refusal);
            }
            None => {}
        }
        match inner.begin(made_from) {
            Ok(()) => {
                self.work.notify_all();
                Found::Missing
            }
            Err(refusal) => Found::Failed(refusal),
        }
    }

    /// The next task of any job, or none when this generation ends.
    fn next(&self, generation: u64) -> Option<Taken> {
        let mut inner = self.lock();
        loop {
            if inner.generation != generation {
                return None;
            }
            match inner.task() {
                Ok(Some(taken)) => return Some(taken),
                Ok(None) => {
                    let woken = self.work.wait(inner);
                    inner = woken.unwrap_or_else(|lost| lost.into_inner());
                }
                Err((made_from, refusal)) => {
                    inner.data.insert(made_from, Data::Failed(refusal));
                    drop(inner);
                    (self.came)();
                    inner = self.lock();
                }
            }
        }
    }

    fn done(&self, taken: &Taken, output: Result<Vec<u8>, Refusal>) {
        let lost = |refusal: &Refusal| {
            refusal.reason == CrashReason::NoScratch && refusal.detail.is_empty()
        };
        let result = match output {
            Ok(bytes) => {
                let mut job = taken.job.lock().unwrap_or_else(|lost| lost.into_inner());
                job.took(taken.task.number, bytes, &self.room)
                    .map(|()| job.is_done().then(|| job.made().to_vec()))
            }
            // What it needs was dropped meanwhile.
            Err(refusal) if lost(&refusal) => return self.again(taken),
            Err(refusal) => Err(refusal),
        };
        let mut inner = self.lock();
        let is_it = |data: &&mut Data| matches!(data, Data::Making(m) if m.number == taken.number);
        let Some(data) = inner.data.get_mut(&taken.made_from).filter(is_it) else {
            return;
        };
        let came = match result {
            Ok(Some(parts)) => {
                *data = Data::There(parts);
                true
            }
            Ok(None) => false,
            Err(refusal) => {
                *data = Data::Failed(refusal);
                true
            }
        };
        if came {
            // What only this needed.
            inner.collect();
        }
        self.work.notify_all();
        drop(inner);
        if came {
            (self.came)();
        }
    }

    /// A task was lost with the thread that ran it.
    fn lost(&self, taken: &Taken) {
        let mut job = taken.job.lock().unwrap_or_else(|lost| lost.into_inner());
        let times = job.lost(taken.task.number);
        let name = job.name().to_owned();
        drop(job);
        if times < LOST_MAX {
            return self.again(taken);
        }
        let why = format!("a task of {name} was lost {times} times with the thread that ran it");
        let why = Refusal {
            reason: CrashReason::NoScratch,
            detail: why,
        };
        self.done(taken, Err(why));
    }

    /// A task is to be given out again.
    fn again(&self, taken: &Taken) {
        let mut inner = self.lock();
        let mut job = taken.job.lock().unwrap_or_else(|lost| lost.into_inner());
        job.again(taken.task.number);
        for needed in job.needs() {
            if !inner.data.contains_key(&needed) {
                let _ = inner.begin(&needed);
            }
        }
        self.work.notify_all();
    }
}

impl Inner {
    fn begin(&mut self, made_from: &[u8]) -> Result<(), Refusal> {
        let Some(program) = self.program.clone() else {
            return Err(CrashReason::Unreachable.into());
        };
        let job = Job::new(program, made_from)?;
        let needs = job.needs();
        for needed in &needs {
            if matches!(self.data.get(needed), None | Some(Data::Failed(_))) {
                self.begin(needed)?;
            }
        }
        let making = Making {
            number: self.next_job,
            needs,
            since: Instant::now(),
            progress: job.progress(),
            job: Arc::new(Mutex::new(job)),
        };
        self.next_job += 1;
        self.data.insert(made_from.to_vec(), Data::Making(making));
        Ok(())
    }

    /// The next task, oldest job first; or which data cannot be had, and why.
    fn task(&self) -> Result<Option<Taken>, (Vec<u8>, Refusal)> {
        let mut jobs: Vec<(&Vec<u8>, &Making)> = self
            .data
            .iter()
            .filter_map(|(made_from, data)| match data {
                Data::Making(making) => Some((made_from, making)),
                _ => None,
            })
            .collect();
        jobs.sort_by_key(|(_, making)| making.number);
        let view = View(&self.data);
        'jobs: for (made_from, making) in jobs {
            for needed in &making.needs {
                match self.data.get(needed) {
                    Some(Data::There(_)) => {}
                    Some(Data::Failed(refusal)) => {
                        return Err((made_from.clone(), refusal.clone()));
                    }
                    _ => continue 'jobs,
                }
            }
            // Whoever holds it puts together what tasks have given.
            let Ok(mut job) = making.job.try_lock() else {
                continue;
            };
            match job.next(&view) {
                Ok(Some(task)) => {
                    return Ok(Some(Taken {
                        made_from: made_from.clone(),
                        number: making.number,
                        job: making.job.clone(),
                        task,
                    }));
                }
                Ok(None) => {}
                Err(refusal) => return Err((made_from.clone(), refusal)),
            }
        }
        Ok(None)
    }

    /// Drops what no run may read, and what nothing that is being made needs.
    fn collect(&mut self) {
        let Some(program) = &self.program else { return };
        let mut wanted: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut left: Vec<Vec<u8>> = self.owners.values().flatten().cloned().collect();
        while let Some(made_from) = left.pop() {
            if !matches!(self.data.get(&made_from), Some(Data::There(_))) {
                left.extend(made_of_others(program, &made_from));
            }
            wanted.insert(made_from);
        }
        self.data.retain(|made_from, _| wanted.contains(made_from));
    }
}

impl ScratchStore for Workshop {
    fn parts(&self, made_from: &[u8]) -> Found<u64> {
        self.find(made_from, |parts| parts.len() as u64)
    }

    fn part(&self, made_from: &[u8], number: u64) -> Found<Vec<u8>> {
        // Read behind the lock: it may lie in a file.
        match self.find(made_from, |parts| parts.get(number as usize).cloned()) {
            Found::There(Some(part)) => match part.bytes() {
                Ok(bytes) => Found::There(bytes),
                Err(refusal) => Found::Failed(refusal),
            },
            Found::There(None) => Found::Failed(CrashReason::Unreachable.into()),
            Found::Missing => Found::Missing,
            Found::Failed(refusal) => Found::Failed(refusal),
        }
    }

    fn is_here(&self) -> bool {
        false
    }

    fn put(&self, _: &[u8], _: Result<Vec<Vec<u8>>, Refusal>) {}
}

/// One thread.
struct Hand {
    workshop: Arc<Workshop>,
    program: Arc<Manifest>,
    given: Arc<Given>,
    steps: Box<dyn Steps + Send>,
    generation: u64,
}

impl Hand {
    fn work(self) {
        while let Some(mut taken) = self.workshop.next(self.generation) {
            let ran = catch_unwind(AssertUnwindSafe(|| self.run(&taken.task)));
            // Before anybody hears of it: what is held then is what is needed.
            taken.task.let_go();
            match ran {
                Ok(output) => self.workshop.done(&taken, output),
                Err(_) => self.workshop.lost(&taken),
            }
        }
    }

    /// In an instance that nobody uses before or after: its memory goes with the task.
    fn run(&self, task: &Task) -> Result<Vec<u8>, Refusal> {
        let Some(mut steps) = self.steps.beside() else {
            return Err(Refusal {
                reason: CrashReason::StepTooLarge,
                detail: "no instance for a task".to_owned(),
            });
        };
        let output = run_task(&mut *steps, &self.program, &self.given, task);
        let number = self.workshop.tasks_run.fetch_add(1, Relaxed) + 1;
        let every = self.workshop.config.lose_every;
        if every > 0 && number.is_multiple_of(every) {
            std::panic::resume_unwind(Box::new("a task that a test lets be lost"));
        }
        output
    }
}
