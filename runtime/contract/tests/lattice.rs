//! The laws of state that merges, and that bytes, deltas and taking back keep to them: with what a seed makes up, and for few
//! changes of three replicas in all orders and with all doublings.

mod random;

use random::Random;
use weir_contract::lattice::{Actor, Change, Lattice, Operation, Part, PathPart, State};
use weir_contract::{Currency, Defs, Money, Type, Value};

/// One of each kind, and nested ones.
fn lattices() -> Vec<Lattice> {
    let part = |name: &str, lattice| Part {
        name: name.to_owned(),
        lattice,
    };
    let record = Lattice::Record(vec![
        part("cursor", Lattice::Latest(Type::Text)),
        part("seen", Lattice::MaxOf(Type::Int)),
        part("tags", Lattice::AddSet(Type::Int)),
    ]);
    let map = |of: Lattice| Lattice::MergeMap(Type::Int, Box::new(of));
    vec![
        Lattice::Counter,
        Lattice::MoneySum,
        Lattice::Average,
        Lattice::MaxOf(Type::Int),
        Lattice::MinOf(Type::Text),
        Lattice::Flag,
        Lattice::Latest(Type::Int),
        Lattice::GrowSet(Type::Int),
        Lattice::AddSet(Type::Int),
        map(Lattice::Counter),
        map(Lattice::AddSet(Type::Int)),
        map(map(Lattice::Latest(Type::Int))),
        record.clone(),
        map(record),
    ]
}

impl Random {
    /// Few, so that changes meet.
    fn value(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Int => Value::Int(self.next(3) as i64 - 1),
            Type::Decimal => Value::Decimal(self.next(5) as i128 * 500_000_000),
            Type::Text => Value::Text(["a", "b", "c"][self.next(3) as usize].to_owned()),
            Type::Money => Value::Money(Money {
                currency: Currency::of(["EUR", "USD"][self.next(2) as usize]).unwrap(),
                amount: self.next(5) as i128 - 2,
            }),
            other => panic!("no {other:?} here"),
        }
    }

    fn operation(&mut self, lattice: &Lattice) -> Operation {
        let (mut at, mut path) = (lattice, Vec::new());
        loop {
            match at {
                Lattice::Record(parts) => {
                    let part = self.next(parts.len() as u64) as usize;
                    path.push(PathPart::Part(part));
                    at = &parts[part].lattice;
                }
                Lattice::MergeMap(key, of) => {
                    path.push(PathPart::Key(self.value(key)));
                    at = of;
                }
                leaf => {
                    let mut changes = Change::ALL.to_vec();
                    changes.retain(|change| leaf.takes(*change).is_some());
                    let change = changes[self.next(changes.len() as u64) as usize];
                    let ty = leaf.takes(change).unwrap();
                    return Operation {
                        path,
                        change,
                        value: ty.map(|ty| self.value(&ty)),
                    };
                }
            }
        }
    }
}

fn joined(lattice: &Lattice, a: &State, b: &State) -> State {
    let mut both = a.clone();
    both.join(lattice, b);
    both
}

/// Three replicas that change and sometimes hear of each other; gives them and all deltas.
fn lived(lattice: &Lattice, chance: &mut Random, changes: usize) -> (Vec<State>, Vec<State>) {
    let mut replicas = vec![State::bottom(lattice); 3];
    let mut deltas = Vec::new();
    for _ in 0..changes {
        let replica = chance.next(3) as usize;
        if chance.next(4) == 0 {
            let from = replicas[chance.next(3) as usize].clone();
            replicas[replica].join(lattice, &from);
        }
        let by = Actor {
            replica: replica as u64,
            time: chance.next(3) as i64,
        };
        let operation = chance.operation(lattice);
        let done = replicas[replica].change(lattice, by, &operation).unwrap();
        deltas.extend(done.map(|done| done.delta));
    }
    (replicas, deltas)
}

