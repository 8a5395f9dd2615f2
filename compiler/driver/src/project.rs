//! Which program a path means: a source file, or the folder of a project.
//!
//! A folder's program is what its `weir.toml` names as `entry`; without that file it is `main.weir`, or the file that
//! is called like the folder. A folder with none of them belongs to the project around it.
//!
//! A file belongs to the project around it as well: the nearest `weir.toml` beside it or in a folder above. What stands there of
//! the outside world, limits and retention holds for each file of the project that is run; name and version are those of its
//! entry. So `weir run src/main.weir` and `weir run` are the same where that is the entry. The search ends at the folder of a
//! repository (`.git`).

use crate::World;
use crate::config::{self, Config, ConfigError};
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use weir_contract::settings::{Limits, Retention};

/// A program that has been found: where its source is and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What `weir.toml` says, or the stem of the file: `bank` for `examples/bank/bank.weir`. A valid name of a module.
    pub name: String,
    /// What `weir.toml` says, for people.
    pub version: Option<String>,
    pub source: PathBuf,
    /// The folder of the project: where `weir.toml` lies, or else the source.
    pub folder: PathBuf,
    /// The base URL of each name of `extern .. from "http:NAME"` that `weir.toml` gives.
    pub externs: BTreeMap<String, String>,
    /// The file of each component (`extern NAME from "wit:.."`) that `weir.toml` gives.
    pub components: BTreeMap<String, PathBuf>,
    /// Settings by name, as texts: `[config]` of `weir.toml`.
    pub config: BTreeMap<String, String>,
    /// What its tests have instead, or besides.
    pub test_config: BTreeMap<String, String>,
    pub test_secrets: BTreeMap<String, String>,
    pub limits: Limits,
    pub retention: Retention,
}

impl Program {
    /// A program of which no `weir.toml` says more.
    pub fn of_file(name: &str, source: PathBuf, folder: PathBuf) -> Program {
        Program {
            name: name.into(),
            version: None,
            source,
            folder,
            externs: BTreeMap::new(),
            components: BTreeMap::new(),
            config: BTreeMap::new(),
            test_config: BTreeMap::new(),
            test_secrets: BTreeMap::new(),
            limits: Limits::default(),
            retention: Retention::default(),
        }
    }
}

/// Why a path names no program. Each form says what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub enum NotFound {
    /// A folder with neither `weir.toml` nor a file of an expected name.
    NothingInFolder {
        folder: PathBuf,
        tried: Vec<PathBuf>,
    },
    /// `weir.toml` does not say what it should.
    BadConfig {
        path: PathBuf,
        error: ConfigError,
    },
    /// The file's name is no text.
    BadName {
        path: PathBuf,
    },
    /// A file that is no Weir source.
    NotSource {
        path: PathBuf,
    },
    Unreadable {
        path: PathBuf,
        why: String,
    },
    /// The file of a component is not there, or cannot be read.
    NoComponent {
        module: String,
        path: PathBuf,
        why: String,
    },
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            NotFound::NothingInFolder { folder, tried } => {
                write!(f, "there is no program in {}: looked for", shown(folder))?;
                for (n, path) in tried.iter().enumerate() {
                    let comma = if n == 0 { "" } else { "," };
                    write!(
                        f,
                        "{comma} {}",
                        path.file_name().unwrap_or_default().display()
                    )?;
                }
                Ok(())
            }
            NotFound::BadConfig { path, error } => write!(f, "{}:{error}", path.display()),
            NotFound::BadName { path } => write!(
                f,
                "the name of `{}` is not UTF-8",
                path.file_stem().unwrap_or_default().display()
            ),
            NotFound::NotSource { path } => {
                write!(
                    f,
                    "{} is not a Weir program: its name does not end in .weir",
                    path.display()
                )
            }
            NotFound::Unreadable { path, why } => {
                write!(f, "cannot read {}: {why}", path.display())
            }
            NotFound::NoComponent { module, path, why } => {
                write!(
                    f,
                    "cannot read the component of `{module}`, {}: {why}",
                    path.display()
                )
            }
        }
    }
}

impl NotFound {
    /// The next thing to type.
    pub fn next(&self) -> &str {
        match self {
            NotFound::NothingInFolder { .. } => {
                "name a file, as in `weir check bank.weir`, or make a project: weir new shop"
            }
            NotFound::BadConfig { error, .. } => &error.help,
            NotFound::BadName { .. } => "rename the file, for example to shop.weir",
            NotFound::NotSource { .. } => "name the .weir file, or the folder it is in",
            NotFound::Unreadable { .. } => {
                "name a file that exists, or make a project: weir new shop"
            }
            NotFound::NoComponent { .. } => {
                "build the component, or say where it is: `component = \"image.wasm\"` under `[extern.image]` in weir.toml"
            }
        }
    }
}

