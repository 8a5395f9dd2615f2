//! The prelude: the part of `stdlib/` that every program has in scope. A module with an outside world of its own (`http`) comes in
//! only where a program names it, so that the others do not carry it along.

use weir_diagnostics::SourceMap;
use weir_syntax::ast;

/// Name and text of each file, in the order they are checked.
pub const FILES: &[(&str, &str)] = &[
    ("std/list.weir", include_str!("../../../stdlib/list.weir")),
    ("std/map.weir", include_str!("../../../stdlib/map.weir")),
    ("std/set.weir", include_str!("../../../stdlib/set.weir")),
    (
        "std/option.weir",
        include_str!("../../../stdlib/option.weir"),
    ),
    ("std/int.weir", include_str!("../../../stdlib/int.weir")),
    (
        "std/decimal.weir",
        include_str!("../../../stdlib/decimal.weir"),
    ),
    ("std/float.weir", include_str!("../../../stdlib/float.weir")),
    ("std/text.weir", include_str!("../../../stdlib/text.weir")),
    (
        "std/pattern.weir",
        include_str!("../../../stdlib/pattern.weir"),
    ),
    ("std/csv.weir", include_str!("../../../stdlib/csv.weir")),
    ("std/bytes.weir", include_str!("../../../stdlib/bytes.weir")),
    (
        "std/crypto.weir",
        include_str!("../../../stdlib/crypto.weir"),
    ),
    ("std/time.weir", include_str!("../../../stdlib/time.weir")),
    ("std/zone.weir", include_str!("../../../stdlib/zone.weir")),
    ("std/date.weir", include_str!("../../../stdlib/date.weir")),
    ("std/money.weir", include_str!("../../../stdlib/money.weir")),
    ("std/math.weir", include_str!("../../../stdlib/math.weir")),
    ("std/query.weir", include_str!("../../../stdlib/query.weir")),
    ("std/http.weir", include_str!("../../../stdlib/http.weir")),
    (
        "std/failures.weir",
        include_str!("../../../stdlib/failures.weir"),
    ),
];

/// Whether a program has this part of the prelude in scope.
pub fn is_wanted(module: &ast::Module, program: &ast::Module) -> bool {
    let mut blocks = module.items.iter().filter_map(extern_block);
    let Some(block) = blocks.next() else {
        return true;
    };
    let mut own_blocks = program.items.iter().filter_map(extern_block);
    if own_blocks.any(|own| own == block) {
        return false;
    }
    let mut is_named = false;
    ast::walk::walk(program, &mut |node| {
        if let ast::walk::Node::Expr(e) = node
            && let ast::ExprKind::Var(name) = &e.kind
        {
            is_named |= name.as_str() == block;
        }
    });
    is_named
}

fn extern_block(item: &ast::Item) -> Option<&str> {
    match &item.kind {
        ast::ItemKind::Extern(block) => Some(block.name.as_str()),
        _ => None,
    }
}

/// Adds the prelude's files to `sources` and parses them.
pub fn load(sources: &mut SourceMap) -> Vec<ast::Module> {
    FILES
        .iter()
        .map(|(name, text)| {
            let file = sources.add(*name, *text);
            let parsed = weir_syntax::parse(file, text);
            debug_assert!(
                parsed.diagnostics.is_empty(),
                "{name}: {:?}",
                parsed.diagnostics
            );
            parsed.module
        })
        .collect()
}
