//! `Bytes`: their parts.

use super::{Answer, bytes_at, int_at, limit, list, list_at, option};
use crate::value::Value;

pub(super) fn op_length(args: &[Value]) -> Answer {
    Ok(Value::Int(bytes_at(args, 0).len() as i64))
}

/// The byte at a position as a number from 0 to 255.
pub(super) fn op_get(args: &[Value]) -> Answer {
    let at = usize::try_from(int_at(args, 1)).ok();
    let byte = at.and_then(|at| bytes_at(args, 0).get(at));
    Ok(option(byte.map(|byte| Value::Int(*byte as i64))))
}

/// Like `text.slice`: positions outside are moved in.
pub(super) fn op_slice(args: &[Value]) -> Answer {
    let bytes = bytes_at(args, 0);
    let clamp = |n: i64| n.clamp(0, bytes.len() as i64) as usize;
    let (from, to) = (clamp(int_at(args, 1)), clamp(int_at(args, 2)));
    Ok(Value::Bytes(bytes.get(from..to).unwrap_or(&[]).to_vec()))
}

pub(super) fn op_concat(args: &[Value]) -> Answer {
    let (a, b) = (bytes_at(args, 0), bytes_at(args, 1));
    limit(a.len() + b.len())?;
    Ok(Value::Bytes([a, b].concat()))
}

/// The bytes read as UTF-8.
pub(super) fn op_text(args: &[Value]) -> Answer {
    let text = std::str::from_utf8(bytes_at(args, 0)).ok();
    Ok(option(text.map(|text| Value::Text(text.to_owned()))))
}

pub(super) fn op_to_list(args: &[Value]) -> Answer {
    list(
        bytes_at(args, 0)
            .iter()
            .map(|byte| Value::Int(*byte as i64)),
    )
}

/// Numbers from 0 to 255; others are no bytes.
pub(super) fn op_from_list(args: &[Value]) -> Answer {
    let byte = |n: &Value| match n {
        Value::Int(n) => u8::try_from(*n).ok(),
        other => panic!("{other:?} is no number"),
    };
    let bytes = list_at(args, 0).iter().map(byte).collect::<Option<_>>();
    Ok(option(bytes.map(Value::Bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_clipped() {
        let slice = |from, to| {
            op_slice(&[
                Value::Bytes(vec![1, 2, 3]),
                Value::Int(from),
                Value::Int(to),
            ])
        };
        assert_eq!(slice(1, 9), Ok(Value::Bytes(vec![2, 3])));
        assert_eq!(slice(2, 1), Ok(Value::Bytes(vec![])));
        assert_eq!(op_text(&[Value::Bytes(vec![0xff])]), Ok(option(None)));
    }
}
