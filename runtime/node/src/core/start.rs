//! Starting a machine on a log, and stopping it: recovery, the program in force, the thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;

use tokio::sync::watch;
use weir_log::{AppendError, Hlc, Log, Lsn, OwnerId};
use weir_machine::Incompatible;

use super::about_runs::RunWaiters;
use super::beside::{Besides, Counters};
use super::frames::record_bytes_max;
use super::reloading::lend;
use super::snapshots::SnapshotStage;
use super::time::Time;
use super::worker::{Inbox, run};
use super::{Door, Message, Worker};
use crate::config::Config;
use crate::program::Program;
use crate::recovery::{PARTITION, RecoveryError, recover, replay};
use crate::scratch::Workshop;

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

/// A machine on its thread.
pub struct Core {
    door: Door,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Core {
    /// Recovers, takes the log, puts the program in force and starts the thread.
    pub fn start(config: &Config, program: Program, log: Arc<dyn Log>) -> Result<Core, StartError> {
        let lost = |error| StartError::Recovery(RecoveryError::Log(error));
        // A log that cannot be gone on from stays as it is.
        let (mut machine, at) = recover(&*log).map_err(StartError::Recovery)?;
        let writer = log
            .take(PARTITION, OwnerId(std::process::id() as u128))
            .map_err(lost)?;
        let last = replay(&*log, &mut machine, at, Lsn::MAX).map_err(StartError::Recovery)?;
        let newest_snapshot = log
            .snapshots()
            .list(PARTITION)
            .map_err(lost)?
            .last()
            .map_or(Lsn::ZERO, |id| id.at);
        machine.record_bytes_max = record_bytes_max(&*log);
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
        let seen = machine.time();
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
            time: Time::new(config.clock.clone(), seen),
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
        worker.put_in_force()?;
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
        let inbox = Inbox::new(inbox, door.sent.clone());
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

impl Worker {
    /// The program that the node is started with, if it is another than the log has.
    fn put_in_force(&mut self) -> Result<(), StartError> {
        let now = self.tick();
        let program = self.program.clone();
        let record = self.machine.deploy(&program, now);
        if let Some(record) = record.map_err(StartError::Program)? {
            for piece in self.pieces(record) {
                let ack = self.writer.append(Hlc(now as u64), vec![piece]);
                ack.wait().map_err(StartError::Append)?;
            }
            self.at_position();
        }
        Ok(())
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if self.thread.is_some() {
            let _ = self.join();
        }
    }
}
