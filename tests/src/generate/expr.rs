//! Expressions of a type that is asked for.
//!
//! Every operator stands in parentheses, so that the tree written is the tree meant. Where nothing around an expression says
//! its type (`told` is false), forms that need to be told (`None`, `[]`) are left out.

use super::stmt::{Scope, Var};
use super::{Gen, Ty};

impl Gen {
    pub fn expr(&mut self, scope: &mut Scope, ty: &Ty, depth: usize, told: bool) -> String {
        scope.cost += scope.rounds;
        if depth == 0 {
            return self.leaf(scope, ty, told);
        }
        if scope.wait
            && self.on(15)
            && let Some(waiting) = self.waiting_expr(scope, ty, depth - 1, told)
        {
            return waiting;
        }
        if self.on(45)
            && let Some(general) = self.general(scope, ty, depth - 1, told)
        {
            return general;
        }
        self.special(scope, ty, depth - 1, told)
    }

    /// A name, or the smallest value of the type.
    pub(super) fn leaf(&mut self, scope: &mut Scope, ty: &Ty, told: bool) -> String {
        if self.on(75)
            && let Some(name) = self.name(scope, ty)
        {
            return name;
        }
        self.made(scope, ty, 0, told)
    }

    /// Something at hand that has the type.
    fn name(&mut self, scope: &mut Scope, ty: &Ty) -> Option<String> {
        let mut names: Vec<String> = scope
            .vars
            .iter()
            .filter(|v| v.ty == *ty)
            .map(|v| v.name.clone())
            .collect();
        for Var {
            name, ty: whole, ..
        } in &scope.vars
        {
            match whole {
                Ty::Record(id) => {
                    let parts = self.records[*id].fields.iter().filter(|f| f.1 == *ty);
                    names.extend(parts.map(|f| format!("{name}.{}", f.0)));
                }
                Ty::Named(items) => {
                    let parts = items.iter().filter(|(_, item)| item == ty);
                    names.extend(parts.map(|(part, _)| format!("{name}.{part}")));
                }
                Ty::Tuple(items) => {
                    let parts = items.iter().enumerate().filter(|(_, item)| *item == ty);
                    names.extend(parts.map(|(i, _)| format!("{name}.{i}")));
                }
                _ => {}
            }
        }
        names.extend(
            self.constants
                .iter()
                .filter(|c| c.1 == *ty)
                .map(|c| c.0.clone()),
        );
        if let Some(own) = scope.own {
            let fields = self.entities[own].fields.iter().filter(|f| f.ty == *ty);
            names.extend(fields.map(|f| f.name.clone()));
            names.extend(self.merge_reads(own, ty));
        }
        (!names.is_empty()).then(|| self.pick(&names))
    }

