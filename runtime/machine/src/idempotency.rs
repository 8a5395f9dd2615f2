//! Answers kept for requests with an `Idempotency-Key`: the same key of the same caller gets the same answer.
//!
//! Filled only by records, so a key is answered the same after a crash. An answer is kept for a time counted in record
//! times; forgetting happens at records too, and so at the same place in each replay.

use std::collections::{HashMap, VecDeque};

use weir_contract::settings::Retention;

use crate::record::Digest;

/// An answer given once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub run: u64,
    /// Time of the record.
    pub time: i64,
    pub digest: Digest,
    pub answer: KeptAnswer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptAnswer {
    /// The output of a function of the program in force, by position.
    Output { function: u32, output: Vec<u8> },
    /// An answer that needs no program: HTTP status and JSON. What an earlier program answered, or that an event was taken.
    Rendered { status: u16, json: String },
    /// The run goes on; when it ends, its output takes this place.
    Run,
}

impl KeptAnswer {
    /// To an event: that it was taken. It needs no program.
    pub fn taken() -> KeptAnswer {
        KeptAnswer::Rendered {
            status: 202,
            json: "null".to_owned(),
        }
    }
}

/// All answers kept.
#[derive(Clone, Debug)]
pub struct Answers {
    /// How long one is kept, in microseconds, as the program in force has it.
    pub keep_us: i64,
    /// By caller and key.
    kept: HashMap<(String, String), Kept>,
    /// In the order they came, which is the order of their times.
    order: VecDeque<(String, String)>,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            keep_us: Retention::default().answers_us(),
            kept: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl Answers {
    /// The answer to a key, unless it is too old at `now`.
    pub fn find(&self, caller: &str, key: &str, now: i64) -> Option<&Kept> {
        let kept = self.kept.get(&(caller.to_owned(), key.to_owned()))?;
        (now.saturating_sub(kept.time) < self.keep_us).then_some(kept)
    }

    /// Keeps an answer; one that was kept for the key and is too old by now is replaced.
    pub fn keep(&mut self, caller: &str, key: &str, kept: Kept) {
        self.forget(kept.time);
        let id = (caller.to_owned(), key.to_owned());
        if self.kept.insert(id.clone(), kept).is_none() {
            self.order.push_back(id);
        }
    }

    /// The run that a request started has ended.
    pub fn settle(&mut self, caller: &str, key: &str, run: u64, function: u32, output: &[u8]) {
        let kept = self.kept.get_mut(&(caller.to_owned(), key.to_owned()));
        if let Some(kept) = kept.filter(|kept| kept.run == run) {
            let output = output.to_vec();
            kept.answer = KeptAnswer::Output { function, output };
        }
    }

    /// Drops what is too old at `now`.
    pub fn forget(&mut self, now: i64) {
        while let Some(id) = self.order.front() {
            if now.saturating_sub(self.kept[id].time) < self.keep_us {
                break;
            }
            self.kept.remove(id);
            self.order.pop_front();
        }
    }

    /// In the order they came: caller, key, answer.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str, &Kept)> {
        self.order
            .iter()
            .map(|id| (id.0.as_str(), id.1.as_str(), &self.kept[id]))
    }

    /// Replaces each answer, in the order they came.
    pub fn rewrite(&mut self, mut f: impl FnMut(&Kept) -> KeptAnswer) {
        for id in &self.order {
            let kept = self.kept.get_mut(id).expect("each id in the order is kept");
            kept.answer = f(kept);
        }
    }
}
