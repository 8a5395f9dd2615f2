//! What each place of the source means, for tools that answer questions about places: editors.
//!
//! The checker knows it while it works, and forgets it: the checked program has no names. When somebody asks
//! ([`crate::survey`]) it writes down each name that it looked up, with what it found, and the type of each expression. Of broken
//! programs it writes down what there was. The library's own code is left out.
//!
//! ```text
//! balance -= fee(amount)      names: balance -> State(Account, 0)   fee -> Function(7)   amount -> Local(@..)
//!                             types: `amount` Decimal, `fee(amount)` Decimal
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_diagnostics::{FileId, Span};
use weir_syntax::ast;

use crate::hir::*;
use crate::modules::Names;
use crate::scope::{Cx, StreamPart, TypeName};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Def {
    /// A variable or parameter: the name where it is declared. Variables have no number in the whole program.
    Local(Span),
    Function(FnId),
    Constant(ConstId),
    Record(RecordId),
    Error(ErrorId),
    Enum(EnumId),
    New(NewId),
    /// `type Name = ..`: the name where it is declared.
    Alias(Span),
    /// A type parameter: the name where it is declared.
    TypeParam(Span),
    /// An entity or workflow.
    Entity(EntityId),
    /// Fields and the like: by position in what has them.
    RecordField(RecordId, u32),
    ErrorField(ErrorId, u32),
    Variant(EnumId, u32),
    VariantField(EnumId, u32, u32),
    Key(EntityId, u32),
    State(EntityId, u32),
    Event(EntityId, u32),
    EventParam(EntityId, u32, u32),
    /// A function of an `extern` block.
    Extern(ExternId),
    ExternParam(ExternId, u32),
    /// An `extern` block: its name where it is declared.
    ExternBlock(Span),
    Test(u32),
    /// A module of the program: position among its files.
    Module(u32),
    /// Part of the language: `now`, `Some`, `caller`, `Int`.
    Builtin(&'static str),
    View(ViewId),
    Stream(StreamId),
}

/// What was written down. All of it is about the program's own files, but for `declared`.
#[derive(Clone, Debug, Default)]
pub struct Meanings {
    /// Each name, where it is used and where it is declared, as it is written down; in the end they are all in `names_of_files`.
    pub(crate) names: Vec<(Span, Def)>,
    /// The type of each expression and of the name of each variable; sorted by place. Parts that could not be worked out are
    /// [`Type::Unknown`].
    pub(crate) types: Vec<(Span, Type)>,
    /// The same by files, sorted by place, which are kept from one check to the next.
    pub(crate) names_of_files: BTreeMap<FileId, NamesAt>,
    pub(crate) types_of_files: BTreeMap<FileId, Arc<Vec<(Span, Type)>>>,
    /// The name where something is declared, also in the library; without variables and what is part of the language.
    pub declared: Declared,
}

/// What the names of a file stand for, sorted by place.
pub type NamesAt = Arc<Vec<(Span, Def)>>;

/// Where things are declared, sorted by what is declared.
#[derive(Clone, Debug, Default)]
pub struct Declared(Vec<(Def, Span)>);

impl Declared {
    /// Of two that are called the same the last one counts.
    fn new(mut all: Vec<(Def, Span)>) -> Declared {
        all.sort_by_key(|(def, _)| *def);
        all.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                *kept = *later;
            }
            is_same
        });
        Declared(all)
    }

    pub fn get(&self, def: &Def) -> Option<&Span> {
        let at = self.0.binary_search_by_key(def, |(def, _)| *def).ok()?;
        Some(&self.0[at].1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Def, &Span)> {
        self.0.iter().map(|(def, span)| (def, span))
    }
}

impl Meanings {
    /// Each name of the program, where it is used and where it is declared, sorted by place.
    pub fn names(&self) -> impl Iterator<Item = &(Span, Def)> {
        self.names_of_files.values().flat_map(|names| names.iter())
    }

    /// The same of one file.
    pub fn names_in(&self, file: FileId) -> &[(Span, Def)] {
        self.names_of_files
            .get(&file)
            .map_or(&[], |names| names.as_slice())
    }

