//! Generated programs with workflows: what goes on for long means the same to the interpreter and to the machine, however steps are
//! cut and wherever it dies.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use weir_tests::generate;
use weir_tests::generate::Call;
use weir_tests::generate::reduce::reduce;
use weir_tests::generate::workflow::{SHARED, Workflows, generate};

use crate::front::{self, Front};
use crate::played::Weather;
use crate::scripted::{Ends, meant};
use crate::{Seen, caught, number, played, whole};

/// Whether steps are cut as finely as can be, and after how many records out of a hundred the machine dies.
const WEATHERS: [(bool, u64); 4] = [(false, 0), (true, 0), (false, 20), (true, 20)];

/// Each is built for itself, which is dear.
#[test]
fn interpreter_and_machine_agree() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 2_000) / 20);
    let differences = Mutex::new(Vec::new());
    in_batches(first..first + count, 1, |seeds| {
        let program = generate(seeds.start, 0);
        let source = whole_source(std::slice::from_ref(&program));
        if let Some(told) = difference(&program, &source) {
            let mut differences = differences.lock().expect("no thread panicked");
            differences.push((program.seed, told));
        }
    });
    let mut differences = differences.into_inner().expect("no thread panicked");
    differences.sort();
    println!("{count} programs from seed {first}");
    for (seed, told) in differences.iter().take(8) {
        println!("seed {seed}: {told}");
    }
    if let Some((seed, told)) = differences.first() {
        explain(*seed, told);
    }
    assert_eq!(differences.len(), 0, "programs that meant two things");
}

/// On all processors.
fn in_batches(seeds: Range<u64>, size: u64, run: impl Fn(Range<u64>) + Sync) {
    let next = AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(size, Ordering::Relaxed);
                    if from >= seeds.end {
                        return;
                    }
                    run(from..(from + size).min(seeds.end));
                }
            });
        }
    });
}

/// Prints a small program that shows the same difference.
fn explain(seed: u64, told: &str) {
    let program = generate(seed, 0);
    let source = whole_source(std::slice::from_ref(&program));
    // Numbers change when lines go.
    let kind = |told: &str| -> String {
        let line = told.lines().last().unwrap_or_default();
        line.split(['(', '#']).next().unwrap_or_default().to_owned()
    };
    let same = |source: &str| difference(&program, source).is_some_and(|t| kind(&t) == kind(told));
    let tries = number("WEIR_TRIES", 300) as usize;
    let small = reduce(&source, tries, same);
    println!("seed {seed}, made smaller:\n{small}");
    println!("{}", difference(&program, &small).unwrap_or_default());
    for action in &program.script {
        println!("{action}");
    }
}

/// Nothing for programs that the interpreter cannot give one meaning.
fn difference(program: &Workflows, source: &str) -> Option<String> {
    let front = front::check(source).ok()?;
    let ends = match of(&front, program) {
        Ok(ends) => ends?,
        Err(told) => return Some(told),
    };
    // How much a bug drops depends on how steps are cut.
    match ends.bug {
        true => None,
        false => compare(program, source, &ends).err(),
    }
}

fn compare(program: &Workflows, source: &str, ends: &Ends) -> Result<(), String> {
    let told = |trouble| match trouble {
        crate::Trouble::Refused(told) | crate::Trouble::Panic(told) => told,
    };
    let built = caught(|| whole::build(source)).map_err(told)?;
    let calls: Vec<Call> = ends.state.iter().map(|(call, _)| call.clone()).collect();
    for (fine, crashes) in WEATHERS {
        let weather = Weather { fine, crashes };
        let played = caught(|| played::seen(program, &built, weather, &calls));
        let (results, state) = played.map_err(|t| format!("{weather:?}: {}", told(t)))?;
        for (i, (meant, seen)) in ends.results.iter().zip(&results).enumerate() {
            if meant != seen {
                return Err(format!(
                    "{weather:?}, start {i}\n  means {meant:?}\n  gives {seen:?}"
                ));
            }
        }
        for ((call, meant), seen) in ends.state.iter().zip(&state) {
            if meant != seen {
                return Err(format!(
                    "{weather:?}, {call}\n  means {meant:?}\n  gives {seen:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Programs in one file.
const BATCH: u64 = 25;

#[derive(Default)]
struct Findings {
    wrong: Vec<(u64, String)>,
    endless: u64,
    bugs: u64,
    waiting: u64,
    failed: u64,
    ended: u64,
}

#[test]
fn workflow_programs_have_a_meaning() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 2_000) / 4);
    let findings = Mutex::new(Findings::default());
    in_batches(first..first + count, BATCH, |seeds| play(seeds, &findings));
    let findings = findings.into_inner().expect("no thread panicked");
    println!(
        "{count} programs from seed {first}: {} runs ended, {} failed, {} wait; {} programs with bugs, {} without end",
        findings.ended, findings.failed, findings.waiting, findings.bugs, findings.endless
    );
    for (seed, what) in findings.wrong.iter().take(3) {
        println!("seed {seed}: {what}");
    }
    assert_eq!(findings.wrong.len(), 0, "programs without a meaning");
    assert!(findings.endless * 20 <= count, "too many without an end");
    assert!(findings.bugs * 4 <= count, "too many with bugs");
    assert!(findings.failed > 0 && findings.ended > findings.waiting);
}

fn play(seeds: Range<u64>, findings: &Mutex<Findings>) {
    let programs = seeds.enumerate().map(|(i, seed)| generate(seed, i));
    let programs: Vec<Workflows> = programs.collect();
    let found = match front::check(&whole_source(&programs)) {
        Ok(front) => programs.iter().map(|p| (p, of(&front, p))).collect(),
        // Which of them is it?
        Err(_) => {
            let alone = |p| match front::check(&whole_source(std::slice::from_ref(p))) {
                Ok(front) => (p, of(&front, p)),
                Err(told) => (p, Err(told)),
            };
            programs.iter().map(alone).collect::<Vec<_>>()
        }
    };
    let mut findings = findings.lock().expect("no thread panicked");
    for (program, found) in found {
        match found {
            Err(told) => findings.wrong.push((program.seed, told)),
            Ok(None) => findings.endless += 1,
            Ok(Some(ends)) => {
                findings.bugs += ends.bug as u64;
                for result in &ends.results {
                    match result {
                        Seen::Waiting => findings.waiting += 1,
                        Seen::Failed(..) => findings.failed += 1,
                        _ => findings.ended += 1,
                    }
                }
            }
        }
    }
}

fn of(front: &Front, program: &Workflows) -> Result<Option<Ends>, String> {
    caught(|| meant(front, program)).map_err(|trouble| match trouble {
        crate::Trouble::Refused(told) | crate::Trouble::Panic(told) => told,
    })
}

fn whole_source(programs: &[Workflows]) -> String {
    let sources: Vec<&str> = programs.iter().map(|p| p.source.as_str()).collect();
    format!("{}{SHARED}{}", generate::SHARED, sources.join(""))
}
