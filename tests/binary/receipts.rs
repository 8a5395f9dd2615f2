//! `weir receipts`: the table, two programs beside each other, budgets, and what `weir explain` and `weir doc` say of costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn weir(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A folder of its own, with a program in it.
fn folder(name: &str, program: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("weir-receipts-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join("bank.weir"), program).expect("a file can be written");
    folder
}

const BANK: &str = "\
entity Account(owner: Text) {
  pub state balance: Int = 0
  pub state seen: Int = 0

  pub fn withdraw(amount: Int) {
    if balance >= amount { balance -= amount }
  }

  pub fn deposit(amount: Int) {
    balance += amount
  }

  pub fn look() {
    seen += 1
  }

  pub fn transfer(to: Text, amount: Int) {
    balance -= amount
    Account(to).deposit(amount)
  }

  pub fn share(with: List<Text>) {
    for other in with { Account(other).deposit(1) }
  }
}
";

#[test]
fn the_table_says_what_each_call_costs_and_why() {
    let folder = folder("table", BANK);
    let output = weir(&["receipts", "bank.weir"], &folder);
    assert!(output.status.success(), "{}", said(&output));
    let table = said(&output);
    let row = |name: &str| {
        let lines = table.lines();
        let found = lines.map(str::trim).find(|line| line.starts_with(name));
        let found = found.unwrap_or_else(|| panic!("no {name} in\n{table}"));
        found.split_whitespace().collect::<Vec<&str>>().join(" ")
    };
    assert_eq!(
        row("Account.withdraw"),
        "Account.withdraw write serial 1 1 2 1 line 6: it reads `balance` to decide"
    );
    assert_eq!(
        row("Account.transfer"),
        "Account.transfer write transaction 1 2 2 2 line 19: one transaction touches a second instance here"
    );
    assert!(
        row("Account.share").contains("write transaction 1 |with| |with| |with|"),
        "{table}"
    );
    let json = weir(&["receipts", "bank.weir", "--format", "json"], &folder);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    assert_eq!(json[4]["text"]["cost"]["keys"], "|with|");
    assert_eq!(json[4]["receipt"]["class"], "transaction");
    fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn what_became_dearer_is_told_and_can_be_forbidden() {
    let folder = folder("against", BANK);
    let built = weir(&["build", "bank.weir", "--out", "old"], &folder);
    let built = match built.status.success() {
        true => built,
        false => weir(&["build", "bank.weir"], &folder),
    };
    assert!(built.status.success(), "{}", said(&built));
    let mut manifests = Vec::new();
    find(&folder, &mut manifests);
    let manifest = manifests.first().expect("it was built").clone();
    let old = folder.join("old.manifest.json");
    fs::copy(manifest, &old).expect("it can be copied");
    let same = weir(
        &[
            "receipts",
            "bank.weir",
            "--against",
            "old.manifest.json",
            "--deny-dearer",
        ],
        &folder,
    );
    assert!(same.status.success(), "{}", said(&same));
    assert!(said(&same).contains("no call costs another amount"));
    let dearer = BANK.replace(
        "    balance += amount\n",
        "    balance += amount\n    Account(\"bank\").look()\n",
    );
    fs::write(folder.join("bank.weir"), dearer).expect("a file can be written");
    let arguments = ["receipts", "bank.weir", "--against", "old.manifest.json"];
    let told = weir(&arguments, &folder);
    assert!(told.status.success(), "{}", said(&told));
    let text = said(&told);
    assert!(
        text.contains("+ Account.deposit  keys: 1 -> 2  dearer"),
        "{text}"
    );
    assert!(
        text.contains("+ Account.deposit  class: serial -> transaction  dearer"),
        "{text}"
    );
    let denied = weir(&[&arguments[..], &["--deny-dearer"]].concat(), &folder);
    assert_eq!(denied.status.code(), Some(1), "{}", said(&denied));
    fs::remove_dir_all(&folder).expect("it is there");
}

/// The manifests in a folder and below.
fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, found);
        } else if path.to_string_lossy().ends_with(".manifest.json") {
            found.push(path);
        }
    }
}

