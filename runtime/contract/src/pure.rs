//! Who computes the `@pure` functions of a program: the components that the border's `pure` reaches.
//!
//! Engine and components meet only here, so that the component model stays out of the engine.

use crate::CrashReason;

/// The components of a program, as a step sees them.
pub trait Pure: Send + Sync {
    /// Computes an extern function by its number in the manifest, with arguments as `border` has them; gives its value,
    /// as a `Result` when it can fail. The same arguments always give the same.
    fn call(&self, function: u32, args: &[u8]) -> Result<Vec<u8>, Stopped>;
}

/// Why a component gave no value: a bug of it, or of the program that called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub reason: CrashReason,
    /// Names the function and its component.
    pub detail: String,
}

/// A program without components. Its steps call none.
pub struct NoComponents;

impl Pure for NoComponents {
    fn call(&self, function: u32, _: &[u8]) -> Result<Vec<u8>, Stopped> {
        Err(Stopped {
            reason: CrashReason::ComponentFailed,
            detail: format!("nobody was given the component of extern {function}"),
        })
    }
}
