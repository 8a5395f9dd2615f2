//! What is shown about a place.

use gen_lsp_types::{Contents, Hover, HoverParams, MarkupContent, MarkupKind};

use super::{Context, Refusal};

pub fn hover(cx: &mut Context, params: HoverParams) -> Result<Option<Hover>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let found = weir_ide::hover(&snapshot, at);
    Ok(found.map(|found| Hover {
        contents: Contents::MarkupContent(markdown(found.markdown)),
        range: Some(cx.range(&snapshot, found.span)),
    }))
}

pub fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}
