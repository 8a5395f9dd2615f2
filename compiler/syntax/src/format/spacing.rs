//! Whether a space stands between two tokens of a line.

use super::{Piece, partners};
use crate::token::Tok;

/// For each piece, whether a space stands before it when it does not start a line.
pub fn spaces(pieces: &[Piece]) -> Vec<bool> {
    let generics = generics(pieces);
    let partners = partners(pieces);
    let mut spaces = vec![true; pieces.len()];
    let mut before: Option<usize> = None;
    for (n, piece) in pieces.iter().enumerate() {
        let Some(kind) = piece.token() else { continue };
        if let Some(last) = before {
            let left = Side {
                // After a dot every word is a name.
                kind: match last.checked_sub(1).map(|at| pieces[at].is(Tok::Dot)) {
                    Some(true) if pieces[last].token().is_some_and(is_word) => Some(Tok::Name),
                    _ => pieces[last].token(),
                },
                generic: generics[last],
                prefix: is_prefix(pieces, last),
            };
            let empty = partners[n] == last;
            let written = pieces[last].end < piece.start;
            let import = [last, n].into_iter().any(|at| {
                let open = at.min(partners[at]);
                pieces[open].is(Tok::LBrace) && open > 0 && pieces[open - 1].is(Tok::Dot)
            });
            spaces[n] = !empty
                && space(&left, kind, generics[n], written)
                && !(import && braces(&left, kind));
        }
        before = Some(n);
    }
    spaces
}

fn is_word(kind: Tok) -> bool {
    kind.is_hard() || kind.is_soft()
}

fn braces(left: &Side, right: Tok) -> bool {
    left.kind == Some(Tok::LBrace) || right == Tok::RBrace
}

struct Side {
    kind: Option<Tok>,
    /// `<` or `>` around types.
    generic: bool,
    /// A `-` that belongs to what follows.
    prefix: bool,
}

fn space(left: &Side, right: Tok, right_generic: bool, written: bool) -> bool {
    use Tok::*;
    let Some(before) = left.kind else { return true };
    match (before, right) {
        (LParen | LBracket | Dot | DotDot | StrHead | StrMid, _) => false,
        // `[first, ..rest]`
        (Comma, DotDot) => true,
        (
            _,
            RParen | RBracket | Comma | Semi | Colon | Dot | DotDot | Question | StrMid | StrTail,
        ) => false,
        _ if left.prefix => false,
        (Lt, _) if left.generic => false,
        (_, Lt | Gt) if right_generic => false,
        (Gt, LParen) if left.generic => false,
        // A call, an index; `fn(A) -> B`; `@role("x")`.
        (Name | UpperName | RParen | RBracket | Question | SelfKw | Fn | At, LParen) => false,
        (Name | UpperName | RParen | RBracket | Question | SelfKw | Str | StrTail, LBracket) => {
            false
        }
        // `limit (n)` and `limit(n)` are for the author to tell apart.
        (soft, LParen | LBracket) if soft.is_soft() => written,
        _ => true,
    }
}

/// A `-` is a sign, not an operator, when no value stands before it.
fn is_prefix(pieces: &[Piece], at: usize) -> bool {
    if !pieces[at].is(Tok::Minus) {
        return false;
    }
    let mut before = pieces[..at]
        .iter()
        .rev()
        .filter(|piece| !piece.is_comment());
    let last = before.next().and_then(Piece::token);
    if before.next().is_some_and(|piece| piece.is(Tok::Dot)) {
        return false;
    }
    !last.is_some_and(|kind| kind.ends_statement() && kind != Tok::Return)
}

/// Which `<` and `>` stand around types: those after a type's name or the name of a
/// function that is declared, with nothing but types between them.
fn generics(pieces: &[Piece]) -> Vec<bool> {
    let mut generics = vec![false; pieces.len()];
    let mut open: Vec<usize> = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        let Some(kind) = piece.token() else { continue };
        match kind {
            Tok::Lt => {
                let before = |back: usize| n.checked_sub(back).and_then(|at| pieces[at].token());
                let named = before(1) == Some(Tok::UpperName)
                    || before(1).is_some_and(Tok::is_name) && before(2) == Some(Tok::Fn);
                if named {
                    open.push(n);
                } else {
                    open.clear();
                }
            }
            Tok::Gt => {
                if let Some(start) = open.pop() {
                    generics[start] = true;
                    generics[n] = true;
                }
            }
            Tok::Name
            | Tok::UpperName
            | Tok::Dot
            | Tok::Comma
            | Tok::Question
            | Tok::Colon
            | Tok::LParen
            | Tok::RParen
            | Tok::Fn
            | Tok::Arrow => {}
            kind if kind.is_soft() => {}
            _ => open.clear(),
        }
    }
    generics
}
