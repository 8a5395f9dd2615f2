//! Views against the same query computed from scratch, over made-up histories, at every position.

#[path = "../../contract/tests/random/mod.rs"]
mod random;

use std::collections::{BTreeMap, BTreeSet};

use random::Random;
use weir_contract::encode::decode;
use weir_contract::keys::{decode_key, encode_key};
use weir_contract::manifest::Manifest;
use weir_contract::types::{Defs, Type};
use weir_contract::value::Value;
use weir_contract::view::*;
use weir_machine::steps::Crash;
use weir_machine::views::{Entry, Functions, Sources, Views};

/// A table of sales by number, a table of prices by what is sold, and a stream of visits.
#[derive(Default)]
struct World {
    /// What was sold, and how many.
    sales: BTreeMap<i64, (i64, i64)>,
    prices: BTreeMap<i64, i64>,
    /// Who, and when in microseconds.
    visits: Vec<(i64, i64)>,
    /// Positions before this are not kept.
    oldest: u64,
    forgotten: Option<i64>,
    /// When all of it is emitted.
    now: i64,
    /// So far behind the newest may be what is not late.
    late: Option<i64>,
    calls: u64,
}

const SALES: u32 = 0;
const PRICES: u32 = 1;
const OF_SALE: u32 = 0;
const TOTAL_ROW: u32 = 1;
const OF_TOTAL: u32 = 2;
const SALE_TO_JOIN: u32 = 3;
const PRICE_TO_JOIN: u32 = 4;
const PRICED: u32 = 5;
const OF_VISIT: u32 = 6;
const VISIT_ROW: u32 = 7;
const MINUTE_OF_VISIT: u32 = 8;
const VISIT_TO_ROW: u32 = 9;

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(n) | Value::Time(n) => *n,
        _ => panic!("{value:?} is no number"),
    }
}

fn tuple(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Record(values.into_iter().collect())
}

impl Functions for World {
    fn call(&mut self, function: u32, args: &[Value]) -> Result<Vec<Value>, Crash> {
        self.calls += 1;
        let ints: Vec<Value> = args.to_vec();
        Ok(match function {
            // for s in Sale where s.count > 0 group by s.what: count, sum, min, max, count_distinct, collect of s.count
            OF_SALE => {
                let (what, count) = self.sales[&int(&args[0])];
                let count_value = || Value::Int(count);
                let part = [Value::Int(what)]
                    .into_iter()
                    .chain((0..5).map(|_| count_value()));
                if count > 0 {
                    vec![tuple(part)]
                } else {
                    Vec::new()
                }
            }
            TOTAL_ROW => vec![tuple(ints)],
            // for t in totals sort by t.sum desc select (t.what, t.sum) limit 3
            OF_TOTAL => {
                let Value::Record(row) = &args[0] else {
                    panic!()
                };
                vec![tuple([
                    row[2].clone(),
                    tuple([row[0].clone(), row[2].clone()]),
                ])]
            }
            SALE_TO_JOIN => {
                let (what, count) = self.sales[&int(&args[0])];
                vec![tuple([Value::Int(what), Value::Int(count)])]
            }
            PRICE_TO_JOIN => {
                let price = self.prices[&int(&args[0])];
                vec![tuple([args[0].clone(), Value::Int(price)])]
            }
            // .. where price > 2 select (price, count)
            PRICED => match int(&args[1]) > 2 {
                true => vec![tuple([args[1].clone(), args[0].clone()])],
                false => Vec::new(),
            },
            OF_VISIT => vec![args[0].clone()],
            VISIT_ROW => vec![tuple(ints)],
            MINUTE_OF_VISIT => {
                let Value::Record(visit) = &args[0] else {
                    panic!()
                };
                let minute = int(&visit[1]).div_euclid(60) * 60;
                vec![Value::Time(minute)]
            }
            VISIT_TO_ROW => vec![tuple(ints)],
            _ => panic!("no such function"),
        })
    }
}

impl Sources for World {
    fn instance(&self, entity: u32, key: &[u8]) -> Option<Vec<Value>> {
        let key = decode_key(&Defs::default(), &Type::Int, key).unwrap();
        let is_there = match entity {
            SALES => self.sales.contains_key(&int(&key)),
            _ => self.prices.contains_key(&int(&key)),
        };
        is_there.then(|| vec![key])
    }

    fn positions(&self, _: u32) -> (u64, u64) {
        (self.oldest, self.visits.len() as u64)
    }

    fn oldest(&self, _: u32) -> u64 {
        self.oldest
    }

