//! Where lines end: the author's breaks, put right.

use std::ops::Range;

use super::print::{Line, lines};
use super::{Piece, PieceKind, WIDTH, partners};
use crate::token::Tok;

/// Blocks are on one line or open and close on lines of their own; `{`, `else` and
/// what closes never wander off; empty lines stand only between things.
pub fn settle_blocks(pieces: &mut [Piece]) {
    drop_redundant(pieces);
    let partners = partners(pieces);
    for n in 0..pieces.len() {
        if pieces[n].is(Tok::LBrace) && n > 0 && pieces[n - 1].token().is_some() {
            pieces[n].newlines = 0;
        }
        let follows_block = n > 0 && pieces[n - 1].is(Tok::RBrace);
        if pieces[n].is(Tok::Else) && follows_block {
            pieces[n].newlines = 0;
        }
    }
    for open in 0..pieces.len() {
        if !pieces[open].opens() || pieces[open].is(Tok::StrHead) {
            continue;
        }
        let close = partners[open];
        if close == open + 1 {
            pieces[close].newlines = 0;
        } else if pieces[open].is(Tok::LBrace) {
            if has_breaks(pieces, &partners, open) {
                spread(pieces, &partners, open);
            }
        } else if pieces[open + 1].newlines > 0 {
            pieces[close].newlines = 1;
        }
    }
    for n in 1..pieces.len() {
        let starts_or_ends = pieces[n].closes() || pieces[n - 1].is(Tok::LParen);
        if starts_or_ends {
            pieces[n].newlines = pieces[n].newlines.min(1);
        }
        if pieces[n - 1].is_comment() {
            pieces[n].newlines = pieces[n].newlines.max(1);
        }
    }
    drop_redundant(pieces);
}

/// Leaves each `;` out that ends a line which ends anyway, and each `,` between arms or variants on lines of their
/// own; its break goes to the next.
fn drop_redundant(pieces: &mut [Piece]) {
    let commas = commas_between_lines(pieces);
    for n in 0..pieces.len() {
        if redundant(pieces, n, commas[n]) {
            pieces[n].kind = PieceKind::LineEnd;
            let newlines = std::mem::take(&mut pieces[n].newlines);
            if let Some(next) = pieces.get_mut(n + 1) {
                next.newlines = next.newlines.max(newlines);
            }
        }
    }
}

/// Which commas stand where the end of a line does the same: between arms, variants and branches.
fn commas_between_lines(pieces: &[Piece]) -> Vec<bool> {
    let mut open: Vec<bool> = Vec::new();
    let mut found = vec![false; pieces.len()];
    for (n, piece) in pieces.iter().enumerate() {
        if piece.opens() {
            // The names of an import stand in braces, and are no lines.
            let import = n > 0 && pieces[n - 1].is(Tok::Dot);
            open.push(piece.is(Tok::LBrace) && piece.commas && !import);
        } else if piece.closes() {
            open.pop();
        }
        found[n] = piece.is(Tok::Comma) && open.last() == Some(&true);
    }
    found
}

/// A `;` at the end of a line that ends the statement anyway, or a `,` that is `between_lines`.
fn redundant(pieces: &[Piece], at: usize, between_lines: bool) -> bool {
    if !pieces[at].is(Tok::Semi) && !between_lines {
        return false;
    }
    let before = pieces[..at].iter().rev().find_map(Piece::token);
    let mut after = pieces[at + 1..]
        .iter()
        .filter(|piece| piece.kind != PieceKind::LineEnd);
    let ends =
        before.is_none_or(|kind| kind.ends_statement() || kind == Tok::Semi || kind == Tok::LBrace);
    // Past comments, to the next token.
    let mut new_line = pieces[at].newlines > 0;
    let next = after.find_map(|piece| {
        new_line |= piece.newlines > 0;
        piece.token()
    });
    match next {
        None => ends,
        Some(Tok::RBrace) => true,
        Some(next) => new_line && ends && !next.continues_statement(),
    }
}

/// Whether a line ends directly in this bracket: not only in one inside it.
fn has_breaks(pieces: &[Piece], partners: &[usize], open: usize) -> bool {
    let close = partners[open];
    if pieces[close].newlines > 0 {
        return true;
    }
    let mut n = open + 1;
    let mut starts = true;
    while n < close {
        if starts && pieces[n].newlines > 0 || pieces[n].is_comment() {
            return true;
        }
        let comma = pieces[open].commas && pieces[n].is(Tok::Comma);
        starts = pieces[n].separates() || comma || starts && pieces[n].kind == PieceKind::LineEnd;
        n = if pieces[n].opens() { partners[n] } else { n } + 1;
    }
    false
}

/// Puts what is in a bracket on lines of its own.
fn spread(pieces: &mut [Piece], partners: &[usize], open: usize) {
    let close = partners[open];
    let commas = !pieces[open].is(Tok::LBrace) || pieces[open].commas;
    let own_line = |piece: &mut Piece| {
        if !piece.is_comment() {
            piece.newlines = piece.newlines.max(1);
        }
    };
    own_line(&mut pieces[open + 1]);
    own_line(&mut pieces[close]);
    let mut n = open + 1;
    while n < close {
        let ends = pieces[n].separates() || commas && pieces[n].is(Tok::Comma);
        if ends && n + 1 < close && pieces[n + 1].kind != PieceKind::LineEnd {
            own_line(&mut pieces[n + 1]);
        }
        n = if pieces[n].opens() { partners[n] } else { n } + 1;
    }
}

