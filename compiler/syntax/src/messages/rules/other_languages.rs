//! What is written otherwise in other languages.

use super::{Said, Situation, said};
use crate::ATTRIBUTES;
use crate::familiar;
use crate::token::Tok;

/// Keywords of other languages, at the start of an item, member or statement, or behind `pub` or `}`.
pub fn words(s: &Situation) -> Option<Said> {
    let word_at = match s.found()? {
        Tok::Name if s.at == s.unit_start => s.at,
        Tok::Name if s.previous() == Some(Tok::Pub) => s.at,
        Tok::Name if s.previous() == Some(Tok::RBrace) && s.tokens[s.at].indent.is_none() => s.at,
        // `function f()` stops at `f` where a statement may start, `switch (n) {` at the brace.
        _ if s.at == s.unit_start + 1 && s.first() == Some(Tok::Name) => s.unit_start,
        Tok::LBrace
            if s.first() == Some(Tok::Name)
                && s.previous() == Some(Tok::RParen)
                && s.kind(s.unit_start + 1) == Some(Tok::LParen) =>
        {
            s.unit_start
        }
        _ => return None,
    };
    let word = s.source(word_at);
    let instead = match word {
        "class" | "struct" | "object" | "data" => {
            "write `record Name(field: Type)` for data, `entity Name(key: Type) { ... }` for state that lasts"
        }
        "interface" | "trait" | "impl" | "protocol" => {
            "there are no interfaces: every type can be compared, stored and shown as it is"
        }
        "function" | "func" | "fun" | "def" | "proc" | "sub" => "write `fn name(...) { ... }`",
        "const" | "static" | "val" | "final" => "write `let name = value`",
        "mut" => "write `var name = value` for a variable that changes",
        "export" | "public" => "write `pub` for what may be called from outside",
        "private" | "protected" => "leave it away: only what is `pub` can be called from outside",
        "mod" | "use" | "include" | "using" | "require" | "package" | "module" | "namespace" => {
            "write `import name` or `import name.{a, B}`; a file is a module"
        }
        "switch" | "case" | "when" => "write `match value { pattern => result }`",
        "elif" | "elseif" | "elsif" => "write `else if`",
        "throw" | "raise" => "write `fail Error(...)`",
        "try" | "catch" | "finally" | "rescue" => {
            "a call that may fail is passed on by `?`, given a default by `??` or taken apart by `match`"
        }
        "assert" => "write `expect condition` in a test, `invariant condition` in an entity",
        "async" | "await" => "leave it away: a call waits by itself",
        "loop" | "until" | "do" | "repeat" => {
            "write `while condition { ... }` or `for x in xs { ... }`"
        }
        "transaction" | "synchronized" | "lock" => "write `atomic { ... }`",
        "spawn" | "go" => "write `send` in front of the call: nobody waits for it then",
        "table" | "actor" | "service" => "write `entity Name(key: Type) { ... }`",
        _ if ATTRIBUTES.contains(&word) && s.at == word_at => {
            return said(
                format!("`{word}` is an attribute"),
                format!("write `@{word}`"),
            );
        }
        _ => return None,
    };
    let found = said(format!("there is no `{word}` in Weir"), instead)?.pointing_at(word_at)?;
    match same_word(s, word_at) {
        Some(same) => found.replacing(word_at..=word_at, same),
        None => Some(found),
    }
}

/// The word that says the same in Weir, where what follows fits it; nothing for one that is left away.
fn same_word(s: &Situation, at: usize) -> Option<&'static str> {
    let (next, then) = (s.kind(at + 1), s.kind(at + 2));
    let names_one = matches!(next, Some(Tok::Name));
    let item = matches!(next, Some(Tok::Fn | Tok::State | Tok::Event));
    match s.source(at) {
        "function" | "func" | "fun" | "def" if names_one && then == Some(Tok::LParen) => Some("fn"),
        "const" | "val" | "final" if names_one => Some("let"),
        "export" | "public" if item => Some("pub"),
        "private" | "protected" | "async" if item => Some(""),
        "await" if names_one => Some(""),
        "elif" | "elseif" | "elsif" => Some("else if"),
        "throw" | "raise" if next == Some(Tok::UpperName) => Some("fail"),
        _ => None,
    }
}

