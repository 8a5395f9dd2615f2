//! From the arms of a `match` to the tests that tell them apart, none of which is done twice on one way.
//!
//! ```text
//! match pair {                           tag of .0
//!   (Some(x), None) => a          =>       Some: tag of .1
//!   (Some(_), Some(_)) => b                  None: a     Some: b
//!   (None, _) => c                         None: c
//! }
//! ```
//! Maranget, "Compiling Pattern Matching to Good Decision Trees" (ML 2008): the rows of a matrix are arms, what is tested is the
//! part of the value that the first row needs and most others do too. Rows that are left in the same way on several ways are
//! one node, so what comes out is a graph; where it would still become too large there is none, and the arms are tried one
//! after the other (`pattern`). Patterns cannot crash and change nothing, so the order of tests is free; guards are asked in
//! the order of the arms.
//!
//! Only plans: `pattern` makes the code.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use weir_check::hir::{self, LocalId, PatternKind};

use super::Lowering;

/// Nodes of the largest graph, for each pattern of the arms, and besides.
const NODES_PER_PATTERN: usize = 6;
const NODES_BESIDES: usize = 48;
/// Of a `match` with more arms none is made: each test would be a frame of the compiler's own stack.
const ARMS_MAX: usize = 200;
/// Nodes of one arm with a guard, at most: each of them asks it in code of its own.
const GUARDS_MAX: usize = 3;

/// A part of the matched value, by number; 0 is the whole.
pub type Place = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Whole,
    /// Of a variant with that tag.
    Payload(Place, u32, u32),
    /// Of a record or a tuple.
    Field(Place, u32),
    /// Of a list, counted from its beginning.
    Item(Place, usize),
    /// Of a list, counted from its end: the last is 0.
    FromEnd(Place, usize),
    /// What a list holds without so many at its beginning and so many at its end.
    Rest(Place, usize, usize),
}

impl Part {
    /// What it is a part of.
    fn of(self) -> Option<Place> {
        match self {
            Part::Whole => None,
            Part::Payload(of, ..)
            | Part::Field(of, _)
            | Part::Item(of, _)
            | Part::FromEnd(of, _)
            | Part::Rest(of, ..) => Some(of),
        }
    }
}

pub type NodeId = usize;

#[derive(Clone, Debug)]
pub enum Node<'h> {
    /// No arm matches, which cannot happen.
    Dead,
    /// The arm matches, if it has no guard or that holds; else it goes on.
    Arm {
        arm: usize,
        binds: Vec<(LocalId, Place)>,
        otherwise: Option<NodeId>,
    },
    /// Cases ascend by tag.
    Tags {
        place: Place,
        cases: Vec<(u32, NodeId)>,
        default: NodeId,
    },
    Bool {
        place: Place,
        yes: NodeId,
        no: NodeId,
    },
    Literal {
        place: Place,
        literal: &'h hir::Expr,
        yes: NodeId,
        no: NodeId,
    },
    /// Whether the list has just so many items, or at least so many.
    Length {
        place: Place,
        items: usize,
        or_more: bool,
        yes: NodeId,
        no: NodeId,
    },
}

impl Node<'_> {
    pub fn for_each_next(&self, mut f: impl FnMut(NodeId)) {
        match self {
            Node::Dead => {}
            Node::Arm { otherwise, .. } => otherwise.iter().for_each(|n| f(*n)),
            Node::Tags { cases, default, .. } => {
                cases.iter().for_each(|(_, n)| f(*n));
                f(*default);
            }
            Node::Bool { yes, no, .. }
            | Node::Literal { yes, no, .. }
            | Node::Length { yes, no, .. } => {
                f(*yes);
                f(*no);
            }
        }
    }
}

#[derive(Debug)]
pub struct Decision<'h> {
    pub nodes: Vec<Node<'h>>,
    pub parts: Vec<Part>,
    pub root: NodeId,
}

