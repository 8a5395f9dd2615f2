//! What one commit writes: a frame of records, and its bytes.
//!
//! ```text
//!   frame   | version 2 | partition 2 | count 4 | base 8 | epoch 8 | at 8 | prev_hash 16 | records ...
//!   record  | kind 2 | tags 2 | body length 4 | tag 8 each | body |
//! ```
//!
//! These bytes are the same on disk and in any other store behind the `Log`
//! trait. Each frame names the hash of the one before it in its partition, so
//! a frame that is missing, doubled or exchanged is noticed by every reader.

use sha2::{Digest, Sha256};

use crate::bytes::Cursor;
use crate::lsn::{Epoch, Hlc, Lsn, OwnerId, Partition, Tag};

/// The version of the frame format this crate writes.
pub const FRAME_VERSION: u16 = 1;
/// The largest frame that a store without other bounds takes, in encoded bytes,
/// so that one sync stays short.
pub const FRAME_BYTES_MAX: usize = 4 << 20;
/// Bytes of a frame before its first record.
pub const FRAME_HEADER_BYTES: usize = 48;
/// Bytes of a record before its tags.
pub const RECORD_HEADER_BYTES: usize = 8;

/// What a record means. 0 belongs to the log; all others to the machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordKind(pub u16);

impl RecordKind {
    /// Written by `take`: a new writer reigns from here on. The body is the
    /// owner's id, 16 bytes.
    pub const EPOCH: RecordKind = RecordKind(0);
}

/// One entry of the log. Each takes one `Lsn`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Labels for finding the record again; at most 65,535.
    pub tags: Vec<Tag>,
    /// What the body means.
    pub kind: RecordKind,
    /// The payload; the log does not look inside.
    pub body: Vec<u8>,
}

impl Record {
    /// A record without tags.
    pub fn new(kind: RecordKind, body: impl Into<Vec<u8>>) -> Self {
        Record {
            tags: Vec::new(),
            kind,
            body: body.into(),
        }
    }

    /// The record `take` writes.
    pub fn epoch(owner: OwnerId) -> Self {
        Record::new(RecordKind::EPOCH, owner.0.to_le_bytes())
    }

    /// Bytes this record takes inside a frame.
    pub fn encoded_bytes(&self) -> usize {
        RECORD_HEADER_BYTES + 8 * self.tags.len() + self.body.len()
    }
}

/// The unit of commit: all of its records are durable, or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Whose log it is.
    pub partition: Partition,
    /// The position of the first record.
    pub base: Lsn,
    /// The reign of the writer.
    pub epoch: Epoch,
    /// The hash of the frame before it in the partition; 0 for the first.
    pub prev_hash: u128,
    /// When it was written; never less than in the frame before.
    pub at: Hlc,
    /// At least one.
    pub records: Vec<Record>,
}

impl Frame {
    /// The position of the last record.
    pub fn last(&self) -> Lsn {
        self.next().before()
    }

    /// The position after the last record.
    pub fn next(&self) -> Lsn {
        self.base.plus(self.records.len() as u64)
    }

    /// The bytes that are stored and hashed.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = FRAME_HEADER_BYTES
            + self
                .records
                .iter()
                .map(Record::encoded_bytes)
                .sum::<usize>();
        let mut out = Vec::with_capacity(bytes);
        out.extend_from_slice(&FRAME_VERSION.to_le_bytes());
        out.extend_from_slice(&self.partition.0.to_le_bytes());
        out.extend_from_slice(&(self.records.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.base.0.to_le_bytes());
        out.extend_from_slice(&self.epoch.0.to_le_bytes());
        out.extend_from_slice(&self.at.0.to_le_bytes());
        out.extend_from_slice(&self.prev_hash.to_le_bytes());
        for record in &self.records {
            out.extend_from_slice(&record.kind.0.to_le_bytes());
            out.extend_from_slice(&(record.tags.len() as u16).to_le_bytes());
            out.extend_from_slice(&(record.body.len() as u32).to_le_bytes());
            for tag in &record.tags {
                out.extend_from_slice(&tag.0.to_le_bytes());
            }
            out.extend_from_slice(&record.body);
        }
        out
    }

    /// Read bytes written by `encode`; otherwise a sentence that says what is
    /// wrong with them.
    pub fn decode(bytes: &[u8]) -> Result<Frame, &'static str> {
        let header = FrameHeader::decode(bytes)?;
        let mut at = Cursor::new(bytes);
        at.take(FRAME_HEADER_BYTES);
        // A record takes at least its header, so the count cannot make us
        // reserve more than the bytes that are there.
        let mut records =
            Vec::with_capacity((header.count as usize).min(at.left() / RECORD_HEADER_BYTES));
        for _ in 0..header.count {
            records.push(decode_record(&mut at).ok_or("a record goes past the end of its frame")?);
        }
        if at.left() != 0 {
            return Err("bytes are left over after the last record");
        }
        let FrameHeader {
            partition,
            base,
            epoch,
            prev_hash,
            at,
            ..
        } = header;
        Ok(Frame {
            partition,
            base,
            epoch,
            prev_hash,
            at,
            records,
        })
    }
}

