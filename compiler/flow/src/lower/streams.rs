//! Streams: what is emitted with which key and time, and which entries consume it.

use weir_check::hir;
use weir_contract::Type;

use super::body::Body;
use super::{Context, Instance, Lowering, Passed};
use crate::ir::*;

impl Lowering<'_> {
    /// The streams by their types, before there is code; their entries come later.
    pub fn streams(&mut self) {
        for stream in &self.checked.streams {
            let key = stream.key.as_ref();
            self.module.streams.push(Stream {
                name: stream.name.clone(),
                ty: self.places.ty(&stream.ty, &[]),
                key: key.map(|key| self.places.ty(&key.ty, &[])),
                timed: stream.time.is_some(),
                late_us: stream.late_us,
                keep: match &stream.keep {
                    hir::Keep::Configured => Keep::Configured,
                    hir::Keep::For(us) => Keep::For(*us),
                    hir::Keep::Ever(why) => Keep::Ever(why.clone()),
                },
                append: None,
                consumers: Vec::new(),
                doc: stream.doc.clone(),
            });
        }
    }

    /// Makes the entries of consumers, and of what takes entries from outside.
    pub fn stream_entries(&mut self) {
        let checked = self.checked;
        for (at, stream) in checked.streams.iter().enumerate() {
            let append = stream.append.map(|append| self.sent_entry(append));
            self.module.streams[at].append = append;
        }
        for consumer in &checked.consumers {
            let entry = self.sent_entry(consumer.function);
            self.module.streams[consumer.stream.0 as usize]
                .consumers
                .push(entry);
        }
    }
}

impl Body<'_, '_> {
    /// `posts.emit(p)`: the entry first, then its key and its time from it.
    pub fn emit(&mut self, stream: hir::StreamId, value: &hir::Expr) -> Option<Reg> {
        let value = self.expr(value)?;
        let ty = self.low.module.streams[stream.0 as usize].ty.clone();
        let value = self.b.coerce(value, &ty);
        let of = &self.low.checked.streams[stream.0 as usize];
        let key = of.key.as_ref().map(|key| self.derived(key, value));
        let time = of.time.as_ref().map(|time| self.derived(time, value));
        let emit = Op::Emit {
            stream: stream.0,
            key,
            time,
            value,
        };
        Some(self.b.emit(Type::Int, emit))
    }

    fn derived(&mut self, derived: &hir::Derived, entry: Reg) -> Reg {
        let func = self.low.instance(Instance {
            function: derived.function,
            types: Vec::new(),
            params: vec![Passed::Value],
            context: Context::Outside,
        });
        let ty = self.ty(&derived.ty);
        self.b.emit(ty, Op::Call(func, vec![entry]))
    }
}
