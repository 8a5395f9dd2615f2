//! What could stand at the cursor: names, members, fields, arms, keywords, imports.
//!
//! ```text
//! total(bal|)    front:  what stands in front decides alone: `@`, `import`, types, `fails`, the top of a file
//!                marked: the same text with a made-up name at the cursor is parsed, and what is around it is checked:
//!                        what is in reach, and of what type the place is
//!                then one of names, members, arms, labels, keywords
//! ```
//!
//! Broken text is the usual case: a line that ends in a dot, half of a call. With a name at the cursor most of it is right, and
//! where it is not, a second try puts something behind the name (` => {}`, ` {}`).

mod arms;
mod attributes;
mod beside;
mod front;
mod imports;
mod item;
mod keywords;
mod labels;
mod marked;
mod members;
mod names;
mod types;

use weir_diagnostics::{FileId, Span};
use weir_driver::Library;
use weir_syntax::token::{Tok, Token};

use crate::declared::Kind;
use crate::rename::Edit;
use crate::{At, Snapshot};

pub(crate) use attributes::about as about_attribute;
pub use beside::{Beside, Declares};
pub(crate) use item::could_mean;
pub use item::documentation_of;

/// Something that could stand at the cursor.
#[derive(Clone, Debug)]
pub struct Completion {
    pub label: String,
    pub kind: Suggested,
    /// How it is declared, in a line.
    pub detail: Option<String>,
    /// What it replaces: the word at the cursor.
    pub replaced: Span,
    /// Empty where only the snippet makes sense.
    pub insert: String,
    /// The same with places to fill in, as snippets are written.
    pub snippet: Option<String>,
    /// Sorts before others that fit less or are farther away.
    pub sort: String,
    /// Elsewhere in the file: an import, a `?` in front of the dot.
    pub edits: Vec<Edit>,
    /// Where it is declared, in the text as it is.
    pub declared: Option<Span>,
    /// What of the language it is, when it is declared nowhere.
    pub builtin: Option<&'static str>,
}

/// What kind of thing is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suggested {
    Declared(Kind),
    Variable,
    Module,
    TypeParam,
    Keyword,
    Snippet,
    Attribute,
    /// Of the language.
    Function,
    Type,
    Value,
}

/// The cursor in the text as it is.
pub(crate) struct Cursor<'a> {
    pub snapshot: &'a Snapshot,
    pub file: FileId,
    pub offset: u32,
    /// What an answer replaces. Empty where the cursor stands in front of a word.
    pub word: Span,
    /// The tokens that stand in front of the word, without those that are put in.
    pub before: Vec<Token>,
}

impl<'a> Cursor<'a> {
    pub fn new(snapshot: &'a Snapshot, at: At) -> Option<Cursor<'a>> {
        let file = snapshot.file(at.file)?;
        let text = snapshot.text(at.file);
        let offset = (at.offset as usize).min(text.len());
        if !text.is_char_boundary(offset) {
            return None;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let (front, behind) = text.split_at(offset);
        let start = front.trim_end_matches(is_word).len();
        let end = match start == offset {
            true => offset,
            false => text.len() - behind.trim_start_matches(is_word).len(),
        };
        let tokens = file.parsed.tokens.iter();
        let real = tokens.filter(|token| token.start < token.end);
        let before = real.take_while(|token| token.end as usize <= start);
        let mut cursor = Cursor {
            snapshot,
            file: at.file,
            offset: offset as u32,
            word: Span::new(at.file, start as u32, end as u32),
            before: before.copied().collect(),
        };
        cursor.close_by_indentation();
        Some(cursor)
    }

    /// Closes parentheses that were left open on lines above, as the parser does: what they hold is indented further than the
    /// line that opened them.
    fn close_by_indentation(&mut self) {
        let start = self.word.start as usize;
        let line = self.text()[..start].rfind('\n').map_or(0, |at| at + 1);
        let column = self.text()[line..start].chars().count() as u32;
        let Some(last) = self.before.last().copied() else {
            return;
        };
        if !self.on_later_line(&last) || !last.kind.ends_statement() {
            return;
        }
        while let Some(open) = front::enclosing(&self.before) {
            let closer = match self.before[open].kind {
                Tok::LParen => Tok::RParen,
                Tok::LBracket => Tok::RBracket,
                _ => return,
            };
            let first = self.before[..=open]
                .iter()
                .rev()
                .find_map(|token| token.indent);
            if first.is_none_or(|indent| column > indent) {
                return;
            }
            self.before.push(Token::made(closer, last.end));
        }
    }

    pub fn text(&self) -> &'a str {
        self.snapshot.text(self.file)
    }

    /// The part of the word in front of the cursor.
    pub fn prefix(&self) -> &'a str {
        &self.text()[self.word.start as usize..self.offset as usize]
    }

