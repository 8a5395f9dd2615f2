//! Programs in which many things go on at once: workflows, functions that wait, messages, events, the outside world.
//!
//! They come with a script of what happens to them from outside and with the answers of the outside world, so that an
//! interpreter, a machine with a virtual clock or a whole node can be driven by it and compared: by the results of the runs
//! that the script starts, and at the end by the state of all instances.

use weir_contract::Value;

use super::stmt::Scope;
use super::strand::{LEFT, ME};
use super::{Call, Entity, Extern, Function, Gen, Param, Record, Swarm, Ty};
use crate::random::Random;

/// A program and what happens to it.
#[derive(Clone, Debug)]
pub struct Workflows {
    pub seed: u64,
    pub source: String,
    pub script: Vec<Action>,
    pub outside: Vec<Outside>,
}

/// What happens from outside. Times are not in it: the first action happens at [`BEGIN_US`].
#[derive(Clone, Debug)]
pub enum Action {
    /// Of a workflow's `run`, or a function that waits.
    Start(Call),
    /// `function` is the event's name.
    Event(Call),
    /// So many microseconds pass.
    Advance(i64),
    /// Of the run that this start began, counted from 0.
    Cancel(usize),
}

/// A function of the outside world.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Of the `extern` block.
    pub module: String,
    pub function: String,
    answers: Vec<Answer>,
}

/// A value, or an error by name with its fields.
pub type Answer = Result<Value, (String, Vec<Value>)>;

/// 2026-01-01T00:00Z
pub const BEGIN_US: i64 = 1_767_225_600_000_000;

const HOUR_US: i64 = 3_600_000_000;

