//! The door of this crate: text in, tree and diagnostics out.

use std::collections::BTreeMap;

use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::ast::{Doc, ItemKind, Module};
use crate::recover::Input;
use crate::token::{Tok, Token};
use crate::{checks, layout, lexer, recover};

/// Everything parsing finds out about a file.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; broken places are holes.
    pub module: Module,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Every comment, in order.
    pub comments: Vec<Comment>,
    /// Every token, in order; brackets fit and line ends are `Semi`.
    pub tokens: Vec<Token>,
}

/// A comment, `//` and `///` alike; the span covers it without the line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    pub span: Span,
    /// Starts with `///` and so describes what is below it.
    pub is_doc: bool,
}

/// Parses one file. Never fails and never panics.
pub fn parse(file: FileId, text: &str) -> Parsed {
    let lexed = lexer::lex(file, text);
    let laid_out = layout::lay_out(file, &lexed.tokens, text.len() as u32);
    let mut diagnostics = lexed.diagnostics;
    diagnostics.extend(laid_out.diagnostics);

    let mut docs = docs_by_token(text, &lexed.comments, &lexed.tokens);
    let mut items = Vec::new();
    let mut used_docs = Vec::new();
    let mut before_is_broken = false;
    let input = Input {
        file,
        text,
        docs: &docs,
    };
    for tokens in recover::split_items(&laid_out.tokens) {
        let (item, mut findings) = recover::parse_item(&input, tokens);
        // What is left of a broken item without braces is no item, and no news.
        let indented = tokens.first().and_then(|token| token.indent) > Some(0);
        if before_is_broken && indented && item.kind == ItemKind::Hole {
            findings.diagnostics.clear();
        } else {
            before_is_broken = !findings.diagnostics.is_empty();
        }
        items.push(item);
        diagnostics.extend(findings.diagnostics);
        used_docs.extend(findings.used_docs);
    }
    let module = Module {
        file,
        items,
        span: Span::new(file, 0, text.len() as u32),
    };
    checks::check(&module, &mut diagnostics);
    drop_consequences(text, &mut diagnostics);

    for used in used_docs {
        docs.remove(&used);
    }
    for doc in docs.values() {
        let message = "this doc comment describes nothing";
        diagnostics.push(
            Diagnostic::new(codes::W0701, doc.span, message)
                .help("put it right above an item, member or field, or start it with `//`")
                .certain_fix("make it a plain comment", plain_comment(text, doc.span)),
        );
    }
    weir_diagnostics::sort(&mut diagnostics);
    diagnostics.dedup();
    Parsed {
        module,
        diagnostics,
        comments: lexed.comments,
        tokens: laid_out.tokens,
    }
}

/// Joins `///` lines and finds the token each doc stands above. A doc with an
/// ordinary comment or an empty line below it still belongs to what follows.
fn docs_by_token(text: &str, comments: &[Comment], tokens: &[Token]) -> BTreeMap<u32, Doc> {
    let mut docs: BTreeMap<u32, Doc> = BTreeMap::new();
    for comment in comments.iter().filter(|comment| comment.is_doc) {
        let after = tokens.partition_point(|token| token.start < comment.span.start);
        let described = tokens[after..].iter().find(|token| token.kind != Tok::Semi);
        let at = described.map_or(text.len() as u32, |token| token.start);
        let line = &text[comment.span.range()][3..];
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        match docs.get_mut(&at) {
            Some(doc) => {
                doc.text.push('\n');
                doc.text.push_str(line);
                doc.span = doc.span.to(comment.span);
            }
            None => {
                let span = comment.span;
                let text = line.to_owned();
                docs.insert(at, Doc { text, span });
            }
        }
    }
    docs
}

/// Where a character or text on a line was not understood, that the grammar does
/// not understand the line either is no news; nor is what is missing where a bracket was left open.
fn drop_consequences(text: &str, diagnostics: &mut Vec<Diagnostic>) {
    let line_of = |offset: u32| {
        let offset = offset as usize;
        text[..offset].rfind('\n').map_or(0, |at| at + 1)
    };
    let lines: Vec<usize> = diagnostics
        .iter()
        .filter(|found| found.code == codes::E0102 || found.code == codes::E0103)
        .map(|found| line_of(found.primary.span.start))
        .collect();
    if !lines.is_empty() {
        diagnostics.retain(|found| {
            found.code != codes::E0101 || !lines.contains(&line_of(found.primary.span.start))
        });
    }
    let left_open: Vec<Span> = diagnostics
        .iter()
        .filter(|found| found.code == codes::E0105)
        .filter_map(|found| Some(found.secondary.first()?.span))
        .collect();
    diagnostics
        .retain(|found| found.code != codes::E0101 || !left_open.contains(&found.primary.span));
}

/// Takes one slash from each line of a doc comment.
fn plain_comment(text: &str, doc: Span) -> Vec<(Span, String)> {
    let lines = text[doc.range()].match_indices("///").filter(|(at, _)| {
        let line = &text[..doc.start as usize + at];
        line.rsplit('\n')
            .next()
            .is_some_and(|before| before.trim().is_empty())
    });
    let slash = |(at, _): (usize, &str)| {
        let start = doc.start + at as u32;
        (Span::new(doc.file, start, start + 1), String::new())
    };
    lines.map(slash).collect()
}
