//! A small assembler: the body of one function with typed locals and labels that know their depth.
//!
//! Instructions are written at once; only the declaration of locals waits for the end, because
//! temporaries are asked for along the way.

use wasm_encoder::{BlockType, Encode, InstructionSink, MemArg, ValType};

use crate::places::Mark;

pub const I32: ValType = ValType::I32;
pub const I64: ValType = ValType::I64;
pub const F64: ValType = ValType::F64;

/// A block or loop that can be branched to.
#[derive(Clone, Copy, Debug)]
pub struct Label(u32);

/// A number of a local.
pub type Local = u32;

#[derive(Debug)]
pub struct Asm {
    code: Vec<u8>,
    params: u32,
    locals: Vec<ValType>,
    depth: u32,
    /// Temporaries that [`Asm::release_temps`] gave back.
    free: Vec<Local>,
    taken: Vec<Local>,
    /// Of which place in the source the code is, by its offset.
    marks: Vec<Mark>,
}

macro_rules! plain {
    ($($name:ident)*) => {
        $(pub fn $name(&mut self) -> &mut Self {
            InstructionSink::new(&mut self.code).$name();
            self
        })*
    };
}

macro_rules! memory {
    ($($name:ident $align:literal)*) => {
        $(pub fn $name(&mut self, offset: u32) -> &mut Self {
            let arg = MemArg { offset: offset as u64, align: $align, memory_index: 0 };
            InstructionSink::new(&mut self.code).$name(arg);
            self
        })*
    };
}

impl Asm {
    pub fn new(params: usize) -> Asm {
        Asm {
            code: Vec::new(),
            params: params as u32,
            locals: Vec::new(),
            depth: 0,
            free: Vec::new(),
            taken: Vec::new(),
            marks: Vec::new(),
        }
    }

    plain! {
        i32_add i32_sub i32_mul i32_and i32_or i32_shl i32_shr_u i32_eqz i32_eq i32_ne
        i32_lt_u i32_lt_s i32_gt_u i32_gt_s i32_le_u i32_le_s i32_ge_u i32_ge_s
        i64_add i64_sub i64_mul i64_div_s i64_rem_s i64_and i64_or i64_xor i64_shl i64_shr_u i64_shr_s
        i64_eqz i64_eq i64_ne i64_lt_s i64_lt_u i64_le_s i64_gt_s i64_gt_u i64_ge_s i64_ge_u
        i64_clz i64_ctz i64_div_u i64_extend_i32_u i32_wrap_i64 i64_extend_i32_s
        f64_add f64_sub f64_mul f64_div f64_sqrt f64_eq f64_ne f64_lt f64_gt
        f64_convert_i64_s i64_reinterpret_f64 f64_reinterpret_i64
        drop select return_ unreachable
    }

    memory! {
        i32_load 2 i64_load 3 f64_load 3 i32_load8_u 0 i64_load8_u 0
        i32_store 2 i64_store 3 f64_store 3 i32_store8 0 i32_load16_u 1 i32_store16 1
    }

    /// A new local of its own.
    pub fn local(&mut self, ty: ValType) -> Local {
        self.locals.push(ty);
        self.params + self.locals.len() as u32 - 1
    }

    /// A local until the next [`Asm::release_temps`].
    pub fn temp(&mut self, ty: ValType) -> Local {
        let of_type = |l: &Local| self.locals[(l - self.params) as usize] == ty;
        let temp = match self.free.iter().position(of_type) {
            Some(at) => self.free.remove(at),
            None => self.local(ty),
        };
        self.taken.push(temp);
        temp
    }

    pub fn release_temps(&mut self) {
        self.free.append(&mut self.taken);
    }

    pub fn get(&mut self, local: Local) -> &mut Self {
        InstructionSink::new(&mut self.code).local_get(local);
        self
    }

    pub fn set(&mut self, local: Local) -> &mut Self {
        InstructionSink::new(&mut self.code).local_set(local);
        self
    }

    pub fn tee(&mut self, local: Local) -> &mut Self {
        InstructionSink::new(&mut self.code).local_tee(local);
        self
    }

    pub fn global(&mut self, global: u32) -> &mut Self {
        InstructionSink::new(&mut self.code).global_get(global);
        self
    }

    pub fn set_global(&mut self, global: u32) -> &mut Self {
        InstructionSink::new(&mut self.code).global_set(global);
        self
    }

