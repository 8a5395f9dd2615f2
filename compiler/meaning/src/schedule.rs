//! Who goes on, and what follows from a step that is kept.
//!
//! Nothing depends on chance: strands that can go on do so in the order in which they came to that; when there are none, the
//! next timer fires, by due time and then number of the run. Everything is looked for anew each time: no tables, nothing to
//! keep in step.

use std::sync::Arc;
use std::task::Poll;

use weir_check::hir::ExternId;

use crate::call::{Step, ended};
use crate::run::{Answer, Run, Strand, Wait};
use crate::state::{Ask, InstanceKey, SentEvent};
use crate::stop::{Ending, Stop};
use crate::strand::{Work, poll};
use crate::world::{Caller, World};

/// An event and when it arrives.
pub(crate) struct Delayed {
    due: i64,
    event: SentEvent,
}

/// What happens next.
enum Next {
    Strand(u64, u32, Answer),
    Event(u64),
}

impl<'p> World<'p> {
    /// Everything up to a time, in its order.
    pub(crate) fn happen(&mut self, until: i64) {
        let mut steps = 0;
        while self.happen_next(until) {
            steps += 1;
            if steps > self.limits.steps {
                self.endless = true;
                return;
            }
        }
    }

    /// False when nothing more happens until then.
    pub(crate) fn happen_next(&mut self, until: i64) -> bool {
        match self.next(until) {
            Some(Next::Strand(run, strand, answer)) => self.go_on(run, strand, answer),
            Some(Next::Event(number)) => {
                let delayed = self.delayed.remove(&number).expect("it was found");
                self.deliver(delayed.event);
            }
            None => return false,
        }
        true
    }

    /// What comes next; when that is due later than now, it is that time from here on.
    fn next(&mut self, until: i64) -> Option<Next> {
        let strands = || {
            let runs = self.runs.iter();
            runs.flat_map(|(run, r)| r.strands.iter().map(|(strand, s)| (*run, *strand, s)))
        };
        let first = strands()
            .filter_map(|(run, strand, s)| Some((s.ready.as_ref()?, run, strand)))
            .min_by_key(|((turn, _), ..)| *turn);
        if let Some(((_, answer), run, strand)) = first {
            return Some(Next::Strand(run, strand, answer.clone()));
        }
        let timers = strands().filter_map(|(run, strand, s)| {
            // A test lets everything else go first.
            let quiet = matches!(s.wait, Wait::Quiet(_));
            Some((s.wait.until()?, quiet, run, Some(strand)))
        });
        let delayed = self.delayed.iter();
        let delayed = delayed.map(|(number, delayed)| (delayed.due, false, *number, None));
        let (due, _, number, strand) = timers.chain(delayed).min()?;
        if due > until {
            return None;
        }
        self.desk.time = self.desk.time.max(due);
        Some(match strand {
            Some(strand) => Next::Strand(number, strand, Answer::Time),
            None => Next::Event(number),
        })
    }

    /// One step of a strand.
    fn go_on(&mut self, number: u64, strand: u32, answer: Answer) {
        let this = self.strand(number, strand);
        (this.ready, this.begun) = (None, true);
        let mut code = this.code.take().expect("a strand that can go on has code");
        let before = self.desk.state.clone();
        self.desk.answer = Some(answer);
        match poll(&mut code, &mut self.desk, &self.hand) {
            Poll::Pending => {
                self.strand(number, strand).code = Some(code);
                let wait = self.desk.wait.take().expect("it waits for something");
                self.keep(number, strand);
                self.wait(number, strand, wait);
            }
            Poll::Ready(Err(Stop::Bug(bug))) => {
                // The whole step is dropped.
                self.desk.state = before;
                self.desk.undos.clear();
                self.desk.branches.clear();
                self.strand(number, strand).wait = Wait::Mending(bug);
            }
            Poll::Ready(result) => {
                self.keep(number, strand);
                let ending = ended(result).expect("nothing else leaves a function");
                self.strand_ended(number, strand, ending);
            }
        }
    }

