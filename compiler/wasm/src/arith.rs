//! Arithmetic and comparison, in line where it is short.

use weir_contract::{CrashReason, Type};
use weir_flow::ir::{ArithOp, CompareOp, Inst, Reg, SiteId};

use crate::asm::{I32, I64};
use crate::function::Body;
use crate::rt::Helper;
use crate::texts;

/// `→ value` for a register.
pub fn arith(b: &mut Body<'_, '_>, inst: &Inst, op: ArithOp, x: Reg, y: Reg) {
    let site = inst.site;
    match b.g.defs().base(b.func.value_type(x)) {
        Type::Float => float(b, inst, op, x, y),
        // The one that is known comes second.
        Type::Int if op == ArithOp::Add && b.facts.constant(x).is_some() => int(b, op, y, x, site),
        Type::Decimal => decimal(b, op, x, y),
        _ => int(b, op, x, y, site),
    }
}

fn crash_if(b: &mut Body<'_, '_>, site: SiteId, reason: CrashReason) {
    b.a.if_();
    b.g.crash(&mut b.a, site, reason);
    b.a.end();
}

fn int(b: &mut Body<'_, '_>, op: ArithOp, left: Reg, right: Reg, site: SiteId) {
    let (x, y) = (b.local(left), b.local(right));
    let constant = b.facts.constant(right);
    match op {
        ArithOp::Add | ArithOp::Sub => {
            let result = b.a.temp(I64);
            b.a.get(x).get(y);
            if op == ArithOp::Add {
                b.a.i64_add();
            } else {
                b.a.i64_sub();
            }
            if b.is_safe() {
                return;
            }
            b.a.set(result);
            match (op, constant) {
                // With one that is known the result can be wrong on one side only.
                (ArithOp::Add, Some(n)) | (ArithOp::Sub, Some(n)) => {
                    b.a.get(result).get(x);
                    if (n >= 0) == (op == ArithOp::Add) {
                        b.a.i64_lt_s();
                    } else {
                        b.a.i64_gt_s();
                    }
                }
                (ArithOp::Add, None) => {
                    b.a.get(x).get(result).i64_xor();
                    b.a.get(y).get(result).i64_xor();
                    b.a.i64_and().i64(0).i64_lt_s();
                }
                _ => {
                    b.a.get(x).get(y).i64_xor().get(x).get(result).i64_xor();
                    b.a.i64_and().i64(0).i64_lt_s();
                }
            }
            crash_if(b, site, CrashReason::Overflow);
            b.a.get(result);
        }
        ArithOp::Mul => {
            // Numbers of 32 bits, as nearly all are, have a product of 64.
            let result = b.a.temp(I64);
            let small = |n: i64| i32::try_from(n).is_ok();
            b.a.get(x).i64(1 << 31).i64_add();
            if !constant.is_some_and(small) {
                b.a.get(y).i64(1 << 31).i64_add().i64_or();
            }
            b.a.i64(32).i64_shr_u().i64_eqz().if_();
            b.a.get(x).get(y).i64_mul().set(result);
            b.a.else_();
            let mul = b.g.helper(Helper::IntMul);
            b.a.get(x).get(y).call(mul).set(result);
            b.a.end();
            b.a.get(result);
        }
        ArithOp::Div | ArithOp::Rem => {
            if constant.is_none_or(|n| n == 0) {
                b.a.get(y).i64_eqz();
                crash_if(b, site, CrashReason::DivideByZero);
            }
            if op == ArithOp::Rem {
                // MIN rem -1 is 0, in Wasm as in mathematics.
                b.a.get(x).get(y).i64_rem_s();
            } else {
                if constant.is_none_or(|n| n == -1) {
                    b.a.get(x).i64(i64::MIN).i64_eq();
                    b.a.get(y).i64(-1).i64_eq().i32_and();
                    crash_if(b, site, CrashReason::Overflow);
                }
                b.a.get(x).get(y).i64_div_s();
            }
        }
    }
}

