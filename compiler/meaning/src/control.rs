//! Expressions that decide what runs: blocks, branches, loops, transactions.

use weir_check::hir::{
    Arm, Block, EntityId, Expr, ExprKind, ForKind, ForSource, Lambda, Pattern, Stmt,
};
use weir_contract::Value;

use crate::call::{Closure, Frame, Step};
use crate::operator;
use crate::pattern::matches;
use crate::state::State;
use crate::stop::{Eval, Stop};
use crate::strand::Going;

/// A `for` on its way.
pub(crate) struct Walk<'p> {
    generators: &'p [(Pattern, ForSource)],
    wheres: &'p [Expr],
    each: Each<'p>,
    /// What `select` collected.
    values: Vec<Value>,
    /// It ends when so many are collected.
    most: i64,
    /// What `parallel for` will begin.
    pub branches: Vec<Closure<'p>>,
}

/// What a generator still has to give.
enum Items {
    /// Was there when the loop began.
    Known(Box<dyn Iterator<Item = Value> + Send>),
    /// Each is looked for when it is its turn: behind the keys of the one before.
    Instances(EntityId, Option<Vec<Value>>),
}

impl Items {
    fn next(&mut self, state: &State) -> Option<Value> {
        match self {
            Items::Known(items) => items.next(),
            Items::Instances(entity, last) => {
                let keys = state.next_key(*entity, last.take())?;
                *last = Some(keys.clone());
                Some(Value::Record(keys))
            }
        }
    }
}

