//! All that compiler and runtime share: types, values and their encoding, the manifest, and
//! the names and meaning of the calls between a step and its host.

pub mod beside;
pub mod blobs;
pub mod border;
pub mod call;
pub mod crash;
pub mod currency;
pub mod encode;
pub mod formula;
pub mod host_call;
pub mod json;
pub mod keys;
pub mod lattice;
pub mod library;
pub mod limits;
pub mod manifest;
pub mod names;
pub mod near;
pub mod plan;
pub mod pure;
pub mod receipt;
mod route;
pub mod scratch;
pub mod settings;
pub mod slots;
pub mod stream;
pub mod types;
pub mod value;
pub mod view;

pub use blobs::{Blob, BlobHash};
pub use crash::CrashReason;
pub use currency::Currency;
pub use encode::{DecodeError, Reader, decode, encode};
pub use host_call::HostCall;
pub use lattice::Lattice;
pub use manifest::Manifest;
pub use types::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};
pub use value::{Money, Value};
