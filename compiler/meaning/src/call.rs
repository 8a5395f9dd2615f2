//! Calls of functions and handlers.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_check::hir::{
    Arg, Body, Checked, Effect, Expr, FieldId, FnId, Function, Implementation, Lambda, LocalId,
};
use weir_contract::{CrashReason, Type, Value};

use crate::intrinsic;
use crate::state::{Call, Desk, InstanceKey};
use crate::stop::{Ending, Eval, Stop, at, bug};
use crate::strand::Hand;
use crate::types::{Types, error_def};
use crate::world::{Caller, Limits};

/// The evaluator: one for each strand.
pub(crate) struct Step<'p> {
    pub program: &'p Checked,
    pub types: Arc<Types>,
    pub limits: Limits,
    /// As in the world.
    pub finely: bool,
    pub caller: Arc<Caller>,
    /// The world's while the strand goes on; empty while it waits.
    pub desk: Desk<'p>,
    pub hand: Hand<'p>,
    /// Transactions inside one another; 0 is outside any.
    pub transactions: u32,
    pub calls: u32,
    /// Of this step.
    pub expressions: u64,
}

/// The variables of one call.
#[derive(Clone, Default)]
pub(crate) struct Frame<'p> {
    /// By [`LocalId`]; `None` until it is assigned.
    pub locals: Vec<Option<Value>>,
    /// Parameters of function type.
    pub functions: BTreeMap<LocalId, Arc<Closure<'p>>>,
    /// Whose state the code sees as its own.
    pub instance: Option<InstanceKey>,
    /// In place of the function's type parameters.
    pub type_args: Vec<Type>,
    /// It may end in a later step than it begins.
    pub waits: bool,
}

/// What a parameter of function type stands for; also a branch, an undo or the answer of a mock.
pub(crate) enum Closure<'p> {
    /// With the variables around it as they were when it was passed; nobody can change them while it is in use.
    Lambda(&'p Lambda, Frame<'p>),
    Function(FnId, Vec<Type>),
}

/// An argument ready to be bound.
pub(crate) enum Given<'p> {
    Value(Value),
    Default,
    Function(Arc<Closure<'p>>),
}

impl<'p> Step<'p> {
    /// From outside or by a message: a failure that leaves the function is the run's.
    pub async fn enter(&mut self, call: Call) -> Eval<Value> {
        let function = self.program.function(call.function);
        let given = call.args.into_iter().map(|arg| match arg {
            Some(value) => Given::Value(value),
            None => Given::Default,
        });
        self.run_function(function, call.instance, Vec::new(), given.collect())
            .await
    }

    /// A failure that leaves a test is the run's. `args` were made up for its parameters.
    pub async fn run_test(&mut self, position: usize, args: Vec<Value>) -> Eval<Value> {
        let body = &self.program.tests[position].body;
        let frame = Frame {
            locals: args.into_iter().map(Some).collect(),
            waits: true,
            ..Frame::default()
        };
        self.run_body(body, frame).await?;
        Ok(Value::Unit)
    }

