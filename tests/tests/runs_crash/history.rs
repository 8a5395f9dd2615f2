//! One history from a seed: who does what when, what goes wrong on the way, and when the process dies.

use serde_json::{Value as Json, json};
use weir_contract::manifest::Promise;
use weir_engine::Runner;
use weir_machine::{StepCap, failed_output};
use weir_tests::ledger::DECLINED;
use weir_tests::random::Random;

use crate::audit::{Tally, audit};
use crate::node::{Node, Told};
use crate::outside::{NOWHERE, Outside};
use crate::shop::Shop;

/// Bikes cost 900, so a checkout of two needs a manager, and they run out; moons there are none.
pub const STOCK: [(&str, i64); 3] = [("bell", 100), ("bike", 9), ("moon", 0)];

const CHECKOUTS: usize = 5;
const BEGIN_US: i64 = 1_767_225_600_000_000;
const SECOND_US: i64 = 1_000_000;
/// More than any history needs.
const ACTIONS_MAX: usize = 20_000;

/// One checkout as its customer and its manager know it.
#[derive(Debug)]
pub struct Checkout {
    pub order: String,
    pub card: String,
    pub lines: Vec<(&'static str, i64, i64)>,
    /// What the manager says, if anything.
    pub event: Option<&'static str>,
    started: bool,
    heard: bool,
}

impl Checkout {
    fn random(number: usize, random: &mut Random) -> Self {
        let one_in = |random: &mut Random, n| random.below(n) == 0;
        let prefix = if one_in(random, 5) { DECLINED } else { "4242" };
        let ending = if one_in(random, 3) { NOWHERE } else { "" };
        let mut lines = vec![("bell", 1 + random.below(3) as i64, 10)];
        match random.below(8) {
            0..5 => lines.push(("bike", 2, 900)),
            5 => lines.extend([("bike", 1, 900), ("moon", 1, 5)]),
            _ => {}
        }
        Checkout {
            order: format!("o{number}{ending}"),
            card: format!("{prefix}-{number}"),
            lines,
            event: match random.below(5) {
                0..3 => Some("approved"),
                3 => Some("rejected"),
                _ => None,
            },
            started: false,
            heard: false,
        }
    }

    pub fn total(&self) -> i64 {
        self.lines.iter().map(|(_, qty, price)| qty * price).sum()
    }

    fn args(&self) -> Json {
        let line = |(sku, qty, price): &(&str, i64, i64)| json!({ "sku": sku, "qty": qty, "price": price.to_string() });
        let lines: Vec<_> = self.lines.iter().map(line).collect();
        json!({ "lines": lines, "card": self.card })
    }
}

struct History<'a> {
    shop: &'a Shop,
    random: Random,
    node: Node<'a>,
    outside: Outside,
    checkouts: Vec<Checkout>,
    now: i64,
}

/// Plays a history to its end and checks what came out.
pub fn play(shop: &Shop, runner: &mut Runner, seed: u64) -> Tally {
    let mut random = Random::new(seed);
    let cap = match random.below(2) {
        0 => StepCap::default(),
        // Each transaction is a step of its own.
        _ => StepCap {
            transactions: 0,
            ..StepCap::default()
        },
    };
    let checkouts = (0..CHECKOUTS).map(|n| Checkout::random(n, &mut random));
    let mut history = History {
        shop,
        checkouts: checkouts.collect(),
        node: Node::start(shop, runner, cap, BEGIN_US),
        random,
        outside: Outside::default(),
        now: BEGIN_US,
    };
    history.fill_shelves();
    for _ in 0..ACTIONS_MAX {
        if history.is_over() {
            return audit(shop, &history.node, &history.outside, &history.checkouts);
        }
        history.act();
        // Mostly dense, so that several calls are in flight when it comes.
        if history.random.below(8) == 0 {
            history.node.crash(&mut history.random, history.now);
        }
    }
    let going = history.node.machine.runs_json(None, 100, false);
    panic!("it does not end: {going:?}");
}

