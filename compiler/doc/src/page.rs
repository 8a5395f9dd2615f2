//! The pages: an overview, one for each module, one for each source.

use std::collections::BTreeMap;

use weir_diagnostics::Span;

use crate::highlight::Colour;
use crate::html::escape;
use crate::markdown;
use crate::model::{Book, Item, Kind, Module};
use crate::sources;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("search.js");

/// In the order in which a page shows them.
const ORDER: [Kind; 12] = [
    Kind::Entity,
    Kind::Workflow,
    Kind::Stream,
    Kind::View,
    Kind::Function,
    Kind::Record,
    Kind::Enum,
    Kind::Type,
    Kind::Error,
    Kind::Constant,
    Kind::Extern,
    Kind::Test,
];

/// All files of the site: their paths, with `/` between folders, and their texts.
pub fn site(book: &Book) -> Vec<(String, String)> {
    let links = Links::new(book);
    let mut files = vec![
        ("style.css".to_owned(), STYLE.to_owned()),
        ("search.js".to_owned(), format!("{}\n{SCRIPT}", index(book))),
        ("index.html".to_owned(), overview(book, &links)),
    ];
    for module in &book.modules {
        files.push((address(module), module_page(book, module, &links)));
        files.push((sources::address(module), sources::page(book, module)));
    }
    files
}

/// `shop.orders.html`. A module that is called `index` has its own.
pub fn address(module: &Module) -> String {
    match module.path.as_str() {
        "index" => "index_.html".to_owned(),
        path => format!("{path}.html"),
    }
}

/// Where types are.
pub struct Links {
    types: BTreeMap<String, String>,
}

impl Links {
    fn new(book: &Book) -> Links {
        let mut types = BTreeMap::new();
        for module in &book.modules {
            for item in module.items.iter().filter(|item| item.kind.is_type()) {
                types.insert(
                    item.name.clone(),
                    format!("{}#{}", address(module), item.anchor),
                );
            }
        }
        Links { types }
    }

    fn of(&self, name: &str) -> Option<String> {
        self.types.get(name).cloned()
    }
}

/// A page around its content; `up` leads from it to the others (`""`, `"../"`).
pub fn frame(book: &Book, title: &str, up: &str, side: &str, main: &str) -> String {
    let name = escape(&book.title);
    let version = match &book.version {
        Some(version) => format!(" <span class=\"version\">{}</span>", escape(version)),
        None => String::new(),
    };
    format!(
        r#"<!doctype html>
<html lang="en" data-up="{up}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="{up}style.css">
<nav class="side">
<a class="home" href="{up}index.html">{name}{version}</a>
<input id="search-field" type="search" placeholder="Search ( / )" aria-label="Search" autocomplete="off" spellcheck="false">
<ul id="found" hidden></ul>
<div id="contents">
{side}</div>
</nav>
<main>
{main}</main>
<script src="{up}search.js"></script>
</html>
"#,
        title = escape(title),
    )
}

fn overview(book: &Book, links: &Links) -> String {
    let mut main = format!("<h1>{}</h1>\n", escape(&book.title));
    if let [only] = book.modules.as_slice() {
        main += &format!(
            "<p class=\"lead\">All of it is in <a href=\"{}\">{}</a>.</p>\n",
            address(only),
            escape(&only.file)
        );
    }
    if book.modules.len() > 1 {
        main += "<h2>Modules</h2>\n";
    }
    main += "<table class=\"list\">\n";
    for module in book.modules.iter().filter(|_| book.modules.len() > 1) {
        main += &format!(
            "<tr><td><a href=\"{}\"><code>{}</code></a></td><td>{}</td></tr>\n",
            address(module),
            escape(&module.path),
            match &module.about {
                Some(about) => markdown::inline(&markdown::first_sentence(about), &|_| None),
                None => counts(module),
            }
        );
    }
    main += "</table>\n";
    let mut routes: Vec<(&str, &str, String, &Item)> = Vec::new();
    for module in &book.modules {
        for item in &module.items {
            for one in std::iter::once(item).chain(&item.members) {
                if let Some((method, path)) = &one.route {
                    routes.push((
                        path,
                        method,
                        format!("{}#{}", address(module), one.anchor),
                        one,
                    ));
                }
            }
        }
    }
    if !routes.is_empty() {
        main += "<h2>Over HTTP</h2>\n<table class=\"list routes\">\n";
        for (path, method, to, item) in routes {
            let about = item
                .doc
                .as_deref()
                .map(markdown::first_sentence)
                .unwrap_or_default();
            main += &format!(
                "<tr><td class=\"method {}\">{method}</td><td><a href=\"{}\"><code>{}</code></a></td><td>{}</td></tr>\n",
                method.to_lowercase(),
                escape(&to),
                escape(path),
                markdown::inline(&about, &|name| links.of(name))
            );
        }
        main += "</table>\n";
    }
    for kind in ORDER.into_iter().filter(|kind| kind.is_type()) {
        main += &summary(book, kind, links);
    }
    frame(book, &book.title, "", &modules(book, None), &main)
}

