//! Programs and what they mean.

mod programs;
mod support;
mod workflows;
mod worlds;
