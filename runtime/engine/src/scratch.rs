//! Temporary data made on the spot, in an instance of its own, where nobody makes it beside the machine: in tests.

use weir_contract::{HostCall, Reader};
use weir_machine::scratch::make;

use crate::host::Host;
use crate::runner::Runner;

/// Makes what a host call has not found, where the store wants that; whether it did.
pub fn make_here(host: &mut Host, number: u32, args: &[u8]) -> bool {
    let Some((program, given)) = host.state().lent() else {
        return false;
    };
    let store = given.scratches.0.clone();
    if !store.is_here() {
        return false;
    }
    let made_from = match program.host_calls.get(number as usize) {
        Some(HostCall::ScratchPart(of, _)) => {
            let mut reader = Reader::new(args);
            match reader.value(&program.defs, of) {
                Ok(_) => &args[..reader.position()],
                Err(_) => return false,
            }
        }
        _ => args,
    };
    let Ok(mut runner) = Runner::new(&host.program.for_tasks()) else {
        return false;
    };
    let made = make(&mut runner, &program, &given, made_from);
    store.put(made_from, made);
    true
}
