//! Builds one function: registers, blocks and the block that is being written.

use weir_contract::{CrashReason, Type};

use crate::ir::*;

/// While lowering walks an expression that does not come back there is no current block;
/// callers learn it by `None` and stop emitting.
pub struct Builder {
    pub func: Func,
    current: Option<BlockId>,
    /// Goes to everything that is emitted.
    pub site: SiteId,
}

impl Builder {
    pub fn new(name: String, ret: Type, site: SiteId) -> Builder {
        let func = Func {
            name,
            params: 0,
            regs: Vec::new(),
            ret,
            blocks: Vec::new(),
            site,
        };
        let mut builder = Builder {
            func,
            current: None,
            site,
        };
        let start = builder.block();
        builder.go_to(start);
        builder
    }

    /// A new parameter; all come before any other register.
    pub fn param(&mut self, ty: RegType, name: Option<&str>) -> Reg {
        assert_eq!(
            self.func.params as usize,
            self.func.regs.len(),
            "parameters come first"
        );
        self.func.params += 1;
        self.reg(ty, name)
    }

    pub fn reg(&mut self, ty: RegType, name: Option<&str>) -> Reg {
        self.func.regs.push(RegInfo {
            ty,
            name: name.map(str::to_string),
        });
        Reg(self.func.regs.len() as u32 - 1)
    }

    pub fn ty(&self, reg: Reg) -> &Type {
        self.func.value_type(reg)
    }

    pub fn block(&mut self) -> BlockId {
        let term = Term::Crash {
            reason: CrashReason::Unreachable,
            detail: None,
        };
        self.func.blocks.push(Block {
            insts: Vec::new(),
            term,
            site: self.site,
        });
        BlockId(self.func.blocks.len() as u32 - 1)
    }

    /// Whether there is a current block.
    pub fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// Goes on writing in a block.
    pub fn go_to(&mut self, block: BlockId) {
        self.current = Some(block);
    }

    pub fn push(&mut self, dst: Option<Reg>, op: Op) {
        let at = self.current.expect("emitting behind an end");
        let site = self.site;
        self.func.blocks[at.0 as usize]
            .insts
            .push(Inst { dst, op, site });
    }

    /// An operation whose result goes to a new register.
    pub fn emit(&mut self, ty: Type, op: Op) -> Reg {
        let dst = self.reg(RegType::Value(ty), None);
        self.push(Some(dst), op);
        dst
    }

    pub fn emit_into(&mut self, dst: Reg, op: Op) {
        self.push(Some(dst), op);
    }

    /// An operation without result.
    pub fn run(&mut self, op: Op) {
        self.push(None, op);
    }

    pub fn open(&mut self, entity: EntityId, keys: Reg) -> Reg {
        let dst = self.reg(RegType::Instance(entity), None);
        self.push(Some(dst), Op::Open(entity, keys));
        dst
    }

    /// Ends the current block.
    pub fn end(&mut self, term: Term) {
        let at = self.current.take().expect("ending behind an end");
        let block = &mut self.func.blocks[at.0 as usize];
        block.term = term;
        block.site = self.site;
    }

    pub fn jump(&mut self, to: BlockId) {
        self.end(Term::Jump(to));
    }

    pub fn crash(&mut self, reason: CrashReason, detail: Option<Reg>) {
        self.end(Term::Crash { reason, detail });
    }

    pub fn literal(&mut self, literal: Literal) -> Reg {
        self.emit(literal.ty(), Op::Const(literal))
    }

    pub fn unit(&mut self) -> Reg {
        self.literal(Literal::Unit)
    }

    pub fn int(&mut self, n: i64) -> Reg {
        self.literal(Literal::Int(n))
    }

    /// The same value as a type of the same shape.
    pub fn coerce(&mut self, reg: Reg, ty: &Type) -> Reg {
        if self.ty(reg) == ty {
            reg
        } else {
            self.emit(ty.clone(), Op::Cast(reg))
        }
    }

    /// Assigns a variable.
    pub fn assign(&mut self, dst: Reg, value: Reg) {
        if dst == value {
            return;
        }
        let same = self.func.reg_type(dst) == self.func.reg_type(value);
        self.emit_into(
            dst,
            if same {
                Op::Copy(value)
            } else {
                Op::Cast(value)
            },
        );
    }

    pub fn arith(&mut self, op: ArithOp, a: Reg, b: Reg) -> Reg {
        let ty = crate::verify::arith_type(op, self.ty(a), self.ty(b)).expect("operands fit");
        self.emit(ty, Op::Arith(op, a, b))
    }

    pub fn compare(&mut self, op: CompareOp, a: Reg, b: Reg) -> Reg {
        let ty = self.ty(a).clone();
        let b = self.coerce(b, &ty);
        self.emit(Type::Bool, Op::Compare(op, a, b))
    }

    pub fn len(&mut self, list: Reg) -> Reg {
        self.emit(Type::Int, Op::ListLen(list))
    }

    /// The type of a list's elements, behind `new` types already taken off.
    pub fn item_type(&self, list: Reg) -> Type {
        match self.ty(list) {
            Type::List(t) => (**t).clone(),
            other => panic!("{other:?} is no list"),
        }
    }

    /// Splits on an option: returns the value in the block for `Some`, which is current then; the given
    /// block gets control for `None`.
    pub fn some_or(&mut self, option: Reg, none: BlockId) -> Reg {
        let ty = match self.ty(option) {
            Type::Option(t) => (**t).clone(),
            other => panic!("{other:?} is no option"),
        };
        let some = self.block();
        self.end(Term::Switch {
            on: option,
            cases: vec![(0, none), (1, some)],
            default: None,
        });
        self.go_to(some);
        self.emit(ty, Op::VariantGet(option, 1, 0))
    }
}
