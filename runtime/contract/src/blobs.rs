//! `Blob`: the name of a large content that is kept beside the log, by what it is; and the door to where contents are.
//!
//! A blob is the SHA-256 of its content, its size and its media type. So two blobs of one content and one type are equal, and reading a content
//! by its blob gives the same bytes on any day and any machine: a step may do so. The content itself is in no record and no state.
//!
//! ```text
//! keep(content)    durable, and only then is there a blob that names it
//! find(hash)       whether it is there; from then on a sweep leaves it alone for a day
//! read(hash, ..)   a part of it, after the whole was held against its hash once
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::types::{DefKind, Defs, Field, Type};
use crate::value::Value;

/// SHA-256 of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobHash(pub [u8; 32]);

impl BlobHash {
    pub fn of(content: &[u8]) -> BlobHash {
        BlobHash(Sha256::digest(content).into())
    }

    /// Of 64 hexadecimal digits, small ones.
    pub fn parse(hex: &str) -> Option<BlobHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let digits: [u8; 64] = hex.as_bytes().try_into().ok()?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(BlobHash(hash))
    }
}

impl std::fmt::Display for BlobHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A value of type `Blob`. Ordered by hash, then size, then media type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob {
    pub hash: BlobHash,
    /// Bytes of the content; [`Blob::UNKNOWN`] in JSON that does not say, until [`resolve`] has looked it up.
    pub size: i64,
    /// `image/png`, or empty. What it is good for nobody checks.
    pub media_type: String,
}

impl Blob {
    /// Stands for a size and a media type that are to be looked up.
    pub const UNKNOWN: i64 = -1;

    /// Longest media type, in bytes.
    pub const MEDIA_TYPE_MAX: usize = 255;

    pub fn of(content: &[u8], media_type: &str) -> Blob {
        Blob {
            hash: BlobHash::of(content),
            size: content.len() as i64,
            media_type: media_type.to_owned(),
        }
    }

    /// Whether its size is one.
    pub fn is_known(&self) -> bool {
        self.size >= 0
    }

    /// What is wrong with a media type: it must fit into the header of an answer.
    pub fn problem(media_type: &str) -> Option<&'static str> {
        if media_type.len() > Blob::MEDIA_TYPE_MAX {
            return Some("a media type has at most 255 bytes");
        }
        match media_type.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            true => None,
            false => Some("a media type is made of visible ASCII, as `image/png`"),
        }
    }
}

/// What is known of a content that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Bytes.
    pub size: u64,
    /// The first media type it was given with, or nothing.
    pub media_type: String,
}

/// Why there is no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobError {
    Missing(BlobHash),
    /// What lies there has another hash. The place is a file, where there is one.
    Damaged {
        hash: BlobHash,
        place: String,
    },
    /// The disk, and what it said.
    Disk(String),
}

impl std::fmt::Display for BlobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BlobError::Missing(hash) => write!(f, "there is no blob {hash}"),
            BlobError::Damaged { hash, place } => write!(
                f,
                "{place} is damaged: it is not the content of blob {hash}; put the file back from a backup"
            ),
            BlobError::Disk(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BlobError {}

/// A content in a list of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub hash: BlobHash,
    pub kept: Kept,
    /// How long ago it was kept or asked for.
    pub age: Duration,
}

/// Where contents are. All of it may be called from several threads.
pub trait BlobStore: Send + Sync {
    /// Begins a content that comes in parts.
    fn begin(&self) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// Keeps a content; when this returns, it is durable. One that is there already is only kept for longer.
    fn keep(&self, content: &[u8], media_type: &str) -> Result<Blob, BlobError> {
        let mut writer = self.begin()?;
        writer.write(content)?;
        writer.finish(media_type)
    }

    /// What is known of a content, if it is there. It is then left alone by a sweep for as long as one that is new.
    fn find(&self, hash: &BlobHash) -> Result<Option<Kept>, BlobError>;

    /// The bytes of a content from `from` up to, not with, `to`, both clipped to what there is. The first time the whole is held
    /// against its hash.
    fn read(&self, hash: &BlobHash, from: u64, to: u64) -> Result<Vec<u8>, BlobError>;

    /// All contents, by hash.
    fn list(&self) -> Result<Vec<Listed>, BlobError>;

    /// Removes a content that nobody has kept or asked for in so long a time; whether it did.
    fn remove_older(&self, hash: &BlobHash, age: Duration) -> Result<bool, BlobError>;
}

/// A content on its way in. Dropped before it is finished, it leaves nothing.
pub trait BlobWriter: Send {
    /// Appends a part.
    fn write(&mut self, part: &[u8]) -> Result<(), BlobError>;

