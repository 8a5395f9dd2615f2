//! Programs that wait, from a seed: an entity, a workflow, functions that call one another, and a test that drives them
//! and ends by failing with all it has seen.
//!
//! What matters here is where code stops, not the types of what it computes: nearly everything is an `Int`, and nearly
//! every expression may wait. All waits have an end and loops have bounds, so the test always comes to its last line.

use crate::random::Random;

/// What all of these programs share; it stands once before one or many of them.
pub const SHARED: &str = "\
error Seen(text: Text)
error Stop(n: Int)
";

/// Everything that does not change from program to program. `#` is the number of the program among those in one file.
const FIXED: &str = r#"
extern far# from "http:far" {
  @read fn ask(n: Int) -> Int fails Stop
  @idempotent fn tell(n: Int) -> Int
}
entity Trace#(k: Text) {
  pub state seen: Text = ""
  pub fn note(what: Text) { seen += "{what};" }
}
entity Box#(k: Text) {
  pub state total: Int = 0
  pub fn put(n: Int) -> Int { total += n; total }
  pub fn take(n: Int) -> Int fails Stop { total -= n; require n % 3 != 0 else Stop(n); total }
  pub fn put_soon(n: Int) { send Box#("{k}'").put(n) after 2s; total += 1 }
}
fn clock#() -> Int = now().minute() * 60 + now().second()
fn nap#(n: Int) -> Int { sleep(1s); n }
fn note#(n: Int) { Trace#("t").note("{n}"); sleep(1s); Trace#("t").note("{n}.") }
"#;

/// More effects than this in one function, those of its loops and calls included, are too many: a step on a node
/// yields after 64 transactions, which would be another order than meant.
const COST_MAX: u64 = 56;

/// The program of a seed, without [`SHARED`]. Programs with different `member` numbers can stand in one file.
pub fn waiting(seed: u64, member: usize) -> String {
    let mut chance = Random::new(seed ^ 0x2545_F491_4F6C_DD1D);
    // The first numbers of near seeds are alike.
    for _ in 0..8 {
        chance.draw();
    }
    let mut generator = Waiting {
        on: Swarm::draw(&mut chance),
        chance,
        helpers: Vec::new(),
        next_name: 0,
        cost: 0,
    };
    generator.program().replace('#', &member.to_string())
}

/// Which features a program may use: what is absent cannot hide what is present.
struct Swarm {
    sleeps: bool,
    outside: bool,
    transactions: bool,
    loops: bool,
    parallel: bool,
    undo: bool,
    messages: bool,
    events: bool,
    recursion: bool,
    clock: bool,
    bugs: bool,
}

impl Swarm {
    fn draw(chance: &mut Random) -> Swarm {
        let mut on = |percent: u64| chance.below(100) < percent;
        Swarm {
            sleeps: on(75),
            outside: on(50),
            transactions: on(75),
            loops: on(65),
            parallel: on(50),
            undo: on(55),
            messages: on(55),
            events: on(65),
            recursion: on(30),
            clock: on(40),
            bugs: on(10),
        }
    }
}

struct Waiting {
    on: Swarm,
    chance: Random,
    /// In the order they were made: each calls only those before it.
    helpers: Vec<Helper>,
    next_name: u32,
    /// Effects so far of the function that is being made.
    cost: u64,
}

#[derive(Clone)]
struct Helper {
    name: String,
    fails: bool,
    /// Its first argument counts down.
    recursive: bool,
    /// A private function of the workflow.
    own: bool,
    cost: u64,
}

/// What the code at one place may name and do.
#[derive(Clone, Default)]
struct Scope {
    ints: Vec<String>,
    /// Those of `ints` that may be assigned here.
    vars: Vec<String>,
    lists: Vec<String>,
    /// Inside the workflow.
    own: bool,
    fails: bool,
    /// May `return`: no test, branch or compensation.
    leaves: bool,
    in_loop: bool,
    /// Rounds of the loops around.
    rounds: u64,
    depth: u32,
}

