//! Ranges that are lists, and the patterns of lists, with a rest anywhere.
//!
//! Arms must cover everything and each must be reached. So each arm but the last few asks for a literal that no other arm asks
//! for, somewhere: a list that has it and nothing else of note gets past all arms before. The last few cover all lists there are.

use super::stmt::{Scope, Var};
use super::{Gen, Ty};

/// By names and `_` only, each row covers all lists, and a list without anything of note gets to each of its patterns. `x` is an
/// item with a name, `r` the name of a rest.
const COMPLETE: &[&[&str]] = &[
    &["_"],
    &["[..r]"],
    &["[]", "[x, ..r]"],
    &["[]", "[..r, x]"],
    &["[]", "[x]", "[x, ..r, x]"],
    &["[]", "[x] | [x, _]", "[x, ..r, _, _]"],
    &["[x, _, ..r]", "[..r]"],
    &["[.., x, _]", "[.., _]", "[..]"],
    &["[_, ..r, x, _]", "[x, _]", "[] | [_]"],
];

/// Some pattern, and what it binds.
struct Made {
    text: String,
    bound: Vec<Var>,
}

impl Gen {
    /// `(a..b)`, of few numbers or none.
    pub fn range(&mut self, scope: &mut Scope, depth: usize) -> String {
        let from = self.below(6) as i64 - 2;
        let to = match self.on(50) {
            true => format!("{}", from + self.below(6) as i64 - 1),
            false => format!("{} % 6", self.expr(scope, &Ty::Int, depth.min(1), true)),
        };
        format!("({from}..{to})")
    }

    /// `(match list { .. })` of any type.
    pub fn list_match(&mut self, scope: &mut Scope, ty: &Ty, depth: usize, told: bool) -> String {
        let item = self.list_item();
        let list = Ty::list(item.clone());
        let subject = self.expr(scope, &list, depth, false);
        let mut patterns = Vec::new();
        for literal in 0..self.below(4) {
            if let Some(text) = self.noted(&item, literal) {
                patterns.push((self.noted_list(&item, &text), self.on(25)));
            }
        }
        let complete = self.pick(COMPLETE);
        for form in complete {
            patterns.push((self.of_form(form, &item), false));
        }
        let mut arms = Vec::new();
        for (pattern, has_guard) in patterns {
            let names: Vec<String> = pattern.bound.iter().map(|v| v.name.clone()).collect();
            scope.vars.extend(pattern.bound);
            let guard = match has_guard {
                true => format!(" if {}", self.guard(scope)),
                false => String::new(),
            };
            let value = self.expr(scope, ty, depth.min(1), told);
            scope.vars.retain(|v| !names.contains(&v.name));
            arms.push(format!("{}{guard} => {value}", pattern.text));
        }
        format!("(match {subject} {{ {} }})", arms.join(", "))
    }

    /// `list is pattern`, and what holds it.
    pub fn list_is(&mut self, scope: &mut Scope) -> (String, Vec<Var>) {
        let item = self.list_item();
        let subject = self.expr(scope, &Ty::list(item.clone()), 2, false);
        let literal = self.below(3);
        let pattern = match self.noted(&item, literal) {
            Some(text) if self.on(50) => self.noted_list(&item, &text),
            _ => {
                let form = self.pick(&[
                    "[x, ..r]",
                    "[..r, x]",
                    "[x, ..r, x]",
                    "[.., x, _]",
                    "[x, .., _]",
                ]);
                self.of_form(form, &item)
            }
        };
        (format!("{subject} is {}", pattern.text), pattern.bound)
    }

    /// What the lists hold whose patterns are made: often what has literals.
    fn list_item(&mut self) -> Ty {
        match self.below(5) {
            0 | 1 => Ty::Int,
            2 => Ty::list(Ty::Int),
            3 if self.swarm.options => Ty::option(Ty::Int),
            _ => self.any_type(1),
        }
    }

    fn guard(&mut self, scope: &mut Scope) -> String {
        let (writes, waits) = (scope.write, scope.wait);
        (scope.write, scope.wait) = (false, false);
        let guard = self.expr(scope, &Ty::Bool, 1, false);
        (scope.write, scope.wait) = (writes, waits);
        guard
    }

    /// A pattern that asks for this literal; `None` where the type has none.
    fn noted(&mut self, ty: &Ty, literal: usize) -> Option<String> {
        Some(match ty {
            Ty::Int => format!("{literal}"),
            Ty::Text => format!("\"{}\"", ["a", "ż", "Hello", ""][literal]),
            Ty::Option(of) => format!("Some({})", self.noted(of, literal)?),
            Ty::List(of) => {
                let inside = self.noted(of, literal)?;
                let form = self.pick(&["[N, ..]", "[.., N]", "[N]", "[_, .., N]", "[.., N, _]"]);
                form.replace('N', &inside)
            }
            _ => return None,
        })
    }

    /// A list with that pattern at some place, and a rest at some other or none.
    fn noted_list(&mut self, item: &Ty, noted: &str) -> Made {
        let mut bound = Vec::new();
        let mut parts = vec![noted.to_owned()];
        for _ in 0..self.size(2) {
            let part = match self.on(50) {
                true => "_".to_owned(),
                false => self.name_for(item, &mut bound),
            };
            let at = self.below(parts.len() + 1);
            parts.insert(at, part);
        }
        if self.on(80) {
            let rest = match self.on(50) {
                true => "..".to_owned(),
                false => format!("..{}", self.name_for(&Ty::list(item.clone()), &mut bound)),
            };
            let at = self.below(parts.len() + 1);
            parts.insert(at, rest);
        }
        let mut text = format!("[{}]", parts.join(", "));
        if bound.is_empty() && self.on(30) {
            text += &format!(" | [_, .., {noted}]");
        }
        Made { text, bound }
    }

    /// One of [`COMPLETE`], with names of its own.
    fn of_form(&mut self, form: &str, item: &Ty) -> Made {
        let mut bound = Vec::new();
        let mut text = String::new();
        // All choices bind the same.
        let chosen = form.contains('|').then(|| self.name_for(item, &mut bound));
        for c in form.chars() {
            match c {
                'x' => match &chosen {
                    Some(name) => text += name,
                    None => text += &self.name_for(item, &mut bound),
                },
                'r' => text += &self.name_for(&Ty::list(item.clone()), &mut bound),
                c => text.push(c),
            }
        }
        if !text.contains('v') {
            bound.clear();
        }
        Made { text, bound }
    }

    fn name_for(&mut self, ty: &Ty, bound: &mut Vec<Var>) -> String {
        let name = self.fresh("v");
        bound.push(Var {
            name: name.clone(),
            ty: ty.clone(),
            mutable: false,
        });
        name
    }
}