/// `tag`: of a pattern that asks for one. `None` where the graph would become too large.
pub fn decide<'h>(
    arms: &'h [hir::Arm],
    tag: impl Fn(&hir::Pattern) -> Option<u32>,
) -> Option<Decision<'h>> {
    if arms.len() > ARMS_MAX {
        return None;
    }
    let patterns: usize = arms.iter().map(|arm| count(&arm.pattern)).sum();
    let mut plan = Plan {
        arms,
        tag: &tag,
        nodes: Vec::new(),
        nodes_max: NODES_BESIDES + NODES_PER_PATTERN * patterns,
        parts: vec![Part::Whole],
        places: HashMap::from([(Part::Whole, 0)]),
        known: HashMap::new(),
    };
    let lengths = Lengths::new();
    let mut rows = Vec::new();
    for (number, arm) in arms.iter().enumerate() {
        let mut row = Row {
            arm: number,
            cells: Vec::new(),
            binds: Vec::new(),
        };
        if plan.add(&mut row, 0, &arm.pattern, &lengths) {
            rows.push(row);
        }
    }
    let root = plan.node(rows, lengths)?;
    let mut guards = vec![0; arms.len()];
    for node in &plan.nodes {
        if let Node::Arm {
            arm,
            otherwise: Some(_),
            ..
        } = node
        {
            guards[*arm] += 1;
        }
    }
    if guards.iter().any(|times| *times > GUARDS_MAX) {
        return None;
    }
    Some(Decision {
        nodes: plan.nodes,
        parts: plan.parts,
        root,
    })
}

fn count(pattern: &hir::Pattern) -> usize {
    let inside: usize = match &pattern.kind {
        PatternKind::Some(inner) | PatternKind::Ok(inner) => count(inner),
        PatternKind::Error(_, inner)
        | PatternKind::Variant(_, _, inner)
        | PatternKind::Fields(inner)
        | PatternKind::List { items: inner, .. }
        | PatternKind::Or(inner) => inner.iter().map(count).sum(),
        _ => 0,
    };
    1 + inside
}

/// An arm, and what is still to be tested of it: patterns that may fail, each of a place.
#[derive(Clone)]
struct Row<'h> {
    arm: usize,
    cells: Vec<(Place, &'h hir::Pattern)>,
    binds: Vec<(LocalId, Place)>,
}

/// By place of a list: the least and the greatest length it can have here.
type Lengths = BTreeMap<Place, (usize, usize)>;

const ANY_LENGTH: (usize, usize) = (0, usize::MAX);

fn length(lengths: &Lengths, place: Place) -> (usize, usize) {
    lengths.get(&place).copied().unwrap_or(ANY_LENGTH)
}

/// Whether a list of one of these lengths may match, and may not.
fn is_open(items: usize, or_more: bool, (least, most): (usize, usize)) -> bool {
    match or_more {
        true => least < items && items <= most,
        false => least <= items && items <= most && least < most,
    }
}

/// What a node is made of: rows left in the same way are told apart in the same way.
type Key = (
    Vec<(usize, Vec<(Place, usize)>, Vec<(LocalId, Place)>)>,
    Lengths,
);

struct Plan<'h, 'f> {
    arms: &'h [hir::Arm],
    tag: &'f dyn Fn(&hir::Pattern) -> Option<u32>,
    nodes: Vec<Node<'h>>,
    nodes_max: usize,
    parts: Vec<Part>,
    places: HashMap<Part, Place>,
    known: HashMap<Key, NodeId>,
}

/// What a test has found out about a place.
#[derive(Clone, Copy)]
enum Found<'h> {
    Tag(u32),
    /// None of the tags that any row asks for.
    OtherTag,
    Bool(bool),
    Literal(&'h hir::Expr, bool),
    /// Something about the length, which the lengths tell.
    Length,
}

