//! The module being made: its functions, signatures, constants, and the support functions that
//! code asked for so far.
//!
//! Support functions are made on demand, in the order of first use, so a module holds what it needs and
//! the same IR gives the same bytes.

use std::collections::{BTreeMap, VecDeque};

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module as Wasm, NameMap,
    NameSection, TypeSection, ValType,
};
use weir_contract::border::{self, Val};
use weir_contract::{CrashReason, Defs, HostCall, Type};
use weir_flow::ir;
use weir_flow::ownership::{Ownership, ownership};
use weir_flow::release::{Release, releases};

use crate::asm::{Asm, F64, I32, I64};
use crate::data::Data;
use crate::layout::{self, Shape};
use crate::places::{self, Mark};
use crate::rt::Helper;
use crate::suspend;

/// Next free byte of the arena.
pub const HEAP: u32 = 0;
/// Where the newest tail call was, for what is stopped where no frame has a place (`places`).
pub const SITE: u32 = 1;
/// How far the arena may grow before memory must.
pub const END: u32 = 2;
/// Depth of transactions.
pub const DEPTH: u32 = 3;
/// Where decoding goes on.
pub const CURSOR: u32 = 4;
/// Time of the step.
pub const TIME: u32 = 5;
/// Address of the encoded caller.
pub const CALLER: u32 = 6;
/// Whether the function called last ended in a suspension; 1 from there to the end of the step.
pub const SUSPENDED: u32 = 7;
/// 1 when the program itself called this step.
pub const INSIDE: u32 = 8;

const PAGE: u32 = 65536;

struct Function {
    ty: u32,
    name: String,
    body: Option<Vec<u8>>,
    marks: Vec<Mark>,
}

pub struct Gen<'m> {
    pub module: &'m ir::Module,
    pub data: Data,
    /// By function: where its lists get a second owner.
    pub ownership: Vec<Ownership>,
    /// By function: where memory is given back.
    pub releases: Vec<Release>,
    /// Whether any function suspends: else no entry has to ask.
    pub suspends: bool,
    /// By number.
    host_calls: Vec<HostCall>,
    types: Vec<(Vec<ValType>, Option<ValType>)>,
    funcs: Vec<Function>,
    helpers: BTreeMap<Helper, u32>,
    queue: VecDeque<Helper>,
}

impl<'m> Gen<'m> {
    /// A module with the functions of the IR declared and nothing defined.
    pub fn new(module: &'m ir::Module, host_calls: Vec<HostCall>) -> Gen<'m> {
        let ownership = ownership(module);
        let mut this = Gen {
            module,
            data: Data::default(),
            releases: releases(module, &ownership),
            ownership,
            suspends: suspend::anywhere(module),
            host_calls,
            types: Vec::new(),
            funcs: Vec::new(),
            helpers: BTreeMap::new(),
            queue: VecDeque::new(),
        };
        for import in border::IMPORTS {
            this.signature(
                &import.params.iter().map(|v| val(*v)).collect::<Vec<_>>(),
                import.result.map(val),
            );
        }
        for func in &module.funcs {
            let params: Vec<ValType> = func.regs[..func.params as usize]
                .iter()
                .map(|r| this.reg_type(&r.ty))
                .collect();
            let result = this.val_type(&func.ret);
            this.declare(&params, Some(result), func.name.clone());
        }
        this
    }

    pub fn defs(&self) -> &'m Defs {
        &self.module.defs
    }

    pub fn shape(&self, ty: &Type) -> Shape {
        layout::shape(self.defs(), ty)
    }

    pub fn val_type(&self, ty: &Type) -> ValType {
        layout::val_type(self.defs(), ty)
    }

    /// Bytes from one element of a list to the next.
    pub fn stride(&self, item: &Type) -> u32 {
        layout::stride(self.defs(), item)
    }

    pub fn reg_type(&self, ty: &ir::RegType) -> ValType {
        match ty {
            ir::RegType::Value(ty) => self.val_type(ty),
            ir::RegType::Instance(_) => I32,
        }
    }

    pub fn import(&self, name: &str) -> u32 {
        border::import_index(name)
    }

    /// The number of a host call.
    pub fn host_call(&self, call: &HostCall) -> u32 {
        let at = self.host_calls.binary_search(call);
        at.expect("all of the module were collected") as u32
    }

    pub fn func(&self, id: ir::FuncId) -> u32 {
        border::IMPORTS.len() as u32 + id.0
    }

    /// The function of a helper, to be made later if it is new.
    pub fn helper(&mut self, helper: Helper) -> u32 {
        let helper = helper.normal(self.defs());
        if let Some(func) = self.helpers.get(&helper) {
            return *func;
        }
        let (params, result) = helper.signature(self);
        let func = self.declare(&params, result, helper.name(self.module));
        self.helpers.insert(helper.clone(), func);
        self.queue.push_back(helper);
        func
    }

    /// Makes each helper that was asked for, and those that these ask for.
    pub fn drain(&mut self) {
        while let Some(helper) = self.queue.pop_front() {
            let func = self.helpers[&helper];
            let asm = helper.build(self);
            self.define(func, asm);
        }
    }

    pub fn declare(&mut self, params: &[ValType], result: Option<ValType>, name: String) -> u32 {
        let ty = self.signature(params, result);
        self.funcs.push(Function {
            ty,
            name,
            body: None,
            marks: Vec::new(),
        });
        (border::IMPORTS.len() + self.funcs.len()) as u32 - 1
    }