impl Scope {
    fn of_function(own: bool, fails: bool) -> Scope {
        Scope {
            ints: vec!["a".to_owned()],
            own,
            fails,
            leaves: true,
            rounds: 1,
            ..Scope::default()
        }
    }

    /// A branch or a compensation: it reads the variables around it.
    fn closure(&self, fails: bool) -> Scope {
        Scope {
            vars: Vec::new(),
            leaves: false,
            in_loop: false,
            depth: self.depth + 1,
            fails,
            ..self.clone()
        }
    }

    fn inner(&self) -> Scope {
        Scope {
            depth: self.depth + 1,
            ..self.clone()
        }
    }
}

// The program as a whole.
impl Waiting {
    fn program(&mut self) -> String {
        let mut out = FIXED.to_owned();
        for _ in 0..1 + self.below(3) {
            out += &self.helper(false);
        }
        out += "workflow Flow#(k: Text) {\n  pub state at: Int = 0\n";
        out += "  pub event ping(n: Int)\n  pub event pong(n: Int, t: Text)\n";
        out += "  fn mark(n: Int) -> Int { at += n; at }\n";
        for _ in 0..self.below(3) {
            out += &self.helper(true);
        }
        let run = self.function(&mut Scope::of_function(true, true), 4);
        out += &format!("  fn run(a: Int) -> Int fails Stop {{\n{run}  }}\n}}\n");
        out += &self.test();
        out
    }

    fn helper(&mut self, own: bool) -> String {
        let name = self.fresh("help");
        let (fails, recursive) = (self.one_in(2), self.on.recursion && self.one_in(2));
        let mut scope = Scope::of_function(own, fails);
        let mut head = String::new();
        if recursive {
            scope.rounds = 3;
            scope.ints.push("deep".to_owned());
            head = "    if deep <= 0 { return a }\n".to_owned();
        }
        let made = Helper {
            name: format!("{name}#"),
            fails,
            recursive,
            own,
            cost: 0,
        };
        let body = match recursive {
            false => self.function(&mut scope, 2),
            true => {
                let mut lines = self.statements(&mut scope, 2);
                let (first, last) = (self.int(&scope, 2), self.int(&scope, 2));
                let again = self.help(&scope, &made, "deep - 1", &first);
                lines.push(format!("let again = {again}"));
                lines.push(format!("again + {last}"));
                indented(&lines, 4)
            }
        };
        let params = if recursive {
            "deep: Int, a: Int"
        } else {
            "a: Int"
        };
        let errors = if fails { " fails Stop" } else { "" };
        let cost = std::mem::take(&mut self.cost);
        self.helpers.push(Helper {
            cost,
            ..made.clone()
        });
        // A sleep makes it one that waits, whatever its body came to.
        format!(
            "  fn {}({params}) -> Int{errors} {{\n{head}    sleep(0s)\n{body}  }}\n",
            made.name
        )
    }

    fn function(&mut self, scope: &mut Scope, usual: usize) -> String {
        let mut lines = self.statements(scope, usual);
        lines.push(self.int(scope, 3));
        indented(&lines, 4)
    }

