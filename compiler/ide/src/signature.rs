//! What the call around the cursor takes, and which of it is being written.

use weir_check::meanings::Def;
use weir_driver::Library;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Expr, ExprKind};
use weir_syntax::token::{Tok, Token};

use crate::calls::{self, Callee};
use crate::complete::{self, Cursor};
use crate::{At, Snapshot, hover, nodes, show};

/// How something is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `reserve(order: Text, qty: Int) fails OutOfStock`
    pub label: String,
    /// The pieces of the label that are parameters: bytes.
    pub params: Vec<(u32, u32)>,
    /// The one that is being written; `None` where there are more arguments than parameters.
    pub active: Option<usize>,
    pub doc: Option<String>,
}

pub fn signature(snapshot: &Snapshot, library: &Library, at: At) -> Option<Signature> {
    let file = snapshot.file(at.file)?;
    let real = file.parsed.tokens.iter();
    let real = real.filter(|token| token.start < token.end && token.end <= at.offset);
    let before: Vec<Token> = real.copied().collect();
    let open = call_around(&before)?;
    let name = &before[open - 1];
    let found = in_tree(snapshot, at, name).or_else(|| {
        // In a broken statement: with a name at the cursor it may be a whole one.
        let cursor = Cursor::new(snapshot, at)?;
        let marked = complete::marked(&cursor, library)?;
        in_tree(&marked, at, name)
    })?;
    Some(Signature {
        active: active(snapshot, at, &before[open + 1..], &found.1),
        ..found.0
    })
}

/// The parenthesis of the innermost call that is open at the end.
fn call_around(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().rev() {
        if token.kind.is_close() {
            depth += 1;
        } else if token.kind.is_open() {
            if depth > 0 {
                depth -= 1;
                continue;
            }
            let name = at.checked_sub(1).map(|at| &tokens[at]);
            let is_call = name.is_some_and(|name| {
                name.end == token.start
                    && (name.kind.is_name() || name.kind == Tok::UpperName || name.kind.is_hard())
            });
            match token.kind {
                Tok::LParen if is_call => return Some(at),
                // The statements in a lambda are no arguments.
                Tok::LBrace => return None,
                _ => {}
            }
        }
    }
    None
}

/// The call whose name that is, without what is being written.
fn in_tree(snapshot: &Snapshot, at: At, name: &Token) -> Option<(Signature, Callee)> {
    let place = At {
        file: at.file,
        offset: name.start + 1,
    };
    let around = nodes::around(snapshot.module(at.file)?, place);
    let callee: &Expr = around.into_iter().rev().find_map(|node| match node {
        Node::Expr(e) => match &e.kind {
            ExprKind::Call { callee, .. } => {
                let called = crate::labels::called(callee)?;
                (called.span.start == name.start).then_some(&**callee)
            }
            _ => None,
        },
        _ => None,
    })?;
    let found = calls::callee(snapshot, callee)?;
    Some((shown(snapshot, &found), found))
}

fn shown(snapshot: &Snapshot, callee: &Callee) -> Signature {
    let mut label = format!("{}(", callee.name);
    let mut params = Vec::new();
    for (at, parameter) in callee.params.iter().enumerate() {
        if at > 0 {
            label.push_str(", ");
        }
        let start = label.len() as u32;
        label.push_str(&parameter.head);
        params.push((start, label.len() as u32));
    }
    label.push(')');
    label.push_str(&gives(snapshot, callee.def));
    Signature {
        label,
        params,
        active: None,
        doc: hover::documentation(snapshot, callee.def),
    }
}

/// ` -> Text fails Declined`
fn gives(snapshot: &Snapshot, def: Def) -> String {
    let checked = snapshot.checked();
    let (ret, fails) = match def {
        Def::Function(id) => {
            let function = checked.function(id);
            let ret = weir_check::show_type(checked, &function.type_params, &function.ret);
            (ret, &function.fails[..])
        }
        Def::Extern(id) => {
            let function = checked.extern_fn(id);
            let ret = weir_check::show_type(checked, &[], &function.ret);
            (ret, &function.fails[..])
        }
        Def::Builtin(name) => {
            let headline = crate::builtins::headline(name).unwrap_or_default();
            let behind = headline.rsplit_once(')').map_or("", |(_, rest)| rest);
            return behind.to_owned();
        }
        _ => return String::new(),
    };
    let mut text = String::new();
    if ret != "()" {
        text.push_str(&format!(" -> {ret}"));
    }
    if !fails.is_empty() {
        text.push_str(&format!(" fails {}", show::errors(snapshot, fails)));
    }
    text
}

/// The parameter that the end of these tokens is for: of its name, where one is written.
fn active(snapshot: &Snapshot, at: At, inside: &[Token], callee: &Callee) -> Option<usize> {
    let mut depth = 0_usize;
    let mut count = 0;
    let mut start = 0;
    for (n, token) in inside.iter().enumerate() {
        if token.kind.is_open() {
            depth += 1;
        } else if token.kind.is_close() {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.kind == Tok::Comma {
            count += 1;
            start = n + 1;
        }
    }
    let by_name = match &inside[start..] {
        [label, colon, ..] if colon.kind == Tok::Colon => {
            let text = snapshot.text(at.file);
            let label = &text[label.start as usize..label.end as usize];
            Some(callee.params.iter().position(|p| p.name == label)?)
        }
        _ => None,
    };
    by_name.or((count < callee.params.len()).then_some(count))
}
