//! Changing places: a `var`, a field of own state, or a part of one.
//!
//! Positions and keys on the way are evaluated first, from left to right, then the value or the arguments. Only then
//! the place is looked up and changed, so a change that the value's own evaluation made is seen, not lost.

use weir_check::hir::{ArithOp, Expr, MutateOp, Place, PlaceRoot, PlaceStep};
use weir_contract::{CrashReason, Value};

use crate::call::{Frame, Step};
use crate::operator;
use crate::stop::{Eval, at, bug};

/// A step of the way down, its position or key known.
enum Down {
    Field(usize),
    Index(Value),
    Key(Value),
}

impl<'p> Step<'p> {
    pub async fn assign(
        &mut self,
        place: &'p Place,
        value: &'p Expr,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        let mut path = self.path(place, frame).await?;
        let value = self.eval(value, frame).await?;
        let mut root = self.root(place, frame, path.is_empty()).await?;
        // A key at the end of the way inserts or replaces.
        if let Some(Down::Key(_)) = path.last() {
            let Some(Down::Key(key)) = path.pop() else {
                unreachable!()
            };
            match descend(&mut root, &path, place)? {
                Value::Map(entries) => entries.insert(key, value),
                other => panic!("{other:?} has no keys"),
            };
        } else {
            *descend(&mut root, &path, place)? = value;
        }
        self.put_root(place, root, frame).await?;
        Ok(Value::Unit)
    }

    pub async fn assign_op(
        &mut self,
        place: &'p Place,
        op: ArithOp,
        value: &'p Expr,
        frame: &mut Frame<'p>,
        expr: &'p Expr,
    ) -> Eval<Value> {
        let path = self.path(place, frame).await?;
        let value = self.eval(value, frame).await?;
        let mut root = self.root(place, frame, false).await?;
        let old = descend(&mut root, &path, place)?;
        *old = operator::arith(op, old.clone(), value).or_else(at(&expr.span))?;
        self.put_root(place, root, frame).await?;
        Ok(Value::Unit)
    }

    pub async fn mutate(
        &mut self,
        place: &'p Place,
        op: MutateOp,
        args: &'p [Expr],
        frame: &mut Frame<'p>,
        expr: &'p Expr,
    ) -> Eval<Value> {
        let path = self.path(place, frame).await?;
        let args = self.eval_all(args, frame).await?;
        let mut root = self.root(place, frame, false).await?;
        let target = descend(&mut root, &path, place)?;
        let answer = change(target, op, args).or_else(at(&expr.span))?;
        if took_nothing(op, &answer) {
            return Ok(answer);
        }
        self.put_root(place, root, frame).await?;
        Ok(answer)
    }

    async fn path(&mut self, place: &'p Place, frame: &mut Frame<'p>) -> Eval<Vec<Down>> {
        let mut path = Vec::with_capacity(place.path.len());
        for step in &place.path {
            path.push(match step {
                PlaceStep::Field(position) => Down::Field(*position as usize),
                PlaceStep::ListIndex(index) => Down::Index(self.eval(index, frame).await?),
                PlaceStep::MapKey(key) => Down::Key(self.eval(key, frame).await?),
            });
        }
        Ok(path)
    }

    /// The whole value the place is part of; nothing when it is about to be replaced anyway.
    async fn root(
        &mut self,
        place: &'p Place,
        frame: &mut Frame<'p>,
        replaced: bool,
    ) -> Eval<Value> {
        if replaced {
            return Ok(Value::Unit);
        }
        match place.root {
            PlaceRoot::Local(local) => {
                let value = frame.locals[local.0 as usize].clone();
                Ok(value.expect("a `var` starts with a value"))
            }
            PlaceRoot::State(field) => {
                let instance = frame
                    .instance
                    .clone()
                    .expect("own state is named only inside an entity");
                self.read_field(&instance, field).await
            }
        }
    }

    /// Outside of a transaction, in the waiting code of a workflow, a change of own state is one by itself.
    async fn put_root(
        &mut self,
        place: &'p Place,
        value: Value,
        frame: &mut Frame<'p>,
    ) -> Eval<()> {
        match place.root {
            PlaceRoot::Local(local) => frame.locals[local.0 as usize] = Some(value),
            PlaceRoot::State(field) => {
                let instance = frame
                    .instance
                    .as_ref()
                    .expect("own state is named only inside an entity");
                self.desk.state.write(instance, field, value);
                if self.transactions == 0 {
                    self.check_invariants().await?;
                }
            }
        }
        Ok(())
    }
}

/// Follows the way down; what is not there is a bug.
fn descend<'v>(root: &'v mut Value, path: &[Down], place: &Place) -> Eval<&'v mut Value> {
    let mut at = root;
    for step in path {
        at = match (step, at) {
            (Down::Field(position), Value::Record(fields)) => &mut fields[*position],
            (Down::Index(index), Value::List(items)) => {
                match operator::position(index, items.len()) {
                    Some(index) => &mut items[index],
                    None => return bug(CrashReason::IndexOutOfRange, &place.span),
                }
            }
            (Down::Key(key), Value::Map(entries)) => match entries.get_mut(key) {
                Some(value) => value,
                None => return bug(CrashReason::MissingKey, &place.span),
            },
            (_, other) => panic!("no such way into {other:?}"),
        };
    }
    Ok(at)
}

/// Taking out what is not there is no write.
fn took_nothing(op: MutateOp, answer: &Value) -> bool {
    match op {
        MutateOp::ListPop | MutateOp::MapRemove => *answer == Value::Option(None),
        MutateOp::SetRemove => *answer == Value::Bool(false),
        _ => false,
    }
}

/// The mutating methods.
fn change(target: &mut Value, op: MutateOp, args: Vec<Value>) -> Result<Value, CrashReason> {
    let mut args = args.into_iter();
    let mut next = || args.next().expect("as many arguments as the method takes");
    let option = |value: Option<Value>| Value::Option(value.map(Box::new));
    Ok(match (op, target) {
        (MutateOp::ListPush, Value::List(items)) => {
            items.push(next());
            Value::Unit
        }
        (MutateOp::ListPop, Value::List(items)) => option(items.pop()),
        (MutateOp::ListInsert, Value::List(items)) => {
            // One behind the last is a place to insert at.
            let index = operator::position(&next(), items.len() + 1);
            items.insert(index.ok_or(CrashReason::IndexOutOfRange)?, next());
            Value::Unit
        }
        (MutateOp::ListRemove, Value::List(items)) => {
            let index = operator::position(&next(), items.len());
            items.remove(index.ok_or(CrashReason::IndexOutOfRange)?)
        }
        (MutateOp::ListClear, Value::List(items)) => {
            items.clear();
            Value::Unit
        }
        (MutateOp::MapRemove, Value::Map(entries)) => option(entries.remove(&next())),
        (MutateOp::MapClear, Value::Map(entries)) => {
            entries.clear();
            Value::Unit
        }
        (MutateOp::SetAdd, Value::Set(items)) => Value::Bool(items.insert(next())),
        (MutateOp::SetRemove, Value::Set(items)) => Value::Bool(items.remove(&next())),
        (MutateOp::SetClear, Value::Set(items)) => {
            items.clear();
            Value::Unit
        }
        (op, target) => panic!("{op:?} on {target:?}"),
    })
}
