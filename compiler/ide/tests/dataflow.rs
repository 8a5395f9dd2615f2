//! Streams, views, queries, state that merges and temporary data at a cursor, where editors ask about them.

use std::path::Path;

use weir_driver::{Library, Memory, Parses};
use weir_ide::{At, Snapshot, access_plan, completion, hover, implementations, step_graph, tokens};

const PROGRAM: &str = r#"
record Sale(sku: Text, total: Decimal, at: Time)

@key(sku) @time(at) @late(30s) @keep(7d)
pub stream sales: Sale

view hours = for s in sales
  group by sku: s.sku, hour: window(s.at, 1h)
  select (sku, hour, n: count(), total: sum(s.total))

entity Page(url: Text) {
  merge likes: Counter
  fn like() { likes.add(1) }
  fn sell() { sales.emit(Sale(url, 1.00, now())) }
}

on sales(s) {
  Page(s.sku).like()
  sleep(1h)
}

every 1h { log.info("tick") }

pub fn words(files: List<Blob>) -> List<(Text, Int)> {
  scratch let counts = parallel for f in files, line in f.lines()
    group by line: line
    select (line, count())
  for (word, times) in counts sort by times desc select (word, times)
}
"#;

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

/// The program with a cursor in front of some of its text.
fn at(what: &str) -> (Snapshot, At) {
    let place = PROGRAM.find(what).expect("it is there");
    let (snapshot, _, start) = open(PROGRAM);
    let offset = place as u32;
    (snapshot, At { offset, ..start })
}

fn shown(what: &str) -> String {
    let (snapshot, at) = at(what);
    hover(&snapshot, at).map_or("nothing".into(), |found| found.markdown)
}

/// What could stand at the cursor, the best first.
fn suggested(text: &str) -> Vec<String> {
    let (snapshot, library, at) = open(text);
    let found = completion(&snapshot, &library, at, &[]);
    found.into_iter().map(|one| one.label).collect()
}

/// The program with something of it replaced.
fn with(old: &str, new: &str) -> String {
    assert!(PROGRAM.contains(old), "{old}");
    PROGRAM.replacen(old, new, 1)
}

#[test]
fn what_is_asked_of_a_group_is_no_function_of_lists() {
    assert!(shown("count()").contains("fn count() -> Int\n```\n\nHow many rows"));
    assert!(shown("sum(s.total").contains("fn sum(value)"));
    let (snapshot, at) = at("sku, hour, n");
    let found = hover(&snapshot, at).expect("a key").markdown;
    assert!(found.contains("sku: Text"), "{found}");
}

#[test]
fn words_and_attributes_say_what_they_are_for() {
    assert!(shown("scratch").contains("Temporary data"));
    assert!(shown("group by").contains("One row for each key"));
    assert!(shown("@key").contains("@key(sku)\n```\n\nEntries with the same key"));
    assert!(shown("@keep").contains("How long entries are kept"));
}

#[test]
fn each_word_of_a_query_has_its_own_colour() {
    let (snapshot, _, start) = open(PROGRAM);
    let tokens = tokens(&snapshot, start.file);
    for token in &tokens {
        let text = snapshot.snippet(token.span);
        let is_one = !text.contains([' ', '\n']);
        assert!(
            is_one || text == "group by" || text == "sort by" || text.starts_with('"'),
            "{text}"
        );
    }
    let coloured: Vec<&str> = tokens.iter().map(|t| snapshot.snippet(t.span)).collect();
    for word in [
        "for", "window", "count", "sum", "select", "parallel", "desc",
    ] {
        assert!(coloured.contains(&word), "{word}: {coloured:?}");
    }
}

#[test]
fn attributes_are_suggested_where_they_fit() {
    let mut found = suggested(&with("@late(30s)", "@$0"));
    found.sort();
    assert_eq!(found, ["anyone", "late", "role"]);
    assert_eq!(suggested(&with("view hours", "@$0\nview hours")), ["keep"]);
    assert_eq!(suggested(&with("every 1h", "@$0\nevery 1h")), ["at"]);
    assert_eq!(
        suggested(&with("@key(sku)", "@key($0)")),
        ["at", "sku", "total"]
    );
    assert_eq!(suggested(&with("@time(at)", "@time($0)")), ["at"]);
}

