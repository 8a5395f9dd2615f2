//! Diagnostics as people read them, by codespan-reporting.

use codespan_reporting::diagnostic as cs;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term;

use crate::{Diagnostic, FileId, Severity, SourceMap};

/// The text of one diagnostic with its source lines, ending in an empty line.
/// With `colour`, ANSI colours are part of the text.
pub fn render(sources: &SourceMap, diagnostic: &Diagnostic, colour: bool) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => cs::Severity::Error,
        Severity::Warning => cs::Severity::Warning,
        Severity::Hint => cs::Severity::Note,
    };
    let primary = cs::Label::primary(
        diagnostic.primary.span.file,
        diagnostic.primary.span.range(),
    )
    .with_message(&diagnostic.primary.text);
    let secondary = diagnostic
        .secondary
        .iter()
        .map(|l| cs::Label::secondary(l.span.file, l.span.range()).with_message(&l.text));
    let mut notes: Vec<String> = Vec::new();
    notes.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    notes.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    let shown = cs::Diagnostic::new(severity)
        .with_code(diagnostic.code.as_str())
        .with_message(&diagnostic.message)
        .with_labels(std::iter::once(primary).chain(secondary).collect())
        .with_notes(notes);
    let config = term::Config::default();
    let written = if colour {
        let mut out = term::termcolor::Ansi::new(Vec::new());
        term::emit_to_write_style(&mut out, &config, sources, &shown).map(|()| out.into_inner())
    } else {
        let mut out = term::termcolor::NoColor::new(Vec::new());
        term::emit_to_write_style(&mut out, &config, sources, &shown).map(|()| out.into_inner())
    };
    let bytes = written.expect("writing to memory, and spans are of these sources");
    let text = String::from_utf8(bytes).expect("rendered text is UTF-8");
    match diagnostic.severity {
        // There it has no word of its own.
        Severity::Hint => text.replacen("note[", "hint[", 1),
        _ => text,
    }
}

impl<'a> Files<'a> for SourceMap {
    type FileId = FileId;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.get(id).ok_or(Error::FileMissing)?.name)
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.get(id).ok_or(Error::FileMissing)?.text)
    }

    fn line_index(&'a self, id: FileId, byte_index: usize) -> Result<usize, Error> {
        Ok(self
            .get(id)
            .ok_or(Error::FileMissing)?
            .line_index(byte_index))
    }

    fn line_range(&'a self, id: FileId, line: usize) -> Result<std::ops::Range<usize>, Error> {
        let file = self.get(id).ok_or(Error::FileMissing)?;
        let start = file.line_start(line).ok_or(Error::LineTooLarge {
            given: line,
            max: file.line_count().saturating_sub(1),
        })?;
        let end = file.line_start(line + 1).unwrap_or(file.text.len());
        Ok(start..end)
    }
}
