//! Holds the types that a program declares against those that a component has, when it is loaded: what fits becomes a
//! [`Shape`], and what does not is told before anything runs.
//!
//! The type of WIT leads, since it is finite; a type of ours may contain itself.

use wasmtime::component::types as wit;
use weir_contract::manifest::{Extern, Failures};
use weir_contract::{DefId, DefKind, Defs, Field, Type};

use crate::misfit::Misfit;
use crate::shape::*;
use crate::show::{in_weir, in_wit};
use weir_contract::names::{camel, kebab, same, snake};

/// A whole function.
pub fn signature(
    defs: &Defs,
    failures: Option<&Failures>,
    ours: &Extern,
    theirs: &wit::ComponentFunc,
) -> Result<Signature, Misfit> {
    let fit = Fit { defs };
    let params: Vec<(&str, wit::Type)> = theirs.params().collect();
    if params.len() != ours.params.len() {
        let counted = |n: usize| match n {
            1 => "1 parameter".to_owned(),
            n => format!("{n} parameters"),
        };
        return Err(Misfit {
            path: String::new(),
            ours: counted(ours.params.len()),
            theirs: counted(params.len()),
            next: "declare the parameters that it has".to_owned(),
        });
    }
    let mut shapes = Vec::new();
    for (param, (name, ty)) in ours.params.iter().zip(&params) {
        // Two that changed places would else be two numbers that fit.
        if !same(&param.name, name) {
            return Err(Misfit {
                path: param.name.clone(),
                ours: format!("`{}`", param.name),
                theirs: format!("`{name}`"),
                next: format!("call it `{}`", snake(name)),
            });
        }
        shapes.push((param.name.clone(), fit.shape(&param.ty, ty, &param.name)?));
    }
    let result = theirs.results().next();
    let cases = match &result {
        Some(wit::Type::Result(result)) => cases(result.err().as_ref()).unwrap_or_default(),
        _ => Vec::new(),
    };
    // Those that the runtime answers with are the component's only where it names them.
    let own = |id: &DefId| match failures {
        Some(f) if [f.cancelled, f.timed_out, f.unavailable, f.unknown].contains(id) => cases
            .iter()
            .any(|(name, _)| same(&defs.get(*id).name, name)),
        _ => true,
    };
    let fails: Vec<DefId> = ours.fails.iter().copied().filter(own).collect();
    let gives = match &result {
        Some(wit::Type::Result(result)) => {
            Gives::Outcome(fit.outcome(&ours.returns, &fails, result, "")?)
        }
        _ if !fails.is_empty() => {
            let mut misfit = fit.other_errors(&fails, None, "leave its `fails` out".to_owned(), "");
            misfit.theirs = "nothing to fail with".to_owned();
            return Err(misfit);
        }
        plain => Gives::Value(fit.given(&ours.returns, plain.as_ref(), "")?),
    };
    Ok(Signature {
        params: shapes,
        gives,
    })
}

/// Follows both types down.
#[derive(Clone, Copy)]
pub struct Fit<'a> {
    pub defs: &'a Defs,
}

