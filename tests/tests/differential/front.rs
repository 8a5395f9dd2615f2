//! From text to the checked program, with places.

use weir_check::Checked;
use weir_diagnostics::{FileId, SourceMap};

pub struct Front {
    pub sources: SourceMap,
    pub checked: Checked,
}

impl Front {
    /// `file:line` of an offset.
    pub fn place(&self, file: FileId, offset: u32) -> String {
        let file = self.sources.file(file);
        format!("{}:{}", file.name, file.line_column(offset).line)
    }
}

/// The checked program, or what is said against it.
pub fn check(source: &str) -> Result<Front, String> {
    let mut sources = SourceMap::new();
    let prelude = weir_check::prelude::load(&mut sources);
    let file = sources.add("generated.weir", source);
    let parsed = weir_syntax::parse(file, source);
    let result = weir_check::check(&prelude, &parsed.module);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(result.diagnostics);
    let told: Vec<String> = diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(|d| weir_diagnostics::render(&sources, d, false))
        .collect();
    match result.checked {
        Some(checked) if told.is_empty() => Ok(Front { sources, checked }),
        _ => Err(told.join("\n")),
    }
}
