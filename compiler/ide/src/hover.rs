//! What is shown about a place: declaration, documentation, type, effect, what is read and written, records.

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::Span;

use crate::declared::Kind;
use crate::show::{self, headline};
use crate::{At, Snapshot, builtins, facts, nodes, words};

/// Markdown about a piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub span: Span,
    pub markdown: String,
}

pub fn hover(snapshot: &Snapshot, at: At) -> Option<Hover> {
    if let Some((span, def)) = snapshot.name_at(at)
        && !snapshot.is_schedule(def)
        && let Some(mut markdown) = about(snapshot, def, Some(span))
    {
        if let Some(of) = consumer(snapshot, span) {
            markdown = format!("{markdown}\n\n{of}");
        }
        return Some(Hover { span, markdown });
    }
    if let Some(hover) = schedule(snapshot, at) {
        return Some(hover);
    }
    if let Some(hover) = words::about(snapshot, at) {
        return Some(hover);
    }
    let e = nodes::expr_at(snapshot.module(at.file)?, at)?;
    let ty = snapshot.ty(e.span).filter(|ty| !show::is_unknown(ty))?;
    Some(Hover {
        span: e.span,
        markdown: code(&snapshot.show(e.span, ty)),
    })
}

/// What the `on` does behind which the name of a stream stands.
fn consumer(snapshot: &Snapshot, name: Span) -> Option<String> {
    let mut all = snapshot.checked().consumers.iter();
    let consumer = all.find(|consumer| consumer.span == name)?;
    let mut parts = vec!["*once for each entry, in order for each key*".to_owned()];
    parts.extend(facts::facts(snapshot, Def::Function(consumer.function)));
    Some(parts.join("\n\n"))
}

/// What `every` begins: in front of its block.
fn schedule(snapshot: &Snapshot, at: At) -> Option<Hover> {
    let mut all = snapshot.declared.by_name.of(at.file);
    let (name, declaration) = all.find(|(_, declaration)| {
        let head = declaration.head;
        declaration.kind == Kind::Schedule && head.start <= at.offset && at.offset <= head.end
    })?;
    let mut parts = vec![code(snapshot.snippet(declaration.head))];
    parts.extend(declaration.doc.clone());
    parts.push("*begins by itself; a tick that is missed is made up for once*".into());
    let function = snapshot.tick(*name);
    parts.extend(function.map(|id| format!("*{}*", facts::effects(snapshot, id))));
    let run = facts::schedule(snapshot, *name);
    parts.extend(run.and_then(|run| facts::receipt(snapshot, run)));
    Some(Hover {
        span: declaration.head,
        markdown: parts.join("\n\n"),
    })
}

/// What there is to say about a definition; `used` is the place where it is used.
pub fn about(snapshot: &Snapshot, def: Def, used: Option<Span>) -> Option<String> {
    let mut parts = vec![code(&headline(snapshot, def)?)];
    if let Some(of) = container(snapshot, def) {
        parts.push(of);
    }
    // What a generic function gives here.
    if let (Def::Function(id), Some(at)) = (def, used)
        && let Some(ty) = type_of_call(snapshot, at)
        && !snapshot.checked().function(id).type_params.is_empty()
        && !show::is_unknown(ty)
    {
        parts.push(format!("here: `{}`", snapshot.show(at, ty)));
    }
    if let Some(doc) = documentation(snapshot, def) {
        parts.push(doc);
    }
    parts.extend(facts::facts(snapshot, def));
    Some(parts.join("\n\n"))
}

/// The comment above a declaration, in Markdown.
pub fn documentation(snapshot: &Snapshot, def: Def) -> Option<String> {
    if let Def::Builtin(name) = def {
        return builtins::doc(name).map(str::to_owned);
    }
    let doc = snapshot.declaration(def)?.doc.as_ref()?;
    // Indented lines are examples.
    let mut out = String::new();
    let mut inside = false;
    for line in doc.lines() {
        let is_code = line.starts_with("    ");
        if is_code != inside && !line.is_empty() {
            out.push_str(if is_code { "```weir\n" } else { "```\n" });
            inside = is_code;
        }
        out.push_str(if inside { line.trim_start() } else { line });
        out.push('\n');
    }
    if inside {
        out.push_str("```\n");
    }
    Some(out.trim_end().to_owned())
}

/// What something is a member of.
fn container(snapshot: &Snapshot, def: Def) -> Option<String> {
    let is_member = matches!(
        def,
        Def::State(..)
            | Def::Event(..)
            | Def::Function(_)
            | Def::Key(..)
            | Def::RecordField(..)
            | Def::ErrorField(..)
            | Def::VariantField(..)
            | Def::Extern(_)
    );
    let owner = snapshot.declaration(def)?.inside.filter(|_| is_member)?;
    let owner = snapshot.declared.by_name.get(&owner)?;
    Some(format!("of `{}`", owner.name))
}

/// The type of the call whose name stands at a place.
fn type_of_call(snapshot: &Snapshot, name: Span) -> Option<&Type> {
    let at = At {
        file: name.file,
        offset: name.start,
    };
    let around = nodes::around(snapshot.module(name.file)?, at);
    let call = around.into_iter().rev().find_map(|node| match node {
        weir_syntax::ast::walk::Node::Expr(e) => match &e.kind {
            weir_syntax::ast::ExprKind::Call { callee, .. } => {
                let called = crate::labels::called(callee)?;
                (called.span == name).then_some(e)
            }
            _ => None,
        },
        _ => None,
    })?;
    snapshot.ty(call.span)
}

pub fn code(text: &str) -> String {
    format!("```weir\n{text}\n```")
}
