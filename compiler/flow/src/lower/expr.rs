//! Expressions. `None` means: does not come back, and there is no current block.

use weir_check::hir::{self, ExprKind};
use weir_contract::{CrashReason, Type};

use super::body::{Binding, Body};
use super::{Context, Lowering};
use crate::ir::*;

impl Body<'_, '_> {
    /// The register with the expression's value. It may be a variable's own, so whoever keeps it across
    /// code that can assign copies it.
    pub fn expr(&mut self, e: &hir::Expr) -> Option<Reg> {
        let before = self.at(e.span);
        let value = self.expr_here(e);
        self.b.site = before;
        if e.ty == hir::Type::Never && value.is_some() {
            self.b.crash(CrashReason::Unreachable, None);
            return None;
        }
        value
    }

    fn expr_here(&mut self, e: &hir::Expr) -> Option<Reg> {
        if let Some(literal) = Lowering::literal(e) {
            let value = self.b.literal(literal);
            let ty = self.ty(&e.ty);
            return Some(self.b.coerce(value, &ty));
        }
        if let Some(view) = self.slot_view(e)? {
            let value = self.load_view(&view);
            let ty = self.ty(&e.ty);
            return Some(self.b.coerce(value, &ty));
        }
        let ty = match &e.ty {
            hir::Type::Fn(..) => unreachable!("a function as a value"),
            ty => self.ty(ty),
        };
        Some(match &e.kind {
            ExprKind::Unit
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Decimal(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_)
            | ExprKind::Time(_)
            | ExprKind::Duration(_)
            | ExprKind::Date(_)
            | ExprKind::Money(_) => unreachable!("a literal"),
            ExprKind::State(_) | ExprKind::StateOf { .. } => unreachable!("a view of slots"),

            ExprKind::Local(id) if self.locals[id.0 as usize].is_scratch => {
                self.scratch_whole(*id, ty)
            }
            ExprKind::Scratch(_) => unreachable!("only bound by a `scratch let`"),
            ExprKind::Local(id) => match &self.env[id.0 as usize] {
                Binding::Value(reg) => *reg,
                other => panic!("{} read as {other:?}", self.locals[id.0 as usize].name),
            },
            ExprKind::Constant(id) => {
                let func = self.low.constant(*id);
                self.b.emit(ty, Op::Call(func, vec![]))
            }
            ExprKind::SelfRef => {
                let this = self.this();
                self.b.emit(ty, Op::Keys(this))
            }
            ExprKind::Now => self.b.emit(Type::Time, Op::Now),
            ExprKind::CallerId => {
                let id = self.b.emit(Type::Text, Op::CallerId);
                self.b.coerce(id, &ty)
            }
            ExprKind::CallerRoles => self.b.emit(ty, Op::CallerRoles),

            ExprKind::Interpolate(parts) => {
                let mut shown = Vec::new();
                for part in parts {
                    let value = self.expr(part)?;
                    shown.push(self.show(value));
                }
                self.b.emit(Type::Text, Op::TextConcat(shown))
            }
            ExprKind::Tuple(items) => {
                let types = self.field_types(&ty);
                let regs = self.operands_as(items, &types)?;
                self.b.emit(ty, Op::RecordMake(regs))
            }
            ExprKind::Record(_, items)
            | ExprKind::Error(_, items)
            | ExprKind::EntityRef(_, items) => {
                let types = self.field_types(&ty);
                let regs = self.operands_as(items, &types)?;
                self.b.emit(ty, Op::RecordMake(regs))
            }
            ExprKind::List(items) => {
                let Type::List(item) = &ty else {
                    unreachable!("list of type {ty:?}")
                };
                let types = vec![(**item).clone(); items.len()];
                let regs = self.operands_as(items, &types)?;
                self.b.emit(ty, Op::ListMake(regs))
            }
            ExprKind::Map(entries) => self.map_literal(ty, entries)?,
            ExprKind::Variant(_, tag, items) => {
                let types = self.variant_types(&ty, *tag);
                let regs = self.operands_as(items, &types)?;
                self.b.emit(ty, Op::VariantMake(*tag, regs))
            }
            ExprKind::Some(value) => {
                let Type::Option(of) = &ty else {
                    unreachable!("Some of type {ty:?}")
                };
                let regs = self.operands_as(std::slice::from_ref(value), &[(**of).clone()])?;
                self.b.emit(ty, Op::VariantMake(1, regs))
            }
            ExprKind::None => self.b.emit(ty, Op::VariantMake(0, vec![])),
            ExprKind::Wrap(_, value) | ExprKind::Unwrap(_, value) => {
                let value = self.expr(value)?;
                self.b.coerce(value, &ty)
            }
            ExprKind::With(record, changes) => {
                let mut operands = vec![&**record];
                operands.extend(changes.iter().map(|(_, e)| e));
                let regs = self.operands(&operands)?;
                let types = self.field_types(&ty);
                let mut record = regs[0];
                for ((position, _), value) in changes.iter().zip(&regs[1..]) {
                    let value = self.b.coerce(*value, &types[*position as usize]);
                    record = self
                        .b
                        .emit(ty.clone(), Op::FieldSet(record, *position, value));
                }
                record
            }

            ExprKind::Field(record, position) => {
                if let Some(found) = self.look_part(e) {
                    return found;
                }
                let record = self.expr(record)?;
                self.field(record, *position)
            }
            ExprKind::ListIndex(list, index) => self.list_index(list, index, ty)?,
            ExprKind::MapIndex(map, key) => self.map_index(map, key)?,

            ExprKind::Neg(value) => {
                let value = self.expr(value)?;
                self.negate(value)
            }
            ExprKind::Not(value) => {
                let value = self.expr(value)?;
                self.b.emit(ty, Op::Not(value))
            }
            ExprKind::Compare(op, a, b) => {
                let regs = self.operands(&[a, b])?;
                self.compare(*op, a, regs[0], regs[1])
            }
            ExprKind::Arith(op, a, b) => {
                let regs = self.operands(&[a, b])?;
                self.arith(arith_op(*op), regs[0], regs[1])
            }
            ExprKind::And(..) | ExprKind::Or(..) | ExprKind::Is(..) | ExprKind::InRange { .. } => {
                self.condition_value(e)?
            }
            ExprKind::In { value, collection } => self.contains(value, collection)?,

            ExprKind::Call {
                function,
                type_args,
                args,
            } => self.call(*function, type_args, args)?,
            ExprKind::CallHandler {
                entity,
                function,
                target,
                args,
            } => self.call_handler(*entity, *function, target.as_deref(), args)?,
            ExprKind::CallParam { param, args } => self.call_param(*param, args, ty)?,

            ExprKind::Try(value) => self.try_(value)?,
            ExprKind::Coalesce(value, other) => self.coalesce(value, other, ty)?,
            ExprKind::Fail(error) => {
                let error = self.expr(error)?;
                let Type::Named(id) = self.b.ty(error) else {
                    unreachable!("fail without an error")
                };
                let tag = id.0 + 1;
                let ret = self.b.func.ret.clone();
                let result = self.b.emit(ret, Op::VariantMake(tag, vec![error]));
                self.leave_failing(result);
                return None;
            }

            ExprKind::Block(block) => self.block(block, ty == Type::Unit)?,
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => self.if_(cond, then, otherwise.as_deref(), ty)?,
            ExprKind::Match { subject, arms } => self.match_(subject, arms, ty)?,
            ExprKind::While { cond, body } => self.while_(cond, body)?,
            ExprKind::For(source) => self.for_(source, ty)?,
            ExprKind::Return(value) => {
                let value = match value {
                    Some(value) => self.expr(value)?,
                    None => self.b.unit(),
                };
                self.leave(value);
                return None;
            }
            ExprKind::Break | ExprKind::Continue => {
                let inner = self.loops.last().expect("break outside a loop");
                let to = if matches!(e.kind, ExprKind::Break) {
                    inner.on_break
                } else {
                    inner.on_continue
                };
                for _ in inner.atomics..self.atomics.len() {
                    self.b.run(Op::TxLeave);
                }
                self.b.jump(to);
                return None;
            }
            ExprKind::Atomic(body) => self.atomic(body)?,

            ExprKind::Assign { place, value } => self.assign(place, value)?,
            ExprKind::AssignOp { place, op, value } => {
                self.assign_op(place, arith_op(*op), value)?
            }
            ExprKind::Mutate { place, op, args } => self.mutate(place, *op, args, ty)?,
            ExprKind::Expect(claim) => self.expect(claim)?,

            ExprKind::Sleep(delay) => self.sleep(Wait::Sleep, delay)?,
            ExprKind::SleepUntil(time) => self.sleep(Wait::SleepUntil, time)?,
            ExprKind::Advance(delay) => self.sleep(Wait::Advance, delay)?,
            ExprKind::Settle => self.suspend(Type::Unit, Wait::Settle, vec![]),
            ExprKind::Wait { arms, after } => {
                let after = after.as_ref().map(|(delay, body)| (&**delay, &**body));
                self.wait(arms, after, ty)?
            }
            ExprKind::CallExtern {
                function,
                args,
                within,
            } => self.call_extern(*function, args, within.as_deref(), ty)?,
            ExprKind::RunResult { run, within } => self.run_result(run, within.as_deref(), ty)?,
            ExprKind::Parallel(branches) => self.parallel(branches, ty)?,
            ExprKind::ParallelFor {
                generators,
                wheres,
                at_once,
                branch,
                kind,
            } => {
                let at_once = match at_once {
                    Some(at_once) => Some(self.expr(at_once)?),
                    None => None,
                };
                self.parallel_for((generators, wheres), at_once, branch, *kind, ty)?
            }
            ExprKind::Exists { entity, target } => self.exists(*entity, target)?,
            ExprKind::SetState {
                entity,
                target,
                fields,
            } => self.set_state(*entity, target, fields)?,
            ExprKind::Send { message, after } => self.send(message, after.as_deref(), ty)?,
            ExprKind::Cancel(ticket) => self.cancel(ticket)?,
            ExprKind::PushUndo {
                if_ok,
                compensation,
            } => self.push_undo(*if_ok, compensation)?,
            ExprKind::Random => self.b.emit(Type::Float, Op::Random),
            ExprKind::Fresh => self.b.emit(Type::Text, Op::Fresh),
            ExprKind::Mock { function, answer } => self.mock(*function, answer)?,
            ExprKind::CrashAt(label) => {
                let label = self.expr(label)?;
                self.b.run(Op::CrashAt(label));
                self.b.unit()
            }
            ExprKind::ReadView { view, key } => self.read_view(*view, key.as_deref(), ty)?,
            ExprKind::Emit { stream, value } => self.emit(*stream, value)?,
            ExprKind::Merge {
                field,
                path,
                change,
                value,
            } => self.merge(*field, path, *change, value.as_deref())?,
            ExprKind::Sync(one, other) => self.sync(one, other)?,
        })
    }

