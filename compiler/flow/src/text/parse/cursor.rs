//! The next token, and what is made of one: names, numbers, and what they stand for.

use super::{Parse, Parser};
use crate::ir::*;
use crate::text::lex::Token;

impl Parser {
    pub fn func_ref(&mut self) -> Parse<FuncId> {
        self.expect('@')?;
        let name = self.name()?;
        self.funcs
            .get(&name)
            .copied()
            .ok_or(format!("no function @{name}"))
    }

    pub fn entity_ref(&mut self) -> Parse<EntityId> {
        let name = self.word()?;
        self.entities
            .get(&name)
            .copied()
            .ok_or(format!("no entity {name}"))
    }

    pub fn reg(&mut self) -> Parse<Reg> {
        numeral(&self.word()?, 'r').map(Reg)
    }

    pub fn block_ref(&mut self) -> Parse<BlockId> {
        numeral(&self.word()?, 'b').map(BlockId)
    }

    pub fn site(&mut self) -> Parse<SiteId> {
        if self.eat('!') {
            self.number().map(SiteId)
        } else {
            Ok(SiteId(0))
        }
    }

    pub fn name(&mut self) -> Parse<String> {
        match self.peek() {
            Token::Str(_) => self.string(),
            _ => self.word(),
        }
    }

    pub fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    pub fn word(&mut self) -> Parse<String> {
        match self.peek().clone() {
            Token::Word(w) => {
                self.at += 1;
                Ok(w)
            }
            other => Err(format!("expected a word, found {other:?}")),
        }
    }

    pub fn string(&mut self) -> Parse<String> {
        match self.peek().clone() {
            Token::Str(s) => {
                self.at += 1;
                Ok(s)
            }
            other => Err(format!("expected a string, found {other:?}")),
        }
    }

    pub fn number<T: std::str::FromStr>(&mut self) -> Parse<T> {
        match self.peek().clone() {
            Token::Number(n) => {
                self.at += 1;
                n.parse().map_err(|_| format!("bad number {n}"))
            }
            other => Err(format!("expected a number, found {other:?}")),
        }
    }

    pub fn eat(&mut self, c: char) -> bool {
        let found = *self.peek() == Token::Punct(c);
        self.at += found as usize;
        found
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(w) if w == word);
        self.at += found as usize;
        found
    }

    pub fn expect(&mut self, c: char) -> Parse<()> {
        if self.eat(c) {
            Ok(())
        } else {
            Err(format!("expected {c}, found {:?}", self.peek()))
        }
    }

    pub fn rows<T>(
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

pub fn numeral(word: &str, prefix: char) -> Parse<u32> {
    word.strip_prefix(prefix)
        .and_then(|n| n.parse().ok())
        .ok_or(format!("expected {prefix} and a number, found {word}"))
}
