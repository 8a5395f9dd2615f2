//! What a host was given for a program besides its module: settings and secrets, and where contents and temporary data are.

use std::collections::BTreeMap;

use super::{HostCall, Setting};
use crate::blobs::Blobs;
use crate::json::from_text;
use crate::scratch::Scratches;
use crate::types::{Defs, Type};
use crate::value::Value;

/// What a host was given for a program: settings and secrets. Neither is in the log.
#[derive(Clone, Default)]
pub struct Given {
    /// The value of a setting, as each of the types it is wanted as.
    config: BTreeMap<String, Vec<(Type, Value)>>,
    pub(super) secrets: BTreeMap<String, String>,
    /// Where the contents of blobs are.
    pub blobs: Blobs,
    /// Where temporary data is.
    pub scratches: Scratches,
}

/// A setting or a secret that a program needs and cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    pub name: String,
    pub is_secret: bool,
    /// Why what there is will not do; `None` where there is nothing.
    pub why: Option<String>,
}

/// Of two that were given the same settings and secrets it does not matter which one has.
impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        (&self.config, &self.secrets) == (&other.config, &other.secrets)
    }
}

impl Eq for Given {}

impl Given {
    /// With another place for the contents of blobs.
    pub fn with_blobs(self, blobs: Blobs) -> Given {
        Given { blobs, ..self }
    }

    /// With another place for temporary data.
    pub fn with_scratches(self, scratches: Scratches) -> Given {
        Given { scratches, ..self }
    }

    /// Reads what a program asks for out of texts, as a query of a request has them; or else says all that is wrong.
    pub fn read(
        defs: &Defs,
        calls: &[HostCall],
        config: impl Fn(&str) -> Option<String>,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Given, Vec<Lacking>> {
        let mut given = Given::default();
        let mut lacking = Vec::new();
        let mut lack = |name: &str, is_secret, why| {
            let name = name.to_owned();
            lacking.push(Lacking {
                name,
                is_secret,
                why,
            });
        };
        for call in calls {
            match call {
                HostCall::Config(Setting {
                    name,
                    ty,
                    has_default,
                }) => match config(name).map(|text| from_text(defs, ty, &text, "")) {
                    Some(Ok(value)) => {
                        let all = given.config.entry(name.clone()).or_default();
                        all.push((ty.clone(), value));
                    }
                    Some(Err(error)) => lack(name, false, Some(error.to_string())),
                    None if *has_default => {}
                    None => lack(name, false, None),
                },
                HostCall::Secret(name) => match secret(name) {
                    Some(text) => drop(given.secrets.insert(name.clone(), text)),
                    None => lack(name, true, None),
                },
                _ => {}
            }
        }
        match lacking.is_empty() {
            true => Ok(given),
            false => Err(lacking),
        }
    }

    pub(super) fn setting(&self, name: &str, ty: &Type) -> Option<&Value> {
        let mut all = self.config.get(name)?.iter();
        all.find(|(of, _)| of == ty).map(|(_, value)| value)
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.secrets.keys();
        let all = f
            .debug_struct("Given")
            .field("config", &self.config)
            .finish();
        all.and_then(|()| write!(f, " and secrets {:?}", names.collect::<Vec<_>>()))
    }
}
