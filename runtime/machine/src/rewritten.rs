//! A list that a step writes whole, as `recent = [p].concat(recent).take(800)` does, becomes in the log what changed in it.
//!
//! ```text
//!   old   a b c d e          old   a b c d e         old   a b c d e
//!   new   x a b c d          new   b c d e x         new   a b x d e
//!         pop, insert 0 x          remove 0, push x        set 2 x
//! ```
//! What is the same at both ends is left alone. In what remains one run of elements is looked for that only moved, by a few places; the
//! rest goes and comes. That finds what programs do to a list they know (put in front, put behind, cut off, change in the middle); where it
//! finds nothing that is shorter, the list is written as it was.

use crate::ops;

/// So many places a run of elements may have moved.
const SHIFT_MAX: usize = 16;
/// Bytes of an operation besides its value, about.
const OP_BYTES: usize = 6;

/// One operation on a list: its kind in `ops`, and the operands that this kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    pub kind: u8,
    pub index: u64,
    pub value: &'a [u8],
}

/// What makes `new` of `old`, when that is shorter than all of `new`; never nothing.
pub(crate) fn changes<'a>(old: &[Vec<u8>], new: &'a [Vec<u8>]) -> Option<Vec<Change<'a>>> {
    let same = |(a, b): &(&Vec<u8>, &Vec<u8>)| a == b;
    let front = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[front..], &new[front..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let behind = ends.take_while(same).count();
    let old_rest = &old_rest[..old_rest.len() - behind];
    let new_rest = &new_rest[..new_rest.len() - behind];

    let mut list = Script {
        len: old.len(),
        out: Vec::new(),
    };
    match moved(old_rest, new_rest) {
        Some(moved) => {
            let Moved { from, to, count } = moved;
            list.remove(front + from + count, old_rest.len() - from - count);
            list.remove(front, from);
            list.insert(front, &new_rest[..to]);
            list.insert(front + to + count, &new_rest[to + count..]);
        }
        None => {
            let both = old_rest.len().min(new_rest.len());
            for (at, value) in (front..).zip(&new_rest[..both]) {
                list.push(ops::LIST_SET, at, value);
            }
            list.remove(front + both, old_rest.len() - both);
            list.insert(front + both, &new_rest[both..]);
        }
    }
    if list.out.is_empty() {
        // It was written, and its version counts that.
        list.push(ops::LIST_SET, 0, new.first()?);
    }
    let of_changes = list.out.iter().map(|change| change.value.len() + OP_BYTES);
    let whole = new.iter().map(|value| value.len() + OP_BYTES);
    (of_changes.sum::<usize>() < whole.sum()).then_some(list.out)
}

/// `count` elements that lay at `from` lie at `to`.
struct Moved {
    from: usize,
    to: usize,
    count: usize,
}

fn moved(old: &[Vec<u8>], new: &[Vec<u8>]) -> Option<Moved> {
    let shifts = (1..=SHIFT_MAX).flat_map(|n| [(n, 0), (0, n)]);
    let runs = shifts.filter(|(from, to)| *from < old.len() && *to < new.len());
    let runs = runs.map(|(from, to)| {
        let run = old[from..].iter().zip(&new[to..]);
        let count = run.take_while(|(a, b)| a == b).count();
        Moved { from, to, count }
    });
    let longest = runs.max_by_key(|moved| moved.count)?;
    (longest.count > 0).then_some(longest)
}

struct Script<'a> {
    /// Of the list as it is after the operations so far.
    len: usize,
    out: Vec<Change<'a>>,
}

impl<'a> Script<'a> {
    fn push(&mut self, kind: u8, index: usize, value: &'a [u8]) {
        self.out.push(Change {
            kind,
            index: index as u64,
            value,
        });
    }

    /// `count` elements from `at` on; the last ones of a list are popped, which moves nothing.
    fn remove(&mut self, at: usize, count: usize) {
        let last = at + count == self.len;
        for _ in 0..count {
            match last {
                true => self.push(ops::LIST_POP, 0, &[]),
                false => self.push(ops::LIST_REMOVE, at, &[]),
            }
        }
        self.len -= count;
    }

    fn insert(&mut self, at: usize, values: &'a [Vec<u8>]) {
        for (at, value) in (at..).zip(values) {
            match at == self.len {
                true => self.push(ops::LIST_PUSH, 0, value),
                false => self.push(ops::LIST_INSERT, at, value),
            }
            self.len += 1;
        }
    }
}
