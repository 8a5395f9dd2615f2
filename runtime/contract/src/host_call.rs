//! What a step has its host do by the types of the program: JSON, lines of the program's log, settings and secrets.
//!
//! The manifest lists each pair of kind and type that the module asks for, and the module asks by position. So a module says nothing
//! about types while it runs, and there is one implementation of all of it, here, for modules and for the interpreter.

mod given;
mod lines;

pub use given::{Given, Lacking};
pub use lines::{Level, Line, Lines};

use serde::{Deserialize, Serialize};

use self::lines::line;
use crate::blobs::{self, Blob, BlobError};
use crate::crash::CrashReason;
use crate::encode::{Reader, encode_into, put_int};
use crate::json::{JsonError, from_json, parse, to_document};
use crate::library::{self, RESULT_BYTES_MAX, Refusal};
use crate::scratch::{self, Found};
use crate::types::{Defs, TupleField, Type};
use crate::value::Value;

/// One kind of call; with the type it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HostCall {
    /// A value of that type: its JSON in one line.
    Encode(Type),
    /// The same with a line for each part.
    Pretty(Type),
    /// `Text`: the value that it is, as [`HostCall::result`] has it.
    Decode(Type),
    /// `Text`, and the values beside it as a tuple with names, or `Unit`: nothing comes back, and nothing else depends on it.
    Log(Level, Type),
    /// Nothing: the setting of that name, as `T?` where the program goes on without it.
    Config(Setting),
    /// Nothing: the name of the secret, which the host promises to have.
    Secret(String),
    /// `Text`, the name of a secret: what it is.
    Reveal,
    /// Nothing, or the first key of the rows that are wanted: rows of a view. Who keeps the rows answers it.
    View(ViewRead),
    /// `Bytes`, `Text`: the blob of that content and media type, which is then durable.
    KeepBlob,
    /// `Blob`, `Int`, `Int`: the bytes of its content from the one up to, not with, the other.
    ReadBlob,
    /// `Blob`: the lines of its content.
    BlobLines,
    /// What temporary data is made from, of that type: how many parts it has.
    ScratchParts(Type),
    /// What temporary data is made from, and the number of a part: that part, of the second type.
    ScratchPart(Type, Type),
    /// What temporary data is made from: the whole of it, of the second type.
    ScratchWhole(Type, Type),
    /// What temporary data is made from, of that type: why it cannot be had; nothing where it is there.
    ScratchLost(Type),
}

/// Reading a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewRead {
    /// Position in the manifest's views.
    pub view: u32,
    /// The type of its first key, where only the rows with one are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Type>,
    pub row: Type,
}

/// A setting that a program asks for with `config`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub name: String,
    pub ty: Type,
    /// The program goes on without it.
    pub has_default: bool,
}

impl HostCall {
    /// What the call is given.
    pub fn params(&self) -> Vec<Type> {
        match self {
            HostCall::Encode(ty) | HostCall::Pretty(ty) => vec![ty.clone()],
            HostCall::Log(_, ty) => vec![Type::Text, ty.clone()],
            HostCall::Decode(_) | HostCall::Reveal => vec![Type::Text],
            HostCall::Config(_) | HostCall::Secret(_) => Vec::new(),
            HostCall::View(read) => read.key.iter().cloned().collect(),
            HostCall::KeepBlob => vec![Type::Bytes, Type::Text],
            HostCall::ReadBlob => vec![Type::Blob, Type::Int, Type::Int],
            HostCall::BlobLines => vec![Type::Blob],
            HostCall::ScratchParts(of)
            | HostCall::ScratchWhole(of, _)
            | HostCall::ScratchLost(of) => vec![of.clone()],
            HostCall::ScratchPart(of, _) => vec![of.clone(), Type::Int],
        }
    }

    /// What comes back. Of `Decode` the value, or else the place and what is wrong there.
    pub fn result(&self) -> Type {
        match self {
            HostCall::Encode(_) | HostCall::Pretty(_) | HostCall::Secret(_) | HostCall::Reveal => {
                Type::Text
            }
            HostCall::Decode(ty) => {
                let plain = |ty| TupleField { name: None, ty };
                let value = Type::Option(Box::new(ty.clone()));
                Type::Tuple(vec![plain(value), plain(Type::Text), plain(Type::Text)])
            }
            HostCall::Log(..) => Type::Unit,
            HostCall::Config(setting) if !setting.has_default => setting.ty.clone(),
            HostCall::Config(setting) => Type::Option(Box::new(setting.ty.clone())),
            HostCall::View(read) => Type::List(Box::new(read.row.clone())),
            HostCall::KeepBlob => Type::Blob,
            HostCall::ReadBlob => Type::Bytes,
            HostCall::BlobLines => Type::List(Box::new(Type::Text)),
            HostCall::ScratchParts(_) => Type::Int,
            HostCall::ScratchPart(_, gives) | HostCall::ScratchWhole(_, gives) => gives.clone(),
            HostCall::ScratchLost(_) => Type::Option(Box::new(Type::Text)),
        }
    }

