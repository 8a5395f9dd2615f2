//! From a log to a machine: the newest snapshot, then the records after it.

use weir_log::{Log, LogError, Lsn, Partition};
use weir_machine::{BadRecord, Machine};

/// The one partition that issue-2 nodes use.
pub const PARTITION: Partition = Partition(0);

/// Why a log does not give a machine.
#[derive(Debug)]
pub enum RecoveryError {
    Log(LogError),
    /// The log is whole, but this runtime cannot read what it says.
    Record {
        at: Lsn,
        error: BadRecord,
    },
    /// There is a snapshot of more records than the log has: it is of another log, or the log has lost some.
    Behind {
        /// The last record of the log.
        log: Lsn,
        snapshot: Lsn,
    },
}

impl std::fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RecoveryError::Log(error) => error.fmt(f),
            RecoveryError::Record { at, error } => write!(f, "record {at} of the log: {error}"),
            RecoveryError::Behind { log, snapshot } => write!(
                f,
                "there is a snapshot of record {snapshot}, and the log ends at record {log}: put back the log that it belongs to, or move the snapshot away to go on without it"
            ),
        }
    }
}

impl std::error::Error for RecoveryError {}

impl From<LogError> for RecoveryError {
    fn from(error: LogError) -> Self {
        RecoveryError::Log(error)
    }
}

/// The machine after the last durable record, and where that is.
pub fn recover(log: &dyn Log) -> Result<(Machine, Lsn), RecoveryError> {
    recover_until(log, Lsn::MAX)
}

/// The machine after the record at `until`.
pub fn recover_until(log: &dyn Log, until: Lsn) -> Result<(Machine, Lsn), RecoveryError> {
    let (mut machine, at) = match log.snapshots().newest(PARTITION, until)? {
        Some(snapshot) => {
            let at = snapshot.id.at;
            let machine = Machine::restore(&snapshot.body);
            (
                machine.map_err(|error| RecoveryError::Record { at, error })?,
                at,
            )
        }
        None => (Machine::new(), Lsn::ZERO),
    };
    let end = log.tail(PARTITION)?.next.before();
    if end < at {
        // What is written now would get positions that the snapshot claims to have, and be passed over the next time.
        return Err(RecoveryError::Behind {
            log: end,
            snapshot: at,
        });
    }
    let at = replay(log, &mut machine, at, until)?;
    Ok((machine, at))
}

/// Lets a machine that stands at `at` take the records after it, up to `until`; where it stands then.
pub fn replay(
    log: &dyn Log,
    machine: &mut Machine,
    mut at: Lsn,
    until: Lsn,
) -> Result<Lsn, RecoveryError> {
    for frame in log.read(PARTITION, at.plus(1), Some(until))? {
        let frame = frame?;
        let mut lsn = frame.base;
        for record in &frame.records {
            if lsn > at && lsn <= until {
                machine.position = lsn.before().0;
                let applied = machine.apply(record.kind, &record.body);
                applied.map_err(|error| RecoveryError::Record { at: lsn, error })?;
            }
            lsn = lsn.plus(1);
        }
        at = at.max(frame.last().min(until));
    }
    machine.position = at.0;
    Ok(at)
}
