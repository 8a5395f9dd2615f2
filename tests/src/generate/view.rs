//! Programs with views from a seed: two entities, a stream, views of them and of one another, and a history of changes.
//!
//! Time goes on between the changes, entries tell of times before and behind it, and streams forget. Every view is public, so that
//! all rows can be asked for behind each change. Nothing in a view can be a bug: how much of
//! a query a runtime works out again when something changes is its own affair, and so is when it meets one.

use std::ops::Range;

use weir_contract::Value;

use super::Call;
use crate::random::Random;

/// A program, the names of its views, and what is done.
pub struct Views {
    pub seed: u64,
    pub source: String,
    pub views: Vec<View>,
    /// The same with some of its views, and others by the names of the rest. There where the stream forgets nothing: of what it has
    /// forgotten nothing is made anew.
    pub then: Option<(String, Vec<View>)>,
    pub changes: Vec<Call>,
}

#[derive(Clone)]
pub struct View {
    pub name: String,
    /// Of the first key, where it is grouped: what it may be.
    pub keys: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ty {
    Int,
    Text,
    Decimal,
    Time,
    /// Of no use to others.
    List,
}

/// What can be asked of a row of a source.
type Scope = Vec<(String, Ty)>;

const HEAD: &str = r#"
record Entry(x: Int, t: Text, at: Time)

@time(at) LATE @keep(KEEP)
stream entries: Entry

entity Left(k: Int) {
  pub state a: Int = 0
  pub state b: Text = "p"
  pub state c: Decimal = 0.5
  pub fn become(to_a: Int, to_b: Text, to_c: Decimal) {
    a = to_a
    b = to_b
    c = to_c
  }
  fn twice() -> Int = a + a
}

entity Right(k: Text) {
  pub state n: Int = 1
  pub fn count(by: Int) { n += by }
}

pub fn put(x: Int, t: Text, at: Time) { entries.emit(Entry(x, t, at)) }
"#;

const TEXTS: [&str; 5] = ["p", "q", "p q", "", "r p"];
/// 2026-01-31T10:00Z
pub const NOON_US: i64 = 1_769_853_600_000_000;

pub fn generate(seed: u64) -> Views {
    let mut chance = Random::new(seed ^ 0x7669_6577);
    for _ in 0..8 {
        chance.draw();
    }
    let mut made = Gen {
        chance,
        views: Vec::new(),
        now: NOON_US,
    };
    let late = made.pick(&["", "@late(1s)", "@late(10m)"]);
    let keep = made.pick(&["\"this is a test\"", "7m", "25m", "2h"]);
    let head = HEAD.replace("LATE", late).replace("KEEP", keep);
    let all = 2 + made.below(4);
    let first = made.some(0..all);
    let changes = (0..30).map(|_| made.change()).collect();
    let stay = made.below(all);
    made.views.truncate(stay);
    let others = made.some(stay..all);
    let then = [&first[..stay], &others].concat();
    let whole = |views: &[(String, View)]| {
        let texts: String = views.iter().map(|(text, _)| text.as_str()).collect();
        let views = views.iter().map(|(_, view)| view.clone()).collect();
        (format!("{head}{texts}"), views)
    };
    let forgets_nothing = keep.starts_with('"');
    let (source, views) = whole(&first);
    Views {
        seed,
        source,
        views,
        then: forgets_nothing.then(|| whole(&then)),
        changes,
    }
}

struct Gen {
    chance: Random,
    /// The fields of the rows of each view.
    views: Vec<Scope>,
    /// Microseconds since 1970.
    now: i64,
}

impl Gen {
    fn below(&mut self, bound: usize) -> usize {
        self.chance.below(bound as u64) as usize
    }

