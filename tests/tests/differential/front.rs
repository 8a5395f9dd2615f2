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
    let (sources, checked) = weir_check::checked_text("generated.weir", source)?;
    Ok(Front { sources, checked })
}
