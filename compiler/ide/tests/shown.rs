//! What is shown beside the text: the call around the cursor, colours, hints, lines above declarations, where things take place.

use std::path::Path;

use weir_driver::{Library, Memory, Parses};
use weir_ide::{At, HintKind, Snapshot};

fn open(text: &str) -> (Snapshot, Library, At) {
    let offset = text.find("$0").unwrap_or(0) as u32;
    let world = Memory::default().with("main.weir", &text.replacen("$0", "", 1));
    let program = weir_driver::find(&world, Path::new("main.weir")).expect("it is there");
    let library = Library::default();
    let survey = weir_driver::survey(&world, &program, &library, &mut Parses::default());
    let snapshot = Snapshot::new(survey.expect("it is read"), &library.modules);
    let file = snapshot.survey.files[0].id;
    (snapshot, library, At { file, offset })
}

/// The signature with the parameter that is being written in brackets.
fn signature(text: &str) -> String {
    let (snapshot, library, at) = open(text);
    let Some(found) = weir_ide::signature(&snapshot, &library, at) else {
        return "nothing".into();
    };
    let mut label = found.label;
    if let Some(active) = found.active {
        let (start, end) = found.params[active];
        label.insert(end as usize, '>');
        label.insert(start as usize, '<');
    }
    label
}

const BANK: &str = "
error Low(have: Int)

record Line(sku: Text, qty: Int, price: Decimal)

extern payments from \"http:payments\" {
  @idempotent
  fn charge(card: Text, amount: Decimal) -> Text
}

entity Account(owner: Text) {
  pub state balance: Int = 0
  /// Takes money out.
  pub fn pay(amount: Int, note: Text = \"\") fails Low {
    require balance >= amount else Low(have: balance)
    balance -= amount
  }
}

fn twice(n: Int, by: Int = 2) -> Int = n * by

