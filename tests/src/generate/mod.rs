//! Well-typed programs from a seed, with calls to make to them.
//!
//! Each seed first draws which features its program may use (swarm testing: what is absent cannot hide what is
//! present), then types, entities and functions, then bodies, expression by expression from the type that is
//! asked for. The checker must accept every program made here. Programs end: functions only call functions made before
//! them and loops have bounds; `Gen::cost` keeps the product of the two small.

pub mod blob;
mod expr;
mod generic;
mod items;
mod lists;
mod merging;
mod stmt;
mod strand;
mod types;

pub mod outside;
pub mod reduce;
pub mod script;
pub mod view;
pub mod workflow;

use weir_contract::Value;

use crate::random::Random;
pub use types::Ty;

/// A program and what to ask of it.
#[derive(Clone, Debug)]
pub struct Generated {
    pub seed: u64,
    /// Without the calls, and without [`SHARED`].
    pub source: String,
    pub calls: Vec<Call>,
}

/// A call from outside.
#[derive(Clone, Debug)]
pub struct Call {
    /// The entity and its keys; `None` for a top-level function.
    pub instance: Option<(String, Vec<Value>)>,
    pub function: String,
    /// In the order of the parameters; `None` leaves the argument out.
    pub args: Vec<Option<Value>>,
    pub caller: String,
    pub roles: Vec<String>,
    /// Microseconds since 1970.
    pub time: i64,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((entity, keys)) = &self.instance {
            write!(f, "{entity}{keys:?}.")?;
        }
        write!(
            f,
            "{}{:?} by {:?} {:?} at {}",
            self.function, self.args, self.caller, self.roles, self.time
        )
    }
}

/// What all generated programs may call; it stands once before one or many of them.
pub const SHARED: &str = "\
fn choose<T>(c: Bool, a: T, b: T) -> T = if c { a } else { b }
fn twice<T>(x: T, f: fn(T) -> T) -> T = f(f(x))
fn through<A, B>(x: A, f: fn(A) -> B) -> B = f(x)
fn both<A, B>(a: A, b: B) -> (A, B) = (a, b)
fn told<T>(x: T) -> Text = \"<{x}>\"
fn down(n: Int) -> Int = if n <= 0 { 0 } else { n + down(n - 1) }
";

/// The program of a seed. Programs with different `member` numbers have no top-level name in common, so they can
/// stand in one file: compiling the prelude is dearer than they are.
pub fn generate(seed: u64, member: usize) -> Generated {
    let mut chance = Random::new(seed ^ 0x5851_F42D_4C95_7F2D);
    // The first numbers of near seeds are alike.
    for _ in 0..8 {
        chance.draw();
    }
    let swarm = Swarm::draw(&mut chance);
    let mut generator = Gen {
        chance,
        swarm,
        member,
        ..Gen::empty()
    };
    generator.declare();
    generator.functions();
    let source = generator.source();
    let calls = generator.calls();
    Generated {
        seed,
        source,
        calls,
    }
}

/// Which features a program may use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Swarm {
    pub decimals: bool,
    pub floats: bool,
    pub times: bool,
    pub money: bool,
    pub texts: bool,
    pub lists: bool,
    pub maps: bool,
    pub sets: bool,
    pub tuples: bool,
    pub records: bool,
    pub enums: bool,
    pub news: bool,
    pub options: bool,
    pub references: bool,
    pub generics: bool,
    pub type_parameters: bool,
    pub lambdas: bool,
    pub failures: bool,
    pub atomics: bool,
    pub invariants: bool,
    pub access: bool,
    pub defaults: bool,
    pub loops: bool,
    pub big_numbers: bool,
    pub bad_indices: bool,
    pub interpolation: bool,
    pub recursion: bool,
    pub blobs: bool,
    pub merges: bool,
    pub rests: bool,
    pub ranges: bool,
}

impl Swarm {
    fn draw(chance: &mut Random) -> Swarm {
        let mut on = |percent: u64| chance.below(100) < percent;
        Swarm {
            decimals: on(40),
            floats: on(30),
            times: on(30),
            money: on(30),
            texts: on(60),
            lists: on(60),
            maps: on(50),
            sets: on(35),
            tuples: on(40),
            records: on(55),
            enums: on(45),
            news: on(25),
            options: on(50),
            references: on(20),
            generics: on(40),
            type_parameters: on(30),
            lambdas: on(40),
            failures: on(60),
            atomics: on(30),
            invariants: on(40),
            access: on(25),
            defaults: on(35),
            loops: on(60),
            big_numbers: on(25),
            bad_indices: on(30),
            interpolation: on(35),
            recursion: on(15),
            blobs: on(25),
            merges: on(30),
            rests: on(35),
            ranges: on(30),
        }
    }
}

