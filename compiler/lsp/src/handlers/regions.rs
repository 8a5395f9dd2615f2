//! Pieces of the text: to fold, to select.

use gen_lsp_types::{
    FoldingRange, FoldingRangeKind, FoldingRangeParams, SelectionRange, SelectionRangeParams,
};
use weir_ide::{At, Folded};

use super::{Context, Refusal};

pub fn folds(
    cx: &mut Context,
    params: FoldingRangeParams,
) -> Result<Option<Vec<FoldingRange>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let found = weir_ide::folds(&snapshot, file).into_iter();
    let shown = found.map(|(span, folded)| {
        let range = cx.range(&snapshot, span);
        FoldingRange {
            start_line: range.start.line,
            // The line that closes stays.
            end_line: match folded {
                Folded::Code => range.end.line - 1,
                _ => range.end.line,
            },
            kind: match folded {
                Folded::Code => None,
                Folded::Comment => Some(FoldingRangeKind::Comment),
                Folded::Imports => Some(FoldingRangeKind::Imports),
            },
            ..FoldingRange::default()
        }
    });
    let shown = shown.filter(|fold| fold.start_line < fold.end_line);
    Ok(Some(shown.collect()))
}

pub fn selections(
    cx: &mut Context,
    params: SelectionRangeParams,
) -> Result<Option<Vec<SelectionRange>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let places = params.positions.into_iter();
    let shown = places.map(|place| {
        let offset = cx.offset(&snapshot, file, place);
        let found = weir_ide::selections(&snapshot, At { file, offset });
        let mut out: Option<SelectionRange> = None;
        for span in found.into_iter().rev() {
            out = Some(SelectionRange {
                range: cx.range(&snapshot, span),
                parent: out.map(Box::new),
            });
        }
        out.unwrap_or_default()
    });
    Ok(Some(shown.collect()))
}