impl Fit<'_> {
    pub fn shape(&self, ours: &Type, theirs: &wit::Type, path: &str) -> Result<Shape, Misfit> {
        let inner = |ours: &Type, theirs: wit::Type| self.shape(ours, &theirs, path).map(Box::new);
        let ours = self.defs.base(ours);
        Ok(match (theirs, ours) {
            (wit::Type::Bool, Type::Bool) => Shape::Bool,
            (wit::Type::S8, Type::Int) => Shape::Int(Whole::S8),
            (wit::Type::U8, Type::Int) => Shape::Int(Whole::U8),
            (wit::Type::S16, Type::Int) => Shape::Int(Whole::S16),
            (wit::Type::U16, Type::Int) => Shape::Int(Whole::U16),
            (wit::Type::S32, Type::Int) => Shape::Int(Whole::S32),
            (wit::Type::U32, Type::Int) => Shape::Int(Whole::U32),
            (wit::Type::S64, Type::Int) => Shape::Int(Whole::S64),
            (wit::Type::U64, Type::Decimal) => Shape::Decimal,
            (wit::Type::Float32, Type::Float) => Shape::Float32,
            (wit::Type::Float64, Type::Float) => Shape::Float64,
            (wit::Type::Char, Type::Text) => Shape::Char,
            (wit::Type::String, Type::Text) => Shape::Text,
            (wit::Type::List(list), Type::Bytes) if list.ty() == wit::Type::U8 => Shape::Bytes,
            (wit::Type::List(list), Type::List(item)) if list.ty() != wit::Type::U8 => {
                Shape::List(inner(item, list.ty())?)
            }
            (wit::Type::Option(option), Type::Option(some)) => {
                Shape::Option(inner(some, option.ty())?)
            }
            (wit::Type::Tuple(tuple), Type::Tuple(fields))
                if tuple.types().len() == fields.len() =>
            {
                let pairs = tuple.types().zip(fields);
                let shapes = pairs.map(|(theirs, field)| self.shape(&field.ty, &theirs, path));
                Shape::Tuple(shapes.collect::<Result<_, _>>()?)
            }
            (wit::Type::Result(result), Type::Result(ok, errors)) => {
                Shape::Result(Box::new(self.outcome(ok, errors, result, path)?))
            }
            (_, Type::Named(id)) => match (theirs, &self.defs.get(*id).kind) {
                (wit::Type::Record(record), DefKind::Record { fields }) => {
                    Shape::Record(self.members(fields, record, path)?)
                }
                (wit::Type::Flags(flags), DefKind::Record { fields }) => {
                    let names: Vec<&str> = flags.names().collect();
                    let found = fields.iter().filter(|f| f.ty == Type::Bool);
                    let found = found.filter_map(|f| named(&names, &f.name));
                    let found: Vec<String> = found.map(str::to_owned).collect();
                    if found.len() != fields.len() || found.len() != names.len() {
                        return Err(self.misfit(ours, theirs, path));
                    }
                    Shape::Flags(found)
                }
                (wit::Type::Enum(cases), DefKind::Enum { variants }) => {
                    let names: Vec<&str> = cases.names().collect();
                    let plain = variants.iter().filter(|v| v.fields.is_empty());
                    let found = plain.filter_map(|v| named(&names, &v.name));
                    let found: Vec<String> = found.map(str::to_owned).collect();
                    if found.len() != variants.len() || found.len() != names.len() {
                        return Err(self.misfit(ours, theirs, path));
                    }
                    Shape::Enum(found)
                }
                (wit::Type::Variant(variant), DefKind::Enum { variants }) => {
                    if variant.cases().len() != variants.len() {
                        return Err(self.misfit(ours, theirs, path));
                    }
                    let cases = variants.iter().map(|own| {
                        let case = variant.cases().find(|c| same(&own.name, c.name));
                        let case = case.ok_or_else(|| self.misfit(ours, theirs, path))?;
                        self.case(&own.name, &own.fields, &case, path)
                    });
                    Shape::Variant(cases.collect::<Result<_, _>>()?)
                }
                _ => return Err(self.misfit(ours, theirs, path)),
            },
            _ => return Err(self.misfit(ours, theirs, path)),
        })
    }

    /// The fields of a record: each on either side has one on the other.
    fn members(
        &self,
        ours: &[Field],
        theirs: &wit::Record,
        path: &str,
    ) -> Result<Vec<Member>, Misfit> {
        let missing = |name: &str, ours: String, theirs: String, next: String| Misfit {
            path: join(path, name),
            ours,
            theirs,
            next,
        };
        let mut members = Vec::new();
        for field in theirs.fields() {
            let Some(at) = ours.iter().position(|f| same(&f.name, field.name)) else {
                let name = snake(field.name);
                let wanted = in_weir(&field.ty).unwrap_or_else(|| in_wit(&field.ty));
                return Err(missing(
                    &name,
                    "no such field".into(),
                    in_wit(&field.ty),
                    format!("add the field `{name}: {wanted}`"),
                ));
            };
            let path = join(path, &ours[at].name);
            members.push(Member {
                name: field.name.to_owned(),
                at,
                shape: self.shape(&ours[at].ty, &field.ty, &path)?,
            });
        }
        let left = |i: &usize| !members.iter().any(|m| m.at == *i);
        if let Some(at) = (0..ours.len()).find(left) {
            let field = &ours[at];
            return Err(missing(
                &field.name,
                self.defs.name_of(&field.ty),
                "no such field".into(),
                format!("remove the field `{}`", field.name),
            ));
        }
        Ok(members)
    }

    fn case(
        &self,
        name: &str,
        fields: &[Field],
        theirs: &wit::Case<'_>,
        path: &str,
    ) -> Result<Case, Misfit> {
        Ok(Case {
            name: theirs.name.to_owned(),
            fields: self.payload(fields, theirs.ty.as_ref(), &join(path, name))?,
        })
    }

    /// The fields of a variant or an error: none, one, or several as a tuple or a record.
    fn payload(
        &self,
        ours: &[Field],
        theirs: Option<&wit::Type>,
        path: &str,
    ) -> Result<Payload, Misfit> {
        let shapes = |tuple: &wit::Tuple| {
            let pairs = tuple.types().zip(ours);
            let shapes = pairs.map(|(theirs, f)| self.shape(&f.ty, &theirs, &join(path, &f.name)));
            shapes.collect::<Result<Vec<_>, _>>()
        };
        match (ours, theirs) {
            ([], None) => Ok(Payload::None),
            ([field], Some(theirs)) => {
                let path = join(path, &field.name);
                Ok(Payload::One(self.shape(&field.ty, theirs, &path)?))
            }
            ([_, _, ..], Some(wit::Type::Record(record))) => {
                Ok(Payload::Record(self.members(ours, record, path)?))
            }
            ([_, _, ..], Some(wit::Type::Tuple(tuple))) if tuple.types().len() == ours.len() => {
                Ok(Payload::Tuple(shapes(tuple)?))
            }
            _ => {
                let fields = ours
                    .iter()
                    .map(|f| format!("{}: {}", f.name, self.defs.name_of(&f.ty)));
                let fields: Vec<String> = fields.collect();
                let wanted = match theirs.map(|ty| (ty, in_weir(ty))) {
                    None => "give it no fields".to_owned(),
                    Some((_, Some(ty))) => format!("give it the fields of `{ty}`"),
                    Some((ty, None)) => format!("`{}` cannot be taken over", in_wit(ty)),
                };
                Err(Misfit {
                    path: path.to_owned(),
                    ours: format!("({})", fields.join(", ")),
                    theirs: theirs.map_or("nothing".to_owned(), in_wit),
                    next: wanted,
                })
            }
        }
    }

    /// A `result` and what is given or failed with here.
    pub fn outcome(
        &self,
        ok: &Type,
        errors: &[DefId],
        theirs: &wit::ResultType,
        path: &str,
    ) -> Result<Outcome, Misfit> {
        Ok(Outcome {
            ok: self.given(ok, theirs.ok().as_ref(), path)?,
            errors: self.errors(errors, theirs.err().as_ref(), path)?,
        })
    }

    /// What a function gives, which may be nothing.
    pub fn given(
        &self,
        ours: &Type,
        theirs: Option<&wit::Type>,
        path: &str,
    ) -> Result<Option<Shape>, Misfit> {
        match (ours, theirs) {
            (Type::Unit, None) => Ok(None),
            (_, Some(theirs)) => Ok(Some(self.shape(ours, theirs, path)?)),
            (_, None) => Err(Misfit {
                path: path.to_owned(),
                ours: self.defs.name_of(ours),
                theirs: "nothing".to_owned(),
                next: "leave the result out".to_owned(),
            }),
        }
    }

    fn errors(
        &self,
        ours: &[DefId],
        theirs: Option<&wit::Type>,
        path: &str,
    ) -> Result<Errors, Misfit> {
        let name = |id: DefId| self.defs.get(id).name.as_str();
        let fields = |id: DefId| match &self.defs.get(id).kind {
            DefKind::Error { fields, .. } => fields.as_slice(),
            _ => &[],
        };
        let Some(named) = cases(theirs) else {
            let [id] = ours else {
                let next = "declare exactly one error".to_owned();
                return Err(self.other_errors(ours, theirs, next, path));
            };
            let path = join(path, name(*id));
            let payload = self.payload(fields(*id), theirs, &path)?;
            return Ok(Errors::One(*id, payload));
        };
        let mut found: Vec<(DefId, Case)> = Vec::new();
        for (theirs_name, ty) in &named {
            let Some(id) = ours.iter().find(|id| same(name(**id), theirs_name)) else {
                let next = format!("add `{}` to its `fails`", camel(theirs_name));
                return Err(self.other_errors(ours, theirs, next, path));
            };
            let case = wit::Case {
                name: theirs_name,
                ty: ty.clone(),
            };
            found.push((*id, self.case(name(*id), fields(*id), &case, path)?));
        }
        if let Some(id) = ours
            .iter()
            .find(|id| !found.iter().any(|(known, _)| known == *id))
        {
            let next = format!("remove `{}` from its `fails`", name(*id));
            return Err(self.other_errors(ours, theirs, next, path));
        }
        let is_enum = matches!(theirs, Some(wit::Type::Enum(_)));
        Ok(Errors::ByName {
            is_enum,
            cases: found,
        })
    }
}

/// The cases of an error that has any.
fn cases(error: Option<&wit::Type>) -> Option<Vec<(String, Option<wit::Type>)>> {
    match error {
        Some(wit::Type::Variant(variant)) => {
            let cases = variant.cases();
            Some(cases.map(|c| (c.name.to_owned(), c.ty)).collect())
        }
        Some(wit::Type::Enum(names)) => {
            let names = names.names();
            Some(names.map(|name| (name.to_owned(), None)).collect())
        }
        _ => None,
    }
}

fn named<'n>(names: &[&'n str], ours: &str) -> Option<&'n str> {
    let wanted = kebab(ours);
    let mut names = names.iter();
    names.find(|n| wanted.eq_ignore_ascii_case(n)).copied()
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
