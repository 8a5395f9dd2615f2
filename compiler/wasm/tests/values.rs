//! Values of every kind of type go into a step, through memory, order, text and state, and come out unchanged:
//! what the module does with them is what `contract` says of them.

mod world;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use weir_contract::encode::encode;
use weir_contract::{Currency, DefKind, Defs, Field, Money, Type, Value, library};
use world::live::Live;
use world::{World, bytes, world};

const TYPES: &[&str] = &[
    "Unit",
    "Bool",
    "Int",
    "Decimal",
    "Float",
    "Text",
    "Bytes",
    "Time",
    "Duration",
    "List<Int>",
    "List<Bool>",
    "List<Unit>",
    "List<Point>",
    "Map<Text, List<Int>>",
    "Map<Status, Float>",
    "Map<Int, Int>",
    "Set<Decimal>",
    "Set<Bytes>",
    "Option<Option<Text>>",
    "Option<Unit>",
    "(Int, b: Text, c: Bool)",
    "Point",
    "Status",
    "Sku",
    "List<Sku>",
    "Shop",
    "Result<Int, Poor>",
    "Result<Unit, Poor>",
    "Tree",
    "Map<(Bool, Text), Set<Time>>",
];

fn program(ty: &str) -> String {
    format!(
        r#"file "t.weir"
site 0 0 0 0
site 1 0 1 2
record Point(x: Int, y: Float)
enum Status {{ Open(), Paid(charge: Text, at: Time), Gone(flag: Bool) }}
error Poor(have: Decimal) 422
new Sku = Text
record Tree(name: Text, kids: List<Tree>)
key Shop(name: Text, number: Int)
key Box(id: {ty})
entity Box {{
  slot .one: scalar Int = 7
  slot .value: scalar Option<{ty}> = @none
  slot .items: list {ty} = empty
  slot .by: map {ty}, {ty} = empty
  slot .all: set {ty} = empty
}}
fn @none(r0: instance Box) -> Option<{ty}> {{
  r1: Option<{ty}>
b0:
  r1 = variant 0, ()
  return r1
}}
fn @echo(r0: {ty}) -> {ty} {{
b0:
  return r0
}}
fn @show(r0: {ty}) -> Text {{
  r1: Text
b0:
  r1 = show r0
  return r1
}}
fn @order(r0: {ty}, r1: {ty}) -> List<Bool> {{
  r2: Bool
  r3: List<Bool>
b0:
  r3 = list ()
  r2 = eq r0, r1
  r3 = list.push r3, r2
  r2 = ne r0, r1
  r3 = list.push r3, r2
  r2 = lt r0, r1
  r3 = list.push r3, r2
  r2 = le r0, r1
  r3 = list.push r3, r2
  r2 = gt r0, r1
  r3 = list.push r3, r2
  r2 = ge r0, r1
  r3 = list.push r3, r2
  return r3
}}
fn @keep(r0: instance Box, r1: {ty}) -> Option<{ty}> {{
  r2: Option<{ty}>
  r3: Bool
b0:
  r2 = variant 1, (r1)
  store r0, .value, r2
  slot.list.push r0, .items, r1
  slot.map.put r0, .by, r1, r1
  r3 = slot.set.add r0, .all, r1
  r2 = slot.map.get r0, .by, r1
  return r2
}}
fn @value(r0: instance Box) -> Option<{ty}> {{
  r1: Option<{ty}>
b0:
  r1 = load r0, .value
  return r1
}}
fn @items(r0: instance Box) -> List<{ty}> {{
  r1: List<{ty}>
b0:
  r1 = load r0, .items
  return r1
}}
fn @by(r0: instance Box) -> Map<{ty}, {ty}> {{
  r1: Map<{ty}, {ty}>
b0:
  r1 = load r0, .by
  store r0, .by, r1
  r1 = load r0, .by
  return r1
}}
fn @all(r0: instance Box) -> Set<{ty}> {{
  r1: Set<{ty}>
b0:
  r1 = load r0, .all
  store r0, .all, r1
  r1 = load r0, .all
  return r1
}}
fn @id(r0: instance Box) -> Box {{
  r1: Box
b0:
  r1 = keys r0
  return r1
}}
fn @wait(r0: {ty}) -> List<{ty}> {{
b0:
  suspend 10(r0) for "yield"()
}}
fn @go_on(r0: {ty}, r1: {ty}) -> List<{ty}> {{
  r2: List<{ty}>
b0:
  r2 = list (r0, r1)
  return r2
}}
entry function "echo" ("x": {ty}) = @echo anyone pure !1
entry function "show" ("x": {ty}) = @show anyone pure !1
entry function "order" ("x": {ty}, "y": {ty}) = @order anyone pure !1
entry handler "keep" of Box ("x": {ty}) = @keep anyone write !1
entry field "value" of Box () = @value anyone read !1
entry field "items" of Box () = @items anyone read !1
entry handler "by" of Box () = @by anyone write !1
entry handler "all" of Box () = @all anyone write !1
entry field "id" of Box () = @id anyone read !1
entry function "wait" ("x": {ty}) = @wait anyone wait !1
entry resume "go on" ("result": {ty}, "x": {ty}) = @go_on anyone wait !1
"#
    )
}

