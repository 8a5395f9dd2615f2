//! Actions: text with a cursor (`$0`) or a selection (between two of them) in, the text as the action leaves it out.

use std::path::Path;

use weir_diagnostics::Span;
use weir_driver::{Library, Memory, Parses};
use weir_ide::{Action, Edit, Snapshot};

/// A program of files; the first one is `main.weir` unless it says another name in its first line: `// name.weir`.
fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let world = files.iter().fold(Memory::default(), |world, (name, text)| {
        world.with(name, text)
    });
    let program = weir_driver::find(&world, Path::new(files[0].0)).expect("it is there");
    let library = Library::default();
    let survey = weir_driver::survey(&world, &program, &library, &mut Parses::default());
    Snapshot::new(survey.expect("it is read"), &library.modules)
}

/// The program, and the selection in its first file.
fn at(files: &[(&str, &str)]) -> (Snapshot, Span) {
    let text = files[0].1;
    let start = text.find("$0").expect("a cursor");
    let text = text.replacen("$0", "", 1);
    let end = text.find("$0").unwrap_or(start);
    let text = text.replacen("$0", "", 1);
    let mut files = files.to_vec();
    files[0].1 = &text;
    let snapshot = snapshot(&files);
    let file = snapshot.survey.files[0].id;
    (snapshot, Span::new(file, start as u32, end as u32))
}

fn applied(text: &str, edits: &[Edit]) -> String {
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}

fn titles(actions: &[Action]) -> Vec<&str> {
    actions.iter().map(|action| action.title.as_str()).collect()
}

/// The text after the action whose title begins so.
fn after_in(files: &[(&str, &str)], title: &str) -> String {
    let (snapshot, selected) = at(files);
    let all = weir_ide::actions(&snapshot, selected);
    let found = all.iter().find(|action| action.title.starts_with(title));
    let Some(action) = found else {
        return format!("not offered: {:?}", titles(&all));
    };
    let of_file = action
        .edits
        .iter()
        .filter(|edit| edit.span.file == selected.file);
    let edits: Vec<Edit> = of_file.cloned().collect();
    applied(snapshot.text(selected.file), &edits)
}

fn after(text: &str, title: &str) -> String {
    after_in(&[("main.weir", text)], title)
}

/// The same, and the program that comes out has no errors.
#[track_caller]
fn right_after(text: &str, title: &str) -> String {
    let text = after(text, title);
    let snapshot = snapshot(&[("main.weir", &text)]);
    let wrong: Vec<_> = snapshot
        .survey
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .collect();
    assert!(wrong.is_empty(), "{text}\n{wrong:#?}");
    text
}

fn offered(text: &str) -> Vec<String> {
    let (snapshot, selected) = at(&[("main.weir", text)]);
    let all = weir_ide::actions(&snapshot, selected);
    titles(&all).into_iter().map(str::to_owned).collect()
}

#[test]
fn what_diagnostics_can_put_right_is_offered() {
    assert_eq!(
        right_after(
            "fn twice(n: Int) -> Int = n * 2\nfn f() -> Int = twize$0(2)\n",
            "write `twice`"
        ),
        "fn twice(n: Int) -> Int = n * 2\nfn f() -> Int = twice(2)\n"
    );
    let unhandled = "error Low\nfn pay() fails Low {\n  fail Low\n}\npub fn f() {\n  $0pay()\n}\n";
    assert!(after(unhandled, "pass the failure on").contains("  pay()?\n"));
    let declared = "error Low\nfn pay() fails Low {\n  fail Low\n}\npub fn f() {\n  $0pay()?\n}\n";
    let said = offered(declared);
    assert!(said.iter().any(|title| title.contains("Low")), "{said:?}");
}

#[test]
fn missing_arms_are_written() {
    let text = "enum Kind { Book, Food(weight: Int), Other }\n\nfn price(kind: Kind) -> Int {\n  \
        match $0kind {\n    Book => 3\n  }\n}\n";
    insta::assert_snapshot!("arms", right_after(text, "add the 2 missing arms"));
    let text = "fn f(n: Int?) -> Text = match $0n { Some(_) => \"a\" }\n";
    insta::assert_snapshot!("arm_on_one_line", right_after(text, "add the missing arm"));
}

#[test]
fn missing_fields_are_written() {
    let text =
        "record Line(sku: Text, qty: Int, tags: List<Text>)\n\nfn f() -> Line = $0Line(\"a\")\n";
    insta::assert_snapshot!("fields", right_after(text, "add the 2 missing values"));
}

#[test]
fn a_variable_that_nobody_uses_goes() {
    let text = "fn f() -> Int {\n  let $0x = 1\n  2\n}\n";
    assert_eq!(right_after(text, "remove `x`"), "fn f() -> Int {\n  2\n}\n");
    // What is called is still called.
    let text = "entity A(id: Text) {\n  state n: Int = 0\n  fn g() -> Int {\n    n += 1\n    n\n  }\n  \
        fn f() {\n    let $0x = self.g()\n  }\n}\n";
    assert!(after(text, "remove `x`").contains("fn f() {\n    self.g()\n"));
}

