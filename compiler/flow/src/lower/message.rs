//! Messages (`send`), what is done later (`undo`), and the tests' ways to answer for the outside world.

use weir_check::hir;
use weir_contract::Type;

use super::body::Body;
use super::{Context, Instance, Lowering};
use crate::ir::*;

impl Body<'_, '_> {
    /// The target is computed first, then the arguments, then the delay.
    pub fn send(
        &mut self,
        message: &hir::Message,
        after: Option<&hir::Expr>,
        ty: Type,
    ) -> Option<Reg> {
        let number = match message {
            hir::Message::Function { function, args } => {
                let (args, after) = self.sent_arguments(*function, args, after)?;
                let entry = self.low.sent_entry(*function);
                self.b.emit(
                    Type::Int,
                    Op::Send {
                        entry,
                        instance: None,
                        args,
                        after,
                    },
                )
            }
            hir::Message::Handler {
                function,
                target,
                args,
            } => {
                let entity = self.low.checked.function(*function).entity;
                let entity = entity.expect("a handler has an entity");
                let instance = self.target(entity, target.as_deref())?;
                let (args, after) = self.sent_arguments(*function, args, after)?;
                let entry = self.low.sent_entry(*function);
                self.b.emit(
                    Type::Int,
                    Op::Send {
                        entry,
                        instance: Some(instance),
                        args,
                        after,
                    },
                )
            }
            hir::Message::Event {
                entity,
                event,
                target,
                args,
            } => {
                let instance = self.target(*entity, target.as_deref())?;
                let workflow = self.low.checked.entity(*entity).workflow.as_ref();
                let params = &workflow.expect("events are of workflows").events[event.0 as usize];
                let types: Vec<Type> = params.params.iter().map(|p| self.ty(&p.ty)).collect();
                let items: Vec<&hir::Expr> = args.iter().chain(after).collect();
                let mut regs = self.operands(&items)?;
                let after = after.and_then(|_| regs.pop());
                let args = regs
                    .into_iter()
                    .zip(&types)
                    .map(|(r, ty)| self.b.coerce(r, ty))
                    .collect();
                self.b.run(Op::SendEvent {
                    instance,
                    event: event.0,
                    args,
                    after,
                });
                self.b.unit()
            }
        };
        Some(self.b.coerce(number, &ty))
    }

    fn target(&mut self, entity: hir::EntityId, target: Option<&hir::Expr>) -> Option<Reg> {
        Some(match target {
            Some(target) => {
                let keys = self.expr(target)?;
                self.b.open(EntityId(entity.0), keys)
            }
            None => self.this(),
        })
    }

    /// As an outside caller gives them: one that may be left out is an option.
    fn sent_arguments(
        &mut self,
        function: hir::FnId,
        args: &[hir::Arg],
        after: Option<&hir::Expr>,
    ) -> Option<(Vec<Reg>, Option<Reg>)> {
        let items: Vec<&hir::Expr> = args
            .iter()
            .filter_map(|arg| match arg {
                hir::Arg::Value(e) => Some(e),
                _ => None,
            })
            .chain(after)
            .collect();
        let mut regs = self.operands(&items)?.into_iter();
        let mut out = Vec::new();
        for (param, arg) in self.low.checked.function(function).params.iter().zip(args) {
            let ty = self.ty(&param.ty);
            let option = Type::Option(Box::new(ty.clone()));
            out.push(match (arg, param.default.is_some()) {
                (hir::Arg::Value(_), defaulted) => {
                    let value = regs.next().expect("counted");
                    let value = self.b.coerce(value, &ty);
                    if defaulted {
                        self.b.emit(option, Op::VariantMake(1, vec![value]))
                    } else {
                        value
                    }
                }
                (hir::Arg::Default, _) => self.b.emit(option, Op::VariantMake(0, vec![])),
                (other, _) => unreachable!("{other:?} in a message"),
            });
        }
        Some((out, regs.next()))
    }

    /// `cancel(t)` of a ticket, or of one that may be absent.
    pub fn cancel(&mut self, ticket: &hir::Expr) -> Option<Reg> {
        let ticket = self.expr(ticket)?;
        if let Type::Option(_) = self.b.ty(ticket) {
            let done = self.b.block();
            let number = self.b.some_or(ticket, done);
            self.b.run(Op::Cancel(number));
            self.b.jump(done);
            self.b.go_to(done);
        } else {
            self.b.run(Op::Cancel(ticket));
        }
        Some(self.b.unit())
    }

    pub fn push_undo(
        &mut self,
        if_ok: Option<hir::LocalId>,
        compensation: &hir::Lambda,
    ) -> Option<Reg> {
        let done = self.b.block();
        if let Some(local) = if_ok {
            let result = self.variable(local);
            let ok = self.b.block();
            self.b.end(Term::Switch {
                on: result,
                cases: vec![(0, ok)],
                default: Some(done),
            });
            self.b.go_to(ok);
        }
        let closure = self.closure_giving(EntryKind::Undo, compensation, Type::Unit);
        let cells = self.cells(&closure, &[]);
        self.b.run(Op::PushUndo(closure.entry, cells));
        self.b.jump(done);
        self.b.go_to(done);
        Some(self.b.unit())
    }

    pub fn mock(&mut self, id: hir::ExternId, answer: &hir::Lambda) -> Option<Reg> {
        let function = self.low.checked.extern_fn(id);
        let gives = self.ty(&function.ret);
        let ret = self.low.places.outcome(gives, &function.fails);
        let closure = self.closure_giving(EntryKind::Mock, answer, ret);
        // The answer's own parameters are the arguments of the call, later.
        let cells = closure.captured().to_vec();
        self.b.run(Op::Mock(id.0, closure.entry, cells));
        Some(self.b.unit())
    }
}

impl Lowering<'_> {
    /// The entry of a function that is sent; made when it is not `pub`.
    pub fn sent_entry(&mut self, id: hir::FnId) -> EntryId {
        if let Some(entry) = self.entry_of.get(&id) {
            return *entry;
        }
        let checked = self.checked;
        self.function_entry(id, checked.function(id));
        self.entry_of[&id]
    }

    /// Whether code of the function may end in a later step.
    pub fn waits(&self, instance: &Instance) -> bool {
        let function = self.checked.function(instance.function);
        function.effect == hir::Effect::Wait && instance.context == Context::Outside
    }
}
