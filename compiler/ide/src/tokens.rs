//! What each piece of the text is, for editors that colour by meaning: names by what they stand for, and the words of the language.

use std::collections::BTreeSet;

use weir_check::hir::{Effect, Promise};
use weir_check::meanings::Def;
use weir_diagnostics::{FileId, Span};
use weir_syntax::ast::StmtKind;
use weir_syntax::ast::walk::{Node, walk};
use weir_syntax::token::Tok;

use crate::declared::Kind;
use crate::{Snapshot, builtins, references};

/// What a piece is. The order is that of [`TOKEN_KINDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    Namespace,
    Type,
    TypeParameter,
    Class,
    Enum,
    EnumMember,
    Struct,
    Parameter,
    Variable,
    Property,
    Event,
    Function,
    Method,
    Decorator,
    Keyword,
    Comment,
    Text,
    Number,
}

/// As the protocol calls them.
pub const TOKEN_KINDS: &[&str] = &[
    "namespace",
    "type",
    "typeParameter",
    "class",
    "enum",
    "enumMember",
    "struct",
    "parameter",
    "variable",
    "property",
    "event",
    "function",
    "method",
    "decorator",
    "keyword",
    "comment",
    "string",
    "number",
];

/// Bits of [`ColouredToken::modifiers`], from the lowest. Those the protocol does not know are Weir's own.
pub const MODIFIERS: &[&str] = &[
    "declaration",
    "readonly",
    "modification",
    "defaultLibrary",
    "documentation",
    "state",
    "durable",
    "suspends",
];

const DECLARATION: u32 = 1;
const READONLY: u32 = 1 << 1;
const MODIFICATION: u32 = 1 << 2;
const DEFAULT_LIBRARY: u32 = 1 << 3;
const DOCUMENTATION: u32 = 1 << 4;
/// State of an entity or workflow.
const STATE: u32 = 1 << 5;
/// Lasts: state, and what has it.
const DURABLE: u32 = 1 << 6;
/// The run may sleep here.
const SUSPENDS: u32 = 1 << 7;

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColouredToken {
    pub span: Span,
    pub kind: TokenKind,
    pub modifiers: u32,
}

/// The names of the modifiers of a token.
pub fn modifier_names(modifiers: u32) -> Vec<&'static str> {
    let numbered = MODIFIERS.iter().enumerate();
    let set = numbered.filter(|(bit, _)| modifiers & (1 << bit) != 0);
    set.map(|(_, name)| *name).collect()
}

/// In the order of the text; none overlap, but one may span lines.
pub fn tokens(snapshot: &Snapshot, file: FileId) -> Vec<ColouredToken> {
    let Some(known) = snapshot.file(file) else {
        return Vec::new();
    };
    let vars = vars(snapshot, file);
    let changed = references::changed(snapshot);
    let names = snapshot.meanings().names_in(file).iter();
    let mut found: Vec<ColouredToken> = names
        .filter(|(span, _)| span.start < span.end)
        .filter_map(|(span, def)| {
            let (kind, mut modifiers) = name(snapshot, *def, &vars)?;
            if snapshot.place(*def) == Some(*span) {
                modifiers |= DECLARATION;
            }
            if changed.binary_search(span).is_ok() {
                modifiers |= MODIFICATION;
            }
            Some(ColouredToken {
                span: *span,
                kind,
                modifiers,
            })
        })
        .collect();
    for token in known
        .parsed
        .tokens
        .iter()
        .filter(|token| token.start < token.end)
    {
        let span = Span::new(file, token.start, token.end);
        let kind = match token.kind {
            Tok::Str | Tok::StrHead | Tok::StrMid | Tok::StrTail => TokenKind::Text,
            Tok::Int | Tok::Decimal | Tok::Float | Tok::Money | Tok::Duration | Tok::Time => {
                TokenKind::Number
            }
            Tok::At => TokenKind::Decorator,
            kind if kind.is_hard() => TokenKind::Keyword,
            Tok::GroupBy | Tok::SortBy => TokenKind::Keyword,
            // Where they are names, they mean something.
            kind if kind.is_soft() => TokenKind::Keyword,
            _ => continue,
        };
        let modifiers = match token.kind {
            Tok::Wait => SUSPENDS,
            _ => 0,
        };
        found.push(ColouredToken {
            span,
            kind,
            modifiers,
        });
    }
    found.extend(known.parsed.comments.iter().map(|comment| ColouredToken {
        span: comment.span,
        kind: TokenKind::Comment,
        modifiers: if comment.is_doc { DOCUMENTATION } else { 0 },
    }));
    // Of two in one place the name says more.
    found.sort_by_key(|token| (token.span.start, token.kind));
    let mut out: Vec<ColouredToken> = Vec::new();
    for token in found {
        if out
            .last()
            .is_none_or(|last| last.span.end <= token.span.start)
        {
            out.push(token);
        }
    }
    out
}

