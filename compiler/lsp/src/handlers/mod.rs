//! Requests: each is converted, asked of `ide`, and converted back.

mod actions;
mod calls;
mod change;
mod colours;
pub mod commands;
mod hints;
mod links;
mod navigate;
mod regions;
mod search;
mod show;
mod style;
mod typing;

use gen_lsp_types::{
    CallHierarchyIncomingCallsRequest, CallHierarchyOutgoingCallsRequest,
    CallHierarchyPrepareRequest, CodeActionRequest, DocumentLinkRequest,
    DocumentOnTypeFormattingRequest, DocumentRangeFormattingRequest, ExecuteCommandRequest,
    TextEdit, WorkspaceEdit,
};
use gen_lsp_types::{
    CodeLensRequest, CompletionRequest, CompletionResolveRequest, ImplementationRequest,
    InlayHintRequest, SemanticTokensDeltaRequest, SemanticTokensRangeRequest,
    SemanticTokensRequest, SignatureHelpRequest, WorkspaceSymbolRequest,
};
use gen_lsp_types::{
    DefinitionRequest, DocumentFormattingRequest, DocumentHighlightRequest, DocumentSymbolRequest,
    ErrorCodes, FoldingRangeRequest, HoverRequest, LspRequestMethod, Position,
    PrepareRenameRequest, Range, ReferencesRequest, RenameRequest, Request as LspRequest,
    SelectionRangeRequest, TextDocumentIdentifier, TextDocumentPositionParams,
    TypeDefinitionRequest, Uri,
};
use lsp_server::Request;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use weir_diagnostics::{FileId, Span};
use weir_ide::{At, Edit, Snapshot};

use crate::convert;
use crate::documents::Documents;
use crate::paths::{path_of, shown_as_file, uri_of};
use crate::projects::Projects;
use crate::server::Settings;

/// Why a request has no answer.
#[derive(Debug)]
pub struct Refusal {
    pub code: i32,
    pub message: String,
}