    /// Several operands, left to right. A variable read early keeps its value even if a later operand assigns it.
    pub fn operands(&mut self, items: &[&hir::Expr]) -> Option<Vec<Reg>> {
        let mut regs = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let mut reg = self.expr(item)?;
            if matches!(item.kind, ExprKind::Local(_))
                && !items[i + 1..]
                    .iter()
                    .all(|e| is_simple(self.low.checked, e))
            {
                let ty = self.b.ty(reg).clone();
                reg = self.b.emit(ty, Op::Copy(reg));
            }
            regs.push(reg);
        }
        Some(regs)
    }

    /// Operands brought to types of the same shape.
    pub fn operands_as<E: std::borrow::Borrow<hir::Expr>>(
        &mut self,
        items: &[E],
        types: &[Type],
    ) -> Option<Vec<Reg>> {
        let items: Vec<&hir::Expr> = items.iter().map(|e| e.borrow()).collect();
        let regs = self.operands(&items)?;
        Some(
            regs.into_iter()
                .zip(types)
                .map(|(r, ty)| self.b.coerce(r, ty))
                .collect(),
        )
    }

    /// The types of the fields of a record-like type.
    pub fn field_types(&self, ty: &Type) -> Vec<Type> {
        let base = self.low.module.defs.base(ty);
        crate::verify::record_fields(&self.low.module, base)
            .unwrap_or_else(|| panic!("{ty:?} has no fields"))
    }

    pub fn variant_types(&self, ty: &Type, tag: u32) -> Vec<Type> {
        crate::verify::payload_types(&self.low.module, ty, tag)
            .unwrap_or_else(|| panic!("{ty:?} has no tag {tag}"))
    }

    /// The value as the type under all `new` layers.
    pub fn base(&mut self, value: Reg) -> Reg {
        let ty = self.low.module.defs.base(self.b.ty(value)).clone();
        self.b.coerce(value, &ty)
    }

    pub fn field(&mut self, record: Reg, position: u32) -> Reg {
        let record = self.base(record);
        let ty = self
            .field_types(&self.b.ty(record).clone())
            .swap_remove(position as usize);
        self.b.emit(ty, Op::FieldGet(record, position))
    }

    pub fn show(&mut self, value: Reg) -> Reg {
        if *self.b.ty(value) == Type::Text {
            value
        } else {
            self.b.emit(Type::Text, Op::Show(value))
        }
    }

    pub fn arith(&mut self, op: ArithOp, a: Reg, b: Reg) -> Reg {
        if *self.b.ty(a) == Type::Text {
            return self.b.emit(Type::Text, Op::TextConcat(vec![a, b]));
        }
        if [a, b].iter().any(|r| *self.b.ty(*r) == Type::Money) {
            return self.money_arith(op, a, b);
        }
        self.b.arith(op, a, b)
    }

    fn block(&mut self, block: &hir::Block, discard: bool) -> Option<Reg> {
        let mut last = None;
        for stmt in &block.stmts {
            last = None;
            match stmt {
                hir::Stmt::Let(pattern, value) => {
                    if let ExprKind::Scratch(scratch) = &value.kind {
                        self.scratch_let(pattern, scratch, value.span);
                        continue;
                    }
                    let value = self.expr(value)?;
                    self.bind(pattern, value);
                }
                hir::Stmt::Expr(e) => last = Some(self.expr(e)?),
            }
        }
        match last {
            Some(value) if !discard => Some(value),
            _ => Some(self.b.unit()),
        }
    }

    fn if_(
        &mut self,
        cond: &hir::Expr,
        then: &hir::Expr,
        otherwise: Option<&hir::Expr>,
        ty: Type,
    ) -> Option<Reg> {
        let (yes, no) = (self.b.block(), self.b.block());
        self.condition(cond, yes, no)?;
        let mut join = Join::new(self, ty);
        self.b.go_to(yes);
        let value = self.expr(then);
        join.arrive(self, value);
        self.b.go_to(no);
        let value = match otherwise {
            Some(e) => self.expr(e),
            None => Some(self.b.unit()),
        };
        join.arrive(self, value);
        join.go_on(self)
    }

    fn try_(&mut self, value: &hir::Expr) -> Option<Reg> {
        let result = self.expr(value)?;
        let ty = match self.b.ty(result) {
            Type::Result(ok, _) => (**ok).clone(),
            other => unreachable!("? on {other:?}"),
        };
        self.value_or_leave(result, ty)
    }

    /// What is in a `Result`; a failure leaves the function.
    pub fn value_or_leave(&mut self, result: Reg, ty: Type) -> Option<Reg> {
        let (ok, failed) = (self.b.block(), self.b.block());
        self.b.end(Term::Switch {
            on: result,
            cases: vec![(0, ok)],
            default: Some(failed),
        });
        self.b.go_to(failed);
        self.leave_failing(result);
        self.b.go_to(ok);
        Some(self.b.emit(ty, Op::VariantGet(result, 0, 0)))
    }

    fn coalesce(&mut self, value: &hir::Expr, other: &hir::Expr, ty: Type) -> Option<Reg> {
        let value = self.expr(value)?;
        let (tag, of) = match self.b.ty(value) {
            Type::Option(of) => (1, (**of).clone()),
            Type::Result(of, _) => (0, (**of).clone()),
            other => unreachable!("?? on {other:?}"),
        };
        let (there, missing) = (self.b.block(), self.b.block());
        self.b.end(Term::Switch {
            on: value,
            cases: vec![(tag, there)],
            default: Some(missing),
        });
        let mut join = Join::new(self, ty);
        self.b.go_to(there);
        let found = self.b.emit(of, Op::VariantGet(value, tag, 0));
        join.arrive(self, Some(found));
        self.b.go_to(missing);
        let value = self.expr(other);
        join.arrive(self, value);
        join.go_on(self)
    }

    fn atomic(&mut self, body: &hir::Expr) -> Option<Reg> {
        // Inside a transaction the function's own savepoint already undoes a failure.
        if self.context == Context::Transaction {
            return self.expr(body);
        }
        self.step_may_end();
        self.b.run(Op::TxEnter);
        let savepoint = self.b.emit(Type::Int, Op::Savepoint);
        self.atomics.push(savepoint);
        let context = std::mem::replace(&mut self.context, Context::Transaction);
        let value = self.expr(body);
        self.context = context;
        self.atomics.pop();
        let value = value?;
        self.b.run(Op::TxLeave);
        Some(value)
    }

    fn expect(&mut self, claim: &hir::Expr) -> Option<Reg> {
        let (holds, broken) = (self.b.block(), self.b.block());
        match &claim.kind {
            ExprKind::Compare(op, a, b) => {
                let regs = self.operands(&[a, b])?;
                // What is wrong with the comparison itself is wrong there, not at the `expect`.
                let before = self.at(claim.span);
                let result = self.compare(*op, a, regs[0], regs[1]);
                self.b.site = before;
                self.b.end(Term::Branch(result, holds, broken));
                self.b.go_to(broken);
                let left = self.b.emit(Type::Text, Op::Show(regs[0]));
                let right = self.b.emit(Type::Text, Op::Show(regs[1]));
                let words = self.b.literal(Literal::Text("left: ".into()));
                let between = self.b.literal(Literal::Text(", right: ".into()));
                let detail = self.b.emit(
                    Type::Text,
                    Op::TextConcat(vec![words, left, between, right]),
                );
                self.b.crash(CrashReason::ExpectFailed, Some(detail));
            }
            ExprKind::Is(value, pattern) => {
                let value = self.expr(value)?;
                self.test(pattern, value, broken);
                self.b.jump(holds);
                self.b.go_to(broken);
                let shown = self.b.emit(Type::Text, Op::Show(value));
                let words = self.b.literal(Literal::Text("value: ".into()));
                let detail = self.b.emit(Type::Text, Op::TextConcat(vec![words, shown]));
                self.b.crash(CrashReason::ExpectFailed, Some(detail));
            }
            _ => {
                self.condition(claim, holds, broken)?;
                self.b.go_to(broken);
                self.b.crash(CrashReason::ExpectFailed, None);
            }
        }
        self.b.go_to(holds);
        Some(self.b.unit())
    }
}

