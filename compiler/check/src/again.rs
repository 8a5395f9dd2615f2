//! Checking a program again after an edit: the bodies of modules that nothing has changed for are taken over.
//!
//! What the body of a function may depend on is its module's text, and the *interfaces* of the modules it sees, directly or through
//! others: their text without bodies and tests, and what is worked out from bodies and shows outside: the failures of functions
//! that do not say theirs. Modules are taken in the order of their imports, so these failures are known when they are asked for.
//! Effects are not among them: they are worked out for the whole program afterwards, as are routes and advice.
//!
//! Declarations are kept in the same way, as they were in front of the bodies. While all interfaces are what they were, only the places
//! in files that were changed are others: their declarations are collected again, under the numbers that they had, and those of
//! all other files stay. When something is wrong with a declaration all are collected, because what is told of it may lead to other files.
//!
//! Declarations have numbers, so all of this holds only while the program declares the same names in the same files; when one
//! comes or goes, all bodies are checked. A module with errors is always checked: what it leaves open must not be kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use weir_diagnostics::{Diagnostic, FileId, Span};
use weir_syntax::ast::{self, FnBody, ItemKind, MemberKind};

use crate::collect;
use crate::effects;
use crate::hir::*;
use crate::infer::has_unknown;
use crate::meanings::{self, Def, NamesAt, NamesOf, last_of_each};
use crate::modules::{self, Source};
use crate::scope::{Cx, Progress};
use crate::signatures;
use crate::walk;

/// What a check leaves for the next one of the same program.
#[derive(Debug)]
pub struct Earlier {
    program: Arc<Checked>,
    notes: Notes,
}

/// What is known behind the bodies, next to the program itself.
#[derive(Debug)]
pub(crate) struct Notes {
    /// What the program declares.
    names: u64,
    /// The library, then the modules.
    modules: Vec<Module>,
    /// All names of each file, in declarations too; empty when nobody asked.
    names_of_files: BTreeMap<FileId, NamesAt>,
    /// Where names that others call by their place are: `type Name = ..` and `extern` blocks.
    places: BTreeMap<(String, FileId), Span>,
    /// What each module sees; empty when nobody asked.
    seen: Vec<Arc<NamesOf>>,
    pub effects: effects::Known,
    /// What is declared, before bodies were looked at; none when something is wrong with it.
    declared: Option<Declared>,
}

struct Declared(Box<Cx>);

impl std::fmt::Debug for Declared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Declared")
    }
}

impl Earlier {
    /// The declarations of the program, when they are those of this check but for the places in some files, which are collected
    /// again. Nothing is known about bodies.
    pub(crate) fn declared(
        &mut self,
        library: &[ast::Module],
        sources: &[Source<'_>],
        prints: &[Print],
    ) -> Option<Cx> {
        let mut cx = *self.notes.declared.take()?.0;
        let known = self.notes.modules.get(1..)?;
        let is_same = |(module, print): (&Module, &Print)| module.interface == print.interface;
        if known.len() != prints.len()
            || !known.iter().zip(prints).all(is_same)
            || !modules::declares_the_same(&cx, library, sources)
        {
            return None;
        }
        let texts = known
            .iter()
            .zip(prints)
            .map(|(then, now)| then.text == now.text);
        let changed: Vec<usize> = (1..)
            .zip(texts)
            .filter(|(_, same)| !same)
            .map(|(at, _)| at)
            .collect();
        let mut numbers = Vec::new();
        for module in &changed {
            numbers.push(modules::collect_again(
                &mut cx,
                *module,
                &sources[module - 1],
            )?);
        }
        modules::link_again(&mut cx, &changed, sources);
        signatures::resolve_between(&mut cx, &numbers);
        cx.enter_module(1);
        Some(cx)
    }
}

impl Notes {
    /// What each file's names stand for, for the next check.
    pub fn keep_names(&mut self, names: &BTreeMap<FileId, NamesAt>) {
        self.names_of_files.clone_from(names);
    }

