//! Text as a part of an address (RFC 3986): what has a meaning there is written as `%` and two digits for each byte.

use std::fmt::Write;

use super::{Answer, limit, option, text_at};
use crate::value::Value;

pub(super) fn op_encode(args: &[Value]) -> Answer {
    let text = text_at(args, 0);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => write!(out, "%{byte:02X}").expect("memory takes it"),
        }
    }
    limit(out.len())?;
    Ok(Value::Text(out))
}

/// `None` where a `%` has not two digits behind it, and where the bytes are no text. A `+` is a plus: only forms mean a
/// space by it.
pub(super) fn op_decode(args: &[Value]) -> Answer {
    Ok(option(decode(text_at(args, 0)).map(Value::Text)))
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || (rest.next()? as char).to_digit(16);
        out.push((digit()? << 4 | digit()?) as u8);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in ["", "a b&c=d/é%+?#\u{0}", "-._~"] {
            let encoded = op_encode(&[Value::Text(text.into())]).unwrap();
            let back = op_decode(&[encoded]);
            assert_eq!(back, Ok(option(Some(Value::Text(text.into())))));
        }
        assert_eq!(decode("%c3%A9+"), Some("é+".to_owned()));
        for bad in ["%", "%4", "%4g", "%é1", "%ff", "%+1"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