/// Words in front of a value or a name: the grammar stops at what follows them.
pub fn words_before(s: &Situation) -> Option<Said> {
    let (word_at, found) = (s.at.checked_sub(1)?, s.found()?);
    if !s.previous()?.is_name() || s.tokens[s.at].indent.is_some() {
        return None;
    }
    let word = s.source(word_at);
    let shown = s.source(s.at);
    let no_word = format!("there is no `{word}` in Weir");
    let found = match (word, found) {
        ("await" | "yield", _) => said(no_word, "leave it away: a call waits by itself"),
        ("spawn" | "go", _) => said(
            no_word,
            "write `send` in front of the call: nobody waits for it then",
        ),
        ("new", Tok::UpperName) => said(
            no_word,
            format!("write `{shown}(..)`: what is made is called by its name"),
        ),
        ("mut", found) if found.is_name() => said(
            no_word,
            format!("write `var {shown} = ..` for a variable that changes"),
        ),
        ("lambda", _) => said(no_word, "a lambda is written `x => value`"),
        ("f" | "r" | "b" | "s", Tok::Str | Tok::StrHead) => said(
            format!("a text has no `{word}` in front of it"),
            "every text may hold values in braces: `\"{name}\"`",
        ),
        _ => None,
    };
    let found = found?.pointing_at(word_at)?;
    match word {
        "await" | "new" => found.replacing(word_at..=word_at, ""),
        _ => Some(found),
    }
}

/// What is written with other signs elsewhere.
pub fn shapes(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    match s.found()? {
        // `for (x in xs) { .. }`: the parenthesis was taken for a tuple.
        Tok::In if before(2) == Some(Tok::LParen) && before(3) == Some(Tok::For) => {
            said("a `for` has no parentheses", "write `for x in xs { ... }`")?.pointing_at(s.at - 2)
        }
        Tok::Var | Tok::Let | Tok::Name
            if before(1) == Some(Tok::LParen) && before(2) == Some(Tok::For) =>
        {
            said(
                "a `for` walks over values, it does not count by itself",
                "write `for i in 0..10 { ... }` or `for x in xs { ... }`",
            )
        }
        Tok::Var | Tok::Let if before(1) == Some(Tok::For) => said(
            format!("a `for` needs no `{}`", s.source(s.at)),
            "write `for x in xs { ... }`",
        ),
        Tok::Let if matches!(before(1), Some(Tok::If | Tok::While)) => said(
            "there is no `if let` in Weir",
            "write `if value is Some(x) { ... }`: what the pattern names is there in the block",
        ),
        Tok::For if s.bracket == Some(Tok::LBracket) => said(
            "a list made from another has no brackets",
            "write `for x in xs where condition select value`",
        ),
        Tok::Eq if before(1) == Some(Tok::DotDot) => said(
            "there is no `..=`",
            "a range leaves its end out: to have 3 in it write `0..4`",
        ),
        Tok::Dot if before(1) == Some(Tok::DotDot) => said(
            "a range has two dots",
            "write `0..10`; its end is not part of it",
        ),
        Tok::Colon if s.next() == Some(Tok::Colon) => said(
            "there is no `::` in Weir",
            "write a dot, as in `Status.Open`",
        ),
        Tok::Gt if before(1) == Some(Tok::Lt) => said("there is no `<>` in Weir", "write `!=`"),
        Tok::LBrace if s.next() == Some(Tok::RBrace) && before(1) == Some(Tok::Eq) => said(
            "an empty map is written in brackets",
            "write `[:]`; a record is made by its name, `Name(..)`",
        ),
        Tok::LBrace
            if (s.expects_value() || before(1) == Some(Tok::Return))
                && s.kind(s.at + 2) == Some(Tok::Colon) =>
        {
            match s.next()? {
                Tok::Str | Tok::Int => said(
                    "a map is written in brackets",
                    "write `[key: value]`, and `[:]` for an empty one",
                ),
                Tok::Name => said(
                    "a record is made by its name",
                    "write `Name(field: value)`; a map is written `[key: value]`",
                ),
                _ => None,
            }
        }
        Tok::Duration | Tok::Int | Tok::LParen if before(1) == Some(Tok::Wait) => said(
            "`wait` waits for events",
            "write `sleep(5s)` to let time pass, or `wait { event() => ...  after 5s => ... }`",
        ),
        Tok::LBrace if before(1) == Some(Tok::Import) => said(
            "the module comes first",
            "write `import orders.{Order, total}`",
        ),
        Tok::From if s.at == s.unit_start && s.bracket.is_none() => said(
            "an import starts with `import`",
            "write `import orders.{Order, total}`",
        ),
        Tok::Select if s.expects_value() => said(
            "a query starts with `for`",
            "write `for x in xs where condition select value`",
        ),
        Tok::Dot if before(2) == Some(Tok::At) || before(1) == Some(Tok::At) => said(
            "an attribute is one word",
            "write for example `@get(\"/path\")`, without a dot",
        ),
        Tok::At if before(1) == Some(Tok::Pub) => said(
            "attributes stand in front of `pub`",
            format!("write `{} pub fn ..`", s.source(s.at)),
        ),
        Tok::LBrace if extern_body(s) => said(
            "a function of an `extern` has no body",
            "take the body away: what it does is outside; a function of your own stands outside of the block",
        ),
        Tok::Colon if before(1) == Some(Tok::StrHead) => said(
            "a hole in a text holds a value",
            "write the value in it, such as `{n}`; for a brace of the text itself write `\\{`",
        ),
        Tok::Colon if s.expects("{") && s.expects("fails") && line_ends(s) => said(
            "a body stands in braces",
            "write `{ ... }`, or `= value` for a single value",
        ),
        Tok::Name if s.expects("fails") && matches!(s.source(s.at), "throws" | "raises") => said(
            format!("there is no `{}` in Weir", s.source(s.at)),
            format!("write `fails {}`", s.source(s.at + 1)),
        ),
        _ => None,
    }
}

