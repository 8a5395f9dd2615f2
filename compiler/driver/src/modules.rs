//! The files of a program: the first one, and what is imported from there.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir_check::prelude::Mentions;
use weir_check::{Print, Source};
use weir_diagnostics::{Diagnostic, FileId, SourceMap};
use weir_syntax::Parsed;
use weir_syntax::ast::{self, ItemKind};

use crate::{NotFound, Program, World};

/// A file that was read.
pub(crate) struct Module {
    pub path: String,
    pub parsed: Arc<Parsed>,
    pub mentions: Arc<Mentions>,
    pub print: Print,
}

impl Module {
    pub fn source(&self) -> Source<'_> {
        Source {
            path: &self.path,
            module: &self.parsed.module,
            mentions: &self.mentions,
        }
    }
}

/// Reads all files of a program, in the order in which a reader meets them. An import without a file is left to the checker,
/// which says where it is.
pub(crate) fn read(
    world: &dyn World,
    program: &Program,
    sources: &mut SourceMap,
    parse: &mut dyn FnMut(FileId, &Arc<str>) -> Tree,
) -> Result<Vec<Module>, NotFound> {
    let mut module = |path: &str, file: FileId, sources: &SourceMap| {
        let tree = parse(file, &sources.file(file).text);
        Module {
            path: path.to_owned(),
            parsed: tree.parsed,
            mentions: tree.mentions,
            print: tree.print,
        }
    };
    let unreadable = |path: &Path, error: std::io::Error| NotFound::Unreadable {
        path: path.into(),
        why: error.to_string(),
    };
    let first = &program.source;
    let text = world
        .read(first)
        .map_err(|error| unreadable(first, error))?;
    let file = sources.add(first.display().to_string(), text);
    // Others import it by its file's name, if that is a name; the program's own name is for people.
    let mut modules = vec![module(&module_path(program, first), file, sources)];
    let mut at = 0;
    while at < modules.len() {
        for path in imports(&modules[at].parsed.module) {
            if modules.iter().any(|known| known.path == path) {
                continue;
            }
            let place = file_of(program, &path);
            match world.read(&place) {
                Ok(text) => {
                    let file = sources.add(place.display().to_string(), text);
                    modules.push(module(&path, file, sources));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&place, error)),
            }
        }
        at += 1;
    }
    Ok(modules)
}

/// What is known of a file by itself.
#[derive(Clone)]
pub(crate) struct Tree {
    pub parsed: Arc<Parsed>,
    pub mentions: Arc<Mentions>,
    pub print: Print,
}

/// Parses a file.
pub(crate) fn parse(file: FileId, text: &Arc<str>) -> Tree {
    let parsed = weir_syntax::parse(file, text);
    let mentions = Mentions::of(&parsed.module);
    Tree {
        print: Print::of(text, &parsed.module),
        parsed: Arc::new(parsed),
        mentions: Arc::new(mentions),
    }
}

/// The files of a program, also those that are imported and not there: what to look at for changes.
pub fn files(world: &dyn World, program: &Program) -> Vec<PathBuf> {
    let mut sources = SourceMap::new();
    let mut files = vec![program.source.clone()];
    for module in read(world, program, &mut sources, &mut parse).unwrap_or_default() {
        let imported = imports(&module.parsed.module);
        files.extend(imported.iter().map(|path| file_of(program, path)));
    }
    files.sort();
    files.dedup();
    files
}

/// The paths of a module's imports, with dots.
fn imports(module: &ast::Module) -> Vec<String> {
    let paths = module.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some(&import.path),
        _ => None,
    });
    let dotted = |path: &Vec<ast::Ident>| {
        let names: Vec<&str> = path.iter().map(|name| name.as_str()).collect();
        names.join(".")
    };
    paths.map(dotted).collect()
}

/// Parses a text that is of no program.
pub fn parse_alone(text: &str) -> Parsed {
    weir_syntax::parse(FileId::default(), text)
}

/// What others import a file by: `shop.orders` for `shop/orders.weir` beside the program's first file.
pub fn module_path(program: &Program, file: &Path) -> String {
    let folder = program.source.parent().unwrap_or(Path::new(""));
    let inside = file.strip_prefix(folder).unwrap_or(file).with_extension("");
    let parts = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join(".")
}

/// Where the module `shop.orders` is: `shop/orders.weir`, beside the program's first file.
fn file_of(program: &Program, path: &str) -> PathBuf {
    let folder = program.source.parent().unwrap_or(Path::new(""));
    folder.join(format!("{}.weir", path.replace('.', "/")))
}

/// What parsing found in all files and checking in the whole, in the order of the source, without what only follows from text
/// that could not be parsed.
pub(crate) fn all_diagnostics(
    sources: &SourceMap,
    modules: &[Module],
    checked: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let parsed = modules.iter().flat_map(|m| &m.parsed.diagnostics);
    let mut all: Vec<Diagnostic> = parsed.cloned().collect();
    all.extend(checked);
    weir_check::drop_of_broken_text(sources, &mut all);
    weir_diagnostics::sort(&mut all);
    all
}