    /// The same, to be kept.
    pub fn names_of(&self, file: FileId) -> NamesAt {
        self.names_of_files.get(&file).cloned().unwrap_or_default()
    }

    /// Puts others in the place of those of a file; they are sorted by place.
    pub fn set_names(&mut self, file: FileId, names: NamesAt) {
        self.names_of_files.insert(file, names);
    }

    /// The name at a place, with its span; its end is a place of it too.
    pub fn name_at(&self, file: FileId, offset: u32) -> Option<(Span, Def)> {
        let names = self.names_in(file);
        let behind = names.partition_point(|(span, _)| span.start <= offset);
        let (span, def) = names[..behind].last()?;
        (offset <= span.end).then_some((*span, *def))
    }

    /// What the name with exactly that span means.
    pub fn name(&self, span: Span) -> Option<Def> {
        let names = self.names_in(span.file);
        let at = names.binary_search_by_key(&span, |(span, _)| *span);
        at.ok().map(|at| names[at].1)
    }

    /// The name where something is declared; nothing for modules and what is part of the language.
    pub fn place(&self, def: Def) -> Option<Span> {
        match def {
            Def::Local(at) | Def::Alias(at) | Def::TypeParam(at) | Def::ExternBlock(at) => Some(at),
            _ => self.declared.get(&def).copied(),
        }
    }

    /// The type of the expression with exactly that span.
    pub fn ty(&self, span: Span) -> Option<&Type> {
        let of_file = self.types_of_files.get(&span.file);
        let mut all = [Some(&self.types), of_file.map(|types| &**types)].into_iter();
        all.find_map(|types| {
            let types = types?;
            let at = types.binary_search_by_key(&span, |(span, _)| *span);
            at.ok().map(|at| &types[at].1)
        })
    }
}

/// The names that a file sees or declares, with what they stand for. A name may be there more than once.
#[derive(Clone, Debug, Default)]
pub struct NamesOf {
    /// With the library's.
    pub seen: Vec<(String, Def)>,
    pub own: Vec<(String, Def)>,
}

impl Cx {
    /// Writes down what a name stands for, when somebody asked.
    pub fn means(&mut self, name: Span, def: Def) {
        let is_program = self.modules.is_program(name.file);
        if let Some(meanings) = &mut self.meanings
            && is_program
        {
            meanings.names.push((name, def));
        }
    }

    /// The same for an upper-case name.
    pub fn means_type(&mut self, name: Span, found: TypeName) {
        if self.meanings.is_some()
            && let Some(def) = self.def_of_type(found)
        {
            self.means(name, def);
        }
    }

    fn def_of_type(&self, found: TypeName) -> Option<Def> {
        Some(match found {
            TypeName::Record(id) => Def::Record(id),
            TypeName::Error(id) => Def::Error(id),
            TypeName::Enum(id) => Def::Enum(id),
            TypeName::New(NewId(0)) => Def::Builtin("UserId"),
            TypeName::New(id) => Def::New(id),
            TypeName::Entity(id) => Def::Entity(id),
            TypeName::Alias(at) => Def::Alias(self.aliases[at].0.name.span),
            TypeName::Later => return None,
        })
    }

    /// What the names of a table stand for.
    fn defs(&self, names: &Names) -> Vec<(String, Def)> {
        let types = names
            .types
            .iter()
            .filter_map(|(name, (found, _))| Some((name.clone(), self.def_of_type(*found)?)));
        let functions = names
            .functions
            .iter()
            .flat_map(|(name, all)| all.iter().map(move |id| (name.clone(), Def::Function(*id))));
        let constants = names.constants.iter();
        let constants = constants.map(|(name, id)| (name.clone(), Def::Constant(*id)));
        let externs = names.externs.iter();
        let externs = externs.map(|(name, (span, _))| (name.clone(), Def::ExternBlock(*span)));
        let modules = names.modules.iter();
        let modules = modules.map(|(name, (_, at))| (name.clone(), Def::Module(*at as u32 - 1)));
        let views = names.views.iter();
        let views = views.map(|(name, id)| (name.clone(), Def::View(*id)));
        let streams = names.streams.iter();
        let streams = streams.map(|(name, id)| (name.clone(), Def::Stream(*id)));
        types
            .chain(functions)
            .chain(constants)
            .chain(externs)
            .chain(modules)
            .chain(views)
            .chain(streams)
            .collect()
    }
}

