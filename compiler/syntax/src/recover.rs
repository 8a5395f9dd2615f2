//! Items and what is left of them when they are broken.
//!
//! The tokens of a file are cut into items, and each goes through the grammar
//! alone. LALR(1) stops exactly at the first token that fits nothing. The
//! smallest unit around it (a value, argument, statement, arm, member, ...; units
//! are found by brackets and separators, not by the grammar) is replaced by a
//! `hole` token and the item is parsed again. So a mistake costs its unit, never a
//! neighbour, and the next mistake is found as well:
//!
//! ```text
//! fn f() { let x = 1 +; g(x) }   stops at `;`
//! fn f() { let x = hole; g(x) }  is what the tree shows
//! ```
//!
//! LALRPOP's own `!` recovery was left aside because it drops tokens up to the next
//! one that fits, without regard to brackets: a mistake in the head of a `match`
//! would turn its arms into statements.

use std::collections::BTreeMap;

use lalrpop_util::ParseError;
use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::ast::{Doc, Item, ItemKind};
use crate::build::{Build, Findings};
use crate::grammar::ItemParser;
use crate::layout::starts_item;
use crate::messages::{self, Situation};
use crate::token::{Tok, Token};

/// So many mistakes of one item are shown; an item with more is a hole as a whole.
const MISTAKES_MAX: usize = 50;

/// How deep brackets and operators of one statement may nest. Stages after this
/// one walk the tree by recursion.
const DEPTH_MAX: usize = 256;

/// What a file's items are parsed from.
pub struct Input<'t> {
    pub file: FileId,
    pub text: &'t str,
    /// By the start of the token they stand above.
    pub docs: &'t BTreeMap<u32, Doc>,
}

/// Cuts the tokens of a file into items; the `;` between them belong to none.
pub fn split_items(tokens: &[Token]) -> Vec<&[Token]> {
    let mut items = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (n, token) in tokens.iter().enumerate() {
        let separates = depth == 0 && token.kind == Tok::Semi;
        let new_line = depth == 0 && token.indent == Some(0) && n > start;
        let begins = new_line && starts_item(token, tokens.get(n + 1));
        if (separates || begins) && !only_attributes(&tokens[start..n]) {
            items.push(&tokens[start..n]);
            start = n;
        }
        if separates && start == n {
            start = n + 1;
        }
        if token.kind.is_open() {
            depth += 1;
        } else if token.kind.is_close() {
            depth = depth.saturating_sub(1);
        }
    }
    items.push(&tokens[start.min(tokens.len())..]);
    items.retain(|item| !item.is_empty());
    items
}

/// `@a @b(c) ;`: what follows belongs to them. Also true of nothing at all.
fn only_attributes(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    let mut after_name = false;
    tokens.iter().all(|token| {
        let fits = match token.kind {
            Tok::LParen => depth > 0 || after_name,
            Tok::At | Tok::Semi => true,
            _ => depth > 0,
        };
        after_name = token.kind == Tok::At;
        if token.kind.is_open() {
            depth += 1;
        } else if token.kind.is_close() {
            depth = depth.saturating_sub(1);
        }
        fits
    })
}

/// Parses one item. Broken parts are holes, each with a diagnostic.
pub fn parse_item(input: &Input, tokens: &[Token]) -> (Item, Findings) {
    let mut tokens = tokens.to_vec();
    let mut mistakes = Vec::new();
    loop {
        let stopped = match run_grammar(input, &tokens) {
            Ok((item, mut findings)) => {
                findings.diagnostics.splice(0..0, mistakes);
                return (item, findings);
            }
            Err(stopped) => stopped,
        };
        mistakes.push(describe(input, &tokens, &stopped));
        match patch(input, &tokens, &stopped) {
            Some(patched) if mistakes.len() < MISTAKES_MAX => tokens = patched,
            _ => return (hole(input, &tokens), findings_of(input, &tokens, mistakes)),
        }
    }
}

fn hole(input: &Input, tokens: &[Token]) -> Item {
    let (start, end) = (tokens[0].start, tokens[tokens.len() - 1].end);
    Item {
        doc: input.docs.get(&start).cloned(),
        attrs: Vec::new(),
        kind: ItemKind::Hole,
        span: Span::new(input.file, start, end),
    }
}

/// The docs inside a broken item are not to be blamed as well.
fn findings_of(input: &Input, tokens: &[Token], diagnostics: Vec<Diagnostic>) -> Findings {
    let range = tokens[0].start..=tokens[tokens.len() - 1].end;
    Findings {
        diagnostics,
        used_docs: input.docs.range(range).map(|(at, _)| *at).collect(),
    }
}

/// Where the grammar stopped: at the token of this index (their number at the end),
/// and what it would have taken.
struct Stopped {
    at: usize,
    expected: Vec<String>,
    /// The nesting is too deep, the grammar has nothing against it.
    too_deep: bool,
}