#[test]
fn values_of_every_type_survive() {
    for ty in TYPES {
        let mut world = world(&program(ty));
        let parsed = world.module.entries[0].params[0].ty.clone();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let values: Vec<Value> = (0..24)
            .map(|_| random.value(&world.module.defs.clone(), &parsed, 3))
            .collect();
        echo_and_show(&mut world, &parsed, &values);
        order(&mut world, ty, &values);
        state(&mut world, &parsed, &values);
        wait(&mut Live::new(world), &parsed, &values);
    }
}

fn echo_and_show(world: &mut World, ty: &Type, values: &[Value]) {
    let defs = world.module.defs.clone();
    for value in values {
        let shown = library::show(&defs, ty, value);
        // A `Result` that an entry gives is its outcome, not a value.
        if !matches!(ty, Type::Result(..)) {
            assert_eq!(world.call("echo", &[], std::slice::from_ref(value)), shown);
        }
        let text = library::show(&defs, &Type::Text, &Value::Text(shown.clone()));
        assert_eq!(
            world.call("show", &[], std::slice::from_ref(value)),
            text,
            "{ty:?}"
        );
    }
}

fn order(world: &mut World, ty: &str, values: &[Value]) {
    for x in values {
        for y in &values[..12] {
            let order = x.cmp(y);
            let expected = [
                order == Ordering::Equal,
                order != Ordering::Equal,
                order == Ordering::Less,
                order != Ordering::Greater,
                order == Ordering::Greater,
                order != Ordering::Less,
            ];
            let shown = format!("{expected:?}");
            assert_eq!(
                world.call("order", &[], &[x.clone(), y.clone()]),
                shown,
                "{ty}: {x:?} and {y:?}"
            );
        }
    }
}

/// In a frame, and as the result that a frame is given.
fn wait(live: &mut Live, ty: &Type, values: &[Value]) {
    let defs = live.world.module.defs.clone();
    let list = Type::List(Box::new(ty.clone()));
    for value in values {
        let told = live.call("wait", &[], std::slice::from_ref(value));
        assert_eq!(told[1], "yield -");
        let encoded = encode(&defs, ty, value);
        let cells = bytes(told[0].strip_prefix("frame go on ").unwrap());
        assert_eq!(cells, encoded, "{ty:?}");
        let both = Value::List(vec![value.clone(), value.clone()]);
        assert_eq!(
            live.world
                .call_with("go on", &[], &[encoded, cells].concat()),
            library::show(&defs, &list, &both)
        );
    }
}

fn state(world: &mut World, ty: &Type, values: &[Value]) {
    let defs = world.module.defs.clone();
    let option = Type::Option(Box::new(ty.clone()));
    let some = |v: &Value| library::show(&defs, &option, &Value::Option(Some(Box::new(v.clone()))));
    let key = &values[..1];
    assert_eq!(world.call("value", key, &[]), "None");
    for value in values {
        assert_eq!(
            world.call("keep", key, std::slice::from_ref(value)),
            some(value)
        );
        assert_eq!(world.call("value", key, &[]), some(value));
    }
    let list = Type::List(Box::new(ty.clone()));
    assert_eq!(
        world.call("items", key, &[]),
        library::show(&defs, &list, &Value::List(values.to_vec()))
    );
    let mut entries = BTreeMap::new();
    for value in values {
        // The key keeps its first spelling (0.0 and -0.0 are one); the value is the last.
        entries.insert(value.clone(), value.clone());
    }
    let map = Type::Map(Box::new(ty.clone()), Box::new(ty.clone()));
    assert_eq!(
        world.call("by", key, &[]),
        library::show(&defs, &map, &Value::Map(entries))
    );
    let set = Type::Set(Box::new(ty.clone()));
    let items: BTreeSet<Value> = values.iter().cloned().collect();
    assert_eq!(
        world.call("all", key, &[]),
        library::show(&defs, &set, &Value::Set(items))
    );
    let id = Type::Named(world.module.entities[0].def);
    assert_eq!(
        world.call("id", key, &[]),
        library::show(&defs, &id, &Value::Record(key.to_vec()))
    );
}

