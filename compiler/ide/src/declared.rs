//! How things are declared: their documentation, how much of the text belongs to them, and what they are in.

use std::collections::BTreeMap;
use std::ops::Index;
use std::sync::Arc;

use weir_check::meanings::{Def, Meanings};
use weir_diagnostics::{FileId, SourceMap, Span};
use weir_syntax::ast::{self, Field, ItemKind, MemberKind};

/// What kind of thing a declaration makes, as an editor groups and colours them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Function,
    /// Of an entity or workflow.
    Handler,
    Constant,
    Record,
    Error,
    Enum,
    Variant,
    Type,
    Entity,
    Workflow,
    State,
    Event,
    Key,
    Field,
    Parameter,
    Extern,
    ExternFunction,
    Stream,
    View,
    Test,
    /// `every`
    Schedule,
}

/// A declaration with a name.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub kind: Kind,
    pub name: String,
    pub doc: Option<String>,
    /// All of it, with attributes, without the comment above.
    pub whole: Span,
    /// What says how it is used: from its first word to where a body begins.
    pub head: Span,
    /// The name of what it is in: the entity of a handler, the function of a parameter.
    pub inside: Option<Span>,
    pub is_pub: bool,
}

/// The declarations of one file.
#[derive(Default)]
pub struct OfFile {
    /// By the span of the name.
    by_name: BTreeMap<Span, Declaration>,
    /// The names inside of each, in the order of the source.
    inside: BTreeMap<Span, Vec<Span>>,
}

impl OfFile {
    fn new(module: &ast::Module, sources: &SourceMap) -> OfFile {
        let mut all = Collector {
            found: BTreeMap::new(),
            sources,
        };
        for item in &module.items {
            all.item(item);
        }
        let mut inside: BTreeMap<Span, Vec<Span>> = BTreeMap::new();
        for (name, declaration) in &all.found {
            if let Some(owner) = declaration.inside {
                inside.entry(owner).or_default().push(*name);
            }
        }
        OfFile {
            by_name: all.found,
            inside,
        }
    }
}

/// Declarations by the spans of their names.
#[derive(Default)]
pub struct ByName {
    /// Those of files that have not changed are shared from one snapshot to the next.
    files: BTreeMap<FileId, Arc<OfFile>>,
}

impl ByName {
    pub fn get(&self, name: &Span) -> Option<&Declaration> {
        self.files.get(&name.file)?.by_name.get(name)
    }

    pub fn contains_key(&self, name: &Span) -> bool {
        self.get(name).is_some()
    }

    /// By files, in the order of the source.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Span, &Declaration)> {
        self.files.values().flat_map(|file| &file.by_name)
    }

    /// Those of one file.
    pub fn of(&self, file: FileId) -> impl DoubleEndedIterator<Item = (&Span, &Declaration)> {
        self.files.get(&file).into_iter().flat_map(|of| &of.by_name)
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.iter().map(|(name, _)| name)
    }
}

impl Index<&Span> for ByName {
    type Output = Declaration;

    fn index(&self, name: &Span) -> &Declaration {
        &self.files[&name.file].by_name[name]
    }
}

/// What names stand for, by the spans of the names where they are declared.
pub struct Defs(Vec<(Span, Def)>);

impl Defs {
    fn new(meanings: &Meanings) -> Defs {
        let all = meanings.declared.iter();
        let mut all: Vec<(Span, Def)> = all.map(|(def, span)| (*span, *def)).collect();
        // Of two at one place the last one counts.
        all.sort_by_key(|(span, _)| *span);
        Defs(all)
    }

    pub fn get(&self, name: &Span) -> Option<&Def> {
        let behind = self.0.partition_point(|(span, _)| span <= name);
        let (span, def) = self.0[..behind].last()?;
        (span == name).then_some(def)
    }
}

/// All declarations of a program and the library.
pub struct Declarations {
    pub by_name: ByName,
    pub defs: Defs,
}

