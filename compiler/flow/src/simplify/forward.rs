//! Within a block, a slot that was just written or read is not read again.
//!
//! ```text
//! r2 = load r0, .count          r2 = load r0, .count
//! r3 = add r2, r1               r3 = add r2, r1
//! store r0, .count, r3    =>    store r0, .count, r3
//! r4 = load r0, .count          r4 = copy r3
//! ```
//! A call may write anything, and two instance registers may be one instance, so a write through one forgets what is known
//! of the slot through others.

use std::collections::BTreeMap;

use crate::ir::*;

pub fn loads(func: &mut Func) {
    for block in &mut func.blocks {
        // The register that holds what a slot of an instance holds now.
        let mut known: BTreeMap<(Reg, SlotId), Reg> = BTreeMap::new();
        for inst in &mut block.insts {
            let mut learned = None;
            match inst.op {
                Op::Load(instance, slot) => {
                    if let Some(held) = known.get(&(instance, slot)) {
                        inst.op = Op::Copy(*held);
                    } else {
                        learned = inst.dst.map(|dst| ((instance, slot), dst));
                    }
                }
                Op::Store(instance, slot, value) => {
                    known.retain(|(_, s), _| *s != slot);
                    learned = Some(((instance, slot), value));
                }
                Op::Call(..) | Op::Suspend(..) | Op::Rollback(_) | Op::TxEnter | Op::TxLeave => {
                    known.clear()
                }
                Op::MergeSlot { slot: s, .. } => known.retain(|(_, slot), _| *slot != s),
                Op::MergeSync(..) => known.clear(),
                // The rest writes parts of one collection.
                Op::ListSlotSet(_, s, ..)
                | Op::ListSlotPush(_, s, _)
                | Op::ListSlotPop(_, s)
                | Op::ListSlotInsert(_, s, ..)
                | Op::ListSlotRemove(_, s, _)
                | Op::MapSlotPut(_, s, ..)
                | Op::MapSlotRemove(_, s, _)
                | Op::SetSlotAdd(_, s, _)
                | Op::SetSlotRemove(_, s, _)
                | Op::SlotClear(_, s) => known.retain(|(_, slot), _| *slot != s),
                _ => {}
            }
            if let Some(dst) = inst.dst {
                known.retain(|(instance, _), held| *held != dst && *instance != dst);
            }
            if let Some((slot, held)) = learned
                && inst.dst != Some(slot.0)
            {
                known.insert(slot, held);
            }
        }
    }
}
