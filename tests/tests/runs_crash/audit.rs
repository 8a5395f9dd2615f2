//! What must hold when a history is over, whatever went wrong in it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};
use weir_machine::{Answer, Ended};

use crate::history::{Checkout, STOCK};
use crate::node::Node;
use crate::outside::Outside;
use crate::shop::{Shop, Variant};

/// What happened in histories.
#[derive(Debug, Default)]
pub struct Tally {
    pub crashes: u64,
    histories: u64,
    /// How checkouts ended, and how often.
    ended: BTreeMap<String, u64>,
    refunds: u64,
    /// Calls of the payment service, also those made again.
    calls: u64,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.crashes += other.crashes;
        self.histories += other.histories;
        self.refunds += other.refunds;
        self.calls += other.calls;
        for (why, times) in other.ended {
            *self.ended.entry(why).or_default() += times;
        }
    }

    /// Histories in which everything goes well prove nothing.
    pub fn assert_telling(&self) {
        if self.histories < 100 {
            return;
        }
        for why in [
            "paid",
            "OutOfStock",
            "Declined",
            "Rejected",
            "Expired",
            "NoRoute",
            "Cancelled",
            "Unknown",
        ] {
            assert!(self.ended.contains_key(why), "no checkout ended so: {why}");
        }
        assert!(self.refunds > 0, "nothing was given back");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            crashes,
            histories,
            ended,
            refunds,
            calls,
        } = self;
        write!(
            f,
            "{crashes} crashes in {histories} histories, {calls} calls of the payment service, {refunds} refunds, {ended:?}"
        )
    }
}

pub fn audit(shop: &Shop, node: &Node<'_>, outside: &Outside, checkouts: &[Checkout]) -> Tally {
    let books = &outside.ledger;
    assert!(books.complaints.is_empty(), "{:?}", books.complaints);
    let mut tally = Tally {
        crashes: node.crashes,
        histories: 1,
        calls: books.calls,
        ..Tally::default()
    };
    let mut sold: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
    for checkout in checkouts {
        let result = result(shop, node, checkout);
        let of = format!("{checkout:?}: {result}");
        let charges = books.charges_of(&checkout.card);
        let kept: Vec<_> = charges.iter().filter(|c| !c.refunded).collect();
        assert!(charges.len() <= 1, "charged twice: {charges:?}: {of}");
        tally.refunds += (charges.len() - kept.len()) as u64;
        let why = result["error"].as_str().unwrap_or("paid");
        let is_in_doubt = why != "paid" && !kept.is_empty();
        let counted = if is_in_doubt { " though charged" } else { "" };
        *tally.ended.entry(format!("{why}{counted}")).or_default() += 1;
        let status = &instance(shop, node, "Checkout", &checkout.order)["status"];
        if why == "paid" {
            assert_eq!(kept.len(), 1, "paid without a charge: {of}");
            assert_eq!(result, kept[0].number, "{of}");
            assert_eq!(kept[0].amount, checkout.total().to_string(), "{of}");
            assert_eq!(*status, json!({ "kind": "Paid", "charge": result }), "{of}");
            let booked = outside.booked.contains_key(&checkout.order);
            assert_eq!(booked, shop.variant == Variant::Courier, "{of}");
            for (sku, qty, _) in &checkout.lines {
                sold.entry(sku).or_default().insert(&checkout.order, *qty);
            }
        } else {
            // Only where nobody knows may money be gone: when the answer was lost.
            assert!(
                kept.is_empty() || why == "Unknown",
                "charged for nothing: {of}"
            );
            // Whoever went on behind the charge knew of it.
            let went_on = outside.booked.contains_key(&checkout.order);
            assert!(kept.is_empty() || !went_on, "not given back: {of}");
            // Cancelled before its first transaction, it has left nothing.
            let is_unbegun = why == "Cancelled" && status.is_null();
            assert!(
                is_unbegun || status == "Dropped",
                "half done: {status}: {of}"
            );
        }
    }
    for (sku, put_in) in STOCK {
        let stock = instance(shop, node, "Stock", sku);
        let orders = sold.remove(sku).unwrap_or_default();
        let gone: i64 = orders.values().sum();
        assert_eq!(stock["left"], put_in - gone, "what is left of {sku}");
        // Never written, it is not shown.
        let held = stock["held"].as_object().cloned().unwrap_or_default();
        assert_eq!(Json::from(held), json!(orders), "whose {sku} is held");
    }
    for (run, told) in &node.ended {
        let known = node.machine.result(*run);
        match (told, known) {
            (Ended::Output(output), Some(Answer::Output(known))) => assert_eq!(*output, known),
            (Ended::Cancelled, Some(Answer::Ended(Ended::Cancelled))) => {}
            // Of what is no workflow, the result is kept for a day.
            (_, None) => {}
            other => panic!("run {run}: told and known: {other:?}"),
        }
    }
    tally
}

/// The result of a checkout's run, as JSON.
fn result(shop: &Shop, node: &Node<'_>, checkout: &Checkout) -> Json {
    let key = shop.key("Checkout", &checkout.order);
    let runs = node.machine.runs();
    let run = runs.of_workflow(shop.entity("Checkout"), &key);
    let run = run.expect("what was acknowledged is there");
    let shown = node.machine.run_json(run).expect("it can be shown");
    shown.expect("a workflow's result is kept")["result"].take()
}

/// The state of an instance; null when it was never written.
fn instance(shop: &Shop, node: &Node<'_>, entity: &str, key: &str) -> Json {
    let key = shop.key(entity, key);
    let shown = node.machine.instance_json(shop.entity(entity), &key);
    let mut shown = shown.expect("it can be shown").unwrap_or_default();
    shown["state"].take()
}