    /// Bytes so far.
    fn size(&self) -> u64;

    /// That was all. When this returns, the content is durable.
    fn finish(self: Box<Self>, media_type: &str) -> Result<Blob, BlobError>;
}

/// A store that steps can be lent: an empty one in memory, unless there is another.
#[derive(Clone)]
pub struct Blobs(pub Arc<dyn BlobStore>);

impl Default for Blobs {
    fn default() -> Self {
        Blobs(Arc::new(MemoryBlobs::default()))
    }
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blobs(..)")
    }
}

/// A store that is gone with the process: of the interpreter, of tests.
#[derive(Default)]
pub struct MemoryBlobs(Arc<Mutex<BTreeMap<BlobHash, InMemory>>>);

struct InMemory {
    content: Arc<[u8]>,
    media_type: String,
    touched: Instant,
}

type All = BTreeMap<BlobHash, InMemory>;

fn all(of: &Mutex<All>) -> MutexGuard<'_, All> {
    of.lock().expect("nobody panics with it")
}

fn kept(found: &InMemory) -> Kept {
    Kept {
        size: found.content.len() as u64,
        media_type: found.media_type.clone(),
    }
}

impl BlobStore for MemoryBlobs {
    fn begin(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        Ok(Box::new(InParts(self.0.clone(), Vec::new())))
    }

    fn find(&self, hash: &BlobHash) -> Result<Option<Kept>, BlobError> {
        let mut all = all(&self.0);
        Ok(all.get_mut(hash).map(|found| {
            found.touched = Instant::now();
            kept(found)
        }))
    }

    fn read(&self, hash: &BlobHash, from: u64, to: u64) -> Result<Vec<u8>, BlobError> {
        let content = all(&self.0).get(hash).map(|found| found.content.clone());
        let content = content.ok_or(BlobError::Missing(*hash))?;
        let clip = |at: u64| at.min(content.len() as u64) as usize;
        Ok(content.get(clip(from)..clip(to)).unwrap_or(&[]).to_vec())
    }

    fn list(&self) -> Result<Vec<Listed>, BlobError> {
        let listed = |(hash, found): (&BlobHash, &InMemory)| Listed {
            hash: *hash,
            kept: kept(found),
            age: found.touched.elapsed(),
        };
        Ok(all(&self.0).iter().map(listed).collect())
    }

    fn remove_older(&self, hash: &BlobHash, age: Duration) -> Result<bool, BlobError> {
        let mut all = all(&self.0);
        let is_old = all.get(hash).is_some_and(|f| f.touched.elapsed() >= age);
        Ok(is_old && all.remove(hash).is_some())
    }
}

struct InParts(Arc<Mutex<All>>, Vec<u8>);

impl BlobWriter for InParts {
    fn write(&mut self, part: &[u8]) -> Result<(), BlobError> {
        self.1.extend_from_slice(part);
        Ok(())
    }

    fn size(&self) -> u64 {
        self.1.len() as u64
    }

    fn finish(self: Box<Self>, media_type: &str) -> Result<Blob, BlobError> {
        let blob = Blob::of(&self.1, media_type);
        let mut all = all(&self.0);
        let there = all.entry(blob.hash).or_insert_with(|| InMemory {
            content: self.1.as_slice().into(),
            media_type: String::new(),
            touched: Instant::now(),
        });
        there.touched = Instant::now();
        if there.media_type.is_empty() {
            there.media_type = media_type.to_owned();
        }
        Ok(blob)
    }
}

/// A blob in a value from outside that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub hash: BlobHash,
    pub why: BlobError,
    /// The size that was said of it and the one it has.
    pub sizes: Option<(i64, u64)>,
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.why, self.sizes) {
            (_, Some((said, is))) => {
                let bytes = if is == 1 { "byte" } else { "bytes" };
                write!(f, "blob {} has {is} {bytes}, not {said}", self.hash)
            }
            (BlobError::Missing(_), None) => write!(
                f,
                "there is no blob {}; send its content to POST /blobs first",
                self.hash
            ),
            (why, None) => why.fmt(f),
        }
    }
}

/// Looks up all blobs in a value that came from outside, so that no value names a content that is not there: those that said their
/// hash only get their size and media type.
pub fn resolve(
    defs: &Defs,
    ty: &Type,
    value: &mut Value,
    store: &dyn BlobStore,
) -> Result<(), Unresolved> {
    if !mentions_blob(defs, ty) {
        return Ok(());
    }
    let taken = std::mem::replace(value, Value::Unit);
    *value = resolved(defs, ty, taken, store)?;
    Ok(())
}

