//! Foreign code: WebAssembly components behind `extern .. from "wit:.."`.
//!
//! ```text
//! manifest, files -> Components::load -> Components -> call (within a step, `@pure`), ask (outside of one)
//!                     find -> fit                      lower -> room -> lift
//! ```
//!
//! A component has no imports, so it can touch nothing, and gets a fresh instance for each call, so nothing is left of one call for the
//! next: what it gives depends on its arguments alone. Each call is bounded in time and memory. Types are held against the
//! program's when it is loaded; a call of what was loaded cannot fail for its types.
//!
//! This is a crate of its own so that the component model stays out of the engine, which runs what our compiler wrote and
//! nothing else.

mod components;
mod find;
mod fit;
mod lift;
mod lower;
mod misfit;
mod problem;
mod room;
mod shape;
mod show;

pub use components::{Components, Files};
pub use problem::{LoadError, Problem};
