//! The machine held to its promises with random steps: rolling back leaves nothing, replaying gives the same state,
//! snapshots read back, programs change without losing data.

#[path = "../../contract/tests/random/mod.rs"]
mod random;

use random::Random;
use serde_json::json;
use weir_contract::Manifest;
use weir_contract::border::{OUTPUT_OK, StepInput};
use weir_contract::encode::put_bytes;
use weir_machine::program::empty_state;
use weir_machine::{
    Answer, Bug, Call, Crash, Machine, Outcome, ReplayChecker, StateAccess, StepRecord, Steps,
    Transaction,
};

/// Thing(id: Text) with a scalar, a map, a set and a list.
fn manifest() -> Manifest {
    let fields = json!([
        { "name": "n", "ty": "int", "public": true },
        { "name": "m", "ty": { "map": ["text", "int"] }, "public": false },
        { "name": "l", "ty": { "list": "int" }, "public": false },
    ]);
    let slots = json!([
        { "path": ["n"], "kind": { "scalar": "int" } },
        { "path": ["m"], "kind": { "map": ["text", "int"] } },
        { "path": ["l"], "kind": { "list": "int" } },
    ]);
    program(fields, slots)
}

fn program(fields: serde_json::Value, slots: serde_json::Value) -> Manifest {
    let manifest = json!({
        "version": 1, "program": "things", "module_sha256": "00", "defs": [],
        "entities": [{
            "name": "Thing", "keys": [{ "name": "id", "ty": "text" }], "fields": fields, "slots": slots,
            "walked": true,
        }],
        "functions": [{
            "name": "act", "kind": "function", "entry": 0, "public": true, "params": [], "returns": "unit",
            "fails": [], "effect": "write", "access": "anyone", "plan": { "complete": false, "touches": [] },
        }],
        "tests": [], "sites": [], "sources": [],
    });
    Manifest::from_json(manifest.to_string().as_bytes()).unwrap()
}

fn key(n: u64) -> Vec<u8> {
    vec![b'a' + n as u8, 0, 1]
}

fn act(random: &mut Random, on: &mut Transaction) {
    let handle = on.open(0, &key(random.next(12)));
    let (entry, value) = (key(random.next(5)), [random.next(100) as u8 * 2]);
    let index = random.next(6);
    match random.next(11) {
        0 => on.put(handle, 0, &value),
        1 => drop(on.map_put(handle, 1, &entry, &value)),
        2 => drop(on.map_del(handle, 1, &entry)),
        3 => on.clear(handle, 1 + random.next(2) as u32),
        4 => drop(on.list_set(handle, 2, index, &value)),
        5 | 6 => on.list_push(handle, 2, &value),
        7 => drop(on.list_pop(handle, 2)),
        8 => drop(on.list_insert(handle, 2, index, &value)),
        9 => drop(on.list_remove(handle, 2, index)),
        _ => drop(on.touched()),
    }
}

/// Acts at random, with nested savepoints of which some are rolled back.
fn wander(random: &mut Random, on: &mut Transaction, depth: u32) {
    for _ in 0..random.next(8) {
        act(random, on);
        if depth < 3 && random.next(4) == 0 {
            let mark = on.savepoint();
            wander(random, on, depth + 1);
            if random.next(2) == 0 {
                on.rollback(mark);
            }
        }
    }
}

struct Wander {
    random: Random,
}

impl Steps for Wander {
    fn run(
        &mut self,
        _: u32,
        _: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        wander(&mut self.random, &mut on, 0);
        (on, Ok(vec![OUTPUT_OK]))
    }
}

fn call(idempotency: Option<&str>) -> Call {
    Call {
        function: 0,
        caller: "ann".into(),
        roles: vec!["a".into()],
        keys: Vec::new(),
        args: Vec::new(),
        idempotency: idempotency.map(str::to_owned),
        if_match: None,
    }
}

/// What can be seen of a state, in order.
/// The keys as a walk finds them.
fn walk(state: &weir_machine::State, first: &[u8]) -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    while let Some(next) = state.next_key(0, first, keys.last().map(Vec::as_slice)) {
        keys.push(next.to_vec());
    }
    keys
}

fn image(state: &weir_machine::State) -> String {
    let there = state.tables()[0].sorted();
    let keys: Vec<Vec<u8>> = there.iter().map(|i| i.key.to_vec()).collect();
    assert_eq!(walk(state, &[]), keys);
    let rows = state.tables().iter().flat_map(|t| t.sorted());
    rows.map(|i| format!("{:?}\n", (&i.key, i.version, &i.slots)))
        .collect()
}

