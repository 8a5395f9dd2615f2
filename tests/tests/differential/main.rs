//! Generated programs mean the same to the interpreter, to Wasm and to the whole runtime.
//!
//! `WEIR_SEED` is the first seed and `WEIR_COUNT` the number of programs, for longer runs. A difference is printed with
//! its seed and a program from which lines were taken away as long as it showed one.

mod beside;
mod compiled;
mod defined;
mod front;
mod lasting;
mod played;
mod scripted;
mod views;
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use weir_contract::{CrashReason, Value};
use weir_tests::generate::{Generated, SHARED, generate, reduce::reduce};

/// What a call was seen to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Ok(Value),
    /// The error by name.
    Failed(String, Vec<Value>),
    Denied,
    /// It goes on later.
    Waiting,
    /// The reason and `file:line`.
    Bug(CrashReason, String),
    /// A program that was made smaller has the function no longer.
    Gone,
}

/// Programs in one file: the prelude is compiled once for all of them.
const BATCH: u64 = 50;

#[derive(Default)]
struct Findings {
    refused: Vec<String>,
    differences: Vec<(u64, String)>,
    calls: u64,
    bugs: u64,
    failures: u64,
    /// Programs that ran into a limit of the interpreter and so have no meaning to compare with.
    too_long: u64,
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn interpreter_and_wasm_agree() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 2_000));
    let next = AtomicU64::new(first);
    let findings = Mutex::new(Findings::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    let to = (from + BATCH).min(first + count);
                    if from >= to {
                        return;
                    }
                    batch(from, to, &findings);
                }
            });
        }
    });
    let mut findings = findings.into_inner().expect("no thread panicked");
    println!(
        "{count} programs from seed {first}: {} calls, {} failures, {} bugs, {} programs too long",
        findings.calls, findings.failures, findings.bugs, findings.too_long
    );
    for refused in findings.refused.iter().take(5) {
        println!("{refused}");
    }
    findings.differences.sort();
    for (seed, what) in findings.differences.iter().take(8) {
        println!("seed {seed}: {what}");
    }
    if let Some((seed, _)) = findings.differences.first() {
        explain(*seed);
    }
    assert_eq!(
        findings.refused.len(),
        0,
        "programs that the checker refused"
    );
    assert_eq!(
        findings.differences.len(),
        0,
        "programs that meant two things"
    );
    assert!(
        findings.too_long * 50 <= count,
        "too many programs without an end"
    );
    assert!(
        findings.bugs > 0 && findings.failures > 0,
        "the programs are too tame"
    );
}

/// Compares all programs of a batch; when the batch as a whole cannot be compiled, one by one.
fn batch(from: u64, to: u64, findings: &Mutex<Findings>) {
    let programs: Vec<Generated> = (from..to)
        .map(|seed| generate(seed, (seed - from) as usize))
        .collect();
    let one_by_one = |findings: &Mutex<Findings>| {
        for program in &programs {
            let program = std::slice::from_ref(program);
            let whole = whole_source(program);
            if let Err(told) = attempt(program, &whole, findings) {
                let seed = program[0].seed;
                let mut findings = findings.lock().expect("no thread panicked");
                match told {
                    Trouble::Refused(told) => findings.refused.push(format!("seed {seed}\n{told}")),
                    Trouble::Panic(told) => findings.differences.push((seed, told)),
                }
            }
        }
    };
    if attempt(&programs, &whole_source(&programs), findings).is_err() {
        one_by_one(findings);
    }
}

/// The whole runtime, on a log in files, stopped and started between calls.
#[test]
fn the_whole_runtime_agrees() {
    let first = number("WEIR_SEED", 1);
    // Each program is a module, a log and some restarts: slower than the programs of the other test.
    let count = (number("WEIR_COUNT", 2_000) / 40).max(1);
    let mut chance = weir_tests::random::Random::new(first);
    let (mut restarts, mut seed, mut done) = (0, first, 0);
    while done < count {
        seed += 1;
        let program = generate(seed, 0);
        // The runtime has a clock of its own.
        if program.source.contains("now()") {
            continue;
        }
        done += 1;
        let source = whole_source(std::slice::from_ref(&program));
        let front = front::check(&source).unwrap_or_else(|told| panic!("seed {seed}\n{told}"));
        let mut defined = defined::Defined::new(&front);
        let folder =
            std::env::temp_dir().join(format!("weir-differential-{}-{seed}", std::process::id()));
        let mut whole = whole::Whole::start(&source, folder);
        for (i, call) in program.calls.iter().enumerate() {
            if chance.below(8) == 0 || i + 4 == program.calls.len() {
                whole.restart(chance.below(2) == 0);
                restarts += 1;
            }
            let (meant, seen) = (defined.call(call), whole.call(call));
            assert_eq!(meant, seen, "seed {seed}, call {i}, {call}\n{source}");
        }
    }
    println!("{count} programs from seed {first}, {restarts} restarts");
}

enum Trouble {
    Refused(String),
    Panic(String),
}

fn whole_source(programs: &[Generated]) -> String {
    let sources: Vec<&str> = programs.iter().map(|p| p.source.as_str()).collect();
    format!("{SHARED}{}", sources.join(""))
}

/// Runs the calls of the programs, which stand in one source, in both ways.
fn attempt(
    programs: &[Generated],
    source: &str,
    findings: &Mutex<Findings>,
) -> Result<(), Trouble> {
    let front = front::check(source).map_err(Trouble::Refused)?;
    let compiled = caught(|| compiled::Compiled::new(&front))?;
    for program in programs {
        let mut local = Findings::default();
        let run = caught(|| {
            let mut defined = defined::Defined::new(&front);
            let mut compiled = compiled.start();
            for (i, call) in program.calls.iter().enumerate() {
                let meant = defined.call(call);
                match &meant {
                    Seen::Bug(CrashReason::StepTooLong, _) => {
                        local.too_long += 1;
                        return;
                    }
                    Seen::Bug(..) => local.bugs += 1,
                    Seen::Failed(..) => local.failures += 1,
                    _ => {}
                }
                local.calls += 1;
                let seen = compiled.call(call);
                if meant != seen {
                    let told = format!("call {i}, {call}\n  means {meant:?}\n  Wasm  {seen:?}");
                    local.differences.push((program.seed, told));
                    return;
                }
            }
        });
        if let Err(Trouble::Panic(told)) = run {
            local.differences.push((program.seed, told));
        }
        let mut findings = findings.lock().expect("no thread panicked");
        findings.calls += local.calls;
        findings.bugs += local.bugs;
        findings.failures += local.failures;
        findings.too_long += local.too_long;
        findings.differences.extend(local.differences);
    }
    Ok(())
}

/// A panic is a finding like any other.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Trouble> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Trouble::Panic(format!("panic: {}", text.unwrap_or_default()))
    })
}

/// Prints a small program that shows a difference.
fn explain(seed: u64) {
    let program = generate(seed, 0);
    let differs = |source: &str| {
        let findings = Mutex::new(Findings::default());
        match attempt(std::slice::from_ref(&program), source, &findings) {
            Ok(()) => findings
                .into_inner()
                .ok()
                .and_then(|f| f.differences.into_iter().next())
                .map(|d| d.1),
            Err(Trouble::Refused(_)) => None,
            Err(Trouble::Panic(told)) => Some(told),
        }
    };
    let whole = whole_source(std::slice::from_ref(&program));
    let tries = number("WEIR_TRIES", 600) as usize;
    let small = reduce(&whole, tries, |source| differs(source).is_some());
    println!(
        "seed {seed}, made smaller:\n{small}\n{}",
        differs(&small).unwrap_or_default()
    );
}
