//! Waiting in generated code: in the middle of expressions, and as statements of its own.
//!
//! Nobody may be able to tell in which order strands take turns. So each has a key of its own (`Scope::me`) and touches only
//! instances with that key; branches and what is sent get keys made from it. What many touch are counters. Of the branches of
//! a `parallel` only the last may fail: the others have begun by then, however finely steps are cut.

use super::stmt::{Scope, Var};
use super::{Gen, Ty};

/// The parameter that takes the key of the strand.
pub const ME: &str = "me";
/// The parameter that counts down in a function that calls itself.
pub const LEFT: &str = "left";

impl Gen {
    /// Whole seconds; what races with it has other fractions.
    pub fn pause(&mut self) -> String {
        format!("{}s", 1 + self.below(90))
    }

    /// A deadline or delay that ends at no whole second.
    fn deadline(&mut self) -> String {
        format!(
            "{}ms",
            1000 * (1 + self.below(120)) + 250 * (1 + self.below(3))
        )
    }

    /// A key that no other strand has.
    fn other_key(&mut self, scope: &Scope) -> String {
        let me = scope.me.as_deref().unwrap_or("k0");
        format!("({me} + \"{}\")", self.fresh(".b"))
    }

    /// A key that nothing had before, however often this place is reached.
    fn new_key(&mut self, scope: &Scope) -> String {
        let me = scope.me.as_deref().unwrap_or("k0");
        format!("({me} + \".{{Turn({me}).next()}}\")")
    }

    /// An expression of the type that waits on the way.
    pub fn waiting_expr(
        &mut self,
        scope: &mut Scope,
        ty: &Ty,
        depth: usize,
        told: bool,
    ) -> Option<String> {
        Some(match (self.below(10), ty) {
            (0 | 1, _) => {
                let value = self.expr(scope, ty, depth, false);
                format!("later({}, {value})", self.pause())
            }
            (2 | 3, _) => self.outside_expr(scope, ty, depth)?,
            (4 | 5, _) if scope.events.is_some() => {
                let (arms, after) = self.event_arms(scope);
                let arms = arms.into_iter().map(|(pattern, bound)| {
                    let count = scope.vars.len();
                    scope.vars.extend(bound);
                    let value = self.expr(scope, ty, depth.min(1), told);
                    scope.vars.truncate(count);
                    format!("{pattern} => {value}")
                });
                let mut arms: Vec<String> = arms.collect();
                if let Some(after) = after {
                    arms.push(format!(
                        "after {after} => {}",
                        self.expr(scope, ty, depth.min(1), told)
                    ));
                }
                format!("(wait {{ {} }})", arms.join(", "))
            }
            (6, Ty::Tuple(items)) => {
                let mut branches = Vec::new();
                for (i, item) in items.clone().iter().enumerate() {
                    let mut inner = self.branch(scope, i + 1 == items.len());
                    branches.push(self.expr(&mut inner, item, depth.min(2), told));
                    scope.cost = inner.cost;
                }
                format!("parallel {{ {} }}", branches.join(", "))
            }
            (6, Ty::List(item)) => {
                let (name, mut inner) = self.branch_for_each(scope);
                let chosen = self.chosen(scope, &name);
                inner.cost = scope.cost;
                let value = self.expr(&mut inner, item, depth.min(2), told);
                scope.cost = inner.cost;
                format!(
                    "(parallel for {name} in 0..{}{chosen} select {value})",
                    self.below(4)
                )
            }
            (7, _) => {
                let (call, ret) = self.child(scope, Some(ty))?;
                let other = self.expr(scope, &ret, depth, true);
                format!("({call} ?? {other})")
            }
            (8, _) if self.swarm.lists => {
                let items = [0, 1, 2].map(|_| self.expr(scope, ty, depth.min(1), false));
                let (at, pause) = (self.below(3), self.pause());
                format!("[{}][later({pause}, {at})]", items.join(", "))
            }
            _ => return None,
        })
    }

    /// A call of the outside world.
    fn outside_expr(&mut self, scope: &mut Scope, ty: &Ty, depth: usize) -> Option<String> {
        let fitting = (0..self.externs.len()).filter(|i| self.externs[*i].ret == *ty);
        let fitting: Vec<usize> = fitting.collect();
        if fitting.is_empty() {
            return None;
        }
        let id = self.pick(&fitting);
        let (params, fails) = (
            self.externs[id].params.clone(),
            self.externs[id].fails.clone(),
        );
        let args: Vec<String> = params
            .iter()
            .map(|ty| self.expr(scope, ty, depth.min(1), true))
            .collect();
        let call = format!("{}({})", self.externs[id].name, args.join(", "));
        if self.on(20) {
            let other = self.expr(scope, ty, depth, true);
            return Some(format!("({call}.within(2h) ?? {other})"));
        }
        if fails.is_empty() {
            return Some(call);
        }
        if fails.iter().all(|e| scope.fails.contains(e)) && self.on(40) {
            return Some(format!("{call}?"));
        }
        let other = self.expr(scope, ty, depth, true);
        Some(format!("({call} ?? {other})"))
    }