/// What each file of the program sees, in their order.
pub fn names(cx: &mut Cx) -> Vec<NamesOf> {
    let files = 1..cx.modules.own.len();
    files.map(|module| names_of(cx, module)).collect()
}

/// What one file sees.
pub fn names_of(cx: &mut Cx, module: usize) -> NamesOf {
    cx.enter_module(module);
    NamesOf {
        seen: cx.defs(&cx.names),
        own: cx.defs(&cx.modules.own[module]),
    }
}

/// Adds the declarations, and puts everything in order. The last that was said about a place counts. `kept` are the names of files
/// for which nothing has changed.
pub fn finish(cx: &mut Cx, kept: BTreeMap<FileId, NamesAt>) -> Meanings {
    let mut found = cx.meanings.take().unwrap_or_default();
    let mut declared = Vec::new();
    declarations(cx, &mut declared);
    found.declared = Declared::new(declared);
    let mut by_file: BTreeMap<FileId, Vec<(Span, Def)>> = BTreeMap::new();
    let of_program = found.declared.iter();
    let of_program = of_program.filter(|(_, span)| cx.modules.is_program(span.file));
    let declared = of_program.map(|(def, span)| (*span, *def));
    let in_declarations = &cx.modules.names_of_declarations;
    let in_declarations = in_declarations
        .iter()
        .filter(|(file, _)| !kept.contains_key(file));
    let in_declarations = in_declarations.flat_map(|(_, names)| names.iter().copied());
    let in_bodies = std::mem::take(&mut found.names);
    for (span, def) in in_declarations.chain(in_bodies).chain(declared) {
        if !kept.contains_key(&span.file) {
            by_file.entry(span.file).or_default().push((span, def));
        }
    }
    found.names_of_files = kept;
    for (file, mut names) in by_file {
        last_of_each(&mut names);
        found.names_of_files.insert(file, Arc::new(names));
    }
    last_of_each(&mut found.types);
    found
}

/// What was written down of names up to here stands in declarations: it is kept by files. `moved` is what is called by its place and
/// stands in another one than before.
pub(crate) fn of_declarations(cx: &mut Cx, moved: &BTreeMap<Def, Def>) {
    let Some(meanings) = &mut cx.meanings else {
        return;
    };
    let known = &mut cx.modules.names_of_declarations;
    known
        .values_mut()
        .for_each(|names| *names = after_moves(names, moved));
    let mut by_file: BTreeMap<FileId, Vec<(Span, Def)>> = BTreeMap::new();
    for (span, def) in std::mem::take(&mut meanings.names) {
        by_file.entry(span.file).or_default().push((span, def));
    }
    let by_file = by_file.into_iter();
    known.extend(by_file.map(|(file, names)| (file, Arc::new(names))));
}

/// The same names, with the places that things are in now.
pub(crate) fn after_moves(names: &NamesAt, moved: &BTreeMap<Def, Def>) -> NamesAt {
    if moved.is_empty() || !names.iter().any(|(_, def)| moved.contains_key(def)) {
        return names.clone();
    }
    let names = names.iter();
    let names = names.map(|(at, def)| (*at, *moved.get(def).unwrap_or(def)));
    Arc::new(names.collect())
}

/// In the order of the places, and of each what was said last. What is sorted in parts is merged quickly.
pub(crate) fn last_of_each<T>(found: &mut Vec<(Span, T)>) {
    found.sort_by_key(|(span, _)| *span);
    found.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            std::mem::swap(later, kept);
        }
        is_same
    });
}

fn type_params(params: &[ast::Ident]) -> impl Iterator<Item = (Def, Span)> {
    params.iter().map(|p| (Def::TypeParam(p.span), p.span))
}