    fn test(&mut self) -> String {
        self.cost = 0;
        let mut scope = Scope {
            rounds: 1,
            ..Scope::default()
        };
        let mut lines = vec![
            "let begun = now()".to_owned(),
            "mock(far#.ask, n => if n % 4 == 3 { fail Stop(n) } else { n + 1 })".to_owned(),
            "mock(far#.tell, n => n * 2)".to_owned(),
        ];
        let mut runs = Vec::new();
        for key in ["a", "b", "a"].iter().take(1 + self.below(3)) {
            let (run, arg) = (self.fresh("run"), self.int(&scope, 1));
            lines.push(format!("let {run} = send Flow#(\"{key}\").run({arg})"));
            runs.push(run);
            for _ in 0..self.below(4) {
                self.drive(&mut scope, &mut lines);
            }
        }
        for _ in 0..self.below(5) {
            self.drive(&mut scope, &mut lines);
        }
        for run in runs {
            let told = self.fresh("told");
            let (within, late) = match self.one_in(3) {
                true => (".within(3s)", ", TimedOut => -2"),
                false => ("", ""),
            };
            lines.push(format!(
                "let {told} = match {run}.result(){within} {{ Ok(v) => v, Stop(n) => 1000 + n, Cancelled => -1{late} }}"
            ));
            scope.ints.push(told);
        }
        lines.push("let ended = (now() - begun) / 1s".to_owned());
        // What is still under way comes to its end.
        lines.push("advance(10m)".to_owned());
        let seen: Vec<String> = scope
            .ints
            .iter()
            .map(|name| format!("{name}={{{name}}}"))
            .collect();
        lines.push(format!(
            "fail Seen(\"{} ended={{ended}} a={{Flow#(\"a\").at}} b={{Flow#(\"b\").at}} x={{Box#(\"x\").total}} y={{Box#(\"y\").total}} x'={{Box#(\"x'\").total}} {{Trace#(\"t\").seen}}\")",
            seen.join(" ")
        ));
        format!("test \"#\" {{\n{}}}\n", indented(&lines, 2))
    }

    /// What a test does to runs that go on.
    fn drive(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let key = self.pick(&["a", "b"]);
        let (n, after) = (self.below(3), self.below(5));
        match self.below(9) {
            0 | 1 if self.on.events => lines.push(format!("Flow#(\"{key}\").ping({n})")),
            2 if self.on.events => lines.push(format!("Flow#(\"{key}\").pong({n}, \"t{n}\")")),
            3 if self.on.events => {
                lines.push(format!("send Flow#(\"{key}\").ping({n}) after {after}s"));
            }
            4 => lines.push("settle()".to_owned()),
            5 | 6 => lines.push(format!("advance({after}s)")),
            _ => self.statement(scope, lines),
        }
    }
}

// Statements: each is one line, or a head, the lines inside, and a closing brace.
impl Waiting {
    fn statements(&mut self, scope: &mut Scope, usual: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..1 + self.below(usual) {
            self.statement(scope, &mut lines);
        }
        lines
    }

    /// The lines of a block; what it binds is not seen outside.
    fn block(&mut self, mut scope: Scope, usual: usize) -> Vec<String> {
        let lines = self.statements(&mut scope, usual);
        lines.into_iter().map(|line| format!("  {line}")).collect()
    }

    fn statement(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let deep = scope.depth > 2;
        match self.below(20) {
            0 | 1 => {
                let (name, value) = (self.fresh("v"), self.int(scope, 3));
                let word = if self.one_in(2) { "let" } else { "var" };
                lines.push(format!("{word} {name} = {value}"));
                if word == "var" {
                    scope.vars.push(name.clone());
                }
                scope.ints.push(name);
            }
            2 | 3 if !scope.vars.is_empty() => {
                let (name, value) = (self.pick(&scope.vars), self.int(scope, 3));
                let op = self.pick(&["=", "+="]);
                lines.push(format!("{name} {op} {value}"));
            }
            4 | 5 if scope.own => {
                let value = self.int(scope, 3);
                let op = self.pick(&["=", "+=", "+="]);
                lines.push(format!("at {op} {value}"));
            }
            6 if !deep => {
                lines.push(format!("if {} {{", self.condition(scope, 2)));
                lines.extend(self.block(scope.inner(), 2));
                if self.one_in(2) {
                    lines.push("} else {".to_owned());
                    lines.extend(self.block(scope.inner(), 2));
                }
                lines.push("}".to_owned());
            }
            7 | 8 if self.on.loops && !deep && scope.rounds < 9 => self.repeat(scope, lines),
            9 | 10 if scope.leaves || scope.in_loop || scope.fails => self.leave(scope, lines),
            11 if self.on.sleeps && self.spend(scope, 1) => {
                let n = 1 + self.below(3);
                lines.push(match self.one_in(2) {
                    true => format!("sleep({n}s)"),
                    false => format!("sleep_until(now() + {n}s)"),
                });
            }
            12 | 13 if self.on.undo && self.spend(scope, 2) => self.undo(scope, lines),
            14 | 15 if self.on.messages => self.message(scope, lines),
            16 | 17 if self.on.parallel && !deep => self.parallel(scope, lines),
            _ if self.spend(scope, 1) => {
                lines.push(format!(
                    "Trace#(\"t\").note(\"{{{}}}\")",
                    self.int(scope, 2)
                ));
            }
            _ => lines.push(format!("let _ = {}", self.int(scope, 2))),
        }
    }

