//! What leads somewhere: imports, addresses in comments, the pages of errors.

use gen_lsp_types::{DocumentLink, DocumentLinkParams, Uri};
use weir_ide::Target;

use super::{Context, Refusal};

pub fn links(
    cx: &mut Context,
    params: DocumentLinkParams,
) -> Result<Option<Vec<DocumentLink>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let found = weir_ide::links(&snapshot, file).into_iter();
    let shown = found.filter_map(|link| {
        Some(DocumentLink {
            range: cx.range(&snapshot, link.span),
            target: Some(match link.to {
                Target::File(file) => cx.uri_of_file(&snapshot, file)?,
                Target::Web(address) => Uri(address),
            }),
            tooltip: None,
            data: None,
        })
    });
    Ok(Some(shown.collect()))
}
