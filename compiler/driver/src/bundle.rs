//! What `weir build` writes and `weir run` takes: `NAME.wasm` and, beside it, `NAME.manifest.json` and each component the program
//! calls as `NAME.BLOCK.component.wasm`.
//!
//! The same program gives the same bytes, wherever and whenever it is built. The manifest holds the hashes of the module
//! and the components it belongs to, and reading refuses what does not belong together.

use sha2::{Digest, Sha256};
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use weir_contract::manifest::{Component, Manifest, ManifestError};

use crate::components::{
    Components, Elsewhere, component_beside, component_paths, read_components,
};
use crate::{Disk, NotFound};

/// A program ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub wasm: Vec<u8>,
    /// Its `module_sha256` is the hash of `wasm`, and its `components` those of `components`.
    pub manifest: Manifest,
    pub components: Components,
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
    NoComponent(NotFound),
    /// The manifest belongs to another module.
    WrongHash {
        wasm: PathBuf,
        manifest: PathBuf,
    },
    /// The program was built with another component.
    OtherComponent {
        component: PathBuf,
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
            BundleError::NoComponent(why) => why.fmt(f),
            BundleError::BadManifest { path, why } => write!(f, "{}: {why}", path.display()),
            BundleError::OtherComponent {
                component,
                manifest,
            } => write!(
                f,
                "{} is not the component that {} was built with: the hashes differ",
                component.display(),
                manifest.display()
            ),
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
        Bundle {
            wasm,
            manifest,
            components: Components::new(),
        }
    }

    /// The same with components; the manifest is given their hashes.
    pub fn with_components(mut self, components: Components) -> Self {
        let recorded = components.iter().map(|(module, bytes)| Component {
            module: module.clone(),
            sha256: hex_sha256(bytes),
        });
        self.manifest.components = recorded.collect();
        Bundle { components, ..self }
    }

    /// Writes all files into `folder`, which is made if need be, and gives their paths, the module's first. Each file
    /// appears whole or not at all, the manifest last.
    pub fn write(&self, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        fs::create_dir_all(folder)?;
        let wasm = folder.join(format!("{}.wasm", self.manifest.program));
        let manifest = manifest_beside(&wasm);
        write_whole(&wasm, &self.wasm)?;
        let mut written = vec![wasm.clone()];
        for (block, bytes) in &self.components {
            let component = component_beside(&wasm, block);
            write_whole(&component, bytes)?;
            written.push(component);
        }
        write_whole(&manifest, self.manifest.to_json().as_bytes())?;
        written.push(manifest);
        Ok(written)
    }

    /// Reads the module at `wasm`, and the manifest and the components beside it. Of a component, `elsewhere` may say where
    /// it is; when the manifest has its hash, it is the same one nevertheless.
    pub fn read(wasm: &Path, elsewhere: Elsewhere<'_>) -> Result<Self, BundleError> {
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
        let mut paths = component_paths(None, &manifest, elsewhere);
        for Component { module, .. } in &manifest.components {
            let beside = || component_beside(wasm, module);
            paths.entry(module.clone()).or_insert_with(beside);
        }
        let components = read_components(&Disk, &paths).map_err(BundleError::NoComponent)?;
        for Component { module, sha256 } in &manifest.components {
            if hex_sha256(&components[module]) != *sha256 {
                return Err(BundleError::OtherComponent {
                    component: paths[module].clone(),
                    manifest: path,
                });
            }
        }
        let bundle = Bundle {
            wasm: module,
            manifest,
            components: Components::new(),
        };
        Ok(bundle.with_components(components))
    }
}

/// `DIR/bank.manifest.json` for `DIR/bank.wasm`.
fn manifest_beside(wasm: &Path) -> PathBuf {
    wasm.with_extension("manifest.json")
}

/// Writes machine code for one kind of machine beside a module, `DIR/bank.native.code`, and gives its path.
pub fn write_code(wasm: &Path, machine: &str, code: &[u8]) -> std::io::Result<PathBuf> {
    let path = wasm.with_extension(format!("{machine}.code"));
    write_whole(&path, code)?;
    Ok(path)
}

/// The machine code beside a module, by name.
pub fn code_beside(wasm: &Path) -> Vec<PathBuf> {
    let beginning = format!("{}.", wasm.file_stem().unwrap_or_default().display());
    let is_code = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let machine = name.strip_prefix(&beginning);
        machine.is_some_and(|rest| rest.strip_suffix(".code").is_some_and(|m| !m.contains('.')))
    };
    let folder = match wasm.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(is_code).collect();
    found.sort();
    found
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
            program_version: None,
            limits: Default::default(),
            retention: Default::default(),
            module_sha256: String::new(),
            defs: Default::default(),
            entities: Vec::new(),
            functions: Vec::new(),
            frames: Vec::new(),
            externs: Vec::new(),
            components: Vec::new(),
            host_calls: Vec::new(),
            streams: Vec::new(),
            views: Vec::new(),
            scratches: vec![],
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
        let written = bundle().write(&folder).unwrap();
        let [wasm, manifest] = <[PathBuf; 2]>::try_from(written).unwrap();
        let read = |wasm: &Path| Bundle::read(wasm, &|_| None);
        assert_eq!(read(&wasm).unwrap(), bundle());

        let refused = |wasm: &Path| read(wasm).unwrap_err().to_string();
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

    #[test]
    fn components_go_with_the_bundle_and_their_hashes_hold_them_to_it() {
        let folder = std::env::temp_dir().join(format!("weir-built-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let mut bundle = bundle();
        bundle.manifest.failures = Some(weir_contract::manifest::Failures {
            cancelled: weir_contract::DefId(0),
            timed_out: weir_contract::DefId(0),
            unavailable: weir_contract::DefId(0),
            unknown: weir_contract::DefId(0),
        });
        bundle.manifest.defs.defs.push(weir_contract::Def {
            name: "Gone".into(),
            kind: weir_contract::DefKind::Error {
                fields: Vec::new(),
                status: 400,
            },
        });
        bundle
            .manifest
            .externs
            .push(weir_contract::manifest::Extern {
                module: "image".into(),
                name: "width".into(),
                source: "wit:acme/image".into(),
                params: Vec::new(),
                returns: weir_contract::Type::Int,
                fails: Vec::new(),
                promise: weir_contract::manifest::Promise::Pure,
                retry: None,
                timeout_us: None,
            });
        let bundle = bundle.with_components([("image".into(), b"one".to_vec())].into());
        let written = bundle.write(&folder).unwrap();
        let component = folder.join("tiny.image.component.wasm");
        assert!(written.contains(&component), "{written:?}");
        let wasm = folder.join("tiny.wasm");
        assert_eq!(Bundle::read(&wasm, &|_| None).unwrap(), bundle);

        // Elsewhere is as good, when it is the same file.
        let elsewhere = folder.join("other");
        fs::rename(&component, &elsewhere).unwrap();
        let there = |_: &str| Some(elsewhere.clone());
        assert_eq!(Bundle::read(&wasm, &there).unwrap(), bundle);
        let refused = Bundle::read(&wasm, &|_| None).unwrap_err().to_string();
        assert!(refused.contains("tiny.image.component.wasm"), "{refused}");
        fs::write(&elsewhere, b"two").unwrap();
        let refused = Bundle::read(&wasm, &there).unwrap_err().to_string();
        assert!(refused.ends_with("the hashes differ"), "{refused}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
