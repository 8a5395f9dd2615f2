//! Other names.

use gen_lsp_types::{
    LspErrorCodes, PrepareRenameParams, PrepareRenameResult, RenameParams, WorkspaceEdit,
};

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
    Ok(Some(cx.workspace_edit(&snapshot, edits)))
}
