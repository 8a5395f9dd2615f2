//! The machine at work: orders calls, runs their steps one after the other, and lets answers out when the log has them.
//!
//! ```text
//!   calls --> [ step, step, step ] --> open frame --append--> in flight --durable--> answers
//! ```
//! One at a time holds the worker, which is the machine with its frames: the machine's thread, which takes what is sent to it,
//! or a caller that finds the worker free and runs its own step there and then ([`Door::call_here`]). The second saves
//! waking two threads for one call; the first is how many calls become one batch.
//!
//! Between messages, the thread lets runs go on: strands whose turn it is and timers that are due, a few at a time. Outside calls
//! are made, and those who wait for a run are told, when the record that says so is durable.
//!
//! Calls that compute for long run on other threads, on what they need of the state ([`beside`]).
//!
//! While a frame is syncing the next one fills; nothing waits for a timer. A call that wrote nothing has no record, but
//! its answer may show what an open frame wrote, so it leaves with that frame.

mod beside;
mod door;
mod going;

pub use beside::{BesideConfig, BesideCounts};
pub use door::Door;
pub use going::{EventAnswer, Order, WhichRun};

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use weir_contract::Manifest;
use weir_contract::host_call::Given;
use weir_contract::scratch::Scratches;
use weir_log::{AppendError, Hlc, Log, Lsn, OwnerId, Record, Writer};
use weir_machine::pieces::cut;
use weir_machine::{Action, Answer, Call, Done, Incompatible, Machine, Steps};

use self::beside::{Back, Besides, Counters};
use self::going::{AboutRun, RunWaiters};
use crate::config::{Clock, Config};
use crate::outside::Outside;
use crate::program::Program;
use crate::recovery::{PARTITION, RecoveryError, recover};
use crate::scratch::{Alive, Workshop};
use crate::speech::Speech;

/// Why a call was not answered. None of these says that it was not done, except where noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many calls wait; this one was not begun.
    Busy,
    /// Another program came into force meanwhile; not begun, to be read again.
    Stale,
    /// The log took the record or not; asking again with the same idempotency key finds out.
    Unavailable(String),
    /// The node is stopping; not begun.
    Stopping,
}

type Answered = Box<dyn FnOnce(Result<Done, Refusal>) + Send>;
type Look = Box<dyn FnOnce(&Machine) + Send>;
type Reloaded = Box<dyn FnOnce(Result<(), Incompatible>) + Send>;

enum Message {
    Call {
        call: Call,
        /// The program the call was read by.
        program: Arc<Manifest>,
        answer: Answered,
    },
    Look(Look),
    AboutRun(AboutRun),
    Reload {
        program: Program,
        done: Reloaded,
    },
    Durable(Result<Lsn, AppendError>),
    SnapshotStored(Result<Lsn, String>),
    /// A guest made something that is due before the thread would wake.
    Wake,
    /// Temporary data is there, or cannot be had.
    ScratchCame,
    /// A step has run beside the machine.
    Back(Box<Back>),
    Stop,
}

impl Message {
    /// Whoever waits for it is told why nothing comes of it.
    fn refuse(self, why: Refusal) {
        match self {
            Message::Call { answer, .. } => answer(Err(why)),
            Message::AboutRun(about) => about.refuse(why),
            _ => {}
        }
    }
}

