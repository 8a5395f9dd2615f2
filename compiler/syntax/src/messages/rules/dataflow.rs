//! Streams, views, queries, lists, state that merges and schedules as people first write them, and operators that they bring along.

use super::{Said, Situation, said};
use crate::token::Tok;

/// Items and members.
pub fn items(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    let name = s.source(s.at.saturating_sub(1));
    match s.found()? {
        // `on clicks { .. }`
        Tok::LBrace if before(2) == Some(Tok::On) && s.expects("(") => said(
            "`on` gives each entry a name",
            format!("write `on {name}(entry) {{ ... }}`"),
        ),
        // `view totals() = ..`, `view totals: Type = ..`
        Tok::LParen if before(2) == Some(Tok::View) => said(
            "a view has no parameters",
            format!("write `view {name} = for ..`; who reads it says which rows: `{name}.at(key)`"),
        ),
        Tok::Colon if before(2) == Some(Tok::View) => said(
            "the type of a view follows from its query",
            format!("write `view {name} = for ..`"),
        ),
        Tok::Eq if s.unit_has(Tok::Merge) && !s.expects_value() => said(
            "what merges has no value to begin with",
            "take `=` and the value away: a `Counter` begins with 0, a set with nothing in it",
        ),
        // `@at("07:00") { .. }`
        Tok::LBrace
            if s.bracket.is_none()
                && before(1) == Some(Tok::RParen)
                && s.kind(0) == Some(Tok::At)
                && s.source(0).trim_start_matches('@').trim() == "at" =>
        {
            said(
                "`@at` says when, and `every` how often",
                "write `@at(\"07:00\") every 1d { ... }`",
            )
        }
        found if found.is_name() && before(1) == Some(Tok::Scratch) => said(
            "temporary data is a `let`",
            format!("write `scratch let {} = ..`", s.source(s.at)),
        )?
        .replacing(s.at - 1..=s.at - 1, "scratch let"),
        // `emit clicks(..)`
        found
            if found.is_name()
                && matches!(name, "emit" | "publish")
                && s.at == s.unit_start + 1
                && s.tokens[s.at].indent.is_none() =>
        {
            said(
                format!("there is no `{name}` in Weir"),
                format!("write `{}.emit(..)`", s.source(s.at)),
            )?
            .pointing_at(s.at - 1)
        }
        _ => None,
    }
}

/// The parts of a `for`, as in SQL.
pub fn clauses(s: &Situation) -> Option<Said> {
    if s.found()? != Tok::Name || !s.unit_has(Tok::For) || !s.expects("select") {
        return None;
    }
    let word = s.source(s.at);
    let by = s.source(s.at + 1) == "by";
    let no_word = |shown: &str| format!("there is no `{shown}` in Weir");
    match word.to_ascii_lowercase().as_str() {
        "having" => said(
            no_word(word),
            "write `where` behind `group by`: it chooses groups",
        )?
        .replacing(s.at..=s.at, "where"),
        "order" if by => said(
            no_word("order by"),
            "write `sort by`, and `desc` behind a key",
        )?
        .replacing(s.at..=s.at + 1, "sort by"),
        "orderby" => said(no_word(word), "write `sort by`, and `desc` behind a key")?
            .replacing(s.at..=s.at, "sort by"),
        "groupby" => said(no_word(word), "write `group by`")?.replacing(s.at..=s.at, "group by"),
        "filter" | "when" => said(no_word(word), "write `where condition`"),
        "take" | "top" => said(no_word(word), "write `select value limit 10`"),
        _ => None,
    }
}

