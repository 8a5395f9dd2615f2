//! The gate in front of the compiler: a module passes only if a Weir compiler could have written it.
//!
//! A closed list of sections, imports with their types, exports and instruction groups. What is hostile or
//! merely foreign is refused here with a reason and never meets the machine-code compiler.

use std::fmt;

use wasmparser::{
    ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures,
};
use weir_contract::border::{self, Val};

/// Bytes of a module, at most: some 250,000 lines of a program.
pub const MODULE_BYTES_MAX: usize = 64 << 20;
const FUNCTIONS_MAX: usize = 200_000;
/// Pages a module may ask for at its start; it grows later, up to the host's limit.
const PAGES_MAX: u64 = 1024;

/// Why a module may not run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No compiler of Weir has written it, or it is damaged.
    Foreign(String),
    /// It is larger than a node takes.
    TooLarge(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Foreign(why) => {
                write!(f, "this is not a module of the Weir compiler: {why}")
            }
            Refused::TooLarge(why) => write!(f, "it is too large: {why}"),
        }
    }
}

impl std::error::Error for Refused {}

/// What the compiler uses of Wasm beyond its first version: `memory.copy`, tail calls and multi-value's kin.
pub fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::FLOATS
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::GC_TYPES
}

pub fn check(wasm: &[u8]) -> Result<(), Refused> {
    let refuse = |what: String| Err(Refused::Foreign(what));
    if wasm.len() > MODULE_BYTES_MAX {
        let (bytes, most) = (wasm.len(), MODULE_BYTES_MAX);
        let why = format!("{bytes} bytes, and {most} are taken");
        return Err(Refused::TooLarge(why));
    }
    let broken = |e: wasmparser::BinaryReaderError| Refused::Foreign(e.to_string());
    // First that it is well formed, so that the rest can look at it without care.
    Validator::new_with_features(features())
        .validate_all(wasm)
        .map_err(broken)?;
    let mut types: Vec<FuncType> = Vec::new();
    let mut exported = Vec::new();
    let mut memories = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(broken)? {
            Payload::Version { .. } | Payload::CodeSectionStart { .. } | Payload::End(_) => {}
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty.map_err(broken)?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(broken)?;
                    let known = border::IMPORTS.iter().find(|i| i.name == import.name);
                    let (true, Some(known)) = (import.module == border::MODULE, known) else {
                        return refuse(format!("it imports {}.{}", import.module, import.name));
                    };
                    let TypeRef::Func(ty) = import.ty else {
                        return refuse(format!("{} is not imported as a function", import.name));
                    };
                    if !same_type(&types[ty as usize], known) {
                        return refuse(format!("it imports {} with another type", import.name));
                    }
                }
            }
            Payload::FunctionSection(section) => {
                if section.count() as usize > FUNCTIONS_MAX {
                    let why = format!(
                        "{} functions, and {FUNCTIONS_MAX} are taken",
                        section.count()
                    );
                    return Err(Refused::TooLarge(why));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(broken)?;
                    memories += 1;
                    if memory.initial > PAGES_MAX {
                        return refuse(format!(
                            "it starts with {} pages of memory",
                            memory.initial
                        ));
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global.map_err(broken)?;
                    if !matches!(global.ty.content_type, ValType::I32 | ValType::I64) {
                        return refuse("it has a global of another type".into());
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(broken)?;
                    let wanted = match export.name {
                        border::EXPORT_MEMORY => ExternalKind::Memory,
                        border::EXPORT_HEAP | border::EXPORT_SITE => ExternalKind::Global,
                        border::EXPORT_STEP => ExternalKind::Func,
                        other => return refuse(format!("it exports {other}")),
                    };
                    if export.kind != wanted {
                        return refuse(format!("its export {} is of another kind", export.name));
                    }
                    exported.push(export.name);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader().map_err(broken)? {
                    let operator = operator.map_err(broken)?;
                    if !emitted(&operator) {
                        return refuse(format!("it uses the instruction {operator:?}"));
                    }
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment.map_err(broken)?;
                    if !matches!(
                        segment.kind,
                        wasmparser::DataKind::Active {
                            memory_index: 0,
                            ..
                        }
                    ) {
                        return refuse("it has a passive data segment".into());
                    }
                }
            }
            Payload::CustomSection(section)
                if ["name", border::SECTION_PLACES].contains(&section.name()) => {}
            Payload::CustomSection(section) => {
                return refuse(format!("it has a section {:?}", section.name()));
            }
            other => return refuse(format!("it has a part that none has: {}", part(&other))),
        }
    }
    if memories != 1 {
        return refuse(format!("it has {memories} memories"));
    }
    for name in [
        border::EXPORT_MEMORY,
        border::EXPORT_HEAP,
        border::EXPORT_SITE,
        border::EXPORT_STEP,
    ] {
        if !exported.contains(&name) {
            return refuse(format!("it does not export {name}"));
        }
    }
    Ok(())
}

