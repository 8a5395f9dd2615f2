//! While one types: what could stand at the cursor, and what the call around it takes.

use gen_lsp_types::{
    ActiveParameter, CompletionItem, CompletionItemKind, CompletionItemTextEdit, CompletionList,
    CompletionParams, CompletionResponse, Documentation, InsertTextFormat, InsertTextMode,
    ParameterInformation, ParameterInformationLabel, SignatureHelp, SignatureHelpParams,
    SignatureInformation, TextDocumentIdentifier, TextEdit, Uri,
};
use serde::{Deserialize, Serialize};
use weir_diagnostics::{FileId, Span};
use weir_ide::declared::Kind;
use weir_ide::{At, Completion, Snapshot, Suggested};

use super::show::markdown;
use super::{Context, Refusal};

/// So many suggestions are sent; with more the editor asks again when the word is longer.
const SENT_MAX: usize = 400;

/// By what a suggestion is found again when the editor wants to know more about it.
#[derive(Serialize, Deserialize)]
struct Again {
    uri: Uri,
    /// Where it is declared: number of the file, and bytes.
    declared: Option<(u32, u32, u32)>,
    builtin: Option<String>,
}

pub fn completion(
    cx: &mut Context,
    params: CompletionParams,
) -> Result<Option<CompletionResponse>, Refusal> {
    let place = params.text_document_position_params;
    let (snapshot, at) = cx.open_at(&place)?;
    let beside = cx.projects.beside(cx.documents, &snapshot);
    let mut found = weir_ide::completion(&snapshot, cx.projects.library(), at, &beside);
    let is_begun = begun(&snapshot, at);
    // A longer word leaves some of these; from nothing more may come, which are too many to be sent for nothing.
    let is_incomplete = found.len() > SENT_MAX || !is_begun;
    found.retain(|one| cx.settings.snippets || !one.insert.is_empty());
    found.truncate(SENT_MAX);
    let uri = place.text_document.uri;
    let items = found.into_iter().map(|one| item(cx, &snapshot, &uri, one));
    Ok(Some(CompletionResponse::CompletionList(CompletionList {
        is_incomplete,
        items: items.collect(),
        ..CompletionList::default()
    })))
}

fn begun(snapshot: &Snapshot, at: At) -> bool {
    let front = &snapshot.text(at.file)[..at.offset as usize];
    front.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn item(cx: &Context, snapshot: &Snapshot, uri: &Uri, one: Completion) -> CompletionItem {
    let snippet = one.snippet.filter(|_| cx.settings.snippets);
    let is_snippet = snippet.is_some();
    let text = snippet.unwrap_or(one.insert);
    let spans_lines = text.contains('\n');
    let edits = one.edits.into_iter().map(|edit| TextEdit {
        range: cx.range(snapshot, edit.span),
        new_text: edit.text,
    });
    let edits: Vec<TextEdit> = edits.collect();
    // What editors compare with the word: a name, also where something stands in front of it.
    let name = one.label.rsplit('.').next().unwrap_or(&one.label);
    let again = Again {
        uri: uri.clone(),
        declared: one.declared.map(|at| (at.file.0, at.start, at.end)),
        builtin: one.builtin.map(str::to_owned),
    };
    let can_say_more = again.declared.is_some() || again.builtin.is_some();
    CompletionItem {
        filter_text: (name != one.label).then(|| name.to_owned()),
        kind: Some(kind(one.kind)),
        detail: one.detail,
        sort_text: Some(one.sort),
        insert_text_format: is_snippet.then_some(InsertTextFormat::Snippet),
        insert_text_mode: spans_lines.then_some(InsertTextMode::AdjustIndentation),
        text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit {
            range: cx.range(snapshot, one.replaced),
            new_text: text,
        })),
        additional_text_edits: (!edits.is_empty()).then_some(edits),
        data: can_say_more
            .then(|| serde_json::to_value(again).ok())
            .flatten(),
        label: one.label,
        ..CompletionItem::default()
    }
}

fn kind(kind: Suggested) -> CompletionItemKind {
    match kind {
        Suggested::Declared(kind) => match kind {
            Kind::Function | Kind::ExternFunction | Kind::Test => CompletionItemKind::Function,
            Kind::Handler => CompletionItemKind::Method,
            Kind::Constant => CompletionItemKind::Constant,
            Kind::Record | Kind::Error => CompletionItemKind::Struct,
            Kind::Enum => CompletionItemKind::Enum,
            Kind::Variant => CompletionItemKind::EnumMember,
            Kind::Type => CompletionItemKind::Interface,
            Kind::Entity | Kind::Workflow => CompletionItemKind::Class,
            Kind::State | Kind::View | Kind::Key => CompletionItemKind::Property,
            Kind::Event | Kind::Stream | Kind::Schedule => CompletionItemKind::Event,
            Kind::Field => CompletionItemKind::Field,
            Kind::Parameter => CompletionItemKind::Variable,
            Kind::Extern => CompletionItemKind::Module,
        },
        Suggested::Variable => CompletionItemKind::Variable,
        Suggested::Module => CompletionItemKind::Module,
        Suggested::TypeParam => CompletionItemKind::TypeParameter,
        Suggested::Keyword => CompletionItemKind::Keyword,
        Suggested::Snippet => CompletionItemKind::Snippet,
        Suggested::Attribute => CompletionItemKind::Property,
        Suggested::Function => CompletionItemKind::Function,
        Suggested::Type => CompletionItemKind::Interface,
        Suggested::Value => CompletionItemKind::Value,
    }
}

/// With its documentation.
pub fn resolve(cx: &mut Context, mut item: CompletionItem) -> Result<CompletionItem, Refusal> {
    let again = item.data.clone();
    let again = again.and_then(|data| serde_json::from_value::<Again>(data).ok());
    let Some(again) = again else {
        return Ok(item);
    };
    let said = match (again.builtin, again.declared) {
        (Some(name), _) => weir_ide::documentation_of_builtin(&name).map(str::to_owned),
        (None, Some((file, start, end))) if start <= end => {
            let document = TextDocumentIdentifier { uri: again.uri };
            let (snapshot, _) = cx.open(&document)?;
            let declared = Span::new(FileId(file), start, end);
            weir_ide::documentation_of(&snapshot, declared, &item.label)
        }
        _ => None,
    };
    item.documentation = said.map(|said| Documentation::MarkupContent(markdown(said)));
    Ok(item)
}

pub fn signature(
    cx: &mut Context,
    params: SignatureHelpParams,
) -> Result<Option<SignatureHelp>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let Some(found) = weir_ide::signature(&snapshot, cx.projects.library(), at) else {
        return Ok(None);
    };
    // Pieces of the label are counted as columns are.
    let units = |end: u32| cx.settings.encoding.units_in(&found.label[..end as usize]) as u32;
    let pieces = found
        .params
        .iter()
        .map(|(start, end)| ParameterInformation {
            label: ParameterInformationLabel::Tuple((units(*start), units(*end))),
            documentation: None,
        });
    let active = found.active.map(|at| ActiveParameter::Int(at as u32));
    Ok(Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            parameters: Some(pieces.collect()),
            documentation: found
                .doc
                .map(|doc| Documentation::MarkupContent(markdown(doc))),
            active_parameter: active,
            label: found.label,
        }],
        active_signature: Some(0),
        active_parameter: active,
    }))
}
