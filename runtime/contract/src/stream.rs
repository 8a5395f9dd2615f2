//! Streams, as the manifest has them: what is in them, in which order it is consumed, and by which functions.

use serde::{Deserialize, Serialize};

use crate::manifest::{Function, FunctionKind, Manifest, ManifestError, check_type};
use crate::types::Type;
use crate::view::{SourceOf, View};

/// Position in [`Manifest::streams`].
pub type StreamId = u32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub name: String,
    /// Of an entry.
    pub ty: Type,
    /// Entries of one key are consumed in their order, one after the other. Without it they have no order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Type>,
    /// The program says when what an entry tells of happened; otherwise that is when it was emitted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timed: bool,
    /// Views wait so long for entries of an earlier time, in microseconds. Only of a timed stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Keep::is_configured")]
    pub keep: Keep,
    /// Position of the function that takes entries from outside: of one parameter, a list of them, and gives their positions.
    /// Who may call it may append.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append: Option<u32>,
    /// Positions of the functions that run once for each entry: of one parameter, the entry; and none fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// How long entries are there for consumers and views that come later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// As [`crate::settings::Retention::streams_us`] has it; for ever where a view that has no windows is made of them.
    #[default]
    Configured,
    /// Microseconds.
    For(i64),
    /// For ever, and why.
    Ever(String),
}

impl Keep {
    fn is_configured(&self) -> bool {
        *self == Keep::Configured
    }
}

impl Manifest {
    pub fn stream(&self, name: &str) -> Option<(StreamId, &Stream)> {
        let at = self.streams.iter().position(|stream| stream.name == name)?;
        Some((at as StreamId, &self.streams[at]))
    }

    /// The stream that a function takes entries for from outside.
    pub fn stream_of(&self, function: &Function) -> Option<&Stream> {
        let is_it = |at: u32| {
            let append = self.functions.get(at as usize);
            append.is_some_and(|append| append.entry == function.entry)
        };
        self.streams.iter().find(|s| s.append.is_some_and(is_it))
    }

    /// How long entries of a stream are kept, in microseconds; nothing for ever. A view that remembers what was in them for ever
    /// is made of them again.
    pub fn keep_us(&self, stream: &Stream) -> Option<i64> {
        let number = self.stream(&stream.name).map(|(number, _)| number);
        let mut views = self.views.iter().filter(|view| !view.forgets());
        let is_of = |view: &View| {
            let mut sources = view.sources.iter();
            sources.any(|source| Some(source.of) == number.map(SourceOf::Stream))
        };
        match stream.keep {
            Keep::Configured if views.any(is_of) => None,
            Keep::Configured => Some(self.retention.streams_us()),
            Keep::For(us) => Some(us),
            Keep::Ever(_) => None,
        }
    }

    /// Checks what streams say of types and functions.
    pub(crate) fn check_streams(&self) -> Result<(), ManifestError> {
        for (i, stream) in self.streams.iter().enumerate() {
            let what = format!("stream {}", stream.name);
            let wrong = |why: &str| Err(ManifestError(format!("{what} {why}")));
            if self.streams[..i].iter().any(|s| s.name == stream.name) {
                return wrong("occurs twice");
            }
            check_type(&self.defs, &stream.ty, &what)?;
            if let Some(key) = &stream.key {
                check_type(&self.defs, key, &what)?;
            }
            if matches!(stream.keep, Keep::For(us) if us <= 0) {
                return wrong("keeps its entries for no time");
            }
            match stream.late_us {
                Some(us) if us <= 0 || !stream.timed => {
                    return wrong("says what is late, but not by what time");
                }
                _ => {}
            }
            let takes = |function: u32, ty: &Type| {
                self.functions.get(function as usize).is_some_and(|f| {
                    f.kind == FunctionKind::Function
                        && f.fails.is_empty()
                        && matches!(f.params.as_slice(), [param] if param.ty == *ty && !param.has_default)
                })
            };
            if let Some(append) = stream.append {
                let list = Type::List(Box::new(stream.ty.clone()));
                let positions = Type::List(Box::new(Type::Int));
                let gives = self.functions.get(append as usize).map(|f| &f.returns);
                if !takes(append, &list) || gives != Some(&positions) {
                    return wrong("cannot be appended to by that function");
                }
            }
            for (at, consumer) in stream.consumers.iter().enumerate() {
                if !takes(*consumer, &stream.ty) {
                    return wrong("has a consumer that does not take its entries");
                }
                if stream.consumers[..at].contains(consumer) {
                    return wrong("has a consumer twice");
                }
            }
        }
        let emits = self.functions.iter().flat_map(|f| &f.emits);
        let mut emits = emits.chain(self.frames.iter().flat_map(|f| &f.emits));
        match emits.find(|stream| **stream as usize >= self.streams.len()) {
            Some(stream) => Err(ManifestError(format!(
                "something emits into stream {stream}, which is not there"
            ))),
            None => Ok(()),
        }
    }
}
