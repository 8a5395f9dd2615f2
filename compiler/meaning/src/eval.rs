//! Expressions: operands from left to right, each evaluated once.

use weir_check::hir::{Effect, Expr, ExprKind, Type};
use weir_contract::encode::canonical_float;
use weir_contract::{CrashReason, DefId, Value, library};

use crate::call::{Frame, Step};
use crate::operator::{self, fields_of};
use crate::pattern::matches;
use crate::stop::{Eval, Stop, at, bug};
use crate::strand::Going;
use crate::types::error_at;

/// The base of every `new` type is its own value; nothing marks it.
impl<'p> Step<'p> {
    pub fn eval<'a>(&'a mut self, expr: &'p Expr, frame: &'a mut Frame<'p>) -> Going<'a, Value> {
        Box::pin(async move {
            self.spend(expr)?;
            let value = self.eval_kind(expr, frame).await?;
            // A block, `if` or `match` in the place of a statement gives nothing, whatever stands last in it.
            Ok(if expr.ty == Type::Unit {
                Value::Unit
            } else {
                value
            })
        })
    }

    async fn eval_kind(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<Value> {
        use ExprKind as E;
        match &expr.kind {
            E::Unit => Ok(Value::Unit),
            E::Bool(b) => Ok(Value::Bool(*b)),
            E::Int(n) => Ok(Value::Int(*n)),
            E::Decimal(n) => Ok(Value::Decimal(*n)),
            E::Float(x) => Ok(Value::Float(canonical_float(*x))),
            E::Text(text) => Ok(Value::Text(text.clone())),
            E::Time(t) => Ok(Value::Time(*t)),
            E::Duration(d) => Ok(Value::Duration(*d)),
            E::Date(days) => Ok(Value::Date(*days)),
            E::Money(money) => Ok(Value::Money(*money)),
            E::Interpolate(parts) => self.interpolate(parts, frame).await,

            E::Local(local) => Ok(frame.locals[local.0 as usize]
                .clone()
                .expect("assigned before it is read")),
            E::Constant(id) => {
                let body = &self.program.constants[id.0 as usize].body;
                self.run_body(body, Frame::default()).await
            }
            E::State(field) => {
                let instance = frame
                    .instance
                    .clone()
                    .expect("own state is named only inside an entity");
                self.read_field(&instance, *field).await
            }
            E::StateOf {
                entity,
                target,
                field,
            } => {
                let instance = self.target(*entity, Some(target), frame).await?;
                self.read_field(&instance, *field).await
            }
            E::SelfRef => {
                let (_, keys) = frame
                    .instance
                    .clone()
                    .expect("`self` is named only inside an entity");
                Ok(Value::Record(keys))
            }
            E::Now => Ok(Value::Time(self.desk.time)),
            E::CallerId => Ok(Value::Text(self.caller.id.clone())),
            E::CallerRoles => Ok(Value::Set(
                self.caller.roles.iter().cloned().map(Value::Text).collect(),
            )),

            E::Tuple(items) | E::Record(_, items) | E::Error(_, items) | E::EntityRef(_, items) => {
                Ok(Value::Record(self.eval_all(items, frame).await?))
            }
            E::Variant(_, tag, fields) => {
                Ok(Value::Variant(*tag, self.eval_all(fields, frame).await?))
            }
            E::List(items) => Ok(Value::List(self.eval_all(items, frame).await?)),
            E::Map(entries) => {
                let mut map = std::collections::BTreeMap::new();
                for (key, value) in entries {
                    // The last of equal keys stays, with the key as it was first written.
                    map.insert(self.eval(key, frame).await?, self.eval(value, frame).await?);
                }
                Ok(Value::Map(map))
            }
            E::Some(inner) => Ok(Value::Option(Some(Box::new(
                self.eval(inner, frame).await?,
            )))),
            E::None => Ok(Value::Option(None)),
            E::Wrap(_, inner) | E::Unwrap(_, inner) => self.eval(inner, frame).await,
            E::With(base, changes) => {
                let mut fields = fields_of(self.eval(base, frame).await?);
                for (position, change) in changes {
                    fields[*position as usize] = self.eval(change, frame).await?;
                }
                Ok(Value::Record(fields))
            }

            E::Field(base, position) => {
                Ok(fields_of(self.eval(base, frame).await?).swap_remove(*position as usize))
            }
            E::ListIndex(list, index) => {
                let mut items = operator::items(self.eval(list, frame).await?);
                match operator::position(&self.eval(index, frame).await?, items.len()) {
                    Some(index) => Ok(items.swap_remove(index)),
                    None => bug(CrashReason::IndexOutOfRange, &expr.span),
                }
            }
            E::MapIndex(map, key) => {
                let mut entries = operator::entries(self.eval(map, frame).await?);
                let value = entries.remove(&self.eval(key, frame).await?);
                Ok(Value::Option(value.map(Box::new)))
            }

            E::Neg(inner) => {
                let value = self.eval(inner, frame).await?;
                operator::negate(value).or_else(at(&expr.span))
            }
            E::Not(inner) => Ok(Value::Bool(!self.truth(inner, frame).await?)),
            E::And(a, b) => Ok(Value::Bool(
                self.truth(a, frame).await? && self.truth(b, frame).await?,
            )),
            E::Or(a, b) => Ok(Value::Bool(
                self.truth(a, frame).await? || self.truth(b, frame).await?,
            )),
            E::Compare(op, a, b) => {
                let is_money = self.program.compares_currencies(*op, &a.ty);
                let (a, b) = (self.eval(a, frame).await?, self.eval(b, frame).await?);
                if is_money {
                    operator::comparable(&a, &b).or_else(at(&expr.span))?;
                }
                Ok(Value::Bool(operator::compare(*op, &a, &b)))
            }
            E::Arith(op, a, b) => {
                let (a, b) = (self.eval(a, frame).await?, self.eval(b, frame).await?);
                operator::arith(*op, a, b).or_else(at(&expr.span))
            }
            E::InRange { value, start, end } => {
                let (value, start) = (
                    self.eval(value, frame).await?,
                    self.eval(start, frame).await?,
                );
                let end = self.eval(end, frame).await?;
                Ok(Value::Bool(start <= value && value < end))
            }
            E::In { value, collection } => {
                let (value, collection) = (
                    self.eval(value, frame).await?,
                    self.eval(collection, frame).await?,
                );
                Ok(Value::Bool(match collection {
                    Value::List(items) => items.contains(&value),
                    Value::Set(items) => items.contains(&value),
                    Value::Map(entries) => entries.contains_key(&value),
                    other => panic!("{other:?} is no collection"),
                }))
            }
            E::Is(subject, pattern) => {
                let value = self.eval(subject, frame).await?;
                Ok(Value::Bool(matches(self.program, pattern, value, frame)))
            }

            E::Call {
                function,
                type_args,
                args,
            } => {
                if self.reads_at_once(*function, args) {
                    self.step_ends(frame).await;
                }
                let given = self.given(args, frame).await?;
                let type_args = self.close_all(type_args, frame);
                self.call(*function, None, type_args, given, expr).await
            }
            E::CallHandler {
                entity,
                function,
                target,
                args,
            } => {
                // What only reads needs no transaction, and what waits is none.
                if self.reads_at_once(*function, args) {
                    self.step_ends(frame).await;
                } else if self.program.function(*function).effect == Effect::Write {
                    self.step_may_end(frame).await;
                }
                let instance = self.target(*entity, target.as_deref(), frame).await?;
                let given = self.given(args, frame).await?;
                self.call(*function, Some(instance), Vec::new(), given, expr)
                    .await
            }
            E::CallParam { param, args } => {
                let closure = frame.functions[param].clone();
                if self.closure_reads(&closure) {
                    self.step_ends(frame).await;
                }
                let args = self.eval_all(args, frame).await?;
                self.call_closure(&closure, args, expr).await
            }

            E::Try(inner) => match self.eval(inner, frame).await? {
                Value::Ok(value) => Ok(*value),
                Value::Err(error, fields) => Err(self.failure(error, fields)),
                other => panic!("`?` on {other:?}"),
            },
            E::Coalesce(first, other) => match self.eval(first, frame).await? {
                Value::Ok(value) | Value::Option(Some(value)) => Ok(*value),
                Value::Err(..) | Value::Option(None) => self.eval(other, frame).await,
                value => panic!("`??` on {value:?}"),
            },
            E::Fail(error) => {
                let Type::Error(id) = error.ty else {
                    panic!("`fail` with a {:?}", error.ty)
                };
                let fields = fields_of(self.eval(error, frame).await?);
                Err(Stop::Fail(id, fields))
            }

            E::Block(_)
            | E::If { .. }
            | E::Match { .. }
            | E::While { .. }
            | E::For(_)
            | E::Return(_)
            | E::Break
            | E::Continue
            | E::Atomic(_) => self.control(expr, frame).await,

            E::Assign { place, value } => self.assign(place, value, frame).await,
            E::AssignOp { place, op, value } => {
                self.assign_op(place, *op, value, frame, expr).await
            }
            E::Mutate { place, op, args } => self.mutate(place, *op, args, frame, expr).await,
            E::Merge {
                field,
                path,
                change,
                value,
            } => {
                let at = (*field, path.as_slice());
                self.merge(at, *change, value.as_deref(), frame, expr).await
            }
            E::Sync(one, other) => self.sync(one, other, frame).await,

            E::Expect(condition) => match self.truth(condition, frame).await? {
                true => Ok(Value::Unit),
                false => bug(CrashReason::ExpectFailed, &expr.span),
            },

            E::Exists { entity, target } => {
                let instance = self.target(*entity, Some(target), frame).await?;
                let there = self.desk.state.instances.contains_key(&instance);
                Ok(Value::Bool(there))
            }
            E::SetState {
                entity,
                target,
                fields,
            } => {
                let instance = self.target(*entity, Some(target), frame).await?;
                let mut values = Vec::new();
                for (field, value) in fields {
                    values.push((*field, self.eval(value, frame).await?));
                }
                self.step_may_end(frame).await;
                let before = self.begin();
                for (field, value) in values {
                    self.desk.state.write(&instance, field, value);
                }
                self.commit(before, Ok(Value::Unit)).await
            }

            E::ReadView { view, key } => self.read_view(*view, key.as_deref(), frame).await,

            E::Sleep(_)
            | E::SleepUntil(_)
            | E::Wait { .. }
            | E::CallExtern { .. }
            | E::RunResult { .. }
            | E::Parallel(_)
            | E::ParallelFor { .. }
            | E::Advance(_)
            | E::Settle
            | E::Scratch(_) => self.waiting(expr, frame).await,

            E::Send { .. }
            | E::Cancel(_)
            | E::PushUndo { .. }
            | E::Random
            | E::Fresh
            | E::Mock { .. }
            | E::CrashAt(_)
            | E::Emit { .. } => self.asking(expr, frame).await,
        }
    }

    pub async fn eval_all(
        &mut self,
        exprs: impl IntoIterator<Item = &'p Expr> + Send,
        frame: &mut Frame<'p>,
    ) -> Eval<Vec<Value>> {
        let mut values = Vec::new();
        for expr in exprs {
            values.push(self.eval(expr, frame).await?);
        }
        Ok(values)
    }

    pub async fn truth(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<bool> {
        match self.eval(expr, frame).await? {
            Value::Bool(b) => Ok(b),
            other => panic!("a condition is {other:?}"),
        }
    }

    async fn interpolate(&mut self, parts: &'p [Expr], frame: &mut Frame<'p>) -> Eval<Value> {
        let mut text = String::new();
        for part in parts {
            let value = self.eval(part, frame).await?;
            let ty = self.types.closed(&part.ty, &frame.type_args);
            text += &library::show(&self.types.defs, &ty, &value);
        }
        Ok(Value::Text(text))
    }

    /// An error value of a call becomes the failure of the caller.
    fn failure(&self, def: DefId, fields: Vec<Value>) -> Stop {
        Stop::Fail(error_at(def), fields)
    }
}