fn same_type(ty: &FuncType, import: &border::Import) -> bool {
    let val = |v: &Val| match v {
        Val::I32 => ValType::I32,
        Val::I64 => ValType::I64,
        Val::F64 => ValType::F64,
    };
    ty.params()
        .iter()
        .copied()
        .eq(import.params.iter().map(val))
        && ty
            .results()
            .iter()
            .copied()
            .eq(import.result.iter().map(val))
}

fn part(payload: &Payload<'_>) -> &'static str {
    match payload {
        Payload::TableSection(_) => "a table",
        Payload::TagSection(_) => "a tag",
        Payload::StartSection { .. } => "a start function",
        Payload::ElementSection(_) => "elements",
        Payload::DataCountSection { .. } => "a count of data",
        _ => "an unknown section",
    }
}

/// The instructions that the compiler's assembler has.
fn emitted(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        Unreachable
            | Block { .. }
            | Loop { .. }
            | If { .. }
            | Else
            | End
            | Br { .. }
            | BrIf { .. }
            | BrTable { .. }
            | Return
            | Call { .. }
            | ReturnCall { .. }
            | Drop
            | Select
            | LocalGet { .. }
            | LocalSet { .. }
            | LocalTee { .. }
            | GlobalGet { .. }
            | GlobalSet { .. }
            | I32Load { .. }
            | I64Load { .. }
            | F64Load { .. }
            | I32Load8U { .. }
            | I64Load8U { .. }
            | I32Store { .. }
            | I64Store { .. }
            | F64Store { .. }
            | I32Store8 { .. }
            | MemorySize { .. }
            | MemoryGrow { .. }
            | MemoryCopy { .. }
            | I32Const { .. }
            | I64Const { .. }
            | F64Const { .. }
            | I32Eqz
            | I32Eq
            | I32Ne
            | I32LtS
            | I32LtU
            | I32GtS
            | I32GtU
            | I32LeS
            | I32LeU
            | I32GeS
            | I32GeU
            | I64Eqz
            | I64Eq
            | I64Ne
            | I64LtS
            | I64LtU
            | I64GtS
            | I64GtU
            | I64LeS
            | I64GeS
            | I64GeU
            | F64Eq
            | F64Ne
            | F64Lt
            | F64Gt
            | I32Add
            | I32Sub
            | I32Mul
            | I32And
            | I32Or
            | I32Shl
            | I32ShrU
            | I64Add
            | I64Sub
            | I64Mul
            | I64DivS
            | I64RemS
            | I64And
            | I64Or
            | I64Xor
            | I64Shl
            | I64ShrS
            | I64ShrU
            | F64Add
            | F64Sub
            | F64Mul
            | F64Div
            | F64Sqrt
            | I32WrapI64
            | I64ExtendI32S
            | I64ExtendI32U
            | F64ConvertI64S
            | I64ReinterpretF64
            | F64ReinterpretI64
            | I32Load16U { .. }
            | I32Store16 { .. }
            | I64Clz
            | I64Ctz
            | I64DivU
    )
}
