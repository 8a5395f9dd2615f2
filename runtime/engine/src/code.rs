//! Machine code that was made before: kept by a node for its next start, or built ahead for a machine.
//!
//! ```text
//!   "WEIRCODE" | version u8 | SHA-256 of the Wasm module, 32 | SHA-256 of the code, 32 | code, as the Wasm engine writes it
//! ```
//! Machine code is not checked as a module is: whoever can write it can do what the process can. So it is only taken from where
//! nobody else can write ([`Code::Kept`]), or when somebody says that it is to be trusted ([`Code::Given`]). The hashes and the
//! engine's own check of its version and settings are against damage and mistakes, not against malice. What does not fit is not
//! used: then the module is compiled, which gives the same program.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use crate::gate;
use crate::program::{Limits, LoadError, config};

/// From where the machine code of a program comes.
#[derive(Clone, Copy, Debug, Default)]
pub enum Code<'a> {
    /// It is compiled.
    #[default]
    Compiled,
    /// From this folder, where it is kept when it had to be compiled. The folder is made, for this user alone; one that others
    /// can write to is not used.
    Kept(&'a Path),
    /// From these bytes, which [`precompile`] has made. Whoever gives them answers for them: they are run as they are.
    Given(&'a [u8]),
}

const MAGIC: &[u8] = b"WEIRCODE\x01";
const HASH: usize = 32;
/// Files that a folder keeps: the programs that somebody goes back and forth between.
const KEPT_MAX: usize = 8;

/// Compiles a module for a machine, `x86_64-unknown-linux-gnu`; without one for this machine and all that it can do.
pub fn precompile(wasm: &[u8], target: Option<&str>) -> Result<Vec<u8>, LoadError> {
    gate::check(wasm).map_err(LoadError::Refused)?;
    let broken = |e: wasmtime::Error| LoadError::Broken(format!("{e:#}"));
    let mut config = config(&Limits::default());
    if let Some(target) = target {
        config.target(target).map_err(broken)?;
    }
    let engine = Engine::new(&config).map_err(broken)?;
    let code = engine.precompile_module(wasm).map_err(broken)?;
    Ok(file(wasm, &code))
}

impl Code<'_> {
    /// The module, and why code that was at hand is not used.
    pub(crate) fn module(
        self,
        engine: &Engine,
        wasm: &[u8],
    ) -> wasmtime::Result<(Module, Option<String>)> {
        match self {
            Code::Compiled => Ok((Module::new(engine, wasm)?, None)),
            Code::Given(file) => match load(engine, wasm, file) {
                Ok(module) => Ok((module, None)),
                Err(why) => Ok((Module::new(engine, wasm)?, Some(why))),
            },
            Code::Kept(folder) => {
                let Ok(user) = own(folder) else {
                    let why = format!("{} is not this user's alone", folder.display());
                    return Ok((Module::new(engine, wasm)?, Some(why)));
                };
                let path = folder.join(format!("{}.code", hex(&Sha256::digest(wasm))));
                let kept = read(&path, user).ok();
                if let Some(module) = kept.and_then(|file| load(engine, wasm, &file).ok()) {
                    return Ok((module, None));
                }
                let module = Module::new(engine, wasm)?;
                // A start that keeps nothing is slower the next time, and that is all.
                if let Ok(code) = module.serialize() {
                    let _ = keep(folder, &path, &file(wasm, &code));
                }
                Ok((module, None))
            }
        }
    }
}

fn file(wasm: &[u8], code: &[u8]) -> Vec<u8> {
    let hashes = [Sha256::digest(wasm), Sha256::digest(code)];
    [MAGIC, &hashes[0], &hashes[1], code].concat()
}

fn load(engine: &Engine, wasm: &[u8], file: &[u8]) -> Result<Module, String> {
    let rest = file
        .strip_prefix(MAGIC)
        .ok_or("it is no machine code that this version has made")?;
    let (of, rest) = rest.split_at_checked(HASH).ok_or("it is cut off")?;
    let (sum, code) = rest.split_at_checked(HASH).ok_or("it is cut off")?;
    if of != &Sha256::digest(wasm)[..] {
        return Err("it belongs to another module".to_owned());
    }
    if sum != &Sha256::digest(code)[..] {
        return Err("it is damaged".to_owned());
    }
    // SAFETY: these bytes are what `serialize` or `precompile_module` gave: they lay where only this user can write, or who gave
    // them answers for them. The hash says that they are whole, and the engine refuses what another version or other settings
    // have made.
    #[allow(unsafe_code)]
    let module = unsafe { Module::deserialize(engine, code) };
    module.map_err(|e| format!("{e:#}"))
}

/// Replaces the file at once, and forgets the oldest ones.
fn keep(folder: &Path, path: &Path, file: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    // What a start that was killed here has left.
    let _ = fs::remove_file(&new);
    create(&new)?.write_all(file)?;
    fs::rename(&new, path)?;
    let mut kept: Vec<(std::time::SystemTime, PathBuf)> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .filter(|(_, path)| path.extension().is_some_and(|ending| ending == "code"))
        .collect();
    kept.sort();
    let gone = kept.len().saturating_sub(KEPT_MAX);
    kept[..gone]
        .iter()
        .try_for_each(|(_, path)| fs::remove_file(path))
}

/// The folder is there and nobody but this user can write to it; gives the user, whom a file made in it tells.
#[cfg(unix)]
fn own(folder: &Path) -> std::io::Result<u32> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    if !folder.exists() {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
    }
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.mode() & OTHERS_WRITE != 0 {
        return refused();
    }
    let probe = folder.join(format!("owner-{}", std::process::id()));
    // One of a process that was killed here may be left over.
    let _ = fs::remove_file(&probe);
    let user = fs::File::create_new(&probe)?.metadata()?.uid();
    fs::remove_file(&probe)?;
    match found.uid() == user {
        true => Ok(user),
        false => refused(),
    }
}

/// A new file of this user alone, whatever others are given by habit.
#[cfg(unix)]
fn create(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)
}

/// The file is that user's own as well: the folder may have been exchanged meanwhile.
#[cfg(unix)]
fn read(path: &Path, user: u32) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    let mut file = fs::File::open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != user || found.mode() & OTHERS_WRITE != 0 {
        return refused();
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bits of a mode by which its group and all others may write.
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

fn refused<T>() -> std::io::Result<T> {
    Err(std::io::ErrorKind::PermissionDenied.into())
}

/// Elsewhere there is no saying who can write to it.
#[cfg(not(unix))]
fn own(_: &Path) -> std::io::Result<u32> {
    refused()
}

#[cfg(not(unix))]
fn create(_: &Path) -> std::io::Result<fs::File> {
    refused()
}

#[cfg(not(unix))]
fn read(_: &Path, _: u32) -> std::io::Result<Vec<u8>> {
    refused()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
