//! State that merges: changes of it, looks at it, and replicas of an instance that a test has beside itself.

use weir_contract::encode::put_bytes;
use weir_contract::lattice::Actor;

use super::journal::How;
use super::{Handle, Transaction};
use crate::access::StateAccess;
use crate::asking::Misused;
use crate::beside::What;
use crate::ops;
use crate::state::Slot;

/// Why a change of what merges ended the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMerged {
    Overflow,
    Misused(Misused),
}

impl Transaction {
    /// An instance as another replica has it, which is an instance of its own; number 0 is the instance itself.
    pub fn open_replica(&mut self, entity: u32, key: &[u8], number: u64) -> Result<u32, Misused> {
        self.go_astray();
        let table = self.state.table_of_replica(entity, number);
        match table.filter(|table| self.state.make_table(*table)) {
            Some(table) => Ok(self.open(table, key)),
            None => Err(Misused("no such replica")),
        }
    }

    /// Changes a slot that merges.
    pub fn merge_do(&mut self, handle: u32, slot: u32, operation: &[u8]) -> Result<(), NotMerged> {
        self.writes(handle);
        let misused = |what| NotMerged::Misused(Misused(what));
        // What it adds hangs on what was added before.
        if self.reading.is_some() {
            self.go_astray();
            return Err(misused("a change of what merges, beside the machine"));
        }
        let Handle {
            entity, position, ..
        } = self.handles[handle as usize];
        let merging = self.state.merging(entity, slot);
        let merging = merging.ok_or(misused("a slot that does not merge"))?;
        let operation = merging.operation(operation);
        let operation = operation.map_err(|_| misused("no operation of the slot"))?;
        let by = Actor {
            replica: self.state.entity_of_table(entity).1,
            time: self.asking.around.time,
        };
        let held = match position {
            Some(position) => &mut self.state.instance_mut(entity, position).slots[slot as usize],
            None => &mut Slot::Absent,
        };
        let overflow = |_| NotMerged::Overflow;
        let delta = if let Slot::Merged(merged) = held {
            let Some((delta, undo)) = merged.change(by, &operation).map_err(overflow)? else {
                return Ok(());
            };
            self.write(handle, slot, ops::MERGE, |_| How::Unmerge(undo));
            delta
        } else {
            let mut merged = merging.bottom();
            let Some((delta, _)) = merged.change(by, &operation).map_err(overflow)? else {
                return Ok(());
            };
            let new = Slot::Merged(Box::new(merged));
            self.write(handle, slot, ops::MERGE, |slot| {
                How::Restore(std::mem::replace(slot, new))
            });
            delta
        };
        put_bytes(&mut self.ops, &delta);
        Ok(())
    }

    /// What readers see of a part of a slot that merges, encoded; `None` when a key on the way is not there.
    pub fn merge_look(
        &mut self,
        handle: u32,
        slot: u32,
        look: &[u8],
    ) -> Result<Option<Vec<u8>>, Misused> {
        self.reads(handle);
        if !self.sees(handle, slot, What::Whole) {
            return Ok(None);
        }
        let entity = self.handles[handle as usize].entity;
        let merging = self.state.merging(entity, slot);
        let merging = merging.ok_or(Misused("a slot that does not merge"))?;
        let look = merging.look(look);
        let look = look.map_err(|_| Misused("no look at the slot"))?;
        Ok(match self.slot(handle, slot) {
            Slot::Merged(merged) => merged.look(&look),
            _ => merging.bottom().look(&look),
        })
    }

    /// Two replicas of an instance tell each other all that merges.
    pub fn merge_sync(&mut self, one: u32, other: u32) -> Result<(), Misused> {
        let entity = |this: &Transaction, handle: u32| {
            let handle = &this.handles[handle as usize];
            (
                this.state.entity_of_table(handle.entity).0,
                handle.key.clone(),
            )
        };
        if entity(self, one) != entity(self, other) {
            return Err(Misused("replicas of different instances"));
        }
        let slots = self.state.slots(self.handles[one as usize].entity);
        for slot in 0..slots {
            let Some(merging) = self.state.merging(self.handles[one as usize].entity, slot) else {
                continue;
            };
            let held = |handle: u32| match self.slot(handle, slot) {
                Slot::Merged(merged) => Some((**merged).clone()),
                _ => None,
            };
            let (at_one, at_other) = (held(one), held(other));
            for (to, mine, theirs) in [(one, &at_one, &at_other), (other, &at_other, &at_one)] {
                let Some(theirs) = theirs else { continue };
                let mut joined = mine.clone().unwrap_or_else(|| merging.bottom());
                joined.join(&merging, theirs.state());
                if mine.as_ref() == Some(&joined) {
                    continue;
                }
                let new = Slot::Merged(Box::new(joined));
                self.write(to, slot, ops::MERGE, |slot| {
                    How::Restore(std::mem::replace(slot, new))
                });
                put_bytes(&mut self.ops, &theirs.encoded());
            }
        }
        Ok(())
    }
}
