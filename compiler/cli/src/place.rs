//! Where a program's data lies, and who serves it.
//!
//! A node that serves a directory leaves a note in it: `node.json` with its address and process. A command that finds
//! the directory locked reads the note and asks there.

use crate::output::{Failure, Outcome};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_log::{FileLog, Options};
use weir_log::{Log, LogError};

/// The note of a node in the directory it serves.
const NOTE: &str = "node.json";

/// Opens the log in a directory, which is made if need be.
pub fn open(data: &Path) -> Outcome<Arc<dyn Log>> {
    open_raw(data).map_err(|error| match error {
        LogError::Locked { .. } => in_use(data),
        error => Failure::new(error).next(damaged(data)),
    })
}

/// The same with the log's own error.
pub fn open_raw(data: &Path) -> Result<Arc<dyn Log>, LogError> {
    Ok(Arc::new(FileLog::open(data, Options::default())?))
}

/// Another process has the directory.
pub fn in_use(data: &Path) -> Failure {
    match serving(data) {
        Some(Serving { url, process }) => Failure::new(format_args!(
            "{} is served already, at {url} by process {process}",
            data.display()
        ))
        .next(format_args!(
            "use that one, stop it with `kill {process}`, or choose another directory: --data DIR"
        )),
        None => Failure::new(format_args!("another process is using {}", data.display()))
            .next("stop it, or choose another directory: --data DIR"),
    }
}

/// What to do when a log cannot be read.
pub fn damaged(data: &Path) -> String {
    format!(
        "keep a copy of {} as it is before you move anything, or start with an empty directory: --data DIR",
        data.display()
    )
}

/// `.weir/data/NAME` in the folder of the program.
pub fn default_data(folder: &Path, name: &str) -> PathBuf {
    weir_driver::inside(folder, Path::new(".weir").join("data").join(name))
}

/// Where a node keeps machine code for its next start, in the directory it serves.
pub fn code(data: &Path) -> PathBuf {
    data.join("code")
}

/// Who serves a directory, as it said itself.
pub struct Serving {
    pub url: String,
    pub process: u64,
}

/// A note in a directory; taken away when dropped.
pub struct Note {
    path: PathBuf,
}

impl Note {
    /// Says in `data` that this process serves it at `url`.
    pub fn leave(data: &Path, url: &str) -> Outcome<Note> {
        let path = data.join(NOTE);
        let text = json!({ "url": url, "process": std::process::id() }).to_string();
        fs::write(&path, text + "\n").map_err(|error| {
            Failure::new(format_args!("cannot write {}: {error}", path.display()))
        })?;
        Ok(Note { path })
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // What is left behind is out of date, not wrong: who reads it tries the address.
        let _ = fs::remove_file(&self.path);
    }
}

/// The note in a directory, if there is one.
pub fn serving(data: &Path) -> Option<Serving> {
    let note: serde_json::Value = serde_json::from_slice(&fs::read(data.join(NOTE)).ok()?).ok()?;
    Some(Serving {
        url: note["url"].as_str()?.to_string(),
        process: note["process"].as_u64()?,
    })
}
