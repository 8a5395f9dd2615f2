//! The components of a program: found, read, held against what the program declares of them, before anything runs.

use crate::output::{Failure, Outcome, Style};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use weir_component::Components;
use weir_contract::Manifest;
use weir_driver::{Bundle, Disk, Program, component_blocks, component_paths, read_components};
use weir_node::outside::environment_name;

/// Where the environment says that a component is: `WEIR_EXTERN_IMAGE=image.wasm`.
pub fn in_environment(block: &str) -> Option<PathBuf> {
    std::env::var_os(environment_name(block)).map(PathBuf::from)
}

/// The files of a program's components that are known.
pub fn paths(program: &Program, manifest: &Manifest) -> BTreeMap<String, PathBuf> {
    component_paths(Some(program), manifest, &in_environment)
}

/// Puts the components to a program that was just compiled.
pub fn attach(program: &Program, bundle: Bundle) -> Outcome<Bundle> {
    let paths = paths(program, &bundle.manifest);
    let components = read_components(&Disk, &paths).map_err(|why| {
        let next = why.next().to_owned();
        Failure::new(why).next(next)
    })?;
    Ok(bundle.with_components(components))
}

/// Loads the components of a bundle. What does not fit is told, all of it.
pub fn load(bundle: &Bundle) -> Outcome<Arc<Components>> {
    let manifest = Arc::new(bundle.manifest.clone());
    let loaded = Components::load(manifest, &bundle.components);
    let components = loaded.map_err(|error| {
        let mut problems = error.0.into_iter().rev().map(|problem| {
            let next = problem.next.clone();
            Failure::new(problem).next(next)
        });
        let last = problems.next().expect("an error says what is wrong");
        for problem in problems.rev() {
            problem.report();
        }
        last
    })?;
    Ok(Arc::new(components))
}

/// The same for a program that is to run: then what is pure must be here.
pub fn load_to_run(bundle: &Bundle) -> Outcome<Arc<Components>> {
    let components = load(bundle)?;
    match components.missing().first() {
        None => Ok(components),
        Some(block) => {
            let what = format_args!("nobody says where the component of `{block}` is");
            Err(Failure::new(what).next(how_to_say(block)))
        }
    }
}

/// Says which components are not here, although they may come later.
pub fn note_missing(manifest: &Manifest, components: &Components, then: &str) {
    for block in component_blocks(manifest) {
        if !components.has(block) {
            eprintln!(
                "{}: nobody says where the component of `{block}` is: {then}; {}",
                Style::stderr().bold("note"),
                how_to_say(block)
            );
        }
    }
}

fn how_to_say(block: &str) -> String {
    format!(
        "set `[extern.{block}] component = \"{block}.wasm\"` in weir.toml, or {}={block}.wasm",
        environment_name(block)
    )
}
