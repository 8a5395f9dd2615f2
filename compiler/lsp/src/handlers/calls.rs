//! The call hierarchy: who calls a function, what it calls.

use gen_lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
    TextDocumentIdentifier,
};
use std::sync::Arc;
use weir_diagnostics::Span;
use weir_ide::{At, Snapshot, call_hierarchy};

use super::navigate::symbol_kind;
use super::{Context, Refusal};

pub fn prepare(
    cx: &mut Context,
    params: CallHierarchyPrepareParams,
) -> Result<Option<Vec<CallHierarchyItem>>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let found = call_hierarchy::callable(&snapshot, at);
    let item = found.and_then(|function| item(cx, &snapshot, function));
    Ok(item.map(|item| vec![item]))
}

pub fn incoming(
    cx: &mut Context,
    params: CallHierarchyIncomingCallsParams,
) -> Result<Option<Vec<CallHierarchyIncomingCall>>, Refusal> {
    let Some((snapshot, function)) = again(cx, &params.item)? else {
        return Ok(None);
    };
    let found = call_hierarchy::callers(&snapshot, function).into_iter();
    let shown = found.filter_map(|caller| {
        let places = caller.places.iter();
        Some(CallHierarchyIncomingCall {
            from: item(cx, &snapshot, caller.function)?,
            from_ranges: places.map(|span| cx.range(&snapshot, *span)).collect(),
        })
    });
    Ok(Some(shown.collect()))
}

pub fn outgoing(
    cx: &mut Context,
    params: CallHierarchyOutgoingCallsParams,
) -> Result<Option<Vec<CallHierarchyOutgoingCall>>, Refusal> {
    let Some((snapshot, function)) = again(cx, &params.item)? else {
        return Ok(None);
    };
    let found = call_hierarchy::called(&snapshot, function).into_iter();
    let shown = found.filter_map(|called| {
        let places = called.places.iter();
        Some(CallHierarchyOutgoingCall {
            to: item(cx, &snapshot, called.function)?,
            from_ranges: places.map(|span| cx.range(&snapshot, *span)).collect(),
        })
    });
    Ok(Some(shown.collect()))
}

/// The function of an item that the editor was given before.
fn again(
    cx: &mut Context,
    item: &CallHierarchyItem,
) -> Result<Option<(Arc<Snapshot>, Span)>, Refusal> {
    let document = TextDocumentIdentifier {
        uri: item.uri.clone(),
    };
    // A function of the library calls nothing that anybody could change.
    let Ok((snapshot, file)) = cx.open(&document) else {
        return Ok(None);
    };
    let offset = cx.offset(&snapshot, file, item.selection_range.start);
    let found = call_hierarchy::callable(&snapshot, At { file, offset });
    let found = found.or_else(|| {
        // A test has no name that could be used.
        let mut declared = snapshot.declared.by_name.of(file);
        declared
            .find(|(span, _)| span.start == offset)
            .map(|(span, _)| *span)
    });
    Ok(found.map(|function| (snapshot, function)))
}

fn item(cx: &Context, snapshot: &Snapshot, function: Span) -> Option<CallHierarchyItem> {
    let declaration = call_hierarchy::declaration(snapshot, function)?;
    let owner = declaration
        .inside
        .and_then(|owner| call_hierarchy::declaration(snapshot, owner));
    Some(CallHierarchyItem {
        name: declaration.name.clone(),
        kind: symbol_kind(declaration.kind),
        tags: None,
        detail: owner.map(|owner| owner.name.clone()),
        uri: cx.uri_of_file(snapshot, function.file)?,
        range: cx.range(snapshot, declaration.whole),
        selection_range: cx.range(snapshot, function),
        data: None,
    })
}
