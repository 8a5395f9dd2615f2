//! What a running step can ask for besides state: the host calls of runs, on its transaction.
//!
//! Everything is collected and happens when the step's record is made; asks are in the undo journal, so rolling back takes
//! them back with the writes. Numbers of runs are never given twice, not even after rolling back.

use std::sync::Arc;

use weir_contract::encode::decode;
use weir_contract::host_call::{Given, HostCall, Lines, ViewRead};
use weir_contract::library::Refusal;
use weir_contract::limits;
use weir_contract::manifest::{FrameRole, FunctionKind};
use weir_contract::{CrashReason, Manifest};

use crate::access::StateAccess;
use crate::chance::Chance;
use crate::effects::{Ask, Entry, EventTo, Frame, Place, Wait};
use crate::schedule::Workflows;
use crate::streams::Streams;
use crate::transaction::Transaction;
use crate::views::Views;

/// How much a step does before it should yield.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepCap {
    /// 0: each transaction is a step of its own.
    pub transactions: u32,
    pub writes_bytes: usize,
}

impl Default for StepCap {
    fn default() -> StepCap {
        StepCap {
            transactions: limits::STEP_TRANSACTIONS_MAX,
            writes_bytes: limits::STEP_WRITES_MAX,
        }
    }
}

/// What a step sees of the machine besides state.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Without a program nothing can be asked for.
    pub program: Option<Arc<Manifest>>,
    /// Lent like the state, and given back.
    pub workflows: Workflows,
    /// The number the next message gets.
    pub next_run: u64,
    pub chance: Chance,
    pub time: i64,
    pub cap: StepCap,
    /// Settings and secrets.
    pub settings: Arc<Given>,
    /// Lent like the state, and given back.
    pub views: Views,
    /// A view that the step asked for and that was not up to date: the step is to run again when it is.
    pub lacks: Option<u32>,
    /// The position that the next entry of each stream gets. Lent like the state.
    pub heads: Vec<u64>,
}

/// A host call that no compiled program makes: the step ends as a bug of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misused(pub &'static str);

/// What the step asked for so far.
#[derive(Default)]
pub(crate) struct Asking {
    pub around: Surroundings,
    pub asks: Vec<Ask>,
    /// Innermost first, as they were noted.
    pub frames: Vec<Frame>,
    /// Kind and operands.
    pub wait: Option<(u32, Vec<u8>)>,
    transactions: u32,
    /// What it said to the log of its program. Not asks: rolling back does not take it back.
    pub lines: Lines,
}

impl Asking {
    pub fn new(around: Surroundings) -> Asking {
        Asking {
            around,
            ..Asking::default()
        }
    }
}

impl Transaction {
    /// Whether the step has done enough. When not, one transaction more is counted.
    pub fn full(&mut self) -> bool {
        self.go_astray();
        self.settle();
        let cap = self.asking.around.cap;
        let full =
            self.asking.transactions >= cap.transactions || self.writes_len() >= cap.writes_bytes;
        self.asking.transactions += !full as u32;
        full
    }

    /// How the run goes on, innermost first.
    pub fn frame(&mut self, entry: u32, cells: &[u8]) -> Result<(), Misused> {
        let frame = self.later(FrameRole::Resume, entry, cells)?;
        self.asking.frames.push(frame);
        Ok(())
    }

    /// What the run waits for.
    pub fn suspend(&mut self, kind: u32, operands: &[u8]) -> Result<(), Misused> {
        self.go_astray();
        if Wait::decode(kind, operands).is_err() || self.asking.wait.is_some() {
            return Err(Misused("a wait that is none"));
        }
        self.asking.wait = Some((kind, operands.to_vec()));
        Ok(())
    }