/// Parts of lists.
pub fn lists(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    let in_list = s.bracket == Some(Tok::LBracket);
    let is_pattern = s.expects("_") && !s.expects_value();
    // `xs[..`, not `[..`
    let is_part = in_list
        && before(1) == Some(Tok::LBracket)
        && matches!(
            before(2),
            Some(Tok::Name | Tok::UpperName | Tok::RParen | Tok::RBracket)
        )
        && s.tokens[s.at - 1].start == s.tokens[s.at - 2].end;
    match s.found()? {
        Tok::DotDot if is_part && s.expects_value() => said(
            "the start of a part is written",
            "write `xs[0..3]`, or `xs.take(3)`",
        ),
        Tok::DotDot if in_list && s.expects_value() => said(
            "items of one list are not spread into another",
            "write `xs.concat(ys)`, or `xs.concat([x])`",
        ),
        // `[first, rest..]`
        Tok::DotDot
            if in_list
                && s.expects("|")
                && before(1) == Some(Tok::Name)
                && matches!(s.next(), Some(Tok::RBracket | Tok::Comma)) =>
        {
            let rest = format!("..{}", s.source(s.at - 1));
            said(
                "the name of the rest stands behind its dots",
                format!("write `{rest}`"),
            )?
            .replacing(s.at - 1..=s.at, rest)
        }
        // `first :: rest`
        Tok::Colon
            if s.next() == Some(Tok::Colon) && s.expects("|") && before(1) == Some(Tok::Name) =>
        {
            said(
                "a list is taken apart in brackets",
                "write `[first, ..rest]`",
            )
        }
        // `1..<5`
        Tok::Lt if before(1) == Some(Tok::DotDot) && s.expects("dec") => said(
            "there is no `..<`",
            "write `..`: a range leaves its end out",
        )?
        .replacing(s.at - 1..=s.at, ".."),
        // Where a name may stand in front of a colon, keywords fit too; a fraction fits in front of values only.
        Tok::DotDot if s.expects_value() && s.expects("dec") => said(
            "the start of a range is written",
            "write `0..9`: from 0 up to, not with, 9",
        ),
        Tok::DotDot if before(2) == Some(Tok::DotDot) && s.expects("+") => said(
            "a range has two ends",
            "write `0..9`; with a step, `0.range(9, step: 2)`",
        ),
        Tok::Star if in_list && is_pattern => said(
            "the rest of a list has two dots in front of its name",
            "write `[first, ..rest]`",
        )?
        .replacing(s.at..=s.at, ".."),
        Tok::Dot if in_list && before(1) == Some(Tok::DotDot) && !s.expects_value() => said(
            "the rest of a list has two dots in front of its name",
            "write `[first, ..rest]`",
        )?
        .replacing(s.at - 1..=s.at, ".."),
        Tok::Underscore if in_list && before(1) == Some(Tok::DotDot) && !s.expects_value() => said(
            "the rest of a list needs no `_` where it is not wanted",
            "write `..` alone: `[first, ..]`",
        )?
        .replacing(s.at..=s.at, ""),
        Tok::RBracket if in_list && before(1) == Some(Tok::DotDot) => said(
            "the end of a part is written",
            "write `xs[1..xs.length()]`, or `xs.drop(1)`",
        ),
        // `xs[1:3]`
        Tok::Colon if in_list && s.expects("]") && !s.expects(",") => said(
            "a part of a list is written with two dots",
            "write `xs[1..3]`: the end is not part of it",
        )?
        .replacing(s.at..=s.at, ".."),
        // `{1, 2}`
        Tok::LBrace
            if s.expects_value()
                && matches!(s.next(), Some(Tok::Int | Tok::Str | Tok::Decimal))
                && matches!(s.kind(s.at + 2), Some(Tok::Comma | Tok::RBrace)) =>
        {
            said(
                "a set is written as a list",
                "write `[1, 2]` where a `Set` is wanted, or `[1, 2].to_set()`",
            )
        }
        _ => None,
    }
}

