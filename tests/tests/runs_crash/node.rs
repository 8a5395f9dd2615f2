//! A node without threads: the machine, its log, and the outside calls it is making.
//!
//! ```text
//!   machine --record--> open --sync--> durable --> told, outside calls begin
//!      ^                                  |
//!      +------------- crash --------------+   open records are lost from some point on, and all calls
//! ```
//! It keeps to the order of `weir_node`: nothing leaves before the record that says so is durable, and after a start outside
//! calls that wait for an answer are made again, or answered with `Unknown` when they may be made once.

use std::collections::BTreeMap;

use weir_contract::manifest::Promise;
use weir_engine::Runner;
use weir_log::Record;
use weir_machine::{
    Action, Answer, Call, Ended, Machine, OutsideCall, Progress, ReplayChecker, Sent, StepCap,
    Taken, failed_output,
};
use weir_tests::random::Random;

use crate::shop::Shop;

pub struct Node<'a> {
    shop: &'a Shop,
    runner: &'a mut Runner,
    pub machine: Machine,
    cap: StepCap,
    durable: Vec<Record>,
    /// Not durable yet, with what is to be done then.
    open: Vec<(Record, Vec<Action>)>,
    /// A machine as bytes, and how many records it has seen.
    snapshot: Option<(usize, Vec<u8>)>,
    /// Whoever waits for so many records to be durable.
    waiting: Vec<(usize, Told)>,
    pub calls: Vec<InFlight>,
    /// What those who waited for a run were told.
    pub ended: BTreeMap<u64, Ended>,
    pub crashes: u64,
}

/// An outside call on its way.
pub struct InFlight {
    pub call: OutsideCall,
    /// What was said, when it is on its way back.
    pub said: Option<Vec<u8>>,
}

/// What a customer or manager hears, by the number of the checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Started(usize),
    /// The event was taken.
    Taken(usize),
    /// The run had ended.
    TooLate(usize),
    Restocked,
}

impl<'a> Node<'a> {
    pub fn start(shop: &'a Shop, runner: &'a mut Runner, cap: StepCap, now: i64) -> Self {
        let mut node = Node {
            shop,
            runner,
            machine: Machine::new(),
            cap,
            durable: Vec::new(),
            open: Vec::new(),
            snapshot: None,
            waiting: Vec::new(),
            calls: Vec::new(),
            ended: BTreeMap::new(),
            crashes: 0,
        };
        node.machine.step_cap = cap;
        let deployed = node.machine.deploy(&shop.manifest, now);
        node.durable
            .extend(deployed.expect("the first program fits"));
        node
    }

    pub fn call(&mut self, call: &Call, told: Told, now: i64) -> Answer {
        let shop = self.shop;
        let done = self.machine.call(self.runner, &shop.manifest, call, now);
        self.open.extend(done.record.map(|r| (r, done.actions)));
        self.wait(told);
        done.answer
    }

    /// An event for the run of a checkout that is known to be started.
    pub fn send(&mut self, sent: &Sent, checkout: usize, now: i64) {
        let shop = self.shop;
        let told = match self
            .machine
            .send_event(self.runner, &shop.manifest, sent, now)
        {
            Taken::Yes(progress) => {
                self.note(progress);
                Told::Taken(checkout)
            }
            Taken::Again => Told::Taken(checkout),
            Taken::Ended => Told::TooLate(checkout),
            other => panic!("{other:?}"),
        };
        self.wait(told);
    }

    /// Somebody cancels a run, unless it has ended.
    pub fn cancel(&mut self, run: u64, now: i64) {
        let progress = self.machine.cancel(run, now);
        progress.into_iter().for_each(|p| self.note(p));
    }

    /// Lets one thing happen that can by now.
    pub fn advance(&mut self, now: i64) -> bool {
        let shop = self.shop;
        let progress = self.machine.advance_one(self.runner, &shop.manifest, now);
        let any = progress.is_some();
        progress.into_iter().for_each(|p| self.note(p));
        any
    }

    /// Something was answered; whether anybody waited for it.
    pub fn answer(&mut self, call: u64, output: Vec<u8>, now: i64) -> bool {
        let progress = self.machine.answer(call, output, now);
        let any = progress.is_some();
        progress.into_iter().for_each(|p| self.note(p));
        any
    }

    /// The first `count` open records become durable: what they ask for is done, and who waited is told.
    pub fn sync(&mut self, count: usize) -> Vec<Told> {
        let count = count.min(self.open.len());
        for (record, actions) in self.open.drain(..count).collect::<Vec<_>>() {
            self.durable.push(record);
            actions.into_iter().for_each(|action| self.perform(action));
        }
        let (told, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(at, _)| *at <= self.durable.len());
        self.waiting = waiting;
        told.into_iter()
            .map(|(_, told): (usize, Told)| told)
            .collect()
    }

    pub fn is_synced(&self) -> bool {
        self.open.is_empty() && self.waiting.is_empty()
    }

    pub fn take_snapshot(&mut self) {
        if self.open.is_empty() {
            self.snapshot = Some((self.durable.len(), self.machine.snapshot()));
        }
    }

    /// The process dies and is started again.
    pub fn crash(&mut self, random: &mut Random, now: i64) {
        self.crashes += 1;
        let landed = random.below(self.open.len() as u64 + 1) as usize;
        let all_landed = landed == self.open.len();
        let open = std::mem::take(&mut self.open);
        self.durable
            .extend(open.into_iter().take(landed).map(|(r, _)| r));
        self.waiting.clear();
        self.calls.clear();

        let machine = self.recover(random);
        if all_landed && random.below(32) == 0 {
            let checker = ReplayChecker::new(&machine).expect("a snapshot is readable");
            checker
                .compare(&self.machine)
                .expect("recovery gives the same machine");
        }
        self.machine = machine;
        self.machine.step_cap = self.cap;
        self.call_again(now);
    }

    fn recover(&self, random: &mut Random) -> Machine {
        let (seen, mut machine) = match &self.snapshot {
            Some((seen, bytes)) if random.below(2) == 0 => (
                *seen,
                Machine::restore(bytes).expect("a snapshot is readable"),
            ),
            _ => (0, Machine::new()),
        };
        for record in &self.durable[seen..] {
            let applied = machine.apply(record.kind, &record.body);
            applied.expect("a record is readable");
        }
        machine
    }

    fn call_again(&mut self, now: i64) {
        let failures = self.shop.manifest.failures.as_ref();
        let unknown = failures.expect("a program that calls has them").unknown;
        for call in self.machine.outstanding() {
            match self.shop.function_of(&call).promise {
                Promise::Once => {
                    assert!(self.answer(call.call, failed_output(unknown), now));
                }
                _ => self.calls.push(InFlight { call, said: None }),
            }
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Outside(call) => {
                let call = self.machine.outside_call(call.call);
                let call = call.map(|call| InFlight { call, said: None });
                self.calls.extend(call);
            }
            Action::Ended { run, ended } => {
                let before = self.ended.insert(run, ended.clone());
                assert_eq!(before, None, "run {run} ended twice");
            }
            _ => {}
        }
    }

    fn note(&mut self, progress: Progress) {
        self.open.push((progress.record, progress.actions));
    }

    fn wait(&mut self, told: Told) {
        let at = self.durable.len() + self.open.len();
        self.waiting.push((at, told));
    }
}
