//! A talk goes on over kills: no message of it is lost or there twice, and the model is asked once for each.
//!
//! The real binary serves `examples/support` with a model that hangs and fails. Customers talk to it about refunds, large ones
//! of which staff decides. What each chat must be in the end is known from what was said. Silence of seven days, which ends a
//! ticket, is left to the tests of the example: over HTTP nobody can wait for it.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use weir_tests::ledger::Said;
use weir_tests::random::Random;
use weir_tests::restarting::{Patient, Restarting};
use weir_tests::server::Request;
use weir_tests::service::Service;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const SUPPORT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/support/support.weir"
);
const KILLS: u64 = 6;
const TICKETS: u64 = 4;
/// What a customer says on one ticket; of what the model makes of it see [`decide`].
const SAID: [&str; 6] = [
    "it broke",
    "refund 5",
    "refund 120",
    "thank you",
    "refund 300",
    "bye",
];
/// What staff says to the large ones, in order.
const DECIDED: [bool; 2] = [true, false];

#[test]
fn a_talk_goes_on_over_kills() {
    let seed = Random::seed("support_kill");
    let mut random = Random::new(seed);
    let model = Service::start(seed, decide);
    let mut node = Restarting::start(WEIR, SUPPORT, &[("model", model.url())]);
    let customers: Vec<_> = (0..TICKETS)
        .map(|ticket| {
            let client = node.client();
            std::thread::spawn(move || talk(client, ticket, seed ^ ticket))
        })
        .collect();
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(50 + random.below(600)));
        node.kill();
    }
    for customer in customers {
        customer.join().expect("a customer ends well");
    }
    let mut client = node.client();
    for ticket in 0..TICKETS {
        wait_for_chat(&mut client, ticket);
    }
    // Once more from the disk alone.
    node.kill();
    for ticket in 0..TICKETS {
        let chat = client.get(&format!("/Support/t{ticket}/chat"), &[]).json();
        assert_eq!(chat, expected_chat(ticket), "ticket {ticket}");
        for (order, refunded) in [(5, "5"), (120, "120"), (300, "0")] {
            let path = format!("/Order/t{ticket}-{order}/refunded");
            assert_eq!(client.get(&path, &[]).json(), refunded, "{path}");
        }
    }
    let asked = model.calls();
    let messages = TICKETS as usize * SAID.len();
    println!("{messages} messages over {KILLS} kills");
    assert_eq!(asked.len(), messages, "the model is asked once for each");
}

/// The model: answers, or gives money back to the order that is named after ticket and amount.
fn decide(request: &Request) -> Said {
    let chat = request.body["chat"].as_array().expect("a chat is a list");
    let last = chat.last().expect("something was said");
    let text = last["text"].as_str().expect("a message is text");
    // The first message says which ticket it is.
    let ticket = chat[0]["text"].as_str().expect("a message is text");
    let ticket = ticket.rsplit(' ').next().unwrap_or_default();
    Ok(match text.strip_prefix("refund ") {
        Some(amount) => {
            json!({ "kind": "Refund", "order": format!("{ticket}-{amount}"), "amount": amount })
        }
        None => json!({ "kind": "Answer", "text": format!("about: {text}") }),
    })
}

/// Says everything, each until it is heard, and does not wait for what the model says to it.
fn talk(mut client: Patient, ticket: u64, seed: u64) {
    let mut random = Random::new(seed);
    let path = |name: &str| format!("/Support/t{ticket}/{name}");
    let started = client.post(&path("run"), &[], "{}");
    assert_eq!(started.status, 202, "{started:?}");
    for (number, text) in SAID.iter().enumerate() {
        std::thread::sleep(Duration::from_millis(random.below(400)));
        let text = if number == 0 {
            format!("{text}, says t{ticket}")
        } else {
            (*text).to_owned()
        };
        let key = format!("t{ticket}-said-{number}");
        let body = json!({ "text": text }).to_string();
        let heard = client.post(&path("said"), &[("idempotency-key", &key)], &body);
        assert_eq!(heard.status, 202, "{heard:?}");
    }
    for (number, refund) in DECIDED.iter().enumerate() {
        let key = format!("t{ticket}-decided-{number}");
        let headers = [("weir-roles", "staff"), ("idempotency-key", &key)];
        let body = json!({ "refund": refund, "by": "eve" }).to_string();
        let heard = client.post(&path("decided"), &headers, &body);
        assert_eq!(heard.status, 202, "{heard:?}");
    }
}

fn wait_for_chat(client: &mut Patient, ticket: u64) {
    let until = Instant::now() + Duration::from_secs(40);
    loop {
        let chat = client.get(&format!("/Support/t{ticket}/chat"), &[]).json();
        if chat
            .as_array()
            .is_some_and(|chat| chat.len() >= 2 * SAID.len())
        {
            return;
        }
        assert!(
            Instant::now() < until,
            "ticket {ticket} is not done: {chat}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What a chat is in the end; the ticket's name in the first message is its own.
fn expected_chat(ticket: u64) -> Value {
    let mut chat = Vec::new();
    let mut say = |from: &str, text: String| chat.push(json!({ "from": from, "text": text }));
    let first = format!("{}, says t{ticket}", SAID[0]);
    for text in SAID {
        let text = if text == SAID[0] { &first } else { text };
        say("customer", text.to_owned());
        let answer = match text {
            "refund 5" | "refund 120" => format!("{} is on its way.", &text["refund ".len()..]),
            "refund 300" => "Sorry, eve said no.".to_owned(),
            _ => format!("about: {text}"),
        };
        say("agent", answer);
    }
    json!(chat)
}
