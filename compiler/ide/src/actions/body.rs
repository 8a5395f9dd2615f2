//! The body of a function as one expression behind `=`, and as a block.

use weir_diagnostics::Span;
use weir_syntax::ast::{FnBody, StmtKind};

use super::{Action, ActionKind, Asked, write};
use crate::Edit;

pub fn body(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    let function = asked.function()?;
    // In the head only: further in, many things could be meant.
    let body = match &function.body {
        FnBody::Block(block) => block.span,
        FnBody::Expr(e) => e.span,
    };
    let start = function.name.span.start;
    if asked.selected.start < start || asked.selected.start > body.start {
        return None;
    }
    let text = asked.text();
    match &function.body {
        FnBody::Expr(e) => {
            let head = text[..e.span.start as usize].trim_end().strip_suffix('=')?;
            let from = head.trim_end().len() as u32;
            let indent = asked.indent(start);
            let inner = write::indented(asked.snippet(e.span), indent, &format!("{indent}  "));
            let edit = Edit {
                span: Span::new(e.span.file, from, e.span.end),
                text: format!(" {{\n{indent}  {inner}\n{indent}}}"),
            };
            Some(Action::new(
                "write it as a block",
                ActionKind::Rewrite,
                vec![edit],
            ))
        }
        FnBody::Block(block) => {
            let [only] = block.stmts.as_slice() else {
                return None;
            };
            let StmtKind::Expr(value) = &only.kind else {
                return None;
            };
            // Without a type behind `->` it gives nothing.
            function.ret.as_ref()?;
            let inside = asked.snippet(block.span);
            let inside = inside.strip_prefix('{')?.strip_suffix('}')?.trim();
            if inside != asked.snippet(value.span) {
                return None;
            }
            let indent = asked.indent(start);
            let from = asked.indent(value.span.start);
            let edit = Edit {
                span: block.span,
                text: format!("= {}", write::indented(inside, from, indent)),
            };
            Some(Action::new(
                "write it as one expression",
                ActionKind::Rewrite,
                vec![edit],
            ))
        }
    }
}
