//! A program ready to run: checked, compiled, with its limits.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::time::Duration;

use wasmtime::{Config, Engine, InstancePre, Linker, ProfilingStrategy, Store};
use weir_contract::pure::{NoComponents, Pure};
use weir_contract::{Manifest, limits};

use crate::calls;
use crate::code::Code;
use crate::gate::{self, Refused};
use crate::host::Host;
use crate::places::{CALLERS_MAX, Places};
use crate::samples::{self, Samples};

/// What a step may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time on the wall; looked at every [`TICK`].
    pub step: Duration,
    /// Linear memory.
    pub memory_bytes: usize,
    /// Stack of the step's calls.
    pub stack_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            step: Duration::from_millis(limits::STEP_MS_MAX),
            memory_bytes: limits::STEP_MEMORY_MAX,
            stack_bytes: 512 << 10,
        }
    }
}

impl Limits {
    /// As a program sets them.
    pub fn of(manifest: &Manifest) -> Limits {
        Limits {
            step: Duration::from_millis(manifest.limits.step_ms()),
            memory_bytes: manifest.limits.memory_bytes(),
            ..Limits::default()
        }
    }
}

/// How a program is loaded; [`Default`] compiles it and gives it the default limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loading<'a> {
    pub limits: Limits,
    pub code: Code<'a>,
    /// The system's `perf` is told the names of functions, in a file `perf-PID.map` among the temporary ones.
    pub perf_map: bool,
    /// Where steps are found at each tick is put there. Ticks come more often then.
    pub samples: Option<&'a Arc<Samples>>,
}

/// Frames that are looked at when a step crashes; some are of the compiler and not told of.
const FRAMES_MAX: usize = 4 * CALLERS_MAX;

/// How often running steps are looked at.
const TICK: Duration = Duration::from_millis(5);

/// Why a module cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    Refused(Refused),
    /// The module passed the gate and yet does not compile or start: a bug of ours.
    Broken(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Refused(refused) => refused.fmt(f),
            LoadError::Broken(why) => write!(f, "the module cannot be compiled: {why}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// A loaded module. Cheap to clone; runners of one program share the machine code.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Inner>,
    /// Who computes the `@pure` functions that it calls.
    pure: Arc<dyn Pure>,
    /// Steps are tasks: they have the time and the memory of one.
    tasks: bool,
}

struct Inner {
    engine: Engine,
    pre: InstancePre<Host>,
    limits: Limits,
    places: Places,
    unused_code: Option<String>,
    samples: Option<Arc<Samples>>,
}

impl Program {
    /// Checks and compiles a module with the default limits.
    pub fn load(wasm: &[u8]) -> Result<Program, LoadError> {
        Program::load_with(wasm, Limits::default())
    }

    /// The same with other limits.
    pub fn load_with(wasm: &[u8], limits: Limits) -> Result<Program, LoadError> {
        Program::load_as(
            wasm,
            &Loading {
                limits,
                ..Loading::default()
            },
        )
    }

    /// The same in all ways. The module is checked also when its machine code is at hand.
    pub fn load_as(wasm: &[u8], loading: &Loading<'_>) -> Result<Program, LoadError> {
        gate::check(wasm).map_err(LoadError::Refused)?;
        let places = Places::read(wasm).map_err(LoadError::Refused)?;
        Program::make(wasm, loading, places)
    }

    /// The same for what another compiler made, so past the gate: to measure ours against theirs in one engine. It may
    /// still import nothing but the host's functions and use no more than its limits.
    pub fn load_foreign(wasm: &[u8], limits: Limits) -> Result<Program, LoadError> {
        let loading = Loading {
            limits,
            ..Loading::default()
        };
        Program::make(wasm, &loading, Places::default())
    }

    fn make(wasm: &[u8], loading: &Loading<'_>, places: Places) -> Result<Program, LoadError> {
        let limits = loading.limits;
        let broken = |e: wasmtime::Error| LoadError::Broken(format!("{e:#}"));
        let mut config = config(&limits);
        if loading.perf_map {
            config.profiler(ProfilingStrategy::PerfMap);
        }
        let engine = Engine::new(&config).map_err(broken)?;
        let (module, unused_code) = loading.code.module(&engine, wasm).map_err(broken)?;
        let mut linker = Linker::new(&engine);
        calls::define(&mut linker).map_err(broken)?;
        let pre = linker.instantiate_pre(&module).map_err(broken)?;
        let inner = Arc::new(Inner {
            engine,
            pre,
            limits,
            places,
            unused_code,
            samples: loading.samples.cloned(),
        });
        watch(Arc::downgrade(&inner));
        Ok(Program {
            inner,
            pure: Arc::new(NoComponents),
            tasks: false,
        })
    }

    /// The same with the components that it calls.
    pub fn with_pure(self, pure: Arc<dyn Pure>) -> Program {
        Program { pure, ..self }
    }

    /// The same to run tasks of temporary data, which hold nobody up.
    pub fn for_tasks(&self) -> Program {
        Program {
            tasks: true,
            ..self.clone()
        }
    }

    pub(crate) fn store(&self) -> Store<Host> {
        let mut store = Store::new(
            &self.inner.engine,
            Host::new(
                match self.tasks {
                    true => limits::TASK_MEMORY_MAX.max(self.inner.limits.memory_bytes),
                    false => self.inner.limits.memory_bytes,
                },
                self.deadline_ticks(),
                self.pure.clone(),
                self.clone(),
            ),
        );
        store.limiter(|host| host);
        samples::watch(&mut store);
        store
    }

    /// Why machine code that was at hand is not used.
    pub fn unused_code(&self) -> Option<&str> {
        self.inner.unused_code.as_deref()
    }

    pub(crate) fn samples(&self) -> Option<&Arc<Samples>> {
        self.inner.samples.as_ref()
    }

    pub(crate) fn places(&self) -> &Places {
        &self.inner.places
    }

    pub(crate) fn pre(&self) -> &InstancePre<Host> {
        &self.inner.pre
    }

    /// The step's time in ticks; one more, because the first is already running.
    pub(crate) fn deadline_ticks(&self) -> u64 {
        let step = match self.tasks {
            true => Duration::from_millis(limits::TASK_MS_MAX),
            false => self.inner.limits.step,
        };
        (step.as_millis() / self.inner.tick().as_millis()) as u64 + 1
    }
}

impl Inner {
    fn tick(&self) -> Duration {
        match self.samples {
            Some(_) => samples::TICK,
            None => TICK,
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

/// Core Wasm with nothing that the compiler does not use.
pub(crate) fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(true)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_extended_const(false)
        .cranelift_nan_canonicalization(true)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES_MAX));
    config
}

/// Lets time pass for the program's steps, until the program is gone.
fn watch(program: Weak<Inner>) {
    let tick = move || {
        while let Some(program) = program.upgrade() {
            program.engine.increment_epoch();
            let tick = program.tick();
            drop(program);
            std::thread::sleep(tick);
        }
    };
    let started = std::thread::Builder::new()
        .name("weir-step-clock".into())
        .spawn(tick);
    started.expect("the system can start a thread");
}
