//! Pieces to lines, lines to text.
//!
//! What starts a statement, member, argument, ... stands at the indentation of its
//! bracket; a line that carries one on is indented further. What a bracket holds is
//! indented from the line that opens it.

use std::collections::BTreeMap;

use super::spacing::spaces;
use super::{Piece, PieceKind};
use crate::token::Tok;

/// One step of indentation, and that of a `fails` on a line of its own, which stands
/// out from the body below it.
const STEP: usize = 2;
const FAILS: usize = 4;

/// A line before it is put together.
pub struct Line {
    /// The pieces on it, with what ends the line before it left out.
    pub from: usize,
    pub to: usize,
    empty_before: bool,
    indent: usize,
    code: String,
    /// The comment at its end, and the column it had.
    comment: Option<(String, usize)>,
    /// Of an arm: the length of the code before `=>`, the column that had, and the
    /// bracket the arm is in.
    arrow: Option<(usize, usize, usize)>,
}

impl Line {
    /// In characters, without a comment. Texts over several lines count by their last.
    pub fn width(&self) -> usize {
        let last = self.code.rsplit('\n').next().unwrap_or("");
        let indent = if last.len() == self.code.len() {
            self.indent
        } else {
            0
        };
        indent + last.chars().count()
    }
}

pub fn print(text: &str, pieces: &[Piece]) -> String {
    let mut lines = lines(text, pieces);
    align_arrows(&mut lines);
    let columns = comment_columns(&lines);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (line, column) in lines.iter().zip(columns) {
        if line.empty_before && !out.is_empty() {
            out.push('\n');
        }
        if !line.code.is_empty() || line.comment.is_some() {
            out.extend(std::iter::repeat_n(' ', line.indent));
        }
        out.push_str(&line.code);
        if let Some((comment, _)) = &line.comment {
            if !line.code.is_empty() {
                out.extend(std::iter::repeat_n(' ', column - line.width()));
            }
            out.push_str(comment);
        }
        out.push('\n');
    }
    out
}

/// A bracket that is open, or the file itself.
struct Level {
    /// Index of the bracket.
    open: usize,
    content_indent: usize,
    close_indent: usize,
    commas: bool,
    /// A statement, argument, ... has begun.
    begun: bool,
    /// Nothing but attributes so far.
    attributes: bool,
}

/// Puts pieces together to lines, as their breaks say.
pub fn lines(text: &str, pieces: &[Piece]) -> Vec<Line> {
    let spaces = spaces(pieces);
    let mut lines: Vec<Line> = Vec::new();
    let mut levels = vec![Level {
        open: usize::MAX,
        content_indent: 0,
        close_indent: 0,
        commas: false,
        begun: false,
        attributes: true,
    }];
    // Indentation that brackets opened on this line count from.
    let mut base = 0;
    let mut after_at = false;
    for (n, piece) in pieces.iter().enumerate() {
        if piece.kind == PieceKind::LineEnd {
            if let Some(level) = levels.last_mut() {
                level.begun = false;
                level.attributes = true;
            }
            continue;
        }
        let new_line = lines.is_empty() || piece.newlines > 0;
        if new_line {
            let indent = indent(pieces, n, &levels);
            base = if piece.is(Tok::Fails) {
                indent - FAILS
            } else {
                indent
            };
            lines.push(Line {
                from: n,
                to: n,
                empty_before: piece.newlines > 1,
                indent,
                code: String::new(),
                comment: None,
                arrow: None,
            });
        }
        let line = lines.last_mut().expect("the first piece starts a line");
        line.to = n + 1;
        if piece.is_comment() {
            line.comment = Some((piece.source(text).to_owned(), column(text, piece.start)));
            continue;
        }
        if !new_line && spaces[n] && !line.code.is_empty() {
            line.code.push(' ');
        }
        let level = levels.last_mut().expect("the file is never closed");
        if piece.is(Tok::FatArrow)
            && level.commas
            && level.open != usize::MAX
            && line.arrow.is_none()
            && pieces[level.open].is(Tok::LBrace)
        {
            let before = line.code.trim_end().chars().count();
            line.arrow = Some((before, column(text, piece.start), level.open));
        }
        // Lines inside of texts end as all others do.
        line.code
            .push_str(&piece.source(text).replace("\r\n", "\n"));

        let kind = piece.token();
        if piece.closes() {
            levels.pop();
            // The arguments of an attribute are closed.
            continue;
        }
        let separates = piece.is(Tok::Semi) || piece.is(Tok::Comma) && level.commas;
        level.begun = !separates;
        let of_attribute = kind == Some(Tok::At) || after_at && kind == Some(Tok::LParen);
        level.attributes = separates || level.attributes && of_attribute;
        after_at = kind == Some(Tok::At);
        if piece.opens() {
            levels.push(Level {
                open: n,
                content_indent: base + STEP,
                close_indent: base,
                commas: piece.commas || !piece.is(Tok::LBrace),
                begun: false,
                attributes: true,
            });
        }
    }
    lines
}