#[test]
fn rolling_back_leaves_nothing_behind() {
    for seed in 1..300 {
        let mut random = Random::new(seed);
        let mut on = Transaction::begin(empty_state(&manifest()));
        wander(&mut random, &mut on, 0);
        let (state, _) = on.commit();
        let before = image(&state);

        let mut on = Transaction::begin(state);
        wander(&mut random, &mut on, 0);
        let state = on.abort();
        assert_eq!(image(&state), before, "seed {seed}");

        let mut on = Transaction::begin(state);
        let mark = on.savepoint();
        wander(&mut random, &mut on, 0);
        on.rollback(mark);
        let (state, writes) = on.commit();
        assert_eq!(image(&state), before, "seed {seed}");
        assert!(
            writes.is_empty() && writes.instances.is_empty(),
            "seed {seed}"
        );
    }
}

#[test]
fn touched_names_each_instance_written_and_kept_once() {
    let mut on = Transaction::begin(empty_state(&manifest()));
    let a = on.open(0, &key(0));
    let b = on.open(0, &key(1));
    assert_eq!(on.open(0, &key(0)), a);
    on.put(b, 0, &[2]);
    on.put(a, 0, &[2]);
    on.put(b, 0, &[4]);
    assert_eq!(
        [on.touched(), on.touched(), on.touched()],
        [Some((0, b)), Some((0, a)), None]
    );
    let mark = on.savepoint();
    on.put(a, 0, &[6]);
    on.rollback(mark);
    assert_eq!(on.touched(), None);
    on.put(a, 0, &[2]);
    assert_eq!(on.touched(), None, "writing what is there is no write");
}

#[test]
fn a_walk_finds_what_is_written_when_it_gets_there() {
    let mut on = Transaction::begin(empty_state(&manifest()));
    let put = |on: &mut Transaction, key: &[u8]| {
        let handle = on.open(0, key);
        on.put(handle, 0, &[2]);
    };
    for key in ["b1", "a", "b", "c", "b2"] {
        put(&mut on, key.as_bytes());
    }
    // Only opened: not there.
    on.open(0, b"b0");
    assert_eq!(on.next_key(0, b"", None), Some(&b"a"[..]));
    assert_eq!(on.next_key(0, b"b", None), Some(&b"b"[..]));
    assert_eq!(on.next_key(0, b"b", Some(b"b")), Some(&b"b1"[..]));
    let mark = on.savepoint();
    put(&mut on, b"b11");
    assert_eq!(on.next_key(0, b"b", Some(b"b1")), Some(&b"b11"[..]));
    on.rollback(mark);
    assert_eq!(on.next_key(0, b"b", Some(b"b1")), Some(&b"b2"[..]));
    assert_eq!(on.next_key(0, b"b", Some(b"b2")), None);
    assert_eq!(on.next_key(0, b"", Some(b"b2")), Some(&b"c"[..]));
    // Behind one that is no more, and in front of all that begin so.
    assert_eq!(on.next_key(0, b"", Some(b"b11")), Some(&b"b2"[..]));
    assert_eq!(on.next_key(0, b"b", Some(b"a")), Some(&b"b"[..]));
    let (state, _) = on.commit();
    assert_eq!(walk(&state, b"b").len(), 3);
}

#[test]
fn many_handles_are_told_apart() {
    let mut on = Transaction::begin(empty_state(&manifest()));
    let keys: Vec<Vec<u8>> = (0..40).map(|n| vec![n, 0, 1]).collect();
    let handles: Vec<u32> = keys.iter().map(|k| on.open(0, k)).collect();
    for (k, h) in keys.iter().zip(&handles) {
        assert_eq!(on.open(0, k), *h);
        assert_eq!(on.opened(*h), Some((0, k.as_slice())));
    }
}

#[test]
fn replay_and_snapshots_give_the_same_machine() {
    for seed in 1..60 {
        let mut steps = Wander {
            random: Random::new(seed),
        };
        let mut machine = Machine::new();
        let mut replay = ReplayChecker::default();
        let manifest = manifest();
        replay
            .follow(&machine.deploy(&manifest, 1).unwrap().unwrap())
            .unwrap();
        for time in 0..30 {
            let key = format!("k{}", time % 7);
            let idempotency = (time % 3 == 0).then_some(key.as_str());
            let done = machine.call(&mut steps, &manifest, &call(idempotency), time);
            if let Some(record) = done.record {
                replay.follow(&record).unwrap();
            }
            replay
                .compare(&machine)
                .unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        }
        let restored = Machine::restore(&machine.snapshot()).unwrap();
        assert_eq!(image(restored.state()), image(machine.state()));
        assert_eq!(restored.snapshot(), machine.snapshot());
    }
}