fn run_grammar(input: &Input, tokens: &[Token]) -> Result<(Item, Findings), Stopped> {
    if let Some(at) = too_deep(tokens) {
        let expected = Vec::new();
        return Err(Stopped {
            at,
            expected,
            too_deep: true,
        });
    }
    let build = Build::new(input.file, input.text, input.docs);
    let mut fed = 0;
    let stream = tokens.iter().map(|token| {
        fed += 1;
        Ok::<_, ()>((token.start, token.kind, token.end))
    });
    let parsed = ItemParser::new().parse(&build, stream);
    match parsed {
        Ok(item) => Ok((item, build.finish())),
        Err(ParseError::UnrecognizedEof { expected, .. }) => Err(Stopped {
            at: tokens.len(),
            expected,
            too_deep: false,
        }),
        Err(ParseError::UnrecognizedToken { expected, .. }) => Err(Stopped {
            at: fed - 1,
            expected,
            too_deep: false,
        }),
        // An item that is complete before its tokens are used up.
        Err(_) => Err(Stopped {
            at: fed.saturating_sub(1),
            expected: Vec::new(),
            too_deep: false,
        }),
    }
}

/// The first token at which the tree could become too deep: an upper bound, by
/// counting brackets, operators and everything else that wraps an expression.
fn too_deep(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0;
    let mut outer = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        use Tok::*;
        match token.kind {
            LParen | LBracket | LBrace | StrHead => {
                depth += 1;
                outer.push(depth);
            }
            RParen | RBracket | RBrace | StrTail => depth = outer.pop().unwrap_or(depth),
            Semi | Comma | StrMid => depth = outer.last().copied().unwrap_or(0),
            Dot | Question | QuestionQuestion | Plus | Minus | Star | Slash | Percent | And
            | Or | Not | Peek | Send | Fail | Return | FatArrow | Arrow | Else | Undo | Bar
            | Lt | EqEq | Is | For | If | Match => depth += 1,
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Some(n);
        }
    }
    None
}

fn describe(input: &Input, tokens: &[Token], stopped: &Stopped) -> Diagnostic {
    let end = tokens.last().map_or(0, |last| last.end);
    let found = tokens.get(stopped.at);
    let place = found.map_or((end, end), |token| (token.start, token.end));
    let span = Span::new(input.file, place.0, place.1);
    if stopped.too_deep {
        return Diagnostic::new(codes::E0114, span, "this is nested too deeply")
            .label("more than 256 levels deep here")
            .help("give the inner parts names with `let`, or move them into functions");
    }
    let units = enclosing_units(tokens, stopped.at);
    let unit_start = units.first().map_or(0, |unit| unit.start);
    messages::unexpected(&Situation {
        text: input.text,
        tokens,
        at: stopped.at,
        unit_start,
        bracket: units
            .first()
            .and_then(|unit| Some(tokens[unit.bracket?].kind)),
        expected: &stopped.expected,
        span,
    })
}

/// The tokens with a hole in the place of the smallest broken part that the grammar
/// then gets past; `None` when there is no such part.
fn patch(input: &Input, tokens: &[Token], stopped: &Stopped) -> Option<Vec<Token>> {
    for unit in enclosing_units(tokens, stopped.at) {
        let value = value_start(tokens, &unit, stopped.at);
        let starts = value.into_iter().chain([unit.start]);
        for start in starts {
            let (patched, hole) = with_hole(tokens, start, unit.end);
            let gets_past = match run_grammar(input, &patched) {
                Ok(_) => true,
                // The token right after the hole is refused where the hole does not fit.
                Err(next) if next.too_deep => next.at > hole,
                Err(next) => next.at > hole + 1,
            };
            if gets_past {
                return Some(patched);
            }
        }
    }
    None
}

fn with_hole(tokens: &[Token], start: usize, end: usize) -> (Vec<Token>, usize) {
    let from = match tokens.get(start) {
        Some(token) if start < end => token.start,
        _ => tokens[..start].last().map_or(0, |token| token.end),
    };
    let to = match tokens[..end].last() {
        Some(token) if start < end => token.end,
        _ => from,
    };
    let mut patched = tokens[..start].to_vec();
    patched.push(Token {
        kind: Tok::Hole,
        start: from,
        end: to,
        indent: tokens.get(start).and_then(|token| token.indent),
    });
    // A statement that was cut off by the start of the next.
    let separated = tokens.get(end).is_none_or(|next| {
        next.kind.is_close() || matches!(next.kind, Tok::Semi | Tok::Comma | Tok::StrMid)
    });
    if !separated {
        patched.push(Token::made(Tok::Semi, to));
    }
    patched.extend_from_slice(&tokens[end..]);
    (patched, start)
}

