//! The order-preserving encoding of keys: bytes sort as the values do, so a prefix scan is a range.
//!
//! Used for the keys of instances and of map and set entries in the store. Every part ends by itself, so
//! parts are concatenated without separators and decode again. `CONTRACT.md` has the table.

use crate::blobs::{Blob, BlobHash};
use crate::currency::Currency;
use crate::encode::{DecodeError, Reader, canonical_float};
use crate::library::date;
use crate::types::{DefKind, Defs, Field, Type};
use crate::value::{Money, Value};

/// Appends the key encoding of `value`.
///
/// # Panics
/// When the value is not of the type, as [`crate::encode::encode_into`].
pub fn encode_key_into(defs: &Defs, ty: &Type, value: &Value, out: &mut Vec<u8>) {
    match (ty, value) {
        (Type::Unit, Value::Unit) => {}
        (Type::Bool, Value::Bool(b)) => out.push(*b as u8),
        (Type::Int, Value::Int(n))
        | (Type::Time, Value::Time(n))
        | (Type::Duration, Value::Duration(n))
        | (Type::Date, Value::Date(n)) => {
            out.extend_from_slice(&(*n as u64 ^ (1 << 63)).to_be_bytes())
        }
        (Type::Decimal, Value::Decimal(n)) => {
            out.extend_from_slice(&(*n as u128 ^ (1 << 127)).to_be_bytes())
        }
        (Type::Money, Value::Money(money)) => {
            put_escaped(out, money.currency.code().as_bytes());
            let amount = Value::Decimal(money.amount);
            encode_key_into(defs, &Type::Decimal, &amount, out);
        }
        (Type::Float, Value::Float(x)) => out.extend_from_slice(&ordered_bits(*x).to_be_bytes()),
        (Type::Text, Value::Text(s)) => put_escaped(out, s.as_bytes()),
        (Type::Bytes, Value::Bytes(b)) => put_escaped(out, b),
        (Type::List(item), Value::List(items)) => {
            for v in items {
                out.push(1);
                encode_key_into(defs, item, v, out);
            }
            out.push(0);
        }
        (Type::Set(item), Value::Set(items)) => {
            for v in items {
                out.push(1);
                encode_key_into(defs, item, v, out);
            }
            out.push(0);
        }
        (Type::Map(key, item), Value::Map(entries)) => {
            for (k, v) in entries {
                out.push(1);
                encode_key_into(defs, key, k, out);
                encode_key_into(defs, item, v, out);
            }
            out.push(0);
        }
        (Type::Option(_), Value::Option(None)) => out.push(0),
        (Type::Option(inner), Value::Option(Some(v))) => {
            out.push(1);
            encode_key_into(defs, inner, v, out);
        }
        (Type::Tuple(fields), Value::Record(values)) => {
            assert_eq!(fields.len(), values.len(), "tuple of another size");
            for (field, v) in fields.iter().zip(values) {
                encode_key_into(defs, &field.ty, v, out);
            }
        }
        (Type::Named(id), _) => match (&defs.get(*id).kind, value) {
            (DefKind::New { base }, v) => encode_key_into(defs, base, v, out),
            (
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields },
                Value::Record(values),
            ) => put_fields(defs, fields, values, out),
            (DefKind::Enum { variants }, Value::Variant(index, values)) => {
                out.extend_from_slice(&(*index as u16).to_be_bytes());
                put_fields(defs, &variants[*index as usize].fields, values, out);
            }
            _ => panic!("key {value:?} is not of type {}", defs.get(*id).name),
        },
        (Type::Result(ok, _), Value::Ok(v)) => {
            out.extend_from_slice(&0u32.to_be_bytes());
            encode_key_into(defs, ok, v, out);
        }
        (Type::Result(..), Value::Err(id, values)) => {
            out.extend_from_slice(&(id.0 + 1).to_be_bytes());
            match &defs.get(*id).kind {
                DefKind::Error { fields, .. } => put_fields(defs, fields, values, out),
                _ => panic!("{} is not an error", defs.get(*id).name),
            }
        }
        (Type::Blob, Value::Blob(blob)) => {
            put_escaped(out, &blob.hash.0);
            encode_key_into(defs, &Type::Int, &Value::Int(blob.size), out);
            put_escaped(out, blob.media_type.as_bytes());
        }
        _ => panic!("key {value:?} is not of type {ty:?}"),
    }
}