/// Operators and statements as in other languages.
pub fn operators(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    let name = s.source(s.at.saturating_sub(1));
    let here = s.source(s.at);
    let number = |kind| matches!(kind, Some(Tok::Int | Tok::Decimal));
    match s.found()? {
        // `count(*)`
        Tok::Star
            if before(1) == Some(Tok::LParen)
                && s.next() == Some(Tok::RParen)
                && s.at >= 2
                && s.source(s.at - 2).eq_ignore_ascii_case("count") =>
        {
            said("`count` takes nothing", "write `count()`")?.replacing(s.at..=s.at, "")
        }
        // `19.99 USD`
        Tok::UpperName
            if number(before(1))
                && here.len() == 3
                && here.chars().all(|c| c.is_ascii_uppercase()) =>
        {
            said(
                "an amount and its currency are written together",
                format!("write `{name}{here}`"),
            )?
            .replacing(s.at - 1..=s.at, format!("{name}{here}"))
        }
        Tok::Eq if before(1) == Some(Tok::Slash) => {
            said("there is no `/=` in Weir", "write `n = n / 2`")
        }
        Tok::Eq if before(1) == Some(Tok::Percent) => {
            said("there is no `%=` in Weir", "write `n = n % 2`")
        }
        Tok::Lt if before(1) == Some(Tok::Lt) => {
            said("there is no `<<` in Weir", "write `n.shift_left(2)`")
        }
        Tok::Gt if before(1) == Some(Tok::Gt) && s.expects_value() => {
            said("there is no `>>` in Weir", "write `n.shift_right(2)`")
        }
        // `let { x, y } = p`
        Tok::LBrace if matches!(before(1), Some(Tok::Let | Tok::Var)) => said(
            "a record is taken apart by its name",
            "write `let Point(x, y) = p`; a field alone is `p.x`",
        ),
        // `xs.map(fn(x) { .. })`
        Tok::LParen
            if before(1) == Some(Tok::Fn)
                && s.unit_start + 1 == s.at
                && s.bracket == Some(Tok::LParen) =>
        {
            said(
                "a lambda has no `fn`",
                "write `x => value`, or `(a, b) => value`",
            )?
            .pointing_at(s.at - 1)
        }
        // `a if cond else b`
        Tok::If if s.expects("and") && s.tokens[s.at].indent.is_none() => said(
            "the condition comes first",
            "write `if condition { a } else { b }`: it has a value",
        ),
        Tok::As if s.expects("and") => said(
            "a value is not of another type by `as`",
            "convert it: `n.to_decimal()`, `n.to_float()`, `x.to_int()`",
        ),
        Tok::Name if here == "instanceof" => said(
            "there is no `instanceof` in Weir",
            "write `value is Name(_)`, or `match` it",
        ),
        found if found.is_name() && name == "typeof" && before(1) == Some(Tok::Name) => said(
            "there is no `typeof` in Weir",
            "types are known where the program is written; `match` a value of an `enum`",
        )?
        .pointing_at(s.at - 1),
        // `delete m["a"]`
        found
            if found.is_name()
                && matches!(name, "delete" | "del")
                && s.at == s.unit_start + 1
                && s.tokens[s.at].indent.is_none() =>
        {
            said(
                format!("there is no `{name}` in Weir"),
                format!("write `{here}.remove(key)`"),
            )?
            .pointing_at(s.at - 1)
        }
        // `1,5`
        Tok::Comma
            if number(before(1))
                && number(s.next())
                && s.bracket.is_none_or(|bracket| bracket == Tok::LBrace)
                && s.tokens[s.at + 1].start == s.tokens[s.at].end =>
        {
            let next = s.source(s.at + 1);
            said(
                "a fraction stands behind a point",
                format!("write `{name}.{next}`"),
            )?
            .replacing(s.at - 1..=s.at + 1, format!("{name}.{next}"))
        }
        // `"""` is an empty text and the start of another.
        Tok::Str | Tok::StrHead if before(1) == Some(Tok::Str) && name == "\"\"" => said(
            "a text has one `\"` at each end",
            "write `\"text\"`: it may span lines",
        ),
        _ => None,
    }
}
