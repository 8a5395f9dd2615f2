//! The prelude: the part of `stdlib/` that every program has in scope.

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
    ("std/bytes.weir", include_str!("../../../stdlib/bytes.weir")),
    ("std/time.weir", include_str!("../../../stdlib/time.weir")),
    ("std/math.weir", include_str!("../../../stdlib/math.weir")),
    (
        "std/failures.weir",
        include_str!("../../../stdlib/failures.weir"),
    ),
];

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
