//! The fenced blocks of a Markdown text: the programs, files and sessions it shows.

/// What stands between a line ```` ```KIND ```` and the next ```` ``` ````.
pub struct Block<'t> {
    /// The words behind the opening fence: `weir`, `weir wrong E0301`, `text`, or nothing.
    pub kind: &'t str,
    pub text: &'t str,
    /// Of the opening fence, from 1.
    pub line: usize,
}

pub fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut at = 0;
    for (number, line) in markdown.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        match (line.trim_end().strip_prefix("```"), open) {
            (Some(""), Some((kind, from, line))) => {
                let text = &markdown[from..start];
                found.push(Block { kind, text, line });
                open = None;
            }
            (Some(kind), None) => open = Some((kind.trim(), at, number + 1)),
            _ => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    found
}
