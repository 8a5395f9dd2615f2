//! The canonical encoding of values: what crosses between a step and its host and what the log holds.
//!
//! Positional and schema-directed, nothing but the body: a reader needs the type. Equal values have equal bytes, so
//! hashing, comparing and deduplicating work on bytes; decoding refuses every other spelling of a value.
//! `CONTRACT.md` describes the format in prose.

use crate::blobs::{Blob, BlobHash};
use crate::currency::Currency;
use crate::library::date;
use crate::types::{Def, DefKind, Defs, Field, Type};
use crate::value::{Money, Value};

/// Appends the encoding of `value`.
///
/// # Panics
/// When the value is not of the type: values reach this after checking, so that is a bug of ours.
pub fn encode_into(defs: &Defs, ty: &Type, value: &Value, out: &mut Vec<u8>) {
    match (ty, value) {
        (Type::Unit, Value::Unit) => {}
        (Type::Bool, Value::Bool(b)) => out.push(*b as u8),
        (Type::Int, Value::Int(n))
        | (Type::Time, Value::Time(n))
        | (Type::Duration, Value::Duration(n))
        | (Type::Date, Value::Date(n)) => put_int(out, *n),
        (Type::Money, Value::Money(money)) => {
            put_bytes(out, money.currency.code().as_bytes());
            put_decimal(out, money.amount);
        }
        (Type::Decimal, Value::Decimal(n)) => put_decimal(out, *n),
        (Type::Float, Value::Float(x)) => out.extend_from_slice(&canonical_float(*x).to_le_bytes()),
        (Type::Text, Value::Text(s)) => put_bytes(out, s.as_bytes()),
        (Type::Bytes, Value::Bytes(b)) => put_bytes(out, b),
        (Type::List(item), Value::List(items)) => {
            put_varint(out, items.len() as u64);
            for v in items {
                encode_into(defs, item, v, out);
            }
        }
        (Type::Set(item), Value::Set(items)) => {
            put_varint(out, items.len() as u64);
            for v in items {
                encode_into(defs, item, v, out);
            }
        }
        (Type::Map(key, item), Value::Map(entries)) => {
            put_varint(out, entries.len() as u64);
            for (k, v) in entries {
                encode_into(defs, key, k, out);
                encode_into(defs, item, v, out);
            }
        }
        (Type::Option(_), Value::Option(None)) => out.push(0),
        (Type::Option(inner), Value::Option(Some(v))) => {
            out.push(1);
            encode_into(defs, inner, v, out);
        }
        (Type::Tuple(fields), Value::Record(values)) => {
            assert_eq!(fields.len(), values.len(), "tuple of another size");
            for (field, v) in fields.iter().zip(values) {
                encode_into(defs, &field.ty, v, out);
            }
        }
        (Type::Named(id), _) => encode_named(defs, defs.get(*id), value, out),
        (Type::Result(ok, _), Value::Ok(v)) => {
            out.push(0);
            encode_into(defs, ok, v, out);
        }
        (Type::Result(_, errors), Value::Err(id, values)) => {
            assert!(errors.contains(id), "an error that is not in the type");
            put_varint(out, id.0 as u64 + 1);
            encode_fields(defs, error_fields(defs.get(*id)), values, out);
        }
        (Type::Blob, Value::Blob(blob)) => {
            assert!(blob.is_known(), "a blob whose size nobody looked up");
            put_bytes(out, &blob.hash.0);
            put_int(out, blob.size);
            put_bytes(out, blob.media_type.as_bytes());
        }
        _ => panic!("value {value:?} is not of type {ty:?}"),
    }
}

/// The encoding of one value.
pub fn encode(defs: &Defs, ty: &Type, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(defs, ty, value, &mut out);
    out
}

/// Decodes exactly one value: bytes left over are an error.
pub fn decode(defs: &Defs, ty: &Type, bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = reader.value(defs, ty)?;
    reader.finish()?;
    Ok(value)
}

fn encode_named(defs: &Defs, def: &Def, value: &Value, out: &mut Vec<u8>) {
    match (&def.kind, value) {
        (DefKind::New { base }, v) => encode_into(defs, base, v, out),
        (
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields },
            Value::Record(values),
        ) => encode_fields(defs, fields, values, out),
        (DefKind::Enum { variants }, Value::Variant(index, values)) => {
            put_varint(out, *index as u64);
            encode_fields(defs, &variants[*index as usize].fields, values, out);
        }
        _ => panic!("value {value:?} is not of type {}", def.name),
    }
}