/// The variables that may change.
fn vars(snapshot: &Snapshot, file: FileId) -> BTreeSet<Span> {
    let mut found = BTreeSet::new();
    if let Some(module) = snapshot.module(file) {
        walk(module, &mut |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Var { name, .. } = &stmt.kind
            {
                found.insert(name.span);
            }
        });
    }
    found
}

fn name(snapshot: &Snapshot, def: Def, vars: &BTreeSet<Span>) -> Option<(TokenKind, u32)> {
    let checked = snapshot.checked();
    let of_library = match snapshot.place(def) {
        Some(place) if !snapshot.is_own(place.file) => DEFAULT_LIBRARY,
        _ => 0,
    };
    let waits = |waits: bool| if waits { SUSPENDS } else { 0 };
    let (kind, modifiers) = match def {
        Def::Local(at) => {
            let declared = snapshot.declared.by_name.get(&at);
            match declared.map(|declared| declared.kind) {
                Some(Kind::Parameter) => (TokenKind::Parameter, READONLY),
                Some(Kind::Key) => (TokenKind::Property, READONLY),
                _ if vars.contains(&at) => (TokenKind::Variable, 0),
                _ => (TokenKind::Variable, READONLY),
            }
        }
        Def::Function(id) => {
            let function = checked.function(id);
            let kind = match function.entity {
                Some(_) => TokenKind::Method,
                None => TokenKind::Function,
            };
            (kind, waits(function.effect == Effect::Wait))
        }
        Def::Extern(id) => {
            let is_inside = checked.extern_fn(id).promise == Promise::Pure;
            (TokenKind::Function, waits(!is_inside))
        }
        Def::Constant(_) => (TokenKind::Variable, READONLY),
        Def::View(_) => (TokenKind::Variable, READONLY | DURABLE),
        Def::Record(_) | Def::Error(_) => (TokenKind::Struct, 0),
        Def::Enum(_) => (TokenKind::Enum, 0),
        Def::Variant(..) => (TokenKind::EnumMember, 0),
        Def::New(_) | Def::Alias(_) => (TokenKind::Type, 0),
        Def::TypeParam(_) => (TokenKind::TypeParameter, 0),
        Def::Entity(_) => (TokenKind::Class, DURABLE),
        Def::State(..) => (TokenKind::Property, STATE | DURABLE),
        Def::Key(..) => (TokenKind::Property, READONLY),
        Def::RecordField(..) | Def::ErrorField(..) | Def::VariantField(..) => {
            (TokenKind::Property, 0)
        }
        Def::EventParam(..) | Def::ExternParam(..) => (TokenKind::Parameter, READONLY),
        Def::Event(..) => (TokenKind::Event, 0),
        Def::ExternBlock(_) | Def::Module(_) => (TokenKind::Namespace, 0),
        Def::Stream(_) => (TokenKind::Variable, READONLY | DURABLE),
        // The name of a test is a text.
        Def::Test(_) => return None,
        Def::Builtin(name) => {
            let sleeps = matches!(name, "sleep" | "sleep_until" | "within" | "result");
            let kind = match builtins::headline(name) {
                Some(text) if text.starts_with("fn ") => TokenKind::Function,
                Some(text) if text.starts_with("type ") => TokenKind::Type,
                _ if name.starts_with(char::is_uppercase) => TokenKind::EnumMember,
                _ => TokenKind::Variable,
            };
            (kind, DEFAULT_LIBRARY | waits(sleeps))
        }
    };
    Some((kind, modifiers | of_library))
}
