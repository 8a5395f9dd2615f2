//! Byte offsets and the protocol's lines and columns, which count as the editor wants: UTF-8, UTF-16 or characters.

use gen_lsp_types::{Position, Range};
use weir_diagnostics::{SourceFile, Span};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    fn units(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    /// How many of them a text is.
    pub fn units_in(self, text: &str) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            _ if text.is_ascii() => text.len(),
            _ => text.chars().map(|c| self.units(c)).sum(),
        }
    }
}

/// The place of a byte offset.
pub fn position(file: &SourceFile, offset: u32, encoding: Encoding) -> Position {
    let mut offset = (offset as usize).min(file.text.len());
    while !file.text.is_char_boundary(offset) {
        offset -= 1;
    }
    let line = file.line_index(offset);
    let start = file.line_start(line).unwrap_or(0);
    Position {
        line: line as u32,
        character: encoding.units_in(&file.text[start..offset]) as u32,
    }
}

pub fn range(file: &SourceFile, span: Span, encoding: Encoding) -> Range {
    Range {
        start: position(file, span.start, encoding),
        end: position(file, span.end, encoding),
    }
}

/// The byte offset of a place; the end of the line or text where the place is behind it.
pub fn offset(file: &SourceFile, at: Position, encoding: Encoding) -> u32 {
    let text = &file.text;
    let Some(start) = file.line_start(at.line as usize) else {
        return text.len() as u32;
    };
    let end = file.line_start(at.line as usize + 1).unwrap_or(text.len());
    (start + column(&text[start..end], at.character, encoding)) as u32
}

/// The same in a text whose lines nobody has counted.
pub fn offset_in(text: &str, at: Position, encoding: Encoding) -> usize {
    let mut start = 0;
    for _ in 0..at.line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start + column(&text[start..end], at.character, encoding)
}

/// How many bytes of a line so many units are.
fn column(line: &str, units: u32, encoding: Encoding) -> usize {
    let line = line.trim_end_matches(['\n', '\r']);
    let mut left = units as usize;
    for (at, c) in line.char_indices() {
        let size = encoding.units(c);
        if left < size {
            return at;
        }
        left -= size;
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_diagnostics::SourceMap;

    #[test]
    fn columns_count_what_the_editor_counts() {
        let mut sources = SourceMap::new();
        let id = sources.add("a.weir", "let a = \"𝄞ü\" + b\nx");
        let file = sources.file(id);
        let b = file.text.find(" b").unwrap() as u32 + 1;
        for (encoding, column) in [
            (Encoding::Utf8, 19),
            (Encoding::Utf16, 16),
            (Encoding::Utf32, 15),
        ] {
            let place = position(file, b, encoding);
            assert_eq!((place.line, place.character), (0, column), "{encoding:?}");
            assert_eq!(offset(file, place, encoding), b);
            assert_eq!(offset_in(&file.text, place, encoding), b as usize);
        }
        let past = Position {
            line: 0,
            character: 99,
        };
        assert_eq!(
            offset(file, past, Encoding::Utf16),
            file.text.find('\n').unwrap() as u32
        );
    }
}
