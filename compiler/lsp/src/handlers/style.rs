//! The one style: of a file, of a part of it, of what was just typed.

use gen_lsp_types::{
    DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams,
    TextEdit,
};
use weir_diagnostics::Span;
use weir_ide::{Edit, Snapshot};

use super::{Context, Refusal};

/// Nothing while the text does not parse, which the diagnostics say.
pub fn file(
    cx: &mut Context,
    params: DocumentFormattingParams,
) -> Result<Option<Vec<TextEdit>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let edits = weir_ide::format(&snapshot, file);
    Ok(edits.map(|edits| shown(cx, &snapshot, edits)))
}

pub fn range(
    cx: &mut Context,
    params: DocumentRangeFormattingParams,
) -> Result<Option<Vec<TextEdit>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let start = cx.offset(&snapshot, file, params.range.start);
    let end = cx.offset(&snapshot, file, params.range.end).max(start);
    let edits = weir_ide::format_range(&snapshot, Span::new(file, start, end));
    Ok(edits.map(|edits| shown(cx, &snapshot, edits)))
}

pub fn typed(
    cx: &mut Context,
    params: DocumentOnTypeFormattingParams,
) -> Result<Option<Vec<TextEdit>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let offset = cx.offset(&snapshot, file, params.position);
    let edits = weir_ide::format_typed(&snapshot, file, offset, &params.ch);
    Ok(Some(shown(cx, &snapshot, edits)))
}

fn shown(cx: &Context, snapshot: &Snapshot, edits: Vec<Edit>) -> Vec<TextEdit> {
    let edits = edits.into_iter();
    edits
        .map(|edit| TextEdit {
            range: cx.range(snapshot, edit.span),
            new_text: edit.text,
        })
        .collect()
}
