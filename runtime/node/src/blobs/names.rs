//! Where a content lies in the directory of blobs.

use std::path::{Path, PathBuf};

use weir_contract::blobs::BlobHash;

/// What is on its way in.
pub(super) const NEW_DIR: &str = "new";

/// `ab/ab12..`
pub(super) fn content_path(root: &Path, hash: &BlobHash) -> PathBuf {
    let name = hash.to_string();
    root.join(&name[..2]).join(name)
}

/// `ab/ab12...type`
pub(super) fn type_path(root: &Path, hash: &BlobHash) -> PathBuf {
    let name = hash.to_string();
    root.join(&name[..2]).join(format!("{name}.type"))
}

/// Whether a directory of that name holds contents.
pub(super) fn is_shelf(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The content that a file of that name is.
pub(super) fn hash_of(name: &str) -> Option<BlobHash> {
    BlobHash::parse(name)
}
