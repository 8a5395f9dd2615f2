//! Where components run: one wasmtime engine with nothing in it that could differ from one call to the next, and a room for each
//! call that bounds memory and time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use wasmtime::component::{ComponentExportIndex, InstancePre, Val};
use wasmtime::{Config, Engine, ResourceLimiter, Store, Trap};
use weir_contract::{CrashReason, Manifest, limits};

/// What one call may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// On the wall; looked at every [`TICK`].
    pub time: Duration,
    /// All linear memories together.
    pub memory_bytes: usize,
}

impl Limits {
    /// Of a call inside a step of a program.
    pub fn of_step(manifest: &Manifest) -> Limits {
        Limits {
            time: Duration::from_millis(manifest.limits.step_ms()),
            memory_bytes: manifest.limits.memory_bytes(),
        }
    }

    /// Of a call outside of one.
    pub fn outside(time: Duration) -> Limits {
        Limits {
            time,
            memory_bytes: limits::COMPONENT_MEMORY_MAX,
        }
    }
}

/// How often running calls are looked at.
const TICK: Duration = Duration::from_millis(5);

/// An engine whose clock ticks as long as somebody has it.
#[derive(Clone)]
pub struct Rooms {
    engine: Arc<Engine>,
}

impl Rooms {
    pub fn new() -> wasmtime::Result<Rooms> {
        let engine = Arc::new(Engine::new(&config())?);
        watch(Arc::downgrade(&engine));
        Ok(Rooms { engine })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Calls a function in an instance made for this call: nothing is left of any call before it.
    pub fn call(
        &self,
        component: &InstancePre<Room>,
        function: &ComponentExportIndex,
        args: &[Val],
        limits: Limits,
    ) -> Result<Option<Val>, (CrashReason, String)> {
        let mut store = Store::new(&self.engine, Room::new(limits.memory_bytes));
        store.limiter(|room| room);
        store.set_hostcall_fuel(HOST_BYTES_MAX);
        // One more, because the first is already running.
        let ticks = limits.time.as_millis() / TICK.as_millis() + 1;
        store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX / 2));
        let result = (|| -> wasmtime::Result<Option<Val>> {
            let instance = component.instantiate(&mut store)?;
            let function = instance
                .get_func(&mut store, function)
                .ok_or_else(|| wasmtime::Error::msg("the function is gone"))?;
            let mut results = vec![Val::Bool(false); function.ty(&store).results().len()];
            function.call(&mut store, args, &mut results)?;
            Ok(results.pop())
        })();
        result.map_err(|error| why(&error, store.data(), limits))
    }
}

/// What the host may hold of a result: a value of it takes more there than in the component.
const HOST_BYTES_MAX: usize = 256 << 20;

/// What an error means to people.
fn why(error: &wasmtime::Error, room: &Room, limits: Limits) -> (CrashReason, String) {
    if room.refused {
        let said = format!(
            "it wants more than {} MiB of memory",
            limits.memory_bytes >> 20
        );
        return (CrashReason::StepTooLarge, said);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => {
            let said = format!("it ran for more than {} ms", limits.time.as_millis());
            (CrashReason::StepTooLong, said)
        }
        Some(Trap::StackOverflow) => (
            CrashReason::StackOverflow,
            "its calls nest too deep".to_owned(),
        ),
        Some(trap) => (CrashReason::ComponentFailed, format!("it trapped: {trap}")),
        None => (CrashReason::ComponentFailed, format!("{error:#}")),
    }
}

/// The data of a call's store: what is left of its memory.
pub struct Room {
    left: usize,
    /// It asked for more.
    refused: bool,
}

impl Room {
    fn new(memory_bytes: usize) -> Room {
        Room {
            left: memory_bytes,
            refused: false,
        }
    }

    fn grow(&mut self, bytes: usize) -> bool {
        let enough = self.left >= bytes;
        self.refused |= !enough;
        self.left -= if enough { bytes } else { 0 };
        enough
    }
}

/// What an element of a table takes.
const ELEMENT_BYTES: usize = 16;

impl ResourceLimiter for Room {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        Ok(self.grow(more.saturating_mul(ELEMENT_BYTES)))
    }
}

/// Nothing whose outcome Wasm leaves open: no threads, vectors only with exact results, one NaN.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_relaxed_simd(false)
        .wasm_component_model(true)
        .cranelift_nan_canonicalization(true)
        .epoch_interruption(true)
        .wasm_backtrace_max_frames(None);
    config
}

/// Lets time pass for the calls, until the engine is gone.
fn watch(engine: Weak<Engine>) {
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    let started = std::thread::Builder::new()
        .name("weir-component-clock".into())
        .spawn(tick);
    started.expect("the system can start a thread");
}
