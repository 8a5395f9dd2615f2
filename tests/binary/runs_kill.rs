//! A checkout happens once or not at all, however often the process is killed and however the payment service fails.
//!
//! The real binary serves `examples/shop`. Threads start checkouts and answer those that wait for a manager, asking again
//! until they are heard. Meanwhile the process is killed at random moments, also while it recovers, and the payment service
//! hangs, fails and goes away. Each checkout pays with a card of its own, so the books of the service show what became of it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use weir_tests::ledger::{DECLINED, Ledger};
use weir_tests::payments::Payments;
use weir_tests::random::Random;
use weir_tests::restarting::{Patient, Restarting};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop/shop.weir");
const KILLS: u64 = 24;
const THREADS: u64 = 3;
/// More would only make the end longer.
const CHECKOUTS_MAX: u64 = 400;

/// What there is of each thing, and what one costs. Lamps run out in the middle; of moons there are none.
const STOCK: [(&str, i64, i64); 4] = [
    ("bell", 100_000, 10),
    ("bike", 100_000, 900),
    ("lamp", 60, 30),
    ("moon", 0, 1),
];

/// One checkout as its customer knows it.
#[derive(Clone, Debug)]
struct Checkout {
    order: String,
    card: String,
    /// What is bought, and how much of it. Nothing twice.
    lines: BTreeMap<&'static str, i64>,
    manager: Manager,
}

/// What the manager says to a checkout that is over 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Approves,
    Rejects,
    /// Not before the end of the day, and then no.
    Sleeps,
}

impl Checkout {
    fn random(number: u64, random: &mut Random) -> Self {
        let prefix = if random.below(6) == 0 {
            DECLINED
        } else {
            "4242"
        };
        let mut lines = BTreeMap::from([("bell", 1 + random.below(3) as i64)]);
        match random.below(8) {
            0..3 => lines.extend([("bike", 2)]),
            3..5 => lines.extend([("lamp", 1 + random.below(4) as i64)]),
            5 => lines.extend([("lamp", 1), ("moon", 1)]),
            _ => {}
        }
        Checkout {
            order: format!("o{number}"),
            card: format!("{prefix}-{number}"),
            lines,
            manager: match random.below(4) {
                0..2 => Manager::Approves,
                2 => Manager::Rejects,
                _ => Manager::Sleeps,
            },
        }
    }

    fn total(&self) -> i64 {
        let price = |sku: &str| STOCK.iter().find(|s| s.0 == sku).map_or(0, |s| s.2);
        self.lines.iter().map(|(sku, qty)| qty * price(sku)).sum()
    }

    /// Whether a manager is asked.
    fn is_large(&self) -> bool {
        self.total() > 1_000
    }

    fn path(&self, name: &str) -> String {
        format!("/Checkout/{}/{name}", self.order)
    }

    fn line(sku: &str, qty: i64) -> Value {
        let price = STOCK.iter().find(|s| s.0 == sku).map_or(0, |s| s.2);
        json!({ "sku": sku, "qty": qty, "price": price.to_string() })
    }

    /// Starts it, again if need be: the answer's status and body.
    fn start(&self, client: &mut Patient) -> (u16, String) {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|(s, q)| Checkout::line(s, *q))
            .collect();
        let body = json!({ "lines": lines, "card": self.card });
        let reply = client.post(&self.path("run"), &[], &body.to_string());
        (reply.status, reply.body)
    }

    /// Starts it through a cart, which gives it a number.
    fn start_from_cart(&mut self, client: &mut Patient) {
        let cart = format!("/Cart/{}", self.order);
        for (sku, qty) in &self.lines {
            let body = Checkout::line(sku, *qty).to_string();
            assert_eq!(client.post(&format!("{cart}/put"), &[], &body).status, 200);
        }
        let key = format!("cart-{}", self.order);
        let body = json!({ "card": self.card }).to_string();
        let headers = [("idempotency-key", key.as_str())];
        let reply = client.post(&format!("{cart}/checkout"), &headers, &body);
        assert_eq!(reply.status, 200, "{self:?}: {reply:?}");
        self.order = reply.json().as_str().expect("an order's number").to_owned();
    }

    /// Tells what the manager says; the status of the answer.
    fn send(&self, client: &mut Patient, event: &str) -> u16 {
        let key = format!("{event}-{}", self.order);
        let body = match event {
            "approved" => json!({ "by": "ann" }),
            _ => json!({ "by": "ann", "why": "too much" }),
        };
        let headers = [("weir-roles", "manager"), ("idempotency-key", &key)];
        let reply = client.post(&self.path(event), &headers, &body.to_string());
        reply.status
    }
}

struct Shared {
    stop: AtomicBool,
    next: AtomicU64,
    started: Mutex<Vec<Checkout>>,
}