/// `2 entities, 5 functions`
fn counts(module: &Module) -> String {
    let of = |kind: Kind| {
        module
            .items
            .iter()
            .filter(|item| item.kind == kind && !item.is_inner)
            .count()
    };
    let counted = ORDER.into_iter().filter_map(|kind| match of(kind) {
        0 => None,
        1 => Some(format!("1 {}", singular(kind))),
        many => Some(format!("{many} {}", kind.words().to_lowercase())),
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn singular(kind: Kind) -> &'static str {
    match kind {
        Kind::Function => "function",
        Kind::Constant => "constant",
        other => other.word(),
    }
}

/// All of a kind, wherever they are.
fn summary(book: &Book, kind: Kind, links: &Links) -> String {
    let mut rows = String::new();
    for module in &book.modules {
        for item in module.items.iter().filter(|item| item.kind == kind) {
            let about = item
                .doc
                .as_deref()
                .map(markdown::first_sentence)
                .unwrap_or_default();
            rows += &format!(
                "<tr><td><a href=\"{}#{}\"><code>{}</code></a></td><td>{}</td></tr>\n",
                address(module),
                escape(&item.anchor),
                escape(&item.name),
                markdown::inline(&about, &|name| links.of(name))
            );
        }
    }
    match rows.is_empty() {
        true => rows,
        false => format!(
            "<h2>{}</h2>\n<table class=\"list\">\n{rows}</table>\n",
            kind.words()
        ),
    }
}

/// The modules, and what is in the one that is shown.
pub fn modules(book: &Book, here: Option<&Module>) -> String {
    let mut out = String::from("<h3>Modules</h3>\n<ul>\n");
    for module in &book.modules {
        let is_here = here.is_some_and(|here| here.path == module.path);
        let class = if is_here { " class=\"here\"" } else { "" };
        out += &format!(
            "<li><a{class} href=\"{}\">{}</a></li>\n",
            address(module),
            escape(&module.path)
        );
    }
    out += "</ul>\n";
    for kind in ORDER {
        let shown = |item: &&Item| item.kind == kind && !item.is_inner;
        let items: Vec<&Item> = here
            .into_iter()
            .flat_map(|m| m.items.iter().filter(shown))
            .collect();
        if items.is_empty() {
            continue;
        }
        out += &format!("<h3>{}</h3>\n<ul>\n", kind.words());
        let mut before = "";
        for item in items {
            // One line for all functions of a name.
            if item.name != before {
                out += &format!(
                    "<li><a href=\"#{}\">{}</a></li>\n",
                    escape(&item.anchor),
                    escape(&item.name)
                );
            }
            before = &item.name;
        }
        out += "</ul>\n";
    }
    out
}

fn module_page(book: &Book, module: &Module, links: &Links) -> String {
    let mut main = format!(
        "<h1>{} <a class=\"source\" href=\"{}\">{}</a></h1>\n",
        escape(&module.path),
        sources::address(module),
        escape(&module.file)
    );
    if let Some(about) = &module.about {
        main += &markdown::html(about, &|name| links.of(name));
    }
    for kind in ORDER {
        let of_kind = || module.items.iter().filter(|item| item.kind == kind);
        if of_kind().any(|item| !item.is_inner) {
            main += &format!("<h2>{}</h2>\n", kind.words());
        }
        for item in of_kind().filter(|item| !item.is_inner) {
            main += &shown(module, item, links, 3);
        }
    }
    let inner: Vec<&Item> = module.items.iter().filter(|item| item.is_inner).collect();
    if !inner.is_empty() {
        main += &format!(
            "<details class=\"inner\"><summary>{} more, inside of the module</summary>\n",
            inner.len()
        );
        for item in inner {
            main += &shown(module, item, links, 3);
        }
        main += "</details>\n";
    }
    let title = format!("{} - {}", module.path, book.title);
    frame(book, &title, "", &modules(book, Some(module)), &main)
}

fn shown(module: &Module, item: &Item, links: &Links, level: u8) -> String {
    let link = |name: &str| {
        links
            .of(name)
            .filter(|to| !to.ends_with(&format!("#{}", item.anchor)))
    };
    let mut out = format!(
        "<section id=\"{anchor}\">\n<h{level}>{kind}<a class=\"name\" href=\"#{anchor}\">{name}</a>\
         <a class=\"source\" href=\"{source}#L{line}\">{file}:{line}</a></h{level}>\n",
        anchor = escape(&item.anchor),
        kind = match item.kind {
            // They have no name but this.
            Kind::Invariant | Kind::Allow => String::new(),
            kind => format!("<span class=\"kind\">{}</span> ", kind.word()),
        },
        name = escape(&item.name),
        source = sources::address(module),
        file = escape(&module.file),
        line = item.line,
    );
    out += &format!(
        "<pre class=\"signature\"><code>{}</code></pre>\n",
        signature(module, item, &link)
    );
    out += &facts(item, &link);
    if let Some(doc) = &item.doc {
        out += &markdown::html(doc, &link);
    }
    let (inner, plain): (Vec<&Item>, Vec<&Item>) = item.members.iter().partition(|m| m.is_inner);
    for member in plain {
        out += &shown(module, member, links, level + 1);
    }
    if !inner.is_empty() {
        out += &format!(
            "<details class=\"inner\"><summary>{} more, inside of it</summary>\n",
            inner.len()
        );
        for member in inner {
            out += &shown(module, member, links, level + 1);
        }
        out += "</details>\n";
    }
    out + "</section>\n"
}

/// Route, effect, who may call, failures.
fn facts(item: &Item, link: &dyn Fn(&str) -> Option<String>) -> String {
    let mut all: Vec<String> = Vec::new();
    if let Some((method, path)) = &item.route {
        all.push(format!(
            "<span class=\"method {}\">{method}</span> <code>{}</code>",
            method.to_lowercase(),
            escape(path)
        ));
    }
    if let Some(effect) = item.effect {
        all.push(format!(
            "<span class=\"effect {}\">{effect}</span>",
            effect.split(' ').next().unwrap_or_default()
        ));
    }
    if let Some((class, cost)) = &item.costs {
        let name = class.split(':').next().unwrap_or_default();
        all.push(format!(
            "<span title=\"{}\">{}</span>",
            escape(class),
            escape(&format!("{name}, {cost}"))
        ));
    }
    if !item.temporary.is_empty() {
        let names = item.temporary.iter();
        let names: Vec<String> = names
            .map(|name| format!("<code>{}</code>", escape(name)))
            .collect();
        all.push(format!("temporary data {}", names.join(", ")));
    }
    if let Some(access) = &item.access {
        all.push(format!("for <b>{}</b>", escape(access)));
    }
    if !item.fails.is_empty() {
        let errors = item.fails.iter().map(|error| match link(error) {
            Some(to) => format!(
                "<a href=\"{}\"><code>{}</code></a>",
                escape(&to),
                escape(error)
            ),
            None => format!("<code>{}</code>", escape(error)),
        });
        all.push(format!(
            "may fail with {}",
            errors.collect::<Vec<_>>().join(", ")
        ));
    }
    match all.is_empty() {
        true => String::new(),
        false => format!(
            "<p class=\"facts\">{}</p>\n",
            all.join("<span class=\"dot\">·</span>")
        ),
    }
}

fn signature(module: &Module, item: &Item, link: &dyn Fn(&str) -> Option<String>) -> String {
    let parts = item
        .signature
        .iter()
        .map(|span| code(module, *span, link).trim_end().to_owned());
    let indented: Vec<String> = parts.collect();
    unindented(
        &indented.join("\n"),
        indent_of(&module.text, item.signature.last()),
    )
}

/// How far the line of a piece of text is indented.
fn indent_of(text: &str, span: Option<&Span>) -> usize {
    let Some(span) = span else { return 0 };
    let line = &text[..span.start as usize];
    let line = line.rsplit('\n').next().unwrap_or("");
    line.len() - line.trim_start().len()
}

fn unindented(text: &str, by: usize) -> String {
    let mut lines = text.lines().map(|line| {
        let blank = line.len() - line.trim_start_matches(' ').len();
        &line[blank.min(by)..]
    });
    let mut out = lines.next().unwrap_or("").to_owned();
    for line in lines {
        out.push('\n');
        out.push_str(line);
    }
    out
}

/// A piece of a text with its colours; types lead to where they are.
pub fn code(module: &Module, span: Span, link: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for (start, end, colour) in module.colours.of(span) {
        let text = &module.text[start as usize..end as usize];
        let shown = escape(text);
        out += &match colour {
            None => shown,
            Some(Colour::Keyword) => format!("<b class=\"k\">{shown}</b>"),
            Some(Colour::Type) => match link(text) {
                Some(to) => format!("<a class=\"t\" href=\"{}\">{shown}</a>", escape(&to)),
                None => format!("<span class=\"t\">{shown}</span>"),
            },
            Some(Colour::Literal) => format!("<span class=\"l\">{shown}</span>"),
            Some(Colour::Comment) => format!("<span class=\"c\">{shown}</span>"),
            Some(Colour::Attribute) => format!("<span class=\"a\">{shown}</span>"),
        };
    }
    out
}

/// What the search knows: name, kind, address, first sentence.
fn index(book: &Book) -> String {
    let mut rows = Vec::new();
    for module in &book.modules {
        for item in &module.items {
            if item.kind == Kind::Test {
                continue;
            }
            for one in std::iter::once(item).chain(&item.members) {
                let name = match one.anchor.split_once('.') {
                    Some((owner, _)) => format!("{owner}.{}", one.name),
                    None => format!("{}.{}", module.path, one.name),
                };
                let about = one
                    .doc
                    .as_deref()
                    .map(markdown::first_sentence)
                    .unwrap_or_default();
                let to = format!("{}#{}", address(module), one.anchor);
                rows.push(serde_json::json!([name, one.kind.word(), to, about]));
            }
        }
    }
    // `</` in a text would end a script.
    let rows: Vec<String> = rows
        .iter()
        .map(|row| row.to_string().replace("</", "<\\/"))
        .collect();
    format!("const INDEX = [\n{}\n];", rows.join(",\n"))
}