    /// What the step asked for.
    fn keep(&mut self, number: u64, strand: u32) {
        let run = self.runs.get_mut(&number).expect("it has made a step");
        run.begun = true;
        let undos = std::mem::take(&mut self.desk.undos);
        // What an undo does cannot be undone.
        if run.ending.is_none() {
            run.undos.extend(undos);
        }
        let caller = run.caller.clone();
        for ask in std::mem::take(&mut self.desk.state.asked) {
            self.ask(ask, &caller);
        }
        // First come, first served: what was sent in the step was sent before its branches began.
        for branch in std::mem::take(&mut self.desk.branches) {
            let begun = self.add_strand(number, Work::Closure(branch), Some(strand));
            self.strand(number, strand).branches.push((begun, None));
        }
    }

    fn ask(&mut self, ask: Ask, caller: &Arc<Caller>) {
        let due = |after| self.desk.time.saturating_add(after);
        match ask {
            Ask::Send {
                number,
                call,
                after,
            } => {
                let workflow = call.workflow(self.program).cloned();
                let wait = after.map_or(Wait::Turn, |after| Wait::Until(due(after)));
                self.begin(number, workflow, Work::Call(call), caller.clone(), wait);
            }
            Ask::Event {
                event, after: None, ..
            } => {
                self.deliver(event);
            }
            Ask::Event {
                number,
                event,
                after: Some(after),
            } => {
                let due = due(after);
                self.delayed.insert(number, Delayed { due, event });
            }
            Ask::Emit(emitted) => self.emitted(emitted),
            Ask::Cancel(number) => {
                if self.runs.get(&number).is_some_and(|run| !run.begun) {
                    self.cancel_run(number);
                }
            }
        }
    }

    /// A strand waits. What is there already is not waited for.
    fn wait(&mut self, number: u64, strand: u32, wait: Wait) {
        let answers = self.strand(number, strand).answers.is_some();
        if self.runs[&number].cancelled && wait != Wait::Turn && !answers {
            let run = self.runs.get_mut(&number).expect("it waits");
            run.strands.remove(&strand);
            return self.look_at_cancelled(number);
        }
        let this = self.strand(number, strand);
        this.waits += 1;
        this.wait = wait.clone();
        match wait {
            Wait::Turn => self.ready(number, strand, Answer::Time),
            Wait::Events { events, .. } => {
                let run = self.runs.get_mut(&number).expect("it waits");
                let came = run
                    .events
                    .iter()
                    .position(|(event, _)| events.contains(event));
                if let Some((event, args)) = came.and_then(|at| run.events.remove(at)) {
                    self.ready(number, strand, Answer::Event(event, args));
                }
            }
            Wait::Outside { function, args, .. } => {
                if let Some(mock) = self.desk.mocks.get(&function).cloned() {
                    return self.begin_mock(number, strand, Work::Mock(mock, args));
                }
                let outside = self.desk.outside.as_mut();
                if let Some(ending) = outside.and_then(|answer| answer(function, &args)) {
                    self.ready(number, strand, Answer::Ended(ending));
                }
            }
            Wait::Run { run, .. } if !self.runs.contains_key(&run) => {
                let ending = self.results.get(&run).cloned();
                let ending = ending.unwrap_or_else(|| self.cancelled());
                self.ready(number, strand, Answer::Ended(ending));
            }
            Wait::Branches(at_once) => {
                if let Some(at_once) = at_once {
                    self.hold_back(number, strand, at_once);
                }
                self.look_at_branches(number, strand);
            }
            Wait::Run { .. } | Wait::Until(_) | Wait::Quiet(_) => {}
            Wait::Sibling | Wait::Mending(_) => {}
        }
    }

    /// A strand of its own works out the answer of the outside, in steps and in time.
    fn begin_mock(&mut self, number: u64, asker: u32, mock: Work<'p>) {
        let waits = self.strand(number, asker).waits;
        let strand = self.add_strand(number, mock, None);
        self.strand(number, strand).answers = Some((asker, waits));
    }