#[test]
fn bytes_that_are_no_record_or_snapshot_are_refused_without_panic() {
    let mut steps = Wander {
        random: Random::new(5),
    };
    let manifest = manifest();
    let mut machine = Machine::new();
    machine.deploy(&manifest, 1).unwrap();
    let fresh = machine.clone();
    let record = (0..)
        .find_map(|t| {
            machine
                .call(&mut steps, &manifest, &call(Some("k")), t)
                .record
        })
        .unwrap();
    for cut in 0..record.body.len() {
        let mut bytes = record.body.clone();
        bytes[cut] ^= 0x41;
        // Changed bytes may by chance be another valid record; what they must not do is panic.
        let _ = fresh.clone().apply(record.kind, &bytes);
        let _ = fresh.clone().apply(record.kind, &record.body[..cut]);
    }
    let snapshot = machine.snapshot();
    for cut in 0..snapshot.len() {
        assert!(Machine::restore(&snapshot[..cut]).is_err());
        let mut bytes = snapshot.clone();
        bytes[cut] ^= 0x41;
        let _ = Machine::restore(&bytes);
    }
}

#[test]
fn records_and_snapshots_of_version_1_are_still_read() {
    let manifest = manifest();
    let mut steps = Wander {
        random: Random::new(7),
    };
    let mut machine = Machine::new();
    let program = machine.deploy(&manifest, 1).unwrap().unwrap();
    let done = machine.call(&mut steps, &manifest, &call(Some("k")), 2);
    let body = done.record.unwrap().body;
    let mut writes = Vec::new();
    StepRecord::decode(&body)
        .unwrap()
        .writes
        .encode_into(&mut writes);
    // The count of asks, which is 0, stands before the writes.
    let before = &body[1..body.len() - writes.len() - 1];
    let old = [&[1], before, &writes].concat();
    let mut replayed = Machine::new();
    replayed.apply(program.kind, &program.body).unwrap();
    replayed.apply(weir_machine::record::STEP, &old).unwrap();
    assert_eq!(replayed.snapshot(), machine.snapshot());

    let snapshot = machine.snapshot();
    // What is known of runs, streams, replicas and views when there are none.
    const NOTHING_MORE: usize = 11;
    let old = [&[1], &snapshot[1..snapshot.len() - NOTHING_MORE]].concat();
    assert_eq!(Machine::restore(&old).unwrap().snapshot(), snapshot);
}

#[test]
fn bugs_of_version_2_are_still_read() {
    let step = StepRecord {
        run: 1,
        function: 0,
        time: 2,
        caller: String::new(),
        roles: Vec::new(),
        keys: vec![7],
        args: Vec::new(),
        idempotency: None,
        outcome: Outcome::Bug(Bug {
            at: "bank.weir:1:2".to_owned(),
            function: String::new(),
            reason: "overflow".to_owned(),
            callers: Vec::new(),
        }),
        asks: Vec::new(),
        writes: Default::default(),
    };
    let body = step.to_record().body;
    assert_eq!(StepRecord::decode(&body).unwrap(), step);
    // An empty function and no callers stand behind the reason since.
    let reason = body.windows(8).position(|w| w == b"overflow").unwrap() + 8;
    assert_eq!(body[reason..reason + 2], [0, 0]);
    let old = [&[2], &body[1..reason], &body[reason + 2..]].concat();
    assert_eq!(StepRecord::decode(&old).unwrap(), step);
}

#[test]
fn answers_are_kept_for_a_day_of_record_time() {
    const HOUR: i64 = 3_600_000_000;
    let manifest = manifest();
    let mut steps = Wander {
        random: Random::new(9),
    };
    let mut machine = Machine::new();
    machine.deploy(&manifest, 0).unwrap();
    let first = machine.call(&mut steps, &manifest, &call(Some("k")), HOUR);
    assert!(
        first.record.is_some(),
        "an answer with a key is a record even when it wrote nothing"
    );
    let again = machine.call(&mut steps, &manifest, &call(Some("k")), 24 * HOUR);
    assert!(again.record.is_none());
    assert_eq!(again.run, first.run);
    let mut other = call(Some("k"));
    other.args = vec![1];
    assert_eq!(
        machine
            .call(&mut steps, &manifest, &other, 24 * HOUR)
            .answer,
        Answer::KeyReused
    );
    let late = machine.call(&mut steps, &manifest, &call(Some("k")), 26 * HOUR);
    assert!(late.run > first.run);
}