fn resolved(
    defs: &Defs,
    ty: &Type,
    value: Value,
    store: &dyn BlobStore,
) -> Result<Value, Unresolved> {
    let one = |ty: &Type, value| resolved(defs, ty, value, store);
    let boxed = |ty: &Type, value: Box<Value>| one(ty, *value).map(Box::new);
    let fields = |fields: &[Field], values: Vec<Value>| -> Result<Vec<Value>, Unresolved> {
        let each = fields.iter().zip(values);
        each.map(|(field, value)| one(&field.ty, value)).collect()
    };
    Ok(match (defs.base(ty), value) {
        (Type::Blob, Value::Blob(blob)) => Value::Blob(Box::new(look_up(*blob, store)?)),
        (Type::List(of), Value::List(items)) => Value::List(
            items
                .into_iter()
                .map(|item| one(of, item))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Set(of), Value::Set(items)) => Value::Set(
            items
                .into_iter()
                .map(|item| one(of, item))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Map(key, of), Value::Map(entries)) => Value::Map(
            entries
                .into_iter()
                .map(|(k, v)| Ok((one(key, k)?, one(of, v)?)))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Option(of), Value::Option(Some(value))) => Value::Option(Some(boxed(of, value)?)),
        (Type::Tuple(parts), Value::Record(values)) => {
            let each = parts.iter().zip(values);
            Value::Record(
                each.map(|(part, value)| one(&part.ty, value))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Type::Result(of, _), Value::Ok(value)) => Value::Ok(boxed(of, value)?),
        (Type::Result(..), Value::Err(id, values)) => match &defs.get(id).kind {
            DefKind::Error { fields: all, .. } => Value::Err(id, fields(all, values)?),
            _ => Value::Err(id, values),
        },
        (Type::Named(id), value) => match (&defs.get(*id).kind, value) {
            (
                DefKind::Record { fields: all }
                | DefKind::Error { fields: all, .. }
                | DefKind::Entity { keys: all },
                Value::Record(values),
            ) => Value::Record(fields(all, values)?),
            (DefKind::Enum { variants }, Value::Variant(tag, values)) => {
                Value::Variant(tag, fields(&variants[tag as usize].fields, values)?)
            }
            (_, other) => other,
        },
        (_, other) => other,
    })
}

fn look_up(blob: Blob, store: &dyn BlobStore) -> Result<Blob, Unresolved> {
    let refuse = |why, sizes| Unresolved {
        hash: blob.hash,
        why,
        sizes,
    };
    let missing = BlobError::Missing(blob.hash);
    let found = store.find(&blob.hash).map_err(|why| refuse(why, None))?;
    let Some(kept) = found else {
        return Err(refuse(missing, None));
    };
    if !blob.is_known() {
        return Ok(Blob {
            size: kept.size as i64,
            media_type: match blob.media_type.is_empty() {
                true => kept.media_type,
                false => blob.media_type,
            },
            ..blob
        });
    }
    match blob.size as u64 == kept.size {
        true => Ok(blob),
        false => Err(refuse(missing, Some((blob.size, kept.size)))),
    }
}

/// Whether values of that type may hold blobs.
pub fn mentions_blob(defs: &Defs, ty: &Type) -> bool {
    let mut seen = vec![false; defs.defs.len()];
    mentions(defs, ty, &mut seen)
}

fn mentions(defs: &Defs, ty: &Type, seen: &mut [bool]) -> bool {
    match ty {
        Type::Blob => true,
        Type::List(of) | Type::Set(of) | Type::Option(of) => mentions(defs, of, seen),
        Type::Map(key, of) => mentions(defs, key, seen) || mentions(defs, of, seen),
        Type::Tuple(parts) => parts.iter().any(|part| mentions(defs, &part.ty, seen)),
        Type::Result(of, errors) => {
            mentions(defs, of, seen)
                || errors
                    .iter()
                    .any(|id| mentions(defs, &Type::Named(*id), seen))
        }
        Type::Named(id) => {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                return false;
            }
            match &defs.get(*id).kind {
                DefKind::New { base } => mentions(defs, base, seen),
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => {
                    fields.iter().any(|field| mentions(defs, &field.ty, seen))
                }
                DefKind::Enum { variants } => {
                    let mut all = variants.iter().flat_map(|variant| &variant.fields);
                    all.any(|field| mentions(defs, &field.ty, seen))
                }
            }
        }
        _ => false,
    }
}
