//! State that merges, in the machine: rolled back it is as before, replayed and restored it is the same, replicas agree, and programs
//! take it over.

#[path = "../../contract/tests/random/mod.rs"]
mod random;

use random::Random;
use serde_json::json;
use weir_contract::border::{OUTPUT_OK, StepInput};
use weir_contract::encode::{decode, encode_into, put_int};
use weir_contract::{Manifest, Type, Value};
use weir_machine::program::empty_state;
use weir_machine::transaction::NotMerged;
use weir_machine::{
    Call, Crash, Machine, ReplayChecker, State, StateAccess, Steps, Transaction, ops,
};

/// `Thing(id: Text)` with fields by name, type and how they merge.
fn program(fields: &[(&str, serde_json::Value, serde_json::Value)]) -> Manifest {
    let merging = |value: &serde_json::Value, mut of: serde_json::Value| {
        if !value.is_null() {
            of["merge"] = value.clone();
        }
        of
    };
    let declared = fields
        .iter()
        .map(|(name, ty, merge)| merging(merge, json!({ "name": name, "ty": ty, "public": true })));
    let slots = fields.iter().map(|(name, ty, merge)| {
        merging(merge, json!({ "path": [name], "kind": { "scalar": ty } }))
    });
    let manifest = json!({
        "version": 7, "program": "things", "module_sha256": "00", "defs": [],
        "entities": [{
            "name": "Thing", "keys": [{ "name": "id", "ty": "text" }],
            "fields": declared.collect::<Vec<_>>(), "slots": slots.collect::<Vec<_>>(),
        }],
        "functions": [{
            "name": "act", "kind": "function", "entry": 0, "public": true, "params": [], "returns": "unit",
            "fails": [], "effect": "write", "access": "anyone", "plan": { "complete": false, "touches": [] },
        }],
        "tests": [], "sites": [], "sources": [],
    });
    Manifest::from_json(manifest.to_string().as_bytes()).unwrap()
}

fn manifest() -> Manifest {
    program(&[
        ("count", json!("int"), json!("counter")),
        ("set", json!({ "set": "int" }), json!({ "add_set": "int" })),
        (
            "map",
            json!({ "map": ["int", { "option": "int" }] }),
            json!({ "merge_map": ["int", { "latest": "int" }] }),
        ),
    ])
}

/// An operation on one of the slots of [`manifest`].
fn operation(random: &mut Random) -> (u32, Vec<u8>) {
    let slot = random.next(3) as u32;
    let mut bytes = Vec::new();
    match slot {
        0 => bytes.push(0),
        1 => bytes.push(random.next(2) as u8),
        _ => {
            put_int(&mut bytes, random.next(3) as i64);
            bytes.push(4);
        }
    }
    put_int(&mut bytes, random.next(4) as i64);
    (slot, bytes)
}

fn values(state: State, keys: &[&[u8]]) -> (State, Vec<Option<Vec<u8>>>) {
    let mut look = Transaction::begin(state);
    let mut found = Vec::new();
    for key in keys {
        for replica in 0..2 {
            let handle = look.open_replica(0, key, replica).unwrap();
            found.extend((0..3).map(|slot| look.get(handle, slot).map(<[u8]>::to_vec)));
        }
    }
    (look.abort(), found)
}

#[test]
fn what_is_rolled_back_leaves_nothing_and_what_is_replayed_is_the_same() {
    let keys: [&[u8]; 2] = [b"a\0\x01", b"b\0\x01"];
    for seed in 1..200 {
        let mut random = Random::new(seed);
        let (mut state, mut replayed) = (empty_state(&manifest()), empty_state(&manifest()));
        for _ in 0..8 {
            let mut step = Transaction::begin(state);
            let mut marks = Vec::new();
            for _ in 0..random.next(12) {
                match random.next(6) {
                    0 => marks.push((step.savepoint(), step.writes_len())),
                    1 => {
                        if let Some((mark, len)) = marks.pop() {
                            step.rollback(mark);
                            assert_eq!(step.writes_len(), len);
                        }
                    }
                    2 => {
                        let key = keys[random.next(2) as usize];
                        let own = step.open_replica(0, key, 0).unwrap();
                        let other = step.open_replica(0, key, 1).unwrap();
                        step.merge_sync(own, other).unwrap();
                    }
                    _ => {
                        let key = keys[random.next(2) as usize];
                        let handle = step.open_replica(0, key, random.next(2)).unwrap();
                        let (slot, operation) = operation(&mut random);
                        step.merge_do(handle, slot, &operation).unwrap();
                    }
                }
            }
            let writes;
            (state, writes) = step.commit();
            ops::apply(&mut replayed, &writes).unwrap();
            // Aborted, nothing has happened.
            let before;
            (state, before) = values(state, &keys);
            let mut step = Transaction::begin(state);
            for _ in 0..6 {
                let handle = step.open_replica(0, keys[random.next(2) as usize], random.next(2));
                let (slot, operation) = operation(&mut random);
                step.merge_do(handle.unwrap(), slot, &operation).unwrap();
            }
            state = step.abort();
            let after;
            (state, after) = values(state, &keys);
            assert_eq!(before, after, "seed {seed}");
            let again;
            (replayed, again) = values(replayed, &keys);
            assert_eq!(before, again, "seed {seed}");
        }
    }
}