/// Appends the fields of a record, variant or error one after the other.
pub fn encode_fields(defs: &Defs, fields: &[Field], values: &[Value], out: &mut Vec<u8>) {
    assert_eq!(fields.len(), values.len(), "another number of fields");
    for (field, v) in fields.iter().zip(values) {
        encode_into(defs, &field.ty, v, out);
    }
}

fn error_fields(def: &Def) -> &[Field] {
    match &def.kind {
        DefKind::Error { fields, .. } => fields,
        _ => panic!("{} is not an error", def.name),
    }
}

/// One NaN, and 0.0 for -0.0 because the two are equal.
pub fn canonical_float(x: f64) -> f64 {
    if x.is_nan() {
        f64::from_bits(CANONICAL_NAN)
    } else if x == 0.0 {
        0.0
    } else {
        x
    }
}

/// The bits of the only NaN that values hold.
pub const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Appends an unsigned LEB128 number in its shortest form.
pub fn put_varint(out: &mut Vec<u8>, n: u64) {
    put_varint128(out, n as u128)
}

fn put_varint128(out: &mut Vec<u8>, mut n: u128) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends an `Int`, `Time`, `Duration` or `Date`: zig-zag, then LEB128.
pub fn put_int(out: &mut Vec<u8>, n: i64) {
    put_varint(out, ((n << 1) ^ (n >> 63)) as u64)
}

/// Appends a `Decimal`: zig-zag, then LEB128, at most 19 bytes.
pub fn put_decimal(out: &mut Vec<u8>, n: i128) {
    put_varint128(out, ((n << 1) ^ (n >> 127)) as u128)
}

/// Appends a length and the bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Why bytes are not a value of the type; `at` is the offset where reading stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    pub at: usize,
    pub what: &'static str,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bad encoding at byte {}: {}", self.at, self.what)
    }
}

impl std::error::Error for DecodeError {}

/// Values nested deeper than this are refused, so that hostile bytes cannot exhaust the stack.
pub const DEPTH_MAX: u32 = 200;
/// Elements that take no bytes (`List<()>`) are refused beyond this count.
pub const EMPTY_ELEMENTS_MAX: u64 = 1 << 20;