fn indent(pieces: &[Piece], at: usize, levels: &[Level]) -> usize {
    let level = levels.last().expect("the file is never closed");
    let piece = &pieces[at];
    if piece.closes() {
        return level.close_indent;
    }
    if piece.is_comment() {
        // As what it stands above.
        let next = pieces[at + 1..]
            .iter()
            .position(|piece| piece.token().is_some());
        return match next {
            Some(next) if !pieces[at + 1 + next].closes() => indent(pieces, at + 1 + next, levels),
            _ => level.content_indent,
        };
    }
    if !level.begun || level.attributes {
        level.content_indent
    } else if piece.is(Tok::Fails) {
        level.content_indent + FAILS
    } else if matches!(piece.token(), Some(Tok::Or | Tok::And)) && in_where(pieces, at) {
        level.content_indent + 2 * STEP
    } else {
        level.content_indent + STEP
    }
}

/// A condition that goes on stands out from the `where` that it belongs to, which has a line of its own.
fn in_where(pieces: &[Piece], at: usize) -> bool {
    let mut depth = 0_usize;
    for piece in pieces[..at].iter().rev() {
        if piece.closes() {
            depth += 1;
        } else if piece.opens() {
            if depth == 0 {
                return false;
            }
            depth -= 1;
        }
        if depth > 0 {
            continue;
        }
        match piece.token() {
            Some(Tok::Where) => return piece.newlines > 0,
            Some(Tok::For | Tok::Join | Tok::GroupBy | Tok::SortBy | Tok::Select | Tok::Semi) => {
                return false;
            }
            _ if piece.kind == PieceKind::LineEnd => return false,
            _ => {}
        }
    }
    false
}

fn column(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..at].chars().count()
}

/// Where the comment at the end of each line stands: two spaces behind the code, or in the column it had where others of
/// the file stand in it too, because the author put them below each other.
fn comment_columns(lines: &[Line]) -> Vec<usize> {
    let fitting = |line: &Line| match &line.comment {
        Some((_, column)) if !line.code.is_empty() && line.width() + 2 <= *column => Some(*column),
        _ => None,
    };
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for column in lines.iter().filter_map(fitting) {
        *counts.entry(column).or_insert(0) += 1;
    }
    let column = |line: &Line| match fitting(line) {
        Some(column) if counts[&column] > 1 => column,
        _ => line.width() + 2,
    };
    lines.iter().map(column).collect()
}

/// Arrows of neighbouring arms that stood below each other still do.
fn align_arrows(lines: &mut [Line]) {
    let mut start = 0;
    while start < lines.len() {
        let Some((_, column, bracket)) = lines[start].arrow else {
            start += 1;
            continue;
        };
        let together = lines[start..]
            .iter()
            .take_while(|line| matches!(line.arrow, Some((_, c, b)) if c == column && b == bracket))
            .count();
        let group = &mut lines[start..start + together];
        let widest = group
            .iter()
            .filter_map(|line| line.arrow)
            .map(|(width, ..)| width)
            .max();
        for line in group {
            if let (Some((width, ..)), Some(widest)) = (line.arrow, widest) {
                let at = line
                    .code
                    .char_indices()
                    .nth(width)
                    .map_or(line.code.len(), |(at, _)| at);
                line.code.insert_str(at, &" ".repeat(widest - width));
            }
        }
        start += together;
    }
}
