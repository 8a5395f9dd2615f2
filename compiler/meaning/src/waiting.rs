//! Expressions that wait: each ends the step, and what the wait gives is worked on in a later one.

use weir_check::hir::{
    Arg, Expr, ExprKind, ExternId, ForKind, Promise, ScratchCode, ScratchSource, Type, WaitArm,
};
use weir_contract::{CrashReason, Value};

use crate::call::{Frame, Step};
use crate::control::{Each, Walk};
use crate::operator;
use crate::pattern::all_match;
use crate::run::{Answer, Wait};
use crate::stop::{Ending, Eval, Stop, bug};

impl<'p> Step<'p> {
    pub async fn waiting(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<Value> {
        use ExprKind as E;
        match &expr.kind {
            E::Sleep(duration) => {
                let until = self.after(duration, frame).await?;
                self.wait(Wait::Until(until)).await;
                Ok(Value::Unit)
            }
            E::SleepUntil(time) => {
                let Value::Time(time) = self.eval(time, frame).await? else {
                    panic!("it sleeps until no Time")
                };
                self.wait(Wait::Until(time)).await;
                Ok(Value::Unit)
            }
            E::Wait { arms, after } => {
                let after = after.as_ref().map(|(delay, body)| (&**delay, &**body));
                self.wait_for_event(arms, after, frame).await
            }
            E::CallExtern {
                function,
                args,
                within,
            } => {
                let args = self.outside_args(*function, args, frame).await?;
                let until = self.deadline(within, frame).await?;
                let answer = self.ask_outside(*function, args, until, expr).await?;
                // One that cannot fail gives its value as it is.
                match (&expr.ty, answer) {
                    (Type::Result(..), answer) => Ok(self.result(answer)),
                    (_, Ok(value)) => Ok(value),
                    (_, Err(error)) => panic!("{error:?} of a function that cannot fail"),
                }
            }
            E::RunResult { run, within } => {
                let run = run_number(self.eval(run, frame).await?);
                let until = self.deadline(within, frame).await?;
                let answer = self.wait(Wait::Run { run, until }).await;
                let ending = self.ending(answer);
                Ok(self.result(ending))
            }
            E::Parallel(branches) => {
                let branches: Vec<_> = branches
                    .iter()
                    .map(|branch| self.closure(branch, frame))
                    .collect();
                self.desk.branches.extend(branches);
                Ok(Value::Record(self.join(None).await?))
            }
            E::ParallelFor {
                generators,
                wheres,
                at_once,
                branch,
                kind,
            } => {
                let at_once = match at_once {
                    Some(at_once) => Some(operator::int(&self.eval(at_once, frame).await?)),
                    None => None,
                };
                // All items are there before any branch begins.
                let mut walk = Walk::new(generators, wheres, Each::Branch(branch));
                self.walk(&mut walk, 0, frame).await?;
                self.desk.branches.append(&mut walk.branches);
                let values = self.join(at_once).await?;
                Ok(match kind {
                    ForKind::Loop => Value::Unit,
                    ForKind::Select => Value::List(values),
                })
            }
            E::Advance(duration) => {
                let until = self.after(duration, frame).await?;
                self.wait(Wait::Quiet(until)).await;
                Ok(Value::Unit)
            }
            E::Settle => {
                self.wait(Wait::Quiet(self.desk.time)).await;
                Ok(Value::Unit)
            }
            E::Scratch(scratch) => {
                // Others may have their turn meanwhile.
                self.wait(Wait::Turn).await;
                let made = self.scratch(&scratch.code, frame).await;
                match (made, scratch.lost) {
                    // A content that is gone. Nothing else is ever lost here.
                    (Err(Stop::Bug(bug)), Some(lost)) if bug.reason == CrashReason::NoBlob => {
                        let why = Value::Text(bug.reason.text().to_owned());
                        Err(Stop::Fail(lost, vec![why]))
                    }
                    (made, _) => made,
                }
            }
            other => unreachable!("{other:?} waits for nothing"),
        }
    }

    /// All in one part: how many there are makes no difference.
    async fn scratch(&mut self, code: &'p ScratchCode, frame: &mut Frame<'p>) -> Eval<Value> {
        let (source, each, finish) = match code {
            ScratchCode::Whole(lambda) => return self.eval(&lambda.body, frame).await,
            ScratchCode::Tasks {
                source,
                each,
                finish,
            } => (source, each, finish),
        };
        let items = match source {
            ScratchSource::List(lambda) => self.eval(&lambda.body, frame).await?,
            ScratchSource::Scratch(list) => frame.locals[list.0 as usize]
                .clone()
                .expect("it was made before"),
        };
        frame.locals[each.params[0].0 as usize] = Some(items);
        let rows = self.eval(&each.body, frame).await?;
        let Some(finish) = finish else {
            return Ok(rows);
        };
        frame.locals[finish.lambda.params[0].0 as usize] = Some(rows);
        let made = self.eval(&finish.lambda.body, frame).await?;
        Ok(match finish.keyed {
            false => made,
            true => Value::List(operator::items(made).into_iter().map(behind_key).collect()),
        })
    }

    /// The delay is computed first, then the oldest event that is named in an arm is taken.
    async fn wait_for_event(
        &mut self,
        arms: &'p [WaitArm],
        after: Option<(&'p Expr, &'p Expr)>,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        let until = match after {
            Some((delay, _)) => Some(self.after(delay, frame).await?),
            None => None,
        };
        let events = arms.iter().map(|arm| arm.event).collect();
        match (self.wait(Wait::Events { events, until }).await, after) {
            (Answer::Time, Some((_, body))) => self.eval(body, frame).await,
            (Answer::Event(event, args), _) => {
                for arm in arms.iter().filter(|arm| arm.event == event) {
                    if all_match(self.program, &arm.patterns, args.clone(), frame) {
                        return self.eval(&arm.body, frame).await;
                    }
                }
                panic!("no arm for {event:?} with {args:?}")
            }
            (other, _) => panic!("{other:?} is no event"),
        }
    }

    async fn outside_args(
        &mut self,
        function: ExternId,
        args: &'p [Arg],
        frame: &mut Frame<'p>,
    ) -> Eval<Vec<Value>> {
        let params = &self.program.extern_fn(function).params;
        let mut values = Vec::new();
        for (param, arg) in params.iter().zip(args) {
            values.push(match (arg, &param.default) {
                (Arg::Value(expr), _) => self.eval(expr, frame).await?,
                (_, Some(default)) => self.run_body(default, Frame::default()).await?,
                (arg, None) => panic!("{arg:?} goes nowhere outside"),
            });
        }
        Ok(values)
    }

    /// What is pure belongs to this step, and has no mocks.
    async fn ask_outside(
        &mut self,
        function: ExternId,
        args: Vec<Value>,
        until: Option<i64>,
        site: &'p Expr,
    ) -> Eval<Ending> {
        let declared = self.program.extern_fn(function);
        if declared.promise == Promise::Pure {
            let Some(pure) = self.desk.pure.as_mut() else {
                panic!(
                    "nobody computes the pure function {}.{}: `World::compute_by` says who does",
                    declared.module, declared.name
                )
            };
            return pure(function, &args).or_else(|reason| bug(reason, &site.span));
        }
        let answer = self
            .wait(Wait::Outside {
                function,
                args,
                until,
            })
            .await;
        Ok(self.ending(answer))
    }

    /// Begins the branches on the desk. When all that have begun have ended, their values; or the first failure.
    async fn join(&mut self, at_once: Option<i64>) -> Eval<Vec<Value>> {
        match self.wait(Wait::Branches(at_once)).await {
            Answer::Ended(Ok(Value::Record(values))) => Ok(values),
            Answer::Ended(Err((error, fields))) => Err(Stop::Fail(error, fields)),
            other => panic!("{other:?} of branches"),
        }
    }

    /// A time limit that was reached is an error like any other.
    fn ending(&self, answer: Answer) -> Ending {
        match answer {
            Answer::Ended(ending) => ending,
            Answer::Time => Err((self.program.failures.timed_out, Vec::new())),
            Answer::Event(event, _) => panic!("{event:?} ends nothing"),
        }
    }

    async fn deadline(
        &mut self,
        within: &'p Option<Box<Expr>>,
        frame: &mut Frame<'p>,
    ) -> Eval<Option<i64>> {
        Ok(match within {
            Some(duration) => Some(self.after(duration, frame).await?),
            None => None,
        })
    }

    /// The time so much later.
    async fn after(&mut self, duration: &'p Expr, frame: &mut Frame<'p>) -> Eval<i64> {
        match self.eval(duration, frame).await? {
            Value::Duration(duration) => Ok(self.desk.time.saturating_add(duration)),
            other => panic!("{other:?} is no Duration"),
        }
    }
}

/// The second of a pair.
fn behind_key(pair: Value) -> Value {
    match pair {
        Value::Record(mut pair) => pair.pop().expect("a pair"),
        other => panic!("{other:?} is no pair"),
    }
}

/// The value of a `Run` is its number.
fn run_number(value: Value) -> u64 {
    match value {
        Value::Int(number) => number as u64,
        other => panic!("{other:?} is no Run"),
    }
}
