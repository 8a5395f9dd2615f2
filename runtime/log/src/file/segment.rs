//! Segment files: fixed size, filled ahead, used again after trimming.
//!
//! ```text
//!   0         64                                                segment_bytes
//!   | header  | envelope | envelope | ... | mark | older bytes ... |
//! ```
//!
//! A segment gets its final name only when its header and all of its bytes are
//! durable. So a named file with a bad header or another size is damage.

use std::io;
use std::sync::Arc;

use crate::bytes::Cursor;
use crate::file::envelope::{ENVELOPE_BYTES, envelope_bytes};
use crate::frame::FRAME_BYTES_MAX;
use crate::storage::{Storage, StorageFile};

/// The directory of the segments.
pub const SEGMENT_DIR: &str = "log";
/// Bytes before the first envelope.
pub const SEGMENT_HEADER_BYTES: usize = 64;
/// A segment that is being made ready.
pub const PREPARING_FILE: &str = "log/preparing.tmp";

const MAGIC: u64 = u64::from_le_bytes(*b"WEIRSEGM");
const VERSION: u16 = 1;
const FILL_BYTES: usize = 1 << 20;

/// The most bytes of envelopes a segment takes, leaving room for its last one.
pub fn capacity(segment_bytes: u32) -> usize {
    segment_bytes as usize - SEGMENT_HEADER_BYTES - ENVELOPE_BYTES
}

/// The largest frame, in encoded bytes.
pub fn frame_bytes_max(segment_bytes: u32) -> usize {
    let fits = capacity(segment_bytes) - envelope_bytes(0) - 8;
    fits.min(FRAME_BYTES_MAX)
}

/// An open segment.
pub struct Segment {
    /// Its number, dense over the log.
    pub number: u64,
    /// The file.
    pub file: Box<dyn StorageFile>,
}

/// The name of a segment's file.
pub fn segment_file(number: u64) -> String {
    format!("{SEGMENT_DIR}/{number:016x}.seg")
}

/// The number in a file name of the segment directory.
pub fn segment_number(name: &str) -> Option<u64> {
    let number = name
        .strip_suffix(".seg")
        .filter(|number| number.len() == 16)?;
    u64::from_str_radix(number, 16).ok()
}

fn header(log_id: u128, number: u64, segment_bytes: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(SEGMENT_HEADER_BYTES);
    out.extend_from_slice(&MAGIC.to_le_bytes());
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&log_id.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&segment_bytes.to_le_bytes());
    out.resize(SEGMENT_HEADER_BYTES - 4, 0);
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// What is wrong with a segment's header, if anything.
pub fn check_header(
    bytes: &[u8],
    log_id: u128,
    number: u64,
    segment_bytes: u32,
) -> Result<(), &'static str> {
    let bytes = bytes
        .get(..SEGMENT_HEADER_BYTES)
        .ok_or("the segment is shorter than its header")?;
    if bytes == header(log_id, number, segment_bytes) {
        return Ok(());
    }
    let (body, crc) = bytes.split_at(SEGMENT_HEADER_BYTES - 4);
    if crc32fast::hash(body).to_le_bytes() != crc {
        return Err("the segment's header does not match its checksum");
    }
    let mut at = Cursor::new(body);
    if at.u64() != Some(MAGIC) || at.u16() != Some(VERSION) {
        return Err("the segment's version is not known to this program");
    }
    if at.u128() != Some(log_id) {
        return Err("the segment belongs to another log");
    }
    Err("the segment's header names another number or size")
}

/// Make segment `number` ready for use: from a `spare` file of a trimmed one,
/// or anew. When this returns, all of it is durable under its name.
pub fn prepare(
    storage: &dyn Storage,
    log_id: u128,
    number: u64,
    segment_bytes: u32,
    spare: Option<&str>,
) -> io::Result<Arc<Segment>> {
    let file = match spare {
        Some(spare) => {
            storage.rename(spare, PREPARING_FILE)?;
            storage.sync_dir(SEGMENT_DIR)?;
            storage.open(PREPARING_FILE)?
        }
        None => fill(storage, segment_bytes)?,
    };
    file.write_at(&header(log_id, number, segment_bytes), 0)?;
    file.sync_data()?;
    storage.rename(PREPARING_FILE, &segment_file(number))?;
    storage.sync_dir(SEGMENT_DIR)?;
    Ok(Arc::new(Segment { number, file }))
}

fn fill(storage: &dyn Storage, segment_bytes: u32) -> io::Result<Box<dyn StorageFile>> {
    let file = storage.create(PREPARING_FILE)?;
    let zeros = vec![0; FILL_BYTES.min(segment_bytes as usize)];
    let mut at = 0;
    while at < segment_bytes as usize {
        let bytes = zeros.len().min(segment_bytes as usize - at);
        if let Err(error) = file.write_at(&zeros[..bytes], at as u64) {
            // Give back the room; the error that counts is the first one.
            let _ = storage.remove(PREPARING_FILE);
            return Err(error);
        }
        at += bytes;
    }
    Ok(file)
}
