//! `cargo bench -p weir-tests --bench kernels`: eight programs in Weir beside the same algorithms in C, compiled to Wasm by
//! clang -O2, each as a step of the same engine with the same limits of memory. Both must answer the same.
//!
//! `NAME.weir` is compiled here; `NAME.wasm` is what `build.sh` makes of `NAME.c`, kept so that measuring needs no clang. A word
//! behind `--` measures only the kernels whose name contains it.

use std::path::Path;
use std::time::{Duration, Instant};

use weir_contract::border::{StepInput, encode_caller};
use weir_contract::encode::{Reader, encode_into};
use weir_contract::{Defs, Type, Value};
use weir_driver::Memory;
use weir_engine::{Limits, Program, Runner, StepOutcome};
use weir_machine::{State, Transaction};
use weir_tests::random::Random;

struct Kernel {
    name: &'static str,
    weir: &'static str,
    c: &'static [u8],
    argument: fn() -> Value,
}

macro_rules! kernel {
    ($name:literal, $argument:expr) => {
        Kernel {
            name: $name,
            weir: include_str!(concat!($name, ".weir")),
            c: include_bytes!(concat!($name, ".wasm")),
            argument: || $argument,
        }
    };
}

const KERNELS: &[Kernel] = &[
    kernel!("nbody", Value::Int(20_000)),
    kernel!("spectral", Value::Int(200)),
    kernel!("fannkuch", Value::Int(9)),
    kernel!("trees", Value::Int(14)),
    kernel!("words", Value::Text(words(100_000))),
    kernel!("json", Value::Text(items(10_000))),
    kernel!("map", Value::Int(1_000_000)),
    kernel!("sort", Value::Int(200_000)),
];

/// Each is measured so often, the quickest counts: other work on the machine only makes it slower.
const ROUNDS: u32 = 7;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    println!("kernel          Weir ms       C ms    ratio");
    let (mut sum, mut count) = (0.0, 0);
    for kernel in KERNELS {
        if !wanted.is_empty() && !wanted.iter().any(|w| kernel.name.contains(w.as_str())) {
            continue;
        }
        let argument = (kernel.argument)();
        let mut weir = Step::of(Program::load_with(&compile(kernel), limits()));
        let mut c = Step::of(Program::load_foreign(kernel.c, limits()));
        let expected = c.run(&argument).expect("C never crashes").1;
        match weir.run(&argument) {
            Ok((_, answer)) => assert_eq!(answer, expected, "{} gives something else", kernel.name),
            Err(why) => {
                println!("{:<12} {why}", kernel.name);
                continue;
            }
        }
        // In turns, so that both see the same machine.
        let times = (0..ROUNDS).map(|_| {
            let time = |step: &mut Step| step.run(&argument).expect("it ran before").0;
            (time(&mut weir), time(&mut c))
        });
        let best = times
            .reduce(|a, b| (a.0.min(b.0), a.1.min(b.1)))
            .expect("rounds");
        let ratio = best.0.as_secs_f64() / best.1.as_secs_f64();
        sum += ratio.ln();
        count += 1;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{:<12} {:>10.2} {:>10.2} {:>8.2}",
            kernel.name,
            ms(best.0),
            ms(best.1),
            ratio
        );
    }
    if count > 0 {
        println!(
            "geometric mean of {count}              {:>8.2}",
            (sum / count as f64).exp()
        );
    }
}

/// Time does not count here; memory is what a step has.
fn limits() -> Limits {
    Limits {
        step: Duration::from_secs(600),
        ..Limits::default()
    }
}

fn compile(kernel: &Kernel) -> Vec<u8> {
    let file = format!("{}.weir", kernel.name);
    let world = Memory::default().with(&file, kernel.weir);
    let program = weir_driver::find(&world, Path::new(&file)).expect("the program is there");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    assert_eq!(analysis.errors(), 0, "{:?}", analysis.diagnostics.first());
    weir_driver::build(&program, &analysis)
        .expect("it has no errors")
        .wasm
}

/// A module whose first entry is measured.
struct Step {
    runner: Runner,
    state: Option<State>,
}

impl Step {
    fn of(program: Result<Program, weir_engine::LoadError>) -> Step {
        let program = program.expect("the engine takes it");
        Step {
            runner: Runner::new(&program).expect("it starts"),
            state: Some(State::new(std::iter::empty())),
        }
    }

    fn run(&mut self, argument: &Value) -> Result<(Duration, Value), String> {
        let defs = Defs::default();
        let ty = if let Value::Int(_) = argument {
            Type::Int
        } else {
            Type::Text
        };
        let mut args = Vec::new();
        encode_into(&defs, &ty, argument, &mut args);
        let input = StepInput {
            time_us: 0,
            key: &[],
            caller: &encode_caller("", []),
            inside: false,
            args: &args,
        };
        let on = Transaction::begin(self.state.take().expect("given back"));
        let begin = Instant::now();
        let (on, outcome) = self.runner.run_step(0, input, on);
        let time = begin.elapsed();
        self.state = Some(on.abort());
        match outcome {
            StepOutcome::Ok(bytes) => {
                let answer = Reader::new(&bytes)
                    .value(&defs, &Type::Int)
                    .expect("an `Int`");
                Ok((time, answer))
            }
            other => Err(format!("{other:?}")),
        }
    }
}

/// Words as often as in people's texts: the tenth is there a tenth as often as the first.
fn words(count: usize) -> String {
    let mut random = Random::new(1);
    let mut text = String::new();
    for _ in 0..count {
        let rank = (20_000f64.powf(random.below(1_000_000) as f64 / 1e6)) as u64;
        for letter in 0..3 + rank % 7 {
            let number = rank.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (letter * 5) & 31;
            text.push((b'a' + (number % 26) as u8) as char);
        }
        text.push(if random.below(12) == 0 { '\n' } else { ' ' });
    }
    text
}

/// A JSON array of so many things in stock.
fn items(count: usize) -> String {
    let mut random = Random::new(2);
    let item = |id: usize| {
        let name = [
            "bike",
            "big \\\"red\\\" lamp",
            "a line\\nand another",
            "chair",
        ][random.below(4) as usize];
        let (price, count, sold) = (
            random.below(100_000),
            random.below(50),
            random.below(3) == 0,
        );
        format!(
            "{{\"id\": {id}, \"name\": \"{name} {id}\", \"price\": {price}, \"count\": {count}, \"sold\": {sold}}}"
        )
    };
    let items: Vec<String> = (0..count).map(item).collect();
    format!("[{}]", items.join(",\n"))
}
