//! The state of a program: instances by entity and key, each a row of slots. Where the program walks over all instances of an
//! entity, their keys are kept in order besides; others do not pay for that.
//!
//! A cache of the log: only [`crate::transaction`] (while a step runs) and [`crate::ops`] (replaying a record) change it.
//! Keys and values are in the encodings of the contract; nothing here knows their types.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::merged::{Merged, Merging};

/// Replicas of an instance beside itself, in a test.
pub const REPLICAS_MAX: u64 = 15;

/// What a slot holds. A set is a map with empty values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slot {
    /// Never written: the field's initial value holds.
    #[default]
    Absent,
    Scalar(Vec<u8>),
    Map(BTreeMap<Vec<u8>, Vec<u8>>),
    List(Vec<Vec<u8>>),
    Merged(Box<Merged>),
}

/// What a slot may hold, from the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Scalar,
    /// Also for sets.
    Map,
    List,
    Merged,
}

/// One durable object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub key: Box<[u8]>,
    /// How many records have written it; from 1 once it exists.
    pub version: u64,
    pub slots: Vec<Slot>,
}

/// All instances of one entity.
#[derive(Clone, Debug, Default)]
pub struct Table {
    index: HashMap<Box<[u8]>, u32>,
    instances: Vec<Instance>,
    kinds: Vec<Kind>,
    /// How slots merge, by their position; of others nothing.
    merging: Arc<[Option<Arc<Merging>>]>,
    /// The keys of all instances, when the entity is walked.
    order: Option<BTreeSet<Box<[u8]>>>,
}

/// What a table is for, from the manifest.
pub struct TableKind {
    /// By slot.
    pub slots: Vec<Kind>,
    /// How slots merge, by their position; may be shorter than `slots`.
    pub merging: Vec<Option<Arc<Merging>>>,
    pub walked: bool,
}

/// All instances of a program, by entity number.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Of each entity; behind them, in tests that have replicas, of each entity in the second replica, and so on.
    tables: Vec<Table>,
    /// How many entities there are.
    entities: usize,
}

impl State {
    /// Empty state for these entities.
    pub fn new(entities: impl IntoIterator<Item = TableKind>) -> State {
        let table = |kind: TableKind| Table {
            kinds: kind.slots,
            merging: kind.merging.into(),
            order: kind.walked.then(BTreeSet::new),
            ..Table::default()
        };
        let tables: Vec<Table> = entities.into_iter().map(table).collect();
        State {
            entities: tables.len(),
            tables,
        }
    }

    /// Empty state for the same entities.
    pub fn like(&self) -> State {
        let like = |table: &Table| Table {
            kinds: table.kinds.clone(),
            merging: table.merging.clone(),
            ..Table::default()
        };
        State {
            tables: self.tables[..self.entities].iter().map(like).collect(),
            entities: self.entities,
        }
    }

    /// By entity, those of replicas behind them.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// How many entities the program has.
    pub fn entities(&self) -> usize {
        self.entities
    }

    /// Where a replica of an entity's instances is, by the number of the replica. 0 is the instances themselves.
    pub fn table_of_replica(&self, entity: u32, replica: u64) -> Option<u32> {
        let table = replica
            .checked_mul(self.entities as u64)?
            .checked_add(u64::from(entity))?;
        (replica <= REPLICAS_MAX).then_some(table as u32)
    }

    /// The entity of a table, and which replica of its instances it has.
    pub fn entity_of_table(&self, table: u32) -> (u32, u64) {
        let entities = self.entities.max(1) as u32;
        (table % entities, u64::from(table / entities))
    }

    /// Makes a table of a replica, unless it is there. False when there cannot be one.
    pub fn make_table(&mut self, table: u32) -> bool {
        if (table as usize) < self.tables.len() {
            return true;
        }
        if self.entities == 0 || table as usize / self.entities > REPLICAS_MAX as usize {
            return false;
        }
        while self.tables.len() <= table as usize {
            let like = &self.tables[self.tables.len() % self.entities];
            self.tables.push(Table {
                kinds: like.kinds.clone(),
                merging: like.merging.clone(),
                ..Table::default()
            });
        }
        true
    }

    /// How many slots an instance has.
    pub fn slots(&self, entity: u32) -> u32 {
        self.table(entity).kinds.len() as u32
    }

    /// How a slot merges, if it does.
    pub fn merging(&self, entity: u32, slot: u32) -> Option<Arc<Merging>> {
        let merging = &self.table(entity).merging;
        merging.get(slot as usize).cloned().flatten()
    }

    /// Position of an instance in its table, for as long as none is removed.
    pub fn find(&self, entity: u32, key: &[u8]) -> Option<u32> {
        self.table(entity).index.get(key).copied()
    }

    pub fn instance(&self, entity: u32, position: u32) -> &Instance {
        &self.table(entity).instances[position as usize]
    }

    pub fn instance_mut(&mut self, entity: u32, position: u32) -> &mut Instance {
        &mut self.tables[entity as usize].instances[position as usize]
    }

    /// What a slot may hold.
    pub fn kind(&self, entity: u32, slot: u32) -> Kind {
        self.table(entity).kinds[slot as usize]
    }

    /// The version of an instance, 0 when it does not exist.
    pub fn version(&self, entity: u32, key: &[u8]) -> u64 {
        let position = self.find(entity, key);
        position.map_or(0, |position| self.instance(entity, position).version)
    }

    /// Whether the keys of an entity are kept in order.
    pub fn is_walked(&self, entity: u32) -> bool {
        let table = self.tables.get(entity as usize);
        table.is_some_and(|table| table.order.is_some())
    }