fn decode_record(at: &mut Cursor<'_>) -> Option<Record> {
    let kind = RecordKind(at.u16()?);
    let tag_count = at.u16()? as usize;
    let body_bytes = at.u32()? as usize;
    let mut tags = Cursor::new(at.take(8 * tag_count)?);
    let tags = std::iter::from_fn(|| tags.u64().map(Tag)).collect();
    Some(Record {
        tags,
        kind,
        body: at.take(body_bytes)?.to_vec(),
    })
}

/// The fixed part of a frame: enough to follow the chain without reading records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHeader {
    /// As in `Frame`.
    pub partition: Partition,
    /// How many records follow; at least one.
    pub count: u32,
    /// As in `Frame`.
    pub base: Lsn,
    /// As in `Frame`.
    pub epoch: Epoch,
    /// As in `Frame`.
    pub at: Hlc,
    /// As in `Frame`.
    pub prev_hash: u128,
}

impl FrameHeader {
    /// Read the fixed part; otherwise a sentence that says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<FrameHeader, &'static str> {
        let mut at = Cursor::new(bytes);
        if at.u16() != Some(FRAME_VERSION) {
            return Err("the frame's version is not known to this program");
        }
        let header = (|| {
            Some(FrameHeader {
                partition: Partition(at.u16()?),
                count: at.u32()?,
                base: Lsn(at.u64()?),
                epoch: Epoch(at.u64()?),
                at: Hlc(at.u64()?),
                prev_hash: at.u128()?,
            })
        })()
        .ok_or("the frame is shorter than its header")?;
        if header.count == 0 {
            return Err("the frame holds no record");
        }
        Ok(header)
    }

    /// The position after the last record.
    pub fn next(&self) -> Lsn {
        self.base.plus(self.count as u64)
    }
}

/// The first 128 bits of SHA-256 over a frame's bytes.
pub fn frame_hash(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(first)
}

/// Where a partition's chain stands: what the next frame must continue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The position the next frame must start at.
    pub next: Lsn,
    /// No later frame may have a smaller epoch.
    pub epoch: Epoch,
    /// The hash of the last frame; 0 before the first.
    pub hash: u128,
    /// No later frame may be earlier.
    pub at: Hlc,
}

impl Chain {
    /// The chain of a partition without frames.
    pub const EMPTY: Chain = Chain {
        next: Lsn::FIRST,
        epoch: Epoch(0),
        hash: 0,
        at: Hlc(0),
    };

    /// The chain after a frame with these bytes, or what does not fit.
    pub fn follow(&self, header: &FrameHeader, bytes: &[u8]) -> Result<Chain, &'static str> {
        if header.base != self.next {
            return Err("the frame does not start where the one before it ended");
        }
        if header.prev_hash != self.hash {
            return Err("the frame names another predecessor (hash chain)");
        }
        if header.epoch < self.epoch {
            return Err("the frame's epoch is older than the one before it");
        }
        if header.at < self.at {
            return Err("the frame's time is before the one before it");
        }
        Ok(Chain {
            next: header.next(),
            epoch: header.epoch,
            hash: frame_hash(bytes),
            at: header.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Frame {
        Frame {
            partition: Partition(7),
            base: Lsn(40),
            epoch: Epoch(3),
            prev_hash: 99,
            at: Hlc(1234),
            records: vec![
                Record {
                    tags: vec![Tag(1), Tag(2)],
                    kind: RecordKind(5),
                    body: b"hello".to_vec(),
                },
                Record::new(RecordKind(6), b"".to_vec()),
            ],
        }
    }

    #[test]
    fn a_frame_reads_back_as_written() {
        assert_eq!(Frame::decode(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn every_prefix_and_every_longer_text_is_refused() {
        let mut bytes = sample().encode();
        for cut in 0..bytes.len() {
            assert!(
                Frame::decode(&bytes[..cut]).is_err(),
                "prefix of {cut} bytes"
            );
        }
        bytes.push(0);
        assert!(Frame::decode(&bytes).is_err());
    }

    #[test]
    fn a_lying_count_or_length_does_not_allocate() {
        let mut bytes = sample().encode();
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Frame::decode(&bytes).is_err());
        let mut bytes = sample().encode();
        bytes[FRAME_HEADER_BYTES + 4..FRAME_HEADER_BYTES + 8]
            .copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Frame::decode(&bytes).is_err());
    }

    #[test]
    fn the_chain_refuses_a_frame_out_of_place() {
        let bytes = sample().encode();
        let header = FrameHeader::decode(&bytes).unwrap();
        let fits = Chain {
            next: Lsn(40),
            epoch: Epoch(3),
            hash: 99,
            at: Hlc(1234),
        };
        assert_eq!(fits.follow(&header, &bytes).unwrap().next, Lsn(42));
        for bad in [
            Chain {
                next: Lsn(39),
                ..fits
            },
            Chain { hash: 98, ..fits },
            Chain {
                epoch: Epoch(4),
                ..fits
            },
            Chain {
                at: Hlc(1235),
                ..fits
            },
        ] {
            assert!(bad.follow(&header, &bytes).is_err(), "{bad:?}");
        }
    }
}
