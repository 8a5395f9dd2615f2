//! Generated views: what the whole runtime keeps up to date is the query over everything, from the beginning, behind each change; also
//! when it was stopped and started between, or died, and when time has gone on before somebody looks.

use weir_tests::generate::Call;
use weir_tests::generate::view::{NOON_US, Views, generate, read};
use weir_tests::random::Random;

use crate::{caught, defined, front, number, whole};

#[test]
fn views_are_the_query_over_everything() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 2_000) / 50);
    let mut wrong = Vec::new();
    let (mut rows, mut reads) = (0, 0);
    for seed in first..first + count.max(1) {
        let program = generate(seed);
        match caught(|| compare(&program, &mut rows, &mut reads)) {
            Ok(None) => {}
            Ok(Some(told)) => wrong.push(format!("seed {seed}: {told}")),
            Err(crate::Trouble::Panic(told) | crate::Trouble::Refused(told)) => {
                wrong.push(format!("seed {seed}: {told}\n{}", program.source));
            }
        }
    }
    println!("{count} programs from seed {first}: {reads} reads, {rows} rows");
    assert!(
        wrong.is_empty(),
        "{} of {count}\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n")
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
    for (i, change) in program.changes.iter().enumerate() {
        let differs = same(change, &mut defined, &mut whole, source);
        if differs.is_some() {
            return differs;
        }
        if chance.below(6) == 0 {
            whole.restart(chance.below(2) == 0);
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
            if differs.is_some() {
                return differs;
            }
            for key in &view.keys {
                if chance.below(3) == 0 {
                    let differs = same(
                        &read(view, Some(key), now),
                        &mut defined,
                        &mut whole,
                        source,
                    );
                    if differs.is_some() {
                        return differs;
                    }
                }
            }
        }
    }
    None
}