#[test]
fn joining_is_associative_commutative_and_idempotent() {
    for lattice in lattices() {
        for seed in 1..300 {
            let mut chance = Random::new(seed);
            let (replicas, mut deltas) = lived(&lattice, &mut chance, 8);
            deltas.extend(replicas);
            let mut pick = || deltas[chance.next(deltas.len() as u64) as usize].clone();
            for _ in 0..4 {
                let (a, b, c) = (pick(), pick(), pick());
                let join = |a: &State, b: &State| joined(&lattice, a, b);
                assert_eq!(join(&a, &b), join(&b, &a), "{lattice:?} seed {seed}");
                assert_eq!(
                    join(&join(&a, &b), &c),
                    join(&a, &join(&b, &c)),
                    "{lattice:?} seed {seed}: {a:?} {b:?} {c:?}"
                );
                assert_eq!(join(&a, &a), a, "{lattice:?} seed {seed}");
                assert_eq!(join(&a, &State::bottom(&lattice)), a);
            }
        }
    }
}

#[test]
fn a_change_is_the_join_of_its_delta() {
    for lattice in lattices() {
        for seed in 1..300 {
            let mut chance = Random::new(seed);
            let (replicas, _) = lived(&lattice, &mut chance, 8);
            for (replica, before) in replicas.iter().enumerate() {
                let by = Actor {
                    replica: replica as u64,
                    time: 1,
                };
                let mut after = before.clone();
                match after
                    .change(&lattice, by, &chance.operation(&lattice))
                    .unwrap()
                {
                    None => assert_eq!(after, *before),
                    Some(done) => {
                        assert_ne!(after, *before, "{lattice:?} seed {seed}");
                        assert_eq!(
                            joined(&lattice, before, &done.delta),
                            after,
                            "{lattice:?} seed {seed}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn what_was_done_can_be_taken_back() {
    for lattice in lattices() {
        for seed in 1..300 {
            let mut chance = Random::new(seed);
            let (mut replicas, _) = lived(&lattice, &mut chance, 6);
            let mut state = replicas.swap_remove(2);
            let mut journal = Vec::new();
            for _ in 0..6 {
                let before = state.clone();
                let by = Actor {
                    replica: 2,
                    time: 1,
                };
                let done = state
                    .change(&lattice, by, &chance.operation(&lattice))
                    .unwrap();
                journal.extend(done.map(|done| (before, done.undo)));
            }
            while let Some((before, undo)) = journal.pop() {
                state.undo(undo);
                assert_eq!(state, before, "{lattice:?} seed {seed}");
            }
        }
    }
}

#[test]
fn bytes_are_the_state_and_no_others_are() {
    let defs = Defs::default();
    for lattice in lattices() {
        for seed in 1..120 {
            let mut chance = Random::new(seed);
            let (replicas, deltas) = lived(&lattice, &mut chance, 6);
            for state in replicas.iter().chain(&deltas) {
                let bytes = state.encode(&defs, &lattice);
                assert_eq!(
                    State::decode(&defs, &lattice, &bytes).as_ref(),
                    Ok(state),
                    "{lattice:?}"
                );
                for at in 0..bytes.len() {
                    assert!(State::decode(&defs, &lattice, &bytes[..at]).is_err());
                    let mut other = bytes.clone();
                    other[at] ^= 1 << chance.next(8);
                    // Either refused or the bytes of another state.
                    if let Ok(found) = State::decode(&defs, &lattice, &other) {
                        assert_eq!(found.encode(&defs, &lattice), other, "{lattice:?}");
                    }
                }
            }
        }
    }
}

/// Up to four deltas of three replicas that did not hear of each other or did, in each order, each once or twice: all that have
/// heard of them agree with the one who heard of each once, in the order in which they were made.
#[test]
fn in_all_orders_and_doubled() {
    for lattice in lattices() {
        for seed in 1..40 {
            let mut chance = Random::new(seed);
            let (_, mut deltas) = lived(&lattice, &mut chance, 6);
            deltas.truncate(4);
            let mut expected = State::bottom(&lattice);
            deltas
                .iter()
                .for_each(|delta| expected.join(&lattice, delta));
            for order in orders(deltas.len()) {
                for doubled in 0..1 << deltas.len() {
                    let mut state = State::bottom(&lattice);
                    for at in &order {
                        state.join(&lattice, &deltas[*at]);
                        // The second time later, among others.
                        for again in order.iter().filter(|a| doubled >> **a & 1 == 1 && *a < at) {
                            state.join(&lattice, &deltas[*again]);
                        }
                    }
                    for again in order.iter().filter(|a| doubled >> **a & 1 == 1) {
                        state.join(&lattice, &deltas[*again]);
                    }
                    assert_eq!(state, expected, "{lattice:?} seed {seed}: {order:?}");
                    assert_eq!(state.value(), expected.value());
                }
            }
        }
    }
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders(count - 1) {
        for at in 0..count {
            let mut order = shorter.clone();
            order.insert(at, count - 1);
            all.push(order);
        }
    }
    all
}

#[test]
fn replicas_that_heard_of_everything_agree() {
    for lattice in lattices() {
        for seed in 1..200 {
            let mut chance = Random::new(seed);
            let (mut replicas, deltas) = lived(&lattice, &mut chance, 12);
            let all = replicas.clone();
            for replica in &mut replicas {
                all.iter().for_each(|other| replica.join(&lattice, other));
            }
            let mut from_deltas = State::bottom(&lattice);
            for delta in deltas.iter().rev() {
                from_deltas.join(&lattice, delta);
            }
            assert!(
                replicas.iter().all(|replica| *replica == from_deltas),
                "{lattice:?} seed {seed}"
            );
        }
    }
}

fn add(value: i64) -> Operation {
    Operation {
        path: Vec::new(),
        change: Change::Add,
        value: Some(Value::Int(value)),
    }
}

fn at(replica: u64, time: i64) -> Actor {
    Actor { replica, time }
}

#[test]
fn who_removes_takes_away_what_he_sees() {
    let set = Lattice::AddSet(Type::Int);
    let remove = Operation {
        change: Change::Remove,
        ..add(1)
    };
    let (mut a, mut b) = (State::bottom(&set), State::bottom(&set));
    a.change(&set, at(1, 0), &add(1)).unwrap();
    b.join(&set, &a);
    b.change(&set, at(2, 0), &remove).unwrap();
    // Added again at the same time.
    a.change(&set, at(1, 0), &add(1)).unwrap();
    a.join(&set, &b);
    b.join(&set, &a);
    assert_eq!(a, b);
    assert_eq!(a.value(), Value::Set([Value::Int(1)].into()));
    b.change(&set, at(2, 0), &remove).unwrap();
    a.join(&set, &b);
    assert_eq!(a.value(), Value::Set([].into()));
}

#[test]
fn a_step_reads_what_it_sets_though_another_clock_is_ahead() {
    let latest = Lattice::Latest(Type::Int);
    let set = |n| Operation {
        change: Change::Set,
        ..add(n)
    };
    let mut state = State::bottom(&latest);
    state.change(&latest, at(2, 100), &set(1)).unwrap();
    state.change(&latest, at(1, 5), &set(2)).unwrap();
    assert_eq!(state.value(), Value::Option(Some(Box::new(Value::Int(2)))));
}

#[test]
fn a_counter_has_a_range() {
    let mut state = State::bottom(&Lattice::Counter);
    let by = at(0, 0);
    state.change(&Lattice::Counter, by, &add(i64::MAX)).unwrap();
    let before = state.clone();
    assert!(state.change(&Lattice::Counter, by, &add(1)).is_err());
    assert_eq!(state, before);
    // Others did not know.
    let mut other = State::bottom(&Lattice::Counter);
    other.change(&Lattice::Counter, at(1, 0), &add(5)).unwrap();
    state.join(&Lattice::Counter, &other);
    assert_eq!(state.value(), Value::Int(i64::MAX));
}

#[test]
fn a_delta_is_small_however_much_there_is() {
    let defs = Defs::default();
    let set = Lattice::AddSet(Type::Int);
    let mut state = State::bottom(&set);
    for n in 0..10_000 {
        state.change(&set, at(0, 0), &add(n)).unwrap();
    }
    let done = state.change(&set, at(0, 0), &add(10_000)).unwrap().unwrap();
    assert!(done.delta.encode(&defs, &set).len() < 20);
}
