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
        _ => match (a.nominal(), b.nominal()) {
            (Some((of, xs)), Some((other, ys))) => {
                of == other && xs.len() == ys.len() && xs.iter().zip(ys).all(|(x, y)| same(x, y))
            }
            _ => a == b,
        },
    }
}

pub fn parts(ty: &Type) -> Vec<Type> {
    let mut parts = Vec::new();
    ty.map(&mut |part| {
        parts.push(part.clone());
        Type::Unit
    });
    parts
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
        (Add | Sub, Money, Money)
        | (Mul | Div, Money, Int | Decimal)
        | (Mul, Int | Decimal, Money) => Money,
        (Div, Money, Money) => Decimal,
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
