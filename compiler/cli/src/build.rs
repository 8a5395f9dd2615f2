//! `weir build FILE --out DIR`: the files that a server needs, the same bytes each time.

use crate::components;
use crate::output::{Failure, Outcome, say};
use crate::program::{self, Which};
use std::path::PathBuf;

/// This machine, with all that its processor can do.
const NATIVE: &str = "native";

/// Build a program: NAME.wasm and NAME.manifest.json, and the components that it calls.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    program: Which,
    /// Folder to write into; made if need be
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
    /// Compile to machine code as well: `native` for this machine, or a triple like x86_64-unknown-linux-gnu
    #[arg(long, value_name = "MACHINE")]
    target: Option<String>,
}

pub fn build(args: Args) -> Outcome {
    let program = args.program.find()?;
    let bundle = program::compile_whole(&program)?;
    let loaded = components::load(&bundle)?;
    components::note_missing(&bundle.manifest, &loaded, "it is not in what is built");
    let unwritten = |error| {
        Failure::new(format_args!(
            "cannot write into {}: {error}",
            args.out.display()
        ))
        .next("name a folder that may be written to: --out DIR")
    };
    let written = bundle.write(&args.out).map_err(unwritten)?;
    let mut written = written;
    if let Some(machine) = &args.target {
        let target = (machine != NATIVE).then_some(machine.as_str());
        let code = weir_engine::precompile(&bundle.wasm, target).map_err(|error| {
            Failure::new(format_args!("cannot compile for {machine}: {error}"))
                .next("name another machine, or this one: --target native")
        })?;
        written.push(weir_driver::write_code(&written[0], machine, &code).map_err(unwritten)?);
    }
    for path in &written {
        say!("wrote {}", path.display());
    }
    let trust = match args.target.as_deref() {
        Some(NATIVE) => " --trust-code",
        _ => "",
    };
    say!("run it with `weir run {}{trust}`", written[0].display());
    Ok(())
}
