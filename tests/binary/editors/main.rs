//! Editors against the real binary: what `weir test` tells programs, a headless Neovim, Emacs where it is installed.

mod emacs;
mod neovim;
mod results;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Nothing that an editor does here takes as long on a machine that is not stuck.
const PATIENCE: Duration = Duration::from_secs(180);

fn is_there(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

/// Runs an editor to its end and gives what it wrote, with its exit code; one that hangs is killed and fails the test.
fn run(command: &mut Command) -> (Option<i32>, String) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    let hung = loop {
        match child.try_wait().expect("a child can be asked") {
            Some(_) => break false,
            None if begun.elapsed() > PATIENCE => {
                let _ = child.kill();
                break true;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let ended = child.wait_with_output().expect("a child can be waited for");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned()
        + &String::from_utf8_lossy(&ended.stderr);
    assert!(!hung, "it hangs; it said:\n{said}");
    (ended.status.code(), said)
}
