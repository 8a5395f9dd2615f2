//! Fingerprints of `Bytes`, and checks of who they are from. Nothing here keeps a secret or makes one: a step's values are in
//! the log.

use argon2::{Algorithm, Argon2, Params, Version};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::{Answer, base64, bytes_at, text_at};
use crate::crash::CrashReason;
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

/// The same with SHA-512.
pub(super) fn op_hmac_sha512(args: &[Value]) -> Answer {
    let mut mac = Hmac::<Sha512>::new_from_slice(bytes_at(args, 1)).expect("any key will do");
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

/// What new hashes cost: 19 MiB of memory, twice gone over. The least that OWASP recommends for Argon2id.
const COST: (u32, u32) = (19 << 10, 2);
/// What a hash from elsewhere may cost at most, in KiB and rounds: a text must not be able to stop the host.
const COST_MAX: (u32, u32) = (64 << 10, 8);
/// Bytes of a password that are looked at, more are refused.
const PASSWORD_BYTES_MAX: usize = 4 << 10;

/// Argon2id in the PHC form: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`.
pub(super) fn op_hash_password(args: &[Value]) -> Answer {
    let (password, salt) = (text_at(args, 0), bytes_at(args, 1));
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(CrashReason::BadArgument);
    }
    let hash = argon(Algorithm::Argon2id, COST, 1, password, salt, 32);
    let hash = hash.ok_or(CrashReason::BadArgument)?;
    let (m, t) = COST;
    let [salt, hash] = [salt, &hash].map(unpadded);
    Ok(Value::Text(format!(
        "$argon2id$v=19$m={m},t={t},p=1${salt}${hash}"
    )))
}

/// A text that is no such hash, or one that costs too much, fits no password.
pub(super) fn op_verify_password(args: &[Value]) -> Answer {
    let (password, hash) = (text_at(args, 0), text_at(args, 1));
    let fits = password.len() <= PASSWORD_BYTES_MAX && verify(password, hash).unwrap_or(false);
    Ok(Value::Bool(fits))
}

fn verify(password: &str, hash: &str) -> Option<bool> {
    let mut parts = hash.strip_prefix('$')?.split('$');
    let algorithm = match parts.next()? {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        _ => return None,
    };
    if parts.next()? != "v=19" {
        return None;
    }
    let mut costs = parts.next()?.split(',');
    let mut cost = |name: &str| -> Option<u32> { costs.next()?.strip_prefix(name)?.parse().ok() };
    let (m, t, p) = (cost("m=")?, cost("t=")?, cost("p=")?);
    if m > COST_MAX.0 || t > COST_MAX.1 || p > 4 {
        return None;
    }
    let (salt, known) = (padded(parts.next()?)?, padded(parts.next()?)?);
    if parts.next().is_some() || known.len() > 64 {
        return None;
    }
    let found = argon(algorithm, (m, t), p, password, &salt, known.len())?;
    Some(found.ct_eq(&known).into())
}

/// `None` for what Argon2 refuses: a salt that is too short, costs that do not go together.
fn argon(
    algorithm: Algorithm,
    (m, t): (u32, u32),
    p: u32,
    password: &str,
    salt: &[u8],
    bytes: usize,
) -> Option<Vec<u8>> {
    let params = Params::new(m, t, p, Some(bytes)).ok()?;
    let argon = Argon2::new(algorithm, Version::V0x13, params);
    let mut hash = vec![0; bytes];
    argon
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

/// Base64 as the PHC form has it.
fn unpadded(bytes: &[u8]) -> String {
    base64::encode(bytes).trim_end_matches('=').to_owned()
}

fn padded(text: &str) -> Option<Vec<u8>> {
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    base64::decode(&format!("{text}{padding}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Op;
    use crate::library::hex::encode as hex;

    fn bytes(hex: &str) -> Value {
        match Op::HexDecode.apply(&[Value::Text(hex.to_owned())]) {
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

    /// Made by the reference implementation.
    #[test]
    fn a_hash_from_elsewhere_is_known() {
        let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert_eq!(verify("password", hash), Some(true));
        assert_eq!(verify("passwort", hash), Some(false));
        assert_eq!(verify("password", &hash.replace("65536", "65537")), None);
        assert_eq!(verify("password", &hash.replace("t=2", "t=0")), None);
        assert_eq!(
            verify("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"),
            None
        );
        assert_eq!(verify("password", ""), None);
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
