//! Expressions that ask for something that happens when the step is kept, or when the run fails; and chance.

use std::sync::Arc;

use weir_check::hir::{Arg, Expr, ExprKind, FnId, Message};
use weir_contract::Value;

use crate::call::{Frame, Given, Step};
use crate::merge;
use crate::state::{Ask, Call, InstanceKey, SentEvent};
use crate::stop::Eval;

impl<'p> Step<'p> {
    pub async fn asking(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<Value> {
        use ExprKind as E;
        match &expr.kind {
            E::Send { message, after } => self.send(message, after.as_deref(), frame).await,
            E::Cancel(ticket) => {
                let number = match self.eval(ticket, frame).await? {
                    Value::Option(None) => return Ok(Value::Unit),
                    Value::Option(Some(number)) => *number,
                    number => number,
                };
                let Value::Int(number) = number else {
                    panic!("{number:?} is no Ticket")
                };
                self.desk.state.asked.push(Ask::Cancel(number as u64));
                Ok(Value::Unit)
            }
            E::PushUndo {
                if_ok,
                compensation,
            } => {
                let step = if_ok.and_then(|local| frame.locals[local.0 as usize].as_ref());
                if !matches!(step, Some(Value::Err(..))) {
                    let undo = self.closure(compensation, frame);
                    self.desk.undos.push(undo);
                }
                Ok(Value::Unit)
            }
            // Any number will do; only the same one must not come twice.
            E::Random => {
                let mixed = self.desk.chance().wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Ok(Value::Float((mixed >> 11) as f64 / (1u64 << 53) as f64))
            }
            E::Fresh => Ok(Value::Text(format!("{:026}", self.desk.chance()))),
            E::Mock { function, answer } => {
                let answer = Arc::new(self.closure(answer, frame));
                self.desk.mocks.insert(*function, answer);
                Ok(Value::Unit)
            }
            // Nothing crashes here but the program itself.
            E::CrashAt(label) => {
                self.eval(label, frame).await?;
                Ok(Value::Unit)
            }
            other => unreachable!("{other:?} asks for nothing"),
        }
    }

    /// The target is computed first, then the arguments, then the delay.
    async fn send(
        &mut self,
        message: &'p Message,
        after: Option<&'p Expr>,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        let number = match message {
            Message::Function { function, args } => {
                self.send_call(*function, None, args, after, frame).await?
            }
            Message::Handler {
                function,
                target,
                args,
            } => {
                let entity = self.program.function(*function).entity;
                let entity = entity.expect("a handler has an entity");
                let target = self.target(entity, target.as_deref(), frame).await?;
                self.send_call(*function, Some(target), args, after, frame)
                    .await?
            }
            Message::Event {
                entity,
                event,
                target,
                args,
            } => {
                let to = self.target(*entity, target.as_deref(), frame).await?;
                let args = self.eval_all(args, frame).await?;
                let after = self.delay(after, frame).await?;
                let number = self.desk.number();
                let event = SentEvent {
                    to,
                    event: *event,
                    args,
                };
                self.desk.state.asked.push(Ask::Event {
                    number,
                    event,
                    after,
                });
                number
            }
        };
        Ok(Value::Int(number as i64))
    }

    /// The number of the run that will do it; for the run of a workflow the one its key has, if any.
    async fn send_call(
        &mut self,
        function: FnId,
        instance: Option<InstanceKey>,
        args: &'p [Arg],
        after: Option<&'p Expr>,
        frame: &mut Frame<'p>,
    ) -> Eval<u64> {
        let given = self.given(args, frame).await?;
        let args = given.into_iter().map(|arg| match arg {
            Given::Value(value) => Some(value),
            Given::Default => None,
            Given::Function(_) => panic!("no message carries a function"),
        });
        let args = args.collect();
        let after = self.delay(after, frame).await?;
        let call = Call {
            function,
            instance,
            args,
        };
        let (number, is_new) = self.desk.number_for(call.workflow(self.program));
        if is_new {
            self.desk.state.asked.push(Ask::Send {
                number,
                call,
                after,
            });
        }
        Ok(number)
    }

    pub async fn target(
        &mut self,
        entity: weir_check::hir::EntityId,
        target: Option<&'p Expr>,
        frame: &mut Frame<'p>,
    ) -> Eval<InstanceKey> {
        match target {
            Some(target) => {
                let value = self.eval(target, frame).await?;
                Ok(merge::instance_of(entity, &target.ty, value))
            }
            None => Ok(frame
                .instance
                .clone()
                .expect("own members are named only inside an entity")),
        }
    }

    async fn delay(&mut self, after: Option<&'p Expr>, frame: &mut Frame<'p>) -> Eval<Option<i64>> {
        match after {
            None => Ok(None),
            Some(after) => match self.eval(after, frame).await? {
                Value::Duration(delay) => Ok(Some(delay.max(0))),
                other => panic!("{other:?} is no Duration"),
            },
        }
    }
}
