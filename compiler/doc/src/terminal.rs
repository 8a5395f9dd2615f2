//! One thing of a book for a terminal.

use crate::model::{Book, Item, Module};

/// What the book says of a name: `list.map`, `Account.deposit`, `map`; of a module, what it holds. Empty when there is no such
/// thing.
pub fn text(book: &Book, wanted: &str) -> String {
    let mut out = String::new();
    for module in &book.modules {
        for item in &module.items {
            for one in std::iter::once(item).chain(&item.members) {
                let short = one.anchor.split('-').next().unwrap_or_default();
                let full = format!("{}.{}", module.path, one.name);
                if wanted == one.name || wanted == short || wanted == full {
                    if !out.is_empty() {
                        out.push('\n');
                    }
                    out += &shown(module, one);
                }
            }
        }
        if wanted == module.path && !module.items.is_empty() {
            if !out.is_empty() {
                out.push('\n');
            }
            out += &contents(module);
        }
    }
    out
}

/// A line for each declaration of a module, with the first line of what is said of it.
fn contents(module: &Module) -> String {
    let mut out = format!("{} ({})\n", module.path, module.file);
    for item in &module.items {
        let Some(head) = item.signature.first() else {
            continue;
        };
        out += &format!("  {}\n", in_a_line(&module.text[head.range()]));
        let said = item.doc.as_deref().and_then(|doc| doc.lines().next());
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            out += &format!("      {said}\n");
        }
    }
    out
}

/// A declaration without its attributes and the comments in it; what is long is cut.
fn in_a_line(head: &str) -> String {
    let lines = head.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with('@') && !line.starts_with("//"));
    let joined = lines.collect::<Vec<_>>().join(" ");
    let joined = joined.replace("( ", "(").replace(" )", ")");
    let joined = joined.replace(",)", ")").trim().to_owned();
    match joined.chars().count() {
        0..=110 => joined,
        _ => joined.chars().take(109).chain(['…']).collect(),
    }
}

fn shown(module: &Module, item: &Item) -> String {
    let mut out = String::new();
    for span in &item.signature {
        out += module.text[span.range()].trim();
        out.push('\n');
    }
    let mut facts: Vec<String> = Vec::new();
    facts.extend(
        item.route
            .as_ref()
            .map(|(method, path)| format!("{method} {path}")),
    );
    facts.extend(item.effect.map(str::to_owned));
    if !item.temporary.is_empty() {
        facts.push(format!("temporary data {}", item.temporary.join(", ")));
    }
    facts.extend(item.access.as_ref().map(|access| format!("for {access}")));
    if !item.fails.is_empty() {
        facts.push(format!("may fail with {}", item.fails.join(", ")));
    }
    facts.push(format!("{}:{}", module.file, item.line));
    out += &format!("  {}\n", facts.join(" · "));
    if let Some(doc) = &item.doc {
        out.push('\n');
        for line in doc.lines() {
            out += format!("  {line}").trim_end();
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::in_a_line;

    #[test]
    fn a_declaration_of_many_lines_is_one() {
        let head = "@status(502)\nerror NotSent(\n  /// Why.\n  why: Text,\n  tries: Int,\n)";
        assert_eq!(in_a_line(head), "error NotSent(why: Text, tries: Int)");
        assert_eq!(in_a_line(&"x".repeat(200)).chars().count(), 110);
    }
}