#[test]
fn what_no_program_does_is_refused() {
    let mut step = Transaction::begin(empty_state(&manifest()));
    let handle = step.open(0, b"a\0\x01");
    for operation in [&[][..], &[9, 2], &[2, 2], &[0], &[0, 2, 2]] {
        let refused = step.merge_do(handle, 0, operation);
        assert!(
            matches!(refused, Err(NotMerged::Misused(_))),
            "{operation:?}"
        );
    }
    assert!(step.open_replica(0, b"a\0\x01", 1 << 40).is_err());
    let other = step.open(0, b"b\0\x01");
    assert!(step.merge_sync(handle, other).is_err());
    assert_eq!(step.writes_len(), 0);
}

/// Adds 5 to what merges, or puts 5 where nothing does.
struct Five;

impl Steps for Five {
    fn run(
        &mut self,
        _: u32,
        _: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        let handle = on.open(0, b"a\0\x01");
        if on.merge_do(handle, 0, &[0, 10]).is_err() {
            on.put(handle, 0, &[10]);
        }
        (on, Ok(vec![OUTPUT_OK]))
    }
}

fn call() -> Call {
    Call {
        function: 0,
        caller: "ann".into(),
        roles: Vec::new(),
        keys: Vec::new(),
        args: Vec::new(),
        idempotency: None,
        if_match: None,
    }
}

fn shown(machine: &Machine) -> serde_json::Value {
    machine.instance_json(0, b"a\0\x01").unwrap().unwrap()["state"].clone()
}

#[test]
fn a_number_becomes_a_counter_and_nothing_else_changes_sides() {
    let none = serde_json::Value::Null;
    let plain = program(&[("n", json!("int"), none.clone())]);
    let counter = program(&[("n", json!("int"), json!("counter"))]);
    let most = program(&[("n", json!({ "option": "int" }), json!({ "max_of": "int" }))]);
    let mut machine = Machine::new();
    let mut replay = ReplayChecker::default();
    replay
        .follow(&machine.deploy(&plain, 1).unwrap().unwrap())
        .unwrap();
    let done = machine.call(&mut Five, &plain, &call(), 2);
    replay.follow(&done.record.unwrap()).unwrap();
    assert_eq!(shown(&machine), json!({ "n": 5 }));

    let refused = machine.deploy(&most, 3).unwrap_err();
    assert!(
        refused.0[0].starts_with("Thing.n was `state` and is `merge` now"),
        "{refused:?}"
    );
    replay
        .follow(&machine.deploy(&counter, 4).unwrap().unwrap())
        .unwrap();
    assert_eq!(shown(&machine), json!({ "n": 5 }));
    for time in 5..8 {
        let done = machine.call(&mut Five, &counter, &call(), time);
        replay.follow(&done.record.unwrap()).unwrap();
    }
    assert_eq!(shown(&machine), json!({ "n": 20 }));
    replay.compare(&machine).unwrap();
    let restored = Machine::restore(&machine.snapshot()).unwrap();
    assert_eq!(restored.snapshot(), machine.snapshot());
    assert_eq!(shown(&restored), json!({ "n": 20 }));

    let refused = machine.deploy(&plain, 9).unwrap_err();
    assert!(
        refused.0[0].starts_with("Thing.n was `merge` and is `state` now"),
        "{refused:?}"
    );
    let refused = machine.deploy(&most, 9).unwrap_err();
    assert_eq!(refused.0, ["Thing.n is of another type, but holds values"]);
}

/// A counter that everybody adds to: each record is as small as the first ones, and holds nothing but the delta.
#[test]
fn a_hot_counter_writes_deltas_only() {
    let counter = program(&[("n", json!("int"), json!("counter"))]);
    let mut machine = Machine::new();
    machine.deploy(&counter, 1).unwrap().unwrap();
    let mut lens = Vec::new();
    for time in 2..10_002 {
        let done = machine.call(&mut Five, &counter, &call(), time);
        let record = done.record.unwrap();
        lens.push(record.body.len());
    }
    assert_eq!(shown(&machine), json!({ "n": 50_000 }));
    let (first, last) = (lens[0], *lens.last().unwrap());
    assert!(last <= first + 12, "{first} bytes, and then {last}");
}

