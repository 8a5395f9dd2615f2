//! The outside world: who answers the calls of `extern` functions.

pub mod http;