    pub fn define(&mut self, func: u32, asm: Asm) {
        let slot = &mut self.funcs[func as usize - border::IMPORTS.len()];
        assert!(slot.body.is_none(), "a function is defined twice");
        let (body, marks) = asm.finish();
        slot.body = Some(body);
        slot.marks = marks;
    }

    fn signature(&mut self, params: &[ValType], result: Option<ValType>) -> u32 {
        let wanted = (params.to_vec(), result);
        let at = self
            .types
            .iter()
            .position(|t| *t == wanted)
            .unwrap_or_else(|| {
                self.types.push(wanted);
                self.types.len() - 1
            });
        at as u32
    }

    // ---- pieces of code that are everywhere ---------------------------------------------------

    /// `→`; the step ends as a bug at a known place.
    pub fn crash(&mut self, a: &mut Asm, site: ir::SiteId, reason: CrashReason) {
        let site = self.module.written(site).0;
        a.u32(site).u32(reason.code()).i32(0).i32(0);
        a.call(self.import("crash")).unreachable();
    }

    /// The same in a support function, which is of no place: the engine finds the place that called it.
    pub fn crash_here(&mut self, a: &mut Asm, reason: CrashReason) {
        a.u32(0).u32(reason.code()).i32(0).i32(0);
        a.call(self.import("crash")).unreachable();
    }

    /// `→ address` of that many bytes, in line.
    pub fn alloc(&mut self, a: &mut Asm, bytes: u32) {
        let next = a.temp(I32);
        a.global(HEAP);
        a.global(HEAP)
            .u32(bytes.next_multiple_of(8))
            .i32_add()
            .tee(next);
        self.ensure(a, next);
        a.get(next).set_global(HEAP);
    }

    /// `end →`: memory up to that address may be written. `local` holds the same address.
    pub fn ensure(&mut self, a: &mut Asm, local: u32) {
        let grow = self.helper(Helper::Grow);
        a.global(END).i32_gt_u().if_();
        a.get(local).call(grow);
        a.end();
    }

    /// `address →`: the arena goes on behind it.
    pub fn set_heap(&mut self, a: &mut Asm) {
        a.i32(7).i32_add().i32(-8).i32_and().set_global(HEAP);
    }

    // ---- the finished module ------------------------------------------------------------------

    pub fn finish(mut self, step: u32) -> Vec<u8> {
        self.drain();
        let mut types = TypeSection::new();
        for (params, result) in &self.types {
            types
                .ty()
                .function(params.iter().copied(), result.iter().copied());
        }
        let mut imports = ImportSection::new();
        let mut names = NameMap::new();
        for (i, import) in border::IMPORTS.iter().enumerate() {
            let wanted = (
                import.params.iter().map(|v| val(*v)).collect::<Vec<_>>(),
                import.result.map(val),
            );
            let ty = self
                .types
                .iter()
                .position(|t| *t == wanted)
                .expect("declared in `new`");
            imports.import(border::MODULE, import.name, EntityType::Function(ty as u32));
            names.append(i as u32, import.name);
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (i, func) in self.funcs.iter().enumerate() {
            functions.function(func.ty);
            code.raw(
                func.body
                    .as_ref()
                    .unwrap_or_else(|| panic!("{} has no body", func.name)),
            );
            names.append((border::IMPORTS.len() + i) as u32, &func.name);
        }
        let heap = self.data.end();
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: (heap / PAGE + 1) as u64,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut globals = GlobalSection::new();
        for global in [
            HEAP, SITE, END, DEPTH, CURSOR, TIME, CALLER, SUSPENDED, INSIDE,
        ] {
            let (val_type, init) = match global {
                HEAP => (I32, ConstExpr::i32_const(heap as i32)),
                TIME => (I64, ConstExpr::i64_const(0)),
                _ => (I32, ConstExpr::i32_const(0)),
            };
            globals.global(
                GlobalType {
                    val_type,
                    mutable: true,
                    shared: false,
                },
                &init,
            );
        }
        let mut exports = ExportSection::new();
        exports.export(border::EXPORT_MEMORY, ExportKind::Memory, 0);
        exports.export(border::EXPORT_HEAP, ExportKind::Global, HEAP);
        exports.export(border::EXPORT_SITE, ExportKind::Global, SITE);
        exports.export(border::EXPORT_STEP, ExportKind::Func, step);
        let mut data = DataSection::new();
        let (start, bytes) = self.data.segment();
        data.active(
            0,
            &ConstExpr::i32_const(start as i32),
            bytes.iter().copied(),
        );
        let mut section = NameSection::new();
        section.functions(&names);

        let marks = self.funcs.iter().map(|func| func.marks.as_slice());
        let places = places::section(self.module, (0..).zip(marks));

        let mut wasm = Wasm::new();
        wasm.section(&types)
            .section(&imports)
            .section(&functions)
            .section(&memories);
        wasm.section(&globals)
            .section(&exports)
            .section(&code)
            .section(&data)
            .section(&section)
            .section(&places);
        wasm.finish()
    }
}

fn val(v: Val) -> ValType {
    match v {
        Val::I32 => I32,
        Val::I64 => I64,
        Val::F64 => F64,
    }
}
