//! From a WIT package to an `extern` block with the types it needs.
//!
//! A component that Weir runs imports nothing, so each of its functions only computes: they are `@pure`. What has no counterpart in
//! Weir (resources, streams, ..) is left out, and told with its place and the reason. The table of types is in the contract.

mod names;
mod types;

use std::fmt;
use std::path::Path;

use wit_parser::{Function, FunctionKind, PackageId, Resolve, Span, WorldItem};

use types::{Types, Unfit};
use weir_contract::names::snake;

/// A package as Weir declares it.
#[derive(Debug)]
pub struct Block {
    /// What the block is called: the package's name.
    pub name: String,
    /// What stands behind `from`: `wit:acme/image@0.3.0`.
    pub source: String,
    /// The block, and the types below it, in the one style.
    pub text: String,
    pub left_out: Vec<LeftOut>,
}

/// A function that cannot be declared.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// `image.wit:12:3`
    pub place: String,
    pub function: String,
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: `{}` is left out: {}",
            self.place, self.function, self.why
        )
    }
}

/// A package that was read.
pub struct Package {
    resolve: Resolve,
    id: PackageId,
}

impl Package {
    /// Reads a `.wit` file, or a folder of them with what they use in `deps`. The error says where and why.
    pub fn read(path: &Path) -> Result<Package, String> {
        let mut resolve = Resolve::default();
        let id = match path.is_dir() {
            true => resolve.push_dir(path).map(|(id, _)| id),
            false => resolve.push_file(path),
        };
        match id {
            Ok(id) => Ok(Package { resolve, id }),
            Err(error) => Err(wit_parser::render_anyhow_error(&error, &resolve.source_map)),
        }
    }

    /// Whether it is `acme/image@0.3`: the version may be left out, or be the beginning of one.
    pub fn is(&self, wanted: &str) -> bool {
        let (name, version) = match wanted.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (wanted, None),
        };
        let package = &self.resolve.packages[self.id].name;
        let has = package.version.as_ref().map(|version| version.to_string());
        format!("{}/{}", package.namespace, package.name) == name
            && match (version, has) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(has)) => {
                    has == wanted || has.starts_with(&format!("{wanted}."))
                }
            }
    }

    /// `acme/image@0.3.0`
    pub fn name(&self) -> String {
        let package = &self.resolve.packages[self.id].name;
        let version = package.version.as_ref();
        let version = version.map_or(String::new(), |version| format!("@{version}"));
        format!("{}/{}{version}", package.namespace, package.name)
    }

    /// Declares all that a component of the package exports: what its worlds say, or without a world what its interfaces have.
    pub fn block(&self) -> Block {
        let name = names::free(&snake(&self.resolve.packages[self.id].name.name));
        let mut types = Types::new(&self.resolve, &name);
        let mut text = String::new();
        let mut left_out = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for function in self.functions() {
            let declared = match seen.contains(&function.name.as_str()) {
                true => Err(Unfit::new(
                    function.span,
                    "another interface has a function of this name",
                )),
                false => self.function(&mut types, function),
            };
            match declared {
                Ok(declared) => {
                    seen.push(&function.name);
                    text += &declared;
                }
                Err(unfit) => left_out.push(LeftOut {
                    place: self.place(
                        unfit
                            .span
                            .filter(|span| span.is_known())
                            .unwrap_or(function.span),
                    ),
                    function: function.name.clone(),
                    why: unfit.why,
                }),
            }
        }
        let source = format!("wit:{}", self.plain_name());
        let all = format!(
            "extern {name} from \"{source}\" {{\n{text}}}\n{}",
            types.declared()
        );
        Block {
            name,
            source,
            // What is made here parses.
            text: weir_syntax::format(&all).unwrap_or(all),
            left_out,
        }
    }

    /// The name with the numbers of the version only: what follows them is not written behind `from`.
    fn plain_name(&self) -> String {
        let name = self.name();
        match name.split_once('@') {
            Some((package, version)) => {
                let numbers = version.split(['-', '+']).next().unwrap_or_default();
                format!("{package}@{numbers}")
            }
            None => name,
        }
    }

    fn functions(&self) -> Vec<&Function> {
        let package = &self.resolve.packages[self.id];
        let of = |id: &wit_parser::InterfaceId| self.resolve.interfaces[*id].functions.values();
        if package.worlds.is_empty() {
            return package.interfaces.values().flat_map(of).collect();
        }
        let worlds = package.worlds.values().map(|id| &self.resolve.worlds[*id]);
        let mut found: Vec<&Function> = Vec::new();
        for item in worlds.flat_map(|world| world.exports.values()) {
            match item {
                WorldItem::Interface { id, .. } => found.extend(of(id)),
                WorldItem::Function(function) => found.push(function),
                WorldItem::Type { .. } => {}
            }
        }
        // An interface that two worlds export is one.
        let mut once: Vec<&Function> = Vec::new();
        for function in found {
            if !once.iter().any(|known| std::ptr::eq(*known, function)) {
                once.push(function);
            }
        }
        once
    }

    fn function(&self, types: &mut Types<'_>, function: &Function) -> Result<String, Unfit> {
        match function.kind {
            FunctionKind::Freestanding => {}
            FunctionKind::AsyncFreestanding => {
                return Err(Unfit::new(
                    function.span,
                    "it is `async`, and a component here only computes",
                ));
            }
            _ => {
                return Err(Unfit::new(
                    function.span,
                    "it belongs to a resource, and a handle cannot be kept",
                ));
            }
        }
        let name = snake(&function.name);
        if !names::is_free(&name) {
            let why = format!("`{name}` is a word of Weir");
            return Err(Unfit::new(function.span, &why));
        }
        // Nothing is declared for a function that turns out not to fit.
        let before = types.mark();
        let declared = types.signature(function);
        match declared {
            Ok(signature) => {
                let doc = types::comment("  ", &function.docs);
                Ok(format!("{doc}  @pure\n  fn {name}{signature}\n"))
            }
            Err(unfit) => {
                types.back_to(before);
                Err(unfit)
            }
        }
    }

    fn place(&self, span: Span) -> String {
        self.resolve.source_map.render_location(span)
    }
}
