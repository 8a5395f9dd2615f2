//! Access plans.

use weir_contract::plan::Touch;

use crate::ir::Module;

pub fn fill(_module: &mut Module) {}

pub fn show(touch: &Touch) -> String {
    format!("{touch:?}")
}
