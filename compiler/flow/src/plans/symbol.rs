//! Symbolic values: what can be said of a value before the step runs.

use weir_contract::{DefKind, Type};

use crate::ir::*;

/// A value as an expression over a function's parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    Param(u32),
    /// A key, with its name, of the instance that is a parameter: parameter and position.
    Key((u32, u32), String),
    Caller,
    /// As written in Weir.
    Constant(String),
    Member(Box<Symbol>, String),
    /// Any element of a list or set, any key or value of a map, what an option holds.
    Element(Box<Symbol>),
    Unknown,
}

/// What a register may hold, over all paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Abstract {
    /// Nothing yet.
    Bottom,
    Value(Symbol),
    /// A record made here: its fields.
    Record(Vec<Symbol>),
    /// An opened instance: its keys.
    Instance(Vec<Symbol>),
}

impl Symbol {
    /// The symbol with arguments in place of parameters.
    pub fn substitute(&self, args: &[Abstract]) -> Symbol {
        match self {
            Symbol::Param(p) => args[*p as usize].symbol(),
            Symbol::Key((p, at), _) => match &args[*p as usize] {
                Abstract::Instance(keys) => keys[*at as usize].clone(),
                _ => Symbol::Unknown,
            },
            Symbol::Member(of, name) => of
                .substitute(args)
                .inside(|s| Symbol::Member(s, name.clone())),
            Symbol::Element(of) => of.substitute(args).inside(Symbol::Element),
            other => other.clone(),
        }
    }

    /// A part of this value; unknown when it is.
    fn inside(self, part: impl FnOnce(Box<Symbol>) -> Symbol) -> Symbol {
        match self {
            Symbol::Unknown => Symbol::Unknown,
            known => part(Box::new(known)),
        }
    }

    fn join(&mut self, other: Symbol) {
        if *self != other {
            *self = Symbol::Unknown;
        }
    }
}

impl Abstract {
    pub fn unknown() -> Abstract {
        Abstract::Value(Symbol::Unknown)
    }

    /// A parameter as itself.
    pub fn param(module: &Module, func: &Func, reg: Reg) -> Abstract {
        match func.reg_type(reg) {
            RegType::Value(_) => Abstract::Value(Symbol::Param(reg.0)),
            RegType::Instance(entity) => {
                let names = key_names(module, *entity);
                let keys = names.into_iter().enumerate();
                Abstract::Instance(
                    keys.map(|(i, n)| Symbol::Key((reg.0, i as u32), n))
                        .collect(),
                )
            }
        }
    }

    pub fn symbol(&self) -> Symbol {
        match self {
            Abstract::Value(symbol) => symbol.clone(),
            // A record of one field is not that field, and nothing names a record made on the way.
            _ => Symbol::Unknown,
        }
    }

    pub fn substitute(&self, args: &[Abstract]) -> Abstract {
        let all = |symbols: &[Symbol]| symbols.iter().map(|s| s.substitute(args)).collect();
        match self {
            Abstract::Bottom => Abstract::Bottom,
            Abstract::Value(Symbol::Param(p)) => args[*p as usize].clone(),
            Abstract::Value(symbol) => Abstract::Value(symbol.substitute(args)),
            Abstract::Record(fields) => Abstract::Record(all(fields)),
            Abstract::Instance(keys) => Abstract::Instance(all(keys)),
        }
    }

    pub fn join(&mut self, other: Abstract) {
        match (&mut *self, other) {
            (_, Abstract::Bottom) => {}
            (Abstract::Bottom, other) => *self = other,
            (Abstract::Value(a), Abstract::Value(b)) => a.join(b),
            (Abstract::Record(a), Abstract::Record(b))
            | (Abstract::Instance(a), Abstract::Instance(b)) => {
                a.iter_mut().zip(b).for_each(|(a, b)| a.join(b));
            }
            _ => *self = Abstract::unknown(),
        }
    }
}

/// The result of an instruction other than a call.
pub fn value(module: &Module, func: &Func, op: &Op, values: &[Abstract]) -> Abstract {
    let of = |r: &Reg| values[r.0 as usize].clone();
    match op {
        Op::Const(literal) => Abstract::Value(Symbol::Constant(constant(literal))),
        Op::Copy(a) | Op::Cast(a) => of(a),
        Op::CallerId => Abstract::Value(Symbol::Caller),
        Op::RecordMake(fields) => Abstract::Record(fields.iter().map(|f| of(f).symbol()).collect()),
        Op::FieldGet(a, n) => match of(a) {
            Abstract::Bottom => Abstract::Bottom,
            Abstract::Record(fields) => Abstract::Value(fields[*n as usize].clone()),
            other => {
                let name = field_name(module, func.value_type(*a), *n);
                Abstract::Value(other.symbol().inside(|s| Symbol::Member(s, name)))
            }
        },
        Op::ListGet(a, _) | Op::VariantGet(a, 1, 0) => match of(a) {
            Abstract::Bottom => Abstract::Bottom,
            other
                if matches!(op, Op::ListGet(..))
                    || matches!(func.value_type(*a), Type::Option(_)) =>
            {
                Abstract::Value(other.symbol().inside(Symbol::Element))
            }
            _ => Abstract::unknown(),
        },
        Op::Keys(i) => match of(i) {
            Abstract::Instance(keys) => Abstract::Record(keys),
            other => other,
        },
        Op::Open(entity, keys) => match of(keys) {
            Abstract::Bottom => Abstract::Bottom,
            Abstract::Record(keys) => Abstract::Instance(keys),
            other => {
                let member = |name| other.symbol().inside(|s| Symbol::Member(s, name));
                Abstract::Instance(key_names(module, *entity).into_iter().map(member).collect())
            }
        },
        _ => Abstract::unknown(),
    }
}

pub(crate) fn key_names(module: &Module, entity: EntityId) -> Vec<String> {
    match &module.defs.get(module.entity(entity).def).kind {
        DefKind::Entity { keys } => keys.iter().map(|k| k.name.clone()).collect(),
        _ => unreachable!("an entity's definition is one"),
    }
}

pub(crate) fn field_name(module: &Module, ty: &Type, position: u32) -> String {
    let at = position as usize;
    match ty {
        Type::Tuple(fields) => fields[at].name.clone().unwrap_or_else(|| at.to_string()),
        Type::Named(id) => match &module.defs.get(*id).kind {
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => fields[at].name.clone(),
            _ => at.to_string(),
        },
        _ => at.to_string(),
    }
}

fn constant(literal: &Literal) -> String {
    match literal {
        Literal::Unit => "()".into(),
        Literal::Bool(b) => b.to_string(),
        Literal::Int(n) => n.to_string(),
        Literal::Float(x) => format!("{x:?}f"),
        Literal::Text(s) => format!("{s:?}"),
        Literal::Decimal(n) => weir_contract::library::decimal::show(*n),
        Literal::Time(us) => format!("t\"{}\"", weir_contract::library::time::show(*us)),
        Literal::Duration(us) => weir_contract::library::duration::show(*us),
        Literal::Date(days) => format!("d\"{}\"", weir_contract::library::date::show(*days)),
        Literal::Money(money) => weir_contract::library::money::show(*money),
        Literal::Bytes(bytes) => format!("{bytes:?}"),
    }
}
