//! Which instance a register holds, so that the same one is counted once.
//!
//! Values that are the same for the whole call are symbols (`plans::symbol`). Others have a name made of the registers they
//! are worked out from, as far as each of those is assigned in one place: such a name means one value until a
//! loop comes round again.

use std::collections::BTreeSet;

use super::cost::{KeyId, KeyPart};
use super::function::Function;
use crate::ir::*;
use crate::plans::symbol::{Abstract, Symbol, field_name, key_names};

/// The instance in a register; `None` when it can be any.
pub fn instance(of: &Function<'_>, reg: Reg) -> Option<KeyId> {
    let entity = of.func.instance_of(reg);
    let parts = of.instance_parts(reg)?;
    Some(KeyId {
        entity,
        keys: parts,
    })
}

impl Function<'_> {
    /// The keys of an instance.
    fn instance_parts(&self, reg: Reg) -> Option<Vec<KeyPart>> {
        if let Abstract::Instance(keys) = &self.values[reg.0 as usize]
            && keys.iter().all(is_same)
        {
            return Some(keys.iter().cloned().map(KeyPart::Same).collect());
        }
        match self.only_op(reg)? {
            Op::Copy(from) => self.instance_parts(*from),
            Op::Open(entity, keys) => self.reference_parts(*entity, *keys),
            _ => None,
        }
    }

    fn reference_parts(&self, entity: EntityId, reg: Reg) -> Option<Vec<KeyPart>> {
        match self.only_op(reg) {
            Some(Op::RecordMake(fields)) => fields.iter().map(|f| self.part(*f)).collect(),
            Some(Op::Keys(instance)) => self.instance_parts(*instance),
            Some(Op::Copy(from)) => self.reference_parts(entity, *from),
            _ => {
                let mut regs = BTreeSet::new();
                let name = self.named(reg, &mut regs)?;
                let names = key_names(self.module, entity).into_iter();
                let part = |key| KeyPart::Local(format!("{name}.{key}"), regs.clone());
                Some(names.map(part).collect())
            }
        }
    }

    fn part(&self, reg: Reg) -> Option<KeyPart> {
        if let Abstract::Value(symbol) = &self.values[reg.0 as usize]
            && is_same(symbol)
        {
            return Some(KeyPart::Same(symbol.clone()));
        }
        let mut regs = BTreeSet::new();
        let name = self.named(reg, &mut regs)?;
        Some(KeyPart::Local(name, regs))
    }

    /// A name for a value, and the registers it depends on. `None` for a register that is assigned in several places.
    fn named(&self, reg: Reg, regs: &mut BTreeSet<Reg>) -> Option<String> {
        if self.is_param(reg) {
            return Some(format!("p{}", reg.0));
        }
        let op = self.only_op(reg)?;
        let mut inner = BTreeSet::new();
        let name = match op {
            Op::Copy(from) | Op::Cast(from) => self.named(*from, &mut inner),
            Op::FieldGet(from, at) => {
                let field = field_name(self.module, self.func.value_type(*from), *at);
                let from = self.named(*from, &mut inner);
                from.map(|from| format!("{from}.{field}"))
            }
            _ => None,
        };
        match name {
            Some(name) => {
                regs.extend(inner);
                regs.insert(reg);
                Some(name)
            }
            None => {
                regs.insert(reg);
                Some(format!("r{}", reg.0))
            }
        }
    }

    /// The key of a callee with this call's arguments in place of its parameters.
    pub fn key_of_callee(&self, key: &KeyId, args: &[Reg]) -> Option<KeyId> {
        let part = |part: &KeyPart| match part {
            KeyPart::Local(..) => None,
            KeyPart::Same(symbol) => self.symbol_of_callee(symbol, args),
        };
        let keys: Option<Vec<KeyPart>> = key.keys.iter().map(part).collect();
        Some(KeyId {
            entity: key.entity,
            keys: keys?,
        })
    }

    fn symbol_of_callee(&self, symbol: &Symbol, args: &[Reg]) -> Option<KeyPart> {
        let given: Vec<Abstract> = args
            .iter()
            .map(|arg| self.values[arg.0 as usize].clone())
            .collect();
        let here = symbol.substitute(&given);
        if is_same(&here) {
            return Some(KeyPart::Same(here));
        }
        match symbol {
            Symbol::Param(p) => self.part(args[*p as usize]),
            Symbol::Key((p, at), _) => {
                let parts = self.instance_parts(args[*p as usize])?;
                parts.get(*at as usize).cloned()
            }
            Symbol::Member(of, name) => match self.symbol_of_callee(of, args)? {
                KeyPart::Local(of, regs) => Some(KeyPart::Local(format!("{of}.{name}"), regs)),
                KeyPart::Same(_) => None,
            },
            _ => None,
        }
    }
}

/// Whether a symbol means one value for the whole call.
fn is_same(symbol: &Symbol) -> bool {
    match symbol {
        Symbol::Param(_) | Symbol::Key(..) | Symbol::Caller | Symbol::Constant(_) => true,
        Symbol::Member(of, _) => is_same(of),
        Symbol::Element(_) | Symbol::Unknown => false,
    }
}
