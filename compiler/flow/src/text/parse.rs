//! Text -> module. Names may be used before they are defined, so definitions are found first.

use std::collections::BTreeMap;

use weir_contract::{
    CrashReason, Currency, Def, DefId, DefKind, Field, Money, TupleField, Type, Variant,
};

mod lattices;
mod streams;
mod waiting;

use super::lex::{Token, lex};
use super::operands::{self, Operand};
use crate::ir::*;

/// Reads what `print` writes. The error names the line. The result is well formed but not verified.
pub fn parse(text: &str) -> Result<Module, String> {
    let tokens = lex(text)?;
    let mut parser = Parser {
        defs: BTreeMap::new(),
        entities: BTreeMap::new(),
        funcs: BTreeMap::new(),
        module: Module::default(),
        tokens,
        at: 0,
    };
    parser.find_names()?;
    parser
        .module()
        .map_err(|e| format!("line {}: {e}", parser.tokens[parser.at.saturating_sub(1)].1))?;
    Ok(parser.module)
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    defs: BTreeMap<String, DefId>,
    entities: BTreeMap<String, EntityId>,
    funcs: BTreeMap<String, FuncId>,
    module: Module,
}

type Parse<T> = Result<T, String>;

impl Parser {
    /// Numbers the definitions, entities and functions in the order of the text. These words at the outermost
    /// brace level start them and nothing else.
    fn find_names(&mut self) -> Parse<()> {
        let mut depth = 0;
        for i in 0..self.tokens.len() {
            match &self.tokens[i].0 {
                Token::Punct('{' | '(') => depth += 1,
                Token::Punct('}' | ')') => depth -= 1,
                Token::Word(word) if depth == 0 => {
                    let named = |at: usize| match self.tokens.get(at).map(|t| &t.0) {
                        Some(Token::Word(n) | Token::Str(n)) => Some(n.clone()),
                        _ => None,
                    };
                    match word.as_str() {
                        "record" | "error" | "new" | "key" | "enum" => {
                            let id = DefId(self.defs.len() as u32);
                            if let Some(name) = named(i + 1) {
                                self.defs.insert(name, id);
                            }
                        }
                        "entity" => {
                            let id = EntityId(self.entities.len() as u32);
                            if let Some(name) = named(i + 1) {
                                self.entities.insert(name, id);
                            }
                        }
                        "fn" => {
                            let id = FuncId(self.funcs.len() as u32);
                            if let Some(name) = named(i + 2)
                                && self.funcs.insert(name.clone(), id).is_some()
                            {
                                return Err(format!(
                                    "line {}: two functions @{name}",
                                    self.tokens[i].1
                                ));
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn module(&mut self) -> Parse<()> {
        while *self.peek() != Token::End {
            match self.word()?.as_str() {
                word @ ("file" | "library") => {
                    if word == "library" {
                        let number = self.module.files.len() as u32;
                        self.module.library.insert(number);
                    }
                    let name = self.string()?;
                    self.module.files.push(name);
                }
                "site" => {
                    self.number::<u32>()?;
                    let site = Site {
                        file: self.number()?,
                        start: self.number()?,
                        end: self.number()?,
                    };
                    self.module.sites.push(site);
                }
                "inlined" => {
                    let inlined = Inlined {
                        site: SiteId(self.number()?),
                        called_at: SiteId(self.number()?),
                    };
                    self.module.inlined.push(inlined);
                }
                "record" => {
                    let name = self.word()?;
                    let fields = self.fields()?;
                    self.def(name, DefKind::Record { fields });
                }
                "error" => {
                    let name = self.word()?;
                    let fields = self.fields()?;
                    let status = self.number()?;
                    self.def(name, DefKind::Error { fields, status });
                }
                "key" => {
                    let name = self.word()?;
                    let keys = self.fields()?;
                    self.def(name, DefKind::Entity { keys });
                }
                "new" => {
                    let name = self.word()?;
                    self.expect('=')?;
                    let base = self.ty()?;
                    self.def(name, DefKind::New { base });
                }
                "enum" => {
                    let name = self.word()?;
                    let variants = self.rows('{', '}', |p| {
                        Ok(Variant {
                            name: p.word()?,
                            fields: p.fields()?,
                        })
                    })?;
                    self.def(name, DefKind::Enum { variants });
                }
                "failures" => self.module.failures = Some(self.failures()?),
                "outside" => {
                    let function = self.outside()?;
                    self.module.externs.push(function);
                }
                "entity" => self.entity()?,
                "fn" => self.func()?,
                "entry" => self.entry()?,
                "stream" => {
                    let stream = self.stream()?;
                    self.module.streams.push(stream);
                }
                other => return Err(format!("unknown item {other}")),
            }
        }
        Ok(())
    }

    fn def(&mut self, name: String, kind: DefKind) {
        self.module.defs.defs.push(Def { name, kind });
    }

    fn entity(&mut self) -> Parse<()> {
        let name = self.word()?;
        let def = *self.defs.get(&name).ok_or(format!("no key {name}"))?;
        let mut entity = Entity {
            workflow: None,
            name,
            def,
            slots: Vec::new(),
            check: None,
            allow: None,
            fields: Vec::new(),
            doc: None,
        };
        self.expect('{')?;
        while !self.eat('}') {
            match self.word()?.as_str() {
                "slot" => {
                    self.expect('.')?;
                    let name = self.word()?;
                    self.expect(':')?;
                    let kind = match self.word()?.as_str() {
                        "scalar" => SlotKind::Scalar(self.ty()?),
                        "list" => SlotKind::List(self.ty()?),
                        "set" => SlotKind::Set(self.ty()?),
                        "map" => {
                            let key = self.ty()?;
                            self.expect(',')?;
                            SlotKind::Map(key, self.ty()?)
                        }
                        other => return Err(format!("unknown kind of slot {other}")),
                    };
                    let merge = self.merge()?;
                    self.expect('=')?;
                    let init = if self.eat_word("empty") {
                        Init::Empty
                    } else if *self.peek() == Token::Punct('@') {
                        Init::Func(self.func_ref()?)
                    } else {
                        Init::Literal(self.literal()?)
                    };
                    entity.slots.push(Slot {
                        name,
                        kind,
                        init,
                        merge,
                    });
                }
                "doc" => entity.doc = Some(self.string()?),
                word @ ("pub" | "field") => {
                    let public = word == "pub";
                    if public {
                        self.word()?;
                    }
                    let name = self.word()?;
                    self.expect(':')?;
                    let ty = self.ty()?;
                    let merge = self.merge()?;
                    entity.fields.push(StateField {
                        name,
                        ty,
                        public,
                        merge,
                    });
                }
                "run" => entity.workflow = Some(self.workflow()?),
                "event" => {
                    let event = self.event()?;
                    let workflow = entity.workflow.as_mut().ok_or("an event without a run")?;
                    workflow.events.push(event);
                }
                "check" => entity.check = Some(self.func_ref()?),
                "allow" => entity.allow = Some(self.func_ref()?),
                other => return Err(format!("unknown member {other}")),
            }
        }
        self.module.entities.push(entity);
        Ok(())
    }

    fn func(&mut self) -> Parse<()> {
        self.expect('@')?;
        let name = self.name()?;
        let mut regs = self.rows('(', ')', |p| p.reg_info())?;
        let params = regs.len() as u32;
        self.expect('-')?;
        self.expect('>')?;
        let ret = self.ty()?;
        let site = self.site()?;
        self.expect('{')?;
        while matches!(self.peek(), Token::Word(w) if w.starts_with('r')) {
            regs.push(self.reg_info()?);
        }
        let regs = numbered(regs)?;
        let mut func = Func {
            name,
            params,
            regs,
            ret,
            blocks: Vec::new(),
            site,
        };
        while !self.eat('}') {
            let block = self.block_ref()?;
            if block.0 as usize != func.blocks.len() {
                return Err(format!("expected b{}", func.blocks.len()));
            }
            self.expect(':')?;
            let block = self.block(&func)?;
            func.blocks.push(block);
        }
        self.module.funcs.push(func);
        Ok(())
    }

    fn reg_info(&mut self) -> Parse<(Reg, RegInfo)> {
        let reg = self.reg()?;
        let name = match self.peek() {
            Token::Str(_) => Some(self.string()?),
            _ => None,
        };
        self.expect(':')?;
        let ty = if self.eat_word("instance") {
            RegType::Instance(self.entity_ref()?)
        } else {
            RegType::Value(self.ty()?)
        };
        Ok((reg, RegInfo { ty, name }))
    }

    fn block(&mut self, func: &Func) -> Parse<Block> {
        let mut insts = Vec::new();
        loop {
            let mut word = self.word()?;
            let dst = if *self.peek() == Token::Punct('=') {
                self.expect('=')?;
                let dst = numeral(&word, 'r').map(Reg)?;
                word = self.word()?;
                Some(dst)
            } else {
                if let Some(term) = self.term(&word)? {
                    return Ok(Block {
                        insts,
                        term,
                        site: self.site()?,
                    });
                }
                None
            };
            let operands = self.operands(func)?;
            let op = operands::to_op(&word, &operands)
                .ok_or(format!("no operation {word} with such operands"))?;
            insts.push(Inst {
                dst,
                op,
                site: self.site()?,
            });
        }
    }

    /// The operands up to the site, the next instruction or the end of the block. An instruction starts with
    /// a word; operands after the first follow a comma.
    fn operands(&mut self, func: &Func) -> Parse<Vec<Operand>> {
        let mut out: Vec<Operand> = Vec::new();
        let line = self.tokens[self.at - 1].1;
        if self.tokens[self.at].1 != line || *self.peek() == Token::Punct('!') {
            return Ok(out);
        }
        loop {
            let operand = match self.peek().clone() {
                Token::Word(w) if numeral(&w, 'r').is_ok() => Operand::Reg(self.reg()?),
                Token::Word(w) if self.entities.contains_key(&w) => {
                    Operand::Entity(self.entity_ref()?)
                }
                Token::Punct('(') => Operand::Regs(self.rows('(', ')', |p| p.reg())?),
                Token::Punct('@') => Operand::Func(self.func_ref()?),
                Token::Punct('.') => {
                    self.at += 1;
                    let name = self.word()?;
                    let entity = match out.first() {
                        Some(Operand::Reg(r)) => match func.regs.get(r.0 as usize).map(|i| &i.ty) {
                            Some(RegType::Instance(e)) => *e,
                            _ => return Err(format!("r{} is not an instance", r.0)),
                        },
                        _ => return Err("a slot without an instance".into()),
                    };
                    let slots = &self
                        .module
                        .entities
                        .get(entity.0 as usize)
                        .ok_or("entity after its use")?
                        .slots;
                    let slot = slots
                        .iter()
                        .position(|s| s.name == name)
                        .ok_or(format!("no slot .{name}"))?;
                    Operand::Slot(SlotId(slot as u32))
                }
                // In the first place a number or text is a literal except for the operations that say otherwise.
                Token::Number(n)
                    if n.parse::<u32>().is_ok() && self.previous_word() != Some("const") =>
                {
                    Operand::Number(self.number()?)
                }
                Token::Str(_) if matches!(self.previous_word(), Some("lib" | "wait")) => {
                    Operand::Name(self.string()?)
                }
                _ => Operand::Literal(self.literal()?),
            };
            out.push(operand);
            let more =
                self.eat(',') || matches!(out.last(), Some(Operand::Func(_) | Operand::Name(_)));
            if !more {
                return Ok(out);
            }
        }
    }

    fn previous_word(&self) -> Option<&str> {
        match &self.tokens[self.at - 1].0 {
            Token::Word(w) => Some(w),
            _ => None,
        }
    }

    fn term(&mut self, word: &str) -> Parse<Option<Term>> {
        Ok(Some(match word {
            "jump" => Term::Jump(self.block_ref()?),
            "branch" => {
                let on = self.reg()?;
                self.expect(',')?;
                let yes = self.block_ref()?;
                self.expect(',')?;
                Term::Branch(on, yes, self.block_ref()?)
            }
            "switch" => {
                let on = self.reg()?;
                let mut cases = Vec::new();
                let mut default = None;
                self.rows('{', '}', |p| {
                    if p.eat_word("else") {
                        p.expect(':')?;
                        default = Some(p.block_ref()?);
                    } else {
                        let tag = p.number()?;
                        p.expect(':')?;
                        cases.push((tag, p.block_ref()?));
                    }
                    Ok(())
                })?;
                Term::Switch { on, cases, default }
            }
            "return" => Term::Return(self.reg()?),
            "tail_call" => {
                let func = self.func_ref()?;
                Term::TailCall(func, self.rows('(', ')', |p| p.reg())?)
            }
            "suspend" => {
                let entry = EntryId(self.number()?);
                let cells = self.rows('(', ')', |p| p.reg())?;
                let wait = if self.eat_word("for") {
                    let wait = self.wait()?;
                    Some((wait, self.rows('(', ')', |p| p.reg())?))
                } else {
                    None
                };
                Term::Suspend { entry, cells, wait }
            }
            "crash" => {
                let name = self.word()?;
                let reason = CrashReason::ALL
                    .into_iter()
                    .find(|r| r.name() == name)
                    .ok_or(format!("no crash reason {name}"))?;
                let detail = if self.eat(',') {
                    Some(self.reg()?)
                } else {
                    None
                };
                Term::Crash { reason, detail }
            }
            _ => return Ok(None),
        }))
    }

    fn entry(&mut self) -> Parse<()> {
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

    fn params(&mut self) -> Parse<Vec<EntryParam>> {
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

    fn access(&mut self) -> Parse<Access> {
        Ok(match self.word()?.as_str() {
            "anyone" => Access::Anyone,
            "signed_in" => Access::SignedIn,
            "roles" => Access::Roles(self.rows('(', ')', |p| p.string())?),
            other => return Err(format!("unknown access {other}")),
        })
    }

    /// What a run waits for, as [`super::wait`] writes it.
    fn wait(&mut self) -> Parse<Wait> {
        let text = self.string()?;
        super::wait::parse(&text).ok_or(format!("nothing waits for {text}"))
    }

    fn fields(&mut self) -> Parse<Vec<Field>> {
        self.rows('(', ')', |p| {
            let name = p.word()?;
            p.expect(':')?;
            Ok(Field { name, ty: p.ty()? })
        })
    }

    fn ty(&mut self) -> Parse<Type> {
        if *self.peek() == Token::Punct('(') {
            let fields = self.rows('(', ')', |p| {
                let named =
                    matches!(p.peek(), Token::Word(_)) && p.tokens[p.at + 1].0 == Token::Punct(':');
                let name = if named { Some(p.word()?) } else { None };
                if named {
                    p.expect(':')?;
                }
                Ok(TupleField { name, ty: p.ty()? })
            })?;
            return Ok(Type::Tuple(fields));
        }
        let word = self.word()?;
        Ok(match word.as_str() {
            "Unit" => Type::Unit,
            "Bool" => Type::Bool,
            "Int" => Type::Int,
            "Decimal" => Type::Decimal,
            "Float" => Type::Float,
            "Text" => Type::Text,
            "Bytes" => Type::Bytes,
            "Time" => Type::Time,
            "Duration" => Type::Duration,
            "Date" => Type::Date,
            "Money" => Type::Money,
            "Blob" => Type::Blob,
            "List" | "Set" | "Option" | "Map" | "Result" => {
                self.expect('<')?;
                let first = Box::new(self.ty()?);
                let ty = match word.as_str() {
                    "List" => Type::List(first),
                    "Set" => Type::Set(first),
                    "Option" => Type::Option(first),
                    "Map" => {
                        self.expect(',')?;
                        Type::Map(first, Box::new(self.ty()?))
                    }
                    _ => {
                        self.expect(',')?;
                        let mut errors = Vec::new();
                        while *self.peek() != Token::Punct('>') {
                            let name = self.word()?;
                            errors.push(*self.defs.get(&name).ok_or(format!("no error {name}"))?);
                            self.eat('|');
                        }
                        Type::Result(first, errors)
                    }
                };
                self.expect('>')?;
                ty
            }
            name => Type::Named(*self.defs.get(name).ok_or(format!("no type {name}"))?),
        })
    }

    fn literal(&mut self) -> Parse<Literal> {
        let token = self.peek().clone();
        self.at += 1;
        Ok(match token {
            Token::Str(s) => Literal::Text(s),
            Token::Word(w) => match w.as_str() {
                "unit" => Literal::Unit,
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "nan" => Literal::Float(f64::NAN),
                "inf" => Literal::Float(f64::INFINITY),
                "neg_inf" => Literal::Float(f64::NEG_INFINITY),
                "bytes" => {
                    let hex = self.string()?;
                    let byte = |i| {
                        hex.get(i..i + 2)
                            .and_then(|h| u8::from_str_radix(h, 16).ok())
                    };
                    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
                    Literal::Bytes(bytes.ok_or("bad hex")?)
                }
                other => return Err(format!("unexpected {other}")),
            },
            Token::Number(n) => {
                let bad = || format!("bad number {n}");
                if let Some(us) = n.strip_suffix("us") {
                    Literal::Duration(us.parse().map_err(|_| bad())?)
                } else if let Some(us) = n.strip_suffix('t') {
                    Literal::Time(us.parse().map_err(|_| bad())?)
                } else if let Some(days) = n.strip_suffix('d') {
                    Literal::Date(days.parse().map_err(|_| bad())?)
                } else if let Some((nano, code)) = n.split_once('n')
                    && let Some(currency) = Currency::of(code)
                {
                    let amount = nano.parse().map_err(|_| bad())?;
                    Literal::Money(Money { currency, amount })
                } else if let Some(nano) = n.strip_suffix('n') {
                    Literal::Decimal(nano.parse().map_err(|_| bad())?)
                } else if let Some(x) = n.strip_suffix('f') {
                    Literal::Float(x.parse().map_err(|_| bad())?)
                } else {
                    Literal::Int(n.parse().map_err(|_| bad())?)
                }
            }
            other => return Err(format!("expected a literal, found {other:?}")),
        })
    }

    fn func_ref(&mut self) -> Parse<FuncId> {
        self.expect('@')?;
        let name = self.name()?;
        self.funcs
            .get(&name)
            .copied()
            .ok_or(format!("no function @{name}"))
    }

    fn entity_ref(&mut self) -> Parse<EntityId> {
        let name = self.word()?;
        self.entities
            .get(&name)
            .copied()
            .ok_or(format!("no entity {name}"))
    }

    fn reg(&mut self) -> Parse<Reg> {
        numeral(&self.word()?, 'r').map(Reg)
    }

    fn block_ref(&mut self) -> Parse<BlockId> {
        numeral(&self.word()?, 'b').map(BlockId)
    }

    fn site(&mut self) -> Parse<SiteId> {
        if self.eat('!') {
            self.number().map(SiteId)
        } else {
            Ok(SiteId(0))
        }
    }

    fn name(&mut self) -> Parse<String> {
        match self.peek() {
            Token::Str(_) => self.string(),
            _ => self.word(),
        }
    }

    // ---- tokens ----

    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn word(&mut self) -> Parse<String> {
        match self.peek().clone() {
            Token::Word(w) => {
                self.at += 1;
                Ok(w)
            }
            other => Err(format!("expected a word, found {other:?}")),
        }
    }

    fn string(&mut self) -> Parse<String> {
        match self.peek().clone() {
            Token::Str(s) => {
                self.at += 1;
                Ok(s)
            }
            other => Err(format!("expected a string, found {other:?}")),
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> Parse<T> {
        match self.peek().clone() {
            Token::Number(n) => {
                self.at += 1;
                n.parse().map_err(|_| format!("bad number {n}"))
            }
            other => Err(format!("expected a number, found {other:?}")),
        }
    }

    fn eat(&mut self, c: char) -> bool {
        let found = *self.peek() == Token::Punct(c);
        self.at += found as usize;
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(w) if w == word);
        self.at += found as usize;
        found
    }

    fn expect(&mut self, c: char) -> Parse<()> {
        if self.eat(c) {
            Ok(())
        } else {
            Err(format!("expected {c}, found {:?}", self.peek()))
        }
    }

    fn rows<T>(
        &mut self,
        open: char,
        close: char,
        mut row: impl FnMut(&mut Self) -> Parse<T>,
    ) -> Parse<Vec<T>> {
        self.expect(open)?;
        let mut out = Vec::new();
        while !self.eat(close) {
            if !out.is_empty() {
                self.expect(',')?;
            }
            out.push(row(self)?);
        }
        Ok(out)
    }
}

fn numeral(word: &str, prefix: char) -> Parse<u32> {
    word.strip_prefix(prefix)
        .and_then(|n| n.parse().ok())
        .ok_or(format!("expected {prefix} and a number, found {word}"))
}

/// Registers must be listed as r0, r1, r2, ...
fn numbered(regs: Vec<(Reg, RegInfo)>) -> Parse<Vec<RegInfo>> {
    let mut out = Vec::new();
    for (reg, info) in regs {
        if reg.0 as usize != out.len() {
            return Err(format!("expected r{}, found r{}", out.len(), reg.0));
        }
        out.push(info);
    }
    Ok(out)
}
