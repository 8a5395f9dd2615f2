//! Programs with one way through them cost just what their receipts say.

use weir_contract::Value;
use weir_tests::generate::Call;

use crate::build;
use crate::player::Player;

const PROGRAM: &str = r#"
entity Account(owner: Text) {
  pub state balance: Int = 0
  state entries: List<Int> = []
  state marks: Set<Text> = []
  state notes: Map<Text, Int> = [:]
  invariant balance >= 0

  @anyone
  pub fn deposit(amount: Int) {
    balance += amount
    entries.push(amount)
  }

  @anyone
  pub fn transfer(to: Text, amount: Int) {
    balance -= amount
    Account(to).deposit(amount)
  }

  @anyone
  pub fn mark_all(names: List<Text>) {
    for name in names { marks.add(name) }
  }

  @anyone
  pub fn three() -> Int {
    var sum = 0
    for _i in 0..3 { sum += balance }
    sum
  }

  @anyone
  pub fn first_two() -> List<Int> = for entry in entries select entry + balance limit 2

  @anyone
  pub fn rewrite(all: List<Int>) { entries = all }

  @anyone
  pub fn pop() -> Int? = entries.pop()

  @anyone
  pub fn forget(name: Text) -> Int? = notes.remove(name)

  @anyone
  pub fn note(name: Text, n: Int) { notes[name] = n }
}

@anyone
pub fn pay_all(from: Text, to: List<Text>) {
  for one in to { Account(from).transfer(one, 1) }
}

fn lines_of(names: List<Text>) -> List<Text> = for name in names select "x{name}"

@anyone
pub fn pay_made(names: List<Text>) {
  for one in lines_of(names) { Account(one).deposit(1) }
}

@anyone
pub fn slowly(names: List<Text>) {
  for name in names {
    sleep(1m)
    Account(name).deposit(1)
  }
}

@anyone
pub fn beside(names: List<Text>) {
  parallel for name in names { Account(name).deposit(2) }
}
"#;

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|t| Value::Text((*t).into())).collect())
}

fn call(owner: Option<&str>, function: &str, args: Vec<Value>) -> Call {
    Call {
        instance: owner.map(|owner| ("Account".to_owned(), vec![Value::Text(owner.into())])),
        function: function.into(),
        args: args.into_iter().map(Some).collect(),
        caller: "ann".into(),
        roles: Vec::new(),
        time: 0,
    }
}

#[test]
fn one_way_through_costs_just_what_the_receipt_says() {
    let (manifest, program) = build(PROGRAM).expect("it is right");
    let text = |t: &str| Value::Text(t.into());
    let ints = |all: &[i64]| Value::List(all.iter().map(|n| Value::Int(*n)).collect());
    let calls = [
        call(Some("ann"), "deposit", vec![Value::Int(50)]),
        call(Some("ann"), "deposit", vec![Value::Int(7)]),
        call(Some("ann"), "deposit", vec![Value::Int(8)]),
        call(Some("ann"), "transfer", vec![text("bob"), Value::Int(5)]),
        call(Some("ann"), "mark_all", vec![texts(&["a", "b", "c"])]),
        call(Some("ann"), "three", vec![]),
        call(Some("ann"), "first_two", vec![]),
        call(Some("ann"), "pop", vec![]),
        call(Some("ann"), "note", vec![text("n"), Value::Int(1)]),
        call(Some("ann"), "forget", vec![text("n")]),
        call(Some("ann"), "rewrite", vec![ints(&[1, 2, 3])]),
        call(None, "pay_all", vec![text("ann"), texts(&["bob", "cid"])]),
        call(None, "pay_made", vec![texts(&["bob", "cid", "dan"])]),
        call(None, "slowly", vec![texts(&["ann", "bob", "cid"])]),
        call(None, "beside", vec![texts(&["ann", "bob"])]),
    ];
    for call in calls {
        let mut player = Player::new(&manifest, &program, &[]);
        // Something is there.
        for owner in ["ann", "bob"] {
            for amount in [20, 30, 40] {
                player.call(&self::call(
                    Some(owner),
                    "deposit",
                    vec![Value::Int(amount)],
                ));
            }
        }
        player.call(&self::call(
            Some("ann"),
            "note",
            vec![text("n"), Value::Int(1)],
        ));
        let run = player.call(&call).expect("the program has it");
        player.happen(player.time + 3_600_000_000);
        let held = player.tallies[&run].hold(&manifest);
        assert_eq!(held.len(), 7, "{call}: {held:?}");
        for (part, counted, most) in held {
            // A run touches its keys in several steps, and each step counts for itself.
            if part == "keys"
                && ["pay_all", "pay_made", "slowly", "beside"].contains(&&*call.function)
            {
                assert!(counted <= most, "{call}: {counted} of {most} keys");
                continue;
            }
            assert_eq!(counted, most, "{call}: {part}");
        }
    }
}
