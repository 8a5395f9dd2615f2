//! What streams add to the text of a module.

use std::fmt::Write;

use super::{print_type, quote};
use crate::ir::*;

/// `stream "posts" Post key Handle timed late 30000000 keep 604800000000 append 4 consumers (5, 6) doc ".."`
pub fn stream(module: &Module, stream: &Stream, out: &mut String) {
    let ty = print_type(module, &stream.ty);
    let _ = write!(out, "stream {} {ty}", quote(&stream.name));
    if let Some(key) = &stream.key {
        let _ = write!(out, " key {}", print_type(module, key));
    }
    if stream.timed {
        out.push_str(" timed");
    }
    if let Some(late) = stream.late_us {
        let _ = write!(out, " late {late}");
    }
    match &stream.keep {
        Keep::Configured => {}
        Keep::For(us) => drop(write!(out, " keep {us}")),
        Keep::Ever(why) => drop(write!(out, " ever {}", quote(why))),
    }
    if let Some(append) = stream.append {
        let _ = write!(out, " append {}", append.0);
    }
    let consumers: Vec<String> = stream.consumers.iter().map(|e| e.0.to_string()).collect();
    let _ = write!(out, " consumers ({})", consumers.join(", "));
    if let Some(doc) = &stream.doc {
        let _ = write!(out, " doc {}", quote(doc));
    }
    out.push('\n');
}
