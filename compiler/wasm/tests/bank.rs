//! A whole program: accounts with an invariant, transfers that fail and change nothing, crashes with their place.

mod world;

use weir_contract::Value;
use world::{World, text, world};

const BANK: &str = include_str!("bank.ir");

fn bank() -> World {
    world(BANK)
}

fn dec(whole: i64) -> Value {
    Value::Decimal(whole as i128 * 1_000_000_000)
}

#[test]
fn money_moves_between_accounts() {
    let mut bank = bank();
    assert_eq!(bank.call("deposit", &[text("ann")], &[dec(100)]), "100");
    assert_eq!(
        bank.call("transfer", &[], &[text("ann"), text("bob"), dec(30)]),
        "()"
    );
    assert_eq!(bank.call("balance", &[text("ann")], &[]), "70");
    bank.caller = "bob".into();
    assert_eq!(bank.call("balance", &[text("bob")], &[]), "30");
    assert_eq!(
        bank.call("history", &[text("bob")], &[]),
        r#"["from ann: 30"]"#
    );
}

#[test]
fn a_failure_changes_nothing() {
    let mut bank = bank();
    bank.call("deposit", &[text("ann")], &[dec(10)]);
    assert_eq!(
        bank.call("transfer", &[], &[text("ann"), text("bob"), dec(30)]),
        "fails Poor(have: 10)"
    );
    bank.caller = "bob".into();
    assert_eq!(bank.call("balance", &[text("bob")], &[]), "0");
    assert_eq!(bank.call("history", &[text("bob")], &[]), "[]");
}

#[test]
fn a_broken_invariant_drops_the_step() {
    let mut bank = bank();
    bank.call("deposit", &[text("ann")], &[dec(10)]);
    assert_eq!(
        bank.call("deposit", &[text("ann")], &[dec(-11)]),
        "bug invariant_broken !3: ann"
    );
    // The trap cost the instance, not the state.
    assert_eq!(bank.call("deposit", &[text("ann")], &[dec(-10)]), "0");
}

#[test]
fn the_guard_says_no() {
    let mut bank = bank();
    bank.caller = "eve".into();
    assert_eq!(bank.call("balance", &[text("ann")], &[]), "denied");
    bank.roles = ["auditor".to_owned(), "teller".to_owned()].into();
    assert_eq!(bank.call("balance", &[text("ann")], &[]), "0");
}

#[test]
fn same_ir_same_bytes() {
    let module = weir_flow::text::parse(BANK).unwrap();
    assert_eq!(
        weir_wasm::compile(&module),
        weir_wasm::compile(&module.clone())
    );
}

#[test]
fn steps_follow_each_other_in_one_instance() {
    let mut bank = bank();
    let steps = 2_000;
    for _ in 0..steps {
        bank.call("deposit", &[text("ann")], &[dec(1)]);
    }
    assert_eq!(bank.call("balance", &[text("ann")], &[]), "2000");
}
