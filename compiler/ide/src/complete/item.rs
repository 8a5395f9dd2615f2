//! One suggestion: what is shown and written, and how near it is.

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::Span;

use super::marked::Marked;
use super::{Completion, Cursor, Suggested};
use crate::declared::Kind;
use crate::{Snapshot, builtins, show};

/// How near something is; what is nearer comes first among what fits as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Near {
    /// What is asked for at just this place: labels, missing arms.
    Wanted,
    Local,
    /// Of the entity around, or of the value in front of the dot.
    Own,
    File,
    /// Of other modules, imported.
    Imported,
    Keyword,
    Language,
    Library,
    /// Would be imported.
    Elsewhere,
}

/// Whether a word that was begun may mean a name: its letters stand in the name in this order, the first one at the start of a part of it.
pub fn could_mean(begun: &str, name: &str) -> bool {
    let mut left = begun.chars().flat_map(char::to_lowercase).peekable();
    let Some(first) = left.peek().copied() else {
        return true;
    };
    let starts = name.char_indices().filter(|(at, c)| {
        let before = name[..*at].chars().next_back();
        let begins = before.is_none_or(|b| !b.is_alphanumeric()) || c.is_uppercase();
        begins && c.to_lowercase().next() == Some(first)
    });
    let mut starts = starts.map(|(at, _)| at);
    starts.any(|at| {
        let mut left = left.clone();
        for c in name[at..].chars().flat_map(char::to_lowercase) {
            if left.peek() == Some(&c) {
                left.next();
            }
        }
        left.peek().is_none()
    })
}

/// A suggestion without a declaration.
pub fn plain(cursor: &Cursor, label: &str, kind: Suggested, near: Near) -> Completion {
    Completion {
        label: label.to_owned(),
        kind,
        detail: None,
        replaced: cursor.word,
        insert: label.to_owned(),
        snippet: None,
        sort: sort(1, near, label, cursor.prefix()),
        edits: Vec::new(),
        declared: None,
        builtin: None,
    }
}

/// What fits first, then what is nearer; what begins with what was typed before what only has its letters.
pub fn sort(fits: u8, near: Near, label: &str, prefix: &str) -> String {
    let begins = match label.starts_with(prefix) {
        true => 'a',
        false => 'b',
    };
    format!("{begins}{fits}{}{label}", near as u8)
}

/// Suggestions about a text with a made-up name in it.
pub struct Build<'a> {
    pub cursor: &'a Cursor<'a>,
    pub marked: &'a Marked,
    /// The type that the place would like.
    pub want: Option<Type>,
    /// The place would like something with items.
    pub wants_many: bool,
    pub found: Vec<Completion>,
}

impl<'a> Build<'a> {
    pub fn new(cursor: &'a Cursor<'a>, marked: &'a Marked) -> Build<'a> {
        let is_open = |ty: &Type| matches!(ty, Type::Unknown | Type::Infer(_) | Type::Param(_));
        Build {
            cursor,
            marked,
            wants_many: false,
            want: marked.want().filter(|want| !is_open(want)),
            found: Vec::new(),
        }
    }

    pub fn snapshot(&self) -> &'a Snapshot {
        &self.marked.snapshot
    }

    /// How well a type fits what the place would like: 0 is best.
    pub fn fit(&self, ty: Option<&Type>) -> u8 {
        match (&self.want, ty) {
            (_, Some(Type::List(_) | Type::Set(_) | Type::Map(..))) if self.wants_many => 0,
            (Some(want), Some(ty)) if fits(want, ty) => 0,
            (Some(want), Some(Type::Result(ok, _))) if fits(want, ok) => 0,
            _ => 1,
        }
    }

    /// Something that is declared, under a name it has here.
    pub fn declared(&mut self, name: &str, def: Def, near: Near) -> Option<&mut Completion> {
        let kind = self.kind(def)?;
        self.add(name, kind, near, self.gives(def));
        let snapshot = self.snapshot();
        let detail = match def {
            Def::Builtin(_) => None,
            _ => show::headline(snapshot, def),
        };
        let place = snapshot.place(def).map(|place| self.marked.as_it_is(place));
        let added = self.found.last_mut()?;
        added.detail = detail;
        added.declared = place;
        if let Def::Builtin(name) = def {
            added.builtin = Some(name);
            added.detail = builtins::headline(name).map(str::to_owned);
        }
        Some(added)
    }

