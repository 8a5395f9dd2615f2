//! Functions, handlers and transactions.

use std::collections::BTreeMap;
use std::rc::Rc;

use weir_check::hir::{
    Arg, Body, Checked, Expr, FieldId, FnId, Function, Implementation, Lambda, LocalId,
};
use weir_contract::{CrashReason, Defs, Type, Value};

use crate::intrinsic;
use crate::stop::{Eval, Stop, at, bug};
use crate::types::{closed_type, error_def};
use crate::world::{Caller, InstanceKey, Limits, State};

/// One step while it runs.
pub(crate) struct Step<'p> {
    pub program: &'p Checked,
    pub defs: &'p Defs,
    pub limits: Limits,
    pub state: State,
    pub caller: &'p Caller,
    /// Microseconds since 1970; the same in the whole step.
    pub time: i64,
    /// Transactions inside one another; 0 is outside any.
    transactions: u32,
    calls: u32,
    expressions: u64,
}

/// The variables of one call.
#[derive(Clone, Default)]
pub(crate) struct Frame<'p> {
    /// By [`LocalId`]; `None` until it is assigned.
    pub locals: Vec<Option<Value>>,
    /// Parameters of function type.
    pub functions: BTreeMap<LocalId, Rc<Closure<'p>>>,
    /// Whose state the code sees as its own.
    pub instance: Option<InstanceKey>,
    /// In place of the function's type parameters.
    pub type_args: Vec<Type>,
}

/// What a parameter of function type stands for.
pub(crate) enum Closure<'p> {
    /// With the variables around it as they were when it was passed; nobody can change them while it is in use.
    Lambda(&'p Lambda, Frame<'p>),
    Function(FnId, Vec<Type>),
}

/// An argument ready to be bound.
pub(crate) enum Given<'p> {
    Value(Value),
    Default,
    Function(Rc<Closure<'p>>),
}

impl<'p> Step<'p> {
    pub fn new(
        program: &'p Checked,
        defs: &'p Defs,
        limits: Limits,
        state: State,
        caller: &'p Caller,
        time: i64,
    ) -> Self {
        Step {
            program,
            defs,
            limits,
            state,
            caller,
            time,
            transactions: 0,
            calls: 0,
            expressions: 0,
        }
    }

    /// From outside: a failure that leaves the function is the step's.
    pub fn enter_function(
        &mut self,
        id: FnId,
        keys: Option<&[Value]>,
        args: &[Option<Value>],
    ) -> Eval<Value> {
        let function = self.program.function(id);
        let instance = function
            .entity
            .zip(keys)
            .map(|(entity, keys)| (entity, keys.to_vec()));
        let given = args.iter().map(|arg| match arg {
            Some(value) => Given::Value(value.clone()),
            None => Given::Default,
        });
        let given = given.collect();
        if instance.is_some() {
            self.transaction(|step| step.run_function(function, instance, Vec::new(), given))
        } else {
            self.run_function(function, None, Vec::new(), given)
        }
    }

    /// A test is a step that calls handlers one after the other; a failure that leaves it is the step's.
    pub fn run_test(&mut self, position: usize) -> Eval<Value> {
        let body = &self.program.tests[position].body;
        self.run_body(body, Frame::default())?;
        Ok(Value::Unit)
    }

    /// A call inside the program gives a `Result` when the function can fail, with the failure as a value.
    pub fn call(
        &mut self,
        id: FnId,
        instance: Option<InstanceKey>,
        type_args: Vec<Type>,
        given: Vec<Given<'p>>,
        site: &'p Expr,
    ) -> Eval<Value> {
        if self.calls >= self.limits.calls {
            return bug(CrashReason::StackOverflow, &site.span);
        }
        let function = self.program.function(id);
        if let Implementation::Intrinsic(name) = &function.implementation {
            let frame = self.bind(function, Frame::default(), given)?;
            let args = frame
                .locals
                .into_iter()
                .map(|arg| arg.expect("built-in functions take values"));
            return intrinsic::run(name, args.collect()).or_else(at(&site.span));
        }
        self.calls += 1;
        let handler = instance.is_some();
        let result = if handler {
            self.transaction(|step| step.run_function(function, instance, type_args, given))
        } else {
            self.undo_if_it_fails(|step| step.run_function(function, None, type_args, given))
        };
        self.calls -= 1;
        match result {
            Ok(value) if function.fails.is_empty() => Ok(value),
            Ok(value) => Ok(Value::Ok(Box::new(value))),
            Err(Stop::Fail(error, fields)) => {
                Ok(Value::Err(error_def(self.program, error), fields))
            }
            Err(stop) => Err(stop),
        }
    }

    /// Calls what a parameter of function type stands for.
    pub fn call_closure(
        &mut self,
        closure: &Closure<'p>,
        args: Vec<Value>,
        site: &'p Expr,
    ) -> Eval<Value> {
        match closure {
            Closure::Function(id, type_args) => {
                let given = args.into_iter().map(Given::Value).collect();
                self.call(*id, None, type_args.clone(), given, site)
            }
            Closure::Lambda(lambda, around) => {
                if self.calls >= self.limits.calls {
                    return bug(CrashReason::StackOverflow, &site.span);
                }
                self.calls += 1;
                let mut frame = around.clone();
                for (param, value) in lambda.params.iter().zip(args) {
                    frame.locals[param.0 as usize] = Some(value);
                }
                let value = self.eval(&lambda.body, &mut frame);
                self.calls -= 1;
                value
            }
        }
    }