#[test]
fn only_what_merges_is_suggested_behind_merge() {
    let found = suggested(&with("merge likes: Counter", "merge likes: $0"));
    assert!(found.contains(&"Counter".into()) && found.contains(&"MergeMap".into()));
    assert!(!found.contains(&"Int".into()), "{found:?}");
    let found = suggested(&with(
        "merge likes: Counter",
        "merge likes: MergeMap<Text, $0>",
    ));
    assert!(found.contains(&"Counter".into()) && !found.contains(&"Int".into()));
    let found = suggested(&with("merge likes: Counter", "merge likes: MaxOf<$0>"));
    assert!(found.contains(&"Int".into()), "{found:?}");
}

#[test]
fn streams_are_suggested_behind_on_and_parts_of_a_query_on_the_next_line() {
    assert_eq!(suggested(&format!("{PROGRAM}\non $0")), ["sales"]);
    let open_query = with(
        "  group by sku: s.sku, hour: window(s.at, 1h)\n  select (sku, hour, n: count(), total: sum(s.total))\n",
        "  gr$0\n",
    );
    assert_eq!(suggested(&open_query), ["group by"]);
}

#[test]
fn words_of_their_places_are_suggested() {
    let found = suggested(&format!("{PROGRAM}\n$0"));
    assert!(found.contains(&"every".into()) && found.contains(&"stream".into()));
    let found = suggested(&with("merge likes: Counter", "merge likes: Counter\n  $0"));
    assert!(found.contains(&"merge".into()) && found.contains(&"pub merge".into()));
    let found = suggested(&with("  for (word, times)", "  scr$0\n  for (word, times)"));
    assert_eq!(found[0], "scratch let", "{found:?}");
    // What `every` begins has no name that could be written.
    let found = suggested(&with("Page(s.sku).like()", "$0"));
    assert!(
        found.iter().all(|label| !label.starts_with("every_")),
        "{found:?}"
    );
}

#[test]
fn what_consumes_a_stream_has_steps_and_a_plan() {
    let (snapshot, at) = at("sales(s) {");
    let steps = step_graph(&snapshot, at).expect("it waits");
    assert_eq!(steps.function, "sales.on");
    let waits: Vec<&str> = steps.steps.iter().map(|s| s.waits_for.as_str()).collect();
    assert_eq!(waits, ["", "its next step", "sleep"]);
    assert!(access_plan(&snapshot, at).is_ok());
}

#[test]
fn a_stream_says_how_it_is_kept_and_where_it_takes_entries() {
    let found = shown("sales: Sale");
    assert!(found.contains("entries of one key, a `Text`"), "{found}");
    assert!(
        found.contains("- kept for 7d") && found.contains("up to 30s late"),
        "{found}"
    );
    assert!(
        found.contains("consumed by one `on`") && found.contains("`POST /sales`"),
        "{found}"
    );
    let (snapshot, _, start) = open(&with("view hours", "@anyone\npub view hours"));
    let lenses = weir_ide::lenses(&snapshot, start.file);
    let titles: Vec<&str> = lenses.iter().map(|lens| lens.title.as_str()).collect();
    assert_eq!(
        titles[..2],
        [
            "POST /sales · free · 1 record",
            "GET /hours · GET /hours/{key} · read · no record"
        ]
    );
}

#[test]
fn of_temporary_data_is_kept_what_it_is_made_from() {
    let found = shown("words(files");
    let kept = "waits for temporary data counts, keeps what counts is made from";
    assert!(found.contains(kept), "{found}");
}

#[test]
fn a_stream_is_put_into_and_consumed_somewhere() {
    let (snapshot, at) = at("sales: Sale");
    let found = implementations(&snapshot, at);
    let lines = found.iter().map(|span| {
        let text = snapshot.text(span.file);
        text[..span.start as usize]
            .lines()
            .last()
            .unwrap_or_default()
            .trim()
            .to_owned()
    });
    assert_eq!(lines.collect::<Vec<_>>(), ["fn sell() {", "on"]);
}