    /// A message: the number of the run that will do it. Without a handle to a top-level function.
    pub fn send(
        &mut self,
        entry: u32,
        handle: Option<u32>,
        args: &[u8],
        delay: Option<i64>,
    ) -> Result<u64, Misused> {
        let program = self.program()?;
        let is_it = |f: &weir_contract::manifest::Function| {
            f.entry == entry && f.entity.is_some() == handle.is_some()
        };
        let found = program.functions.iter().position(is_it);
        let function = found.ok_or(Misused("a message to no function"))?;
        let is_workflow = program.functions[function].kind == FunctionKind::Run;
        let (entity, key) = match handle {
            Some(handle) => self.opened(handle).ok_or(Misused("no such handle"))?,
            None => (0, &[][..]),
        };
        let key: Box<[u8]> = key.into();
        self.go_astray();
        if is_workflow && let Some(run) = self.run_of(function as u32, entity, &key) {
            return Ok(run);
        }
        let run = self.number();
        self.ask(Ask::Send {
            run,
            function: function as u32,
            key,
            args: args.into(),
            delay,
        });
        Ok(run)
    }

    /// The run a workflow's key has, or will have when this step is kept.
    fn run_of(&self, function: u32, entity: u32, key: &[u8]) -> Option<u64> {
        let sent = self.asking.asks.iter().find_map(|ask| match ask {
            Ask::Send {
                run,
                function: f,
                key: k,
                ..
            } if *f == function && **k == *key => Some(*run),
            _ => None,
        });
        let workflows = &self.asking.around.workflows;
        sent.or_else(|| workflows.get(&(entity, key.into())).copied())
    }

    /// An event to the run of a workflow's instance.
    pub fn event(
        &mut self,
        handle: u32,
        event: u32,
        args: &[u8],
        delay: Option<i64>,
    ) -> Result<(), Misused> {
        let program = self.program()?;
        let (entity, key) = self.opened(handle).ok_or(Misused("no such handle"))?;
        let workflow = program.entities.get(entity as usize);
        let workflow = workflow.and_then(|e| e.workflow.as_ref());
        if workflow.is_none_or(|w| event as usize >= w.events.len()) {
            return Err(Misused("no such event"));
        }
        let to = EventTo {
            entity,
            key: key.into(),
            event,
            args: args.into(),
        };
        let number = match delay {
            Some(_) => self.number(),
            None => 0,
        };
        self.ask(Ask::Event { number, to, delay });
        Ok(())
    }

    /// A run that was sent and has not begun will not begin.
    pub fn cancel(&mut self, run: u64) {
        self.ask(Ask::Cancel(run));
    }

    /// What is done when the run fails.
    pub fn undo(&mut self, entry: u32, cells: &[u8]) -> Result<(), Misused> {
        let frame = self.later(FrameRole::Undo, entry, cells)?;
        self.ask(Ask::Undo(frame));
        Ok(())
    }

    /// Another strand of the run.
    pub fn branch(&mut self, entry: u32, cells: &[u8]) -> Result<(), Misused> {
        let frame = self.later(FrameRole::Branch, entry, cells)?;
        self.ask(Ask::Branch(frame));
        Ok(())
    }

    pub fn random(&mut self) -> u64 {
        self.asking.around.chance.draw()
    }

    /// The characters of a new id.
    pub fn fresh(&mut self) -> [u8; 26] {
        self.see_time();
        let time = self.asking.around.time;
        self.asking.around.chance.fresh(time)
    }

    /// What needs the types of the program.
    pub fn host_call(&mut self, number: u32, args: &[u8]) -> Result<Vec<u8>, Refusal> {
        let broken = |what: Misused| Refusal {
            reason: CrashReason::Unreachable,
            detail: what.0.to_owned(),
        };
        let program = self.program().map_err(broken)?;
        let call = program.host_calls.get(number as usize);
        let call = call.ok_or(broken(Misused("no such host call")))?;
        // What others keep of the program is not in a block, and waiting for a disk is not computing.
        match call {
            HostCall::Encode(_) | HostCall::Pretty(_) | HostCall::Decode(_) => {}
            HostCall::Log(..) | HostCall::Config(_) | HostCall::Secret(_) | HostCall::Reveal => {}
            HostCall::View(_) | HostCall::KeepBlob | HostCall::ReadBlob | HostCall::BlobLines => {
                self.go_astray()
            }
            HostCall::ScratchParts(_)
            | HostCall::ScratchPart(..)
            | HostCall::ScratchWhole(..)
            | HostCall::ScratchLost(_) => self.go_astray(),
        }
        if self.is_lost() {
            return Err(CrashReason::Unreachable.into());
        }
        if let HostCall::View(read) = call {
            return self.read_view(&program, read, args);
        }
        let settings = self.asking.around.settings.clone();
        call.call(&program.defs, args, &settings, &mut self.asking.lines)
    }

