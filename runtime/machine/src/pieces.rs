//! A record that is too long to be written at once, cut into several.
//!
//! Only the one that puts a program in force grows with the program; all others are bounded by what a step may write.
//!
//! ```text
//!   PROGRAM_PIECE  version u8, number, of, bytes: the next piece of the body of a PROGRAM record
//! ```
//!
//! The pieces of one record follow each other, and the last one has its effect. What a crash has left of them has none: whoever
//! takes the log after it begins again with the first piece, or with something else.

use weir_contract::encode::{DecodeError, Reader, put_bytes, put_varint};
use weir_log::{Record, RecordKind};

use crate::record::{PROGRAM, RECORD_VERSION, read_version};

/// A piece of a [`PROGRAM`] record.
pub const PROGRAM_PIECE: RecordKind = RecordKind(22);

/// What a piece has beside its bytes: a version and three numbers, in a record without tags.
const HEAD_BYTES: usize = 64;

/// The record itself, or its pieces when it takes more than `bytes_max`, which are bytes in the log.
pub fn cut(program: Record, bytes_max: usize) -> Vec<Record> {
    assert_eq!(program.kind, PROGRAM);
    if program.encoded_bytes() <= bytes_max {
        return vec![program];
    }
    let pieces = program
        .body
        .chunks(bytes_max.max(2 * HEAD_BYTES) - HEAD_BYTES);
    let of = pieces.len() as u64;
    let piece = |(number, bytes)| {
        let mut out = vec![RECORD_VERSION];
        put_varint(&mut out, number);
        put_varint(&mut out, of);
        put_bytes(&mut out, bytes);
        Record::new(PROGRAM_PIECE, out)
    };
    (0..).zip(pieces).map(piece).collect()
}

/// What has been read of a record in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    body: Vec<u8>,
    /// How many there are.
    count: u64,
}

impl Pieces {
    /// Takes the body of the next piece, and gives that of the whole record when it was the last one.
    pub fn take(&mut self, piece: &[u8]) -> Result<Option<Vec<u8>>, DecodeError> {
        let mut r = Reader::new(piece);
        read_version(&mut r)?;
        let (number, of) = (r.varint()?, r.varint()?);
        if number == 0 {
            *self = Pieces::default();
        }
        if number != self.count || number >= of {
            return Err(r.error("a piece of a program with the ones before it missing"));
        }
        self.body.extend(r.bytes()?);
        r.finish()?;
        self.count += 1;
        Ok((self.count == of).then(|| std::mem::take(self).body))
    }
}
