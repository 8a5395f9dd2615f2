//! A list of declarations whose rows are shared with the lists it was copied from: a copy costs a counter for each row, and a row
//! is copied itself when it is changed in one of them.
//!
//! A program is checked again at each keystroke, and most of its rows are those of the check before.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

#[derive(Debug)]
pub struct Table<T>(Vec<Arc<T>>);

/// The rows of a table, in their order.
pub type Rows<'a, T> = std::iter::Map<std::slice::Iter<'a, Arc<T>>, fn(&'a Arc<T>) -> &'a T>;

impl<T> Table<T> {
    pub fn iter(&self) -> Rows<'_, T> {
        self.0.iter().map(|row| row)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at).map(|row| &**row)
    }

    pub fn push(&mut self, row: T) {
        self.0.push(Arc::new(row));
    }

    /// Puts the row of another table in the place of one of this.
    pub(crate) fn share(&mut self, at: usize, of: &Table<T>) {
        self.0[at] = of.0[at].clone();
    }

    /// Takes out everything from `start` on; gives what was at `end` and behind it.
    pub(crate) fn cut(&mut self, start: usize, end: usize) -> Table<T> {
        let behind = self.0.split_off(end);
        self.0.truncate(start);
        Table(behind)
    }

    pub(crate) fn append(&mut self, mut behind: Table<T>) {
        self.0.append(&mut behind.0);
    }
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table(Vec::new())
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Table<T> {
        Table(self.0.clone())
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.0[at]
    }
}

impl<T: Clone> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        Arc::make_mut(&mut self.0[at])
    }
}

impl<'a, T> IntoIterator for &'a Table<T> {
    type Item = &'a T;
    type IntoIter = Rows<'a, T>;

    fn into_iter(self) -> Rows<'a, T> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_changed_is_another_in_the_copy_alone() {
        let mut table = Table::default();
        table.push("a".to_owned());
        table.push("b".to_owned());
        let mut copy = table.clone();
        copy[1].push('!');
        assert_eq!(table.iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(copy.iter().collect::<Vec<_>>(), ["a", "b!"]);
        assert!(Arc::ptr_eq(&table.0[0], &copy.0[0]));
        let behind = copy.cut(0, 1);
        copy.push("c".to_owned());
        copy.append(behind);
        assert_eq!(copy.iter().collect::<Vec<_>>(), ["c", "b!"]);
    }
}