/// The key encoding of one value.
pub fn encode_key(defs: &Defs, ty: &Type, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode_key_into(defs, ty, value, &mut out);
    out
}

/// The key of an instance: its key fields one after the other.
pub fn encode_keys(defs: &Defs, fields: &[Field], values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    put_fields(defs, fields, values, &mut out);
    out
}

/// Decodes exactly one key.
pub fn decode_key(defs: &Defs, ty: &Type, bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader, defs, ty, 0)?;
    reader.finish()?;
    Ok(value)
}

/// Decodes the key of an instance.
pub fn decode_keys(defs: &Defs, fields: &[Field], bytes: &[u8]) -> Result<Vec<Value>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let values = read_fields(&mut reader, defs, fields, 0)?;
    reader.finish()?;
    Ok(values)
}

fn put_fields(defs: &Defs, fields: &[Field], values: &[Value], out: &mut Vec<u8>) {
    assert_eq!(fields.len(), values.len(), "another number of key fields");
    for (field, v) in fields.iter().zip(values) {
        encode_key_into(defs, &field.ty, v, out);
    }
}

/// A zero byte becomes 00 FF and the end is 00 01, so that no text is a prefix of another.
fn put_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 1]);
}

/// Bits that sort as unsigned numbers the way floats do, NaN last.
fn ordered_bits(x: f64) -> u64 {
    let bits = canonical_float(x).to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn read(reader: &mut Reader<'_>, defs: &Defs, ty: &Type, depth: u32) -> Result<Value, DecodeError> {
    if depth > crate::encode::DEPTH_MAX {
        return Err(reader.error("nested too deep"));
    }
    let int = |reader: &mut Reader<'_>| -> Result<i64, DecodeError> {
        Ok((u64::from_be_bytes(array(reader)?) ^ (1 << 63)) as i64)
    };
    let decimal = |reader: &mut Reader<'_>| -> Result<i128, DecodeError> {
        Ok((u128::from_be_bytes(array(reader)?) ^ (1 << 127)) as i128)
    };
    Ok(match ty {
        Type::Unit => Value::Unit,
        Type::Bool => Value::Bool(flag(reader)?),
        Type::Int => Value::Int(int(reader)?),
        Type::Time => Value::Time(int(reader)?),
        Type::Duration => Value::Duration(int(reader)?),
        Type::Date => match int(reader)? {
            days if date::DAYS.contains(&days) => Value::Date(days),
            _ => return Err(reader.error("no such date")),
        },
        Type::Money => {
            let code = unescape(reader)?;
            let currency = std::str::from_utf8(&code).ok().and_then(Currency::of);
            let currency = currency.ok_or(reader.error("no such currency"))?;
            Value::Money(Money {
                currency,
                amount: decimal(reader)?,
            })
        }
        Type::Decimal => Value::Decimal(decimal(reader)?),
        Type::Float => {
            let ordered = u64::from_be_bytes(array(reader)?);
            let x = f64::from_bits(if ordered >> 63 == 1 {
                ordered & !(1 << 63)
            } else {
                !ordered
            });
            if ordered_bits(x) != ordered {
                return Err(reader.error("float not in its canonical form"));
            }
            Value::Float(x)
        }
        Type::Text => {
            let text =
                String::from_utf8(unescape(reader)?).map_err(|_| reader.error("not UTF-8"))?;
            Value::Text(text)
        }
        Type::Bytes => Value::Bytes(unescape(reader)?),
        Type::List(item) => {
            let mut items = Vec::new();
            while flag(reader)? {
                check_count(reader, items.len())?;
                items.push(read(reader, defs, item, depth + 1)?);
            }
            Value::List(items)
        }
        Type::Set(item) => {
            let mut items = std::collections::BTreeSet::new();
            while flag(reader)? {
                let v = read(reader, defs, item, depth + 1)?;
                if items.last().is_some_and(|last| *last >= v) {
                    return Err(reader.error("set not in order"));
                }
                items.insert(v);
            }
            Value::Set(items)
        }
        Type::Map(key, item) => {
            let mut entries = std::collections::BTreeMap::new();
            while flag(reader)? {
                let k = read(reader, defs, key, depth + 1)?;
                if entries.last_key_value().is_some_and(|(last, _)| *last >= k) {
                    return Err(reader.error("map not in order"));
                }
                let v = read(reader, defs, item, depth + 1)?;
                entries.insert(k, v);
            }
            Value::Map(entries)
        }
        Type::Option(inner) => match flag(reader)? {
            false => Value::Option(None),
            true => Value::Option(Some(Box::new(read(reader, defs, inner, depth + 1)?))),
        },
        Type::Tuple(fields) => Value::Record(
            fields
                .iter()
                .map(|f| read(reader, defs, &f.ty, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::New { base } => read(reader, defs, base, depth + 1)?,
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => {
                Value::Record(read_fields(reader, defs, fields, depth + 1)?)
            }
            DefKind::Enum { variants } => {
                let index = u16::from_be_bytes(array(reader)?);
                let variant = variants
                    .get(index as usize)
                    .ok_or(reader.error("no such variant"))?;
                Value::Variant(
                    index as u32,
                    read_fields(reader, defs, &variant.fields, depth + 1)?,
                )
            }
        },
        Type::Blob => {
            let hash = unescape(reader)?.try_into();
            let hash = hash.map_err(|_| reader.error("no hash of 32 bytes"))?;
            let size = match read(reader, defs, &Type::Int, depth + 1)? {
                Value::Int(size) if size >= 0 => size,
                _ => return Err(reader.error("a blob of less than no bytes")),
            };
            let media_type =
                String::from_utf8(unescape(reader)?).map_err(|_| reader.error("not UTF-8"))?;
            Value::Blob(Box::new(Blob {
                hash: BlobHash(hash),
                size,
                media_type,
            }))
        }
        Type::Result(ok, errors) => match u32::from_be_bytes(array(reader)?) {
            0 => Value::Ok(Box::new(read(reader, defs, ok, depth + 1)?)),
            tag => {
                let id = *errors
                    .iter()
                    .find(|id| id.0 + 1 == tag)
                    .ok_or(reader.error("no such error"))?;
                match &defs.get(id).kind {
                    DefKind::Error { fields, .. } => {
                        Value::Err(id, read_fields(reader, defs, fields, depth + 1)?)
                    }
                    _ => return Err(reader.error("not an error")),
                }
            }
        },
    })
}

fn read_fields(
    reader: &mut Reader<'_>,
    defs: &Defs,
    fields: &[Field],
    depth: u32,
) -> Result<Vec<Value>, DecodeError> {
    fields
        .iter()
        .map(|f| read(reader, defs, &f.ty, depth))
        .collect()
}

fn unescape(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let mut out = Vec::new();
    loop {
        match reader.byte()? {
            0 => match reader.byte()? {
                1 => return Ok(out),
                0xff => out.push(0),
                _ => return Err(reader.error("bad escape in a key")),
            },
            byte => out.push(byte),
        }
    }
}

fn array<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], DecodeError> {
    Ok(reader
        .take(N)?
        .try_into()
        .expect("as many bytes as asked for"))
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(reader.error("neither 0 nor 1")),
    }
}

fn check_count(reader: &Reader<'_>, count: usize) -> Result<(), DecodeError> {
    if count as u64 >= crate::encode::EMPTY_ELEMENTS_MAX {
        Err(reader.error("too many elements"))
    } else {
        Ok(())
    }
}
