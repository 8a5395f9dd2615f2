//! Type variables of one body and their unification.

use crate::hir::{TupleField, Type};

/// What is known about each `Type::Infer`.
#[derive(Default)]
pub struct Table {
    known: Vec<Option<Type>>,
}

impl Table {
    pub fn fresh(&mut self) -> Type {
        self.known.push(None);
        Type::Infer(self.known.len() as u32 - 1)
    }

    /// The type with what is known filled in, one layer deep.
    pub fn shallow(&self, ty: &Type) -> Type {
        let mut ty = ty.clone();
        while let Type::Infer(n) = ty {
            match &self.known[n as usize] {
                Some(known) => ty = known.clone(),
                None => break,
            }
        }
        ty
    }

    /// The type with everything known filled in.
    pub fn resolve(&self, ty: &Type) -> Type {
        map(&self.shallow(ty), &mut |t| self.resolve(t))
    }

    /// Makes both types equal if that is possible. `Unknown` and `Never` fit everything.
    pub fn unify(&mut self, a: &Type, b: &Type) -> bool {
        let (a, b) = (self.shallow(a), self.shallow(b));
        match (&a, &b) {
            (Type::Unknown | Type::Never, _) | (_, Type::Unknown | Type::Never) => true,
            (Type::Infer(x), Type::Infer(y)) if x == y => true,
            (Type::Infer(n), other) | (other, Type::Infer(n)) => {
                if self.mentions(other, *n) {
                    return false;
                }
                self.known[*n as usize] = Some(other.clone());
                true
            }
            (Type::List(x), Type::List(y))
            | (Type::Set(x), Type::Set(y))
            | (Type::Option(x), Type::Option(y)) => self.unify(x, y),
            (Type::Map(k, v), Type::Map(l, w)) => self.unify(k, l) && self.unify(v, w),
            (Type::Tuple(xs), Type::Tuple(ys)) => {
                xs.len() == ys.len()
                    && xs.iter().zip(ys).all(|(x, y)| {
                        (x.name.is_none() || y.name.is_none() || x.name == y.name)
                            && self.unify(&x.ty, &y.ty)
                    })
            }
            (Type::Fn(ps, r), Type::Fn(qs, s)) => {
                ps.len() == qs.len()
                    && ps.iter().zip(qs).all(|(p, q)| self.unify(p, q))
                    && self.unify(r, s)
            }
            (Type::Result(x, es), Type::Result(y, fs)) | (Type::Run(x, es), Type::Run(y, fs)) => {
                es == fs && self.unify(x, y)
            }
            _ => a == b,
        }
    }

    /// Whether a type is made of more types than that, with everything known filled in. Looks at no more than that many.
    pub fn has_more_parts(&self, ty: &Type, most: usize) -> bool {
        let mut left = most;
        self.count_parts(ty, &mut left);
        left == 0
    }

    fn count_parts(&self, ty: &Type, left: &mut usize) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match ty {
            Type::Infer(n) => {
                if let Some(known) = &self.known[*n as usize] {
                    *left += 1;
                    self.count_parts(known, left);
                }
            }
            Type::List(t) | Type::Set(t) | Type::Option(t) => self.count_parts(t, left),
            Type::Result(t, _) | Type::Run(t, _) => self.count_parts(t, left),
            Type::Map(k, v) => {
                self.count_parts(k, left);
                self.count_parts(v, left);
            }
            Type::Tuple(fields) => {
                for field in fields {
                    self.count_parts(&field.ty, left);
                }
            }
            Type::Fn(params, ret) => {
                for param in params {
                    self.count_parts(param, left);
                }
                self.count_parts(ret, left);
            }
            _ => {}
        }
    }

    fn mentions(&self, ty: &Type, n: u32) -> bool {
        match self.shallow(ty) {
            Type::Infer(m) => m == n,
            other => {
                let mut found = false;
                map(&other, &mut |t| {
                    found |= self.mentions(t, n);
                    t.clone()
                });
                found
            }
        }
    }
}

/// Rebuilds a type from what `f` makes of its direct parts.
pub fn map(ty: &Type, f: &mut dyn FnMut(&Type) -> Type) -> Type {
    match ty {
        Type::List(t) => Type::List(Box::new(f(t))),
        Type::Set(t) => Type::Set(Box::new(f(t))),
        Type::Option(t) => Type::Option(Box::new(f(t))),
        Type::Map(k, v) => Type::Map(Box::new(f(k)), Box::new(f(v))),
        Type::Tuple(fields) => Type::Tuple(
            fields
                .iter()
                .map(|field| TupleField {
                    name: field.name.clone(),
                    ty: f(&field.ty),
                })
                .collect(),
        ),
        Type::Fn(params, ret) => Type::Fn(params.iter().map(&mut *f).collect(), Box::new(f(ret))),
        Type::Result(t, errors) => Type::Result(Box::new(f(t)), errors.clone()),
        Type::Run(t, errors) => Type::Run(Box::new(f(t)), errors.clone()),
        other => other.clone(),
    }
}

/// Replaces type parameters by arguments.
pub fn substitute(ty: &Type, args: &[Type]) -> Type {
    match ty {
        Type::Param(i) => args.get(*i as usize).cloned().unwrap_or(Type::Unknown),
        other => map(other, &mut |t| substitute(t, args)),
    }
}

/// Whether the type holds something nobody could work out.
pub fn has_unknown(ty: &Type) -> bool {
    let mut found = matches!(ty, Type::Unknown);
    map(ty, &mut |t| {
        found |= has_unknown(t);
        t.clone()
    });
    found
}

/// Whether a variable is left.
pub fn has_infer(ty: &Type) -> bool {
    let mut found = matches!(ty, Type::Infer(_));
    map(ty, &mut |t| {
        found |= has_infer(t);
        t.clone()
    });
    found
}
