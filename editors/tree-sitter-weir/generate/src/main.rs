//! Makes the parser from `grammar.js` and notes which grammar it was made from.
//!
//! The parser keeps to the older of the two interfaces that are in use (14), which all editors read.

use std::path::Path;
use std::process::ExitCode;

use sha2::{Digest, Sha256};
use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

const INTERFACE: usize = 14;

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder above");
    let mut remarks = Vec::new();
    let made = generate_parser_in_directory::<_, String, String>(
        here,
        None,
        None,
        INTERFACE,
        None,
        None,
        true,
        OptLevel::default(),
        &mut remarks,
    );
    for remark in remarks {
        eprintln!("{remark}");
    }
    if let Err(why) = made {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let grammar = std::fs::read(here.join("grammar.js")).expect("it was just read");
    let sum: String = Sha256::digest(&grammar)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    std::fs::write(here.join("src/grammar.sha256"), sum + "\n")
        .expect("the parser stands beside it");
    ExitCode::SUCCESS
}
