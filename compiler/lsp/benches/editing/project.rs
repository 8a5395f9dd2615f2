//! A project of 10,000 lines: the inventory of the examples many times, each with names of its own, each importing others.

use std::fs;
use std::path::Path;

pub const FILES: usize = 52;
pub const LINES_MIN: usize = 10_000;

const INVENTORY: &str = include_str!("../../../../examples/inventory/inventory.weir");
/// What is declared in it; types have one name in a program.
const TYPES: [&str; 9] = [
    "Sku",
    "Move",
    "Status",
    "Line",
    "Level",
    "OutOfStock",
    "WrongStatus",
    "Stock",
    "Order",
];

pub fn name(file: usize) -> String {
    format!("part{file:02}.weir")
}

/// Writes it into a folder; gives the number of lines.
pub fn write(folder: &Path) -> usize {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("a folder");
    let mut lines = 0;
    let mut put = |name: &str, text: String| {
        lines += text.lines().count();
        fs::write(folder.join(name), text).expect("a file");
    };
    put(
        "weir.toml",
        "name = \"large\"\nentry = \"main.weir\"\n".into(),
    );
    let imports: String = (0..FILES)
        .map(|file| format!("import part{file:02}\n"))
        .collect();
    let sum: Vec<String> = (0..FILES)
        .map(|file| format!("part{file:02}.everywhere()"))
        .collect();
    let sum = sum.join(" + ");
    put(
        "main.weir",
        format!("{imports}\npub fn everything() -> Int = {sum}\n"),
    );
    for file in 0..FILES {
        put(&name(file), part(file));
    }
    lines
}

/// One file: it imports the one before it and one further away.
fn part(file: usize) -> String {
    let mut text = String::new();
    let imported: Vec<usize> = match file {
        0 => vec![],
        1 => vec![0],
        _ => vec![file / 2, file - 1],
    };
    let mut imported = imported;
    imported.dedup();
    for other in &imported {
        text.push_str(&format!("import part{other:02}\n"));
    }
    text.push_str(&renamed(file));
    text.push_str("\n/// Here, and in what is imported.\nfn everywhere() -> Int {\n");
    text.push_str("  var total = free_in([\"north\"], \"bike\")\n");
    for other in &imported {
        text.push_str(&format!(
            "  total += part{other:02}.free_in([\"south\"], \"bell\")\n"
        ));
    }
    text.push_str("  total\n}\n");
    text
}

/// The words that are names of types with a number behind them, and the number in front of the names of tests.
fn renamed(file: usize) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut word = String::new();
    let inventory = INVENTORY.replace("\ntest \"", &format!("\ntest \"{file}: "));
    for c in inventory.chars().chain(['\n']) {
        if is_word(c) {
            word.push(c);
            continue;
        }
        let is_type = TYPES.contains(&word.as_str()) || word == "BadQuantity";
        out.push_str(&word);
        if is_type {
            out.push_str(&file.to_string());
        }
        word.clear();
        out.push(c);
    }
    out
}
