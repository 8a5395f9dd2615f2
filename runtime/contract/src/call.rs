//! Arguments and replies of a call: from values to the bytes of `border` and back.

use crate::border::{OUTPUT_DENIED, OUTPUT_FAILED, OUTPUT_OK};
use crate::encode::{DecodeError, Reader, encode_fields, encode_into, put_varint};
use crate::manifest::Param;
use crate::types::{DefId, DefKind, Defs, Type};
use crate::value::Value;

/// The arguments of a call, one after the other; `None` where a parameter with a default was left out.
/// A parameter with a default is encoded as an `Option` of its type.
///
/// # Panics
/// When the arguments are not of the parameters' types.
pub fn encode_args(defs: &Defs, params: &[Param], args: &[Option<Value>]) -> Vec<u8> {
    assert_eq!(params.len(), args.len(), "another number of arguments");
    let mut out = Vec::new();
    for (param, arg) in params.iter().zip(args) {
        if param.has_default {
            out.push(arg.is_some() as u8);
        }
        match arg {
            Some(value) => encode_into(defs, &param.ty, value, &mut out),
            None => assert!(param.has_default, "parameter {} has no default", param.name),
        }
    }
    out
}

/// The inverse of [`encode_args`], to show records of the log.
pub fn decode_args(
    defs: &Defs,
    params: &[Param],
    bytes: &[u8],
) -> Result<Vec<Option<Value>>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut args = Vec::new();
    for param in params {
        let present = !param.has_default
            || match reader.byte()? {
                0 => false,
                1 => true,
                _ => return Err(reader.error("neither 0 nor 1")),
            };
        args.push(if present {
            Some(reader.value(defs, &param.ty)?)
        } else {
            None
        });
    }
    reader.finish()?;
    Ok(args)
}

/// What a step answers when it does not crash.
///
/// In bytes: [`OUTPUT_OK`] and the value, [`OUTPUT_FAILED`], the error's number as varint and its fields, or [`OUTPUT_DENIED`].
/// The entry of an entity's `allow` answers [`OUTPUT_OK`] with nothing behind it, or [`OUTPUT_DENIED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Ok(Value),
    Failed(DefId, Vec<Value>),
    Denied,
}

impl Reply {
    pub fn decode(
        defs: &Defs,
        returns: &Type,
        fails: &[DefId],
        bytes: &[u8],
    ) -> Result<Reply, DecodeError> {
        let mut reader = Reader::new(bytes);
        let reply = match reader.byte()? {
            OUTPUT_OK => Reply::Ok(reader.value(defs, returns)?),
            OUTPUT_FAILED => {
                let number = reader.varint()?;
                let id = *fails
                    .iter()
                    .find(|id| id.0 as u64 == number)
                    .ok_or(reader.error("no such error"))?;
                match &defs.get(id).kind {
                    DefKind::Error { fields, .. } => {
                        Reply::Failed(id, reader.fields(defs, fields)?)
                    }
                    _ => return Err(reader.error("not an error")),
                }
            }
            OUTPUT_DENIED => Reply::Denied,
            _ => return Err(reader.error("no such kind of output")),
        };
        reader.finish()?;
        Ok(reply)
    }

    pub fn encode(&self, defs: &Defs, returns: &Type) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Reply::Ok(value) => {
                out.push(OUTPUT_OK);
                encode_into(defs, returns, value, &mut out);
            }
            Reply::Failed(id, values) => {
                out.push(OUTPUT_FAILED);
                put_varint(&mut out, id.0 as u64);
                match &defs.get(*id).kind {
                    DefKind::Error { fields, .. } => encode_fields(defs, fields, values, &mut out),
                    _ => panic!("{} is not an error", defs.get(*id).name),
                }
            }
            Reply::Denied => out.push(OUTPUT_DENIED),
        }
        out
    }
}
