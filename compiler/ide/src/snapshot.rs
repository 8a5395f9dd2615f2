//! Everything that is known of a program at one moment, and small questions that all features ask.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use weir_check::hir::{Checked, FnId, Type};
use weir_check::meanings::{Def, Meanings, NamesAt};
use weir_contract::manifest::Manifest;
use weir_diagnostics::{FileId, Span};
use weir_driver::{Bodies, Survey, SurveyedFile};
use weir_syntax::ast;

use crate::declared::{Declaration, Declarations, Kind};
use crate::labels::labels;

/// A place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub file: FileId,
    /// In bytes.
    pub offset: u32,
}

/// A program right or wrong, with what each place in it means.
pub struct Snapshot {
    pub survey: Survey,
    pub declared: Declarations,
    /// What the labels of each file name, with the names that they were put between.
    labels: BTreeMap<FileId, Labels>,
    manifest: OnceLock<Option<Manifest>>,
}

#[derive(Clone)]
struct Labels {
    labels: NamesAt,
    /// Without them, and with them.
    other: NamesAt,
    all: NamesAt,
}

impl Labels {
    fn new(labels: NamesAt, other: NamesAt) -> Labels {
        let mut all: Vec<(Span, Def)> = other.iter().chain(labels.iter()).copied().collect();
        all.sort_by_key(|(span, _)| *span);
        all.dedup_by_key(|(span, _)| *span);
        Labels {
            labels,
            other,
            all: Arc::new(all),
        }
    }
}

impl Snapshot {
    /// `library` are the parsed files of the standard library, for the documentation in them.
    pub fn new(survey: Survey, library: &[ast::Module]) -> Snapshot {
        Snapshot::after(survey, library, None)
    }

    /// The same, where `before` is a snapshot of the same program: of the survey in front of this one, or the one that was looked
    /// at to make it. What has not changed since is taken over.
    pub fn after(
        mut survey: Survey,
        library: &[ast::Module],
        before: Option<&Snapshot>,
    ) -> Snapshot {
        let own = survey.files.iter().map(|file| &file.parsed.module);
        let all = library.iter().chain(own);
        let declarations = |file: FileId| {
            let before = before?;
            let is_same = match (survey.file(file), before.file(file)) {
                (Some(now), Some(then)) => Arc::ptr_eq(&now.parsed, &then.parsed),
                // The library's stay what they are.
                (None, None) => true,
                _ => false,
            };
            before.declared.of_file(file).filter(|_| is_same)
        };
        let declared = Declarations::new(all, &survey.sources, &survey.meanings, &declarations);
        let mut labels_of = BTreeMap::new();
        let files = survey.files.iter();
        for file in files.filter(|file| file.bodies != Bodies::NotChecked) {
            let known = before.filter(|_| file.bodies == Bodies::AsBefore);
            let known = known.and_then(|before| before.labels.get(&file.id));
            // Parameters are known by their places, which may have moved in other files.
            let stays = |known: &&Labels| {
                let mut labels = known.labels.iter();
                labels.all(|(_, def)| !matches!(def, Def::Local(at) if at.file != file.id))
            };
            let other = survey.meanings.names_of(file.id);
            let found = match known.filter(stays) {
                Some(known) if Arc::ptr_eq(&known.other, &other) => known.clone(),
                Some(known) => Labels::new(known.labels.clone(), other),
                None => Labels::new(Arc::new(labels(&survey, &declared, file)), other),
            };
            labels_of.insert(file.id, found);
        }
        for (file, labels) in &labels_of {
            survey.meanings.set_names(*file, labels.all.clone());
        }
        Snapshot {
            survey,
            declared,
            labels: labels_of,
            manifest: OnceLock::new(),
        }
    }

    pub fn checked(&self) -> &Checked {
        &self.survey.checked
    }

    pub fn meanings(&self) -> &Meanings {
        &self.survey.meanings
    }

    /// The manifest with plans and frames; only while the program has no errors.
    pub fn manifest(&self) -> Option<&Manifest> {
        let made = self.manifest.get_or_init(|| self.survey.manifest());
        made.as_ref()
    }

    pub fn file(&self, id: FileId) -> Option<&SurveyedFile> {
        self.survey.file(id)
    }

    /// The file of the program at a path.
    pub fn file_at(&self, place: &Path) -> Option<&SurveyedFile> {
        self.survey.files.iter().find(|file| file.place == place)
    }

    pub fn module(&self, id: FileId) -> Option<&ast::Module> {
        self.file(id).map(|file| &file.parsed.module)
    }

    pub fn text(&self, id: FileId) -> &str {
        &self.survey.sources.file(id).text
    }

    pub fn snippet(&self, span: Span) -> &str {
        self.survey.sources.snippet(span)
    }

    /// Whether a file is the program's, and may be changed.
    pub fn is_own(&self, id: FileId) -> bool {
        self.file(id).is_some()
    }

    /// The name at a place, with its span and what it stands for.
    pub fn name_at(&self, at: At) -> Option<(Span, Def)> {
        self.meanings().name_at(at.file, at.offset)
    }

    /// The name where something is declared; nothing for what is part of the language. The start of the file for a module.
    pub fn place(&self, def: Def) -> Option<Span> {
        if let Def::Module(at) = def {
            let file = self.survey.files.get(at as usize)?;
            return Some(Span::new(file.id, 0, 0));
        }
        self.meanings().place(def)
    }

    /// How something was declared.
    pub fn declaration(&self, def: Def) -> Option<&Declaration> {
        self.declared.by_name.get(&self.meanings().place(def)?)
    }

    /// Whether a name is one that nobody can write: that of an `every`, or of what it does.
    pub fn is_made_up(&self, name: &str, def: Def) -> bool {
        name.contains('.') || self.is_schedule(def)
    }

    /// Whether something stands for an `every`, which nobody can name.
    pub fn is_schedule(&self, def: Def) -> bool {
        let declaration = self.declaration(def);
        declaration.is_some_and(|declaration| declaration.kind == Kind::Schedule)
    }

    /// What the `every` with that period does at each tick.
    pub fn tick(&self, period: Span) -> Option<FnId> {
        let mut all = self.checked().functions.iter().zip((0..).map(FnId));
        let found = all.find(|(function, _)| function.span == period && function.entity.is_none());
        found.map(|(_, id)| id)
    }

    /// The type of the expression or variable with exactly that span.
    pub fn ty(&self, span: Span) -> Option<&Type> {
        self.meanings().ty(span)
    }

    /// A type as a person writes it at a place, with the type parameters that are in reach there.
    pub fn show(&self, place: Span, ty: &Type) -> String {
        let all = self.checked().functions.iter().zip((0..).map(FnId));
        let around = all.filter(|(function, _)| function.span.file == place.file);
        let mut generic = around.filter(|(function, _)| !function.type_params.is_empty());
        let found = generic.find(|(_, id)| {
            let declaration = self.declaration(Def::Function(*id));
            declaration.is_some_and(|declaration| declaration.whole.contains(place))
        });
        let params = found.map_or(&[][..], |(function, _)| &function.type_params);
        weir_check::show_type(self.checked(), params, ty)
    }
}