impl Refusal {
    pub fn because(code: ErrorCodes, message: impl Into<String>) -> Refusal {
        Refusal {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// What a request is answered from.
pub struct Context<'a> {
    pub projects: &'a mut Projects,
    pub documents: &'a Documents,
    pub settings: &'a Settings,
    /// Folders of programs in the workspace.
    pub programs: &'a [PathBuf],
}

/// Answers a request.
pub fn answer(cx: &mut Context, request: Request) -> Result<Value, Refusal> {
    use LspRequestMethod as M;
    let Request { method, params, .. } = request;
    match M::from(method.as_str()) {
        M::TextDocumentHover => on::<HoverRequest>(cx, params, show::hover),
        M::TextDocumentDefinition => on::<DefinitionRequest>(cx, params, navigate::definition),
        M::TextDocumentTypeDefinition => {
            on::<TypeDefinitionRequest>(cx, params, navigate::type_definition)
        }
        M::TextDocumentReferences => on::<ReferencesRequest>(cx, params, navigate::references),
        M::TextDocumentDocumentHighlight => {
            on::<DocumentHighlightRequest>(cx, params, navigate::highlights)
        }
        M::TextDocumentDocumentSymbol => {
            on::<DocumentSymbolRequest>(cx, params, navigate::document_symbols)
        }
        M::TextDocumentPrepareRename => {
            on::<PrepareRenameRequest>(cx, params, change::prepare_rename)
        }
        M::TextDocumentRename => on::<RenameRequest>(cx, params, change::rename),
        M::TextDocumentFormatting => on::<DocumentFormattingRequest>(cx, params, style::file),
        M::TextDocumentRangeFormatting => {
            on::<DocumentRangeFormattingRequest>(cx, params, style::range)
        }
        M::TextDocumentOnTypeFormatting => {
            on::<DocumentOnTypeFormattingRequest>(cx, params, style::typed)
        }
        M::TextDocumentCodeAction => on::<CodeActionRequest>(cx, params, actions::actions),
        M::TextDocumentPrepareCallHierarchy => {
            on::<CallHierarchyPrepareRequest>(cx, params, calls::prepare)
        }
        M::CallHierarchyIncomingCalls => {
            on::<CallHierarchyIncomingCallsRequest>(cx, params, calls::incoming)
        }
        M::CallHierarchyOutgoingCalls => {
            on::<CallHierarchyOutgoingCallsRequest>(cx, params, calls::outgoing)
        }
        M::TextDocumentDocumentLink => on::<DocumentLinkRequest>(cx, params, links::links),
        M::WorkspaceExecuteCommand => on::<ExecuteCommandRequest>(cx, params, commands::execute),
        M::TextDocumentFoldingRange => on::<FoldingRangeRequest>(cx, params, regions::folds),
        M::TextDocumentSelectionRange => {
            on::<SelectionRangeRequest>(cx, params, regions::selections)
        }
        M::TextDocumentCompletion => on::<CompletionRequest>(cx, params, typing::completion),
        M::CompletionItemResolve => on::<CompletionResolveRequest>(cx, params, typing::resolve),
        M::TextDocumentSignatureHelp => on::<SignatureHelpRequest>(cx, params, typing::signature),
        M::TextDocumentSemanticTokensFull => on::<SemanticTokensRequest>(cx, params, colours::full),
        M::TextDocumentSemanticTokensFullDelta => {
            on::<SemanticTokensDeltaRequest>(cx, params, colours::delta)
        }
        M::TextDocumentSemanticTokensRange => {
            on::<SemanticTokensRangeRequest>(cx, params, colours::range)
        }
        M::TextDocumentInlayHint => on::<InlayHintRequest>(cx, params, hints::hints),
        M::TextDocumentCodeLens => on::<CodeLensRequest>(cx, params, hints::lenses),
        M::TextDocumentImplementation => {
            on::<ImplementationRequest>(cx, params, search::implementation)
        }
        M::WorkspaceSymbol => on::<WorkspaceSymbolRequest>(cx, params, search::symbols),
        _ => Err(Refusal::because(
            ErrorCodes::MethodNotFound,
            format!("there is no `{method}`"),
        )),
    }
}

/// The text that a request is about, where its answer speaks of no other: then changes of others make it no less right.
pub fn about_one_text(request: &Request) -> Option<PathBuf> {
    use LspRequestMethod as M;
    let is_alone = matches!(
        M::from(request.method.as_str()),
        M::TextDocumentFormatting
            | M::TextDocumentRangeFormatting
            | M::TextDocumentOnTypeFormatting
            | M::TextDocumentFoldingRange
            | M::TextDocumentSelectionRange
            | M::TextDocumentDocumentSymbol
            | M::TextDocumentDocumentHighlight
            | M::TextDocumentHover
            | M::TextDocumentCompletion
            | M::TextDocumentSignatureHelp
            | M::TextDocumentSemanticTokensFull
            | M::TextDocumentSemanticTokensRange
            | M::TextDocumentInlayHint
            | M::TextDocumentCodeLens
            | M::TextDocumentDocumentLink
    );
    let uri = request.params["textDocument"]["uri"].as_str()?;
    let uri = serde_json::from_value::<Uri>(uri.into()).ok()?;
    is_alone.then(|| path_of(&uri))
}

fn on<R: LspRequest>(
    cx: &mut Context,
    params: Value,
    answer: fn(&mut Context, R::Params) -> Result<R::Result, Refusal>,
) -> Result<Value, Refusal> {
    let bad =
        |error: serde_json::Error| Refusal::because(ErrorCodes::InvalidParams, error.to_string());
    let params: R::Params = serde_json::from_value(params).map_err(bad)?;
    let result = answer(cx, params)?;
    serde_json::to_value(result)
        .map_err(|error| Refusal::because(ErrorCodes::InternalError, error.to_string()))
}

impl Context<'_> {
    /// What is known of the program of a text, and the text's number in it. `None` where it is of no program.
    pub fn open(
        &mut self,
        document: &TextDocumentIdentifier,
    ) -> Result<(Arc<Snapshot>, FileId), Refusal> {
        let path = path_of(&document.uri);
        let snapshot = self.projects.snapshot(self.documents, &path);
        let snapshot = snapshot
            .map_err(|error| Refusal::because(ErrorCodes::InvalidParams, error.to_string()))?;
        let file = snapshot.file_at(&path).map(|file| file.id);
        match file {
            Some(file) => Ok((snapshot, file)),
            None => Err(Refusal::because(
                ErrorCodes::InvalidParams,
                format!("{} is of no program", path.display()),
            )),
        }
    }

    /// The same with a place in it.
    pub fn open_at(
        &mut self,
        params: &TextDocumentPositionParams,
    ) -> Result<(Arc<Snapshot>, At), Refusal> {
        let (snapshot, file) = self.open(&params.text_document)?;
        let offset = self.offset(&snapshot, file, params.position);
        Ok((snapshot, At { file, offset }))
    }

    pub fn offset(&self, snapshot: &Snapshot, file: FileId, at: Position) -> u32 {
        let source = snapshot.survey.sources.file(file);
        convert::offset(source, at, self.settings.encoding)
    }

    pub fn range(&self, snapshot: &Snapshot, span: Span) -> Range {
        let source = snapshot.survey.sources.file(span.file);
        convert::range(source, span, self.settings.encoding)
    }

    /// Edits as the editor applies them.
    pub fn workspace_edit(&self, snapshot: &Snapshot, edits: Vec<Edit>) -> WorkspaceEdit {
        let mut changes: HashMap<_, Vec<TextEdit>> = HashMap::new();
        for edit in edits {
            if let Some(uri) = self.uri_of_file(snapshot, edit.span.file) {
                changes.entry(uri).or_default().push(TextEdit {
                    range: self.range(snapshot, edit.span),
                    new_text: edit.text,
                });
            }
        }
        WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        }
    }

    /// The file as an editor opens it, also one of the library.
    pub fn uri_of_file(&self, snapshot: &Snapshot, file: FileId) -> Option<Uri> {
        let source = snapshot.survey.sources.file(file);
        let path = match snapshot.is_own(file) {
            true => PathBuf::from(&source.name),
            false => shown_as_file(&source.name, &source.text)?,
        };
        Some(uri_of(&path))
    }
}