    /// Together with the program that all passes have looked at: they change nothing in bodies.
    pub fn with(self, program: Arc<Checked>) -> Earlier {
        Earlier {
            program,
            notes: self,
        }
    }
}

#[derive(Debug)]
struct Module {
    /// The file and its text: what is parsed is the same when these are. 0 for the library, which is always the same.
    text: u64,
    interface: u64,
    /// About its bodies.
    told: Vec<Diagnostic>,
    /// Of the places in its bodies, when somebody asked.
    meant: Meant,
    /// About the patterns in its bodies.
    told_of_patterns: Vec<Diagnostic>,
    /// Its bodies can be taken over: nothing is open in them, and nothing leads to other files, whose places may have moved.
    is_whole: bool,
}

/// What was written down of the bodies of a module.
#[derive(Clone, Debug, Default)]
struct Meant {
    names: NamesAt,
    types: Arc<Vec<(Span, Type)>>,
}

/// What has bodies in a module, by position in the program.
#[derive(Clone, Default)]
struct Inside {
    constants: Vec<usize>,
    functions: Vec<usize>,
    entities: Vec<usize>,
    tests: Vec<usize>,
    views: Vec<usize>,
}

/// By what a file is known again. It follows from the file's text alone, so whoever checks a program often keeps it with the tree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Print {
    /// Of the file and its text.
    text: u64,
    interface: u64,
}

impl Print {
    pub fn of(text: &str, module: &ast::Module) -> Print {
        let mut hasher = DefaultHasher::new();
        (module.file, text).hash(&mut hasher);
        Print {
            text: hasher.finish(),
            interface: interface(text, module),
        }
    }
}

/// What is seen of a file from outside: its text without the bodies of functions and without tests.
fn interface(text: &str, module: &ast::Module) -> u64 {
    let mut inside: Vec<Span> = Vec::new();
    let mut body = |decl: &ast::FnDecl| {
        inside.push(match &decl.body {
            FnBody::Block(block) => block.span,
            FnBody::Expr(e) => e.span,
        });
    };
    let mut tests = Vec::new();
    for item in &module.items {
        match &item.kind {
            ItemKind::Fn(decl) => body(decl),
            ItemKind::Entity(decl) | ItemKind::Workflow(decl) => {
                for member in &decl.members {
                    if let MemberKind::Fn(decl) = &member.kind {
                        body(decl);
                    }
                }
            }
            ItemKind::Test(_) => tests.push(item.span),
            ItemKind::On(decl) => tests.push(decl.body.span),
            _ => {}
        }
    }
    inside.extend(tests);
    inside.sort();
    let mut hasher = DefaultHasher::new();
    let mut at = 0;
    for span in inside {
        text[at..(span.start as usize).max(at)].hash(&mut hasher);
        at = at.max(span.end as usize);
    }
    text[at..].hash(&mut hasher);
    hasher.finish()
}

/// What a check of bodies goes by, when there was one before.
pub(crate) struct Again<'a> {
    earlier: Option<&'a Earlier>,
    sources: &'a [Source<'a>],
    /// Of each source.
    prints: &'a [Print],
    /// The module of each file, by the number of the file.
    files: Vec<usize>,
    /// Of each module, the library first.
    inside: Vec<Inside>,
    imports: Vec<Vec<usize>>,
    /// Whether nothing that is seen of the module has changed, nor of what it sees; known when it was looked at.
    is_same_outside: Vec<bool>,
    names: u64,
    places: BTreeMap<(String, FileId), Span>,
    /// What is called by its place, and stands in another one than in the earlier check.
    moved: BTreeMap<Def, Def>,
    /// The modules whose bodies were checked; 0 is the library.
    pub checked: BTreeSet<usize>,
    /// What was taken over.
    taken: BTreeMap<usize, Meant>,
    /// How many diagnostics and names there were before.
    told_before: usize,
    told_before_patterns: usize,
    is_closed: bool,
    declared: Option<Declared>,
}