    fn on(&mut self, percent: u64) -> bool {
        self.chance.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A source, what a row of it is called, and what can be asked of the row.
    fn source(&mut self, row: &str) -> (String, Scope) {
        let field = |name: &str, ty| (format!("{row}.{name}"), ty);
        match self.below(if self.views.is_empty() { 3 } else { 5 }) {
            0 => (
                "Left".into(),
                vec![
                    field("k", Ty::Int),
                    field("a", Ty::Int),
                    field("b", Ty::Text),
                    field("c", Ty::Decimal),
                    field("twice()", Ty::Int),
                ],
            ),
            1 => (
                "Right".into(),
                vec![field("k", Ty::Text), field("n", Ty::Int)],
            ),
            2 => (
                "entries".into(),
                vec![
                    field("x", Ty::Int),
                    field("t", Ty::Text),
                    field("at", Ty::Time),
                ],
            ),
            _ => {
                let of = self.below(self.views.len());
                let fields = self.views[of].clone();
                let fields = fields.into_iter().map(|(name, ty)| field(&name, ty));
                (format!("v{of}"), fields.collect())
            }
        }
    }

    fn of(&mut self, scope: &Scope, ty: Ty) -> Option<String> {
        let fitting: Vec<&String> = scope
            .iter()
            .filter(|(_, t)| *t == ty)
            .map(|(e, _)| e)
            .collect();
        match fitting.len() {
            0 => None,
            count => Some(fitting[self.below(count)].clone()),
        }
    }

    fn int(&mut self, scope: &Scope) -> String {
        let Some(e) = self.of(scope, Ty::Int) else {
            return self.below(5).to_string();
        };
        match self.below(5) {
            0 => format!("{e} + {}", self.below(3)),
            1 => format!("{e} * 2"),
            2 => match self.of(scope, Ty::Text) {
                Some(text) => format!("{text}.length()"),
                None => e,
            },
            _ => e,
        }
    }

    /// Something that rows can be compared by.
    fn value(&mut self, scope: &Scope) -> (String, Ty) {
        let ty = self.pick(&[Ty::Int, Ty::Text, Ty::Int, Ty::Decimal, Ty::Time]);
        match (ty, self.of(scope, ty)) {
            (Ty::Int, _) | (_, None) => (self.int(scope), Ty::Int),
            (ty, Some(e)) => (e, ty),
        }
    }

    fn condition(&mut self, scope: &Scope) -> String {
        let int = self.int(scope);
        match (self.below(4), self.of(scope, Ty::Text)) {
            (0, Some(text)) => format!("{text} != {:?}", self.pick(&TEXTS)),
            (1, _) => format!("{int} % 2 == 0"),
            (2, _) => format!("{int} < {}", 1 + self.below(6)),
            _ => format!("{int} > {}", self.below(3)),
        }
    }

    /// Views by these numbers, with their text.
    fn some(&mut self, numbers: Range<usize>) -> Vec<(String, View)> {
        let view = |at| {
            let (text, keys) = self.view(at);
            let name = format!("v{at}");
            (text, View { name, keys })
        };
        numbers.map(view).collect()
    }

    fn view(&mut self, at: usize) -> (String, Vec<Value>) {
        let (source, mut scope) = self.source("r");
        let mut text = format!("pub view v{at} =\n  for r in {source}");
        if self.on(25) {
            let words = self.of(&scope, Ty::Text).filter(|_| self.on(60));
            match words {
                Some(words) => {
                    text += &format!(", w in {words}.split(\" \")");
                    scope.push(("w".into(), Ty::Text));
                }
                None => {
                    let (a, b) = (self.int(&scope), self.int(&scope));
                    text += &format!(", w in [{a}, {b}]");
                    scope.push(("w".into(), Ty::Int));
                }
            }
        }
        if self.on(40) {
            text += &format!("\n  where {}", self.condition(&scope));
        }
        if self.on(30) {
            let (other, right) = self.source("s");
            let ty = self.pick(&[Ty::Int, Ty::Text]);
            let both = (self.of(&scope, ty), self.of(&right, ty));
            if let (Some(l), Some(r)) = both {
                text += &format!("\n  join s in {other} on {l} == {r}");
                scope.extend(right);
                if self.on(40) {
                    text += &format!("\n  where {}", self.condition(&scope));
                }
            }
        }
        let (rest, row, keys) = match self.on(55) {
            true => self.groups(&scope),
            false => self.rows(&scope),
        };
        text += &rest;
        let fields: Vec<String> = (row.iter().zip(0..))
            .map(|((e, _), n)| format!("f{n}: {e}"))
            .collect();
        text += &format!("\n  select ({})", fields.join(", "));
        if self.on(25) {
            text += &format!(" limit {}", 1 + self.below(4));
        }
        let named = row.iter().zip(0..);
        self.views
            .push(named.map(|((_, ty), n)| (format!("f{n}"), *ty)).collect());
        (format!("\n{text}\n"), keys)
    }

    /// What stands between the sources and `select`, the row, and nothing: there are no keys.
    fn rows(&mut self, scope: &Scope) -> (String, Scope, Vec<Value>) {
        let mut rest = String::new();
        let by: Vec<String> = (0..self.below(3))
            .map(|_| {
                let (e, _) = self.value(scope);
                let desc = if self.on(50) { " desc" } else { "" };
                format!("{e}{desc}")
            })
            .collect();
        if !by.is_empty() {
            rest = format!("\n  sort by {}", by.join(", "));
        }
        let row = (0..2 + self.below(2)).map(|_| self.value(scope)).collect();
        (rest, row, Vec::new())
    }

    fn groups(&mut self, scope: &Scope) -> (String, Scope, Vec<Value>) {
        let mut keys: Scope = Vec::new();
        let mut written = Vec::new();
        let mut wanted = Vec::new();
        for at in 0..1 + self.below(2) {
            let time = self.of(scope, Ty::Time);
            let (e, ty) = match time {
                Some(time) if self.on(60) => {
                    let has_session = written.iter().any(|w: &String| w.contains("session"));
                    let window = match self.below(if has_session { 2 } else { 3 }) {
                        0 => format!("window({time}, 30m)"),
                        1 => format!("sliding({time}, 30m, 10m)"),
                        _ => format!("session({time}, 15m)"),
                    };
                    (window, Ty::Time)
                }
                _ => self.value(scope),
            };
            if at == 0 {
                wanted = match ty {
                    Ty::Int => (-1..4).map(Value::Int).collect(),
                    Ty::Text => TEXTS.iter().map(|t| Value::Text((*t).to_owned())).collect(),
                    Ty::Time => (-6..12)
                        .map(|n| Value::Time(NOON_US + n * 600_000_000))
                        .collect(),
                    _ => Vec::new(),
                };
            }
            written.push(format!("k{at}: {e}"));
            keys.push((format!("k{at}"), ty));
        }
        let mut rest = format!("\n  group by {}", written.join(", "));
        if self.on(25) {
            rest += &format!("\n  where count() > {}", 1 + self.below(2));
        }
        let by: Vec<String> = (0..self.below(3))
            .map(|_| {
                let (e, ty) = self.aggregate(scope);
                let e = match ty {
                    Ty::List => "count()".into(),
                    _ => e,
                };
                let desc = if self.on(50) { " desc" } else { "" };
                format!("{e}{desc}")
            })
            .collect();
        if !by.is_empty() {
            rest += &format!("\n  sort by {}", by.join(", "));
        }
        let mut row: Scope = keys;
        row.extend((0..1 + self.below(3)).map(|_| self.aggregate(scope)));
        (rest, row, wanted)
    }

    fn aggregate(&mut self, scope: &Scope) -> (String, Ty) {
        let int = self.int(scope);
        let number = match self.of(scope, Ty::Decimal) {
            Some(e) if self.on(50) => (e, Ty::Decimal),
            _ => (int, Ty::Int),
        };
        let (any, ty) = self.value(scope);
        match self.below(11) {
            0 => (format!("sum({})", number.0), number.1),
            1 => (format!("average({})", number.0), Ty::Decimal),
            2 => (format!("min({any})"), ty),
            3 => (format!("max({any})"), ty),
            4 => (format!("count_distinct({any})"), Ty::Int),
            5 => (format!("first({any})"), ty),
            6 => (format!("last({any})"), ty),
            7 => (format!("top({any}, 2)"), Ty::List),
            8 => (format!("collect({any})"), Ty::List),
            9 => (format!("percentile({any}, 0.5)"), ty),
            _ => ("count()".into(), Ty::Int),
        }
    }

    fn change(&mut self) -> Call {
        self.now += self.pick(&[0, 1, 20, 120, 300, 900]) * 1_000_000;
        let text = |made: &mut Gen| Value::Text(made.pick(&TEXTS).to_owned());
        let int = |made: &mut Gen, bound| Value::Int(made.below(bound) as i64);
        let (instance, function, args) = match self.below(5) {
            0 | 1 => {
                let keys = vec![int(self, 5)];
                let c = Value::Decimal(self.below(8) as i128 * 250_000_000);
                let args = vec![int(self, 6), text(self), c];
                (Some(("Left".to_owned(), keys)), "become", args)
            }
            2 => {
                let keys = vec![text(self)];
                (
                    Some(("Right".to_owned(), keys)),
                    "count",
                    vec![int(self, 3)],
                )
            }
            _ => {
                let minutes = self.below(50) as i64 - 40;
                let at = Value::Time(self.now + minutes * 60_000_000);
                (None, "put", vec![int(self, 5), text(self), at])
            }
        };
        Call {
            instance,
            function: function.to_owned(),
            args: args.into_iter().map(Some).collect(),
            caller: "ann".to_owned(),
            roles: Vec::new(),
            time: self.now,
        }
    }
}

/// Asks for all rows of a view at a time, or for those of a key.
pub fn read(view: &View, key: Option<&Value>, time: i64) -> Call {
    let at = key.map_or("", |_| ".at");
    Call {
        instance: None,
        function: format!("{}{at}", view.name),
        args: key.cloned().map(Some).into_iter().collect(),
        caller: "ann".to_owned(),
        roles: Vec::new(),
        time,
    }
}

#[cfg(test)]
mod tests {
    use super::generate;

    #[test]
    fn what_may_be_used_is_used() {
        let all: Vec<String> = (0..300).map(|seed| generate(seed).source).collect();
        assert_eq!(all[3], generate(3).source);
        for part in [
            "join s in v",
            "join s in entries",
            "session(",
            "sliding(",
            "window(",
            "limit",
            "desc",
            "r.twice()",
            "for r in v",
            "collect(",
            "where count()",
            ", w in ",
            "average(",
            "@late(10m)",
            "@keep(7m)",
            "count_distinct(",
            "percentile(",
            "top(",
            "first(",
            "min(",
        ] {
            assert!(all.iter().any(|source| source.contains(part)), "{part}");
        }
    }
}