    /// The result of a workflow of its own; it may be cancelled at least.
    fn child(&mut self, scope: &mut Scope, wanted: Option<&Ty>) -> Option<(String, Ty)> {
        let (start, ret) = self.start(scope, wanted)?;
        Some(match self.below(3) {
            0 => (format!("(send {start}).result()"), ret),
            1 => {
                let deadline = self.deadline();
                (format!("(send {start}).result().within({deadline})"), ret)
            }
            _ => (start, ret),
        })
    }

    /// `Wf(key).run(..)` of a workflow made before.
    fn start(&mut self, scope: &mut Scope, wanted: Option<&Ty>) -> Option<(String, Ty)> {
        let fitting = (0..self.functions.len()).filter(|i| {
            let f = &self.functions[*i];
            f.is_run
                && wanted.is_none_or(|ty| *ty == f.ret)
                && scope.cost + f.cost * scope.rounds < super::items::COST_MAX
        });
        let fitting: Vec<usize> = fitting.collect();
        if fitting.is_empty() {
            return None;
        }
        let id = self.pick(&fitting);
        scope.cost += self.functions[id].cost * scope.rounds;
        let entity = self.functions[id].entity.expect("a run has a workflow");
        let (name, key) = (self.entities[entity].name.clone(), self.other_key(scope));
        let params = self.functions[id].params.iter().map(|p| p.ty.clone());
        let params: Vec<Ty> = params.collect();
        let args: Vec<String> = params
            .iter()
            .map(|ty| self.expr(scope, ty, 1, true))
            .collect();
        let call = format!("{name}({key}).run({})", args.join(", "));
        Some((call, self.functions[id].ret.clone()))
    }

    /// Patterns that cover the events they name, with what they bind; and mostly a deadline.
    fn event_arms(&mut self, scope: &Scope) -> (Vec<(String, Vec<Var>)>, Option<String>) {
        let workflow = scope.events.expect("code of a workflow");
        let events = self.entities[workflow].events.clone();
        let mut arms = Vec::new();
        for event in events {
            if !arms.is_empty() && self.on(40) {
                continue;
            }
            if event.fields.iter().any(|(_, ty)| *ty == Ty::Int) && self.on(30) {
                let patterns = event.fields.iter().map(|(_, ty)| match ty {
                    Ty::Int => self.below(3).to_string(),
                    _ => "_".to_owned(),
                });
                let patterns: Vec<String> = patterns.collect();
                arms.push((format!("{}({})", event.name, patterns.join(", ")), vec![]));
            }
            let bound: Vec<Var> = event
                .fields
                .iter()
                .map(|(_, ty)| Var {
                    name: self.fresh("v"),
                    ty: ty.clone(),
                    mutable: false,
                })
                .collect();
            let names: Vec<&str> = bound.iter().map(|v| v.name.as_str()).collect();
            arms.push((format!("{}({})", event.name, names.join(", ")), bound));
        }
        let after = self.on(90).then(|| self.deadline());
        (arms, after)
    }

    /// The scope of a branch: a strand of its own.
    fn branch(&mut self, scope: &Scope, may_fail: bool) -> Scope {
        let mut inner = self.apart(scope);
        inner.me = Some(self.other_key(scope));
        inner.own = None;
        if !may_fail {
            inner.fails.clear();
        }
        inner
    }

    /// The scope of a branch for each number, and the number's name.
    fn branch_for_each(&mut self, scope: &Scope) -> (String, Scope) {
        let mut inner = self.branch(scope, false);
        let name = self.fresh("v");
        let key = inner.me.take().expect("a branch has a key");
        inner.me = Some(format!("({key} + \".{{{name}}}\")"));
        inner.bind(&name, &Ty::Int, false);
        inner.rounds *= 4;
        (name, inner)
    }

    /// Which of the numbers get a branch. A condition is looked at by the strand around, and may wait.
    fn chosen(&mut self, scope: &mut Scope, name: &str) -> String {
        if self.on(50) {
            return String::new();
        }
        if self.on(30) {
            return format!(" where (later({}, {name}) != 1)", self.pause());
        }
        let mut inner = scope.clone();
        inner.bind(name, &Ty::Int, false);
        inner.in_loop = false;
        inner.rounds *= 4;
        let condition = self.expr(&mut inner, &Ty::Bool, 2, false);
        scope.cost = inner.cost;
        format!(" where {condition}")
    }