#[test]
fn a_value_gets_a_name() {
    let text = "fn f(price: Int, qty: Int) -> Int {\n  let tax = 3\n  tax + $0price * qty$0\n}\n";
    insta::assert_snapshot!("value", right_after(text, "extract into a variable"));
    let text = "fn f(price: Int) -> Int = 1 + $0price * 2$0\n";
    insta::assert_snapshot!(
        "value_of_expression",
        right_after(text, "extract into a variable")
    );
    let text = "fn f(ns: List<Int>) -> List<Int> = ns.map(n => $0n * 2$0 + 1)\n";
    insta::assert_snapshot!(
        "value_of_lambda",
        right_after(text, "extract into a variable")
    );
    // What runs for each item, or perhaps not at all, stays.
    for text in [
        "fn f(ns: List<Int>) -> List<Int> = for n in ns where $0n * 2$0 > 1 select n\n",
        "fn f(n: Int) -> Bool {\n  n > 1 and $0n * 2$0 > 3\n}\n",
        "fn f(n: Int?) -> Int {\n  n ?? $01 + 2$0\n}\n",
    ] {
        let said = offered(text);
        assert!(
            !said.iter().any(|t| t == "extract into a variable"),
            "{text}: {said:?}"
        );
    }
}

#[test]
fn a_literal_keeps_the_type_of_its_place() {
    let text = "fn g(n: Decimal) -> Decimal = n\nfn f() -> Decimal {\n  g($03.0$0)\n}\n";
    let text = right_after(text, "extract into a variable");
    assert!(
        text.contains("let value: Decimal = 3.0\n  g(value)"),
        "{text}"
    );
}

#[test]
fn statements_become_a_function() {
    let text = "fn f(prices: List<Int>, tax: Int) -> Int {\n  $0let sum = prices.sum()\n  \
        let total = sum * tax$0\n  total + 1\n}\n";
    insta::assert_snapshot!("function", right_after(text, "extract into a function"));
    let text = "entity Account(id: Text) {\n  state balance: Int = 0\n\n  pub fn pay(n: Int) {\n    \
        $0balance -= n\n    balance -= 1$0\n  }\n}\n";
    insta::assert_snapshot!(
        "function_of_entity",
        right_after(text, "extract into a function")
    );
    let text = "error Low\nfn g(n: Int) -> Int fails Low {\n  require n > 0 else Low\n  n\n}\n\
        fn f(n: Int) -> Int fails Low {\n  1 + $0g(n)?$0\n}\n";
    insta::assert_snapshot!(
        "function_that_fails",
        right_after(text, "extract into a function")
    );
}

#[test]
fn code_that_leaves_or_changes_its_surroundings_stays() {
    for text in [
        "fn f(n: Int) -> Int {\n  $0if n > 0 { return 1 }$0\n  2\n}\n",
        "fn f(n: Int) -> Int {\n  var sum = 0\n  $0sum += n$0\n  sum\n}\n",
        "fn f(ns: List<Int>) -> Int {\n  var xs: List<Int> = []\n  $0xs.push(1)$0\n  xs.length()\n}\n",
    ] {
        let said = offered(text);
        assert!(
            !said.iter().any(|t| t == "extract into a function"),
            "{text}: {said:?}"
        );
    }
}

#[test]
fn a_variable_is_inlined() {
    let text = "fn f(n: Int) -> Int {\n  let $0twice = n + n\n  twice * twice\n}\n";
    assert_eq!(
        right_after(text, "inline `twice`"),
        "fn f(n: Int) -> Int {\n  (n + n) * (n + n)\n}\n"
    );
    // Two calls are not one, and another name is in the way.
    let text = "entity A(id: Text) {\n  state n: Int = 0\n  fn g() -> Int {\n    n += 1\n    n\n  }\n  \
        fn f() -> Int {\n    let $0x = self.g()\n    x + x\n  }\n}\n";
    assert!(!offered(text).iter().any(|t| t.starts_with("inline")));
    let text = "fn f(n: Int) -> Int {\n  let $0x = n\n  let n = 3\n  x + n\n}\n";
    assert!(!offered(text).iter().any(|t| t.starts_with("inline")));
}

#[test]
fn an_undo_is_written() {
    let text = "entity Stock(sku: Text) {\n  state left: Int = 0\n  fn reserve(order: Text, qty: Int) {\n    \
        left -= qty\n  }\n  fn release(order: Text) {\n    left += 1\n  }\n}\n\n\
        workflow Checkout(order: Text) {\n  pub fn run(sku: Text) {\n    \
        Stock(sku).re$0serve(order, 2)\n    sleep(1d)\n  }\n}\n";
    insta::assert_snapshot!("undo", right_after(text, "undo it with `release`"));
}

