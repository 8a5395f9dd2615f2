//! What can be done at a place, as the editor's menu has it: quick fixes, refactorings, and what is done on save.

use gen_lsp_types::{CodeAction, CodeActionKind, CodeActionParams, CodeActionResponse};
use weir_diagnostics::{FileId, Span};
use weir_ide::{Action, ActionKind, Edit, Snapshot};

use super::{Context, Refusal};
use crate::publish::diagnostic;

pub fn actions(
    cx: &mut Context,
    params: CodeActionParams,
) -> Result<Option<Vec<CodeActionResponse>>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let start = cx.offset(&snapshot, file, params.range.start);
    let end = cx.offset(&snapshot, file, params.range.end).max(start);
    let only = params.context.only.unwrap_or_default();
    let is_wanted = |kind: &CodeActionKind| only.is_empty() || only.iter().any(|o| is_a(kind, o));
    let mut out = Vec::new();
    for action in weir_ide::actions(&snapshot, Span::new(file, start, end)) {
        if is_wanted(&kind(action.kind)) {
            out.push(shown(cx, &snapshot, action));
        }
    }
    if is_wanted(&CodeActionKind::SourceOrganizeImports)
        && let Some(action) = weir_ide::organize_imports(&snapshot, file)
    {
        out.push(shown(cx, &snapshot, action));
    }
    // Checks the program many times, so only who asks for it gets it.
    let fixes_all = !only.is_empty() && is_wanted(&CodeActionKind::SourceFixAll);
    if fixes_all && let Some(edits) = all_fixed(cx, &snapshot, file) {
        out.push(CodeAction {
            title: "fix all that can be meant in one way only".into(),
            kind: Some(CodeActionKind::SourceFixAll),
            edit: Some(cx.workspace_edit(&snapshot, edits)),
            ..CodeAction::default()
        });
    }
    Ok(Some(
        out.into_iter()
            .map(CodeActionResponse::CodeAction)
            .collect(),
    ))
}

fn shown(cx: &Context, snapshot: &Snapshot, action: Action) -> CodeAction {
    let mended = action.mends.map(|at| &snapshot.survey.diagnostics[at]);
    CodeAction {
        title: action.title,
        kind: Some(kind(action.kind)),
        diagnostics: mended.map(|found| vec![diagnostic(cx, snapshot, found)]),
        is_preferred: action.is_certain.then_some(true),
        edit: Some(cx.workspace_edit(snapshot, action.edits)),
        ..CodeAction::default()
    }
}

fn kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::QuickFix => CodeActionKind::QuickFix,
        ActionKind::Extract => CodeActionKind::RefactorExtract,
        ActionKind::Inline => CodeActionKind::RefactorInline,
        ActionKind::Rewrite => CodeActionKind::RefactorRewrite,
        ActionKind::OrganizeImports => CodeActionKind::SourceOrganizeImports,
    }
}

/// Kinds are a tree: `refactor.extract` is a `refactor`.
fn is_a(kind: &CodeActionKind, wanted: &CodeActionKind) -> bool {
    let text = |kind: &CodeActionKind| match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    };
    let (kind, wanted) = (text(kind), text(wanted));
    kind.strip_prefix(&wanted)
        .is_some_and(|rest| rest.is_empty() || wanted.is_empty() || rest.starts_with('.'))
}

/// The file with everything that `weir check --fix` would do to it.
fn all_fixed(cx: &Context, snapshot: &Snapshot, file: FileId) -> Option<Vec<Edit>> {
    let fixed = weir_driver::fix(cx.documents, &snapshot.survey.program).ok()?;
    let place = &snapshot.file(file)?.place;
    let change = fixed.files.get(place)?;
    let edits = weir_ide::text_edits(file, &change.old, &change.new);
    (!edits.is_empty()).then_some(edits)
}
