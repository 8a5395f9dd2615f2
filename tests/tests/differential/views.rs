//! Generated views: what the whole runtime keeps up to date is the query over everything, from the beginning, behind each change; also
//! when it was stopped and started between.

use weir_tests::generate::Call;
use weir_tests::generate::view::{Views, generate, read};
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
    let mut defined = defined::Defined::new(&front);
    let folder = std::env::temp_dir().join(format!(
        "weir-views-{}-{}",
        std::process::id(),
        program.seed
    ));
    let mut whole = whole::Whole::start(&program.source, folder);
    let mut chance = Random::new(program.seed);
    let mut same = |call: &Call, whole: &mut whole::Whole| {
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
        (meant != seen).then(|| {
            format!(
                "{call}\n  means {meant:?}\n  gives {seen:?}\n{}",
                program.source
            )
        })
    };
    for change in &program.changes {
        let differs = same(change, &mut whole);
        if differs.is_some() {
            return differs;
        }
        if chance.below(12) == 0 {
            whole.restart(chance.below(2) == 0);
        }
        // Now and then several changes come before anybody looks.
        if chance.below(3) == 0 {
            continue;
        }
        for view in &program.views {
            let differs = same(&read(view, None), &mut whole);
            if differs.is_some() {
                return differs;
            }
            for key in &view.keys {
                if chance.below(3) == 0 {
                    let differs = same(&read(view, Some(key)), &mut whole);
                    if differs.is_some() {
                        return differs;
                    }
                }
            }
        }
    }
    None
}
