//! The one style programs are written in.
//!
//! The formatter works on tokens and comments, so nothing of a file can get lost, and
//! keeps the line breaks of the author, the way gofmt does: they carry meaning a machine
//! does not see. It settles everything else: indentation (2), spaces between tokens,
//! at most one empty line, blocks that are either on one line or open and close on
//! lines of their own, and lines that are longer than [`WIDTH`].
//!
//! ```text
//! tokens, comments -> pieces with the breaks of the source
//!                  -> breaks: those of blocks, and of lines that are too long
//!                  -> print: indentation, spaces, aligned arrows and comments
//! ```

mod breaks;
mod print;
mod spacing;

use weir_diagnostics::{Diagnostic, FileId};

use crate::parse::{Parsed, parse};
use crate::token::Tok;

/// Lines are broken to fit into this many characters, where there is a place to.
pub const WIDTH: usize = 100;

/// The program in the one style, or its errors if it has any. Formatting what has
/// been formatted changes nothing, and the tree stays as it was.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(FileId(0), text);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parsed.diagnostics);
    }
    let mut pieces = pieces(text, &parsed);
    breaks::settle_blocks(&mut pieces);
    breaks::fit_width(text, &mut pieces);
    let formatted = print::print(text, &pieces);
    let again = parse(FileId(0), &formatted);
    assert!(
        same_tree(&parsed, &again),
        "formatting would change what the program means"
    );
    Ok(formatted)
}

/// A token or comment with the line breaks before it.
#[derive(Clone, Copy, Debug)]
struct Piece {
    kind: PieceKind,
    start: usize,
    end: usize,
    /// 0: on the line of the piece before; 1: on a new line; 2: after an empty line.
    newlines: usize,
    /// For a brace, whether commas separate what is in it.
    commas: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PieceKind {
    Token(Tok),
    /// A `;` that is not written.
    LineEnd,
    Comment,
}

impl Piece {
    fn token(&self) -> Option<Tok> {
        match self.kind {
            PieceKind::Token(kind) => Some(kind),
            _ => None,
        }
    }

    fn is(&self, kind: Tok) -> bool {
        self.token() == Some(kind)
    }

    fn is_comment(&self) -> bool {
        self.kind == PieceKind::Comment
    }

    /// Ends a statement, written or not.
    fn separates(&self) -> bool {
        self.kind == PieceKind::LineEnd || self.is(Tok::Semi)
    }

    fn opens(&self) -> bool {
        self.token().is_some_and(Tok::is_open)
    }

    fn closes(&self) -> bool {
        self.token().is_some_and(Tok::is_close)
    }

    fn source<'t>(&self, text: &'t str) -> &'t str {
        match self.token() {
            // However it was written, over however many lines.
            Some(Tok::GroupBy) => "group by",
            Some(Tok::SortBy) => "sort by",
            _ => text[self.start..self.end].trim_end(),
        }
    }
}

fn pieces(text: &str, parsed: &Parsed) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(parsed.tokens.len());
    let mut comments = parsed.comments.iter().peekable();
    let comment_piece = |span: weir_diagnostics::Span| Piece {
        kind: PieceKind::Comment,
        start: span.start as usize,
        end: span.end as usize,
        newlines: 0,
        commas: false,
    };
    for (n, token) in parsed.tokens.iter().enumerate() {
        let made = token.start == token.end;
        while !made && comments.peek().is_some_and(|c| c.span.start < token.start) {
            pieces.extend(comments.next().map(|comment| comment_piece(comment.span)));
        }
        pieces.push(Piece {
            kind: match made {
                true => PieceKind::LineEnd,
                false => PieceKind::Token(token.kind),
            },
            start: token.start as usize,
            end: token.end as usize,
            newlines: 0,
            commas: token.kind == Tok::LBrace && crate::recover::takes_commas(&parsed.tokens, n),
        });
    }
    pieces.extend(comments.map(|comment| comment_piece(comment.span)));
    let mut end = 0;
    for (n, piece) in pieces.iter_mut().enumerate() {
        if piece.kind == PieceKind::LineEnd {
            continue;
        }
        let between = text[end..piece.start].matches('\n').count();
        piece.newlines = if n == 0 { 0 } else { between.min(2) };
        end = piece.end;
    }
    pieces
}

/// Index of the partner of each bracket; other pieces have their own index.
fn partners(pieces: &[Piece]) -> Vec<usize> {
    let mut partners: Vec<usize> = (0..pieces.len()).collect();
    let mut open = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        if piece.opens() {
            open.push(n);
        } else if piece.closes()
            && let Some(start) = open.pop()
        {
            partners[start] = n;
            partners[n] = start;
        }
    }
    partners
}

fn same_tree(a: &Parsed, b: &Parsed) -> bool {
    without_spans(&a.module.items) == without_spans(&b.module.items)
        && a.comments.len() == b.comments.len()
}

/// A tree as text in which places do not show.
fn without_spans(items: &[crate::ast::Item]) -> String {
    let shown = format!("{items:?}");
    let mut kept = String::with_capacity(shown.len());
    let mut rest = shown.as_str();
    while let Some(at) = rest.find("@0:") {
        kept.push_str(&rest[..at]);
        rest = rest[at + 3..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    }
    kept + rest
}
