//! The one style for a part of a file: what is selected, or what was just finished by typing.

use weir_diagnostics::{FileId, Span};

use crate::{Edit, Snapshot};

/// The edits that bring a file into the one style; `None` while it does not parse.
pub fn format(snapshot: &Snapshot, file: FileId) -> Option<Vec<Edit>> {
    let text = snapshot.text(file);
    Some(text_edits(file, text, &formatted(text)?))
}

/// A text in the one style, with lines that end as they did.
fn formatted(text: &str) -> Option<String> {
    let formatted = weir_driver::format("", text).ok()?;
    Some(match text.contains("\r\n") {
        true => formatted.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => formatted,
    })
}

/// The same for the lines of a piece of the text. What stands at the top of a file is formatted by itself, so the item there is
/// compared with what becomes of it.
pub fn format_range(snapshot: &Snapshot, range: Span) -> Option<Vec<Edit>> {
    let text = snapshot.text(range.file);
    let formatted = formatted(text)?;
    let items = &snapshot.module(range.file)?.items;
    let after = weir_syntax::parse(range.file, &formatted).module.items;
    if items.len() != after.len() {
        return format(snapshot, range.file);
    }
    let start = text[..range.start as usize]
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let end = text[range.end as usize..]
        .find('\n')
        .map_or(text.len(), |at| range.end as usize + at + 1);
    let mut edits = Vec::new();
    for (old, new) in items.iter().zip(&after) {
        let (from, to) = (old.span.start as usize, old.span.end as usize);
        if to <= start || end <= from {
            continue;
        }
        for mut edit in text_edits(range.file, &text[from..to], &formatted[new.span.range()]) {
            edit.span.start += from as u32;
            edit.span.end += from as u32;
            if (edit.span.start as usize) < end && edit.span.end as usize > start {
                edits.push(edit);
            }
        }
    }
    Some(edits)
}

/// What typing a character at a place asks for: behind `}` the block that it closes is brought into style, behind a line end
/// the line is indented like its block.
pub fn format_typed(snapshot: &Snapshot, file: FileId, offset: u32, typed: &str) -> Vec<Edit> {
    match typed {
        "}" => closed(snapshot, file, offset).unwrap_or_default(),
        "\n" => indented(snapshot, file, offset).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn closed(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Vec<Edit>> {
    let at = crate::At {
        file,
        offset: offset.checked_sub(1)?,
    };
    let around = crate::nodes::around(snapshot.module(file)?, at);
    let block = around.into_iter().rev().find_map(|node| {
        let span = node.span();
        (span.end == offset).then_some(span)
    })?;
    format_range(snapshot, block)
}

/// How deep the brackets in front of a line are open; `}` at its start closes one.
fn indented(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Edit> {
    let text = snapshot.text(file);
    let start = text[..offset as usize].rfind('\n').map_or(0, |at| at + 1);
    let tokens = snapshot.file(file)?.parsed.tokens.iter();
    let mut depth: usize = 0;
    for token in tokens.take_while(|token| (token.start as usize) < start) {
        match snapshot.snippet(Span::new(file, token.start, token.end)) {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let line = &text[start..];
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    let closes = line[blanks..].starts_with(['}', ')', ']']);
    let wanted = "  ".repeat(depth.saturating_sub(usize::from(closes)));
    (line[..blanks] != wanted).then(|| Edit {
        span: Span::new(file, start as u32, (start + blanks) as u32),
        text: wanted,
    })
}

/// What makes one text of a file out of another: the lines that differ, as few of them as is easily found: lines that stand only once in both texts hold the pieces apart.
pub fn text_edits(file: FileId, old: &str, new: &str) -> Vec<Edit> {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let mut edits = Vec::new();
    let (mut a, mut b, mut offset) = (0, 0, 0);
    while a < old_lines.len() || b < new_lines.len() {
        if a < old_lines.len() && b < new_lines.len() && old_lines[a] == new_lines[b] {
            offset += old_lines[a].len();
            a += 1;
            b += 1;
            continue;
        }
        let (next_a, next_b) = meet(&old_lines[a..], &new_lines[b..]);
        let length: usize = old_lines[a..a + next_a].iter().map(|line| line.len()).sum();
        edits.push(Edit {
            span: Span::new(file, offset as u32, (offset + length) as u32),
            text: new_lines[b..b + next_b].concat(),
        });
        offset += length;
        a += next_a;
        b += next_b;
    }
    edits
}

/// How many lines on each side until both are the same again: the least in sum. Two same lines in a row, or one with a letter
/// in it, count as the same again; an empty line or a brace is everywhere.
fn meet(old: &[&str], new: &[&str]) -> (usize, usize) {
    /// Formatting moves little at a time.
    const FAR: usize = 200;
    let says = |line: &str| line.contains(char::is_alphanumeric);
    for sum in 0..=FAR {
        for i in 0..=sum.min(old.len()) {
            let j = sum - i;
            if j > new.len() {
                continue;
            }
            let is_end = i == old.len() && j == new.len();
            let is_same = i < old.len() && j < new.len() && old[i] == new[j];
            let is_sure =
                || says(old[i]) || old.get(i + 1).is_some() && old.get(i + 1) == new.get(j + 1);
            if is_end || is_same && is_sure() {
                return (i, j);
            }
        }
    }
    (old.len(), new.len())
}
