//! Snapshots: taken when enough records have come, stored when those are durable, and the log is trimmed behind them.
//!
//! Without any, nothing is lost: the next start replays more.

use std::sync::atomic::Ordering;

use weir_log::Lsn;

use super::worker::Inbox;
use super::{Message, Refusal, Worker};
use crate::recovery::PARTITION;

/// What becomes of the newest snapshot.
pub(super) enum SnapshotStage {
    Idle,
    /// Waits until the record at that position is durable.
    Taken(Lsn, Vec<u8>),
    /// Another thread is storing it.
    Storing,
}

impl Worker {
    /// Takes one when it is time. The state is that after the last appended record only when nothing is left open.
    pub(super) fn take_snapshot(&mut self, last: Lsn) {
        if self.open.is_empty()
            && self.since_snapshot >= self.snapshot_every
            && matches!(self.snapshot, SnapshotStage::Idle)
        {
            self.since_snapshot = 0;
            self.machine
                .settle_views(&mut *self.steps, &self.program, self.time.now());
            self.snapshot = SnapshotStage::Taken(last, self.machine.snapshot());
            // The frame may have been synced where it was appended: then no other need come before it is stored.
            if self.in_flight.is_empty() {
                self.store_snapshot(last);
            }
        }
    }

    /// All up to `last` is durable: the snapshot that waits for it is stored, on a thread of its own.
    pub(super) fn store_snapshot(&mut self, last: Lsn) {
        if let SnapshotStage::Taken(at, _) = &self.snapshot
            && *at <= last
        {
            let SnapshotStage::Taken(at, body) =
                std::mem::replace(&mut self.snapshot, SnapshotStage::Storing)
            else {
                return;
            };
            let (log, messages) = (self.log.clone(), self.messages.clone());
            let sent = self.sent.clone();
            let thread = std::thread::Builder::new().name("weir-snapshot".to_owned());
            let storing = thread.spawn(move || {
                let stored = log.snapshots().put(PARTITION, at, &body);
                let stored = stored.map(|id| id.at).map_err(|e| e.to_string());
                // Who stops the node may open the log as soon as this is known.
                drop(log);
                sent.fetch_add(1, Ordering::Release);
                let _ = messages.send(Message::SnapshotStored(stored));
            });
            if let Err(error) = storing {
                self.snapshot_stored(Err(format!("no thread for it: {error}")));
            }
        }
    }

    /// A snapshot that could not be stored harms nothing: the log still has everything. After one that could, the log
    /// is trimmed up to the one before it, so that there are always two to recover from.
    pub(super) fn snapshot_stored(&mut self, stored: Result<Lsn, String>) {
        self.snapshot = SnapshotStage::Idle;
        let at = match stored {
            Ok(at) => at,
            Err(why) => return self.not_trimmed(&why),
        };
        let older = std::mem::replace(&mut self.older_snapshot, at);
        let snapshots = self.log.snapshots();
        if older == Lsn::ZERO {
            return;
        }
        match self.log.trim(&self.writer, older) {
            Err(why) => self.not_trimmed(&why.to_string()),
            Ok(()) => {
                for id in snapshots.list(PARTITION).unwrap_or_default() {
                    if id.at < older {
                        let _ = snapshots.delete(&id);
                    }
                }
            }
        }
    }

    /// Nothing is lost, but the log grows until it can be.
    fn not_trimmed(&self, why: &str) {
        self.speech.warn(&format!(
            "the log could not be trimmed and goes on growing: {why}"
        ));
    }

    /// So that the next start need not replay. Without it nothing is lost.
    pub(super) fn last_snapshot(mut self, inbox: &Inbox) -> Result<(), String> {
        self.run_waiters.refuse(Refusal::Stopping);
        while let Some(message) = inbox.next() {
            self.handle(message);
        }
        if self.since_snapshot > 0 {
            let at = self.writer.next().before();
            self.machine
                .settle_views(&mut *self.steps, &self.program, self.time.now());
            let put = self
                .log
                .snapshots()
                .put(PARTITION, at, &self.machine.snapshot());
            let stored = put.map_err(|e| format!("the last snapshot was not stored: {e}"))?;
            self.snapshot_stored(Ok(stored.at));
        }
        Ok(())
    }
}
