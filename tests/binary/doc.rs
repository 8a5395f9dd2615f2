//! `weir doc`: pages that hang together, and the same in the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use weir_tests::process::{Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

fn weir(folder: &Path, args: &[&str]) -> (i32, String, String) {
    said(WEIR, folder, args)
}

/// All pages, by their paths.
fn pages(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("there are pages") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            all.extend(pages(&path));
        } else {
            all.insert(
                path.clone(),
                fs::read_to_string(&path).expect("it is a text"),
            );
        }
    }
    all
}

fn values<'t>(text: &'t str, attribute: &str) -> Vec<&'t str> {
    let parts = text
        .split(&format!(" {attribute}=\""))
        .skip(1)
        .collect::<Vec<_>>();
    parts
        .into_iter()
        .map(|part| part.split('"').next().unwrap_or(""))
        .collect()
}

/// Each link leads to a file that is there, and to a place in it; no name is given twice.
fn hangs_together(folder: &Path) {
    let all = pages(folder);
    let mut places = BTreeSet::new();
    for (path, text) in &all {
        for id in values(text, "id") {
            assert!(
                places.insert((path.clone(), id.to_owned())),
                "{}: two of {id}",
                path.display()
            );
        }
    }
    for (path, text) in &all {
        if path.extension().is_none_or(|ending| ending != "html") {
            continue;
        }
        let links = values(text, "href").into_iter().chain(values(text, "src"));
        for link in links {
            assert!(
                !link.contains("//"),
                "{}: {link} needs a network",
                path.display()
            );
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let mut target = path.clone();
            if !file.is_empty() {
                target = path.parent().expect("a folder").to_owned();
                for part in file.split('/') {
                    match part {
                        ".." => drop(target.pop()),
                        part => target.push(part),
                    }
                }
            }
            assert!(all.contains_key(&target), "{}: {link}", path.display());
            let anchor = anchor.replace("&quot;", "\"").replace("&amp;", "&");
            assert!(
                anchor.is_empty() || places.contains(&(target, anchor)),
                "{}: nothing is at {link}",
                path.display()
            );
        }
    }
}

#[test]
fn pages_of_programs_hang_together() {
    let scratch = Scratch::new("doc");
    weir(scratch.path(), &["new", "many", "--template", "shop"]);
    for entry in fs::read_dir(EXAMPLES).expect("there are examples") {
        let folder = entry.expect("it can be read").path();
        let out = scratch.join("out");
        let (exit, said, err) = weir(&folder, &["doc", "--out", &out]);
        assert_eq!((exit, err.as_str()), (0, ""), "{}", folder.display());
        assert_eq!(said, format!("{out}/index.html\n"));
        hangs_together(Path::new(&out));
        fs::remove_dir_all(&out).unwrap();
    }
    let (exit, said, err) = weir(&scratch.path().join("many"), &["doc"]);
    assert_eq!(
        (exit, said.as_str(), err.as_str()),
        (0, ".weir/doc/index.html\n", "")
    );
    let folder = scratch.path().join("many/.weir/doc");
    hangs_together(&folder);
    let all = pages(&folder);
    let text = |name: &str| &all[&folder.join(name)];
    assert!(text("index.html").contains("<span class=\"version\">0.1.0</span>"));
    assert!(text("index.html").contains("<code>/carts/{customer}/total</code>"));
    // A type of another module is a link, and what a function may fail with is worked out.
    assert!(text("many.html").contains("href=\"catalogue.html#UnknownArticle\""));
    assert!(text("catalogue.html").contains("<span class=\"effect changes\">changes state</span>"));
    assert!(text("catalogue.html").contains("for <b>staff</b>"));
    assert!(text("source/cart.html").contains("id=\"L1\""));
    // The same program gives the same bytes.
    weir(&scratch.path().join("many"), &["doc"]);
    assert_eq!(pages(&folder), all);
}

