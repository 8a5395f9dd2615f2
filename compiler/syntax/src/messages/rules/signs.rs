//! Signs and first letters that mean something else, or nothing, in Weir.

use super::{Said, Situation, said};
use crate::token::Tok;

/// Signs that mean something else, or nothing, in Weir.
pub fn wrong_sign(s: &Situation) -> Option<Said> {
    match (s.previous(), s.found()?) {
        (_, Tok::Eq) if condition(s) => {
            said("`=` assigns and does not compare", "write `==` to compare")?
                .replacing(s.at..=s.at, "==")
        }
        (Some(Tok::Eq | Tok::EqEq), Tok::EqEq | Tok::Eq) => {
            said("there is no `===` in Weir", "write `==` to compare")
        }
        (Some(Tok::Ne), Tok::Eq) => said("there is no `!==` in Weir", "write `!=`"),
        (_, Tok::Bar) if s.expects_value() => said(
            "a lambda has no bars",
            "write `x => value`, or `(a, b) => value`",
        ),
        (Some(Tok::Plus), Tok::Plus) => said("there is no `++` in Weir", "write `x += 1`"),
        (Some(Tok::Plus), _) if s.at >= 2 && s.kind(s.at - 2) == Some(Tok::Plus) => {
            said("there is no `++` in Weir", "write `x += 1`")
        }
        (Some(Tok::Star), Tok::Star) => {
            said("there is no `**` in Weir", "multiply, or write `x.pow(2)`")
        }
        (_, Tok::Bar) => {
            match s.next() {
                Some(Tok::Bar) => said(
                    "`|` only joins patterns",
                    "write `or` between conditions, `??` in front of what to use where there is nothing",
                )?
                .replacing(s.at..=s.at + 1, "or"),
                _ => said(
                    "`|` only joins patterns",
                    "write `or` between conditions, `a.bit_or(b)` for bits",
                ),
            }
        }
        (_, Tok::Colon) if s.unit_has(Tok::Question) => said(
            "there is no `? :` in Weir",
            "write `if condition { a } else { b }`: it has a value",
        ),
        (_, Tok::Arrow) if s.expects("=>") => {
            said("`->` cannot stand here", "write `=>`")?.replacing(s.at..=s.at, "=>")
        }
        (_, Tok::FatArrow) if s.expects("->") => {
            said("`=>` cannot stand here", "write `->`")?.replacing(s.at..=s.at, "->")
        }
        (Some(Tok::UpperName), Tok::Lt | Tok::Gt) if type_in_call(s) => said(
            "a call names no types",
            "they follow from its values; where they do not, write the type of the result: `let x: Type = f(..)`",
        ),
        (_, Tok::Lt | Tok::Gt | Tok::Le | Tok::Ge | Tok::EqEq | Tok::Ne | Tok::Is | Tok::In)
            if s.expects("and") && !s.expects("==") =>
        {
            said("comparisons do not chain", "write `a < b and b < c`")
        }
        (_, Tok::Eq | Tok::PlusEq | Tok::MinusEq | Tok::StarEq) if s.expects("and") => said(
            format!("{} cannot assign here", s.shown(s.at)),
            "an assignment is a statement of its own: `name = value`, with a name or a path on its left",
        ),
        (Some(Tok::Question), _) if question_with_colon(s) => said(
            "there is no `? :` in Weir",
            "write `if condition { a } else { b }`: it has a value",
        )?
        .pointing_at(s.at - 1),
        _ => None,
    }
}

/// After a `?` that was refused comes a `:` in the same statement.
fn question_with_colon(s: &Situation) -> bool {
    s.tokens[s.at..]
        .iter()
        .take_while(|token| !matches!(token.kind, Tok::Semi | Tok::Comma | Tok::LBrace))
        .any(|token| token.kind == Tok::Colon)
}

/// The place is in the condition of an `if`, `while`, `require`, ...
fn condition(s: &Situation) -> bool {
    let starts = matches!(
        s.first(),
        Some(Tok::If | Tok::While | Tok::Require | Tok::Expect | Tok::Invariant | Tok::Allow)
    );
    starts && s.expects("==") || s.unit_has(Tok::Where)
}

pub fn wrong_case(s: &Situation) -> Option<Said> {
    let lower_type = s.previous().is_some_and(Tok::is_name)
        && s.expected.len() == 1
        && s.expects(".")
        && s.found() != Some(Tok::Dot);
    if lower_type {
        let word = s.source(s.at - 1);
        return capital(s.at - 1, word)?.pointing_at(s.at - 1);
    }
    match s.found()? {
        found if found.is_name() && s.expects("Name") && !s.expects("name") => {
            capital(s.at, s.source(s.at))
        }
        Tok::UpperName if s.expects("name") && !s.expects("Name") => {
            let word = s.source(s.at);
            let next = s.tokens.get(s.at + 1).map(|token| token.kind);
            let ends = matches!(
                next,
                Some(Tok::RParen | Tok::Comma | Tok::Lt | Tok::Question)
            );
            if s.bracket == Some(Tok::LParen) && ends {
                return said(
                    format!("this `{word}` has no name"),
                    format!("write `name: {word}`: fields and parameters have names"),
                );
            }
            let mut lower = word.to_owned();
            lower[..1].make_ascii_lowercase();
            said(
                format!("`{word}` must start with a small letter"),
                format!("write `{lower}`: values and functions start with a small letter"),
            )?
            .replacing(s.at..=s.at, lower)
        }
        _ => None,
    }
}

fn capital(at: usize, word: &str) -> Option<Said> {
    let mut upper = word.to_owned();
    upper[..1].make_ascii_uppercase();
    said(
        format!("`{word}` must start with a capital"),
        format!(
            "write `{upper}`: types, records, errors, variants and entities start with a capital"
        ),
    )?
    .replacing(at..=at, upper)
}

/// `f<Type>(` and `f<List<`: behind a name, and no space between.
fn type_in_call(s: &Situation) -> bool {
    let touch = |at: usize| match (s.tokens.get(at), s.tokens.get(at + 1)) {
        (Some(one), Some(next)) => one.end == next.start,
        _ => false,
    };
    s.at >= 3
        && s.kind(s.at - 3) == Some(Tok::Name)
        && s.kind(s.at - 2) == Some(Tok::Lt)
        && (s.at - 3..s.at).all(touch)
        && match s.found() {
            Some(Tok::Gt) => s.next() == Some(Tok::LParen) && touch(s.at),
            _ => true,
        }
}
