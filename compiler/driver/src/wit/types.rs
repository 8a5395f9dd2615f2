//! Types of WIT as Weir writes them, and the declarations that they need.

use weir_contract::names::{camel, snake};
use wit_parser::{Docs, Function, Handle, Resolve, Result_, Span, Type, TypeDefKind, TypeId};

use super::names::is_free;

/// Why something has no counterpart.
pub struct Unfit {
    /// Of what; without one, of the function.
    pub span: Option<Span>,
    pub why: String,
}

impl Unfit {
    pub fn new(span: Span, why: &str) -> Unfit {
        Unfit {
            span: Some(span),
            why: why.to_owned(),
        }
    }

    fn of(why: impl Into<String>) -> Unfit {
        Unfit {
            span: None,
            why: why.into(),
        }
    }
}

/// Failures that every program has: the runtime's own, which a component may name as well.
const OF_THE_RUNTIME: [&str; 5] = [
    "Cancelled",
    "TimedOut",
    "Unavailable",
    "Unknown",
    "ScratchLost",
];

/// The declarations made so far.
pub struct Types<'r> {
    resolve: &'r Resolve,
    /// Of the block: an error that WIT gives no name is called after it.
    block: String,
    /// Name and text, in the order in which they are needed.
    declared: Vec<(String, String)>,
    /// What each type of WIT is called; of errors, what they are made of.
    known: Vec<(TypeId, String)>,
}

/// How much was declared.
pub struct Mark(usize, usize);

