//! Text -> module. Names may be used before they are defined, so definitions are found first.

use std::collections::BTreeMap;

use weir_contract::{Def, DefId, DefKind, Variant};

mod blocks;
mod cursor;
mod entries;
mod lattices;
mod streams;
mod types;
mod waiting;

use super::lex::{Token, lex};
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

    /// What a run waits for, as [`super::wait`] writes it.
    fn wait(&mut self) -> Parse<Wait> {
        let text = self.string()?;
        super::wait::parse(&text).ok_or(format!("nothing waits for {text}"))
    }
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