    fn repeat(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let name = self.fresh("v");
        let mut inner = scope.inner();
        inner.in_loop = true;
        inner.rounds *= 3;
        let mut first = None;
        match self.below(4) {
            0 => {
                lines.push(format!("var {name} = 0"));
                // What is looked at before each round is not in the loop.
                let around = Scope {
                    in_loop: false,
                    ..inner.clone()
                };
                let cond = self.condition(&around, 1);
                lines.push(format!("while {name} < 3 and ({cond}) {{"));
                // Counted before anything can go on to the next round.
                first = Some(format!("  {name} += 1"));
            }
            1 => lines.push(format!("for {name} in {}..3 {{", self.below(3))),
            2 => {
                let cond = self.condition(scope, 1);
                lines.push(format!("for {name} in [1, 2, 3] where {cond} {{"));
            }
            _ => {
                let (a, b) = (self.int(scope, 2), self.int(scope, 2));
                lines.push(format!("for {name} in [{a}, {b}] {{"));
            }
        }
        inner.ints.push(name);
        lines.extend(first);
        lines.extend(self.block(inner, 3));
        lines.push("}".to_owned());
    }

    /// `return`, `fail`, `break` or `continue`, under a condition.
    fn leave(&mut self, scope: &Scope, lines: &mut Vec<String>) {
        let cond = self.condition(scope, 2);
        let Some(way) = self.way_out(scope) else {
            return;
        };
        lines.push(format!("if {cond} {{ {way} }}"));
    }

    fn way_out(&mut self, scope: &Scope) -> Option<String> {
        let mut ways = Vec::new();
        if scope.in_loop {
            ways.extend(["break".to_owned(), "continue".to_owned()]);
        }
        if scope.leaves {
            ways.push(format!("return {}", self.int(scope, 2)));
        }
        if scope.fails {
            ways.push(format!("fail Stop({})", self.int(scope, 1)));
        }
        (!ways.is_empty()).then(|| self.pick(&ways))
    }

    fn undo(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let (name, n) = (self.fresh("v"), self.int(scope, 1));
        let step = match self.below(3) {
            0 if scope.fails => format!("Box#(\"x\").take({n})?"),
            1 if scope.own => format!("mark({n})"),
            _ => format!("Box#(\"y\").put({n})"),
        };
        let mut back = scope.closure(false);
        back.ints.push(name.clone());
        if self.one_in(2) {
            let value = self.int(&back, 2);
            lines.push(format!(
                "let {name} = {step} undo Trace#(\"t\").note(\"undo {{{value}}}\")"
            ));
        } else {
            lines.push(format!("let {name} = {step} undo {{"));
            lines.extend(self.block(back, 2));
            lines.push("}".to_owned());
        }
        scope.ints.push(name);
    }

    fn message(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let (n, after) = (self.int(scope, 2), 1 + self.below(3));
        if !self.spend(scope, 1) {
            return;
        }
        match self.below(7) {
            0 => lines.push(format!("send Box#(\"x\").put({n})")),
            1 => lines.push(format!("send Box#(\"y\").take({n}) after {after}s")),
            2 => lines.push(format!("send note#({n})")),
            3 => lines.push(format!("send note#({n}) after {after}s")),
            4 => lines.push(format!("Box#(\"x\").put_soon({n})")),
            5 if self.on.events && scope.own => {
                lines.push(format!("send Flow#(k).ping({n}) after {after}s"));
            }
            _ => {
                let ticket = self.fresh("t");
                let when = self.pick(&["", " after 1s", " after 2s"]);
                lines.push(format!("let {ticket} = send note#({n}){when}"));
                if self.one_in(2) {
                    self.statement(scope, lines);
                }
                lines.push(format!("cancel({ticket})"));
            }
        }
    }

