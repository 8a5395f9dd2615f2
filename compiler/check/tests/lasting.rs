//! What `weir check` has to say of state, variants and streams that nothing comes of, and what it has to be silent about.

use std::fmt::Write;

/// A line for each remark: code and message.
fn remarks(source: &str) -> String {
    let (_, checked) =
        weir_check::checked_text("main.weir", source).unwrap_or_else(|errors| panic!("{errors}"));
    let mut out = String::new();
    for remark in weir_check::remarks(&checked) {
        writeln!(out, "{} {}", remark.code, remark.message).expect("a text grows");
    }
    out
}

#[test]
fn state_that_is_never_written() {
    let found = remarks(
        "entity Door(name: Text) {
          state tries: Int = 3
          state left: Int = 2
          merge visits: Counter
          pub merge seen: MaxOf<Int>
          @keep(\"an older version wrote it\")
          state old: Int = 0
          state _later: Int = 0
          state set_in_a_test: Int = 0
          pub fn open() -> Bool = tries > old and set_in_a_test == 0
        }
        test \"t\" { Door(\"a\").set(set_in_a_test: 1) }",
    );
    assert_eq!(
        found,
        "W0707 `tries` of `Door` is read and never written\n\
         W0707 `left` of `Door` is neither written nor read\n\
         W0707 `visits` of `Door` is neither written nor read\n\
         W0707 `seen` of `Door` is read and never written\n"
    );
}

#[test]
fn what_merges_is_written_too() {
    let found = remarks(
        "record Page(likes: Counter)
        entity Board(id: Text) {
          merge hidden: Counter
          merge tags: GrowSet<Text>
          merge who: AddSet<Text>
          merge guests: AddSet<Text>
          merge page: Page
          fn go(t: Text) {
            hidden.add(1)
            tags.add(t)
            who.add(t)
            guests.add(t)
            guests.remove(t)
            page.likes.add(1)
          }
          pub fn all() -> Int = tags.length() + who.length() + guests.length() + page.likes.value
          pub fn act() { go(\"a\") }
        }",
    );
    assert_eq!(
        found,
        "W0705 `hidden` of `Board` is written and never read\n\
         H0701 `who` of `Board` grows for ever: one entry per `Board.go`\n"
    );
}

#[test]
fn a_rule_reads_the_state_of_its_own_entity_only() {
    let found = remarks(
        "entity Few(id: Text) {
          state items: List<Int> = []
          invariant items.length() <= 3
          pub fn put(n: Int) { items.push(n) }
        }
        entity Many(id: Text) {
          state items: List<Int> = []
          pub fn put(n: Int) { items.push(n) }
          pub fn first() -> Int = items[0]
        }
        entity Blind(id: Text) {
          state items: List<Int> = []
          pub fn put(n: Int) { items.push(n) }
        }",
    );
    assert_eq!(
        found,
        "H0701 `items` of `Many` grows for ever: one entry per `Many.put`\n\
         W0705 `items` of `Blind` is written and never read\n"
    );
}

/// Without what makes the third variant, and with something that may.
fn order(more: &str) -> String {
    remarks(&format!(
        "enum Status {{ Open, Paid(by: Text), Over }}
        record Line(status: Status)
        entity Order(id: Text) {{
          pub state lines: List<Line> = []
          pub fn add() {{
            lines = [Line(Status.Open), Line(Status.Paid(id))]
          }}
          {more}
        }}"
    ))
}

#[test]
fn variants_that_no_code_makes() {
    assert_eq!(
        order(""),
        "W0708 no code makes `Status.Over`, so nothing that is stored is ever that\n"
    );
    for silent in [
        "pub fn end() { lines = [Line(Status.Over)] }",
        // From outside.
        "pub fn put(line: Line) { lines = [line] }",
        "pub fn read(text: Text) fails BadJson { lines = json.decode(text)? }",
        "pub fn config_has(text: Text) -> Status = config(\"status\")",
        // A test makes it.
        "}\ntest \"t\" { expect Status.Over == Status.Over ",
    ] {
        assert_eq!(order(silent), "", "{silent}");
    }
    // Neither is one that is no part of what is stored.
    let elsewhere = remarks(
        "enum Way { Up, Down }
        fn step(way: Way) -> Int = if way == Way.Up { 1 } else { 0 }
        pub fn go() -> Int = step(Way.Up)",
    );
    assert_eq!(elsewhere, "");
}

#[test]
fn streams_of_which_nothing_comes() {
    let found = remarks(
        "stream full: Int
        stream empty: Int
        @keep(\"audit\")
        stream audit: Int
        pub stream taken: Int
        stream seen: Int
        on empty(n) { audit.emit(n) }
        on taken(n) { full.emit(n); seen.emit(n) }
        @keep(\"few\")
        view all = for n in seen group by n: n select (n, count())",
    );
    assert_eq!(
        found,
        "W0709 nobody consumes `full`: entries are kept, and nothing comes of them\n\
         W0710 nobody puts an entry into `empty`: it is not `pub`, and no code emits into it\n"
    );
}
