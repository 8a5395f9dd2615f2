//! Modules: which names each file of a program sees.
//!
//! A file is a module. It sees the library, what it declares itself, and what it imports: single names (`import a.b.{x, Y}`), or a
//! module as a whole (`import a.b`), whose names then follow a dot (`b.x`). Names of types, errors, entities and workflows are unique
//! in the whole program: they are names of stored data, of routes and of JSON.
//!
//! The passes look names up in [`Cx::names`]; [`Cx::enter`] puts those of another module there. So a pass that comes to
//! a declaration enters its module first, and nothing else has to know about modules.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::swap;
use std::sync::Arc;

use weir_diagnostics::{Diagnostic, FileId, Span, codes};
use weir_syntax::ast::{self, ItemKind};

use crate::collect::{collect, duplicate};
use crate::counts::Counts;
use crate::hir::{ConstId, ExternId, FnId, StreamId, ViewId};
use crate::layered::Layered;
use crate::meanings::{Def, NamesAt};
use crate::messages::did_you_mean;
use crate::prelude::{self, Mentions};
use crate::scope::{Cx, TypeName};

/// A file of a program.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What others import it by: `orders`, `shop.orders`.
    pub path: &'a str,
    pub module: &'a ast::Module,
    /// Of the module.
    pub mentions: &'a Mentions,
}

/// Names by their kinds.
#[derive(Clone, Default)]
pub struct Names {
    pub types: Layered<(TypeName, Span)>,
    /// Plain functions; more than one only in the library.
    pub functions: Layered<Vec<FnId>>,
    pub constants: Layered<ConstId>,
    /// The functions of `extern` blocks, by the name of the block.
    pub externs: Layered<(Span, Vec<ExternId>)>,
    /// What parses but has no meaning yet; somebody was told.
    pub later: Layered<Span>,
    /// Imported as a whole: position in [`Modules::own`].
    pub modules: Layered<(Span, usize)>,
    pub views: Layered<ViewId>,
    pub streams: Layered<StreamId>,
}

impl Names {
    /// Those of a file that has said nothing yet: over these, which are the library's.
    fn over(&self) -> Names {
        Names {
            types: self.types.over(),
            functions: self.functions.over(),
            constants: self.constants.over(),
            externs: self.externs.over(),
            later: self.later.clone(),
            modules: self.modules.clone(),
            views: self.views.clone(),
            streams: self.streams.clone(),
        }
    }

    /// What a file says itself.
    fn own(&self) -> Names {
        let functions = self.functions.own().iter().map(|(name, all)| {
            let of_library = self.functions.below(name).map_or(0, Vec::len);
            (name.clone(), all[of_library..].to_vec())
        });
        Names {
            types: self.types.alone(),
            functions: functions.collect::<BTreeMap<_, _>>().into(),
            constants: self.constants.alone(),
            externs: self.externs.alone(),
            later: self.later.clone(),
            modules: self.modules.clone(),
            views: self.views.clone(),
            streams: self.streams.clone(),
        }
    }
}

/// All modules; the library is the first.
#[derive(Clone, Default)]
pub struct Modules {
    /// What each declares.
    pub own: Vec<Names>,
    paths: Vec<String>,
    /// What each sees. The place of the one that is entered holds nothing.
    seen: Vec<Names>,
    of_file: BTreeMap<FileId, usize>,
    /// What each imports, in the order it is written.
    imports: Vec<Arc<Vec<Linked>>>,
    /// Where each begins: its first item with what is written above it.
    begins: Vec<Span>,
    here: usize,
    /// What a file sees that has said nothing yet.
    library: Names,
    /// Which parts of the library are there.
    parts: Vec<&'static str>,
    /// How much was declared in front of each, and at the end.
    counts: Vec<Counts>,
    /// The names in the declarations of each file, when somebody asks for what they mean.
    pub names_of_declarations: BTreeMap<FileId, NamesAt>,
}

/// An import whose module is there.
#[derive(Clone)]
struct Linked {
    target: usize,
    /// What an import of the whole module is called.
    whole: Option<String>,
    /// The last of the single names.
    last: Option<Span>,
    span: Span,
}

