//! Writing files that others may be reading.

use crate::output::{Failure, Outcome};
use std::fs;
use std::path::Path;

/// A reader never sees half a file: the new text takes the old one's place when it is written.
pub fn replace(file: &Path, text: &str) -> Outcome {
    let failed = |error| Failure::new(format_args!("cannot write {}: {error}", file.display()));
    // A link stays one, and what it points to is written.
    let file = file.canonicalize().map_err(failed)?;
    let permissions = fs::metadata(&file).map_err(failed)?.permissions();
    let beside = file.with_extension(format!("new.{}", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, permissions))
        .and_then(|()| fs::rename(&beside, &file));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}