impl<'h> Plan<'h, '_> {
    fn place(&mut self, part: Part) -> Place {
        let parts = &mut self.parts;
        *self.places.entry(part).or_insert_with(|| {
            parts.push(part);
            parts.len() - 1
        })
    }

    /// Adds to a row what a pattern asks of a place. False where it cannot match any more.
    fn add(
        &mut self,
        row: &mut Row<'h>,
        place: Place,
        pattern: &'h hir::Pattern,
        lengths: &Lengths,
    ) -> bool {
        match &pattern.kind {
            PatternKind::Wildcard => {}
            PatternKind::Bind(local) => row.binds.push((*local, place)),
            PatternKind::Fields(fields) => {
                let parts = fields.iter().enumerate();
                return self.add_all(row, parts, |at| Part::Field(place, at as u32), lengths);
            }
            PatternKind::List { items, rest } => {
                let (least, most) = length(lengths, place);
                if items.len() > most || rest.is_none() && items.len() < least {
                    return false;
                }
                if is_open(items.len(), rest.is_some(), (least, most)) {
                    // Its length is to be asked first.
                    row.cells.push((place, pattern));
                    return true;
                }
                let all = items.len();
                let at_start = rest.map_or(all, |rest| rest.at);
                if let Some(local) = rest.and_then(|rest| rest.local) {
                    let between = self.place(Part::Rest(place, at_start, all - at_start));
                    row.binds.push((local, between));
                }
                // An item that can be counted from both ends is one place.
                let part = |at| match (at < at_start, least == most) {
                    (true, _) => Part::Item(place, at),
                    (false, true) => Part::Item(place, most - all + at),
                    (false, false) => Part::FromEnd(place, all - 1 - at),
                };
                return self.add_all(row, items.iter().enumerate(), part, lengths);
            }
            _ => row.cells.push((place, pattern)),
        }
        true
    }

    fn add_all(
        &mut self,
        row: &mut Row<'h>,
        patterns: impl Iterator<Item = (usize, &'h hir::Pattern)>,
        part: impl Fn(usize) -> Part,
        lengths: &Lengths,
    ) -> bool {
        for (at, pattern) in patterns {
            if matches!(pattern.kind, PatternKind::Wildcard) {
                continue;
            }
            let place = self.place(part(at));
            if !self.add(row, place, pattern, lengths) {
                return false;
            }
        }
        true
    }

    fn node(&mut self, mut rows: Vec<Row<'h>>, lengths: Lengths) -> Option<NodeId> {
        self.open_first(&mut rows, &lengths);
        // Behind an arm that matches for sure no other counts.
        let sure = |row: &Row<'h>| row.cells.is_empty() && self.arms[row.arm].guard.is_none();
        if let Some(at) = rows.iter().position(sure) {
            rows.truncate(at + 1);
        }
        let key = key(&rows, &self.parts, &lengths);
        if let Some(node) = self.known.get(&key) {
            return Some(*node);
        }
        if self.nodes.len() >= self.nodes_max {
            return None;
        }
        let node = self.make(rows, lengths)?;
        self.nodes.push(node);
        self.known.insert(key, self.nodes.len() - 1);
        Some(self.nodes.len() - 1)
    }

    /// Takes choices apart in the first row of which one needs no test: what to test is not clear then.
    fn open_first(&mut self, rows: &mut Vec<Row<'h>>, lengths: &Lengths) {
        loop {
            let Some(first) = rows.first() else { return };
            let is_clear = |place: &Place, pattern: &hir::Pattern| {
                let mut clear = true;
                for_each_choice(pattern, &mut |choice| {
                    clear &= match kind(choice) {
                        None => false,
                        Some(Kind::List { items, or_more }) => {
                            is_open(items, or_more, length(lengths, *place))
                        }
                        _ => true,
                    };
                });
                clear
            };
            let cells = first.cells.iter();
            let Some(at) = cells.into_iter().position(|(place, p)| !is_clear(place, p)) else {
                return;
            };
            let mut row = rows.remove(0);
            let (place, pattern) = row.cells.remove(at);
            let mut choices = Vec::new();
            for_each_choice(pattern, &mut |choice| choices.push(choice));
            for choice in choices.into_iter().rev() {
                let mut new = row.clone();
                if self.add(&mut new, place, choice, lengths) {
                    rows.insert(0, new);
                }
            }
        }
    }

    fn make(&mut self, rows: Vec<Row<'h>>, lengths: Lengths) -> Option<Node<'h>> {
        let Some(first) = rows.first() else {
            return Some(Node::Dead);
        };
        let Some((place, pattern)) = chosen(&rows) else {
            let (arm, binds) = (first.arm, first.binds.clone());
            let otherwise = match self.arms[arm].guard {
                Some(_) => Some(self.node(rows[1..].to_vec(), lengths)?),
                None => None,
            };
            return Some(Node::Arm {
                arm,
                binds,
                otherwise,
            });
        };
        let mut head = None;
        for_each_choice(pattern, &mut |choice| {
            head.get_or_insert(choice);
        });
        let head = head.expect("a choice has choices");
        Some(match kind(head).expect("the others were taken apart") {
            Kind::Tag => {
                let mut tags = Vec::new();
                let cells = rows.iter().flat_map(|row| &row.cells);
                for (_, pattern) in cells.filter(|(at, _)| *at == place) {
                    for_each_choice(pattern, &mut |choice| tags.extend((self.tag)(choice)));
                }
                tags.sort();
                tags.dedup();
                let mut cases = Vec::new();
                for tag in tags {
                    let left = self.left(&rows, place, Found::Tag(tag), &lengths);
                    cases.push((tag, self.node(left, lengths.clone())?));
                }
                let left = self.left(&rows, place, Found::OtherTag, &lengths);
                let default = self.node(left, lengths)?;
                Node::Tags {
                    place,
                    cases,
                    default,
                }
            }
            Kind::Bool => {
                let yes = self.left(&rows, place, Found::Bool(true), &lengths);
                let no = self.left(&rows, place, Found::Bool(false), &lengths);
                Node::Bool {
                    place,
                    yes: self.node(yes, lengths.clone())?,
                    no: self.node(no, lengths)?,
                }
            }
            Kind::Literal(literal) => {
                let yes = self.left(&rows, place, Found::Literal(literal, true), &lengths);
                let no = self.left(&rows, place, Found::Literal(literal, false), &lengths);
                Node::Literal {
                    place,
                    literal,
                    yes: self.node(yes, lengths.clone())?,
                    no: self.node(no, lengths)?,
                }
            }
            Kind::List { items, or_more } => {
                let (least, most) = length(&lengths, place);
                let with = |range| {
                    let mut lengths = lengths.clone();
                    lengths.insert(place, range);
                    lengths
                };
                // Where one length is out in the middle, that is not known further on; the pattern that asked for it is gone.
                let (yes, no) = match or_more {
                    true => ((items, most), (least, items - 1)),
                    false if items == least => ((items, items), (items + 1, most)),
                    false if items == most => ((items, items), (least, items - 1)),
                    false => ((items, items), (least, most)),
                };
                let yes_lengths = with(yes);
                let yes = self.left(&rows, place, Found::Length, &yes_lengths);
                let no_lengths = with(no);
                let mut no = self.left(&rows, place, Found::Length, &no_lengths);
                let same = |pattern: &hir::Pattern| {
                    kind(pattern).is_some_and(
                        |k| matches!(k, Kind::List { items: n, or_more: false } if n == items),
                    )
                };
                if !or_more {
                    no.retain(|row| !row.cells.iter().any(|(at, p)| *at == place && same(p)));
                }
                Node::Length {
                    place,
                    items,
                    or_more,
                    yes: self.node(yes, yes_lengths)?,
                    no: self.node(no, no_lengths)?,
                }
            }
        })
    }

    /// The rows that may still match, with what is left of them.
    fn left(
        &mut self,
        rows: &[Row<'h>],
        place: Place,
        found: Found<'h>,
        lengths: &Lengths,
    ) -> Vec<Row<'h>> {
        let mut left = Vec::new();
        for row in rows {
            let Some(at) = row.cells.iter().position(|(of, _)| *of == place) else {
                left.push(row.clone());
                continue;
            };
            let mut rest = row.clone();
            let (_, pattern) = rest.cells.remove(at);
            let mut choices = Vec::new();
            for_each_choice(pattern, &mut |choice| choices.push(choice));
            for choice in choices {
                let mut new = rest.clone();
                if self.fits(&mut new, place, choice, found, lengths) {
                    left.push(new);
                }
            }
        }
        left
    }

    /// Whether the pattern may match what was found; adds to the row what it asks besides.
    fn fits(
        &mut self,
        row: &mut Row<'h>,
        place: Place,
        pattern: &'h hir::Pattern,
        found: Found<'h>,
        lengths: &Lengths,
    ) -> bool {
        match (kind(pattern), found) {
            (Some(Kind::Tag), Found::Tag(tag)) => {
                (self.tag)(pattern) == Some(tag)
                    && self.add_payload(row, place, pattern, tag, lengths)
            }
            (Some(Kind::Tag), _) => false,
            (Some(Kind::Bool), Found::Bool(b)) => {
                matches!(pattern.kind, PatternKind::Bool(wanted) if wanted == b)
            }
            (Some(Kind::Literal(literal)), Found::Literal(asked, equal)) => {
                match are_equal(literal, asked) {
                    Some(true) => equal,
                    Some(false) if equal => false,
                    _ => {
                        row.cells.push((place, pattern));
                        true
                    }
                }
            }
            // A list by what is known of its length; what cannot fail, in any case.
            (None | Some(Kind::List { .. }), _) => self.add(row, place, pattern, lengths),
            _ => unreachable!("patterns of one place ask one kind of thing"),
        }
    }

    fn add_payload(
        &mut self,
        row: &mut Row<'h>,
        place: Place,
        pattern: &'h hir::Pattern,
        tag: u32,
        lengths: &Lengths,
    ) -> bool {
        match &pattern.kind {
            PatternKind::Some(inner) | PatternKind::Ok(inner) => {
                let inside = std::iter::once((0, &**inner));
                self.add_all(row, inside, |_| Part::Payload(place, tag, 0), lengths)
            }
            PatternKind::Variant(_, _, fields) => self.add_all(
                row,
                fields.iter().enumerate(),
                |at| Part::Payload(place, tag, at as u32),
                lengths,
            ),
            PatternKind::Error(_, fields) => {
                let error = self.place(Part::Payload(place, tag, 0));
                self.add_all(
                    row,
                    fields.iter().enumerate(),
                    |at| Part::Field(error, at as u32),
                    lengths,
                )
            }
            _ => true,
        }
    }
}

/// What a pattern asks for; `None` where it cannot fail by itself.
#[derive(Clone, Copy)]
enum Kind<'h> {
    Tag,
    Bool,
    Literal(&'h hir::Expr),
    List { items: usize, or_more: bool },
}

fn kind(pattern: &hir::Pattern) -> Option<Kind<'_>> {
    match &pattern.kind {
        PatternKind::None
        | PatternKind::Some(_)
        | PatternKind::Ok(_)
        | PatternKind::Error(..)
        | PatternKind::Variant(..) => Some(Kind::Tag),
        PatternKind::Bool(_) => Some(Kind::Bool),
        PatternKind::Literal(literal) => Some(Kind::Literal(literal)),
        PatternKind::List { items, rest } => Some(Kind::List {
            items: items.len(),
            or_more: rest.is_some(),
        }),
        PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Fields(_) => None,
        PatternKind::Or(_) => unreachable!("choices are taken apart"),
    }
}

