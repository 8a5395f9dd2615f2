//! Generated views: what the whole runtime keeps up to date is the query over everything, from the beginning, behind each change; also
//! when it was stopped and started between, or died, and when time has gone on before somebody looks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use weir_tests::generate::Call;
use weir_tests::generate::view::{NOON_US, Views, generate, read};
use weir_tests::random::Random;

use crate::{caught, defined, front, number, whole};

#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    rows: u64,
    reads: u64,
}

#[test]
fn views_are_the_query_over_everything() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 2_000) / 50);
    let end = first + count.max(1);
    let next = AtomicU64::new(first);
    let findings = Mutex::new(Findings::default());
    let work = || {
        while let seed = next.fetch_add(1, Ordering::Relaxed)
            && seed < end
        {
            let program = generate(seed);
            let (mut rows, mut reads) = (0, 0);
            let told = match caught(|| compare(&program, &mut rows, &mut reads)) {
                Ok(differs) => differs,
                Err(crate::Trouble::Panic(told) | crate::Trouble::Refused(told)) => {
                    Some(format!("{told}\n{}", program.source))
                }
            };
            let mut findings = findings.lock().expect("no thread panicked");
            let told = told.map(|told| format!("seed {seed}: {told}"));
            findings.wrong.extend(told);
            findings.rows += rows;
            findings.reads += reads;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(work);
        }
    });
    let Findings { wrong, rows, reads } = findings.into_inner().expect("no thread panicked");
    println!("{count} programs from seed {first}: {reads} reads, {rows} rows");
    assert!(
        wrong.is_empty(),
        "{} of {count}\n{}",
        wrong.len(),
        wrong[..wrong.len().min(4)].join("\n")
    );
    assert!(rows * 2 > reads, "the views are too empty");
}

fn compare(program: &Views, rows: &mut u64, reads: &mut u64) -> Option<String> {
    let front = match front::check(&program.source) {
        Ok(front) => front,
        Err(told) => return Some(format!("{told}\n{}", program.source)),
    };
    let then = program.then.as_ref();
    let then_front = match then.map(|(source, _)| front::check(source)).transpose() {
        Ok(front) => front,
        Err(told) => return Some(format!("{told}\n{}", then?.0)),
    };
    let mut defined = defined::Defined::new(&front);
    let (mut source, mut views) = (&program.source, &program.views);
    let folder = std::env::temp_dir().join(format!(
        "weir-views-{}-{}",
        std::process::id(),
        program.seed
    ));
    let mut whole = whole::Whole::start_at(&program.source, folder, NOON_US);
    let mut chance = Random::new(program.seed);
    let mut same = |call: &Call,
                    defined: &mut defined::Defined<'_>,
                    whole: &mut whole::Whole,
                    source: &str| {
        let meant = defined.call(call);
        // It has no meaning to compare with.
        if matches!(
            meant,
            crate::Seen::Bug(weir_contract::CrashReason::StepTooLong, _)
        ) {
            return None;
        }
        let seen = whole.call(call);
        if let crate::Seen::Ok(weir_contract::Value::List(all)) = &meant {
            *rows += all.len() as u64;
            *reads += 1;
        }
        (meant != seen).then(|| format!("{call}\n  means {meant:?}\n  gives {seen:?}\n{source}"))
    };
    // A read that differs is told with what came before it.
    let mut history = String::new();
    for (i, change) in program.changes.iter().enumerate() {
        history += &format!("\n  {change}");
        let differs = same(change, &mut defined, &mut whole, source);
        if differs.is_some() {
            return differs;
        }
        if chance.below(6) == 0 {
            let in_order = chance.below(2) == 0;
            history += if in_order { "\n  stopped" } else { "\n  died" };
            whole.restart(in_order);
        }
        if i == program.changes.len() / 2
            && let (Some((text, others)), Some(front)) = (then, &then_front)
        {
            // It means what it would if it had been there all the time.
            defined = defined::Defined::new(front);
            for change in &program.changes[..=i] {
                defined.call(change);
            }
            (source, views) = (text, others);
            history += "\n  became another";
            whole.become_another(source, chance.below(2) == 0);
        }
        // Now and then several changes come before anybody looks.
        if chance.below(3) == 0 {
            continue;
        }
        // Who looks may do so later, up to when something happens again.
        let next = program.changes.get(i + 1);
        let until = next.map_or(change.time + 3_600_000_000, |next| next.time);
        let seconds = (until - change.time) / 1_000_000;
        let now = change.time + chance.below(seconds as u64 + 1) as i64 * 1_000_000;
        for view in views {
            let differs = same(&read(view, None, now), &mut defined, &mut whole, source);
            if let Some(differs) = differs {
                return Some(format!("{differs}{history}"));
            }
            for key in &view.keys {
                if chance.below(3) == 0 {
                    let differs = same(
                        &read(view, Some(key), now),
                        &mut defined,
                        &mut whole,
                        source,
                    );
                    if let Some(differs) = differs {
                        return Some(format!("{differs}{history}"));
                    }
                }
            }
        }
    }
    None
}
