//! The middle of the compiler: the flow IR with its text form and verifier, lowering from the checked
//! program, and what is worked out about a program on the way.

pub mod call_graph;
pub mod dataflow;
pub mod facts;
pub mod host_calls;
pub mod ir;
pub mod liveness;
pub mod loops;
pub mod lower;
pub mod optimize;
pub mod ownership;
pub mod plans;
pub mod receipts;
pub mod release;
pub mod savepoints;
pub mod simplify;
pub mod split;
pub mod text;
pub mod verify;
