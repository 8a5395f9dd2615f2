//! The flow IR: what a checked program is after lowering.
//!
//! A module is a flat table of monomorphic functions. A function is a control-flow graph of blocks
//! over typed registers that may be assigned many times (this is not SSA). Values have no identity:
//! an instruction never changes a value another register holds. What lasts (entity state) is touched
//! only by the instructions that name an instance register, so every read and write of state is
//! in plain sight, each with a place in the source.
//!
//! Rules that hold for every module (`verify` checks them):
//! - the first `params` registers of a function hold its arguments; every other register is
//!   written on every path before it is read;
//! - block 0 is where a function starts and no jump goes back to it;
//! - operand types are exactly those documented at each [`Op`] (no implicit conversion; `new` types are
//!   unwrapped by [`Op::Cast`]);
//! - names of functions, entities, and of definitions in `defs` are unique.
//!
//! "May crash" below means: the step ends as a bug with the given [`CrashReason`] at the instruction's site.

mod lasting;
mod op;

pub use lasting::*;
pub use op::*;

use std::collections::BTreeSet;

use weir_contract::lattice::{Ask, Change};
use weir_contract::plan::Plan;
use weir_contract::receipt::Receipt;
use weir_contract::{CrashReason, DefId, Defs, Lattice, Money, Type};

/// A whole program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    pub defs: Defs,
    pub entities: Vec<Entity>,
    pub funcs: Vec<Func>,
    /// What can be started from outside, in source order. An entry's position is its number in
    /// `weir_step(entry, ..)`.
    pub entries: Vec<Entry>,
    /// What may be called outside; position = number in [`Wait::Extern`] and [`Op::Pure`].
    pub externs: Vec<Extern>,
    /// The builtin errors, when anything waits.
    pub failures: Option<Failures>,
    /// Names of the source files, by [`Site::file`].
    pub files: Vec<String>,
    /// The files of the library, by [`Site::file`]: what breaks there breaks, for people, where they called it.
    pub library: BTreeSet<u32>,
    /// Places in the source. Site 0 is "no place" (code the compiler made up).
    pub sites: Vec<Site>,
    /// Position = stream number of [`Op::Emit`].
    pub streams: Vec<Stream>,
    /// Places of code that `optimize` put where it was called. Their numbers go on behind those of `sites`; each is behind the
    /// one it was called at.
    pub inlined: Vec<Inlined>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FuncId(pub u32);
/// Position in [`Module::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub u32);
/// Position of a slot in its entity's `slots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub u32);

/// A stretch of source text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

/// A place in the source, in code that stands where it was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inlined {
    /// As it is written: one of [`Module::sites`].
    pub site: SiteId,
    /// Where it was called, which may be inlined itself.
    pub called_at: SiteId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Func {
    /// Unique; for people: `Account.withdraw`, `list.map<Int, Text>`.
    pub name: String,
    /// The first `params` registers are the parameters.
    pub params: u32,
    pub regs: Vec<RegInfo>,
    /// Every function returns one value; `Unit` when there is nothing to say.
    pub ret: Type,
    pub blocks: Vec<Block>,
    /// Where it was declared.
    pub site: SiteId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegInfo {
    pub ty: RegType,
    /// The variable's name in the source, when it has one.
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegType {
    Value(Type),
    /// An opened instance: its handle and its keys. Cannot be stored, compared or returned; can be
    /// passed as an argument and copied.
    Instance(EntityId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub insts: Vec<Inst>,
    pub term: Term,
    /// Site of the terminator.
    pub site: SiteId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Inst {
    /// Set exactly when the operation has a result. May be one of the operands' registers:
    /// operands are read before it is written.
    pub dst: Option<Reg>,
    pub op: Op,
    pub site: SiteId,
}

impl Module {
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    pub fn func(&self, id: FuncId) -> &Func {
        &self.funcs[id.0 as usize]
    }

    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    pub fn slot(&self, entity: EntityId, slot: SlotId) -> &Slot {
        &self.entity(entity).slots[slot.0 as usize]
    }

    /// The entities of which some code asks which instances there are.
    pub fn walked(&self) -> BTreeSet<EntityId> {
        let blocks = self.funcs.iter().flat_map(|func| &func.blocks);
        let insts = blocks.flat_map(|block| &block.insts);
        let walked = insts.filter_map(|inst| match inst.op {
            Op::NextKey(of, ..) => Some(of),
            _ => None,
        });
        walked.collect()
    }

    /// How many places there are, inlined ones too; at least site 0.
    pub fn count_sites(&self) -> usize {
        self.sites.len().max(1) + self.inlined.len()
    }

    /// The place as it is written, by which a crash names it.
    pub fn written(&self, id: SiteId) -> SiteId {
        match (id.0 as usize).checked_sub(self.sites.len().max(1)) {
            Some(at) => self.inlined[at].site,
            None => id,
        }
    }

    /// Whether the place is in the library. Site 0 is in none.
    pub fn is_library(&self, id: SiteId) -> bool {
        let id = self.written(id);
        let site = self.sites.get(id.0 as usize).filter(|_| id.0 > 0);
        site.is_some_and(|site| self.library.contains(&site.file))
    }

    pub fn site(&self, id: SiteId) -> Site {
        self.sites[self.written(id).0 as usize]
    }
}

impl Func {
    pub fn reg_type(&self, reg: Reg) -> &RegType {
        &self.regs[reg.0 as usize].ty
    }

    /// The value type of a register that is known to hold a value.
    pub fn value_type(&self, reg: Reg) -> &Type {
        match self.reg_type(reg) {
            RegType::Value(ty) => ty,
            RegType::Instance(_) => panic!("r{} of {} holds an instance", reg.0, self.name),
        }
    }

    /// The entity of a register that is known to hold an instance.
    pub fn instance_of(&self, reg: Reg) -> EntityId {
        match self.reg_type(reg) {
            RegType::Instance(entity) => *entity,
            RegType::Value(_) => panic!("r{} of {} holds a value", reg.0, self.name),
        }
    }

    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }
}