/// A look as a module asks it: the set's element, or the map's key.
fn look(ask: u8, n: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    match ask {
        // What is at a key.
        1 => {
            bytes.push(1);
            put_int(&mut bytes, n);
            bytes.push(2);
        }
        // How many.
        3 => bytes.push(3),
        ask => {
            bytes.push(ask);
            put_int(&mut bytes, n);
        }
    }
    bytes
}

#[test]
fn a_look_at_a_part_says_what_the_whole_says() {
    let manifest = manifest();
    let set_type = Type::Set(Box::new(Type::Int));
    let seen = Type::Option(Box::new(Type::Int));
    let map_type = Type::Map(Box::new(Type::Int), Box::new(seen.clone()));
    let key: &[u8] = b"a\0\x01";
    for seed in 1..100 {
        let mut random = Random::new(seed);
        let mut step = Transaction::begin(empty_state(&manifest));
        let handle = step.open(0, key);
        for _ in 0..20 {
            let (slot, operation) = operation(&mut random);
            step.merge_do(handle, slot, &operation).unwrap();
            let whole = |step: &Transaction, slot, ty| match step.get(handle, slot) {
                Some(bytes) => decode(&manifest.defs, ty, bytes).unwrap(),
                None if slot == 1 => Value::Set(Default::default()),
                None => Value::Map(Default::default()),
            };
            let (Value::Set(set), Value::Map(map)) =
                (whole(&step, 1, &set_type), whole(&step, 2, &map_type))
            else {
                panic!("a set and a map");
            };
            let mut ask = |slot, bytes: &[u8]| step.merge_look(handle, slot, bytes).unwrap();
            let int = |n: usize| {
                let mut bytes = Vec::new();
                put_int(&mut bytes, n as i64);
                Some(bytes)
            };
            assert_eq!(ask(1, &look(3, 0)), int(set.len()));
            assert_eq!(ask(2, &look(3, 0)), int(map.len()));
            for n in 0..4 {
                let has = |has: bool| Some(vec![u8::from(has)]);
                assert_eq!(ask(1, &look(4, n)), has(set.contains(&Value::Int(n))));
                assert_eq!(ask(2, &look(4, n)), has(map.contains_key(&Value::Int(n))));
                let at = map.get(&Value::Int(n)).map(|value| {
                    let mut bytes = Vec::new();
                    encode_into(&manifest.defs, &seen, value, &mut bytes);
                    bytes
                });
                assert_eq!(ask(2, &look(1, n)), at);
            }
        }
        for (slot, wrong) in [
            (0, look(4, 1)),
            (0, look(3, 0)),
            (1, look(1, 1)),
            (1, vec![]),
        ] {
            assert!(step.merge_look(handle, slot, &wrong).is_err(), "{wrong:?}");
        }
        assert!(step.merge_look(handle, 1, &[4, 2, 0]).is_err());
    }
}

/// Time is measured, so the limit is generous: making a value of the whole would take a thousand times as long.
#[test]
fn a_look_takes_no_longer_where_there_is_more() {
    let filled = |entries: i64| {
        let mut step = Transaction::begin(empty_state(&manifest()));
        let handle = step.open(0, b"a\0\x01");
        for n in 0..entries {
            let mut add = vec![0];
            put_int(&mut add, n);
            step.merge_do(handle, 1, &add).unwrap();
            let mut set = Vec::new();
            put_int(&mut set, n);
            set.push(4);
            put_int(&mut set, n);
            step.merge_do(handle, 2, &set).unwrap();
        }
        (step, handle)
    };
    let quickest = |(mut step, handle): (Transaction, u32)| {
        let mut round = || {
            let begun = std::time::Instant::now();
            for n in 0..100 {
                let mut change = vec![0];
                put_int(&mut change, n);
                step.merge_do(handle, 1, &change).unwrap();
                step.merge_look(handle, 1, &look(4, n)).unwrap();
                step.merge_look(handle, 1, &look(3, n)).unwrap();
                step.merge_look(handle, 2, &look(1, n)).unwrap();
            }
            begun.elapsed()
        };
        (0..10).map(|_| round()).min().unwrap()
    };
    let (few, many) = (quickest(filled(100)), quickest(filled(100_000)));
    assert!(
        many < few * 40,
        "{few:?} with 100, and {many:?} with 100,000"
    );
}