impl<'a> Again<'a> {
    pub fn new(
        cx: &mut Cx,
        sources: &'a [Source<'a>],
        prints: &'a [Print],
        earlier: Option<&'a Earlier>,
    ) -> Again<'a> {
        let names = names(cx);
        let fits = |earlier: &&Earlier| {
            let notes = &earlier.notes;
            notes.names == names && notes.modules.len() == sources.len() + 1
        };
        let files = modules::files(cx);
        let by_path: HashMap<&str, usize> = sources
            .iter()
            .enumerate()
            .map(|(at, source)| (source.path, at + 1))
            .rev()
            .collect();
        let imports = sources.iter().map(|source| imports(source, &by_path));
        let earlier = earlier.filter(fits);
        let places = places(cx);
        let moved = earlier.map_or_else(BTreeMap::new, |then| moved(&then.notes.places, &places));
        meanings::of_declarations(cx, &moved);
        // Whoever keeps nothing gives no prints.
        let is_kept = cx.diagnostics.is_empty() && prints.len() == sources.len();
        let declared = is_kept.then(|| Declared(Box::new(cx.clone())));
        collect::names_of_tests(cx);
        Again {
            earlier,
            prints,
            declared,
            inside: inside(&cx.program, &files, sources.len() + 1),
            files,
            imports: std::iter::once(Vec::new()).chain(imports).collect(),
            is_same_outside: vec![false; sources.len() + 1],
            sources,
            names,
            moved,
            places,
            checked: BTreeSet::new(),
            taken: BTreeMap::new(),
            told_before: cx.diagnostics.len(),
            told_before_patterns: 0,
            is_closed: true,
        }
    }

    /// The modules, imported ones before those that import them; nothing where they need each other.
    pub fn order(&self) -> Option<Vec<usize>> {
        let mut order = vec![0];
        let mut is_in = vec![false; self.imports.len()];
        is_in[0] = true;
        while order.len() <= self.sources.len() {
            let ready = |at: &usize| !is_in[*at] && self.imports[*at].iter().all(|i| is_in[*i]);
            let next = (1..=self.sources.len()).find(ready)?;
            is_in[next] = true;
            order.push(next);
        }
        Some(order)
    }

    /// The module a place is in.
    pub fn module_of(&self, place: Span) -> usize {
        module_of(&self.files, place)
    }

    /// Takes over what is known of a module's bodies, if nothing has changed for it. What it sees was looked at before.
    pub fn take(&mut self, cx: &mut Cx, module: usize) -> bool {
        match self.earlier.filter(|earlier| self.is_same(earlier, module)) {
            Some(earlier) => {
                let meant = self.copy(cx, earlier, module);
                self.taken.insert(module, meant);
                true
            }
            None => {
                self.checked.insert(module);
                false
            }
        }
    }

    fn is_same(&self, earlier: &Earlier, module: usize) -> bool {
        let known = &earlier.notes.modules[module];
        let is_same_text = module
            .checked_sub(1)
            .is_none_or(|at| self.prints[at].text == known.text);
        let mut seen = self.imports[module].iter();
        known.is_whole && is_same_text && seen.all(|seen| self.is_same_outside[*seen])
    }

    /// Says that the bodies of a module are known, taken over or checked: now it is known what others see of them.
    pub fn done(&mut self, cx: &Cx, module: usize) {
        let Some(earlier) = self.earlier else { return };
        let known = &earlier.notes.modules[module];
        let is_same_text = module
            .checked_sub(1)
            .is_none_or(|at| self.prints[at].interface == known.interface);
        let functions = &self.inside[module].functions;
        self.is_same_outside[module] = is_same_text
            && self.imports[module]
                .iter()
                .all(|seen| self.is_same_outside[*seen])
            && functions
                .iter()
                .all(|at| cx.program.functions[*at].fails == earlier.program.functions[*at].fails);
    }

    fn copy(&self, cx: &mut Cx, earlier: &Earlier, module: usize) -> Meant {
        let then = &earlier.program;
        let program = &mut cx.program;
        let inside = &self.inside[module];
        for at in inside.functions.iter().copied() {
            program.functions.share(at, &then.functions);
            cx.functions[at].progress = Progress::Done;
        }
        for at in inside.constants.iter().copied() {
            program.constants.share(at, &then.constants);
            cx.constants[at].1 = Progress::Done;
        }
        for at in inside.entities.iter().copied() {
            program.entities.share(at, &then.entities);
        }
        for at in inside.tests.iter().copied() {
            program.tests.share(at, &then.tests);
        }
        for at in inside.views.iter().copied() {
            program.views.share(at, &then.views);
            cx.views[at].1 = Progress::Done;
        }
        let known = &earlier.notes.modules[module];
        cx.diagnostics.extend(known.told.iter().cloned());
        Meant {
            names: self.after_moves(&known.meant.names),
            types: known.meant.types.clone(),
        }
    }

    /// The same names, with the places that things are in now.
    fn after_moves(&self, names: &NamesAt) -> NamesAt {
        let moved = &self.moved;
        meanings::after_moves(names, moved)
    }

    /// All names of the files whose bodies were taken over: nothing has changed in their declarations either.
    pub fn names_of_files(&self) -> BTreeMap<FileId, NamesAt> {
        let Some(earlier) = self.earlier else {
            return BTreeMap::new();
        };
        let files = self.sources.iter().zip(1..);
        files
            .filter(|(_, module)| self.taken.contains_key(module))
            .filter_map(|(source, _)| {
                let file = source.module.file;
                let names = earlier.notes.names_of_files.get(&file)?;
                Some((file, self.after_moves(names)))
            })
            .collect()
    }

    /// What the next check may go by; right behind the bodies, before other passes report.
    pub fn keep(&mut self, cx: &mut Cx) -> Notes {
        self.told_before_patterns = cx.diagnostics.len();
        let meant = self.meant(cx);
        if let Some(meanings) = &mut cx.meanings {
            // What the bodies said is kept by files now.
            meanings.types.clear();
            for (source, meant) in self.sources.iter().zip(meant.iter().skip(1)) {
                let types = (source.module.file, meant.types.clone());
                meanings.types_of_files.extend([types]);
            }
        }
        let mut modules: Vec<Module> = meant
            .into_iter()
            .enumerate()
            .map(|(at, meant)| Module {
                text: at.checked_sub(1).map_or(0, |at| self.prints[at].text),
                interface: at.checked_sub(1).map_or(0, |at| self.prints[at].interface),
                told: Vec::new(),
                told_of_patterns: Vec::new(),
                is_whole: meant.names.iter().all(|(_, def)| self.stays(at, *def)),
                meant,
            })
            .collect();
        for found in &cx.diagnostics[self.told_before..] {
            let module = self.module_of(found.primary.span);
            let others = found.secondary.iter().map(|label| label.span);
            let edits = found
                .fixes
                .iter()
                .flat_map(|fix| fix.edits.iter().map(|(span, _)| *span));
            let leaves = others
                .chain(edits)
                .any(|span| self.module_of(span) != module);
            modules[module].is_whole &= !found.is_error() && !leaves;
            modules[module].told.push(found.clone());
        }
        let mut is_closed = true;
        for (_, body) in walk::bodies(&cx.program) {
            let module = self.module_of(body.root.span);
            if self.taken.contains_key(&module) {
                continue;
            }
            walk::all(&body.root, &mut |e| {
                let is_known = !has_unknown(&e.ty);
                is_closed &= is_known;
                modules[module].is_whole &= self.module_of(e.span) == module && is_known;
            });
        }
        self.is_closed = is_closed;
        Notes {
            names: self.names,
            modules,
            names_of_files: BTreeMap::new(),
            declared: self.declared.take(),
            places: self.places.clone(),
            seen: Vec::new(),
            effects: effects::Known::default(),
        }
    }

    /// What each module sees: the same as before while no text outside of bodies has changed, and nothing has moved that
    /// is called by its place.
    pub fn names(&self, cx: &mut Cx, notes: &mut Notes) -> Vec<Arc<NamesOf>> {
        let known = self
            .earlier
            .map(|earlier| &earlier.notes)
            .filter(|earlier| {
                let mut modules = earlier.modules.iter().skip(1).zip(self.prints);
                earlier.places == self.places
                    && earlier.seen.len() == self.sources.len()
                    && modules.all(|(module, print)| module.interface == print.interface)
            });
        notes.seen = match known {
            Some(known) => known.seen.clone(),
            None => meanings::names(cx).into_iter().map(Arc::new).collect(),
        };
        notes.seen.clone()
    }

    /// The patterns were looked at: what was told of them by now is kept, and what is known of those that were taken over is told.
    pub fn patterns_done(&self, cx: &mut Cx, notes: &mut Notes) {
        for found in &cx.diagnostics[self.told_before_patterns..] {
            let module = self.module_of(found.primary.span);
            notes.modules[module].told_of_patterns.push(found.clone());
        }
        let Some(earlier) = self.earlier else { return };
        for module in self.taken.keys() {
            let told = &earlier.notes.modules[*module].told_of_patterns;
            notes.modules[*module].told_of_patterns.clone_from(told);
            cx.diagnostics.extend(told.iter().cloned());
        }
    }

    /// What was known of effects, when the program declares what it did.
    pub fn effects(&self) -> Option<&'a effects::Known> {
        self.earlier.map(|earlier| &earlier.notes.effects)
    }

    /// Whether a place is in a body that was taken over.
    pub fn is_taken(&self, place: Span) -> bool {
        self.taken.contains_key(&self.module_of(place))
    }

    /// Of each file, whether its bodies were taken over.
    pub fn are_taken(&self) -> Vec<bool> {
        let modules = 1..=self.sources.len();
        modules.map(|at| self.taken.contains_key(&at)).collect()
    }

    /// Whether no type in any body is open; known when the notes are made.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// What was written down, by modules.
    fn meant(&self, cx: &Cx) -> Vec<Meant> {
        let mut names: Vec<Vec<(Span, Def)>> = vec![Vec::new(); self.sources.len() + 1];
        let mut types: Vec<Vec<(Span, Type)>> = vec![Vec::new(); self.sources.len() + 1];
        if let Some(meanings) = &cx.meanings {
            for (at, def) in &meanings.names {
                let module = self.module_of(*at);
                if !self.taken.contains_key(&module) {
                    names[module].push((*at, *def));
                }
            }
            for (at, ty) in &meanings.types {
                let module = self.module_of(*at);
                if !self.taken.contains_key(&module) {
                    types[module].push((*at, ty.clone()));
                }
            }
        }
        let new = names.into_iter().zip(types).enumerate();
        new.map(
            |(module, (mut names, mut types))| match self.taken.get(&module) {
                Some(taken) => taken.clone(),
                None => Meant {
                    names: {
                        last_of_each(&mut names);
                        Arc::new(names)
                    },
                    types: {
                        last_of_each(&mut types);
                        Arc::new(types)
                    },
                },
            },
        )
        .collect()
    }

    /// Whether a name in a body means something whose place cannot move without being noticed.
    fn stays(&self, module: usize, def: Def) -> bool {
        match def {
            Def::Local(at) | Def::TypeParam(at) => self.module_of(at) == module,
            _ => true,
        }
    }
}