/// Marsaglia's xorshift; the same values each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn int(&mut self) -> i64 {
        const EDGES: [i64; 10] = [0, 1, -1, 63, 64, -64, -65, i64::MAX, i64::MIN, 1 << 40];
        match self.below(3) {
            0 => self.next() as i64,
            1 => self.below(5) as i64 - 2,
            _ => EDGES[self.below(EDGES.len())],
        }
    }

    fn decimal(&mut self) -> i128 {
        match self.below(4) {
            0 => i128::MIN,
            1 => i128::MAX,
            2 => (self.int() as i128) << self.below(64),
            _ => self.int() as i128,
        }
    }

    fn float(&mut self) -> f64 {
        const EDGES: [f64; 8] = [
            0.0,
            1.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e-300,
            -0.5,
        ];
        match self.below(2) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.int() as f64 / 3.0,
        }
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 8] = [
            "",
            "a",
            "b\0",
            "long enough for words",
            "\"{",
            "é",
            "\n",
            "long enough for wordz",
        ];
        (0..self.below(3))
            .map(|_| PARTS[self.below(PARTS.len())])
            .collect()
    }

    fn value(&mut self, defs: &Defs, ty: &Type, depth: u32) -> Value {
        let count = if depth == 0 { 0 } else { self.below(4) };
        let many = |this: &mut Random, ty: &Type| -> Vec<Value> {
            (0..count)
                .map(|_| this.value(defs, ty, depth - 1))
                .collect()
        };
        match ty {
            Type::Unit => Value::Unit,
            Type::Bool => Value::Bool(self.below(2) == 1),
            Type::Int => Value::Int(self.int()),
            Type::Time => Value::Time(self.int() % 4_000_000_000_000_000),
            Type::Duration => Value::Duration(self.int()),
            Type::Date => Value::Date(self.int() % 300_000_000),
            Type::Money => Value::Money(Money {
                currency: Currency::of(["EUR", "JPY", "USD"][self.below(3)]).unwrap(),
                amount: self.decimal(),
            }),
            Type::Blob => {
                let content = self.text();
                let blob = weir_contract::Blob::of(content.as_bytes(), &self.text());
                Value::Blob(Box::new(blob))
            }
            Type::Decimal => Value::Decimal(self.decimal()),
            Type::Float => Value::Float(self.float()),
            Type::Text => Value::Text(self.text()),
            Type::Bytes => Value::Bytes(self.text().into_bytes()),
            Type::List(item) => Value::List(many(self, item)),
            Type::Set(item) => Value::Set(many(self, item).into_iter().collect()),
            Type::Map(key, item) => {
                let keys = many(self, key);
                Value::Map(
                    keys.into_iter()
                        .map(|k| (k, self.value(defs, item, depth.max(1) - 1)))
                        .collect(),
                )
            }
            Type::Option(inner) => {
                let some = self.below(3) > 0;
                Value::Option(some.then(|| Box::new(self.value(defs, inner, depth))))
            }
            Type::Tuple(fields) => Value::Record(
                fields
                    .iter()
                    .map(|f| self.value(defs, &f.ty, depth))
                    .collect(),
            ),
            Type::Result(ok, errors) => match self.below(2) {
                0 => Value::Ok(Box::new(self.value(defs, ok, depth))),
                _ => match self.value(defs, &Type::Named(errors[0]), depth) {
                    Value::Record(fields) => Value::Err(errors[0], fields),
                    other => panic!("{other:?}"),
                },
            },
            Type::Named(id) => match &defs.get(*id).kind {
                DefKind::New { base } => self.value(defs, base, depth),
                DefKind::Enum { variants } => {
                    let tag = self.below(variants.len());
                    Value::Variant(tag as u32, self.fields(defs, &variants[tag].fields, depth))
                }
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => {
                    Value::Record(self.fields(defs, fields, depth))
                }
            },
        }
    }

    fn fields(&mut self, defs: &Defs, fields: &[Field], depth: u32) -> Vec<Value> {
        fields
            .iter()
            .map(|f| self.value(defs, &f.ty, depth))
            .collect()
    }
}
