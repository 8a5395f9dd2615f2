//! `@budget` held to the receipts: an error where a call may cost more than it should, with the formula and the line that costs
//! most of it.

use weir_check::{Checked, hir};
use weir_contract::receipt::{Cost, Count};
use weir_diagnostics::{Diagnostic, FileId, SourceMap, Span, codes};
use weir_flow::ir;

/// What is over its budget. Costs nothing for programs without one.
pub fn check(checked: &Checked, sources: &SourceMap) -> Vec<Diagnostic> {
    let has = |f: &&hir::Function| f.budget.is_some();
    if !checked.functions.iter().any(|f| has(&f)) {
        return Vec::new();
    }
    let files = sources.files().map(|(_, file)| file.name.to_string());
    let module = weir_flow::lower::lower(checked, files.collect());
    let functions = checked.functions.iter().filter(has);
    functions
        .flat_map(|function| over(function, &module, sources))
        .collect()
}

fn over(function: &hir::Function, module: &ir::Module, sources: &SourceMap) -> Vec<Diagnostic> {
    let Some(budget) = &function.budget else {
        return Vec::new();
    };
    let entity = function.entity.map(|id| ir::EntityId(id.0));
    let is_it = |entry: &&ir::Entry| {
        use ir::EntryKind::{Function, Handler, Run};
        let is_function = matches!(entry.kind, Function | Handler | Run);
        is_function && entry.name == function.name && entry.entity == entity
    };
    let Some(entry) = module.entries.iter().find(is_it) else {
        return Vec::new();
    };
    let Some(receipt) = &entry.receipt else {
        return Vec::new();
    };
    let name = match entity {
        Some(entity) => format!("{}.{}", module.entity(entity).name, function.name),
        None => function.name.clone(),
    };
    let mut found = Vec::new();
    for limit in &budget.limits {
        let parts = receipt.cost.parts();
        let Some(at) = parts.iter().position(|(part, _)| *part == limit.part) else {
            continue;
        };
        let cost = whole(&receipt.cost, &receipt.undo, at);
        if cost.as_number().is_some_and(|cost| cost <= limit.most) {
            continue;
        }
        let text = cost.text(&|length| length.text(&|site| line(module, sources, site)));
        let part = limit.part;
        let mut told = Diagnostic::new(
            codes::E0808,
            limit.span,
            match cost.as_number() {
                Some(cost) => format!(
                    "`{name}` may cost {cost} {}, its budget is {}",
                    word(part, cost),
                    limit.most
                ),
                None => format!(
                    "nothing keeps the {} of `{name}` to {}: they are {text}",
                    word(part, 2),
                    limit.most
                ),
            },
        )
        .label("the budget");
        if let Some(site) = entry.dearest.get(at).filter(|site| site.0 != 0) {
            let site = module.site(*site);
            let span = Span::new(FileId(site.file), site.start, site.end);
            told = told.secondary(span, "this costs most");
        }
        found.push(
            told.help(match cost.as_number() {
                Some(cost) => format!("do less there, or allow it: `{part}: {cost}`"),
                None => {
                    "put an end to it: `limit`, a shorter way, or messages that each do a part; \
                     or leave this limit out"
                        .to_owned()
                }
            }),
        );
    }
    found
}

/// With what undoing adds: a call that fails has cost it.
fn whole(cost: &Cost, undo: &Cost, at: usize) -> Count {
    cost.parts()[at].1.plus(undo.parts()[at].1)
}

fn word(part: &str, count: u64) -> String {
    let word = match part {
        "outside" => "outside calls",
        part => part,
    };
    match count {
        1 => word.strip_suffix('s').unwrap_or(word).to_owned(),
        _ => word.to_owned(),
    }
}

fn line(module: &ir::Module, sources: &SourceMap, site: u32) -> String {
    let site = module.site(ir::SiteId(site));
    let file = sources.file(FileId(site.file));
    format!("line {}", file.line_column(site.start).line)
}
