//! The real binary as a test sees it: started, found by its ready line, killed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A running `weir run`. Killed when dropped, so that a failing test leaves nothing behind.
pub struct Node {
    child: Child,
    /// `HOST:PORT`
    pub host: String,
    /// What it printed up to and with the ready line.
    pub greeting: String,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Node {
    /// Starts `BINARY run ARGS..` and waits until it serves.
    pub fn start(binary: &str, args: &[&str]) -> Self {
        Node::start_with(binary, args, &[])
    }

    /// As [`Node::start`], with more in its environment.
    pub fn start_with(binary: &str, args: &[&str], env: &[(String, String)]) -> Self {
        Node::try_start_with(binary, args, env)
            .unwrap_or_else(|said| panic!("{args:?} stopped before it served:\n{said}"))
    }

    /// As [`Node::start`]; when the process ends first, what it wrote to standard error.
    pub fn try_start(binary: &str, args: &[&str]) -> Result<Self, String> {
        Node::try_start_with(binary, args, &[])
    }

    /// As [`Node::start_with`], and what it writes to standard error later is written into a file.
    pub fn start_noted(
        binary: &str,
        args: &[&str],
        env: &[(String, String)],
        stderr: &Path,
    ) -> Self {
        let mut file = std::fs::File::create(stderr).expect("a file for what it says");
        Node::begin(binary, args, env, move |said| {
            let _ = std::io::copy(said, &mut file);
        })
        .unwrap_or_else(|said| panic!("{args:?} stopped before it served:\n{said}"))
    }

    /// As [`Node::start_with`]; when the process ends first, what it wrote to standard error.
    pub fn try_start_with(
        binary: &str,
        args: &[&str],
        env: &[(String, String)],
    ) -> Result<Self, String> {
        // Nobody reads what it says later, and it must not block on a full pipe.
        Node::begin(binary, args, env, |said| {
            let _ = std::io::copy(said, &mut std::io::sink());
        })
    }

    // The child is waited for when it has ended by itself, and else when the node is killed or dropped.
    #[allow(clippy::zombie_processes)]
    fn begin(
        binary: &str,
        args: &[&str],
        env: &[(String, String)],
        listen: impl FnOnce(&mut std::process::ChildStderr) + Send + 'static,
    ) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .arg("run")
            .args(args)
            .env("NO_COLOR", "1")
            .envs(env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let mut greeting = String::new();
        loop {
            let before = greeting.len();
            if stdout.read_line(&mut greeting).unwrap_or(0) == 0 {
                let mut said = String::new();
                let _ = stderr.read_to_string(&mut said);
                let _ = child.wait();
                return Err(said);
            }
            if let Some(url) = greeting[before..].strip_prefix("listening on http://") {
                let host = url.trim().to_string();
                std::thread::spawn(move || listen(&mut stderr));
                return Ok(Node {
                    child,
                    host,
                    greeting,
                    stdout: Some(stdout),
                });
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        if let Some(stdout) = &mut self.stdout {
            let _ = stdout.read_line(&mut line);
        }
        line
    }

    /// Reads what it prints until a line contains `text`, and gives all that was read.
    pub fn lines_until(&mut self, text: &str) -> String {
        let mut all = String::new();
        loop {
            let line = self.line();
            assert!(
                !line.is_empty(),
                "it stopped before printing {text:?}; it printed:\n{all}"
            );
            all.push_str(&line);
            if line.contains(text) {
                return all;
            }
        }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and the exit code it ends with.
    pub fn terminate(mut self) -> Option<i32> {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(told.is_ok_and(|status| status.success()), "SIGTERM is sent");
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder of its own for a test, removed when dropped.
pub struct Scratch {
    path: PathBuf,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("weir-{name}-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Scratch { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something inside, as an argument.
    pub fn join(&self, name: &str) -> String {
        self.path
            .join(name)
            .to_str()
            .expect("a path in UTF-8")
            .to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Runs a command in a folder to its end, without colours: its code (-1 when it was killed), what it printed and what it told.
pub fn said(program: &str, folder: &Path, args: &[&str]) -> (i32, String, String) {
    let ran = Command::new(program)
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        ran.status.code().unwrap_or(-1),
        text(ran.stdout),
        text(ran.stderr),
    )
}

/// `VmRSS` of a process, as Linux counts it; 0 elsewhere.
pub fn resident_kib(pid: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
