//! The texts that are open in the editor, in front of the files on disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::TextDocumentContentChangeEvent as Change;
use weir_driver::{Disk, World};

use crate::convert::{Encoding, offset_in};

/// A text as the editor has it.
#[derive(Clone)]
pub struct Document {
    pub text: Arc<str>,
    /// As the editor counts, from its opening on.
    pub version: i32,
    /// Tells one opening of a file from the next, whose versions may be the same.
    pub opening: u64,
    /// It is a program, by its name or because the editor says so.
    pub is_weir: bool,
}

/// Cheap to clone: jobs keep the texts of the moment they were made in.
#[derive(Clone, Default)]
pub struct Documents {
    open: Arc<BTreeMap<PathBuf, Document>>,
    openings: u64,
}

impl Documents {
    pub fn open(&mut self, path: PathBuf, text: String, version: i32, language: &str) {
        self.openings += 1;
        let ending = path.extension();
        let document = Document {
            text: text.into(),
            version,
            opening: self.openings,
            is_weir: language == "weir" || ending.is_some_and(|ending| ending == "weir"),
        };
        Arc::make_mut(&mut self.open).insert(path, document);
    }

    pub fn close(&mut self, path: &Path) {
        Arc::make_mut(&mut self.open).remove(path);
    }

    /// Applies changes one after the other. What is said about a text that is not open is ignored.
    pub fn change(&mut self, path: &Path, changes: Vec<Change>, version: i32, encoding: Encoding) {
        let Some(document) = Arc::make_mut(&mut self.open).get_mut(path) else {
            return;
        };
        let mut text = document.text.to_string();
        for change in changes {
            match change {
                Change::TextDocumentContentChangePartial(change) => {
                    let start = offset_in(&text, change.range.start, encoding);
                    let end = offset_in(&text, change.range.end, encoding).max(start);
                    text.replace_range(start..end, &change.text);
                }
                Change::TextDocumentContentChangeWholeDocument(change) => text = change.text,
            }
        }
        document.text = text.into();
        document.version = version;
    }

    pub fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.open.keys()
    }
}

impl World for Documents {
    fn read(&self, path: &Path) -> io::Result<String> {
        match self.get(path) {
            Some(document) => Ok(document.text.to_string()),
            None => Disk.read(path),
        }
    }

    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.get(path) {
            Some(document) => Ok(document.text.as_bytes().to_vec()),
            None => Disk.read_bytes(path),
        }
    }

    fn is_folder(&self, path: &Path) -> bool {
        Disk.is_folder(path)
    }
}
