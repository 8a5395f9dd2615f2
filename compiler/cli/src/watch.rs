//! Tells when a file of the program has been saved.
//!
//! Editors save in many ways: they write in place, in several writes, or write another file and rename it over the
//! old one, after which a watch on the file itself would watch a file that is gone. So the *folder* is watched, events
//! of the wanted names are kept, and a save counts when it has been quiet for a moment.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long nothing must happen until a save counts as finished.
const QUIET: Duration = Duration::from_millis(60);

/// What `weir run` waits for.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A watched file may have changed.
    Saved,
    /// Time has passed.
    Nothing,
    /// Ctrl-C or SIGTERM.
    Stop,
}

/// Sends [`Event::Saved`] whenever something happens to one of its files, until it is dropped.
pub struct Watch {
    watcher: RecommendedWatcher,
    names: Arc<Mutex<BTreeSet<OsString>>>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    pub fn new(events: Sender<Event>) -> notify::Result<Watch> {
        let names = Arc::new(Mutex::new(BTreeSet::<OsString>::new()));
        let ours = names.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let names = ours.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let is_ours = |path: &PathBuf| path.file_name().is_some_and(|n| names.contains(n));
            let is_ours = event.paths.iter().any(is_ours);
            if is_ours && !matches!(event.kind, notify::EventKind::Access(_)) {
                // The receiver is gone only when the program is ending.
                let _ = events.send(Event::Saved);
            }
        })?;
        Ok(Watch {
            watcher,
            names,
            folders: BTreeSet::new(),
        })
    }

    /// Looks at these files from now on. Those that are not there are noticed when they come, if their folder is.
    pub fn files(&mut self, files: &[PathBuf]) -> notify::Result<()> {
        let names = files.iter().filter_map(|file| file.file_name());
        *self
            .names
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = names.map(OsString::from).collect();
        for folder in files.iter().filter_map(|file| file.parent()) {
            let folder = if folder == Path::new("") {
                Path::new(".")
            } else {
                folder
            };
            if folder.is_dir() && !self.folders.contains(folder) {
                self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
                self.folders.insert(folder.to_owned());
            }
        }
        Ok(())
    }
}

/// Waits for the next event, at most for `wait`; many saves in a row are one.
pub fn next(events: &Receiver<Event>, wait: Duration) -> Event {
    let mut wait = wait;
    let mut found = Event::Nothing;
    loop {
        match events.recv_timeout(wait) {
            Ok(Event::Saved) => found = Event::Saved,
            Ok(Event::Nothing) => {}
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return Event::Stop,
            Err(RecvTimeoutError::Timeout) => return found,
        }
        wait = QUIET;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::mpsc::channel;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(10);

    fn saved_within(receiver: &Receiver<Event>, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        let mut saved = false;
        while let Ok(event) = receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            saved |= event == Event::Saved;
        }
        saved
    }

    #[test]
    fn notices_writes_and_renames_over_and_over_but_not_other_files() {
        let folder = std::env::temp_dir().join(format!("weir-watch-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.weir");
        fs::write(&file, "1").unwrap();
        let (sender, receiver) = channel();
        let mut watch = Watch::new(sender).unwrap();
        watch.files(std::slice::from_ref(&file)).unwrap();

        fs::write(&file, "2").unwrap();
        assert_eq!(next(&receiver, LONG), Event::Saved);
        for text in ["3", "4"] {
            let other = folder.join(".a.weir.swp");
            fs::write(&other, text).unwrap();
            fs::rename(&other, &file).unwrap();
            assert_eq!(
                next(&receiver, LONG),
                Event::Saved,
                "renamed over with {text}"
            );
        }
        fs::write(folder.join("b.weir"), "").unwrap();
        fs::read(&file).unwrap();
        assert!(!saved_within(&receiver, Duration::from_millis(200)));

        // Another file of the program, in a folder of its own.
        let inner = folder.join("inner");
        fs::create_dir_all(&inner).unwrap();
        let second = inner.join("second.weir");
        watch.files(&[file, second.clone()]).unwrap();
        fs::write(&second, "1").unwrap();
        assert_eq!(next(&receiver, LONG), Event::Saved);
        fs::remove_dir_all(&folder).unwrap();
    }
}
