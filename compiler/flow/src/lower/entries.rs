//! What can be started from outside: a wrapper for each public function, getters of state, tests.

use weir_check::hir;
use weir_contract::{TupleField, Type};

use super::body::{Binding, Body};
use super::builder::Builder;
use super::state::View;
use super::{Context, Instance, Lowering, Passed};
use crate::ir::*;

impl Lowering<'_> {
    pub fn entries(&mut self) {
        let checked = self.checked;
        for (i, function) in checked.functions.iter().enumerate() {
            let is_started =
                function.is_pub || function.of_view.is_some() || self.is_run(hir::FnId(i as u32));
            if !function.is_prelude && is_started {
                self.function_entry(hir::FnId(i as u32), function);
            }
        }
        for i in 0..checked.entities.len() {
            self.field_entries(EntityId(i as u32));
        }
        for test in &checked.tests {
            self.test_entry(test);
        }
    }

    /// Whether it is the `run` of a workflow.
    fn is_run(&self, id: hir::FnId) -> bool {
        let entity = self.checked.function(id).entity;
        let workflow = entity.and_then(|e| self.checked.entity(e).workflow.as_ref());
        workflow.is_some_and(|w| w.run == id)
    }

    pub fn function_entry(&mut self, id: hir::FnId, function: &hir::Function) {
        let entity = function.entity.map(|e| EntityId(e.0));
        let params: Vec<EntryParam> = function
            .params
            .iter()
            .map(|p| EntryParam {
                name: p.name.clone(),
                ty: self.places.ty(&p.ty, &[]),
                defaulted: p.default.is_some(),
            })
            .collect();
        let waits = function.effect == hir::Effect::Wait;
        let context = if entity.is_some() && !waits {
            Context::Transaction
        } else {
            Context::Outside
        };
        let key = Instance {
            function: id,
            types: vec![],
            params: vec![Passed::Value; params.len()],
            context,
        };
        let callee = self.instance(key);
        let transaction = entity.is_some() && function.effect == hir::Effect::Write;
        let direct = !transaction && params.iter().all(|p| !p.defaulted);
        let func = if direct {
            callee
        } else {
            self.wrapper(id, function, callee, &params, transaction)
        };
        // What is not public is only called by messages of the program, which ask nobody.
        let guard = match (&function.access, entity) {
            (hir::Access::Allow, Some(e)) if function.is_pub => self.module.entity(e).allow,
            _ => None,
        };
        let access = access(&function.access);
        let site = self.site(function.span);
        let number = EntryId(self.module.entries.len() as u32);
        self.entry_of.insert(id, number);
        if self.is_run(id)
            && let Some(entity) = entity
            && let Some(workflow) = &mut self.module.entities[entity.0 as usize].workflow
        {
            workflow.run = number;
        }
        self.module.entries.push(Entry {
            kind: if self.is_run(id) {
                EntryKind::Run
            } else if entity.is_some() {
                EntryKind::Handler
            } else {
                EntryKind::Function
            },
            name: function.name.clone(),
            entity,
            params,
            func,
            guard,
            access,
            public: function.is_pub,
            effect: effect(function.effect),
            plan: Default::default(),
            receipt: None,
            dearest: Vec::new(),
            waits_for: String::new(),
            doc: function.doc.clone(),
            site,
        });
    }

    /// Fills in what was left out, and is the transaction of a handler.
    fn wrapper(
        &mut self,
        id: hir::FnId,
        function: &hir::Function,
        callee: FuncId,
        params: &[EntryParam],
        transaction: bool,
    ) -> FuncId {
        let func = self.reserve();
        let site = self.site(function.span);
        let callee_name = self.module.func(callee).name.clone();
        let ret = self.module.func(callee).ret.clone();
        let name = self.unique_name(format!("entry.{callee_name}"));
        let builder = Builder::new(name, ret.clone(), site);
        let mut body = Body::new(self, builder, vec![], &[], Context::Outside);
        let instance = function
            .entity
            .map(|e| body.b.param(RegType::Instance(EntityId(e.0)), Some("self")));
        let given: Vec<Reg> = params
            .iter()
            .map(|p| {
                let ty = if p.defaulted {
                    Type::Option(Box::new(p.ty.clone()))
                } else {
                    p.ty.clone()
                };
                body.b.param(RegType::Value(ty), Some(&p.name))
            })
            .collect();
        if transaction {
            body.b.run(Op::TxEnter);
        }
        let mut values = Vec::new();
        for (i, param) in params.iter().enumerate() {
            if !param.defaulted {
                values.push(given[i]);
                continue;
            }
            let value = body.b.reg(RegType::Value(param.ty.clone()), None);
            let (missing, ready) = (body.b.block(), body.b.block());
            let found = body.b.some_or(given[i], missing);
            body.b.assign(value, found);
            body.b.jump(ready);
            body.b.go_to(missing);
            let default = body.default(id, i, &[], instance, &values);
            body.b.assign(value, default);
            body.b.jump(ready);
            body.b.go_to(ready);
            values.push(value);
        }
        let regs = instance.into_iter().chain(values).collect();
        let result = body.b.emit(ret, Op::Call(callee, regs));
        if transaction {
            body.b.run(Op::TxLeave);
        }
        body.b.end(Term::Return(result));
        let lowered = body.b.func;
        self.define(func, lowered);
        func
    }

    fn field_entries(&mut self, id: EntityId) {
        let entity = self.module.entity(id).clone();
        for (i, field) in entity.fields.iter().enumerate() {
            let getter = self.getter(
                id,
                &format!("entry.{}.{}", entity.name, field.name),
                field.ty.clone(),
                &[i],
            );
            self.push_getter(id, EntryKind::Field, &field.name, getter, field.public);
        }
        let public: Vec<usize> = (0..entity.fields.len())
            .filter(|i| entity.fields[*i].public)
            .collect();
        if !public.is_empty() {
            let fields = public.iter().map(|i| TupleField {
                name: Some(entity.fields[*i].name.clone()),
                ty: entity.fields[*i].ty.clone(),
            });
            let ty = Type::Tuple(fields.collect());
            let getter = self.getter(id, &format!("entry.{}", entity.name), ty, &public);
            self.push_getter(id, EntryKind::Whole, "", getter, true);
        }
    }

    /// A function that reads one field, or several as a tuple of type `ty`.
    fn getter(&mut self, id: EntityId, name: &str, ty: Type, fields: &[usize]) -> FuncId {
        let func = self.reserve();
        let name = self.unique_name(name.to_string());
        let whole = name.matches('.').count() == 1;
        let site = self.site(self.checked.entities[id.0 as usize].fields[fields[0]].span);
        let builder = Builder::new(name, ty.clone(), site);
        let mut body = Body::new(self, builder, vec![], &[], Context::Outside);
        let instance = body.b.param(RegType::Instance(id), Some("self"));
        let mut values = Vec::new();
        for field in fields {
            let view = View {
                instance,
                entity: id,
                path: vec![*field as u32],
            };
            values.push(body.load_view(&view));
        }
        let value = if whole {
            body.b.emit(ty, Op::RecordMake(values))
        } else {
            values[0]
        };
        body.b.end(Term::Return(value));
        let lowered = body.b.func;
        self.define(func, lowered);
        func
    }

    fn push_getter(
        &mut self,
        id: EntityId,
        kind: EntryKind,
        name: &str,
        func: FuncId,
        public: bool,
    ) {
        let source = &self.checked.entities[id.0 as usize];
        let field = source.fields.iter().find(|f| f.name == name);
        let site = self.site(field.map_or(source.span, |f| f.span));
        self.module.entries.push(Entry {
            kind,
            name: name.to_string(),
            entity: Some(id),
            params: vec![],
            func,
            guard: self.module.entity(id).allow,
            access: Access::SignedIn,
            public,
            effect: Effect::Read,
            plan: Default::default(),
            receipt: None,
            dearest: Vec::new(),
            waits_for: String::new(),
            doc: field.and_then(|f| f.doc.clone()),
            site,
        });
    }

    fn test_entry(&mut self, test: &hir::Test) {
        let func = self.reserve();
        let site = self.site(test.span);
        let ret = self.places.outcome(Type::Unit, &test.fails);
        let name = self.unique_name(format!("test {}", test.name));
        let builder = Builder::new(name, ret, site);
        let mut body = Body::new(self, builder, vec![], &test.body.locals, Context::Outside);
        body.waits = true;
        let mut params = Vec::new();
        for (i, param) in test.params.iter().enumerate() {
            let ty = body.ty(&param.ty);
            body.env[i] =
                Binding::Value(body.b.param(RegType::Value(ty.clone()), Some(&param.name)));
            params.push(EntryParam {
                name: param.name.clone(),
                ty,
                defaulted: false,
            });
        }
        let lowered = body.finish(&test.body.root);
        self.define(func, lowered);
        self.module.entries.push(Entry {
            kind: EntryKind::Test,
            name: test.name.clone(),
            entity: None,
            params,
            func,
            guard: None,
            access: Access::Anyone,
            public: false,
            effect: Effect::Wait,
            plan: Default::default(),
            receipt: None,
            dearest: Vec::new(),
            waits_for: String::new(),
            doc: None,
            site,
        });
    }
}

/// Who may call, besides the entity's `allow`.
pub fn access(access: &hir::Access) -> Access {
    match access {
        hir::Access::Anyone => Access::Anyone,
        hir::Access::Roles(roles) => Access::Roles(roles.clone()),
        hir::Access::Allow => Access::SignedIn,
    }
}

fn effect(effect: hir::Effect) -> Effect {
    match effect {
        hir::Effect::Pure => Effect::Pure,
        hir::Effect::Read => Effect::Read,
        hir::Effect::Write => Effect::Write,
        hir::Effect::Wait => Effect::Wait,
    }
}
