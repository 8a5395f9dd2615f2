//! What is known of types without looking at code.

use weir_check::hir::*;

/// Whether a value of type `a` may stand where `b` is wanted.
pub fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Never, _) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Option(a), Type::Option(b)) => same(a, b),
        (Type::Map(k, v), Type::Map(l, w)) => same(k, l) && same(v, w),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.ty, &b.ty))
        }
        (Type::Result(a, es), Type::Result(b, fs)) | (Type::Run(a, es), Type::Run(b, fs)) => {
            es == fs && same(a, b)
        }
        (Type::Fn(ps, r), Type::Fn(qs, s)) => {
            ps.len() == qs.len() && ps.iter().zip(qs).all(|(p, q)| same(p, q)) && same(r, s)
        }
        _ => a == b,
    }
}

pub fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::List(t) | Type::Set(t) | Type::Option(t) | Type::Result(t, _) | Type::Run(t, _) => {
            vec![t]
        }
        Type::Map(k, v) => vec![k, v],
        Type::Tuple(fields) => fields.iter().map(|f| &f.ty).collect(),
        Type::Fn(params, ret) => params.iter().chain([&**ret]).collect(),
        _ => Vec::new(),
    }
}

pub fn substitute(ty: &Type, args: &[Type]) -> Type {
    let each = |t: &Type| Box::new(substitute(t, args));
    match ty {
        Type::Param(n) => args[*n as usize].clone(),
        Type::List(t) => Type::List(each(t)),
        Type::Set(t) => Type::Set(each(t)),
        Type::Option(t) => Type::Option(each(t)),
        Type::Map(k, v) => Type::Map(each(k), each(v)),
        Type::Result(t, errors) => Type::Result(each(t), errors.clone()),
        Type::Run(t, errors) => Type::Run(each(t), errors.clone()),
        Type::Tuple(fields) => Type::Tuple(
            fields
                .iter()
                .map(|f| TupleField {
                    name: f.name.clone(),
                    ty: substitute(&f.ty, args),
                })
                .collect(),
        ),
        Type::Fn(params, ret) => Type::Fn(
            params.iter().map(|t| substitute(t, args)).collect(),
            each(ret),
        ),
        other => other.clone(),
    }
}

/// A set of errors with one more.
pub fn more(errors: &[ErrorId], error: ErrorId) -> Vec<ErrorId> {
    let mut errors = errors.to_vec();
    if !errors.contains(&error) {
        errors.push(error);
        errors.sort();
    }
    errors
}

pub fn arith(op: ArithOp, left: &Type, right: &Type) -> Option<Type> {
    use ArithOp::*;
    use Type::*;
    Some(match (op, left, right) {
        (_, Int, Int) => Int,
        (_, Decimal, Decimal) => Decimal,
        (_, Float, Float) => Float,
        (Add, Text, Text) => Text,
        (Add | Sub | Rem, Duration, Duration)
        | (Mul | Div, Duration, Int)
        | (Mul, Int, Duration) => Duration,
        (Div, Duration, Duration) => Int,
        (Add | Sub, Time, Duration) | (Add, Duration, Time) => Time,
        (Sub, Time, Time) => Duration,
        _ => return None,
    })
}

pub fn mutation(op: MutateOp, ty: &Type) -> (Vec<Type>, Type) {
    use MutateOp::*;
    match (op, ty) {
        (ListPush, Type::List(t)) => (vec![(**t).clone()], Type::Unit),
        (ListPop, Type::List(t)) => (vec![], Type::Option(t.clone())),
        (ListInsert, Type::List(t)) => (vec![Type::Int, (**t).clone()], Type::Unit),
        (ListRemove, Type::List(t)) => (vec![Type::Int], (**t).clone()),
        (ListClear, Type::List(_)) | (MapClear, Type::Map(..)) | (SetClear, Type::Set(_)) => {
            (vec![], Type::Unit)
        }
        (MapRemove, Type::Map(k, v)) => (vec![(**k).clone()], Type::Option(v.clone())),
        (SetAdd | SetRemove, Type::Set(t)) => (vec![(**t).clone()], Type::Bool),
        _ => panic!("{op:?} on {ty:?}"),
    }
}