fn all(xs: List<Int>, wanted: fn(Int, Text) -> Bool) -> List<Int> = xs.filter(x => wanted(x, \"a\"))

workflow Order(id: Text) {
  pub event paid(by: Text)

  pub fn run(card: Text, total: Decimal) -> Text {
    wait {
      paid(_) => {}
      after 1d => {}
    }
    let charged = payments.charge(card, total)
    Account(id).pay(3) ?? return \"low\"
    charged
  }
}
";

#[test]
fn the_call_around_the_cursor_is_shown() {
    let with = |body: &str| signature(&format!("{BANK}\ntest \"t\" {{\n  {body}\n}}\n"));
    for (body, wanted) in [
        ("twice($0)", "twice(<n: Int>, by: Int = 2) -> Int"),
        ("twice(1, $0", "twice(n: Int, <by: Int = 2>) -> Int"),
        ("let x = twice(1, $0", "twice(n: Int, <by: Int = 2>) -> Int"),
        (
            "twice(by: 1 + $0, n: 2)",
            "twice(n: Int, <by: Int = 2>) -> Int",
        ),
        ("3.twice($0)", "twice(<by: Int = 2>) -> Int"),
        ("twice(1, 2, $0)", "twice(n: Int, by: Int = 2) -> Int"),
        (
            "Account(\"ann\").pay(1, \"no$0te\")",
            "pay(amount: Int, <note: Text = \"\">) fails Low",
        ),
        ("Account($0).pay(1)", "Account(<owner: Text>)"),
        (
            "let l = Line(\"a\", $0",
            "Line(sku: Text, <qty: Int>, price: Decimal)",
        ),
        (
            "let l = Line(\"a\", [1, $0",
            "Line(sku: Text, <qty: Int>, price: Decimal)",
        ),
        ("fail Low($0)", "Low(<have: Int>)"),
        ("advance($0)", "advance(<time: Duration>)"),
        ("[1].map($0)", "map(<f: fn(T) -> U>) -> List<U>"),
        (
            "[1].map(x => twice(x, $0))",
            "twice(n: Int, <by: Int = 2>) -> Int",
        ),
        ("[1].map(x => { $0 })", "nothing"),
        ("Order(\"a\").paid($0)", "paid(<by: Text>)"),
        (
            "payments.charge(\"a\", $0)",
            "charge(card: Text, <amount: Decimal>) -> Text",
        ),
        ("unknown($0)", "nothing"),
        ("(1, $0)", "nothing"),
    ] {
        assert_eq!(with(body), wanted, "{body}");
    }
    assert_eq!(
        signature("fn f(f: fn(Int, Text) -> Int) -> Int = f(1, $0)\n"),
        "f(Int, <Text>)"
    );
    assert_eq!(signature("fn f($0"), "nothing");
}

#[test]
fn pieces_of_the_text_are_coloured_by_meaning() {
    let (snapshot, _, at) = open(BANK);
    assert!(
        snapshot.survey.is_right,
        "{:?}",
        snapshot.survey.diagnostics
    );
    let mut out = String::new();
    let source = snapshot.survey.sources.file(at.file);
    let mut line = usize::MAX;
    for token in weir_ide::tokens(&snapshot, at.file) {
        let at = source.line_index(token.span.start as usize);
        if at != line {
            out.push_str(&format!("\n{}:", at + 1));
            line = at;
        }
        let kind = weir_ide::TOKEN_KINDS[token.kind as usize];
        let modifiers = weir_ide::modifier_names(token.modifiers);
        out.push_str(&format!(
            " {}={kind}",
            snapshot.snippet(token.span).replace('\n', "\\n")
        ));
        for modifier in modifiers {
            out.push_str(&format!("+{modifier}"));
        }
    }
    insta::assert_snapshot!("tokens", out);
}

/// The text with its hints in it.
fn hinted(text: &str, wanted: impl Fn(HintKind) -> bool) -> String {
    let (snapshot, _, at) = open(text);
    let all = snapshot.module(at.file).expect("a file").span;
    let mut text = snapshot.text(at.file).to_owned();
    for hint in weir_ide::hints(&snapshot, all).into_iter().rev() {
        if wanted(hint.kind) {
            let edit = if hint.edit.is_some() { "+" } else { "" };
            text.insert_str(hint.at.start as usize, &format!("‹{}{edit}›", hint.label));
        }
    }
    text
}

#[test]
fn what_is_not_written_is_hinted() {
    insta::assert_snapshot!("hints", hinted(BANK, |_| true));
    let broken = "fn twice(n: Int, by: Int) -> Int = n * by\n\nfn f(names: List<Text>) {\n  let n = names.length()\n  let m = nothing(n)\n  let (a, b) = (n, names)\n  for name in names {\n    twice(1, by: 2)\n    twice(-1, n)\n    names.map(x => x.\n  }\n}\n";
    insta::assert_snapshot!("hints_in_broken_text", hinted(broken, |_| true));
}

#[test]
fn a_hint_that_is_written_is_gone() {
    let text = "error Low\n\nfn f(n: Int) {\n  require n > 0 else Low\n}\n\nfn g() {\n  let xs = [1].map(x => x + 1)\n  expect_(xs)\n}\n\nfn expect_(xs: List<Int>) {}\n";
    let (snapshot, _, at) = open(text);
    let all = snapshot.module(at.file).expect("a file").span;
    let mut text = text.to_owned();
    let edits = weir_ide::hints(&snapshot, all)
        .into_iter()
        .filter_map(|hint| hint.edit);
    let edits: Vec<_> = edits.collect();
    assert_eq!(edits.len(), 2);
    for edit in edits.into_iter().rev() {
        text.replace_range(edit.span.range(), &edit.text);
    }
    assert!(
        text.contains("fn f(n: Int) fails Low {") && text.contains("let xs: List<Int> ="),
        "{text}"
    );
    let (snapshot, _, _) = open(&text);
    let again = weir_ide::hints(&snapshot, all);
    assert!(again.iter().all(|hint| hint.edit.is_none()), "{again:?}");
    assert!(
        snapshot
            .survey
            .diagnostics
            .iter()
            .all(|found| !found.is_error())
    );
}

#[test]
fn lines_above_declarations_say_route_and_cost() {
    let text = format!(
        "{BANK}\ntest \"pays\" {{\n  Account(\"ann\").set(balance: 3)\n}}\n\n@get(\"/twice/{{n}}\")\npub fn doubled(n: Int) -> Int = twice(n)\n"
    );
    let (snapshot, _, at) = open(&text);
    let mut out = String::new();
    for lens in weir_ide::lenses(&snapshot, at.file) {
        let name = snapshot.snippet(lens.span);
        out.push_str(&format!("{name}: {}  {:?}\n", lens.title, lens.does));
    }
    insta::assert_snapshot!("lenses", out);
    let (snapshot, _, at) = open("test \"broken\" {\n  let x =\n}\npub fn f() {}\n");
    assert_eq!(
        weir_ide::lenses(&snapshot, at.file).len(),
        2,
        "tests can be asked for all the same"
    );
}

fn places(text: &str) -> String {
    let (snapshot, _, at) = open(text);
    let mut text = snapshot.text(at.file).to_owned();
    for span in weir_ide::implementations(&snapshot, at).into_iter().rev() {
        text.insert(span.end as usize, '>');
        text.insert(span.start as usize, '<');
    }
    text.lines()
        .filter(|line| line.contains('<'))
        .map(|line| line.trim().to_owned() + "\n")
        .collect()
}

#[test]
fn where_something_takes_place() {
    let text = "error Low\n\nentity A(id: Text) {\n  state n: Int = 0\n\n  fn add() fails Low {\n    require n > 0 else Low\n    n += 1\n  }\n}\n\nworkflow W(id: Text) {\n  event go(by: Text)\n\n  fn run() {\n    wait {\n      go(_) => {}\n    }\n    let done = A(id).add() is Low\n    send A(id).add()\n  }\n}\n\nfn f() {\n  W(\"a\").go(\"b\")\n}\n";
    let at = |what: &str| {
        let place = text.find(what).expect("it is there");
        places(&format!("{}$0{}", &text[..place], &text[place..]))
    };
    assert_eq!(
        at("add() fails"),
        "let done = A(id).<add>() is Low\nsend A(id).<add>()\n"
    );
    assert_eq!(at("go(by"), "<go>(_) => {}\nW(\"a\").<go>(\"b\")\n");
    assert_eq!(at("Low\n"), "require n > 0 else <Low>\n");
    assert_eq!(at("n: Int"), "<n> += 1\n");
}

#[test]
fn declarations_are_found_by_some_of_their_letters() {
    let (snapshot, ..) = open(BANK);
    let names = |words: &str| -> Vec<String> {
        let found = weir_ide::matching_symbols(&snapshot, words).into_iter();
        found
            .map(|(symbol, owner)| owner.map_or(String::new(), |owner| owner + ".") + &symbol.name)
            .collect()
    };
    assert_eq!(names("pa"), ["Account.pay", "Order.paid", "payments"]);
    assert_eq!(names("Account.p"), ["Account.pay"]);
    assert_eq!(names("tw"), ["twice"]);
    assert_eq!(names("nothing"), [] as [&str; 0]);
}

#[test]
fn hover_says_where_a_run_waits_and_what_is_kept() {
    let (snapshot, _, at) = open(&BANK.replace("fn run", "fn $0run"));
    let said = weir_ide::hover(&snapshot, at)
        .expect("it is known")
        .markdown;
    assert!(
        said.contains("- line 28: waits for event paid, keeps card: Text, total: Decimal"),
        "{said}"
    );
}

/// What is written as no function has its class and its cost all the same.
#[test]
fn what_nobody_calls_is_marked_too() {
    const STREAM: &str = "
@keep(7d)
pub stream clicks: Text

entity Page(name: Text) {
  pub state seen: Int = 0
  fn saw() { seen += 1 }
}

on clicks(name) {
  Page(name).saw()
}

every 1h {
  Page(\"all\").saw()
}

@keep(\"few\")
view names = for c in clicks group by name: c select (name, count())
";
    assert!(open(STREAM).0.survey.is_right);
    let text = hinted(STREAM, |kind| kind == HintKind::Effect);
    let line = |begin: &str| {
        let mut lines = text.lines();
        lines.find(|line| line.starts_with(begin)).expect(begin)
    };
    for begin in ["on clicks", "every 1h"] {
        assert_eq!(line(begin).matches("serial").count(), 1, "{text}");
    }
    let (snapshot, ..) = open(STREAM);
    let lenses = weir_ide::lenses(&snapshot, snapshot.survey.files[0].id);
    let titles: Vec<&str> = lenses.iter().map(|lens| lens.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "POST /clicks · free · 1 record",
            "each entry · serial · 1 record, 1 key, 1 read, 1 write",
            "each tick · serial · 1 record, 1 key, 1 read, 1 write, 1 wait",
        ]
    );
    let shown = |at: &str| {
        let (snapshot, _, at) = open(&STREAM.replacen(at, &format!("$0{at}"), 1));
        weir_ide::hover(&snapshot, at).expect(STREAM).markdown
    };
    let of_on = shown("clicks(name)");
    assert!(of_on.contains("once for each entry"), "{of_on}");
    assert!(of_on.contains("- costs 1 record, 1 key"), "{of_on}");
    let of_every = shown("every 1h");
    assert!(
        of_every.contains("- each tick costs 1 record"),
        "{of_every}"
    );
    let of_view = shown("names = ");
    assert!(
        of_view.contains("- costs no record: each entry of `clicks` is worked in"),
        "{of_view}"
    );
}
