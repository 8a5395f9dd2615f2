//! Streams and what runs for their entries.

use weir_diagnostics::Span;

use super::{Access, FnId, Type};

/// Position in [`super::Checked::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// `stream posts: Post`
#[derive(Clone, Debug)]
pub struct Stream {
    /// As its routes and the manifest have it: in a module that is not the program's first file, with the module's path in front.
    pub name: String,
    /// Of an entry.
    pub ty: Type,
    /// `@key(by)`: entries of one key have an order among them; without it, none have.
    pub key: Option<Derived>,
    /// `@time(at)`: when what an entry tells of happened; without it, when it was emitted. Of type `Time`.
    pub time: Option<Derived>,
    /// `@late(30s)`, microseconds: views wait so long for entries of an earlier time.
    pub late_us: Option<i64>,
    pub keep: Keep,
    /// Of a `pub stream`: takes a list of entries from outside, and gives their positions.
    pub append: Option<FnId>,
    /// Who may append from outside.
    pub access: Access,
    pub doc: Option<String>,
    /// Of the name.
    pub span: Span,
}

/// What is worked out from an entry when it is emitted.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Of one parameter, the entry. Pure, does not fail.
    pub function: FnId,
    pub ty: Type,
}

/// How long entries are there for consumers and views that come later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// As the project says.
    #[default]
    Configured,
    /// `@keep(7d)`, microseconds.
    For(i64),
    /// `@keep("audit")`: for ever, with the reason.
    Ever(String),
}

/// `on posts(p) { .. }`: runs once for every entry, in order for each key.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub stream: StreamId,
    /// Of one parameter, the entry. May wait, does not fail. Its name tells it from others: `posts.on`, `posts.on_no2`.
    pub function: FnId,
    pub doc: Option<String>,
    /// Of the stream's name behind `on`.
    pub span: Span,
}
