//! Statements: each is one line, or a head, the lines inside, and a closing brace.

use super::expr::no_literal;
use super::items::COST_MAX;
use super::strand::{LEFT, ME};
use super::{Gen, Ty};

/// What the code at one place may name and do.
#[derive(Clone)]
pub struct Scope {
    pub vars: Vec<Var>,
    /// The entity whose state is named bare.
    pub own: Option<usize>,
    pub ret: Ty,
    pub fails: Vec<usize>,
    pub read: bool,
    pub write: bool,
    /// Inside a lambda: cannot fail, leave or write.
    pub lambda: bool,
    pub in_loop: bool,
    /// `return` leaves the function; not so in a branch or an undo.
    pub returns: bool,
    /// Code of a strand: the key of the instances that only this strand touches, so that nobody can tell in which order
    /// strands take turns.
    pub me: Option<String>,
    /// May wait.
    pub wait: bool,
    /// The workflow whose events it may wait for.
    pub events: Option<usize>,
    /// Rounds of the loops around.
    pub rounds: u64,
    pub cost: u64,
    /// Statements inside one another.
    pub depth: usize,
}

#[derive(Clone)]
pub struct Var {
    pub name: String,
    pub ty: Ty,
    /// Declared by `var`.
    pub mutable: bool,
}

impl Scope {
    pub fn new(own: Option<usize>, ret: &Ty, fails: &[usize]) -> Scope {
        Scope {
            vars: Vec::new(),
            own,
            ret: ret.clone(),
            fails: fails.to_vec(),
            read: false,
            write: false,
            lambda: false,
            in_loop: false,
            returns: true,
            me: None,
            wait: false,
            events: None,
            rounds: 1,
            cost: 1,
            depth: 0,
        }
    }

    pub fn bind(&mut self, name: &str, ty: &Ty, mutable: bool) {
        self.vars.push(Var {
            name: name.to_owned(),
            ty: ty.clone(),
            mutable,
        });
    }
}

impl Gen {
    pub fn statements(&mut self, scope: &mut Scope, usual: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..self.size(usual) {
            self.statement(scope, &mut lines);
        }
        lines
    }

    /// Lines of a block, indented; what it binds is not seen outside. Never empty of things to do by accident only.
    pub fn block(&mut self, scope: &mut Scope, prepare: impl FnOnce(&mut Scope)) -> Vec<String> {
        let mut inner = scope.clone();
        inner.depth += 1;
        prepare(&mut inner);
        let usual = if inner.depth > 2 { 1 } else { 2 };
        let lines = self.statements(&mut inner, usual);
        scope.cost = inner.cost;
        lines.into_iter().map(|line| format!("  {line}")).collect()
    }

