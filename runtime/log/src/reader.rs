//! Reading a partition frame by frame, checking the chain on the way.

use std::time::Duration;

use crate::frame::{Chain, Frame, FrameHeader};
use crate::log::{Damage, LogError};
use crate::lsn::{Epoch, Hlc, Lsn, Partition};

/// Where a reader gets frames from.
pub trait Source: Send {
    /// The bytes of the durable frame that holds `lsn`, or `None` when it is not
    /// durable yet.
    fn frame(&mut self, partition: Partition, lsn: Lsn) -> Result<Option<Vec<u8>>, LogError>;

    /// Wait until `lsn` is durable, at most this long; whether it is.
    fn wait(&self, partition: Partition, lsn: Lsn, at_most: Duration) -> bool;
}

/// An iterator over the durable frames of a partition. It ends at the durable
/// end (or after `until`); `wait` tells when it can go on.
pub struct Reader {
    partition: Partition,
    from: Lsn,
    until: Lsn,
    /// What the next frame must continue; unknown before the first.
    chain: Option<Chain>,
    source: Box<dyn Source>,
    failed: bool,
}

impl Reader {
    /// For implementations.
    pub fn new(
        partition: Partition,
        from: Lsn,
        until: Option<Lsn>,
        source: Box<dyn Source>,
    ) -> Self {
        let until = until.unwrap_or(Lsn::MAX);
        Reader {
            partition,
            from: from.max(Lsn::FIRST),
            until,
            chain: None,
            source,
            failed: false,
        }
    }

    /// Wait until the iterator has another frame, at most this long; whether it has.
    pub fn wait(&mut self, at_most: Duration) -> bool {
        !self.failed
            && self.from <= self.until
            && self.source.wait(self.partition, self.from, at_most)
    }

    fn read(&mut self) -> Result<Option<Frame>, LogError> {
        if self.from > self.until {
            return Ok(None);
        }
        let Some(bytes) = self.source.frame(self.partition, self.from)? else {
            return Ok(None);
        };
        let wrong = |what: &str| {
            LogError::Damaged(Damage {
                file: format!("partition {}", self.partition),
                offset: self.from.0,
                what: what.to_string(),
                restore: Vec::new(),
            })
        };
        let frame = Frame::decode(&bytes).map_err(wrong)?;
        let header = FrameHeader::decode(&bytes).map_err(wrong)?;
        if frame.partition != self.partition || !(frame.base..frame.next()).contains(&self.from) {
            return Err(wrong("the frame does not hold the position asked for"));
        }
        // The first frame read has nothing before it to be compared with.
        let before = self.chain.unwrap_or(Chain {
            next: frame.base,
            epoch: Epoch(0),
            hash: frame.prev_hash,
            at: Hlc(0),
        });
        self.chain = Some(before.follow(&header, &bytes).map_err(wrong)?);
        self.from = frame.next();
        Ok(Some(frame))
    }
}

impl Iterator for Reader {
    type Item = Result<Frame, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let result = self.read();
        self.failed = result.is_err();
        result.transpose()
    }
}
