//! What is said of two types that do not fit.

use wasmtime::component::types as wit;
use weir_contract::{DefId, DefKind, Field, Type};

use crate::fit::Fit;
use crate::show::{in_weir, in_wit};

/// Where and why two types do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// `width`, `order.lines`; empty for the result.
    pub path: String,
    /// What the program declares there.
    pub ours: String,
    /// What the component has there.
    pub theirs: String,
    /// What to do.
    pub next: String,
}

impl Fit<'_> {
    /// Errors that are not those of a `result`.
    pub fn other_errors(
        &self,
        ours: &[DefId],
        theirs: Option<&wit::Type>,
        next: String,
        path: &str,
    ) -> Misfit {
        let names: Vec<&str> = ours
            .iter()
            .map(|id| self.defs.get(*id).name.as_str())
            .collect();
        Misfit {
            path: path.to_owned(),
            ours: match names.as_slice() {
                [] => "no `fails`".to_owned(),
                names => format!("fails {}", names.join(", ")),
            },
            theirs: match theirs {
                Some(ty) => format!("result<_, {}>", in_wit(ty)),
                None => "result without an error".to_owned(),
            },
            next,
        }
    }

    /// Two types that have nothing to do with each other.
    pub fn misfit(&self, ours: &Type, theirs: &wit::Type, path: &str) -> Misfit {
        Misfit {
            path: path.to_owned(),
            ours: self.in_full(ours),
            theirs: in_wit(theirs),
            next: match (in_weir(theirs), theirs) {
                (_, wit::Type::Result(_)) => {
                    "a `result` can only be what a function gives".to_owned()
                }
                (Some(ty), _) => match ty.split_once(' ') {
                    Some(("record" | "enum", _)) => format!("declare it as `{ty}`"),
                    _ => format!("write `{ty}`"),
                },
                (None, _) => format!(
                    "{} cannot be taken over; leave this function out",
                    in_wit(theirs)
                ),
            },
        }
    }

    /// A type with what is in it, one level deep, so that a message need not be looked up.
    fn in_full(&self, ty: &Type) -> String {
        let name = self.defs.name_of(ty);
        let list = |fields: &[Field]| {
            let fields = fields
                .iter()
                .map(|f| format!("{}: {}", f.name, self.defs.name_of(&f.ty)));
            fields.collect::<Vec<_>>().join(", ")
        };
        let Type::Named(id) = ty else {
            return name;
        };
        match &self.defs.get(*id).kind {
            DefKind::Record { fields } | DefKind::Error { fields, .. } => {
                format!("record {name}({})", list(fields))
            }
            DefKind::Enum { variants } => {
                let cases = variants.iter().map(|v| match v.fields.as_slice() {
                    [] => v.name.clone(),
                    fields => format!("{}({})", v.name, list(fields)),
                });
                format!("enum {name} {{ {} }}", cases.collect::<Vec<_>>().join(", "))
            }
            DefKind::Entity { .. } => format!("entity {name}"),
            DefKind::New { .. } => name,
        }
    }
}