/// The program that `path` means.
pub fn find(world: &dyn World, path: &Path) -> Result<Program, NotFound> {
    if world.is_folder(path) {
        return find_in_folder(world, path);
    }
    if path.extension().is_none_or(|ending| ending != "weir") {
        return Err(NotFound::NotSource { path: path.into() });
    }
    let Some((folder, config)) = around(world, &folder_of(path))? else {
        return program(path.into(), folder_of(path));
    };
    let path = world.within(&folder, path);
    let is_entry = path == inside(&folder, &config.entry);
    let found = program(path, folder)?;
    Ok(found.with(config, is_entry))
}

/// The project that a folder belongs to.
fn around(world: &dyn World, folder: &Path) -> Result<Option<(PathBuf, Config)>, NotFound> {
    for folder in world.ancestors(folder) {
        if let Some(config) = read_config(world, &folder)? {
            return Ok(Some((folder, config)));
        }
        if world.is_folder(&inside(&folder, ".git")) {
            break;
        }
    }
    Ok(None)
}

fn read_config(world: &dyn World, folder: &Path) -> Result<Option<Config>, NotFound> {
    let path = inside(folder, "weir.toml");
    match world.read(&path) {
        Ok(text) => match config::parse(&text) {
            Ok(config) => Ok(Some(config)),
            Err(error) => Err(NotFound::BadConfig { path, error }),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(NotFound::Unreadable {
            path,
            why: error.to_string(),
        }),
    }
}

impl Program {
    /// The same with what its project says; of its entry also who it is.
    fn with(mut self, config: Config, is_entry: bool) -> Program {
        for (name, place) in config.externs {
            if let Some(url) = place.url {
                self.externs.insert(name.clone(), url);
            }
            if let Some(path) = place.component {
                self.components.insert(name, inside(&self.folder, path));
            }
        }
        self.config = config.config;
        self.test_config = config.test_config;
        self.test_secrets = config.test_secrets;
        self.limits = config.limits;
        self.retention = config.retention;
        if is_entry {
            self.name = config.name.unwrap_or(self.name);
            self.version = config.version;
        }
        self
    }
}

fn find_in_folder(world: &dyn World, folder: &Path) -> Result<Program, NotFound> {
    if let Some(config) = read_config(world, folder)? {
        return entry(folder.into(), config);
    }
    let mut tried = vec![inside(folder, "weir.toml"), inside(folder, "main.weir")];
    if let Some(name) = folder_name(folder) {
        tried.push(inside(folder, format!("{name}.weir")));
    }
    let found = tried.iter().skip(1).find(|path| world.read(path).is_ok());
    if let Some(path) = found {
        return find(world, path);
    }
    match around(world, folder)? {
        Some((folder, config)) => entry(folder, config),
        None => Err(NotFound::NothingInFolder {
            folder: folder.into(),
            tried,
        }),
    }
}

fn entry(folder: PathBuf, config: Config) -> Result<Program, NotFound> {
    let found = program(inside(&folder, &config.entry), folder)?;
    Ok(found.with(config, true))
}

/// Whether a path, written inside a project, leads nowhere else.
pub fn stays_inside(path: &Path) -> bool {
    let mut parts = path.components();
    parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// A path inside a folder, as a person would write it: `shop.weir`, not `./shop.weir`.
pub fn inside(folder: &Path, path: impl AsRef<Path>) -> PathBuf {
    if folder == Path::new(".") {
        path.as_ref().into()
    } else {
        folder.join(path)
    }
}

fn program(source: PathBuf, folder: PathBuf) -> Result<Program, NotFound> {
    match source.file_stem().and_then(|stem| stem.to_str()) {
        Some(stem) => {
            let name = name_of(stem);
            Ok(Program::of_file(&name, source, folder))
        }
        None => Err(NotFound::BadName { path: source }),
    }
}

/// The name of a program whose first file is called so: the file itself may be called anything, since nobody imports it.
/// `01_counter` is `counter`, and `My Bank` is `my_bank`.
fn name_of(stem: &str) -> String {
    let fitting = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '_',
    };
    let name: String = stem.chars().map(fitting).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    match name {
        "" => "main".to_owned(),
        name => name.to_owned(),
    }
}

/// Whether a file may be called so: lower-case ASCII letters, digits and `_`, a letter first.
pub fn is_module_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.into(),
        _ => ".".into(),
    }
}

/// The name of a folder, also of `.`.
fn folder_name(folder: &Path) -> Option<String> {
    let whole = if folder.file_name().is_some() {
        folder.to_path_buf()
    } else {
        folder.canonicalize().ok()?
    };
    whole.file_name()?.to_str().map(str::to_owned)
}

