//! Limits that are part of the contract. Bytes unless the name says otherwise.

/// Linear memory of a step.
pub const STEP_MEMORY_MAX: usize = 64 << 20;
pub const STEP_MS_MAX: u64 = 100;
/// Key of an instance or an entry.
pub const KEY_MAX: usize = 4 << 10;
/// Arguments of a call in their encoding.
pub const ARGS_MAX: usize = 4 << 20;
/// All state operations of one step.
pub const OPS_MAX: usize = 16 << 20;
/// Reply of a step.
pub const REPLY_MAX: usize = 16 << 20;
/// Body of an HTTP request.
pub const BODY_MAX: usize = 4 << 20;
/// Levels of JSON in a request.
pub const JSON_DEPTH_MAX: usize = 64;
