//! What a program asks of whoever runs it: how much one step, run or request may take, and how long answers are kept.
//!
//! What is not said is as [`crate::limits`] has it. Bounds hold for both sides: the compiler refuses a `weir.toml` that goes over
//! them, and the runtime a manifest that does.

use serde::{Deserialize, Serialize};

use crate::limits;

/// One number that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub least: u64,
    pub most: u64,
}

/// Each is below what the runtime would hold anybody to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Time of a step on the wall, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_ms: Option<u64>,
    /// Linear memory of a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// All frames of one strand of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_bytes: Option<u64>,
    /// Reply of a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_bytes: Option<u64>,
    /// Body of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// Events that wait in one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Calls that wait for their turn; without it, what the node is set to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<u64>,
    /// Entries of a stream that are not consumed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
    /// Content of one blob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob_bytes: Option<u64>,
    /// Temporary data that is held in memory; more goes to the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scratch_memory_bytes: Option<u64>,
    /// Temporary data on the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scratch_disk_bytes: Option<u64>,
}

impl Limits {
    pub const STEP_MS: Bounds = Bounds {
        least: 5,
        most: 5_000,
    };
    /// A module starts with a mebibyte or so.
    pub const MEMORY_BYTES: Bounds = Bounds {
        least: 4 << 20,
        most: 1 << 30,
    };
    pub const FRAME_BYTES: Bounds = Bounds {
        least: 1 << 10,
        most: 4 << 20,
    };
    pub const REPLY_BYTES: Bounds = Bounds {
        least: 1 << 10,
        most: limits::REPLY_MAX as u64,
    };
    pub const BODY_BYTES: Bounds = Bounds {
        least: 1 << 10,
        most: limits::BODY_MAX as u64,
    };
    pub const EVENTS: Bounds = Bounds {
        least: 1,
        most: 1_000_000,
    };
    pub const QUEUE: Bounds = Bounds {
        least: 1,
        most: 1_000_000,
    };
    pub const BACKLOG: Bounds = Bounds {
        least: 1,
        most: 100_000_000,
    };

    /// Up to a tebibyte.
    pub const BLOB_BYTES: Bounds = Bounds {
        least: 1 << 10,
        most: 1 << 40,
    };

    pub const SCRATCH_MEMORY_BYTES: Bounds = Bounds {
        least: 0,
        most: 1 << 40,
    };
    pub const SCRATCH_DISK_BYTES: Bounds = Bounds {
        least: 0,
        most: 1 << 44,
    };

    pub fn step_ms(&self) -> u64 {
        self.step_ms.unwrap_or(limits::STEP_MS_MAX)
    }

    pub fn memory_bytes(&self) -> usize {
        or(self.memory_bytes, limits::STEP_MEMORY_MAX)
    }

    pub fn frame_bytes(&self) -> usize {
        or(self.frame_bytes, limits::FRAMES_MAX)
    }

    pub fn reply_bytes(&self) -> usize {
        or(self.reply_bytes, limits::REPLY_MAX)
    }

    pub fn body_bytes(&self) -> usize {
        or(self.body_bytes, limits::BODY_MAX)
    }

    pub fn events(&self) -> usize {
        or(self.events, limits::EVENTS_MAX)
    }

    pub fn backlog(&self) -> usize {
        or(self.backlog, limits::BACKLOG_MAX)
    }

    pub fn blob_bytes(&self) -> u64 {
        self.blob_bytes.unwrap_or(limits::BLOB_MAX)
    }

    pub fn scratch_memory_bytes(&self) -> u64 {
        self.scratch_memory_bytes
            .unwrap_or(limits::SCRATCH_MEMORY_MAX)
    }

    pub fn scratch_disk_bytes(&self) -> u64 {
        self.scratch_disk_bytes.unwrap_or(limits::SCRATCH_DISK_MAX)
    }

    pub fn is_default(&self) -> bool {
        *self == Limits::default()
    }

    /// The first number that is out of its bounds.
    pub(crate) fn problem(&self) -> Option<String> {
        let all = [
            ("step_ms", self.step_ms, Limits::STEP_MS),
            ("memory_bytes", self.memory_bytes, Limits::MEMORY_BYTES),
            ("frame_bytes", self.frame_bytes, Limits::FRAME_BYTES),
            ("reply_bytes", self.reply_bytes, Limits::REPLY_BYTES),
            ("body_bytes", self.body_bytes, Limits::BODY_BYTES),
            ("events", self.events, Limits::EVENTS),
            ("queue", self.queue, Limits::QUEUE),
            ("backlog", self.backlog, Limits::BACKLOG),
            ("blob_bytes", self.blob_bytes, Limits::BLOB_BYTES),
            (
                "scratch_memory_bytes",
                self.scratch_memory_bytes,
                Limits::SCRATCH_MEMORY_BYTES,
            ),
            (
                "scratch_disk_bytes",
                self.scratch_disk_bytes,
                Limits::SCRATCH_DISK_BYTES,
            ),
        ];
        all.into_iter()
            .find_map(|(name, value, bounds)| outside(name, value, bounds))
    }
}

/// How long what can be asked for again is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Answers to requests with an `Idempotency-Key`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_s: Option<u64>,
    /// Results of runs that are not of a workflow, in seconds; those of workflows are kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_s: Option<u64>,
    /// Entries of streams that do not say it themselves, in seconds; they are kept longer until every consumer has had them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams_s: Option<u64>,
}

impl Retention {
    /// From a minute to ten years.
    pub const SECONDS: Bounds = Bounds {
        least: 60,
        most: 10 * 365 * 86_400,
    };

    /// In microseconds.
    pub fn answers_us(&self) -> i64 {
        us(self.answers_s)
    }

    /// In microseconds.
    pub fn runs_us(&self) -> i64 {
        us(self.runs_s)
    }

    /// In microseconds.
    pub fn streams_us(&self) -> i64 {
        us(self.streams_s.or(Some(limits::KEEP_STREAMS_S)))
    }

    pub fn is_default(&self) -> bool {
        *self == Retention::default()
    }

    pub(crate) fn problem(&self) -> Option<String> {
        let answers = outside("answers_s", self.answers_s, Retention::SECONDS);
        answers
            .or_else(|| outside("runs_s", self.runs_s, Retention::SECONDS))
            .or_else(|| outside("streams_s", self.streams_s, Retention::SECONDS))
    }
}

fn or(set: Option<u64>, usual: usize) -> usize {
    set.map_or(usual, |n| usize::try_from(n).unwrap_or(usize::MAX))
}

fn us(seconds: Option<u64>) -> i64 {
    let seconds = seconds
        .unwrap_or(limits::KEEP_S)
        .min(Retention::SECONDS.most);
    seconds as i64 * 1_000_000
}

fn outside(name: &str, value: Option<u64>, bounds: Bounds) -> Option<String> {
    let value = value?;
    let Bounds { least, most } = bounds;
    (value < least || value > most)
        .then(|| format!("{name} is {value}, which is not from {least} to {most}"))
}