    /// The least key in a walked table that begins with these bytes and is greater than `after`.
    pub fn next_key(&self, entity: u32, first: &[u8], after: Option<&[u8]>) -> Option<&[u8]> {
        let order = self.table(entity).order.as_ref();
        let order = order.expect("a module walks only entities of which its manifest says so");
        // What begins with `first` is in one piece, and `first` sorts before it.
        let from = match after {
            Some(after) if after >= first => Bound::Excluded(after),
            _ => Bound::Included(first),
        };
        let mut keys = order.range::<[u8], _>((from, Bound::Unbounded));
        keys.next()
            .map(|key| &**key)
            .filter(|key| key.starts_with(first))
    }

    /// Makes room for the instances of one step. Growing a table of a million moves them all, which takes longer than a step may,
    /// so it is done between steps.
    pub fn make_room(&mut self) {
        /// More new instances than a step mostly makes.
        const SPARE: usize = 128;
        for table in &mut self.tables {
            table.instances.reserve(SPARE);
            table.index.reserve(SPARE);
        }
    }

    /// Adds an instance that is not there yet, with all slots absent.
    pub fn create(&mut self, entity: u32, key: &[u8]) -> u32 {
        let slots = self.table(entity).kinds.len();
        self.insert(
            entity,
            Instance {
                key: key.into(),
                version: 0,
                slots: vec![Slot::Absent; slots],
            },
        )
    }

    /// Adds an instance as it is.
    pub fn insert(&mut self, entity: u32, instance: Instance) -> u32 {
        let table = &mut self.tables[entity as usize];
        let position = u32::try_from(table.instances.len()).expect("fewer than 2^32 instances");
        let before = table.index.insert(instance.key.clone(), position);
        assert!(before.is_none(), "the instance is there already");
        if let Some(order) = &mut table.order {
            order.insert(instance.key.clone());
        }
        table.instances.push(instance);
        position
    }

    /// Takes back the newest instance of an entity.
    pub fn uncreate(&mut self, entity: u32, position: u32) {
        let table = &mut self.tables[entity as usize];
        assert_eq!(position as usize + 1, table.instances.len());
        let instance = table.instances.pop().expect("not empty");
        table.index.remove(&instance.key);
        if let Some(order) = &mut table.order {
            order.remove(&instance.key);
        }
    }

    fn table(&self, entity: u32) -> &Table {
        let table = self.tables.get(entity as usize);
        table.expect("a module only names entities of its manifest")
    }
}

impl Table {
    pub fn len(&self) -> usize {
        self.instances.len()
    }

    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// The instances in order of their keys.
    pub fn sorted(&self) -> Vec<&Instance> {
        let mut instances: Vec<&Instance> = self.instances.iter().collect();
        instances.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        instances
    }

    /// Whether any instance has that slot present.
    pub fn holds_slot(&self, slot: usize) -> bool {
        self.instances.iter().any(|i| i.slots[slot] != Slot::Absent)
    }
}

impl Instance {
    /// Approximate bytes held, for metrics.
    pub fn byte_len(&self) -> usize {
        self.key.len() + self.slots.iter().map(Slot::byte_len).sum::<usize>()
    }
}

impl Slot {
    /// A slot of that kind that is present and empty; a scalar is never empty.
    pub fn empty(kind: Kind) -> Slot {
        match kind {
            Kind::Map => Slot::Map(BTreeMap::new()),
            Kind::List => Slot::List(Vec::new()),
            Kind::Scalar | Kind::Merged => Slot::Absent,
        }
    }

    /// Whether it holds what its kind says, or nothing.
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Slot::Absent => true,
            Slot::Scalar(_) => kind == Kind::Scalar,
            Slot::Map(_) => kind == Kind::Map,
            Slot::List(_) => kind == Kind::List,
            Slot::Merged(_) => kind == Kind::Merged,
        }
    }

    /// Approximate bytes held.
    pub fn byte_len(&self) -> usize {
        match self {
            Slot::Absent => 0,
            Slot::Scalar(value) => value.len(),
            Slot::Map(entries) => entries.iter().map(|(k, v)| k.len() + v.len()).sum(),
            Slot::List(items) => items.iter().map(Vec::len).sum(),
            Slot::Merged(merged) => merged.value().len(),
        }
    }

    /// What a map has at a key.
    pub fn entry(&self, key: &[u8]) -> Option<&[u8]> {
        match self {
            Slot::Map(entries) => entries.get(key).map(Vec::as_slice),
            _ => None,
        }
    }

    /// What merges; an absent slot becomes one that nothing has happened to first.
    pub fn merged_mut(&mut self, merging: &Merging) -> &mut Merged {
        if *self == Slot::Absent {
            *self = Slot::Merged(Box::new(merging.bottom()));
        }
        match self {
            Slot::Merged(merged) => merged,
            _ => panic!("the slot does not merge"),
        }
    }

    /// The entries; an absent slot becomes an empty map first.
    pub fn map_mut(&mut self) -> &mut BTreeMap<Vec<u8>, Vec<u8>> {
        if *self == Slot::Absent {
            *self = Slot::Map(BTreeMap::new());
        }
        match self {
            Slot::Map(entries) => entries,
            _ => panic!("the slot holds no map"),
        }
    }

    /// The elements; an absent slot becomes an empty list first.
    pub fn list_mut(&mut self) -> &mut Vec<Vec<u8>> {
        if *self == Slot::Absent {
            *self = Slot::List(Vec::new());
        }
        match self {
            Slot::List(items) => items,
            _ => panic!("the slot holds no list"),
        }
    }
}
