//! The text of a module, a line with a number each, so that every place has an address.

use weir_diagnostics::{FileId, Span};

use crate::html::escape;
use crate::model::{Book, Module};
use crate::page::{code, frame};

/// `source/shop.orders.html`
pub fn address(module: &Module) -> String {
    format!("source/{}.html", module.path)
}

pub fn page(book: &Book, module: &Module) -> String {
    let mut main = format!(
        "<h1>{}</h1>\n<pre class=\"text\"><code>",
        escape(&module.file)
    );
    let mut start = 0;
    for (at, line) in module.text.lines().enumerate() {
        let end = start + line.len();
        let shown = code(
            module,
            Span::new(FileId::default(), start as u32, end as u32),
            &|_| None,
        );
        main += &format!(
            "<span class=\"line\" id=\"L{0}\"><a href=\"#L{0}\">{0}</a>{shown}\n</span>",
            at + 1
        );
        // Behind the line end, which may be two bytes.
        start = module.text[end..].find('\n').map_or(end, |at| end + at + 1);
    }
    main += "</code></pre>\n";
    let back = format!(
        "<ul><li><a href=\"../{}\">{}</a></li></ul>\n",
        crate::page::address(module),
        escape(&module.path)
    );
    frame(
        book,
        &format!("{} - {}", module.file, book.title),
        "../",
        &back,
        &main,
    )
}
