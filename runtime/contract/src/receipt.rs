//! Receipts: what one call of a function costs at most, as formulas, and how much coordination it needs.
//!
//! Made by the compiler. A runtime, or a tool that reviews changes, can put lengths into the formulas and needs to know nothing of
//! the language. What is counted is said at each member of [`Cost`].

use serde::{Deserialize, Serialize};

use crate::formula::Formula;
use crate::plan::PlanExpr;

/// What a call of a function costs, and why it needs the coordination it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Site of the function's name.
    pub at: u32,
    pub class: Class,
    /// Why the class is not a freer one, or what makes it free: `it reads \`balance\` to decide`.
    pub reason: String,
    /// Where that is; 0 when no place is at fault.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub site: u32,
    /// Of the call, or of the whole run it begins when nothing fails.
    pub cost: Cost,
    /// What is added when the run fails, and what it did is undone.
    #[serde(default, skip_serializing_if = "Cost::is_zero")]
    pub undo: Cost,
    /// The frames of the fullest suspension with those of its branches, in bytes of the value encoding; absent where it never waits. What undos
    /// keep is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_bytes: Option<Size>,
    /// The writes that could change places with each other: nothing in the call depends on what was there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commuting: Vec<Commuting>,
}

fn is_zero(site: &u32) -> bool {
    *site == 0
}

/// How much coordination a call needs. Later ones need more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// On any replica, in any order.
    Free,
    /// Changes nothing; one state is seen.
    Read,
    /// One instance at a time, in one order.
    Serial,
    /// Several instances at once.
    Transaction,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Class::Free => "free",
            Class::Read => "read",
            Class::Serial => "serial",
            Class::Transaction => "transaction",
        }
    }
}

/// At most these. All of one call, or of the run it begins; what its messages do later is on the receipts of those they
/// are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Records in the log: one for the call unless it only reads, one for each time it goes on, one for each branch of
    /// `parallel`, one for each event it takes, one for each [`crate::limits::STEP_TRANSACTIONS_MAX`] transactions. Not
    /// counted: steps that end early because they have written [`crate::limits::STEP_WRITES_MAX`] bytes, answers of the outside
    /// that come too late or are too long for the record of their step, a bug, which is one record more.
    pub records: Count,
    /// Instances that are read or written, each once where its key is known to be the same.
    pub keys: Count,
    /// Calls of the outside world, whose attempts are not counted.
    pub outside: Count,
    /// How often state is asked: a field, an entry of a collection, a length, or a whole collection at once.
    pub reads: Count,
    /// How often state is changed: a field, or an entry; a collection that is written whole is one, and one for each entry.
    pub writes: Count,
    /// How often it waits: for a time, for events, for another run, for branches.
    pub waits: Count,
    /// Messages and events that it sends.
    pub messages: Count,
}

/// A formula over what a caller or the store knows.
pub type Count = Formula<Length>;

/// Something that has a size when the call is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Elements of a list or set, entries of a map.
    Of(PlanExpr),
    /// A number itself; less than nothing is nothing.
    Value(PlanExpr),
    /// Elements of a state field.
    Stored {
        entity: String,
        key: Vec<PlanExpr>,
        path: Vec<String>,
    },
    /// How many instances of an entity exist when the walk over them ends.
    Instances(String),
    /// How often the loop at a site goes round, or how long the value made there is: only running it can tell.
    Rounds(u32),
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub least: u32,
    /// Absent where a text or a collection is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
}

/// A write that commutes with itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commuting {
    pub entity: String,
    pub path: Vec<String>,
    pub how: Joins,
    pub site: u32,
}

/// How what is written joins what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joins {
    /// It is added to, or something is taken away.
    Add,
    /// An element is put into a set.
    Insert,
    /// An element is taken out of a set.
    Remove,
    /// An entry is put at a key that nobody else has.
    FreshKey,
    /// State that merges.
    Merge,
    /// It is set to what is greater.
    Max,
    /// It is set to what is less.
    Min,
}

impl Joins {
    /// `it is only added to`
    pub fn text(self) -> &'static str {
        match self {
            Joins::Add => "it is only added to",
            Joins::Insert => "elements are only put in",
            Joins::Remove => "elements are only taken out",
            Joins::FreshKey => "each entry is put at a fresh key",
            Joins::Merge => "it merges",
            Joins::Max => "it is only raised",
            Joins::Min => "it is only lowered",
        }
    }
}

impl Cost {
    pub fn is_zero(&self) -> bool {
        self.parts().iter().all(|(_, count)| count.is_zero())
    }

    /// Each part with its name, in the order of the fields.
    pub fn parts(&self) -> [(&'static str, &Count); 7] {
        [
            ("records", &self.records),
            ("keys", &self.keys),
            ("outside", &self.outside),
            ("reads", &self.reads),
            ("writes", &self.writes),
            ("waits", &self.waits),
            ("messages", &self.messages),
        ]
    }
}

impl Length {
    /// `|lines|`, `|Cart(customer).lines|`, `all Account`, `rounds of shop.weir:12`; `place` names a site.
    pub fn text(&self, place: &dyn Fn(u32) -> String) -> String {
        match self {
            Length::Of(of) => format!("|{}|", of.text()),
            Length::Value(of) => of.text(),
            Length::Stored { entity, key, path } => {
                let keys: Vec<String> = key.iter().map(PlanExpr::text).collect();
                format!("|{entity}({}).{}|", keys.join(", "), path.join("."))
            }
            Length::Instances(entity) => format!("|all {entity}|"),
            Length::Rounds(site) => format!("rounds({})", place(*site)),
        }
    }
}

impl PlanExpr {
    /// As in the source: `lines`, `order.lines`, `each lines`, `?`.
    pub fn text(&self) -> String {
        match self {
            PlanExpr::Argument(name) | PlanExpr::Key(name) => name.clone(),
            PlanExpr::Caller => "caller.id".to_owned(),
            PlanExpr::Constant(text) => text.clone(),
            PlanExpr::Member(of, name) => format!("{}.{name}", of.text()),
            PlanExpr::Element(of) => format!("each {}", of.text()),
            PlanExpr::Unknown => "?".to_owned(),
        }
    }
}
