//! Views: a read is the query over everything that is there now, from the beginning each time.

use weir_check::hir::{
    Arg, Effect, Expr, FnId, Keep, SourceOf, StreamId, View, ViewId, WindowKind,
};
use weir_contract::Value;

use crate::call::{Closure, Frame, Step};
use crate::operator::{self, fields_of};
use crate::run::Wait;
use crate::stop::Eval;

impl<'p> Step<'p> {
    /// All rows, or those whose first key is the one that is wanted.
    pub async fn read_view(
        &mut self,
        view: ViewId,
        key: Option<&'p Expr>,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        let key = match key {
            Some(key) => Some(self.eval(key, frame).await?),
            None => None,
        };
        self.step_ends(frame).await;
        let view = self.program.view(view);
        let mut local = Frame::default();
        if let Some(forgotten) = self.forgotten(view) {
            local.locals.push(Some(Value::Time(forgotten)));
        }
        let rows = self.run_body(&view.meaning, local).await?;
        if view.group.is_none() {
            return Ok(rows);
        }
        let pairs = operator::items(rows).into_iter().map(fields_of);
        let wanted = pairs.filter(|pair| key.as_ref().is_none_or(|key| pair[0] == *key));
        Ok(Value::List(
            wanted.map(|mut pair| pair.swap_remove(1)).collect(),
        ))
    }

    /// A window is forgotten whose key, of a session its latest time, is not behind this: it ended longer ago than the stream keeps.
    fn forgotten(&self, view: &View) -> Option<i64> {
        let window = view.forgets()?;
        let keep = view.sources.first().map(|source| match source.of {
            SourceOf::Stream(stream) => self.program.streams[stream.0 as usize].keep.clone(),
            _ => Keep::Configured,
        });
        let (WindowKind::Fixed(long) | WindowKind::Session(long)) = window.kind;
        Some(match keep {
            Some(Keep::For(keep)) => self.desk.time.saturating_sub(keep).saturating_sub(long),
            _ => i64::MIN,
        })
    }

    /// What views see of a stream: entries that were not late and are not too old. Of what is in a window no entry ever becomes too
    /// old: the window is forgotten as a whole. But one that comes when that may have been already is not seen.
    pub fn seen(&self, stream: StreamId, windows: bool) -> Vec<Value> {
        let keep = match self.program.streams[stream.0 as usize].keep {
            Keep::For(keep) if !windows => keep,
            _ => i64::MAX,
        };
        let entries = self.desk.seen.get(&stream);
        let entries = entries.into_iter().flat_map(|seen| &seen.entries);
        let seen = entries
            .filter(|entry| !entry.is_late)
            .filter(|entry| !windows || !entry.is_over)
            .filter(|entry| self.desk.time.saturating_sub(entry.at) < keep);
        seen.map(|entry| entry.value.clone()).collect()
    }

    /// A view shows what is committed: in front of what reads one, waiting code ends its step.
    pub async fn step_ends(&mut self, frame: &Frame<'p>) {
        if frame.waits && self.transactions == 0 {
            self.wait(Wait::Turn).await;
        }
    }

    /// Whether a call reads a view in the step that calls it.
    pub fn reads_at_once(&self, function: FnId, args: &[Arg]) -> bool {
        let waits = self.program.function(function).effect == Effect::Wait;
        !waits && self.program.call_reads_views(function, args)
    }

    pub fn closure_reads(&self, closure: &Closure<'p>) -> bool {
        match closure {
            Closure::Lambda(lambda, _) => self.program.reads_views(&lambda.body),
            Closure::Function(id, _) => !self.program.function(*id).views.is_empty(),
        }
    }
}
