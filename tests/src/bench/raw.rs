//! The disk without us: the same bytes written into a file that is long enough, and synced.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use super::MEASURE;

/// A group of the log: what a frame has besides its records, and each record besides its body (`log/FORMAT.md`).
const FRAME_BYTES: usize = 56 + 48;
const RECORD_BYTES: usize = 8;
const FILE_BYTES: usize = 16 << 20;

/// How often a second a group of records with bodies of these lengths is written and synced, as one frame.
pub fn groups(folder: &Path, bodies: impl IntoIterator<Item = usize>) -> f64 {
    let records: usize = bodies.into_iter().map(|body| body + RECORD_BYTES).sum();
    let bytes = vec![0x5a; FRAME_BYTES + records];
    let file = prepared(folder, bytes.len());
    let (mut at, mut count) = (0, 0);
    let begin = Instant::now();
    while begin.elapsed() < MEASURE / 2 {
        if at + bytes.len() > FILE_BYTES.max(bytes.len()) {
            at = 0;
        }
        file.write_all_at(&bytes, at as u64).expect("it is written");
        file.sync_data().expect("it is on disk");
        at += bytes.len();
        count += 1;
    }
    count as f64 / begin.elapsed().as_secs_f64()
}

fn prepared(folder: &Path, least: usize) -> File {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(folder.join("raw"))
        .expect("a file");
    file.write_all_at(&vec![0; FILE_BYTES.max(least)], 0)
        .expect("room");
    file.sync_all().expect("it is on disk");
    file
}
