//! How a frame lies in a segment: an envelope that says where it belongs.
//!
//! ```text
//!   magic 4 | kind 2 | version 2 | payload bytes 4 | crc 4 | segment 8 | offset 4 | term 4
//!   seq 8 | durable segment 8 | durable offset 4 | zero 4 | payload ... | zeros up to 8
//! ```
//!
//! The checksum covers all but itself and the padding, and starts from the
//! log's identity, so that neither another log's bytes nor a payload that looks
//! like an envelope is taken for one.

use crate::bytes::Cursor;

/// Bytes before the payload.
pub const ENVELOPE_BYTES: usize = 56;
/// Every envelope starts at a multiple of this.
pub const ALIGNMENT: usize = 8;

const MAGIC: u32 = u32::from_le_bytes(*b"WEnv");
const VERSION: u16 = 1;

/// A place in the physical log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// The number of the segment.
    pub segment: u64,
    /// Bytes from the segment's start.
    pub offset: u32,
}

/// What an envelope is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Holds a frame.
    Frame,
    /// Says that all before it is durable; the next group overwrites it.
    Mark,
    /// The log goes on in the next segment.
    Roll,
}

/// The fixed part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// What it is for.
    pub kind: Kind,
    /// Where it was written.
    pub place: Position,
    /// Grows with each opening of the log: what an earlier opening left behind
    /// the place where a later one goes on is not a part of the log.
    pub term: u32,
    /// Dense over the whole log.
    pub seq: u64,
    /// Everything before this was durable when the envelope was written.
    pub durable: Position,
}

/// Bytes an envelope with such a payload takes.
pub fn envelope_bytes(payload: usize) -> usize {
    (ENVELOPE_BYTES + payload).next_multiple_of(ALIGNMENT)
}

/// The identity of a log as the start of its checksums.
pub fn checksum_seed(log_id: u128) -> u32 {
    crc32fast::hash(&log_id.to_le_bytes())
}

fn checksum(seed: u32, head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(&head[..12]);
    hasher.update(&head[16..]);
    hasher.update(payload);
    hasher.finalize()
}

impl Envelope {
    /// Append the envelope with its payload.
    pub fn encode(&self, seed: u32, payload: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let kind: u16 = match self.kind {
            Kind::Frame => 1,
            Kind::Mark => 2,
            Kind::Roll => 3,
        };
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.place.segment.to_le_bytes());
        out.extend_from_slice(&self.place.offset.to_le_bytes());
        out.extend_from_slice(&self.term.to_le_bytes());
        out.extend_from_slice(&self.seq.to_le_bytes());
        out.extend_from_slice(&self.durable.segment.to_le_bytes());
        out.extend_from_slice(&self.durable.offset.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let crc = checksum(seed, &out[start..], payload);
        out[start + 12..start + 16].copy_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(payload);
        out.resize(start + envelope_bytes(payload.len()), 0);
    }

    /// The envelope at the start of `bytes`, if one was written whole for `place`.
    pub fn decode(seed: u32, bytes: &[u8], place: Position) -> Option<(Envelope, &[u8])> {
        let mut at = Cursor::new(bytes);
        if at.u32()? != MAGIC {
            return None;
        }
        let kind = match at.u16()? {
            1 => Kind::Frame,
            2 => Kind::Mark,
            3 => Kind::Roll,
            _ => return None,
        };
        if at.u16()? != VERSION {
            return None;
        }
        let payload_bytes = at.u32()? as usize;
        let crc = at.u32()?;
        let found = Position {
            segment: at.u64()?,
            offset: at.u32()?,
        };
        let term = at.u32()?;
        let seq = at.u64()?;
        let durable = Position {
            segment: at.u64()?,
            offset: at.u32()?,
        };
        at.u32()?;
        let payload = at.take(payload_bytes)?;
        let sound = found == place && checksum(seed, &bytes[..ENVELOPE_BYTES], payload) == crc;
        sound.then_some((
            Envelope {
                kind,
                place,
                term,
                seq,
                durable,
            },
            payload,
        ))
    }
}
