//! Hexadecimal digits that stand for bytes.

use super::{Answer, bytes_at, option, text_at};
use crate::value::Value;

/// Lower-case hexadecimal digits, two a byte.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn op_encode(args: &[Value]) -> Answer {
    Ok(Value::Text(encode(bytes_at(args, 0))))
}

/// Digits of either case, an even number of them.
pub(super) fn op_decode(args: &[Value]) -> Answer {
    let digits = text_at(args, 0).as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16).map(|d| d as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes = digits.chunks(2).map(pair).collect::<Option<Vec<u8>>>();
    Ok(option(bytes.map(Value::Bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_either_case_are_read() {
        let decode = |s: &str| op_decode(&[Value::Text(s.into())]);
        assert_eq!(encode(&[0, 255, 16]), "00ff10");
        let bytes = Value::Bytes(vec![0, 255, 16]);
        assert_eq!(decode("00fF10"), Ok(option(Some(bytes))));
        for bad in ["0", "0g", "é0", " 00"] {
            assert_eq!(decode(bad), Ok(option(None)), "{bad}");
        }
    }
}
