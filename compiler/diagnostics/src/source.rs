//! Files of a compilation and places in them.
//!
//! A [`Span`] is two byte offsets and a file number, so it is copied freely and
//! compared cheaply; lines and columns are worked out only when shown.

use std::fmt;
use std::sync::Arc;

/// Number of a file in the [`SourceMap`] of one compilation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A piece of one file: bytes `start..end`. Both ends lie on character
/// boundaries and `start <= end <= text.len()`.
///
/// Spans order by file, then start, then end, so sorting by span sorts by place.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: u32, end: u32) -> Span {
        debug_assert!(start <= end, "span {start}..{end} runs backwards");
        Span { file, start, end }
    }

    /// The smallest span that covers both. Both must be in one file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file, "spans of two files");
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span at the end of this one: where something is missing.
    pub fn after(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    /// The empty span at the start of this one: where something can be put in.
    pub fn before(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Short on purpose: syntax trees are full of spans.
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}:{}..{}", self.file.0, self.start, self.end)
    }
}

/// Line and column as people count them: both from 1, the column in Unicode
/// scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    pub line: u32,
    pub column: u32,
}

/// One source file: the name shown to people and its text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub name: String,
    pub text: Arc<str>,
    /// Byte offset at which each line starts; the first is 0.
    line_starts: Vec<u32>,
}

impl SourceFile {
    fn new(name: String, text: Arc<str>) -> SourceFile {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1))
            .collect();
        SourceFile {
            name,
            text,
            line_starts,
        }
    }

    /// Line and column of a byte offset. An offset past the end, or inside a
    /// character, counts as the nearest place before it.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .line_starts
            .partition_point(|&start| start as usize <= offset)
            - 1;
        let start = self.line_starts[line] as usize;
        LineColumn {
            line: line as u32 + 1,
            column: self.text[start..offset].chars().count() as u32 + 1,
        }
    }

    /// Byte offset at which a line (from 0) starts; `None` past the last.
    pub fn line_start(&self, line: usize) -> Option<usize> {
        self.line_starts.get(line).map(|&start| start as usize)
    }

    /// How many lines there are; a file without newlines has one.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Number of the line (from 0) that holds a byte offset.
    pub fn line_index(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|&start| start as usize <= offset)
            - 1
    }
}

/// All files of one compilation, by [`FileId`] in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file and returns its number. Texts over 4 GiB cannot be addressed
    /// and are a bug of the caller.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        assert!(u32::try_from(text.len()).is_ok(), "source file over 4 GiB");
        let id = FileId(self.files.len() as u32);
        self.files.push(SourceFile::new(name.into(), text));
        id
    }

    /// Another text for a file of this map. Panics on any other.
    pub fn replace(&mut self, id: FileId, text: impl Into<Arc<str>>) {
        let file = &mut self.files[id.0 as usize];
        *file = SourceFile::new(std::mem::take(&mut file.name), text.into());
    }

    /// The file of an id this map gave out. Panics on any other.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(n, file)| (FileId(n as u32), file))
    }

    /// The text a span covers. Panics when the span is not of this map.
    pub fn snippet(&self, span: Span) -> &str {
        &self.file(span.file).text[span.range()]
    }

    /// `name:line:column` of where a span starts, as other tools print places.
    pub fn place(&self, span: Span) -> String {
        let file = self.file(span.file);
        let LineColumn { line, column } = file.line_column(span.start);
        format!("{}:{line}:{column}", file.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let mut sources = SourceMap::new();
        let id = sources.add("a.weir", "ab\nçd\n");
        let at = |offset| {
            let place = sources.file(id).line_column(offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(5), (2, 2));
        assert_eq!(at(99), (3, 1));
        assert_eq!(sources.place(Span::new(id, 5, 6)), "a.weir:2:2");
    }
}
