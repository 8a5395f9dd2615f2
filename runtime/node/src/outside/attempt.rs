//! One attempt at an outside call, whoever is asked.

use std::time::Duration;

use weir_contract::manifest::Extern;

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Attempt {
    /// Answered: a step's output, as `call::Reply` encodes it.
    Done(Vec<u8>),
    /// Not done, or nobody knows; the reason is for people. A server may have said how long to wait.
    Again {
        why: String,
        after: Option<Duration>,
    },
}

/// Not done; nobody has said how long to wait.
pub fn again(why: String) -> Attempt {
    Attempt::Again { why, after: None }
}

/// How long one attempt may take when the program does not say.
const TIME_MAX: Duration = Duration::from_secs(60);

/// How long one attempt may take.
pub fn time(function: &Extern) -> Duration {
    match function.timeout_us {
        Some(us) => Duration::from_micros(us.max(0) as u64),
        None => TIME_MAX,
    }
}
