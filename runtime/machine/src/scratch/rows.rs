//! Lists in the value encoding: cut into parts, sorted into buckets by their keys, put together again. Elements stay the bytes they are.

use weir_contract::encode::put_varint;
use weir_contract::library::Refusal;
use weir_contract::{CrashReason, DecodeError, Defs, Reader, Type, Value};

/// A part of a list has about so many bytes, so that few are held at a time; one element can be more.
pub const PART_BYTES: usize = 128 << 10;

/// Rows are sorted into so many buckets by their keys.
pub const BUCKETS: usize = 64;

fn broken(_: DecodeError) -> Refusal {
    CrashReason::Unreachable.into()
}

/// A list of so many elements.
pub fn list(count: u64, elements: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(elements.len() + 9);
    put_varint(&mut out, count);
    out.extend_from_slice(elements);
    out
}

/// The elements of a list, in so many lists at most, none of them empty.
pub fn chunks(
    defs: &Defs,
    item: &Type,
    bytes: &[u8],
    most: usize,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let count = Reader::new(bytes).varint().map_err(broken)?;
    let each = count.div_ceil(most.max(1) as u64).max(1);
    cut(defs, item, bytes, |taken, _| taken >= each)
}

/// The elements of a list in lists of about [`PART_BYTES`].
pub fn parts(defs: &Defs, item: &Type, bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, Refusal> {
    match bytes.as_slice() {
        [] | [0] => Ok(Vec::new()),
        _ if bytes.len() <= PART_BYTES => Ok(vec![bytes]),
        _ => cut(defs, item, &bytes, |_, size| size >= PART_BYTES),
    }
}

fn cut(
    defs: &Defs,
    item: &Type,
    bytes: &[u8],
    is_enough: impl Fn(u64, usize) -> bool,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint().map_err(broken)?;
    let (mut out, mut from, mut taken) = (Vec::new(), reader.position(), 0);
    for number in 1..=count {
        reader.value(defs, item).map_err(broken)?;
        taken += 1;
        let to = reader.position();
        if is_enough(taken, to - from) || number == count {
            out.push(list(taken, &bytes[from..to]));
            (from, taken) = (to, 0);
        }
    }
    Ok(out)
}

/// Rows in the order of their buckets; within a bucket in the order they had.
pub struct Sorted {
    pub bytes: Vec<u8>,
    /// For each bucket how many rows there are and where they end.
    pub buckets: Vec<(u64, usize)>,
}

/// Sorts a list of pairs by a hash of the first of each.
pub fn sort(defs: &Defs, row: &Type, bytes: &[u8]) -> Result<Sorted, Refusal> {
    let Type::Tuple(fields) = row else {
        return Err(CrashReason::Unreachable.into());
    };
    let mut reader = Reader::new(bytes);
    let count = reader.varint().map_err(broken)?;
    let mut rows: Vec<Vec<(usize, usize)>> = vec![Vec::new(); BUCKETS];
    for _ in 0..count {
        let from = reader.position();
        reader.value(defs, &fields[0].ty).map_err(broken)?;
        let bucket = hash(&bytes[from..reader.position()]) as usize % BUCKETS;
        for field in &fields[1..] {
            reader.value(defs, &field.ty).map_err(broken)?;
        }
        rows[bucket].push((from, reader.position()));
    }
    let mut sorted = Sorted {
        bytes: Vec::with_capacity(bytes.len()),
        buckets: Vec::with_capacity(BUCKETS),
    };
    for rows in rows {
        for (from, to) in &rows {
            sorted.bytes.extend_from_slice(&bytes[*from..*to]);
        }
        let row_count = rows.len() as u64;
        sorted.buckets.push((row_count, sorted.bytes.len()));
    }
    Ok(sorted)
}

/// FNV-1a. Equal values have equal bytes.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    hash ^ hash >> 32
}

