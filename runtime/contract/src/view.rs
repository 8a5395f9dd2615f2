//! A view as a runtime keeps it: where rows come from, which functions of the program make them, how they are grouped and ordered.
//!
//! ```text
//!   source --feed--> rows                                   one source, not grouped
//!   source --feed--> parts --group--> (keys, results) --row--> rows
//!   source --feed--> (on, payload) \
//!                                   pair --> rows or parts  two sources
//!   source --feed--> (on, payload) /
//! ```
//! All functions named here are of [`crate::manifest::Manifest::functions`]: not public, pure but for a feed of an entity, which
//! reads the state of its instance. Each gives a list, so that one can leave out or multiply; an element is a tuple of what is
//! listed below, or the thing itself where that is one.
//!
//! | function | takes | an element of what it gives |
//! | --- | --- | --- |
//! | `feed` without join | an entry, the keys of an instance or a row | a part |
//! | `feed` with join | the same | what is joined on, payload |
//! | `pair` | both payloads | a part |
//! | part, not grouped | | the values of `order`, the row |
//! | part, grouped | | the keys, then the operand of every aggregate that has one |
//! | `row` | the keys, then the result of every aggregate | the values of `order`, the row |
//!
//! The meaning is that of the same query over all its sources at once (after Budiu et al., DBSP, VLDB 2023); what a runtime keeps
//! to get there with less work is its own affair.

use serde::{Deserialize, Serialize};

use crate::manifest::{Effect, Manifest, ManifestError};
use crate::types::{TupleField, Type};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    pub name: String,
    /// One, or two that are joined.
    pub sources: Vec<ViewSource>,
    /// Function that makes parts of two payloads; there when there are two sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// The type of a row.
    pub row: Type,
    /// What rows are sorted by; without any they stand in the order of their keys, or of their sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Order>,
    /// Only so many, the first ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Function without parameters that gives all rows: `trending.all()`, `GET /trending`. It is public if the view is.
    pub all: u32,
    /// Function that gives the rows whose first key is its parameter; there when the view is grouped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u32>,
    /// A digest of all that its rows follow from: the code of its functions and what they call, and the types they are about. A
    /// runtime keeps what it has of a view as long as this is the same; empty is the same as nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewSource {
    pub of: SourceOf,
    /// Position in the manifest's functions.
    pub feed: u32,
}

/// Where rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceOf {
    /// Position in the manifest's streams: the entries that are kept and were not late.
    Stream(u32),
    /// Position in the manifest's entities: the instances that were ever called.
    Entity(u32),
    /// Position in the manifest's views, before this one.
    View(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// At least one.
    pub keys: Vec<Type>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<Aggregate>,
    /// Makes rows of the keys and results.
    pub row: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// One of the keys is a window of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Position among the keys; of type `Time`.
    pub key: u32,
    pub kind: WindowKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// The key is when the window begins; it is so many microseconds long. Windows may overlap.
    Fixed { size_us: i64 },
    /// A part says when it was; a window ends when nothing was for so long. The key of a group is when its first part was.
    Session { gap_us: i64 },
}

/// What is made of the parts of a group. All but `count` have an operand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// How many parts there are, an `Int`.
    Count,
    /// Of `Int`, `Decimal`, `Duration` or `Money`; the type of the result as well.
    Sum(Type),
    Min(Type),
    Max(Type),
    /// How many different values there are, an `Int`.
    Distinct(Type),
    /// All of them as a list, in the order of their sources: what is made of them is the affair of the `row` function.
    Values(Type),
}

impl Aggregate {
    /// Type of the operand.
    pub fn operand(&self) -> Option<&Type> {
        match self {
            Aggregate::Count => None,
            Aggregate::Sum(ty)
            | Aggregate::Min(ty)
            | Aggregate::Max(ty)
            | Aggregate::Distinct(ty)
            | Aggregate::Values(ty) => Some(ty),
        }
    }

    /// Type of the result.
    pub fn result(&self) -> Type {
        match self {
            Aggregate::Count | Aggregate::Distinct(_) => Type::Int,
            Aggregate::Sum(ty) | Aggregate::Min(ty) | Aggregate::Max(ty) => ty.clone(),
            Aggregate::Values(ty) => Type::List(Box::new(ty.clone())),
        }
    }
}

/// One value that rows are sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub ty: Type,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
}

impl View {
    /// Whether what is in it goes with its windows: then a runtime need not keep what the entries of streams have become.
    pub fn forgets(&self) -> bool {
        let windows = self.group.as_ref().and_then(|group| group.window.as_ref());
        let is_stream = |source: &ViewSource| matches!(source.of, SourceOf::Stream(_));
        windows.is_some() && self.pair.is_none() && self.sources.iter().all(is_stream)
    }

