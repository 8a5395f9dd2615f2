//! Profiles that the environment asks for: `WEIR_PROFILE=perf` for the system's profiler, `WEIR_PROFILE=shop.folded` for a file of
//! stacks with the functions and lines of the program.
//!
//! ```text
//! Work.primes (work.weir:7);is_prime (work.weir:15) 812
//! ```
//!
//! A line for each stack of calls, outermost first, and how many milliseconds it was found for. The file is written anew each second,
//! so that it is there whatever ends the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use weir_contract::Manifest;
use weir_engine::Samples;

use crate::output::{Failure, Outcome, Style};

/// What is profiled, and how.
pub enum Profile {
    None,
    Perf,
    /// Stacks, into this file.
    Stacks(PathBuf),
}

impl Profile {
    pub fn asked_for() -> Outcome<Profile> {
        match std::env::var("WEIR_PROFILE").as_deref() {
            Err(_) | Ok("") => Ok(Profile::None),
            Ok("perf") => Ok(Profile::Perf),
            Ok(file) if Path::new(file).extension().is_some_and(|e| e == "folded") => {
                Ok(Profile::Stacks(PathBuf::from(file)))
            }
            Ok(other) => Err(Failure::new(format_args!(
                "WEIR_PROFILE is `{other}`, which is no profiler that is known"
            ))
            .next("set it to a file for the stacks of calls, such as `shop.folded`, to `perf`, or unset it")),
        }
    }
}

/// Lines that are shown at the end.
const LINES_SHOWN: usize = 5;

/// Programs that were loaded, with what each of their sites is called. A saved program is another.
static LOADED: Mutex<Vec<(Arc<Samples>, Vec<String>)>> = Mutex::new(Vec::new());

/// Where to, once something is loaded.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// What a program that is loaded puts its samples into; they are written to the file from now on.
pub fn follow(manifest: &Manifest, file: &Path) -> Arc<Samples> {
    let samples = Arc::new(Samples::default());
    let names = (0..manifest.sites.len() as u32).map(|site| frame(manifest, site));
    loaded(|all| all.push((samples.clone(), names.collect())));
    let file = file.to_path_buf();
    if FILE.set(file).is_ok() {
        let each_second = || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                // It is told at the end.
                let _ = FILE.get().map(|file| std::fs::write(file, text(&stacks())));
            }
        };
        let started = std::thread::Builder::new()
            .name("weir-profile".into())
            .spawn(each_second);
        started.expect("the system can start a thread");
    }
    samples
}

/// Writes what came since, and says where it is and which lines steps were at most often.
pub fn finish() {
    let Some(file) = FILE.get() else { return };
    let stacks = stacks();
    if let Err(error) = std::fs::write(file, text(&stacks)) {
        let failure = format!("cannot write the profile {}: {error}", file.display());
        Failure::new(failure).report();
        return;
    }
    let all: u64 = stacks.values().sum();
    if all == 0 {
        return;
    }
    let mut lines: BTreeMap<&str, u64> = BTreeMap::new();
    for (stack, count) in &stacks {
        let line = stack.rsplit(';').next().unwrap_or(stack);
        *lines.entry(line).or_insert(0) += count;
    }
    let mut lines: Vec<(&str, u64)> = lines.into_iter().collect();
    lines.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let head = Style::stderr().bold("profile");
    let file = file.display();
    eprintln!("{head}: {all} samples, one for each millisecond that steps ran, in {file}");
    for (line, count) in lines.into_iter().take(LINES_SHOWN) {
        let percent = count as f64 * 100.0 / all as f64;
        eprintln!("  {percent:4.1} %  {line}");
    }
}

/// Each stack as a line, with how often it was found in all programs that were loaded.
fn stacks() -> BTreeMap<String, u64> {
    let mut stacks = BTreeMap::new();
    loaded(|all| {
        for (samples, names) in all.iter() {
            for (stack, count) in samples.all() {
                *stacks.entry(folded(&stack, names)).or_insert(0) += count;
            }
        }
    });
    stacks
}

fn text(stacks: &BTreeMap<String, u64>) -> String {
    let lines = stacks
        .iter()
        .map(|(stack, count)| format!("{stack} {count}\n"));
    lines.collect()
}

/// A stack of sites, innermost first, as one line.
fn folded(stack: &[u32], names: &[String]) -> String {
    if stack.is_empty() {
        return "(not in the program)".to_owned();
    }
    let frames = stack
        .iter()
        .rev()
        .filter_map(|site| names.get(*site as usize));
    frames.map(String::as_str).collect::<Vec<_>>().join(";")
}

/// `Account.transfer (bank.weir:20)`
fn frame(manifest: &Manifest, site: u32) -> String {
    let place = manifest.place(site);
    let line = place
        .rsplit_once(':')
        .map_or(place.as_str(), |(line, _)| line);
    match manifest.function_at(site) {
        "" => line.to_owned(),
        function => format!("{function} ({line})"),
    }
}

fn loaded<T>(act: impl FnOnce(&mut Vec<(Arc<Samples>, Vec<String>)>) -> T) -> T {
    act(&mut LOADED.lock().unwrap_or_else(PoisonError::into_inner))
}
