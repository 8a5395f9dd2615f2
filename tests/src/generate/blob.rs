//! Blobs in generated programs: what makes one, what is asked of one, and where none may stand because it would have to be kept first.

use weir_contract::Value;
use weir_contract::blobs::{Blob, BlobStore, MemoryBlobs};
use weir_contract::host_call::Given;

use super::stmt::Scope;
use super::{Gen, Ty};

/// Contents that callers know of.
const CONTENTS: [&[u8]; 6] = [
    b"",
    b"a",
    b"two\nlines",
    b"caf\xc3\xa9\r\nthen\n",
    b"\xff\x00 no text",
    b"0123456789012345678901234567890123456789",
];

const MEDIA_TYPES: [&str; 3] = ["", "text/plain", "image/png"];

/// What programs with blobs are given: a store that has what callers know of.
pub fn given() -> Given {
    let blobs = MemoryBlobs::default();
    for content in CONTENTS {
        blobs.keep(content, "").expect("there is room");
    }
    Given::default().with_blobs(weir_contract::blobs::Blobs(std::sync::Arc::new(blobs)))
}

impl Gen {
    /// One that a caller names.
    pub fn blob(&mut self) -> Value {
        let content = self.pick(&CONTENTS);
        Value::Blob(Box::new(Blob::of(content, self.pick(&MEDIA_TYPES))))
    }

    /// One that the program keeps, of what is written out.
    pub fn kept_blob(&mut self) -> String {
        match self.below(3) {
            0 => "blob.of_text(\"a\", \"\")".to_owned(),
            1 => "blob.of_text(\"two\\nlines\")".to_owned(),
            _ => "blob.of(\"x\".to_bytes(), media_type: \"image/png\")".to_owned(),
        }
    }

    pub(super) fn blob_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        Some(match self.below(4) {
            0 => {
                let text = self.expr(scope, &Ty::Text, depth, false);
                format!("blob.of_text({text})")
            }
            1 => {
                let (from, to) = (self.below(4), self.below(9));
                let of = self.leaf(scope, &Ty::Blob, false);
                format!("blob.of({of}.slice({from}, {to}), {of}.media_type())")
            }
            _ => return None,
        })
    }

    /// A number that a blob says.
    pub(super) fn int_of_blob(&mut self, scope: &mut Scope) -> String {
        let of = self.leaf(scope, &Ty::Blob, false);
        let asked = self.pick(&[
            "size()",
            "bytes().length()",
            "slice(1, 5).length()",
            "hash().length()",
            // A bug where it is no text.
            "lines().length()",
        ]);
        format!("{of}.{asked}")
    }

    /// A text that a blob says.
    pub(super) fn text_of_blob(&mut self, scope: &mut Scope) -> String {
        let of = self.leaf(scope, &Ty::Blob, false);
        match self.below(4) {
            0 => format!("{of}.hash()"),
            1 => format!("{of}.media_type()"),
            2 => format!("({of}.text() ?? \"none\")"),
            _ => format!("\"{{{of}}}\""),
        }
    }

    /// Whether a value of that type cannot be without a blob: nothing that is worked out before there is a step can be one.
    pub(super) fn needs_blob(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Blob => true,
            Ty::Tuple(items) => items.iter().any(|item| self.needs_blob(item)),
            Ty::Named(items) => items.iter().any(|(_, item)| self.needs_blob(item)),
            Ty::Record(id) => {
                let mut fields = self.records[*id].fields.iter();
                fields.any(|(_, field)| self.needs_blob(field))
            }
            Ty::Enum(id) => {
                let variants = self.enums[*id].variants.iter();
                let mut fields = variants.flat_map(|variant| &variant.fields);
                // That the type stands in itself adds nothing.
                fields.any(|(_, field)| field != ty && self.needs_blob(field))
            }
            _ => false,
        }
    }
}