/// Puts lists of pairs together, ascending by the first of each pair, which is then left out. No first occurs in two lists.
pub fn merge(
    defs: &Defs,
    key: &Type,
    item: &Type,
    lists: &[Vec<u8>],
    mut part: impl FnMut(Vec<u8>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut all: Vec<(Value, usize, usize, usize)> = Vec::new();
    for (number, bytes) in lists.iter().enumerate() {
        let mut reader = Reader::new(bytes);
        for _ in 0..reader.varint().map_err(broken)? {
            let key = reader.value(defs, key).map_err(broken)?;
            let from = reader.position();
            reader.value(defs, item).map_err(broken)?;
            all.push((key, number, from, reader.position()));
        }
    }
    // Stable: what has one key is in one list, in its order.
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut count, mut elements) = (0, Vec::new());
    for (_, number, from, to) in all {
        elements.extend_from_slice(&lists[number][from..to]);
        count += 1;
        if elements.len() >= PART_BYTES {
            part(list(count, &elements))?;
            (count, elements) = (0, Vec::new());
        }
    }
    match count {
        0 => Ok(()),
        _ => part(list(count, &elements)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use weir_contract::{TupleField, decode, encode};

    use super::*;

    fn pair() -> Type {
        let field = |ty| TupleField { name: None, ty };
        Type::Tuple(vec![field(Type::Text), field(Type::Int)])
    }

    fn of(item: Type) -> Type {
        Type::List(Box::new(item))
    }

    /// Words that come again, with where they stood.
    fn rows(count: i64) -> Value {
        let row = |n: i64| {
            let word = format!("word {}", n * n % 97);
            Value::Record(vec![Value::Text(word), Value::Int(n)])
        };
        Value::List((0..count).map(row).collect())
    }

    fn items(defs: &Defs, item: &Type, lists: &[Vec<u8>]) -> Vec<Value> {
        let decoded = lists
            .iter()
            .map(|list| decode(defs, &of(item.clone()), list).expect("a list"));
        let items = decoded.map(|list| match list {
            Value::List(items) => items,
            other => panic!("{other:?} is no list"),
        });
        items.flatten().collect()
    }

    #[test]
    fn a_list_in_pieces_is_the_same_list() {
        let defs = Defs::default();
        let all = rows(20_000);
        let bytes = encode(&defs, &of(pair()), &all);
        let Value::List(expected) = all else {
            unreachable!("rows are a list")
        };
        for most in [1, 7, 9_000, 30_000] {
            let cut = chunks(&defs, &pair(), &bytes, most).unwrap();
            assert!(cut.len() <= most && !cut.is_empty());
            assert_eq!(items(&defs, &pair(), &cut), expected);
        }
        let cut = parts(&defs, &pair(), bytes).unwrap();
        assert!(cut.len() > 1, "{} bytes are more than one part", cut.len());
        assert!(cut.iter().all(|part| part.len() < PART_BYTES + 100));
        assert_eq!(items(&defs, &pair(), &cut), expected);
        let nothing = encode(&defs, &of(pair()), &Value::List(vec![]));
        assert!(chunks(&defs, &pair(), &nothing, 4).unwrap().is_empty());
        assert!(parts(&defs, &pair(), nothing).unwrap().is_empty());
    }

    #[test]
    fn rows_of_one_key_are_in_one_bucket_in_their_order() {
        let defs = Defs::default();
        let bytes = encode(&defs, &of(pair()), &rows(3_000));
        let sorted = sort(&defs, &pair(), &bytes).unwrap();
        let (mut from, mut places) = (0, BTreeMap::<String, (usize, i64)>::new());
        let mut seen = 0;
        for (bucket, (count, to)) in sorted.buckets.iter().enumerate() {
            let rows = list(*count, &sorted.bytes[from..*to]);
            for row in items(&defs, &pair(), &[rows]) {
                let Value::Record(fields) = row else {
                    panic!("no row")
                };
                let [Value::Text(key), Value::Int(at)] = &fields[..] else {
                    panic!("no pair")
                };
                let (known, last) = places.entry(key.clone()).or_insert((bucket, -1));
                assert_eq!(*known, bucket, "{key} is in two buckets");
                assert!(*last < *at, "{key} is out of order");
                *last = *at;
                seen += 1;
            }
            from = *to;
        }
        assert_eq!(seen, 3_000);
        assert!(places.values().map(|p| p.0).max() > places.values().map(|p| p.0).min());
    }

    #[test]
    fn lists_are_put_together_by_their_keys() {
        let defs = Defs::default();
        let numbered = |numbers: &[i64]| {
            let row = |n: &i64| Value::Record(vec![Value::Text(format!("{n:04}")), Value::Int(*n)]);
            encode(
                &defs,
                &of(pair()),
                &Value::List(numbers.iter().map(row).collect()),
            )
        };
        let lists = [numbered(&[2, 5, 9]), numbered(&[]), numbered(&[1, 7, 12])];
        let mut out = Vec::new();
        merge(&defs, &Type::Text, &Type::Int, &lists, |part| {
            out.push(part);
            Ok(())
        })
        .unwrap();
        let expected = [1, 2, 5, 7, 9, 12].map(Value::Int);
        assert_eq!(items(&defs, &Type::Int, &out), expected);
    }
}