fn float(b: &mut Body<'_, '_>, inst: &Inst, op: ArithOp, x: Reg, y: Reg) {
    b.get(x);
    b.get(y);
    match op {
        ArithOp::Add => b.a.f64_add(),
        ArithOp::Sub => b.a.f64_sub(),
        ArithOp::Mul => b.a.f64_mul(),
        ArithOp::Div => b.a.f64_div(),
        ArithOp::Rem => b.a.call(b.g.import("float_rem")),
    };
    // A sum is a negative zero only when both parts are, and a difference never is when the first is none.
    let can_be_negative = match op {
        ArithOp::Add => b.facts.is_either_zero(x) && b.facts.is_either_zero(y),
        ArithOp::Sub => false,
        _ => true,
    };
    let told = inst.dst.is_none_or(|dst| !b.facts.is_either_zero(dst));
    if can_be_negative && told {
        one_zero(b);
    }
}

/// `float → float` without the negative zero, which is never told from the other.
fn one_zero(b: &mut Body<'_, '_>) {
    b.a.f64(0.0).f64_add();
}

fn decimal(b: &mut Body<'_, '_>, op: ArithOp, x: Reg, y: Reg) {
    let import = match op {
        ArithOp::Add | ArithOp::Sub => {
            let helper = if op == ArithOp::Add {
                Helper::DecimalAdd
            } else {
                Helper::DecimalSub
            };
            let func = b.g.helper(helper);
            b.get(x);
            b.get(y);
            b.a.call(func);
            return;
        }
        ArithOp::Mul => "decimal_mul",
        ArithOp::Div => "decimal_div",
        ArithOp::Rem => "decimal_rem",
    };
    let result = b.a.temp(I32);
    b.g.alloc(&mut b.a, 16);
    b.a.set(result);
    b.get(x);
    b.get(y);
    b.a.get(result).call(b.g.import(import)).get(result);
}

/// `→ -value`.
pub fn neg(b: &mut Body<'_, '_>, x: Reg, site: SiteId) {
    match b.g.defs().base(b.func.value_type(x)) {
        Type::Float => {
            // Not `f64.neg`, which changes the sign of a NaN.
            b.a.f64(0.0);
            b.get(x);
            b.a.f64_sub();
        }
        Type::Decimal => {
            let func = b.g.helper(Helper::DecimalNeg);
            b.get(x);
            b.a.call(func);
        }
        _ => {
            b.get(x);
            b.a.i64(i64::MIN).i64_eq();
            crash_if(b, site, CrashReason::Overflow);
            b.a.i64(0);
            b.get(x);
            b.a.i64_sub();
        }
    }
}

/// `→ Bool`.
pub fn compare(b: &mut Body<'_, '_>, op: CompareOp, x: Reg, y: Reg) {
    let ty = b.func.value_type(x).clone();
    if let CompareOp::Eq | CompareOp::Ne = op {
        let sides = [(x, y), (y, x)].into_iter();
        let known = sides.filter_map(|(text, known)| Some((text, b.facts.text(known)?.to_owned())));
        let mut short = known.filter(|(_, known)| known.len() <= texts::WRITTEN_MAX);
        if let Some((text, known)) = short.next() {
            let text = b.local(text);
            texts::is(&mut b.a, text, known.as_bytes());
            if op == CompareOp::Ne {
                b.a.i32_eqz();
            }
            return;
        }
    }
    let (x, y) = (b.local(x), b.local(y));
    b.a.get(x).get(y);
    if let Type::Int | Type::Time | Type::Duration | Type::Date = b.g.defs().base(&ty) {
        match op {
            CompareOp::Eq => b.a.i64_eq(),
            CompareOp::Ne => b.a.i64_ne(),
            CompareOp::Lt => b.a.i64_lt_s(),
            CompareOp::Le => b.a.i64_le_s(),
            CompareOp::Gt => b.a.i64_gt_s(),
            CompareOp::Ge => b.a.i64_ge_s(),
        };
        return;
    }
    if let CompareOp::Eq | CompareOp::Ne = op {
        let equal = b.g.helper(Helper::Equal(ty));
        b.a.call(equal);
        if op == CompareOp::Ne {
            b.a.i32_eqz();
        }
        return;
    }
    let compare = b.g.helper(Helper::Compare(ty));
    b.a.call(compare).i32(0);
    match op {
        CompareOp::Lt => b.a.i32_lt_s(),
        CompareOp::Gt => b.a.i32_gt_s(),
        CompareOp::Le => b.a.i32_le_s(),
        _ => b.a.i32_ge_s(),
    };
}
