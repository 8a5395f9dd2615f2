//! From the flow IR to a core Wasm module.
//!
//! [`compile`] takes a verified [`ir::Module`] and gives the bytes of a module that imports what
//! `weir_contract::border` lists and exports `weir_step`. It has no error path: the IR was checked before.
//! The same IR gives the same bytes.
//!
//! How it goes: each IR function becomes one Wasm function (`function`, with `control` for the shape of
//! its blocks, `suspend` for where a step ends within one, and `ops`, `arith`, `slots`, `message` for the instructions); each entry gets a wrapper (`entry`); support
//! functions are made when code asks for them (`rt`); `module` puts it together. `layout` says how values
//! lie in memory.

mod arith;
mod asm;
mod bytes;
mod control;
mod data;
mod entry;
mod function;
mod layout;
mod library;
mod lists;
mod merge;
mod message;
mod module;
mod ops;
mod places;
mod release;
mod row;
mod rt;
mod slots;
mod suspend;
mod texts;
mod transaction;
mod walk;

use weir_flow::ir;

/// Compiles a verified module to the bytes of a Wasm module.
///
/// # Panics
/// When the IR breaks one of its rules; `weir_flow::verify` finds that first.
pub fn compile(module: &ir::Module) -> Vec<u8> {
    // Numbered as the manifest numbers them, which knows the program as it was written.
    let host_calls = weir_flow::host_calls::all(module);
    let mut module = module.clone();
    weir_flow::optimize::optimize(&mut module);
    let module = &module;
    let mut g = module::Gen::new(module, host_calls);
    for id in (0..module.funcs.len() as u32).map(ir::FuncId) {
        let asm = function::function(&mut g, id);
        g.define(g.func(id), asm);
    }
    let (params, result) = entry::step_signature();
    let step = g.declare(&params, Some(result), "weir_step".to_owned());
    let asm = entry::step(&mut g);
    g.define(step, asm);
    g.finish(step)
}
