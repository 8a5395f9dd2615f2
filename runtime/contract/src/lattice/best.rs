//! `MaxOf`, `MinOf`, `Latest`: of two values one wins, whatever the order in which they come.

use super::Actor;
use crate::value::Value;

/// When a value was set. The later time wins; at one time the greater count, which a replica makes greater than any it has
/// seen at that time or later; at one count the replica with the greater number. So what a step sets it also reads, even when
/// the clock of another replica is ahead, and no two changes have one stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Microseconds since 1970.
    pub time: i64,
    pub count: u64,
    pub replica: u64,
}

impl Stamp {
    /// The stamp of a change by somebody who has seen another.
    pub fn after(seen: Option<Stamp>, by: Actor) -> Stamp {
        let (time, count) = match seen {
            Some(seen) if seen.time >= by.time => (seen.time, seen.count + 1),
            _ => (by.time, 0),
        };
        Stamp {
            time,
            count,
            replica: by.replica,
        }
    }
}

/// Whether a value is taken in place of what there is.
pub fn beats(old: &Option<Value>, new: &Value, is_max: bool) -> bool {
    match old {
        None => true,
        Some(old) if is_max => new > old,
        Some(old) => new < old,
    }
}

pub fn join(mine: &mut Option<Value>, theirs: &Option<Value>, is_max: bool) {
    if let Some(theirs) = theirs
        && beats(mine, theirs, is_max)
    {
        *mine = Some(theirs.clone());
    }
}

pub fn join_latest(mine: &mut Option<(Stamp, Value)>, theirs: &Option<(Stamp, Value)>) {
    let stamp = |of: &Option<(Stamp, Value)>| of.as_ref().map(|(stamp, _)| *stamp);
    if stamp(theirs) > stamp(mine) {
        mine.clone_from(theirs);
    }
}
