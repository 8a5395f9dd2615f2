//! What makes code faster without a change of what it means, on a finished module: what is at hand is not computed again, small
//! functions are put where they are called, and values that are made only to be taken apart are not made.
//!
//! Runs behind `split` and `plans`: steps, frames, effects and plans are those of the program as it was written. Functions keep
//! their numbers, also when nobody calls them any more.

pub mod inline;
pub mod known;
mod options;
pub mod repeated;
mod texts;
pub mod versions;

use crate::ir::Module;

pub fn optimize(module: &mut Module) {
    let steady = repeated::steady(module);
    for func in &mut module.funcs {
        repeated::repeated(&module.defs, func, &steady);
        options::options(func);
    }
    inline::inline(module);
    for func in &mut module.funcs {
        repeated::repeated(&module.defs, func, &steady);
        known::known(func);
        texts::join(&module.defs, func);
        crate::simplify::simplify(func);
    }
    for number in 0..module.funcs.len() {
        if let Some(func) = versions::versions(module, &module.funcs[number]) {
            module.funcs[number] = func;
        }
    }
}
