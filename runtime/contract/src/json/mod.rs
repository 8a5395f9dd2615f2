//! Values as the outside world writes them: JSON by type, and plain text in paths and queries.
//!
//! | type | JSON |
//! | --- | --- |
//! | `Int`, `Bool`, `Text` | number, boolean, string |
//! | `Float` | number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `Decimal` | string; a number without a fraction is read too |
//! | `Time`, `Duration`, `Bytes` | RFC 3339, ISO 8601, base64 |
//! | `Date` | `"2026-11-25"` |
//! | `Money` | `"19.90 USD"`; amount and currency, a space between them may be left out |
//! | `Blob` | `{"blob": "<64 hexadecimal digits>", "size": 123, "type": "image/png"}`; the digits alone are read too, where the content is there |
//! | `T?` | null or absent for `None`; where null would be ambiguous, `Some(x)` is `[x]` |
//! | record, error, tuple with names | object; other tuples: array |
//! | variant | `"Open"` or `{"kind": "Paid", "charge": "ch_1"}` |
//! | `Map` | object when keys are text-like, else array of pairs |
//! | entity reference | its key; with several keys an object |
//! | `Result` | `{"ok": x}` or `{"error": "Name", ...}` |
//! | the library's `Json` | what it says, whatever that is |

mod any;
mod document;
mod duration;
mod error;
mod parse;
mod read;
mod text;
mod write;

pub use document::{Document, Members};
pub use error::{JsonError, nearest};
pub use parse::parse;
pub use read::{field_values, from_json};
pub use text::{from_query, from_text};
pub use write::{failure_to_document, fields_to_document, fields_to_json, to_document, to_json};

use crate::types::{DefKind, Defs, Type};

/// Whether keys of that type are written as member names of an object.
fn is_text_like(defs: &Defs, ty: &Type) -> bool {
    match defs.base(ty) {
        Type::Text => true,
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Entity { keys } => keys.len() == 1 && is_text_like(defs, &keys[0].ty),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a value of that type may itself be written as null.
fn is_nullable(defs: &Defs, ty: &Type) -> bool {
    match defs.base(ty) {
        Type::Unit | Type::Option(_) => true,
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Entity { keys } => keys.len() == 1 && is_nullable(defs, &keys[0].ty),
            _ => false,
        },
        _ => false,
    }
}
