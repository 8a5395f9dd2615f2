//! Another name for something, everywhere in the program; refused where the new one would mean something else.

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::token::Tok;

use crate::declared::Kind;
use crate::references::all;
use crate::{At, Snapshot};

/// What to put in place of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// What would be renamed; the reason where nothing can be.
pub fn prepare_rename(snapshot: &Snapshot, at: At) -> Result<Span, String> {
    let (span, def) = snapshot
        .name_at(at)
        .ok_or("there is no name here that could be another")?;
    match def {
        Def::Builtin(_) => return Err("this is part of the language".into()),
        Def::Module(_) => return Err("a module is called after its file: rename the file".into()),
        Def::Test(_) => return Err("the name of a test is a text: change it".into()),
        _ if snapshot.is_schedule(def) => {
            return Err("what begins by itself has no name".into());
        }
        _ => {}
    }
    let declared = snapshot
        .place(def)
        .ok_or("it is not known where this is declared")?;
    if !snapshot.is_own(declared.file) {
        return Err("this is part of the library".into());
    }
    if snapshot.snippet(span) != snapshot.snippet(declared) {
        return Err("this stands for something with another name: rename that".into());
    }
    Ok(span)
}

/// The edits, in the order of the source.
pub fn rename(snapshot: &Snapshot, at: At, to: &str) -> Result<Vec<Edit>, String> {
    let old = prepare_rename(snapshot, at)?;
    let old = snapshot.snippet(old).to_owned();
    let (_, def) = snapshot.name_at(at).ok_or("there is no name here")?;
    allowed(&old, to)?;
    if let Some(other) = conflict(snapshot, def, to) {
        return Err(format!(
            "`{to}` is there already, at {}",
            snapshot.survey.sources.place(other)
        ));
    }
    let places = all(snapshot, def).into_iter();
    let mut edits: Vec<Edit> = places
        .filter(|place| snapshot.snippet(place.span) == old)
        .map(|place| Edit {
            span: place.span,
            text: to.to_owned(),
        })
        .collect();
    edits.dedup();
    Ok(edits)
}

/// Whether a text is a name of the same kind: upper-case stays upper-case.
fn allowed(old: &str, to: &str) -> Result<(), String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let starts = |c: char| c.is_alphabetic() || c == '_';
    if !to.chars().all(is_word) || !to.starts_with(starts) {
        return Err(format!(
            "`{to}` is no name: a name is letters, digits and `_`"
        ));
    }
    let is_upper = |text: &str| text.starts_with(char::is_uppercase);
    if is_upper(old) != is_upper(to) {
        return Err(match is_upper(old) {
            true => format!("types and variants start with a capital, and `{to}` does not"),
            false => format!("only types and variants start with a capital, as `{to}` does"),
        });
    }
    let parsed = weir_syntax::parse(weir_diagnostics::FileId(0), &format!("let {to} = 0"));
    let is_keyword = !is_upper(to) && parsed.diagnostics.iter().any(|found| found.is_error());
    let second = parsed.tokens.get(1).map(|token| token.kind);
    if is_keyword || second == Some(Tok::Underscore) {
        return Err(format!("`{to}` is a word of the language"));
    }
    Ok(())
}

/// Something that has the new name where the old one is in reach.
fn conflict(snapshot: &Snapshot, def: Def, to: &str) -> Option<Span> {
    let declared = snapshot.place(def)?;
    let declaration = snapshot.declared.by_name.get(&declared);
    let same = |span: &&Span| snapshot.declared.by_name[*span].name == to;
    // Beside it, in what it is inside of: fields, parameters, members.
    if let Some(owner) = declaration.and_then(|declaration| declaration.inside) {
        let beside = snapshot.declared.inside(owner);
        if let Some(found) = beside.iter().find(same) {
            return Some(*found);
        }
        if !matches!(
            declaration?.kind,
            Kind::Parameter | Kind::Handler | Kind::State
        ) {
            return None;
        }
    }
    // A variable, and what it is around or inside of: any in the same declaration.
    let around = snapshot
        .declared
        .by_name
        .of(declared.file)
        .map(|(_, other)| other)
        .filter(|other| other.whole.contains(declared))
        // A parameter is declared inside of what it is a parameter of.
        .filter(|other| !matches!(other.kind, Kind::Parameter | Kind::Field | Kind::Key))
        .map(|other| other.whole)
        .min_by_key(|whole| whole.end - whole.start);
    let names = snapshot.meanings().names();
    let mut here = names.filter(|(span, other)| {
        *other != def
            && snapshot.snippet(*span) == to
            && matches!(
                other,
                Def::Local(_)
                    | Def::State(..)
                    | Def::Key(..)
                    | Def::Constant(_)
                    | Def::Function(_)
                    | Def::Stream(_)
            )
    });
    if let Def::Local(_) = def {
        let whole = around?;
        return here
            .find(|(span, _)| whole.contains(*span))
            .map(|(span, _)| *span);
    }
    if declaration?.inside.is_some() {
        let whole = snapshot.declared.by_name.get(&declaration?.inside?)?.whole;
        return here
            .find(|(span, _)| whole.contains(*span))
            .map(|(span, _)| *span);
    }
    // Declared at the top: whatever a file that names it sees.
    for file in &snapshot.survey.files {
        let uses = |(span, other): &(Span, Def)| span.file == file.id && *other == def;
        if !snapshot.meanings().names().any(uses) {
            continue;
        }
        let mut seen = file.names.seen.iter();
        if let Some((_, other)) = seen.find(|(name, other)| name == to && *other != def)
            && let Some(place) = snapshot.place(*other)
            && snapshot.is_own(place.file)
        {
            return Some(place);
        }
        let of_file = |(span, other): &&(Span, Def)| {
            span.file == file.id && matches!(other, Def::Local(_)) && snapshot.snippet(*span) == to
        };
        if let Some((span, _)) = snapshot.meanings().names().find(of_file) {
            return Some(*span);
        }
    }
    None
}
