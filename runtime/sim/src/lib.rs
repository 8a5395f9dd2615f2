//! Runs `test` blocks on the real machine with a clock that is only a number, and kills it on purpose, or
//! sends it what it has got once more.
//!
//! [`trial::run`] runs one test under one [`trial::Schedule`]; [`verdict::judge`] runs it under all of them and says in one
//! place what broke. [`property`] makes up inputs for tests that have parameters, and makes a failing one small.
//!
//! No thread, no disk and no clock: the same test, schedule and inputs give the same records.

mod message;
pub mod property;
pub mod trial;
pub mod verdict;
