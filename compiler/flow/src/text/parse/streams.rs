//! The reverse of `print::streams`.

use super::{Parse, Parser};
use crate::ir::*;

impl Parser {
    /// Behind `stream`.
    pub fn stream(&mut self) -> Parse<Stream> {
        Ok(Stream {
            name: self.string()?,
            ty: self.ty()?,
            key: match self.eat_word("key") {
                true => Some(self.ty()?),
                false => None,
            },
            timed: self.eat_word("timed"),
            late_us: match self.eat_word("late") {
                true => Some(self.number()?),
                false => None,
            },
            keep: if self.eat_word("keep") {
                Keep::For(self.number()?)
            } else if self.eat_word("ever") {
                Keep::Ever(self.string()?)
            } else {
                Keep::Configured
            },
            append: match self.eat_word("append") {
                true => Some(EntryId(self.number()?)),
                false => None,
            },
            consumers: match self.eat_word("consumers") {
                true => self.rows('(', ')', |p| Ok(EntryId(p.number()?)))?,
                false => Vec::new(),
            },
            doc: match self.eat_word("doc") {
                true => Some(self.string()?),
                false => None,
            },
        })
    }
}
