//! What is suggested while one types: text with a cursor (`$0`) in, what could stand there out. Most of it is broken text.

use std::path::Path;

use weir_driver::{Library, Memory, Parses};
use weir_ide::{At, Snapshot};

struct Opened {
    library: Library,
    snapshot: Snapshot,
    at: At,
}

/// A program of some files, the first of which has the cursor, unless another has it.
fn open(files: &[(&str, &str)]) -> Opened {
    let mut world = Memory::default();
    let mut place = None;
    for (name, text) in files {
        place = place.or(text.find("$0").map(|at| (*name, at as u32)));
        world = world.with(name, &text.replacen("$0", "", 1));
    }
    let (name, offset) = place.expect("a cursor");
    let program = weir_driver::find(&world, Path::new(files[0].0)).expect("it is there");
    let library = Library::default();
    let survey = weir_driver::survey(&world, &program, &library, &mut Parses::default());
    let snapshot = Snapshot::new(survey.expect("it is read"), &library.modules);
    let file = snapshot
        .file_at(Path::new(name))
        .expect("it is of the program")
        .id;
    Opened {
        library,
        snapshot,
        at: At { file, offset },
    }
}

/// The first `count` of what is suggested, a line each, below the text.
fn drawn(files: &[(&str, &str)], count: usize) -> String {
    let opened = open(files);
    let beside = |(path, text): &(&str, &str)| {
        weir_ide::Beside::new((*path).to_owned(), &weir_driver::parse_alone(text).module)
    };
    let beside: Vec<_> = BESIDE.iter().map(beside).collect();
    let found = weir_ide::completion(&opened.snapshot, &opened.library, opened.at, &beside);
    let mut out = String::new();
    for (name, text) in files {
        if files.len() > 1 {
            out.push_str(&format!("// {name}\n"));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out.push_str("----\n");
    for one in found.iter().take(count) {
        let written = one
            .snippet
            .as_ref()
            .unwrap_or(&one.insert)
            .replace('\n', "\\n");
        out.push_str(&one.label);
        if written != one.label {
            out.push_str(&format!("  [{written}]"));
        }
        if let Some(detail) = &one.detail {
            out.push_str(&format!("  {detail}"));
        }
        for edit in &one.edits {
            let place = opened.snapshot.survey.sources.place(edit.span);
            out.push_str(&format!("  + {:?} at {place}", edit.text));
        }
        out.push('\n');
    }
    out
}

/// Files that could be imported.
const BESIDE: [(&str, &str); 2] = [
    (
        "plant.device",
        "entity Device(id: Text) {}\n\nfn warm(celsius: Int) -> Bool = celsius > 30\n",
    ),
    ("plant.line", "record Belt(speed: Int)\n"),
];

fn labels(text: &str) -> Vec<String> {
    let opened = open(&[("main.weir", text)]);
    let found = weir_ide::completion(&opened.snapshot, &opened.library, opened.at, &[]);
    found.into_iter().map(|one| one.label).collect()
}

const SHOP: &str = r#"
/// Nothing left.
error OutOfStock(sku: Text)
error Declined(why: Text)

enum Status { Open, Paid(charge: Text), Dropped }

record Line(sku: Text, qty: Int, price: Decimal)

let vat = 0.20

extern payments from "http:payments" {
  /// Takes money.
  @idempotent
  fn charge(card: Text, amount: Decimal) -> Text fails Declined
}

entity Stock(sku: Text) {
  pub state left: Int = 0
  state held: Map<Text, Int> = [:]

  fn reserve(order: Text, qty: Int) fails OutOfStock {
    require left >= qty else OutOfStock(sku)
    left -= qty
  }
}

workflow Checkout(order: Text) {
  pub state status: Status = Status.Open
  pub event approved(by: Text)
  pub event rejected(by: Text, why: Text)

  pub fn run(lines: List<Line>, card: Text) -> Text fails OutOfStock, Declined {
    BODY
  }
}
"#;

/// The shop with something in the body of `run`.
fn shop(body: &str) -> String {
    SHOP.replace("BODY", body)
}

fn in_run(name: &str, body: &str, count: usize) {
    let text = shop(body);
    let all = drawn(&[("main.weir", &text)], count);
    let (_, found) = all.split_once("----\n").expect("drawn");
    insta::assert_snapshot!(name, format!("{body}\n----\n{found}"));
}

#[test]
fn names_in_reach_come_by_type_and_nearness() {
    in_run("names_statement", "let total = 3.5\n    $0", 14);
    in_run("names_begun", "let total = 3.5\n    tot$0", 5);
    in_run(
        "names_of_a_type",
        "let total = 3.5\n    payments.charge(card, $0",
        8,
    );
    in_run("names_of_an_enum", "status = $0\n    \"\"", 8);
    in_run(
        "names_before_a_statement",
        "let total = 3.5\n    $0let b = total",
        2,
    );
    in_run("names_in_lambda", "lines.map(line => $0)", 4);
    in_run("names_of_a_source", "for line in $0 {\n    }\n    \"\"", 2);
    in_run("names_of_items", "send Checkout(order).run([$0])", 2);
    in_run(
        "names_of_otherwise",
        "let a = payments.charge(card, 1.00) ?? $0",
        3,
    );
    in_run("lambdas", "let a = lines.map($0)", 2);
}

#[test]
fn members_come_behind_a_dot() {
    in_run(
        "members_of_record",
        "for line in lines {\n      line.$0\n    }",
        8,
    );
    in_run("members_of_entity", "Stock(\"a\").$0", 8);
    in_run("members_of_block", "let charge = payments.$0", 4);
    in_run("members_of_enum", "status = Status.$0", 4);
    in_run("members_of_self", "self.$0", 8);
    in_run(
        "members_of_list",
        "var found = lines\n    found.pu$0\n    \"\"",
        4,
    );
    in_run("members_of_failing", "payments.charge(card, 1.00).$0", 5);
    in_run("members_of_text", "card.le$0", 6);
    in_run(
        "members_with_next_line",
        "let n = lines.$0\n    let m = 3\n    \"\"",
        4,
    );
}

#[test]
fn labels_that_are_missing_come_first() {
    in_run("labels_of_record", "let a = Line(\"a\", $0)", 5);
    in_run("labels_left", "let a = Line(sku: \"a\", $0", 5);
    in_run("labels_of_handler", "Stock(\"a\").reserve($0)?", 4);
    in_run(
        "labels_in_pattern",
        "match status {\n      Paid($0) => \"\"\n    }",
        3,
    );
    in_run("labels_of_with", "lines[0].with($0)", 4);
}

#[test]
fn arms_that_are_missing_come_first() {
    in_run(
        "arms_of_enum",
        "match status {\n      Open => \"\"\n      $0\n    }",
        5,
    );
    in_run(
        "arms_of_call",
        "match payments.charge(card, 1.00) {\n      $0\n    }",
        5,
    );
    in_run(
        "arms_of_wait",
        "wait {\n      approved(_) => {}\n      $0\n    }\n    \"\"",
        5,
    );
    in_run(
        "arms_of_list",
        "match lines {\n      [] => \"\"\n      $0\n    }",
        5,
    );
    in_run(
        "arms_of_list_by_its_end",
        "match lines {\n      [.., last] => last.sku\n      $0\n    }",
        5,
    );
    in_run(
        "arms_of_number",
        "match lines.length() {\n      0 => \"\"\n      $0\n    }",
        5,
    );
    in_run("pattern_of_is", "if status is $0", 4);
}

#[test]
fn words_come_by_place() {
    in_run("words_behind_for", "for line in lines $0", 6);
    in_run("words_behind_require", "require card != \"\" $0", 3);
    in_run("words_behind_call", "Stock(\"a\").reserve(order, 1)? $0", 3);
    in_run("failures", "fail $0", 5);
    in_run("failures_of_require", "require card != \"\" else $0", 3);
    let top = drawn(&[("main.weir", "let a = 1\n\n$0")], 22);
    insta::assert_snapshot!("words_at_the_top", top);
    let public = drawn(&[("main.weir", "pub $0")], 20);
    insta::assert_snapshot!("words_behind_pub", public);
    let member = drawn(&[("main.weir", "workflow W(id: Text) {\n  $0\n}\n")], 20);
    insta::assert_snapshot!("words_in_a_workflow", member);
    assert!(
        labels("$0").contains(&"fn".to_owned()),
        "in a file with nothing in it"
    );
    let test = drawn(&[("main.weir", "test \"a\" {\n  ex$0\n}\n")], 3);
    insta::assert_snapshot!("words_in_a_test", test);
    for (name, body) in [
        ("mocked", "mock($0)"),
        ("answered", "mock(payments.charge, $0)"),
    ] {
        let text = format!("{}\ntest \"t\" {{\n  {body}\n}}\n", shop("\"\""));
        let all = drawn(&[("main.weir", &text)], 2);
        let (_, found) = all.split_once("----\n").expect("drawn");
        insta::assert_snapshot!(name, format!("{body}\n----\n{found}"));
    }
}

#[test]
fn types_and_errors_come_where_they_stand() {
    let with = |end: &str| {
        let text = format!("{}{end}", shop("\"\""));
        let all = drawn(&[("main.weir", &text)], 6);
        let (_, found) = all.split_once("----\n").expect("drawn");
        format!("{end}\n----\n{found}")
    };
    insta::assert_snapshot!("types_of_parameter", with("fn f(line: L$0"));
    insta::assert_snapshot!("types_of_result", with("fn f<Item>(a: Int) -> $0"));
    insta::assert_snapshot!("types_in_brackets", with("fn f(line: List<$0>) {}"));
    insta::assert_snapshot!("types_behind_comma", with("fn f(line: Map<Text, L$0>) {}"));
    insta::assert_snapshot!(
        "types_of_state",
        with("entity A(id: Text) {\n  state s: St$0\n}")
    );
    insta::assert_snapshot!("errors_of_fails", with("fn f() fails Declined, $0"));
    insta::assert_snapshot!("new_type", with("type Id = $0"));
}

#[test]
fn attributes_come_where_they_may_stand() {
    let handler = "entity A(id: Text) {\n  @$0\n  pub fn f() {}\n}\n";
    insta::assert_snapshot!(
        "attributes_of_handler",
        drawn(&[("main.weir", handler)], 20)
    );
    let outside = "extern pay from \"http:pay\" {\n  @read @re$0\n  fn f()\n}\n";
    insta::assert_snapshot!("attributes_of_extern", drawn(&[("main.weir", outside)], 20));
    let error = "@$0\nerror Gone\n";
    insta::assert_snapshot!("attributes_of_error", drawn(&[("main.weir", error)], 20));
    let roles = "@role(\"teller\")\npub fn f() {}\n\n@role(\"$0\")\npub fn g() {}\n";
    insta::assert_snapshot!("roles", drawn(&[("main.weir", roles)], 20));
    let route = "entity A(id: Text) {\n  @get(\"/a/{$0}\")\n  pub fn f(n: Int) {}\n}\n";
    insta::assert_snapshot!("route", drawn(&[("main.weir", route)], 20));
}

const PRICES: &str = "let rate = 0.2\n\nfn with_vat(price: Decimal) -> Decimal = price\n\nenum Kind { Book, Food }\n";

#[test]
fn names_of_other_files_come_with_their_import() {
    let files = |text: &'static str| [("main.weir", text), ("shop/prices.weir", PRICES)];
    for (name, text) in [
        ("import_path", "import $0\nimport shop.prices.{rate}\n"),
        ("import_path_inside", "import plant.$0\n"),
        ("import_names_beside", "import plant.device.{$0}\n"),
        (
            "import_added_beside",
            "/// About f.\nfn f() -> Bool = war$0\n",
        ),
        ("type_beside", "import shop.prices\n\nfn f(belt: Be$0\n"),
        ("import_names", "import shop.prices.{rate, $0}\n"),
        (
            "import_added",
            "import shop.prices.{rate}\n\nfn f() -> Decimal = with$0\n",
        ),
        (
            "import_whole",
            "import shop.prices\n\nfn f() -> Decimal = with$0\n",
        ),
        (
            "module_members",
            "import shop.prices\n\nfn f() -> Decimal = prices.$0\n",
        ),
        ("type_imported", "import shop.prices\n\nfn f(kind: Ki$0)\n"),
        (
            "type_in_module",
            "import shop.prices\n\nfn f(kind: prices.$0) {}\n",
        ),
    ] {
        insta::assert_snapshot!(name, drawn(&files(text), 4));
    }
}

#[test]
fn nothing_is_suggested_where_a_name_is_declared_or_a_text_is_written() {
    for text in [
        "fn $0",
        "let a$0",
        "fn f($0) {}",
        "fn f(a: Int, b$0) {}",
        "// a comment $0",
        "fn f() -> Text = \"text $0\"",
        "fn f() -> Text = \"text $0",
        "fn f() {\n  let $0\n}",
        "enum E { $0 }",
        "fn f(xs: List<Int>) {\n  for $0\n}",
    ] {
        assert_eq!(labels(text), Vec::<String>::new(), "{text}");
    }
    // In the hole of a text there is code, also while it is not finished.
    for text in [
        "fn f(name: Text) -> Text = \"text {na$0}\"",
        "fn f(name: Text) -> Text = \"text {na$0",
        "fn f(name: Text) -> Text = \"text {na$0\"",
        "fn f(name: Text) -> Text = \"text {$0",
        "fn f(name: Text) -> Text = \"{name} and {na$0 there",
        "fn f(name: Text) -> Text {\n  let a = \"text {na$0\n  a\n}\n\nfn g() -> Text = \"other\"\n",
        "fn f(name: Text) -> Text {\n  f(\"text {f(na$0\n}\n",
    ] {
        assert!(labels(text).contains(&"name".to_owned()), "{text}");
    }
    let members = labels("fn f(name: Text) -> Text = \"text {name.len$0");
    assert!(members.contains(&"length".to_owned()), "{members:?}");
    // Behind the hole, and in front of an escaped one, there is text.
    for text in [
        "fn f(n: Int) -> Text = \"{n} n$0",
        "fn f(n: Int) -> Text = \"\\{n$0",
    ] {
        assert_eq!(labels(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn streams_are_offered_where_they_can_be_used() {
    let program = "record Post(by: Text, at: Time)\n\n@key(by)\nstream posts: Post\n\n";
    let with = |rest: &str| labels(&format!("{program}{rest}"));
    assert_eq!(with("fn f(p: Post) {\n  posts.$0\n}\n"), ["emit"]);
    assert!(with("fn f(p: Post) {\n  po$0\n}\n").contains(&"posts".to_owned()));
    let words = with("$0");
    for word in ["stream", "pub stream", "on"] {
        assert!(words.contains(&word.to_owned()), "{word}");
    }
    assert_eq!(with("@k$0\nstream others: Post\n"), ["keep", "key"]);
    let attributes = with("@$0\npub stream others: Post\n");
    assert_eq!(
        attributes,
        ["anyone", "keep", "key", "late", "role", "time"]
    );
}