/// The program so far.
pub(crate) struct Gen {
    pub chance: Random,
    pub swarm: Swarm,
    pub member: usize,
    pub records: Vec<Record>,
    pub enums: Vec<Enum>,
    /// Declarations with type parameters, and functions over them.
    pub generics: Vec<String>,
    /// The type that is being declared, with its parameters.
    declaring: String,
    /// Functions that give a part of a value of a type with parameters.
    pub parts: Vec<generic::Part>,
    /// Functions that copy a record of a type with parameters, with another first field: name and record.
    pub copies: Vec<(String, usize)>,
    pub errors: Vec<Record>,
    pub news: Vec<(String, Ty)>,
    pub constants: Vec<(String, Ty, String)>,
    pub entities: Vec<Entity>,
    /// In the order they were made: each calls only those before it.
    pub functions: Vec<Function>,
    /// Instances belong to one strand, by their keys: for programs in which many things go on at once.
    pub owned: bool,
    /// Functions of the outside world: what they take, give and fail with.
    pub externs: Vec<Extern>,
    next_name: u32,
}

#[derive(Clone)]
pub(crate) struct Record {
    pub name: String,
    /// For the parameters of its type.
    pub args: Vec<Ty>,
    pub fields: Vec<(String, Ty)>,
}

pub(crate) struct Enum {
    pub name: String,
    pub args: Vec<Ty>,
    pub variants: Vec<Record>,
}

pub(crate) struct Entity {
    pub name: String,
    pub keys: Vec<(String, Ty)>,
    pub fields: Vec<StateField>,
    /// State that merges.
    pub merges: Vec<merging::Merge>,
    /// Whole lines: `invariant ..` and `allow ..`.
    pub rules: Vec<String>,
    /// Of a workflow, which has at least one.
    pub events: Vec<Record>,
}

pub(crate) struct Extern {
    pub name: String,
    pub params: Vec<Ty>,
    pub ret: Ty,
    pub fails: Vec<usize>,
}

pub(crate) struct StateField {
    pub name: String,
    pub ty: Ty,
    pub is_pub: bool,
    pub init: String,
}

pub(crate) struct Function {
    pub name: String,
    /// The entity when it is a handler.
    pub entity: Option<usize>,
    pub params: Vec<Param>,
    pub ret: Ty,
    /// Positions in `errors`.
    pub fails: Vec<usize>,
    pub is_pub: bool,
    pub attribute: String,
    /// May write state: a handler, or a function that calls one.
    pub writes: bool,
    /// May read state.
    pub reads: bool,
    pub waits: bool,
    /// The `run` of a workflow, which is called in ways of its own.
    pub is_run: bool,
    /// About how many expressions a call evaluates.
    pub cost: u64,
    /// Lines, without the head.
    pub body: Vec<String>,
}

pub(crate) struct Param {
    pub name: String,
    pub ty: Ty,
    pub default: Option<String>,
}

impl Gen {
    fn empty() -> Gen {
        Gen {
            chance: Random::new(0),
            swarm: Swarm::default(),
            member: 0,
            records: Vec::new(),
            enums: Vec::new(),
            generics: Vec::new(),
            declaring: String::new(),
            parts: Vec::new(),
            copies: Vec::new(),
            errors: Vec::new(),
            news: Vec::new(),
            constants: Vec::new(),
            entities: Vec::new(),
            functions: Vec::new(),
            owned: false,
            externs: Vec::new(),
            next_name: 0,
        }
    }

    /// True so many times out of a hundred.
    pub fn on(&mut self, percent: u64) -> bool {
        self.chance.below(100) < percent
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.chance.below(bound as u64) as usize
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Mostly small, now and then up to three times `usual`.
    pub fn size(&mut self, usual: usize) -> usize {
        let most = if self.on(6) { usual * 3 } else { usual };
        self.below(most + 1)
    }

    pub fn fresh(&mut self, prefix: &str) -> String {
        self.next_name += 1;
        format!("{prefix}{}", self.next_name)
    }
}

#[cfg(test)]
mod tests {
    use super::generate;

    #[test]
    fn a_seed_is_a_program() {
        for seed in 0..20 {
            let (a, b) = (generate(seed, 0), generate(seed, 0));
            assert_eq!(a.source, b.source);
            assert_eq!(format!("{:?}", a.calls), format!("{:?}", b.calls));
        }
        assert_ne!(generate(1, 0).source, generate(2, 0).source);
    }

    #[test]
    fn what_may_be_used_is_used() {
        let all: Vec<String> = (0..2_000).map(|seed| generate(seed, 0).source).collect();
        for part in [
            "record Gen0n0<T, U>",
            "state s1: Gen0n0<",
            "= Gen0n0(",
            "enum Sum0n0<T>",
            "Side0n0x1(",
            ": List<Sum0n0<",
            "first0n0(",
            "any0n0(Side",
            ".any0n0()",
            ": (left: ",
            "(left: ",
            ".mid",
            "[..v",
            "[.., ",
            ", ..] =>",
            ", ..] {",
            "(-2..",
            " % 6).",
        ] {
            assert!(all.iter().any(|source| source.contains(part)), "{part}");
        }
    }
}
