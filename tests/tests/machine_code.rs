//! Machine code that was made before is used when it belongs to the module and nobody else could write it; else the module is
//! compiled, and the program is the same.

use std::fs;
use std::path::Path;

use weir_contract::manifest::FunctionKind;
use weir_driver::{Bundle, Memory};
use weir_engine::{Code, Loading, Program, Runner, precompile};
use weir_machine::{Answer, Machine};
use weir_node::{Caller, NamedCall};
use weir_tests::process::Scratch;

fn bundle(gives: i64) -> Bundle {
    let text = format!("pub fn number() -> Int = {gives}\n");
    let world = Memory::default().with("number.weir", &text);
    let program = weir_driver::find(&world, Path::new("number.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    weir_driver::build(&program, &analysis).expect("it has no errors")
}

/// What `number()` gives, encoded, and why code that was at hand is not used.
fn run(bundle: &Bundle, code: Code<'_>) -> (Vec<u8>, Option<String>) {
    let loading = Loading {
        code,
        ..Loading::default()
    };
    let program = Program::load_as(&bundle.wasm, &loading).expect("the engine takes it");
    let mut runner = Runner::new(&program).expect("it starts");
    let mut machine = Machine::new();
    machine.deploy(&bundle.manifest, 0).expect("no state yet");
    let call = NamedCall {
        entity: None,
        function: "number".to_owned(),
        kind: FunctionKind::Function,
        keys: Vec::new(),
        args: Vec::new(),
        caller: Caller::new("ann", []),
        idempotency: None,
    };
    let call = call.resolve(&bundle.manifest).expect("the program has it");
    let done = machine.call(&mut runner, &bundle.manifest, &call, 1);
    let Answer::Output(output) = done.answer else {
        panic!("{:?}", done.answer)
    };
    (output, program.unused_code().map(str::to_owned))
}

const MAGIC: usize = 9;
const HASH: usize = 32;

/// The code of one module under the name of another, so that one sees whether it is what runs.
fn disguised(one: &[u8], other: &[u8]) -> Vec<u8> {
    [
        &one[..MAGIC],
        &other[MAGIC..MAGIC + HASH],
        &one[MAGIC + HASH..],
    ]
    .concat()
}

#[test]
fn given_code_is_run_when_it_fits_and_told_of_when_it_does_not() {
    let (one, two) = (bundle(1), bundle(2));
    let code = precompile(&one.wasm, None).expect("it compiles");
    assert_eq!(
        code,
        precompile(&one.wasm, None).unwrap(),
        "the same bytes each time"
    );
    let of_two = precompile(&two.wasm, None).expect("it compiles");
    let (plain, second) = (run(&one, Code::Compiled), run(&two, Code::Compiled));
    assert_ne!(plain, second);
    assert_eq!(run(&one, Code::Given(&code)), plain);
    assert_eq!(run(&one, Code::Given(&disguised(&of_two, &code))), second);

    let mut damaged = code.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut newer = code.clone();
    newer[MAGIC - 1] += 1;
    for (file, why) in [
        (&of_two[..], "it belongs to another module"),
        (&damaged, "it is damaged"),
        (&code[..50], "it is cut off"),
        (&newer, "it is no machine code that this version has made"),
    ] {
        let found = run(&one, Code::Given(file));
        assert_eq!(found, (plain.0.clone(), Some(why.to_owned())));
    }
    // Code for a machine of another kind is not made here, rather than made wrongly.
    let other = precompile(&one.wasm, Some("no-such-machine"));
    assert!(other.is_err());
}

#[test]
fn kept_code_is_used_the_next_time_and_made_again_when_it_is_damaged() {
    let scratch = Scratch::new("kept");
    let folder = scratch.path().join("code");
    let (one, two) = (bundle(1), bundle(2));
    let (plain, second) = (run(&one, Code::Compiled), run(&two, Code::Compiled));
    assert_eq!(run(&one, Code::Kept(&folder)), plain);
    let files = || -> Vec<_> {
        fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect()
    };
    let [file] = &files()[..] else {
        panic!("{:?}", files())
    };
    let code = fs::read(file).unwrap();
    let of_two = precompile(&two.wasm, None).unwrap();
    fs::write(file, disguised(&of_two, &code)).unwrap();
    assert_eq!(
        run(&one, Code::Kept(&folder)),
        second,
        "what lies there runs"
    );
    fs::write(file, &code[..code.len() - 1]).unwrap();
    assert_eq!(run(&one, Code::Kept(&folder)), plain);
    assert_eq!(fs::read(file).unwrap(), code);
    for gives in 10..20 {
        run(&bundle(gives), Code::Kept(&folder));
    }
    assert_eq!(files().len(), 8, "the oldest are forgotten");
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("others");
    let folder = scratch.path().join("code");
    let one = bundle(1);
    let plain = run(&one, Code::Kept(&folder));
    assert_eq!(plain.1, None);
    assert_eq!(
        fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o720)).unwrap();
    let (output, why) = run(&one, Code::Kept(&folder));
    assert_eq!(output, plain.0);
    assert!(why.is_some_and(|why| why.contains("is not this user's alone")));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    // A file there that others can write to is made anew.
    let file = fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let code = fs::read(&file).unwrap();
    let of_two = precompile(&bundle(2).wasm, None).unwrap();
    fs::write(&file, disguised(&of_two, &code)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(run(&one, Code::Kept(&folder)), plain);
    assert_eq!(fs::read(&file).unwrap(), code);
    // A folder that is only a way to another place is not used.
    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    assert!(run(&one, Code::Kept(&link)).1.is_some());
}
