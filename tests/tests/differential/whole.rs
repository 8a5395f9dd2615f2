//! What a call does in the whole runtime: built bundle, machine, log on files. Stopped and started again between calls, or left as if
//! the process had died.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

use weir_contract::Manifest;
use weir_contract::blobs::Blobs;
use weir_contract::call::Reply;
use weir_contract::manifest::{Access, FunctionKind};
use weir_driver::Memory;
use weir_engine::{Limits, Runner};
use weir_log::{FileLog, Options};
use weir_node::{Caller, Clock, Config, Embedded, NamedCall, Outcome, Program};
use weir_tests::generate::Call;
use weir_tests::generate::blob::given;

use crate::Seen;

pub struct Whole {
    folder: PathBuf,
    manifest: Manifest,
    program: weir_engine::Program,
    clock: Clock,
    /// They outlast the process, as those on a disk.
    blobs: Blobs,
    /// None only while starting again.
    running: Option<Embedded>,
}

/// The program as `weir build` makes it.
pub fn build(source: &str) -> (Manifest, weir_engine::Program) {
    let world = Memory::default().with("generated.weir", source);
    let program = weir_driver::find(&world, Path::new("generated.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).unwrap_or_else(|e| panic!("{e}"));
    let bundle = weir_driver::build(&program, &analysis).expect("the checker accepted it before");
    // Time is not what is compared.
    let limits = Limits {
        step: Duration::from_secs(60),
        ..Limits::default()
    };
    let program =
        weir_engine::Program::load_with(&bundle.wasm, limits).unwrap_or_else(|e| panic!("{e}"));
    (bundle.manifest, program)
}

impl Whole {
    /// `folder` does not exist yet.
    pub fn start(source: &str, folder: PathBuf) -> Self {
        Whole::begin(source, folder, Clock::System)
    }

    /// The same; the time is then that of each call.
    pub fn start_at(source: &str, folder: PathBuf, time: i64) -> Self {
        Whole::begin(source, folder, Clock::Told(Arc::new(AtomicI64::new(time))))
    }

    fn begin(source: &str, folder: PathBuf, clock: Clock) -> Self {
        let (manifest, program) = build(source);
        let mut whole = Whole {
            folder,
            manifest,
            program,
            clock,
            blobs: given().blobs,
            running: None,
        };
        whole.run();
        whole
    }

    fn run(&mut self) {
        let options = Options {
            segment_bytes: 1 << 20,
            ..Options::default()
        };
        let log = FileLog::open(&self.folder, options).unwrap_or_else(|e| panic!("{e}"));
        let runner = Runner::new(&self.program).unwrap_or_else(|e| panic!("{e}"));
        let program = Program::new(self.manifest.clone(), Box::new(runner));
        let config = Config {
            blobs: self.blobs.clone(),
            clock: self.clock.clone(),
            // So that there are some with records behind them.
            snapshot_every_records: 7,
            ..Config::default()
        };
        let started = Embedded::start(&config, program, Arc::new(log));
        self.running = Some(started.unwrap_or_else(|e| panic!("{e:?}")));
    }

    /// Ends the runtime in order, or as if it had died between two calls, and starts another on what is in the folder.
    pub fn restart(&mut self, in_order: bool) {
        let running = self.running.take().expect("it runs");
        // What it writes when it ends, a process that dies does not write.
        let left = self.folder.with_extension("left");
        if !in_order {
            // A snapshot that is being stored changes the files while they are copied.
            while !copied_unchanged(&self.folder, &left) {
                let _ = fs::remove_dir_all(&left);
            }
        }
        running.stop().unwrap_or_else(|e| panic!("{e}"));
        if !in_order {
            fs::remove_dir_all(&self.folder).expect("it is there");
            fs::rename(&left, &self.folder).expect("it is there");
        }
        self.run();
    }

    /// Puts another program in force, while it runs or at the next start.
    pub fn become_another(&mut self, source: &str, while_it_runs: bool) {
        (self.manifest, self.program) = build(source);
        if !while_it_runs {
            return self.restart(true);
        }
        let runner = Runner::new(&self.program).unwrap_or_else(|e| panic!("{e}"));
        let program = Program::new(self.manifest.clone(), Box::new(runner));
        let (sender, receiver) = channel();
        let running = self.running.as_ref().expect("it runs");
        running.door().reload(program, move |done| {
            let _ = sender.send(done);
        });
        let done = receiver.recv().expect("it answers");
        done.unwrap_or_else(|e| panic!("{e}"));
    }

    pub fn call(&mut self, call: &Call) -> Seen {
        if let Clock::Told(now) = &self.clock {
            now.fetch_max(call.time, Ordering::AcqRel);
        }
        let (entity, keys) = call
            .instance
            .clone()
            .map_or((None, Vec::new()), |(e, keys)| (Some(e), keys));
        let kind = if entity.is_some() {
            FunctionKind::Handler
        } else {
            FunctionKind::Function
        };
        let of = |f: &weir_contract::manifest::Function| {
            f.entity.map(|e| &self.manifest.entities[e as usize].name)
        };
        let found = self
            .manifest
            .functions
            .iter()
            .find(|f| f.name == call.function && f.kind == kind && of(f) == entity.as_ref());
        let Some(function) = found else {
            return Seen::Gone;
        };
        // Embedded, who may call at all is the caller's business.
        let signed_in = !call.caller.is_empty();
        let may = match &function.access {
            Access::Anyone => true,
            Access::Allow | Access::SignedIn => signed_in,
            Access::Roles(roles) => signed_in && roles.iter().any(|role| call.roles.contains(role)),
        };
        if !may {
            return Seen::Denied;
        }
        let named = NamedCall {
            entity,
            function: call.function.clone(),
            kind,
            keys,
            args: call.args.clone(),
            caller: Caller::new(&call.caller, call.roles.iter().map(String::as_str)),
            idempotency: None,
        };
        match self.running.as_ref().expect("it runs").submit(&named) {
            Outcome::Reply(Reply::Ok(value)) => Seen::Ok(value),
            Outcome::Reply(Reply::Failed(id, fields)) => {
                Seen::Failed(self.manifest.defs.get(id).name.clone(), fields)
            }
            Outcome::Reply(Reply::Denied) => Seen::Denied,
            Outcome::Bug(bug) => {
                let reason = weir_contract::CrashReason::ALL
                    .into_iter()
                    .find(|r| bug.reason.starts_with(r.text()));
                let place = bug
                    .at
                    .rsplit_once(':')
                    .map_or(bug.at.as_str(), |(line, _)| line);
                Seen::Bug(
                    reason.unwrap_or_else(|| panic!("{bug:?}")),
                    place.to_owned(),
                )
            }
            Outcome::Refused(why) => panic!("refused: {why}"),
        }
    }
}

fn copied_unchanged(from: &Path, to: &Path) -> bool {
    let before = listed(from).ok();
    copy(from, to).is_ok() && before.is_some() && before == listed(from).ok()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), &to)?),
        }
    }
    Ok(())
}

/// All files below a folder, with when they were written last.
fn listed(folder: &Path) -> io::Result<BTreeMap<PathBuf, SystemTime>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => all.extend(listed(&entry.path())?),
            false => drop(all.insert(entry.path(), entry.metadata()?.modified()?)),
        }
    }
    Ok(all)
}

impl Drop for Whole {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
