//! The deterministic core of the runtime.

pub mod access;

pub use access::StateAccess;
