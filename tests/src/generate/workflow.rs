//! Programs in which many things go on at once: workflows, functions that wait, messages, events, the outside world.
//!
//! They come with a script of what happens to them from outside and with the answers of the outside world, so that an
//! interpreter, a machine with a virtual clock or a whole node can be driven by it and compared: by the results of the runs
//! that the script starts, and at the end by the state of all instances.

use super::outside::Outside;
use super::script::Action;
use super::stmt::Scope;
use super::strand::{LEFT, ME};
use super::{Entity, Function, Gen, Param, Record, Swarm, Ty};
use crate::random::Random;

/// A program and what happens to it.
#[derive(Clone, Debug)]
pub struct Workflows {
    pub seed: u64,
    pub source: String,
    pub script: Vec<Action>,
    pub outside: Vec<Outside>,
}

/// What all of these programs may call; it stands once before one or many of them, behind [`super::SHARED`].
pub const SHARED: &str = "\
fn later<T>(d: Duration, x: T) -> T { sleep(d); x }
entity Tally(k: Text) {
  pub state n: Int = 0
  pub fn add(by: Int) { n += by % 1000 }
  @anyone pub fn dump() -> (Int, Int) = (n, 0)
}
entity Turn(k: Text) {
  pub state n: Int = 0
  pub fn next() -> Int { n += 1; n }
  @anyone pub fn dump() -> (Int, Int) = (n, 0)
}
record Heard(who: Text, by: Int)
error Doubt
@key(who) stream heard: Heard
stream loud: Int
entity Ledger(k: Text) {
  state list: List<Int> = []
  state doubts: Int = 0
  fn note(by: Int) { list.push(by) }
  // Counted beside the list: whether a run goes on before or after what consumes is nowhere said.
  pub fn doubt(by: Int) fails Doubt {
    doubts += 1
    heard.emit(Heard(k, by % 1000))
    require by % 2 == 0 else Doubt
  }
  @anyone pub fn dump() -> (Int, Int) {
    var sum: Int = 0
    for x in list { sum = (sum * 31 + x) % 1_000_003 }
    (sum, list.length() * 1000 + doubts)
  }
}
on heard(h) {
  if h.by % 7 == 3 { sleep(1s) }
  Ledger(h.who).note(h.by)
}
on heard(Heard(who, by)) {
  if by % 5 == 0 and by > 0 { loud.emit(by / 5) }
  Ledger(who + \".second\").note(by)
}
on loud(n) { Tally(\"loud\").add(n) }
";

/// The program of a seed.
pub fn generate(seed: u64, member: usize) -> Workflows {
    let mut chance = Random::new(seed ^ 0x2545_F491_4F6C_DD1D);
    for _ in 0..8 {
        chance.draw();
    }
    let swarm = Swarm {
        failures: true,
        // A bug drops a step, and how much that is depends on how finely steps are cut.
        big_numbers: false,
        bad_indices: false,
        invariants: false,
        // These find instances of other strands.
        references: false,
        access: false,
        ..Swarm::draw(&mut chance)
    };
    let mut generator = Gen {
        chance,
        swarm,
        member,
        owned: true,
        ..Gen::empty()
    };
    generator.declare();
    generator.outside();
    generator.functions();
    for _ in 0..1 + generator.below(3) {
        generator.waiting_function(None, false);
    }
    for _ in 0..1 + generator.below(3) {
        generator.workflow();
    }
    generator.waiting_function(None, false);
    let source = generator.extern_source() + &generator.source();
    let script = generator.script();
    let outside = generator.answers();
    Workflows {
        seed,
        source,
        script,
        outside,
    }
}

impl Gen {
    fn workflow(&mut self) {
        let entity = self.entities.len();
        let mut events = Vec::new();
        for _ in 0..1 + self.below(3) {
            let fields = (0..self.below(3)).map(|i| (format!("f{i}"), self.any_type(1)));
            let fields = fields.collect();
            events.push(Record {
                args: Vec::new(),
                name: self.fresh("heard"),
                fields,
            });
        }
        self.entities.push(Entity {
            name: self.named("Work", entity),
            keys: vec![("k0".to_owned(), Ty::Text)],
            fields: Vec::new(),
            merges: Vec::new(),
            rules: Vec::new(),
            events,
        });
        self.state(entity);
        for _ in 0..self.below(3) {
            self.function(Some(entity));
        }
        for _ in 0..self.below(3) {
            self.waiting_function(Some(entity), false);
        }
        self.waiting_function(Some(entity), true);
        self.dump(entity);
    }

    /// A top-level function, a private one of a workflow, or its `run`.
    fn waiting_function(&mut self, entity: Option<usize>, is_run: bool) {
        let name = match (entity, is_run) {
            (_, true) => "run".to_owned(),
            (Some(_), _) => self.fresh("wait"),
            (None, _) => {
                let number = self.functions.len();
                self.named("slow", number)
            }
        };
        let param = |name: &str, ty: Ty| Param {
            name: name.to_owned(),
            ty,
            default: None,
        };
        let mut params = Vec::new();
        if entity.is_none() {
            params.push(param(ME, Ty::Text));
        }
        let recursive = !is_run && self.on(30);
        if recursive {
            params.push(param(LEFT, Ty::Int));
        }
        for i in 0..self.size(3) {
            let ty = self.any_type(1);
            params.push(param(&format!("p{i}"), ty));
        }
        let ret = match recursive {
            true => Ty::Int,
            false => self.any_type(2),
        };
        let fails: Vec<usize> = match recursive {
            true => Vec::new(),
            false => (0..self.errors.len()).filter(|_| self.on(60)).collect(),
        };
        let mut scope = Scope::new(entity, &ret, &fails);
        (scope.read, scope.write, scope.wait) = (true, true, true);
        scope.events = entity;
        scope.me = Some(entity.map_or(ME, |_| "k0").to_owned());
        scope.bind(entity.map_or(ME, |_| "k0"), &Ty::Text, false);
        for param in params.iter().filter(|p| p.name != ME) {
            scope.bind(&param.name, &param.ty, false);
        }
        scope.rounds = if recursive { 4 } else { 1 };
        let mut body = Vec::new();
        if recursive {
            let value = self.expr(&mut scope, &Ty::Int, 2, true);
            body.push(format!("if {LEFT} <= 0 {{"));
            body.push(format!("  return {value}"));
            body.push("}".to_owned());
        }
        body.extend(self.statements(&mut scope, 4));
        // At least here it waits.
        self.waiting_statement(&mut scope, &mut body);
        body.push(format!("sleep({})", self.pause()));
        let value = self.expr(&mut scope, &ret, 3, true);
        body.push(match recursive {
            true => {
                let args = params.iter().map(|p| match p.name.as_str() {
                    LEFT => format!("{LEFT} - 1"),
                    name => name.to_owned(),
                });
                let args: Vec<String> = args.collect();
                format!("({value} % 1000) + {name}({})", args.join(", "))
            }
            false => value,
        });
        let is_pub = is_run || entity.is_none();
        self.functions.push(Function {
            name,
            entity,
            params,
            ret,
            fails,
            is_pub,
            attribute: String::new(),
            writes: true,
            reads: true,
            waits: true,
            is_run,
            cost: scope.cost,
            body,
        });
    }
}
