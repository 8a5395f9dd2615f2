//! Removes the contents that nothing names: no record that is kept, no snapshot, and so no state, no sleeping run, no answer.
//!
//! What names a content has its hash in its bytes: in the value encoding, in the key encoding or as hexadecimal digits. So all
//! snapshots and all records are searched for the hashes, whatever they mean, before anything is removed. That can take a hash for named
//! that is only there by chance, never the other way round. Whoever is about to name one has kept it or asked for it, which makes it
//! young: a sweep leaves those alone.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Value as Json, json};
use weir_contract::blobs::{BlobError, BlobHash, BlobStore, Listed};
use weir_log::{Log, LogError, Lsn};

use crate::recovery::PARTITION;

/// What nobody has kept or asked for in so long a time may go, unless it is said otherwise.
pub const SWEEP_AGE: Duration = Duration::from_secs(24 * 3_600);

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// What was removed.
    pub removed: Vec<Listed>,
    /// Contents that stay, and their bytes.
    pub left: usize,
    pub left_bytes: u64,
}

impl Swept {
    /// Bytes that came free.
    pub fn bytes(&self) -> u64 {
        self.removed.iter().map(|listed| listed.kept.size).sum()
    }
}

/// `{"blob": "ab12..", "size": 12, "type": "image/png", "age_s": 90}`
pub fn listed_json(listed: &Listed) -> Json {
    json!({
        "blob": listed.hash.to_string(),
        "size": listed.kept.size,
        "type": listed.kept.media_type,
        "age_s": listed.age.as_secs(),
    })
}

pub fn swept_json(swept: &Swept) -> Json {
    let removed: Vec<Json> = swept.removed.iter().map(listed_json).collect();
    json!({
        "removed": removed,
        "bytes": swept.bytes(),
        "left": swept.left,
        "left_bytes": swept.left_bytes,
    })
}

/// Why a sweep ended early. Nothing that is named was removed.
#[derive(Debug)]
pub enum SweepError {
    Log(LogError),
    Blobs(BlobError),
}

impl std::fmt::Display for SweepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SweepError::Log(error) => error.fmt(f),
            SweepError::Blobs(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SweepError {}

impl From<LogError> for SweepError {
    fn from(error: LogError) -> Self {
        SweepError::Log(error)
    }
}

impl From<BlobError> for SweepError {
    fn from(error: BlobError) -> Self {
        SweepError::Blobs(error)
    }
}

/// Removes the contents that nothing names and that nobody has kept or asked for in so long a time. With `dry`, only says which.
pub fn sweep(
    log: &dyn Log,
    store: &dyn BlobStore,
    age: Duration,
    dry: bool,
) -> Result<Swept, SweepError> {
    let all = store.list()?;
    let old = all.iter().filter(|listed| listed.age >= age);
    let mut sought = Sought::new(old.map(|listed| listed.hash));
    sought.search_log(log)?;
    let mut swept = Swept::default();
    for listed in all {
        let goes = listed.age >= age && !sought.found.contains(&listed.hash);
        if goes && (dry || store.remove_older(&listed.hash, age)?) {
            swept.removed.push(listed);
        } else {
            swept.left += 1;
            swept.left_bytes += listed.kept.size;
        }
    }
    Ok(swept)
}

/// Hashes that are looked for, by the first bytes of each form they may have.
struct Sought {
    by_start: HashMap<[u8; START], Vec<(Vec<u8>, BlobHash)>>,
    found: HashSet<BlobHash>,
}

const START: usize = 4;

impl Sought {
    fn new(hashes: impl Iterator<Item = BlobHash>) -> Sought {
        let mut by_start: HashMap<_, Vec<_>> = HashMap::new();
        for hash in hashes {
            let escaped: Vec<u8> = hash
                .0
                .iter()
                .flat_map(|byte| match byte {
                    0 => [0, 0xff].as_slice(),
                    byte => std::slice::from_ref(byte),
                })
                .copied()
                .collect();
            let digits = hash.to_string().into_bytes();
            for form in HashSet::from([hash.0.to_vec(), escaped, digits]) {
                let start = form[..START].try_into().expect("a hash is longer");
                by_start.entry(start).or_default().push((form, hash));
            }
        }
        let found = HashSet::new();
        Sought { by_start, found }
    }

    /// Searches all snapshots, then all records that are behind the newest of them or kept besides.
    fn search_log(&mut self, log: &dyn Log) -> Result<(), LogError> {
        let snapshots = log.snapshots();
        let mut searched = None;
        loop {
            let mut newest = Lsn::ZERO;
            for id in snapshots.list(PARTITION)? {
                if let Some(snapshot) = snapshots.newest(PARTITION, id.at)? {
                    newest = newest.max(snapshot.id.at);
                    self.search(&snapshot.body);
                }
            }
            // What is trimmed from the log is in a snapshot. When that is newer than all that were searched, there are others by now.
            let trimmed = log.tail(PARTITION)?.trimmed;
            if trimmed > newest && searched != Some(newest) {
                searched = Some(newest);
                continue;
            }
            // Or somebody took it away; then nobody knows what it names, and reading from behind it says what is lacking.
            if trimmed > newest {
                let first = trimmed.plus(1);
                return Err(LogError::Trimmed { first });
            }
            for frame in log.read(PARTITION, trimmed.plus(1), None)? {
                for record in &frame?.records {
                    self.search(&record.body);
                }
            }
            return Ok(());
        }
    }

    fn search(&mut self, bytes: &[u8]) {
        if self.by_start.is_empty() {
            return;
        }
        for (at, start) in bytes.windows(START).enumerate() {
            let Some(forms) = self.by_start.get(start) else {
                continue;
            };
            for (form, hash) in forms {
                if bytes[at..].starts_with(form) {
                    self.found.insert(*hash);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_found_in_each_form_it_may_have() {
        let mut hash = BlobHash::of(b"x");
        hash.0[0] = 0;
        hash.0[31] = 0;
        let other = BlobHash::of(b"y");
        let escaped = weir_contract::keys::encode_key(
            &weir_contract::Defs::default(),
            &weir_contract::Type::Bytes,
            &weir_contract::Value::Bytes(hash.0.to_vec()),
        );
        for form in [hash.0.to_vec(), escaped, hash.to_string().into_bytes()] {
            let mut sought = Sought::new([hash, other].into_iter());
            sought.search(&[b"before ", form.as_slice(), b" behind"].concat());
            assert_eq!(sought.found, HashSet::from([hash]));
            let mut sought = Sought::new([hash, other].into_iter());
            sought.search(&form[1..]);
            sought.search(&form[..form.len() - 1]);
            let is_escaped = form.len() > 32 && form.len() < 64;
            assert!(sought.found.is_empty() || is_escaped, "{form:?}");
        }
    }
}
