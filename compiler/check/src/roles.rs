//! The roles a program names: those of `@role`, and the texts that may be looked for in `caller.roles`.
//!
//! ```text
//! let boss = "manager"
//! fn holds(role: Text) -> Bool = role in caller.roles
//! allow holds("clerk") or holds(boss)                     // clerk, manager
//! ```
//!
//! A text has often come a way before it is looked for: through a constant, a parameter, a list. So values that
//! meet (assigned, passed, compared, looked through) are put into one group, and the roles are the texts in the
//! group of `caller.roles`. A collection and its items are one value here. This may find a text too many, which
//! does no harm, and misses only what is put together while running. What tests say does not count. Runs on a
//! program without errors.

use std::collections::{BTreeMap, BTreeSet};

use crate::hir::*;
use crate::walk;

/// Every role the program names.
pub fn roles(program: &Checked) -> BTreeSet<String> {
    let mut groups = Groups {
        program,
        parents: Vec::new(),
        numbers: BTreeMap::new(),
        texts: Vec::new(),
        code: Code::default(),
    };
    groups.program();
    let looked_through = groups.named(Named::Roles);
    let looked_through = groups.find(looked_through);
    let texts = std::mem::take(&mut groups.texts);
    let mut roles: BTreeSet<String> = texts
        .into_iter()
        .filter(|(value, _)| groups.find(*value) == looked_through)
        .map(|(_, text)| text.to_owned())
        .collect();
    let workflows = program.entities.iter().filter_map(|e| e.workflow.as_ref());
    let events = workflows.flat_map(|w| w.events.iter().map(|event| &event.access));
    let functions = program.functions.iter().map(|function| &function.access);
    for access in functions.chain(events) {
        if let Access::Roles(asked) = access {
            roles.extend(asked.iter().cloned());
        }
    }
    roles
}

/// A value, by number.
type Value = usize;

/// Values that several places speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Roles,
    /// A variable, by the number of its code. One of function type stands for what goes in and comes out.
    Local(usize, LocalId),
    Constant(ConstId),
    Returned(usize),
    Key(EntityId, u32),
    State(EntityId, FieldId),
    RecordField(RecordId, u32),
    ErrorField(ErrorId, u32),
    VariantField(EnumId, u32, u32),
}

/// The code that is read: a function's number, or one behind those of all functions.
#[derive(Clone, Copy, Default)]
struct Code<'p> {
    number: usize,
    entity: Option<EntityId>,
    locals: &'p [Local],
}

struct Groups<'p> {
    program: &'p Checked,
    /// Of a value in its group; the first of a group is its own.
    parents: Vec<Value>,
    numbers: BTreeMap<Named, Value>,
    texts: Vec<(Value, &'p str)>,
    code: Code<'p>,
}