/// The token is the last of its line.
fn line_ends(s: &Situation) -> bool {
    s.tokens
        .get(s.at + 1)
        .is_none_or(|next| next.indent.is_some() || next.kind == Tok::Semi)
}

/// `extern .. { fn f() -> T {`
fn extern_body(s: &Situation) -> bool {
    let in_extern = s.tokens[..s.unit_start]
        .iter()
        .any(|token| token.kind == Tok::Extern);
    in_extern && s.unit_has(Tok::Fn)
}

/// Types as other languages write them.
pub fn types(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    let type_wanted = s.expects("Name") && s.expects("fn") && s.expects("(");
    let after_type = matches!(before(1), Some(Tok::UpperName | Tok::Gt | Tok::Question));
    match s.found()? {
        Tok::LBracket if type_wanted && s.kind(s.at + 2) == Some(Tok::RBracket) => said(
            "the type of a list is written with its name",
            format!("write `List<{}>`", s.source(s.at + 1)),
        ),
        Tok::LBracket | Tok::LBrace if type_wanted && !s.expects_value() => said(
            "types are written with their names",
            "write `List<Item>`, `Map<Key, Value>`, `Set<Item>`, or the name of a record",
        ),
        Tok::LBracket if after_type && s.next() == Some(Tok::RBracket) && !s.expects_value() => {
            said(
                "the type of a list is written with its name",
                format!("write `List<{}>`", s.source(s.at - 1)),
            )
        }
        Tok::LBracket if before(2) == Some(Tok::Fn) => said(
            "type parameters stand between `<` and `>`",
            format!("write `fn {}<T>(..)`", s.source(s.at - 1)),
        ),
        Tok::Bar if after_type && !s.expects_value() && !s.expects("and") => {
            let missing = matches!(s.source(s.at + 1), "null" | "undefined" | "None" | "nil");
            match missing {
                true => said(
                    "a value that may be missing has a `?` after its type",
                    format!("write `{}?`", s.source(s.at - 1)),
                ),
                false => said(
                    "a type cannot be one of several",
                    "declare an `enum` with a variant for each",
                ),
            }
        }
        Tok::Colon
            if before(1) == Some(Tok::UpperName)
                && matches!(before(2), Some(Tok::Lt | Tok::Comma))
                && !s.expects_value()
                && !s.expects("=>") =>
        {
            said(
                "type parameters have no conditions",
                "take it away: every type can be compared, ordered, stored and shown",
            )
        }
        // `Int x = 5` and `fn f(Int x)`
        found
            if found.is_name() && before(1) == Some(Tok::UpperName) && s.at == s.unit_start + 1 =>
        {
            said(
                "a variable starts with `let` or `var`",
                format!(
                    "write `let {}: {} = ..`",
                    s.source(s.at),
                    s.source(s.at - 1)
                ),
            )?
            .pointing_at(s.at - 1)
        }
        Tok::UpperName
            if s.expects("name")
                && !s.expects("Name")
                && s.bracket == Some(Tok::LParen)
                && s.next().is_some_and(Tok::is_name) =>
        {
            said(
                "the name comes in front of the type",
                format!("write `{}: {}`", s.source(s.at + 1), s.source(s.at)),
            )
        }
        Tok::Arrow if s.unit_has(Tok::Fails) => said(
            "the type of the result comes in front of `fails`",
            "write `-> Type fails Error`",
        ),
        // `name: string`: the grammar takes it for a module and wants its dot, or stops at the word.
        found => {
            let lower_type = before(1).is_some_and(Tok::is_name)
                && s.expected.len() == 1
                && s.expects(".")
                && found != Tok::Dot;
            let at = if lower_type {
                s.at - 1
            } else if found.is_name() && type_wanted {
                s.at
            } else {
                return None;
            };
            let word = s.source(at);
            let message = format!("there is no type `{word}`");
            let found = match word {
                "void" | "unit" | "nothing" => said(
                    message,
                    "take `->` and the type away: a function without them gives nothing",
                ),
                "any" | "object" | "unknown" | "auto" | "var" => {
                    said(message, "every value has a type of its own: name it")
                }
                "number" => said(message, "write `Int`, or `Decimal` for fractions"),
                _ => {
                    let usual = familiar::type_name(word)?;
                    said(message, format!("write `{usual}`"))?.replacing(at..=at, usual)
                }
            };
            found?.pointing_at(at)
        }
    }
}

