//! Waiting: each becomes one `Op::Suspend` in the middle of the code; `split` cuts there later. A call of what is pure is no
//! wait, but written like one.

use weir_check::hir;
use weir_contract::{DefKind, Type};

use super::body::Body;
use super::expr::Join;
use crate::ir::*;

impl Body<'_, '_> {
    pub fn suspend(&mut self, ty: Type, wait: Wait, operands: Vec<Reg>) -> Reg {
        self.b.emit(ty, Op::Suspend(wait, operands))
    }

    /// In front of each transaction of waiting code: when the step has done enough, the transaction belongs to the next.
    pub fn step_may_end(&mut self) {
        if !self.waits {
            return;
        }
        let full = self.b.emit(Type::Bool, Op::Full);
        let (enough, on) = (self.b.block(), self.b.block());
        self.b.end(Term::Branch(full, enough, on));
        self.b.go_to(enough);
        self.suspend(Type::Unit, Wait::Yield, vec![]);
        self.b.jump(on);
        self.b.go_to(on);
    }

    pub fn sleep(&mut self, wait: Wait, operand: &hir::Expr) -> Option<Reg> {
        let operand = self.expr(operand)?;
        Some(self.suspend(Type::Unit, wait, vec![operand]))
    }

    /// Takes the oldest event that is waited for; then its arms, as in a `match` on its parameters.
    pub fn wait(
        &mut self,
        arms: &[hir::WaitArm],
        after: Option<(&hir::Expr, &hir::Expr)>,
        ty: Type,
    ) -> Option<Reg> {
        let limit = self.limit(after.map(|(delay, _)| delay))?;
        let entity = self.this_entity();
        let events: Vec<u32> = {
            let mut events: Vec<u32> = arms.iter().map(|arm| arm.event.0).collect();
            events.sort();
            events.dedup();
            events
        };
        let workflow = self.low.module.entity(entity).workflow.as_ref();
        let (event_enum, count) = workflow
            .map(|w| (w.event_enum, w.events.len() as u32))
            .expect("only a workflow waits for events");
        let wait = Wait::Events(entity, events.clone());
        let event = self.suspend(Type::Named(event_enum), wait, vec![limit]);
        let mut cases: Vec<(u32, BlockId)> = events.iter().map(|e| (*e, self.b.block())).collect();
        let late = after.map(|(_, body)| (self.b.block(), body));
        cases.extend(late.map(|(block, _)| (count, block)));
        self.b.end(Term::Switch {
            on: event,
            cases: cases.clone(),
            default: None,
        });
        let mut join = Join::new(self, ty);
        for (number, block) in cases {
            self.b.go_to(block);
            if let Some((_, body)) = late.filter(|(late, _)| *late == block) {
                let value = self.expr(body);
                join.arrive(self, value);
                continue;
            }
            let arms: Vec<&hir::WaitArm> = arms.iter().filter(|a| a.event.0 == number).collect();
            self.event_arms(event, event_enum, number, &arms, &mut join);
        }
        join.go_on(self)
    }

    fn event_arms(
        &mut self,
        event: Reg,
        event_enum: weir_contract::DefId,
        number: u32,
        arms: &[&hir::WaitArm],
        join: &mut Join,
    ) {
        let DefKind::Enum { variants } = &self.low.module.defs.get(event_enum).kind else {
            unreachable!("events are an enum")
        };
        let types: Vec<Type> = variants[number as usize]
            .fields
            .iter()
            .map(|f| f.ty.clone())
            .collect();
        let params: Vec<Reg> = types
            .into_iter()
            .enumerate()
            .map(|(i, ty)| self.b.emit(ty, Op::VariantGet(event, number, i as u32)))
            .collect();
        for (i, arm) in arms.iter().enumerate() {
            let next = self.b.block();
            for (pattern, param) in arm.patterns.iter().zip(&params) {
                self.test(pattern, *param, next);
            }
            let value = self.expr(&arm.body);
            join.arrive(self, value);
            // Behind the last one nothing goes: the arms cover everything.
            if i + 1 < arms.len() {
                self.b.go_to(next);
            }
        }
    }

    /// An optional time limit as a value.
    pub fn limit(&mut self, delay: Option<&hir::Expr>) -> Option<Reg> {
        let ty = Type::Option(Box::new(Type::Duration));
        Some(match delay {
            None => self.b.emit(ty, Op::VariantMake(0, vec![])),
            Some(delay) => {
                let delay = self.expr(delay)?;
                self.b.emit(ty, Op::VariantMake(1, vec![delay]))
            }
        })
    }

    pub fn call_extern(
        &mut self,
        id: hir::ExternId,
        args: &[hir::Arg],
        within: Option<&hir::Expr>,
        ty: Type,
    ) -> Option<Reg> {
        let function = self.low.checked.extern_fn(id);
        let explicit: Vec<&hir::Expr> = args
            .iter()
            .filter_map(|arg| match arg {
                hir::Arg::Value(e) => Some(e),
                _ => None,
            })
            .chain(within)
            .collect();
        let mut given = self.operands(&explicit)?.into_iter();
        let mut values = Vec::new();
        for (param, arg) in function.params.iter().zip(args) {
            let ty = self.ty(&param.ty);
            let value = match arg {
                hir::Arg::Value(_) => given.next().expect("counted"),
                _ => {
                    let default = param.default.as_ref().expect("it has a default");
                    self.expr(&default.root)?
                }
            };
            values.push(self.b.coerce(value, &ty));
        }
        // What is pure belongs to this step.
        if function.promise == hir::Promise::Pure {
            return Some(self.b.emit(ty, Op::Pure(id.0, values)));
        }
        let limit = Type::Option(Box::new(Type::Duration));
        let limit = match given.next() {
            Some(delay) => self.b.emit(limit, Op::VariantMake(1, vec![delay])),
            None => self.b.emit(limit, Op::VariantMake(0, vec![])),
        };
        values.insert(0, limit);
        let wait = Wait::Extern {
            function: id.0,
            within: within.is_some(),
        };
        Some(self.suspend(ty, wait, values))
    }

    pub fn run_result(
        &mut self,
        run: &hir::Expr,
        within: Option<&hir::Expr>,
        ty: Type,
    ) -> Option<Reg> {
        let run = self.expr(run)?;
        let limit = self.limit(within)?;
        Some(self.suspend(ty, Wait::Run, vec![run, limit]))
    }
}
