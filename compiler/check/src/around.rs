//! What is in reach at one name: for editors that suggest what could stand there.
//!
//! The name stands in a text that was made for the question (`total(zz)`, with `zz` where the cursor is), so nothing is declared that
//! way, and what is wrong because of it does not matter. Only the declaration around it is checked, and what that needs: names,
//! signatures, constants, and functions whose failures are worked out from their bodies.

use std::collections::BTreeMap;

use weir_diagnostics::Span;
use weir_syntax::ast;

use crate::body;
use crate::hir::{Checked, EntityId, Type};
use crate::meanings::{self, Meanings, NamesOf};
use crate::modules::Source;
use crate::scope::Cx;

/// What is in reach at a name.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Variables and parameters, the nearest first, without those that are hidden.
    pub locals: Vec<Near>,
    /// The type that the place would like; of a pattern, the type of what it is held against.
    pub want: Option<Type>,
    /// The entity this code belongs to.
    pub entity: Option<EntityId>,
    pub in_test: bool,
    pub in_loop: bool,
}

/// A variable in reach.
#[derive(Clone, Debug)]
pub struct Near {
    pub name: String,
    pub ty: Type,
    /// `var`: may be assigned.
    pub is_var: bool,
    pub span: Span,
}

/// A program as far as one place needs it.
pub struct Look {
    pub program: Checked,
    pub meanings: Meanings,
    /// Of each file, in their order; none where they are what they were.
    pub names: Vec<Option<NamesOf>>,
    /// `None` where the name stands in no code: in a type, in a broken place.
    pub around: Option<Around>,
}

/// Checks what one name stands in, and tells what is in reach there. `before` is the program without the name.
pub fn look(prelude: &[ast::Module], sources: &[Source<'_>], name: Span, before: &Checked) -> Look {
    let mut cx = Cx {
        meanings: Some(Meanings::default()),
        asked: Some(name),
        ..Cx::default()
    };
    drop(crate::begin(&mut cx, prelude, sources, &[], None));
    body::check_around(&mut cx, name);
    // The declaration may have been broken, and stands behind others of its file: then numbers are others.
    let is_same = has_as_many(before, &cx.program);
    let names = sources.iter().zip(1..).map(|(source, module)| {
        let is_wanted = !is_same || source.module.file == name.file;
        is_wanted.then(|| meanings::names_of(&mut cx, module))
    });
    let names = names.collect();
    let meanings = meanings::finish(&mut cx, BTreeMap::new());
    Look {
        program: cx.program,
        meanings,
        names,
        around: cx.around,
    }
}

/// Whether two programs declare as much of each kind, so that what one file declares has the same numbers in both, when only others
/// differ.
fn has_as_many(a: &Checked, b: &Checked) -> bool {
    let counts = |program: &Checked| {
        [
            program.records.len(),
            program.errors.len(),
            program.enums.len(),
            program.news.len(),
            program.entities.len(),
            program.functions.len(),
            program.externs.len(),
            program.constants.len(),
            program.tests.len(),
            program.views.len(),
            program.streams.len(),
        ]
    };
    counts(a) == counts(b)
}
