//! Reading sections of `weir.toml`: what they may have, of which kind and within which bounds, each refusal with its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use weir_check::near_names;
use weir_contract::settings::Bounds;

use super::ConfigError;

/// What a number counts, and how it is written.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Milliseconds,
    Seconds,
    Bytes,
    Count,
}

impl Unit {
    /// What one of each written unit is worth; the largest that fits is shown.
    fn names(self) -> &'static [(&'static str, u64)] {
        match self {
            Unit::Milliseconds => &[("s", 1_000), ("ms", 1)],
            Unit::Seconds => &[("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)],
            Unit::Bytes => &[
                ("GiB", 1 << 30),
                ("MiB", 1 << 20),
                ("KiB", 1 << 10),
                ("B", 1),
            ],
            Unit::Count => &[],
        }
    }

    fn read(self, written: &str) -> Option<u64> {
        let digits = written.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = written[digits.len()..].trim();
        let (_, worth) = self.names().iter().find(|(name, _)| *name == unit)?;
        digits.trim().parse::<u64>().ok()?.checked_mul(*worth)
    }

    fn show(self, value: u64) -> String {
        let names = self.names().iter();
        let mut fitting =
            names.filter(|(_, worth)| value >= *worth && value.is_multiple_of(*worth));
        match fitting.next() {
            Some((name, worth)) => format!("\"{}{name}\"", value / worth),
            None => value.to_string(),
        }
    }
}

/// A table of the file.
pub(super) struct Section<'a> {
    pub text: &'a str,
    /// With a dot before each inner name.
    pub name: &'a str,
    pub at: Range<usize>,
    pub table: &'a DeTable<'a>,
}

impl Section<'_> {
    /// Refuses keys that mean nothing.
    pub fn knows(&self, known: &[&str]) -> Result<(), ConfigError> {
        let unknown = self
            .table
            .keys()
            .find(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown else { return Ok(()) };
        let why = match self.name {
            "" => format!("there is no key `{}`", key.get_ref()),
            section => format!("`{section}` has no key `{}`", key.get_ref()),
        };
        let help = match near_names(key.get_ref(), known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it may have {}", quoted(known)),
        };
        Err(wrong(self.text, &key.span(), why, help))
    }

    pub fn text(&self, key: &str) -> Result<Option<(String, Range<usize>)>, ConfigError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::String(found) => Ok(Some((found.to_string(), value.span()))),
            other => Err(self.not(key, "a text in double quotes", other, value, "\"..\"")),
        }
    }

    pub fn number(
        &self,
        key: &str,
        unit: Unit,
        bounds: Bounds,
    ) -> Result<Option<u64>, ConfigError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let (least, most) = (unit.show(bounds.least), unit.show(bounds.most));
        let found = match (value.get_ref(), unit) {
            (DeValue::String(written), _) => unit.read(written),
            (DeValue::Integer(n), Unit::Count | Unit::Bytes) => {
                u64::from_str_radix(n.as_str(), n.radix()).ok()
            }
            _ => None,
        };
        let Some(found) = found else {
            let what = match unit {
                Unit::Milliseconds | Unit::Seconds => "a time",
                Unit::Bytes => "a size",
                Unit::Count => "a number",
            };
            return Err(self.not(key, what, value.get_ref(), value, &most));
        };
        if found < bounds.least || found > bounds.most {
            let why = format!("`{}.{key}` must be from {least} to {most}", self.name);
            return Err(wrong(
                self.text,
                &value.span(),
                why,
                format!("write `{key} = {most}`"),
            ));
        }
        Ok(Some(found))
    }

    pub fn section<'a>(
        &'a self,
        key: &str,
        name: &'a str,
    ) -> Result<Option<Section<'a>>, ConfigError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(Some(Section {
                text: self.text,
                name,
                at: value.span(),
                table,
            })),
            _ => {
                let why = format!("`{name}` is a section");
                Err(wrong(
                    self.text,
                    &value.span(),
                    why,
                    format!("begin it with `[{name}]`"),
                ))
            }
        }
    }

    pub fn not(
        &self,
        key: &str,
        wanted: &str,
        found: &DeValue<'_>,
        value: &Spanned<DeValue<'_>>,
        example: &str,
    ) -> ConfigError {
        let shown = &self.text[value.span()];
        let what = match found {
            DeValue::Table(_) => "a section".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            _ => format!("`{shown}`"),
        };
        let dot = if self.name.is_empty() { "" } else { "." };
        let why = format!("`{}{dot}{key}` is {wanted}, and this is {what}", self.name);
        wrong(
            self.text,
            &value.span(),
            why,
            format!("write `{key} = {example}`"),
        )
    }
}

fn quoted(names: &[&str]) -> String {
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    all.join(", ")
}

/// What is wrong at a place of the file, and the next step.
pub(super) fn wrong(
    text: &str,
    at: &Range<usize>,
    why: impl Into<String>,
    help: impl Into<String>,
) -> ConfigError {
    let before = &text[..at.start.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    ConfigError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        why: why.into(),
        help: help.into(),
    }
}
