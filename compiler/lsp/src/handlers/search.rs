//! From a name to where it takes place, and from a few letters to declarations of all programs.

use std::collections::BTreeSet;

use gen_lsp_types::{
    BaseSymbolInformation, Definition, ImplementationParams, ImplementationResponse,
    WorkspaceSymbol, WorkspaceSymbolLocation, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};

use super::navigate::{location, symbol_kind};
use super::{Context, Refusal};

/// So many declarations are sent at most.
const SENT_MAX: usize = 200;

pub fn implementation(
    cx: &mut Context,
    params: ImplementationParams,
) -> Result<Option<ImplementationResponse>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let found = weir_ide::implementations(&snapshot, at).into_iter();
    let places = found.filter_map(|span| location(cx, &snapshot, span));
    let places = Definition::LocationList(places.collect());
    Ok(Some(ImplementationResponse::Definition(places)))
}

pub fn symbols(
    cx: &mut Context,
    params: WorkspaceSymbolParams,
) -> Result<Option<WorkspaceSymbolResponse>, Refusal> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for program in crate::publish::programs(cx) {
        let Ok(snapshot) = cx.projects.snapshot_of(cx.documents, &program) else {
            continue;
        };
        for (symbol, container_name) in weir_ide::matching_symbols(&snapshot, &params.query) {
            let Some(place) = location(cx, &snapshot, symbol.span) else {
                continue;
            };
            // A file may be of two programs.
            if !seen.insert((place.uri.0.clone(), symbol.span.start)) {
                continue;
            }
            found.push(WorkspaceSymbol {
                location: WorkspaceSymbolLocation::Location(place),
                data: None,
                base_symbol_information: BaseSymbolInformation {
                    name: symbol.name,
                    kind: symbol_kind(symbol.kind),
                    tags: None,
                    container_name,
                },
            });
        }
    }
    found.truncate(SENT_MAX);
    Ok(Some(WorkspaceSymbolResponse::WorkspaceSymbolList(found)))
}