    fn parallel(&mut self, scope: &mut Scope, lines: &mut Vec<String>) {
        let mut branch = scope.closure(scope.fails);
        match self.below(3) {
            0 => {
                let (a, b) = (self.fresh("v"), self.fresh("v"));
                let (x, y) = (self.int(&branch, 3), self.int(&branch, 3));
                lines.push(format!("let ({a}, {b}) = parallel {{ {x}, {y} }}"));
                scope.ints.extend([a, b]);
            }
            kind => {
                let (item, all) = (self.fresh("v"), self.fresh("all"));
                let (from, cond) = (self.int(scope, 2), self.condition(scope, 1));
                branch.ints.push(item.clone());
                branch.rounds *= 3;
                let head =
                    format!("parallel for {item} in [{from}, 2, 3] where {item} != 2 or {cond}");
                if kind == 1 {
                    let value = self.int(&branch, 3);
                    lines.push(format!("let {all} = {head} select {value}"));
                    scope.lists.push(all);
                } else {
                    lines.push(format!("{head} {{"));
                    lines.extend(self.block(branch, 2));
                    lines.push("}".to_owned());
                }
            }
        }
    }
}

// Expressions; where they may wait they do.
impl Waiting {
    fn int(&mut self, scope: &Scope, deep: u32) -> String {
        if deep == 0 || self.one_in(4) {
            return self.atom(scope);
        }
        let deep = deep - 1;
        let x = self.int(scope, deep);
        match self.below(16) {
            0 | 1 => {
                let op = self.pick(&["+", "-"]);
                format!("({x} {op} {})", self.int(scope, deep))
            }
            2 => format!("({x} * {} % 7)", self.int(scope, deep)),
            3 if self.on.sleeps && self.spend(scope, 1) => format!("nap#({x})"),
            4 | 5 if self.on.transactions && self.spend(scope, 1) => self.transaction(scope, &x),
            6 if self.on.outside && self.spend(scope, 1) => self.outside(scope, &x),
            7 => {
                let cond = self.condition(scope, deep);
                format!("if {cond} {{ {x} }} else {{ {} }}", self.int(scope, deep))
            }
            8 => {
                let (y, cond, z) = (
                    self.int(scope, deep),
                    self.condition(scope, 1),
                    self.int(scope, 1),
                );
                format!(
                    "match {x} {{ 0 | 1 => {y}, n if {cond} => n + {z}, _ => {} }}",
                    self.int(scope, 1)
                )
            }
            9 | 10 if scope.own && self.on.events && self.spend(scope, 1) => self.event(scope, &x),
            11 if !scope.lists.is_empty() => format!("({x} + {}.sum())", self.pick(&scope.lists)),
            12 => format!(
                "[{x}, {}, {}].sum()",
                self.int(scope, deep),
                self.int(scope, deep)
            ),
            13 if self.on.bugs && self.one_in(4) => format!("(6 / {x})"),
            14 | 15 => self.call(scope, x),
            _ => x,
        }
    }

    fn atom(&mut self, scope: &Scope) -> String {
        match self.below(8) {
            0..=3 if !scope.ints.is_empty() => self.pick(&scope.ints),
            4 if scope.own => "at".to_owned(),
            5 => "Box#(\"x\").total".to_owned(),
            6 if self.on.clock => "clock#()".to_owned(),
            7 if self.on.clock => "fresh_id().length()".to_owned(),
            _ => self.below(6).to_string(),
        }
    }

    fn transaction(&mut self, scope: &Scope, x: &str) -> String {
        match self.below(6) {
            0 => format!("Box#(\"x\").put({x})"),
            1 if scope.own => format!("mark({x})"),
            2 if scope.fails => format!("Box#(\"y\").take({x})?"),
            3 => format!("(Box#(\"x\").take({x}) ?? {})", self.int(scope, 1)),
            4 => {
                // Inside there is no waiting.
                let y = self.atom(&Scope {
                    own: false,
                    ..scope.clone()
                });
                format!(
                    "match {x} {{ w => atomic {{ Box#(\"x\").put(w) + Box#(\"y\").put({y}) }} }}"
                )
            }
            _ => {
                let out = self.way_out(scope).unwrap_or_else(|| "n".to_owned());
                format!("match Box#(\"y\").take({x}) {{ Ok(v) => v, Stop(n) => {out} }}")
            }
        }
    }

