//! Base64 (RFC 4648) that stands for bytes, padded, and the kind for addresses that is not.

use super::{Answer, bytes_at, option, text_at};
use crate::value::Value;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 with padding.
pub fn encode(bytes: &[u8]) -> String {
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

/// Reads exactly what [`encode`] writes.
pub fn decode(text: &str) -> Option<Vec<u8>> {
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

pub(super) fn op_encode(args: &[Value]) -> Answer {
    Ok(Value::Text(encode(bytes_at(args, 0))))
}

pub(super) fn op_decode(args: &[Value]) -> Answer {
    Ok(option(decode(text_at(args, 0)).map(Value::Bytes)))
}

/// RFC 4648 for addresses: `-` and `_`, without padding.
pub(super) fn op_encode_url(args: &[Value]) -> Answer {
    let text = encode(bytes_at(args, 0));
    let text = text.trim_end_matches('=');
    Ok(Value::Text(text.replace('+', "-").replace('/', "_")))
}

/// Reads exactly what `op_encode_url` writes.
pub(super) fn op_decode_url(args: &[Value]) -> Answer {
    let text = text_at(args, 0);
    if text.contains(['+', '/', '=']) {
        return Ok(option(None));
    }
    let mut padded = text.replace('-', "+").replace('_', "/");
    while !padded.len().is_multiple_of(4) {
        padded.push('=');
    }
    Ok(option(decode(&padded).map(Value::Bytes)))
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
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded), Some(plain.as_bytes().to_vec()));
        }
        for bad in ["Zg", "Zh==", "Z===", "====", "Zm9=", "Zm 9", "Zg==Zg=="] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64_for_addresses_has_one_text_for_each_bytes() {
        let from = |text: &str| op_decode_url(&[Value::Text(text.into())]);
        for length in 0..7 {
            let bytes =
                Value::Bytes(vec![0xfb, 0xff, 0xfe, 0x3e, 0x3f, 0xfb, 0xef][..length].to_vec());
            let Ok(Value::Text(text)) = op_encode_url(std::slice::from_ref(&bytes)) else {
                panic!("a text");
            };
            assert!(!text.contains(['+', '/', '=']), "{text}");
            assert_eq!(from(&text), Ok(option(Some(bytes))));
        }
        for bad in ["Zg==", "Z", "Zh", "+_8", "Zm9vY"] {
            assert_eq!(from(bad), Ok(option(None)), "{bad}");
        }
    }
}
