//! How much is declared, by kinds: declarations have numbers, and those of one module follow each other in each list.

use std::sync::Arc;

use weir_syntax::ast;

use crate::hir::*;
use crate::scope::{Cx, FnSource, Progress};
use crate::streams::{ConsumerSource, StreamSource};

/// So many are declared in front of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub aliases: usize,
    pub records: usize,
    pub errors: usize,
    pub enums: usize,
    pub news: usize,
    pub entities: usize,
    pub externs: usize,
    pub functions: usize,
    pub constants: usize,
    pub tests: usize,
    pub views: usize,
    pub streams: usize,
    pub consumers: usize,
}

/// What is declared between two counts.
pub type Between = (Counts, Counts);

/// The numbers of one kind in all of these.
pub fn numbers(between: &[Between], of: impl Fn(&Counts) -> usize) -> Vec<usize> {
    let ranges = between.iter().map(|(start, end)| of(start)..of(end));
    ranges.flatten().collect()
}

/// The declarations behind those of a module, while it is collected again.
pub struct Behind {
    program: Checked,
    aliases: Vec<(Arc<ast::TypeDecl>, Option<Type>)>,
    records: Vec<Arc<ast::RecordDecl>>,
    errors: Vec<Arc<ast::ErrorDecl>>,
    error_attrs: Vec<Arc<[ast::Attr]>>,
    enums: Vec<Arc<ast::EnumDecl>>,
    news: Vec<Option<Arc<ast::TypeDecl>>>,
    entities: Vec<Arc<ast::EntityDecl>>,
    externs: Vec<Arc<ast::ExternFn>>,
    functions: Vec<FnSource>,
    constants: Vec<(Arc<ast::LetDecl>, Progress)>,
    tests: Vec<Arc<ast::TestDecl>>,
    views: Vec<(Arc<ast::ViewDecl>, Progress)>,
    streams: Vec<StreamSource>,
    consumers: Vec<ConsumerSource>,
}

fn cut<T>(all: &mut Vec<T>, start: usize, end: usize) -> Vec<T> {
    let behind = all.split_off(end);
    all.truncate(start);
    behind
}

impl Cx {
    pub fn counts(&self) -> Counts {
        Counts {
            aliases: self.aliases.len(),
            records: self.records.len(),
            errors: self.errors.len(),
            enums: self.enums.len(),
            news: self.news.len(),
            entities: self.entities.len(),
            externs: self.externs.len(),
            functions: self.functions.len(),
            constants: self.constants.len(),
            tests: self.tests.len(),
            views: self.views.len(),
            streams: self.streams.len(),
            consumers: self.consumers.len(),
        }
    }

    /// Forgets what is declared between two counts, and takes out what is behind. What runs for the entries of streams is looked up
    /// later, and is put where it was.
    pub fn cut(&mut self, start: &Counts, end: &Counts) -> Behind {
        let program = &mut self.program;
        Behind {
            program: Checked {
                records: program.records.cut(start.records, end.records),
                errors: program.errors.cut(start.errors, end.errors),
                enums: program.enums.cut(start.enums, end.enums),
                news: program.news.cut(start.news, end.news),
                entities: program.entities.cut(start.entities, end.entities),
                externs: program.externs.cut(start.externs, end.externs),
                functions: program.functions.cut(start.functions, end.functions),
                constants: program.constants.cut(start.constants, end.constants),
                tests: program.tests.cut(start.tests, end.tests),
                views: program.views.cut(start.views, end.views),
                streams: program.streams.cut(start.streams, end.streams),
                ..Checked::default()
            },
            aliases: cut(&mut self.aliases, start.aliases, end.aliases),
            records: cut(&mut self.records, start.records, end.records),
            errors: cut(&mut self.errors, start.errors, end.errors),
            error_attrs: cut(&mut self.error_attrs, start.errors, end.errors),
            enums: cut(&mut self.enums, start.enums, end.enums),
            news: cut(&mut self.news, start.news, end.news),
            entities: cut(&mut self.entities, start.entities, end.entities),
            externs: cut(&mut self.externs, start.externs, end.externs),
            functions: cut(&mut self.functions, start.functions, end.functions),
            constants: cut(&mut self.constants, start.constants, end.constants),
            tests: cut(&mut self.tests, start.tests, end.tests),
            views: cut(&mut self.views, start.views, end.views),
            streams: cut(&mut self.streams, start.streams, end.streams),
            consumers: cut(&mut self.consumers, start.consumers, end.consumers),
        }
    }

    /// Puts back what was taken out.
    pub fn append(&mut self, behind: Behind) {
        let program = &mut self.program;
        program.records.append(behind.program.records);
        program.errors.append(behind.program.errors);
        program.enums.append(behind.program.enums);
        program.news.append(behind.program.news);
        program.entities.append(behind.program.entities);
        program.externs.append(behind.program.externs);
        program.functions.append(behind.program.functions);
        program.constants.append(behind.program.constants);
        program.tests.append(behind.program.tests);
        program.views.append(behind.program.views);
        program.streams.append(behind.program.streams);
        self.aliases.extend(behind.aliases);
        self.records.extend(behind.records);
        self.errors.extend(behind.errors);
        self.error_attrs.extend(behind.error_attrs);
        self.enums.extend(behind.enums);
        self.news.extend(behind.news);
        self.entities.extend(behind.entities);
        self.externs.extend(behind.externs);
        self.functions.extend(behind.functions);
        self.constants.extend(behind.constants);
        self.tests.extend(behind.tests);
        self.views.extend(behind.views);
        self.streams.extend(behind.streams);
        self.consumers.extend(behind.consumers);
    }
}