/// The modules of the program that a file imports.
fn imports(source: &Source<'_>, by_path: &HashMap<&str, usize>) -> Vec<usize> {
    let items = source.module.items.iter();
    let paths = items.filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some(modules::dotted(&import.path)),
        _ => None,
    });
    let found = paths.filter_map(|path| by_path.get(path.as_str()).copied());
    found.collect()
}

/// What is called by its place, and stands in another one now.
fn moved(
    then: &BTreeMap<(String, FileId), Span>,
    now: &BTreeMap<(String, FileId), Span>,
) -> BTreeMap<Def, Def> {
    let both = now
        .iter()
        .filter_map(|(name, now)| Some((then.get(name)?, now)));
    let moved = both.filter(|(then, now)| then != now);
    moved
        .flat_map(|(then, now)| {
            let aliases = (Def::Alias(*then), Def::Alias(*now));
            [aliases, (Def::ExternBlock(*then), Def::ExternBlock(*now))]
        })
        .collect()
}

/// The module a place is in; the library for places in none.
fn module_of(files: &[usize], place: Span) -> usize {
    files
        .get(place.file.0 as usize)
        .copied()
        .unwrap_or_default()
}

fn inside(program: &Checked, files: &[usize], count: usize) -> Vec<Inside> {
    let mut all = vec![Inside::default(); count];
    let module = |place: Span| module_of(files, place);
    for (at, function) in program.functions.iter().enumerate() {
        all[module(function.span)].functions.push(at);
    }
    for (at, constant) in program.constants.iter().enumerate() {
        all[module(constant.span)].constants.push(at);
    }
    for (at, entity) in program.entities.iter().enumerate() {
        all[module(entity.span)].entities.push(at);
    }
    for (at, test) in program.tests.iter().enumerate() {
        all[module(test.span)].tests.push(at);
    }
    for (at, view) in program.views.iter().enumerate() {
        all[module(view.span)].views.push(at);
    }
    all
}

