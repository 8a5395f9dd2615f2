//! Types, and values that are written out.

use weir_contract::{Currency, Field, Money, TupleField, Type};

use super::{Parse, Parser};
use crate::ir::*;
use crate::text::lex::Token;

impl Parser {
    pub fn fields(&mut self) -> Parse<Vec<Field>> {
        self.rows('(', ')', |p| {
            let name = p.word()?;
            p.expect(':')?;
            Ok(Field { name, ty: p.ty()? })
        })
    }

    pub fn ty(&mut self) -> Parse<Type> {
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

    pub fn literal(&mut self) -> Parse<Literal> {
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
}
