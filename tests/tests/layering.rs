//! The edges between our crates, and who may see which outside library, as the design draws them.
//!
//! Dependencies run one way: `cli -> lsp -> ide -> driver -> wasm -> flow -> check -> syntax -> diagnostics`, and
//! `cli -> node -> machine, engine, component, log -> contract`. Compiler and runtime meet only in `contract`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// For each crate, what of ours it may use. `tests` sees everything.
const EDGES: &[(&str, &[&str])] = &[
    ("weir-diagnostics", &[]),
    ("weir-syntax", &["weir-diagnostics", "weir-contract"]),
    (
        "weir-check",
        &["weir-syntax", "weir-diagnostics", "weir-contract"],
    ),
    (
        "weir-meaning",
        &[
            "weir-check",
            "weir-syntax",
            "weir-diagnostics",
            "weir-contract",
        ],
    ),
    (
        "weir-flow",
        &[
            "weir-check",
            "weir-syntax",
            "weir-diagnostics",
            "weir-contract",
        ],
    ),
    (
        "weir-wasm",
        &["weir-flow", "weir-contract", "weir-diagnostics"],
    ),
    (
        "weir-driver",
        &[
            "weir-wasm",
            "weir-flow",
            "weir-check",
            "weir-syntax",
            "weir-diagnostics",
            "weir-contract",
        ],
    ),
    (
        "weir-doc",
        &["weir-check", "weir-syntax", "weir-diagnostics"],
    ),
    (
        "weir-ide",
        &[
            "weir-driver",
            "weir-check",
            "weir-syntax",
            "weir-diagnostics",
            "weir-contract",
        ],
    ),
    ("weir-lsp", &["weir-ide", "weir-driver", "weir-diagnostics"]),
    ("weir-contract", &[]),
    ("weir-log", &["weir-contract"]),
    ("weir-machine", &["weir-log", "weir-contract"]),
    ("weir-engine", &["weir-contract", "weir-machine"]),
    ("weir-component", &["weir-contract"]),
    ("weir-sim", &["weir-contract", "weir-log", "weir-machine"]),
    ("tree-sitter-weir", &[]),
    (
        "weir-node",
        &[
            "weir-engine",
            "weir-component",
            "weir-machine",
            "weir-log",
            "weir-contract",
        ],
    ),
    (
        "weir-cli",
        &[
            "weir-driver",
            "weir-doc",
            "weir-lsp",
            "weir-diagnostics",
            "weir-node",
            "weir-sim",
            "weir-engine",
            "weir-component",
            "weir-machine",
            "weir-log",
            "weir-contract",
        ],
    ),
];

/// Libraries that only one crate may see, so that replacing one changes one crate.
const SEEN_ONLY_IN: &[(&str, &[&str])] = &[
    ("lalrpop", &["weir-syntax"]),
    ("lalrpop-util", &["weir-syntax"]),
    ("codespan-reporting", &["weir-diagnostics"]),
    ("wasm-encoder", &["weir-wasm"]),
    ("wasmtime", &["weir-engine", "weir-component"]),
    ("axum", &["weir-node"]),
    ("tokio", &["weir-node"]),
    ("hyper-rustls", &["weir-node"]),
    ("clap", &["weir-cli"]),
    ("notify", &["weir-cli"]),
    ("toml", &["weir-driver"]),
    ("toml_edit", &["weir-driver"]),
    ("wit-parser", &["weir-driver"]),
    ("similar", &["weir-cli"]),
    ("lsp-server", &["weir-lsp"]),
    ("gen-lsp-types", &["weir-lsp"]),
    ("regex", &["weir-contract"]),
    ("unicode-segmentation", &["weir-contract"]),
    ("unicode-normalization", &["weir-contract"]),
    ("unicase", &["weir-contract"]),
    ("csv", &["weir-contract"]),
    ("hmac", &["weir-contract"]),
    ("subtle", &["weir-contract"]),
    ("argon2", &["weir-contract"]),
    ("ed25519-dalek", &["weir-contract"]),
    ("libm", &["weir-contract"]),
    ("jiff", &["weir-contract"]),
    ("cc", &["tree-sitter-weir"]),
    ("tree-sitter-language", &["tree-sitter-weir"]),
];