#[test]
fn pages_of_the_library_have_all_that_is_documented() {
    let scratch = Scratch::new("doc");
    let (exit, _, err) = weir(scratch.path(), &["doc", "--std"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    let folder = scratch.path().join("weir_std_doc");
    hangs_together(&folder);
    let search = fs::read_to_string(folder.join("search.js")).unwrap();
    let rows = search.split_once("];").expect("an index").0;
    let rows = format!("[{}]", rows.trim_start_matches("const INDEX = ["));
    let rows: Vec<[String; 4]> = serde_json::from_str(&rows).expect("the index is JSON");
    assert!(rows.len() > 200, "{} rows", rows.len());
    for name in [
        "list.map",
        "text.split",
        "csv.parse_csv",
        "set.length",
        "json.parse",
        "log.error",
        "config.config",
        "secret.reveal",
        "random.int",
        "id.fresh",
        "crypto.hash_password",
    ] {
        let found = rows.iter().find(|row| row[0] == name);
        let found = found.unwrap_or_else(|| panic!("no {name}"));
        assert!(!found[3].is_empty(), "{found:?}");
    }
    // What is for the library alone is not there.
    let list = fs::read_to_string(folder.join("list.html")).unwrap();
    assert!(
        list.contains("<pre class=\"example\"><code>[7, 7].length() == 2</code></pre>"),
        "{list}"
    );
    assert!(!list.contains("intrinsic"));
}

#[test]
fn one_thing_is_told_in_the_terminal() {
    let scratch = Scratch::new("doc");
    let (exit, said, _) = weir(scratch.path(), &["doc", "list.is_empty"]);
    assert_eq!(exit, 0);
    let line = said.lines().nth(1).unwrap_or("");
    assert!(line.starts_with("  std/list.weir:"), "{said}");
    assert_eq!(
        said.replace(line, ""),
        "fn is_empty<T>(xs: List<T>) -> Bool\n\n\n  Whether there is no item.\n\n      not [1].is_empty()\n"
    );
    let (exit, said, _) = weir(scratch.path(), &["doc", "list"]);
    assert_eq!(exit, 0);
    assert!(said.starts_with("list (std/list.weir)\n"), "{said}");
    assert!(
        said.contains("  fn is_empty<T>(xs: List<T>) -> Bool\n      Whether there is no item.\n"),
        "{said}"
    );
    assert!(said.contains("  fn join(xs: List<Text>"), "{said}");
    let (_, said, _) = weir(scratch.path(), &["doc", "regex"]);
    assert!(said.contains("They are matched in linear time"), "{said}");
    let (_, said, _) = weir(scratch.path(), &["doc", "std"]);
    assert!(said.contains("\n  base64     Base64 (RFC 4648)"), "{said}");
    assert!(
        said.contains("\n  query      The rest of what `for .. group by .. select ..` makes"),
        "{said}"
    );
    let bank = Path::new(EXAMPLES).join("bank");
    let (_, said, _) = weir(&bank, &["doc", "Account.statement"]);
    assert!(
        said.contains("GET /Account/{owner}/statement · reads · bank.weir:"),
        "{said}"
    );
    let (exit, _, err) = weir(&bank, &["doc", "nowhere"]);
    assert_eq!(exit, 1);
    assert!(
        err.contains("neither the program nor the library has `nowhere`"),
        "{err}"
    );
    // What is called otherwise elsewhere, what is written otherwise, what is misspelt.
    for (name, expected) in [
        ("toUpperCase", "but this:\n\nfn upper(t: Text) -> Text\n"),
        ("json.stringify", "fn json.encode<T>(value: T) -> Text\n"),
        ("math.floor", "fn floor(x: Float) -> Float\n"),
        ("median", "write `xs.percentile(0.5)`"),
    ] {
        let (exit, said, _) = weir(&bank, &["doc", name]);
        assert_eq!(exit, 0, "{name}");
        assert!(said.contains(expected), "{said}");
    }
    let (exit, _, err) = weir(scratch.path(), &["doc", "list.lenght"]);
    assert_eq!(exit, 1);
    assert!(err.ends_with("next: weir doc list.length\n"), "{err}");
    // A program that is wrong keeps nobody from reading about the library.
    fs::write(
        scratch.path().join("wrong.weir"),
        "fn one() -> Int = \"1\"\n",
    )
    .expect("written");
    let of_library = ["doc", "hex.encode", "--program", "wrong.weir"];
    let (exit, said, err) = weir(scratch.path(), &of_library);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(
        said.starts_with("fn hex.encode(b: Bytes) -> Text\n"),
        "{said}"
    );
    let (exit, _, err) = weir(scratch.path(), &["doc", "one", "--program", "wrong.weir"]);
    assert_eq!(exit, 1);
    assert!(err.contains("error[E0301]"), "{err}");
}
