//! The receipts of a program as a table: a row a function, sorted by the place where it is declared.

use std::fmt::Write;

use serde_json::{Value, json};
use weir_contract::manifest::{Effect, Function, FunctionKind, Manifest};
use weir_contract::receipt::{Cost, Count, Receipt, Size};

use super::barriers::barriers_of;
use super::swaps::swaps;
use crate::explain::full_name;

/// A function with its receipt.
pub struct Row<'m> {
    /// `Account.transfer`
    pub name: String,
    pub function: &'m Function,
    pub receipt: &'m Receipt,
    /// Path of the source, and line.
    pub file: &'m str,
    pub line: u32,
}

/// What can be called from outside, and the runs of workflows; without what only shows a field.
pub fn rows(manifest: &Manifest) -> Vec<Row<'_>> {
    let functions = manifest.functions.iter();
    let mut rows: Vec<Row<'_>> = functions
        .filter(|f| !matches!(f.kind, FunctionKind::Field | FunctionKind::Whole))
        // Parts of views are pure functions that nobody calls by name.
        .filter(|f| f.public || f.entity.is_some() || f.effect >= Effect::Write)
        .filter_map(|function| {
            let receipt = function.receipt.as_ref()?;
            let site = manifest.sites.get(receipt.at as usize)?;
            Some(Row {
                name: full_name(manifest, function),
                function,
                receipt,
                file: &manifest.sources[site.source as usize].path,
                line: site.line,
            })
        })
        .collect();
    rows.sort_by(|a, b| (a.file, a.line, &a.name).cmp(&(b.file, b.line, &b.name)));
    rows
}

/// Aligned, a heading for each file; columns that are 0 for all are left out.
pub fn table(manifest: &Manifest) -> String {
    let rows = rows(manifest);
    let mut columns: Vec<Vec<String>> = vec![
        head("function", &rows, |row| row.name.clone()),
        head("effect", &rows, |row| effect(row.function.effect).into()),
        head("class", &rows, |row| row.receipt.class.name().into()),
    ];
    for at in 0..Cost::default().parts().len() {
        let name = Cost::default().parts()[at].0;
        let is_zero = |row: &Row<'_>| {
            let receipt = row.receipt;
            receipt.cost.parts()[at].1.is_zero() && receipt.undo.parts()[at].1.is_zero()
        };
        if name != "records" && rows.iter().all(is_zero) {
            continue;
        }
        columns.push(head(name, &rows, |row| {
            let receipt = row.receipt;
            let (_, own) = receipt.cost.parts()[at];
            let (_, undo) = receipt.undo.parts()[at];
            match undo.is_zero() {
                true => count(manifest, own),
                false => format!(
                    "{}, {} to undo",
                    count(manifest, own),
                    count(manifest, undo)
                ),
            }
        }));
    }
    if rows.iter().any(|row| row.receipt.frame_bytes.is_some()) {
        columns.push(head("frames", &rows, |row| {
            row.receipt.frame_bytes.map_or("-".to_owned(), size)
        }));
    }
    columns.push(head("because", &rows, |row| reason(manifest, row)));
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| {
            column
                .iter()
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |at: usize| {
        let cells = columns.iter().zip(&widths);
        let cells = cells.map(|(column, width)| format!("{:<width$}", column[at]));
        let line = cells.collect::<Vec<String>>().join("  ");
        format!("  {}", line.trim_end())
    };
    let mut text = String::new();
    let mut file = None;
    for (at, row) in rows.iter().enumerate() {
        if file != Some(row.file) {
            let between = if file.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{between}{}\n{}", row.file, line(0));
            file = Some(row.file);
        }
        let _ = writeln!(text, "{}", line(at + 1));
    }
    let many =
        |row: &Row<'_>| row.receipt.cost.records.without_shares() != row.receipt.cost.records;
    if rows.iter().any(many) {
        let _ = writeln!(
            text,
            "\nrecords: and one more for each {} transactions of a run",
            weir_contract::limits::STEP_TRANSACTIONS_MAX
        );
    }
    text
}

fn head(name: &str, rows: &[Row<'_>], cell: impl Fn(&Row<'_>) -> String) -> Vec<String> {
    let cells = rows.iter().map(cell);
    std::iter::once(name.to_owned()).chain(cells).collect()
}

/// Everything, for programs: formulas as in the manifest and as text.
pub fn to_json(manifest: &Manifest) -> Value {
    let row = |row: &Row<'_>| {
        let texts = |cost: &Cost| {
            let parts = cost.parts();
            let parts = parts
                .iter()
                .map(|(name, of)| ((*name).to_owned(), json!(count(manifest, of))));
            Value::Object(parts.collect())
        };
        let swaps = swaps(manifest, row.function);
        let barriers = barriers_of(manifest, &row.name, Some(row.function));
        let barriers = barriers.iter().map(|barrier| {
            let site = barrier
                .site
                .and_then(|site| manifest.sites.get(site as usize));
            json!({ "what": barrier.what, "line": site.map(|site| site.line) })
        });
        let barriers: Vec<Value> = barriers.collect();
        json!({
            "function": row.name,
            "file": row.file,
            "line": row.line,
            "effect": effect(row.function.effect),
            "receipt": row.receipt,
            "barriers": barriers,
            "swaps": { "with": swaps.with, "not": swaps.not.iter().map(|(other, why)| json!({ "with": other, "why": why })).collect::<Vec<Value>>() },
            "text": { "cost": texts(&row.receipt.cost), "undo": texts(&row.receipt.undo) },
        })
    };
    Value::Array(rows(manifest).iter().map(row).collect())
}

/// A formula in words: `2 + |lines|`, with loops by their lines. That a step has an end after many transactions is not said each
/// time.
pub fn count(manifest: &Manifest, count: &Count) -> String {
    let shown = count.without_shares();
    shown.text(&|length| length.text(&|site| line_of(manifest, site)))
}

/// `line 14`, or `shop/stock.weir:14` where there are several files.
pub fn line_of(manifest: &Manifest, site: u32) -> String {
    let Some(site) = manifest.sites.get(site as usize) else {
        return "?".to_owned();
    };
    let own = |path: &str| {
        !weir_check::prelude::FILES
            .iter()
            .any(|(file, _)| *file == path)
    };
    let files = manifest.sources.iter().filter(|source| own(&source.path));
    match files.count() {
        0 | 1 => format!("line {}", site.line),
        _ => format!(
            "{}:{}",
            manifest.sources[site.source as usize].path, site.line
        ),
    }
}

/// `line 14: it reads \`balance\` to decide`
fn reason(manifest: &Manifest, row: &Row<'_>) -> String {
    match row.receipt.site {
        0 => row.receipt.reason.clone(),
        site => format!("{}: {}", line_of(manifest, site), row.receipt.reason),
    }
}

/// `11 B`, `3 to 11 B`, `at least 3 B`
pub fn size(size: Size) -> String {
    match size.most {
        Some(most) if most == size.least => format!("{most} B"),
        Some(most) => format!("{} to {most} B", size.least),
        None => format!("at least {} B", size.least),
    }
}

pub fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Wait => "wait",
    }
}