#[test]
fn a_budget_is_held() {
    let over = BANK.replace(
        "  pub fn transfer",
        "  @budget(records: 1, hops: 1)\n  pub fn transfer",
    );
    let folder = folder("budget", &over);
    let output = weir(&["check", "bank.weir"], &folder);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("error[E0808]: `Account.transfer` may cost 2 keys, its budget is 1"),
        "{text}"
    );
    assert!(text.contains("this costs most"), "{text}");
    fs::write(folder.join("bank.weir"), over.replace("hops: 1", "keys: 2")).expect("it is there");
    let output = weir(&["check", "bank.weir"], &folder);
    assert!(output.status.success(), "{}", said(&output));
    let endless = BANK.replace("  pub fn share", "  @budget(keys: 9)\n  pub fn share");
    fs::write(folder.join("bank.weir"), endless).expect("it is there");
    let text = said(&weir(&["check", "bank.weir"], &folder));
    assert!(
        text.contains("nothing keeps the keys of `Account.share` to 9: they are |with|"),
        "{text}"
    );
    fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn a_function_is_explained_with_its_class_and_cost() {
    let folder = folder("explain", BANK);
    let text = said(&weir(&["explain", "Account.look", "bank.weir"], &folder));
    assert!(
        text.contains("class    serial: it reads `seen` to work out what it writes, line 14"),
        "{text}"
    );
    assert!(
        text.contains("costs    1 record, 1 key, 1 read, 1 write"),
        "{text}"
    );
    assert!(
        text.contains("commutes Account.seen: it is only added to, line 14"),
        "{text}"
    );
    assert!(
        text.contains("leaves the program, so all before it is durable first\n  the reply"),
        "{text}"
    );
    fs::remove_dir_all(&folder).expect("it is there");
}

/// Of two calls that write one field, which may as well come in the other order.
#[test]
fn calls_that_may_change_places_are_told() {
    const BOARD: &str = "\
entity Board(id: Text) {
  pub state likes: Int = 0
  pub state best: Int = 0
  pub merge tags: GrowSet<Text>
  pub merge title: Latest<Text>

  pub fn like() { likes += 1 }
  pub fn gift(n: Int) { likes += n }
  pub fn play(score: Int) {
    if score > best { best = score }
  }
  pub fn lucky(score: Int) {
    if best < score { best = score } else { likes += 1 }
  }
  pub fn spend(n: Int) {
    if likes >= n { likes -= n }
  }
  pub fn reset() { likes = 0 }
  pub fn tag(t: Text) { tags.add(t) }
  pub fn rename(t: Text) { title.set(t) }
}
";
    let folder = folder("swaps", BOARD);
    let explained = |name: &str| said(&weir(&["explain", name, "bank.weir"], &folder));
    let shown = [
        (
            "Board.like",
            "commutes Board.likes: it is only added to, line 7, and nothing here reads it\n\
             swaps    with itself, Board.gift, Board.lucky\n         \
             not with Board.spend: it writes `likes` in another manner\n         \
             not with Board.reset: it writes `likes` in another manner\n",
        ),
        (
            "Board.play",
            "commutes Board.best: it is only raised, line 10, and nothing here reads it\n\
             swaps    with itself\n         not with Board.lucky: it writes `best` in another manner\n",
        ),
        (
            "Board.lucky",
            "swaps    with Board.like, Board.gift\n         \
             not with Board.play: it writes `best`, which `Board.lucky` reads\n         \
             not with itself: it writes `best`, which `Board.lucky` reads\n",
        ),
        ("Board.tag", "swaps    with itself\n"),
        (
            "Board.rename",
            "swaps    not with itself: of two changes of `title` that know of each other the later one counts\n",
        ),
    ];
    for (name, expected) in shown {
        let text = explained(name);
        assert!(text.contains(expected), "{name}: {text}");
    }
    // What decides by it is in one order.
    for name in ["Board.spend", "Board.reset"] {
        let text = explained(name);
        assert!(!text.contains("swaps"), "{name}: {text}");
    }
    let json = said(&weir(
        &["receipts", "bank.weir", "--format", "json"],
        &folder,
    ));
    let rows: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let like = &rows.as_array().expect("rows")[0];
    assert_eq!(
        like["swaps"]["with"],
        serde_json::json!(["Board.like", "Board.gift", "Board.lucky"])
    );
    assert_eq!(like["barriers"][0]["what"], "the reply");
    fs::remove_dir_all(&folder).expect("it is there");
}

/// What leaves the program has to wait until all before it is durable, and nothing else has to.
#[test]
fn barriers_are_told() {
    const SHOP: &str = "\
extern mail from \"http:mail\" {
  @idempotent
  fn tell(who: Text)
}

stream orders: Text

entity Shop(name: Text) {
  pub state sold: Int = 0
  pub fn sell(what: Text) {
    sold += 1
    orders.emit(what)
  }
}

pub fn greet(who: Text) {
  mail.tell(who)
}

@keep(\"few\")
view kinds = for o in orders group by kind: o select (kind, count())

@anyone
pub view common = for k in kinds where k.1 > 3 select k.0
";
    let folder = folder("barriers", SHOP);
    let explained = |name: &str| said(&weir(&["explain", name, "bank.weir"], &folder));
    let sell = explained("Shop.sell");
    assert!(
        sell.contains("durable first\n  rows of `common` to those who follow it, the reply\n"),
        "{sell}"
    );
    let greet = explained("greet");
    assert!(
        greet.contains("durable first\n  mail.tell (line 17), the reply\n"),
        "{greet}"
    );
    fs::remove_dir_all(&folder).expect("it is there");
}