    /// The type of an element of what `feed` of a source that is not joined, or else `pair`, gives.
    pub fn part(&self) -> Vec<Type> {
        match &self.group {
            Some(group) => {
                let operands = group.aggregates.iter().filter_map(Aggregate::operand);
                group.keys.iter().chain(operands).cloned().collect()
            }
            None => self.ordered_row(),
        }
    }

    /// The values of `order`, then the row.
    pub fn ordered_row(&self) -> Vec<Type> {
        let order = self.order.iter().map(|order| order.ty.clone());
        order.chain([self.row.clone()]).collect()
    }
}

/// What an element of a list is that is made of these: a tuple, or the thing itself where it is one.
pub fn element(parts: Vec<Type>) -> Type {
    match <[Type; 1]>::try_from(parts) {
        Ok([one]) => one,
        Err(parts) => Type::Tuple(
            parts
                .into_iter()
                .map(|ty| TupleField { name: None, ty })
                .collect(),
        ),
    }
}

impl Manifest {
    /// Holds the functions of a view to the types that its members ask for.
    pub(crate) fn check_view(&self, number: usize) -> Result<(), ManifestError> {
        let view = &self.views[number];
        let wrong = |what: &str| Err(ManifestError(format!("view {}: {what}", view.name)));
        if self.views[..number].iter().any(|v| v.name == view.name) {
            return wrong("occurs twice");
        }
        let joined = match (view.sources.len(), view.pair) {
            (1, None) => false,
            (2, Some(_)) => true,
            _ => return wrong("has one source, or two and what makes pairs of them"),
        };
        let part = element(view.part());
        let mut payloads = Vec::new();
        let mut joins = Vec::new();
        for source in &view.sources {
            let Some(takes) = self.source_types(source.of, number) else {
                return wrong("has a source that is not there, or not before it");
            };
            let gives = self.view_function(source.feed, takes.iter());
            match (gives, joined) {
                (Some(gives), false) if *gives == part => {}
                (Some(Type::Tuple(both)), true) if both.len() == 2 => {
                    joins.push(&both[0].ty);
                    payloads.push(&both[1].ty);
                }
                _ => return wrong("what feeds it is of other types"),
            }
        }
        if joins.windows(2).any(|both| both[0] != both[1]) {
            return wrong("its sources are joined on different types");
        }
        if let Some(pair) = view.pair
            && self.view_function(pair, payloads.into_iter()) != Some(&part)
        {
            return wrong("what makes its pairs is of other types");
        }
        if let Some(group) = &view.group {
            let results: Vec<Type> = group.aggregates.iter().map(Aggregate::result).collect();
            let takes = group.keys.iter().chain(&results);
            if self.view_function(group.row, takes) != Some(&element(view.ordered_row())) {
                return wrong("what makes its rows is of other types");
            }
            if let Some(window) = &group.window
                && group.keys.get(window.key as usize) != Some(&Type::Time)
            {
                return wrong("its window is no key that is a time");
            }
        }
        if self.view_function(view.all, [].iter()) != Some(&view.row) {
            return wrong("what reads it is of other types");
        }
        let key = view.group.as_ref().and_then(|group| group.keys.first());
        match (view.at, key) {
            (None, None) => Ok(()),
            (Some(at), Some(key))
                if self.view_function(at, [key].into_iter()) == Some(&view.row) =>
            {
                Ok(())
            }
            _ => wrong("what reads it by key is of other types"),
        }
    }

    /// What a feed takes.
    fn source_types(&self, of: SourceOf, before: usize) -> Option<Vec<Type>> {
        match of {
            SourceOf::Stream(number) => {
                let stream = self.streams.get(number as usize)?;
                Some(vec![stream.ty.clone()])
            }
            SourceOf::Entity(number) => {
                let entity = self.entities.get(number as usize)?;
                Some(entity.keys.iter().map(|key| key.ty.clone()).collect())
            }
            SourceOf::View(number) if (number as usize) < before => {
                Some(vec![self.views[number as usize].row.clone()])
            }
            SourceOf::View(_) => None,
        }
    }

    /// What the elements are of the list that a function gives, when it takes these.
    fn view_function<'t>(
        &self,
        number: u32,
        takes: impl Iterator<Item = &'t Type>,
    ) -> Option<&Type> {
        let function = self.functions.get(number as usize)?;
        let params = function.params.iter();
        let same = params.map(|p| &p.ty).eq(takes) && function.fails.is_empty();
        match &function.returns {
            Type::List(of) if same && function.effect <= Effect::Read => Some(of),
            _ => None,
        }
    }
}