    fn outside(&mut self, scope: &Scope, x: &str) -> String {
        match self.below(4) {
            0 => format!("far#.tell({x})"),
            1 if scope.fails => format!("far#.ask({x})?"),
            2 => format!("(far#.ask({x}).within(1s) ?? {})", self.int(scope, 1)),
            _ => format!("(far#.ask({x}) ?? {})", self.int(scope, 1)),
        }
    }

    fn event(&mut self, scope: &Scope, x: &str) -> String {
        let (one, any, late) = (self.int(scope, 1), self.int(scope, 1), self.int(scope, 1));
        let after = self.below(4);
        match self.below(3) {
            0 => format!(
                "wait {{ ping(1) => {one}, ping(n) => n + {any}, after {after}s => {late} }}"
            ),
            1 => format!(
                "wait {{ pong(n, t) => n + t.length() + {x}, ping(_) => {any}, after {after}s => {late} }}"
            ),
            _ => {
                let out = self.way_out(scope).unwrap_or(late);
                format!("wait {{ ping(n) => n + {x}, after 1s * {after} => {out} }}")
            }
        }
    }

    fn call(&mut self, scope: &Scope, x: String) -> String {
        let budget = COST_MAX.saturating_sub(self.cost);
        let fitting = self.helpers.iter().filter(|helper| {
            (scope.own || !helper.own) && (helper.cost + 1) * scope.rounds <= budget
        });
        let fitting: Vec<Helper> = fitting.cloned().collect();
        if fitting.is_empty() {
            return x;
        }
        let helper = self.pick(&fitting);
        self.cost += (helper.cost + 1) * scope.rounds;
        let deep = self.below(4).to_string();
        self.help(scope, &helper, &deep, &x)
    }

    fn help(&mut self, scope: &Scope, helper: &Helper, deep: &str, x: &str) -> String {
        let call = match helper.recursive {
            true => format!("{}({deep}, {x})", helper.name),
            false => format!("{}({x})", helper.name),
        };
        match helper.fails {
            false => call,
            true if scope.fails && self.one_in(2) => format!("{call}?"),
            true => format!("({call} ?? {})", self.atom(scope)),
        }
    }

    fn condition(&mut self, scope: &Scope, deep: u32) -> String {
        let x = self.int(scope, deep);
        match self.below(6) {
            0 if deep > 0 => {
                let op = self.pick(&["and", "or"]);
                format!("{x} > 1 {op} {}", self.condition(scope, deep - 1))
            }
            1 if deep > 0 => format!("not ({})", self.condition(scope, deep - 1)),
            2 => format!("{x} % 2 == 0"),
            3 if self.on.transactions && self.spend(scope, 1) => {
                format!("Box#(\"x\").take({x}) is Ok(_)")
            }
            _ => {
                let op = self.pick(&["<", ">", "==", "!="]);
                format!("{x} {op} {}", self.int(scope, deep.min(1)))
            }
        }
    }
}

// Chance.
impl Waiting {
    fn below(&mut self, bound: usize) -> usize {
        self.chance.below(bound as u64) as usize
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.next_name += 1;
        format!("{prefix}{}", self.next_name)
    }

    /// Whether so many more effects are not too many.
    fn spend(&mut self, scope: &Scope, effects: u64) -> bool {
        let cost = self.cost + effects * scope.rounds;
        let enough = cost <= COST_MAX;
        if enough {
            self.cost = cost;
        }
        enough
    }
}

fn indented(lines: &[String], by: usize) -> String {
    lines
        .iter()
        .map(|line| format!("{:by$}{line}\n", ""))
        .collect()
}
