//! Things in one line, as they would be declared.

use weir_check::hir::{Effect, FnId, Type};
use weir_check::meanings::Def;

use crate::declared::Kind;
use crate::{Snapshot, temporary};

/// What a name stands for, as a declaration: `fn reserve(qty: Int) fails OutOfStock`, `left: Int`.
pub fn headline(snapshot: &Snapshot, def: Def) -> Option<String> {
    let checked = snapshot.checked();
    Some(match def {
        Def::Function(id) => function(snapshot, id),
        Def::Local(at) => variable(snapshot, at),
        Def::Constant(id) => {
            let constant = &checked.constants[id.0 as usize];
            format!(
                "let {}: {}",
                constant.name,
                snapshot.show(constant.span, &constant.ty)
            )
        }
        Def::View(id) => crate::views::headline(snapshot, id),
        Def::Module(at) => format!("import {}", snapshot.survey.files.get(at as usize)?.path),
        Def::Builtin(name) => return crate::builtins::headline(name).map(str::to_owned),
        Def::TypeParam(at) => snapshot.snippet(at).to_owned(),
        Def::RecordField(..)
        | Def::ErrorField(..)
        | Def::VariantField(..)
        | Def::Key(..)
        | Def::EventParam(..)
        | Def::ExternParam(..) => snapshot.snippet(snapshot.declaration(def)?.head).to_owned(),
        Def::Variant(id, _) => {
            let head = one_line(snapshot.snippet(snapshot.declaration(def)?.head));
            format!("{}.{head}", checked.enums[id.0 as usize].name)
        }
        _ => shortened(snapshot, def)?,
    })
}

/// The text of a declaration; only its first line where it has a body in braces.
fn shortened(snapshot: &Snapshot, def: Def) -> Option<String> {
    let declaration = snapshot.declaration(def)?;
    let text = snapshot.snippet(declaration.head);
    Some(match declaration.kind {
        Kind::Enum => text.to_owned(),
        _ => one_line(text),
    })
}

/// With what it may fail with, also where that is worked out.
fn function(snapshot: &Snapshot, id: FnId) -> String {
    let function = snapshot.checked().function(id);
    let Some(declaration) = snapshot.declaration(Def::Function(id)) else {
        return format!("fn {}", function.name);
    };
    let mut text = one_line(snapshot.snippet(declaration.head));
    if !text.contains(" fails ") && !function.fails.is_empty() {
        text.push_str(&format!(" fails {}", errors(snapshot, &function.fails)));
    }
    text
}

fn variable(snapshot: &Snapshot, at: weir_diagnostics::Span) -> String {
    let ty = snapshot.ty(at);
    match (snapshot.declared.by_name.get(&at), ty) {
        (Some(declaration), None) => one_line(snapshot.snippet(declaration.head)),
        (_, Some(ty)) => format!(
            "{}{}: {}",
            match temporary::declared(snapshot, at) {
                Some(_) => "scratch let ",
                None => "",
            },
            snapshot.snippet(at),
            snapshot.show(at, ty)
        ),
        _ => snapshot.snippet(at).to_owned(),
    }
}

/// The names of errors, with commas.
pub fn errors(snapshot: &Snapshot, ids: &[weir_check::hir::ErrorId]) -> String {
    let errors = &snapshot.checked().errors;
    let names: Vec<&str> = ids
        .iter()
        .map(|id| errors[id.0 as usize].name.as_str())
        .collect();
    names.join(", ")
}

/// What running a function can do, in words.
pub fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::Read => "reads state",
        Effect::Write => "writes state",
        Effect::Wait => "may wait",
    }
}

/// Text of several lines on one, without what indents and line ends add.
pub fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace("( ", "(")
        .replace(" )", ")")
        .replace(",)", ")")
}

/// Whether a type says nothing.
pub fn is_unknown(ty: &Type) -> bool {
    matches!(ty, Type::Unknown | Type::Infer(_))
}
