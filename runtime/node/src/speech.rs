//! What a program says with `log`: lines of text or of JSON.
//!
//! A step's lines come out when its record is durable, so nobody reads of what a crash then takes back. A crash just behind that
//! loses them: they are for people, the log of the node is the truth.
//!
//! ```text
//! 2026-03-02T10:00:00.25Z INFO  paid order="o1" total="12.5 USD" (Checkout.run, run 7, step 2)
//! {"time":"2026-03-02T10:00:00.25Z","level":"info","message":"paid","function":"Checkout.run","run":"7","step":2,"fields":{"order":"o1"}}
//! ```

use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use weir_contract::host_call::Line;
use weir_contract::json::Document;
use weir_contract::library::time;
use weir_machine::{Became, Said};

/// Where lines go: those of the program, and what the node has to tell about it. Called by whoever holds the machine, so it must
/// not take long.
#[derive(Clone)]
pub struct Speech {
    tell: Arc<dyn Fn(&str) + Send + Sync>,
    format: Format,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// An object a line, for programs.
    Json,
}

impl Speech {
    /// `tell` is given whole lines, with their ends.
    pub fn new(format: Format, tell: impl Fn(&str) + Send + Sync + 'static) -> Speech {
        let tell = Arc::new(tell);
        Speech { tell, format }
    }

    /// To standard error.
    pub fn to_stderr(format: Format) -> Speech {
        Speech::new(format, |lines| {
            // Nobody may listen any more; then it is not said.
            let _ = std::io::stderr().write_all(lines.as_bytes());
        })
    }

    pub(crate) fn tell(&self, said: &Said) {
        (self.tell)(&written(said, self.format));
    }

    /// Something that people should look at, in the words of the node.
    pub(crate) fn warn(&self, message: &str) {
        let text = |text: &str| Document::String(text.to_owned());
        let line = match self.format {
            Format::Text => format!("weir: {message}"),
            Format::Json => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let now = now.unwrap_or_default().as_micros() as i64;
                let members = vec![
                    ("time".to_owned(), text(&time::show(now))),
                    ("level".to_owned(), text("error")),
                    ("message".to_owned(), text(message)),
                ];
                Document::Object(members).to_string()
            }
        };
        (self.tell)(&(line + "\n"));
    }
}

impl Default for Speech {
    fn default() -> Speech {
        Speech::to_stderr(Format::Text)
    }
}

impl fmt::Debug for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Speech")
    }
}

/// All lines of a step, each with its end.
pub fn written(said: &Said, format: Format) -> String {
    let mut out = String::new();
    for line in &said.lines.lines {
        match format {
            Format::Text => out += &as_text(said, line),
            Format::Json => out += &as_json(said, line).to_string(),
        }
        out.push('\n');
    }
    if said.lines.more > 0 {
        let line = Line {
            level: weir_contract::host_call::Level::Warn,
            message: format!("{} more lines of this step are left out", said.lines.more),
            fields: Vec::new(),
        };
        match format {
            Format::Text => out += &as_text(said, &line),
            Format::Json => out += &as_json(said, &line).to_string(),
        }
        out.push('\n');
    }
    out
}

/// Said beside lines of a step that was not kept.
fn undone(became: Became) -> Option<&'static str> {
    match became {
        Became::Done => None,
        Became::Failed => Some("failed"),
        Became::Bug => Some("bug"),
    }
}

fn as_text(said: &Said, line: &Line) -> String {
    let level = line.level.name().to_uppercase();
    // A line is a line, whatever is in the message.
    let message = line.message.replace(['\n', '\r'], " ");
    let mut out = format!("{} {level:<5} {message}", time::show(said.time));
    for (name, value) in &line.fields {
        out += &format!(" {name}={value}");
    }
    out += &format!(" ({}, run {}, step {}", said.by, said.run, said.step);
    if let Some(why) = undone(said.became) {
        out += &format!(", undone: {why}");
    }
    out.push(')');
    out
}

fn as_json(said: &Said, line: &Line) -> Document {
    let text = |text: &str| Document::String(text.to_owned());
    let mut members = vec![
        ("time".to_owned(), text(&time::show(said.time))),
        ("level".to_owned(), text(line.level.name())),
        ("message".to_owned(), text(&line.message)),
        ("function".to_owned(), text(&said.by)),
        ("run".to_owned(), text(&said.run.to_string())),
        ("step".to_owned(), Document::Number(said.step.to_string())),
    ];
    if let Some(why) = undone(said.became) {
        members.push(("undone".to_owned(), text(why)));
    }
    // Under a name of their own, so that no value of the program stands for what the node says.
    if !line.fields.is_empty() {
        members.push(("fields".to_owned(), Document::Object(line.fields.clone())));
    }
    Document::Object(members)
}