/// What is done for each item.
#[derive(Clone, Copy)]
pub(crate) enum Each<'p> {
    Run(&'p Expr, ForKind),
    Branch(&'p Lambda),
}

impl<'p> Step<'p> {
    pub async fn control(&mut self, expr: &'p Expr, frame: &mut Frame<'p>) -> Eval<Value> {
        use ExprKind as E;
        match &expr.kind {
            E::Block(block) => self.block(block, frame).await,
            E::If {
                cond,
                then,
                otherwise,
            } => match (self.truth(cond, frame).await?, otherwise) {
                (true, _) => self.eval(then, frame).await,
                (false, Some(otherwise)) => self.eval(otherwise, frame).await,
                (false, None) => Ok(Value::Unit),
            },
            E::Match { subject, arms } => {
                let value = self.eval(subject, frame).await?;
                self.first_arm(arms, value, frame).await
            }
            E::While { cond, body } => {
                while self.truth(cond, frame).await? {
                    match self.eval(body, frame).await {
                        Err(Stop::Break) => break,
                        Ok(_) | Err(Stop::Continue) => {}
                        Err(stop) => return Err(stop),
                    }
                }
                Ok(Value::Unit)
            }
            E::For(walk) => {
                let each = Each::Run(&walk.body, walk.kind);
                let mut done = Walk::new(&walk.generators, &walk.wheres, each);
                if let Some(most) = &walk.most {
                    done.most = operator::int(&self.eval(most, frame).await?);
                }
                if done.most > 0 {
                    match self.walk(&mut done, 0, frame).await {
                        Ok(()) | Err(Stop::Break) => {}
                        Err(stop) => return Err(stop),
                    }
                }
                Ok(match walk.kind {
                    ForKind::Loop => Value::Unit,
                    ForKind::Select => Value::List(done.values),
                })
            }
            E::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value, frame).await?,
                    None => Value::Unit,
                };
                Err(Stop::Return(value))
            }
            E::Break => Err(Stop::Break),
            E::Continue => Err(Stop::Continue),
            E::Atomic(body) => {
                self.step_may_end(frame).await;
                let before = self.begin();
                let result = self.eval(body, frame).await;
                self.commit(before, result).await
            }
            other => unreachable!("{other:?} decides nothing"),
        }
    }

    async fn block(&mut self, block: &'p Block, frame: &mut Frame<'p>) -> Eval<Value> {
        let mut last = Value::Unit;
        for stmt in &block.stmts {
            last = match stmt {
                Stmt::Expr(expr) => self.eval(expr, frame).await?,
                Stmt::Let(pattern, expr) => {
                    let value = self.eval(expr, frame).await?;
                    let matched = matches(self.program, pattern, value, frame);
                    assert!(matched, "a `let` pattern always matches");
                    Value::Unit
                }
            };
        }
        Ok(last)
    }

    /// The first arm whose pattern matches and whose guard holds.
    async fn first_arm(
        &mut self,
        arms: &'p [Arm],
        value: Value,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        for arm in arms {
            if !matches(self.program, &arm.pattern, value.clone(), frame) {
                continue;
            }
            let holds = match &arm.guard {
                Some(guard) => self.truth(guard, frame).await?,
                None => true,
            };
            if holds {
                return self.eval(&arm.body, frame).await;
            }
        }
        panic!("no arm for {value:?}")
    }

    /// Generator by generator; a later one is evaluated anew for each value of those before it.
    /// `break` ends the whole `for`, `continue` the innermost round.
    pub fn walk<'a>(
        &'a mut self,
        walk: &'a mut Walk<'p>,
        depth: usize,
        frame: &'a mut Frame<'p>,
    ) -> Going<'a, ()> {
        Box::pin(async move {
            let Some((pattern, source)) = walk.generators.get(depth) else {
                return self.innermost(walk, frame).await;
            };
            let mut items = match source {
                ForSource::Range(start, end) => {
                    let start = operator::int(&self.eval(start, frame).await?);
                    let end = operator::int(&self.eval(end, frame).await?);
                    Items::Known(Box::new((start..end).map(Value::Int)))
                }
                ForSource::Collection(collection) => {
                    let collection = self.eval(collection, frame).await?;
                    Items::Known(Box::new(operator::items(collection).into_iter()))
                }
                ForSource::Entities(entity) => Items::Instances(*entity, None),
                ForSource::Entries(stream, in_windows) => {
                    Items::Known(Box::new(self.seen(*stream, *in_windows).into_iter()))
                }
            };
            while let Some(item) = items.next(&self.desk.state) {
                self.spend(walk.each.body())?;
                let matched = matches(self.program, pattern, item, frame);
                assert!(matched, "the pattern of a `for` always matches");
                self.walk(walk, depth + 1, frame).await?;
            }
            Ok(())
        })
    }

    async fn innermost(&mut self, walk: &mut Walk<'p>, frame: &mut Frame<'p>) -> Eval<()> {
        for condition in walk.wheres {
            if !self.truth(condition, frame).await? {
                return Ok(());
            }
        }
        match walk.each {
            Each::Branch(branch) => walk.branches.push(self.branch(branch, frame)),
            Each::Run(body, kind) => match (self.eval(body, frame).await, kind) {
                (Ok(value), ForKind::Select) => {
                    walk.values.push(value);
                    if walk.values.len() as i64 >= walk.most {
                        return Err(Stop::Break);
                    }
                }
                (Ok(_), ForKind::Loop) | (Err(Stop::Continue), _) => {}
                (Err(stop), _) => return Err(stop),
            },
        }
        Ok(())
    }

    /// Its parameters are the item's variables, as they are now.
    fn branch(&self, branch: &'p Lambda, frame: &Frame<'p>) -> Closure<'p> {
        let mut closure = self.closure(branch, frame);
        if let Closure::Lambda(_, around) = &mut closure {
            for param in &branch.params {
                around.locals[param.0 as usize] = frame.locals[param.0 as usize].clone();
            }
        }
        closure
    }
}

impl<'p> Walk<'p> {
    pub fn new(generators: &'p [(Pattern, ForSource)], wheres: &'p [Expr], each: Each<'p>) -> Self {
        Walk {
            generators,
            wheres,
            each,
            values: Vec::new(),
            most: i64::MAX,
            branches: Vec::new(),
        }
    }
}

impl<'p> Each<'p> {
    fn body(self) -> &'p Expr {
        match self {
            Each::Run(body, _) => body,
            Each::Branch(lambda) => &lambda.body,
        }
    }
}