#[test]
fn answers_are_kept_as_long_as_the_program_says() {
    const HOUR: i64 = 3_600_000_000;
    let week = Manifest {
        retention: weir_contract::settings::Retention {
            answers_s: Some(7 * 86_400),
            ..Default::default()
        },
        ..manifest()
    };
    let mut steps = Wander {
        random: Random::new(9),
    };
    let mut machine = Machine::new();
    let mut replay = ReplayChecker::default();
    replay
        .follow(&machine.deploy(&week, 0).unwrap().unwrap())
        .unwrap();
    let first = machine.call(&mut steps, &week, &call(Some("k")), HOUR);
    replay.follow(&first.record.unwrap()).unwrap();
    let mut other = call(Some("l"));
    other.args = vec![1];
    let other = machine.call(&mut steps, &week, &other, 100 * HOUR);
    replay.follow(&other.record.unwrap()).unwrap();
    replay.compare(&machine).unwrap();
    // A snapshot keeps them as well.
    let mut restored = Machine::restore(&machine.snapshot()).unwrap();
    for machine in [&mut machine, &mut restored] {
        let again = machine.call(&mut steps, &week, &call(Some("k")), 160 * HOUR);
        assert_eq!((again.run, again.record.is_none()), (first.run, true));
    }
    // A program that keeps them for a day has forgotten it.
    machine.deploy(&manifest(), 160 * HOUR).unwrap().unwrap();
    let late = machine.call(&mut steps, &manifest(), &call(Some("k")), 160 * HOUR);
    assert!(late.run > first.run);
}

struct Fill;

impl Steps for Fill {
    fn run(
        &mut self,
        _: u32,
        _: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        let handle = on.open(0, &key(0));
        on.put(handle, 0, &[10]);
        let mut text = Vec::new();
        put_bytes(&mut text, b"x");
        on.list_push(handle, 2, &[4]);
        (on, Ok(vec![OUTPUT_OK]))
    }
}

#[test]
fn a_new_program_keeps_state_by_name_or_is_refused() {
    let old = manifest();
    let mut machine = Machine::new();
    let mut replay = ReplayChecker::default();
    replay
        .follow(&machine.deploy(&old, 1).unwrap().unwrap())
        .unwrap();
    assert_eq!(
        machine.deploy(&old, 2).unwrap(),
        None,
        "the same program again is no record"
    );
    replay
        .follow(
            &machine
                .call(&mut Fill, &old, &call(Some("k")), 3)
                .record
                .unwrap(),
        )
        .unwrap();

    // Slots moved, one was added, the unused map is gone.
    let moved = program(
        json!([
            { "name": "l", "ty": { "list": "int" }, "public": false },
            { "name": "extra", "ty": "text", "public": false },
            { "name": "n", "ty": "int", "public": true },
        ]),
        json!([
            { "path": ["l"], "kind": { "list": "int" } },
            { "path": ["extra"], "kind": { "scalar": "text" } },
            { "path": ["n"], "kind": { "scalar": "int" } },
        ]),
    );
    replay
        .follow(&machine.deploy(&moved, 4).unwrap().unwrap())
        .unwrap();
    replay.compare(&machine).unwrap();
    let shown = machine.instance_json(0, &key(0)).unwrap().unwrap();
    assert_eq!(shown["state"], json!({ "l": [2], "n": 5 }));
    let again = machine.call(&mut Fill, &moved, &call(Some("k")), 5);
    assert!(
        matches!(again.answer, Answer::Again(_)),
        "answers outlive their program"
    );

    let before = machine.snapshot();
    let other = program(
        json!([{ "name": "n", "ty": "text", "public": true }]),
        json!([{ "path": ["n"], "kind": { "scalar": "text" } }]),
    );
    let refused = machine.deploy(&other, 6).unwrap_err();
    assert_eq!(
        refused.0,
        [
            "Thing.l is gone, but holds values",
            "Thing.n is of another type, but holds values"
        ]
    );
    assert_eq!(machine.snapshot(), before);
}

/// Written by the runtime that wrote version 5: a stream with an entry that came too late, and a view of windows over it.
#[test]
fn a_snapshot_of_version_5_is_still_read() {
    let machine = Machine::restore(include_bytes!("written/snapshot_5")).unwrap();
    let streams = machine.streams_json();
    assert_eq!(streams[0]["kept"], 4);
    let views = machine.views_json();
    assert_eq!(views[0]["view"], "minutes");
    assert_eq!(views[0]["late"], 1, "{views:?}");
    let now = machine.snapshot();
    assert_eq!(now[0], weir_machine::snapshot::SNAPSHOT_VERSION);
    assert_eq!(Machine::restore(&now).unwrap().snapshot(), now);
}
