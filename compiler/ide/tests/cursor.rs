//! Questions at a place: text with a cursor (`$0`) in, drawing of the answer out. Programs are small, right and broken.

use std::path::Path;

use weir_driver::{Library, Memory, Parses};
use weir_ide::{At, Snapshot};

/// A program of one file and the place of its cursor.
fn at(text: &str) -> (Snapshot, At) {
    let offset = text.find("$0").expect("a cursor") as u32;
    let snapshot = snapshot(&text.replacen("$0", "", 1));
    let file = snapshot.survey.files[0].id;
    (snapshot, At { file, offset })
}

fn snapshot(text: &str) -> Snapshot {
    let world = Memory::default().with("main.weir", text);
    let program = weir_driver::find(&world, Path::new("main.weir")).expect("it is there");
    let library = Library::default();
    let survey = weir_driver::survey(&world, &program, &library, &mut Parses::default());
    Snapshot::new(survey.expect("it is read"), &library.modules)
}

/// The pieces of the text, each in brackets.
fn drawn(snapshot: &Snapshot, spans: impl IntoIterator<Item = weir_diagnostics::Span>) -> String {
    let file = snapshot.survey.files[0].id;
    let mut text = snapshot.text(file).to_owned();
    let mut spans: Vec<_> = spans.into_iter().filter(|span| span.file == file).collect();
    spans.sort();
    for span in spans.into_iter().rev() {
        text.insert(span.end as usize, '>');
        text.insert(span.start as usize, '<');
    }
    text
}

const BANK: &str = "
/// Not enough.
error Low(have: Int)

entity Account(owner: Text) {
  pub state balance: Int = 0
  pub fn pay(amount: Int) fails Low {
    require balance >= amount else Low(have: balance)
    balance -= amount
  }
}

fn twice(n: Int) -> Int = n * 2

test \"pays\" {
  let cost = twice(3)
  expect Account(\"ann\").pay(amount: cost) is Low(have: 0)
}
";

/// The program with a cursor in front of the n-th `what`, counted from 0.
fn bank(what: &str, n: usize) -> String {
    let (place, _) = BANK.match_indices(what).nth(n).expect("it is there");
    format!("{}$0{}", &BANK[..place], &BANK[place..])
}

fn hover(text: &str) -> String {
    let (snapshot, at) = at(text);
    weir_ide::hover(&snapshot, at).map_or("nothing".into(), |found| found.markdown)
}

#[test]
fn hover_shows_declaration_documentation_and_facts() {
    insta::assert_snapshot!("hover_error", hover(&bank("Low(have: bal", 0)));
    insta::assert_snapshot!("hover_handler", hover(&bank("pay(amount: Int", 0)));
    insta::assert_snapshot!("hover_state", hover(&bank("balance -=", 0)));
    assert!(hover(&bank("cost)", 0)).contains("cost: Int"));
}

#[test]
fn hover_shows_what_the_rest_of_a_list_is() {
    let said = hover(
        "fn f(xs: List<Text>) -> Int = match xs {\n  [_, ..bet$0ween, _] => between.length()\n  _ => 0\n}",
    );
    assert!(said.contains("between: List<Text>"), "{said}");
    let said = hover("fn f(n: Int) -> Int {\n  let nu$0mbers = 0..n\n  numbers.length()\n}");
    assert!(said.contains("numbers: List<Int>"), "{said}");
}

#[test]
fn hover_answers_in_broken_programs() {
    let said = hover("fn f(names: List<Text>) {\n  let n = nam$0es.length\n  n +\n}\nfn g( {");
    assert!(said.contains("names: List<Text>"), "{said}");
    let said = hover("let x = 1\nfn f() -> Int = nothing(x$0)");
    assert!(said.contains("let x: Int"), "{said}");
    assert_eq!(hover("fn f() { unkno$0wn() }"), "nothing");
}

fn references(text: &str) -> String {
    let (snapshot, at) = at(text);
    let found = weir_ide::references(&snapshot, at);
    drawn(&snapshot, found.into_iter().map(|found| found.span))
}