    fn statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        scope.cost += scope.rounds;
        if scope.wait && self.on(30) {
            return self.waiting_statement(scope, lines);
        }
        if self.owned && scope.write && !scope.lambda && self.on(8) {
            return self.emit_statement(scope, lines);
        }
        let deep = scope.depth > 3;
        match self.below(18) {
            0..=2 => {
                let ty = self.any_type(2);
                let value = self.expr(scope, &ty, 3, true);
                let (name, mutable) = (self.fresh("v"), self.on(50));
                let word = if mutable { "var" } else { "let" };
                lines.push(format!("{word} {name}: {} = {value}", self.spell(&ty)));
                scope.bind(&name, &ty, mutable);
            }
            3..=7 => self.change(scope, lines),
            8 | 9 if !deep => {
                let cond = self.condition(scope);
                lines.push(format!("if {} {{", cond.0));
                let bound = cond.1.clone();
                let inner = self.block(scope, |inner| inner.vars.extend(bound));
                lines.extend(inner);
                if self.on(40) {
                    lines.push("} else {".to_owned());
                    lines.extend(self.block(scope, |_| {}));
                }
                lines.push("}".to_owned());
            }
            10 | 11 if self.swarm.loops && !deep && scope.rounds < 64 => self.repeat(scope, lines),
            12 if !deep => self.match_statement(scope, lines),
            13 if !scope.fails.is_empty() => {
                let cond = self.expr(scope, &Ty::Bool, 2, false);
                let error = self.error(scope);
                lines.push(format!("require {cond} else {error}"));
            }
            14 if !deep && (scope.returns || scope.in_loop) => self.leave(scope, lines),
            15 if self.swarm.atomics && scope.write && !deep => {
                lines.push("atomic {".to_owned());
                // Leaving a transaction by `break` is for people with strong nerves.
                lines.extend(self.block(scope, |inner| {
                    inner.in_loop = false;
                    inner.wait = false;
                }));
                lines.push("}".to_owned());
            }
            _ => self.call_statement(scope, lines),
        }
    }

    /// A condition, and the variables it binds when it holds.
    fn condition(&mut self, scope: &mut Scope) -> (String, Vec<super::stmt::Var>) {
        if self.swarm.rests && self.swarm.lists && self.on(30) {
            return self.list_is(scope);
        }
        if self.swarm.options && self.on(30) {
            let ty = self.any_type(1);
            let subject = self.expr(scope, &Ty::option(ty.clone()), 2, false);
            let name = self.fresh("v");
            let bound = Var {
                name: name.clone(),
                ty,
                mutable: false,
            };
            return (format!("{subject} is Some({name})"), vec![bound]);
        }
        (self.expr(scope, &Ty::Bool, 3, false), Vec::new())
    }

    fn repeat(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let mut bound = Vec::new();
        let mut first = None;
        match self.below(6) {
            5 if scope.read && !self.entities.is_empty() => {
                let entity = self.below(self.entities.len());
                let (name, rounds) = (self.fresh("v"), self.fresh("v"));
                let filter = self.walk_filter(scope, entity, &name);
                lines.push(format!("var {rounds}: Int = 0"));
                let walked = &self.entities[entity].name;
                lines.push(format!("for {name} in {walked}{filter} {{"));
                // What the loop makes may be in front of it, again and again.
                first = Some(format!("  {rounds} += 1\n  if {rounds} > 4 {{ break }}"));
                bound.push(Var {
                    name,
                    ty: Ty::Ref(entity),
                    mutable: false,
                });
            }
            0 => {
                let (name, rounds) = (self.fresh("v"), 1 + self.below(4));
                lines.push(format!("var {name}: Int = 0"));
                lines.push(format!("while {name} < {rounds} {{"));
                // Counted before anything can go on to the next round.
                first = Some(format!("  {name} += 1"));
                bound.push(Var {
                    name,
                    ty: Ty::Int,
                    mutable: false,
                });
            }
            1 | 2 => {
                let (name, to) = (self.fresh("v"), 1 + self.below(4));
                let from = self.below(3);
                let filter = if self.on(25) {
                    format!(" where {name} != 1")
                } else {
                    String::new()
                };
                lines.push(format!("for {name} in {from}..{}{filter} {{", from + to));
                bound.push(Var {
                    name,
                    ty: Ty::Int,
                    mutable: false,
                });
            }
            kind => {
                let (name, ty) = (self.fresh("v"), self.any_type(1));
                let (collection, pattern) = match kind {
                    3 if self.swarm.maps => {
                        let (key, value) = (self.key_type(), self.fresh("v"));
                        bound.push(Var {
                            name: value.clone(),
                            ty: ty.clone(),
                            mutable: false,
                        });
                        bound.push(Var {
                            name: name.clone(),
                            ty: key.clone(),
                            mutable: false,
                        });
                        let map = Ty::Map(Box::new(key), Box::new(ty));
                        (
                            self.expr(scope, &map, 2, false),
                            format!("({name}, {value})"),
                        )
                    }
                    _ => {
                        bound.push(Var {
                            name: name.clone(),
                            ty: ty.clone(),
                            mutable: false,
                        });
                        (self.expr(scope, &Ty::list(ty), 2, false), name)
                    }
                };
                lines.push(format!("for {pattern} in {collection} {{"));
            }
        }
        let rounds = scope.rounds;
        let inner = self.block(scope, |inner| {
            inner.vars.extend(bound);
            inner.in_loop = true;
            inner.rounds *= 4;
        });
        scope.rounds = rounds;
        lines.extend(first);
        lines.extend(inner);
        lines.push("}".to_owned());
    }

    /// Which instances a walk is for. In a strand: its own, because others may come to be in any order.
    pub fn walk_filter(&mut self, scope: &mut Scope, entity: usize, name: &str) -> String {
        if let Some(me) = &scope.me {
            return format!(" where {name}.k0 == {me}");
        }
        let (key, ty) = self.entities[entity].keys[0].clone();
        match self.below(3) {
            0 => {
                let value = self.key_literal(&ty);
                format!(" where {name}.{key} == {value}")
            }
            1 => {
                let value = self.expr(scope, &ty, 1, true);
                format!(" where {name}.{key} == {value}")
            }
            _ => String::new(),
        }
    }

    fn match_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        if !self.enums.is_empty() && self.on(50) {
            let id = self.below(self.enums.len());
            let subject = self.expr(scope, &Ty::Enum(id), 2, false);
            lines.push(format!("match {subject} {{"));
            let count = self.enums[id].variants.len();
            let named = if count > 1 && self.on(30) {
                count - 1
            } else {
                count
            };
            for tag in 0..named {
                let (name, fields) = self.variant(id, tag);
                let bound: Vec<Var> = fields
                    .into_iter()
                    .map(|ty| Var {
                        name: self.fresh("v"),
                        ty,
                        mutable: false,
                    })
                    .collect();
                let names: Vec<&str> = bound.iter().map(|v| v.name.as_str()).collect();
                let fields = if names.is_empty() {
                    String::new()
                } else {
                    format!("({})", names.join(", "))
                };
                lines.push(format!("  {name}{fields} => {{"));
                let inner = self.block(scope, |inner| inner.vars.extend(bound));
                lines.extend(inner.into_iter().map(|line| format!("  {line}")));
                lines.push("  }".to_owned());
            }
            if named < count {
                lines.push("  _ => {".to_owned());
                let inner = self.block(scope, |_| {});
                lines.extend(inner.into_iter().map(|line| format!("  {line}")));
                lines.push("  }".to_owned());
            }
            lines.push("}".to_owned());
            return;
        }
        let subject = self.expr(scope, &Ty::Int, 2, false);
        lines.push(format!("match {subject} {{"));
        let (a, b) = (self.below(3), 3 + self.below(3));
        for pattern in [format!("{a} | {b}"), "-1".to_owned(), "_".to_owned()] {
            lines.push(format!("  {pattern} => {{"));
            let inner = self.block(scope, |_| {});
            lines.extend(inner.into_iter().map(|line| format!("  {line}")));
            lines.push("  }".to_owned());
        }
        lines.push("}".to_owned());
    }

    /// `return`, `fail`, `break` or `continue`, under a condition.
    pub fn leave(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let cond = self.expr(scope, &Ty::Bool, 2, false);
        let what = match self.below(4) {
            0 if scope.in_loop => self.pick(&["break", "continue"]).to_owned(),
            _ if !scope.returns => self.pick(&["break", "continue"]).to_owned(),
            1 | 2 if !scope.fails.is_empty() => format!("fail {}", self.error(scope)),
            _ if scope.ret == Ty::Unit => "return".to_owned(),
            _ => {
                let ret = scope.ret.clone();
                format!("return {}", self.expr(scope, &ret, 2, true))
            }
        };
        lines.push(format!("if {cond} {{"));
        lines.push(format!("  {what}"));
        lines.push("}".to_owned());
    }

    /// An error the function may fail with.
    fn error(&mut self, scope: &mut Scope) -> String {
        let id = self.pick(&scope.fails.clone());
        let (name, fields) = (self.errors[id].name.clone(), self.errors[id].fields.clone());
        if fields.is_empty() {
            return name;
        }
        let values: Vec<String> = fields
            .iter()
            .map(|(_, ty)| self.expr(scope, ty, 2, true))
            .collect();
        format!("{name}({})", values.join(", "))
    }

    /// Changes a `var` or own state, whole or in part.
    fn change(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        if self.swarm.merges
            && self.on(30)
            && let Some(line) = self.merge_change(scope)
        {
            lines.push(line);
            return;
        }
        let mut places: Vec<(String, Ty)> = scope
            .vars
            .iter()
            .filter(|v| v.mutable)
            .map(|v| (v.name.clone(), v.ty.clone()))
            .collect();
        if let Some(own) = scope.own {
            let fields = &self.entities[own].fields;
            places.extend(fields.iter().map(|f| (f.name.clone(), f.ty.clone())));
        }
        if places.is_empty() {
            return self.call_statement(scope, lines);
        }
        let (mut place, mut ty) = self.pick(&places);
        // Down into the value, as far as chance goes.
        for _ in 0..self.below(3) {
            match &ty {
                Ty::Record(id) => {
                    let fields = self.records[*id].fields.clone();
                    let (name, inner) = self.pick(&fields);
                    place = format!("{place}.{name}");
                    ty = inner;
                }
                Ty::Named(items) => {
                    let (name, inner) = self.pick(items);
                    place = format!("{place}.{name}");
                    ty = inner;
                }
                Ty::Tuple(items) => {
                    let at = self.below(items.len());
                    place = format!("{place}.{at}");
                    ty = items[at].clone();
                }
                Ty::List(item) if self.swarm.bad_indices => {
                    let index = if self.on(70) {
                        "0".to_owned()
                    } else {
                        self.expr(scope, &Ty::Int, 1, true)
                    };
                    place = format!("{place}[{}]", no_literal(index));
                    ty = (**item).clone();
                }
                Ty::Map(key, item) => {
                    let key = self.expr(scope, key, 1, true);
                    let assignable = self.on(60);
                    let item = (**item).clone();
                    if assignable {
                        let value = self.expr(scope, &item, 2, true);
                        lines.push(format!("{place}[{key}] = {value}"));
                        return;
                    }
                    if !self.swarm.bad_indices {
                        break;
                    }
                    place = format!("{place}[{key}]");
                    ty = item;
                }
                _ => break,
            }
        }
        let line = self.change_place(scope, &place, &ty);
        lines.push(line);
    }

    fn change_place(&mut self, scope: &mut Scope, place: &str, ty: &Ty) -> String {
        match ty {
            Ty::Int | Ty::Decimal | Ty::Float | Ty::Duration | Ty::Money if self.on(60) => {
                let op = if matches!(ty, Ty::Duration | Ty::Money) {
                    self.pick(&["+=", "-="])
                } else {
                    self.pick(&["+=", "-=", "*=", "+="])
                };
                format!("{place} {op} {}", self.expr(scope, ty, 2, true))
            }
            // Cut, or a text made of itself three times over leaves what a step can hold within a few calls; the interpreter
            // knows no such limit.
            Ty::Text if self.on(40) => {
                let more = self.expr(scope, &Ty::Text, 2, false);
                format!("{place} += {more}.take(100)")
            }
            Ty::Text => format!("{place} = {}.take(500)", self.expr(scope, ty, 3, false)),
            Ty::List(item) if self.on(75) => match self.below(7) {
                0 => format!("let _ = {place}.pop()"),
                1 if self.swarm.bad_indices => format!(
                    "let _ = {place}.remove({})",
                    self.expr(scope, &Ty::Int, 1, true)
                ),
                2 if self.swarm.bad_indices || self.on(50) => {
                    let index = if self.on(70) {
                        "0".to_owned()
                    } else {
                        self.expr(scope, &Ty::Int, 1, true)
                    };
                    format!(
                        "{place}.insert({index}, {})",
                        self.expr(scope, item, 2, true)
                    )
                }
                3 if self.on(30) => format!("{place}.clear()"),
                _ => format!("{place}.push({})", self.expr(scope, item, 2, true)),
            },
            Ty::Map(key, item) if self.on(80) => match self.below(5) {
                0 | 1 => format!("let _ = {place}.remove({})", self.expr(scope, key, 1, true)),
                2 if self.on(30) => format!("{place}.clear()"),
                _ => {
                    let key = self.expr(scope, key, 1, true);
                    format!("{place}[{key}] = {}", self.expr(scope, item, 2, true))
                }
            },
            Ty::Set(item) if self.on(85) => match self.below(6) {
                0 | 1 => format!(
                    "let _ = {place}.remove({})",
                    self.expr(scope, item, 1, true)
                ),
                2 if self.on(30) => format!("{place}.clear()"),
                _ => format!("let _ = {place}.add({})", self.expr(scope, item, 1, true)),
            },
            _ => format!("{place} = {}", self.expr(scope, ty, 3, true)),
        }
    }

    /// A call for its effect; what it gives is looked at in one of the ways there are.
    fn call_statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let Some((call, ret, fails)) = self.call(scope, None) else {
            let ty = self.any_type(2);
            let value = self.expr(scope, &ty, 3, true);
            let name = self.fresh("v");
            lines.push(format!("let {name}: {} = {value}", self.spell(&ty)));
            scope.bind(&name, &ty, false);
            return;
        };
        if fails.is_empty() {
            lines.push(format!("let _ = {call}"));
            return;
        }
        let passes = fails.iter().all(|e| scope.fails.contains(e));
        match self.below(4) {
            0 | 1 if passes => {
                if ret == Ty::Unit {
                    lines.push(format!("{call}?"));
                } else {
                    let name = self.fresh("v");
                    lines.push(format!("let {name}: {} = {call}?", self.spell(&ret)));
                    scope.bind(&name, &ret, false);
                }
            }
            2 if scope.depth <= 3 => {
                lines.push(format!("match {call} {{"));
                let name = self.fresh("v");
                lines.push(format!("  Ok({name}) => {{"));
                let bound = Var {
                    name,
                    ty: ret,
                    mutable: false,
                };
                let inner = self.block(scope, |inner| {
                    if bound.ty != Ty::Unit {
                        inner.vars.push(bound)
                    }
                });
                lines.extend(inner.into_iter().map(|line| format!("  {line}")));
                lines.push("  }".to_owned());
                for error in fails {
                    let (name, fields) = (
                        self.errors[error].name.clone(),
                        self.errors[error].fields.clone(),
                    );
                    let bound: Vec<Var> = fields
                        .into_iter()
                        .map(|(_, ty)| Var {
                            name: self.fresh("v"),
                            ty,
                            mutable: false,
                        })
                        .collect();
                    let names: Vec<&str> = bound.iter().map(|v| v.name.as_str()).collect();
                    let fields = if names.is_empty() {
                        String::new()
                    } else {
                        format!("({})", names.join(", "))
                    };
                    lines.push(format!("  {name}{fields} => {{"));
                    let inner = self.block(scope, |inner| inner.vars.extend(bound));
                    lines.extend(inner.into_iter().map(|line| format!("  {line}")));
                    lines.push("  }".to_owned());
                }
                lines.push("}".to_owned());
            }
            _ => lines.push(format!("let _ = {call}")),
        }
    }

    /// A call of something made before, with its result type and its errors. `wanted` asks for a result.
    pub fn call(
        &mut self,
        scope: &mut Scope,
        wanted: Option<&Ty>,
    ) -> Option<(String, Ty, Vec<usize>)> {
        let fitting = (0..self.functions.len()).filter(|i| {
            let f = &self.functions[*i];
            let allowed = (scope.write || !f.writes)
                && (scope.read || !f.reads)
                && !(scope.lambda && f.writes)
                && (!f.waits || scope.wait && (f.entity.is_none() || f.entity == scope.own))
                && !f.is_run;
            let cheap = scope.cost + f.cost * scope.rounds < COST_MAX;
            allowed && cheap && wanted.is_none_or(|ty| *ty == f.ret)
        });
        let fitting: Vec<usize> = fitting.collect();
        if fitting.is_empty() {
            return None;
        }
        let id = self.pick(&fitting);
        scope.cost += self.functions[id].cost * scope.rounds;
        let (ret, fails) = (
            self.functions[id].ret.clone(),
            self.functions[id].fails.clone(),
        );
        let (name, entity) = (self.functions[id].name.clone(), self.functions[id].entity);
        let target = match entity {
            None => String::new(),
            Some(_) if self.functions[id].waits => String::new(),
            Some(entity) if scope.own == Some(entity) && self.on(50) => String::new(),
            Some(entity) => format!("{}.", self.instance(scope, entity)),
        };
        let params: Vec<(String, Ty, bool)> = self.functions[id]
            .params
            .iter()
            .map(|p| (p.name.clone(), p.ty.clone(), p.default.is_some()))
            .collect();
        let mut args = Vec::new();
        let mut by_name = false;
        for (name, ty, default) in params {
            if default && self.on(40) {
                by_name = true;
                continue;
            }
            let value = match (&scope.me, name.as_str()) {
                (Some(me), ME) => me.clone(),
                (_, LEFT) => self.below(4).to_string(),
                _ => self.expr(scope, &ty, 2, true),
            };
            args.push(if by_name {
                format!("{name}: {value}")
            } else {
                value
            });
        }
        Some((format!("{target}{name}({})", args.join(", ")), ret, fails))
    }

    /// An instance to call: a reference at hand, or keys.
    pub fn instance(&mut self, scope: &mut Scope, entity: usize) -> String {
        if let Some(me) = &scope.me {
            return format!("{}({me})", self.entities[entity].name);
        }
        let at_hand: Vec<String> = scope
            .vars
            .iter()
            .filter(|v| v.ty == Ty::Ref(entity))
            .map(|v| v.name.clone())
            .collect();
        if !at_hand.is_empty() && self.on(60) {
            return self.pick(&at_hand);
        }
        if scope.own == Some(entity) && self.on(20) {
            return "self".to_owned();
        }
        if self.on(60) {
            return self.some_instance(entity);
        }
        let (name, keys) = (
            self.entities[entity].name.clone(),
            self.entities[entity].keys.clone(),
        );
        let keys: Vec<String> = keys
            .iter()
            .map(|(_, ty)| self.expr(scope, ty, 1, true))
            .collect();
        format!("{name}({})", keys.join(", "))
    }
}
