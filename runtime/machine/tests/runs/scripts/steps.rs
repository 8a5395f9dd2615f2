//! Runs scripts as steps.

use weir_contract::CrashReason;
use weir_contract::border::{self, OUTPUT_FAILED, OUTPUT_OK, OUTPUT_SUSPENDED, StepInput};
use weir_contract::encode::{Reader, put_bytes, put_int, put_varint};
use weir_machine::{Crash, StateAccess as _, Steps, Transaction};

use super::program::*;
use super::{encode_key, log, log_to};

#[derive(Default)]
pub struct Scripts {
    /// Whether `bug` does nothing.
    pub mended: bool,
    /// Entries run, for counting.
    pub entries: usize,
}

enum Flow {
    Done(i64),
    Failed,
    Suspended,
}

impl Steps for Scripts {
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        self.entries += 1;
        let result = self.entry(entry, &input, &mut on);
        (on, result)
    }
}

impl Scripts {
    fn entry(
        &mut self,
        entry: u32,
        input: &StepInput<'_>,
        on: &mut Transaction,
    ) -> Result<Vec<u8>, Crash> {
        let mut r = Reader::new(input.args);
        if entry == ALLOW {
            let caller = Reader::new(input.caller).text().unwrap();
            let output = if caller == "ann" {
                OUTPUT_OK
            } else {
                border::OUTPUT_DENIED
            };
            return Ok(vec![output]);
        }
        match entry {
            EVENT => match r.varint().unwrap() {
                0 => log(on, &format!("approved:{}", r.text().unwrap())),
                1 => log(on, "rejected"),
                _ => log(on, "nothing"),
            },
            ANSWER => match r.varint().unwrap() {
                0 => log(on, &format!("answer:{}", r.int().unwrap())),
                error => log(on, &format!("error:{}", error - 1)),
            },
            RESULT | OUTER => match r.varint().unwrap() {
                0 => log(on, "ok"),
                error => log(on, &format!("error:{}", error - 1)),
            },
            JOINED => match r.varint().unwrap() {
                0 => {
                    let count = r.varint().unwrap();
                    let all: Vec<i64> = (0..count).map(|_| r.int().unwrap()).collect();
                    log(on, &format!("joined:{all:?}").replace(' ', ""));
                }
                error => log(on, &format!("error:{}", error - 1)),
            },
            _ => {}
        }
        let text = r.text().unwrap();
        match entry {
            1 => log_to(on, input.key, text),
            UNDO => log(on, &format!("undo:{text}")),
            MOCK => {
                let mut out = vec![OUTPUT_OK];
                put_int(&mut out, r.int().unwrap() + 100);
                return Ok(out);
            }
            _ => {
                let (gives_int, script) = match text.strip_prefix('%') {
                    Some(script) => (true, script),
                    None => (entry == BRANCH, text),
                };
                return Ok(match self.script(script, gives_int, on)? {
                    Flow::Suspended => vec![OUTPUT_SUSPENDED],
                    Flow::Failed => vec![OUTPUT_FAILED, REFUSED as u8],
                    Flow::Done(n) => {
                        let mut out = vec![OUTPUT_OK];
                        if gives_int {
                            put_int(&mut out, n);
                        }
                        out
                    }
                });
            }
        }
        Ok(vec![OUTPUT_OK])
    }

