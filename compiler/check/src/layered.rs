//! A table of names on top of another one: what a file declares and imports, over what the library has.
//!
//! Every file of a program sees the library. Copied into the table of each file, its names would cost more than all else that a
//! keystroke does; so they are shared, and what a file says itself hides them.

use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Layered<V> {
    below: Option<Arc<BTreeMap<String, V>>>,
    own: Arc<BTreeMap<String, V>>,
}

impl<V> Default for Layered<V> {
    fn default() -> Layered<V> {
        Layered {
            below: None,
            own: Arc::default(),
        }
    }
}

impl<V> Layered<V> {
    pub fn get(&self, name: &str) -> Option<&V> {
        self.own.get(name).or_else(|| self.below(name))
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn below(&self, name: &str) -> Option<&V> {
        self.below.as_ref()?.get(name)
    }

    /// What is not from below.
    pub fn own(&self) -> &BTreeMap<String, V> {
        &self.own
    }

    /// The same as a table by itself.
    pub fn alone(&self) -> Layered<V> {
        Layered {
            below: None,
            own: self.own.clone(),
        }
    }

    /// In the order of the names, without what is hidden.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &V)> {
        let mut own = self.own.iter().peekable();
        let mut below = self.below.iter().flat_map(|below| below.iter()).peekable();
        std::iter::from_fn(move || {
            let (Some((mine, _)), Some((theirs, _))) = (own.peek(), below.peek()) else {
                return own.next().or_else(|| below.next());
            };
            match mine.cmp(theirs) {
                std::cmp::Ordering::Less => own.next(),
                std::cmp::Ordering::Greater => below.next(),
                std::cmp::Ordering::Equal => {
                    below.next();
                    own.next()
                }
            }
        })
    }

    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.iter().map(|(name, _)| name)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<V: Clone> Layered<V> {
    /// Hides what is below.
    pub fn insert(&mut self, name: String, value: V) {
        Arc::make_mut(&mut self.own).insert(name, value);
    }

    /// Changes what is not from below, where `wanted` gives something else for it.
    pub fn renew(&mut self, wanted: impl Fn(&str, &V) -> Option<V>) {
        let new: Vec<(String, V)> = self
            .own
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), wanted(name, value)?)))
            .collect();
        for (name, value) in new {
            self.insert(name, value);
        }
    }

    /// An empty table over what this one has itself.
    pub fn over(&self) -> Layered<V> {
        debug_assert!(self.below.is_none(), "two layers are enough");
        Layered {
            below: Some(self.own.clone()),
            own: Arc::default(),
        }
    }
}

impl<V: Clone + Default> Layered<V> {
    /// What is there to be changed; what is below stays as it is.
    pub fn or_default(&mut self, name: String) -> &mut V {
        let below = &self.below;
        let own = Arc::make_mut(&mut self.own);
        own.entry(name).or_insert_with_key(|name| {
            let below = below.as_ref().and_then(|below| below.get(name));
            below.cloned().unwrap_or_default()
        })
    }
}

impl<V> From<BTreeMap<String, V>> for Layered<V> {
    fn from(own: BTreeMap<String, V>) -> Layered<V> {
        Layered {
            below: None,
            own: Arc::new(own),
        }
    }
}

impl<V> std::ops::Index<&str> for Layered<V> {
    type Output = V;

    fn index(&self, name: &str) -> &V {
        self.get(name).expect("somebody has looked before")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_hides_what_is_below_and_changes_nothing_there() {
        let mut library: Layered<Vec<u8>> = Layered::default();
        library.insert("b".into(), vec![1]);
        library.insert("d".into(), vec![2]);
        let mut file = library.over();
        file.or_default("b".into()).push(3);
        file.or_default("c".into()).push(4);
        let all: Vec<_> = file
            .iter()
            .map(|(name, all)| (name.as_str(), all.as_slice()))
            .collect();
        assert_eq!(all, [("b", &[1, 3][..]), ("c", &[4]), ("d", &[2])]);
        assert_eq!(library.get("b"), Some(&vec![1]));
        assert_eq!(file.own().len(), 2);
        assert_eq!((file.get("d"), file.get("a")), (Some(&vec![2]), None));
    }
}
