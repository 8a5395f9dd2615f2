//! Writing the file of a component into `weir.toml`, as `weir add` does.

use toml_edit::{DocumentMut, Item, Table};

use super::ConfigError;
use super::section::wrong;

/// The text with the file of a component in it; all else stays as people wrote it. An entry that is there is changed.
pub fn with_component(text: &str, name: &str, component: &str) -> Result<String, ConfigError> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let place = error.span().unwrap_or(0..0);
        wrong(
            text,
            &place,
            error.message().trim().to_owned(),
            "put that right first",
        )
    })?;
    let externs = document.entry("extern").or_insert_with(|| {
        let mut section = Table::new();
        // `[extern.image]` says it all.
        section.set_implicit(true);
        Item::Table(section)
    });
    let Some(externs) = externs.as_table_like_mut() else {
        return Err(wrong(
            text,
            &(0..0),
            "`extern` is a section",
            "begin it with `[extern.name]`",
        ));
    };
    let entry = externs
        .entry(name)
        .or_insert_with(|| Item::Table(Table::new()));
    let Some(entry) = entry.as_table_like_mut() else {
        let why = format!("`extern.{name}` is a section");
        return Err(wrong(
            text,
            &(0..0),
            why,
            format!("begin it with `[extern.{name}]`"),
        ));
    };
    entry.insert("component", toml_edit::value(component));
    Ok(document.to_string())
}
