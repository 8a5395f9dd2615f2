//! The typing rule of each operation.

use weir_contract::Lattice;
use weir_contract::lattice::Change;
use weir_contract::manifest::Promise;
use weir_contract::{DefKind, Field, TupleField, Type};

use super::look::look_types;
use super::passed::{self, cells, delay, entry_of, extern_of, sent};
use super::rule::Rule;
use crate::ir::*;

type Typed = Result<Option<RegType>, String>;

/// The type of an operation's result, `None` when it has none. `wanted` is the type of the register it goes to, for
/// operations whose operands alone do not say.
pub fn result(module: &Module, func: &Func, op: &Op, wanted: Option<&RegType>) -> Typed {
    let rule = Rule { module, func };
    let wanted_value = match wanted {
        Some(RegType::Value(ty)) => Some(ty),
        _ => None,
    };
    let into = || wanted_value.ok_or("its result must be a value".to_string());
    match op {
        Op::Const(l) => some(l.ty()),
        Op::Copy(a) => Ok(Some(func.reg_type(*a).clone())),
        Op::Cast(a) => {
            let (from, to) = (rule.value(*a)?, into()?);
            if same_shape(module, from, to) {
                some(to.clone())
            } else {
                Err(format!(
                    "{} and {} differ in shape",
                    rule.show(from),
                    rule.show(to)
                ))
            }
        }
        Op::Arith(op, a, b) => {
            let (x, y) = (rule.value(*a)?, rule.value(*b)?);
            some(arith(*op, x, y).ok_or(format!("{} and {}", rule.show(x), rule.show(y)))?)
        }
        Op::Neg(a) => match rule.value(*a)? {
            ty @ (Type::Int | Type::Decimal | Type::Float | Type::Duration) => some(ty.clone()),
            ty => Err(rule.show(ty)),
        },
        Op::Not(a) => rule.expect(*a, &Type::Bool).and(some(Type::Bool)),
        Op::Compare(_, a, b) => rule.expect(*b, rule.value(*a)?).and(some(Type::Bool)),

        Op::RecordMake(rs) => {
            let ty = into()?;
            let fields = fields(module, ty).ok_or(format!("{} is no record", rule.show(ty)))?;
            rule.expect_all(rs, &fields).and(some(ty.clone()))
        }
        Op::FieldGet(a, n) => some(rule.field(*a, *n)?),
        Op::FieldSet(a, n, b) => {
            let field = rule.field(*a, *n)?;
            rule.expect(*b, &field)?;
            some(rule.value(*a)?.clone())
        }
        Op::VariantMake(tag, rs) => {
            let ty = into()?;
            rule.expect_all(rs, &rule.payload(ty, *tag)?)
                .and(some(ty.clone()))
        }
        Op::VariantGet(a, tag, n) => {
            let fields = rule.payload(rule.value(*a)?, *tag)?;
            some(
                fields
                    .get(*n as usize)
                    .ok_or(format!("no field {n}"))?
                    .clone(),
            )
        }

        Op::ListMake(rs) => match into()? {
            ty @ Type::List(t) => {
                rs.iter().try_for_each(|r| rule.expect(*r, t))?;
                some(ty.clone())
            }
            ty => Err(format!("{} is no list", rule.show(ty))),
        },
        Op::ListLen(a) => rule.list(*a).and(some(Type::Int)),
        Op::ListGet(a, i) => {
            rule.expect(*i, &Type::Int)?;
            some(rule.list(*a)?.clone())
        }
        Op::ListSet(a, i, x) => {
            rule.expect(*i, &Type::Int)?;
            rule.expect(*x, rule.list(*a)?)?;
            some(rule.value(*a)?.clone())
        }
        Op::ListSetField(a, i, n, x) => {
            rule.expect(*i, &Type::Int)?;
            let item = rule.list(*a)?;
            let fields = fields(module, item).ok_or(format!("{} is no record", rule.show(item)))?;
            let field = fields.get(*n as usize).ok_or(format!("no field {n}"))?;
            rule.expect(*x, field)?;
            some(rule.value(*a)?.clone())
        }
        Op::ByteAt(a, i) => {
            rule.expect(*a, &Type::Bytes)?;
            rule.expect(*i, &Type::Int)?;
            some(Type::Int)
        }
        Op::BytesPlain(a) => {
            rule.expect(*a, &Type::Bytes)?;
            some(Type::Bool)
        }
        Op::ListPush(a, x) => {
            rule.expect(*x, rule.list(*a)?)?;
            some(rule.value(*a)?.clone())
        }
        Op::ListSlice(a, from, to) => {
            rule.list(*a)?;
            rule.expect(*from, &Type::Int)?;
            rule.expect(*to, &Type::Int)?;
            some(rule.value(*a)?.clone())
        }
        Op::ListInsert(a, at, b) => {
            rule.expect(*at, &Type::Int)?;
            rule.expect(*b, rule.list(*a)?)?;
            some(rule.value(*a)?.clone())
        }
        Op::ListRemove(a, at) => {
            rule.list(*a)?;
            rule.expect(*at, &Type::Int)?;
            some(rule.value(*a)?.clone())
        }
        Op::MapFind(a, key) => {
            rule.expect(*key, rule.map(*a)?.0)?;
            some(Type::Int)
        }
        Op::MapAt(a, at) => {
            rule.expect(*at, &Type::Int)?;
            some(rule.map(*a)?.1.clone())
        }
        Op::MapPut(a, key, value) => {
            let (k, v) = rule.map(*a)?;
            rule.expect(*key, k)?;
            rule.expect(*value, v)?;
            some(rule.value(*a)?.clone())
        }
        Op::MapRemove(a, key) => {
            rule.expect(*key, rule.map(*a)?.0)?;
            some(rule.value(*a)?.clone())
        }
        Op::MapLen(a) => rule.map(*a).and(some(Type::Int)),
        Op::SetHas(a, item) => {
            rule.expect(*item, rule.set(*a)?)?;
            some(Type::Bool)
        }
        Op::SetPut(a, item) | Op::SetRemove(a, item) => {
            rule.expect(*item, rule.set(*a)?)?;
            some(rule.value(*a)?.clone())
        }
        Op::SetLen(a) => rule.set(*a).and(some(Type::Int)),
        Op::ListConcat(a, b) => {
            rule.list(*a)?;
            rule.expect(*b, rule.value(*a)?)?;
            some(rule.value(*a)?.clone())
        }

        Op::TextConcat(rs) => {
            let is_shown = |r: &Reg| {
                let base = rule.value(*r).map(|ty| module.defs.base(ty));
                matches!(base, Ok(Type::Int | Type::Bool))
            };
            let mut texts = rs.iter().filter(|r| !is_shown(r));
            texts.try_for_each(|r| rule.expect(*r, &Type::Text))?;
            some(Type::Text)
        }
        Op::Show(a) => rule.value(*a).and(some(Type::Text)),
        Op::Lib(_, rs) => {
            rs.iter().try_for_each(|r| rule.value(*r).map(|_| ()))?;
            some(into()?.clone())
        }
        Op::Pure(function, rs) => {
            let function = extern_of(module, *function)?;
            if function.promise != Promise::Pure {
                return Err(format!("{} is not pure", function.name));
            }
            let params: Vec<&Type> = function.params.iter().map(|p| &p.ty).collect();
            if params.len() != rs.len() {
                return Err(format!("{} values for {}", rs.len(), params.len()));
            }
            let mut given = rs.iter().zip(params);
            given.try_for_each(|(r, ty)| rule.expect(*r, ty))?;
            some(match function.fails.is_empty() {
                true => function.returns.clone(),
                false => Type::Result(Box::new(function.returns.clone()), function.fails.clone()),
            })
        }
        Op::Call(callee, rs) => {
            let callee = module
                .funcs
                .get(callee.0 as usize)
                .ok_or("no such function")?;
            passed::arguments(func, callee, rs)?;
            some(callee.ret.clone())
        }
        Op::Send {
            entry,
            instance,
            args,
            after,
        } => {
            let target = entry_of(module, *entry)?;
            let given = instance.map(|i| rule.instance(i)).transpose()?;
            if given != target.entity {
                return Err(format!("entry {} is of another entity", entry.0));
            }
            sent(module, func, args, &target.params)?;
            delay(&rule, *after)?;
            some(Type::Int)
        }
        Op::SendEvent {
            instance,
            event,
            args,
            after,
        } => {
            let entity = rule.instance(*instance)?;
            let event = module
                .entity(entity)
                .workflow
                .as_ref()
                .and_then(|w| w.events.get(*event as usize))
                .ok_or("no such event")?;
            sent(module, func, args, &event.params)?;
            delay(&rule, *after)?;
            Ok(None)
        }
        Op::Cancel(a) => rule.expect(*a, &Type::Int).and(Ok(None)),
        Op::CrashAt(a) => rule.expect(*a, &Type::Text).and(Ok(None)),
        Op::Emit {
            stream,
            key,
            time,
            value,
        } => {
            let of = module.streams.get(*stream as usize);
            let of = of.ok_or("no such stream")?;
            match (key, &of.key) {
                (Some(key), Some(ty)) => rule.expect(*key, ty)?,
                (None, None) => {}
                _ => return Err("a key where the stream has none, or none where it has".into()),
            }
            match (time, of.timed) {
                (Some(time), true) => rule.expect(*time, &Type::Time)?,
                (None, false) => {}
                _ => return Err("a time where the stream has none, or none where it has".into()),
            }
            rule.expect(*value, &of.ty)?;
            some(Type::Int)
        }
        Op::PushUndo(entry, rs) | Op::Spawn(entry, rs) => {
            cells(module, func, rs, &entry_of(module, *entry)?.params)?;
            Ok(None)
        }
        Op::Mock(_, entry, rs) => {
            let params = &entry_of(module, *entry)?.params;
            cells(
                module,
                func,
                rs,
                params.get(..rs.len()).ok_or("too many cells")?,
            )?;
            Ok(None)
        }
        Op::Random => some(Type::Float),
        Op::Fresh => some(Type::Text),
        Op::Full | Op::Suspended => some(Type::Bool),
        Op::Suspend(what, rs) => {
            passed::wait(module, func, what, rs)?;
            some(into()?.clone())
        }
        Op::Now => some(Type::Time),
        Op::CallerId => some(Type::Text),
        Op::CallerRoles => some(Type::Set(Box::new(Type::Text))),

        Op::Open(entity, key) => {
            let def = module
                .entities
                .get(entity.0 as usize)
                .ok_or("no such entity")?
                .def;
            rule.expect(*key, &Type::Named(def))?;
            Ok(Some(RegType::Instance(*entity)))
        }
        Op::NextKey(entity, after, first) => {
            let found = module.entities.get(entity.0 as usize);
            let reference = Type::Named(found.ok_or("no such entity")?.def);
            rule.expect(*after, &option(&reference))?;
            let keys = fields(module, &reference).expect("an entity's definition has keys");
            if first.len() > keys.len() {
                return Err("too many keys".into());
            }
            for (reg, key) in first.iter().zip(&keys) {
                rule.expect(*reg, key)?;
            }
            some(option(&reference))
        }
        Op::Keys(i) => some(Type::Named(module.entity(rule.instance(*i)?).def)),
        Op::Load(i, s) => some(rule.slot(*i, *s)?.value_type()),
        Op::Store(i, s, _) if rule.merge(*i, *s)?.is_some() => {
            Err("a slot that merges is not stored".into())
        }
        Op::Store(i, s, a) => {
            let ty = rule.slot(*i, *s)?.value_type();
            rule.expect(*a, &ty).and(Ok(None))
        }
        Op::Present(i, s) => rule.slot(*i, *s).and(some(Type::Bool)),
        Op::SlotLen(i, s) => rule.collection(*i, *s).and(some(Type::Int)),
        Op::SlotClear(i, s) => rule.collection(*i, *s).and(Ok(None)),
        Op::ListSlotGet(i, s, at) | Op::ListSlotRemove(i, s, at) => {
            rule.expect(*at, &Type::Int)?;
            some(rule.list_slot(*i, *s)?.clone())
        }
        Op::ListSlotSet(i, s, at, x) | Op::ListSlotInsert(i, s, at, x) => {
            rule.expect(*at, &Type::Int)?;
            rule.expect(*x, rule.list_slot(*i, *s)?).and(Ok(None))
        }
        Op::ListSlotPush(i, s, x) => rule.expect(*x, rule.list_slot(*i, *s)?).and(Ok(None)),
        Op::ListSlotPop(i, s) => some(option(rule.list_slot(*i, *s)?)),
        Op::ListSlotSlice(i, s, from, to) => {
            rule.expect(*from, &Type::Int)?;
            rule.expect(*to, &Type::Int)?;
            some(Type::List(Box::new(rule.list_slot(*i, *s)?.clone())))
        }
        Op::MapSlotGet(i, s, k) | Op::MapSlotRemove(i, s, k) => {
            let (key, value) = rule.map_slot(*i, *s)?;
            rule.expect(*k, key)?;
            some(option(value))
        }
        Op::MapSlotPut(i, s, k, v) => {
            let (key, value) = rule.map_slot(*i, *s)?;
            rule.expect(*k, key)?;
            rule.expect(*v, value).and(Ok(None))
        }
        Op::SlotHas(i, s, k) => match rule.slot(*i, *s)? {
            SlotKind::Map(t, _) | SlotKind::Set(t) => rule.expect(*k, t).and(some(Type::Bool)),
            _ => Err("neither a map nor a set".into()),
        },
        Op::SetSlotAdd(i, s, k) | Op::SetSlotRemove(i, s, k) => match rule.slot(*i, *s)? {
            SlotKind::Set(t) => rule.expect(*k, t).and(some(Type::Bool)),
            _ => Err("not a set".into()),
        },
        Op::Savepoint => some(Type::Int),
        Op::Rollback(a) => rule.expect(*a, &Type::Int).and(Ok(None)),
        Op::TxEnter | Op::TxLeave => Ok(None),
        Op::MergeSlot {
            instance,
            slot,
            parts,
            change,
            args,
        } => {
            let lattice = rule.merge(*instance, *slot)?;
            let lattice = lattice.ok_or("a slot that does not merge")?;
            let taken = merge_args(lattice, parts, *change).ok_or("no such change")?;
            rule.expect_all(args, &taken).and(Ok(None))
        }
        Op::OpenReplica(entity, key, number) => {
            let found = module.entities.get(entity.0 as usize);
            let reference = Type::Named(found.ok_or("no such entity")?.def);
            rule.expect(*key, &reference)?;
            rule.expect(*number, &Type::Int)?;
            Ok(Some(RegType::Instance(*entity)))
        }
        Op::MergeSync(a, b) => match rule.instance(*a)? == rule.instance(*b)? {
            true => Ok(None),
            false => Err("replicas of two entities".into()),
        },
        Op::MergeLook {
            instance,
            slot,
            parts,
            ask,
            args,
        } => {
            let of = rule.slot(*instance, *slot)?.value_type();
            let lattice = rule.merge(*instance, *slot)?;
            let lattice = lattice.ok_or("a slot that does not merge")?;
            let types = look_types(module, (lattice, &of), parts, *ask, args.len());
            let (taken, answer) = types.ok_or("no such part")?;
            rule.expect_all(args, &taken).and(some(answer))
        }
    }
}

