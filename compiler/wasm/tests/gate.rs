//! What is not a module of our compiler is refused with a reason.

use wasm_encoder::{
    CodeSection, CustomSection, Encode, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Instruction, Module, RefType, Section, TableSection, TableType,
    TypeSection, ValType,
};
use weir_contract::border;
use weir_engine::{LoadError, Program, Refused};

fn refused(wasm: &[u8]) -> String {
    match Program::load(wasm) {
        Err(LoadError::Refused(Refused::Foreign(why))) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    }
}

fn bank() -> Vec<u8> {
    weir_wasm::compile(&weir_flow::text::parse(include_str!("bank.ir")).unwrap())
}

#[test]
fn our_own_modules_pass() {
    Program::load(&bank()).unwrap();
    // One of everything that the IR has.
    let all = weir_flow::text::parse(include_str!("../../flow/tests/ir/all.ir")).unwrap();
    Program::load(&weir_wasm::compile(&all)).unwrap();
}

#[test]
fn what_is_too_large_is_told_so() {
    match Program::load(&vec![0; (64 << 20) + 1]) {
        Err(LoadError::Refused(why @ Refused::TooLarge(_))) => assert_eq!(
            why.to_string(),
            "it is too large: 67108865 bytes, and 67108864 are taken"
        ),
        _ => panic!("accepted, or refused as something else"),
    }
}

#[test]
fn broken_bytes_are_refused() {
    let wasm = bank();
    assert!(!refused(b"").is_empty());
    assert!(!refused(b"\0asm").is_empty());
    assert!(!refused(&wasm[..wasm.len() / 2]).is_empty());
    let mut flipped = 0;
    for at in (8..wasm.len()).step_by(97) {
        let mut broken = wasm.clone();
        broken[at] ^= 0x40;
        // Some bytes are only names or constants; no other flip may get through as anything but a refusal.
        flipped += matches!(Program::load(&broken), Err(LoadError::Refused(_))) as usize;
    }
    assert!(flipped > 5, "{flipped}");
}

/// A module with one function of one instruction sequence, and what else a case adds.
fn module(
    import: Option<(&str, &str)>,
    table: bool,
    body: &[Instruction<'_>],
    export: &str,
) -> Vec<u8> {
    let mut wasm = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32; 4], []);
    wasm.section(&types);
    if let Some((module, name)) = import {
        let mut imports = ImportSection::new();
        imports.import(module, name, EntityType::Function(0));
        wasm.section(&imports);
    }
    let mut functions = FunctionSection::new();
    functions.function(0);
    wasm.section(&functions);
    if table {
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 1,
            maximum: None,
            shared: false,
        });
        wasm.section(&tables);
    }
    let mut exports = ExportSection::new();
    exports.export(export, ExportKind::Func, import.is_some() as u32);
    wasm.section(&exports);
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    body.iter().for_each(|i| {
        function.instruction(i);
    });
    function.instruction(&Instruction::End);
    code.function(&function);
    wasm.section(&code);
    wasm.finish()
}

#[test]
fn foreign_modules_are_refused() {
    let step = "weir_step";
    assert_eq!(
        refused(&module(Some(("env", "exit")), false, &[], step)),
        "it imports env.exit"
    );
    assert_eq!(
        refused(&module(Some(("weir", "exit")), false, &[], step)),
        "it imports weir.exit"
    );
    assert_eq!(
        refused(&module(Some(("weir", "crash")), false, &[], step)),
        "it imports crash with another type"
    );
    assert_eq!(
        refused(&module(None, true, &[], step)),
        "it has a part that none has: a table"
    );
    assert_eq!(refused(&module(None, false, &[], "run")), "it exports run");
    assert_eq!(
        refused(&module(None, false, &[], step)),
        "it has 0 memories"
    );
    let clz = [
        Instruction::I32Const(1),
        Instruction::I32Clz,
        Instruction::Drop,
    ];
    assert_eq!(
        refused(&module(None, false, &clz, step)),
        "it uses the instruction I32Clz"
    );
}

#[test]
fn a_table_of_places_that_does_not_fit_the_code_is_refused() {
    // The section is the module's last: 0, its length, the length of its name, its name, and then what it says.
    let wasm = bank();
    let name = border::SECTION_PLACES.as_bytes();
    let at = wasm.windows(name.len()).rposition(|w| w == name);
    let at = at.expect("the compiler writes it");
    let mut length = Vec::new();
    (wasm.len() - (at - 1)).encode(&mut length);
    let head = &wasm[..at - 1 - length.len() - 1];
    let with = |data: &[u8]| {
        let section = CustomSection {
            name: border::SECTION_PLACES.into(),
            data: data.into(),
        };
        let mut bytes = head.to_vec();
        bytes.push(section.id());
        section.encode(&mut bytes);
        bytes
    };
    assert_eq!(with(&wasm[at + name.len()..]), wasm, "nothing follows it");
    Program::load(&with(&[1, 0])).unwrap();
    assert!(refused(&with(&[])).contains("unexpected end"));
    Program::load(&with(&[2, 5, 1, 4, 3, 0])).unwrap();
    assert!(refused(&with(&[3, 0])).contains("another version"));
    assert!(refused(&with(&[2, 5, 1, 5, 3, 0])).contains("a place that is not there"));
    assert!(refused(&with(&[2, 5, 1, 4, 5, 0])).contains("a place that is not there"));
    assert!(refused(&with(&[2, 5, 1, 4, 3, 1, 0, 1, 1, 6])).contains("a place that is not there"));
    assert!(refused(&with(&[1, 1, 0, 2, 4, 1])).contains("unexpected end"));
    assert!(refused(&with(&[1, 0, 0])).contains("does not end"));
    let far = [1, 1, 0xff, 0xff, 3, 1, 0, 1];
    assert!(refused(&with(&far)).contains("a function that is not there"));
    assert!(refused(&with(&[1, 1, 0, 1, 0xff, 0xff, 3, 1])).contains("leaves a function"));
    assert!(refused(&with(&[1, 1, 0, 1, 1, 0x7f])).contains("below zero"));
}
