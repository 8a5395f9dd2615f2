//! After an edit, the bodies of one module are checked; of others only where they see what has changed. Whatever is taken over, what
//! comes out is what a check from the beginning gives.

use std::path::Path;

use weir_driver::{Memory, Session, build, check, check_again, find};

const MAIN: &str = "import shop\nimport people\n\npub fn all() -> Int fails shop.Empty = shop.total([1])? + people.count()\n\n\
    test \"all\" {\n  expect all()? == 3\n}\n";
const SHOP: &str = "import rates\n\nerror Empty\nerror Odd\n\nfn total(xs: List<Int>) -> Int {\n  head(xs)? * rates.rate()\n}\n\n\
    fn head(xs: List<Int>) -> Int = xs.first() ?? fail Empty\n\nentity Till(id: Text) {\n  pub state sum: Int = rates.rate()\n  \
    pub fn add(n: Int = 2) -> Int {\n    sum += n\n    sum\n  }\n}\n";
const RATES: &str = "fn rate() -> Int {\n  helper(1)\n}\n\nfn helper(n: Int) -> Int = n\n";
const PEOPLE: &str = "fn count() -> Int = 2\n";

struct Edited {
    session: Session,
    texts: Vec<(&'static str, String)>,
}

impl Edited {
    fn new() -> Edited {
        let texts = [
            ("main.weir", MAIN),
            ("shop.weir", SHOP),
            ("rates.weir", RATES),
            ("people.weir", PEOPLE),
        ];
        let mut new = Edited {
            session: Session::default(),
            texts: texts.map(|(path, text)| (path, text.to_owned())).into(),
        };
        assert_eq!(
            new.check(),
            (vec!["", "main", "people", "rates", "shop"], vec![])
        );
        assert_eq!(new.check(), (vec![], vec![]), "nothing has changed");
        new
    }

    /// Which modules were checked after an edit, and what was found: the same as from the beginning.
    fn edit(&mut self, path: &str, old: &str, new: &str) -> (Vec<&str>, Vec<String>) {
        let (_, text) = self
            .texts
            .iter_mut()
            .find(|(name, _)| *name == path)
            .expect("a file");
        assert!(text.contains(old), "{path} has no {old}");
        *text = text.replacen(old, new, 1);
        self.check()
    }

    fn check(&mut self) -> (Vec<&str>, Vec<String>) {
        let texts = self.texts.iter();
        let world = texts.fold(Memory::default(), |world, (path, text)| {
            world.with(path, text)
        });
        let program = find(&world, Path::new("main.weir")).expect("it is there");
        let again = check_again(&world, &program, &mut self.session).expect("it is read");
        let fresh = check(&world, &program).expect("it is read");
        assert_eq!(again.diagnostics, fresh.diagnostics);
        let (built, anew) = (build(&program, &again), build(&program, &fresh));
        assert!(built == anew, "another program came out");
        let said = again
            .diagnostics
            .iter()
            .map(|found| format!("{} {}", found.code, again.sources.place(found.primary.span)));
        let said = said.collect();
        let mut checked: Vec<&str> = self.session.checked.iter().map(String::as_str).collect();
        checked.sort();
        (checked, said)
    }
}

#[test]
fn an_edit_of_a_body_checks_one_module() {
    let mut edited = Edited::new();
    assert_eq!(
        edited.edit("rates.weir", "helper(1)", "let one = helper(1)\n  one + 1"),
        (vec!["rates"], vec![])
    );
    assert_eq!(
        edited.edit("main.weir", "== 3", "== 4"),
        (vec!["main"], vec![])
    );
    assert_eq!(
        edited.edit("people.weir", "= 2", "= 1 + 1"),
        (vec!["people"], vec![])
    );
}

#[test]
fn an_edit_of_a_signature_checks_those_that_see_it() {
    let mut edited = Edited::new();
    let (checked, said) = edited.edit(
        "rates.weir",
        "fn rate() -> Int {",
        "fn rate(by: Int = 1) -> Int {",
    );
    assert_eq!((checked, said), (vec!["main", "rates", "shop"], vec![]));
    let (checked, said) = edited.edit("people.weir", "-> Int = 2", "-> Text = \"2\"");
    assert_eq!(
        (checked, said),
        (
            vec!["main", "people"],
            vec!["E0304 main.weir:4:57".to_owned()]
        )
    );
    // What has errors is checked until it has none.
    assert_eq!(
        edited.edit("rates.weir", "= n", "= n + 0").0,
        ["main", "rates"]
    );
    let (checked, said) = edited.edit("people.weir", "-> Text = \"2\"", "-> Int = 2");
    assert_eq!((checked, said), (vec!["main", "people"], vec![]));
}

#[test]
fn failures_that_are_worked_out_are_seen_outside() {
    let mut edited = Edited::new();
    // `head` says nothing of failures; that `total` now fails in another way is seen in `main`.
    let (checked, said) = edited.edit("shop.weir", "?? fail Empty", "?? fail Odd");
    assert_eq!(checked, ["main", "shop"]);
    assert_eq!(said, ["E0403 main.weir:4:40"]);
    let (checked, said) = edited.edit("shop.weir", "?? fail Odd", "?? fail Empty");
    assert_eq!((checked, said), (vec!["main", "shop"], vec![]));
}

#[test]
fn a_new_declaration_checks_everything() {
    let mut edited = Edited::new();
    let (checked, said) = edited.edit(
        "rates.weir",
        "fn helper",
        "fn other() -> Int = 1\n\nfn helper",
    );
    assert_eq!((checked.len(), said), (5, vec![]));
    // Effects are worked out over all modules, whichever are checked.
    let (checked, said) = edited.edit("rates.weir", "  helper(1)", "  sleep(1s)\n  helper(1)");
    assert_eq!(checked, ["rates"]);
    assert!(
        said.iter()
            .any(|found| found.starts_with("E0502 shop.weir")),
        "{said:?}"
    );
}