impl<'r> Types<'r> {
    pub fn new(resolve: &'r Resolve, block: &str) -> Types<'r> {
        Types {
            resolve,
            block: block.to_owned(),
            declared: Vec::new(),
            known: Vec::new(),
        }
    }

    pub fn mark(&self) -> Mark {
        Mark(self.declared.len(), self.known.len())
    }

    pub fn back_to(&mut self, mark: Mark) {
        self.declared.truncate(mark.0);
        self.known.truncate(mark.1);
    }

    /// All declarations, an empty line in front of each.
    pub fn declared(&self) -> String {
        let texts = self.declared.iter().map(|(_, text)| format!("\n{text}\n"));
        texts.collect()
    }

    /// `(png: Bytes, width: Int) -> Bytes fails TooLarge`
    pub fn signature(&mut self, function: &Function) -> Result<String, Unfit> {
        let params = function.params.iter();
        let params = params
            .map(|p| (p.name.as_str(), p.ty, p.span))
            .collect::<Vec<_>>();
        let params = self.fields(&params)?;
        let (value, errors) = match function.result.and_then(|ty| self.outcome(ty)) {
            Some(Result_ { ok, err }) => {
                let errors = self.errors(err, &function.name)?;
                (ok, Some(errors))
            }
            None => (function.result, None),
        };
        let returns = match value {
            Some(ty) => format!(" -> {}", self.ty(ty)?),
            None => String::new(),
        };
        let fails = match errors {
            Some(errors) if !errors.is_empty() => format!(" fails {}", errors.join(", ")),
            _ => String::new(),
        };
        Ok(format!("({params}){returns}{fails}"))
    }

    /// `a: Int, b: Text`
    fn fields(&mut self, fields: &[(&str, Type, Span)]) -> Result<String, Unfit> {
        let mut all = Vec::new();
        for (name, ty, span) in fields {
            let name = snake(name);
            if !is_free(&name) {
                return Err(Unfit::new(*span, &format!("`{name}` is a word of Weir")));
            }
            all.push(format!("{name}: {}", self.ty(*ty)?));
        }
        Ok(all.join(", "))
    }

    /// The `result` that a type is, also by another name.
    fn outcome(&self, ty: Type) -> Option<Result_> {
        match self.plain(ty) {
            Type::Id(id) => match &self.resolve.types[id].kind {
                TypeDefKind::Result(result) => Some(result.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Without further names for the same type.
    fn plain(&self, ty: Type) -> Type {
        match ty {
            Type::Id(id) => match &self.resolve.types[id].kind {
                TypeDefKind::Type(other) => self.plain(*other),
                _ => ty,
            },
            _ => ty,
        }
    }

    fn ty(&mut self, ty: Type) -> Result<String, Unfit> {
        let id = match self.plain(ty) {
            Type::Bool => return Ok("Bool".into()),
            Type::U8 | Type::U16 | Type::U32 | Type::S8 | Type::S16 | Type::S32 | Type::S64 => {
                return Ok("Int".into());
            }
            // Half of them are larger than any `Int`.
            Type::U64 => return Ok("Decimal".into()),
            Type::F32 | Type::F64 => return Ok("Float".into()),
            Type::Char | Type::String => return Ok("Text".into()),
            Type::ErrorContext => return Err(Unfit::of("an `error-context` has no counterpart")),
            Type::Id(id) => id,
        };
        if let Some((_, name)) = self.known.iter().find(|(known, _)| *known == id) {
            return Ok(name.clone());
        }
        let def = &self.resolve.types[id];
        let unfit = |what: &str| Err(Unfit::new(def.span, what));
        match &def.kind {
            TypeDefKind::List(item) if self.plain(*item) == Type::U8 => Ok("Bytes".into()),
            TypeDefKind::List(item) => Ok(format!("List<{}>", self.ty(*item)?)),
            TypeDefKind::Option(inner) => {
                let inner = self.ty(*inner)?;
                match inner.ends_with('?') {
                    true => unfit("an `option` of an `option` has no counterpart"),
                    false => Ok(format!("{inner}?")),
                }
            }
            TypeDefKind::Tuple(tuple) => match tuple.types.as_slice() {
                [] | [_] => unfit("a `tuple` of less than two parts has no counterpart"),
                parts => {
                    let parts: Result<Vec<String>, Unfit> =
                        parts.iter().map(|part| self.ty(*part)).collect();
                    Ok(format!("({})", parts?.join(", ")))
                }
            },
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter();
                let fields = fields
                    .map(|f| (f.name.as_str(), f.ty, f.span))
                    .collect::<Vec<_>>();
                let fields = self.fields(&fields)?;
                self.declare(id, |name| format!("record {name}({fields})"))
            }
            TypeDefKind::Flags(flags) => {
                let mut fields = Vec::new();
                for flag in &flags.flags {
                    let name = snake(&flag.name);
                    if !is_free(&name) {
                        return Err(Unfit::new(
                            flag.span,
                            &format!("`{name}` is a word of Weir"),
                        ));
                    }
                    fields.push(format!("{name}: Bool"));
                }
                self.declare(id, |name| format!("record {name}({})", fields.join(", ")))
            }
            TypeDefKind::Enum(cases) => {
                let cases: Vec<String> = cases.cases.iter().map(|case| camel(&case.name)).collect();
                self.declare(id, |name| format!("enum {name} {{ {} }}", cases.join(", ")))
            }
            TypeDefKind::Variant(variant) => {
                let mut cases = Vec::new();
                for case in &variant.cases {
                    cases.push(camel(&case.name) + &self.payload(case.ty)?);
                }
                self.declare(id, |name| format!("enum {name} {{ {} }}", cases.join(", ")))
            }
            TypeDefKind::Result(_) => unfit("a `result` stands only where a function gives it"),
            TypeDefKind::Resource | TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => {
                unfit("it takes or gives a resource, and a handle cannot be kept")
            }
            TypeDefKind::Map(..) => {
                unfit("a `map` has no counterpart yet: use a `list` of `tuple`")
            }
            TypeDefKind::FixedLengthList(..) => {
                unfit("a list of a fixed length has no counterpart")
            }
            TypeDefKind::Future(_) | TypeDefKind::Stream(_) => {
                unfit("a component here gives whole values: no `stream` and no `future`")
            }
            TypeDefKind::Type(_) | TypeDefKind::Unknown => unfit("nobody knows this type"),
        }
    }

    /// The fields of a case or an error: none, those of a record or tuple of several, or one.
    fn payload(&mut self, ty: Option<Type>) -> Result<String, Unfit> {
        let Some(ty) = ty else {
            return Ok(String::new());
        };
        if let Type::Id(id) = self.plain(ty) {
            let of_record = match &self.resolve.types[id].kind {
                TypeDefKind::Record(record) if record.fields.len() > 1 => Some(
                    record
                        .fields
                        .iter()
                        .map(|f| (f.name.as_str(), f.ty, f.span))
                        .collect::<Vec<_>>(),
                ),
                _ => None,
            };
            if let Some(fields) = of_record {
                return Ok(format!("({})", self.fields(&fields)?));
            }
        }
        Ok(format!("(value: {})", self.ty(ty)?))
    }

    /// The errors of a `result`: the cases of a `variant` or `enum`; else one, made of what it gives.
    fn errors(&mut self, err: Option<Type>, function: &str) -> Result<Vec<String>, Unfit> {
        if let Some(Type::Id(id)) = err.map(|ty| self.plain(ty)) {
            let cases: Option<Vec<(String, Option<Type>)>> = match &self.resolve.types[id].kind {
                TypeDefKind::Enum(cases) => Some(
                    cases
                        .cases
                        .iter()
                        .map(|case| (case.name.clone(), None))
                        .collect(),
                ),
                TypeDefKind::Variant(variant) => Some(
                    variant
                        .cases
                        .iter()
                        .map(|case| (case.name.clone(), case.ty))
                        .collect(),
                ),
                _ => None,
            };
            if let Some(cases) = cases {
                let mut errors = Vec::new();
                for (case, ty) in cases {
                    let payload = self.payload(ty)?;
                    errors.push(self.error(camel(&case), &payload)?);
                }
                return Ok(errors);
            }
        }
        let payload = self.payload(err)?;
        let of_block = camel(&self.block.replace('_', "-")) + "Failed";
        // One name for all that fail alike.
        let of_function = || camel(function) + "Failed";
        let error = self.error(of_block, &payload);
        let error = error.or_else(|_| self.error(of_function(), &payload))?;
        Ok(vec![error])
    }

    fn error(&mut self, name: String, payload: &str) -> Result<String, Unfit> {
        let text = format!("error {name}{payload}");
        let before = self.declared.iter().find(|(known, _)| *known == name);
        match before {
            _ if OF_THE_RUNTIME.contains(&name.as_str()) && payload.is_empty() => {}
            None if !OF_THE_RUNTIME.contains(&name.as_str()) => {
                self.declared.push((name.clone(), text))
            }
            Some((_, known)) if *known == text => {}
            _ => {
                return Err(Unfit::of(format!(
                    "`{name}` means two different things in it"
                )));
            }
        }
        Ok(name)
    }

    fn declare(&mut self, id: TypeId, text: impl FnOnce(&str) -> String) -> Result<String, Unfit> {
        let def = &self.resolve.types[id];
        let Some(written) = &def.name else {
            return Err(Unfit::of("a type without a name"));
        };
        let mut name = camel(written);
        let taken = |name: &str, declared: &[(String, String)]| {
            weir_check::is_builtin_type(name) || declared.iter().any(|(known, _)| known == name)
        };
        if taken(&name, &self.declared) {
            name = camel(&self.block.replace('_', "-")) + &name;
        }
        if taken(&name, &self.declared) {
            return Err(Unfit::new(
                def.span,
                &format!("`{name}` means two different things in it"),
            ));
        }
        let text = comment("", &def.docs) + &text(&name);
        self.declared.push((name.clone(), text));
        self.known.push((id, name.clone()));
        Ok(name)
    }
}

/// The comment of WIT as one of Weir; with a line end when there is one.
pub fn comment(indent: &str, docs: &Docs) -> String {
    let Some(text) = &docs.contents else {
        return String::new();
    };
    let lines = text.trim_end().lines();
    lines
        .map(|line| {
            format!("{indent}/// {}", line.trim_end())
                .trim_end()
                .to_owned()
                + "\n"
        })
        .collect()
}