    fn script(
        &mut self,
        script: &str,
        gives_int: bool,
        on: &mut Transaction,
    ) -> Result<Flow, Crash> {
        let mut rest = script;
        let mut sent = 0;
        let mut given = 0;
        while !rest.is_empty() {
            let (words, tail) = next(rest);
            rest = tail;
            let word = |i: usize| words.get(i).copied().unwrap_or_default();
            let int = |i: usize| word(i).parse::<i64>().unwrap_or_default();
            let cells = |tail: &str| {
                let mut cells = Vec::new();
                let mark = if gives_int { "%" } else { "" };
                put_bytes(&mut cells, format!("{mark}{tail}").as_bytes());
                cells
            };
            let within = words
                .iter()
                .position(|w| *w == "within")
                .map(|i| int(i + 1));
            let mut operands = Vec::new();
            // What a wait needs: the frame's entry and the kind.
            let wait = match word(0) {
                "log" => {
                    log(on, word(1));
                    continue;
                }
                "give" => {
                    given = int(1);
                    continue;
                }
                "fail" => return Ok(Flow::Failed),
                "bug" if self.mended => continue,
                "bug" => {
                    return Err(Crash {
                        callers: vec![0, 0],
                        ..Crash::new(0, CrashReason::Overflow, "")
                    });
                }
                "full" => {
                    if !on.full() {
                        continue;
                    }
                    (UNIT, border::SUSPEND_YIELD)
                }
                "chance" => {
                    let id = on.fresh();
                    log(on, std::str::from_utf8(&id).unwrap());
                    let random = format!("{:x}", on.random());
                    log(on, &random);
                    continue;
                }
                // Tried and taken back.
                "try" => {
                    let mark = on.savepoint();
                    self.script(word(1), false, on)?;
                    on.rollback(mark);
                    continue;
                }
                "note" | "note_after" | "send" | "send_after" => {
                    let after = word(0).ends_with("_after");
                    let delay = after.then(|| int(1));
                    let at = 1 + after as usize;
                    let mut args = Vec::new();
                    put_bytes(&mut args, word(at + 1).as_bytes());
                    let (entity, entry) = match word(0).starts_with("note") {
                        true => (THING, 1),
                        false => (ORDER, 2),
                    };
                    let handle = on.open(entity, &encode_key(word(at)));
                    sent = on.send(entry, Some(handle), &args, delay).unwrap();
                    continue;
                }
                "cancel" => {
                    on.cancel(sent);
                    continue;
                }
                // `emit KEY SCRIPT`, `loose SCRIPT`
                "emit" | "loose" => {
                    let (stream, key, entry) = match word(0) {
                        "emit" => (KEYED, encode_key(word(1)), word(2)),
                        _ => (LOOSE, Vec::new(), word(1)),
                    };
                    let mut value = Vec::new();
                    put_bytes(&mut value, entry.as_bytes());
                    let position = on.emit(stream, &key, 0, &value).unwrap();
                    log(on, &format!("at:{position}"));
                    continue;
                }
                "event" | "event_after" => {
                    let after = word(0).ends_with("_after");
                    let at = 1 + after as usize;
                    let handle = on.open(ORDER, &encode_key(word(at)));
                    let mut args = Vec::new();
                    if int(at + 1) == 0 {
                        put_bytes(&mut args, word(at + 2).as_bytes());
                    }
                    let delay = after.then(|| int(1));
                    on.event(handle, int(at + 1) as u32, &args, delay).unwrap();
                    continue;
                }
                "undo" => {
                    let mut cells = Vec::new();
                    put_bytes(&mut cells, word(1).as_bytes());
                    on.undo(UNDO, &cells).unwrap();
                    continue;
                }
                "mock" => {
                    let mut cells = Vec::new();
                    put_bytes(&mut cells, b"");
                    on.mock(CHARGE, MOCK, &cells).unwrap();
                    continue;
                }
                "sub" => match self.script(word(1), false, on)? {
                    Flow::Done(_) => continue,
                    Flow::Failed => {
                        log(on, "caught");
                        continue;
                    }
                    Flow::Suspended => {
                        on.frame(OUTER, &cells(rest)).unwrap();
                        return Ok(Flow::Suspended);
                    }
                },
                "yield" => (UNIT, border::SUSPEND_YIELD),
                "sleep" => {
                    put_int(&mut operands, int(1));
                    (UNIT, border::SUSPEND_SLEEP)
                }
                "until" => {
                    put_int(&mut operands, int(1));
                    (UNIT, border::SUSPEND_SLEEP_UNTIL)
                }
                "advance" => {
                    put_int(&mut operands, int(1));
                    (UNIT, border::SUSPEND_ADVANCE)
                }
                "settle" => (UNIT, border::SUSPEND_SETTLE),
                "wait" => {
                    let events = words[1..].iter().take_while(|w| **w != "within");
                    put_varint(&mut operands, events.clone().count() as u64);
                    for event in events {
                        put_int(&mut operands, event.parse().unwrap());
                    }
                    put_option(&mut operands, within);
                    (EVENT, border::SUSPEND_EVENTS)
                }
                "charge" | "post" | "look" => {
                    let function = match word(0) {
                        "charge" => CHARGE,
                        "post" => POST,
                        _ => LOOK,
                    };
                    put_int(&mut operands, function as i64);
                    put_option(&mut operands, within);
                    put_int(&mut operands, int(1));
                    (ANSWER, border::SUSPEND_EXTERN)
                }
                // The run of a workflow, and its result.
                "run" => {
                    let mut args = Vec::new();
                    put_bytes(&mut args, word(2).as_bytes());
                    let handle = on.open(ORDER, &encode_key(word(1)));
                    let run = on.send(2, Some(handle), &args, None).unwrap();
                    put_int(&mut operands, run as i64);
                    put_option(&mut operands, within);
                    (RESULT, border::SUSPEND_RUN)
                }
                // `few 2 (a) (b) (c)`: two of them at one time.
                "par" | "few" => {
                    let limit = (words[0] == "few").then(|| int(1));
                    for branch in &words[1 + limit.iter().len()..] {
                        let mut cells = Vec::new();
                        put_bytes(&mut cells, branch.as_bytes());
                        on.branch(BRANCH, &cells).unwrap();
                    }
                    operands.extend_from_slice(&[1, 1]);
                    limit
                        .iter()
                        .for_each(|limit| put_int(&mut operands, *limit));
                    (JOINED, border::SUSPEND_JOIN)
                }
                other => panic!("no such word: {other}"),
            };
            let cells = cells(rest);
            on.frame(wait.0, &cells).unwrap();
            on.suspend(wait.1, &operands).unwrap();
            return Ok(Flow::Suspended);
        }
        Ok(Flow::Done(given))
    }
}

fn put_option(out: &mut Vec<u8>, value: Option<i64>) {
    out.push(value.is_some() as u8);
    if let Some(value) = value {
        put_int(out, value);
    }
}

/// The words of the first command, what stands in parentheses as one, and the commands after it.
fn next(script: &str) -> (Vec<&str>, &str) {
    let (mut depth, mut start) = (0, None);
    let mut words = Vec::new();
    for (at, c) in script.char_indices() {
        match c {
            '(' => {
                if depth == 0 {
                    start = Some(at + 1);
                }
                depth += 1;
            }
            ')' => {
                depth -= 1;
                if depth == 0 {
                    words.extend(start.take().map(|from| &script[from..at]));
                }
            }
            ';' | ' ' if depth == 0 => {
                words.extend(start.take().map(|from| &script[from..at]));
                if c == ';' {
                    return (words, script[at + 1..].trim_start());
                }
            }
            _ if start.is_none() => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|from| &script[from..]));
    (words, "")
}
