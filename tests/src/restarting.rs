//! A node that is killed and started again on the same directory, and clients that do not mind.

use std::io;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::http::{Client, Reply};
use crate::process::{Node, Scratch};

/// Longer than a restart takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Restarting {
    binary: &'static str,
    args: Vec<String>,
    /// Base URLs of what is outside, by variable.
    env: Vec<(String, String)>,
    node: Option<Node>,
    host: Arc<Mutex<String>>,
    /// Holds the log.
    _data: Scratch,
}

impl Restarting {
    /// `outside` names the services that the program calls, with their URLs.
    pub fn start(binary: &'static str, program: &str, outside: &[(&str, String)]) -> Self {
        let data = Scratch::new("restarting");
        let name = |name: &str| format!("WEIR_EXTERN_{}", name.to_uppercase());
        let mut restarting = Restarting {
            binary,
            args: [program, "--data", &data.join("data"), "--port", "0"]
                .map(str::to_owned)
                .to_vec(),
            env: outside
                .iter()
                .map(|(service, url)| (name(service), url.clone()))
                .collect(),
            node: None,
            host: Arc::default(),
            _data: data,
        };
        restarting.start_again();
        restarting
    }

    /// SIGKILL, then a start.
    pub fn kill(&mut self) {
        if let Some(node) = self.node.take() {
            node.kill();
        }
        self.start_again();
    }

    /// SIGKILL, and once more while it recovers.
    pub fn kill_twice(&mut self, after: Duration) {
        if let Some(node) = self.node.take() {
            node.kill();
        }
        let mut child = Command::new(self.binary)
            .arg("run")
            .args(&self.args)
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        std::thread::sleep(after);
        let _ = child.kill();
        let _ = child.wait();
        self.start_again();
    }

    /// An orderly stop, which leaves a snapshot, then a start.
    pub fn stop(&mut self) {
        if let Some(node) = self.node.take() {
            assert_eq!(node.terminate(), Some(0), "it stops in order");
        }
        self.start_again();
    }

    pub fn client(&self) -> Patient {
        Patient {
            host: Arc::clone(&self.host),
            client: None,
        }
    }

    fn start_again(&mut self) {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let node = Node::start_with(self.binary, &args, &self.env);
        *self.host.lock().expect("no thread panicked") = node.host.clone();
        self.node = Some(node);
    }
}

/// A client that asks again until it is answered, whichever process serves by then. What it asks must be safe to repeat.
pub struct Patient {
    host: Arc<Mutex<String>>,
    client: Option<Client>,
}

impl Patient {
    pub fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask(path, |client| client.get(path, headers))
    }

    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.ask(path, |client| client.post(path, headers, body))
    }

    /// Waits for the result of a run.
    pub fn result(&mut self, path: &str) -> Reply {
        let until = Instant::now() + PATIENCE;
        loop {
            let reply = self.get(path, &[("prefer", "wait=5")]);
            if reply.status != 202 {
                return reply;
            }
            assert!(Instant::now() < until, "{path} does not end: {reply:?}");
        }
    }

    fn ask(&mut self, path: &str, ask: impl Fn(&mut Client) -> io::Result<Reply>) -> Reply {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.client.is_none() {
                let host = self.host.lock().expect("no thread panicked").clone();
                self.client = Client::connect(&host).ok();
            }
            match self.client.as_mut().map(&ask) {
                // A node that is stopping or filling up may say "later".
                Some(Ok(reply)) if reply.status != 503 => return reply,
                _ => self.client = None,
            }
            assert!(Instant::now() < until, "{path} is not answered");
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}
