//! Types of generated programs: their spelling, values to call with, and literals.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::{Currency, Money, Value};

use super::Gen;

/// A type that can be written in a program. Numbers are positions in the generator's tables.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    Unit,
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Time,
    Duration,
    Date,
    Money,
    List(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Set(Box<Ty>),
    Option(Box<Ty>),
    Tuple(Vec<Ty>),
    /// A tuple with names.
    Named(Vec<(String, Ty)>),
    Record(usize),
    Enum(usize),
    New(usize),
    /// A reference to an entity.
    Ref(usize),
    /// Only in declarations: the parameter of this number, and the type that is declared.
    Param(usize),
    Itself,
    Blob,
}

impl Ty {
    pub fn list(item: Ty) -> Ty {
        Ty::List(Box::new(item))
    }

    pub fn option(of: Ty) -> Ty {
        Ty::Option(Box::new(of))
    }
}

impl Gen {
    /// The type as the source spells it.
    pub fn spell(&self, ty: &Ty) -> String {
        match ty {
            Ty::Unit => "()".to_owned(),
            Ty::Bool => "Bool".to_owned(),
            Ty::Int => "Int".to_owned(),
            Ty::Decimal => "Decimal".to_owned(),
            Ty::Float => "Float".to_owned(),
            Ty::Text => "Text".to_owned(),
            Ty::Time => "Time".to_owned(),
            Ty::Duration => "Duration".to_owned(),
            Ty::Date => "Date".to_owned(),
            Ty::Money => "Money".to_owned(),
            Ty::Blob => "Blob".to_owned(),
            Ty::List(item) => format!("List<{}>", self.spell(item)),
            Ty::Map(key, value) => format!("Map<{}, {}>", self.spell(key), self.spell(value)),
            Ty::Set(item) => format!("Set<{}>", self.spell(item)),
            Ty::Option(of) => format!("{}?", self.spell(of)),
            Ty::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| self.spell(item)).collect();
                format!("({})", items.join(", "))
            }
            Ty::Named(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(name, item)| format!("{name}: {}", self.spell(item)))
                    .collect();
                format!("({})", items.join(", "))
            }
            Ty::Record(id) => self.applied(&self.records[*id].name, &self.records[*id].args),
            Ty::Enum(id) => self.applied(&self.enums[*id].name, &self.enums[*id].args),
            Ty::Param(number) => super::generic::parameter(*number).to_owned(),
            Ty::Itself => self.declaring.clone(),
            Ty::New(id) => self.news[*id].0.clone(),
            Ty::Ref(id) => self.entities[*id].name.clone(),
        }
    }

    /// `Page<Int>`, or the name alone.
    fn applied(&self, name: &str, args: &[Ty]) -> String {
        if args.is_empty() {
            return name.to_owned();
        }
        let args: Vec<String> = args.iter().map(|arg| self.spell(arg)).collect();
        format!("{name}<{}>", args.join(", "))
    }

    /// A type without parts.
    pub fn simple_type(&mut self) -> Ty {
        loop {
            let ty = match self.below(11) {
                0 | 1 => Ty::Int,
                2 => Ty::Bool,
                3 if self.swarm.texts => Ty::Text,
                4 if self.swarm.decimals => Ty::Decimal,
                5 if self.swarm.floats => Ty::Float,
                6 if self.swarm.times => Ty::Time,
                7 if self.swarm.times => Ty::Duration,
                8 if self.swarm.times => Ty::Date,
                9 if self.swarm.money => Ty::Money,
                10 if self.swarm.blobs => Ty::Blob,
                _ => continue,
            };
            return ty;
        }
    }

    /// Any type the swarm has; the deeper, the simpler.
    pub fn any_type(&mut self, depth: usize) -> Ty {
        if depth == 0 || self.on(35) {
            return self.simple_type();
        }
        for _ in 0..12 {
            let ty = match self.below(9) {
                0 if self.swarm.lists => Ty::list(self.any_type(depth - 1)),
                1 if self.swarm.maps => {
                    let key = self.key_type();
                    Ty::Map(Box::new(key), Box::new(self.any_type(depth - 1)))
                }
                2 if self.swarm.sets => Ty::Set(Box::new(self.key_type())),
                3 if self.swarm.options => match self.any_type(depth - 1) {
                    // `Int??` cannot be written: `??` is an operator.
                    Ty::Option(_) => continue,
                    of => Ty::option(of),
                },
                4 if self.swarm.tuples && self.on(40) => {
                    let items = ["left", "mid", "right"].iter().take(2 + self.below(2));
                    let items = items.map(|name| ((*name).to_owned(), self.any_type(depth - 1)));
                    Ty::Named(items.collect())
                }
                4 if self.swarm.tuples => {
                    let size = 2 + self.below(2);
                    Ty::Tuple((0..size).map(|_| self.any_type(depth - 1)).collect())
                }
                5 if !self.records.is_empty() => Ty::Record(self.below(self.records.len())),
                6 if !self.enums.is_empty() => Ty::Enum(self.below(self.enums.len())),
                7 if !self.news.is_empty() => Ty::New(self.below(self.news.len())),
                8 if self.swarm.references && !self.entities.is_empty() => {
                    Ty::Ref(self.below(self.entities.len()))
                }
                _ => continue,
            };
            return ty;
        }
        self.simple_type()
    }

    /// A type for keys of maps and elements of sets: mostly simple.
    pub fn key_type(&mut self) -> Ty {
        match self.below(8) {
            0 | 1 => Ty::Int,
            2 | 3 => Ty::Text,
            4 if self.swarm.tuples => Ty::Tuple(vec![Ty::Int, Ty::Text]),
            5 if !self.enums.is_empty() => Ty::Enum(self.below(self.enums.len())),
            6 if self.swarm.options => Ty::option(Ty::Int),
            7 if !self.news.is_empty() => Ty::New(self.below(self.news.len())),
            _ => self.simple_type(),
        }
    }

    pub fn int(&mut self) -> i64 {
        if self.swarm.big_numbers && self.on(12) {
            return self.pick(&[
                i64::MAX,
                i64::MIN + 1,
                i64::MAX / 2,
                1 << 32,
                3_037_000_500,
                -(1 << 40),
            ]);
        }
        match self.below(4) {
            0 => self.below(4) as i64,
            1 => self.below(100) as i64,
            2 => -(self.below(10) as i64),
            _ => self.below(12) as i64,
        }
    }

    /// Count of 10^-9.
    fn decimal(&mut self) -> i128 {
        if self.swarm.big_numbers && self.on(8) {
            return i64::MAX as i128 * 1_000_000_000 * 1_000_000;
        }
        let units = [1_000_000_000, 10_000_000, 1, 333_333_333];
        let unit: i128 = self.pick(&units);
        (self.below(200) as i128 - 40) * unit
    }

    /// Mostly the same one, or hardly a sum would come to be.
    fn currency(&mut self) -> Currency {
        let code = if self.on(90) {
            "EUR"
        } else {
            self.pick(&["JPY", "KWD"])
        };
        Currency::of(code).expect("a currency")
    }

    fn float(&mut self) -> f64 {
        let special = [0.0, 1.0, -1.5, 0.1, 1e300, 1e-300, 2.5, -0.5];
        if self.on(60) {
            self.pick(&special)
        } else {
            self.below(1000) as f64 / 8.0 - 20.0
        }
    }

    pub fn word(&mut self) -> String {
        self.pick(&[
            "",
            "a",
            "b",
            "ann",
            "bob",
            "Zoë",
            "two words",
            "x,y",
            "12",
            "-7",
            "end\"",
            "tab\t",
            "{brace}",
            "日本",
        ])
        .to_owned()
    }

    /// Few keys, so that calls meet the same instances.
    pub fn key_value(&mut self, ty: &Ty) -> Value {
        match ty {
            Ty::Int => Value::Int(self.below(3) as i64),
            Ty::Text => Value::Text(self.pick(&["ann", "bob"]).to_owned()),
            Ty::New(id) => {
                let base = self.news[*id].1.clone();
                self.key_value(&base)
            }
            _ => self.value(ty, 0),
        }
    }

    /// A value to call with.
    pub fn value(&mut self, ty: &Ty, depth: usize) -> Value {
        let size = if depth > 2 { 0 } else { self.size(3) };
        match ty {
            Ty::Unit => Value::Unit,
            Ty::Bool => Value::Bool(self.on(50)),
            Ty::Int => Value::Int(self.int()),
            Ty::Decimal => Value::Decimal(self.decimal()),
            Ty::Float => Value::Float(self.float()),
            Ty::Text => Value::Text(self.word()),
            Ty::Time => Value::Time(1_700_000_000_000_000 + self.int() % 1_000_000_000_000),
            Ty::Duration => Value::Duration(self.int() % 1_000_000_000_000),
            Ty::Date => Value::Date(20_000 + self.int() % 100_000),
            Ty::Money => Value::Money(Money {
                currency: self.currency(),
                amount: self.decimal(),
            }),
            Ty::Blob => self.blob(),
            Ty::List(item) => Value::List((0..size).map(|_| self.value(item, depth + 1)).collect()),
            Ty::Set(item) => {
                let items: BTreeSet<Value> =
                    (0..size).map(|_| self.value(item, depth + 1)).collect();
                Value::Set(items)
            }
            Ty::Map(key, item) => {
                let entry = |_| (self.value(key, depth + 1), self.value(item, depth + 1));
                let entries: BTreeMap<Value, Value> = (0..size).map(entry).collect();
                Value::Map(entries)
            }
            Ty::Option(of) => {
                let some = self.on(60).then(|| Box::new(self.value(of, depth + 1)));
                Value::Option(some)
            }
            Ty::Tuple(items) => Value::Record(
                items
                    .iter()
                    .map(|item| self.value(item, depth + 1))
                    .collect(),
            ),
            Ty::Named(items) => Value::Record(
                items
                    .iter()
                    .map(|(_, item)| self.value(item, depth + 1))
                    .collect(),
            ),
            Ty::Record(id) => {
                let fields: Vec<Ty> = self.records[*id]
                    .fields
                    .iter()
                    .map(|f| f.1.clone())
                    .collect();
                Value::Record(
                    fields
                        .iter()
                        .map(|field| self.value(field, depth + 1))
                        .collect(),
                )
            }
            Ty::Enum(id) => {
                let tag = self.below(self.enums[*id].variants.len());
                let fields: Vec<Ty> = self.enums[*id].variants[tag]
                    .fields
                    .iter()
                    .map(|f| f.1.clone())
                    .collect();
                let fields = fields
                    .iter()
                    .map(|field| self.value(field, depth + 1))
                    .collect();
                Value::Variant(tag as u32, fields)
            }
            Ty::New(id) => {
                let base = self.news[*id].1.clone();
                self.value(&base, depth)
            }
            Ty::Param(_) | Ty::Itself => unreachable!("only declarations have parameters"),
            Ty::Ref(id) => {
                let keys: Vec<Ty> = self.entities[*id]
                    .keys
                    .iter()
                    .map(|k| k.1.clone())
                    .collect();
                Value::Record(keys.iter().map(|key| self.key_value(key)).collect())
            }
        }
    }

    /// A literal of a simple type.
    pub fn literal(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Unit => "()".to_owned(),
            Ty::Bool => self.pick(&["true", "false"]).to_owned(),
            Ty::Int => signed(self.int().to_string()),
            Ty::Decimal => {
                let shown = weir_contract::library::decimal::show(self.decimal());
                signed(if shown.contains('.') {
                    shown
                } else {
                    shown + ".0"
                })
            }
            Ty::Float => {
                let x = self.pick(&[0.0, 1.0, -1.5, 0.1, 2.5, -0.5, 1024.0]);
                signed(format!("{x:?}f"))
            }
            Ty::Text => {
                let word = self.word();
                quoted(&word)
            }
            Ty::Time => self
                .pick(&[
                    "t\"2026-01-31T10:00Z\"",
                    "t\"1970-01-01T00:00Z\"",
                    "t\"2024-02-29T23:59:59Z\"",
                ])
                .to_owned(),
            Ty::Duration => self.pick(&["5m", "1h30m", "250ms", "0s", "7d"]).to_owned(),
            Ty::Date => self
                .pick(&["d\"2026-01-31\"", "d\"1970-01-01\"", "d\"2024-02-29\""])
                .to_owned(),
            Ty::Money => {
                let amount = weir_contract::library::decimal::show(self.decimal());
                signed(format!("{amount}{}", self.currency()))
            }
            Ty::Blob => self.kept_blob(),
            other => panic!("{other:?} has no literal"),
        }
    }
}

/// A minus is an operator: it needs parentheses wherever the number stands.
fn signed(number: String) -> String {
    if number.starts_with('-') {
        format!("({number})")
    } else {
        number
    }
}

/// As a literal of the language.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
