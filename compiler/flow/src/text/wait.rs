//! What a run waits for, in words: `sleep`, `events 2 [0, 1]`, `extern 3 within`, `join list fallible limit`.

use crate::ir::{EntityId, Wait};

pub fn print(wait: &Wait) -> String {
    let flag = |set: bool, word: &str| {
        if set {
            format!(" {word}")
        } else {
            String::new()
        }
    };
    match wait {
        Wait::Yield => "yield".to_owned(),
        Wait::Sleep => "sleep".to_owned(),
        Wait::SleepUntil => "sleep_until".to_owned(),
        Wait::Events(entity, events) => format!("events {} {events:?}", entity.0),
        Wait::Extern { function, within } => {
            format!("extern {function}{}", flag(*within, "within"))
        }
        Wait::Run => "run".to_owned(),
        Wait::Join {
            list,
            fallible,
            limit,
        } => {
            let kind = [(list, "list"), (fallible, "fallible"), (limit, "limit")];
            let words = kind.map(|(set, word)| flag(*set, word));
            format!("join{}", words.concat())
        }
        Wait::Advance => "advance".to_owned(),
        Wait::Settle => "settle".to_owned(),
    }
}

pub fn parse(text: &str) -> Option<Wait> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ','))
        .filter(|word| !word.is_empty())
        .collect();
    let (kind, rest) = words.split_first()?;
    let has = |word: &str| rest.contains(&word);
    Some(match *kind {
        "yield" => Wait::Yield,
        "sleep" => Wait::Sleep,
        "sleep_until" => Wait::SleepUntil,
        "events" => {
            let numbers: Option<Vec<u32>> = rest.iter().map(|n| n.parse().ok()).collect();
            let (entity, events) = numbers?
                .split_first()
                .map(|(e, rest)| (*e, rest.to_vec()))?;
            Wait::Events(EntityId(entity), events)
        }
        "extern" => Wait::Extern {
            function: rest.first()?.parse().ok()?,
            within: has("within"),
        },
        "run" => Wait::Run,
        "join" => Wait::Join {
            list: has("list"),
            fallible: has("fallible"),
            limit: has("limit"),
        },
        "advance" => Wait::Advance,
        "settle" => Wait::Settle,
        _ => return None,
    })
}
