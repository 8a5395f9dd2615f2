//! Changes of the text: other names, the one style.

use std::collections::HashMap;

use gen_lsp_types::{
    DocumentFormattingParams, LspErrorCodes, PrepareRenameParams, PrepareRenameResult,
    RenameParams, TextEdit, WorkspaceEdit,
};
use weir_diagnostics::Span;

use super::{Context, Refusal};

fn refused(message: String) -> Refusal {
    Refusal {
        code: LspErrorCodes::RequestFailed.into(),
        message,
    }
}

pub fn prepare_rename(
    cx: &mut Context,
    params: PrepareRenameParams,
) -> Result<Option<PrepareRenameResult>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let span = weir_ide::prepare_rename(&snapshot, at).map_err(refused)?;
    Ok(Some(PrepareRenameResult::Range(cx.range(&snapshot, span))))
}

pub fn rename(cx: &mut Context, params: RenameParams) -> Result<Option<WorkspaceEdit>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let edits = weir_ide::rename(&snapshot, at, &params.new_name).map_err(refused)?;
    let mut changes: HashMap<_, Vec<TextEdit>> = HashMap::new();
    for edit in edits {
        if let Some(uri) = cx.uri_of_file(&snapshot, edit.span.file) {
            changes.entry(uri).or_default().push(TextEdit {
                range: cx.range(&snapshot, edit.span),
                new_text: edit.text,
            });
        }
    }
    Ok(Some(WorkspaceEdit {
        changes: Some(changes),
        ..WorkspaceEdit::default()
    }))
}

/// The file in the one style; nothing while it does not parse, which the diagnostics say.
pub fn format(
    cx: &mut Context,
    params: DocumentFormattingParams,
) -> Result<Option<Vec<TextEdit>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let text = snapshot.text(file);
    let Ok(formatted) = weir_driver::format("", text) else {
        return Ok(None);
    };
    let Some((start, end, new)) = difference(text, &formatted) else {
        return Ok(Some(Vec::new()));
    };
    let span = Span::new(file, start as u32, end as u32);
    Ok(Some(vec![TextEdit {
        range: cx.range(&snapshot, span),
        new_text: new.to_owned(),
    }]))
}

/// The lines that differ: where they are in the old text, and what comes in their place. So a cursor elsewhere stays.
fn difference<'t>(old: &str, new: &'t str) -> Option<(usize, usize, &'t str)> {
    if old == new {
        return None;
    }
    let same = |(a, b): &(&str, &str)| a == b;
    let lines = old.split_inclusive('\n').zip(new.split_inclusive('\n'));
    let start: usize = lines.take_while(same).map(|(line, _)| line.len()).sum();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let from_end =
        |text: &str| -> Vec<usize> { text.split_inclusive('\n').rev().map(str::len).collect() };
    let (old_lines, new_lines) = (from_end(old_rest), from_end(new_rest));
    let mut kept = 0;
    for (a, b) in old_lines.iter().zip(&new_lines) {
        let (old_end, new_end) = (old_rest.len() - kept, new_rest.len() - kept);
        if a != b || old_rest[old_end - a..old_end] != new_rest[new_end - b..new_end] {
            break;
        }
        kept += a;
    }
    let new = &new_rest[..new_rest.len() - kept];
    Some((start, old.len() - kept, new))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_lines_that_differ_are_replaced() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc\n"), Some((2, 4, "B\n")));
        assert_eq!(difference("a\nc\n", "a\nb\nc\n"), Some((2, 2, "b\n")));
        assert_eq!(difference("a\na\na\n", "a\na\n"), Some((4, 6, "")));
        for (old, new) in [("", "x\n"), ("x", "x\n"), ("é\nb\n", "è\nb\n")] {
            let (start, end, text) = difference(old, new).unwrap();
            assert_eq!(format!("{}{text}{}", &old[..start], &old[end..]), new);
        }
    }
}