    /// The types it names.
    pub fn types(&self) -> Vec<&Type> {
        match self {
            HostCall::Encode(ty)
            | HostCall::Pretty(ty)
            | HostCall::Decode(ty)
            | HostCall::Log(_, ty) => vec![ty],
            HostCall::Config(setting) => vec![&setting.ty],
            HostCall::Secret(_) | HostCall::Reveal => Vec::new(),
            HostCall::View(read) => read.key.iter().chain([&read.row]).collect(),
            HostCall::KeepBlob | HostCall::ReadBlob | HostCall::BlobLines => Vec::new(),
            HostCall::ScratchParts(of) | HostCall::ScratchLost(of) => vec![of],
            HostCall::ScratchPart(of, gives) | HostCall::ScratchWhole(of, gives) => {
                vec![of, gives]
            }
        }
    }

    /// Whether it may wait for a disk: the time of a step does not count that.
    pub fn is_slow(&self) -> bool {
        matches!(
            self,
            HostCall::KeepBlob
                | HostCall::ReadBlob
                | HostCall::BlobLines
                | HostCall::ScratchParts(_)
                | HostCall::ScratchPart(..)
                | HostCall::ScratchWhole(..)
                | HostCall::ScratchLost(_)
        )
    }

    /// Does it.
    ///
    /// # Panics
    /// When the arguments are not of the types of [`HostCall::params`].
    pub fn apply(
        &self,
        defs: &Defs,
        args: &[Value],
        given: &Given,
        log: &mut Lines,
    ) -> Result<Value, Refusal> {
        match (self, args) {
            (HostCall::Encode(ty), [value]) => text(to_document(defs, ty, value).to_string()),
            (HostCall::Pretty(ty), [value]) => text(to_document(defs, ty, value).pretty()),
            (HostCall::Decode(ty), [Value::Text(json)]) => {
                Ok(match decode(defs, ty, json, given) {
                    Ok(value) => answer(Some(value), "", ""),
                    Err(error) => {
                        let JsonError { path, .. } = &error;
                        let whole = error.to_string();
                        let why = whole.strip_prefix(&format!("{path}: ")).unwrap_or(&whole);
                        answer(None, path, why)
                    }
                })
            }
            (HostCall::Log(level, ty), [Value::Text(message), values]) => {
                log.say(line(*level, message, to_document(defs, ty, values)));
                Ok(Value::Unit)
            }
            (HostCall::Config(setting), []) => {
                let mut found = given.setting(&setting.name, &setting.ty).cloned();
                if let Some(value) = &mut found {
                    let looked = blobs::resolve(defs, &setting.ty, value, &*given.blobs.0);
                    if let Err(why) = looked {
                        return refuse(format!("the setting `{}`: {why}", setting.name));
                    }
                }
                match found {
                    found if setting.has_default => Ok(Value::Option(found.map(Box::new))),
                    Some(found) => Ok(found),
                    None => refuse(format!("nobody has set `{}`", setting.name)),
                }
            }
            (HostCall::Secret(name), []) => Ok(Value::Text(name.clone())),
            (HostCall::Reveal, [Value::Text(name)]) => match given.secrets.get(name) {
                Some(secret) => Ok(Value::Text(secret.clone())),
                None => refuse(format!("nobody has set the secret `{name}`")),
            },
            // No row is kept here.
            (HostCall::View(_), _) => Err(CrashReason::Unreachable.into()),
            (HostCall::KeepBlob, [Value::Bytes(content), Value::Text(media_type)]) => {
                if let Some(why) = Blob::problem(media_type) {
                    return Err(Refusal {
                        reason: CrashReason::BadText,
                        detail: why.to_owned(),
                    });
                }
                let kept = given.blobs.0.keep(content, media_type).map_err(no_blob)?;
                Ok(Value::Blob(Box::new(kept)))
            }
            (HostCall::ReadBlob, [Value::Blob(blob), Value::Int(from), Value::Int(to)]) => {
                let clip = |at: i64| at.clamp(0, blob.size) as u64;
                let read = content(given, blob, clip(*from), clip(*to).max(clip(*from)))?;
                Ok(Value::Bytes(read))
            }
            (HostCall::BlobLines, [Value::Blob(blob)]) => {
                let read = content(given, blob, 0, blob.size as u64)?;
                let text = String::from_utf8(read).map_err(|_| Refusal {
                    reason: CrashReason::BadText,
                    detail: format!("the content of blob {} is not UTF-8", blob.hash),
                })?;
                Ok(library::Op::TextLines.apply(&[Value::Text(text)])?)
            }
            _ => panic!("{args:?} are not the arguments of {self:?}"),
        }
    }