    /// Forms that every type has.
    fn general(&mut self, scope: &mut Scope, ty: &Ty, depth: usize, told: bool) -> Option<String> {
        match self.below(17) {
            0..=3 => self.name(scope, ty),
            4 => {
                let (c, a) = (
                    self.expr(scope, &Ty::Bool, depth, false),
                    self.expr(scope, ty, depth, told),
                );
                let b = self.expr(scope, ty, depth, told);
                Some(format!("(if {c} {{ {a} }} else {{ {b} }})"))
            }
            5 if self.swarm.options => {
                let option = Ty::option(ty.clone());
                let (a, b) = (
                    self.expr(scope, &option, depth, false),
                    self.expr(scope, ty, depth, told),
                );
                Some(format!("({a} ?? {b})"))
            }
            6 if self.swarm.options => {
                let inner = self.simple_type();
                let option = self.expr(scope, &Ty::option(inner.clone()), depth, false);
                let name = self.fresh("v");
                scope.bind(&name, &inner, false);
                let some = self.expr(scope, ty, depth, told);
                scope.vars.retain(|v| v.name != name);
                let none = self.expr(scope, ty, depth, told);
                Some(format!(
                    "(match {option} {{ Some({name}) => {some}, None => {none} }})"
                ))
            }
            7 if !self.enums.is_empty() => {
                let id = self.below(self.enums.len());
                let subject = self.expr(scope, &Ty::Enum(id), depth, false);
                let mut arms = Vec::new();
                for tag in 0..self.enums[id].variants.len() {
                    let (variant, fields) = self.variant(id, tag);
                    let names: Vec<String> = fields.iter().map(|_| self.fresh("v")).collect();
                    for (name, ty) in names.iter().zip(&fields) {
                        scope.bind(name, ty, false);
                    }
                    let value = self.expr(scope, ty, depth.min(1), told);
                    scope.vars.retain(|v| !names.contains(&v.name));
                    let pattern = if names.is_empty() {
                        variant
                    } else {
                        format!("{variant}({})", names.join(", "))
                    };
                    arms.push(format!("{pattern} => {value}"));
                }
                Some(format!("(match {subject} {{ {} }})", arms.join(", ")))
            }
            8 | 9 => {
                let (call, _, fails) = self.call(scope, Some(ty))?;
                if fails.is_empty() {
                    return Some(call);
                }
                let passes = !scope.lambda && fails.iter().all(|e| scope.fails.contains(e));
                if passes && self.on(60) {
                    return Some(format!("{call}?"));
                }
                let other = self.expr(scope, ty, depth, true);
                Some(format!("({call} ?? {other})"))
            }
            10 if scope.read => {
                let mut fields = Vec::new();
                for (id, entity) in self.entities.iter().enumerate() {
                    let shown = entity.fields.iter().filter(|f| f.is_pub && f.ty == *ty);
                    fields.extend(shown.map(|f| (id, f.name.clone())));
                }
                if fields.is_empty() {
                    return None;
                }
                let (entity, field) = self.pick(&fields);
                Some(format!("{}.{field}", self.instance(scope, entity)))
            }
            11 if self.swarm.generics => {
                let c = self.expr(scope, &Ty::Bool, depth, false);
                let (a, b) = (
                    self.expr(scope, ty, depth, false),
                    self.expr(scope, ty, depth, false),
                );
                Some(format!("choose({c}, {a}, {b})"))
            }
            12 if self.swarm.generics && self.swarm.lambdas => {
                let from = if self.on(50) {
                    ty.clone()
                } else {
                    self.simple_type()
                };
                let x = self.expr(scope, &from, depth, false);
                let lambda = self.lambda(scope, &[from], ty, depth.min(1));
                Some(format!("through({x}, {lambda})"))
            }
            13 if self.swarm.lists => {
                let list = self.expr(scope, &Ty::list(ty.clone()), depth, false);
                if self.swarm.bad_indices && self.on(40) {
                    let index = self.expr(scope, &Ty::Int, depth.min(1), true);
                    return Some(format!("{list}[{}]", no_literal(index)));
                }
                let other = self.expr(scope, ty, depth, true);
                Some(format!("({list}.first() ?? {other})"))
            }
            14 | 15 => self.part_of_generic(scope, ty, depth),
            16 if self.swarm.rests && self.swarm.lists => {
                Some(self.list_match(scope, ty, depth, told))
            }
            _ => None,
        }
    }

    /// `(a, b) => body`. It may read what is around it and nothing more.
    fn lambda(&mut self, scope: &mut Scope, params: &[Ty], ret: &Ty, depth: usize) -> String {
        let mut inner = scope.clone();
        inner.lambda = true;
        inner.write = false;
        inner.wait = false;
        inner.rounds *= 4;
        let names: Vec<String> = params.iter().map(|_| self.fresh("v")).collect();
        for (name, ty) in names.iter().zip(params) {
            inner.bind(name, ty, false);
        }
        let body = self.expr(&mut inner, ret, depth, false);
        scope.cost = inner.cost;
        match names.as_slice() {
            [one] => format!("{one} => {body}"),
            _ => format!("({}) => {body}", names.join(", ")),
        }
    }

