//! What is not there: values, parts of heads, separators.

use super::{Said, Situation, said};
use crate::token::Tok;

/// Statements and members that stop before what they cannot do without.
pub fn missing_value(s: &Situation) -> Option<Said> {
    if !s.ends() {
        return None;
    }
    let name = s.source(s.unit_start + 1);
    let name = if name.is_empty() { "x" } else { name };
    if s.expects("=") && s.first() == Some(Tok::Var) {
        return said(
            format!("a `var` needs a value: write `var {name} = 0`"),
            "there is no empty value; for one that may be missing start with `None`",
        );
    }
    if s.expects("=") && s.first() == Some(Tok::Let) {
        return said(
            format!("a `let` needs a value: write `let {name} = ...`"),
            "a name is bound once; use `var` for one that changes later",
        );
    }
    if s.expects("else:") && s.first() == Some(Tok::Require) {
        return said(
            "`require` needs an `else`: what fails when the condition does not hold",
            "write `require condition else Error(...)`",
        );
    }
    match s.previous() {
        Some(Tok::Eq) if s.first() == Some(Tok::Type) => said(
            "a type is missing after `=`",
            "write `type Name = new Text` for a type of its own, or the type it is another name for",
        ),
        Some(Tok::Import) => said(
            "the module is missing after `import`",
            "write `import orders` or `import orders.{Order, total}`",
        ),
        Some(Tok::Eq) => said(
            "a value is missing after `=`",
            "write the value after the `=`",
        ),
        Some(Tok::Fail) => said(
            "`fail` needs the error to fail with",
            "write `fail Error(...)`",
        ),
        Some(Tok::Expect) => said(
            "`expect` needs a condition",
            "write what must be true, such as `expect total == 3`",
        ),
        Some(Tok::FatArrow) => said(
            "a body is missing after `=>`",
            "write a value, a statement or a block `{ ... }`",
        ),
        Some(Tok::Select) => said(
            "`select` needs the value of each row",
            "write `select value`",
        ),
        Some(Tok::Dot) => said(
            "a name is missing after the `.`",
            "write the field or function after the dot, or take the dot away",
        ),
        Some(Tok::Fails) => said(
            "`fails` needs the errors a call may end in",
            "write `fails SomeError, OtherError`, or take `fails` away",
        ),
        Some(Tok::Arrow) => said(
            "a type is missing after `->`",
            "write the type of the result, or take `->` away when there is none",
        ),
        Some(Tok::Colon) if s.expects("Name") && !s.expects_value() => said(
            "a type is missing after `:`",
            "write the type after the `:`",
        ),
        _ => None,
    }
}

