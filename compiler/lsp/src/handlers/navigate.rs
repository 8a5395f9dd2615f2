//! From a place to others: definitions, references, symbols.

use gen_lsp_types::{
    Definition, DefinitionParams, DefinitionResponse, DocumentHighlight, DocumentHighlightKind,
    DocumentHighlightParams, DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse,
    Location, ReferenceParams, SymbolKind, TypeDefinitionParams, TypeDefinitionResponse,
};
use weir_diagnostics::Span;
use weir_ide::declared::Kind;
use weir_ide::{Snapshot, Symbol};

use super::{Context, Refusal};

pub fn definition(
    cx: &mut Context,
    params: DefinitionParams,
) -> Result<Option<DefinitionResponse>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let found = weir_ide::definition(&snapshot, at);
    let place = found.and_then(|span| location(cx, &snapshot, span));
    Ok(place.map(|place| DefinitionResponse::Definition(Definition::Location(place))))
}

pub fn type_definition(
    cx: &mut Context,
    params: TypeDefinitionParams,
) -> Result<Option<TypeDefinitionResponse>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let found = weir_ide::type_definition(&snapshot, at);
    let place = found.and_then(|span| location(cx, &snapshot, span));
    Ok(place.map(|place| TypeDefinitionResponse::Definition(Definition::Location(place))))
}

pub fn references(
    cx: &mut Context,
    params: ReferenceParams,
) -> Result<Option<Vec<Location>>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let with_declaration = params.context.include_declaration;
    let found = weir_ide::references(&snapshot, at).into_iter();
    let wanted = found.filter(|found| with_declaration || !found.is_declaration);
    let places = wanted.filter_map(|found| location(cx, &snapshot, found.span));
    Ok(Some(places.collect()))
}

pub fn highlights(
    cx: &mut Context,
    params: DocumentHighlightParams,
) -> Result<Option<Vec<DocumentHighlight>>, Refusal> {
    let (snapshot, at) = cx.open_at(&params.text_document_position_params)?;
    let found = weir_ide::highlights(&snapshot, at).into_iter();
    let shown = found.map(|found| DocumentHighlight {
        range: cx.range(&snapshot, found.span),
        kind: Some(match found.is_written || found.is_declaration {
            true => DocumentHighlightKind::Write,
            false => DocumentHighlightKind::Read,
        }),
    });
    Ok(Some(shown.collect()))
}

pub fn document_symbols(
    cx: &mut Context,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>, Refusal> {
    let (snapshot, file) = cx.open(&params.text_document)?;
    let found = weir_ide::document_symbols(&snapshot, file).into_iter();
    let shown = found.map(|found| symbol(cx, &snapshot, found));
    Ok(Some(DocumentSymbolResponse::DocumentSymbolList(
        shown.collect(),
    )))
}

fn symbol(cx: &Context, snapshot: &Snapshot, found: Symbol) -> DocumentSymbol {
    let children = found.children.into_iter();
    let children: Vec<DocumentSymbol> = children.map(|child| symbol(cx, snapshot, child)).collect();
    let (whole, name) = (
        cx.range(snapshot, found.whole),
        cx.range(snapshot, found.span),
    );
    let children = (!children.is_empty()).then_some(children);
    let kind = symbol_kind(found.kind);
    DocumentSymbol::new(found.name, None, kind, None, None, whole, name, children)
}

pub fn symbol_kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Function | Kind::ExternFunction | Kind::Test => SymbolKind::Function,
        Kind::Handler => SymbolKind::Method,
        Kind::Constant => SymbolKind::Constant,
        Kind::Record | Kind::Error => SymbolKind::Struct,
        Kind::Enum => SymbolKind::Enum,
        Kind::Variant => SymbolKind::EnumMember,
        Kind::Type => SymbolKind::TypeParameter,
        Kind::Entity | Kind::Workflow => SymbolKind::Class,
        Kind::State | Kind::View => SymbolKind::Property,
        Kind::Event | Kind::Stream | Kind::Schedule => SymbolKind::Event,
        Kind::Key => SymbolKind::Key,
        Kind::Field => SymbolKind::Field,
        Kind::Parameter => SymbolKind::Variable,
        Kind::Extern => SymbolKind::Module,
    }
}

pub fn location(cx: &Context, snapshot: &Snapshot, span: Span) -> Option<Location> {
    Some(Location {
        uri: cx.uri_of_file(snapshot, span.file)?,
        range: cx.range(snapshot, span),
    })
}
