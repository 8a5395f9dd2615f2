//! `weir build FILE --out DIR`: the files that a server needs, the same bytes each time.

use crate::components;
use crate::output::{Outcome, say};
use crate::program::{self, Which};
use std::path::PathBuf;

/// Build a program: NAME.wasm and NAME.manifest.json, and the components that it calls.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    program: Which,
    /// Folder to write into; made if need be
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
}

pub fn build(args: Args) -> Outcome {
    let program = args.program.find()?;
    let bundle = program::compile_whole(&program)?;
    let loaded = components::load(&bundle)?;
    components::note_missing(&bundle.manifest, &loaded, "it is not in what is built");
    let written = bundle.write(&args.out).map_err(|error| {
        crate::output::Failure::new(format_args!(
            "cannot write into {}: {error}",
            args.out.display()
        ))
        .next("name a folder that may be written to: --out DIR")
    })?;
    for path in &written {
        say!("wrote {}", path.display());
    }
    say!("run it with `weir run {}`", written[0].display());
    Ok(())
}