/// The patterns that one is a choice of, or itself.
fn for_each_choice<'h>(pattern: &'h hir::Pattern, f: &mut impl FnMut(&'h hir::Pattern)) {
    match &pattern.kind {
        PatternKind::Or(choices) => choices.iter().for_each(|choice| for_each_choice(choice, f)),
        _ => f(pattern),
    }
}

/// What the first row needs and most others do too.
fn chosen<'h>(rows: &[Row<'h>]) -> Option<(Place, &'h hir::Pattern)> {
    let asked = |place: Place| {
        let asks = |row: &&Row<'h>| row.cells.iter().any(|(at, _)| *at == place);
        rows.iter().filter(asks).count()
    };
    let cells = rows.first()?.cells.iter().copied();
    // Of several the first, as it was written.
    cells.rev().max_by_key(|(place, _)| asked(*place))
}

/// Whether two literals are one value, where that is seen at once.
fn are_equal(a: &hir::Expr, b: &hir::Expr) -> Option<bool> {
    if std::ptr::eq(a, b) {
        return Some(true);
    }
    let (a, b) = (Lowering::literal(a)?, Lowering::literal(b)?);
    (a.ty() == b.ty()).then(|| a == b)
}

fn key(rows: &[Row<'_>], parts: &[Part], lengths: &Lengths) -> Key {
    let mut asked = BTreeSet::new();
    let mut shown = Vec::new();
    for row in rows {
        let mut cells = Vec::new();
        for (place, pattern) in &row.cells {
            cells.push((*place, std::ptr::from_ref(*pattern) as usize));
            asked.insert(*place);
        }
        cells.sort();
        shown.push((row.arm, cells, row.binds.clone()));
    }
    // A pattern that is still to be held against a list may look into what is in it, of which other arms have found out the length.
    let mut known = lengths.clone();
    known.retain(|place, _| {
        std::iter::successors(Some(*place), |place| parts[*place].of())
            .any(|place| asked.contains(&place))
    });
    (shown, known)
}