    /// Nothing happens when nobody waits for it any more.
    pub(crate) fn mock_answered(
        &mut self,
        number: u64,
        (asker, waits): (u32, u64),
        ending: Ending,
    ) {
        let run = self.runs.get(&number);
        let asker_now = run.and_then(|run| run.strands.get(&asker));
        if asker_now.is_some_and(|s| s.waits == waits && s.ready.is_none()) {
            self.ready(number, asker, Answer::Ended(ending));
        }
    }

    /// An event goes to the strand that waits for it, or is kept. False when there is no run that goes on.
    pub(crate) fn deliver(&mut self, event: SentEvent) -> bool {
        let SentEvent { to, event, args } = event;
        let number = self.desk.state.workflows.get(&to).copied();
        let run = number.and_then(|number| self.runs.get_mut(&number));
        let (Some(number), Some(run)) = (number, run) else {
            return false;
        };
        if run.is_ending() {
            return false;
        }
        let mut strands = run.strands.iter();
        let takes = strands.find(|(_, strand)| {
            strand.ready.is_none()
                && matches!(&strand.wait, Wait::Events { events, .. } if events.contains(&event))
        });
        match takes.map(|(strand, _)| *strand) {
            Some(strand) => self.ready(number, strand, Answer::Event(event, args)),
            None => run.events.push_back((event, args)),
        }
        true
    }

    /// The outside has answered.
    pub(crate) fn answered(&mut self, run: u64, function: ExternId, ending: Ending) -> bool {
        let mut strands = self.runs.get(&run).into_iter().flat_map(|r| &r.strands);
        let asked = strands.find(|(_, strand)| {
            strand.ready.is_none()
                && matches!(&strand.wait, Wait::Outside { function: f, .. } if *f == function)
        });
        let asked = asked.map(|(strand, _)| *strand);
        if let Some(strand) = asked {
            self.ready(run, strand, Answer::Ended(ending));
        }
        asked.is_some()
    }

    /// A strand may go on, behind those that may already.
    pub(crate) fn ready(&mut self, number: u64, strand: u32, answer: Answer) {
        self.turns += 1;
        let turn = self.turns;
        let strand = self.strand(number, strand);
        (strand.wait, strand.ready) = (Wait::Turn, Some((turn, answer)));
    }

    /// A run with one strand that will do it all.
    pub(crate) fn begin(
        &mut self,
        number: u64,
        workflow: Option<InstanceKey>,
        work: Work<'p>,
        caller: Arc<Caller>,
        wait: Wait,
    ) {
        self.runs.insert(number, Run::new(workflow, caller));
        let strand = self.add_strand(number, work, None);
        if wait != Wait::Turn {
            let strand = self.strand(number, strand);
            (strand.wait, strand.ready) = (wait, None);
        }
    }

    /// A strand that may go on at once.
    pub(crate) fn add_strand(&mut self, number: u64, work: Work<'p>, parent: Option<u32>) -> u32 {
        let caller = self.runs[&number].caller.clone();
        let code = self.evaluator(caller).strand(work);
        let run = self.runs.get_mut(&number).expect("it goes on");
        let strand = run.next_strand;
        run.next_strand += 1;
        run.strands.insert(strand, Strand::new(code, parent));
        self.ready(number, strand, Answer::Time);
        strand
    }

    pub(crate) fn strand(&mut self, number: u64, strand: u32) -> &mut Strand<'p> {
        let run = self.runs.get_mut(&number).expect("a run that goes on");
        let strand = run.strands.get_mut(&strand);
        strand.expect("a strand that goes on")
    }

    pub(crate) fn evaluator(&self, caller: Arc<Caller>) -> Step<'p> {
        Step {
            program: self.program,
            types: self.types.clone(),
            limits: self.limits,
            finely: self.finely,
            caller,
            desk: Default::default(),
            hand: self.hand.clone(),
            transactions: 0,
            calls: 0,
            expressions: 0,
        }
    }
}
