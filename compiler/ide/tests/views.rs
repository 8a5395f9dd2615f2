//! Views at a cursor: what is shown, and what could stand there.

use std::path::Path;

use weir_driver::{Library, Memory, Parses};
use weir_ide::{At, Snapshot, completion, definition, hover, rename};

const PROGRAM: &str = r#"
record Click(user: Text, page: Text, at: Time)

@time(at) @keep(7d)
stream clicks: Click

entity Hotel(id: Text) {
  pub state town: Text = ""
  pub state stars: Int = 0
}

/// Minute by minute.
@anyone
pub view minutes = for c in clicks group by page: c.page, minute: window(c.at, 1m) select (page, minute, n: count())

view good = for h in Hotel where h.stars > 3 select h.town

@keep("few")
view pages = for c in clicks group by c.page select page

fn read() -> Int = minutes.all().length + good.all().length
"#;

fn survey(text: &str) -> Snapshot {
    let world = Memory::default().with("main.weir", text);
    let program = weir_driver::find(&world, Path::new("main.weir")).expect("it is there");
    let library = Library::default();
    let survey = weir_driver::survey(&world, &program, &library, &mut Parses::default());
    Snapshot::new(survey.expect("it is read"), &library.modules)
}

/// The place of the n-th `what` in the program.
fn at(snapshot: &Snapshot, what: &str, n: usize) -> At {
    let (place, _) = PROGRAM.match_indices(what).nth(n).expect("it is there");
    At {
        file: snapshot.survey.files[0].id,
        offset: place as u32,
    }
}

#[test]
fn a_view_says_what_it_is_made_of_and_what_ends_it() {
    let snapshot = survey(PROGRAM);
    let shown = |what, n| {
        hover(&snapshot, at(&snapshot, what, n))
            .expect("something is shown")
            .markdown
    };
    assert_eq!(
        shown("minutes", 1),
        "```weir\nview minutes: List<(page: Text, minute: Time, n: Int)>\n```\n\nMinute by minute.\n\n\
        *kept up to date; shows what was committed*\n\n\
        - made of the entries of `clicks`\n\
        - windows of 1m, forgotten 7d after they end\n\
        - read with `.all()`, or with `.at(page)`\n\
        - costs no record: each entry of `clicks` is worked in when it is committed\n\n\
        `GET /minutes`  \n`GET /minutes/{key}`"
    );
    assert!(shown("good", 1).contains(
        "- made of the instances of `Hotel`\n- as many rows as follow from what it is made of"
    ));
    assert!(shown("pages", 0).contains("remembers for ever: few"));
    assert!(shown("all()", 0).contains("All rows of a view"));
}

#[test]
fn a_view_is_found_and_renamed_like_anything_else() {
    let snapshot = survey(PROGRAM);
    let use_of = at(&snapshot, "good.all", 0);
    let found = definition(&snapshot, use_of);
    let declared = at(&snapshot, "good", 0);
    assert_eq!(found.map(|place| place.start), Some(declared.offset));
    let edits = rename(&snapshot, use_of, "fine").expect("it can be renamed");
    assert_eq!(edits.len(), 2, "{edits:?}");
}

/// What could stand at `$0` in the last line, under these words.
fn suggested(line: &str, words: &[&str]) -> Vec<String> {
    let whole = format!("{PROGRAM}\n{line}\n");
    let offset = whole.find("$0").expect("a cursor") as u32;
    let world = Memory::default().with("main.weir", &whole.replacen("$0", "", 1));
    let program = weir_driver::find(&world, Path::new("main.weir")).expect("it is there");
    let library = Library::default();
    let survey = weir_driver::survey(&world, &program, &library, &mut Parses::default());
    let snapshot = Snapshot::new(survey.expect("it is read"), &library.modules);
    let at = At {
        file: snapshot.survey.files[0].id,
        offset,
    };
    let found = completion(&snapshot, &library, at, &[]);
    let labels = found.into_iter().map(|one| one.label);
    labels
        .filter(|label| words.contains(&label.as_str()))
        .collect()
}

#[test]
fn a_view_is_read_and_rows_of_groups_are_asked() {
    assert_eq!(
        suggested("fn f() -> Int = minutes.$0", &["all", "at", "length"]),
        ["all", "at"]
    );
    assert_eq!(
        suggested("fn f() -> Int = good.$0", &["all", "at"]),
        ["all"]
    );
    let sources = ["minutes", "good", "Hotel", "clicks"];
    let mut found = suggested("view v = for x in $0 select x", &sources);
    found.sort();
    assert_eq!(found, ["Hotel", "clicks", "good", "minutes"]);
    let asked = ["count", "sum", "top"];
    assert_eq!(
        suggested(
            "view v = for h in Hotel group by h.town select (town, $0)",
            &asked
        ),
        asked
    );
    assert!(suggested("view v = for h in Hotel select (h.id, $0)", &asked).is_empty());
    assert_eq!(
        suggested("view v = for h in Hotel select h.$0", &["town", "stars"]),
        ["stars", "town"]
    );
}
