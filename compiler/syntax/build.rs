//! Turns `src/weir.lalrpop` into the parser.

fn main() {
    println!("cargo::rerun-if-changed=src/weir.lalrpop");
    let built = lalrpop::Configuration::new()
        .emit_rerun_directives(true)
        .process_current_dir();
    if let Err(error) = built {
        panic!("src/weir.lalrpop: {error}");
    }
}
