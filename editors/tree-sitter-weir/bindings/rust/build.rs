//! Compiles the generated parser and the scanner.

fn main() {
    let mut c = cc::Build::new();
    // Generated code has parameters and labels it does not use.
    c.std("c11").include("src").warnings(false);
    // Parser and scanner are tables and a loop: without optimisation tests wait for them.
    c.opt_level(1);
    for file in ["src/parser.c", "src/scanner.c"] {
        println!("cargo:rerun-if-changed={file}");
        c.file(file);
    }
    c.compile("tree-sitter-weir");
}
