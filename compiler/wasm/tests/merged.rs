//! Looking at a part of what merges costs what the part costs: a step whose memory could never hold the whole gets its answer.

mod world;

use weir_contract::Value;
use weir_engine::Limits;
use world::{World, text};

/// Too little for a set of [`ENTRIES`].
const MEMORY_BYTES: usize = 1 << 20;
const ENTRIES: i64 = 100_000;

fn hall(memory_bytes: usize) -> World {
    let checked = weir_check::checked_text("test.weir", include_str!("merged.weir"));
    let (sources, checked) = checked.unwrap_or_else(|errors| panic!("{errors}"));
    let files = sources.files().map(|(_, f)| f.name.to_string()).collect();
    let module = weir_flow::lower::lower(&checked, files);
    let limits = Limits {
        step: std::time::Duration::from_secs(60),
        memory_bytes,
        ..Limits::default()
    };
    world::world_of(module, limits)
}

#[test]
fn one_key_is_read_in_a_memory_that_could_not_hold_all_of_them() {
    let mut hall = hall(MEMORY_BYTES);
    let mut call = |name: &str, args: &[i64]| {
        let args: Vec<Value> = args.iter().map(|n| Value::Int(*n)).collect();
        hall.call(name, &[text("h")], &args)
    };
    // Changing it does not take the whole into the memory of the step either.
    for from in (0..ENTRIES).step_by(5_000) {
        assert_eq!(call("fill", &[from, from + 5_000]), "()");
    }
    assert_eq!(call("has", &[77_777]), "true");
    assert_eq!(call("contains", &[ENTRIES]), "false");
    assert_eq!(call("count", &[]), "100000");
    assert_eq!(call("vote", &[77_777]), "77777");
    assert_eq!(call("vote", &[ENTRIES]), "0");
    assert_eq!(call("voted", &[99_999]), "true");
    assert_eq!(call("either", &[4]), "-99999");
    assert_eq!(call("rid", &[77_777]), "()");
    assert_eq!(call("has", &[77_777]), "false");
    // The measure is a good one: the whole does not fit.
    let whole = call("sum", &[]);
    assert!(whole.starts_with("bug step_too_large"), "{whole}");
}
