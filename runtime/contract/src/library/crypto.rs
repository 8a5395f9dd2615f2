//! Fingerprints of `Bytes`, and checks of who they are from. Nothing here keeps a secret or makes one: a step's values are in
//! the log.

use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::{Answer, bytes_at};
use crate::value::Value;

pub(super) fn op_sha256(args: &[Value]) -> Answer {
    Ok(Value::Bytes(Sha256::digest(bytes_at(args, 0)).to_vec()))
}

pub(super) fn op_sha512(args: &[Value]) -> Answer {
    Ok(Value::Bytes(Sha512::digest(bytes_at(args, 0)).to_vec()))
}

/// RFC 2104; a key of any length.
pub(super) fn op_hmac_sha256(args: &[Value]) -> Answer {
    let mut mac = Hmac::<Sha256>::new_from_slice(bytes_at(args, 1)).expect("any key will do");
    mac.update(bytes_at(args, 0));
    Ok(Value::Bytes(mac.finalize().into_bytes().to_vec()))
}

/// The one of zip and Ethernet.
pub(super) fn op_crc32(args: &[Value]) -> Answer {
    Ok(Value::Int(crc32fast::hash(bytes_at(args, 0)) as i64))
}

/// Takes as long for bytes that differ in the first as for those that differ in the last.
pub(super) fn op_equals(args: &[Value]) -> Answer {
    let equal = bytes_at(args, 0).ct_eq(bytes_at(args, 1));
    Ok(Value::Bool(equal.into()))
}

/// RFC 8032, in the strict way that refuses keys and signatures more than one message fits. What is no key or no
/// signature has signed nothing.
pub(super) fn op_verify_ed25519(args: &[Value]) -> Answer {
    let (message, signature, key) = (bytes_at(args, 0), bytes_at(args, 1), bytes_at(args, 2));
    let key = key.try_into().ok().map(VerifyingKey::from_bytes);
    let (Some(Ok(key)), Ok(signature)) = (key, Signature::from_slice(signature)) else {
        return Ok(Value::Bool(false));
    };
    let is_signed = key.verify_strict(message, &signature).is_ok();
    Ok(Value::Bool(is_signed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Op;
    use crate::library::bytes::hex;

    fn bytes(hex: &str) -> Value {
        match Op::BytesFromHex.apply(&[Value::Text(hex.to_owned())]) {
            Ok(Value::Option(Some(bytes))) => *bytes,
            other => panic!("{hex}: {other:?}"),
        }
    }

    fn shown(answer: Answer) -> String {
        match answer {
            Ok(Value::Bytes(bytes)) => hex(&bytes),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fingerprints_are_those_of_the_standards() {
        let abc = [Value::Bytes(b"abc".to_vec())];
        assert!(shown(op_sha256(&abc)).starts_with("ba7816bf8f01cfea"));
        assert!(shown(op_sha512(&abc)).starts_with("ddaf35a193617aba"));
        let digits = [Value::Bytes(b"123456789".to_vec())];
        assert_eq!(op_crc32(&digits), Ok(Value::Int(0xcbf4_3926)));
        // RFC 4231, case 2.
        let args = [
            Value::Bytes(b"what do ya want for nothing?".to_vec()),
            Value::Bytes(b"Jefe".to_vec()),
        ];
        assert!(shown(op_hmac_sha256(&args)).starts_with("5bdcc146bf60754e"));
    }

    #[test]
    fn signatures_are_those_of_the_rfc() {
        // RFC 8032, 7.1, test 2.
        let key = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let signature = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        let verify = |message: &str, signature: &Value, key: &Value| {
            op_verify_ed25519(&[bytes(message), signature.clone(), key.clone()])
        };
        assert_eq!(verify("72", &signature, &key), Ok(Value::Bool(true)));
        assert_eq!(verify("73", &signature, &key), Ok(Value::Bool(false)));
        assert_eq!(verify("72", &key, &key), Ok(Value::Bool(false)));
        assert_eq!(verify("72", &signature, &signature), Ok(Value::Bool(false)));
        // A key of small order, for which one signature would fit every message.
        let weak = bytes(&("01".to_owned() + &"00".repeat(31)));
        let forged = bytes(&("01".to_owned() + &"00".repeat(63)));
        assert_eq!(verify("72", &forged, &weak), Ok(Value::Bool(false)));
    }
}
