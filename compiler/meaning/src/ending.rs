//! How strands, branches and runs end, and what is undone before a run does.

use std::sync::Arc;

use weir_check::hir::Promise;
use weir_contract::Value;

use crate::run::{Answer, Strand, Wait};
use crate::stop::Ending;
use crate::strand::Work;
use crate::world::World;

impl World<'_> {
    pub(crate) fn strand_ended(&mut self, number: u64, strand: u32, ending: Ending) {
        let run = self.runs.get_mut(&number).expect("it goes on");
        let this = run.strands.remove(&strand).expect("it has ended now");
        if let Some(asked) = this.answers {
            let cancelled = run.cancelled;
            self.mock_answered(number, asked, ending);
            // Perhaps nobody waited for it any more.
            if cancelled {
                self.look_at_cancelled(number);
            }
            return;
        }
        match this.parent {
            Some(parent) => self.branch_ended(number, parent, strand, ending),
            // An undo.
            None if run.ending.is_some() => self.next_undo(number),
            None if ending.is_err() => self.undo_all(number, ending),
            None => self.run_ended(number, ending),
        }
    }

    /// After the first failure no branch begins any more, and those in flight come to their ends.
    fn branch_ended(&mut self, number: u64, parent: u32, strand: u32, ending: Ending) {
        let run = self.runs.get_mut(&number).expect("it goes on");
        if run.cancelled {
            return self.look_at_cancelled(number);
        }
        let strands = &run.strands;
        let unbegun: Vec<u32> = strands
            .iter()
            .filter(|(_, s)| s.parent == Some(parent) && !s.begun)
            .map(|(strand, _)| *strand)
            .collect();
        let this = run
            .strands
            .get_mut(&parent)
            .expect("it waits for its branches");
        match ending {
            Ok(value) => {
                let mut branches = this.branches.iter_mut();
                let branch = branches.find(|(number, _)| *number == strand);
                branch.expect("it is one of them").1 = Some(value);
                self.begin_next(number, parent);
            }
            Err(error) => {
                this.failed.get_or_insert(Err(error));
                let dropped = |number: &u32| *number == strand || unbegun.contains(number);
                this.branches.retain(|(number, _)| !dropped(number));
                run.strands.retain(|number, _| !unbegun.contains(number));
            }
        }
        self.look_at_branches(number, parent);
    }

    /// Of branches that have just been begun so many go on, the others when one has ended.
    pub(crate) fn hold_back(&mut self, number: u64, parent: u32, at_once: i64) {
        let at_once = usize::try_from(at_once).unwrap_or(0).max(1);
        let branches = &self.strand(number, parent).branches;
        let held: Vec<u32> = branches.iter().skip(at_once).map(|b| b.0).collect();
        for branch in held {
            let held = self.strand(number, branch);
            held.ready = None;
            held.wait = Wait::Sibling;
        }
    }

    /// The first branch that was held back begins.
    fn begin_next(&mut self, number: u64, parent: u32) {
        let strands = &self.runs[&number].strands;
        let is_held = |branch: &u32| {
            let strand = strands.get(branch);
            strand.is_some_and(|s| s.wait == Wait::Sibling && s.ready.is_none())
        };
        let mut branches = strands[&parent].branches.iter().map(|b| b.0);
        if let Some(next) = branches.find(is_held) {
            self.ready(number, next, Answer::Time);
        }
    }

    /// A strand that waits for its branches goes on when all of them have ended.
    pub(crate) fn look_at_branches(&mut self, number: u64, strand: u32) {
        if self.runs[&number].cancelled {
            return;
        }
        let this = self.strand(number, strand);
        if !matches!(this.wait, Wait::Branches(_))
            || this.branches.iter().any(|(_, value)| value.is_none())
        {
            return;
        }
        let values = std::mem::take(&mut this.branches).into_iter();
        let values = values.filter_map(|(_, value)| value).collect();
        let ending = this.failed.take().unwrap_or(Ok(Value::Record(values)));
        self.ready(number, strand, Answer::Ended(ending));
    }

    /// The result is decided; what was done is undone first, the last thing first, one after the other.
    fn undo_all(&mut self, number: u64, ending: Ending) {
        let run = self.runs.get_mut(&number).expect("it goes on");
        run.strands.clear();
        run.events.clear();
        run.ending = Some(ending);
        run.cancelled = false;
        self.next_undo(number);
    }

    fn next_undo(&mut self, number: u64) {
        let run = self.runs.get_mut(&number).expect("it goes on");
        match run.undos.pop() {
            Some(undo) => {
                self.add_strand(number, Work::Closure(undo), None);
            }
            None => {
                let ending = run.ending.take().expect("it was decided");
                self.run_ended(number, ending);
            }
        }
    }

    fn run_ended(&mut self, number: u64, ending: Ending) {
        self.runs.remove(&number);
        self.results.insert(number, ending.clone());
        let mut waiters = Vec::new();
        for (run, r) in &self.runs {
            for (strand, s) in &r.strands {
                if matches!(s.wait, Wait::Run { run, .. } if run == number) {
                    waiters.push((*run, *strand));
                }
            }
        }
        for (run, strand) in waiters {
            self.ready(run, strand, Answer::Ended(ending.clone()));
        }
        self.consumer_ended(number);
    }

    /// False when it has ended or is ending. One that has not begun is as if it had never been sent. What may have been done
    /// outside is waited for, because only the step that takes the answer says how to undo it.
    pub(crate) fn cancel_run(&mut self, number: u64) -> bool {
        let cancelled = self.cancelled();
        match self.runs.get_mut(&number) {
            Some(run) if run.is_ending() => return false,
            Some(run) if run.begun => {
                run.cancelled = true;
                run.events.clear();
                run.strands
                    .retain(|_, s| !matches!(s.wait, Wait::Mending(_)));
                self.look_at_cancelled(number);
            }
            Some(run) => {
                if let Some(key) = &run.workflow {
                    Arc::make_mut(&mut self.desk.state.workflows).remove(key);
                }
                self.run_ended(number, cancelled);
            }
            None => return false,
        }
        true
    }

    /// Strands of a cancelled run that wait go; without any others it is time to undo.
    pub(crate) fn look_at_cancelled(&mut self, number: u64) {
        let cancelled = self.cancelled();
        let program = self.program;
        let run = self.runs.get_mut(&number).expect("it goes on");
        let goes_on = |s: &Strand<'_>| match &s.wait {
            // It stands in for the outside.
            _ if s.answers.is_some() => true,
            _ if s.ready.is_some() => s.begun || s.parent.is_none(),
            Wait::Outside { function, .. } => {
                let promise = program.extern_fn(*function).promise;
                !matches!(promise, Promise::Pure | Promise::Read)
            }
            Wait::Mending(_) => true,
            _ => false,
        };
        if !run.strands.values().any(goes_on) {
            return self.undo_all(number, cancelled);
        }
        let joins = |s: &Strand<'_>| matches!(s.wait, Wait::Branches(_));
        run.strands.retain(|_, s| goes_on(s) || joins(s));
    }

    pub(crate) fn cancelled(&self) -> Ending {
        Err((self.program.failures.cancelled, Vec::new()))
    }
}
