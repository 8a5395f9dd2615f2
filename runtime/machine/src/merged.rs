//! A slot that merges: the state of its lattice, and what readers see of it, worked out when somebody asks.

use std::sync::{Arc, OnceLock};

use weir_contract::encode::{DecodeError, encode_into};
use weir_contract::lattice::{Actor, Lattice, Look, Operation, Overflow, State, Undo};
use weir_contract::{Defs, Type};

/// How a slot merges, with the types that are needed to read it.
#[derive(Clone, Debug)]
pub struct Merging {
    pub lattice: Lattice,
    /// Of what readers see.
    pub ty: Type,
    pub defs: Arc<Defs>,
}

/// What a slot holds that merges.
#[derive(Clone, Debug)]
pub struct Merged {
    state: State,
    merging: Merging,
    /// The encoded value of the state, until that changes.
    value: OnceLock<Vec<u8>>,
}

impl PartialEq for Merged {
    fn eq(&self, other: &Merged) -> bool {
        self.state == other.state
    }
}

impl Eq for Merged {}

impl Merging {
    pub fn bottom(&self) -> Merged {
        self.holding(State::bottom(&self.lattice))
    }

    pub fn holding(&self, state: State) -> Merged {
        Merged {
            state,
            merging: self.clone(),
            value: OnceLock::new(),
        }
    }

    /// A state or a delta.
    pub fn decode(&self, bytes: &[u8]) -> Result<State, DecodeError> {
        State::decode(&self.defs, &self.lattice, bytes)
    }

    pub fn encode(&self, state: &State) -> Vec<u8> {
        state.encode(&self.defs, &self.lattice)
    }

    pub fn look(&self, bytes: &[u8]) -> Result<Look, DecodeError> {
        Look::decode(&self.defs, &self.lattice, bytes)
    }

    pub fn operation(&self, bytes: &[u8]) -> Result<Operation, DecodeError> {
        Operation::decode(&self.defs, &self.lattice, bytes)
    }
}

impl Merged {
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What readers see, encoded.
    pub fn value(&self) -> &[u8] {
        self.value.get_or_init(|| {
            let mut out = Vec::new();
            let Merging { ty, defs, .. } = &self.merging;
            encode_into(defs, ty, &self.state.value(), &mut out);
            out
        })
    }

    /// What readers see of a part, encoded, whatever else there is; `None` when a key on the way is not there.
    pub fn look(&self, look: &Look) -> Option<Vec<u8>> {
        look.answer(&self.merging.defs, &self.merging.lattice, &self.state)
    }

    /// The whole state, encoded.
    pub fn encoded(&self) -> Vec<u8> {
        self.merging.encode(&self.state)
    }

    pub fn join(&mut self, merging: &Merging, delta: &State) {
        self.value.take();
        self.state.join(&merging.lattice, delta);
    }

    /// Does an operation; gives its delta, encoded, and how it is taken back. Nothing when it changes nothing.
    pub fn change(
        &mut self,
        by: Actor,
        operation: &Operation,
    ) -> Result<Option<(Vec<u8>, Undo)>, Overflow> {
        let done = self.state.change(&self.merging.lattice, by, operation)?;
        Ok(done.map(|done| {
            self.value.take();
            (self.merging.encode(&done.delta), done.undo)
        }))
    }

    pub fn undo(&mut self, undo: Undo) {
        self.value.take();
        self.state.undo(undo);
    }
}
