//! A receipt in lines, as `weir explain FUNCTION`, hovers and pages of documentation show it.

use std::fmt::Write;

use weir_contract::manifest::{Function, Manifest};
use weir_contract::receipt::{Cost, Receipt};

use super::swaps::swaps;
use super::table::{count, line_of, size};
use crate::explain::full_name;

/// `serial: line 14 reads ..`: the class and its reason.
pub fn class(manifest: &Manifest, receipt: &Receipt) -> String {
    let name = receipt.class.name();
    match receipt.site {
        0 => format!("{name}: {}", receipt.reason),
        site => format!("{name}: {}, {}", receipt.reason, line_of(manifest, site)),
    }
}

/// `1 record, 2 keys, 3 reads, 2 writes`: what is not 0.
pub fn cost(manifest: &Manifest, cost: &Cost) -> String {
    let shown: Vec<String> = cost
        .parts()
        .iter()
        .filter(|(_, of)| !of.is_zero())
        .map(|(name, of)| match of.as_number() {
            Some(1) => format!("1 {}", one(name)),
            Some(n) => format!("{n} {}", many(name)),
            None => format!("{} {}", bracketed(&count(manifest, of)), many(name)),
        })
        .collect();
    match shown.is_empty() {
        true => "no record".to_owned(),
        false => shown.join(", "),
    }
}

/// A sum in front of a word is read better in brackets.
fn bracketed(text: &str) -> String {
    match text.contains(" + ") {
        true => format!("({text})"),
        false => text.to_owned(),
    }
}

fn one(part: &str) -> &str {
    match part {
        "outside" => "outside call",
        part => part.strip_suffix('s').unwrap_or(part),
    }
}

fn many(part: &str) -> &str {
    match part {
        "outside" => "outside calls",
        part => part,
    }
}

/// The part of a function's page about class and cost.
pub fn lines(manifest: &Manifest, function: &Function) -> String {
    let mut text = String::new();
    let Some(receipt) = &function.receipt else {
        return text;
    };
    let _ = writeln!(text, "class    {}", class(manifest, receipt));
    let _ = writeln!(text, "costs    {}", cost(manifest, &receipt.cost));
    if !receipt.undo.is_zero() {
        let _ = writeln!(text, "undoing  {} more", cost(manifest, &receipt.undo));
    }
    if let Some(bytes) = receipt.frame_bytes {
        let _ = writeln!(text, "frames   {} at the fullest wait", size(bytes));
    }
    for (n, of) in receipt.commuting.iter().enumerate() {
        let first = if n == 0 { "commutes" } else { "" };
        let place = line_of(manifest, of.site);
        let field = of.path.join(".");
        let how = of.how.text();
        let _ = writeln!(
            text,
            "{first:<8} {}.{field}: {how}, {place}, and nothing here reads it",
            of.entity
        );
    }
    let own = full_name(manifest, function);
    for (n, line) in swaps(manifest, function).lines(&own).iter().enumerate() {
        let first = if n == 0 { "swaps" } else { "" };
        let _ = writeln!(text, "{first:<8} {line}");
    }
    text
}