/// Heads of items, members, loops and matches.
pub fn missing_head_part(s: &Situation) -> Option<Said> {
    let found = s.found();
    let first = s.tokens[..s.at]
        .iter()
        .map(|token| token.kind)
        .rfind(|kind| {
            matches!(
                kind,
                Tok::Fn
                    | Tok::Entity
                    | Tok::Workflow
                    | Tok::Record
                    | Tok::State
                    | Tok::Merge
                    | Tok::Test
                    | Tok::Extern
                    | Tok::For
                    | Tok::Match
                    | Tok::If
                    | Tok::While
                    | Tok::Event
                    | Tok::Enum
                    | Tok::On
            )
        });
    let name = s.source(s.at.saturating_sub(1));
    match (first?, found) {
        (Tok::Fn, _) if s.expects("(") && s.at >= 2 && s.kind(s.at - 2) == Some(Tok::Fn) => said(
            "a function needs parentheses for its parameters",
            format!("write `fn {name}()` when there are none"),
        ),
        (Tok::Event, _) if s.expects("(") && s.expected.len() == 1 => said(
            "an event needs parentheses for what it carries",
            format!("write `event {name}()` when there is nothing"),
        ),
        (kind @ (Tok::Entity | Tok::Workflow), _) if s.expects("(") && s.expected.len() == 1 => {
            let word = if kind == Tok::Entity {
                "entity"
            } else {
                "workflow"
            };
            said(
                format!("`{name}` needs a key"),
                format!(
                    "write `{word} {name}(id: Text) {{ ... }}`: each key is one {word} of its own"
                ),
            )
        }
        (Tok::Record, _)
            if s.expects("(") && s.at >= 2 && s.kind(s.at - 2) == Some(Tok::Record) =>
        {
            said(
                format!("`{name}` needs its fields"),
                format!("write `record {name}(x: Int, y: Int)`"),
            )
        }
        (Tok::Test, _) if s.expects("str") && s.expected.len() == 1 => said(
            "a test needs a name",
            "write `test \"what it shows\" { ... }`",
        ),
        (Tok::State, Some(Tok::Eq)) if s.expects(":") => said(
            format!("a `state` needs a type: write `state {name}: Int = ...`"),
            "what is stored is written with its type, so that it can be read by later versions",
        ),
        (Tok::State | Tok::Merge, _) if s.expects(":") && s.expected.len() == 1 => said(
            format!("`{name}` needs a type"),
            format!("write `{name}: Type`"),
        ),
        (Tok::Fn, Some(Tok::Colon)) if s.expects("->") => said(
            "the type of the result follows `->`",
            "write `fn name(...) -> Type`",
        ),
        (Tok::Fn, found) if s.expects("fails") && s.expects("{") => match found {
            Some(Tok::FatArrow) => said(
                "a function with one expression as its body is written with `=`",
                "write `fn name(...) -> Type = value`",
            ),
            _ => said(
                "the body of the function is missing",
                "write `{ ... }` or `= value` after the head",
            ),
        },
        (Tok::For, _) if s.expects("in") && !s.expects_value() && !s.expects("and") => said(
            "`for` needs `in`",
            "write `for x in xs { ... }` or `for x in xs select value`",
        ),
        (Tok::For, _) if s.expects("select") && s.expects("where") && s.ends() => said(
            "this `for` has no body",
            "write `{ ... }` to do something for each, or `select value` to make a list",
        ),
        (Tok::Match, Some(Tok::Colon | Tok::Arrow | Tok::Eq)) if s.expects("=>") => said(
            format!(
                "{} cannot stand between a pattern and its result",
                s.shown(s.at)
            ),
            "write `pattern => result`",
        )?
        .replacing(s.at..=s.at, "=>"),
        (Tok::If, Some(Tok::Name)) if s.source(s.at) == "then" => said(
            "there is no `then` in Weir",
            "write `if condition { ... } else { ... }`",
        ),
        (Tok::If | Tok::While | Tok::Match, _) if s.expects("{") && s.ends() => {
            said("a block is missing", "write `{ ... }` after the condition")
        }
        (Tok::Extern, _) if s.expects("from") => said(
            "an `extern` says where it comes from",
            "write `extern name from \"wit:owner/package@1.0\" { ... }`",
        ),
        (Tok::Fn, Some(Tok::RParen | Tok::Comma)) if name == "self" => said(
            "`self` is no parameter",
            "take it away: `self` is there in every function of an entity",
        )?
        .pointing_at(s.at - 1),
        (_, Some(Tok::RParen | Tok::Comma))
            if s.expects(":") && !s.expects_value() && s.expected.len() == 1 =>
        {
            said(
                format!("`{name}` needs a type: write `{name}: Int`"),
                "parameters and fields are written with their types",
            )
        }
        _ => None,
    }
}

/// Two things side by side.
pub fn missing_separator(s: &Situation) -> Option<Said> {
    let found = s.found()?;
    let begins = matches!(
        found,
        Tok::Name
            | Tok::UpperName
            | Tok::Int
            | Tok::Decimal
            | Tok::Float
            | Tok::Money
            | Tok::Duration
            | Tok::Time
            | Tok::Str
            | Tok::StrHead
            | Tok::SelfKw
            | Tok::LBrace
            | Tok::True
            | Tok::False
            | Tok::Underscore
    ) || found.is_soft()
        || found.is_hard();
    if !begins {
        return None;
    }
    if found == Tok::LBrace && s.previous() == Some(Tok::UpperName) {
        let name = s.source(s.at - 1);
        return said(
            format!("`{name}` is made with parentheses"),
            format!("write `{name}(field: value)`"),
        );
    }
    match s.bracket {
        Some(Tok::LParen | Tok::LBracket) if s.expects(",") => said(
            format!("a `,` is missing before {}", s.shown(s.at)),
            "put a comma between the two",
        ),
        Some(Tok::LBrace) if s.expects(",") && s.expects(";") => said(
            format!("{} must be on a line of its own", s.shown(s.at)),
            "put a `,` or a new line between the two",
        ),
        Some(Tok::LBrace) | None
            if s.expects(";") || s.bracket.is_none() && s.expected.is_empty() =>
        {
            said(
                format!("{} must start a statement of its own", s.shown(s.at)),
                "put a new line or a `;` between the two",
            )
        }
        _ => None,
    }
}

pub fn missing_after_operator(s: &Situation) -> Option<Said> {
    if !s.ends() || !s.expects_value() {
        return None;
    }
    let operator = matches!(
        s.previous()?,
        Tok::Plus
            | Tok::Minus
            | Tok::Star
            | Tok::Slash
            | Tok::Percent
            | Tok::And
            | Tok::Or
            | Tok::Not
            | Tok::EqEq
            | Tok::Ne
            | Tok::Lt
            | Tok::Gt
            | Tok::Le
            | Tok::Ge
            | Tok::In
            | Tok::QuestionQuestion
            | Tok::DotDot
            | Tok::PlusEq
            | Tok::MinusEq
            | Tok::StarEq
            | Tok::Send
            | Tok::Peek
    );
    if !operator {
        return None;
    }
    said(
        format!("a value is missing after `{}`", s.source(s.at - 1)),
        "write the value after it",
    )
}