    /// What the arguments of a call are, from left to right.
    pub fn given(&mut self, args: &'p [Arg], frame: &mut Frame<'p>) -> Eval<Vec<Given<'p>>> {
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            given.push(match arg {
                Arg::Value(expr) => Given::Value(self.eval(expr, frame)?),
                Arg::Default => Given::Default,
                Arg::Param(param) => Given::Function(frame.functions[param].clone()),
                Arg::Function(id, type_args) => {
                    let type_args = self.close_all(type_args, frame);
                    Given::Function(Rc::new(Closure::Function(*id, type_args)))
                }
                Arg::Lambda(lambda) => {
                    let mut around = Frame {
                        locals: vec![None; frame.locals.len()],
                        functions: frame.functions.clone(),
                        instance: frame.instance.clone(),
                        type_args: frame.type_args.clone(),
                    };
                    for local in &lambda.captures {
                        around.locals[local.0 as usize] = frame.locals[local.0 as usize].clone();
                    }
                    Given::Function(Rc::new(Closure::Lambda(lambda, around)))
                }
            });
        }
        Ok(given)
    }

    pub fn close_all(&self, types: &[weir_check::hir::Type], frame: &Frame<'p>) -> Vec<Type> {
        let close = |ty| closed_type(self.program, ty, &frame.type_args);
        types.iter().map(close).collect()
    }

    fn run_function(
        &mut self,
        function: &'p Function,
        instance: Option<InstanceKey>,
        type_args: Vec<Type>,
        given: Vec<Given<'p>>,
    ) -> Eval<Value> {
        let Implementation::Body(body) = &function.implementation else {
            panic!("{} is built in", function.name);
        };
        let keys = instance
            .as_ref()
            .map(|(_, keys)| keys.clone())
            .unwrap_or_default();
        let mut frame = Frame {
            instance,
            type_args,
            ..Frame::default()
        };
        frame.locals.extend(keys.into_iter().map(Some));
        let frame = self.bind(function, frame, given)?;
        self.run_body(body, frame)
    }

    /// Puts the arguments behind what the frame has. A default is worked out in its place and sees the parameters
    /// before it.
    fn bind(
        &mut self,
        function: &'p Function,
        mut frame: Frame<'p>,
        given: Vec<Given<'p>>,
    ) -> Eval<Frame<'p>> {
        for (param, given) in function.params.iter().zip(given) {
            let value = match given {
                Given::Value(value) => Some(value),
                Given::Function(closure) => {
                    let local = LocalId(frame.locals.len() as u32);
                    frame.functions.insert(local, closure);
                    None
                }
                Given::Default => {
                    let default = param.default.as_ref();
                    let default = default.expect("only what has a default is left out");
                    Some(self.run_body(default, frame.clone())?)
                }
            };
            frame.locals.push(value);
        }
        Ok(frame)
    }

    fn run_body(&mut self, body: &'p Body, mut frame: Frame<'p>) -> Eval<Value> {
        frame
            .locals
            .resize(body.locals.len().max(frame.locals.len()), None);
        match self.eval(&body.root, &mut frame) {
            Err(Stop::Return(value)) => Ok(value),
            other => other,
        }
    }

    /// A handler or an `atomic` block. A failure that leaves it has changed nothing. When no other transaction is
    /// around it, the invariants of all instances written must hold at its end, and what it wrote then stays.
    pub fn transaction<T>(&mut self, run: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        self.transactions += 1;
        let result = self.undo_if_it_fails(run);
        // `return`, `break` and `continue` leave a transaction in order.
        let bug = matches!(result, Err(Stop::Bug(_)));
        if self.transactions == 1 && !bug {
            let touched = std::mem::take(&mut self.state.touched);
            for instance in &touched {
                self.check_invariants(instance)?;
            }
        }
        self.transactions -= 1;
        result
    }

    /// Inside a transaction, a function that fails has changed nothing. Outside one there is nothing to undo: each
    /// transaction it went through has ended and stays.
    fn undo_if_it_fails<T>(&mut self, run: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        let before = (self.transactions > 0).then(|| self.state.clone());
        let result = run(self);
        if let (Err(Stop::Fail(..)), Some(before)) = (&result, before) {
            self.state = before;
        }
        result
    }

    fn check_invariants(&mut self, instance: &InstanceKey) -> Eval<()> {
        for invariant in &self.program.entity(instance.0).invariants {
            let value = self.run_body(invariant, self.keys_frame(instance))?;
            if value != Value::Bool(true) {
                return bug(CrashReason::InvariantBroken, &invariant.root.span);
            }
        }
        Ok(())
    }

    /// Whether all `allow` rules hold.
    pub fn allows(&mut self, instance: &InstanceKey) -> Eval<bool> {
        for rule in &self.program.entity(instance.0).allows {
            if self.run_body(rule, self.keys_frame(instance))? != Value::Bool(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A field that was never written holds its initial value, worked out when it is asked for.
    pub fn read_field(&mut self, instance: &InstanceKey, field: FieldId) -> Eval<Value> {
        let written = self.state.instances.get(instance);
        if let Some(value) = written.and_then(|fields| fields.get(&field)) {
            return Ok(value.clone());
        }
        let init = &self.program.entity(instance.0).fields[field.0 as usize].init;
        self.run_body(init, self.keys_frame(instance))
    }

    pub fn constant(&mut self, body: &'p Body) -> Eval<Value> {
        self.run_body(body, Frame::default())
    }

    fn keys_frame(&self, instance: &InstanceKey) -> Frame<'p> {
        Frame {
            locals: instance.1.iter().cloned().map(Some).collect(),
            instance: Some(instance.clone()),
            ..Frame::default()
        }
    }

    /// Each expression costs one: a program that never ends is a bug.
    pub fn spend(&mut self, expr: &Expr) -> Eval<()> {
        self.expressions += 1;
        if self.expressions > self.limits.expressions {
            return bug(CrashReason::StepTooLong, &expr.span);
        }
        Ok(())
    }
}
