//! Declarations as people first write them: with a sign, a bracket or a letter that is another here.

use weir_contract::near::distance;

use super::{Said, Situation, said};
use crate::token::Tok;

/// What an item starts with.
const ITEMS: [&str; 14] = [
    "fn", "pub", "let", "entity", "record", "enum", "error", "type", "test", "import", "workflow",
    "stream", "extern", "every",
];

/// Items and members.
pub fn items(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    let name = s.source(s.at.saturating_sub(1));
    match s.found()? {
        // `entiy A(k: Text) {`
        Tok::Name
            if s.bracket.is_none()
                && s.at == s.unit_start
                && matches!(s.next(), Some(Tok::Name | Tok::UpperName | Tok::Str)) =>
        {
            let word = s.source(s.at);
            let meant = near(word)?;
            said(
                format!("`{word}` cannot start an item"),
                format!("did you mean `{meant}`?"),
            )?
            .replacing(s.at..=s.at, meant)
        }
        // `fn f() Int { .. }`
        Tok::UpperName
            if before(1) == Some(Tok::RParen) && s.unit_has(Tok::Fn) && s.expects("->") =>
        {
            said(
                "the type of the result follows `->`",
                format!("write `-> {}`", s.source(s.at)),
            )
        }
        // `fn f() -> Int = { .. }`
        Tok::LBrace
            if before(1) == Some(Tok::Eq)
                && s.unit_has(Tok::Fn)
                && s.next() != Some(Tok::RBrace)
                && !matches!(s.kind(s.at + 2), Some(Tok::Comma | Tok::Colon)) =>
        {
            said(
                "a body in braces has no `=` in front of it",
                "take the `=` away, or the braces: `= value`",
            )?
            .pointing_at(s.at - 1)?
            .replacing(s.at - 1..=s.at - 1, "")
        }
        // `pub n: Int = 0` in an entity
        Tok::Name
            if before(1) == Some(Tok::Pub)
                && s.next() == Some(Tok::Colon)
                && s.bracket == Some(Tok::LBrace) =>
        {
            let name = s.source(s.at);
            said(
                "what an entity remembers is its `state`",
                format!("write `pub state {name}: ..`"),
            )?
            .replacing(s.at - 1..=s.at - 1, "pub state")
        }
        // `record P(x: Int) { fn .. }`
        Tok::LBrace
            if before(1) == Some(Tok::RParen)
                && (s.first() == Some(Tok::Record) || s.unit_has(Tok::Record)) =>
        {
            said(
                "a record has fields and no functions",
                "write them beside it: `fn total(p: Point) -> Int` is called as `p.total()`",
            )
        }
        // `enum E(A, B)`, `enum E = A | B`
        Tok::LParen | Tok::Eq if before(2) == Some(Tok::Enum) => said(
            "the variants of an enum stand in braces",
            format!("write `enum {name} {{ One, Two(of: Int) }}`"),
        ),
        // `type P = { x: Int }`
        Tok::LBrace if before(1) == Some(Tok::Eq) && before(3) == Some(Tok::Type) => {
            let name = s.source(s.at - 2);
            said(
                "a type with fields is a record",
                format!("write `record {name}(field: Type)`"),
            )
        }
        // `error E = "bad"`
        Tok::Eq if before(2) == Some(Tok::Error) => said(
            "an error has fields, and no text of its own",
            format!("write `error {name}` or `error {name}(why: Text)`"),
        ),
        // `-- a comment`
        Tok::Minus
            if s.at == s.unit_start && s.next() == Some(Tok::Minus) && s.bracket.is_none() =>
        {
            said("a comment starts with `//`", "write `//` in place of `--`")
        }
        _ => None,
    }
}

/// Types and lambdas.
pub fn types(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    match s.found()? {
        // `List[Int]`
        Tok::LBracket
            if before(1) == Some(Tok::UpperName)
                && s.next() == Some(Tok::UpperName)
                && !s.expects_value() =>
        {
            let (name, item) = (s.source(s.at - 1), s.source(s.at + 1));
            said(
                "type arguments stand between `<` and `>`",
                format!("write `{name}<{item}>`"),
            )
        }
        // `?Int`
        Tok::Question if s.next() == Some(Tok::UpperName) && s.expects("Name") => {
            let name = s.source(s.at + 1);
            said("the `?` stands behind the type", format!("write `{name}?`"))?
                .replacing(s.at..=s.at + 1, format!("{name}?"))
        }
        // `g: (Int) -> Int`
        Tok::Arrow
            if before(1) == Some(Tok::RParen)
                && s.bracket == Some(Tok::LParen)
                && !s.expects_value()
                && !s.expects("=>") =>
        {
            said(
                "the type of a function starts with `fn`",
                "write `fn(Int) -> Int`",
            )
        }
        // `xs.map(function(x) { .. })`
        Tok::LBrace if before(1) == Some(Tok::RParen) => {
            let word = (0..s.at).rev().find(|&at| {
                s.kind(at) == Some(Tok::Name)
                    && matches!(s.source(at), "function" | "func" | "fun" | "lambda")
            })?;
            let inside = matches!(
                word.checked_sub(1).and_then(|at| s.kind(at)),
                Some(Tok::LParen | Tok::Comma | Tok::Eq)
            );
            (inside && word >= s.unit_start).then_some(())?;
            said(
                format!("a lambda has no `{}`", s.source(word)),
                "write `x => value`, or `(a, b) => value`",
            )?
            .pointing_at(word)
        }
        // `xs |> sum`
        Tok::Bar if s.next() == Some(Tok::Gt) => {
            let name = s.source(s.at + 2);
            said(
                "there is no `|>` in Weir",
                format!("call it behind the value: `xs.{name}(..)`"),
            )
        }
        _ => None,
    }
}

/// The keyword that a word was meant to be.
fn near(word: &str) -> Option<&'static str> {
    if word.len() < 3 {
        return None;
    }
    let known = ITEMS.iter().map(|item| (distance(word, item), *item));
    let (off, item) = known.min()?;
    let most = if item.len() < 4 { 1 } else { 2 };
    (off <= most && off < item.len()).then_some(item)
}