#[test]
fn dependencies_run_one_way() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = EDGES
        .iter()
        .map(|(name, edges)| (*name, edges.iter().copied().collect()))
        .collect();
    for package in packages() {
        if package.name == "weir-tests" {
            continue;
        }
        let allowed = allowed.get(package.name.as_str()).unwrap_or_else(|| {
            panic!(
                "{} is not in the drawing: add it to EDGES and design",
                package.name
            )
        });
        for dependency in package
            .dependencies
            .iter()
            .filter(|name| name.starts_with("weir-"))
        {
            assert!(
                allowed.contains(dependency.as_str()),
                "{} must not depend on {dependency}",
                package.name
            );
        }
    }
}

#[test]
fn outside_libraries_stay_where_they_belong() {
    for package in packages() {
        for (library, homes) in SEEN_ONLY_IN {
            assert!(
                !package.dependencies.contains(*library) || homes.contains(&package.name.as_str()),
                "{} must not see {library}: it belongs to {homes:?}",
                package.name
            );
        }
    }
}

#[test]
fn the_component_model_is_in_one_crate() {
    let root = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    assert!(
        !root.contains("component-model"),
        "the engine would get what the workspace asks for"
    );
    let asks = |package: &Package| package.lines.iter().any(|l| l.contains("component-model"));
    let asking: Vec<String> = packages()
        .into_iter()
        .filter(asks)
        .map(|package| package.name)
        .collect();
    assert_eq!(asking, ["weir-component"]);
}

#[test]
fn versions_are_declared_once_and_explained() {
    let root = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    for package in packages() {
        for line in &package.lines {
            assert!(
                line.contains("workspace = true"),
                "{}: `{line}` declares a version of its own",
                package.name
            );
        }
    }
    let mut explained = false;
    let mut outside = false;
    for line in root.lines() {
        match line {
            "[workspace.dependencies]" => outside = true,
            _ if line.starts_with('[') => outside = false,
            _ if line.starts_with('#') => explained = true,
            "" => explained = false,
            _ if outside && !line.starts_with("weir-") => {
                assert!(
                    explained,
                    "say in the root Cargo.toml what this is for: {line}"
                );
            }
            _ => {}
        }
    }
}

struct Package {
    name: String,
    /// Of the crate itself and of its build script; what only its tests use may be more.
    dependencies: BTreeSet<String>,
    /// The same as written.
    lines: Vec<String>,
}

fn packages() -> Vec<Package> {
    let root = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let members: Vec<&str> = root
        .lines()
        .skip_while(|line| *line != "members = [")
        .skip(1)
        .take_while(|line| *line != "]")
        .map(|line| line.trim().trim_matches([',', '"']))
        .collect();
    assert!(
        members.len() >= 13,
        "the members of the workspace are listed one a line"
    );
    members
        .into_iter()
        .map(|member| package(&Path::new(ROOT).join(member).join("Cargo.toml")))
        .collect()
}

fn package(path: &Path) -> Package {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut package = Package {
        name: String::new(),
        dependencies: BTreeSet::new(),
        lines: Vec::new(),
    };
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let name = key.trim().split('.').next().unwrap_or_default();
        match section {
            "[package]" if name == "name" => {
                package.name = value.trim().trim_matches('"').to_string()
            }
            "[dependencies]" | "[build-dependencies]" => {
                package.dependencies.insert(name.to_string());
                package.lines.push(line.to_string());
            }
            "[dev-dependencies]" => package.lines.push(line.to_string()),
            _ => {}
        }
    }
    assert!(
        !package.name.is_empty(),
        "{} names a package",
        path.display()
    );
    package
}
