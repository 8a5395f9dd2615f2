//! What lies outside: a payment service and a courier, who both keep their promise about keys.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use weir_tests::ledger::{Ledger, Said};

/// Orders to where no courier goes end so.
pub const NOWHERE: &str = "-nowhere";

#[derive(Default)]
pub struct Outside {
    pub ledger: Ledger,
    /// Orders that a courier takes, and with which key.
    pub booked: BTreeMap<String, String>,
}

impl Outside {
    pub fn ask(&mut self, function: &str, key: &str, args: &Json) -> Said {
        if function != "book" {
            return self.ledger.ask(function, key, args);
        }
        let order = args["order"].as_str().expect("an order's number");
        if order.ends_with(NOWHERE) {
            return Err(json!({ "error": "NoRoute" }));
        }
        let with = self
            .booked
            .entry(order.to_owned())
            .or_insert(key.to_owned());
        assert_eq!(with, key, "{order} is booked with two keys");
        Ok(json!(null))
    }
}
