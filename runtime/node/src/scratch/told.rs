//! What people are told of temporary data: what there is, how far it is, and what it takes.
//!
//! ```text
//! { "name": "top_words.counts", "runs": [7], "state": "being made", "stage": "making rows", "stage_number": 2, "stages": 3,
//!   "tasks_done": 12, "tasks_running": 2, "tasks": 40, "memory_bytes": 3145728, "disk_bytes": 0, "for_ms": 4211 }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value as Json, json};
use weir_contract::scratch::name_in;
use weir_machine::scratch::{Piece, held_by};

use super::{Data, Inner, Making, Workshop};

impl Workshop {
    /// How far the temporary data of a run is; `None` where it has none.
    pub fn of_run_json(&self, run: u64) -> Option<Json> {
        let mut inner = self.lock();
        let owned = inner.owners.get(&run)?.clone();
        let rows = owned.iter().map(|made_from| inner.told(made_from));
        Some(Json::Array(rows.collect()))
    }

    /// All of it, with the bytes it takes and may take.
    pub fn all_json(&self) -> Json {
        let alive = self.alive();
        let (memory_max, disk_max) = self.room.limits();
        let mut inner = self.lock();
        let mut runs: BTreeMap<Vec<u8>, Vec<u64>> = BTreeMap::new();
        for (run, owned) in &inner.owners {
            for made_from in owned {
                runs.entry(made_from.clone()).or_default().push(*run);
            }
        }
        // What one is made of belongs to no run itself.
        for made_from in inner.data.keys() {
            runs.entry(made_from.clone()).or_default();
        }
        let row = |(made_from, runs): (Vec<u8>, Vec<u64>)| {
            let mut row = inner.told(&made_from);
            row["runs"] = json!(runs);
            row
        };
        let all: Vec<Json> = runs.into_iter().map(row).collect();
        json!({
            "data": alive.data,
            "memory_bytes": alive.memory_bytes,
            "disk_bytes": alive.disk_bytes,
            "memory_max": memory_max,
            "disk_max": disk_max,
            "threads": self.threads.load(Relaxed),
            "all": all,
        })
    }
}

impl Inner {
    fn told(&mut self, made_from: &[u8]) -> Json {
        let name = name_in(made_from).unwrap_or_default();
        // Of the first that is not there yet.
        let waits_for = match self.data.get(made_from) {
            Some(Data::Making(making)) => making.needs.iter().find(|needed| {
                let found = self.data.get(*needed);
                !matches!(found, Some(Data::There(_)))
            }),
            _ => None,
        };
        let waits_for = waits_for.and_then(|needed| name_in(needed).map(str::to_owned));
        match self.data.get_mut(made_from) {
            None => json!({ "name": name, "state": "not made" }),
            Some(Data::Failed(refusal)) => {
                json!({ "name": name, "state": "failed", "why": refusal.to_string() })
            }
            Some(Data::There(parts)) => {
                let (memory, disk) = held_by(parts.iter().map(|part: &Arc<dyn Piece>| &**part));
                json!({
                    "name": name, "state": "there", "parts": parts.len(),
                    "bytes": memory + disk, "memory_bytes": memory, "disk_bytes": disk,
                })
            }
            Some(Data::Making(making)) => {
                let mut row = being_made(making);
                row["name"] = json!(name);
                if let Some(needed) = waits_for {
                    row["waits_for"] = json!(needed);
                }
                row
            }
        }
    }
}

fn being_made(making: &mut Making) -> Json {
    // Whoever holds it puts together what tasks have given, which may take a while: then what was known last.
    if let Ok(job) = making.job.try_lock() {
        making.progress = job.progress();
    }
    let progress = &making.progress;
    let mut row = json!({
        "state": "being made",
        "stage": progress.stage,
        "stage_number": progress.number,
        "stages": progress.of,
        "tasks_done": progress.done,
        "tasks_running": progress.running,
        "tasks": progress.tasks,
        "memory_bytes": progress.memory_bytes,
        "disk_bytes": progress.disk_bytes,
        "for_ms": making.since.elapsed().as_millis() as u64,
    });
    if progress.lost > 0 {
        row["tasks_lost"] = json!(progress.lost);
    }
    row
}
