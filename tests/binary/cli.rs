//! Each command of `weir` as a person meets it: what it prints, where, and with which exit code.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// What a command printed and how it ended.
#[derive(Debug)]
struct Ran {
    out: String,
    err: String,
    exit: i32,
}

/// Runs `weir ARGS` in a folder.
fn weir(scratch: &Scratch, args: &[&str]) -> Ran {
    let (exit, out, err) = said(WEIR, scratch.path(), args);
    Ran { out, err, exit }
}

fn write(scratch: &Scratch, name: &str, text: &str) {
    fs::write(scratch.path().join(name), text).expect("the file is written");
}

const COUNTER: &str = r#"entity Counter(name: Text) {
  pub state count: Int = 0

  pub fn add(by: Int = 1) -> Int {
    count += by
    count
  }
}

test "counts" {
  expect Counter("a").add(2) == 2
}
"#;

#[test]
fn new_makes_a_project_that_checks_tests_and_runs() {
    let scratch = Scratch::new("new");
    let made = weir(&scratch, &["new", "shop"]);
    assert_eq!(made.exit, 0, "{made:?}");
    assert!(made.out.contains("cd shop"), "{made:?}");
    let inside = Command::new(WEIR)
        .arg("test")
        .current_dir(scratch.path().join("shop"))
        .output()
        .expect("the binary starts");
    let printed = String::from_utf8_lossy(&inside.stdout).into_owned();
    assert!(printed.ends_with("1 passed, 0 failed\n"), "{printed}");

    let shop = scratch.join("shop");
    let node = Node::start(WEIR, &[&shop, "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    let reply = client.get("/shop/hello", &[]).unwrap();
    assert_eq!(reply.body, "\"Hello, world!\"");
    assert!(scratch.path().join("shop/.weir/data/shop").is_dir());
}

#[test]
fn each_template_checks_formats_to_itself_tests_and_runs() {
    let scratch = Scratch::new("templates");
    let listed = weir(&scratch, &["new", "--list"]);
    assert_eq!(listed.exit, 0, "{listed:?}");
    let names = listed.out.lines().filter(|line| !line.starts_with(' '));
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() >= 4, "{names:?}");
    for (at, template) in names.iter().enumerate() {
        let name = format!("mine{at}");
        let made = weir(&scratch, &["new", &name, "--template", template]);
        assert_eq!(made.exit, 0, "{template}: {made:?}");
        let checked = weir(&scratch, &["check", &name]);
        assert_eq!((checked.exit, checked.err.as_str()), (0, ""), "{template}");
        let formatted = weir(&scratch, &["fmt", "--check", &name]);
        assert_eq!(formatted.exit, 0, "{template}: {formatted:?}");
        let tested = weir(&scratch, &["test", &name]);
        assert_eq!(tested.exit, 0, "{template}: {tested:?}");
        assert!(
            !tested.out.ends_with("\n0 passed, 0 failed\n"),
            "{template}: {tested:?}"
        );
        let node = Node::start(WEIR, &[&scratch.join(&name), "--port", "0"]);
        let mut client = Client::connect(&node.host).unwrap();
        let program = client.get("/_weir/program", &[]).unwrap();
        let program: serde_json::Value = serde_json::from_str(&program.body).unwrap();
        assert_eq!(program["program"], name, "{template}");
        assert_eq!(program["version"], "0.1.0", "{template}");
        let routes = program["routes"].as_array().expect("routes");
        assert!(routes.len() > 1, "{template}: {routes:?}");
        // What the README says to type is there.
        let readme = fs::read_to_string(scratch.join(&format!("{name}/README.md"))).unwrap();
        assert!(
            !readme.contains("NAME/") && !readme.contains("NAME."),
            "{template}"
        );
    }
    let refused = weir(&scratch, &["new", "other", "--template", "servise"]);
    assert_eq!(refused.exit, 2);
    insta::assert_snapshot!(refused.err, @r"
    error: there is no template `servise`: there are service, bank, workflow, shop
    next: weir new --list
    ");
    assert!(!scratch.path().join("other").exists());
}

#[test]
fn new_touches_nothing_that_is_there() {
    let scratch = Scratch::new("new");
    fs::create_dir(scratch.path().join("shop")).unwrap();
    write(&scratch, "shop/precious", "");
    let refused = weir(&scratch, &["new", "shop"]);
    assert_eq!(refused.exit, 1);
    insta::assert_snapshot!(refused.err, @r"
    error: shop exists already, and nothing in it was touched
    next: weir new shop_2, or remove the folder first
    ");
    let refused = weir(&scratch, &["new", "My-Shop"]);
    assert_eq!(refused.exit, 2);
    insta::assert_snapshot!(refused.err, @r"
    error: `My-Shop` cannot be a project's name: a name is lower-case letters, digits and `_`, and starts with a letter
    next: weir new my_shop
    ");
}

#[test]
fn check_shows_the_lines_and_the_next_command() {
    let scratch = Scratch::new("check");
    write(&scratch, "good.weir", COUNTER);
    let good = weir(&scratch, &["check", "good.weir"]);
    assert_eq!((good.exit, good.err.as_str()), (0, ""));
    assert_eq!(good.out, "good.weir: no errors\n");

    write(
        &scratch,
        "bad.weir",
        "fn double(x: Int) -> Int = x + \"one\"\n",
    );
    let bad = weir(&scratch, &["check", "bad.weir"]);
    assert_eq!((bad.exit, bad.out.as_str()), (1, ""));
    assert!(bad.err.contains("bad.weir:1:"), "{}", bad.err);
    assert!(bad.err.contains("1 error\n"), "{}", bad.err);
    assert!(bad.err.contains("next: weir explain E"), "{}", bad.err);
}

#[test]
fn check_fixes_what_is_certain_and_shows_it_first() {
    let scratch = Scratch::new("fix");
    let wrong = "fn double(x: Int) -> Int = x * 2\n\npub fn four(flag: Bool) -> Int? {\n  if !flag { return None }\n  dubble(2)\n}\n\nfn lost() -> Int = nobody\n";
    write(&scratch, "a.weir", wrong);
    let shown = weir(&scratch, &["check", "a.weir", "--fix", "--dry-run"]);
    assert_eq!(shown.exit, 1, "{shown:?}");
    insta::assert_snapshot!(shown.out, @r"
    --- a.weir
    +++ a.weir
    @@ -1,8 +1,8 @@
     fn double(x: Int) -> Int = x * 2
     
     pub fn four(flag: Bool) -> Int? {
    -  if !flag { return None }
    -  dubble(2)
    +  if not flag { return None }
    +  Some(double(2))
     }
     
     fn lost() -> Int = nobody
    ");
    assert_eq!(fs::read_to_string(scratch.join("a.weir")).unwrap(), wrong);

    let fixed = weir(&scratch, &["check", "a.weir", "--fix"]);
    assert_eq!((fixed.exit, fixed.out.as_str()), (1, ""), "{fixed:?}");
    insta::assert_snapshot!(fixed.err, @r"
    a.weir:4:6: fixed: write `not`
    a.weir:5:3: fixed: write `double`
    a.weir:5:3: fixed: wrap it in `Some(..)`
    error[E0201]: there is no name `nobody` here
      ┌─ a.weir:8:20
      │
    8 │ fn lost() -> Int = nobody
      │                    ^^^^^^ not declared
      │
      = help: declare it before: `let nobody = ..`

    a.weir: 1 error
    next: weir explain E0201
    ");
    let now = fs::read_to_string(scratch.join("a.weir")).unwrap();
    assert_eq!(
        now,
        wrong
            .replace("if !flag", "if not flag")
            .replace("dubble(2)", "Some(double(2))")
    );
    write(&scratch, "a.weir", &now.replace("nobody", "1"));
    let done = weir(&scratch, &["check", "a.weir", "--fix"]);
    assert_eq!(
        (done.exit, done.out.as_str(), done.err.as_str()),
        (0, "a.weir: no errors\n", "")
    );
    let without = weir(&scratch, &["check", "a.weir", "--dry-run"]);
    assert_eq!(without.exit, 2, "{without:?}");
}

#[test]
fn check_speaks_json_to_programs() {
    let scratch = Scratch::new("check");
    write(
        &scratch,
        "bad.weir",
        "fn double(x: Int) -> Int = y\nfn half(x: Int) -> Int = z\n",
    );
    let bad = weir(&scratch, &["check", "bad.weir", "--message-format", "json"]);
    assert_eq!((bad.exit, bad.err.as_str()), (1, ""));
    let places: Vec<String> = bad
        .out
        .lines()
        .map(|line| {
            let one: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            format!(
                "{} {} {}",
                one["severity"], one["file"], one["span"]["start"]["line"]
            )
        })
        .collect();
    assert_eq!(
        places,
        ["\"error\" \"bad.weir\" 1", "\"error\" \"bad.weir\" 2"]
    );
}

#[test]
fn fmt_writes_the_one_style_and_says_what_it_did() {
    let scratch = Scratch::new("fmt");
    let (loose, tidy) = (
        "pub fn   one()->Int=1 // one\n",
        "pub fn one() -> Int = 1  // one\n",
    );
    write(&scratch, "loose.weir", loose);
    write(&scratch, "tidy.weir", tidy);
    fs::create_dir(scratch.join(".weir")).unwrap();
    write(&scratch, ".weir/hidden.weir", loose);

    let checked = weir(&scratch, &["fmt", "--check"]);
    assert_eq!(checked.exit, 1);
    assert_eq!(
        checked.out,
        "loose.weir:1\n  - pub fn   one()->Int=1 // one\n  + pub fn one() -> Int = 1  // one\n"
    );
    assert!(checked.err.contains("next: weir fmt"), "{checked:?}");
    assert_eq!(
        fs::read_to_string(scratch.join("loose.weir")).unwrap(),
        loose
    );

    let written = weir(&scratch, &["fmt"]);
    assert_eq!(
        (written.exit, written.out.as_str()),
        (0, "loose.weir: written anew\n")
    );
    assert_eq!(
        fs::read_to_string(scratch.join("loose.weir")).unwrap(),
        tidy
    );
    assert_eq!(
        fs::read_to_string(scratch.join(".weir/hidden.weir")).unwrap(),
        loose
    );
    assert_eq!(weir(&scratch, &["fmt", "--check"]).exit, 0);

    write(&scratch, "broken.weir", "pub fn   one( {\n");
    let broken = weir(&scratch, &["fmt"]);
    assert_eq!(broken.exit, 1);
    assert!(broken.err.contains("broken.weir:1:"), "{broken:?}");
    assert!(broken.err.contains("stayed as written"), "{broken:?}");
    assert_eq!(
        fs::read_to_string(scratch.join("broken.weir")).unwrap(),
        "pub fn   one( {\n"
    );
}

#[test]
fn fmt_reads_standard_input_for_editors() {
    let mut child = Command::new(WEIR)
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"let  x=1\n").expect("it reads");
    drop(input);
    let ran = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "let x = 1\n");
}

#[test]
fn a_program_that_is_not_there_is_refused_with_advice() {
    let scratch = Scratch::new("check");
    for verb in ["check", "test", "run"] {
        let refused = weir(&scratch, &[verb, "no.weir"]);
        assert_eq!(refused.exit, 1, "{refused:?}");
        assert!(
            refused.err.starts_with("error: cannot read no.weir"),
            "{refused:?}"
        );
        assert!(refused.err.contains("next: "), "{refused:?}");
    }
    let empty = weir(&scratch, &["run"]);
    assert_eq!(empty.exit, 1);
    assert!(
        empty.err.contains("there is no program in this folder"),
        "{empty:?}"
    );
    let no_such_verb = weir(&scratch, &["rum"]);
    assert_eq!(no_such_verb.exit, 2);
    assert!(no_such_verb.err.contains("run"), "{no_such_verb:?}");
}

#[test]
fn a_failing_test_shows_its_line_and_both_sides() {
    let scratch = Scratch::new("test");
    let failing = format!(
        "{COUNTER}\ntest \"counts wrongly\" {{\n  expect Counter(\"a\").add(40) == 42\n}}\n"
    );
    write(&scratch, "counter.weir", &failing);
    let ran = weir(&scratch, &["test", "counter.weir"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    insta::assert_snapshot!(ran.out, @r#"
    ok    counts
    FAIL  counts wrongly
          counter.weir:15:3: expectation failed
            expect Counter("a").add(40) == 42
            left: 40, right: 42
          again: weir test counter.weir "counts wrongly" --quick

    killed and recovered 3 times
    1 passed, 1 failed
    "#);
    let filtered = weir(&scratch, &["test", "counter.weir", "wrongly"]);
    assert!(
        filtered.out.ends_with("\n0 passed, 1 failed\n"),
        "{filtered:?}"
    );
    let none = weir(&scratch, &["test", "counter.weir", "nothing"]);
    assert_eq!(none.exit, 1);
    assert!(
        none.err.contains("no test's name contains `nothing`"),
        "{none:?}"
    );
}

#[test]
fn hints_are_for_who_asks() {
    let scratch = Scratch::new("hints");
    let waits = "workflow Order(id: Text) {
  pub event approved()
  fn run() { wait { approved() => {} } }
}
";
    write(&scratch, "order.weir", waits);
    let checked = weir(&scratch, &["check", "order.weir"]);
    assert_eq!(checked.exit, 0, "{checked:?}");
    assert!(checked.err.contains("hint[H0801]"), "{checked:?}");
    assert!(checked.err.ends_with("order.weir: 1 hint\n"), "{checked:?}");
    let built = weir(&scratch, &["build", "order.weir", "--out", "out"]);
    assert_eq!((built.exit, built.err.contains("H0801")), (0, false));
}

#[test]
fn a_test_that_fails_with_a_message_delivered_twice_names_it() {
    let scratch = Scratch::new("twice");
    let counts_calls = "extern pay from \"http:pay\" { @idempotent fn charge(card: Text) }
entity Bank(name: Text) {
  pub state charges: Int = 0
  fn charge() { charges += 1 }
}
test \"charged once\" {
  send Bank(\"b\").charge()
  mock(pay.charge, card => Bank(\"b\").charge())
  pay.charge(\"4242\")
  expect Bank(\"b\").charges == 2
}
";
    write(&scratch, "pay.weir", counts_calls);
    let ran = weir(&scratch, &["test", "pay.weir"]);
    insta::assert_snapshot!(ran.out, @r#"
    FAIL  charged once
          with message 1 delivered twice: pay.charge, called by the test
          pay.weir:10:3: expectation failed
            expect Bank("b").charges == 2
            left: 3, right: 2
          again: weir test pay.weir "charged once" --twice 1

    killed and recovered 6 times, delivered 2 messages twice
    0 passed, 1 failed
    "#);
    let again = ["test", "pay.weir", "charged once", "--twice", "1"];
    assert_eq!(weir(&scratch, &again).exit, 1);
    let other = weir(&scratch, &["test", "pay.weir", "--twice", "0"]);
    insta::assert_snapshot!(other.out, @r"
    ok    charged once

    delivered 1 message twice
    1 passed, 0 failed
    ");
}

#[test]
fn building_twice_gives_the_same_bytes_and_no_path() {
    let (here, there) = (Scratch::new("build"), Scratch::new("elsewhere"));
    for scratch in [&here, &there] {
        write(scratch, "counter.weir", COUNTER);
        let built = weir(scratch, &["build", "counter.weir", "--out", "out"]);
        assert_eq!(built.exit, 0, "{built:?}");
    }
    for name in ["counter.wasm", "counter.manifest.json"] {
        let read = |scratch: &Scratch| fs::read(scratch.path().join("out").join(name)).unwrap();
        let bytes = read(&here);
        assert_eq!(bytes, read(&there), "{name}");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let folder = here.path().parent().unwrap().to_str().unwrap();
        assert!(!text.contains(folder), "{name} contains {folder}");
    }
}

#[test]
fn a_module_without_its_own_manifest_is_refused() {
    let scratch = Scratch::new("build");
    write(&scratch, "counter.weir", COUNTER);
    assert_eq!(
        weir(&scratch, &["build", "counter.weir", "--out", "a"]).exit,
        0
    );
    write(&scratch, "counter.weir", &COUNTER.replace("= 0", "= 7"));
    assert_eq!(
        weir(&scratch, &["build", "counter.weir", "--out", "b"]).exit,
        0
    );

    fs::copy(
        scratch.path().join("b/counter.wasm"),
        scratch.path().join("a/counter.wasm"),
    )
    .unwrap();
    let mixed = weir(&scratch, &["run", "a/counter.wasm", "--port", "0"]);
    assert_eq!(mixed.exit, 1);
    assert!(mixed.err.contains("belongs to another module"), "{mixed:?}");
    assert!(mixed.err.contains("weir build"), "{mixed:?}");

    fs::remove_file(scratch.path().join("a/counter.manifest.json")).unwrap();
    let alone = weir(&scratch, &["run", "a/counter.wasm", "--port", "0"]);
    assert_eq!(alone.exit, 1);
    assert!(
        alone.err.contains("counter.manifest.json is missing"),
        "{alone:?}"
    );
}

#[test]
fn what_was_built_runs_without_its_source() {
    let scratch = Scratch::new("run");
    write(&scratch, "counter.weir", COUNTER);
    assert_eq!(
        weir(&scratch, &["build", "counter.weir", "--out", "out"]).exit,
        0
    );
    fs::remove_file(scratch.path().join("counter.weir")).unwrap();
    let node = Node::start(WEIR, &[&scratch.join("out/counter.wasm"), "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    let reply = client.post("/Counter/a/add", &[], "{\"by\": 5}").unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, "5"));
}

#[test]
fn routes_are_printed_with_curl_lines() {
    let scratch = Scratch::new("run");
    write(&scratch, "counter.weir", COUNTER);
    let mut node = Node::start(
        WEIR,
        &[
            &scratch.join("counter.weir"),
            "--data",
            &scratch.join("data"),
            "--port",
            "0",
        ],
    );
    let printed = node.lines_until("keeps its data");
    let host = node.host.clone();
    assert!(
        printed.contains("GET  /Counter/{name}/count -> Int\n"),
        "{printed}"
    );
    assert!(
        printed.contains(&format!("curl http://{host}/Counter/name1/count\n")),
        "{printed}"
    );
    assert!(
        printed.contains("POST /Counter/{name}/add(by: Int = ..) -> Int\n"),
        "{printed}"
    );
    assert!(
        printed.contains(&format!(
            "curl --json '{{}}' http://{host}/Counter/name1/add\n"
        )),
        "{printed}"
    );
}

#[test]
fn a_saved_file_takes_over_and_a_broken_one_does_not() {
    let scratch = Scratch::new("reload");
    write(&scratch, "counter.weir", COUNTER);
    let mut node = Node::start(WEIR, &[&scratch.join("counter.weir"), "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    assert_eq!(client.post("/Counter/a/add", &[], "{}").unwrap().body, "1");

    // As editors do that write beside the file and rename over it.
    write(
        &scratch,
        ".counter.weir.new",
        &COUNTER.replace("count += by", "count += by * 10"),
    );
    fs::rename(
        scratch.path().join(".counter.weir.new"),
        scratch.path().join("counter.weir"),
    )
    .unwrap();
    node.lines_until("reloaded");
    assert_eq!(client.post("/Counter/a/add", &[], "{}").unwrap().body, "11");

    write(
        &scratch,
        "counter.weir",
        &COUNTER.replace("count += by", "count += "),
    );
    node.lines_until("still serving");
    assert_eq!(client.post("/Counter/a/add", &[], "{}").unwrap().body, "21");

    write(
        &scratch,
        "counter.weir",
        &COUNTER.replace("count += by", "count += by * 10"),
    );
    node.lines_until("nothing to reload");
    write(&scratch, "counter.weir", COUNTER);
    node.lines_until("reloaded");
    assert_eq!(client.post("/Counter/a/add", &[], "{}").unwrap().body, "22");
}

#[test]
fn a_program_of_many_files_is_served_and_reloaded_as_one() {
    let scratch = Scratch::new("modules");
    fs::create_dir(scratch.path().join("shop")).unwrap();
    write(
        &scratch,
        "main.weir",
        "import shop.prices\npub fn total(n: Int) -> Int = prices.of(n) + 1\n",
    );
    let prices = "pub fn of(n: Int) -> Int = n * 2\ntest \"prices\" { expect of(2) == 4 }\n";
    write(&scratch, "shop/prices.weir", prices);
    let tested = weir(&scratch, &["test"]);
    assert!(tested.out.contains("ok    prices"), "{tested:?}");
    let data = scratch.join("data");
    let args = [
        scratch.path().to_str().unwrap(),
        "--data",
        &data,
        "--port",
        "0",
    ];
    let mut node = Node::start(WEIR, &args);
    let printed = node.lines_until("keeps its data");
    assert!(
        printed.contains("GET  /shop/prices/of(n: Int) -> Int\n"),
        "{printed}"
    );
    let mut client = Client::connect(&node.host).unwrap();
    let total = client.post("/total", &[], "{\"n\": 5}").unwrap();
    assert_eq!((total.status, total.body.as_str()), (200, "11"));
    let of = client.post("/shop/prices/of", &[], "{\"n\": 5}").unwrap();
    assert_eq!((of.status, of.body.as_str()), (200, "10"));
    let dotted = client.post("/shop.prices.of", &[], "{\"n\": 5}").unwrap();
    assert_eq!(dotted.status, 404);
    write(
        &scratch,
        "shop/prices.weir",
        &prices.replace("n * 2", "n + n + n - n"),
    );
    node.lines_until("reloaded");
    write(
        &scratch,
        "shop/prices.weir",
        "pub fn of(n: Int) -> Int = n * \n",
    );
    node.lines_until("still serving");
    let total = client.post("/total", &[], "{\"n\": 5}").unwrap();
    assert_eq!((total.status, total.body.as_str()), (200, "11"));
}

#[test]
fn functions_have_routes_of_their_own() {
    let scratch = Scratch::new("routes");
    write(
        &scratch,
        "stock.weir",
        "entity Item(sku: Text) {\n  state left: Int = 0\n  allow true\n\
         @put(\"/stock/{sku}/left/{n}\") pub fn put(n: Int) -> Int {\n    left = n\n    left\n  }\n\
         @get(\"/stock/{sku}\") @anyone pub fn look(verbose: Bool = false) -> Text =\n    \
         if verbose { \"{sku}: {left} left\" } else { \"{left}\" }\n}\n\
         @get(\"/stock/all\") pub fn all() -> Text = \"all\"\n\
         @delete(\"/stock/{sku}\") pub fn remove(sku: Text) { Item(sku).put(0) }\n\
         @post(\"/stock/{sku}/add\") pub fn add(sku: Text, n: Int) -> Int = Item(sku).put(n + 1)\n",
    );
    let (source, data) = (scratch.join("stock.weir"), scratch.join("data"));
    let mut node = Node::start(WEIR, &[&source, "--data", &data, "--port", "0"]);
    let printed = node.lines_until("keeps its data");
    let line = format!("curl -X PUT http://{}/stock/sku1/left/1\n", node.host);
    assert!(printed.contains(&line), "{printed}");
    let line = format!(
        "curl --json '{{\"n\":1}}' http://{}/stock/sku1/add\n",
        node.host
    );
    assert!(printed.contains(&line), "{printed}");
    let mut client = Client::connect(&node.host).unwrap();
    let mut ask = |method: &str, path: &str, body: &str| {
        let reply = client.request(method, path, &[], body.as_bytes()).unwrap();
        (reply.status, reply.body)
    };
    let answer = |status: u16, body: &str| (status, body.to_owned());
    assert_eq!(ask("PUT", "/stock/a%20b/left/5", ""), answer(200, "5"));
    assert_eq!(
        ask("GET", "/stock/a%20b?verbose=true", ""),
        answer(200, "\"a b: 5 left\"")
    );
    let (_, program) = ask("GET", "/_weir/program", "");
    let shown = "{\"method\":\"PUT\",\"path\":\"/stock/{sku}/left/{n}\"";
    assert!(program.contains(shown), "{program}");
    // Text goes before parameters.
    assert_eq!(ask("GET", "/stock/all", ""), answer(200, "\"all\""));
    assert_eq!(ask("POST", "/stock/a/add", "{\"n\": 2}"), answer(200, "3"));
    assert_eq!(ask("DELETE", "/stock/a", ""), answer(200, "null"));
    assert_eq!(ask("GET", "/stock/a", ""), answer(200, "\"0\""));
    for (method, path, body, status, says) in [
        ("PATCH", "/stock/a", "", 405, "use GET, DELETE"),
        ("PUT", "/stock/a/left/x", "", 400, "n: expected an Int"),
        (
            "POST",
            "/stock/a/add",
            "{\"n\": 2, \"sku\": \"b\"}",
            400,
            "sku: stands in the path",
        ),
        ("GET", "/Item/a/look", "", 404, "no public function"),
    ] {
        let (found, body) = ask(method, path, body);
        assert_eq!(found, status, "{method} {path}: {body}");
        assert!(body.contains(says), "{method} {path}: {body}");
    }
}

#[test]
fn being_told_to_stop_is_no_failure() {
    let scratch = Scratch::new("stop");
    write(&scratch, "counter.weir", COUNTER);
    let program = scratch.join("counter.weir");
    let node = Node::start(WEIR, &[&program, "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    assert_eq!(client.post("/Counter/a/add", &[], "{}").unwrap().body, "1");
    assert_eq!(node.terminate(), Some(0));
    let node = Node::start(WEIR, &[&program, "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    assert_eq!(client.get("/Counter/a/count", &[]).unwrap().body, "1");
}

#[test]
fn a_directory_is_served_by_one_node_only() {
    let scratch = Scratch::new("lock");
    write(&scratch, "counter.weir", COUNTER);
    let program = scratch.join("counter.weir");
    let node = Node::start(WEIR, &[&program, "--port", "0"]);
    let second = weir(&scratch, &["run", "counter.weir", "--port", "0"]);
    assert_eq!(second.exit, 1);
    assert!(second.err.contains(&node.host), "{second:?}");
    assert!(second.err.contains("next: "), "{second:?}");
}

#[test]
fn log_and_state_are_shown_from_a_node_and_from_a_directory() {
    let scratch = Scratch::new("state");
    write(&scratch, "counter.weir", COUNTER);
    let node = Node::start(
        WEIR,
        &[
            &scratch.join("counter.weir"),
            "--data",
            &scratch.join("data"),
            "--port",
            "0",
        ],
    );
    let mut client = Client::connect(&node.host).unwrap();
    client.post("/Counter/b/add", &[], "{\"by\": 2}").unwrap();
    client.post("/Counter/a/add", &[], "{\"by\": 3}").unwrap();

    let url = format!("http://{}", node.host);
    let by_url = shown(&scratch, &["--url", &url]);
    // The directory is locked; the command finds who holds it and asks there.
    let locked = shown(&scratch, &["--data", "data"]);
    assert_eq!(by_url, locked);
    assert_eq!(node.terminate(), Some(0));
    let by_directory = shown(&scratch, &["--data", "data"]);
    assert_eq!(by_url, by_directory);
    assert!(by_url[0].contains("\"count\": 2"), "{by_url:?}");
    assert_eq!(by_url[1].trim(), "3");
    let all: Vec<serde_json::Value> = by_url[2]
        .lines()
        .map(|line| serde_json::from_str(line).expect("an instance is JSON"))
        .collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0]["state"]["count"], 3, "{all:?}");
    let records: Vec<serde_json::Value> = by_url[3]
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record is JSON"))
        .collect();
    assert!(records.len() >= 2, "{records:?}");
    assert!(by_url[3].contains("Counter"), "{records:?}");
}

fn shown(scratch: &Scratch, from: &[&str]) -> Vec<String> {
    let commands: [&[&str]; 4] = [
        &["state", "get", "Counter", "b"],
        &["state", "get", "Counter", "a", "count"],
        &["state", "list"],
        &["log", "show"],
    ];
    commands
        .iter()
        .map(|command| {
            let ran = weir(scratch, &[*command, from].concat());
            assert_eq!(ran.exit, 0, "{command:?}: {ran:?}");
            ran.out
        })
        .collect()
}

#[test]
fn state_and_log_refuse_with_advice() {
    let scratch = Scratch::new("state");
    for command in [&["state", "list"][..], &["log", "show"]] {
        let missing = weir(&scratch, &[command, &["--data", "nowhere"]].concat());
        assert_eq!(missing.exit, 1, "{missing:?}");
        assert!(missing.err.contains("next: "), "{missing:?}");
        let nobody = weir(
            &scratch,
            &[command, &["--url", "http://127.0.0.1:1"]].concat(),
        );
        assert_eq!(nobody.exit, 1, "{nobody:?}");
        assert!(nobody.err.contains("no node answers"), "{nobody:?}");
    }
}

#[test]
fn explain_prints_pages_and_plans() {
    let scratch = Scratch::new("explain");
    let page = weir(&scratch, &["explain", "e0101"]);
    assert_eq!(page.exit, 0);
    assert!(page.out.starts_with("# E0101: "), "{page:?}");
    let unknown = weir(&scratch, &["explain", "E9999"]);
    assert_eq!(unknown.exit, 1);
    assert!(
        unknown.err.contains("there is no error code `E9999`"),
        "{unknown:?}"
    );

    write(&scratch, "counter.weir", COUNTER);
    let plan = weir(&scratch, &["explain", "Counter.add", "counter.weir"]);
    assert_eq!(plan.exit, 0, "{plan:?}");
    assert!(plan.out.contains("writes  Counter(name).count"), "{plan:?}");
    assert!(plan.out.contains("any signed-in caller"), "{plan:?}");
}
