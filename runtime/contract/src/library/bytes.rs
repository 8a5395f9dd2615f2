//! `Bytes`: parts, and the texts that stand for bytes.

use super::{Answer, bytes_at, int_at, limit, list, list_at, option, text_at};
use crate::value::Value;

/// Lower-case hexadecimal digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |i: usize| group.get(i).copied().unwrap_or(0) as u32;
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit <= group.len() {
                BASE64[index as usize] as char
            } else {
                '='
            });
        }
    }
    out
}

/// Reads exactly what [`base64`] writes.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for (i, digit) in group.iter().enumerate() {
            let index = BASE64.iter().position(|d| d == digit)?;
            bits |= (index as u32) << (18 - 6 * i);
        }
        let bytes = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
        let (kept, cut) = bytes.split_at((group.len() * 6) / 8);
        // Bits behind the last byte must be zero, or two texts would mean the same bytes.
        if cut.iter().any(|byte| *byte != 0) {
            return None;
        }
        out.extend_from_slice(kept);
    }
    Some(out)
}

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

pub(super) fn op_hex(args: &[Value]) -> Answer {
    Ok(Value::Text(hex(bytes_at(args, 0))))
}

/// Digits of either case, an even number of them.
pub(super) fn op_from_hex(args: &[Value]) -> Answer {
    let digits = text_at(args, 0).as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16).map(|d| d as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes = digits.chunks(2).map(pair).collect::<Option<Vec<u8>>>();
    Ok(option(bytes.map(Value::Bytes)))
}

pub(super) fn op_base64(args: &[Value]) -> Answer {
    Ok(Value::Text(base64(bytes_at(args, 0))))
}

pub(super) fn op_from_base64(args: &[Value]) -> Answer {
    Ok(option(from_base64(text_at(args, 0)).map(Value::Bytes)))
}

/// RFC 4648 for addresses: `-` and `_`, without padding.
pub(super) fn op_base64url(args: &[Value]) -> Answer {
    let text = base64(bytes_at(args, 0));
    let text = text.trim_end_matches('=');
    Ok(Value::Text(text.replace('+', "-").replace('/', "_")))
}

/// Reads exactly what `base64url` writes.
pub(super) fn op_from_base64url(args: &[Value]) -> Answer {
    let text = text_at(args, 0);
    if text.contains(['+', '/', '=']) {
        return Ok(option(None));
    }
    let mut padded = text.replace('-', "+").replace('_', "/");
    while !padded.len().is_multiple_of(4) {
        padded.push('=');
    }
    Ok(option(from_base64(&padded).map(Value::Bytes)))
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
    fn base64_is_that_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
            assert_eq!(from_base64(coded), Some(plain.as_bytes().to_vec()));
        }
        for bad in ["Zg", "Zh==", "Z===", "====", "Zm9=", "Zm 9", "Zg==Zg=="] {
            assert_eq!(from_base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64_for_addresses_has_one_text_for_each_bytes() {
        let from = |text: &str| op_from_base64url(&[Value::Text(text.into())]);
        for length in 0..7 {
            let bytes =
                Value::Bytes(vec![0xfb, 0xff, 0xfe, 0x3e, 0x3f, 0xfb, 0xef][..length].to_vec());
            let Ok(Value::Text(text)) = op_base64url(std::slice::from_ref(&bytes)) else {
                panic!("a text");
            };
            assert!(!text.contains(['+', '/', '=']), "{text}");
            assert_eq!(from(&text), Ok(option(Some(bytes))));
        }
        for bad in ["Zg==", "Z", "Zh", "+_8", "Zm9vY"] {
            assert_eq!(from(bad), Ok(option(None)), "{bad}");
        }
    }

    #[test]
    fn hex_and_parts() {
        let from_hex = |s: &str| op_from_hex(&[Value::Text(s.into())]);
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
        assert_eq!(
            from_hex("00fF10"),
            Ok(option(Some(Value::Bytes(vec![0, 255, 16]))))
        );
        assert_eq!(from_hex("0"), Ok(option(None)));
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
