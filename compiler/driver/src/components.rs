//! The files of the components that a program calls (`extern NAME from "wit:.."`).
//!
//! Where one is, the caller may say (the environment of a command), or else `weir.toml`, or else a built bundle beside its
//! module. Nobody has to say: what is not pure may be configured later.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use weir_contract::Manifest;

use crate::{NotFound, Program, World};

/// Files of components, by the name of the `extern` block.
pub type Components = BTreeMap<String, Vec<u8>>;

/// Says of a block where the file of its component is.
pub type Elsewhere<'a> = &'a dyn Fn(&str) -> Option<PathBuf>;

/// The blocks of a program that are components.
pub fn component_blocks(manifest: &Manifest) -> BTreeSet<&str> {
    let externs = manifest.externs.iter().filter(|e| e.is_component());
    externs.map(|e| e.module.as_str()).collect()
}

/// Where the components are that somebody says something of.
pub fn component_paths(
    program: Option<&Program>,
    manifest: &Manifest,
    elsewhere: Elsewhere<'_>,
) -> BTreeMap<String, PathBuf> {
    let configured = |block: &str| program.and_then(|p| p.components.get(block).cloned());
    let found = component_blocks(manifest).into_iter().filter_map(|block| {
        let path = elsewhere(block).or_else(|| configured(block))?;
        Some((block.to_owned(), path))
    });
    found.collect()
}

/// Reads them.
pub fn read_components(
    world: &dyn World,
    paths: &BTreeMap<String, PathBuf>,
) -> Result<Components, NotFound> {
    let read = |(block, path): (&String, &PathBuf)| match world.read_bytes(path) {
        Ok(bytes) => Ok((block.clone(), bytes)),
        Err(error) => Err(NotFound::NoComponent {
            module: block.clone(),
            path: path.clone(),
            why: error.to_string(),
        }),
    };
    paths.iter().map(read).collect()
}

/// `DIR/shop.image.component.wasm` for the component of `image` and `DIR/shop.wasm`.
pub(crate) fn component_beside(wasm: &Path, block: &str) -> PathBuf {
    wasm.with_extension(format!("{block}.component.wasm"))
}
