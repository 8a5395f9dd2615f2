//! The table of situations, from the most to the least particular.

use weir_diagnostics::codes;

use super::{Said, Situation, said};
use crate::token::Tok;

type Rule = fn(&Situation) -> Option<Said>;

pub const RULES: &[Rule] = &[
    words_of_other_languages,
    shapes_of_other_languages,
    keyword_as_name,
    literal_in_pattern,
    misplaced,
    missing_value,
    missing_head_part,
    wrong_sign,
    wrong_case,
    missing_separator,
    missing_after_operator,
];

/// Keywords of other languages, at the start of an item, member or statement.
fn words_of_other_languages(s: &Situation) -> Option<Said> {
    let word_at = match s.found() {
        Some(Tok::Name) if s.at == s.unit_start => s.at,
        // `function f()` stops at `f` where a statement may start.
        Some(_) if s.at == s.unit_start + 1 && s.first() == Some(Tok::Name) => s.unit_start,
        // On the line of the `}` before it.
        Some(Tok::Name) if s.previous() == Some(Tok::RBrace) && is_else_if(s.source(s.at)) => s.at,
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
        "use" | "include" | "using" | "require" | "package" | "module" | "namespace" => {
            "write `import name` or `import name.{a, B}`; a file is a module"
        }
        "switch" | "case" | "when" => "write `match value { pattern => result }`",
        "elif" | "elseif" | "elsif" => "write `else if`",
        "throw" | "raise" => "write `fail Error(...)`",
        "try" | "catch" | "finally" => {
            "a call that may fail is passed on by `?`, given a default by `??` or taken apart by `match`"
        }
        "assert" => "write `expect condition` in a test, `invariant condition` in an entity",
        "async" | "await" => "leave it away: a call waits by itself",
        "loop" | "until" | "do" | "repeat" => {
            "write `while condition { ... }` or `for x in xs { ... }`"
        }
        "table" | "actor" | "service" => "write `entity Name(key: Type) { ... }`",
        _ => return None,
    };
    let found = said(format!("there is no `{word}` in Weir"), instead)?.pointing_at(word_at)?;
    match same_word(s, word_at) {
        Some(same) => found.replacing(word_at..=word_at, same),
        None => Some(found),
    }
}

fn is_else_if(word: &str) -> bool {
    matches!(word, "elif" | "elseif" | "elsif")
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
        word if is_else_if(word) => Some("else if"),
        "throw" | "raise" if next == Some(Tok::UpperName) => Some("fail"),
        _ => None,
    }
}

/// What is written with other signs elsewhere.
fn shapes_of_other_languages(s: &Situation) -> Option<Said> {
    let before = |n: usize| s.at.checked_sub(n).and_then(|at| s.kind(at));
    match s.found()? {
        // `for (x in xs) { .. }`: the parenthesis was taken for a tuple.
        Tok::In if before(2) == Some(Tok::LParen) && before(3) == Some(Tok::For) => {
            said("a `for` has no parentheses", "write `for x in xs { ... }`")?.pointing_at(s.at - 2)
        }
        Tok::Eq if before(1) == Some(Tok::DotDot) => said(
            "there is no `..=`",
            "a range leaves its end out: to have 3 in it write `0..4`",
        ),
        Tok::LBrace
            if s.expects_value()
                && matches!(s.next(), Some(Tok::Str | Tok::Name | Tok::Int))
                && s.kind(s.at + 2) == Some(Tok::Colon) =>
        {
            said(
                "a map is written in brackets",
                "write `[key: value]`, and `[:]` for an empty one",
            )
        }
        Tok::Duration | Tok::Int if before(1) == Some(Tok::Wait) => said(
            "`wait` waits for events",
            "write `sleep(5s)` to let time pass, or `wait { event() => ...  after 5s => ... }`",
        ),
        _ => None,
    }
}

fn keyword_as_name(s: &Situation) -> Option<Said> {
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
fn literal_in_pattern(s: &Situation) -> Option<Said> {
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
fn misplaced(s: &Situation) -> Option<Said> {
    let found = s.found()?;
    let starts = s.at == s.unit_start;
    let in_block = s.bracket == Some(Tok::LBrace) && s.expects("require");
    let in_entity = s.bracket == Some(Tok::LBrace) && s.expects("invariant");
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
        _ if in_entity && starts => said(
            format!("{} cannot stand in an entity", s.shown(s.at)),
            "an entity has `state`, `merge`, `event`, `invariant`, `allow` and `fn`",
        ),
        Tok::Var if at_top => said(
            "a `var` cannot stand outside a function",
            "write `let name = value` for a constant, or keep state in an `entity`",
        ),
        _ if at_top && starts => said(
            format!("{} cannot start an item", s.shown(s.at)),
            "statements stand in functions; at the top of a file stand `fn`, `entity`, `record`, `enum`, `error`, `type`, `let`, `test`, ...",
        ),
        Tok::Where | Tok::SortBy | Tok::GroupBy | Tok::Join if s.unit_has(Tok::Select) => said(
            format!("`{}` comes too late", s.source(s.at)),
            "the clauses of a `for` stand before its `select`",
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

/// Statements and members that stop before what they cannot do without.
fn missing_value(s: &Situation) -> Option<Said> {
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
fn missing_head_part(s: &Situation) -> Option<Said> {
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

/// Signs that mean something else, or nothing, in Weir.
fn wrong_sign(s: &Situation) -> Option<Said> {
    match (s.previous(), s.found()?) {
        (_, Tok::Eq) if condition(s) => {
            said("`=` assigns and does not compare", "write `==` to compare")?
                .replacing(s.at..=s.at, "==")
        }
        (Some(Tok::Eq), Tok::EqEq | Tok::Eq) => {
            said("there is no `===` in Weir", "write `==` to compare")
        }
        (Some(Tok::Plus), Tok::Plus) => said("there is no `++` in Weir", "write `x += 1`"),
        (Some(Tok::Plus), _) if s.at >= 2 && s.kind(s.at - 2) == Some(Tok::Plus) => {
            said("there is no `++` in Weir", "write `x += 1`")
        }
        (Some(Tok::Star), Tok::Star) => said(
            "there is no `**` in Weir",
            "multiply, or use `pow` of the `math` module",
        ),
        (_, Tok::Bar) => {
            let found = said("`|` only joins patterns", "write `or` between conditions")?;
            match s.next() {
                Some(Tok::Bar) => found.replacing(s.at..=s.at + 1, "or"),
                _ => Some(found),
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

fn wrong_case(s: &Situation) -> Option<Said> {
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

/// Two things side by side.
fn missing_separator(s: &Situation) -> Option<Said> {
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

fn missing_after_operator(s: &Situation) -> Option<Said> {
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
