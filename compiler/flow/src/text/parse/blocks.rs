//! Blocks: instructions with their operands, and how they end.

use weir_contract::CrashReason;

use super::cursor::numeral;
use super::{Parse, Parser};
use crate::ir::*;
use crate::text::lex::Token;
use crate::text::operands::{self, Operand};

impl Parser {
    pub fn block(&mut self, func: &Func) -> Parse<Block> {
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
    pub fn operands(&mut self, func: &Func) -> Parse<Vec<Operand>> {
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

    pub fn previous_word(&self) -> Option<&str> {
        match &self.tokens[self.at - 1].0 {
            Token::Word(w) => Some(w),
            _ => None,
        }
    }

    pub fn term(&mut self, word: &str) -> Parse<Option<Term>> {
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
}
