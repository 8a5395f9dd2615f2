//! What the server can do, as it tells the editor.

use serde_json::{Value, json};
use weir_ide::{MODIFIERS, TOKEN_KINDS};

use crate::convert::Encoding;
use crate::handlers::commands::COMMANDS;
use crate::server::Settings;

pub fn capabilities(settings: &Settings) -> Value {
    let encoding = match settings.encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
        Encoding::Utf32 => "utf-32",
    };
    json!({
        "capabilities": {
            "positionEncoding": encoding,
            // 2: changes come as pieces.
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            "hoverProvider": true,
            "definitionProvider": true,
            "typeDefinitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "documentSymbolProvider": true,
            "renameProvider": { "prepareProvider": true },
            "documentFormattingProvider": true,
            "documentRangeFormattingProvider": true,
            "documentOnTypeFormattingProvider": {
                "firstTriggerCharacter": "}",
                "moreTriggerCharacter": ["\n"],
            },
            "codeActionProvider": {
                "codeActionKinds": [
                    "quickfix",
                    "refactor.extract",
                    "refactor.inline",
                    "refactor.rewrite",
                    "source.organizeImports",
                    "source.fixAll",
                ],
            },
            "callHierarchyProvider": true,
            "documentLinkProvider": {},
            "executeCommandProvider": { "commands": COMMANDS },
            "workspace": {
                "workspaceFolders": { "supported": true, "changeNotifications": true },
            },
            "foldingRangeProvider": true,
            "selectionRangeProvider": true,
            "completionProvider": {
                // Members, attributes, the first argument; other places are asked for with the first letter.
                "triggerCharacters": [".", "@", "("],
                "resolveProvider": true,
            },
            "signatureHelpProvider": { "triggerCharacters": ["(", ","], "retriggerCharacters": [")", ":"] },
            "semanticTokensProvider": {
                "legend": { "tokenTypes": TOKEN_KINDS, "tokenModifiers": MODIFIERS },
                "full": { "delta": true },
                "range": true,
            },
            "inlayHintProvider": true,
            "codeLensProvider": { "resolveProvider": false },
            "implementationProvider": true,
            "workspaceSymbolProvider": true,
        },
        "serverInfo": { "name": "weir", "version": env!("CARGO_PKG_VERSION") },
    })
}
