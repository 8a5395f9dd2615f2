//! A node: the machine's thread with HTTP in front of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use weir_contract::Manifest;
use weir_log::Log;
use weir_machine::{Incompatible, answer_bytes_max};

use crate::config::Config;
use crate::core::{Core, Door, StartError, record_bytes_max};
use crate::http::{BodyRoom, Shared, address, serve};
use crate::outside::caller::Callers;
use crate::program::Program;

/// A node that serves. Dropping it stops it as [`Node::stop`] does.
pub struct Node {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
    core: Option<Core>,
    callers: Callers,
    runtime: Runtime,
}

impl Node {
    /// Recovers the log, puts the program in force and listens on loopback; returns when requests are answered. Its `extern`
    /// functions are called over HTTP, where [`Config::externs`] says, or are its components'.
    pub fn start(config: Config, program: Program, log: Arc<dyn Log>) -> Result<Node, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("weir-http")
            .enable_all()
            .build()
            .map_err(StartError::System)?;
        // The port first: when it is taken nothing has happened to the log yet.
        let listener = runtime.block_on(TcpListener::bind(address(&config)));
        let listener = listener.map_err(StartError::System)?;
        let address = listener.local_addr().map_err(StartError::System)?;
        let callers = Callers::new(
            runtime.handle().clone(),
            config.externs.clone(),
            config.blobs.clone(),
            answer_bytes_max(record_bytes_max(&*log)),
        );
        let program = program.with_callers(&callers).with_blobs(&config.blobs);
        let core = Core::start(&config, program, log.clone())?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            door: core.door().clone(),
            log,
            body_room: BodyRoom::new(config.big_bodies_max),
            config,
            stopping: stopped.clone(),
        });
        let serving = runtime.spawn(serve(listener, shared.clone(), stopped));
        Ok(Node {
            address,
            shared,
            stop,
            serving: Some(serving),
            core: Some(core),
            callers,
            runtime,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands in calls without HTTP.
    pub fn door(&self) -> &Door {
        &self.shared.door
    }

    /// The program in force.
    pub fn program(&self) -> Arc<Manifest> {
        self.shared.door.program()
    }

    /// Puts another program in force, keeping the state, or says why the state does not fit it; then the old one
    /// goes on. Returns when the change is durable.
    pub fn reload(&self, program: Program) -> Result<(), Incompatible> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let program = program
            .with_callers(&self.callers)
            .with_blobs(&self.shared.config.blobs);
        self.shared.door.reload(program, move |result| {
            let _ = sender.send(result);
        });
        let stopped = || Incompatible(vec!["the node is stopping".to_owned()]);
        receiver.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Whether the node stopped by itself because its log failed.
    pub fn has_failed(&self) -> bool {
        self.core.as_ref().is_none_or(Core::has_failed)
    }

    /// Accepts nothing more, finishes what is open, takes a snapshot. An error says that the log failed.
    pub fn stop(mut self) -> Result<(), String> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), String> {
        let _ = self.stop.send(true);
        if let Some(serving) = self.serving.take() {
            let _ = self.runtime.block_on(serving);
        }
        match self.core.take() {
            Some(core) => core.stop(),
            None => Ok(()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

/// How long a caller that polls [`Node::has_failed`] may sleep.
pub const FAILURE_POLL: Duration = Duration::from_millis(200);