impl Declarations {
    /// What `known` gives for a file is taken over.
    pub fn new<'a>(
        modules: impl Iterator<Item = &'a ast::Module>,
        sources: &SourceMap,
        meanings: &Meanings,
        known: &dyn Fn(FileId) -> Option<Arc<OfFile>>,
    ) -> Declarations {
        let of_file = |module: &ast::Module| {
            let new = || Arc::new(OfFile::new(module, sources));
            (module.file, known(module.file).unwrap_or_else(new))
        };
        Declarations {
            by_name: ByName {
                files: modules.map(of_file).collect(),
            },
            defs: Defs::new(meanings),
        }
    }

    pub fn of_file(&self, file: FileId) -> Option<Arc<OfFile>> {
        self.by_name.files.get(&file).cloned()
    }

    /// The names of all that is declared inside of something, by its own name: fields, parameters, members.
    pub fn inside(&self, owner: Span) -> &[Span] {
        let file = self.by_name.files.get(&owner.file);
        let found = file.and_then(|file| file.inside.get(&owner));
        found.map_or(&[], Vec::as_slice)
    }

    /// The fields, keys or parameters of something: what stands in its parentheses.
    pub fn parts(&self, owner: Span) -> &[Span] {
        let all = self.inside(owner);
        let is_part = |name: &&Span| {
            let kind = self.by_name[name].kind;
            matches!(kind, Kind::Field | Kind::Parameter | Kind::Key)
        };
        // What else is inside comes after them.
        &all[..all.iter().take_while(is_part).count()]
    }
}

struct Collector<'a> {
    found: BTreeMap<Span, Declaration>,
    sources: &'a SourceMap,
}

