//! Limits that are part of the contract. Bytes unless the name says otherwise. Some can be set by a program: [`crate::settings`].

/// Linear memory of a step.
pub const STEP_MEMORY_MAX: usize = 64 << 20;
pub const STEP_MS_MAX: u64 = 100;
/// Linear memory of a component that is called outside of a step; within one it has what a step has.
pub const COMPONENT_MEMORY_MAX: usize = 256 << 20;
/// File of a component.
pub const COMPONENT_BYTES_MAX: usize = 64 << 20;
/// Key of an instance or an entry.
pub const KEY_MAX: usize = 4 << 10;
/// Arguments of a call in their encoding.
pub const ARGS_MAX: usize = 4 << 20;
/// Record of one step: arguments, answer, writes, messages, frames.
pub const RECORD_MAX: usize = 2 << 20;
/// Reply of a step.
pub const REPLY_MAX: usize = 16 << 20;
/// Body of an HTTP request.
pub const BODY_MAX: usize = 4 << 20;
/// Levels of JSON.
pub const JSON_DEPTH_MAX: usize = 64;
/// All frames of one strand of a run.
pub const FRAMES_MAX: usize = 1 << 20;
/// Seconds that an answer to an `Idempotency-Key`, and the result of a run that is no workflow, are kept.
pub const KEEP_S: u64 = 24 * 3_600;
/// Seconds that entries of streams are kept.
pub const KEEP_STREAMS_S: u64 = 7 * 24 * 3_600;
/// Entries of a stream that are not consumed yet; when there are more, callers are told to come back later.
pub const BACKLOG_MAX: usize = 100_000;
/// Consumers of a stream without keys that run at the same time, each.
pub const CONSUMERS_MAX: usize = 64;
/// Events that wait in one run.
pub const EVENTS_MAX: usize = 10_000;
/// Transactions of one step, before a run that could go on yields.
pub const STEP_TRANSACTIONS_MAX: u32 = 64;
/// Writes of one step, likewise.
pub const STEP_WRITES_MAX: usize = 256 << 10;
/// Passwords that a step may hash or verify; each takes some hundredths of a second that are not counted.
pub const STEP_PASSWORDS_MAX: u32 = 4;
/// Contents of blobs that a step may keep or read and wait for the disk without that being counted; what it waits for the others is.
pub const STEP_DISK_CALLS_MAX: u32 = 256;
/// Content of one blob, unless the program says otherwise.
pub const BLOB_MAX: u64 = 1 << 30;
/// Text of one line of a program's log; more is cut.
pub const LOG_LINE_MAX: usize = 8 << 10;
/// Lines that one step may write to the log of its program; more are counted only.
pub const LOG_LINES_MAX: usize = 200;
/// Time on the wall of one task that makes temporary data; it holds nobody up.
pub const TASK_MS_MAX: u64 = 60_000;
/// Linear memory of such a task.
pub const TASK_MEMORY_MAX: usize = 256 << 20;
/// Temporary data of all runs of a node in memory, unless the program says otherwise; what is more goes to the disk.
pub const SCRATCH_MEMORY_MAX: u64 = 64 << 20;
/// The same on the disk.
pub const SCRATCH_DISK_MAX: u64 = 4 << 30;