impl Modules {
    /// The path of the module that is entered; none for the library and the program's first file, whose functions have
    /// plain names.
    pub fn named(&self) -> Option<&str> {
        (self.here > 1).then(|| self.path(self.here))
    }

    /// Whether a file is the program's and not the library's.
    pub fn is_program(&self, file: FileId) -> bool {
        self.of_file.get(&file).is_some_and(|module| *module > 0)
    }

    pub fn path(&self, module: usize) -> &str {
        &self.paths[module]
    }
}

impl Cx {
    /// Looks names up as the file of that place sees them; gives the module that was entered before.
    pub fn enter(&mut self, place: Span) -> usize {
        let module = self.modules.of_file.get(&place.file).copied();
        self.enter_module(module.unwrap_or_default())
    }

    pub fn enter_module(&mut self, module: usize) -> usize {
        let before = self.modules.here;
        if module != before {
            self.swap_names(before);
            self.swap_names(module);
            self.modules.here = module;
        }
        before
    }

    fn swap_names(&mut self, module: usize) {
        let Some(seen) = self.modules.seen.get_mut(module) else {
            return;
        };
        swap(&mut self.names, seen);
    }

    fn begin_module(&mut self, path: &str, seen: Names) {
        let module = self.modules.own.len();
        self.modules.own.push(Names::default());
        self.modules.paths.push(path.to_owned());
        self.modules.seen.push(seen);
        self.modules.imports.push(Arc::default());
        self.modules.begins.push(Span::default());
        self.modules.counts.push(self.counts());
        match module {
            // Nobody was here before.
            0 => self.swap_names(0),
            _ => drop(self.enter_module(module)),
        }
    }
}

