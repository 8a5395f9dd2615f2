//! The language server: `weir lsp` speaks the Language Server Protocol over standard input and output.
//!
//! ```text
//!  editor --> loop (this thread): open texts, generations, cancelled requests
//!                |  jobs, with the texts as they are at that moment
//!                v
//!             worker: Projects -> Snapshot -> a function of `ide` -> answer
//! ```
//!
//! The loop never works on a program, so an edit or a `$/cancelRequest` is seen at once, whatever the worker is at. Each edit
//! is a new generation; what was asked about an older one is answered with "content modified". A panic in one request is the
//! error of that request.
//!
//! All protocol is in this crate: `ide` knows of files and byte offsets only, and [`convert`] is where both meet.

mod capabilities;
mod convert;
mod documents;
mod handlers;
mod neighbours;
mod paths;
mod projects;
mod publish;
mod server;
mod worker;

#[doc(hidden)]
pub use server::run_watched;
pub use server::{Ended, run, serve};