fn declarations(cx: &Cx, out: &mut Vec<(Def, Span)>) {
    let fields = |decls: &[ast::Field], make: &dyn Fn(u32) -> Def| -> Vec<(Def, Span)> {
        let numbered = decls.iter().zip(0..);
        numbered
            .map(|(field, at)| (make(at), field.name.span))
            .collect()
    };
    for (decl, id) in cx.records.iter().zip((0..).map(RecordId)) {
        out.push((Def::Record(id), decl.name.span));
        out.extend(type_params(&decl.type_params));
        out.extend(fields(&decl.fields, &|at| Def::RecordField(id, at)));
    }
    for (decl, id) in cx.errors.iter().zip((0..).map(ErrorId)) {
        out.push((Def::Error(id), decl.name.span));
        out.extend(fields(&decl.fields, &|at| Def::ErrorField(id, at)));
    }
    for (decl, id) in cx.enums.iter().zip((0..).map(EnumId)) {
        out.push((Def::Enum(id), decl.name.span));
        out.extend(type_params(&decl.type_params));
        for (variant, n) in decl.variants.iter().zip(0..) {
            out.push((Def::Variant(id, n), variant.name.span));
            out.extend(fields(&variant.fields, &|at| Def::VariantField(id, n, at)));
        }
    }
    for (decl, id) in cx.news.iter().zip((0..).map(NewId)) {
        out.extend(decl.iter().map(|decl| (Def::New(id), decl.name.span)));
        let params = decl.iter().flat_map(|decl| type_params(&decl.type_params));
        out.extend(params);
    }
    for (decl, id) in cx.entities.iter().zip((0..).map(EntityId)) {
        out.push((Def::Entity(id), decl.name.span));
        out.extend(fields(&decl.keys, &|at| Def::Key(id, at)));
        let entity = cx.program.entity(id);
        for (field, at) in entity.fields.iter().zip(0..) {
            out.push((Def::State(id, at), field.span));
        }
        let events = entity.workflow.iter().flat_map(|w| &w.events);
        for (event, n) in events.zip(0..) {
            out.push((Def::Event(id, n), event.span));
            let member = decl.members.iter().find_map(|member| match &member.kind {
                ast::MemberKind::Event(decl) if decl.name.span == event.span => Some(decl),
                _ => None,
            });
            let params = member.map_or(&[][..], |decl| &decl.params);
            out.extend(fields(params, &|at| Def::EventParam(id, n, at)));
        }
    }
    for (decl, id) in cx.externs.iter().zip((0..).map(ExternId)) {
        out.push((Def::Extern(id), decl.name.span));
        out.extend(fields(&decl.params, &|at| Def::ExternParam(id, at)));
    }
    for (source, id) in cx.streams.iter().zip((0..).map(StreamId)) {
        out.push((Def::Stream(id), source.decl.name.span));
    }
    for (source, id) in cx.functions.iter().zip((0..).map(FnId)) {
        if cx.program.function(id).of_view.is_some() || source.of_stream == Some(StreamPart::Other)
        {
            continue;
        }
        if source.of_stream.is_none() {
            out.push((Def::Function(id), source.decl.name.span));
        }
        let params = source.decl.params.iter();
        out.extend(params.map(|p| (Def::Local(p.name.span), p.name.span)));
        out.extend(type_params(&source.decl.type_params));
    }
    for ((decl, _), id) in cx.constants.iter().zip((0..).map(ConstId)) {
        out.push((Def::Constant(id), decl.name.span));
    }
    for (decl, at) in cx.tests.iter().zip(0..) {
        out.push((Def::Test(at), decl.name.span));
    }
    for (view, id) in cx.program.views.iter().zip((0..).map(ViewId)) {
        out.push((Def::View(id), view.span));
    }
    for (decl, _) in &cx.aliases {
        out.push((Def::Alias(decl.name.span), decl.name.span));
        out.extend(type_params(&decl.type_params));
    }
    for names in cx.modules.own.iter().chain([&cx.names]) {
        let blocks = names.externs.values().map(|(span, _)| *span);
        out.extend(blocks.map(|span| (Def::ExternBlock(span), span)));
    }
}
