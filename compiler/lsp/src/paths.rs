//! URIs of editors and paths of files; and where the library and the pages of errors lie as files that an editor can open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

use gen_lsp_types::Uri;

/// The path of a `file:` URI. Other URIs, of texts that are nowhere yet, are taken as they are.
pub fn path_of(uri: &Uri) -> PathBuf {
    match uri.0.strip_prefix("file://") {
        // A host may stand in between; it is this one.
        Some(rest) => {
            let start = rest.find('/').unwrap_or(0);
            PathBuf::from(decode(&rest[start..]))
        }
        None => PathBuf::from(decode(&uri.0)),
    }
}

/// The other way round.
pub fn uri_of(path: &Path) -> Uri {
    let text = path.to_string_lossy();
    match path.is_absolute() {
        true => Uri(format!("file://{}", encode(&text))),
        false => Uri(text.into_owned()),
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A file with a text that is inside this program (a part of the library, the page of an error), written where the editor
/// finds it. `None` where nothing can be written.
pub fn shown_as_file(name: &str, text: &str) -> Option<PathBuf> {
    /// What this process has written or found right; nobody else changes these files.
    static SHOWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let path = cache()?.join(env!("CARGO_PKG_VERSION")).join(name);
    let mut shown = SHOWN.lock().unwrap_or_else(|e| e.into_inner());
    if shown.contains(&path) {
        return Some(path);
    }
    let is_there = fs::read_to_string(&path).is_ok_and(|known| known == text);
    if !is_there {
        fs::create_dir_all(path.parent()?).ok()?;
        fs::write(&path, text).ok()?;
    }
    shown.insert(path.clone());
    Some(path)
}

fn cache() -> Option<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || set("HOME").map(|home| home.join(".cache"));
    let base = set("XDG_CACHE_HOME").or_else(home)?;
    Some(base.join("weir"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back_from_uris() {
        for path in ["/a/b.weir", "/a b/ü%.weir"] {
            let uri = uri_of(Path::new(path));
            assert!(uri.0.is_ascii(), "{}", uri.0);
            assert_eq!(path_of(&uri), Path::new(path));
        }
        assert_eq!(path_of(&Uri("file://host/a%20b".into())), Path::new("/a b"));
        assert_eq!(
            path_of(&Uri("untitled:One".into())),
            Path::new("untitled:One")
        );
    }
}
