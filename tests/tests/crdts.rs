//! State that merges, held to another implementation of the same kinds: what three replicas see that change and hear of each other.

use crdts::{CmRDT, CvRDT, GSet, Orswot, PNCounter};
use weir_contract::lattice::{Actor, Change, Lattice, Operation, State};
use weir_contract::{Type, Value};
use weir_tests::random::Random;

fn operation(change: Change, value: i64) -> Operation {
    Operation {
        path: Vec::new(),
        change,
        value: Some(Value::Int(value)),
    }
}

/// Runs the same random changes and exchanges on both, and compares what each replica sees after each.
fn compare<T: Clone>(
    lattice: &Lattice,
    new: impl Fn() -> T,
    changes: &[Change],
    apply: impl Fn(&mut T, u8, Change, i64),
    merge: impl Fn(&mut T, T),
    seen: impl Fn(&T) -> Value,
) {
    for seed in 1..400 {
        let mut chance = Random::new(seed);
        let mut ours = vec![State::bottom(lattice); 3];
        let mut theirs = vec![new(); 3];
        for step in 0..25 {
            let at = chance.below(3) as usize;
            if chance.below(3) == 0 {
                let from = chance.below(3) as usize;
                let (other, their_other) = (ours[from].clone(), theirs[from].clone());
                ours[at].join(lattice, &other);
                merge(&mut theirs[at], their_other);
            } else {
                let change = changes[chance.below(changes.len() as u64) as usize];
                let value = chance.below(4) as i64 - 1;
                let by = Actor {
                    replica: at as u64,
                    time: step,
                };
                let done = ours[at].change(lattice, by, &operation(change, value));
                done.expect("small numbers");
                apply(&mut theirs[at], at as u8, change, value);
            }
            assert_eq!(
                ours[at].value(),
                seen(&theirs[at]),
                "seed {seed}, step {step}"
            );
        }
    }
}

#[test]
fn counters_agree() {
    compare(
        &Lattice::Counter,
        PNCounter::<u8>::new,
        &[Change::Add],
        |counter, actor, _, value| {
            let op = match value {
                0.. => counter.inc_many(actor, value.unsigned_abs()),
                _ => counter.dec_many(actor, value.unsigned_abs()),
            };
            counter.apply(op);
        },
        |counter, other| counter.merge(other),
        |counter| Value::Int(counter.read().to_string().parse().expect("a number")),
    );
}

#[test]
fn sets_that_grow_agree() {
    compare(
        &Lattice::GrowSet(Type::Int),
        GSet::<i64>::new,
        &[Change::Add],
        |set, _, _, value| set.insert(value),
        |set, other| set.merge(other),
        |set| Value::Set(set.read().into_iter().map(Value::Int).collect()),
    );
}

#[test]
fn sets_that_are_taken_from_agree() {
    compare(
        &Lattice::AddSet(Type::Int),
        Orswot::<i64, u8>::new,
        &[Change::Add, Change::Remove],
        |set, actor, change, value| {
            let op = match change {
                Change::Add => {
                    let context = set.read_ctx().derive_add_ctx(actor);
                    set.add(value, context)
                }
                _ => {
                    let context = set.contains(&value).derive_rm_ctx();
                    set.rm(value, context)
                }
            };
            set.apply(op);
        },
        |set, other| set.merge(other),
        |set| Value::Set(set.read().val.into_iter().map(Value::Int).collect()),
    );
}
