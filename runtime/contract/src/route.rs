//! Routes that functions name themselves.

use serde::{Deserialize, Serialize};

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

impl Route {
    /// The parts between slashes: text, or the name of a parameter.
    pub fn parts(&self) -> impl Iterator<Item = RoutePart<'_>> {
        let parts = self.path.trim_start_matches('/').split('/');
        parts.map(|text| {
            let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
            inside.map_or(RoutePart::Text(text), RoutePart::Param)
        })
    }
}

/// A part of a route's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutePart<'a> {
    Text(&'a str),
    Param(&'a str),
}
