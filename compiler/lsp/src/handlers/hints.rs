//! What is shown between and above the lines.

use gen_lsp_types::{
    CodeLens, CodeLensParams, Command, InlayHint, InlayHintKind, InlayHintParams, Label, TextEdit,
    Tooltip,
};
use serde_json::json;
use weir_diagnostics::Span;
use weir_ide::{Does, HintKind};

use super::show::markdown;
use super::{Context, Refusal};

pub fn hints(cx: &mut Context, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let start = cx.offset(&snapshot, file, params.range.start);
    let end = cx.offset(&snapshot, file, params.range.end).max(start);
    let found = weir_ide::hints(&snapshot, Span::new(file, start, end)).into_iter();
    let shown = found.map(|hint| InlayHint {
        position: cx.range(&snapshot, hint.at).start,
        label: Label::String(hint.label),
        kind: match hint.kind {
            HintKind::Type => Some(InlayHintKind::Type),
            HintKind::Parameter => Some(InlayHintKind::Parameter),
            HintKind::Effect | HintKind::Wait => None,
        },
        text_edits: hint.edit.map(|edit| {
            vec![TextEdit {
                range: cx.range(&snapshot, edit.span),
                new_text: edit.text,
            }]
        }),
        tooltip: hint
            .about
            .map(|about| Tooltip::MarkupContent(markdown(about))),
        padding_left: matches!(hint.kind, HintKind::Effect | HintKind::Wait).then_some(true),
        padding_right: (hint.kind == HintKind::Parameter).then_some(true),
        data: None,
    });
    Ok(Some(shown.collect()))
}

/// The commands are the editor's: what they are given is the file and a name.
pub fn lenses(cx: &mut Context, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>, Refusal> {
    let uri = params.text_document.uri.clone();
    let (snapshot, file) = cx.open(&params.text_document)?;
    let found = weir_ide::lenses(&snapshot, file).into_iter();
    let shown = found.map(|lens| {
        let (command, arguments) = match lens.does {
            Does::Nothing => ("", None),
            Does::RunTest(name) => ("weir.runTest", Some(vec![json!(uri), json!(name)])),
            Does::RunTests => ("weir.runTests", Some(vec![json!(uri)])),
            Does::Explain(name) => ("weir.explain", Some(vec![json!(uri), json!(name)])),
        };
        CodeLens {
            range: cx.range(&snapshot, lens.span),
            command: Some(Command {
                title: lens.title,
                tooltip: None,
                command: command.to_owned(),
                arguments,
            }),
            data: None,
        }
    });
    Ok(Some(shown.collect()))
}