impl History<'_> {
    fn fill_shelves(&mut self) {
        for (sku, qty) in STOCK {
            let call = self
                .shop
                .call("Stock", sku, "restock", &json!({ "qty": qty }));
            self.node.call(&call, Told::Restocked, self.now);
        }
        self.node.sync(usize::MAX);
    }

    fn is_over(&self) -> bool {
        let heard = |c: &Checkout| c.started && (c.heard || c.event.is_none());
        self.checkouts.iter().all(heard)
            && self.node.is_synced()
            && self.node.machine.runs().going().len() == 0
    }

    fn act(&mut self) {
        match self.random.below(16) {
            0 => self.start(),
            1 if self.random.below(12) == 0 => self.cancel(),
            1 => self.send(),
            2..7 => {
                self.node.advance(self.now);
            }
            7..9 => self.reach(),
            9..11 => self.come_back(),
            11..14 => {
                let count = self.random.below(6) as usize;
                for told in self.node.sync(count) {
                    self.hear(told);
                }
            }
            14 => self.pass_time(),
            _ => self.node.take_snapshot(),
        }
    }

    /// A customer starts a checkout, perhaps once more.
    fn start(&mut self) {
        let number = self.random.below(CHECKOUTS as u64) as usize;
        let checkout = &self.checkouts[number];
        let mut call = self
            .shop
            .call("Checkout", &checkout.order, "run", &checkout.args());
        if self.random.below(2) == 0 {
            // The order's number is enough.
            call.idempotency = None;
        }
        self.node.call(&call, Told::Started(number), self.now);
    }

    /// A manager answers a checkout that was started, perhaps once more.
    fn send(&mut self) {
        let number = self.random.below(CHECKOUTS as u64) as usize;
        let checkout = &self.checkouts[number];
        let (true, Some(event)) = (checkout.started, checkout.event) else {
            return;
        };
        let args = json!({ "by": "ann", "why": "too much" });
        let sent = self.shop.event(&checkout.order, event, &args);
        self.node.send(&sent, number, self.now);
    }

    /// Somebody cancels whatever goes on.
    fn cancel(&mut self) {
        let going = self.node.machine.runs().going();
        let (Some(many), runs) = (going.len().checked_sub(1), going) else {
            return;
        };
        let nth = self.random.below(many as u64 + 1) as usize;
        let run = runs.map(|(run, _)| run).nth(nth);
        self.node.cancel(run.expect("one of them"), self.now);
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Started(number) => self.checkouts[number].started = true,
            Told::Taken(number) | Told::TooLate(number) => self.checkouts[number].heard = true,
            Told::Restocked => {}
        }
    }

    /// A call arrives outside, or gets lost on the way.
    fn reach(&mut self) {
        let mut waiting = self.node.calls.iter().filter(|c| c.said.is_none()).count() as u64;
        if waiting == 0 {
            return;
        }
        waiting = self.random.below(waiting);
        let chance = self.random.below(6);
        let calls = self.node.calls.iter_mut().filter(|c| c.said.is_none());
        let at = calls
            .into_iter()
            .nth(waiting as usize)
            .expect("one of them");
        let function = self.shop.function_of(&at.call);
        let args = self.shop.args_of(&at.call);
        let (is_lost, is_done) = (chance < 2, chance != 0);
        let key = match function.promise {
            // Whoever takes no heed of keys does it each time.
            Promise::Once => format!("attempt {}", self.outside.ledger.calls),
            _ => at.call.key(),
        };
        let said = is_done.then(|| self.outside.ask(&function.name, &key, &args));
        at.said = match (is_lost, function.promise, said) {
            (false, _, Some(said)) => Some(self.shop.output(&at.call, &said)),
            // One attempt, and no answer: whether it was done nobody knows.
            (_, Promise::Once, _) => {
                let failures = self.shop.manifest.failures.as_ref();
                failures.map(|failures| failed_output(failures.unknown))
            }
            // It will be tried again.
            _ => None,
        };
    }

    /// An answer arrives, sometimes twice.
    fn come_back(&mut self) {
        let calls = &mut self.node.calls;
        let Some(position) = calls.iter().position(|c| c.said.is_some()) else {
            return;
        };
        let in_flight = calls.swap_remove(position);
        let output = in_flight.said.expect("it was looked for");
        let call = in_flight.call.call;
        // Nobody does when it has come before.
        let is_wanted = self.node.machine.outside_call(call).is_some();
        let is_taken = self.node.answer(call, output.clone(), self.now);
        assert_eq!(is_taken, is_wanted, "the answer to call {call}");
        if self.random.below(3) == 0 {
            assert!(!self.node.answer(call, output, self.now), "answered twice");
        }
    }

    fn pass_time(&mut self) {
        self.now += match self.random.below(12) {
            0 => 86_400 * SECOND_US,
            _ => self.random.below(10 * SECOND_US as u64) as i64,
        };
    }
}
