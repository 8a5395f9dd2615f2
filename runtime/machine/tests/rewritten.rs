//! Lists that are written whole: the log has what changed, rolled back they are as before, and replayed they are the same.

#[path = "../../contract/tests/random/mod.rs"]
mod random;

use random::Random;
use serde_json::json;
use weir_contract::encode::Reader;
use weir_contract::manifest::Manifest;
use weir_machine::program::empty_state;
use weir_machine::{State, StateAccess, Transaction, ops};

/// `Thing(id: Text)` with two lists.
fn state() -> State {
    let lists = [
        ("first", json!({ "list": "text" })),
        ("second", json!({ "list": "text" })),
    ];
    let fields = lists
        .iter()
        .map(|(name, ty)| json!({ "name": name, "ty": ty, "public": true }));
    let slots = lists
        .iter()
        .map(|(name, ty)| json!({ "path": [name], "kind": ty }));
    let manifest = json!({
        "version": 7, "program": "things", "module_sha256": "00", "defs": [],
        "entities": [{
            "name": "Thing", "keys": [{ "name": "id", "ty": "text" }],
            "fields": fields.collect::<Vec<_>>(), "slots": slots.collect::<Vec<_>>(),
        }],
        "functions": [], "tests": [], "sites": [], "sources": [],
    });
    let manifest = Manifest::from_json(manifest.to_string().as_bytes()).unwrap();
    empty_state(&manifest)
}

const KEY: &[u8] = b"a\0\x01";

/// An element for each letter.
fn element(letter: u8) -> Vec<u8> {
    vec![letter; 20]
}

fn write_whole(step: &mut Transaction, slot: u32, letters: &str) {
    let handle = step.open(0, KEY);
    step.clear(handle, slot);
    for letter in letters.bytes() {
        step.list_push(handle, slot, &element(letter));
    }
}

fn read(state: State) -> (State, Vec<String>) {
    let mut step = Transaction::begin(state);
    let handle = step.open(0, KEY);
    let letters = |slot: u32| {
        let elements = (0..).map_while(|at| step.list_get(handle, slot, at));
        elements.map(|element| element[0] as char).collect()
    };
    let found = (0..2).map(letters).collect();
    (step.abort(), found)
}

/// What the log has of writing `new` where `old` was.
fn told(old: &str, new: &str) -> String {
    let mut step = Transaction::begin(state());
    write_whole(&mut step, 0, old);
    let (state, _) = step.commit();
    let mut step = Transaction::begin(state);
    write_whole(&mut step, 0, new);
    let (_, writes) = step.commit();
    let mut reader = Reader::new(&writes.ops);
    let mut all = Vec::new();
    while let Some(op) = ops::next_op(&mut reader).unwrap() {
        let value = op.value.first().map(|letter| *letter as char);
        all.push(match (op.kind, value) {
            (ops::CLEAR, _) => "clear".into(),
            (ops::LIST_POP, _) => "pop".into(),
            (ops::LIST_REMOVE, _) => format!("remove {}", op.index),
            (ops::LIST_PUSH, Some(value)) => format!("push {value}"),
            (ops::LIST_SET, Some(value)) => format!("set {} {value}", op.index),
            (ops::LIST_INSERT, Some(value)) => format!("insert {} {value}", op.index),
            other => panic!("{other:?}"),
        });
    }
    all.join(", ")
}

#[test]
fn the_log_has_what_changed() {
    assert_eq!(told("abcde", "xabcd"), "pop, insert 0 x");
    assert_eq!(told("abcde", "xyabcde"), "insert 0 x, insert 1 y");
    assert_eq!(told("abcde", "bcdex"), "remove 0, push x");
    assert_eq!(told("abcde", "abcdex"), "push x");
    assert_eq!(told("abcde", "abxde"), "set 2 x");
    assert_eq!(told("abcde", "abde"), "remove 2");
    assert_eq!(told("abcde", "abc"), "pop, pop");
    assert_eq!(told("abcde", "cde"), "remove 0, remove 0");
    assert_eq!(told("aaaa", "aaaaa"), "push a");
    // Nothing changed, but it was written, and that raises its version.
    assert_eq!(told("abc", "abc"), "set 0 a");
}

#[test]
fn a_list_that_has_nothing_to_do_with_the_old_one_is_written_as_it_is() {
    assert_eq!(told("ab", "xy"), "clear, push x, push y");
    assert_eq!(told("ab", ""), "clear");
    assert_eq!(told("", "xy"), "clear, push x, push y");
}

/// Lists of few letters, so that much is the same; whole ones and single changes, with savepoints anywhere in between.
#[test]
fn replayed_it_is_the_same_and_rolled_back_it_is_as_before() {
    for seed in 1..400 {
        let mut random = Random::new(seed);
        let (mut live, mut replayed) = (state(), state());
        let mut known = vec![String::new(), String::new()];
        for _ in 0..8 {
            let before = known.clone();
            let mut step = Transaction::begin(live);
            let mut marks: Vec<(u64, Vec<String>)> = Vec::new();
            for _ in 0..random.next(10) {
                let slot = random.next(2);
                let list = &mut known[slot as usize];
                let letter = b'a' + random.next(3) as u8;
                let handle = step.open(0, KEY);
                match random.next(6) {
                    0 => marks.push((step.savepoint(), known.clone())),
                    1 => {
                        if let Some((mark, then)) = marks.pop() {
                            step.rollback(mark);
                            known = then;
                        }
                    }
                    2 => {
                        step.list_push(handle, slot as u32, &element(letter));
                        list.push(letter as char);
                    }
                    _ => {
                        let from = random.next(list.len() as u64 + 1) as usize;
                        let to = from + random.next((list.len() - from) as u64 + 1) as usize;
                        let letter = letter as char;
                        *list = match random.next(4) {
                            0 => format!("{letter}{}", &list[..to]),
                            1 => format!("{}{letter}{}", &list[..from], &list[to..]),
                            2 => format!("{}{letter}", &list[from..]),
                            _ => format!("{letter}{letter}"),
                        };
                        write_whole(&mut step, slot as u32, list);
                    }
                }
            }
            if random.next(4) == 0 {
                live = step.abort();
                known = before;
            } else {
                let writes;
                (live, writes) = step.commit();
                ops::apply(&mut replayed, &writes).unwrap();
            }
            let (found, again);
            (live, found) = read(live);
            (replayed, again) = read(replayed);
            assert_eq!(found, known, "seed {seed}");
            assert_eq!(again, known, "seed {seed}");
        }
    }
}