#[test]
fn if_and_match_say_the_same() {
    let text = "fn f(n: Int?) -> Int {\n  $0if n is Some(x) {\n    x\n  } else {\n    0\n  }\n}\n";
    let matched = right_after(text, "write it as a `match`");
    insta::assert_snapshot!("if_to_match", matched);
    let text = "fn f(n: Int?) -> Int {\n  $0match n {\n    Some(x) => x\n    None => 0\n  }\n}\n";
    insta::assert_snapshot!("match_to_if", right_after(text, "write it as an `if`"));
}

#[test]
fn a_missing_function_is_written() {
    let text = "fn f(name: Text) -> Int {\n  let n: Int = cou$0nted(name, 3)\n  n\n}\n";
    insta::assert_snapshot!("missing_function", right_after(text, "write the function"));
    let text = "entity Stock(sku: Text) {\n  state left: Int = 0\n}\n\nfn f(n: Int) {\n  \
        Stock(\"a\").ad$0d(n)\n}\n";
    insta::assert_snapshot!("missing_handler", right_after(text, "write the function"));
}

#[test]
fn bodies_are_blocks_or_expressions() {
    let text = "fn tw$0ice(n: Int) -> Int = n * 2\n";
    let block = "fn twice(n: Int) -> Int {\n  n * 2\n}\n";
    assert_eq!(right_after(text, "write it as a block"), block);
    let text = "fn tw$0ice(n: Int) -> Int {\n  n * 2\n}\n";
    let said = right_after(text, "write it as one expression");
    assert_eq!(said, "fn twice(n: Int) -> Int = n * 2\n");
}

#[test]
fn types_and_labels_are_written_out() {
    let text = "fn f() -> Int {\n  let $0names = [\"a\"]\n  names.length()\n}\n";
    assert!(right_after(text, "write its type").contains("let names: List<Text> = [\"a\"]"));
    let text = "fn g(a: Int, b: Int) -> Int = a - b\nfn f() -> Int = $0g(1, b: 2)\n";
    assert!(right_after(text, "write the labels").contains("g(a: 1, b: 2)"));
}

const PRICES: &str = "let vat = 2\nfn with_vat(n: Int) -> Int = n * vat\nfn other() -> Int = 1\n";

#[test]
fn names_of_other_modules_are_imported() {
    let main =
        "// What is sold.\n\nimport prices.{other}\n\nfn f() -> Int = $0with_vat(1) + other()\n";
    let said = after_in(
        &[("main.weir", main), ("prices.weir", PRICES)],
        "import it from `prices`",
    );
    assert!(said.contains("import prices.{other, with_vat}\n"), "{said}");
}

#[test]
fn imports_come_into_their_order() {
    let main = "import prices.{with_vat, other}\nimport b\nimport a\nimport prices.{vat}\n\n\
        fn f() -> Int = $0with_vat(vat) + b.one()\n";
    let one = "fn one() -> Int = 1\n";
    let files = [
        ("main.weir", main),
        ("prices.weir", PRICES),
        ("a.weir", one),
        ("b.weir", one),
    ];
    let (snapshot, at) = at(&files);
    let action = weir_ide::organize_imports(&snapshot, at.file).expect("there is something to do");
    insta::assert_snapshot!("imports", applied(snapshot.text(at.file), &action.edits));
    let said = after_in(
        &[
            (
                "main.weir",
                &main
                    .replacen("import a", "import $0a", 1)
                    .replace("= $0", "= "),
            ),
            files[1],
            files[2],
            files[3],
        ],
        "remove this import",
    );
    assert!(!said.contains("import a\n"), "{said}");
}

/// Everything that is offered anywhere in an example is asked for; what moves code leaves the program right.
#[test]
fn what_moves_code_leaves_examples_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut tried = 0;
    let mut failed = String::new();
    for (name, step) in [("shop", 211), ("inventory", 307), ("json", 401)] {
        let path = folder.join(name).join(format!("{name}.weir"));
        let text = std::fs::read_to_string(path).expect("an example");
        let before = snapshot(&[("main.weir", &text)]);
        assert!(before.survey.is_right, "{name}");
        let file = before.survey.files[0].id;
        let tokens = before.file(file).expect("there").parsed.tokens.clone();
        let mut at = 7;
        while at < text.len() {
            // From a token to one of those behind it.
            let first = tokens.iter().find(|token| token.start as usize >= at);
            let Some(first) = first else { break };
            let last = tokens.iter().filter(|token| token.start >= first.start);
            let ends = last.take(12).map(|token| token.end).chain([first.start]);
            for end in ends {
                let selected = Span::new(file, first.start, end);
                for action in weir_ide::actions(&before, selected) {
                    tried += 1;
                    let after = applied(&text, &action.edits);
                    let parsed = snapshot(&[("main.weir", &after)]);
                    let mut found = parsed.survey.diagnostics.iter();
                    if let Some(wrong) = found.find(|found| found.is_error()) {
                        failed.push_str(&format!(
                            "{name}: {} at {}, {:?}: {}\n",
                            action.title,
                            before.survey.sources.place(selected),
                            &text[selected.range()],
                            wrong.message
                        ));
                    }
                }
            }
            at += step;
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(tried > 20, "{tried}");
}
