//! One thing of a book for a terminal.

use crate::markdown::first_sentence;
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

/// A line for each module, with the first sentence of what is said of it.
pub fn parts(book: &Book) -> String {
    let modules = book
        .modules
        .iter()
        .filter(|module| !module.items.is_empty());
    let line = |module: &Module| {
        let about = first_sentence(module.about.as_deref().unwrap_or_default());
        format!("  {:<10} {about}\n", module.path)
    };
    modules.map(line).collect()
}

/// All that can be asked for, with the module in front.
pub fn names(book: &Book) -> Vec<String> {
    let mut all = Vec::new();
    for module in book
        .modules
        .iter()
        .filter(|module| !module.items.is_empty())
    {
        all.push(module.path.clone());
        for item in &module.items {
            let inside = std::iter::once(item).chain(&item.members);
            all.extend(inside.map(|one| format!("{}.{}", module.path, one.name)));
        }
    }
    all.dedup();
    all
}

/// What is said of a module, and a line for each declaration, with the first sentence of what is said of that.
fn contents(module: &Module) -> String {
    let mut out = format!("{} ({})\n", module.path, module.file);
    if let Some(about) = module.about.as_ref().filter(|about| !about.is_empty()) {
        out.push('\n');
        for line in about.lines() {
            out += format!("  {line}").trim_end();
            out.push('\n');
        }
        out.push('\n');
    }
    for item in &module.items {
        let Some(head) = item.signature.first() else {
            continue;
        };
        let head = as_called(module, item, &module.text[head.range()]);
        out += &format!("  {}\n", in_a_line(&head));
        let said = first_sentence(item.doc.as_deref().unwrap_or_default());
        if !said.is_empty() {
            out += &format!("      {said}\n");
        }
    }
    out
}

/// A function of the library as programs call it: `json.parse`, and `join`, which is declared as `join_`.
fn as_called(module: &Module, item: &Item, head: &str) -> String {
    let declared = format!("fn {}", item.name);
    let Some(rest) = head.strip_prefix(declared.as_str()) else {
        return head.to_owned();
    };
    let rest = match module.about {
        Some(_) => rest.trim_start_matches('_'),
        None => rest,
    };
    match item.is_behind_part {
        true => format!("fn {}.{}{rest}", module.path, item.name),
        false => format!("{declared}{rest}"),
    }
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
        out += &as_called(module, item, module.text[span.range()].trim());
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