/// Where the values of several branches meet.
pub struct Join {
    block: BlockId,
    /// Absent for `Unit`.
    dst: Option<Reg>,
    reached: bool,
}

impl Join {
    pub fn new(body: &mut Body, ty: Type) -> Join {
        let dst = (ty != Type::Unit).then(|| body.b.reg(RegType::Value(ty), None));
        Join {
            block: body.b.block(),
            dst,
            reached: false,
        }
    }

    /// A branch ends with a value, or does not come here.
    pub fn arrive(&mut self, body: &mut Body, value: Option<Reg>) {
        let Some(value) = value else { return };
        if let Some(dst) = self.dst {
            body.b.assign(dst, value);
        }
        body.b.jump(self.block);
        self.reached = true;
    }

    pub fn go_on(self, body: &mut Body) -> Option<Reg> {
        if !self.reached {
            return None;
        }
        body.b.go_to(self.block);
        Some(match self.dst {
            Some(dst) => dst,
            None => body.b.unit(),
        })
    }
}

impl Lowering<'_> {
    /// The literal an expression is, also under `new` types.
    pub fn literal(e: &hir::Expr) -> Option<Literal> {
        Some(match &e.kind {
            ExprKind::Unit => Literal::Unit,
            ExprKind::Bool(b) => Literal::Bool(*b),
            ExprKind::Int(n) => Literal::Int(*n),
            ExprKind::Decimal(n) => Literal::Decimal(*n),
            ExprKind::Float(x) => Literal::Float(*x),
            ExprKind::Text(s) => Literal::Text(s.clone()),
            ExprKind::Time(us) => Literal::Time(*us),
            ExprKind::Duration(us) => Literal::Duration(*us),
            ExprKind::Date(days) => Literal::Date(*days),
            ExprKind::Money(money) => Literal::Money(*money),
            ExprKind::Wrap(_, inner) => return Lowering::literal(inner),
            _ => return None,
        })
    }

    /// The function that computes a constant.
    pub fn constant(&mut self, id: hir::ConstId) -> FuncId {
        if let Some(func) = self.constants.get(&id) {
            return *func;
        }
        let func = self.reserve();
        self.constants.insert(id, func);
        let constant = &self.checked.constants[id.0 as usize];
        let site = self.site(constant.span);
        let ret = self.places.ty(&constant.ty, &[]);
        let name = self.unique_name(format!("let.{}", constant.name));
        let builder = super::builder::Builder::new(name, ret, site);
        let body = Body::new(
            self,
            builder,
            vec![],
            &constant.body.locals,
            Context::Outside,
        );
        let lowered = body.finish(&constant.body.root);
        self.define(func, lowered);
        func
    }
}

