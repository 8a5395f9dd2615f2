//! Receipts hold: what a call or a run was counted to cost is never more than its formulas say, for the lengths it had; and
//! it is just that where there is one way through it.
//!
//! `WEIR_SEED` is the first seed and `WEIR_COUNT` the number of generated programs, for longer runs.

mod exact;
mod measure;
mod parts;
mod player;

use std::path::Path;
use std::time::Duration;

use weir_contract::Manifest;
use weir_driver::Memory;
use weir_engine::{Limits, Program};
use weir_tests::generate;
use weir_tests::generate::script::Action;

use player::{Player, Tally};

fn number(name: &str, otherwise: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The program as `weir build` makes it; `None` when it has errors.
fn build(source: &str) -> Option<(Manifest, Program)> {
    let world = Memory::default().with("made.weir", source);
    let program = weir_driver::find(&world, Path::new("made.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).unwrap_or_else(|e| panic!("{e}"));
    let bundle = weir_driver::build(&program, &analysis)?;
    // Time is not what is counted.
    let limits = Limits {
        step: Duration::from_secs(60),
        ..Limits::default()
    };
    let program = Program::load_with(&bundle.wasm, limits).unwrap_or_else(|e| panic!("{e}"));
    Some((bundle.manifest, program))
}

/// How much was held to a formula.
#[derive(Default)]
struct Held {
    parts: u64,
    /// Of them those that cost just what the formula says.
    exact: u64,
    runs: u64,
    wrong: Vec<String>,
}

impl Held {
    fn hold(&mut self, what: &str, manifest: &Manifest, tally: &Tally) {
        if tally.bug {
            return;
        }
        self.runs += 1;
        for (part, counted, most) in tally.hold(manifest) {
            self.parts += 1;
            self.exact += (counted == most) as u64;
            if counted > most {
                let function = tally.function.expect("it has parts") as usize;
                let name = &manifest.functions[function].name;
                let receipt = manifest.functions[function].receipt.as_ref();
                let text = receipt.map(|r| weir_driver::receipts::cost(manifest, &r.cost));
                let text = text.unwrap_or_default();
                self.wrong.push(format!(
                    "{what}, {name}: {counted} {part} counted, the receipt says {most} ({text}); {tally:?}"
                ));
            }
        }
    }

    fn finish(self, least: u64) {
        let Held {
            parts,
            exact,
            runs,
            wrong,
        } = self;
        println!("{runs} calls and runs, {parts} numbers held to a formula, {exact} just so");
        assert!(
            wrong.is_empty(),
            "{}",
            wrong[..wrong.len().min(6)].join("\n\n")
        );
        assert!(parts >= least, "only {parts} numbers could be compared");
    }
}

#[test]
fn generated_calls_cost_no_more_than_their_receipts() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 150));
    let mut held = Held::default();
    for from in (first..first + count).step_by(25) {
        let seeds = from..(from + 25).min(first + count);
        let programs = || {
            seeds
                .clone()
                .enumerate()
                .map(|(at, seed)| generate::generate(seed, at))
        };
        let sources: Vec<String> = programs().map(|p| p.source).collect();
        let source = format!("{}{}", generate::SHARED, sources.join(""));
        let Some((manifest, program)) = build(&source) else {
            continue;
        };
        for generated in programs() {
            let mut player = Player::new(&manifest, &program, &[]);
            for call in &generated.calls {
                player.call(call);
                player.happen(player.time);
            }
            for tally in player.tallies.values() {
                held.hold(&format!("seed {}", generated.seed), &manifest, tally);
            }
        }
    }
    held.finish(count);
}

#[test]
fn generated_runs_cost_no_more_than_their_receipts() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 150) / 5);
    let mut held = Held::default();
    for seed in first..first + count {
        let generated = generate::workflow::generate(seed, 0);
        let source = format!(
            "{}{}{}",
            generate::SHARED,
            generate::workflow::SHARED,
            generated.source
        );
        let Some((manifest, program)) = build(&source) else {
            continue;
        };
        let mut player = Player::new(&manifest, &program, &generated.outside);
        let mut runs = Vec::new();
        for action in &generated.script {
            match action {
                Action::Advance(microseconds) => {
                    let until = player.time + microseconds;
                    player.happen(until);
                    player.time = until;
                }
                Action::Start(call) => runs.push(player.call(call)),
                Action::Event(call) => player.event(call),
                Action::Cancel(start) => {
                    if let Some(run) = runs[*start] {
                        player.cancel(run);
                    }
                }
            }
            player.happen(player.time);
        }
        for tally in player.tallies.values() {
            held.hold(&format!("seed {seed}"), &manifest, tally);
        }
    }
    held.finish(count);
}