    /// What follows the word.
    pub fn behind(&self) -> &'a str {
        &self.text()[self.word.end as usize..]
    }

    /// Whether there is a line end between a token and the word.
    pub fn on_later_line(&self, token: &Token) -> bool {
        self.text()[token.end as usize..self.word.start as usize].contains('\n')
    }

    pub fn word_of(&self, token: &Token) -> &'a str {
        &self.text()[token.start as usize..token.end as usize]
    }
}

/// The program with a name put where the cursor is, where code stands.
pub(crate) fn marked(cursor: &Cursor, library: &Library) -> Option<Snapshot> {
    let hints = match front::front(cursor) {
        front::Front::Code(hints) => hints,
        _ => front::Hints::default(),
    };
    Some(marked::Marked::new(cursor, library, &hints)?.snapshot)
}

/// What could stand at a place, the best first. `beside` are the files that could be imported.
pub fn completion(
    snapshot: &Snapshot,
    library: &Library,
    at: At,
    beside: &[Beside],
) -> Vec<Completion> {
    let Some(cursor) = Cursor::new(snapshot, at) else {
        return Vec::new();
    };
    use front::Front;
    let mut found = match front::front(&cursor) {
        Front::Nothing => Vec::new(),
        Front::Attribute => attributes::attributes(&cursor),
        Front::Role => attributes::roles(&cursor),
        Front::Import(import) => imports::paths(&cursor, &import, beside),
        Front::Top(kind) => keywords::top(&cursor, kind),
        Front::Member(kind) => keywords::member(&cursor, kind),
        Front::Stream => keywords::streams(&cursor),
        Front::Continue(words) => keywords::words(&cursor, &words),
        Front::Type(of) => types::types(&cursor, of, beside),
        Front::Code(hints) => code(&cursor, library, hints, beside),
    };
    let prefix = cursor.prefix();
    found.retain(|one| item::could_mean(prefix, &one.label));
    found.sort_by(|a, b| (&a.sort, &a.label).cmp(&(&b.sort, &b.label)));
    found.dedup_by(|b, a| a.label == b.label && a.insert == b.insert && a.detail == b.detail);
    found
}

/// In code: by what the made-up name is in the tree.
fn code(
    cursor: &Cursor,
    library: &Library,
    hints: front::Hints,
    beside: &[Beside],
) -> Vec<Completion> {
    use marked::Place;
    let Some(marked) = marked::Marked::new(cursor, library, &hints) else {
        return keywords::statement(cursor, false);
    };
    let mut build = item::Build::new(cursor, &marked);
    match marked.place() {
        Place::Member(base) => members::members(&mut build, base),
        Place::Pattern(pattern) => arms::pattern(&mut build, &pattern),
        Place::Event => arms::events(&mut build),
        Place::Type(path) => types::in_path(&mut build, path, beside),
        Place::Error => types::errors(&mut build, beside),
        Place::Route => attributes::in_route(&mut build),
        Place::Nothing => {}
        Place::Name(name) => {
            labels::labels(&mut build, &name);
            names::values(&mut build, &name);
            if !name.is_failure {
                beside::values(&mut build, beside);
            }
        }
    }
    build.found
}
