//! `AddSet`: an observed-remove set in which adding wins (Bieniusa and others, "An optimized conflict-free replicated set").
//!
//! Each change that adds has a dot, its replica and a count, and the element is there as long as one of its dots is. Who removes an
//! element takes away the dots that he sees; a dot that he does not see, because it was added at the same time elsewhere, stays.
//! That a dot was there is remembered in [`Seen`] without its element, so that hearing of it again does not bring it back; of
//! replicas whose dots are known without a gap that is one number each.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::Value;

/// The change of a replica, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dot {
    pub replica: u64,
    pub count: u64,
}

/// The dots that ever were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// By replica: all dots from 1 to this one.
    pub up_to: BTreeMap<u64, u64>,
    /// Those beyond.
    pub beyond: BTreeSet<Dot>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddSet {
    /// The dots of elements that are there; none is empty.
    pub items: BTreeMap<Value, BTreeSet<Dot>>,
    /// The same the other way round, so that taking in a delta does not look at everything.
    pub of_dot: BTreeMap<Dot, Value>,
    pub seen: Seen,
}

impl Seen {
    pub fn contains(&self, dot: Dot) -> bool {
        let up_to = self.up_to.get(&dot.replica).copied().unwrap_or(0);
        dot.count <= up_to || self.beyond.contains(&dot)
    }

    /// Adds a dot, and moves the number of its replica over those that follow without a gap: equal knowledge is equal here.
    pub fn insert(&mut self, dot: Dot) {
        let up_to = self.up_to.get(&dot.replica).copied().unwrap_or(0);
        if dot.count <= up_to {
            return;
        }
        if dot.count > up_to + 1 {
            self.beyond.insert(dot);
            return;
        }
        self.raise(dot.replica, dot.count);
    }

    /// All dots of a replica up to that count are known.
    fn raise(&mut self, replica: u64, count: u64) {
        let mut up_to = count;
        self.beyond
            .retain(|dot| dot.replica != replica || dot.count > count);
        while self.beyond.remove(&Dot {
            replica,
            count: up_to + 1,
        }) {
            up_to += 1;
        }
        self.up_to.insert(replica, up_to);
    }

    fn join(&mut self, other: &Seen) {
        for (replica, count) in &other.up_to {
            if self.up_to.get(replica).copied().unwrap_or(0) < *count {
                self.raise(*replica, *count);
            }
        }
        for dot in &other.beyond {
            self.insert(*dot);
        }
    }

    /// The next dot of a replica, which has seen all of its own: nobody else makes them.
    fn next(&self, replica: u64) -> Dot {
        let count = self.up_to.get(&replica).copied().unwrap_or(0) + 1;
        Dot { replica, count }
    }
}

/// How a change of a set is taken back.
#[derive(Clone, Debug)]
pub struct Before {
    pub item: Value,
    /// Its dots.
    pub dots: BTreeSet<Dot>,
    /// What of the replica that made the change was known.
    pub own: (u64, Option<u64>),
}

impl AddSet {
    pub fn values(&self) -> BTreeSet<Value> {
        self.items.keys().cloned().collect()
    }

    fn put(&mut self, dot: Dot, item: &Value) {
        self.of_dot.insert(dot, item.clone());
        self.items.entry(item.clone()).or_default().insert(dot);
    }

    fn take(&mut self, dot: Dot) {
        if let Some(item) = self.of_dot.remove(&dot)
            && let Some(dots) = self.items.get_mut(&item)
        {
            dots.remove(&dot);
            if dots.is_empty() {
                self.items.remove(&item);
            }
        }
    }

    /// Adds an element with a new dot, in place of those it has. Gives the delta.
    pub fn add(&mut self, item: &Value, replica: u64) -> (AddSet, Before) {
        let dot = self.seen.next(replica);
        let (mut delta, before) = self.forget(item, replica);
        self.put(dot, item);
        self.seen.insert(dot);
        delta.put(dot, item);
        delta.seen.insert(dot);
        (delta, before)
    }

    /// Takes away an element; `None` when it is not there.
    pub fn remove(&mut self, item: &Value, replica: u64) -> Option<(AddSet, Before)> {
        self.items
            .contains_key(item)
            .then(|| self.forget(item, replica))
    }

    fn forget(&mut self, item: &Value, replica: u64) -> (AddSet, Before) {
        let dots = self.items.remove(item).unwrap_or_default();
        let mut delta = AddSet::default();
        for dot in &dots {
            self.of_dot.remove(dot);
            delta.seen.insert(*dot);
        }
        let before = Before {
            item: item.clone(),
            dots,
            own: (replica, self.seen.up_to.get(&replica).copied()),
        };
        (delta, before)
    }

    pub fn undo(&mut self, before: Before) {
        let Before { item, dots, own } = before;
        for dot in self.items.remove(&item).unwrap_or_default() {
            self.of_dot.remove(&dot);
        }
        match own {
            (replica, Some(count)) => self.seen.up_to.insert(replica, count),
            (replica, None) => self.seen.up_to.remove(&replica),
        };
        for dot in dots {
            self.put(dot, &item);
        }
    }

    /// An element stays with the dots that both have, and those that one has and the other never saw.
    pub fn join(&mut self, other: &AddSet) {
        let mut gone: Vec<Dot> = Vec::new();
        for (replica, count) in &other.seen.up_to {
            let dots = Dot {
                replica: *replica,
                count: 0,
            }..=Dot {
                replica: *replica,
                count: *count,
            };
            let mine = self.of_dot.range(dots).map(|(dot, _)| *dot);
            gone.extend(mine.filter(|dot| !other.of_dot.contains_key(dot)));
        }
        let beyond = other.seen.beyond.iter().copied();
        gone.extend(beyond.filter(|dot| !other.of_dot.contains_key(dot)));
        for dot in gone {
            self.take(dot);
        }
        for (dot, item) in &other.of_dot {
            if !self.seen.contains(*dot) {
                self.put(*dot, item);
            }
        }
        self.seen.join(&other.seen);
    }
}