    /// Code that runs apart from what is around it: reads its variables and leaves only by its end.
    fn apart(&mut self, scope: &Scope) -> Scope {
        let mut inner = scope.clone();
        for var in &mut inner.vars {
            var.mutable = false;
        }
        inner.in_loop = false;
        inner.returns = false;
        inner.events = None;
        inner
    }

    pub fn waiting_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let deep = scope.depth > 3;
        match self.below(14) {
            0 | 1 if scope.events.is_some() && !deep => {
                let (arms, after) = self.event_arms(scope);
                lines.push("wait {".to_owned());
                let mut arm = |this: &mut Gen, head: String, bound: Vec<Var>| {
                    lines.push(format!("  {head} => {{"));
                    let inner = this.block(scope, |inner| inner.vars.extend(bound));
                    lines.extend(inner.into_iter().map(|line| format!("  {line}")));
                    lines.push("  }".to_owned());
                };
                for (pattern, bound) in arms {
                    arm(self, pattern, bound);
                }
                if let Some(after) = after {
                    arm(self, format!("after {after}"), Vec::new());
                }
                lines.push("}".to_owned());
            }
            2 | 3 => self.undo_statement(scope, lines),
            4 | 5 => self.send_statement(scope, lines),
            6 if !deep => {
                lines.push("parallel {".to_owned());
                let count = 1 + self.below(3);
                for i in 0..count {
                    let mut inner = self.branch(scope, i + 1 == count);
                    let ty = self.any_type(1);
                    let value = self.expr(&mut inner, &ty, 2, false);
                    scope.cost = inner.cost;
                    lines.push(format!("  {value}"));
                }
                lines.push("}".to_owned());
            }
            7 if !deep && scope.rounds < 64 => {
                let (name, mut inner) = self.branch_for_each(scope);
                let chosen = self.chosen(scope, &name);
                inner.cost = scope.cost;
                lines.push(format!(
                    "parallel for {name} in 0..{}{chosen} {{",
                    self.below(4)
                ));
                lines.extend(self.block(&mut inner, |_| {}));
                scope.cost = inner.cost;
                lines.push("}".to_owned());
            }
            8 if !deep && scope.rounds < 64 => {
                // A condition that waits each time it is looked at.
                let (name, rounds) = (self.fresh("v"), 1 + self.below(3));
                lines.push(format!("var {name}: Int = 0"));
                lines.push(format!(
                    "while later({}, {name}) < {rounds} {{",
                    self.pause()
                ));
                lines.push(format!("  {name} += 1"));
                lines.extend(self.block(scope, |inner| {
                    inner.bind(&name, &Ty::Int, false);
                    inner.in_loop = true;
                    inner.rounds *= 4;
                }));
                lines.push("}".to_owned());
            }
            9 | 10 if !deep && (scope.returns || scope.in_loop) => self.leave(scope, lines),
            11 if self.swarm.lists => {
                let (name, ty) = (self.fresh("v"), self.any_type(1));
                let items = [0, 1, 2].map(|_| self.expr(scope, &ty, 1, true));
                let spelled = self.spell(&Ty::list(ty.clone()));
                lines.push(format!("var {name}: {spelled} = [{}]", items.join(", ")));
                let (at, pause) = (self.below(3), self.pause());
                let value = self.expr(scope, &ty, 2, true);
                lines.push(format!("{name}[later({pause}, {at})] = {value}"));
                scope.bind(&name, &Ty::list(ty), true);
            }
            12 if self.swarm.lists && scope.rounds < 64 => self.scratch_statement(scope, lines),
            _ => lines.push(format!("sleep({})", self.pause())),
        }
    }

    /// Temporary data, read after a while, and what is worked out from it. Of numbers that stay small.
    fn scratch_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let ints = scope.vars.iter().filter(|v| v.ty == Ty::Int);
        let mut ints: Vec<String> = ints.map(|v| v.name.clone()).collect();
        ints.push(self.below(9).to_string());
        let seed = self.pick(&ints);
        let (name, value) = (self.fresh("v"), self.fresh("v"));
        let (many, less) = (self.below(20), 2 + self.below(4));
        scope.cost += 200 * scope.rounds;
        let pauses = self.on(50);
        let pause = format!("sleep({})", self.pause());
        if self.on(50) {
            let sorted = match self.below(3) {
                0 => " sort by g desc",
                _ => "",
            };
            // Of some of them tasks make parts, of some not.
            let asks = [
                "sum(a)",
                "count()",
                "collect(a)[0]",
                "min(a * 3)",
                "max(a)",
                "first(a)",
                "last(a + b)",
                "top(a, 2)[0]",
                "count_distinct(a % 3)",
                "percentile(a, 0.5)",
                "average(a).to_int()",
                "(if g > 0 { sum(a * 6 / g) } else { 7 })",
            ];
            let asked = asks.map(str::to_owned);
            let (total, n, one) = (self.pick(&asked), self.pick(&asked), self.pick(&asked));
            lines.push(format!(
                "scratch let {name} = parallel for a in 0..{many}, b in 0..(a % 3 + 1) where (a * 7 + b) % {less} != 0 \
                 group by g: (a + {seed} % 5) % {less}, h: b{sorted} select (g, h, {total}, {n}, {one})"
            ));
            if pauses {
                lines.push(pause);
            }
            lines.push(format!(
                "let {value}: List<Int> = for (g, h, total, n, one) in {name} select g * 1000 + h * 100 + total * 10 + n + one"
            ));
        } else {
            let of = self.fresh("v");
            lines.push(format!(
                "scratch let {of} = parallel for a in 0..{many} where a % {less} != 1 select a + {seed} % 5"
            ));
            if pauses {
                lines.push(pause);
            }
            lines.push(format!(
                "scratch let {name} = parallel for p in {of} where p % 2 == 0 select p * 2"
            ));
            lines.push(format!(
                "let {value}: List<Int> = for p in {name} select p + {name}.length()"
            ));
        }
        // Which numbers, in which order, is seen at the end.
        lines.push(format!(
            "send Tally(\"a\").add({value}.fold(0, (h, x) => (h * 31 + x) % 10007))"
        ));
        scope.bind(&value, &Ty::list(Ty::Int), false);
    }

    /// A call that is undone when the run fails.
    fn undo_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let Some((call, ret, fails)) = self.call(scope, None) else {
            return lines.push(format!("sleep({})", self.pause()));
        };
        let passes = fails.iter().all(|e| scope.fails.contains(e));
        let (call, ret) = match (fails.is_empty(), passes && self.on(70)) {
            (true, _) => (call, ret),
            (false, true) => (format!("{call}?"), ret),
            (false, false) => (call, Ty::Unit),
        };
        let mut bound = None;
        if ret == Ty::Unit {
            lines.push(format!("let _ = {call} undo {{"));
        } else {
            let name = self.fresh("v");
            lines.push(format!("let {name}: {} = {call} undo {{", self.spell(&ret)));
            bound = Some((name, ret));
        }
        let mut inner = self.apart(scope);
        inner.fails.clear();
        if let Some((name, ty)) = &bound {
            inner.bind(name, ty, false);
        }
        lines.extend(self.block(&mut inner, |_| {}));
        scope.cost = inner.cost;
        lines.push("}".to_owned());
        if let Some((name, ty)) = bound {
            scope.bind(&name, &ty, false);
        }
    }

    /// An entry under the key of the strand, so that their order is that of its steps; now and then one that is taken back.
    pub fn emit_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let me = match (&scope.me, scope.own) {
            (Some(me), _) => me.clone(),
            (None, Some(_)) => "k0".to_owned(),
            (None, None) => return,
        };
        let by = self.expr(scope, &Ty::Int, 2, false);
        lines.push(match self.below(4) {
            0 => format!("Ledger({me}).doubt({by}) ?? ()"),
            _ => format!("heard.emit(Heard({me}, ({by}) % 1000))"),
        });
    }

    /// What is done later by others: on counters, which anybody may touch in any order, or under another key.
    fn send_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let after = match self.on(40) {
            true => format!(" after {}", self.deadline()),
            false => String::new(),
        };
        if self.on(30)
            && let Some((start, _)) = self.start(scope, None)
        {
            return lines.push(format!("send {start}"));
        }
        let sent = (0..self.functions.len()).filter(|i| {
            let f = &self.functions[*i];
            f.waits && f.entity.is_none() && scope.cost + f.cost * scope.rounds < 20_000
        });
        let sent: Vec<usize> = sent.collect();
        if !sent.is_empty() && self.on(30) {
            let id = self.pick(&sent);
            scope.cost += self.functions[id].cost * scope.rounds;
            let params = self.functions[id].params.iter();
            let params: Vec<(String, Ty)> =
                params.map(|p| (p.name.clone(), p.ty.clone())).collect();
            let args = params.into_iter().map(|(name, ty)| match name.as_str() {
                ME => self.new_key(scope),
                LEFT => self.below(3).to_string(),
                _ => self.expr(scope, &ty, 1, true),
            });
            let args: Vec<String> = args.collect();
            let name = self.functions[id].name.clone();
            return lines.push(format!("send {name}({}){after}", args.join(", ")));
        }
        let tally = self.pick(&["a", "b"]);
        let by = self.expr(scope, &Ty::Int, 2, true);
        let message = format!("send Tally(\"{tally}\").add({by}){after}");
        if !after.is_empty() && self.on(40) {
            let name = self.fresh("v");
            lines.push(format!("let {name} = {message}"));
            if self.on(50) {
                lines.push(format!("sleep({})", self.pause()));
            }
            return lines.push(format!("cancel({name})"));
        }
        lines.push(message);
    }
}