/// Breaks lines that are too long, from the outside in, as long as that helps.
pub fn fit_width(text: &str, pieces: &mut [Piece]) {
    const ROUNDS_MAX: usize = 16;
    let partners = partners(pieces);
    for _ in 0..ROUNDS_MAX {
        let mut changed = false;
        for line in lines(text, pieces) {
            if line.width() > WIDTH {
                changed |= break_line(pieces, &partners, &line);
            }
        }
        if !changed {
            break;
        }
    }
    drop_redundant(pieces);
}

fn break_line(pieces: &mut [Piece], partners: &[usize], line: &Line) -> bool {
    let range = line.from..line.to;
    // The `fails` of a head.
    if let Some(at) = range.clone().skip(1).find(|&n| pieces[n].is(Tok::Fails))
        && pieces[line.from..at].iter().any(|piece| piece.is(Tok::Fn))
    {
        pieces[at].newlines = 1;
        return true;
    }
    // The parameters of a function, before what it gives.
    if let Some(open) = parameters(pieces, partners, &range) {
        spread(pieces, partners, open);
        return true;
    }
    // The clauses of a `for`, each on its line.
    let clause = |piece: &Piece| {
        piece.token().is_some_and(|kind| {
            matches!(
                kind,
                Tok::Where | Tok::Join | Tok::GroupBy | Tok::SortBy | Tok::Select
            )
        })
    };
    if let Some(first) = range.clone().find(|&n| pieces[n].is(Tok::For)) {
        let clauses: Vec<usize> = same_level(pieces, partners, first, line.to)
            .filter(|&n| clause(&pieces[n]) && n > line.from)
            .collect();
        if !clauses.is_empty() {
            clauses.into_iter().for_each(|n| pieces[n].newlines = 1);
            return true;
        }
    }
    // The widest of the outermost brackets; blocks before parentheses.
    let mut best: Option<(bool, usize, usize)> = None;
    let mut n = line.from;
    while n < line.to {
        let close = partners[n];
        if pieces[n].opens() && close < line.to && close > n {
            if close > n + 1 && !pieces[n].is(Tok::StrHead) {
                let width = pieces[close].start - pieces[n].start;
                best = best.max(Some((pieces[n].is(Tok::LBrace), width, n)));
            }
            n = close;
        }
        n += 1;
    }
    // A block is put on lines of its own first; conditions are broken between their parts rather than inside of one.
    let block = best.is_some_and(|(is_block, ..)| is_block);
    if !block && break_at(pieces, partners, line, &[&[Tok::Or], &[Tok::And]]) {
        return true;
    }
    if let Some((_, _, open)) = best {
        spread(pieces, partners, open);
        return true;
    }
    let operators: [&[Tok]; 4] = [
        &[Tok::QuestionQuestion],
        &[Tok::Or],
        &[Tok::And],
        &[Tok::Plus],
    ];
    break_at(pieces, partners, line, &operators)
}

/// The bracket of the parameters of a function that is declared on a line, where there are some and its result is what makes the
/// line long: a body that fits nowhere is broken itself.
fn parameters(pieces: &[Piece], partners: &[usize], line: &Range<usize>) -> Option<usize> {
    let named = |n: &usize| {
        let name = pieces.get(n + 1).and_then(Piece::token);
        pieces[*n].is(Tok::Fn) && name.is_some_and(Tok::is_name)
    };
    let head = line.clone().find(named)?;
    let open = (head..line.end).find(|&n| pieces[n].is(Tok::LParen))?;
    let close = partners[open];
    let result = close + 1 < line.end && pieces[close + 1].is(Tok::Arrow);
    let body = same_level(pieces, partners, head, line.end)
        .skip_while(|&n| n <= close)
        .find(|&n| pieces[n].is(Tok::LBrace) || pieces[n].is(Tok::Eq));
    let opens_at_end = body.is_none_or(|n| n + 1 == line.end);
    (result && opens_at_end && close > open + 1 && close < line.end).then_some(open)
}

/// Puts the loosest of these operators that are on the line each at the start of a line.
fn break_at(pieces: &mut [Piece], partners: &[usize], line: &Line, operators: &[&[Tok]]) -> bool {
    for operators in operators {
        let found: Vec<usize> = same_level(pieces, partners, line.from, line.to)
            .filter(|&n| n > line.from && pieces[n].token().is_some_and(|k| operators.contains(&k)))
            .collect();
        if !found.is_empty() {
            found.into_iter().for_each(|n| pieces[n].newlines = 1);
            return true;
        }
    }
    false
}

/// The pieces from `from` on that are in the same bracket, up to `to`.
fn same_level<'p>(
    pieces: &'p [Piece],
    partners: &'p [usize],
    from: usize,
    to: usize,
) -> impl Iterator<Item = usize> + 'p {
    let mut n = from;
    std::iter::from_fn(move || {
        if n >= to || pieces[n].closes() && partners[n] < from {
            return None;
        }
        let this = n;
        n = if pieces[n].opens() { partners[n] } else { n } + 1;
        Some(this)
    })
}
