//! Access plans: which instances, fields and entries a function touches, as expressions over its arguments.
//!
//! Made by the compiler, obeyed by a runtime that knows nothing of the language. A plan that is not `complete`
//! may touch more than it lists; one that is complete touches at most what it lists.

use serde::{Deserialize, Serialize};

/// What one call of a function may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whether `touches` lists everything the call may touch.
    pub complete: bool,
    pub touches: Vec<Touch>,
    /// Whether the call may ask what time it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_time: bool,
}

/// One place of the store that a call may read or write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touch {
    pub mode: TouchMode,
    /// Name of the entity.
    pub entity: String,
    /// One expression for each key field of the entity; of the first ones, where `path` is empty.
    pub key: Vec<PlanExpr>,
    /// The state field and the record fields below it, as in [`crate::slots::Slot::path`]. Empty: which instances exist whose
    /// keys begin with `key`; their fields are touches of their own.
    pub path: Vec<String>,
    /// The entry of a map or set, or the index into a list; without it the whole field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<PlanExpr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchMode {
    Read,
    Write,
}

/// A value known before the step runs, or known not to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanExpr {
    /// An argument by parameter name.
    Argument(String),
    /// A key field of the instance the function is called on.
    Key(String),
    /// `caller.id`.
    Caller,
    /// A literal as written in Weir.
    Constant(String),
    /// A field of a record or tuple.
    Member(Box<PlanExpr>, String),
    /// Any element of a list or set, or any key of a map.
    Element(Box<PlanExpr>),
    /// Some value that cannot be told before the step runs.
    Unknown,
}
