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
    /// Of each file, in their order.
    pub names: Vec<NamesOf>,
    /// `None` where the name stands in no code: in a type, in a broken place.
    pub around: Option<Around>,
}

/// Checks what one name stands in, and tells what is in reach there.
pub fn look(prelude: &[ast::Module], sources: &[Source<'_>], name: Span) -> Look {
    let mut cx = Cx {
        meanings: Some(Meanings::default()),
        asked: Some(name),
        ..Cx::default()
    };
    drop(crate::begin(&mut cx, prelude, sources, &[], None));
    body::check_around(&mut cx, name);
    let names = meanings::names(&mut cx);
    let meanings = meanings::finish(&mut cx, BTreeMap::new());
    Look {
        program: cx.program,
        meanings,
        names,
        around: cx.around,
    }
}