#[test]
fn a_checkout_happens_once_or_not_at_all() {
    let seed = Random::seed("runs_kill");
    let mut random = Random::new(seed);
    let payments = Payments::start(seed);
    let mut node = Restarting::start(WEIR, SHOP, &[("payments", payments.url())]);
    let mut client = node.client();
    fill_shelves(&mut client);

    let shared = Arc::new(Shared {
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
        started: Mutex::default(),
    });
    let customers: Vec<_> = (1..=THREADS)
        .map(|thread| {
            let (shared, client) = (Arc::clone(&shared), node.client());
            std::thread::spawn(move || buy_until_stopped(&shared, client, seed ^ thread))
        })
        .collect();
    for kill in 0..KILLS {
        payments.set_down(kill % 6 == 2);
        std::thread::sleep(Duration::from_millis(20 + random.below(250)));
        match kill % 8 {
            3 => node.kill_twice(Duration::from_millis(random.below(300))),
            6 => node.stop(),
            _ => node.kill(),
        }
    }
    payments.set_down(false);
    shared.stop.store(true, Ordering::SeqCst);
    for customer in customers {
        customer.join().expect("a customer ends well");
    }
    let started = std::mem::take(&mut *shared.started.lock().unwrap());
    for checkout in &started {
        if checkout.is_large() && checkout.manager == Manager::Sleeps {
            let status = checkout.send(&mut client, "rejected");
            assert!(matches!(status, 202 | 410), "{checkout:?}: {status}");
        }
    }
    let results: Vec<_> = started
        .iter()
        .map(|checkout| {
            let reply = client.result(&checkout.path("run"));
            (reply.status, reply.body)
        })
        .collect();
    // Once more from the disk alone.
    node.kill();
    println!(
        "{} checkouts over {KILLS} kills, {} calls of the payment service",
        started.len(),
        payments.ledger().calls
    );
    assert!(
        started.len() as u64 > 2 * KILLS,
        "too few checkouts to mean anything"
    );
    audit(&mut client, &started, &results, &payments.ledger());
}

fn fill_shelves(client: &mut Patient) {
    for (sku, qty, _) in STOCK {
        let headers = [
            ("weir-roles", "warehouse"),
            ("idempotency-key", &format!("restock-{sku}")),
        ];
        let path = format!("/Stock/{sku}/restock");
        let reply = client.post(&path, &headers, &json!({ "qty": qty }).to_string());
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

/// Starts checkouts, and is the manager of those that need one. Waits for none of them to end.
fn buy_until_stopped(shared: &Shared, mut client: Patient, seed: u64) {
    let mut random = Random::new(seed);
    while !shared.stop.load(Ordering::SeqCst) {
        let number = shared.next.fetch_add(1, Ordering::SeqCst);
        if number >= CHECKOUTS_MAX {
            return;
        }
        let mut checkout = Checkout::random(number, &mut random);
        if random.below(5) == 0 {
            checkout.start_from_cart(&mut client);
        } else {
            checkout.start(&mut client);
        }
        shared.started.lock().unwrap().push(checkout.clone());
        std::thread::sleep(Duration::from_millis(random.below(80)));
        let event = match checkout.manager {
            Manager::Approves => "approved",
            Manager::Rejects => "rejected",
            Manager::Sleeps => continue,
        };
        // A small one may have ended by now, and one that is out of stock.
        let status = checkout.send(&mut client, event);
        assert!(matches!(status, 202 | 410), "{checkout:?}: {status}");
    }
}

/// Compares what each checkout says of itself with the books of the payment service and with the shelves.
fn audit(client: &mut Patient, started: &[Checkout], results: &[(u16, String)], books: &Ledger) {
    assert!(books.complaints.is_empty(), "{:?}", books.complaints);
    let mut sold: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
    let mut ended: BTreeMap<String, u64> = BTreeMap::new();
    for (checkout, (status, body)) in started.iter().zip(results) {
        let of = format!("{checkout:?}: {status} {body}");
        let said: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {of}"));
        let charges = books.charges_of(&checkout.card);
        let kept: Vec<_> = charges.iter().filter(|c| !c.refunded).collect();
        assert!(charges.len() <= 1, "charged twice: {charges:?}: {of}");
        let shown = client.get(&checkout.path("status"), &[]).json();
        if *status == 200 {
            assert_eq!(kept.len(), 1, "paid without a charge: {of}");
            assert_eq!(said, kept[0].number, "{of}");
            assert_eq!(kept[0].amount, checkout.total().to_string(), "{of}");
            assert_eq!(shown, json!({ "kind": "Paid", "charge": said }), "{of}");
            for (sku, qty) in &checkout.lines {
                sold.entry(sku).or_default().insert(&checkout.order, *qty);
            }
        } else {
            assert_eq!(kept.len(), 0, "charged for nothing: {of}");
            assert_eq!(shown, json!("Dropped"), "half done: {of}");
        }
        let why = said["error"].as_str().unwrap_or("paid");
        assert!(may_end_as(checkout, *status, why), "{of}");
        *ended.entry(why.to_owned()).or_default() += 1;

        let again = client.result(&checkout.path("run"));
        assert_eq!((again.status, &again.body), (*status, body), "{of}");
        let again = checkout.start(client);
        assert_eq!(again, (*status, body.clone()), "started again: {of}");
    }
    println!("{ended:?}");
    for (sku, put_in, _) in STOCK {
        let orders = sold.remove(sku).unwrap_or_default();
        let left = client.get(&format!("/Stock/{sku}/left"), &[]).json();
        let gone: i64 = orders.values().sum();
        assert_eq!(left, put_in - gone, "what is left of {sku}");
        let stock = client.get(&format!("/_weir/state/Stock/{sku}"), &[]).json();
        // Never written, it is not shown.
        let held = stock["state"]["held"].as_object().cloned();
        let held = Value::Object(held.unwrap_or_default());
        assert_eq!(held, json!(orders), "whose {sku} is held: {stock}");
    }
    let going = client.get("/_weir/runs", &[]).json();
    assert_eq!(going, json!([]), "nothing goes on behind the last result");
}

fn may_end_as(checkout: &Checkout, status: u16, why: &str) -> bool {
    let has = |sku: &str| checkout.lines.contains_key(sku);
    let declined = checkout.card.starts_with(DECLINED);
    let rejected = checkout.is_large() && checkout.manager != Manager::Approves;
    match (status, why) {
        (409, "OutOfStock") => has("moon") || has("lamp"),
        (409, "Rejected") => rejected && !has("moon"),
        (402, "Declined") => declined && !rejected && !has("moon"),
        (200, "paid") => !declined && !rejected && !has("moon"),
        _ => false,
    }
}