    /// Forms that make a value of just this type.
    fn special(&mut self, scope: &mut Scope, ty: &Ty, depth: usize, told: bool) -> String {
        let made = match ty {
            Ty::Int => self.int_expr(scope, depth),
            Ty::Bool => self.bool_expr(scope, depth),
            Ty::Decimal => self.decimal_expr(scope, depth),
            Ty::Float => self.float_expr(scope, depth),
            Ty::Text => self.text_expr(scope, depth),
            Ty::Time | Ty::Duration => self.time_expr(scope, ty, depth),
            Ty::Date => self.date_expr(scope),
            Ty::Money => self.money_expr(scope, depth),
            Ty::Blob => self.blob_expr(scope, depth),
            Ty::List(item) => self.list_expr(scope, item, depth),
            Ty::Set(item) => self.set_expr(scope, ty, item, depth),
            Ty::Option(of) => self.option_expr(scope, of, depth),
            Ty::Record(id) if self.on(30) => {
                let fields = self.records[*id].fields.clone();
                let (name, field) = self.pick(&fields);
                let base = self.expr(scope, ty, depth, false);
                Some(format!(
                    "{base}.with({name}: {})",
                    self.expr(scope, &field, depth, true)
                ))
            }
            _ => None,
        };
        made.unwrap_or_else(|| self.made(scope, ty, depth, told))
    }