fn shown(folder: &Path) -> String {
    if folder == Path::new(".") {
        "this folder".into()
    } else {
        folder.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn source(world: &Memory, path: &str) -> Result<String, String> {
        find(world, Path::new(path))
            .map(|program| format!("{} {}", program.name, program.source.display()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_called_after_its_stem() {
        let world = Memory::default().with("a/bank.weir", "");
        assert_eq!(source(&world, "a/bank.weir"), Ok("bank a/bank.weir".into()));
        for (stem, name) in [
            ("My Bank", "my_bank"),
            ("01_counter", "counter"),
            ("7", "main"),
        ] {
            let path = format!("a/{stem}.weir");
            let world = Memory::default().with(&path, "");
            assert_eq!(source(&world, &path), Ok(format!("{name} {path}")));
        }
        assert!(source(&world, "a/bank.wasm").unwrap_err().contains(".weir"));
    }

    #[test]
    fn a_folder_means_what_its_toml_names() {
        let world = Memory::default()
            .with(
                "shop/weir.toml",
                "name = \"shop\"\nentry = \"src/till.weir\"",
            )
            .with("shop/main.weir", "");
        assert_eq!(source(&world, "shop"), Ok("shop shop/src/till.weir".into()));
    }

    #[test]
    fn a_folder_without_toml_means_main_or_the_file_called_like_it() {
        let main = Memory::default()
            .with("a/main.weir", "")
            .with("a/a.weir", "");
        assert_eq!(source(&main, "a"), Ok("main a/main.weir".into()));
        let named = Memory::default().with("bank/bank.weir", "");
        assert_eq!(source(&named, "bank"), Ok("bank bank/bank.weir".into()));
        let neither = Memory::default().with("x/other.weir", "");
        let said = source(&neither, "x").unwrap_err();
        assert!(
            said.ends_with("looked for weir.toml, main.weir, x.weir"),
            "{said}"
        );
    }

    #[test]
    fn a_toml_cannot_lead_out_of_the_project() {
        for entry in ["../other.weir", "/etc/passwd"] {
            let world = Memory::default().with("p/weir.toml", &format!("entry = \"{entry}\""));
            assert!(
                source(&world, "p")
                    .unwrap_err()
                    .contains("inside the project")
            );
        }
        let world = Memory::default().with(
            "p/weir.toml",
            "entry = \"a.weir\"\n[extern.payments]\nurl = \"http://127.0.0.1:9000/pay\"",
        );
        let found = find(&world, Path::new("p")).unwrap();
        assert_eq!(found.externs["payments"], "http://127.0.0.1:9000/pay");
        let world = Memory::default().with(
            "p/weir.toml",
            "entry = \"a.weir\"\n[extern.payments]\nurl = \"localhost\"",
        );
        assert!(source(&world, "p").unwrap_err().contains("http://"));
        let component = |path: &str| {
            Memory::default().with(
                "p/weir.toml",
                &format!("entry = \"a.weir\"\n[extern.image]\ncomponent = \"{path}\""),
            )
        };
        let found = find(&component("wasm/image.wasm"), Path::new("p")).unwrap();
        assert_eq!(found.components["image"], Path::new("p/wasm/image.wasm"));
        for path in ["../image.wasm", "/tmp/image.wasm"] {
            let said = source(&component(path), "p").unwrap_err();
            assert!(said.contains("`extern.image.component` must be"), "{said}");
        }
        let world = Memory::default().with("p/weir.toml", "entry = \"a.weir\"\n[extern.image]");
        assert!(
            source(&world, "p")
                .unwrap_err()
                .contains("neither the `url`")
        );
    }

    #[test]
    fn a_file_belongs_to_the_project_around_it() {
        let world = Memory::default()
            .with(
                "p/weir.toml",
                "name = \"shop\"\nversion = \"1.0.0\"\nentry = \"src/main.weir\"\n\
                 [extern.payments]\nurl = \"http://127.0.0.1:9000\"\n[limits]\nstep = \"1s\"",
            )
            .with("p/src/main.weir", "")
            .with("p/src/tools/load.weir", "")
            .with("q/.git/HEAD", "")
            .with("q/alone.weir", "")
            .with("weir.toml", "entri = 1");
        let entry = find(&world, Path::new("p/src/main.weir")).unwrap();
        assert_eq!(entry, find(&world, Path::new("p")).unwrap());
        assert_eq!(entry, find(&world, Path::new("p/src/tools")).unwrap());
        let tool = find(&world, Path::new("p/src/tools/load.weir")).unwrap();
        assert_eq!((tool.name.as_str(), tool.version), ("load", None));
        assert_eq!(tool.folder, Path::new("p"));
        assert_eq!(tool.externs, entry.externs);
        assert_eq!(tool.limits.step_ms(), 1_000);
        // Not beyond a repository.
        assert_eq!(
            source(&world, "q/alone.weir"),
            Ok("alone q/alone.weir".into())
        );
        assert!(
            source(&world, "r.weir")
                .unwrap_err()
                .starts_with("weir.toml:1:1: ")
        );
    }
}
