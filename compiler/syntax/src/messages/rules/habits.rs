//! Forms that people write out of habit, which differ from Weir's by a sign or by their order.

use super::{Said, Situation, said};
use crate::token::Tok;

/// Variables, parameters and calls.
pub fn forms(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    match s.found()? {
        // `var (a, b) = ..`
        Tok::LParen | Tok::LBracket | Tok::LBrace if before(1) == Some(Tok::Var) => said(
            "`var` names one value",
            "take it apart with `let (a, b) = ..`, and write `var a = a` for what changes",
        ),
        // `x := 1`
        Tok::Colon
            if s.next() == Some(Tok::Eq)
                && s.at == s.unit_start + 1
                && touches(s, s.at)
                && s.bracket == Some(Tok::LBrace) =>
        {
            let name = s.source(s.at - 1);
            said(
                "there is no `:=` in Weir",
                format!(
                    "write `let {name} = ..`, or `var {name} = ..` for a variable that changes"
                ),
            )
        }
        // `x ?: other`
        Tok::Colon if before(1) == Some(Tok::Question) && touches(s, s.at - 1) => {
            said("there is no `?:` in Weir", "write `value ?? other`")?
                .replacing(s.at - 1..=s.at, "??")
        }
        // `fn f(x?: Int)`
        Tok::Question if s.next() == Some(Tok::Colon) && s.expects(":") && !s.expects_value() => {
            let name = s.source(s.at - 1);
            said(
                "the `?` stands behind the type",
                format!("write `{name}: Type?`; with `= None` behind it, it may be left out"),
            )
        }
        // `let Some(n) = x else { .. }`
        Tok::Else | Tok::ElseThen if s.first() == Some(Tok::Let) && !s.unit_has(Tok::If) => said(
            "a `let` has no `else`",
            "write `let n = value ?? return ..` for what may be missing, or take it apart with `match`",
        ),
        // `for (const x of xs)` stops at the name, `for (let x of xs)` at the `let`.
        found
            if before(2) == Some(Tok::LParen)
                && before(3) == Some(Tok::For)
                && found.is_name()
                && s.source(s.at + 1) == "of" =>
        {
            of(s, s.at)
        }
        Tok::Let | Tok::Var
            if before(1) == Some(Tok::LParen)
                && before(2) == Some(Tok::For)
                && s.source(s.at + 2) == "of" =>
        {
            of(s, s.at + 1)
        }
        // `.. = when (x) { .. }`
        Tok::LBrace if before(1) == Some(Tok::RParen) => {
            let open = opening(s, s.at - 1)?;
            let word = open.checked_sub(1)?;
            match s.source(word) {
                "when" | "switch" => said(
                    format!("there is no `{}` in Weir", s.source(word)),
                    "write `match value { pattern => result }`",
                )?
                .pointing_at(word),
                _ => None,
            }
        }
        // `xs.filter { it > 1 }`
        Tok::LBrace
            if before(2) == Some(Tok::Dot)
                && before(1).is_some_and(Tok::is_name)
                && !s.expects("{") =>
        {
            said(
                "a lambda stands in parentheses",
                format!("write `.{}(x => value)`", s.source(s.at - 1)),
            )
        }
        // `5 seconds`
        found
            if found.is_name()
                && before(1) == Some(Tok::Int)
                && s.tokens[s.at].indent.is_none() =>
        {
            let count = s.source(s.at - 1);
            let unit = match s.source(s.at) {
                "ms" | "milliseconds" | "millis" => "ms",
                "s" | "second" | "seconds" | "sec" | "secs" => "s",
                "m" | "minute" | "minutes" | "min" | "mins" => "m",
                "h" | "hour" | "hours" => "h",
                "d" | "day" | "days" => "d",
                "w" | "week" | "weeks" => "w",
                _ => return None,
            };
            said(
                "a duration is written in one",
                format!("write `{count}{unit}`; `1h30m` has two units"),
            )?
            .replacing(s.at - 1..=s.at, format!("{count}{unit}"))
        }
        _ => None,
    }
}

/// A loop over values as JavaScript has it; `name` is the token of the variable.
fn of(s: &Situation, name: usize) -> Option<Said> {
    said(
        "a `for` has neither parentheses nor `of`",
        format!("write `for {} in xs {{ ... }}`", s.source(name)),
    )
}