    /// Something else.
    pub fn add(
        &mut self,
        label: &str,
        kind: Suggested,
        near: Near,
        ty: Option<Type>,
    ) -> &mut Completion {
        let fits = self.fit(ty.as_ref());
        let mut one = plain(self.cursor, label, kind, near);
        one.sort = sort(fits, near, label, self.cursor.prefix());
        self.found.push(one);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// The same as [`Build::declared`], written as a call with places for its arguments; `skipped` parameters are there already.
    pub fn callable(
        &mut self,
        name: &str,
        def: Def,
        near: Near,
        skipped: usize,
    ) -> Option<&mut Completion> {
        let snapshot = self.snapshot();
        let params: Vec<String> = match snapshot.meanings().place(def) {
            Some(place) => {
                let parts = snapshot.declared.parts(place).iter().skip(skipped);
                let needed = parts.map(|part| &snapshot.declared.by_name[part]);
                let needed = needed.filter(|part| !snapshot.snippet(part.whole).contains(" = "));
                needed.map(|part| part.name.clone()).collect()
            }
            None => Vec::new(),
        };
        let has_more = snapshot
            .meanings()
            .place(def)
            .is_some_and(|place| snapshot.declared.parts(place).len() > skipped + params.len());
        let is_called = self.cursor.behind().starts_with('(');
        let added = self.declared(name, def, near)?;
        if !is_called {
            call(added, name, &params, has_more);
        }
        Some(added)
    }

    /// What kind of thing a definition is.
    pub fn kind(&self, def: Def) -> Option<Suggested> {
        let snapshot = self.snapshot();
        let declared = snapshot
            .declaration(def)
            .map(|d| Suggested::Declared(d.kind));
        Some(match def {
            Def::Local(_) => match declared {
                Some(parameter) => parameter,
                None => Suggested::Variable,
            },
            Def::Module(_) => Suggested::Module,
            Def::TypeParam(_) => Suggested::TypeParam,
            Def::Builtin(name) => match builtins::headline(name) {
                Some(text) if text.starts_with("fn ") => Suggested::Function,
                Some(text) if text.starts_with("type ") => Suggested::Type,
                _ => Suggested::Value,
            },
            Def::Record(_) => Suggested::Declared(Kind::Record),
            _ => declared?,
        })
    }

    /// The type of what using a definition gives; `None` where that is not known.
    pub fn gives(&self, def: Def) -> Option<Type> {
        let checked = self.snapshot().checked();
        let result = |ret: &Type, fails: &[weir_check::hir::ErrorId]| match fails {
            [] => ret.clone(),
            fails => Type::Result(Box::new(ret.clone()), fails.to_vec()),
        };
        Some(match def {
            Def::Function(id) => {
                let function = checked.function(id);
                result(&open(&function.ret), &function.fails)
            }
            Def::Extern(id) => {
                let function = checked.extern_fn(id);
                result(&function.ret, &function.fails)
            }
            Def::Constant(id) => checked.constants[id.0 as usize].ty.clone(),
            Def::View(id) => Type::list(checked.view(id).row.clone()),
            Def::Record(id) => {
                let params = checked.records[id.0 as usize].type_params.len();
                Type::Record(id, vec![Type::Unknown; params])
            }
            Def::Error(id) => Type::Error(id),
            Def::Variant(id, _) => {
                let params = checked.enums[id.0 as usize].type_params.len();
                Type::Enum(id, vec![Type::Unknown; params])
            }
            Def::New(id) => {
                let params = checked.news[id.0 as usize].type_params.len();
                Type::New(id, vec![Type::Unknown; params])
            }
            Def::Entity(id) => Type::Entity(id),
            Def::State(id, at) => checked.entity(id).fields[at as usize].ty.clone(),
            Def::Key(id, at) => checked.entity(id).keys[at as usize].ty.clone(),
            Def::RecordField(id, at) => {
                open(&checked.records[id.0 as usize].fields[at as usize].ty)
            }
            Def::ErrorField(id, at) => checked.errors[id.0 as usize].fields[at as usize].ty.clone(),
            Def::Local(at) => self.snapshot().ty(at)?.clone(),
            Def::Builtin("now") => Type::Time,
            Def::Builtin("random") => Type::Float,
            Def::Builtin("fresh_id") => Type::Text,
            _ => return None,
        })
    }
}

/// Written as a call, with places for arguments; the cursor goes inside where there is more to give.
pub fn call(added: &mut Completion, name: &str, params: &[String], has_more: bool) {
    if params.is_empty() && !has_more {
        added.insert = format!("{name}()");
        return;
    }
    let places: Vec<String> = match params.is_empty() {
        true => vec!["$1".to_owned()],
        false => {
            let numbered = params.iter().zip(1..);
            let place = |(param, at): (&String, usize)| format!("${{{at}:{param}}}");
            numbered.map(place).collect()
        }
    };
    added.snippet = Some(format!("{name}({})$0", places.join(", ")));
}

/// With all type parameters open.
fn open(ty: &Type) -> Type {
    ty.substitute(&[])
}

/// Whether a value of one type may stand where another is wanted.
fn fits(want: &Type, ty: &Type) -> bool {
    match (want, ty) {
        // What could be anything says nothing.
        (_, Type::Unknown | Type::Infer(_) | Type::Param(_) | Type::Unit) => false,
        (Type::Unit, _) => false,
        // Functions are passed by their names: what they give is known, what they take has to be looked at by people.
        (Type::Fn(_, want), ty) => fits(want, ty),
        _ => weir_check::could_take(want, ty),
    }
}

/// What there is to say about a suggestion that was made before: by where it is declared, and under which name.
pub fn documentation_of(snapshot: &Snapshot, declared: Span, label: &str) -> Option<String> {
    let declaration = snapshot.declared.by_name.get(&declared)?;
    let name = label.rsplit('.').next().unwrap_or(label);
    if declaration.name != name {
        // The text is another one by now.
        return None;
    }
    let def = snapshot.declared.defs.get(&declared).copied();
    let facts = def.map_or(Vec::new(), |def| crate::facts::facts(snapshot, def));
    let doc = def.and_then(|def| crate::hover::documentation(snapshot, def));
    let doc = doc.or_else(|| declaration.doc.clone());
    let parts: Vec<String> = doc.into_iter().chain(facts).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}
