//! How strands, branches and runs end, and what is undone before a run does.
//!
//! Cancelling takes hold where a run waits. But a call of the outside world that is under way may be done there, and its undo
//! is only known to the step that takes the answer; so a strand at such a call is left until that step is over. Where the step has
//! a bug, only a mended program can tell; who cancels once more gives up on it.

use weir_contract::Manifest;
use weir_contract::border::{OUTPUT_FAILED, OUTPUT_OK};
use weir_contract::encode::put_varint;
use weir_contract::manifest::{FrameRole, Promise};

use crate::effects::Place;
use crate::given::{as_result, result_of_run};
use crate::known::workflow;
use crate::machine::Action;
use crate::progress::Change;
use crate::runs::{Branches, Ended, Finished, Given, Run, Strand, Waiting, WorksFor};

impl Change<'_> {
    pub(crate) fn strand_ended(&mut self, run: u64, strand: u32, output: &[u8]) {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return;
        };
        let Some(index) = at.strands.iter().position(|s| s.number == strand) else {
            return;
        };
        let this = at.strands.remove(index);
        match this.works_for {
            WorksFor::Strand(parent) => return self.branch_ended(run, parent, strand, output),
            WorksFor::Call(call) => {
                let cancelled = at.cancelled;
                self.answered(call, output);
                // Perhaps nobody waited for it any more.
                if cancelled {
                    self.check_cancelled(run);
                }
                return;
            }
            WorksFor::Run => {}
        }
        if at.ending.is_some() {
            return self.next_undo(run);
        }
        let ended = Ended::Output(output.to_vec());
        if output.first() == Some(&OUTPUT_FAILED) && !at.undos.is_empty() {
            self.undo_all(run, ended);
        } else {
            self.run_ended(run, ended);
        }
    }

    fn branch_ended(&mut self, run: u64, parent: u32, strand: u32, output: &[u8]) {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return;
        };
        if at.cancelled {
            return self.check_cancelled(run);
        }
        let Some(this) = at.strand_mut(parent) else {
            return;
        };
        let Some(branches) = &mut this.branches else {
            return;
        };
        let mut dropped = Vec::new();
        if output.first() == Some(&OUTPUT_OK) {
            for (number, value) in &mut branches.all {
                if *number == strand {
                    *value = Some(output[1..].into());
                }
            }
            self.begin_next(run, parent);
        } else {
            branches.all.retain(|(number, _)| *number != strand);
            let failed = as_result(output).into();
            branches.failed.get_or_insert(failed);
            let open = branches.all.iter().filter(|(_, value)| value.is_none());
            dropped = open.map(|(number, _)| *number).collect();
            let program = self.program;
            let unbegun = |s: &Strand| is_unbegun_branch(program, s);
            dropped.retain(|number| at.strand(*number).is_some_and(unbegun));
        }
        for number in &dropped {
            self.drop_strand(run, *number);
        }
        if let Some(this) = self
            .runs
            .going
            .get_mut(&run)
            .and_then(|r| r.strand_mut(parent))
            && let Some(branches) = &mut this.branches
        {
            branches.all.retain(|(number, _)| !dropped.contains(number));
        }
        self.check_join(run, parent);
    }

    /// Of branches that have just been begun so many go on, the others when one has ended.
    pub(crate) fn hold_back(&mut self, run: u64, parent: u32, limit: i64) {
        let limit = usize::try_from(limit).unwrap_or(0).max(1);
        let branches = self
            .runs
            .strand(run, parent)
            .and_then(|s| s.branches.as_deref());
        let held = branches.iter().flat_map(|b| &b.all).skip(limit);
        for branch in held.map(|(branch, _)| *branch).collect::<Vec<_>>() {
            self.runs.wait(run, branch, Waiting::Sibling, self.time);
        }
    }

    /// The first branch that was held back begins.
    fn begin_next(&mut self, run: u64, parent: u32) {
        let branches = self
            .runs
            .strand(run, parent)
            .and_then(|s| s.branches.as_deref());
        let mut branches = branches
            .iter()
            .flat_map(|b| &b.all)
            .map(|(branch, _)| *branch);
        let is_held = |branch: &u32| {
            let strand = self.runs.strand(run, *branch);
            strand.is_some_and(|s| s.waiting == Waiting::Sibling)
        };
        if let Some(next) = branches.find(is_held) {
            self.runs.ready(run, next, Given::nothing(), self.time);
        }
    }

    /// A strand that waits for its branches goes on when all of them have ended.
    pub(crate) fn check_join(&mut self, run: u64, strand: u32) {
        let at = self.runs.going.get_mut(&run).filter(|r| !r.cancelled);
        let Some(at) = at.and_then(|r| r.strand_mut(strand)) else {
            return;
        };
        let Waiting::Join { list, fallible } = at.waiting else {
            return;
        };
        let branches = at.branches.as_deref();
        if branches.is_some_and(|b| b.all.iter().any(|(_, value)| value.is_none())) {
            return;
        }
        let Branches { all, failed } = at.branches.take().map(|b| *b).unwrap_or_default();
        let mut result = Vec::new();
        match failed {
            Some(failed) => result.extend_from_slice(&failed),
            None => {
                if fallible {
                    result.push(0);
                }
                if list {
                    put_varint(&mut result, all.len() as u64);
                }
                for (_, value) in all {
                    result.extend_from_slice(&value.unwrap_or_default());
                }
            }
        }
        let given = Given::Bytes(result.into());
        self.runs.ready(run, strand, given, self.time);
    }

    fn drop_strand(&mut self, run: u64, strand: u32) {
        self.runs.unlink(run, strand);
        if let Some(at) = self.runs.going.get_mut(&run) {
            at.strands.retain(|s| s.number != strand);
        }
    }

    fn drop_strands(&mut self, run: u64) {
        let strands = self
            .runs
            .get(run)
            .map(|r| r.strands.iter().map(|s| s.number));
        let strands: Vec<u32> = strands.into_iter().flatten().collect();
        for strand in strands {
            self.drop_strand(run, strand);
        }
    }

    /// The result is decided; what was done is undone first.
    fn undo_all(&mut self, run: u64, ended: Ended) {
        self.drop_strands(run);
        if let Some(at) = self.runs.going.get_mut(&run) {
            at.ending = Some(Box::new(ended));
            at.cancelled = false;
            at.events = Default::default();
        }
        self.next_undo(run);
    }

    fn next_undo(&mut self, run: u64) {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return;
        };
        match at.undos.pop() {
            Some(frame) => {
                self.add_strand(run, frame, WorksFor::Run);
            }
            None => {
                if let Some(ended) = at.ending.take() {
                    self.run_ended(run, *ended);
                }
            }
        }
    }

    pub(crate) fn run_ended(&mut self, number: u64, ended: Ended) {
        let waiters = self.runs.waiters(number);
        let was_unbegun = self.runs.get(number).is_some_and(Run::is_unbegun);
        self.drop_strands(number);
        let Some(run) = self.runs.going.remove(&number) else {
            return;
        };
        let run = *run;
        for (run, strand) in waiters {
            let given = result_of_run(self.program, Some(&ended));
            self.runs.ready(run, strand, given, self.time);
        }
        if let (Some(key), Place::Function(function), Ended::Output(output)) =
            (&run.idempotency, run.target, &ended)
        {
            self.answers
                .settle(&run.caller.id, key, number, function, output);
        }
        let entity = workflow(self.program, run.target);
        let is_output = matches!(ended, Ended::Output(_));
        match entity {
            // It was taken back: as if it had never been sent.
            Some(entity) if was_unbegun && ended == Ended::Cancelled => {
                self.runs.workflows.remove(&(entity, run.key));
            }
            // A call that was answered at once needs no second place to ask for its answer.
            _ if entity.is_some() || run.outside && (run.steps > 1 || !is_output) => {
                let finished = Finished {
                    target: run.target,
                    key: run.key,
                    since: run.since,
                    at: self.time,
                    ended: ended.clone(),
                    workflow: entity.is_some(),
                };
                self.runs.keep(number, finished);
            }
            _ => {}
        }
        self.consumer_ended(number, &ended);
        self.actions.push(Action::Ended { run: number, ended });
    }

    /// Ends a run from outside.
    pub fn cancel(&mut self, number: u64) {
        let Some(run) = self.runs.going.get_mut(&number) else {
            return;
        };
        if run.is_unbegun() {
            return self.run_ended(number, Ended::Cancelled);
        }
        let again = std::mem::replace(&mut run.cancelled, true);
        run.events = Default::default();
        let nobody_knows = |s: &Strand| match &s.waiting {
            Waiting::Parked { given, .. } => matches!(given, Given::Answer(_)),
            _ => false,
        };
        let parked = run.strands.iter().filter(|s| s.is_parked());
        let parked = parked.filter(|s| again || !nobody_knows(s));
        for strand in parked.map(|s| s.number).collect::<Vec<_>>() {
            self.drop_strand(number, strand);
        }
        self.check_cancelled(number);
    }

    /// The same, whatever may have happened outside.
    pub fn end_now(&mut self, number: u64) {
        match self.runs.get(number) {
            Some(run) if run.is_unbegun() => self.run_ended(number, Ended::Cancelled),
            Some(run) if run.ending.is_none() => self.undo_all(number, Ended::Cancelled),
            _ => {}
        }
    }

    /// A strand of a cancelled run has come to a wait.
    pub(crate) fn end_strand(&mut self, run: u64, strand: u32) {
        self.drop_strand(run, strand);
        self.check_cancelled(run);
    }

    /// Drops the strands of a cancelled run that wait; without any others it is time to undo.
    fn check_cancelled(&mut self, number: u64) {
        let Some(run) = self.runs.get(number) else {
            return;
        };
        let is_join = |s: &Strand| matches!(s.waiting, Waiting::Join { .. });
        let goes_on = |s: &&Strand| match &s.waiting {
            // It stands in for the outside.
            _ if matches!(s.works_for, WorksFor::Call(_)) => true,
            Waiting::Ready { .. } => !is_unbegun_branch(self.program, s),
            Waiting::Outside { function, .. } => {
                let promise = self.program.externs[*function as usize].promise;
                !matches!(promise, Promise::Pure | Promise::Read)
            }
            Waiting::Parked { .. } => true,
            _ => false,
        };
        if !run.strands.iter().any(|s| goes_on(&s)) {
            return self.undo_all(number, Ended::Cancelled);
        }
        let waits = run.strands.iter().filter(|s| !goes_on(s) && !is_join(s));
        for strand in waits.map(|s| s.number).collect::<Vec<_>>() {
            self.drop_strand(number, strand);
        }
    }
}

fn is_unbegun_branch(program: &Manifest, strand: &Strand) -> bool {
    let begins = |place| matches!(place, Place::Frame(n) if program.frames.get(n as usize).is_some_and(|f| f.role == FrameRole::Branch));
    matches!(strand.waiting, Waiting::Ready { .. } | Waiting::Sibling)
        && strand.frames.last().is_some_and(|f| begins(f.place))
}
