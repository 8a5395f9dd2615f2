//! Checking a program again after an edit: the bodies of modules that nothing has changed for are taken over.
//!
//! What the body of a function may depend on is its module's text, and the *interfaces* of the modules it sees, directly or through
//! others: their text without bodies and tests, and what is worked out from bodies and shows outside: the failures of functions
//! that do not say theirs. Modules are taken in the order of their imports, so these failures are known when they are asked for.
//! Effects are not among them: they are worked out for the whole program afterwards, as are patterns, routes and advice.
//!
//! Declarations have numbers, so all of this holds only while the program declares the same names in the same files; when one
//! comes or goes, all bodies are checked. A module with errors is always checked: what it leaves open must not be kept.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use weir_diagnostics::{Diagnostic, FileId, Span};
use weir_syntax::ast::{self, FnBody, ItemKind, MemberKind};

use crate::hir::*;
use crate::infer::has_unknown;
use crate::modules::{self, Source};
use crate::scope::{Cx, Progress};
use crate::walk;

/// What a check leaves for the next one of the same program.
#[derive(Debug)]
pub struct Earlier {
    program: Checked,
    names: Vec<(String, FileId)>,
    /// The library, then the modules.
    modules: Vec<Module>,
}

#[derive(Debug)]
struct Module {
    /// Nothing for the library, which is always the same.
    tree: Option<ast::Module>,
    interface: u64,
    /// About its bodies.
    told: Vec<Diagnostic>,
    /// Its bodies can be taken over: nothing is open in them, and nothing leads to other files, whose places may have moved.
    is_whole: bool,
}

/// What is seen of a file from outside: its text without the bodies of functions and without tests.
pub fn interface(text: &str, module: &ast::Module) -> u64 {
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
    interfaces: Vec<u64>,
    files: HashMap<FileId, usize>,
    names: Vec<(String, FileId)>,
    /// The modules whose bodies were checked; 0 is the library.
    pub checked: BTreeSet<usize>,
    /// How many diagnostics there were before.
    told_before: usize,
}