/// Where the names are that are called by their place; each file has at most one of a name.
fn places(cx: &Cx) -> BTreeMap<(String, FileId), Span> {
    let aliases = cx.aliases.iter().map(|(decl, _)| {
        let name = &decl.name;
        ((name.name.clone(), name.span.file), name.span)
    });
    let blocks = cx.modules.own.iter().flat_map(|own| own.externs.iter());
    let blocks = blocks.map(|(name, (span, _))| ((name.clone(), span.file), *span));
    aliases.chain(blocks).collect()
}

/// What a program declares, in the order of its numbers.
fn names(cx: &Cx) -> u64 {
    let program = &cx.program;
    let mut all = DefaultHasher::new();
    let mut add = |kind: &str, name: &str, place: Span| (kind, name, place.file).hash(&mut all);
    program
        .functions
        .iter()
        .for_each(|f| add("fn", &f.name, f.span));
    program
        .records
        .iter()
        .for_each(|r| add("record", &r.name, r.span));
    program
        .errors
        .iter()
        .for_each(|e| add("error", &e.name, e.span));
    program
        .enums
        .iter()
        .for_each(|e| add("enum", &e.name, e.span));
    program
        .news
        .iter()
        .for_each(|n| add("new", &n.name, n.span));
    program
        .entities
        .iter()
        .for_each(|e| add("entity", &e.name, e.span));
    program
        .constants
        .iter()
        .for_each(|c| add("let", "", c.span));
    program
        .externs
        .iter()
        .for_each(|e| add("extern", &e.name, e.span));
    program.tests.iter().for_each(|t| add("test", "", t.span));
    let aliases = cx.aliases.iter();
    aliases.for_each(|(decl, _)| add("type", decl.name.as_str(), decl.name.span));
    let streams = program.streams.iter();
    streams.for_each(|s| add("stream", &s.name, s.span));
    let views = program.views.iter();
    views.for_each(|v| add("view", &v.name, v.span));
    all.finish()
}
