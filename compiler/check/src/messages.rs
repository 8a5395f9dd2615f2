//! How types and near names are written in messages.

use weir_contract::near::distance;
use weir_diagnostics::{Diagnostic, Span};

use crate::hir::{Checked, Type};

/// A type as a person writes it.
pub fn show(program: &Checked, params: &[String], ty: &Type) -> String {
    let s = |t: &Type| show(program, params, t);
    let all = |ts: &[Type]| ts.iter().map(s).collect::<Vec<_>>().join(", ");
    match ty {
        Type::Unit => "()".into(),
        Type::Bool => "Bool".into(),
        Type::Int => "Int".into(),
        Type::Decimal => "Decimal".into(),
        Type::Float => "Float".into(),
        Type::Text => "Text".into(),
        Type::Bytes => "Bytes".into(),
        Type::Time => "Time".into(),
        Type::Duration => "Duration".into(),
        Type::Date => "Date".into(),
        Type::Money => "Money".into(),
        Type::Blob => "Blob".into(),
        Type::List(t) => format!("List<{}>", s(t)),
        Type::Set(t) => format!("Set<{}>", s(t)),
        Type::Map(k, v) => format!("Map<{}, {}>", s(k), s(v)),
        Type::Option(t) => format!("{}?", s(t)),
        Type::Tuple(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|f| match &f.name {
                    Some(name) => format!("{name}: {}", s(&f.ty)),
                    None => s(&f.ty),
                })
                .collect();
            format!("({})", parts.join(", "))
        }
        Type::Record(_, args) | Type::Enum(_, args) | Type::New(_, args) => {
            let name = ty.nominal().map_or("", |(of, _)| program.declared(of).0);
            match args.is_empty() {
                true => name.to_owned(),
                false => format!("{name}<{}>", all(args)),
            }
        }
        Type::Error(id) => program.errors[id.0 as usize].name.clone(),
        Type::Entity(id) => program.entities[id.0 as usize].name.clone(),
        Type::Result(t, errors) => {
            let names: Vec<&str> = errors
                .iter()
                .map(|e| program.errors[e.0 as usize].name.as_str())
                .collect();
            format!("Result<{}, {}>", s(t), names.join(" | "))
        }
        Type::Run(t, errors) => {
            let names = errors
                .iter()
                .map(|e| format!(", {}", program.errors[e.0 as usize].name));
            format!("Run<{}{}>", s(t), names.collect::<String>())
        }
        Type::Ticket => "Ticket".into(),
        Type::Fn(ps, r) => format!("fn({}) -> {}", all(ps), s(r)),
        Type::Param(i) => params
            .get(*i as usize)
            .cloned()
            .unwrap_or_else(|| "_".into()),
        Type::Never => "nothing".into(),
        Type::Unknown | Type::Infer(_) => "_".into(),
    }
}

/// A diagnostic that may name what was meant.
pub struct Suggestion {
    found: Diagnostic,
    is_made: bool,
}

impl Suggestion {
    /// The diagnostic; where nothing was suggested, with other help.
    pub fn or(self, other: impl FnOnce(Diagnostic) -> Diagnostic) -> Diagnostic {
        match self.is_made {
            true => self.found,
            false => other(self.found),
        }
    }
}

/// Says which name was probably meant in place of `wanted` at `place`, if one is near. What no other name is near to is certain.
pub fn did_you_mean<'a>(
    found: Diagnostic,
    place: Span,
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Suggestion {
    let near = near(wanted, names);
    match near.first() {
        Some(first) => meant(found, place, first, near.len() == 1),
        None => Suggestion {
            found,
            is_made: false,
        },
    }
}

/// Says what was meant at `place`.
pub fn meant(found: Diagnostic, place: Span, name: &str, certain: bool) -> Suggestion {
    let found = found
        .help(format!("did you mean `{name}`?"))
        .fix_if_certain(
            format!("write `{name}`"),
            vec![(place, name.to_owned())],
            certain,
        );
    Suggestion {
        found,
        is_made: true,
    }
}

/// The names near enough to `wanted` to be what was meant, the nearest first.
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = match wanted.chars().count() {
        // Any two short names are near each other.
        0..=2 => 0,
        length => (length / 3).max(1),
    };
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| *name != wanted)
        .map(
            |name| match without_prefix(wanted) == without_prefix(name) {
                true => (1, name),
                false => (distance(wanted, name), name),
            },
        )
        .filter(|(d, _)| *d <= limit)
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().map(|(_, name)| name).collect()
}

/// `float` of `to_float`: other languages have, or have not, such a word in front.
fn without_prefix(name: &str) -> &str {
    ["to_", "as_", "is_", "get_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}