/// Whether evaluating cannot assign a variable or write state.
pub fn is_simple(checked: &hir::Checked, e: &hir::Expr) -> bool {
    let simple = |e: &hir::Expr| is_simple(checked, e);
    let only_reads = |function: &hir::FnId| checked.function(*function).effect < hir::Effect::Write;
    match &e.kind {
        ExprKind::Local(_) | ExprKind::State(_) | ExprKind::Constant(_) | ExprKind::SelfRef => true,
        ExprKind::Now | ExprKind::CallerId | ExprKind::CallerRoles | ExprKind::None => true,
        ExprKind::Field(e, _) | ExprKind::Neg(e) | ExprKind::Not(e) | ExprKind::Some(e) => {
            simple(e)
        }
        ExprKind::Wrap(_, e) | ExprKind::Unwrap(_, e) => simple(e),
        ExprKind::StateOf { target, .. } => simple(target),
        ExprKind::Arith(_, a, b) | ExprKind::Compare(_, a, b) => simple(a) && simple(b),
        ExprKind::ListIndex(a, b) | ExprKind::MapIndex(a, b) => simple(a) && simple(b),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => simple(a) && simple(b),
        ExprKind::Tuple(es)
        | ExprKind::Record(_, es)
        | ExprKind::EntityRef(_, es)
        | ExprKind::Interpolate(es) => es.iter().all(simple),
        // Lambdas can neither assign what is around them nor write.
        ExprKind::Call { function, args, .. } => {
            only_reads(function)
                && args.iter().all(|a| match a {
                    hir::Arg::Value(e) => simple(e),
                    _ => true,
                })
        }
        _ => Lowering::literal(e).is_some(),
    }
}

pub fn arith_op(op: hir::ArithOp) -> ArithOp {
    match op {
        hir::ArithOp::Add => ArithOp::Add,
        hir::ArithOp::Sub => ArithOp::Sub,
        hir::ArithOp::Mul => ArithOp::Mul,
        hir::ArithOp::Div => ArithOp::Div,
        hir::ArithOp::Rem => ArithOp::Rem,
    }
}

pub fn compare_op(op: hir::CompareOp) -> CompareOp {
    match op {
        hir::CompareOp::Eq => CompareOp::Eq,
        hir::CompareOp::Ne => CompareOp::Ne,
        hir::CompareOp::Lt => CompareOp::Lt,
        hir::CompareOp::Le => CompareOp::Le,
        hir::CompareOp::Gt => CompareOp::Gt,
        hir::CompareOp::Ge => CompareOp::Ge,
    }
}