impl<'a> Again<'a> {
    pub fn new(
        cx: &Cx,
        sources: &'a [Source<'a>],
        texts: &[&str],
        earlier: Option<&'a Earlier>,
    ) -> Again<'a> {
        let interfaces = sources
            .iter()
            .zip(texts)
            .map(|(source, text)| interface(text, source.module));
        let names = names(&cx.program);
        let fits = |earlier: &&Earlier| {
            earlier.names == names && earlier.modules.len() == sources.len() + 1
        };
        Again {
            earlier: earlier.filter(fits),
            sources,
            interfaces: interfaces.collect(),
            files: modules::files(cx),
            names,
            checked: BTreeSet::new(),
            told_before: cx.diagnostics.len(),
        }
    }

    /// The modules, imported ones before those that import them; nothing where they need each other.
    pub fn order(&self) -> Option<Vec<usize>> {
        let mut order = vec![0];
        while order.len() <= self.sources.len() {
            let ready = |at: &usize| {
                !order.contains(at) && self.imports(*at).iter().all(|i| order.contains(i))
            };
            let next = (1..=self.sources.len()).find(ready)?;
            order.push(next);
        }
        Some(order)
    }

    fn imports(&self, module: usize) -> Vec<usize> {
        let Some(source) = module.checked_sub(1).map(|at| &self.sources[at]) else {
            return Vec::new();
        };
        let paths = source
            .module
            .items
            .iter()
            .filter_map(|item| match &item.kind {
                ItemKind::Import(import) => Some(modules::dotted(&import.path)),
                _ => None,
            });
        let found = paths.filter_map(|path| self.sources.iter().position(|s| s.path == path));
        found.map(|at| at + 1).collect()
    }

    /// All that a module sees, directly or through others.
    fn seen(&self, module: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open = self.imports(module);
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(self.imports(next));
            }
        }
        seen
    }

    /// The module a place is in.
    pub fn module_of(&self, place: Span) -> usize {
        self.files.get(&place.file).copied().unwrap_or_default()
    }

    /// Takes over what is known of a module's bodies, if nothing has changed for it. What it sees was looked at before.
    pub fn take(&mut self, cx: &mut Cx, module: usize) -> bool {
        match self
            .earlier
            .filter(|earlier| self.is_same(cx, earlier, module))
        {
            Some(earlier) => {
                self.copy(cx, earlier, module);
                true
            }
            None => {
                self.checked.insert(module);
                false
            }
        }
    }

    fn is_same(&self, cx: &Cx, earlier: &Earlier, module: usize) -> bool {
        let known = &earlier.modules[module];
        let tree = module.checked_sub(1).map(|at| self.sources[at].module);
        let looks_the_same = |seen: usize| {
            let is_there = self.interfaces[seen - 1] == earlier.modules[seen].interface;
            let mut functions = cx.program.functions.iter().zip(&earlier.program.functions);
            is_there
                && functions
                    .all(|(now, then)| self.module_of(now.span) != seen || now.fails == then.fails)
        };
        known.is_whole
            && known.tree.as_ref() == tree
            && self.seen(module).into_iter().all(looks_the_same)
    }

    fn copy(&self, cx: &mut Cx, earlier: &Earlier, module: usize) {
        let then = &earlier.program;
        let program = &mut cx.program;
        let is_here = |place: Span| self.module_of(place) == module;
        for (at, now) in program
            .functions
            .iter_mut()
            .enumerate()
            .filter(|(_, f)| is_here(f.span))
        {
            let then = &then.functions[at];
            now.implementation = then.implementation.clone();
            now.fails = then.fails.clone();
            for (now, then) in now.params.iter_mut().zip(&then.params) {
                now.default = then.default.clone();
            }
            cx.functions[at].progress = Progress::Done;
        }
        for (at, now) in program
            .constants
            .iter_mut()
            .enumerate()
            .filter(|(_, c)| is_here(c.span))
        {
            now.ty = then.constants[at].ty.clone();
            now.body = then.constants[at].body.clone();
            cx.constants[at].1 = Progress::Done;
        }
        for (at, now) in program
            .entities
            .iter_mut()
            .enumerate()
            .filter(|(_, e)| is_here(e.span))
        {
            let then = &then.entities[at];
            for (now, then) in now.fields.iter_mut().zip(&then.fields) {
                now.init = then.init.clone();
            }
            now.invariants = then.invariants.clone();
            now.allows = then.allows.clone();
        }
        for (at, now) in program
            .tests
            .iter_mut()
            .enumerate()
            .filter(|(_, t)| is_here(t.span))
        {
            now.body = then.tests[at].body.clone();
            now.fails = then.tests[at].fails.clone();
        }
        cx.diagnostics
            .extend(earlier.modules[module].told.iter().cloned());
    }

    /// What the next check may go by; right behind the bodies, before other passes look at them.
    pub fn keep(&self, cx: &Cx) -> Earlier {
        let mut modules: Vec<Module> = std::iter::once(None)
            .chain(self.sources.iter().map(Some))
            .enumerate()
            .map(|(at, source)| Module {
                tree: source.map(|source| source.module.clone()),
                interface: at.checked_sub(1).map_or(0, |at| self.interfaces[at]),
                told: Vec::new(),
                is_whole: true,
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
        for (_, body) in walk::bodies(&cx.program) {
            let module = self.module_of(body.root.span);
            walk::all(&body.root, &mut |e| {
                modules[module].is_whole &= self.module_of(e.span) == module && !has_unknown(&e.ty);
            });
        }
        Earlier {
            program: cx.program.clone(),
            names: self.names.clone(),
            modules,
        }
    }
}

/// What a program declares, in the order of its numbers.
fn names(program: &Checked) -> Vec<(String, FileId)> {
    let mut all: Vec<(String, FileId)> = Vec::new();
    let mut add =
        |kind: &str, name: &str, place: Span| all.push((format!("{kind} {name}"), place.file));
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
    all
}