#[test]
fn references_are_of_the_same_thing_only() {
    insta::assert_snapshot!("references_state", references(&bank("balance >=", 0)));
    insta::assert_snapshot!("references_field", references(&bank("have: bal", 0)));
    insta::assert_snapshot!("references_parameter", references(&bank("amount: cost", 0)));
    let shadowed = references("fn f(a: Int) -> Int {\n  let b = a\n  let a = b + $0a\n  a\n}\n");
    assert_eq!(
        shadowed,
        "fn f(<a>: Int) -> Int {\n  let b = <a>\n  let a = b + <a>\n  a\n}\n"
    );
}

#[test]
fn definitions_of_values_and_of_their_types() {
    let (snapshot, place) = at(&bank("pay(amount: cost", 0));
    let found = weir_ide::definition(&snapshot, place).expect("declared");
    assert_eq!(
        drawn(&snapshot, [found]),
        BANK.replacen("fn pay", "fn <pay>", 1)
    );
    let (snapshot, place) = at("record P(x: Int)\nfn f(ps: List<P>) -> Int = $0ps.length\n");
    let found = weir_ide::type_definition(&snapshot, place).expect("declared");
    assert!(drawn(&snapshot, [found]).starts_with("record <P>("));
    // In the library, which has a file of its own.
    let (snapshot, place) = at("fn f(xs: List<Int>) -> Int = xs.$0length()\n");
    let found = weir_ide::definition(&snapshot, place).expect("declared");
    assert_eq!(snapshot.snippet(found), "length");
    assert!(!snapshot.is_own(found.file));
}

fn renamed(text: &str, to: &str) -> String {
    let (snapshot, at) = at(text);
    match weir_ide::rename(&snapshot, at, to) {
        Err(why) => format!("refused: {why}"),
        Ok(mut edits) => {
            let mut text = snapshot.text(at.file).to_owned();
            edits.reverse();
            for edit in edits {
                text.replace_range(edit.span.range(), &edit.text);
            }
            text
        }
    }
}

#[test]
fn a_renamed_program_is_the_same_program() {
    let parameter = renamed(&bank("amount: cost", 0), "sum");
    assert_eq!(parameter, BANK.replace("amount", "sum"));
    assert!(snapshot(&parameter).survey.diagnostics.is_empty());
    let field = renamed(&bank("have: 0", 0), "left");
    assert_eq!(field, BANK.replace("have", "left"));
    let error = renamed(&bank("Low {", 0), "TooLow");
    assert_eq!(error, BANK.replace("Low", "TooLow"));
    assert!(snapshot(&error).survey.diagnostics.is_empty());
}

#[test]
fn a_name_that_would_mean_something_else_is_refused() {
    for (place, to, why) in [
        ("amount: cost", "balance", "`balance` is there already"),
        ("amount: cost", "Amount", "only types and variants"),
        ("amount: cost", "match", "a word of the language"),
        ("amount: cost", "a b", "is no name"),
        ("twice(3)", "cost", "`cost` is there already"),
        ("Int = n", "Whole", "part of the language"),
    ] {
        let said = renamed(&bank(place, 0), to);
        assert!(
            said.contains(why) && said.starts_with("refused"),
            "{place} {to}: {said}"
        );
    }
}

const SHELF: &str = "
record Pair<A, B>(left: A, right: B)

fn swapped<A, B>(pair: Pair<A, B>) -> Pair<B, A> {
  let other = pair.with(left: pair.left)
  Pair(left: other.right, right: other.left)
}

entity Shelf(id: Text) {
  state books: Int = 0
  pub fn put(n: Int) {
    books += n
  }
}

fn all() -> Int = (for s in Shelf select s.id).length()