impl Outside {
    /// The same for the same arguments, whoever asks and how often.
    pub fn answer(&self, args: &[Value]) -> Answer {
        let text = format!("{args:?}");
        let sum = text.bytes().fold(0usize, |sum, byte| sum + byte as usize);
        self.answers[sum % self.answers.len()].clone()
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Action::Start(call) => write!(f, "start {call}"),
            Action::Event(call) => write!(f, "event {call}"),
            Action::Advance(time) => write!(f, "advance {time} us"),
            Action::Cancel(start) => write!(f, "cancel start {start}"),
        }
    }
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
    fn outside(&mut self) {
        for i in 0..1 + self.below(4) {
            let params = (0..self.below(3)).map(|_| self.any_type(1)).collect();
            let ret = if i == 0 { Ty::Int } else { self.any_type(1) };
            let fails = (0..self.errors.len()).filter(|_| self.on(40)).collect();
            let name = format!("{}.ask{i}", self.module());
            self.externs.push(Extern {
                name,
                params,
                ret,
                fails,
            });
        }
    }

    fn module(&self) -> String {
        format!("outside{}", self.member)
    }

    fn extern_source(&self) -> String {
        let module = self.module();
        let mut lines = vec![format!("extern {module} from \"http:{module}\" {{")];
        for (i, function) in self.externs.iter().enumerate() {
            let promise = if i % 2 == 0 { "@read" } else { "@idempotent" };
            let params = function.params.iter().enumerate();
            let params = params.map(|(i, ty)| format!("a{i}: {}", self.spell(ty)));
            let params: Vec<String> = params.collect();
            let fails = function.fails.iter().map(|e| self.errors[*e].name.as_str());
            let fails: Vec<&str> = fails.collect();
            let fails = match fails.is_empty() {
                true => String::new(),
                false => format!(" fails {}", fails.join(", ")),
            };
            lines.push(format!(
                "  {promise} fn ask{i}({}) -> {}{fails}",
                params.join(", "),
                self.spell(&function.ret)
            ));
        }
        lines.push("}".to_owned());
        lines.join("\n") + "\n"
    }

    fn answers(&mut self) -> Vec<Outside> {
        let mut outside = Vec::new();
        for i in 0..self.externs.len() {
            let (ret, fails) = (self.externs[i].ret.clone(), self.externs[i].fails.clone());
            let answers = (0..5).map(|_| {
                if fails.is_empty() || self.on(70) {
                    return Ok(self.value(&ret, 0));
                }
                let error = self.pick(&fails);
                let (name, fields) = (
                    self.errors[error].name.clone(),
                    self.errors[error].fields.clone(),
                );
                Err((
                    name,
                    fields.iter().map(|(_, ty)| self.value(ty, 0)).collect(),
                ))
            });
            outside.push(Outside {
                answers: answers.collect(),
                module: self.module(),
                function: format!("ask{i}"),
            });
        }
        outside
    }

    fn workflow(&mut self) {
        let entity = self.entities.len();
        let mut events = Vec::new();
        for _ in 0..1 + self.below(3) {
            let fields = (0..self.below(3)).map(|i| (format!("f{i}"), self.any_type(1)));
            let fields = fields.collect();
            events.push(Record {
                name: self.fresh("heard"),
                fields,
            });
        }
        self.entities.push(Entity {
            name: self.named("Work", entity),
            keys: vec![("k0".to_owned(), Ty::Text)],
            fields: Vec::new(),
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

    /// Starts, events and time, in some order; at the end enough time for all that can end.
    fn script(&mut self) -> Vec<Action> {
        let open = (0..self.functions.len()).filter(|i| self.functions[*i].waits);
        let open: Vec<usize> = open.filter(|i| self.functions[*i].is_pub).collect();
        let mut script = Vec::new();
        // Workflows that were started, with their keys.
        let mut started: Vec<(usize, String)> = Vec::new();
        let mut starts = 0;
        for _ in 0..4 + self.size(12) {
            match self.below(10) {
                0..=2 => {
                    let id = self.pick(&open);
                    let again = self.on(15) && !started.is_empty();
                    let (id, key) = match again {
                        true => {
                            let (entity, key) = self.pick(&started);
                            let is_it = |f: &Function| f.is_run && f.entity == Some(entity);
                            let id = self.functions.iter().position(is_it);
                            (id.expect("it was started"), key)
                        }
                        false => (id, format!("s{starts}")),
                    };
                    if let Some(entity) = self.functions[id].entity {
                        started.push((entity, key.clone()));
                    }
                    starts += 1;
                    script.push(Action::Start(self.start_call(id, &key)));
                }
                3..=6 if !started.is_empty() => {
                    let (entity, key) = self.pick(&started);
                    let event = self.pick(&self.entities[entity].events.clone());
                    let args = event.fields.iter().map(|(_, ty)| Some(self.value(ty, 0)));
                    let args = args.collect();
                    let call = self.outside_call(Some((entity, &key)), event.name, args);
                    script.push(Action::Event(call));
                }
                7 if starts > 0 && self.on(20) => script.push(Action::Cancel(self.below(starts))),
                // No timer is due at such a time.
                _ => script.push(Action::Advance(
                    1_000_000 * (1 + self.below(200) as i64) + 137_000,
                )),
            }
        }
        script.push(Action::Advance(10_000 * HOUR_US));
        script
    }

    fn start_call(&mut self, id: usize, key: &str) -> Call {
        let params = self.functions[id].params.iter();
        let params: Vec<(String, Ty)> = params.map(|p| (p.name.clone(), p.ty.clone())).collect();
        let args = params.iter().map(|(name, ty)| {
            Some(match name.as_str() {
                ME => Value::Text(key.to_owned()),
                LEFT => Value::Int(self.below(4) as i64),
                _ => self.value(ty, 0),
            })
        });
        let args = args.collect();
        let instance = self.functions[id].entity.map(|entity| (entity, key));
        self.outside_call(instance, self.functions[id].name.clone(), args)
    }

    fn outside_call(
        &self,
        instance: Option<(usize, &str)>,
        function: String,
        args: Vec<Option<Value>>,
    ) -> Call {
        Call {
            instance: instance.map(|(entity, key)| {
                let keys = vec![Value::Text(key.to_owned())];
                (self.entities[entity].name.clone(), keys)
            }),
            function,
            args,
            caller: "ann".to_owned(),
            roles: Vec::new(),
            time: BEGIN_US,
        }
    }
}
