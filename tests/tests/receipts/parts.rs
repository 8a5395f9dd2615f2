//! Each thing that costs, by itself: what it was counted to cost, beside what its receipt says, as text to be read.
//!
//! `records 3 of 4` is counted and said. A part that nobody can tell before the call has no second number, and what is nothing in both
//! is left out. `frames 9 of 5..14` are the bytes that the run kept at its fullest wait, and what is said of that.
//! What is counted may never be more than what is said; the text holds it to the number.

use weir_contract::Value;
use weir_tests::generate::Call;
use weir_tests::generate::outside::Outside;

use crate::build;
use crate::player::Player;

/// What happens behind the call that is counted, or in front of it.
enum Then {
    Call(Call),
    Event(Call),
    /// Microseconds.
    Advance(i64),
}

struct Case {
    name: &'static str,
    before: Vec<Then>,
    call: Call,
    then: Vec<Then>,
}

fn case(name: &'static str, call: Call) -> Case {
    Case {
        name,
        before: Vec::new(),
        call,
        then: Vec::new(),
    }
}

impl Case {
    fn before(mut self, call: Call) -> Case {
        self.before.push(Then::Call(call));
        self
    }

    fn then(mut self, then: Then) -> Case {
        self.then.push(then);
        self
    }
}

const HOUR: i64 = 3_600_000_000;