    fn entry(&self, _: u32, position: u64) -> Option<Entry> {
        let (who, time) = self.visits[position as usize];
        let newest = self.visits[..position as usize].iter().map(|(_, at)| *at);
        let newest = newest.max().unwrap_or(time);
        Some(Entry {
            value: tuple([Value::Int(who), Value::Time(time)]),
            time,
            at: self.now,
            is_late: self.late.is_some_and(|late| time < newest - late),
        })
    }

    fn forgotten(&self, _: u32) -> Option<i64> {
        self.forgotten
    }
}

fn tuple_of(types: &[Type]) -> Type {
    element(types.to_vec())
}

fn source(of: SourceOf, feed: u32) -> ViewSource {
    ViewSource { of, feed }
}

fn view(name: &str, sources: Vec<ViewSource>, row: &[Type]) -> View {
    View {
        name: name.to_owned(),
        sources,
        pair: None,
        group: None,
        row: tuple_of(row),
        order: Vec::new(),
        limit: None,
        all: 0,
        at: None,
        code: String::new(),
        doc: None,
    }
}

const TOTALS: u32 = 0;
const TOP: u32 = 1;
const JOINED: u32 = 2;
const SESSIONS: u32 = 3;
const MINUTES: u32 = 4;

fn program() -> Manifest {
    let empty = r#"{"version": 7, "program": "p", "module_sha256": "HASH", "defs": [], "entities": [], "functions": [],
        "tests": [], "sites": [], "sources": []}"#;
    let empty = empty.replace("HASH", &"0".repeat(64));
    let mut program = Manifest::from_json(empty.as_bytes()).expect("it is a manifest");
    let aggregates = vec![
        Aggregate::Count,
        Aggregate::Sum(Type::Int),
        Aggregate::Min(Type::Int),
        Aggregate::Max(Type::Int),
        Aggregate::Distinct(Type::Int),
        Aggregate::Values(Type::Int),
    ];
    let mut row: Vec<Type> = vec![Type::Int];
    row.extend(aggregates.iter().map(Aggregate::result));
    let mut totals = view(
        "totals",
        vec![source(SourceOf::Entity(SALES), OF_SALE)],
        &row,
    );
    totals.group = Some(Group {
        keys: vec![Type::Int],
        aggregates,
        row: TOTAL_ROW,
        window: None,
    });
    let mut top = view(
        "top",
        vec![source(SourceOf::View(TOTALS), OF_TOTAL)],
        &[Type::Int, Type::Int],
    );
    top.order = vec![Order {
        ty: Type::Int,
        descending: true,
    }];
    top.limit = Some(3);
    let joined = vec![
        source(SourceOf::Entity(SALES), SALE_TO_JOIN),
        source(SourceOf::Entity(PRICES), PRICE_TO_JOIN),
    ];
    let mut joined = view("joined", joined, &[Type::Int]);
    joined.order = vec![Order {
        ty: Type::Int,
        descending: false,
    }];
    joined.pair = Some(PRICED);
    let mut sessions = view(
        "sessions",
        vec![source(SourceOf::Stream(0), OF_VISIT)],
        &[Type::Int, Type::Time, Type::Int],
    );
    sessions.group = Some(Group {
        keys: vec![Type::Int, Type::Time],
        aggregates: vec![Aggregate::Count],
        row: VISIT_ROW,
        window: Some(Window {
            key: 1,
            kind: WindowKind::Session { gap_us: 10 },
        }),
    });
    let mut minutes = view(
        "minutes",
        vec![source(SourceOf::Stream(0), MINUTE_OF_VISIT)],
        &[Type::Time, Type::Int],
    );
    minutes.group = Some(Group {
        keys: vec![Type::Time],
        aggregates: vec![Aggregate::Count],
        row: VISIT_TO_ROW,
        window: Some(Window {
            key: 0,
            kind: WindowKind::Fixed { size_us: 60 },
        }),
    });
    program.views = vec![totals, top, joined, sessions, minutes];
    program
}

fn read(program: &Manifest, views: &Views, view: u32, key: Option<i64>) -> Vec<Value> {
    let ty = Type::List(Box::new(program.views[view as usize].row.clone()));
    let key = key.map(Value::Int);
    let bytes = views
        .read(program, view, key.as_ref())
        .expect("it is not broken");
    match decode(&program.defs, &ty, &bytes).expect("it is a list of rows") {
        Value::List(rows) => rows,
        _ => panic!("no list"),
    }
}

fn ints(values: &[i64]) -> Value {
    tuple(values.iter().map(|n| Value::Int(*n)))
}

