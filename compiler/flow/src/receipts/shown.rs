//! From a function's parameters to what a caller can name: the arguments and keys of an entry, entities and fields by name.

use weir_contract::plan::PlanExpr;
use weir_contract::receipt::{self, Length};

use super::cost::*;
use crate::ir::*;
use crate::plans;
use crate::plans::symbol::Symbol;

pub struct Shown<'m> {
    module: &'m Module,
    entry: &'m Entry,
}

impl<'m> Shown<'m> {
    pub fn new(module: &'m Module, entry: &'m Entry) -> Self {
        Shown { module, entry }
    }

    pub fn cost(&self, cost: &Cost) -> receipt::Cost {
        receipt::Cost {
            records: self.count(&cost.counts[RECORDS]),
            keys: self.count(&cost.keys.count()),
            outside: self.count(&cost.counts[OUTSIDE]),
            reads: self.count(&cost.counts[READS]),
            writes: self.count(&cost.counts[WRITES]),
            waits: self.count(&cost.counts[WAITS]),
            messages: self.count(&cost.counts[MESSAGES]),
        }
    }

    pub fn count(&self, count: &Count) -> receipt::Count {
        count.with(&|leaf| receipt::Count::length(self.length(leaf)))
    }

    fn length(&self, leaf: &Leaf) -> Length {
        match leaf {
            Leaf::Of(symbol) => Length::Of(self.expr(symbol)),
            Leaf::Value(symbol) => Length::Value(self.expr(symbol)),
            Leaf::Stored(entity, keys, slot) => Length::Stored {
                entity: self.module.entity(*entity).name.clone(),
                key: keys.iter().map(|key| self.expr(key)).collect(),
                path: path(self.module, *entity, *slot),
            },
            Leaf::Instances(entity) => Length::Instances(self.module.entity(*entity).name.clone()),
            Leaf::Rounds(site) => Length::Rounds(site.0),
            Leaf::Before(_) => unreachable!("lengths are finished before they are used"),
        }
    }

    fn expr(&self, symbol: &Symbol) -> PlanExpr {
        plans::expr(self.entry, symbol)
    }
}

/// A slot as the manifest has it.
pub fn path(module: &Module, entity: EntityId, slot: SlotId) -> Vec<String> {
    let name = &module.slot(entity, slot).name;
    name.split('.').map(str::to_owned).collect()
}