fn of(instance: &str, function: &str, args: Vec<Value>) -> Call {
    let instance = instance.split_once(' ');
    Call {
        instance: instance.map(|(entity, key)| (entity.into(), vec![text(key)])),
        function: function.into(),
        args: args.into_iter().map(Some).collect(),
        caller: "ann".into(),
        roles: Vec::new(),
        time: 0,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn texts(all: &[&str]) -> Value {
    Value::List(all.iter().map(|t| text(t)).collect())
}

/// Runs each case in a world of its own.
fn hold(source: &str, outside: &[Outside], cases: Vec<Case>, expected: &str) {
    let (manifest, program) = build(source).unwrap_or_else(|| panic!("{}", mistakes(source)));
    let mut lines = String::new();
    let mut wrong = Vec::new();
    for Case {
        name,
        before,
        call,
        then,
    } in cases
    {
        let mut player = Player::new(&manifest, &program, outside);
        let play = |player: &mut Player<'_>, all: Vec<Then>| {
            for one in all {
                match one {
                    Then::Call(call) => drop(player.call(&call).expect("the program has it")),
                    Then::Event(call) => player.event(&call),
                    Then::Advance(us) => player.time += us,
                }
                player.happen(player.time);
            }
        };
        play(&mut player, before);
        let run = player.call(&call).expect("the program has it");
        player.happen(player.time);
        play(&mut player, then);
        player.happen(player.time);
        let tally = &player.tallies[&run];
        assert!(!tally.bug, "{name}: {tally:?}");
        let (line, over) = tally.told(&manifest);
        if over {
            wrong.push(name);
        }
        lines += &format!("{name}: {line}\n");
    }
    let expected = expected.trim_start();
    assert_eq!(lines, expected, "\n{lines}");
    assert!(wrong.is_empty(), "dearer than the receipt: {wrong:?}");
}

fn mistakes(source: &str) -> String {
    let world = weir_driver::Memory::default().with("made.weir", source);
    let program = weir_driver::find(&world, "made.weir".as_ref()).expect("it is there");
    let analysis = weir_driver::check(&world, &program).unwrap_or_else(|e| panic!("{e}"));
    let all = analysis.diagnostics.iter().map(|d| format!("{d:?}"));
    all.collect::<Vec<_>>().join("\n")
}

#[test]
fn events_and_waits() {
    let source = r#"
workflow Order(id: Text) {
  pub state paid: Int = 0
  pub event payment(n: Int)
  pub event closed()

  @anyone
  pub fn run(note: Text) -> Text {
    var open = true
    while open {
      wait {
        payment(n) => paid += n
        closed() => open = false
        after 2d => open = false
      }
    }
    note
  }
}

@anyone
pub fn twice(text: Text) -> Text {
  sleep(1h)
  let at = now()
  sleep_until(at + 1h)
  text
}

@anyone
pub fn other(id: Text) -> Text = (Order(id).run("x") ?? "none")

@anyone
pub fn patient(id: Text) -> Int {
  let run = send Order(id).run("y")
  let first = run.result().within(1h) ?? "late"
  first.length()
}

workflow Once(id: Text) {
  pub event go(n: Int)
  @anyone
  pub fn run() -> Int {
    wait {
      go(n) => n
      after 1h => 0
    }
  }
}
"#;
    let payment = |n| Then::Event(of("Order a", "payment", vec![Value::Int(n)]));
    let closed = || Then::Event(of("Order a", "closed", vec![]));
    let run = || of("Order a", "run", vec![text("ab")]);
    let cases = vec![
        case("three events", run())
            .then(payment(1))
            .then(payment(2))
            .then(closed()),
        case("nobody comes", run()).then(Then::Advance(49 * HOUR)),
        case("an event", of("Once a", "run", vec![])).then(Then::Event(of(
            "Once a",
            "go",
            vec![Value::Int(3)],
        ))),
        case("the time is over", of("Once a", "run", vec![])).then(Then::Advance(HOUR)),
        case("two sleeps", of("", "twice", vec![text("abc")]))
            .then(Then::Advance(HOUR))
            .then(Then::Advance(HOUR)),
        case("another's result", of("", "other", vec![text("a")])).then(closed()),
        case("a result within", of("", "patient", vec![text("a")])).then(Then::Advance(HOUR)),
    ];
    hold(
        source,
        &[],
        cases,
        r"
three events: records 7, keys 1 of 1, reads 2, writes 2, waits 3, frames 4 of 2..
nobody comes: records 2, keys 0 of 1, reads 0, writes 0, waits 1, frames 4 of 2..
an event: records 3 of 3, waits 1 of 1, frames 0 of 0..0
the time is over: records 2 of 3, waits 1 of 1, frames 0 of 0..0
two sleeps: records 3 of 3, waits 2 of 2, frames 4 of 1..
another's result: records 2 of 2, waits 1 of 1, messages 1 of 1, frames 0 of 0..0
a result within: records 2 of 2, waits 1 of 1, messages 1 of 1, frames 0 of 0..0
",
    );
}

#[test]
fn the_outside_and_undos() {
    let source = r#"
error Refused

extern shop from "http:shop" {
  @idempotent fn order(what: Text) -> Int fails Refused
  @idempotent fn cancel(number: Int)
  @read fn price(what: Text) -> Int
}

entity Seat(name: Text) {
  pub state taken: Int = 0
  @anyone
  pub fn take() { taken += 1 }
  fn free() { taken -= 1 }
}

@anyone
pub fn priced(all: List<Text>) -> Int {
  var sum = 0
  for what in all { sum += shop.price(what) }
  sum
}

@anyone
pub fn trip(seat: Text, what: Text) -> Int fails Refused {
  Seat(seat).take() undo Seat(seat).free()
  let first = shop.order(what)? undo shop.cancel(first_of(what))
  let second = shop.order("yacht")?
  first + second
}

fn first_of(what: Text) -> Int = what.length()

@anyone
pub fn seats(all: List<Text>) -> Int fails Refused {
  for seat in all {
    Seat(seat).take() undo Seat(seat).free()
  }
  shop.order("yacht")?
}

@anyone
pub fn late(what: Text) -> Int = shop.price(what).within(5s) ?? 0
"#;
    let ok = |n| Ok(Value::Int(n));
    let refused = Err(("Refused".to_owned(), vec![]));
    // By the sum of the bytes of the arguments: a boat is there, a yacht is not.
    let sum = |what: &str| {
        format!("{:?}", [text(what)])
            .bytes()
            .map(usize::from)
            .sum::<usize>()
    };
    let mut answers = vec![ok(1), ok(2)];
    answers[sum("yacht") % 2] = refused;
    assert_ne!(sum("yacht") % 2, sum("boat") % 2);
    let outside = [
        Outside::new("shop", "order", answers),
        Outside::new("shop", "cancel", vec![Ok(Value::Unit)]),
        Outside::new("shop", "price", vec![ok(5)]),
    ];
    let cases = vec![
        case(
            "three prices",
            of("", "priced", vec![texts(&["a", "b", "c"])]),
        ),
        case(
            "a trip that is undone",
            of("", "trip", vec![text("1a"), text("boat")]),
        ),
        case(
            "the first order fails",
            of("", "trip", vec![text("1a"), text("yacht")]),
        ),
        case(
            "seats are given back",
            of("", "seats", vec![texts(&["1a", "1b"])]),
        ),
        case("in time", of("", "late", vec![text("a")])),
    ];
    hold(
        source,
        &outside,
        cases,
        r"
three prices: records 4 of 4, outside 3 of 3, frames 10 of 4..
a trip that is undone: records 6 of 6, keys 1 of 2, outside 3 of 3, reads 2 of 2, writes 2 of 2, frames 5 of 2.. (it failed)
the first order fails: records 3 of 6, keys 1 of 2, outside 1 of 3, reads 2 of 2, writes 2 of 2, frames 6 of 2.. (it failed)
seats are given back: records 4 of 4, keys 2 of 4, outside 1 of 1, reads 4 of 4, writes 4 of 4, frames 0 of 4.. (it failed)
in time: records 2 of 2, outside 1 of 1, frames 0 of 0..0
",
    );
}

#[test]
fn branches() {
    let source = r#"
extern shop from "http:shop" {
  @read fn price(what: Text) -> Int
}

entity Seat(name: Text) {
  pub state taken: Int = 0
  fn take() { taken += 1 }
}

@anyone
pub fn both(a: Text, b: Text) {
  parallel {
    Seat(a).take()
    Seat(b).take()
  }
}

@anyone
pub fn pair(a: Int, b: Int) -> Int {
  let (x, y) = parallel {
    later(a)
    later(b)
  }
  x + y
}

fn later(n: Int) -> Int {
  sleep(1h)
  n
}

@anyone
pub fn all(names: List<Text>) {
  parallel for name in names {
    sleep(1h)
    Seat(name).take()
  }
}

@anyone
pub fn prices(names: List<Text>) -> Int {
  let found = parallel for name in names select shop.price(name)
  found.sum()
}

@anyone
pub fn few(names: List<Text>) -> Int {
  let found = parallel for name in names select shop.price(name) limit 2
  found.sum()
}
"#;
    let outside = [Outside::new("shop", "price", vec![Ok(Value::Int(5))])];
    let three = || vec![texts(&["ab", "bc", "cd"])];
    let cases = vec![
        case("two", of("", "both", vec![text("a"), text("b")])),
        case(
            "two numbers",
            of("", "pair", vec![Value::Int(1), Value::Int(200)]),
        )
        .then(Then::Advance(HOUR)),
        case("three that sleep", of("", "all", three())).then(Then::Advance(HOUR)),
        case("three prices", of("", "prices", three())),
        case("at most two", of("", "few", three())),
    ];
    hold(
        source,
        &outside,
        cases,
        r"
two: records 4 of 4, keys 1 of 2, reads 2 of 2, writes 2 of 2, waits 1 of 1, frames 4 of 0..
two numbers: records 6 of 6, waits 3 of 3, frames 3 of 0..20
three that sleep: records 8 of 8, keys 1 of 3, reads 3 of 3, writes 3 of 3, waits 4 of 4, frames 9 of 0..
three prices: records 8 of 8, outside 3 of 3, waits 1 of 1, frames 9 of 0..
at most two: records 8 of 8, outside 3 of 3, waits 1 of 1, frames 9 of 0..
",
    );
}

#[test]
fn messages_and_entries() {
    let source = r#"
record Hit(page: Text, n: Int)

@key(page)
stream hits: Hit

entity Page(name: Text) {
  pub state seen: Int = 0
  pub state clock: Int = 0

  @anyone
  pub fn see(times: Int) {
    for n in 0..times { let _ = hits.emit(Hit(name, n)) }
  }

  @anyone
  pub fn remind() {
    let _ = send self.tick()
    let _ = send self.tick() after 1h
    clock = 0
  }

  @anyone
  pub fn wake(all: List<Text>) {
    for one in all { Waiter(one).go(1) }
  }

  fn tick() { clock += 1 }
  fn saw() { seen += 1 }
}

workflow Waiter(name: Text) {
  event go(n: Int)
  @anyone
  pub fn run() -> Int {
    wait { go(n) => n }
  }
}

on hits(hit) { Page(hit.page).saw() }

@anyone
pub fn starts(all: List<Text>) {
  for one in all { let _ = send Waiter(one).run() }
}
"#;
    let cases = vec![
        case("three entries", of("Page a", "see", vec![Value::Int(3)])),
        case("two messages", of("Page a", "remind", vec![])).then(Then::Advance(HOUR)),
        case(
            "events to two",
            of("Page a", "wake", vec![texts(&["a", "b"])]),
        )
        .before(of("Waiter a", "run", vec![]))
        .before(of("Waiter b", "run", vec![])),
        case("two runs", of("", "starts", vec![texts(&["a", "b"])])),
        case("sent from inside", of("Waiter a", "run", vec![])).then(Then::Call(of(
            "Page a",
            "wake",
            vec![texts(&["a"])],
        ))),
    ];
    hold(
        source,
        &[],
        cases,
        r"
three entries: records 1 of 1
two messages: records 1 of 1, keys 1 of 1, writes 1 of 1, messages 2 of 2
events to two: records 1 of 1, messages 2 of 2
two runs: records 1 of 1, messages 2 of 2
sent from inside: records 2 of 3, waits 1 of 1, frames 0 of 0..0
",
    );
}

#[test]
fn views_and_temporary_data() {
    let source = r#"
record Hit(page: Text, n: Int)
record Row(page: Text, hits: Int)

@key(page)
stream hits: Hit

@keep("there are few pages")
view pages = for h in hits group by page: h.page select Row(page, count())

view unlocked = for d in Door where d.open select d.name

entity Door(name: Text) {
  pub state open: Bool = false
  @anyone
  pub fn turn() { open = not open }
  @anyone
  pub fn others() -> Int {
    let n = unlocked.all().length()
    n
  }
}

@anyone
pub fn hit(page: Text) { let _ = hits.emit(Hit(page, 1)) }

@anyone
pub fn top() -> Int = pages.all().length()

@anyone
pub fn one(page: Text) -> Int = pages.at(page).length()

@anyone
pub fn stale(door: Text) -> Int {
  let n = (peek pages.all()).length()
  if peek Door(door).open { n } else { 0 - n }
}

@anyone
pub fn seen_later(page: Text) -> Int {
  hits.emit(Hit(page, 2))
  let n = pages.all().length()
  sleep(1h)
  n + pages.all().length()
}

@anyone
pub fn words(text: Text) -> Int {
  scratch let found = for w in text.split(" ") select w.length()
  let first = found.length()
  sleep(1h)
  first + found.length()
}

@anyone
pub fn counted(files: List<Text>) -> Int {
  scratch let found = parallel for f in files, w in f.split(" ")
    group by word: w
    select (word, count())
  found.length()
}
"#;
    let hit = || of("", "hit", vec![text("a")]);
    let cases = vec![
        case("an entry", hit()),
        case("a view", of("", "top", vec![])).before(hit()),
        case("a row", of("", "one", vec![text("a")])).before(hit()),
        case("not the newest", of("", "stale", vec![text("a")])).before(hit()),
        case(
            "a view, twice in a run",
            of("", "seen_later", vec![text("a")]),
        )
        .before(hit())
        .then(Then::Advance(HOUR)),
        case("temporary data", of("", "words", vec![text("a bc d")])).then(Then::Advance(HOUR)),
        case(
            "made in parts",
            of("", "counted", vec![texts(&["a b", "b"])]),
        ),
        case("a view of doors", of("Door a", "others", vec![])).before(of(
            "Door b",
            "turn",
            vec![],
        )),
    ];
    hold(
        source,
        &[],
        cases,
        r"
an entry: records 1 of 1
a view: nothing
a row: nothing
not the newest: keys 1 of 1, reads 1 of 1
a view, twice in a run: records 4 of 4, waits 1 of 1, frames 1 of 1..10
temporary data: records 3 of 3, waits 1 of 1, frames 20 of 3..
made in parts: records 2 of 2, frames 21 of 2..
a view of doors: nothing
",
    );
}

#[test]
fn state_that_merges_and_transactions() {
    let source = r#"
error Full

entity Board(id: Text) {
  pub merge likes: Counter
  pub merge notes: AddSet<Text>
  pub merge people: MergeMap<Text, MaxOf<Int>>
  pub state owner: Text = ""
  invariant likes.value < 1_000

  @anyone
  pub fn like() { likes.add(1) }
  @anyone
  pub fn pin(all: List<Text>) {
    for note in all { notes.add(note) }
  }
  @anyone
  pub fn here(who: Text) { people[who].raise(likes.value) }
  @anyone
  pub fn try_own(who: Text) -> Bool {
    match self.own(who) {
      Ok(_) => true
      Full => false
    }
  }
  fn own(who: Text) fails Full {
    owner = who
    require who != "bob" else Full
  }
}

@anyone
pub fn at_once(all: List<Text>) {
  atomic {
    for one in all { Board(one).like() }
  }
}

@anyone
pub fn one_by_one(all: List<Text>) {
  for one in all { Board(one).like() }
}

@anyone
pub fn slowly(all: List<Text>) {
  sleep(1h)
  for one in all { Board(one).like() }
}
"#;
    let many: Vec<String> = (0..130).map(|n| format!("b{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases = vec![
        case("a like", of("Board a", "like", vec![])),
        case(
            "three notes",
            of("Board a", "pin", vec![texts(&["x", "y", "z"])]),
        ),
        case("somebody is here", of("Board a", "here", vec![text("ann")])),
        case("taken back", of("Board a", "try_own", vec![text("bob")])),
        case("at once", of("", "at_once", vec![texts(&["a", "b"])])),
        case("one by one", of("", "one_by_one", vec![texts(&many)])),
        case("behind a wait", of("", "slowly", vec![texts(&many)])).then(Then::Advance(HOUR)),
    ];
    hold(
        source,
        &[],
        cases,
        r"
a like: records 1 of 1, keys 1 of 1, reads 1 of 1, writes 1 of 1
three notes: records 1 of 1, keys 1 of 1, reads 1 of 1, writes 3 of 3
somebody is here: records 1 of 1, keys 1 of 1, reads 2 of 2, writes 1 of 1
taken back: records 0 of 1, keys 1 of 1, reads 0 of 1, writes 1 of 1
at once: records 1 of 1, keys 2 of 2, reads 2 of 2, writes 2 of 2
one by one: records 1 of 1, keys 130 of 130, reads 130 of 130, writes 130 of 130
behind a wait: records 4 of 4, keys 65 of 130, reads 130 of 130, writes 130 of 130, waits 1 of 1, frames 551 of 4..
",
    );
}
