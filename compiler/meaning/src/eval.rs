//! Expressions: operands from left to right, each evaluated once.

use weir_check::hir::{Arm, Block, Expr, ExprKind, For, ForKind, ForSource, Stmt, Type};
use weir_contract::{CrashReason, DefId, Value, library};

use crate::call::{Frame, Step};
use crate::operator;
use crate::stop::{Eval, Stop, at, bug};
use crate::types::closed_type;

/// The base of every `new` type is its own value; nothing marks it.
impl<'p> Step<'p> {
    pub fn eval(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<Value> {
        self.spend(expr)?;
        let value = self.eval_kind(expr, frame)?;
        // A block, `if` or `match` in the place of a statement gives nothing, whatever stands last in it.
        Ok(if expr.ty == Type::Unit {
            Value::Unit
        } else {
            value
        })
    }

    fn eval_kind(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<Value> {
        use ExprKind as E;
        match &expr.kind {
            E::Unit => Ok(Value::Unit),
            E::Bool(b) => Ok(Value::Bool(*b)),
            E::Int(n) => Ok(Value::Int(*n)),
            E::Decimal(n) => Ok(Value::Decimal(*n)),
            E::Float(x) => Ok(Value::Float(*x)),
            E::Text(text) => Ok(Value::Text(text.clone())),
            E::Time(t) => Ok(Value::Time(*t)),
            E::Duration(d) => Ok(Value::Duration(*d)),
            E::Interpolate(parts) => self.interpolate(parts, frame),

            E::Local(local) => Ok(frame.locals[local.0 as usize]
                .clone()
                .expect("assigned before it is read")),
            E::Constant(id) => self.constant(&self.program.constants[id.0 as usize].body),
            E::State(field) => {
                let instance = frame
                    .instance
                    .clone()
                    .expect("own state is named only inside an entity");
                self.read_field(&instance, *field)
            }
            E::StateOf {
                entity,
                target,
                field,
            } => {
                let keys = fields_of(self.eval(target, frame)?);
                self.read_field(&(*entity, keys), *field)
            }
            E::SelfRef => {
                let (_, keys) = frame
                    .instance
                    .clone()
                    .expect("`self` is named only inside an entity");
                Ok(Value::Record(keys))
            }
            E::Now => Ok(Value::Time(self.time)),
            E::CallerId => Ok(Value::Text(self.caller.id.clone())),
            E::CallerRoles => Ok(Value::Set(
                self.caller.roles.iter().cloned().map(Value::Text).collect(),
            )),

            E::Tuple(items) | E::Record(_, items) | E::Error(_, items) | E::EntityRef(_, items) => {
                Ok(Value::Record(self.eval_all(items, frame)?))
            }
            E::Variant(_, tag, fields) => Ok(Value::Variant(*tag, self.eval_all(fields, frame)?)),
            E::List(items) => Ok(Value::List(self.eval_all(items, frame)?)),
            E::Map(entries) => {
                let mut map = std::collections::BTreeMap::new();
                for (key, value) in entries {
                    // The last of equal keys stays, with the key as it was first written.
                    map.insert(self.eval(key, frame)?, self.eval(value, frame)?);
                }
                Ok(Value::Map(map))
            }
            E::Some(inner) => Ok(Value::Option(Some(Box::new(self.eval(inner, frame)?)))),
            E::None => Ok(Value::Option(None)),
            E::Wrap(_, inner) | E::Unwrap(_, inner) => self.eval(inner, frame),
            E::With(base, changes) => {
                let mut fields = fields_of(self.eval(base, frame)?);
                for (position, change) in changes {
                    fields[*position as usize] = self.eval(change, frame)?;
                }
                Ok(Value::Record(fields))
            }

            E::Field(base, position) => {
                Ok(fields_of(self.eval(base, frame)?).swap_remove(*position as usize))
            }
            E::ListIndex(list, index) => {
                let mut items = operator::items(self.eval(list, frame)?);
                match operator::position(&self.eval(index, frame)?, items.len()) {
                    Some(index) => Ok(items.swap_remove(index)),
                    None => bug(CrashReason::IndexOutOfRange, &expr.span),
                }
            }
            E::MapIndex(map, key) => {
                let mut entries = operator::entries(self.eval(map, frame)?);
                let value = entries.remove(&self.eval(key, frame)?);
                Ok(Value::Option(value.map(Box::new)))
            }

            E::Neg(inner) => {
                let value = self.eval(inner, frame)?;
                operator::negate(value).or_else(at(&expr.span))
            }
            E::Not(inner) => Ok(Value::Bool(!self.truth(inner, frame)?)),
            E::And(a, b) => Ok(Value::Bool(self.truth(a, frame)? && self.truth(b, frame)?)),
            E::Or(a, b) => Ok(Value::Bool(self.truth(a, frame)? || self.truth(b, frame)?)),
            E::Compare(op, a, b) => {
                let (a, b) = (self.eval(a, frame)?, self.eval(b, frame)?);
                Ok(Value::Bool(operator::compare(*op, &a, &b)))
            }
            E::Arith(op, a, b) => {
                let (a, b) = (self.eval(a, frame)?, self.eval(b, frame)?);
                operator::arith(*op, a, b).or_else(at(&expr.span))
            }
            E::InRange { value, start, end } => {
                let (value, start) = (self.eval(value, frame)?, self.eval(start, frame)?);
                let end = self.eval(end, frame)?;
                Ok(Value::Bool(start <= value && value < end))
            }
            E::In { value, collection } => {
                let (value, collection) = (self.eval(value, frame)?, self.eval(collection, frame)?);
                Ok(Value::Bool(match collection {
                    Value::List(items) => items.contains(&value),
                    Value::Set(items) => items.contains(&value),
                    Value::Map(entries) => entries.contains_key(&value),
                    other => panic!("{other:?} is no collection"),
                }))
            }
            E::Is(subject, pattern) => {
                let value = self.eval(subject, frame)?;
                Ok(Value::Bool(self.matches(pattern, value, frame)?))
            }

            E::Call {
                function,
                type_args,
                args,
            } => {
                let given = self.given(args, frame)?;
                let type_args = self.close_all(type_args, frame);
                self.call(*function, None, type_args, given, expr)
            }
            E::CallHandler {
                entity,
                function,
                target,
                args,
            } => {
                let instance = match target {
                    Some(target) => (*entity, fields_of(self.eval(target, frame)?)),
                    None => frame
                        .instance
                        .clone()
                        .expect("own handlers are called only inside an entity"),
                };
                let given = self.given(args, frame)?;
                self.call(*function, Some(instance), Vec::new(), given, expr)
            }
            E::CallParam { param, args } => {
                let args = self.eval_all(args, frame)?;
                let closure = frame.functions[param].clone();
                self.call_closure(&closure, args, expr)
            }

            E::Try(inner) => match self.eval(inner, frame)? {
                Value::Ok(value) => Ok(*value),
                Value::Err(error, fields) => Err(self.failure(error, fields)),
                other => panic!("`?` on {other:?}"),
            },
            E::Coalesce(first, other) => match self.eval(first, frame)? {
                Value::Ok(value) | Value::Option(Some(value)) => Ok(*value),
                Value::Err(..) | Value::Option(None) => self.eval(other, frame),
                value => panic!("`??` on {value:?}"),
            },
            E::Fail(error) => {
                let Type::Error(id) = error.ty else {
                    panic!("`fail` with a {:?}", error.ty)
                };
                let fields = fields_of(self.eval(error, frame)?);
                Err(Stop::Fail(id, fields))
            }

            E::Block(block) => self.block(block, frame),
            E::If {
                cond,
                then,
                otherwise,
            } => match (self.truth(cond, frame)?, otherwise) {
                (true, _) => self.eval(then, frame),
                (false, Some(otherwise)) => self.eval(otherwise, frame),
                (false, None) => Ok(Value::Unit),
            },
            E::Match { subject, arms } => {
                let value = self.eval(subject, frame)?;
                self.first_arm(arms, value, frame)
            }
            E::While { cond, body } => {
                while self.truth(cond, frame)? {
                    match self.eval(body, frame) {
                        Err(Stop::Break) => break,
                        Ok(_) | Err(Stop::Continue) => {}
                        Err(stop) => return Err(stop),
                    }
                }
                Ok(Value::Unit)
            }
            E::For(walk) => {
                let mut selected = Vec::new();
                match self.walk(walk, 0, frame, &mut selected) {
                    Ok(()) | Err(Stop::Break) => {}
                    Err(stop) => return Err(stop),
                }
                Ok(match walk.kind {
                    ForKind::Loop => Value::Unit,
                    ForKind::Select => Value::List(selected),
                })
            }
            E::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value, frame)?,
                    None => Value::Unit,
                };
                Err(Stop::Return(value))
            }
            E::Break => Err(Stop::Break),
            E::Continue => Err(Stop::Continue),
            E::Atomic(body) => self.transaction(|step| step.eval(body, frame)),

            E::Assign { place, value } => self.assign(place, value, frame),
            E::AssignOp { place, op, value } => self.assign_op(place, *op, value, frame, expr),
            E::Mutate { place, op, args } => self.mutate(place, *op, args, frame, expr),

            E::Expect(condition) => match self.truth(condition, frame)? {
                true => Ok(Value::Unit),
                false => bug(CrashReason::ExpectFailed, &expr.span),
            },
            _ => unreachable!("not interpreted yet"),
        }
    }

    pub fn eval_all(&mut self, exprs: &'p [Expr], frame: &mut Frame<'p>) -> Eval<Vec<Value>> {
        exprs.iter().map(|expr| self.eval(expr, frame)).collect()
    }

    fn truth(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<bool> {
        match self.eval(expr, frame)? {
            Value::Bool(b) => Ok(b),
            other => panic!("a condition is {other:?}"),
        }
    }

    fn interpolate(&mut self, parts: &'p [Expr], frame: &mut Frame<'p>) -> Eval<Value> {
        let mut text = String::new();
        for part in parts {
            let value = self.eval(part, frame)?;
            let ty = closed_type(self.program, &part.ty, &frame.type_args);
            text += &library::show(self.defs, &ty, &value);
        }
        Ok(Value::Text(text))
    }

    fn block(&mut self, block: &'p Block, frame: &mut Frame<'p>) -> Eval<Value> {
        let mut last = Value::Unit;
        for stmt in &block.stmts {
            last = match stmt {
                Stmt::Expr(expr) => self.eval(expr, frame)?,
                Stmt::Let(pattern, expr) => {
                    let value = self.eval(expr, frame)?;
                    let matched = self.matches(pattern, value, frame)?;
                    assert!(matched, "a `let` pattern always matches");
                    Value::Unit
                }
            };
        }
        Ok(last)
    }

    /// The first arm whose pattern matches and whose guard holds.
    fn first_arm(&mut self, arms: &'p [Arm], value: Value, frame: &mut Frame<'p>) -> Eval<Value> {
        for arm in arms {
            if !self.matches(&arm.pattern, value.clone(), frame)? {
                continue;
            }
            let holds = match &arm.guard {
                Some(guard) => self.truth(guard, frame)?,
                None => true,
            };
            if holds {
                return self.eval(&arm.body, frame);
            }
        }
        panic!("no arm for {value:?}")
    }

    /// Generator by generator; a later one is evaluated anew for each value of those before it.
    /// `break` ends the whole `for`, `continue` the innermost round.
    fn walk(
        &mut self,
        walk: &'p For,
        depth: usize,
        frame: &mut Frame<'p>,
        selected: &mut Vec<Value>,
    ) -> Eval<()> {
        let Some((pattern, source)) = walk.generators.get(depth) else {
            for condition in &walk.wheres {
                if !self.truth(condition, frame)? {
                    return Ok(());
                }
            }
            match (self.eval(&walk.body, frame), walk.kind) {
                (Ok(value), ForKind::Select) => selected.push(value),
                (Ok(_), ForKind::Loop) | (Err(Stop::Continue), _) => {}
                (Err(stop), _) => return Err(stop),
            }
            return Ok(());
        };
        match source {
            ForSource::Range(start, end) => {
                let (start, end) = (self.eval(start, frame)?, self.eval(end, frame)?);
                for n in operator::int(&start)..operator::int(&end) {
                    self.spend(&walk.body)?;
                    self.round(walk, depth, pattern, Value::Int(n), frame, selected)?;
                }
            }
            ForSource::Collection(collection) => {
                for item in operator::items(self.eval(collection, frame)?) {
                    self.spend(&walk.body)?;
                    self.round(walk, depth, pattern, item, frame, selected)?;
                }
            }
        }
        Ok(())
    }

    fn round(
        &mut self,
        walk: &'p For,
        depth: usize,
        pattern: &'p weir_check::hir::Pattern,
        item: Value,
        frame: &mut Frame<'p>,
        selected: &mut Vec<Value>,
    ) -> Eval<()> {
        let matched = self.matches(pattern, item, frame)?;
        assert!(matched, "the pattern of a `for` always matches");
        self.walk(walk, depth + 1, frame, selected)
    }

    /// An error value of a call becomes the failure of the caller.
    fn failure(&self, def: DefId, fields: Vec<Value>) -> Stop {
        let first = self.program.records.len() as u32;
        Stop::Fail(weir_check::hir::ErrorId(def.0 - first), fields)
    }
}

/// The parts of a record, tuple, error or entity reference.
fn fields_of(value: Value) -> Vec<Value> {
    match value {
        Value::Record(fields) => fields,
        other => panic!("{other:?} has no fields"),
    }
}
