//! Inputs for property tests: made up by type from a seed, small ones first; a failing one is made smaller while it still
//! fails (after QuickCheck, Claessen and Hughes, ICFP 2000; shrinking greedily, as Hypothesis does on values).

use weir_contract::library::date;
use weir_contract::manifest::Param;
use weir_contract::types::{DefKind, Defs, Field};
use weir_contract::{Blob, Currency, Money, Type, Value};

/// A sequence that is the same for the same seed: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 up to, not with, `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// One input: a value for each parameter. `size` bounds lengths and how far numbers are from zero.
pub fn make_up(defs: &Defs, params: &[Param], chance: &mut Chance, size: u64) -> Vec<Value> {
    params
        .iter()
        .map(|param| value(defs, &param.ty, chance, size, 0))
        .collect()
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// Deeper than this only what ends.
const DEPTH_MAX: u32 = 6;

fn value(defs: &Defs, ty: &Type, chance: &mut Chance, size: u64, depth: u32) -> Value {
    let length = |chance: &mut Chance| match depth {
        0..DEPTH_MAX => chance.below(size.min(20) + 1),
        _ => 0,
    };
    let inner = |ty: &Type, chance: &mut Chance| value(defs, ty, chance, size, depth + 1);
    match ty {
        Type::Unit => Value::Unit,
        Type::Bool => Value::Bool(chance.one_in(2)),
        Type::Int => Value::Int(int(chance, size)),
        Type::Decimal => {
            Value::Decimal(int(chance, size) as i128 * 1_000_000_000 / divisor(chance) as i128)
        }
        Type::Float => Value::Float(int(chance, size) as f64 / divisor(chance) as f64),
        Type::Text => Value::Text(text(chance, length)),
        Type::Bytes => {
            let n = length(chance);
            Value::Bytes((0..n).map(|_| chance.next() as u8).collect())
        }
        Type::Time => {
            let from_begin_us = int(chance, size).saturating_mul(1_000_000);
            Value::Time(crate::trial::BEGIN_US.saturating_add(from_begin_us))
        }
        Type::Duration => Value::Duration(int(chance, size).saturating_mul(1_000_000)),
        Type::Date => {
            let begin = crate::trial::BEGIN_US / DAY;
            let days = begin.saturating_add(int(chance, size));
            Value::Date(days.clamp(*date::DAYS.start(), *date::DAYS.end()))
        }
        Type::Money => {
            let all: Vec<Currency> = Currency::all().collect();
            // Mostly the same one, or nothing could be added.
            let currency = match chance.one_in(20) {
                true => all[chance.below(all.len() as u64) as usize],
                false => Currency::of("EUR").expect("a currency"),
            };
            let amount = int(chance, size) as i128 * 1_000_000_000 / divisor(chance) as i128;
            Value::Money(Money { currency, amount })
        }
        Type::Blob => {
            let n = length(chance);
            let content: Vec<u8> = (0..n).map(|_| chance.next() as u8).collect();
            let media_type = ["", "text/plain", "image/png"][chance.below(3) as usize];
            Value::Blob(Box::new(Blob::of(&content, media_type)))
        }
        Type::List(of) => {
            let n = length(chance);
            Value::List((0..n).map(|_| inner(of, chance)).collect())
        }
        Type::Set(of) => {
            let n = length(chance);
            Value::Set((0..n).map(|_| inner(of, chance)).collect())
        }
        Type::Map(key, of) => {
            let n = length(chance);
            Value::Map(
                (0..n)
                    .map(|_| (inner(key, chance), inner(of, chance)))
                    .collect(),
            )
        }
        Type::Option(of) => match depth >= DEPTH_MAX || chance.one_in(4) {
            true => Value::Option(None),
            false => Value::Option(Some(Box::new(inner(of, chance)))),
        },
        Type::Tuple(fields) => Value::Record(fields.iter().map(|f| inner(&f.ty, chance)).collect()),
        Type::Result(ok, _) => Value::Ok(Box::new(inner(ok, chance))),
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::New { base } => inner(base, chance),
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => {
                Value::Record(all(fields, |ty| inner(ty, chance)))
            }
            DefKind::Enum { variants } => {
                // Deep down, a variant that holds the least.
                let tag = match depth >= DEPTH_MAX {
                    true => (0..variants.len())
                        .min_by_key(|i| variants[*i].fields.len())
                        .unwrap_or(0),
                    false => chance.below(variants.len() as u64) as usize,
                };
                let fields = all(&variants[tag].fields, |ty| inner(ty, chance));
                Value::Variant(tag as u32, fields)
            }
        },
    }
}

fn all(fields: &[Field], mut make: impl FnMut(&Type) -> Value) -> Vec<Value> {
    fields.iter().map(|f| make(&f.ty)).collect()
}