    /// The step's way in: arguments one after the other in the value encoding, and so the result.
    /// Bytes that are not such arguments are a `BadArgument`: the module is at fault, never the host.
    pub fn call(
        &self,
        defs: &Defs,
        args: &[u8],
        given: &Given,
        log: &mut Lines,
    ) -> Result<Vec<u8>, Refusal> {
        if let HostCall::ScratchParts(_)
        | HostCall::ScratchPart(..)
        | HostCall::ScratchWhole(..)
        | HostCall::ScratchLost(_) = self
        {
            return self.read_scratch(defs, args, given);
        }
        let mut reader = Reader::new(args);
        let mut values = Vec::new();
        for param in self.params() {
            let value = reader.value(defs, &param);
            values.push(value.map_err(|_| CrashReason::BadArgument)?);
        }
        reader.finish().map_err(|_| CrashReason::BadArgument)?;
        let result = self.apply(defs, &values, given, log)?;
        let mut out = Vec::new();
        encode_into(defs, &self.result(), &result, &mut out);
        Ok(out)
    }
}

impl HostCall {
    /// Temporary data goes as the bytes it is.
    fn read_scratch(&self, defs: &Defs, args: &[u8], given: &Given) -> Result<Vec<u8>, Refusal> {
        let store = &*given.scratches.0;
        let broken = |_| Refusal::from(CrashReason::BadArgument);
        let found = match self {
            HostCall::ScratchParts(_) => match store.parts(args) {
                Found::There(count) => {
                    let mut out = Vec::new();
                    put_int(&mut out, count as i64);
                    Found::There(out)
                }
                Found::Missing => Found::Missing,
                Found::Failed(refusal) => Found::Failed(refusal),
            },
            HostCall::ScratchPart(of, _) => {
                let mut reader = Reader::new(args);
                reader.value(defs, of).map_err(broken)?;
                let made_from = &args[..reader.position()];
                store.part(made_from, reader.int().map_err(broken)? as u64)
            }
            HostCall::ScratchWhole(_, gives) => {
                let is_list = matches!(defs.base(gives), Type::List(_));
                scratch::whole(store, args, is_list, RESULT_BYTES_MAX)
            }
            HostCall::ScratchLost(_) => {
                let why = match store.parts(args) {
                    Found::There(_) => Found::There(None),
                    Found::Missing => Found::Missing,
                    Found::Failed(refusal) if refusal.is_loss() => {
                        Found::There(Some(refusal.to_string()))
                    }
                    Found::Failed(refusal) => Found::Failed(refusal),
                };
                why.map(|why| {
                    let why = Value::Option(why.map(|why| Box::new(Value::Text(why))));
                    let mut out = Vec::new();
                    encode_into(defs, &self.result(), &why, &mut out);
                    out
                })
            }
            other => unreachable!("{other:?} reads no temporary data"),
        };
        match found {
            Found::There(bytes) => Ok(bytes),
            Found::Missing => Err(CrashReason::NoScratch.into()),
            Found::Failed(refusal) => Err(refusal),
        }
    }
}

fn decode(defs: &Defs, ty: &Type, json: &str, given: &Given) -> Result<Value, JsonError> {
    let mut value = from_json(defs, ty, &parse(json.as_bytes())?, "")?;
    // What names a content that is not there is not let in, here as in a request.
    blobs::resolve(defs, ty, &mut value, &*given.blobs.0)
        .map_err(|why| JsonError::new("", why.to_string()))?;
    Ok(value)
}

/// A part of a content, if a step may hold so much.
fn content(given: &Given, blob: &Blob, from: u64, to: u64) -> Result<Vec<u8>, Refusal> {
    if to - from > RESULT_BYTES_MAX as u64 {
        return Err(Refusal {
            reason: CrashReason::StepTooLarge,
            detail: format!(
                "{} bytes of a blob at once; take it in parts with `slice`",
                to - from
            ),
        });
    }
    let read = given.blobs.0.read(&blob.hash, from, to).map_err(no_blob)?;
    match read.len() as u64 == to - from {
        true => Ok(read),
        false => Err(no_blob(BlobError::Disk(format!(
            "the content of blob {} is shorter than {} bytes",
            blob.hash, blob.size
        )))),
    }
}

fn no_blob(error: BlobError) -> Refusal {
    Refusal {
        reason: CrashReason::NoBlob,
        detail: error.to_string(),
    }
}

fn answer(value: Option<Value>, place: &str, why: &str) -> Value {
    let value = Value::Option(value.map(Box::new));
    Value::Record(vec![
        value,
        Value::Text(place.to_owned()),
        Value::Text(why.to_owned()),
    ])
}

fn text(text: String) -> Result<Value, Refusal> {
    match text.len() > RESULT_BYTES_MAX {
        true => Err(CrashReason::StepTooLarge.into()),
        false => Ok(Value::Text(text)),
    }
}

fn refuse(detail: String) -> Result<Value, Refusal> {
    Err(Refusal {
        reason: CrashReason::NotGiven,
        detail,
    })
}
