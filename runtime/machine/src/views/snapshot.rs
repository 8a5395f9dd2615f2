//! What a snapshot holds of views: groups of windows whose entries may be gone by now. All else is made again of what is there.
//!
//! ```text
//!   views     count, each: name,
//!             sources: count, each: next position; entries that were late
//!             groups: count, each: key, results
//!             sessions: count, each: key, parts: count, each: time, rank, operands: count, each in the value encoding
//!   results   parts, then for each aggregate
//!             count   int
//!             sum     count, each: currency, empty where there is none; total, how many
//!             others  count, each: key in the key encoding, how often
//!             values  count, each: where it comes from, value in the value encoding
//! ```
//! They follow the runs, from version 5 on. `Results` and `Groups` write and read their own parts. Behind them is what is
//! shown of large views until they are made again, and what [`super::dropped`] holds:
//!
//! ```text
//!   before    count, each: name, position, rows: count, each; groups: count, each: key, rows: count, each its number
//!   dropped   count, each: stream, position, time, when it was emitted, whether it was late, value
//! ```

use std::sync::Arc;

use weir_contract::encode::{DecodeError, Reader, put_bytes, put_varint};
use weir_contract::manifest::Manifest;
use weir_contract::view::{SourceOf, ViewSource};

use super::Views;
use super::before::Before;
use super::dropped::Dropped;
use super::groups::Groups;

impl Views {
    /// Appends what a snapshot holds of views.
    pub(crate) fn encode_into(&self, program: &Manifest, out: &mut Vec<u8>) {
        let both = program.views.iter().zip(&self.views);
        let kept: Vec<_> = both.filter(|(view, _)| view.forgets()).collect();
        put_varint(out, kept.len() as u64);
        for (view, tended) in kept {
            put_bytes(out, view.name.as_bytes());
            put_varint(out, tended.pending.len() as u64);
            for pending in &tended.pending {
                put_varint(out, pending.next);
                put_varint(out, pending.late);
            }
            if let Some(group) = &view.group {
                tended.kept.groups.encode_into(&program.defs, group, out);
            }
        }
    }

    /// Appends what is shown at a start, until the views that take long are made again. `is_large` says which those are, `position`
    /// is where in the log the snapshot is.
    pub(crate) fn encode_shown_into(
        &self,
        program: &Manifest,
        is_large: &dyn Fn(u32) -> bool,
        position: u64,
        out: &mut Vec<u8>,
    ) {
        let numbers = (0..program.views.len() as u32).filter(|view| is_large(*view));
        let shown = numbers.filter_map(|view| Some((view, self.shown(program, view, position)?)));
        let shown: Vec<_> = shown.collect();
        put_varint(out, shown.len() as u64);
        for (view, before) in shown {
            put_bytes(out, program.views[view as usize].name.as_bytes());
            before.encode_into(out);
        }
        self.dropped.encode_into(out);
    }

    /// Takes up what a snapshot of the same program holds; `self` is as [`Views::new`] made it.
    pub(crate) fn restore(
        &mut self,
        program: &Manifest,
        r: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        self.restore_kept(program, r, |_, _| Ok(()))?;
        for _ in 0..r.varint()? {
            let name = r.text()?;
            let number = program.views.iter().position(|view| view.name == name);
            let number = number.ok_or(r.error("a view that the program does not have"))?;
            self.views[number].before = Some(Arc::new(Before::decode(r)?));
        }
        self.dropped = Dropped::decode(program, r)?;
        Ok(())
    }

    /// The same of version 5, which has only the groups and, for each source, the newest time: those of streams are the result.
    pub(crate) fn restore_5(
        &mut self,
        program: &Manifest,
        r: &mut Reader<'_>,
    ) -> Result<Vec<(u32, i64)>, DecodeError> {
        let mut all = Vec::new();
        self.restore_kept(program, r, |source, r| {
            let newest = match r.byte()? {
                0 => return Ok(()),
                1 => r.int()?,
                _ => return Err(r.error("neither 0 nor 1")),
            };
            if let SourceOf::Stream(stream) = source.of {
                all.push((stream, newest));
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Groups, and how far their sources are; `between` reads what stands behind the next position of one.
    fn restore_kept(
        &mut self,
        program: &Manifest,
        r: &mut Reader<'_>,
        mut between: impl FnMut(&ViewSource, &mut Reader<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        for _ in 0..r.varint()? {
            let name = r.text()?;
            let number = program.views.iter().position(|view| view.name == name);
            let number = number.ok_or(r.error("a view that the program does not have"))?;
            let view = &program.views[number];
            let tended = &mut self.views[number];
            if r.varint()? != tended.pending.len() as u64 || !view.forgets() {
                return Err(r.error("a view of another shape"));
            }
            let sources = view.sources.iter().zip(&mut tended.pending);
            for (source, pending) in sources {
                pending.next = r.varint()?;
                between(source, r)?;
                pending.late = r.varint()?;
            }
            if let Some(group) = &view.group {
                tended.kept.groups = Groups::decode(&program.defs, group, r)?;
            }
        }
        Ok(())
    }
}
