//! The prelude: the part of `stdlib/` that every program has in scope. What has types of its own that few programs need, or an outside
//! world (`http`), comes in only where a program names it, so that the others do not carry it along and may use its names.
//!
//! The functions of a file can be called by their plain names or behind that of the file, `xs.sum()` or `list.sum(xs)`; those with
//! `@module` in the second way only.

use std::collections::BTreeSet;

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
    ("std/regex.weir", include_str!("../../../stdlib/regex.weir")),
    ("std/csv.weir", include_str!("../../../stdlib/csv.weir")),
    ("std/bytes.weir", include_str!("../../../stdlib/bytes.weir")),
    (
        "std/base64.weir",
        include_str!("../../../stdlib/base64.weir"),
    ),
    ("std/hex.weir", include_str!("../../../stdlib/hex.weir")),
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
    ("std/json.weir", include_str!("../../../stdlib/json.weir")),
    ("std/log.weir", include_str!("../../../stdlib/log.weir")),
    (
        "std/config.weir",
        include_str!("../../../stdlib/config.weir"),
    ),
    (
        "std/secret.weir",
        include_str!("../../../stdlib/secret.weir"),
    ),
    (
        "std/random.weir",
        include_str!("../../../stdlib/random.weir"),
    ),
    ("std/id.weir", include_str!("../../../stdlib/id.weir")),
    ("std/http.weir", include_str!("../../../stdlib/http.weir")),
    ("std/blob.weir", include_str!("../../../stdlib/blob.weir")),
    ("std/merge.weir", include_str!("../../../stdlib/merge.weir")),
    (
        "std/failures.weir",
        include_str!("../../../stdlib/failures.weir"),
    ),
];

/// Those that come in only where a program names them, or a type that they declare.
const ON_DEMAND: &[&str] = &["http", "json", "secret"];

/// What programs have in which something merges.
const MERGE: &str = "merge";

/// `json` of the first file, `std/json.weir`: what its functions may be called behind.
pub fn part(at: usize) -> &'static str {
    let name = FILES[at].0;
    let name = name.strip_prefix("std/").unwrap_or(name);
    name.strip_suffix(".weir").unwrap_or(name)
}

/// What a file says that brings parts of the library in or keeps them out. It depends on the file's text alone, so whoever checks a
/// program often keeps it with the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// The types that it declares.
    declares: BTreeSet<String>,
    /// `json` in `json.parse(..)`, `secret` in `secret("key")`, where the file has not the name for something else.
    behind: BTreeSet<&'static str>,
    /// Types, where their names stand alone.
    types: BTreeSet<String>,
    /// Some of its state merges.
    merges: bool,
}

impl Mentions {
    pub fn of(module: &ast::Module) -> Mentions {
        let declares = module.items.iter().filter_map(declared_type);
        let mut found = Mentions {
            declares: declares.map(|name| name.name.clone()).collect(),
            merges: merges(module),
            ..Mentions::default()
        };
        let free = ON_DEMAND.iter().filter(|part| !binds(module, part));
        let free: Vec<&'static str> = free.copied().collect();
        let part = |e: &ast::Expr| match &e.kind {
            ast::ExprKind::Var(name) => free.iter().find(|part| **part == name.as_str()).copied(),
            _ => None,
        };
        let mut named = |name: &ast::Ident| {
            if !found.types.contains(name.as_str()) {
                found.types.insert(name.name.clone());
            }
        };
        ast::walk::walk(module, &mut |node| {
            use ast::walk::Node;
            match node {
                Node::Expr(e) => match &e.kind {
                    // `json.parse(..)` or `secret("key")`, not a variable of the name.
                    ast::ExprKind::Field { base, .. } => found.behind.extend(part(base)),
                    ast::ExprKind::Call { callee, .. } => found.behind.extend(part(callee)),
                    ast::ExprKind::Con(name) => named(name),
                    _ => {}
                },
                Node::Type(ty) => match &ty.kind {
                    ast::TypeKind::Path { path, .. } if path.module.is_empty() => named(&path.name),
                    _ => {}
                },
                Node::Pattern(p) => {
                    if let ast::PatternKind::Con {
                        name, qualifier, ..
                    } = &p.kind
                    {
                        named(qualifier.as_ref().unwrap_or(name));
                    }
                }
                _ => {}
            }
        });
        found
    }
}

/// Whether a program has this part of the prelude in scope.
pub fn is_wanted(part: &str, module: &ast::Module, program: &[&Mentions]) -> bool {
    if part == MERGE {
        return program.iter().any(|file| file.merges);
    }
    if !ON_DEMAND.contains(&part) {
        return true;
    }
    let types = module.items.iter().filter_map(declared_type);
    let types: Vec<&str> = types.map(ast::Ident::as_str).collect();
    let any = |names: &BTreeSet<String>| types.iter().any(|name| names.contains(*name));
    // Whoever declares such a type speaks of his own, and a name means one thing.
    let is_displaced = program.iter().any(|file| any(&file.declares));
    !is_displaced
        && program
            .iter()
            .any(|file| file.behind.contains(part) || any(&file.types))
}

fn merges(module: &ast::Module) -> bool {
    module.items.iter().any(|item| match &item.kind {
        ast::ItemKind::Entity(decl) | ast::ItemKind::Workflow(decl) => {
            let mut members = decl.members.iter();
            members.any(|member| matches!(member.kind, ast::MemberKind::Merge(_)))
        }
        _ => false,
    })
}

/// Whether a part is absent because the program declares one of its types itself.
pub fn is_displaced(part: &str) -> bool {
    ON_DEMAND.contains(&part)
}

/// Whether a module has the name for something else: a block or a function of its own, or what it imports.
fn binds(module: &ast::Module, name: &str) -> bool {
    let is_it = |ident: &ast::Ident| ident.as_str() == name;
    module.items.iter().any(|item| match &item.kind {
        ast::ItemKind::Extern(block) => is_it(&block.name),
        ast::ItemKind::Fn(function) => is_it(&function.name),
        ast::ItemKind::Let(constant) => is_it(&constant.name),
        ast::ItemKind::Import(import) => match &import.names {
            Some(names) => names.iter().any(is_it),
            None => import
                .alias
                .as_ref()
                .or(import.path.last())
                .is_some_and(is_it),
        },
        _ => false,
    })
}

fn declared_type(item: &ast::Item) -> Option<&ast::Ident> {
    match &item.kind {
        ast::ItemKind::Record(decl) => Some(&decl.name),
        ast::ItemKind::Enum(decl) => Some(&decl.name),
        ast::ItemKind::Error(decl) => Some(&decl.name),
        ast::ItemKind::TypeAlias(decl) | ast::ItemKind::NewType(decl) => Some(&decl.name),
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