/// Where the value of a unit starts: after the last `=`, `=>` or `else` of it
/// before the mistake.
fn value_start(tokens: &[Token], unit: &Unit, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    for (n, token) in tokens
        .iter()
        .enumerate()
        .take(unit.end.min(at))
        .skip(unit.start)
    {
        match token.kind {
            kind if kind.is_open() => depth += 1,
            kind if kind.is_close() => depth = depth.saturating_sub(1),
            Tok::Eq | Tok::PlusEq | Tok::MinusEq | Tok::StarEq | Tok::FatArrow | Tok::ElseThen
                if depth == 0 =>
            {
                found = Some(n + 1);
            }
            _ => {}
        }
    }
    found
}

/// A part of an item between two separators: tokens `start..end`.
struct Unit {
    /// The bracket it is in; `None` for the item itself.
    bracket: Option<usize>,
    start: usize,
    end: usize,
}

/// The units around a token, innermost first; the last is the item itself.
fn enclosing_units(tokens: &[Token], at: usize) -> Vec<Unit> {
    let mut open: Vec<usize> = Vec::new();
    for (n, token) in tokens.iter().enumerate().take(at) {
        if token.kind.is_open() {
            open.push(n);
        } else if token.kind.is_close() {
            open.pop();
        }
    }
    let mut units: Vec<Unit> = Vec::new();
    for &bracket in open.iter().rev() {
        // A text and its holes are one unit with what is around them.
        if tokens[bracket].kind != Tok::StrHead {
            units.push(unit_around(tokens, bracket, at));
        }
    }
    units.push(Unit {
        bracket: None,
        start: 0,
        end: tokens.len(),
    });
    units
}

/// The unit inside a bracket that holds the token `at`.
fn unit_around(tokens: &[Token], bracket: usize, at: usize) -> Unit {
    let in_braces = tokens[bracket].kind == Tok::LBrace;
    let commas = !in_braces || takes_commas(tokens, bracket);
    let mut unit = Unit {
        bracket: Some(bracket),
        start: bracket + 1,
        end: tokens.len(),
    };
    let mut depth = 0_usize;
    for (n, token) in tokens.iter().enumerate().skip(bracket + 1) {
        if token.kind.is_close() {
            if depth == 0 {
                unit.end = n;
                break;
            }
            depth -= 1;
        } else if token.kind.is_open() {
            depth += 1;
        }
        if depth > 0 {
            continue;
        }
        let separates = match token.kind {
            Tok::Semi => in_braces,
            Tok::Comma => commas,
            _ => false,
        };
        let begins = in_braces
            && n > unit.start
            && token.indent.is_some()
            && starts_unit(token.kind, tokens.get(n + 1));
        if separates && n < at {
            if !only_attributes(&tokens[unit.start..n]) || n == unit.start {
                unit.start = n + 1;
            }
        } else if begins && n < at && !only_attributes(&tokens[unit.start..n]) {
            unit.start = n;
        } else if (separates || begins) && n >= at {
            unit.end = n;
            break;
        }
    }
    unit
}

/// Whether a token that is the first of its line can only begin a statement or
/// member.
fn starts_unit(kind: Tok, next: Option<&Token>) -> bool {
    let named = next.is_some_and(|next| next.kind.is_name());
    match kind {
        Tok::Let | Tok::Var | Tok::While | Tok::Require | Tok::Expect | Tok::Scratch => true,
        Tok::Pub | Tok::Return | Tok::Break | Tok::Continue => true,
        Tok::If | Tok::For | Tok::Match | Tok::Fail | Tok::Send => true,
        Tok::Wait | Tok::Atomic | Tok::Parallel => true,
        Tok::Fn | Tok::State | Tok::Merge | Tok::Event => named,
        _ => false,
    }
}

/// Whether the things in a brace may be separated by commas: `match`, `wait`,
/// `enum`, `parallel`, `import`.
pub fn takes_commas(tokens: &[Token], brace: usize) -> bool {
    let mut depth = 0_usize;
    for token in tokens[..brace].iter().rev() {
        if token.kind.is_close() {
            depth += 1;
        } else if token.kind.is_open() {
            if depth == 0 {
                return false;
            }
            depth -= 1;
        }
        if depth > 0 {
            continue;
        }
        match token.kind {
            Tok::Match | Tok::Wait | Tok::Enum | Tok::Import => return true,
            Tok::Parallel => return true,
            Tok::Semi
            | Tok::Comma
            | Tok::For
            | Tok::If
            | Tok::While
            | Tok::Else
            | Tok::Fn
            | Tok::FatArrow
            | Tok::Atomic
            | Tok::Entity
            | Tok::Workflow => return false,
            _ => {}
        }
    }
    false
}
