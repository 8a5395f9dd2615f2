//! What workflows and the outside world add to a module: events, externs, the builtin failures.

use weir_check::hir;
use weir_contract::manifest::{Param, Promise, Retry};

use super::Context;
use super::Lowering;
use super::body::Body;
use super::builder::Builder;
use super::entries::access;
use crate::ir::*;

impl Lowering<'_> {
    /// The events of a workflow, when all entities are known; its run gets its entry later.
    pub fn workflow(&mut self, id: EntityId, source: &hir::Workflow) -> Workflow {
        let allow = self.module.entity(id).allow;
        let events = source.events.iter().map(|event| {
            let access = access(&event.access);
            let asks = matches!(event.access, hir::Access::Allow);
            let guard = allow
                .filter(|_| asks && event.is_pub)
                .map(|allow| self.guard(id, &event.name, allow));
            Event {
                name: event.name.clone(),
                params: event
                    .params
                    .iter()
                    .map(|param| EntryParam {
                        name: param.name.clone(),
                        ty: self.places.ty(&param.ty, &[]),
                        defaulted: false,
                    })
                    .collect(),
                public: event.is_pub,
                access,
                guard,
                doc: event.doc.clone(),
            }
        });
        Workflow {
            events: events.collect(),
            begins: source.begins,
            run: EntryId(0),
            event_enum: self.places.events(hir::EntityId(id.0)),
        }
    }

    /// An entry that only asks `allow`.
    fn guard(&mut self, id: EntityId, event: &str, allow: FuncId) -> EntryId {
        let func = self.reserve();
        let name = format!("{}.{event}", self.module.entity(id).name);
        let unique = self.unique_name(format!("guard.{name}"));
        let builder = Builder::new(unique, weir_contract::Type::Unit, SiteId(0));
        let mut body = Body::new(self, builder, vec![], &[], Context::Outside);
        body.b.param(RegType::Instance(id), Some("self"));
        let unit = body.b.unit();
        body.b.end(Term::Return(unit));
        let lowered = body.b.func;
        self.define(func, lowered);
        let kind = EntryKind::Guard;
        let entry = self.frame_entry(kind, name, Some(id), vec![], func, SiteId(0));
        self.module.entries[entry.0 as usize].guard = Some(allow);
        entry
    }

    pub fn externs(&mut self) {
        let checked = self.checked;
        let failures = &checked.failures;
        self.module.failures = Some(Failures {
            cancelled: self.places.error(failures.cancelled),
            timed_out: self.places.error(failures.timed_out),
            unavailable: self.places.error(failures.unavailable),
            unknown: self.places.error(failures.unknown),
        });
        for function in &checked.externs {
            let params = function.params.iter().map(|param| Param {
                name: param.name.clone(),
                ty: self.places.ty(&param.ty, &[]),
                has_default: false,
            });
            let lowered = Extern {
                module: function.module.clone(),
                name: function.name.clone(),
                source: match &function.source {
                    hir::ExternSource::Http(name) => format!("http:{name}"),
                    hir::ExternSource::Library(name) => format!("std:{name}"),
                    hir::ExternSource::Component(name) => format!("wit:{name}"),
                },
                params: params.collect(),
                returns: self.places.ty(&function.ret, &[]),
                fails: function
                    .fails
                    .iter()
                    .map(|e| self.places.error(*e))
                    .collect(),
                promise: match function.promise {
                    hir::Promise::Pure => Promise::Pure,
                    hir::Promise::Read => Promise::Read,
                    hir::Promise::Idempotent => Promise::Idempotent,
                    hir::Promise::Once => Promise::Once,
                },
                retry: function
                    .retry
                    .map(|(attempts, pause_us)| Retry { attempts, pause_us }),
                timeout_us: function.timeout_us,
            };
            self.module.externs.push(lowered);
        }
    }
}
