//! The reverse of `print::waiting`.

use weir_contract::DefId;
use weir_contract::manifest::{Param, Promise, Retry};

use super::{Parse, Parser};
use crate::ir::*;

impl Parser {
    /// Behind `run`.
    pub fn workflow(&mut self) -> Parse<Workflow> {
        Ok(Workflow {
            run: EntryId(self.number()?),
            event_enum: self.def_ref()?,
            begins: self.eat_word("begins"),
            events: Vec::new(),
        })
    }

    /// Behind `event`.
    pub fn event(&mut self) -> Parse<Event> {
        Ok(Event {
            name: self.string()?,
            params: self.params()?,
            access: self.access()?,
            public: self.eat_word("public"),
            guard: match self.eat_word("guard") {
                true => Some(EntryId(self.number()?)),
                false => None,
            },
            doc: match self.eat_word("doc") {
                true => Some(self.string()?),
                false => None,
            },
        })
    }

    /// Behind `failures`.
    pub fn failures(&mut self) -> Parse<Failures> {
        Ok(Failures {
            cancelled: self.def_ref()?,
            timed_out: self.def_ref()?,
            unavailable: self.def_ref()?,
            unknown: self.def_ref()?,
        })
    }

    /// Behind `outside`.
    pub fn outside(&mut self) -> Parse<Extern> {
        let (module, name, source) = (self.string()?, self.string()?, self.string()?);
        let promise = match self.word()?.as_str() {
            "pure" => Promise::Pure,
            "read" => Promise::Read,
            "idempotent" => Promise::Idempotent,
            "once" => Promise::Once,
            other => return Err(format!("unknown promise {other}")),
        };
        let params = self.params()?.into_iter().map(|p| Param {
            name: p.name,
            ty: p.ty,
            has_default: p.defaulted,
        });
        let params = params.collect();
        self.expect('-')?;
        self.expect('>')?;
        let returns = self.ty()?;
        let fails = self.rows('[', ']', |p| p.def_ref())?;
        let retry = match self.eat_word("retry") {
            true => Some(Retry {
                attempts: self.number()?,
                pause_us: self.number()?,
            }),
            false => None,
        };
        let timeout_us = match self.eat_word("timeout") {
            true => Some(self.number()?),
            false => None,
        };
        Ok(Extern {
            module,
            name,
            source,
            params,
            returns,
            fails,
            promise,
            retry,
            timeout_us,
        })
    }

    fn def_ref(&mut self) -> Parse<DefId> {
        let name = self.word()?;
        self.defs
            .get(&name)
            .copied()
            .ok_or(format!("no type {name}"))
    }
}
