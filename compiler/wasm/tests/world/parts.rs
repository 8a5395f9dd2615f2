//! Parts of a module that the text form of the IR does not have.

use weir_contract::Type;
use weir_contract::manifest::{Param, Promise};
use weir_flow::ir::{Access, EntryParam, Event, Extern};

/// A function of the outside world.
pub fn outside(name: &str, params: &[(&str, Type)]) -> Extern {
    let param = |(name, ty): &(&str, Type)| Param {
        name: (*name).into(),
        ty: ty.clone(),
        has_default: false,
    };
    Extern {
        module: "bank".into(),
        name: name.into(),
        source: "http:bank".into(),
        params: params.iter().map(param).collect(),
        returns: Type::Unit,
        fails: vec![],
        promise: Promise::Idempotent,
        retry: None,
        timeout_us: None,
    }
}

/// An event of a workflow.
pub fn event(name: &str, params: &[(&str, Type)]) -> Event {
    let param = |(name, ty): &(&str, Type)| EntryParam {
        name: (*name).into(),
        ty: ty.clone(),
        defaulted: false,
    };
    Event {
        name: name.into(),
        params: params.iter().map(param).collect(),
        public: true,
        access: Access::Anyone,
        guard: None,
        doc: None,
    }
}
