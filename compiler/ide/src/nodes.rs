//! The way down a tree to a place.

use weir_syntax::ast::walk::{Node, walk_item};
use weir_syntax::ast::{Expr, ExprKind, Module};

use crate::At;

/// The nodes around a place, the outermost first; the ends of a node belong to it.
pub fn around(module: &Module, at: At) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    for item in &module.items {
        if item.span.start <= at.offset && at.offset <= item.span.end {
            walk_item(item, &mut |node| {
                let span = node.span();
                if span.start <= at.offset && at.offset <= span.end {
                    found.push(node);
                }
            });
        }
    }
    found
}

/// The innermost expression around a place that is more than a hole.
pub fn expr_at(module: &Module, at: At) -> Option<&Expr> {
    let nodes = around(module, at);
    nodes.into_iter().rev().find_map(|node| match node {
        Node::Expr(e) if !matches!(e.kind, ExprKind::Hole) => Some(e),
        _ => None,
    })
}
