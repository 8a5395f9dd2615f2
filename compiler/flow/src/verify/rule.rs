//! What a rule asks of the registers of one function, with the sentence where it does not hold.

use weir_contract::{Lattice, Type};

use super::types::{fields, payload};
use crate::ir::*;
use crate::text::print_type;

/// Questions about the registers of one function.
pub struct Rule<'a> {
    pub module: &'a Module,
    pub func: &'a Func,
}

impl<'a> Rule<'a> {
    pub fn show(&self, ty: &Type) -> String {
        print_type(self.module, ty)
    }

    pub fn value(&self, reg: Reg) -> Result<&'a Type, String> {
        match self.func.reg_type(reg) {
            RegType::Value(ty) => Ok(ty),
            RegType::Instance(_) => Err(format!("r{} is an instance", reg.0)),
        }
    }

    pub fn instance(&self, reg: Reg) -> Result<EntityId, String> {
        match self.func.reg_type(reg) {
            RegType::Instance(entity) => Ok(*entity),
            RegType::Value(_) => Err(format!("r{} is no instance", reg.0)),
        }
    }

    pub fn expect(&self, reg: Reg, ty: &Type) -> Result<(), String> {
        let found = self.value(reg)?;
        if found == ty {
            Ok(())
        } else {
            Err(format!(
                "r{} is {}, not {}",
                reg.0,
                self.show(found),
                self.show(ty)
            ))
        }
    }

    pub fn expect_all(&self, regs: &[Reg], types: &[Type]) -> Result<(), String> {
        if regs.len() != types.len() {
            return Err(format!("{} fields, not {}", types.len(), regs.len()));
        }
        regs.iter()
            .zip(types)
            .try_for_each(|(r, t)| self.expect(*r, t))
    }

    pub fn field(&self, reg: Reg, position: u32) -> Result<Type, String> {
        let ty = self.value(reg)?;
        fields(self.module, ty)
            .and_then(|f| f.get(position as usize).cloned())
            .ok_or(format!("{} has no field {position}", self.show(ty)))
    }

    pub fn payload(&self, ty: &Type, tag: u32) -> Result<Vec<Type>, String> {
        payload(self.module, ty, tag).ok_or(format!("{} has no tag {tag}", self.show(ty)))
    }

    pub fn list(&self, reg: Reg) -> Result<&'a Type, String> {
        match self.value(reg)? {
            Type::List(t) => Ok(t),
            ty => Err(format!("{} is no list", self.show(ty))),
        }
    }

    pub fn map(&self, reg: Reg) -> Result<(&'a Type, &'a Type), String> {
        match self.value(reg)? {
            Type::Map(k, v) => Ok((k, v)),
            ty => Err(format!("{} is no map", self.show(ty))),
        }
    }

    pub fn set(&self, reg: Reg) -> Result<&'a Type, String> {
        match self.value(reg)? {
            Type::Set(item) => Ok(item),
            ty => Err(format!("{} is no set", self.show(ty))),
        }
    }

    pub fn slot(&self, reg: Reg, slot: SlotId) -> Result<&'a SlotKind, String> {
        let entity = self.module.entity(self.instance(reg)?);
        entity
            .slots
            .get(slot.0 as usize)
            .map(|s| &s.kind)
            .ok_or(format!("no slot {}", slot.0))
    }

    pub fn merge(&self, reg: Reg, slot: SlotId) -> Result<Option<&'a Lattice>, String> {
        self.slot(reg, slot)?;
        let entity = self.module.entity(self.instance(reg)?);
        Ok(entity.slots[slot.0 as usize].merge.as_ref())
    }

    pub fn collection(&self, reg: Reg, slot: SlotId) -> Result<(), String> {
        match self.slot(reg, slot)? {
            SlotKind::Scalar(_) => Err("a scalar slot".into()),
            _ => Ok(()),
        }
    }

    pub fn list_slot(&self, reg: Reg, slot: SlotId) -> Result<&'a Type, String> {
        match self.slot(reg, slot)? {
            SlotKind::List(t) => Ok(t),
            _ => Err("not a list slot".into()),
        }
    }

    pub fn map_slot(&self, reg: Reg, slot: SlotId) -> Result<(&'a Type, &'a Type), String> {
        match self.slot(reg, slot)? {
            SlotKind::Map(k, v) => Ok((k, v)),
            _ => Err("not a map slot".into()),
        }
    }
}