/// Mostly small, now and then where arithmetic ends.
fn int(chance: &mut Chance, size: u64) -> i64 {
    if chance.one_in(40) {
        return [i64::MAX, i64::MIN, i64::MAX - 1, 1 << 32][chance.below(4) as usize];
    }
    let bound = size.max(1) as i64 * 10;
    chance.below(2 * bound as u64 + 1) as i64 - bound
}

fn divisor(chance: &mut Chance) -> u8 {
    [1, 2, 4, 100][chance.below(4) as usize]
}

fn text(chance: &mut Chance, length: impl Fn(&mut Chance) -> u64) -> String {
    let n = length(chance);
    let one = |chance: &mut Chance| match chance.below(20) {
        0 => 'ä',
        1 => '🙂',
        2 => '"',
        3 => ' ',
        4 => '\n',
        n => (b'a' + n as u8) as char,
    };
    (0..n).map(|_| one(chance)).collect()
}

/// Inputs that are simpler than this one in one place, the simplest first.
pub fn simpler(inputs: &[Value]) -> Vec<Vec<Value>> {
    let mut out = Vec::new();
    for (i, input) in inputs.iter().enumerate() {
        for smaller in shrink(input) {
            let mut changed = inputs.to_vec();
            changed[i] = smaller;
            out.push(changed);
        }
    }
    out
}

/// 0, the number cut to a whole one, and half of it, as far as they are other numbers.
fn smaller_decimals(n: i128) -> impl Iterator<Item = i128> {
    let whole = n / 1_000_000_000 * 1_000_000_000;
    let mut out: Vec<i128> = Vec::new();
    for next in [0, whole, n / 2] {
        if next != n && !out.contains(&next) {
            out.push(next);
        }
    }
    out.into_iter()
}

fn shrink(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(true) => vec![Value::Bool(false)],
        Value::Int(n) => towards_zero(*n).map(Value::Int).collect(),
        Value::Duration(n) => towards_zero(*n).map(Value::Duration).collect(),
        Value::Date(n) => towards_zero(*n).map(Value::Date).collect(),
        Value::Decimal(n) => smaller_decimals(*n).map(Value::Decimal).collect(),
        Value::Money(money) => {
            let with = |amount| Value::Money(Money { amount, ..*money });
            smaller_decimals(money.amount).map(with).collect()
        }
        Value::Float(x) if *x != 0.0 => vec![Value::Float(0.0), Value::Float((x / 2.0).trunc())]
            .into_iter()
            .filter(|v| v != value)
            .collect(),
        Value::Text(text) => {
            let chars: Vec<char> = text.chars().collect();
            sublists(&chars)
                .map(|chars| Value::Text(chars.into_iter().collect()))
                .collect()
        }
        Value::Bytes(bytes) => sublists(bytes).map(Value::Bytes).collect(),
        Value::List(items) => {
            let mut out: Vec<Value> = sublists(items).map(Value::List).collect();
            out.extend(simpler(items).into_iter().map(Value::List));
            out
        }
        Value::Set(items) => {
            let items: Vec<Value> = items.iter().cloned().collect();
            sublists(&items)
                .map(|items| Value::Set(items.into_iter().collect()))
                .collect()
        }
        Value::Map(entries) => {
            let entries: Vec<(Value, Value)> = entries
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            sublists(&entries)
                .map(|entries| Value::Map(entries.into_iter().collect()))
                .collect()
        }
        Value::Option(Some(inner)) => {
            let mut out = vec![Value::Option(None)];
            let smaller = shrink(inner).into_iter();
            out.extend(smaller.map(|v| Value::Option(Some(Box::new(v)))));
            out
        }
        Value::Record(fields) => simpler(fields).into_iter().map(Value::Record).collect(),
        Value::Variant(tag, fields) => simpler(fields)
            .into_iter()
            .map(|fields| Value::Variant(*tag, fields))
            .collect(),
        _ => Vec::new(),
    }
}

fn towards_zero(n: i64) -> impl Iterator<Item = i64> {
    let mut out = vec![0, n / 2, n - n.signum()];
    out.dedup();
    out.into_iter().filter(move |m| *m != n)
}

/// Nothing, each half, and all but one.
fn sublists<T: Clone>(items: &[T]) -> impl Iterator<Item = Vec<T>> {
    let half = items.len() / 2;
    let mut out = Vec::new();
    if !items.is_empty() {
        out.push(Vec::new());
    }
    if half > 0 {
        out.push(items[..half].to_vec());
        out.push(items[half..].to_vec());
    }
    if items.len() > 1 {
        for i in 0..items.len() {
            let mut rest = items.to_vec();
            rest.remove(i);
            out.push(rest);
        }
    }
    out.into_iter()
}