    /// Written out part by part.
    fn made(&mut self, scope: &mut Scope, ty: &Ty, depth: usize, told: bool) -> String {
        let inner = depth.saturating_sub(1);
        match ty {
            Ty::List(item) => {
                let least = if told { 0 } else { 1 };
                let count = least + self.size(2);
                let items: Vec<String> = (0..count)
                    .map(|_| self.part(scope, item, inner, told))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Ty::Set(item) => {
                let least = if told { 0 } else { 1 };
                let count = least + self.size(2);
                let items: Vec<String> = (0..count)
                    .map(|_| self.part(scope, item, inner, told))
                    .collect();
                format!("set_of([{}])", items.join(", "))
            }
            Ty::Map(key, item) => {
                let least = if told { 0 } else { 1 };
                let count = least + self.size(2);
                if count == 0 {
                    return "[:]".to_owned();
                }
                let entry = |_| {
                    format!(
                        "{}: {}",
                        self.part(scope, key, inner, told),
                        self.part(scope, item, inner, told)
                    )
                };
                let entries: Vec<String> = (0..count).map(entry).collect();
                format!("[{}]", entries.join(", "))
            }
            Ty::Option(_) if told && self.on(30) => "None".to_owned(),
            Ty::Option(of) => format!("Some({})", self.part(scope, of, inner, told)),
            Ty::Tuple(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| self.part(scope, item, inner, told))
                    .collect();
                format!("({})", items.join(", "))
            }
            Ty::Named(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(name, item)| format!("{name}: {}", self.part(scope, item, inner, told)))
                    .collect();
                format!("({})", items.join(", "))
            }
            Ty::Record(id) => {
                let name = self.records[*id].name.clone();
                let fields = self.records[*id].fields.clone();
                // Of a type with parameters the fields have to tell the arguments.
                let told = told || self.records[*id].args.is_empty();
                let by_name = self.on(25);
                let field = |(name, ty): &(String, Ty)| {
                    let value = self.part(scope, ty, inner, told);
                    if by_name {
                        format!("{name}: {value}")
                    } else {
                        value
                    }
                };
                let fields: Vec<String> = fields.iter().map(field).collect();
                format!("{name}({})", fields.join(", "))
            }
            Ty::Enum(id) => {
                let (variants, told) = self.variants_at_hand(*id, depth, told);
                let tag = self.below(variants);
                let (name, fields) = self.variant(*id, tag);
                let fields: Vec<String> = fields
                    .iter()
                    .map(|ty| self.part(scope, ty, inner, told))
                    .collect();
                if fields.is_empty() {
                    name
                } else {
                    format!("{name}({})", fields.join(", "))
                }
            }
            Ty::New(id) => {
                let (name, base) = self.news[*id].clone();
                format!("{name}({})", self.part(scope, &base, inner, true))
            }
            Ty::Ref(id) => self.some_instance(*id),
            simple => self.literal(simple),
        }
    }

    fn part(&mut self, scope: &mut Scope, ty: &Ty, depth: usize, told: bool) -> String {
        if depth == 0 && self.on(50) {
            self.leaf(scope, ty, told)
        } else {
            self.expr(scope, ty, depth, told)
        }
    }

    fn int_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        if self.swarm.blobs && self.on(15) {
            return Some(self.int_of_blob(scope));
        }
        Some(match self.below(16) {
            0..=4 => self.binary(scope, &Ty::Int, &["+", "-", "*", "+", "-"], depth),
            5 => {
                let (a, b) = (self.expr(scope, &Ty::Int, depth, true), 1 + self.below(9));
                format!("({a} {} {b})", self.pick(&["/", "%"]))
            }
            6 if self.swarm.bad_indices => self.binary(scope, &Ty::Int, &["/", "%"], depth),
            7 => format!("(-{})", self.expr(scope, &Ty::Int, depth, true)),
            8 => {
                let op = self.pick(&["abs()", "sign()", "mod_floor(7)", "gcd(12)"]);
                format!("{}.{op}", self.expr(scope, &Ty::Int, depth, false))
            }
            9 if self.swarm.texts => {
                format!("{}.length()", self.expr(scope, &Ty::Text, depth, false))
            }
            10 if self.swarm.lists => {
                let item = self.simple_type();
                let list = self.expr(scope, &Ty::list(item.clone()), depth, false);
                match self.below(3) {
                    0 if self.swarm.lambdas => {
                        let lambda = self.lambda(scope, &[item], &Ty::Bool, depth.min(1));
                        format!("{list}.count_where({lambda})")
                    }
                    1 if self.swarm.lambdas => {
                        let lambda = self.lambda(scope, &[Ty::Int, item], &Ty::Int, depth.min(1));
                        format!("{list}.fold(0, {lambda})")
                    }
                    _ => format!("{list}.length()"),
                }
            }
            11 if self.swarm.times => {
                format!("{}.minute()", self.leaf(scope, &Ty::Time, false))
            }
            15 if self.swarm.times => {
                let (from, to) = (
                    self.leaf(scope, &Ty::Date, false),
                    self.leaf(scope, &Ty::Date, false),
                );
                format!("{from}.months_until({to})")
            }
            12 if self.swarm.decimals => {
                format!(
                    "({} % 1000.0).to_int()",
                    self.expr(scope, &Ty::Decimal, depth, false)
                )
            }
            13 if self.swarm.recursion => {
                format!("down({} % 40)", self.expr(scope, &Ty::Int, depth, true))
            }
            14 if self.swarm.maps => {
                let map = Ty::Map(Box::new(self.key_type()), Box::new(self.simple_type()));
                format!("{}.length()", self.expr(scope, &map, depth, false))
            }
            _ => return None,
        })
    }

    fn binary(&mut self, scope: &mut Scope, ty: &Ty, ops: &[&str], depth: usize) -> String {
        let (a, op) = (
            self.expr(scope, ty, depth, false),
            self.pick(ops).to_owned(),
        );
        let b = self.expr(scope, ty, depth, false);
        format!("({a} {op} {b})")
    }

    fn bool_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        Some(match self.below(12) {
            0..=3 => {
                let ty = if self.on(70) {
                    self.simple_type()
                } else {
                    self.any_type(2)
                };
                self.binary(scope, &ty, &["==", "!=", "<", "<=", ">", ">="], depth)
            }
            4 | 5 => self.binary(scope, &Ty::Bool, &["and", "or"], depth),
            6 => format!("(not {})", self.expr(scope, &Ty::Bool, depth, false)),
            7 => {
                let value = self.expr(scope, &Ty::Int, depth, false);
                let (from, to) = (self.below(5), self.below(20));
                format!("({value} in {from}..{to})")
            }
            8 if self.swarm.lists => {
                let item = self.any_type(1);
                let value = self.expr(scope, &item, depth, false);
                let list = self.expr(scope, &Ty::list(item), depth, false);
                format!("({value} in {list})")
            }
            9 if self.swarm.options => {
                let option = Ty::option(self.any_type(1));
                let pattern = self.pick(&["Some(_)", "None"]);
                format!("({} is {pattern})", self.expr(scope, &option, depth, false))
            }
            10 if self.swarm.sets => {
                let item = self.key_type();
                let set = self.expr(scope, &Ty::Set(Box::new(item.clone())), depth, false);
                format!("{set}.has({})", self.expr(scope, &item, depth, true))
            }
            11 if self.swarm.texts => {
                let (a, b) = (
                    self.expr(scope, &Ty::Text, depth, false),
                    self.expr(scope, &Ty::Text, depth, true),
                );
                format!(
                    "{a}.{}({b})",
                    self.pick(&[
                        "starts_with",
                        "ends_with",
                        "contains",
                        "equals_ignoring_case"
                    ])
                )
            }
            _ => return None,
        })
    }

    fn decimal_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        Some(match self.below(6) {
            0 | 1 => self.binary(scope, &Ty::Decimal, &["+", "-", "*"], depth),
            2 => {
                let (a, b) = (
                    self.expr(scope, &Ty::Decimal, depth, false),
                    self.pick(&["3.0", "0.07", "8.0"]),
                );
                format!("({a} {} {b})", self.pick(&["/", "%"]))
            }
            3 => format!("{}.to_decimal()", self.expr(scope, &Ty::Int, depth, false)),
            4 => {
                let places = self.below(4);
                let op = self.pick(&["round", "round_half_up", "round_down", "round_up"]);
                format!(
                    "{}.{op}({places})",
                    self.expr(scope, &Ty::Decimal, depth, false)
                )
            }
            _ => format!("(-{})", self.expr(scope, &Ty::Decimal, depth, false)),
        })
    }

    fn float_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        Some(match self.below(6) {
            0..=2 => self.binary(scope, &Ty::Float, &["+", "-", "*", "/", "%"], depth),
            3 => format!("{}.to_float()", self.expr(scope, &Ty::Int, depth, false)),
            4 => {
                let op = self.pick(&["sqrt", "floor", "ceil", "round", "abs", "cbrt", "atan"]);
                format!("{}.{op}()", self.expr(scope, &Ty::Float, depth, false))
            }
            _ => format!("(-{})", self.expr(scope, &Ty::Float, depth, false)),
        })
    }

    fn text_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        if self.swarm.blobs && self.on(15) {
            return Some(self.text_of_blob(scope));
        }
        Some(match self.below(9) {
            0 | 1 => self.binary(scope, &Ty::Text, &["+"], depth),
            2..=4 if self.swarm.interpolation => {
                let ty = if self.on(50) {
                    self.any_type(2)
                } else {
                    self.simple_type()
                };
                let value = self.expr(scope, &ty, depth, false);
                let other = self.name(scope, &Ty::Int).unwrap_or_else(|| "7".to_owned());
                format!("\"a {{{value}}} b {{{other}}}\"")
            }
            5 => {
                let op = self.pick(&[
                    "upper",
                    "lower",
                    "trim",
                    "trim_start",
                    "fold_case",
                    "reverse",
                    "replace_matches(\"[a-m]+\", \"<$0>\")",
                ]);
                let call = if op.ends_with(')') { "" } else { "()" };
                let text = self.expr(scope, &Ty::Text, depth, false);
                format!("{text}.{op}{call}")
            }
            6 => {
                let (from, to) = (self.below(3), self.below(6));
                format!(
                    "{}.slice({from}, {to})",
                    self.expr(scope, &Ty::Text, depth, false)
                )
            }
            7 if self.swarm.lists => {
                let list = self.expr(scope, &Ty::list(Ty::Text), depth, false);
                format!("{list}.join(\"-\")")
            }
            8 if self.swarm.generics => {
                let ty = self.any_type(1);
                format!("told({})", self.expr(scope, &ty, depth, false))
            }
            _ => return None,
        })
    }

    fn date_expr(&mut self, scope: &mut Scope) -> Option<String> {
        Some(match self.below(4) {
            0 => {
                let (date, days) = (self.leaf(scope, &Ty::Date, false), self.below(900));
                format!("{date}.add_days({days})")
            }
            1 => {
                let op = self.pick(&["start_of_week()", "end_of_month()", "add_months(-7)"]);
                format!("{}.{op}", self.leaf(scope, &Ty::Date, false))
            }
            2 => format!("{}.date()", self.leaf(scope, &Ty::Time, false)),
            _ => return None,
        })
    }

    /// Operands are names and literals, as those of times: of `choose(..) / choose(..)` nobody could tell the types.
    fn money_expr(&mut self, scope: &mut Scope, depth: usize) -> Option<String> {
        let money = self.leaf(scope, &Ty::Money, false);
        Some(match self.below(6) {
            0 => {
                let (op, other) = (self.pick(&["+", "-"]), self.leaf(scope, &Ty::Money, false));
                format!("({money} {op} {other})")
            }
            1 => {
                let op = self.pick(&["*", "/"]);
                format!("({money} {op} {})", self.leaf(scope, &Ty::Int, false))
            }
            2 => {
                let factor = self.leaf(scope, &Ty::Decimal, false);
                format!("({factor} * {money})")
            }
            3 => {
                let op = self.pick(&["round()", "abs()", "zero()", "split(3)[0]"]);
                format!("{money}.{op}")
            }
            4 if self.swarm.lists => {
                let list = self.expr(scope, &Ty::list(Ty::Money), depth, false);
                format!("{list}.sum_or({money})")
            }
            _ => format!("(-{money})"),
        })
    }

    /// Operands are names and literals: from `now() - choose(..)` nobody could tell whether a time or a
    /// duration is chosen.
    fn time_expr(&mut self, scope: &mut Scope, ty: &Ty, depth: usize) -> Option<String> {
        Some(match (ty, self.below(4)) {
            (Ty::Time, 0) => "now()".to_owned(),
            (Ty::Time, 1) => {
                let op = self.pick(&["window(1h)", "start_of_month()", "add_months(-7)"]);
                format!("{}.{op}", self.leaf(scope, &Ty::Time, false))
            }
            (Ty::Time, 2) => {
                let (a, b) = (
                    self.leaf(scope, &Ty::Time, false),
                    self.leaf(scope, &Ty::Duration, false),
                );
                format!("({a} {} {b})", self.pick(&["+", "-"]))
            }
            (Ty::Duration, 0) => {
                let (a, b) = (
                    self.leaf(scope, &Ty::Duration, false),
                    self.leaf(scope, &Ty::Duration, false),
                );
                format!("({a} {} {b})", self.pick(&["+", "-"]))
            }
            (Ty::Duration, 1) => {
                let (a, b) = (
                    self.leaf(scope, &Ty::Time, false),
                    self.leaf(scope, &Ty::Time, false),
                );
                format!("({a} - {b})")
            }
            (Ty::Duration, 2) => {
                let (a, b) = (self.expr(scope, &Ty::Duration, depth, false), self.below(5));
                format!("({a} * {b})")
            }
            _ => return None,
        })
    }

    fn list_expr(&mut self, scope: &mut Scope, item: &Ty, depth: usize) -> Option<String> {
        if self.swarm.ranges && *item == Ty::Int && self.on(35) {
            return Some(self.range(scope, depth));
        }
        let list = Ty::list(item.clone());
        Some(match self.below(10) {
            0 => {
                let (a, b) = (
                    self.expr(scope, &list, depth, false),
                    self.expr(scope, &list, depth, false),
                );
                format!("{a}.concat({b})")
            }
            1 => {
                let op = self.pick(&["sort", "reverse", "sort_down", "unique"]);
                format!("{}.{op}()", self.expr(scope, &list, depth, false))
            }
            2 => {
                let (op, n) = (self.pick(&["take", "drop", "tail"]), self.below(4));
                format!("{}.{op}({n})", self.expr(scope, &list, depth, false))
            }
            3 if self.swarm.lambdas => {
                let from = self.simple_type();
                let source = self.expr(scope, &Ty::list(from.clone()), depth, false);
                let lambda = self.lambda(scope, &[from], item, depth.min(1));
                format!("{source}.map({lambda})")
            }
            4 if self.swarm.lambdas => {
                let source = self.expr(scope, &list, depth, false);
                let lambda =
                    self.lambda(scope, std::slice::from_ref(item), &Ty::Bool, depth.min(1));
                format!("{source}.filter({lambda})")
            }
            5 | 6 if self.swarm.loops => {
                let name = self.fresh("v");
                let to = 1 + self.below(4);
                scope.bind(&name, &Ty::Int, false);
                scope.rounds *= 4;
                let cond = if self.on(40) {
                    format!(
                        " where {}",
                        self.expr(scope, &Ty::Bool, depth.min(1), false)
                    )
                } else {
                    String::new()
                };
                let value = self.expr(scope, item, depth.min(1), false);
                scope.rounds /= 4;
                scope.vars.retain(|v| v.name != name);
                let limit = if self.on(25) {
                    format!(" limit {}", self.expr(scope, &Ty::Int, depth.min(1), false))
                } else {
                    String::new()
                };
                format!("(for {name} in 0..{to}{cond} select {value}{limit})")
            }
            7 if self.swarm.loops && scope.read && !self.entities.is_empty() && self.on(60) => {
                let (name, entity) = (self.fresh("v"), self.below(self.entities.len()));
                let filter = self.walk_filter(scope, entity, &name);
                scope.bind(&name, &Ty::Ref(entity), false);
                scope.rounds *= 4;
                let (writes, waits) = (scope.write, scope.wait);
                // It ends when nothing comes to be in front of it.
                (scope.write, scope.wait) = (false, false);
                let value = self.expr(scope, item, depth.min(1), false);
                (scope.write, scope.wait) = (writes, waits);
                scope.rounds /= 4;
                scope.vars.retain(|v| v.name != name);
                let walked = self.entities[entity].name.clone();
                let limit = if self.on(40) { " limit 1" } else { "" };
                format!("(for {name} in {walked}{filter} select {value}{limit})")
            }
            7 if self.swarm.maps => {
                let map = Ty::Map(Box::new(Ty::Int), Box::new(item.clone()));
                format!("{}.values()", self.expr(scope, &map, depth, false))
            }
            8 if self.swarm.sets => {
                let set = Ty::Set(Box::new(item.clone()));
                format!("{}.to_list()", self.expr(scope, &set, depth.min(1), false))
            }
            9 if *item == Ty::Text => {
                let op = self.pick(&["split(\",\")", "find_all(\"[^ ,]+\")", "graphemes()"]);
                format!("{}.{op}", self.expr(scope, &Ty::Text, depth, false))
            }
            _ => return None,
        })
    }

    fn set_expr(&mut self, scope: &mut Scope, set: &Ty, item: &Ty, depth: usize) -> Option<String> {
        Some(match self.below(3) {
            0 => {
                let (a, b) = (
                    self.expr(scope, set, depth, false),
                    self.expr(scope, set, depth, false),
                );
                let op = self.pick(&["union", "intersect", "difference", "symmetric_difference"]);
                format!("{a}.{op}({b})")
            }
            1 if self.swarm.lists => {
                let list = Ty::list(item.clone());
                format!("{}.to_set()", self.expr(scope, &list, depth, false))
            }
            _ => return None,
        })
    }

    fn option_expr(&mut self, scope: &mut Scope, of: &Ty, depth: usize) -> Option<String> {
        Some(match self.below(8) {
            0 if self.swarm.lists => {
                let list = self.expr(scope, &Ty::list(of.clone()), depth, false);
                match self.below(4) {
                    0 => format!(
                        "{list}.get({})",
                        self.expr(scope, &Ty::Int, depth.min(1), true)
                    ),
                    1 => format!("{list}.last()"),
                    2 => format!("{list}.{}()", self.pick(&["max", "min"])),
                    _ => format!("{list}.first()"),
                }
            }
            1 | 2 if self.swarm.maps => {
                let key = self.key_type();
                let map = Ty::Map(Box::new(key.clone()), Box::new(of.clone()));
                let map = self.expr(scope, &map, depth, false);
                let key = self.expr(scope, &key, depth.min(1), true);
                if self.on(50) {
                    format!("{map}[{key}]")
                } else {
                    format!("{map}.get({key})")
                }
            }
            3 if self.swarm.lists && self.swarm.lambdas => {
                let list = self.expr(scope, &Ty::list(of.clone()), depth, false);
                let lambda = self.lambda(scope, std::slice::from_ref(of), &Ty::Bool, depth.min(1));
                format!("{list}.find({lambda})")
            }
            4 if *of == Ty::Int && self.swarm.texts => {
                format!("{}.to_int()", self.expr(scope, &Ty::Text, depth, false))
            }
            5 if self.swarm.lambdas => {
                let from = self.simple_type();
                let source = self.expr(scope, &Ty::option(from.clone()), depth, false);
                let lambda = self.lambda(scope, &[from], of, depth.min(1));
                format!("{source}.map({lambda})")
            }
            _ => return None,
        })
    }
}

/// A position that is a negative literal is a mistake that the checker tells; a sum is not looked into.
pub(super) fn no_literal(index: String) -> String {
    match index.starts_with("(-") {
        true => format!("{index} + 0"),
        false => index,
    }
}
