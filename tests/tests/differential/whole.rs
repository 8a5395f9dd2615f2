//! What a call does in the whole runtime: built bundle, machine, log on files. Stopped and started again between calls.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use weir_contract::Manifest;
use weir_contract::blobs::Blobs;
use weir_contract::call::Reply;
use weir_contract::manifest::{Access, FunctionKind};
use weir_driver::Memory;
use weir_engine::{Limits, Runner};
use weir_log::{FileLog, Options};
use weir_node::{Caller, Config, Embedded, NamedCall, Outcome, Program};
use weir_tests::generate::Call;
use weir_tests::generate::blob::given;

use crate::Seen;

pub struct Whole {
    folder: PathBuf,
    manifest: Manifest,
    program: weir_engine::Program,
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
        let (manifest, program) = build(source);
        let mut whole = Whole {
            folder,
            manifest,
            program,
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
            ..Config::default()
        };
        let started = Embedded::start(&config, program, Arc::new(log));
        self.running = Some(started.unwrap_or_else(|e| panic!("{e:?}")));
    }

    /// Ends the runtime, with or without a snapshot, and starts another on what is in the folder.
    pub fn restart(&mut self, in_order: bool) {
        let running = self.running.take().expect("it runs");
        if in_order {
            running.stop().unwrap_or_else(|e| panic!("{e}"));
        } else {
            drop(running);
        }
        self.run();
    }

    pub fn call(&mut self, call: &Call) -> Seen {
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

impl Drop for Whole {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
