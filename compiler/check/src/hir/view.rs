//! Views: queries that are kept up to date. What one means is [`View::meaning`]; the functions are how a runtime gets there, as
//! `weir_contract::view` asks for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_diagnostics::Span;

use super::{Arg, Body, Checked, EntityId, Expr, ExprKind, FnId, StreamId, Type};
use crate::walk;

/// Position in [`Checked::views`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub u32);

/// `view name = for .. select ..`
#[derive(Clone, Debug)]
pub struct View {
    /// `trending`, and of a module `shop.trending`.
    pub name: String,
    /// One, or two that are joined.
    pub sources: Vec<ViewSource>,
    /// Makes parts of two payloads.
    pub pair: Option<FnId>,
    pub group: Option<ViewGroup>,
    pub row: Type,
    /// For each value that rows are sorted by, whether the greatest comes first.
    pub descending: Vec<bool>,
    pub limit: Option<u64>,
    /// Gives all rows: `trending.all()`.
    pub all: FnId,
    /// Gives the rows whose first key is its parameter: `trending.at(k)`. There when the view is grouped.
    pub at: Option<FnId>,
    /// The query as it was written, over all that its sources hold: a list of rows, and where the view is grouped of pairs of
    /// the first key and the row. Where [`View::forgets`] says so its first local variable is a time: what is in a window is left
    /// out when the window's key, of a session its latest time, is not behind that. Nobody runs this but the interpreter.
    pub meaning: Arc<Body>,
    pub is_pub: bool,
    /// Why it may remember for ever: `@keep("reason")`.
    pub keep: Option<String>,
    pub doc: Option<String>,
    /// Of the name.
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub struct ViewSource {
    pub of: SourceOf,
    /// What makes parts or payloads of what is in the source.
    pub feed: FnId,
    /// Where the source is named.
    pub span: Span,
}

/// Where rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceOf {
    Stream(StreamId),
    Entity(EntityId),
    View(ViewId),
}

#[derive(Clone, Debug)]
pub struct ViewGroup {
    /// How many.
    pub keys: usize,
    /// Their operands stand behind the keys in a part.
    pub aggregates: Vec<ViewAggregate>,
    /// Makes rows of keys and results.
    pub row: FnId,
    pub window: Option<ViewWindow>,
}

/// The types are those of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewAggregate {
    Count,
    Sum,
    Min,
    Max,
    Distinct,
    Values,
}

/// The key at a position is a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewWindow {
    pub key: u32,
    pub kind: WindowKind,
}

/// Microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    Fixed(i64),
    Session(i64),
}

impl View {
    /// The window that says when what is in it is forgotten, where one does.
    pub fn forgets(&self) -> Option<ViewWindow> {
        let window = self.group.as_ref()?.window?;
        self.pair.is_none().then_some(window)
    }
}

impl Checked {
    pub fn view(&self, id: ViewId) -> &View {
        &self.views[id.0 as usize]
    }

    /// Every view behind those it is made of. Where some are made of themselves, which is not right, they come in some order.
    pub fn views_in_order(&self) -> Vec<ViewId> {
        let (mut order, mut begun) = (Vec::new(), BTreeSet::new());
        let all = (0..self.views.len() as u32).map(ViewId);
        all.for_each(|id| self.behind_its_sources(id, &mut begun, &mut order));
        order
    }

    fn behind_its_sources(
        &self,
        id: ViewId,
        begun: &mut BTreeSet<ViewId>,
        order: &mut Vec<ViewId>,
    ) {
        if !begun.insert(id) {
            return;
        }
        for source in &self.view(id).sources {
            if let SourceOf::View(of) = source.of {
                self.behind_its_sources(of, begun, order);
            }
        }
        order.push(id);
    }

    /// Whether running this may read a view, in lambdas too.
    pub fn reads_views(&self, code: &Expr) -> bool {
        let mut reads = false;
        walk::all(code, &mut |e| match &e.kind {
            ExprKind::ReadView { .. } => reads = true,
            ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
                reads |= !self.function(*function).views.is_empty();
                reads |= walk::call_args(e).iter().any(|arg| self.is_reader(arg));
            }
            _ => {}
        });
        reads
    }

    /// Whether a call may read a view before it waits: itself, or with a function that it is given.
    pub fn call_reads_views(&self, function: FnId, args: &[Arg]) -> bool {
        let own = !self.function(function).views.is_empty();
        own || args.iter().any(|arg| match arg {
            Arg::Lambda(lambda) => self.reads_views(&lambda.body),
            other => self.is_reader(other),
        })
    }

    fn is_reader(&self, arg: &Arg) -> bool {
        matches!(arg, Arg::Function(id, _) if !self.function(*id).views.is_empty())
    }
}
