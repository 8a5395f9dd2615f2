//! A solver for dataflow problems over finite lattices, forward or backward, by worklist.
//!
//! A problem says what is known at the boundary, how two paths join and what a block does. The solver gives
//! for each block what is known where the problem enters it: at its start (forward) or at its end (backward).

use std::collections::BTreeSet;

use crate::ir::{BlockId, Func};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// A monotone problem. `State` has finite height, or the solver does not end.
pub trait Problem {
    type State: Clone + PartialEq;
    const DIRECTION: Direction;

    /// What holds where the function starts (forward) or leaves (backward).
    fn boundary(&self, func: &Func) -> Self::State;
    /// The neutral element of `join`: what holds where no path has arrived yet.
    fn start(&self, func: &Func) -> Self::State;
    /// Merges what comes along another path.
    fn join(&self, into: &mut Self::State, from: &Self::State);
    /// Takes the state through a whole block, in the problem's direction.
    fn transfer(&self, func: &Func, block: BlockId, state: &mut Self::State);
}

/// The state with which the problem enters each block.
pub fn solve<P: Problem>(func: &Func, problem: &P) -> Vec<P::State> {
    let count = func.blocks.len();
    // Most functions are one block, and there is nothing to solve.
    if let [only] = &func.blocks[..]
        && only.term.is_last()
    {
        return vec![problem.boundary(func)];
    }
    let mut edges_out: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut boundary = vec![false; count];
    for (i, block) in func.blocks.iter().enumerate() {
        block.term.for_each_successor(|next| match P::DIRECTION {
            Direction::Forward => edges_out[i].push(next.0 as usize),
            Direction::Backward => edges_out[next.0 as usize].push(i),
        });
        boundary[i] = match P::DIRECTION {
            Direction::Forward => i == 0,
            Direction::Backward => block.term.is_last(),
        };
    }
    let mut states: Vec<P::State> = boundary
        .iter()
        .map(|at| {
            if *at {
                problem.boundary(func)
            } else {
                problem.start(func)
            }
        })
        .collect();
    // Ordered, so that the work is done in one order on every run.
    let mut work: BTreeSet<usize> = (0..count).collect();
    loop {
        let next = match P::DIRECTION {
            Direction::Forward => work.pop_first(),
            Direction::Backward => work.pop_last(),
        };
        let Some(at) = next else { return states };
        let mut state = states[at].clone();
        problem.transfer(func, BlockId(at as u32), &mut state);
        for &to in &edges_out[at] {
            let mut joined = states[to].clone();
            problem.join(&mut joined, &state);
            if joined != states[to] {
                states[to] = joined;
                work.insert(to);
            }
        }
    }
}

/// A set of registers of one function, as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegSet(Vec<u64>);

impl RegSet {
    pub fn empty(regs: usize) -> RegSet {
        RegSet(vec![0; regs.div_ceil(64)])
    }

    pub fn full(regs: usize) -> RegSet {
        let mut set = RegSet::empty(regs);
        (0..regs).for_each(|r| {
            set.insert(crate::ir::Reg(r as u32));
        });
        set
    }

    /// Whether it was not there before.
    pub fn insert(&mut self, reg: crate::ir::Reg) -> bool {
        let (word, bit) = (reg.0 as usize / 64, 1 << (reg.0 % 64));
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }

    pub fn remove(&mut self, reg: crate::ir::Reg) {
        self.0[reg.0 as usize / 64] &= !(1 << (reg.0 % 64));
    }

    pub fn contains(&self, reg: crate::ir::Reg) -> bool {
        self.0[reg.0 as usize / 64] & (1 << (reg.0 % 64)) != 0
    }

    pub fn union(&mut self, other: &RegSet) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    pub fn intersect(&mut self, other: &RegSet) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    pub fn iter(&self) -> impl Iterator<Item = crate::ir::Reg> + '_ {
        (0..self.0.len() as u32 * 64)
            .map(crate::ir::Reg)
            .filter(|r| self.contains(*r))
    }
}
