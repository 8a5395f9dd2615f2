//! Calls of the outside: which wait for an answer, and what an answer does.

use weir_contract::call::Reply;
use weir_contract::manifest::Manifest;

use crate::attempt::RECORD_HEAD;
use crate::going::Progress;
use crate::machine::{Action, BadRecord, Machine, OutsideCall};
use crate::run_record::{AnswerRecord, Woken};
use crate::runs::Waiting;
use crate::steps::Steps;

impl Machine {
    /// The outside has answered a call: [`weir_contract::border::OUTPUT_OK`] or `OUTPUT_FAILED` and what follows. `None`
    /// when nobody waits for it any more, or it is no answer of that function, or longer than [`Machine::answer_bytes_max`].
    pub fn answer(&mut self, call: u64, output: Vec<u8>, now: i64) -> Option<Progress> {
        let (run, _) = self.who_takes(call, &output)?;
        if output.len() > self.answer_bytes_max() {
            return None;
        }
        let record = AnswerRecord {
            time: now.max(self.time),
            call,
            output,
        };
        let actions = self.note_answer(&record).expect("somebody waits for it");
        Some(Progress {
            run,
            record: record.to_record(),
            actions,
        })
    }

    /// The longest answer of the outside that it takes.
    pub fn answer_bytes_max(&self) -> usize {
        answer_bytes_max(self.record_bytes_max)
    }

    /// The same, and the step that the answer leads to, in one record.
    pub fn answer_and_go_on(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        call: u64,
        output: Vec<u8>,
        now: i64,
    ) -> Option<Progress> {
        // Both would not fit one record.
        if output.len() > self.record_bytes_max / 4 {
            return self.answer(call, output, now);
        }
        let at = self.who_takes(call, &output)?;
        let time = now.max(self.time);
        self.change(time, |change| {
            change.answered(call, &output);
            Ok(())
        })
        .expect("somebody waits for it");
        let woken = Woken::Answered {
            call,
            output: output.clone(),
        };
        let progress = self.step_strand(steps, manifest, at, woken, time);
        // The answer alone has come.
        progress.or_else(|| {
            let record = AnswerRecord { time, call, output };
            Some(Progress {
                run: at.0,
                record: record.to_record(),
                actions: Vec::new(),
            })
        })
    }

    /// Run and strand that wait for the answer of a call, if it is one of that function.
    fn who_takes(&self, call: u64, output: &[u8]) -> Option<(u64, u32)> {
        let (run, strand) = self.runs.caller_of(call)?;
        let program = self.program.as_ref()?;
        let Waiting::Outside { function, due, .. } = &self.runs.strand(run, strand)?.waiting else {
            return None;
        };
        let function = &program.externs[*function as usize];
        let mut fails = function.fails.clone();
        if let (Some(_), Some(failures)) = (due, &program.failures) {
            fails.push(failures.timed_out);
        }
        let reply = Reply::decode(&program.defs, &function.returns, &fails, output).ok()?;
        (reply != Reply::Denied).then_some((run, strand))
    }

    /// Calls that wait for an answer: after a restart nobody is making them any more.
    pub fn outstanding(&self) -> Vec<OutsideCall> {
        let calls = self.runs.calls().map(|(call, _)| call);
        calls.filter_map(|call| self.outside_call(call)).collect()
    }

    /// A call that waits for its answer, with its function as the program in force numbers it.
    pub fn outside_call(&self, call: u64) -> Option<OutsideCall> {
        let (run, strand) = self.runs.caller_of(call)?;
        let at = self.runs.strand(run, strand)?;
        match &at.waiting {
            Waiting::Outside { function, args, .. } => Some(OutsideCall {
                call,
                at: at.since,
                run,
                strand,
                function: *function,
                args: args.clone(),
            }),
            _ => None,
        }
    }

    pub(crate) fn note_answer(&mut self, answer: &AnswerRecord) -> Result<Vec<Action>, BadRecord> {
        let ((), actions) = self.change(answer.time, |change| {
            change.answered(answer.call, &answer.output);
            Ok(())
        })?;
        Ok(actions)
    }
}

/// The longest answer of the outside that has room in a record of so many bytes.
pub fn answer_bytes_max(record_bytes_max: usize) -> usize {
    record_bytes_max.saturating_sub(RECORD_HEAD)
}

/// Output of an extern function that failed with one of the errors a runtime may answer with; none of them has fields.
pub fn failed_output(error: weir_contract::DefId) -> Vec<u8> {
    let mut out = vec![weir_contract::border::OUTPUT_FAILED];
    weir_contract::encode::put_varint(&mut out, error.0 as u64);
    out
}