impl World {
    fn totals(&self) -> Vec<Value> {
        let mut groups: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (what, count) in self.sales.values().filter(|(_, count)| *count > 0) {
            groups.entry(*what).or_default().push(*count);
        }
        let row = |(what, counts): (i64, Vec<i64>)| {
            let different: BTreeSet<&i64> = counts.iter().collect();
            let numbers = [
                what,
                counts.len() as i64,
                counts.iter().sum(),
                *counts.iter().min().unwrap(),
                *counts.iter().max().unwrap(),
                different.len() as i64,
            ];
            let all = Value::List(counts.iter().map(|n| Value::Int(*n)).collect());
            tuple(numbers.map(Value::Int).into_iter().chain([all]))
        };
        groups.into_iter().map(row).collect()
    }

    fn top(&self) -> Vec<Value> {
        let sum = |row: &Value| match row {
            Value::Record(row) => (int(&row[0]), int(&row[2])),
            _ => panic!(),
        };
        let mut sums: Vec<(i64, i64)> = self.totals().iter().map(sum).collect();
        sums.sort_by_key(|(_, sum)| -sum);
        sums.iter()
            .take(3)
            .map(|(what, sum)| ints(&[*what, *sum]))
            .collect()
    }

    fn joined(&self) -> Vec<Value> {
        let mut rows: Vec<(i64, i64)> = Vec::new();
        for (what, count) in self.sales.values() {
            if let Some(price) = self.prices.get(what).filter(|price| **price > 2) {
                rows.push((*price, *count));
            }
        }
        rows.sort_by_key(|(price, _)| *price);
        rows.iter().map(|(_, count)| Value::Int(*count)).collect()
    }

    fn sessions(&self) -> Vec<Value> {
        let mut by_who: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (who, at) in &self.visits {
            by_who.entry(*who).or_default().push(*at);
        }
        let mut rows = Vec::new();
        for (who, mut times) in by_who {
            times.sort();
            for session in times.chunk_by(|a, b| b - a <= 10) {
                let (from, count) = (Value::Time(session[0]), Value::Int(session.len() as i64));
                rows.push(tuple([Value::Int(who), from, count]));
            }
        }
        rows
    }

    fn minutes(&self, forgotten: i64) -> Vec<Value> {
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        for (_, at) in &self.visits {
            *counts.entry(at.div_euclid(60) * 60).or_default() += 1;
        }
        let kept = counts
            .into_iter()
            .filter(|(minute, _)| minute + 60 > forgotten);
        kept.map(|(minute, count)| tuple([Value::Time(minute), Value::Int(count)]))
            .collect()
    }
}

fn up_to_date(program: &Manifest, views: &mut Views, world: &mut World) {
    for view in 0..program.views.len() as u32 {
        let mut budget = u64::MAX;
        assert!(views.catch_up(program, view, world, &mut budget));
    }
}

fn touch(program: &Manifest, views: &mut Views, entity: u32, key: i64) {
    let key = encode_key(&program.defs, &Type::Int, &Value::Int(key));
    views.touched(program, entity, &key);
}

fn compare(program: &Manifest, views: &Views, world: &World) {
    assert_eq!(read(program, views, TOTALS, None), world.totals());
    assert_eq!(read(program, views, TOP, None), world.top());
    assert_eq!(read(program, views, JOINED, None), world.joined());
    assert_eq!(read(program, views, SESSIONS, None), world.sessions());
    assert_eq!(
        read(program, views, MINUTES, None),
        world.minutes(world.forgotten.unwrap_or(i64::MIN))
    );
    for what in 0..5 {
        let of = |rows: Vec<Value>| -> Vec<Value> {
            let is_it =
                |row: &Value| matches!(row, Value::Record(row) if row[0] == Value::Int(what));
            rows.into_iter().filter(is_it).collect()
        };
        assert_eq!(read(program, views, TOTALS, Some(what)), of(world.totals()));
        assert_eq!(
            read(program, views, SESSIONS, Some(what)),
            of(world.sessions())
        );
    }
}

#[test]
fn views_are_what_their_query_gives_from_scratch() {
    let program = program();
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut world = World::default();
        let mut views = Views::new(&program, |_| Vec::new());
        for _ in 0..80 {
            match random.next(4) {
                0 | 1 => {
                    let key = random.next(12) as i64;
                    let sale = (random.next(5) as i64, random.next(6) as i64);
                    world.sales.insert(key, sale);
                    touch(&program, &mut views, SALES, key);
                }
                2 => {
                    let what = random.next(5) as i64;
                    world.prices.insert(what, random.next(6) as i64);
                    touch(&program, &mut views, PRICES, what);
                }
                _ => world
                    .visits
                    .push((random.next(3) as i64, random.next(300) as i64)),
            }
            // Not after every change: several are taken at once then.
            if random.next(3) == 0 {
                up_to_date(&program, &mut views, &mut world);
                compare(&program, &views, &world);
            }
        }
        up_to_date(&program, &mut views, &mut world);
        compare(&program, &views, &world);
    }
}