/// What a change takes: the keys of maps on the way down, and the operand.
pub fn merge_args(lattice: &Lattice, parts: &[u32], change: Change) -> Option<Vec<Type>> {
    let (mut at, mut parts, mut args) = (lattice, parts.iter(), Vec::new());
    loop {
        match at {
            Lattice::Record(of) => at = &of.get(*parts.next()? as usize)?.lattice,
            Lattice::MergeMap(key, of) => {
                args.push(key.clone());
                at = of;
            }
            leaf => {
                args.extend(leaf.takes(change)?);
                return parts.next().is_none().then_some(args);
            }
        }
    }
}

fn some(ty: Type) -> Typed {
    Ok(Some(RegType::Value(ty)))
}

fn option(ty: &Type) -> Type {
    Type::Option(Box::new(ty.clone()))
}

/// The type of `x op y`, `None` where there is no such operation. The one place that lists them.
pub fn arith(op: ArithOp, x: &Type, y: &Type) -> Option<Type> {
    use ArithOp::*;
    Some(match (x, op, y) {
        (Type::Int, _, Type::Int) => Type::Int,
        (Type::Decimal, _, Type::Decimal) => Type::Decimal,
        (Type::Float, _, Type::Float) => Type::Float,
        (Type::Duration, Add | Sub | Rem, Type::Duration) => Type::Duration,
        (Type::Duration, Div, Type::Duration) => Type::Int,
        (Type::Duration, Mul | Div, Type::Int) | (Type::Int, Mul, Type::Duration) => Type::Duration,
        (Type::Time, Add | Sub, Type::Duration) | (Type::Duration, Add, Type::Time) => Type::Time,
        (Type::Time, Sub, Type::Time) => Type::Duration,
        _ => return None,
    })
}

