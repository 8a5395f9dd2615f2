//! Giving up the oldest records, and the segments that hold nothing else.
//!
//! First the manifest says so, twice; only then files are touched. A crash
//! between leaves files that no manifest counts, which the next opening uses again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::file::manifest::{Floor, Manifest};
use crate::file::recover::io_error;
use crate::file::segment::segment_file;
use crate::file::shared::{Core, Shared};
use crate::frame::Chain;
use crate::log::{LogError, Writer};
use crate::lsn::{Lsn, Partition};
use crate::snapshots::Snapshots;

/// The manifest, and one trimming at a time.
pub struct Trimming {
    manifest: Mutex<Manifest>,
}

/// What a trimming will have changed.
struct Plan {
    up_to: Lsn,
    first_segment: u64,
    floors: BTreeMap<Partition, Chain>,
}

impl Trimming {
    /// Starting from what is stored.
    pub fn new(manifest: Manifest) -> Self {
        Trimming {
            manifest: Mutex::new(manifest),
        }
    }

    /// See `Log::trim`.
    pub fn trim(
        &self,
        shared: &Shared,
        snapshots: &dyn Snapshots,
        writer: &Writer,
        up_to: Lsn,
    ) -> Result<(), LogError> {
        let mut manifest = self
            .manifest
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let partition = writer.partition();
        fence(&shared.lock(), writer)?;
        let newest = snapshots
            .newest(partition, Lsn::MAX)?
            .map(|snapshot| snapshot.id.at);
        let plan = {
            let core = shared.lock();
            core.check()?;
            fence(&core, writer)?;
            let Some(plan) = plan(&core, partition, up_to) else {
                return Ok(());
            };
            if newest.is_none_or(|newest| up_to > newest) {
                return Err(LogError::NotCovered { newest });
            }
            plan
        };
        let mut floors = manifest.floors.clone();
        for (partition, chain) in &plan.floors {
            floors.entry(*partition).or_insert(Floor::NONE).chain = *chain;
        }
        floors.entry(partition).or_insert(Floor::NONE).trimmed = plan.up_to;
        manifest.generation += 1;
        let next = Manifest {
            floors,
            first_segment: plan.first_segment,
            ..manifest.clone()
        };
        next.store(&*shared.storage)
            .map_err(io_error("write", "the manifest"))?;
        *manifest = next;
        apply(shared, partition, plan)
    }
}

fn fence(core: &Core, writer: &Writer) -> Result<(), LogError> {
    match core.parts.get(&writer.partition()) {
        Some(part) if part.sequenced.epoch == writer.epoch() => Ok(()),
        Some(part) => Err(LogError::Fenced { tail: part.tail() }),
        None => Err(LogError::Unknown),
    }
}

/// Which segments hold only records that are given up; `None` if nothing changes.
fn plan(core: &Core, partition: Partition, up_to: Lsn) -> Option<Plan> {
    let part = core.parts.get(&partition)?;
    let up_to = up_to.min(part.durable.next.before());
    if up_to <= part.trimmed {
        return None;
    }
    let given_up = |of: &Partition| match *of == partition {
        true => up_to,
        false => core.parts.get(of).map_or(Lsn::ZERO, |part| part.trimmed),
    };
    let mut first_segment = core.segments.keys().next().copied()?;
    let mut floors = BTreeMap::new();
    while first_segment < core.tail.segment {
        let ends = core.ends.get(&first_segment);
        let mut ends = ends.into_iter().flatten();
        if !ends
            .clone()
            .all(|(of, end)| end.next.before() <= given_up(of))
        {
            break;
        }
        floors.extend(ends.by_ref().map(|(of, end)| (*of, *end)));
        first_segment += 1;
    }
    Some(Plan {
        up_to,
        first_segment,
        floors,
    })
}

fn apply(shared: &Shared, partition: Partition, plan: Plan) -> Result<(), LogError> {
    let mut core = shared.lock();
    if let Some(part) = core.parts.get_mut(&partition) {
        part.trimmed = plan.up_to;
    }
    for (of, chain) in plan.floors {
        if let Some(part) = core.parts.get_mut(&of) {
            part.floor = chain;
        }
    }
    let live = core.segments.split_off(&plan.first_segment);
    let dropped = std::mem::replace(&mut core.segments, live);
    core.ends = core.ends.split_off(&plan.first_segment);
    if !dropped.is_empty() {
        for part in core.parts.values_mut() {
            let gone = part
                .index
                .partition_point(|entry| entry.place.segment < plan.first_segment);
            part.index.drain(..gone);
        }
    }
    let mut remove = Vec::new();
    for (number, segment) in dropped {
        // A reader may still have the file open; then it keeps what it reads.
        let unused = Arc::into_inner(segment).is_some();
        if unused && core.spares.len() < shared.prepare_ahead.max(1) {
            core.spares.push(segment_file(number));
        } else {
            remove.push(segment_file(number));
        }
    }
    drop(core);
    for name in remove {
        shared
            .storage
            .remove(&name)
            .map_err(io_error("remove", &name))?;
    }
    Ok(())
}
