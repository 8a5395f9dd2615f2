//! What a word of the language or an attribute is for, when it is pointed at.

use weir_syntax::ast::walk::{Node, walk};
use weir_syntax::ast::{Attr, ItemKind, Module};
use weir_syntax::token::{Tok, Token};

use crate::complete::about_attribute;
use crate::{At, Hover, Snapshot, hover};

/// About the word or the attribute at a place. What is a name there has its own answer.
pub fn about(snapshot: &Snapshot, at: At) -> Option<Hover> {
    let file = snapshot.file(at.file)?;
    let token = file.parsed.tokens.iter().find(|token| {
        // Of two that touch the one behind the cursor is meant.
        token.start <= at.offset && at.offset < token.end
    })?;
    let span = weir_diagnostics::Span::new(at.file, token.start, token.end);
    if token.kind == Tok::At {
        let (attr, on_stream) = attribute(&file.parsed.module, token)?;
        let what = about_attribute(attr.name.as_str(), on_stream)?;
        let written = snapshot.snippet(attr.span);
        return Some(Hover {
            span,
            markdown: format!("{}\n\n{}", hover::code(written), sentence(what)),
        });
    }
    let what = of_word(token.kind)?;
    Some(Hover {
        span,
        markdown: format!("{}\n\n{what}", hover::code(snapshot.snippet(span))),
    })
}

/// The attribute whose name a token is, and whether it stands in front of a stream.
fn attribute<'a>(module: &'a Module, token: &Token) -> Option<(&'a Attr, bool)> {
    let is_it = |attr: &&Attr| attr.span.start == token.start;
    for item in &module.items {
        if let Some(attr) = item.attrs.iter().find(is_it) {
            return Some((attr, matches!(item.kind, ItemKind::Stream(_))));
        }
    }
    let mut found = None;
    walk(module, &mut |node| {
        if let Node::Attr(attr) = node
            && is_it(&attr)
        {
            found = Some((attr, false));
        }
    });
    found
}

/// `everybody may call` as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn of_word(kind: Tok) -> Option<&'static str> {
    Some(match kind {
        Tok::Pub => "May be called or read from outside: over HTTP.",
        Tok::Entity => {
            "Durable objects, one for each key, there from their first use. Each call of one of its functions is a transaction."
        }
        Tok::Workflow => {
            "An entity with a `run` that takes many steps and may wait for days. What it needs later is kept on disk."
        }
        Tok::State => "What lasts, one value for each instance.",
        Tok::Merge => {
            "What lasts and says how changes are put together that do not know of each other: they need no order, and nobody waits to make one."
        }
        Tok::Event => "What a run can wait for. It is kept until the run does.",
        Tok::Invariant => {
            "Holds whenever a transaction ends. To break it is a bug: nothing is kept."
        }
        Tok::Allow => {
            "Who may call from outside: a condition for all of the entity that has no role."
        }
        Tok::Stream => "A row of entries that is kept on the log for a time: `name.emit(entry)`.",
        Tok::View => {
            "A query that is kept up to date with each change. It is read with `.all()`, or with `.at(key)`."
        }
        Tok::On => "Runs once for each entry of the stream, in order for each key.",
        Tok::Every => "Begins by itself, so often. A tick that is missed is made up for once.",
        Tok::Extern => "Functions of the outside: of a service, or of a component.",
        Tok::Fails => "What the function may fail with. A call that fails has changed nothing.",
        Tok::Test => {
            "Run by `weir test`, in a world of its own: plainly, with crashes, and with each message delivered twice."
        }
        Tok::Scratch => {
            "Temporary data: in no log and no state, dropped after its last use, and computed again when it is lost."
        }
        Tok::Parallel => {
            "At the same time. What comes out is in the order of the source; the first failure makes the whole fail."
        }
        Tok::Peek => "Reads without waiting for the newest.",
        Tok::Atomic => "One transaction of several calls.",
        Tok::Send => "Makes the call later, exactly once, without waiting for it.",
        Tok::After => "So much later, or when so much time has passed.",
        Tok::Wait => "Waits for the first of these events, or for the deadline behind `after`.",
        Tok::Undo => "What takes it back, done when the run fails later; the last first.",
        Tok::Require => "Makes the call fail unless the condition holds.",
        Tok::Fail => "Makes the call fail: nothing that it did is kept.",
        Tok::Expect => "Ends the test where it does not hold.",
        Tok::Where => "Only those for which it holds; behind `group by`, only those groups.",
        Tok::Join => "One more source: the pairs for which the condition behind `on` holds.",
        Tok::GroupBy => {
            "One row for each key. Of the rows of a group is asked with `count()`, `sum(e)`, `average(e)`, `min(e)`, `max(e)`, `first(e)`, `last(e)`, `top(e, n)`, `collect(e)`, `count_distinct(e)` and `percentile(e, part)`."
        }
        Tok::SortBy => "In this order; what is equal stays in the order it came.",
        Tok::Desc => "The greatest first.",
        Tok::Select => "What is made of each: the whole is a list of that.",
        Tok::Limit => "The first so many.",
        Tok::Is => "Whether a pattern fits; what it binds is there where it did.",
        _ => return None,
    })
}