impl Collector<'_> {
    fn item(&mut self, item: &ast::Item) {
        let doc = item.doc.as_ref();
        let start = after_attributes(&item.attrs, item.span, self.sources);
        let whole = item.span;
        let sources = self.sources;
        let mut add = |kind, name: &ast::Ident, head: Span, is_pub: bool| {
            self.add(kind, name, doc, whole, head, None, is_pub);
        };
        match &item.kind {
            ItemKind::Import(_) | ItemKind::On(_) | ItemKind::Hole => {}
            ItemKind::Migrate(_) => {}
            ItemKind::Record(decl) => {
                add(Kind::Record, &decl.name, start, false);
                self.fields(&decl.fields, Kind::Field, decl.name.span);
            }
            ItemKind::Error(decl) => {
                add(Kind::Error, &decl.name, start, false);
                self.fields(&decl.fields, Kind::Field, decl.name.span);
            }
            ItemKind::Enum(decl) => {
                add(Kind::Enum, &decl.name, start, false);
                for variant in &decl.variants {
                    let (span, inside) = (variant.span, Some(decl.name.span));
                    let doc = variant.doc.as_ref();
                    self.add(Kind::Variant, &variant.name, doc, span, span, inside, false);
                    self.fields(&variant.fields, Kind::Field, variant.name.span);
                }
            }
            ItemKind::TypeAlias(decl) | ItemKind::NewType(decl) => {
                add(Kind::Type, &decl.name, start, false);
            }
            ItemKind::Every(decl) => {
                // It has no name: it is called as it is written, `every 1h`.
                let period = decl.period.span;
                let text = &sources.file(period.file).text;
                let name = ast::Ident {
                    name: format!("every {}", &text[period.range()]),
                    span: period,
                };
                let head = whole.before().to(period);
                add(Kind::Schedule, &name, head, false);
            }
            ItemKind::Let(decl) => add(Kind::Constant, &decl.name, start, false),
            ItemKind::Fn(decl) => self.function(decl, Kind::Function, doc, whole, start, None),
            ItemKind::Entity(decl) => self.entity(decl, Kind::Entity, doc, whole, start),
            ItemKind::Workflow(decl) => self.entity(decl, Kind::Workflow, doc, whole, start),
            ItemKind::Stream(decl) => add(Kind::Stream, &decl.name, start, decl.is_pub.is_some()),
            ItemKind::View(decl) => add(Kind::View, &decl.name, start, decl.is_pub.is_some()),
            ItemKind::Extern(decl) => {
                let head = Span {
                    end: decl.from.span.end,
                    ..start
                };
                add(Kind::Extern, &decl.name, head, false);
                for function in &decl.fns {
                    let name = &function.name;
                    let head = after_attributes(&function.attrs, function.span, self.sources);
                    self.add(
                        Kind::ExternFunction,
                        name,
                        function.doc.as_ref(),
                        function.span,
                        head,
                        Some(decl.name.span),
                        false,
                    );
                    self.fields(&function.params, Kind::Parameter, name.span);
                }
            }
            ItemKind::Test(decl) => {
                let name = ast::Ident {
                    name: decl.name.value.clone(),
                    span: decl.name.span,
                };
                let head = start.before().to(decl.name.span);
                self.add(Kind::Test, &name, doc, whole, head, None, false);
            }
        }
    }

    fn entity(
        &mut self,
        decl: &ast::EntityDecl,
        kind: Kind,
        doc: Option<&ast::Doc>,
        whole: Span,
        start: Span,
    ) {
        let name = &decl.name;
        let last = decl.keys.last().map_or(name.span, |key| key.span);
        let head = with_closing(start.before().to(last), self.sources);
        self.add(kind, name, doc, whole, head, None, true);
        self.fields(&decl.keys, Kind::Key, name.span);
        for member in &decl.members {
            let (span, doc) = (member.span, member.doc.as_ref());
            let start = after_attributes(&member.attrs, span, self.sources);
            let inside = Some(name.span);
            match &member.kind {
                MemberKind::State(state) => {
                    let is_pub = state.is_pub.is_some();
                    self.add(Kind::State, &state.name, doc, span, start, inside, is_pub);
                }
                MemberKind::Merge(state) => {
                    let is_pub = state.is_pub.is_some();
                    self.add(Kind::State, &state.name, doc, span, start, inside, is_pub);
                }
                MemberKind::Event(event) => {
                    let is_pub = event.is_pub.is_some();
                    self.add(Kind::Event, &event.name, doc, span, start, inside, is_pub);
                    self.fields(&event.params, Kind::Parameter, event.name.span);
                }
                MemberKind::Fn(f) => self.function(f, Kind::Handler, doc, span, start, inside),
                MemberKind::Invariant(_) | MemberKind::Allow(_) | MemberKind::Hole => {}
            }
        }
    }

    fn function(
        &mut self,
        decl: &ast::FnDecl,
        kind: Kind,
        doc: Option<&ast::Doc>,
        whole: Span,
        start: Span,
        inside: Option<Span>,
    ) {
        let body = match &decl.body {
            ast::FnBody::Block(block) => block.span.start,
            ast::FnBody::Expr(value) => value.span.start,
        };
        let text = &self.sources.file(whole.file).text;
        let head = text[start.start as usize..body as usize].trim_end_matches(['=', ' ', '\n']);
        let head = Span {
            end: start.start + head.len() as u32,
            ..start
        };
        let is_pub = decl.is_pub.is_some();
        self.add(kind, &decl.name, doc, whole, head, inside, is_pub);
        self.fields(&decl.params, Kind::Parameter, decl.name.span);
    }

    fn fields(&mut self, fields: &[Field], kind: Kind, inside: Span) {
        for field in fields {
            let (doc, span) = (field.doc.as_ref(), field.span);
            self.add(kind, &field.name, doc, span, span, Some(inside), false);
        }
    }

    #[allow(clippy::too_many_arguments)] // The fields of a declaration, once.
    fn add(
        &mut self,
        kind: Kind,
        name: &ast::Ident,
        doc: Option<&ast::Doc>,
        whole: Span,
        head: Span,
        inside: Option<Span>,
        is_pub: bool,
    ) {
        self.found.insert(
            name.span,
            Declaration {
                kind,
                name: name.name.clone(),
                doc: doc.map(|doc| doc.text.clone()),
                whole,
                head,
                inside,
                is_pub,
            },
        );
    }
}

/// What is left of a declaration behind its attributes.
fn after_attributes(attrs: &[ast::Attr], whole: Span, sources: &SourceMap) -> Span {
    let Some(last) = attrs.last() else {
        return whole;
    };
    let text = &sources.file(whole.file).text;
    let rest = &text[last.span.end as usize..whole.end as usize];
    let skipped = rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t', ';']).len();
    Span {
        start: last.span.end + skipped as u32,
        ..whole
    }
}

/// With the parenthesis that closes it.
fn with_closing(span: Span, sources: &SourceMap) -> Span {
    let text = &sources.file(span.file).text;
    let rest = &text[span.end as usize..];
    match rest.trim_start_matches([' ', '\n', ',', ')']).len() {
        _ if !rest.trim_start_matches([' ', '\n', ',']).starts_with(')') => span,
        left => {
            let used = &rest[..rest.len() - left];
            let closing = used.rfind(')').map_or(0, |at| at + 1);
            Span {
                end: span.end + closing as u32,
                ..span
            }
        }
    }
}