#[test]
fn a_view_that_is_made_anew_is_the_same() {
    let program = program();
    let mut world = World::default();
    let mut random = Random::new(7);
    for key in 0..40 {
        world
            .sales
            .insert(key, (random.next(5) as i64, random.next(6) as i64));
        world
            .prices
            .insert(random.next(5) as i64, random.next(6) as i64);
        world
            .visits
            .push((random.next(3) as i64, random.next(300) as i64));
    }
    let keys = |entity: u32, world: &World| -> Vec<Box<[u8]>> {
        let keys: Vec<i64> = match entity {
            SALES => world.sales.keys().copied().collect(),
            _ => world.prices.keys().copied().collect(),
        };
        let key = |key: i64| encode_key(&Defs::default(), &Type::Int, &Value::Int(key));
        keys.into_iter()
            .map(|k| key(k).into_boxed_slice())
            .collect()
    };
    let mut views = Views::new(&program, |entity| keys(entity, &world));
    // A little at a time, as it is done in the background.
    let mut rounds = 0;
    loop {
        let mut done = true;
        for view in 0..program.views.len() as u32 {
            done &= views.catch_up(&program, view, &mut world, &mut 7);
        }
        rounds += 1;
        if done {
            break;
        }
    }
    assert!(rounds > 3, "a budget bounds the work");
    compare(&program, &views, &world);
}

#[test]
fn windows_that_are_forgotten_are_gone() {
    let program = program();
    let mut world = World::default();
    let mut views = Views::new(&program, |_| Vec::new());
    for at in [5, 65, 130, 131] {
        world.visits.push((1, at));
    }
    up_to_date(&program, &mut views, &mut world);
    world.forgotten = Some(120);
    world.visits.push((1, 250));
    up_to_date(&program, &mut views, &mut world);
    let minutes = |rows: &[(i64, i64)]| -> Vec<Value> {
        let row = |(minute, count): &(i64, i64)| tuple([Value::Time(*minute), Value::Int(*count)]);
        rows.iter().map(row).collect()
    };
    assert_eq!(
        read(&program, &views, MINUTES, None),
        minutes(&[(120, 2), (240, 1)])
    );
    assert_eq!(read(&program, &views, SESSIONS, None).len(), 2);
}

#[test]
fn what_is_too_late_is_counted_and_left_out() {
    let program = program();
    let mut world = World {
        late: Some(50),
        ..World::default()
    };
    let mut views = Views::new(&program, |_| Vec::new());
    for at in [10, 200, 150, 149, 260] {
        world.visits.push((1, at));
    }
    up_to_date(&program, &mut views, &mut world);
    let minutes: Vec<i64> = read(&program, &views, MINUTES, None)
        .iter()
        .map(|row| match row {
            Value::Record(row) => int(&row[1]),
            _ => panic!(),
        })
        .collect();
    assert_eq!(minutes, [1, 1, 1, 1], "what was at 149 is not in it");
    assert_eq!(views.late(MINUTES), 1);
}

#[test]
fn what_comes_when_its_window_may_be_forgotten_is_left_out() {
    let mut program = program();
    let visits = r#"{"name": "visits", "ty": "int", "timed": true, "keep": {"for": 100}}"#;
    program.streams = vec![serde_json::from_str(visits).expect("it is a stream")];
    let mut world = World {
        now: 300,
        forgotten: Some(200),
        ..World::default()
    };
    let mut views = Views::new(&program, |_| Vec::new());
    for at in [190, 200, 201] {
        world.visits.push((1, at));
    }
    up_to_date(&program, &mut views, &mut world);
    // Of its minute all is left that came in time; of the sessions, what went before may not be there any more.
    assert_eq!(
        read(&program, &views, MINUTES, None),
        [tuple([Value::Time(180), Value::Int(1)])]
    );
    let session = tuple([Value::Int(1), Value::Time(201), Value::Int(1)]);
    assert_eq!(read(&program, &views, SESSIONS, None), [session]);
    assert_eq!((views.late(MINUTES), views.late(SESSIONS)), (2, 2));
}

#[test]
fn one_change_is_little_work() {
    let program = program();
    let mut world = World::default();
    let mut views = Views::new(&program, |_| Vec::new());
    for key in 0..10_000 {
        world.sales.insert(key, (key % 5, 1 + key % 6));
        touch(&program, &mut views, SALES, key);
    }
    up_to_date(&program, &mut views, &mut world);
    world.calls = 0;
    world.sales.insert(17, (3, 5));
    touch(&program, &mut views, SALES, 17);
    up_to_date(&program, &mut views, &mut world);
    assert!(
        world.calls < 20,
        "{} calls of functions for one sale",
        world.calls
    );
    compare(&program, &views, &world);
}