/// Reads values one after the other from a slice; never reads outside it and never
/// allocates more than the slice can fill.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            at: 0,
            depth: 0,
        }
    }

    /// Offset of the next byte.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// An error at the place reading has reached.
    pub fn error(&self, what: &'static str) -> DecodeError {
        DecodeError { at: self.at, what }
    }

    /// Fails when bytes are left over.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.error("bytes left over"))
        }
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.rest().get(..len).ok_or(self.error("ends too early"))?;
        self.at += len;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    pub fn varint(&mut self) -> Result<u64, DecodeError> {
        u64::try_from(self.varint128()?).map_err(|_| self.error("number too big"))
    }

    fn varint128(&mut self) -> Result<u128, DecodeError> {
        let mut n: u128 = 0;
        for shift in (0..=126).step_by(7) {
            let byte = self.byte()?;
            let bits = (byte & 0x7f) as u128;
            if shift == 126 && bits > 3 {
                return Err(self.error("number too big"));
            }
            n |= bits << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(self.error("number not in its shortest form"));
                }
                return Ok(n);
            }
        }
        Err(self.error("number too big"))
    }

    pub fn int(&mut self) -> Result<i64, DecodeError> {
        let n = self.varint()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    pub fn decimal(&mut self) -> Result<i128, DecodeError> {
        let n = self.varint128()?;
        Ok((n >> 1) as i128 ^ -((n & 1) as i128))
    }

    /// Length-prefixed bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.varint()?;
        let len = usize::try_from(len).map_err(|_| self.error("length too big"))?;
        self.take(len)
    }

    /// Length-prefixed UTF-8.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.error("not UTF-8"))
    }

    /// The next value of the type.
    pub fn value(&mut self, defs: &Defs, ty: &Type) -> Result<Value, DecodeError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("nested too deep"));
        }
        let value = self.value_at_depth(defs, ty)?;
        self.depth -= 1;
        Ok(value)
    }

    /// The fields of a record, variant or error.
    pub fn fields(&mut self, defs: &Defs, fields: &[Field]) -> Result<Vec<Value>, DecodeError> {
        fields
            .iter()
            .map(|field| self.value(defs, &field.ty))
            .collect()
    }

    fn value_at_depth(&mut self, defs: &Defs, ty: &Type) -> Result<Value, DecodeError> {
        Ok(match ty {
            Type::Unit => Value::Unit,
            Type::Bool => Value::Bool(self.flag()?),
            Type::Int => Value::Int(self.int()?),
            Type::Time => Value::Time(self.int()?),
            Type::Duration => Value::Duration(self.int()?),
            Type::Date => match self.int()? {
                days if date::DAYS.contains(&days) => Value::Date(days),
                _ => return Err(self.error("no such date")),
            },
            Type::Money => {
                let currency = Currency::of(self.text()?);
                Value::Money(Money {
                    currency: currency.ok_or(self.error("no such currency"))?,
                    amount: self.decimal()?,
                })
            }
            Type::Decimal => Value::Decimal(self.decimal()?),
            Type::Float => {
                let bits = u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes"));
                let x = f64::from_bits(bits);
                if canonical_float(x).to_bits() != bits {
                    return Err(self.error("float not in its canonical form"));
                }
                Value::Float(x)
            }
            Type::Text => Value::Text(self.text()?.to_owned()),
            Type::Bytes => Value::Bytes(self.bytes()?.to_owned()),
            Type::List(item) => {
                let count = self.count()?;
                let mut items = Vec::with_capacity(count.min(self.rest().len()));
                for _ in 0..count {
                    items.push(self.value(defs, item)?);
                }
                Value::List(items)
            }
            Type::Set(item) => {
                let mut items = std::collections::BTreeSet::new();
                for _ in 0..self.count()? {
                    let v = self.value(defs, item)?;
                    if items.last().is_some_and(|last| *last >= v) {
                        return Err(self.error("set not in order"));
                    }
                    items.insert(v);
                }
                Value::Set(items)
            }
            Type::Map(key, item) => {
                let mut entries = std::collections::BTreeMap::new();
                for _ in 0..self.count()? {
                    let k = self.value(defs, key)?;
                    if entries.last_key_value().is_some_and(|(last, _)| *last >= k) {
                        return Err(self.error("map not in order"));
                    }
                    let v = self.value(defs, item)?;
                    entries.insert(k, v);
                }
                Value::Map(entries)
            }
            Type::Option(inner) => match self.flag()? {
                false => Value::Option(None),
                true => Value::Option(Some(Box::new(self.value(defs, inner)?))),
            },
            Type::Tuple(fields) => Value::Record(
                fields
                    .iter()
                    .map(|f| self.value(defs, &f.ty))
                    .collect::<Result<_, _>>()?,
            ),
            Type::Named(id) => match &defs.get(*id).kind {
                DefKind::New { base } => self.value(defs, base)?,
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => Value::Record(self.fields(defs, fields)?),
                DefKind::Enum { variants } => {
                    let index = self.varint()?;
                    let variant = variants
                        .get(index as usize)
                        .ok_or(self.error("no such variant"))?;
                    Value::Variant(index as u32, self.fields(defs, &variant.fields)?)
                }
            },
            Type::Blob => {
                let hash = self.bytes()?.try_into();
                let hash = hash.map_err(|_| self.error("no hash of 32 bytes"))?;
                let size = self.int()?;
                let blob = Blob {
                    hash: BlobHash(hash),
                    size,
                    media_type: self.text()?.to_owned(),
                };
                match blob.is_known() {
                    true => Value::Blob(Box::new(blob)),
                    false => return Err(self.error("a blob of less than no bytes")),
                }
            }
            Type::Result(ok, errors) => match self.varint()? {
                0 => Value::Ok(Box::new(self.value(defs, ok)?)),
                tag => {
                    let id = errors.iter().find(|id| id.0 as u64 + 1 == tag);
                    let id = *id.ok_or(self.error("no such error"))?;
                    Value::Err(id, self.fields(defs, error_fields(defs.get(id)))?)
                }
            },
        })
    }

    fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.error("neither 0 nor 1")),
        }
    }

    /// A number of elements that the rest can hold.
    fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.varint()?;
        if count > self.rest().len() as u64 && count > EMPTY_ELEMENTS_MAX {
            return Err(self.error("more elements than bytes"));
        }
        Ok(count as usize)
    }
}