impl<'p> Groups<'p> {
    fn fresh(&mut self) -> Value {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    fn named(&mut self, name: Named) -> Value {
        if let Some(value) = self.numbers.get(&name) {
            return *value;
        }
        let value = self.fresh();
        self.numbers.insert(name, value);
        value
    }

    fn find(&mut self, mut value: Value) -> Value {
        while self.parents[value] != value {
            self.parents[value] = self.parents[self.parents[value]];
            value = self.parents[value];
        }
        value
    }

    fn meet(&mut self, a: Value, b: Value) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a] = b;
    }

    fn local(&mut self, id: LocalId) -> Value {
        self.named(Named::Local(self.code.number, id))
    }

    fn program(&mut self) {
        let program = self.program;
        let mut number = program.functions.len();
        let mut next = |entity| {
            number += 1;
            Code {
                number,
                entity,
                locals: &[],
            }
        };
        for (at, constant) in program.constants.iter().enumerate() {
            let result = self.named(Named::Constant(ConstId(at as u32)));
            self.body(next(None), &constant.body, result);
        }
        for (at, entity) in program.entities.iter().enumerate() {
            let id = EntityId(at as u32);
            for (field, state) in entity.fields.iter().enumerate() {
                let result = self.named(Named::State(id, FieldId(field as u32)));
                self.body(next(Some(id)), &state.init, result);
            }
            for rule in entity.invariants.iter().chain(&entity.allows) {
                let result = self.fresh();
                self.body(next(Some(id)), rule, result);
            }
        }
        for (number, function) in program.functions.iter().enumerate() {
            // The library's functions are understood at each call of them.
            if function.is_prelude {
                continue;
            }
            let code = Code {
                number,
                entity: function.entity,
                locals: &[],
            };
            for (at, param) in function.params.iter().enumerate() {
                if let Some(default) = &param.default {
                    let result = self.parameter(number, at);
                    self.body(code, default, result);
                }
            }
            if let Implementation::Body(body) = &function.implementation {
                let result = self.named(Named::Returned(number));
                self.body(code, body, result);
            }
        }
    }

    /// The value of a parameter: in a handler the keys come before.
    fn parameter(&mut self, function: usize, at: usize) -> Value {
        let entity = self.program.functions[function].entity;
        let keys = entity.map_or(0, |id| self.program.entity(id).keys.len());
        self.named(Named::Local(function, LocalId((keys + at) as u32)))
    }

    fn body(&mut self, code: Code<'p>, body: &'p Body, result: Value) {
        self.code = Code {
            locals: &body.locals,
            ..code
        };
        if let Some(id) = code.entity {
            for key in 0..self.program.entity(id).keys.len() as u32 {
                let (here, there) = (self.local(LocalId(key)), self.named(Named::Key(id, key)));
                self.meet(here, there);
            }
        }
        let found = self.value(&body.root);
        self.meet(found, result);
    }

    /// The value of an expression; what holds no text is never the same as another.
    fn value(&mut self, expr: &'p Expr) -> Value {
        let value = self.value_of_any(expr);
        if self.holds_text(&expr.ty) {
            value
        } else {
            self.fresh()
        }
    }

    /// Records, errors and variants do not count: their fields are values of their own.
    fn holds_text(&self, ty: &Type) -> bool {
        match ty {
            Type::Text => true,
            Type::New(id, args) => self.holds_text(&self.program.base(*id, args)),
            Type::List(item) | Type::Set(item) | Type::Option(item) | Type::Result(item, _) => {
                self.holds_text(item)
            }
            Type::Map(key, value) => self.holds_text(key) || self.holds_text(value),
            Type::Tuple(fields) => fields.iter().any(|field| self.holds_text(&field.ty)),
            Type::Param(_) => true,
            _ => false,
        }
    }

    fn value_of_any(&mut self, expr: &'p Expr) -> Value {
        match &expr.kind {
            ExprKind::Text(text) => {
                let value = self.fresh();
                self.texts.push((value, text));
                value
            }
            ExprKind::Local(id) => self.local(*id),
            ExprKind::Constant(id) => self.named(Named::Constant(*id)),
            ExprKind::State(field) => match self.code.entity {
                Some(entity) => self.named(Named::State(entity, *field)),
                None => self.fresh(),
            },
            ExprKind::StateOf {
                entity,
                target,
                field,
            } => {
                self.value(target);
                self.named(Named::State(*entity, *field))
            }
            ExprKind::CallerRoles => self.named(Named::Roles),
            ExprKind::Record(id, parts) => self.fields(parts, |i| Named::RecordField(*id, i)),
            ExprKind::Error(id, parts) => self.fields(parts, |i| Named::ErrorField(*id, i)),
            ExprKind::Variant(id, variant, parts) => {
                self.fields(parts, |i| Named::VariantField(*id, *variant, i))
            }
            ExprKind::EntityRef(id, parts) => self.fields(parts, |i| Named::Key(*id, i)),
            ExprKind::With(base, changed) => {
                let whole = self.value(base);
                for (at, part) in changed {
                    let (field, part) = (self.field(&base.ty, whole, *at), self.value(part));
                    self.meet(field, part);
                }
                whole
            }
            ExprKind::Field(base, at) => {
                let whole = self.value(base);
                self.field(&base.ty, whole, *at)
            }
            ExprKind::Is(value, pattern) => {
                let value = self.value(value);
                self.bind(pattern, value);
                self.fresh()
            }
            ExprKind::Match { subject, arms } => {
                let (subject, result) = (self.value(subject), self.fresh());
                for arm in arms {
                    self.bind(&arm.pattern, subject);
                    arm.guard.iter().for_each(|guard| {
                        self.value(guard);
                    });
                    let found = self.value(&arm.body);
                    self.meet(found, result);
                }
                result
            }
            ExprKind::For(for_) => {
                for_.most.iter().for_each(|most| {
                    self.value(most);
                });
                for (pattern, source) in &for_.generators {
                    if let ForSource::Collection(collection) = source {
                        let value = self.value(collection);
                        self.bind(pattern, value);
                    }
                }
                for_.wheres.iter().for_each(|condition| {
                    self.value(condition);
                });
                self.value(&for_.body)
            }
            ExprKind::Block(block) => {
                let mut last = self.fresh();
                for stmt in &block.stmts {
                    match stmt {
                        Stmt::Let(pattern, value) => {
                            let value = self.value(value);
                            self.bind(pattern, value);
                        }
                        Stmt::Expr(value) => last = self.value(value),
                    }
                }
                last
            }
            ExprKind::Return(Some(value)) => {
                let (value, result) = (
                    self.value(value),
                    self.named(Named::Returned(self.code.number)),
                );
                self.meet(value, result);
                result
            }
            ExprKind::Assign { place, value } | ExprKind::AssignOp { place, value, .. } => {
                let (place, value) = (self.place(place), self.value(value));
                self.meet(place, value);
                place
            }
            ExprKind::Mutate { place, args, .. } => {
                let place = self.place(place);
                for arg in args {
                    let value = self.value(arg);
                    self.meet(place, value);
                }
                place
            }
            ExprKind::CallParam { param, args } => {
                let param = self.local(*param);
                for arg in args {
                    let value = self.value(arg);
                    self.meet(param, value);
                }
                param
            }
            ExprKind::Call { function, args, .. } => self.call(*function, args),
            ExprKind::CallHandler {
                function,
                target,
                args,
                ..
            } => {
                target.iter().for_each(|target| {
                    self.value(target);
                });
                self.call(*function, args)
            }
            // Texts that are put together are another text.
            ExprKind::Interpolate(_) | ExprKind::Arith(..) => {
                walk::children(expr, &mut |part| {
                    self.value(part);
                });
                self.fresh()
            }
            // What is compared or looked for meets; so do the items of a list, the branches of an `if`.
            _ => {
                let together = self.fresh();
                walk::children(expr, &mut |part| {
                    let value = self.value(part);
                    self.meet(value, together);
                });
                together
            }
        }
    }

    fn fields(&mut self, parts: &'p [Expr], name: impl Fn(u32) -> Named) -> Value {
        for (at, part) in parts.iter().enumerate() {
            let (part, field) = (self.value(part), self.named(name(at as u32)));
            self.meet(part, field);
        }
        self.fresh()
    }

    /// A field of a value of type `ty`; a tuple and its fields are one.
    fn field(&mut self, ty: &Type, whole: Value, at: u32) -> Value {
        match ty {
            Type::Record(id, _) => self.named(Named::RecordField(*id, at)),
            Type::Error(id) => self.named(Named::ErrorField(*id, at)),
            Type::Entity(id) => self.named(Named::Key(*id, at)),
            _ => whole,
        }
    }

    fn call(&mut self, function: FnId, args: &'p [Arg]) -> Value {
        let number = function.0 as usize;
        let is_prelude = self.program.function(function).is_prelude;
        // What the library's functions are given meets in the call.
        let result = match is_prelude {
            true => self.fresh(),
            false => self.named(Named::Returned(number)),
        };
        for (at, arg) in args.iter().enumerate() {
            let param = match is_prelude {
                true => result,
                false => self.parameter(number, at),
            };
            self.argument(arg, param);
        }
        result
    }

    fn argument(&mut self, arg: &'p Arg, param: Value) {
        match arg {
            Arg::Value(value) => {
                let value = self.value(value);
                self.meet(value, param);
            }
            Arg::Default => {}
            Arg::Param(own) => {
                let own = self.local(*own);
                self.meet(own, param);
            }
            Arg::Lambda(lambda) => {
                for own in &lambda.params {
                    let own = self.local(*own);
                    self.meet(own, param);
                }
                let value = self.value(&lambda.body);
                self.meet(value, param);
            }
            Arg::Function(id, _) => {
                let function = self.program.function(*id);
                if function.is_prelude {
                    return;
                }
                for at in 0..function.params.len() {
                    let own = self.parameter(id.0 as usize, at);
                    self.meet(own, param);
                }
                let own = self.named(Named::Returned(id.0 as usize));
                self.meet(own, param);
            }
        }
    }

    fn place(&mut self, place: &'p Place) -> Value {
        let program = self.program;
        let (mut value, mut ty) = match (place.root, self.code.entity) {
            (PlaceRoot::State(field), Some(entity)) => (
                self.named(Named::State(entity, field)),
                program.entity(entity).fields[field.0 as usize].ty.clone(),
            ),
            (PlaceRoot::State(_), None) => unreachable!("own state outside an entity"),
            (PlaceRoot::Local(id), _) => {
                (self.local(id), self.code.locals[id.0 as usize].ty.clone())
            }
        };
        for step in &place.path {
            let inside = match (step, &ty) {
                (PlaceStep::Field(at), Type::Record(id, args)) => {
                    program
                        .record_fields(*id, args)
                        .swap_remove(*at as usize)
                        .ty
                }
                (PlaceStep::Field(at), Type::Tuple(fields)) => fields[*at as usize].ty.clone(),
                (_, Type::List(item) | Type::Map(_, item)) => (**item).clone(),
                _ => ty.clone(),
            };
            match step {
                PlaceStep::Field(at) => value = self.field(&ty, value, *at),
                PlaceStep::ListIndex(index) | PlaceStep::MapKey(index) => {
                    let index = self.value(index);
                    self.meet(index, value);
                }
            }
            ty = inside;
        }
        value
    }

    fn bind(&mut self, pattern: &'p Pattern, value: Value) {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Bool(_) | PatternKind::None => {}
            PatternKind::Bind(id) => {
                if self.holds_text(&pattern.ty) {
                    let local = self.local(*id);
                    self.meet(local, value);
                }
            }
            PatternKind::Literal(literal) => {
                let literal = self.value(literal);
                self.meet(literal, value);
            }
            PatternKind::Some(part) | PatternKind::Ok(part) => self.bind(part, value),
            PatternKind::Or(parts) => parts.iter().for_each(|part| self.bind(part, value)),
            PatternKind::List { items, rest } => {
                items.iter().for_each(|item| self.bind(item, value));
                if let Some(rest) = rest.and_then(|rest| rest.local) {
                    let rest = self.local(rest);
                    self.meet(rest, value);
                }
            }
            PatternKind::Error(id, parts) => {
                self.bind_fields(parts, |i| Named::ErrorField(*id, i));
            }
            PatternKind::Variant(id, variant, parts) => {
                self.bind_fields(parts, |i| Named::VariantField(*id, *variant, i));
            }
            PatternKind::Fields(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let field = self.field(&pattern.ty, value, at as u32);
                    self.bind(part, field);
                }
            }
        }
    }

    fn bind_fields(&mut self, parts: &'p [Pattern], name: impl Fn(u32) -> Named) {
        for (at, part) in parts.iter().enumerate() {
            let field = self.named(name(at as u32));
            self.bind(part, field);
        }
    }
}
