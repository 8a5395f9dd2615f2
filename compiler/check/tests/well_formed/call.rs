//! Calls, messages, and code that others run later.

use weir_check::hir::*;

use crate::Checker;
use crate::types::{more, same};

impl Checker<'_> {
    pub fn args(&mut self, function: FnId, type_args: &[Type], args: &[Arg], at: &Expr) {
        let function = self.program.function(function);
        if args.len() != function.params.len() || type_args.len() != function.type_params.len() {
            self.say("wrong number of arguments", at);
            return;
        }
        for (arg, param) in args.iter().zip(&function.params) {
            let want = param.ty.substitute(type_args);
            match (arg, &want) {
                (Arg::Default, _)
                    if param.default.is_some()
                        || matches!(function.implementation, Implementation::Intrinsic(_)) => {}
                (Arg::Value(e), want) if !matches!(want, Type::Fn(..)) => {
                    self.part(e, want, &param.name)
                }
                (Arg::Param(id), want) => {
                    let found = self.local(*id);
                    if !same(&found, want) {
                        self.say("passes on another function type", at);
                    }
                }
                (Arg::Lambda(lambda), Type::Fn(params, ret)) => {
                    for (id, want) in lambda.params.iter().zip(params) {
                        let found = self.local(*id);
                        if !same(&found, want) {
                            self.say("a lambda's parameter", at);
                        }
                    }
                    self.part(&lambda.body, ret, "a lambda");
                }
                (Arg::Function(id, inner), Type::Fn(params, ret)) => {
                    let passed = self.program.function(*id);
                    let fine = passed
                        .params
                        .iter()
                        .zip(params)
                        .all(|(p, q)| same(&p.ty.substitute(inner), q))
                        && same(&passed.ret.substitute(inner), ret)
                        && passed.fails.is_empty();
                    if !fine {
                        self.say("a function by name", at);
                    }
                }
                _ => self.say("an argument of the wrong kind", at),
            }
        }
        let ret = function.ret.substitute(type_args);
        let gives = match function.fails.is_empty() {
            true => ret,
            false => Type::Result(Box::new(ret), function.fails.clone()),
        };
        self.fits(at, &gives, "a call");
        if !same(&gives, &at.ty) {
            self.say("a call", at);
        }
    }

    /// A branch or compensation: what it reads around it is in its captures.
    pub fn lambda(&mut self, lambda: &Lambda) {
        self.expr(&lambda.body);
        if !lambda.captures.is_sorted()
            || lambda.captures.iter().any(|id| lambda.params.contains(id))
        {
            self.say("captures are not as they should be", &lambda.body);
        }
    }

    /// What a call gives that may say how long to wait.
    pub fn limited(&mut self, gives: &Type, errors: &[ErrorId], within: Option<&Expr>) -> Type {
        let mut errors = errors.to_vec();
        if let Some(limit) = within {
            self.part(limit, &Type::Duration, "a limit");
            errors = more(&errors, self.program.failures.timed_out);
        }
        match errors.is_empty() {
            true => gives.clone(),
            false => Type::Result(Box::new(gives.clone()), errors),
        }
    }

    pub fn wait(
        &mut self,
        arms: &[WaitArm],
        after: Option<&(Box<Expr>, Box<Expr>)>,
        e: &Expr,
    ) -> bool {
        let entity = self.entity.expect("`wait` only in workflows");
        let workflow = self.program.entity(entity).workflow.as_ref();
        let events = &workflow.expect("`wait` only in workflows").events;
        for arm in arms {
            let params = &events[arm.event.0 as usize].params;
            let types: Vec<Type> = params.iter().map(|p| p.ty.clone()).collect();
            self.patterns(&arm.patterns, &types);
            self.part(&arm.body, &e.ty, "an arm");
        }
        if let Some((delay, body)) = after {
            self.part(delay, &Type::Duration, "a delay");
            self.part(body, &e.ty, "an arm");
        }
        !arms.is_empty() || after.is_some()
    }

    /// What sending gives.
    pub fn message(&mut self, message: &Message, is_delayed: bool, e: &Expr) -> Type {
        match message {
            Message::Function { function, args } => {
                self.sent(*function, args, e);
                Type::Ticket
            }
            Message::Handler {
                function,
                target,
                args,
            } => {
                self.sent(*function, args, e);
                let entity = self.program.function(*function).entity;
                let entity = entity.expect("a handler has an entity");
                self.target(entity, target.as_deref());
                let function_id = *function;
                let function = self.program.function(function_id);
                let workflow = self.program.entity(entity).workflow.as_ref();
                match workflow {
                    Some(workflow) if workflow.run == function_id && !is_delayed => {
                        Type::Run(Box::new(function.ret.clone()), function.fails.clone())
                    }
                    _ => Type::Ticket,
                }
            }
            Message::Event {
                entity,
                event,
                target,
                args,
            } => {
                self.target(*entity, target.as_deref());
                let workflow = self.program.entity(*entity).workflow.as_ref();
                let events = &workflow.expect("events only of workflows").events;
                self.all(args, &events[event.0 as usize].params, e);
                Type::Unit
            }
        }
    }

    pub fn target(&mut self, entity: EntityId, target: Option<&Expr>) {
        match target {
            Some(target) => self.instance(target, entity),
            None => assert_eq!(self.entity, Some(entity), "another entity without a target"),
        }
    }

    fn sent(&mut self, function: FnId, args: &[Arg], at: &Expr) {
        let params = &self.program.function(function).params;
        for (arg, param) in args.iter().zip(params) {
            match arg {
                Arg::Value(value) => self.part(value, &param.ty, &param.name),
                Arg::Default if param.default.is_some() => {}
                _ => self.say("an argument that cannot be sent", at),
            }
        }
        if args.len() != params.len() {
            self.say("wrong number of arguments", at);
        }
    }
}