/// Why a node does not start.
#[derive(Debug)]
pub enum StartError {
    Recovery(RecoveryError),
    Program(Incompatible),
    /// The log did not take the record that puts the program in force.
    Append(AppendError),
    /// The port or a thread could not be had.
    System(std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Recovery(error) => error.fmt(f),
            StartError::Program(error) => error.fmt(f),
            StartError::Append(error) => write!(f, "the log did not take the program: {error}"),
            StartError::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// What a program is given, with the place of temporary data.
fn lend(workshop: &Arc<Workshop>, settings: &Given) -> Arc<Given> {
    let scratches = Scratches(workshop.clone());
    Arc::new(settings.clone().with_scratches(scratches))
}

/// A machine on its thread.
pub struct Core {
    door: Door,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Core {
    /// Recovers, takes the log, puts the program in force and starts the thread.
    pub fn start(config: &Config, program: Program, log: Arc<dyn Log>) -> Result<Core, StartError> {
        let lost = |error| StartError::Recovery(RecoveryError::Log(error));
        let writer = log
            .take(PARTITION, OwnerId(std::process::id() as u128))
            .map_err(lost)?;
        let (mut machine, last) = recover(&*log).map_err(StartError::Recovery)?;
        let newest_snapshot = log
            .snapshots()
            .list(PARTITION)
            .map_err(lost)?
            .last()
            .map_or(Lsn::ZERO, |id| id.at);
        machine.record_bytes_max = log.limits().frame_bytes_max / 2;
        machine.view_rows_waited_for = config.view_rows_waited_for;
        let (messages, inbox) = channel();
        let (durable, positions) = watch::channel(last.0);
        let sent = Arc::<AtomicUsize>::default();
        let came = {
            let (messages, sent) = (messages.clone(), sent.clone());
            move || {
                sent.fetch_add(1, Ordering::Release);
                // The thread may have ended already.
                let _ = messages.send(Message::ScratchCame);
            }
        };
        let workshop = Workshop::open(&config.scratch, came).map_err(StartError::System)?;
        machine.settings = lend(&workshop, &program.settings);
        workshop.start(&program.manifest, &machine.settings, &*program.steps);
        let current = Arc::new(RwLock::new(program.manifest.clone()));
        let beside_counters = Arc::<Counters>::default();
        let mut beside = Besides::new(&config.beside, beside_counters.clone());
        beside.start_anew(&program.manifest);
        let mut worker = Worker {
            machine,
            writer,
            log,
            steps: program.steps,
            outside: program.outside,
            speech: config.speech.clone(),
            run_waiters: RunWaiters::default(),
            program: program.manifest,
            current: current.clone(),
            messages: messages.clone(),
            sent,
            waiting: Arc::default(),
            workshop: workshop.clone(),
            beside,
            wakes: None,
            alone: 0,
            open: VecDeque::new(),
            in_flight: VecDeque::new(),
            clock: config.clock.clone(),
            now: 0,
            since_snapshot: last.0.saturating_sub(newest_snapshot.0),
            snapshot_every: config.snapshot_every_records,
            snapshot: SnapshotStage::Idle,
            older_snapshot: newest_snapshot,
            durable,
            position: Arc::new(AtomicU64::new(last.0)),
            views_wait: true,
            failed: None,
            stopping: false,
        };
        worker.now = worker.machine.time();
        let now = worker.tick();
        let manifest = worker.program.clone();
        if let Some(record) = worker
            .machine
            .deploy(&manifest, now)
            .map_err(StartError::Program)?
        {
            for piece in cut(record, worker.machine.record_bytes_max) {
                let ack = worker.writer.append(Hlc(now as u64), vec![piece]);
                ack.wait().map_err(StartError::Append)?;
            }
            worker.at_position();
        }
        worker.call_again();
        let worker_position = worker.position.clone();
        worker.own_all_scratch();
        let door = Door {
            workshop,
            beside: beside_counters,
            messages,
            sent: worker.sent.clone(),
            waiting: worker.waiting.clone(),
            worker: Arc::new(Mutex::new(Some(worker))),
            queue_max: config.queue_max,
            program: current,
            positions,
            position: worker_position,
        };
        let inbox = Inbox {
            messages: inbox,
            sent: door.sent.clone(),
        };
        let worker = door.worker.clone();
        let thread = std::thread::Builder::new().name("weir-machine".to_owned());
        let thread = thread
            .spawn(move || run(&worker, &inbox))
            .map_err(StartError::System)?;
        Ok(Core {
            door,
            thread: Some(thread),
        })
    }

    pub fn door(&self) -> &Door {
        &self.door
    }

    /// Finishes what was handed in, takes a snapshot and ends the thread.
    pub fn stop(mut self) -> Result<(), String> {
        self.join()
    }

    fn join(&mut self) -> Result<(), String> {
        self.door.stop();
        let ended = match self.thread.take() {
            Some(thread) => thread
                .join()
                .unwrap_or_else(|_| Err("the machine's thread panicked".to_owned())),
            None => Ok(()),
        };
        self.door.workshop.stop();
        ended
    }

    /// Whether the thread has ended by itself, which only a failing log or a bug of ours makes it do.
    pub fn has_failed(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if self.thread.is_some() {
            let _ = self.join();
        }
    }
}

/// Records that fit one frame are at most this many bytes, whatever the log takes, so that one sync stays short.
const FRAME_TARGET_BYTES: usize = 1 << 20;
/// A frame that is longer takes its time to write, so the committing thread does it.
const ALONE_BYTES_MAX: usize = 16 << 10;
/// Calls handled before the open frame is looked after again.
const BATCH_MAX: usize = 1024;

/// Things runs do before messages are looked after again.
const RUN_STEPS_MAX: usize = 64;
/// Frames that may be open while runs go on by themselves.
const OPEN_FRAMES_MAX: usize = 2;

/// Told nothing, or why the log failed.
type Tell = Box<dyn FnOnce(Option<&str>) + Send>;

enum Waiter {
    Call(Answered, Done),
    Reload(Reloaded),
    /// Something that runs made happen.
    Actions(Vec<Action>),
    /// Told when all records before it are durable.
    Told(Tell),
}

/// Records that will be one frame, and who waits for it.
#[derive(Default)]
struct OpenFrame {
    records: Vec<Record>,
    bytes: usize,
    waiters: Vec<Waiter>,
}

enum SnapshotStage {
    Idle,
    /// Waits until the record at that position is durable.
    Taken(Lsn, Vec<u8>),
    /// Another thread is storing it.
    Storing,
}

struct Worker {
    machine: Machine,
    writer: Writer,
    log: Arc<dyn Log>,
    steps: Box<dyn Steps + Send>,
    outside: Arc<dyn Outside>,
    /// Where what the program says goes.
    speech: Speech,
    /// Who waits for the end of a run.
    run_waiters: RunWaiters,
    program: Arc<Manifest>,
    /// The same for those at the door.
    current: Arc<RwLock<Arc<Manifest>>>,
    messages: Sender<Message>,
    /// Who makes temporary data.
    workshop: Arc<Workshop>,
    /// Calls that run beside the machine.
    beside: Besides,
    /// The same counts as at the door.
    sent: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
    /// When the thread wakes by itself; `None` for not at all.
    wakes: Option<i64>,
    /// How many frames before this one had a call that no other call waited beside.
    alone: u32,
    /// The frame that is filling, last, behind full ones that the log has no room for yet.
    open: VecDeque<OpenFrame>,
    /// Who waits for each frame that is syncing, oldest first, with the frame's last position.
    in_flight: VecDeque<(Lsn, Vec<Waiter>)>,
    clock: Clock,
    /// Microseconds since 1970, never backwards.
    now: i64,
    since_snapshot: u64,
    snapshot_every: u64,
    snapshot: SnapshotStage,
    older_snapshot: Lsn,
    /// Tells the newest position that is durable.
    durable: watch::Sender<u64>,
    /// The same as at the door.
    position: Arc<AtomicU64>,
    /// There is work to be done for views when there is time.
    views_wait: bool,
    failed: Option<String>,
    stopping: bool,
}

/// What was sent to the machine's thread.
struct Inbox {
    messages: Receiver<Message>,
    sent: Arc<AtomicUsize>,
}

impl Inbox {
    /// The next message, or none for so long. It never ends by itself: the worker holds a sender of its own.
    fn wait(&self, until: Option<Duration>) -> Option<Message> {
        let message = match until {
            Some(pause) => self.messages.recv_timeout(pause).ok(),
            None => self.messages.recv().ok(),
        };
        message.inspect(|_| self.taken())
    }

    fn next(&self) -> Option<Message> {
        self.messages.try_recv().ok().inspect(|_| self.taken())
    }

    fn taken(&self) {
        self.sent.fetch_sub(1, Ordering::Release);
    }
}

/// The machine's thread: takes what is sent until it is told to stop or the log fails, then the worker is gone.
fn run(worker: &Mutex<Option<Worker>>, inbox: &Inbox) -> Result<(), String> {
    let mut message = None;
    loop {
        let mut held = match worker.lock() {
            Ok(held) => held,
            // Its state is lost with the step that panicked; what is durable is not.
            Err(panicked) => {
                let why = "a step panicked".to_owned();
                if let Some(worker) = panicked.into_inner().take() {
                    worker.refuse_all(inbox, &why);
                }
                return Err(why);
            }
        };
        let working = held.as_mut().expect("only this thread takes it away");
        if let Some(message) = message.take() {
            working.handle(message);
        }
        for _ in 0..BATCH_MAX {
            match inbox.next() {
                Some(message) => working.handle(message),
                None => break,
            }
        }
        working.advance();
        working.append_open();
        if let Some(why) = working.failed.clone() {
            let worker = held.take().expect("it was there");
            worker.refuse_all(inbox, &why);
            return Err(why);
        }
        if working.stopping && working.is_quiet() {
            let worker = held.take().expect("it was there");
            drop(held);
            return worker.last_snapshot(inbox);
        }
        let until = working.until_due();
        drop(held);
        message = inbox.wait(until);
    }
}

impl Worker {
    /// Whether a caller may run its step here: not when that would bring more work than its own.
    fn takes_guests(&self) -> bool {
        self.failed.is_none() && !self.stopping && self.since_snapshot + 1 < self.snapshot_every
    }

    fn is_quiet(&self) -> bool {
        self.open.is_empty()
            && self.in_flight.is_empty()
            && self.beside.is_idle()
            && !matches!(self.snapshot, SnapshotStage::Storing)
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Call {
                call,
                program,
                answer,
            } => self.call(call, &program, answer),
            Message::Look(look) => look(&self.machine),
            Message::AboutRun(about) => self.about_run(about),
            Message::Reload { program, done } => self.reload(program, done),
            Message::Durable(Ok(_)) => self.durable(),
            Message::Durable(Err(error)) => {
                self.failed
                    .get_or_insert(format!("the log failed: {error}"));
            }
            Message::SnapshotStored(stored) => self.snapshot_stored(stored),
            Message::Wake => {}
            Message::ScratchCame => self.machine.scratch_came(),
            Message::Back(back) => self.back(*back),
            Message::Stop => self.stopping = true,
        }
    }

    fn call(&mut self, call: Call, program: &Arc<Manifest>, answer: Answered) {
        if let Some(why) = &self.failed {
            return answer(Err(Refusal::Unavailable(why.clone())));
        }
        if self.stopping {
            return answer(Err(Refusal::Stopping));
        }
        if !Arc::ptr_eq(program, &self.program) {
            return answer(Err(Refusal::Stale));
        }
        match self.beside.wants(call.function) {
            true => self.call_beside(call, program, answer),
            false => self.call_ordinarily(&call, answer),
        }
    }

    /// Runs a call on the state itself.
    fn call_ordinarily(&mut self, call: &Call, answer: Answered) {
        let now = self.tick();
        let began = Instant::now();
        let done = self
            .machine
            .call(&mut *self.steps, &self.program, call, now);
        self.beside.took(call.function, began.elapsed());
        self.done(done, answer);
    }

    /// A call has been answered by the machine, just now.
    fn done(&mut self, mut done: Done, answer: Answered) {
        if done.answer == Answer::GoesOn {
            self.own_scratch(done.run);
        }
        match done.record.take() {
            Some(record) => {
                done.position = self.position.load(Ordering::Relaxed) + 1;
                self.push(record, Waiter::Call(answer, done))
            }
            None => {
                done.position = match done.answer {
                    Answer::Before { position, .. } => position,
                    _ => self.position.load(Ordering::Relaxed),
                };
                self.wait_for_all(Waiter::Call(answer, done))
            }
        }
    }

    /// For answers without a record: nothing of them can be younger than the newest frame there is.
    fn wait_for_all(&mut self, waiter: Waiter) {
        match (self.open.back_mut(), self.in_flight.back_mut()) {
            (Some(frame), _) => frame.waiters.push(waiter),
            (None, Some((_, waiters))) => waiters.push(waiter),
            (None, None) => self.release(waiter),
        }
    }

    /// What a waiter waits for is durable.
    fn release(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Call(answer, mut done) => {
                let actions = std::mem::take(&mut done.actions).into_iter();
                // What the program said comes before what is said of the call.
                let (said, rest) = actions.partition(|action| matches!(action, Action::Log(_)));
                self.perform(said);
                answer(Ok(done));
                self.perform(rest);
            }
            Waiter::Reload(done) => done(Ok(())),
            Waiter::Actions(actions) => self.perform(actions),
            Waiter::Told(tell) => tell(None),
        }
    }

    fn push(&mut self, record: Record, waiter: Waiter) {
        let bytes = record.encoded_bytes();
        let frame_max = FRAME_TARGET_BYTES.min(self.log.limits().frame_bytes_max / 2);
        if self
            .open
            .back()
            .is_none_or(|frame| frame.bytes + bytes > frame_max)
        {
            self.open.push_back(OpenFrame::default());
        }
        let frame = self.open.back_mut().expect("there is one now");
        frame.bytes += bytes;
        frame.records.push(record);
        frame.waiters.push(waiter);
        self.since_snapshot += 1;
        self.views_wait = !self.program.views.is_empty();
        self.at_position();
    }

    /// Notes the position of the newest record, which may be waiting in an open frame.
    fn at_position(&mut self) {
        let waiting: usize = self.open.iter().map(|frame| frame.records.len()).sum();
        let position = self.writer.next().before().0 + waiting as u64;
        self.position.store(position, Ordering::Release);
        self.machine.position = position;
    }

    /// Sends frames on their way: the one that is filling when nothing is in flight, full ones as far as the log takes them.
    fn append_open(&mut self) {
        let in_flight_max = self.log.limits().in_flight_max.max(1);
        while self.failed.is_none()
            && self.in_flight.len() < in_flight_max
            && (self.in_flight.is_empty() || self.open.len() > 1)
        {
            let Some(frame) = self.open.pop_front() else {
                break;
            };
            let at = Hlc(self.now as u64);
            let ack = match self.is_alone(&frame) {
                true => self.writer.append_here(at, frame.records),
                false => self.writer.append(at, frame.records),
            };
            let last = self.writer.next().before();
            let is_oldest = self.in_flight.is_empty();
            self.in_flight.push_back((last, frame.waiters));
            match ack.poll() {
                Some(Ok(_)) if is_oldest => self.durable(),
                // The thread may have ended already; then nobody waits for this any more.
                _ => {
                    let (messages, sent) = (self.messages.clone(), self.sent.clone());
                    ack.on_done(move |outcome| {
                        sent.fetch_add(1, Ordering::Release);
                        let _ = messages.send(Message::Durable(outcome));
                    });
                }
            }
            // The state is that after the last appended record only when nothing is left open.
            if self.open.is_empty()
                && self.since_snapshot >= self.snapshot_every
                && matches!(self.snapshot, SnapshotStage::Idle)
            {
                self.since_snapshot = 0;
                self.machine
                    .settle_views(&mut *self.steps, &self.program, self.now);
                self.snapshot = SnapshotStage::Taken(last, self.machine.snapshot());
            }
        }
    }

    /// Whether the frame's call is the only one there is, as were those before it: then nobody loses by waiting for
    /// the disk here. Many callers get more out of a frame that fills while another one syncs.
    fn is_alone(&mut self, frame: &OpenFrame) -> bool {
        const ALONE_BEFORE: u32 = 2;
        let alone = frame.waiters.len() == 1
            && self.in_flight.is_empty()
            && self.waiting.load(Ordering::Relaxed) <= 1
            && self.sent.load(Ordering::Relaxed) == 0;
        self.alone = if alone {
            self.alone.saturating_add(1)
        } else {
            0
        };
        self.alone > ALONE_BEFORE && frame.bytes <= ALONE_BYTES_MAX
    }

    /// The oldest frame in flight is durable.
    fn durable(&mut self) {
        let Some((last, waiters)) = self.in_flight.pop_front() else {
            return;
        };
        self.durable.send_replace(last.0);
        for waiter in waiters {
            self.release(waiter);
        }
        if let SnapshotStage::Taken(at, _) = &self.snapshot
            && *at <= last
        {
            let SnapshotStage::Taken(at, body) =
                std::mem::replace(&mut self.snapshot, SnapshotStage::Storing)
            else {
                return;
            };
            let (log, messages) = (self.log.clone(), self.messages.clone());
            let sent = self.sent.clone();
            std::thread::spawn(move || {
                let stored = log.snapshots().put(PARTITION, at, &body);
                let stored = stored.map(|id| id.at).map_err(|e| e.to_string());
                // Who stops the node may open the log as soon as this is known.
                drop(log);
                sent.fetch_add(1, Ordering::Release);
                let _ = messages.send(Message::SnapshotStored(stored));
            });
        }
    }

    /// A snapshot that could not be stored harms nothing: the log still has everything. After one that could, the log
    /// is trimmed up to the one before it, so that there are always two to recover from.
    fn snapshot_stored(&mut self, stored: Result<Lsn, String>) {
        self.snapshot = SnapshotStage::Idle;
        let Ok(at) = stored else { return };
        let older = std::mem::replace(&mut self.older_snapshot, at);
        let snapshots = self.log.snapshots();
        if older > Lsn::ZERO && self.log.trim(&self.writer, older).is_ok() {
            for id in snapshots.list(PARTITION).unwrap_or_default() {
                if id.at < older {
                    let _ = snapshots.delete(&id);
                }
            }
        }
    }

    fn reload(&mut self, program: Program, done: Reloaded) {
        let now = self.tick();
        self.machine
            .settle_views(&mut *self.steps, &self.program, now);
        match self.machine.deploy(&program.manifest, now) {
            Err(error) => done(Err(error)),
            Ok(record) => {
                let settings = program.settings;
                self.program = program.manifest;
                *self
                    .current
                    .write()
                    .unwrap_or_else(|poisoned| poisoned.into_inner()) = self.program.clone();
                self.machine.settings = lend(&self.workshop, &settings);
                let (manifest, settings) = (&self.program, &self.machine.settings);
                self.workshop.start(manifest, settings, &*program.steps);
                self.steps = program.steps;
                self.beside.start_anew(&self.program);
                self.outside = program.outside;
                // Each finds out again what it needs, of the program that is now in force.
                self.machine.scratch_came();
                self.own_all_scratch();
                match record {
                    Some(record) => {
                        let mut pieces = cut(record, self.machine.record_bytes_max);
                        let last = pieces.pop().expect("there is a piece");
                        for piece in pieces {
                            self.push(piece, Waiter::Actions(Vec::new()));
                        }
                        self.push(last, Waiter::Reload(done));
                    }
                    None => done(Ok(())),
                }
            }
        }
    }

    /// After each record of a run: what it may read no more goes.
    fn own_scratch(&self, run: u64) {
        if !self.program.scratches.is_empty() {
            self.workshop.owned(run, self.machine.scratches_of(run));
        }
    }

    /// After a start, and when another program is in force.
    fn own_all_scratch(&self) {
        for (run, _) in self.machine.runs().going() {
            self.own_scratch(run);
        }
    }

    fn refuse_all(mut self, inbox: &Inbox, why: &str) {
        let in_flight = self.in_flight.into_iter();
        let waiting = in_flight.flat_map(|(_, waiters)| waiters);
        let open = self.open.into_iter().flat_map(|frame| frame.waiters);
        for waiter in waiting.chain(open) {
            match waiter {
                Waiter::Call(answer, _) => answer(Err(Refusal::Unavailable(why.to_owned()))),
                Waiter::Told(tell) => tell(Some(why)),
                Waiter::Reload(_) | Waiter::Actions(_) => {}
            }
        }
        while let Some(message) = inbox.next() {
            message.refuse(Refusal::Unavailable(why.to_owned()));
        }
        self.beside
            .refuse_all(&Refusal::Unavailable(why.to_owned()));
        self.run_waiters
            .refuse(Refusal::Unavailable(why.to_owned()));
    }

    /// So that the next start need not replay. Without it nothing is lost.
    fn last_snapshot(mut self, inbox: &Inbox) -> Result<(), String> {
        self.run_waiters.refuse(Refusal::Stopping);
        while let Some(message) = inbox.next() {
            self.handle(message);
        }
        if self.since_snapshot > 0 {
            let at = self.writer.next().before();
            self.machine
                .settle_views(&mut *self.steps, &self.program, self.now);
            let put = self
                .log
                .snapshots()
                .put(PARTITION, at, &self.machine.snapshot());
            let stored = put.map_err(|e| format!("the last snapshot was not stored: {e}"))?;
            self.snapshot_stored(Ok(stored.at));
        }
        Ok(())
    }

    fn tick(&mut self) -> i64 {
        self.now = self.now.max(self.clock.now());
        self.now
    }
}