    pub fn i32(&mut self, n: i32) -> &mut Self {
        InstructionSink::new(&mut self.code).i32_const(n);
        self
    }

    /// An address, size or number that is unsigned.
    pub fn u32(&mut self, n: u32) -> &mut Self {
        self.i32(n as i32)
    }

    pub fn i64(&mut self, n: i64) -> &mut Self {
        InstructionSink::new(&mut self.code).i64_const(n);
        self
    }

    pub fn f64(&mut self, x: f64) -> &mut Self {
        InstructionSink::new(&mut self.code).f64_const(x.into());
        self
    }

    pub fn call(&mut self, func: u32) -> &mut Self {
        InstructionSink::new(&mut self.code).call(func);
        self
    }

    /// A call whose frame takes the place of this function's.
    pub fn return_call(&mut self, func: u32) -> &mut Self {
        InstructionSink::new(&mut self.code).return_call(func);
        self
    }

    /// `(to, from, len)`.
    pub fn memory_copy(&mut self) -> &mut Self {
        InstructionSink::new(&mut self.code).memory_copy(0, 0);
        self
    }

    /// Size of the memory in pages.
    pub fn memory_size(&mut self) -> &mut Self {
        InstructionSink::new(&mut self.code).memory_size(0);
        self
    }

    pub fn memory_grow(&mut self) -> &mut Self {
        InstructionSink::new(&mut self.code).memory_grow(0);
        self
    }

    pub fn block(&mut self) -> Label {
        InstructionSink::new(&mut self.code).block(BlockType::Empty);
        self.open()
    }

    pub fn loop_(&mut self) -> Label {
        InstructionSink::new(&mut self.code).loop_(BlockType::Empty);
        self.open()
    }

    pub fn if_(&mut self) -> Label {
        InstructionSink::new(&mut self.code).if_(BlockType::Empty);
        self.open()
    }

    /// An `if` whose arms leave one value.
    pub fn if_value(&mut self, ty: ValType) -> Label {
        InstructionSink::new(&mut self.code).if_(BlockType::Result(ty));
        self.open()
    }

    pub fn else_(&mut self) -> &mut Self {
        InstructionSink::new(&mut self.code).else_();
        self
    }

    pub fn end(&mut self) -> &mut Self {
        assert!(self.depth > 0, "an end too many");
        InstructionSink::new(&mut self.code).end();
        self.depth -= 1;
        self
    }

    pub fn br(&mut self, label: Label) -> &mut Self {
        let depth = self.depth_of(label);
        InstructionSink::new(&mut self.code).br(depth);
        self
    }

    pub fn br_if(&mut self, label: Label) -> &mut Self {
        let depth = self.depth_of(label);
        InstructionSink::new(&mut self.code).br_if(depth);
        self
    }

    pub fn br_table(&mut self, labels: &[Label], default: Label) -> &mut Self {
        let depths: Vec<u32> = labels.iter().map(|l| self.depth_of(*l)).collect();
        let default = self.depth_of(default);
        InstructionSink::new(&mut self.code).br_table(depths, default);
        self
    }

    /// What follows is of that place in the source.
    pub fn mark(&mut self, site: u32) {
        let offset = self.code.len() as u32;
        match self.marks.last_mut() {
            Some(last) if last.site == site => {}
            Some(last) if last.offset == offset => last.site = site,
            _ => self.marks.push(Mark { offset, site }),
        }
    }

    /// The bytes of the finished body, and the marks with offsets in them.
    pub fn finish(mut self) -> (Vec<u8>, Vec<Mark>) {
        assert_eq!(self.depth, 0, "a block is still open");
        InstructionSink::new(&mut self.code).end();
        let mut groups: Vec<(u32, ValType)> = Vec::new();
        for ty in &self.locals {
            match groups.last_mut() {
                Some((count, last)) if last == ty => *count += 1,
                _ => groups.push((1, *ty)),
            }
        }
        let mut body = Vec::with_capacity(self.code.len() + 16);
        groups.len().encode(&mut body);
        for (count, ty) in groups {
            count.encode(&mut body);
            ty.encode(&mut body);
        }
        for mark in &mut self.marks {
            mark.offset += body.len() as u32;
        }
        body.append(&mut self.code);
        (body, self.marks)
    }

    fn open(&mut self) -> Label {
        self.depth += 1;
        Label(self.depth)
    }

    fn depth_of(&self, label: Label) -> u32 {
        assert!(label.0 <= self.depth, "a branch to a closed block");
        self.depth - label.0
    }
}
