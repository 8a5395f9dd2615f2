//! The one door through which a running step reaches state.
//!
//! The engine calls it while a step runs; the machine implements it on the real state with an undo
//! journal. Nothing here fails: what is not there is absent, and whether the step is kept at all
//! is decided after it ended.
//!
//! Rules for an implementation:
//! - entities and slots are numbered as in the manifest; a slot holds what its kind says (a scalar,
//!   a list, or a map; a set is a map with empty values) and a module never mixes them;
//! - a slot is *present* once anything was written to it, until that write is rolled back;
//! - operations on parts of an absent list or map find it empty;
//! - handles count from 0 within a step and stay valid until it ends.

/// State as one step sees it. Values are in the value encoding, keys in the key encoding.
pub trait StateAccess {
    /// The instance with that key. Touches nothing: an instance exists once a slot is written.
    fn open(&mut self, entity: u32, key: &[u8]) -> u32;
    /// The entity and key the handle was opened with; `None` when no `open` gave it.
    fn opened(&self, handle: u32) -> Option<(u32, &[u8])>;

    /// Whether the manifest says that an entity is walked.
    fn is_walked(&self, entity: u32) -> bool;
    /// The least key of an instance of a walked entity that exists, begins with these bytes and is greater than `after`.
    /// An instance exists from the first write to one of its slots, unless that is rolled back.
    fn next_key(&self, entity: u32, first: &[u8], after: Option<&[u8]>) -> Option<&[u8]>;

    /// A scalar slot.
    fn get(&self, handle: u32, slot: u32) -> Option<&[u8]>;
    fn put(&mut self, handle: u32, slot: u32, value: &[u8]);

    /// Whether the slot was ever written.
    fn present(&self, handle: u32, slot: u32) -> bool;
    /// A list, map or set slot becomes present and empty.
    fn clear(&mut self, handle: u32, slot: u32);
    /// Elements of a list or entries of a map.
    fn slot_len(&self, handle: u32, slot: u32) -> u64;

    fn map_get(&self, handle: u32, slot: u32, key: &[u8]) -> Option<&[u8]>;
    /// True when the key was not there before.
    fn map_put(&mut self, handle: u32, slot: u32, key: &[u8], value: &[u8]) -> bool;
    /// True when the key was there.
    fn map_del(&mut self, handle: u32, slot: u32, key: &[u8]) -> bool;
    fn map_has(&self, handle: u32, slot: u32, key: &[u8]) -> bool;
    /// Appends key and value of each entry, in key order; gives the number of entries.
    fn map_all(&self, handle: u32, slot: u32, out: &mut Vec<u8>) -> u32;

    fn list_get(&self, handle: u32, slot: u32, index: u64) -> Option<&[u8]>;
    /// False when there is no such index.
    fn list_set(&mut self, handle: u32, slot: u32, index: u64, value: &[u8]) -> bool;
    fn list_push(&mut self, handle: u32, slot: u32, value: &[u8]);
    /// Drops the last element; false when there is none.
    fn list_pop(&mut self, handle: u32, slot: u32) -> bool;
    /// Before that index, which may be the length; false when it is beyond.
    fn list_insert(&mut self, handle: u32, slot: u32, index: u64, value: &[u8]) -> bool;
    /// False when there is no such index.
    fn list_remove(&mut self, handle: u32, slot: u32, index: u64) -> bool;
    /// Appends the elements `from .. to` clamped to the list; gives their number.
    fn list_range(&self, handle: u32, slot: u32, from: u64, to: u64, out: &mut Vec<u8>) -> u32;

    /// A mark in the undo journal.
    fn savepoint(&mut self) -> u64;
    /// Undoes each write since the mark, which stays valid.
    fn rollback(&mut self, mark: u64);
    /// Entity and handle of the next instance written since this last answered `None` (or since the step
    /// began), each once and in the order of first writing. `None` ends the round.
    fn touched(&mut self) -> Option<(u32, u32)>;
}
