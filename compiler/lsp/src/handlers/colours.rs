//! The text coloured by meaning, as numbers: each token relative to the one before it.

use std::path::Path;

use gen_lsp_types::{
    SemanticToken, SemanticTokens, SemanticTokensDelta, SemanticTokensDeltaParams,
    SemanticTokensDeltaResponse, SemanticTokensEdit, SemanticTokensParams,
    SemanticTokensRangeParams, TextDocumentIdentifier,
};
use weir_diagnostics::{FileId, Span};
use weir_ide::Snapshot;

use super::{Context, Refusal};
use crate::paths::path_of;
use crate::projects::Coloured;

pub fn full(
    cx: &mut Context,
    params: SemanticTokensParams,
) -> Result<Option<SemanticTokens>, Refusal> {
    let found = whole(cx, &params.text_document)?;
    let result_id = Some(keep(cx, &path_of(&params.text_document.uri), &found));
    Ok(Some(SemanticTokens {
        result_id,
        data: found,
    }))
}

/// What is in a range only; nobody asks for changes of that.
pub fn range(
    cx: &mut Context,
    params: SemanticTokensRangeParams,
) -> Result<Option<SemanticTokens>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let start = cx.offset(&snapshot, file, params.range.start);
    let end = cx.offset(&snapshot, file, params.range.end).max(start);
    let data = coloured(cx, &snapshot, file, Span::new(file, start, end));
    Ok(Some(SemanticTokens {
        result_id: None,
        data,
    }))
}

/// What is other than the last time: one piece, from the first token that differs to the last.
pub fn delta(
    cx: &mut Context,
    params: SemanticTokensDeltaParams,
) -> Result<Option<SemanticTokensDeltaResponse>, Refusal> {
    let found = whole(cx, &params.text_document)?;
    let path = path_of(&params.text_document.uri);
    let earlier = cx.projects.coloured.get(&path);
    let earlier = earlier.filter(|known| known.id.to_string() == params.previous_result_id);
    let edit = earlier.map(|known| difference(&known.tokens, &found));
    let result_id = Some(keep(cx, &path, &found));
    Ok(Some(match edit {
        Some(edit) => SemanticTokensDeltaResponse::SemanticTokensDelta(SemanticTokensDelta {
            result_id,
            edits: edit.into_iter().collect(),
        }),
        None => SemanticTokensDeltaResponse::SemanticTokens(SemanticTokens {
            result_id,
            data: found,
        }),
    }))
}

fn whole(
    cx: &mut Context,
    document: &TextDocumentIdentifier,
) -> Result<Vec<SemanticToken>, Refusal> {
    let (snapshot, file) = cx.open(document)?;
    let all = Span::new(file, 0, snapshot.text(file).len() as u32);
    Ok(coloured(cx, &snapshot, file, all))
}

/// Remembers what was sent, and gives its name.
fn keep(cx: &mut Context, path: &Path, tokens: &[SemanticToken]) -> String {
    let known = cx.projects.coloured.entry(path.to_path_buf());
    let known = known.or_insert_with(|| Coloured {
        id: 0,
        tokens: Vec::new(),
    });
    known.id += 1;
    known.tokens = tokens.to_vec();
    known.id.to_string()
}

fn coloured(cx: &Context, snapshot: &Snapshot, file: FileId, within: Span) -> Vec<SemanticToken> {
    let text = snapshot.text(file);
    let mut out = Vec::new();
    let mut last = (0, 0);
    for token in weir_ide::tokens(snapshot, file) {
        if token.span.end < within.start || token.span.start > within.end {
            continue;
        }
        // Most editors want no token to span lines.
        let mut start = token.span.start;
        for line in text[token.span.range()].split_inclusive('\n') {
            let shown = line.trim_end_matches(['\n', '\r']);
            let span = Span::new(file, start, start + shown.len() as u32);
            start += line.len() as u32;
            if span.start == span.end {
                continue;
            }
            let place = cx.range(snapshot, span);
            let (line, column) = (place.start.line, place.start.character);
            out.push(SemanticToken {
                delta_line: line - last.0,
                delta_start: match line == last.0 {
                    true => column - last.1,
                    false => column,
                },
                length: place.end.character - column,
                token_type: token.kind as u32,
                token_modifiers_bitset: token.modifiers,
            });
            last = (line, column);
        }
    }
    out
}

/// The numbers of a token.
const NUMBERS: usize = 5;

fn difference(old: &[SemanticToken], new: &[SemanticToken]) -> Option<SemanticTokensEdit> {
    if old == new {
        return None;
    }
    let same = |(a, b): &(&SemanticToken, &SemanticToken)| a == b;
    let start = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let from_end = old_rest.iter().rev().zip(new_rest.iter().rev());
    let kept = from_end.take_while(same).count();
    let put = &new_rest[..new_rest.len() - kept];
    let numbers = put.iter().flat_map(|token| {
        [
            token.delta_line,
            token.delta_start,
            token.length,
            token.token_type,
            token.token_modifiers_bitset,
        ]
    });
    Some(SemanticTokensEdit {
        start: (start * NUMBERS) as u32,
        delete_count: ((old_rest.len() - kept) * NUMBERS) as u32,
        data: Some(numbers.collect()),
    })
}
