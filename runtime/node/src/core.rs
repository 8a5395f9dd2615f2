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

mod about_runs;
mod beside;
mod door;
mod frames;
mod going;
mod reloading;
mod snapshots;
mod start;
mod time;
mod worker;

pub use about_runs::{EventAnswer, Order, WhichRun};
pub use beside::{BesideConfig, BesideCounts};
pub use door::Door;
pub(crate) use frames::record_bytes_max;

pub use start::{Core, StartError};

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::mpsc::Sender;
use std::sync::{Arc, RwLock};

use tokio::sync::watch;
use weir_contract::Manifest;
use weir_log::{AppendError, Log, Lsn, Writer};
use weir_machine::{Call, Done, Incompatible, Machine, Steps};

use self::about_runs::{AboutRun, RunWaiters};
use self::beside::{Back, Besides};
use self::frames::{OpenFrame, Waiter};

use self::snapshots::SnapshotStage;
use self::time::Time;
use crate::outside::Outside;
use crate::program::Program;
use crate::scratch::Workshop;
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

/// The machine with its frames. Who holds it may change it; what each file here adds is done to it.
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
    time: Time,
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