/// Patterns and arms as other languages write them.
pub fn patterns(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    let in_arms = s.bracket == Some(Tok::LBrace) && s.unit_start > 0;
    match s.found()? {
        Tok::DotDot if s.expects("|") => range_as_pattern(s),
        Tok::DotDot if s.expects("_") && !s.expects("dec") => {
            let end = match s.next() {
                Some(Tok::Int) => s.source(s.at + 1),
                _ => "9",
            };
            said(
                "a pattern has no ranges",
                format!("name the number and ask behind `if`: `n if n < {end} => ...`"),
            )
        }
        Tok::FatArrow
            if before(2) == Some(Tok::FatArrow) && s.tokens[s.at - 1].indent.is_some() =>
        {
            said(
                "a body is missing after `=>`",
                "write a value, a statement or a block `{ ... }`",
            )?
            .pointing_at(s.at - 2)
        }
        Tok::FatArrow
            if matches!(before(2), Some(Tok::Lt | Tok::Gt | Tok::Le | Tok::Ge))
                && s.tokens[s.at - 2].indent.is_some() =>
        {
            said(
                "a pattern does not compare",
                format!(
                    "name the value: `n if n {} {} => ...`",
                    s.source(s.at - 2),
                    s.source(s.at - 1)
                ),
            )?
            .pointing_at(s.at - 2)
        }
        Tok::Name if s.expects("=>") && s.source(s.at) == "when" => said(
            "there is no `when` in Weir",
            "write `pattern if condition => result`",
        ),
        Tok::Comma if s.expects("{") && s.unit_has(Tok::Match) => said(
            "a `match` looks at one value",
            "put several into one: `match (a, b) { (true, _) => ... }`",
        ),
        Tok::Dot if in_arms && s.at == s.unit_start && s.next() == Some(Tok::UpperName) => said(
            "a variant has no dot in front of it",
            format!("write `{} => ...`", s.source(s.at + 1)),
        ),
        Tok::Else | Tok::ElseThen if in_arms && s.next() == Some(Tok::FatArrow) => {
            said("the arm for all the rest is `_`", "write `_ => ...`")
        }
        Tok::Not if before(1) == Some(Tok::Is) => said(
            "`is not` is no operator",
            "write `not (value is pattern)`, or `!=` for a plain value",
        ),
        Tok::Not if s.next() == Some(Tok::In) => {
            said("`not in` is no operator", "write `not (x in xs)`")
        }
        Tok::Eq if s.tokens.iter().any(|token| token.kind == Tok::Enum) && !s.expects_value() => {
            said(
                "a variant has no number",
                "take it away; give it a field, `Red(code: Int)`, or a function that maps it to a number",
            )
        }
        _ => None,
    }
}

/// `is 1..9`, `1..9 => ..`: the pattern in front of the dots is a number, or what else may be meant as one.
fn range_as_pattern(s: &Situation) -> Option<Said> {
    let has_sign = s.at >= 2 && s.kind(s.at - 2) == Some(Tok::Minus);
    let start = s.at - 1 - usize::from(has_sign);
    let end_has_sign = s.next() == Some(Tok::Minus);
    let end = s.at + 1 + usize::from(end_has_sign);
    let number = |has_sign: bool, at: usize| match has_sign {
        true => format!("-{}", s.source(at)),
        false => s.source(at).to_owned(),
    };
    let from = number(has_sign, s.at - 1);
    let asked = match s.kind(end) {
        Some(Tok::Int) => format!("n in {from}..{}", number(end_has_sign, end)),
        _ => format!("n >= {from}"),
    };
    let message = "a pattern has no ranges";
    if start >= 1 && s.kind(start - 1) == Some(Tok::Is) {
        let found = said(message, format!("ask without a pattern: `{asked}`"))?;
        return match s.kind(end) {
            Some(Tok::Int) => found.replacing(start - 1..=start - 1, "in"),
            _ => Some(found),
        };
    }
    said(
        message,
        format!("name the number and ask behind `if`: `n if {asked} => ...`"),
    )
}
