//! What `weir build` writes and `weir run` takes: `NAME.wasm` and, beside it, `NAME.manifest.json`.
//!
//! The same program gives the same bytes, wherever and whenever it is built. The manifest holds the hash of the module
//! it belongs to, and reading refuses a pair that does not belong together.

use sha2::{Digest, Sha256};
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use weir_contract::manifest::{Manifest, ManifestError};

/// A program ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub wasm: Vec<u8>,
    /// Its `module_sha256` is the hash of `wasm`.
    pub manifest: Manifest,
}

/// Why a file is not a bundle that can be trusted.
#[derive(Debug)]
pub enum BundleError {
    /// The name does not end in `.wasm`.
    NotAModule {
        path: PathBuf,
    },
    Unreadable {
        path: PathBuf,
        why: std::io::Error,
    },
    NoManifest {
        expected: PathBuf,
    },
    BadManifest {
        path: PathBuf,
        why: ManifestError,
    },
    /// The manifest belongs to another module.
    WrongHash {
        wasm: PathBuf,
        manifest: PathBuf,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            BundleError::NotAModule { path } => {
                write!(
                    f,
                    "{} is not a built program: its name does not end in .wasm",
                    path.display()
                )
            }
            BundleError::Unreadable { path, why } => {
                write!(f, "cannot read {}: {why}", path.display())
            }
            BundleError::NoManifest { expected } => {
                write!(
                    f,
                    "the module has no manifest: {} is missing",
                    expected.display()
                )
            }
            BundleError::BadManifest { path, why } => write!(f, "{}: {why}", path.display()),
            BundleError::WrongHash { wasm, manifest } => write!(
                f,
                "{} belongs to another module than {}: the hashes differ",
                manifest.display(),
                wasm.display()
            ),
        }
    }
}

impl Bundle {
    /// Puts a module and its manifest together; the manifest is given the module's hash.
    pub fn new(wasm: Vec<u8>, mut manifest: Manifest) -> Self {
        manifest.module_sha256 = hex_sha256(&wasm);
        Bundle { wasm, manifest }
    }

    /// Writes both files into `folder`, which is made if need be, and gives their paths. Each file appears whole or not
    /// at all, the manifest last.
    pub fn write(&self, folder: &Path) -> std::io::Result<[PathBuf; 2]> {
        fs::create_dir_all(folder)?;
        let wasm = folder.join(format!("{}.wasm", self.manifest.program));
        let manifest = manifest_beside(&wasm);
        write_whole(&wasm, &self.wasm)?;
        write_whole(&manifest, self.manifest.to_json().as_bytes())?;
        Ok([wasm, manifest])
    }

    /// Reads the module at `wasm` and the manifest beside it.
    pub fn read(wasm: &Path) -> Result<Self, BundleError> {
        if wasm.extension().is_none_or(|ending| ending != "wasm") {
            return Err(BundleError::NotAModule { path: wasm.into() });
        }
        let unreadable = |path: &Path, why| BundleError::Unreadable {
            path: path.into(),
            why,
        };
        let module = fs::read(wasm).map_err(|why| unreadable(wasm, why))?;
        let path = manifest_beside(wasm);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == ErrorKind::NotFound => {
                return Err(BundleError::NoManifest { expected: path });
            }
            Err(why) => return Err(unreadable(&path, why)),
        };
        let manifest = Manifest::from_json(&text).map_err(|why| BundleError::BadManifest {
            path: path.clone(),
            why,
        })?;
        if manifest.module_sha256 != hex_sha256(&module) {
            return Err(BundleError::WrongHash {
                wasm: wasm.into(),
                manifest: path,
            });
        }
        Ok(Bundle {
            wasm: module,
            manifest,
        })
    }
}

/// `DIR/bank.manifest.json` for `DIR/bank.wasm`.
fn manifest_beside(wasm: &Path) -> PathBuf {
    wasm.with_extension("manifest.json")
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// SHA-256 in 64 lower-case hex digits.
pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_contract::manifest::MANIFEST_VERSION;

    fn bundle() -> Bundle {
        let manifest = Manifest {
            version: MANIFEST_VERSION,
            program: "tiny".into(),
            module_sha256: String::new(),
            defs: Default::default(),
            entities: Vec::new(),
            functions: Vec::new(),
            frames: Vec::new(),
            externs: Vec::new(),
            failures: None,
            roles: Vec::new(),
            tests: Vec::new(),
            sites: Vec::new(),
            sources: Vec::new(),
        };
        Bundle::new(b"\0asm".to_vec(), manifest)
    }

    #[test]
    fn what_is_written_is_read_and_what_does_not_match_is_refused() {
        let folder = std::env::temp_dir().join(format!("weir-bundle-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let [wasm, manifest] = bundle().write(&folder).unwrap();
        assert_eq!(Bundle::read(&wasm).unwrap(), bundle());

        let refused = |wasm: &Path| Bundle::read(wasm).unwrap_err().to_string();
        fs::write(&wasm, b"\0asn").unwrap();
        assert!(refused(&wasm).contains("belongs to another module"));
        fs::write(&manifest, "{\"version\": 99}").unwrap();
        assert!(refused(&wasm).contains("version 99"), "{}", refused(&wasm));
        fs::write(&manifest, "{").unwrap();
        assert!(refused(&wasm).contains("tiny.manifest.json"));
        fs::remove_file(&manifest).unwrap();
        assert!(refused(&wasm).ends_with("tiny.manifest.json is missing"));
        assert!(refused(&folder.join("none.wasm")).contains("cannot read"));
        assert!(refused(&manifest).contains("does not end in .wasm"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
