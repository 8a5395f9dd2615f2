//! Words and whole constructs in a place they cannot stand in.

use weir_diagnostics::codes;

use super::{Said, Situation, said};
use crate::token::Tok;

pub fn keyword_as_name(s: &Situation) -> Option<Said> {
    let found = s.found()?;
    let same_line = s.tokens[s.at].indent.is_none();
    if !found.is_hard() || !same_line || !s.expects("name") || s.expects_value() {
        return None;
    }
    let word = s.source(s.at);
    Some(Said {
        code: codes::E0108,
        message: format!("`{word}` is a keyword and cannot be a name here"),
        label: Some("a name was expected".into()),
        help: Some(format!(
            "choose another name, such as `{word}_` or `the_{word}`"
        )),
        at: None,
        instead: None,
    })
}

/// Numbers with a point, times, and texts with holes are compared, not matched.
pub fn literal_in_pattern(s: &Situation) -> Option<Said> {
    let is_literal = matches!(
        s.found()?,
        Tok::Decimal | Tok::Float | Tok::Money | Tok::Duration | Tok::Time | Tok::StrHead
    );
    let begun = s.expects("_") || s.previous() == Some(Tok::Minus);
    let in_pattern = begun && s.expects("int") && !s.expects("dec");
    if !is_literal || !in_pattern {
        return None;
    }
    let shown = s.shown(s.at);
    let value = match s.found() {
        Some(Tok::StrHead) => "text",
        _ => s.source(s.at),
    };
    said(
        format!("{shown} cannot stand in a pattern"),
        format!(
            "only whole numbers, plain texts, `true` and `false` can; compare the others: `x if x == {value} => ...`"
        ),
    )
}

/// Whole constructs in a place they cannot stand in.
pub fn misplaced(s: &Situation) -> Option<Said> {
    let found = s.found()?;
    let starts = s.at == s.unit_start;
    let in_block = s.bracket == Some(Tok::LBrace) && s.expects("require");
    let in_entity = s.bracket == Some(Tok::LBrace) && s.expects("invariant") && s.expects("fn");
    let at_top = s.bracket.is_none() && s.expects("entity") && s.expects("record");
    match found {
        Tok::At if in_block => said(
            "an attribute cannot stand on a statement",
            "attributes stand on items, members and fields",
        ),
        Tok::Fn | Tok::Pub if in_block => said(
            "a function cannot stand inside a function",
            "move it out, or give a lambda `x => ...` to the function that takes it",
        ),
        Tok::Let | Tok::Var if in_entity && starts => said(
            format!("`{}` cannot stand in an entity", s.source(s.at)),
            "what an entity remembers is its state: write `state name: Type = value`",
        ),
        _ if in_entity && starts && found.is_name() && s.next() == Some(Tok::Colon) => {
            let name = s.source(s.at);
            said(
                format!("`{name}` needs a word that says what it is"),
                format!("write `state {name}: Type = value`"),
            )
        }
        Tok::Name
            if in_entity
                && starts
                && matches!(s.source(s.at), "constructor" | "init" | "initialize") =>
        {
            said(
                "an entity needs no constructor: it is there from its first call",
                "its state starts as declared: write `state name: Type = value`",
            )
        }
        Tok::Name if in_entity && starts && s.next() == Some(Tok::LParen) => said(
            format!("`{}` needs a word that says what it is", s.source(s.at)),
            format!("write `fn {}(..) {{ ... }}`", s.source(s.at)),
        ),
        _ if in_entity && starts => said(
            format!("{} cannot stand in an entity", s.shown(s.at)),
            "an entity has `state`, `merge`, `event`, `invariant`, `allow` and `fn`",
        ),
        Tok::Var if at_top => said(
            "a `var` cannot stand outside a function",
            "write `let name = value` for a constant, or keep state in an `entity`",
        ),
        Tok::State | Tok::Merge | Tok::Event | Tok::Invariant | Tok::Allow if at_top && starts => {
            let word = s.source(s.at);
            said(
                format!("`{word}` stands in an entity"),
                format!(
                    "write `entity Name(key: Type) {{ {word} ... }}`: each key has state of its own"
                ),
            )
        }
        _ if at_top && starts => said(
            format!("{} cannot start an item", s.shown(s.at)),
            "statements stand in functions; at the top of a file stand `fn`, `entity`, `record`, `enum`, `error`, `type`, `let`, `test`, ...",
        ),
        Tok::Where | Tok::SortBy | Tok::GroupBy | Tok::Join if s.unit_has(Tok::Select) => said(
            format!("`{}` comes too late", s.source(s.at)),
            "the clauses of a `for` stand before its `select`",
        ),
        Tok::Else | Tok::ElseThen if s.unit_has(Tok::Invariant) => said(
            "an `invariant` has no `else`",
            "breaking it is a mistake of the program, and nothing is kept; to fail, write `require condition else Error` in the function",
        ),
        Tok::Else | Tok::ElseThen => said(
            "this `else` belongs to no `if` and no `require`",
            "an `else` follows the `}` of an `if`, or the condition of a `require`",
        )?
        .pointing_at(s.at),
        Tok::Undo => said(
            "`undo` cannot stand here",
            "`undo` follows a whole step: a statement, or the value of a `let`",
        ),
        _ => None,
    }
}