/// Collects the declarations of the library and of all modules, the entry first, and links imports.
pub fn collect_all(cx: &mut Cx, library: &[ast::Module], sources: &[Source<'_>]) {
    cx.begin_module("", Names::default());
    let program: Vec<&Mentions> = sources.iter().map(|source| source.mentions).collect();
    for (at, module) in library.iter().enumerate() {
        let part = prelude::part(at);
        if !prelude::is_wanted(part, module, &program) {
            continue;
        }
        cx.modules.of_file.insert(module.file, 0);
        cx.modules.parts.push(part);
        Arc::make_mut(&mut cx.library).entry(part).or_default();
        cx.library_part = Some(part);
        collect(cx, module, true);
    }
    cx.library_part = None;
    cx.prelude_errors = cx.errors.len();
    cx.prelude_news = cx.news.len();
    crate::externs::failures(cx);
    cx.modules.library = cx.names.over();
    for source in sources {
        cx.begin_module(source.path, cx.modules.library.clone());
        let module = cx.modules.here;
        cx.modules.of_file.insert(source.module.file, module);
        collect(cx, source.module, false);
        cx.modules.own[module] = cx.names.own();
    }
    cx.modules.counts.push(cx.counts());
    cx.declared_types.clear();
    for (at, source) in sources.iter().enumerate() {
        cx.enter_module(at + 1);
        link_all(cx, source.module);
    }
    cycles(cx, sources);
    cx.enter_module(1);
}

/// Brings what the entered module imports into its names.
fn link_all(cx: &mut Cx, module: &ast::Module) {
    let begin = module.items.first().map_or(module.span, |item| {
        item.doc.as_ref().map_or(item.span, |doc| doc.span)
    });
    let here = cx.modules.here;
    cx.modules.begins[here] = begin.before();
    for item in &module.items {
        if let ItemKind::Import(import) = &item.kind {
            link(cx, import, item.span);
        }
    }
}

/// Whether the declarations of a program are those of another one, but for places and tests: the same files with the same
/// interfaces have to be there, and the same parts of the library.
pub fn declares_the_same(cx: &Cx, library: &[ast::Module], sources: &[Source<'_>]) -> bool {
    let program: Vec<&Mentions> = sources.iter().map(|source| source.mentions).collect();
    let parts = library.iter().enumerate();
    let parts = parts.map(|(at, module)| (prelude::part(at), module));
    let mut parts = parts.filter(|(part, module)| prelude::is_wanted(part, module, &program));
    let known = &cx.modules;
    known
        .parts
        .iter()
        .all(|part| parts.next().map(|(part, _)| part) == Some(*part))
        && parts.next().is_none()
        && known.own.len() == sources.len() + 1
        && cx.program.consumers.len() == cx.consumers.len()
        && sources.iter().zip(1..).all(|(source, module)| {
            *source.path == *known.path(module)
                && known.of_file.get(&source.module.file) == Some(&module)
        })
}

/// Collects the declarations of one module again, which has changed inside of bodies only, and gives them the numbers they had. All others
/// stay as they are. Gives what the numbers are; none when there are more or less of something than before. [`link_again`] comes
/// behind it.
pub fn collect_again(cx: &mut Cx, module: usize, source: &Source<'_>) -> Option<(Counts, Counts)> {
    let (start, end) = (cx.modules.counts[module], cx.modules.counts[module + 1]);
    let behind = cx.cut(&start, &end);
    cx.enter_module(module);
    cx.names = cx.modules.library.clone();
    cx.modules.names_of_declarations.remove(&source.module.file);
    collect(cx, source.module, false);
    cx.declared_types.clear();
    if cx.counts() != end {
        return None;
    }
    cx.modules.own[module] = cx.names.own();
    cx.append(behind);
    Some((start, end))
}

/// Links the imports of modules that were collected again, and brings their places to who imports from them.
pub fn link_again(cx: &mut Cx, modules: &[usize], sources: &[Source<'_>]) {
    for module in modules {
        cx.enter_module(*module);
        cx.modules.imports[*module] = Arc::default();
        link_all(cx, sources[module - 1].module);
    }
    cx.enter_module(0);
    for module in modules {
        let file = sources[module - 1].module.file;
        let own = &cx.modules.own[*module];
        for seen in &mut cx.modules.seen[1..] {
            seen.types.renew(|name, (_, span)| {
                let now = own.types.get(name).filter(|_| span.file == file)?;
                Some(*now)
            });
            seen.externs.renew(|name, (span, _)| {
                let now = own.externs.get(name).filter(|_| span.file == file)?;
                Some(now.clone())
            });
        }
    }
}

/// The module of each file, by the number of the file.
pub fn files(cx: &Cx) -> Vec<usize> {
    let last = cx.modules.of_file.keys().next_back();
    let mut files = vec![0; last.map_or(0, |file| file.0 as usize + 1)];
    for (file, module) in &cx.modules.of_file {
        files[file.0 as usize] = *module;
    }
    files
}

/// The module of an import: one of the program's.
fn target(cx: &Cx, import: &ast::Import) -> Option<usize> {
    let path = dotted(&import.path);
    let at = cx.modules.paths.iter().skip(1).position(|p| *p == path)?;
    Some(at + 1)
}

pub fn dotted(path: &[ast::Ident]) -> String {
    let names: Vec<&str> = path.iter().map(|name| name.as_str()).collect();
    names.join(".")
}

fn link(cx: &mut Cx, import: &ast::Import, span: Span) {
    let place = import.path[0]
        .span
        .to(import.path[import.path.len() - 1].span);
    let Some(target) = target(cx, import) else {
        no_module(cx, import, place);
        return;
    };
    let alias = import.alias.as_ref().or(import.path.last());
    let names = import.names.as_ref();
    let linked = Linked {
        target,
        whole: alias.filter(|_| names.is_none()).map(|a| a.name.clone()),
        last: names.and_then(|names| names.last()).map(|name| name.span),
        span,
    };
    Arc::make_mut(&mut cx.modules.imports[cx.modules.here]).push(linked);
    cx.means(place, Def::Module(target as u32 - 1));
    let Some(names) = &import.names else {
        let name = import
            .alias
            .as_ref()
            .unwrap_or(&import.path[import.path.len() - 1]);
        if let Some(first) = first_of(cx, name.as_str()) {
            return duplicate(cx, name, first);
        }
        cx.means(name.span, Def::Module(target as u32 - 1));
        let named = (name.span, target);
        cx.names.modules.insert(name.name.clone(), named);
        return;
    };
    for name in names {
        if let Some(first) = first_of(cx, name.as_str()) {
            duplicate(cx, name, first);
            continue;
        }
        if !import_name(cx, target, name) {
            has_no(cx, target, name);
        }
    }
}

/// Where the entered module has a name already, its own or imported; the library's may be hidden.
fn first_of(cx: &Cx, name: &str) -> Option<Span> {
    let function = cx.names.functions.get(name).into_iter().flatten();
    let mut functions = function
        .map(|f| cx.program.function(*f))
        .filter(|f| !f.is_prelude);
    let function = functions.next().map(|f| f.span);
    let constant = cx.names.constants.get(name);
    let constant = constant.map(|c| cx.program.constants[c.0 as usize].span);
    let of_type = cx.names.types.get(name).map(|(_, span)| *span);
    let block = cx.names.externs.get(name).map(|(span, _)| *span);
    let module = cx.names.modules.get(name).map(|(span, _)| *span);
    let view = cx.names.views.get(name);
    let view = view.map(|view| cx.program.view(*view).span);
    let stream = cx.names.streams.get(name);
    let stream = stream.map(|id| cx.program.streams[id.0 as usize].span);
    function
        .or(constant)
        .or(of_type)
        .or(block)
        .or(module)
        .or(view)
        .or(stream)
}

/// Copies a name of another module into the entered one; false when that has none.
fn import_name(cx: &mut Cx, from: usize, name: &ast::Ident) -> bool {
    let own = &cx.modules.own[from];
    let (name, place) = (name.as_str(), name.span);
    let mut found = false;
    if let Some(stands_for) = own.types.get(name).copied() {
        cx.names.types.insert(name.to_owned(), stands_for);
        cx.means_type(place, stands_for.0);
        found = true;
    }
    let own = &cx.modules.own[from];
    if let Some(all) = own.functions.get(name).cloned() {
        let seen = cx.names.functions.or_default(name.to_owned());
        seen.extend(&all);
        cx.means(place, Def::Function(all[0]));
        found = true;
    }
    let own = &cx.modules.own[from];
    if let Some(id) = own.constants.get(name).copied() {
        cx.names.constants.insert(name.to_owned(), id);
        cx.means(place, Def::Constant(id));
        found = true;
    }
    let own = &cx.modules.own[from];
    if let Some(block) = own.externs.get(name).cloned() {
        cx.means(place, Def::ExternBlock(block.0));
        cx.names.externs.insert(name.to_owned(), block);
        found = true;
    }
    let own = &cx.modules.own[from];
    if let Some(id) = own.views.get(name).copied() {
        cx.names.views.insert(name.to_owned(), id);
        cx.means(place, Def::View(id));
        found = true;
    }
    let own = &cx.modules.own[from];
    if let Some(id) = own.streams.get(name).copied() {
        cx.means(place, Def::Stream(id));
        cx.names.streams.insert(name.to_owned(), id);
        found = true;
    }
    let own = &cx.modules.own[from];
    if let Some(span) = own.later.get(name) {
        cx.names.later.insert(name.to_owned(), *span);
        found = true;
    }
    found
}

/// How to get a name that another module declares.
pub struct Elsewhere {
    help: String,
    title: String,
    edit: (Span, String),
    /// No other module has the name.
    only: bool,
    /// The whole line that imports the name.
    import: String,
}

impl Elsewhere {
    /// Says it where the name stands behind the dot of a value.
    pub fn help_of_method(self, found: Diagnostic) -> Diagnostic {
        let import = self.import;
        found.help(format!(
            "write `{import}`: behind a dot stand functions whose names are imported"
        ))
    }

    /// Says it where a name stands alone, without a module in front.
    pub fn help_of_on(self, found: Diagnostic) -> Diagnostic {
        let import = self.import;
        found.help(format!("another module has it: write `{import}`"))
    }

    /// Says it.
    pub fn help(self, found: Diagnostic) -> Diagnostic {
        let found = found.help(self.help);
        found.fix_if_certain(self.title, vec![self.edit], self.only)
    }
}

/// Looks for a name in the modules that are not entered. Nobody can import the first file: it imports all others.
pub fn elsewhere(cx: &Cx, name: &ast::Ident) -> Option<Elsewhere> {
    let here = cx.modules.here;
    let has = |own: &Names| {
        let name = name.as_str();
        own.types.contains_key(name)
            || own.functions.contains_key(name)
            || own.constants.contains_key(name)
            || own.externs.contains_key(name)
            || own.views.contains_key(name)
            || own.streams.contains_key(name)
    };
    let others = (2..cx.modules.own.len()).filter(|at| *at != here);
    let all: Vec<usize> = others.filter(|at| has(&cx.modules.own[*at])).collect();
    let module = *all.first()?;
    let path = cx.modules.path(module);
    let imports = cx
        .modules
        .imports
        .get(here)
        .map_or(&[][..], |all| all.as_slice())
        .iter();
    let linked = imports.clone().find(|linked| linked.target == module);
    let written = format!("import {path}.{{{name}}}");
    let (title, edit) = match linked {
        Some(Linked {
            whole: Some(whole), ..
        }) => {
            let dotted = format!("{whole}.{name}");
            (format!("write `{dotted}`"), (name.span, dotted))
        }
        Some(Linked {
            last: Some(last), ..
        }) => (
            format!("import it from `{path}`"),
            (last.after(), format!(", {name}")),
        ),
        _ => {
            let edit = match imports.last() {
                Some(last) => (last.span.after(), format!("\n{written}")),
                None => (cx.modules.begins[here], format!("{written}\n\n")),
            };
            (format!("write `{written}`"), edit)
        }
    };
    let help = match linked {
        Some(_) => format!("`{path}` has it: {title}"),
        None => format!("`{path}` has it: write `{written}`"),
    };
    Some(Elsewhere {
        help,
        title,
        edit,
        only: all.len() == 1,
        import: written,
    })
}

/// What `trips.Trip` stands for; what is wrong with it is told.
pub fn type_in(cx: &mut Cx, path: &ast::TypePath) -> Option<TypeName> {
    let module = match path.module.as_slice() {
        [only] => cx
            .names
            .modules
            .get(only.as_str())
            .map(|(_, module)| *module),
        _ => None,
    };
    let Some(module) = module else {
        let (first, last) = (&path.module[0], &path.module[path.module.len() - 1]);
        let place = first.span.to(last.span);
        let message = format!("there is no module `{}` here", dotted(&path.module));
        cx.report(
            Diagnostic::new(codes::E0201, place, message)
                .label("not imported")
                .help(format!(
                    "import it: `import {}`, and write `{last}.{}`",
                    dotted(&path.module),
                    path.name
                )),
        );
        return None;
    };
    cx.means(path.module[0].span, Def::Module(module as u32 - 1));
    match cx.modules.own[module].types.get(path.name.as_str()) {
        Some((found, _)) => {
            let found = *found;
            cx.means_type(path.name.span, found);
            Some(found)
        }
        None => {
            has_no(cx, module, &path.name);
            None
        }
    }
}

/// Says that a module declares no such name, with the nearest.
pub fn has_no(cx: &mut Cx, module: usize, name: &ast::Ident) {
    let own = &cx.modules.own[module];
    let known = own.types.keys().chain(own.functions.keys());
    let known = known.chain(own.constants.keys()).chain(own.externs.keys());
    let known = known.chain(own.views.keys());
    let known = known.chain(own.streams.keys());
    let path = cx.modules.path(module);
    let found = Diagnostic::new(
        codes::E0204,
        name.span,
        format!("the module `{path}` has no `{name}`"),
    )
    .label("not there");
    let known = known.map(String::as_str);
    let found = did_you_mean(found, name.span, name.as_str(), known);
    let found =
        found.or(|found| found.help(format!("declare it in `{}.weir`", path.replace('.', "/"))));
    cx.report(found);
}

fn no_module(cx: &mut Cx, import: &ast::Import, place: Span) {
    let path = dotted(&import.path);
    let known = cx.modules.paths.iter().skip(1).map(String::as_str);
    let found = Diagnostic::new(codes::E0206, place, format!("there is no module `{path}`"))
        .label("no such file");
    let found = if cx.library.contains_key(path.as_str()) {
        found.help(format!(
            "take the line away: `{path}` is a part of the library, which is there by itself; `weir doc {path}` shows it"
        ))
    } else {
        did_you_mean(found, place, &path, known).or(|found| {
            found.help(format!(
                "put it into `{}.weir`, in the folder of the program's first file",
                path.replace('.', "/")
            ))
        })
    };
    cx.report(found);
    // What it was to bring is not missed a second time.
    let last = &import.path[import.path.len() - 1];
    let whole = import
        .names
        .is_none()
        .then(|| import.alias.as_ref().unwrap_or(last));
    for name in import.names.iter().flatten().chain(whole) {
        crate::collect::declare_later(cx, name);
    }
}

/// Modules that need each other could not be read one after the other, by people or by tools.
fn cycles(cx: &mut Cx, sources: &[Source<'_>]) {
    let mut graph = petgraph::graph::DiGraph::<usize, Span>::new();
    let nodes: Vec<_> = (0..sources.len()).map(|at| graph.add_node(at)).collect();
    for (at, source) in sources.iter().enumerate() {
        for item in &source.module.items {
            if let ItemKind::Import(import) = &item.kind
                && let Some(target) = target(cx, import)
            {
                graph.add_edge(nodes[at], nodes[target - 1], import.path[0].span);
            }
        }
    }
    for circle in petgraph::algo::kosaraju_scc(&graph) {
        let inside = |n: &petgraph::graph::NodeIndex| circle.contains(n);
        let mut imports: Vec<(usize, usize, Span)> = Vec::new();
        for node in &circle {
            for edge in graph.edges(*node) {
                use petgraph::visit::EdgeRef;
                if inside(&edge.target()) {
                    imports.push((graph[*node], graph[edge.target()], *edge.weight()));
                }
            }
        }
        imports.sort_by_key(|(.., span)| *span);
        let Some((from, to, span)) = imports.first() else {
            continue;
        };
        if from == to {
            let path = sources[*from].path;
            let message = format!("the module `{path}` imports itself");
            let found = Diagnostic::new(codes::E0207, *span, message);
            cx.report(
                found
                    .label("a circle of imports")
                    .help("take the line away: what a file declares is there in it by itself"),
            );
            continue;
        }
        let back = way(&imports, *to, *from);
        let mut shown = format!("`{}`", sources[*from].path);
        for (from, ..) in &back {
            shown.push_str(&format!(" -> `{}`", sources[*from].path));
        }
        let message = format!(
            "imports lead in a circle: {shown} -> `{}`",
            sources[*from].path
        );
        let mut found = Diagnostic::new(codes::E0207, *span, message).label("a circle of imports");
        for (from, to, span) in back {
            let (from, to) = (sources[from].path, sources[to].path);
            found = found.secondary(span, format!("`{from}` imports `{to}`"));
        }
        cx.report(found.help("move what both need into a module of its own"));
    }
}

/// The imports that lead from one module of a circle to another, as few as there can be.
fn way(imports: &[(usize, usize, Span)], from: usize, to: usize) -> Vec<(usize, usize, Span)> {
    let mut ways = vec![(from, Vec::new())];
    let mut seen = BTreeSet::from([from]);
    let mut next = 0;
    while let Some((at, way)) = ways.get(next).cloned() {
        if at == to {
            return way;
        }
        for import in imports.iter().filter(|import| import.0 == at) {
            if seen.insert(import.1) {
                let mut longer = way.clone();
                longer.push(*import);
                ways.push((import.1, longer));
            }
        }
        next += 1;
    }
    Vec::new()
}