/// Imports, attributes and clauses that stand elsewhere.
pub fn places(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    match s.found()? {
        // `import "shop/prices"`, `import ./prices`
        Tok::Str if before(1) == Some(Tok::Import) => {
            let path = s.source(s.at).trim_matches('"').trim_start_matches("./");
            let path = path.trim_end_matches(".weir").replace('/', ".");
            said(
                "a module is named without quotes",
                format!(
                    "write `import {path}`: dots stand for folders, seen from the program's first file"
                ),
            )
        }
        Tok::Dot | Tok::Slash if s.unit_has(Tok::Import) && !touched_by_name(s) => said(
            "a module is named, not where it lies",
            "write `import shop.prices`: dots stand for folders, seen from the program's first file",
        ),
        // `import prices.*`
        Tok::Star if before(1) == Some(Tok::Dot) && s.unit_has(Tok::Import) => said(
            "what is imported is named",
            "write `import prices.{Offer, total}`, or `import prices` and `prices.total(..)`",
        ),
        // `wait go()`
        found if found.is_name() && before(1) == Some(Tok::Wait) && s.expects("{") => {
            let name = s.source(s.at);
            said(
                "`wait` has arms, one for each event",
                format!("write `wait {{ {name}(..) => ... }}`"),
            )
        }
        // `fn f() allow caller.id == owner { .. }`
        Tok::Allow if s.unit_has(Tok::Fn) => said(
            "`allow` is a line of its own in the entity",
            "write it above the functions it is for; one function alone takes `@role(\"name\")` or `@anyone`",
        ),
        // `error Gone(id: Text) @status(404)`
        Tok::At
            if s.at > s.unit_start
                && before(1) != Some(Tok::Pub)
                && s.tokens[s.at].indent.is_none()
                && !s.expects("@name") =>
        {
            said(
                "attributes stand in front of what they are about",
                format!("write `{}` above it, or in front of it", s.source(s.at)),
            )
        }
        _ => None,
    }
}

/// A name stands in front of the token: `shop` of `shop.prices`.
fn touched_by_name(s: &Situation) -> bool {
    s.previous().is_some_and(|kind| kind.is_name()) && s.previous() != Some(Tok::Import)
}

/// The parts of a `for`, in another order or with a part left out.
pub fn clauses(s: &Situation) -> Option<Said> {
    if !s.unit_has(Tok::For) {
        return None;
    }
    match s.found()? {
        Tok::Limit if s.expects("select") && !s.expects("limit") => said(
            "`limit` stands behind `select`",
            "write `select value limit 10`",
        ),
        Tok::Name | Tok::UpperName if s.unit_has(Tok::SortBy) && s.expects("select") => {
            match s.source(s.at).to_ascii_lowercase().as_str() {
                "asc" | "ascending" => said(
                    format!("there is no `{}` in Weir", s.source(s.at)),
                    "take it away: the least comes first, and `desc` turns that around",
                )?
                .replacing(s.at..=s.at, ""),
                "desc" | "descending" => said(
                    format!("there is no `{}` in Weir", s.source(s.at)),
                    "write `desc` behind the key",
                )?
                .replacing(s.at..=s.at, "desc"),
                _ => None,
            }
        }
        Tok::Select | Tok::Where | Tok::LBrace | Tok::GroupBy | Tok::SortBy
            if s.unit_has(Tok::Join) && s.expects("on") =>
        {
            said(
                "a `join` says which pairs belong together",
                "write `join y in ys on y.id == x.id`; for all pairs, `for x in xs, y in ys`",
            )
        }
        _ => None,
    }
}

/// The token follows the one before it without a space.
fn touches(s: &Situation, at: usize) -> bool {
    match (s.tokens.get(at), s.tokens.get(at + 1)) {
        (Some(this), Some(next)) => this.end == next.start,
        _ => false,
    }
}

/// Index of the parenthesis that the one at `close` closes.
fn opening(s: &Situation, close: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for at in (0..=close).rev() {
        let kind = s.kind(at)?;
        if kind.is_close() {
            depth += 1;
        } else if kind.is_open() {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}
