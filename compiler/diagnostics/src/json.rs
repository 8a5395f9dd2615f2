//! Diagnostics as programs read them: one JSON object a line.
//!
//! The shape is part of `--message-format json` and only ever gains fields:
//!
//! ```json
//! {"code":"E0101","severity":"error","message":"…","file":"a.weir",
//!  "span":{"start":{"line":1,"column":5,"offset":4},"end":{…}},"label":"…",
//!  "secondary":[{"file":"a.weir","span":{…},"label":"…"}],
//!  "notes":["…"],"help":"…" | null,
//!  "fixes":[{"title":"…","edits":[{"file":"a.weir","span":{…},"text":"…"}],"certain":true}]}
//! ```
//!
//! A fix that is not certain is one of several ways out.
//!
//! Lines and columns count from 1, columns in Unicode scalar values; `offset`
//! counts bytes from 0.

use serde::Serialize;

use crate::{Diagnostic, SourceMap, Span};

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    file: &'a str,
    span: JsonSpan,
    label: &'a str,
    secondary: Vec<JsonLabel<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    fixes: Vec<JsonFix<'a>>,
}

#[derive(Serialize)]
struct JsonSpan {
    start: JsonPlace,
    end: JsonPlace,
}

#[derive(Serialize)]
struct JsonPlace {
    line: u32,
    column: u32,
    offset: u32,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    file: &'a str,
    span: JsonSpan,
    label: &'a str,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    edits: Vec<JsonEdit<'a>>,
    certain: bool,
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    file: &'a str,
    span: JsonSpan,
    text: &'a str,
}

/// One diagnostic as one line of JSON, without the newline.
pub fn json_line(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let shape = JsonDiagnostic {
        code: diagnostic.code.as_str(),
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        file: file_name(sources, diagnostic.primary.span),
        span: json_span(sources, diagnostic.primary.span),
        label: &diagnostic.primary.text,
        secondary: diagnostic
            .secondary
            .iter()
            .map(|label| JsonLabel {
                file: file_name(sources, label.span),
                span: json_span(sources, label.span),
                label: &label.text,
            })
            .collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
        fixes: diagnostic
            .fixes
            .iter()
            .map(|fix| JsonFix {
                title: &fix.title,
                edits: fix
                    .edits
                    .iter()
                    .map(|(span, text)| JsonEdit {
                        file: file_name(sources, *span),
                        span: json_span(sources, *span),
                        text,
                    })
                    .collect(),
                certain: fix.certain,
            })
            .collect(),
    };
    serde_json::to_string(&shape).expect("strings and numbers are always JSON")
}

/// All diagnostics, one line each, in the order given.
pub fn json_lines(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| json_line(sources, diagnostic) + "\n")
        .collect()
}

fn file_name(sources: &SourceMap, span: Span) -> &str {
    &sources.file(span.file).name
}

fn json_span(sources: &SourceMap, span: Span) -> JsonSpan {
    let place = |offset| {
        let at = sources.file(span.file).line_column(offset);
        JsonPlace {
            line: at.line,
            column: at.column,
            offset,
        }
    };
    JsonSpan {
        start: place(span.start),
        end: place(span.end),
    }
}