test \"a shelf\" {
  Shelf(\"a\").set(books: 2)
  expect Shelf(\"a\").get().books == 2
  expect swapped(Pair(left: 1, right: \"b\")).left == \"b\"
  expect all() == 1
}
";

fn shelf(what: &str, n: usize) -> String {
    let (place, _) = SHELF.match_indices(what).nth(n).expect("it is there");
    format!("{}$0{}", &SHELF[..place], &SHELF[place..])
}

#[test]
fn declarations_with_type_parameters_are_known_as_others_are() {
    assert_eq!(
        snapshot(SHELF).survey.diagnostics,
        [],
        "the program is right"
    );
    let said = hover(&shelf("other.right", 0));
    assert!(said.contains("other: Pair<A, B>"), "{said}");
    // Those of the record only, not those of the function.
    let item = renamed(&shelf("A, B>(left", 0), "Left");
    let wanted = "record Pair<Left, B>(left: Left, right: B)\n\nfn swapped<A, B>";
    assert!(item.contains(wanted), "{item}");
    let field = renamed(&shelf("left: A", 0), "first");
    assert_eq!(
        field,
        SHELF.replace("left:", "first:").replace(".left", ".first")
    );
    assert_eq!(snapshot(&field).survey.diagnostics, []);
}

#[test]
fn walks_and_stand_ins_of_tests_name_what_they_mean() {
    let walked = renamed(&shelf("Shelf select", 0), "Rack");
    assert_eq!(walked, SHELF.replace("Shelf", "Rack"));
    assert_eq!(snapshot(&walked).survey.diagnostics, []);
    assert!(hover(&shelf("set(books", 0)).contains("fn set("));
    assert!(references(&shelf("books: Int", 0)).contains(".set(<books>: 2)"));
}

#[test]
fn symbols_are_a_tree() {
    fn lines(symbols: &[weir_ide::Symbol], depth: usize, out: &mut String) {
        for symbol in symbols {
            let indent = "  ".repeat(depth);
            out.push_str(&format!("{indent}{} {:?}\n", symbol.name, symbol.kind));
            lines(&symbol.children, depth + 1, out);
        }
    }
    let snapshot = snapshot(BANK);
    let mut out = String::new();
    let file = snapshot.survey.files[0].id;
    lines(&weir_ide::document_symbols(&snapshot, file), 0, &mut out);
    insta::assert_snapshot!("symbols", out);
}

#[test]
fn selections_grow_and_folds_are_whole_lines() {
    let (snapshot, place) = at(&bank("amount else", 0));
    let grown = weir_ide::selections(&snapshot, place);
    let texts: Vec<&str> = grown.iter().map(|span| snapshot.snippet(*span)).collect();
    assert_eq!(texts[..2], ["amount", "balance >= amount"]);
    assert_eq!(texts.last(), Some(&BANK));
    assert!(grown.windows(2).all(|pair| pair[1].contains(pair[0])));
    let folds = weir_ide::folds(&snapshot, place.file);
    assert_eq!(folds.len(), 3, "{folds:?}");
}

#[test]
fn a_stream_has_one_name_wherever_it_is_used() {
    let text = "record Post(by: Text)\n\n/// What people write.\n@key(by)\nstream posts: Post\n\nfn f(p: Post) { $0posts.emit(p) }\n\non posts(p) { f(p) }\n";
    let renamed = renamed(text, "notes");
    assert!(renamed.contains("stream notes: Post") && renamed.contains("notes.emit(p)"));
    assert!(renamed.contains("on notes(p)"), "{renamed}");
    let hover = hover(text);
    assert!(
        hover.contains("stream posts: Post") && hover.contains("What people write."),
        "{hover}"
    );
    let emit = text.replace("$0", "").replace("posts.emit", "posts.$0emit");
    assert!(
        self::hover(&emit).contains("Gives its position"),
        "{}",
        self::hover(&emit)
    );
    // The field behind `@key` is that of the record, and what `on` binds is a variable.
    let field = text.replace("$0", "").replace("@key(by)", "@key($0by)");
    assert!(
        self::renamed(&field, "author")
            .starts_with("record Post(author: Text)\n\n/// What people write.\n@key(author)")
    );
    let bound = text
        .replace("$0", "")
        .replace("on posts(p)", "on posts($0p)");
    assert!(self::renamed(&bound, "post").ends_with("on posts(post) { f(post) }\n"));
    assert!(
        self::hover(&bound).contains("p: Post"),
        "{}",
        self::hover(&bound)
    );
}

const SCHEDULED: &str = "
entity Till(id: Text) {
  state sum: Int = 0
  pub fn add(n: Int) {
    sum += n
  }
}

/// Closes the till.
@at(\"07:00\")
every 1d {
  var n = 2
  while n > 1 {
    sleep(1m)
    Till(\"a\").add(n)
    sleep(2m)
  }
}
";

fn scheduled(what: &str) -> (Snapshot, At) {
    at(&SCHEDULED.replacen(what, &format!("$0{what}"), 1))
}

#[test]
fn what_begins_by_itself_is_in_the_outline_and_is_shown() {
    let (snapshot, place) = scheduled("every");
    let file = snapshot.survey.files[0].id;
    assert!(
        snapshot.survey.is_right,
        "{:#?}",
        snapshot.survey.diagnostics
    );
    let symbols = weir_ide::document_symbols(&snapshot, file);
    let names: Vec<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(names, ["Till", "every 1d"]);
    for (snapshot, place) in [(snapshot, place), scheduled("1d")] {
        let shown = weir_ide::hover(&snapshot, place).expect("something to say");
        assert_eq!(
            shown.markdown,
            "```weir\n@at(\"07:00\")\nevery 1d\n```\n\nCloses the till.\n\n\
             *begins by itself; a tick that is missed is made up for once*\n\n*may wait, one record a step*\n\n\
             - serial: it reads `sum` to work out what it writes, line 5\n\
             - each tick costs (1 + 2 * rounds(line 13)) records, 1 key, rounds(line 13) reads, \
             rounds(line 13) writes, (1 + 2 * rounds(line 13)) waits"
        );
    }
    let (snapshot, place) = scheduled("1d");
    let refused = weir_ide::prepare_rename(&snapshot, place);
    assert_eq!(refused, Err("what begins by itself has no name".into()));
}

#[test]
fn a_loop_leads_back_to_where_it_waited_first() {
    let (snapshot, place) = scheduled("var n");
    let graph = weir_ide::step_graph(&snapshot, place).expect("a graph");
    let ways: Vec<(usize, usize, &str)> = graph
        .ways
        .iter()
        .map(|way| (way.from, way.to, way.how))
        .collect();
    let last = graph.steps.len() - 1;
    let first = 1;
    assert!(ways.contains(&(last - 1, last, "next")), "{graph:#?}");
    assert!(ways.contains(&(last, first, "again")), "{graph:#?}");
    assert!(graph.dot().contains(&format!(
        "s{last} -> s{first} [label=\"again\", style=dashed]"
    )));
}

/// A function that makes temporary data, with the cursor at a name.
fn temporary(place: &str) -> String {
    let text = "pub fn f(files: List<Blob>) -> Int {
  scratch let lines = parallel for b in files, line in b.lines() select line
  scratch let sizes = parallel for l in lines group by n: l.length() select (n, count())
  scratch let most = lines.length()
  scratch let unread = 1
  var sum = 0
  for k in 0..3 {
    sum += sizes[0].0 + k
  }
  sum + most
}
";
    let name = text.find(place).expect("it is there");
    hover(&format!("{}$0{}", &text[..name + 1], &text[name + 1..]))
}

#[test]
fn hover_says_how_temporary_data_is_made_and_when_it_is_dropped() {
    insta::assert_snapshot!("hover_scratch", temporary("lines ="));
    insta::assert_snapshot!("hover_scratch_group", temporary("sizes[0]"));
    let said = temporary("most\n");
    assert!(said.contains("scratch let most: Int"), "{said}");
    assert!(said.contains("made in one task"), "{said}");
    assert!(said.contains("read last in line 10"), "{said}");
    assert!(temporary("unread").contains("never read"));
    // What is worked out from it is a variable like any other.
    assert!(!temporary("sum +=").contains("temporary"));
}