    /// A call inside the program gives a `Result` when the function can fail, with the failure as a value.
    pub async fn call(
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
            let frame = self.bind(function, Frame::default(), given).await?;
            let args = frame.locals.into_iter();
            let args: Vec<Value> = args
                .map(|arg| arg.expect("built-in functions take values"))
                .collect();
            let done = match intrinsic::host_call(name, &type_args, &args) {
                Some(call) => {
                    intrinsic::on_host(&call, args, &self.types.defs, &self.desk.settings)
                }
                None => intrinsic::run(name, args),
            };
            return done.or_else(at(&site.span));
        }
        self.calls += 1;
        let result = self
            .run_function(function, instance, type_args, given)
            .await;
        self.calls -= 1;
        match result {
            Ok(value) if function.fails.is_empty() => Ok(value),
            other => Ok(self.result(ended(other)?)),
        }
    }

    /// As a value of a `Result` type.
    pub fn result(&self, ending: Ending) -> Value {
        match ending {
            Ok(value) => Value::Ok(Box::new(value)),
            Err((error, fields)) => Value::Err(error_def(error), fields),
        }
    }

    /// Calls what a parameter of function type stands for.
    pub async fn call_closure(
        &mut self,
        closure: &Closure<'p>,
        args: Vec<Value>,
        site: &'p Expr,
    ) -> Eval<Value> {
        match closure {
            Closure::Function(id, type_args) => {
                let given = args.into_iter().map(Given::Value).collect();
                self.call(*id, None, type_args.clone(), given, site).await
            }
            Closure::Lambda(..) => {
                if self.calls >= self.limits.calls {
                    return bug(CrashReason::StackOverflow, &site.span);
                }
                self.calls += 1;
                let value = self.run_closure(closure, args).await;
                self.calls -= 1;
                value
            }
        }
    }

    /// The body of a lambda with its variables.
    pub async fn run_closure(&mut self, closure: &Closure<'p>, args: Vec<Value>) -> Eval<Value> {
        let Closure::Lambda(lambda, around) = closure else {
            unreachable!("a function is called by its number")
        };
        let mut frame = around.clone();
        for (param, value) in lambda.params.iter().zip(args) {
            frame.locals[param.0 as usize] = Some(value);
        }
        self.eval(&lambda.body, &mut frame).await
    }

    /// A lambda with what it reads of the variables around it.
    pub fn closure(&self, lambda: &'p Lambda, frame: &Frame<'p>) -> Closure<'p> {
        let mut around = Frame {
            locals: vec![None; frame.locals.len()],
            functions: frame.functions.clone(),
            instance: frame.instance.clone(),
            type_args: frame.type_args.clone(),
            // A branch, an undo, an answer; any other lambda only reads, in the step that calls it.
            waits: true,
        };
        for local in &lambda.captures {
            around.locals[local.0 as usize] = frame.locals[local.0 as usize].clone();
        }
        Closure::Lambda(lambda, around)
    }

    /// What the arguments of a call are, from left to right.
    pub async fn given(&mut self, args: &'p [Arg], frame: &mut Frame<'p>) -> Eval<Vec<Given<'p>>> {
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            given.push(match arg {
                Arg::Value(expr) => Given::Value(self.eval(expr, frame).await?),
                Arg::Default => Given::Default,
                Arg::Param(param) => Given::Function(frame.functions[param].clone()),
                Arg::Function(id, type_args) => {
                    let type_args = self.close_all(type_args, frame);
                    Given::Function(Arc::new(Closure::Function(*id, type_args)))
                }
                Arg::Lambda(lambda) => {
                    let mut closure = self.closure(lambda, frame);
                    if let Closure::Lambda(_, around) = &mut closure {
                        around.waits = false;
                    }
                    Given::Function(Arc::new(closure))
                }
            });
        }
        Ok(given)
    }

    pub fn close_all(&self, types: &[weir_check::hir::Type], frame: &Frame<'p>) -> Vec<Type> {
        let close = |ty| self.types.closed(ty, &frame.type_args);
        types.iter().map(close).collect()
    }

    /// A handler is a transaction, unless it waits: that is only done outside of any.
    async fn run_function(
        &mut self,
        function: &'p Function,
        instance: Option<InstanceKey>,
        type_args: Vec<Type>,
        given: Vec<Given<'p>>,
    ) -> Eval<Value> {
        let is_transaction = instance.is_some() && function.effect < Effect::Wait;
        let before = match is_transaction {
            true => self.begin(),
            false => self.savepoint(),
        };
        let result = self.run_inside(function, instance, type_args, given).await;
        match is_transaction {
            true => self.commit(before, result).await,
            false => self.undo_failure(before, result),
        }
    }

    async fn run_inside(
        &mut self,
        function: &'p Function,
        instance: Option<InstanceKey>,
        type_args: Vec<Type>,
        given: Vec<Given<'p>>,
    ) -> Eval<Value> {
        let Implementation::Body(body) = &function.implementation else {
            panic!("{} is built in", function.name);
        };
        let keys = instance.iter().flat_map(|(_, keys)| keys.clone());
        let frame = Frame {
            locals: keys.map(Some).collect(),
            instance,
            type_args,
            waits: function.effect == Effect::Wait,
            ..Frame::default()
        };
        let frame = self.bind(function, frame, given).await?;
        self.run_body(body, frame).await
    }

    /// Puts the arguments behind what the frame has. A default is worked out in its place and sees the parameters
    /// before it.
    async fn bind(
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
                    Some(self.run_body(default, frame.clone()).await?)
                }
            };
            frame.locals.push(value);
        }
        Ok(frame)
    }

    pub async fn run_body(&mut self, body: &'p Body, mut frame: Frame<'p>) -> Eval<Value> {
        frame
            .locals
            .resize(body.locals.len().max(frame.locals.len()), None);
        match self.eval(&body.root, &mut frame).await {
            Err(Stop::Return(value)) => Ok(value),
            other => other,
        }
    }

    /// A field that was never written holds its initial value, worked out when it is asked for.
    pub async fn read_field(&mut self, instance: &InstanceKey, field: FieldId) -> Eval<Value> {
        if let Some(value) = self.merged(instance, field) {
            return Ok(value);
        }
        let written = self.desk.state.instances.get(instance);
        if let Some(value) = written.and_then(|fields| fields.get(&field)) {
            return Ok(value.clone());
        }
        let init = &self.program.entity(instance.0).fields[field.0 as usize].init;
        self.run_body(init, keys_frame(instance)).await
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

/// The variables of code that stands in an entity but in no handler.
pub(crate) fn keys_frame<'p>(instance: &InstanceKey) -> Frame<'p> {
    Frame {
        locals: instance.1.iter().cloned().map(Some).collect(),
        instance: Some(instance.clone()),
        ..Frame::default()
    }
}

/// How a function or branch ended, unless a bug has ended the step.
pub(crate) fn ended(result: Eval<Value>) -> Eval<Ending> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Fail(error, fields)) => Ok(Err((error, fields))),
        Err(stop) => Err(stop),
    }
}
