//! Entries that their stream keeps no longer, and that views with windows have not been fed yet.
//!
//! A window may be there for longer than the entries in it, so they have to be fed before they go. While nothing else happens they
//! are; but replaying a log runs no functions of the program, and its streams forget as they did the first time.

use std::collections::BTreeMap;

use weir_contract::encode::{DecodeError, Reader, decode, put_bytes, put_int, put_varint};
use weir_contract::manifest::Manifest;
use weir_contract::view::SourceOf;

use super::{Entry, Views};
use crate::streams;

#[derive(Clone, Debug, Default)]
pub struct Dropped(BTreeMap<(u32, u64), Fallen>);

#[derive(Clone, Debug)]
struct Fallen {
    time: i64,
    at: i64,
    is_late: bool,
    value: Box<[u8]>,
}

impl Dropped {
    /// The oldest position of a stream that a view can be fed from, where that is `kept` for the stream itself.
    pub fn oldest(&self, stream: u32, kept: u64) -> u64 {
        let mut held = self.0.range((stream, 0)..=(stream, u64::MAX));
        held.next().map_or(kept, |((_, at), _)| kept.min(*at))
    }

    pub fn entry(&self, program: &Manifest, stream: u32, position: u64) -> Option<Entry> {
        let held = self.0.get(&(stream, position))?;
        let ty = &program.streams.get(stream as usize)?.ty;
        Some(Entry {
            value: decode(&program.defs, ty, &held.value).ok()?,
            time: held.time,
            at: held.at,
            is_late: held.is_late,
        })
    }

    /// The same entries, where streams have other numbers; none of a stream that is gone.
    pub fn renumbered(self, number: impl Fn(u32) -> Option<u32>) -> Dropped {
        let held = self.0.into_iter();
        let held = held.filter_map(|((stream, at), held)| Some(((number(stream)?, at), held)));
        Dropped(held.collect())
    }

    pub fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0.len() as u64);
        for ((stream, position), held) in &self.0 {
            put_varint(out, (*stream).into());
            put_varint(out, *position);
            put_int(out, held.time);
            put_int(out, held.at);
            out.push(held.is_late as u8);
            put_bytes(out, &held.value);
        }
    }

    pub fn decode(program: &Manifest, r: &mut Reader<'_>) -> Result<Dropped, DecodeError> {
        let mut all = BTreeMap::new();
        for _ in 0..r.varint()? {
            let (stream, position) = (r.varint()?, r.varint()?);
            if stream >= program.streams.len() as u64 {
                return Err(r.error("a stream that the program does not have"));
            }
            let held = Fallen {
                time: r.int()?,
                at: r.int()?,
                is_late: r.byte()? == 1,
                value: r.bytes()?.into(),
            };
            all.insert((stream as u32, position), held);
        }
        Ok(Dropped(all))
    }
}

impl Views {
    /// A stream has dropped an entry.
    pub(crate) fn fell(
        &mut self,
        program: &Manifest,
        stream: u32,
        position: u64,
        entry: streams::Entry,
    ) {
        if self.next_of_windows(program, stream) <= position {
            let held = Fallen {
                time: entry.time,
                at: entry.at,
                is_late: entry.is_late,
                value: entry.value,
            };
            self.dropped.0.insert((stream, position), held);
        }
    }

    /// Lets go of what all views have been fed.
    pub(super) fn let_go(&mut self, program: &Manifest) {
        while let Some((stream, position)) = self.dropped.0.keys().next().copied()
            && position < self.next_of_windows(program, stream)
        {
            self.dropped.0.pop_first();
        }
    }

    /// All views of windows over a stream have been fed what is in front of this position.
    fn next_of_windows(&self, program: &Manifest, stream: u32) -> u64 {
        let views = program.views.iter().zip(&self.views);
        let views = views.filter(|(view, tended)| view.forgets() && tended.broken.is_none());
        let next = views.flat_map(|(view, tended)| {
            let sources = view.sources.iter().zip(&tended.pending);
            sources
                .filter(|(source, _)| source.of == SourceOf::Stream(stream))
                .map(|(_, pending)| pending.next)
        });
        next.min().unwrap_or(u64::MAX)
    }
}