/// The fields of a record-like type.
pub fn fields(module: &Module, ty: &Type) -> Option<Vec<Type>> {
    let of = |fields: &[Field]| fields.iter().map(|f| f.ty.clone()).collect();
    match ty {
        Type::Tuple(fields) => Some(fields.iter().map(|f| f.ty.clone()).collect()),
        Type::Named(id) => match &module.defs.get(*id).kind {
            DefKind::Record { fields } | DefKind::Error { fields, .. } => Some(of(fields)),
            DefKind::Entity { keys } => Some(of(keys)),
            DefKind::Enum { .. } | DefKind::New { .. } => None,
        },
        _ => None,
    }
}

/// The tags a variant type has.
pub fn tags(module: &Module, ty: &Type) -> Option<Vec<u32>> {
    match ty {
        Type::Option(_) => Some(vec![0, 1]),
        Type::Result(_, errors) => Some(
            std::iter::once(0)
                .chain(errors.iter().map(|e| e.0 + 1))
                .collect(),
        ),
        Type::Named(id) => match &module.defs.get(*id).kind {
            DefKind::Enum { variants } => Some((0..variants.len() as u32).collect()),
            _ => None,
        },
        _ => None,
    }
}

/// The fields of the variant with a tag.
pub fn payload(module: &Module, ty: &Type, tag: u32) -> Option<Vec<Type>> {
    if !tags(module, ty)?.contains(&tag) {
        return None;
    }
    Some(match ty {
        Type::Option(_) if tag == 0 => vec![],
        Type::Option(t) => vec![(**t).clone()],
        Type::Result(ok, _) if tag == 0 => vec![(**ok).clone()],
        Type::Result(..) => vec![Type::Named(weir_contract::DefId(tag - 1))],
        Type::Named(id) => match &module.defs.get(*id).kind {
            DefKind::Enum { variants } => variants[tag as usize]
                .fields
                .iter()
                .map(|f| f.ty.clone())
                .collect(),
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether values of both types look the same in memory, see [`Op::Cast`].
pub fn same_shape(module: &Module, a: &Type, b: &Type) -> bool {
    let same = |x: &Type, y: &Type| same_shape(module, x, y);
    let (a, b) = (module.defs.base(a), module.defs.base(b));
    if a == b {
        return true;
    }
    let entries = |k: &Type, v: &Type| {
        let field = |t: &Type| TupleField {
            name: None,
            ty: t.clone(),
        };
        Type::Tuple(vec![field(k), field(v)])
    };
    let key = |t: &Type| match t {
        Type::Named(id) => match &module.defs.get(*id).kind {
            DefKind::Entity { keys } => Some(Type::Tuple(
                keys.iter()
                    .map(|k| TupleField {
                        name: None,
                        ty: k.ty.clone(),
                    })
                    .collect(),
            )),
            _ => None,
        },
        _ => None,
    };
    match (a, b) {
        (Type::List(x), Type::List(y)) | (Type::Option(x), Type::Option(y)) => same(x, y),
        (Type::Set(x) | Type::List(x), Type::Set(y) | Type::List(y)) => same(x, y),
        (Type::Map(k, v), Type::Map(l, w)) => same(k, l) && same(v, w),
        (Type::Map(k, v), Type::List(t)) | (Type::List(t), Type::Map(k, v)) => {
            same(&entries(k, v), t)
        }
        (Type::Tuple(x), Type::Tuple(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(&x.ty, &y.ty))
        }
        (Type::Result(..), Type::Result(..)) | (Type::Bytes, Type::Text) => true,
        (Type::Tuple(_), Type::Named(_)) => key(b).is_some_and(|b| same(a, &b)),
        (Type::Named(_), Type::Tuple(_)) => key(a).is_some_and(|a| same(&a, b)),
        _ => false,
    }
}
