//! `weir add`: from a WIT file to a program that calls the component.

use std::fs;

use weir_tests::process::{Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// Every type that has a counterpart, and some that have none.
const IMAGE: &str = r#"package acme:image@0.3.1;

/// Pictures.
interface api {
  /// How a picture is kept.
  enum format { png, web-p }
  flags effects { grey, mirrored }
  record size { width: u32, height: u32 }
  /// A shape in a picture.
  variant shape { empty, circle(f64), box(size), named(tuple<string, s8>) }
  variant error { too-large(size), not-a-picture, timed-out }
  resource canvas { draw: func(s: shape); }

  /// Makes a picture smaller.
  ///
  /// It keeps its proportions.
  thumbnail: func(png: list<u8>, width: u16, how: option<format>) -> result<list<u8>, error>;
  size-of: func(png: list<u8>) -> option<size>;
  find: func(png: list<u8>, effects: effects) -> list<shape>;
  checksum: func(png: list<u8>) -> u64;
  title: func(png: list<u8>) -> result<string, string>;
  check: func(png: list<u8>) -> result;
  open: func(png: list<u8>) -> canvas;
  each: func(parts: list<result<u8, string>>) -> u8;
  pieces: func() -> stream<u8>;
  %match: func(a: string) -> bool;
  by-kind: func(%type: string) -> bool;
}

world image {
  export api;
  export version: func() -> string;
}
"#;

fn weir(scratch: &Scratch, args: &[&str]) -> (i32, String, String) {
    said(WEIR, scratch.path(), args)
}

#[test]
fn a_block_has_what_fits_and_says_what_does_not() {
    let scratch = Scratch::new("add");
    fs::write(scratch.join("image.wit"), IMAGE).unwrap();
    let (exit, block, said) = weir(&scratch, &["add", "image.wit", "--print"]);
    assert_eq!(exit, 0, "{said}");
    insta::assert_snapshot!("image", format!("{block}---\n{said}"));
    fs::write(scratch.join("block.weir"), &block).unwrap();
    let (exit, _, said) = weir(&scratch, &["check", "block.weir"]);
    assert_eq!((exit, said.as_str()), (0, ""), "{block}");
    assert_eq!(weir(&scratch, &["fmt", "--check", "block.weir"]).0, 0);
}

#[test]
fn a_component_is_added_and_called() {
    let scratch = Scratch::new("add");
    let toml = "# My program.\nentry = \"main.weir\" # the first\n";
    fs::write(scratch.join("weir.toml"), toml).unwrap();
    fs::write(
        scratch.join("main.weir"),
        "test \"twice\" {\n  expect numbers.twice(21) == 42\n}\n",
    )
    .unwrap();
    fs::create_dir(scratch.join("wit")).unwrap();
    fs::write(
        scratch.join("wit/numbers.wit"),
        "package acme:numbers@1.2.0;\nworld numbers { export twice: func(n: s32) -> s32; }\n",
    )
    .unwrap();
    fs::write(
        scratch.join("wit/other.wit"),
        "package acme:other;\ninterface none {}\n",
    )
    .unwrap();

    let (exit, _, said) = weir(&scratch, &["add", "wit:acme/number@1.2"]);
    assert_eq!(exit, 1);
    assert!(
        said.contains("no package acme/number@1.2, but acme/numbers@1.2.0, acme/other"),
        "{said}"
    );
    let (exit, _, said) = weir(&scratch, &["add", "wit:acme/other"]);
    assert_eq!(exit, 1);
    assert!(said.contains("acme/other exports no function"), "{said}");

    let (exit, out, said) = weir(&scratch, &["add", "wit:acme/numbers@1.2"]);
    assert_eq!(exit, 0, "{said}");
    assert!(out.contains("put it at numbers.wasm"), "{out}");
    let written = fs::read_to_string(scratch.join("weir.toml")).unwrap();
    assert_eq!(
        written,
        format!("{toml}\n[extern.numbers]\ncomponent = \"numbers.wasm\"\n")
    );
    let component = wat::parse_str(
        r#"(component
  (core module $m
    (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
  (core instance $i (instantiate $m))
  (func (export "twice") (param "n" s32) (result s32) (canon lift (core func $i "twice"))))"#,
    )
    .expect("it is a component");
    fs::write(scratch.join("numbers.wasm"), component).unwrap();
    let (exit, out, said) = weir(&scratch, &["test", "--quick"]);
    assert_eq!(exit, 0, "{out}{said}");

    // Twice is once.
    let before = fs::read_to_string(scratch.join("main.weir")).unwrap();
    let (exit, _, said) = weir(&scratch, &["add", "wit/numbers.wit"]);
    assert_eq!(exit, 1);
    assert!(said.contains("has `extern numbers` already"), "{said}");
    assert_eq!(
        fs::read_to_string(scratch.join("main.weir")).unwrap(),
        before
    );
}

#[test]
fn a_wit_file_that_is_wrong_is_told_with_its_place() {
    let scratch = Scratch::new("add");
    fs::write(
        scratch.join("bad.wit"),
        "package acme:bad;\ninterface a { f: func(x: nothing); }\n",
    )
    .unwrap();
    let (exit, _, said) = weir(&scratch, &["add", "bad.wit", "--print"]);
    assert_eq!(exit, 1);
    assert!(
        said.contains("bad.wit:2:26") && said.contains("nothing"),
        "{said}"
    );
    let (exit, _, said) = weir(&scratch, &["add", "gone.wit"]);
    assert_eq!(exit, 1);
    assert!(said.contains("there is no gone.wit"), "{said}");
}
