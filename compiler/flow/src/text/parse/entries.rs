//! What the runtime can start, with who may.

use super::{Parse, Parser};
use crate::ir::*;

impl Parser {
    pub fn entry(&mut self) -> Parse<()> {
        let kind = match self.word()?.as_str() {
            "function" => EntryKind::Function,
            "handler" => EntryKind::Handler,
            "field" => EntryKind::Field,
            "whole" => EntryKind::Whole,
            "test" => EntryKind::Test,
            "run" => EntryKind::Run,
            "guard" => EntryKind::Guard,
            "resume" => EntryKind::Resume,
            "undo" => EntryKind::Undo,
            "branch" => EntryKind::Branch,
            "mock" => EntryKind::Mock,
            other => match ScratchPart::ALL
                .into_iter()
                .find(|part| other.strip_prefix("scratch_") == Some(part.name()))
            {
                Some(part) => EntryKind::Scratch(part),
                None => return Err(format!("unknown kind of entry {other}")),
            },
        };
        let name = self.string()?;
        let entity = if self.eat_word("of") {
            Some(self.entity_ref()?)
        } else {
            None
        };
        let params = self.params()?;
        self.expect('=')?;
        let func = self.func_ref()?;
        let guard = if self.eat_word("guard") {
            Some(self.func_ref()?)
        } else {
            None
        };
        let access = self.access()?;
        let public = self.eat_word("public");
        let effect = match self.word()?.as_str() {
            "pure" => Effect::Pure,
            "read" => Effect::Read,
            "write" => Effect::Write,
            "wait" => Effect::Wait,
            other => return Err(format!("unknown effect {other}")),
        };
        let waits_for = match self.eat_word("waits_for") {
            true => self.string()?,
            false => String::new(),
        };
        let doc = if self.eat_word("doc") {
            Some(self.string()?)
        } else {
            None
        };
        let site = self.site()?;
        self.module.entries.push(Entry {
            public,
            doc,
            plan: Default::default(),
            receipt: None,
            dearest: Vec::new(),
            waits_for,
            kind,
            name,
            entity,
            params,
            func,
            guard,
            access,
            effect,
            site,
        });
        Ok(())
    }

    pub fn params(&mut self) -> Parse<Vec<EntryParam>> {
        self.rows('(', ')', |p| {
            let name = p.string()?;
            p.expect(':')?;
            let ty = p.ty()?;
            let defaulted = p.eat('=');
            if defaulted {
                p.expect('?')?;
            }
            Ok(EntryParam {
                name,
                ty,
                defaulted,
            })
        })
    }

    pub fn access(&mut self) -> Parse<Access> {
        Ok(match self.word()?.as_str() {
            "anyone" => Access::Anyone,
            "signed_in" => Access::SignedIn,
            "roles" => Access::Roles(self.rows('(', ')', |p| p.string())?),
            other => return Err(format!("unknown access {other}")),
        })
    }
}
