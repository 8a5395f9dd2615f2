//! Type variables of one body and their unification.

use crate::hir::Type;

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
        self.shallow(ty).map(&mut |t| self.resolve(t))
    }

    /// Makes both types equal if that is possible. `Unknown` and `Never` fit everything, and tuples without names those with.
    pub fn unify(&mut self, a: &Type, b: &Type) -> bool {
        self.unify_as(a, b, false)
    }

    /// The same; `exactly` is for type arguments of declarations: each choice of them is a type of its own, so that
    /// what only fits will not do.
    fn unify_as(&mut self, a: &Type, b: &Type, exactly: bool) -> bool {
        let (a, b) = (self.shallow(a), self.shallow(b));
        match (&a, &b) {
            (Type::Unknown, _) | (_, Type::Unknown) => true,
            (Type::Never, _) | (_, Type::Never) if !exactly => true,
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
            | (Type::Option(x), Type::Option(y)) => self.unify_as(x, y, exactly),
            (Type::Map(k, v), Type::Map(l, w)) => {
                self.unify_as(k, l, exactly) && self.unify_as(v, w, exactly)
            }
            (Type::Tuple(xs), Type::Tuple(ys)) => {
                let fits = |x: &Option<String>, y: &Option<String>| {
                    x == y || !exactly && (x.is_none() || y.is_none())
                };
                let mut both = xs.iter().zip(ys);
                xs.len() == ys.len()
                    && both.all(|(x, y)| {
                        fits(&x.name, &y.name) && self.unify_as(&x.ty, &y.ty, exactly)
                    })
            }
            (Type::Fn(ps, r), Type::Fn(qs, s)) => {
                let mut params = ps.iter().zip(qs);
                ps.len() == qs.len()
                    && params.all(|(p, q)| self.unify_as(p, q, exactly))
                    && self.unify_as(r, s, exactly)
            }
            (Type::Result(x, es), Type::Result(y, fs)) | (Type::Run(x, es), Type::Run(y, fs)) => {
                es == fs && self.unify_as(x, y, exactly)
            }
            _ => match (a.nominal(), b.nominal()) {
                (Some((of, args)), Some((other, others))) => {
                    // Of one declaration they have the same number.
                    let mut both = args.iter().zip(others);
                    of == other && both.all(|(x, y)| self.unify_as(x, y, true))
                }
                _ => a == b,
            },
        }
    }

    /// Whether a parameter of a declared type may be given a value of another; what is not known fits.
    pub fn could_take(&self, param: &Type, arg: &Type) -> bool {
        let arg = self.shallow(arg);
        match (param, &arg) {
            (Type::Param(_), _) | (_, Type::Infer(_) | Type::Unknown) => true,
            (Type::List(p), Type::List(a))
            | (Type::Set(p), Type::Set(a))
            | (Type::Option(p), Type::Option(a)) => self.could_take(p, a),
            (Type::Map(k, v), Type::Map(l, w)) => self.could_take(k, l) && self.could_take(v, w),
            (Type::Tuple(ps), Type::Tuple(qs)) => {
                ps.len() == qs.len()
                    && ps
                        .iter()
                        .zip(qs)
                        .all(|(p, q)| self.could_take(&p.ty, &q.ty))
            }
            _ => match (param.nominal(), arg.nominal()) {
                (Some((of, params)), Some((other, args))) => {
                    let mut both = params.iter().zip(args);
                    of == other && both.all(|(param, arg)| self.could_take(param, arg))
                }
                _ => *param == arg,
            },
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
            Type::Record(_, args) | Type::Enum(_, args) | Type::New(_, args) => {
                for arg in args {
                    self.count_parts(arg, left);
                }
            }
            _ => {}
        }
    }

    fn mentions(&self, ty: &Type, n: u32) -> bool {
        match self.shallow(ty) {
            Type::Infer(m) => m == n,
            other => {
                let mut found = false;
                other.map(&mut |t| {
                    found |= self.mentions(t, n);
                    t.clone()
                });
                found
            }
        }
    }
}

/// The type with everything that is still open taken as unknown.
pub fn settled(ty: &Type) -> Type {
    match ty {
        Type::Infer(_) => Type::Unknown,
        other => other.map(&mut settled),
    }
}

/// Whether the type holds something nobody could work out.
pub fn has_unknown(ty: &Type) -> bool {
    let mut found = matches!(ty, Type::Unknown);
    ty.map(&mut |t| {
        found |= has_unknown(t);
        t.clone()
    });
    found
}

/// Whether a variable is left.
pub fn has_infer(ty: &Type) -> bool {
    let mut found = matches!(ty, Type::Infer(_));
    ty.map(&mut |t| {
        found |= has_infer(t);
        t.clone()
    });
    found
}

/// Whether a parameter of a declared type may be given a value of another; what is not known fits.
pub fn could_take(param: &Type, arg: &Type) -> bool {
    Table::default().could_take(param, arg)
}