    /// The rows of a view as of the last commit. Where it is behind, the step ends here and runs again.
    fn read_view(
        &mut self,
        program: &Manifest,
        read: &ViewRead,
        args: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let key = read.key.as_ref().map(|ty| decode(&program.defs, ty, args));
        let key = key.transpose().map_err(|_| CrashReason::BadArgument)?;
        let rows = self.view(read.view, key.as_ref());
        rows.map_err(|crash| Refusal {
            reason: crash.reason,
            detail: crash.detail,
        })
    }

    /// Tests only.
    pub fn mock(&mut self, function: u32, entry: u32, cells: &[u8]) -> Result<(), Misused> {
        if function as usize >= self.program()?.externs.len() {
            return Err(Misused("no such extern function"));
        }
        let answer = self.later(FrameRole::Mock, entry, cells)?;
        self.ask(Ask::Mock { function, answer });
        Ok(())
    }

    /// Tests only.
    pub fn crash_at(&mut self, label: &str) {
        self.ask(Ask::CrashAt(label.to_owned()));
    }

    /// An entry of a stream: its position, and with it the numbers of the runs that will consume it.
    pub fn emit(
        &mut self,
        stream: u32,
        key: &[u8],
        time: i64,
        value: &[u8],
    ) -> Result<u64, Misused> {
        let program = self.program()?;
        let of = program.streams.get(stream as usize);
        let of = of.ok_or(Misused("no such stream"))?;
        let head = self.asking.around.heads.get_mut(stream as usize);
        let head = head.ok_or(Misused("this step may emit nothing"))?;
        let position = *head;
        *head += 1;
        let run = self.asking.around.next_run;
        self.asking.around.next_run += of.consumers.len() as u64;
        let time = match of.timed {
            true => time,
            false => self.asking.around.time,
        };
        self.ask(Ask::Emit(Entry {
            stream,
            position,
            key: key.into(),
            time,
            value: value.into(),
            run,
        }));
        Ok(position)
    }

    /// The newest ask is taken back.
    pub(crate) fn unask(&mut self) {
        let taken = self.asking.asks.pop();
        Streams::uncount(&mut self.asking.around.heads, taken.as_slice());
    }

    fn ask(&mut self, ask: Ask) {
        self.asking.asks.push(ask);
        self.note_ask();
    }

    fn number(&mut self) -> u64 {
        self.asking.around.next_run += 1;
        self.asking.around.next_run - 1
    }

    fn program(&self) -> Result<Arc<Manifest>, Misused> {
        let program = self.asking.around.program.clone();
        program.ok_or(Misused("this step may not ask for anything"))
    }

    fn later(&self, role: FrameRole, entry: u32, cells: &[u8]) -> Result<Frame, Misused> {
        let program = self.program()?;
        let frames = &program.frames;
        match frames.binary_search_by_key(&entry, |f| f.entry) {
            Ok(at) if frames[at].role == role => Ok(Frame {
                place: Place::Frame(at as u32),
                cells: cells.into(),
            }),
            _ => Err(Misused("no such frame")),
        }
    }

    /// At most so many bytes the asks take in a record.
    pub(crate) fn asks_len(&self) -> usize {
        self.asking.asks.iter().map(Ask::byte_len).sum()
    }
}
