//! Routes that functions name themselves.

use serde::{Deserialize, Serialize};

use crate::manifest::{Function, FunctionKind, Manifest};

/// A route that a function names itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub method: Method,
    /// `/rates/{currency}`: in braces the names of parameters, and of all keys of the entity.
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// `GET`
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// The parts of a path between slashes.
pub fn parts(path: &str) -> impl Iterator<Item = RoutePart<'_>> {
    let parts = path.trim_start_matches('/').split('/');
    parts.map(|text| {
        let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
        inside.map_or(RoutePart::Text(text), RoutePart::Param)
    })
}

impl Route {
    /// The parts between slashes: text, or the name of a parameter.
    pub fn parts(&self) -> impl Iterator<Item = RoutePart<'_>> {
        parts(&self.path)
    }
}

/// A part of a route's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutePart<'a> {
    Text(&'a str),
    Param(&'a str),
}

impl Manifest {
    /// Where a function is over HTTP, with the names of parameters and keys in braces: where it says, or else by its name.
    pub fn path_of(&self, function: &Function) -> String {
        if let Some(route) = &function.route {
            return route.path.clone();
        }
        let Some(entity) = function.entity else {
            return match function.name.contains('.') {
                // Of another module.
                true => format!("/{}", function.name.replace('.', "/")),
                false => format!("/{}/{}", self.program, function.name),
            };
        };
        let entity = &self.entities[entity as usize];
        let keys = entity.keys.iter().map(|key| format!("/{{{}}}", key.name));
        let path = format!("/{}{}", entity.name, keys.collect::<String>());
        match function.kind {
            // All public state of an instance together is at the instance's own path.
            FunctionKind::Whole => path,
            _ => format!("{path}/{}", function.name),
        }
    }
}
