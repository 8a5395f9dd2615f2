//! The books of a payment service that keeps its promise: with the same key it does nothing twice.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Cards that begin so have no money.
pub const DECLINED: &str = "0000";

#[derive(Default)]
pub struct Ledger {
    charges: Vec<Charge>,
    /// By key: what was asked and what was said.
    answered: BTreeMap<String, (String, Said)>,
    /// Calls, also those that were made again.
    pub calls: u64,
    /// What no caller that keeps to the contract does.
    pub complaints: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub number: String,
    pub card: String,
    /// As JSON carries a `Decimal`.
    pub amount: String,
    pub refunded: bool,
}

/// The value, or the failure as a node reads it: `{"error": "Declined", ..}`.
pub type Said = Result<Value, Value>;

impl Ledger {
    /// `charge {card, amount}` or `refund {charge}`.
    pub fn ask(&mut self, function: &str, key: &str, args: &Value) -> Said {
        self.calls += 1;
        let asked = format!("{function} {args}");
        if let Some((before, said)) = self.answered.get(key) {
            if *before != asked {
                self.complaints.push(format!(
                    "key {key} was used for `{before}` and for `{asked}`"
                ));
            }
            return said.clone();
        }
        let said = match function {
            "charge" => self.charge(args),
            "refund" => self.refund(args),
            other => panic!("a payment service has no {other}"),
        };
        self.answered.insert(key.to_owned(), (asked, said.clone()));
        said
    }

    /// All charges of a card, also those that were given back.
    pub fn charges_of(&self, card: &str) -> Vec<&Charge> {
        self.charges.iter().filter(|c| c.card == card).collect()
    }

    fn charge(&mut self, args: &Value) -> Said {
        let text = |name: &str| args[name].as_str().unwrap_or_default().to_owned();
        let card = text("card");
        if card.starts_with(DECLINED) {
            return Err(json!({ "error": "Declined", "why": "no money" }));
        }
        let number = format!("ch_{}", self.charges.len() + 1);
        self.charges.push(Charge {
            number: number.clone(),
            card,
            amount: text("amount"),
            refunded: false,
        });
        Ok(json!(number))
    }

    fn refund(&mut self, args: &Value) -> Said {
        match self.charges.iter_mut().find(|c| args["charge"] == c.number) {
            Some(charge) if !charge.refunded => charge.refunded = true,
            _ => self
                .complaints
                .push(format!("nothing to give back for {args}")),
        }
        Ok(json!(null))
    }
}
