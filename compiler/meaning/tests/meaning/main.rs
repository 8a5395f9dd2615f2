//! Programs and what they mean.

mod programs;
mod pure;
mod support;
mod workflows;
mod worlds;
