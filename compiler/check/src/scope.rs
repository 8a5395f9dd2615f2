//! What all passes share: the program as far as it is known, the names, and the diagnostics.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast;

use crate::around::Around;
use crate::hir::{Checked, EntityId, EnumId, ErrorId, FnId, NewId, RecordId, Type};
use crate::meanings::Meanings;
use crate::misplaced;
use crate::modules::{Modules, Names};
use crate::streams::{ConsumerSource, StreamSource};

/// What an upper-case name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeName {
    Record(RecordId),
    Error(ErrorId),
    Enum(EnumId),
    New(NewId),
    Entity(EntityId),
    /// Position in [`Cx::aliases`].
    Alias(usize),
    /// Declared, but of a kind that has no meaning yet; somebody was told.
    Later,
}

/// How far a function's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Waiting,
    Running,
    Done,
}

/// A function's declaration and where it stands.
#[derive(Clone)]
pub struct FnSource {
    pub decl: Arc<ast::FnDecl>,
    pub attrs: Arc<[ast::Attr]>,
    pub progress: Progress,
    /// Worked out from the body rather than written: not `pub`, no `fails`.
    pub infers_fails: bool,
    /// What a schedule does: nobody is there to look at a failure.
    pub is_tick: bool,
    /// Made for a stream.
    pub of_stream: Option<StreamPart>,
}

/// What a function that is made for a stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPart {
    /// `on`: nobody is there to look at a failure.
    Consumer,
    /// The key or time of an entry, or entries from outside.
    Other,
}

/// Everything the passes read and write. A copy costs little: what is large is shared.
#[derive(Clone, Default)]
pub struct Cx {
    pub program: Checked,
    pub diagnostics: Vec<Diagnostic>,
    /// What is written down for editors; `None` when nobody asked.
    pub meanings: Option<Meanings>,
    /// The name about which somebody asks what is in reach there, and the answer.
    pub asked: Option<Span>,
    pub around: Option<Around>,

    /// What the module that is entered sees.
    pub names: Names,
    /// Of all modules.
    pub modules: Modules,
    /// The described functions of each part of the library that is there: `json`, `parse`.
    pub library: Arc<BTreeMap<&'static str, BTreeMap<String, Vec<FnId>>>>,
    /// The part that is being collected.
    pub library_part: Option<&'static str>,
    /// Where each type, error, entity and workflow of the program is declared; while declarations are collected.
    pub declared_types: BTreeMap<String, Span>,

    pub aliases: Vec<(Arc<ast::TypeDecl>, Option<Type>)>,
    pub records: Vec<Arc<ast::RecordDecl>>,
    pub errors: Vec<Arc<ast::ErrorDecl>>,
    pub error_attrs: Vec<Arc<[ast::Attr]>>,
    /// So many of them are the prelude's.
    pub prelude_errors: usize,
    pub enums: Vec<Arc<ast::EnumDecl>>,
    pub news: Vec<Option<Arc<ast::TypeDecl>>>,
    /// So many of them are built in or the prelude's.
    pub prelude_news: usize,
    /// With workflows.
    pub entities: Vec<Arc<ast::EntityDecl>>,
    /// Same positions as `program.externs`.
    pub externs: Vec<Arc<ast::ExternFn>>,
    /// Same positions as `program.functions`.
    pub functions: Vec<FnSource>,
    pub constants: Vec<(Arc<ast::LetDecl>, Progress)>,
    pub tests: Vec<Arc<ast::TestDecl>>,
    /// Same positions as `program.views`.
    pub views: Vec<(Arc<ast::ViewDecl>, Progress)>,
    /// Functions met while their own body was being checked.
    pub recursive: std::collections::BTreeSet<FnId>,
    /// Same positions as `program.streams`.
    pub streams: Vec<StreamSource>,
    /// With those whose stream is not there.
    pub consumers: Vec<ConsumerSource>,
    /// Types as written where what merges may not stand, until all records are known; then `None`: each is looked at at once.
    pub written_types: Option<Vec<(Span, Type)>>,
}

impl Cx {
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The same for an attribute at a place; the parser has said it when there is none of that name.
    pub fn attribute_later(&mut self, attr: &ast::Attr, place: &str) {
        misplaced::report(self, attr, place);
    }

    /// The one message for what parses and has no meaning yet.
    pub fn later(&mut self, span: Span, what: &str) {
        self.report(
            Diagnostic::new(
                codes::E0901,
                span,
                format!("{what} has no meaning yet in this version of Weir"),
            )
            .label("not yet")
            .help("leave it out for now; `weir explain E0901` lists what is there"),
        );
    }
}
