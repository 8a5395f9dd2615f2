//! `weir.toml`: what a project says of itself.
//!
//! ```toml
//! name = "shop"                 # the program's name [default: that of the entry]
//! version = "1.4.0"             # for people; in the manifest
//! entry = "src/main.weir"       # the first source file
//!
//! [extern.payments]
//! url = "https://pay.example"   # of a service, or `component = "image.wasm"`
//!
//! [config]
//! fee = "0.25"                  # settings that the program asks for with `config`
//!
//! [test.config]
//! fee = "1.00"                  # what its tests have instead; likewise [test.secrets]
//!
//! [limits]
//! step = "50ms"                 # and memory, frame, reply, body, events, queue
//!
//! [retention]
//! answers = "7d"                # and runs
//! ```
//!
//! Every key is known and every value fits, or the file is refused with the place of what is wrong and, where one is near, the name
//! that was meant.

mod component;
mod section;

pub use component::with_component;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use weir_contract::json::Document;
use weir_contract::settings::{Limits, Retention};

use self::section::{Section, Unit, wrong};

use crate::project::{is_module_name, stays_inside};

/// What is read from `weir.toml`; paths as they are written there.
#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    pub name: Option<String>,
    pub version: Option<String>,
    pub entry: PathBuf,
    pub externs: BTreeMap<String, Extern>,
    /// Settings, as a query of a request would have them.
    pub config: BTreeMap<String, String>,
    pub test_config: BTreeMap<String, String>,
    pub test_secrets: BTreeMap<String, String>,
    pub limits: Limits,
    pub retention: Retention,
}

/// Where one part of the outside world is: one of the two is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extern {
    /// Of a service.
    pub url: Option<String>,
    /// The file of a component, inside the project.
    pub component: Option<PathBuf>,
}

/// What is wrong with a `weir.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Both from 1, the column in characters.
    pub line: usize,
    pub column: usize,
    pub why: String,
    /// The next step.
    pub help: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.why)
    }
}

/// Reads the text of a `weir.toml`.
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    let document = DeTable::parse(text).map_err(|error| {
        let place = error.span().unwrap_or(0..0);
        let help = "a line of a weir.toml is `key = \"value\"` or `[section]`";
        wrong(text, &place, error.message().trim().to_owned(), help)
    })?;
    let root = Section {
        text,
        name: "",
        at: 0..0,
        table: document.get_ref(),
    };
    root.knows(&[
        "name",
        "version",
        "entry",
        "extern",
        "config",
        "test",
        "limits",
        "retention",
    ])?;
    let name = root.text("name")?;
    if let Some((name, at)) = &name
        && !is_module_name(name)
    {
        let why = format!("`{name}` cannot be a program's name");
        let help = "a name is lower-case letters, digits and `_`, and starts with a letter";
        return Err(wrong(text, at, why, help));
    }
    let version = root.text("version")?;
    if let Some((version, at)) = &version
        && !is_version(version)
    {
        let why = format!("`{version}` is no version");
        return Err(wrong(
            text,
            at,
            why,
            "write three numbers: `version = \"1.4.0\"`",
        ));
    }
    let Some((entry, at)) = root.text("entry")? else {
        let why = "nothing says which file the program begins with".to_owned();
        return Err(wrong(text, &(0..0), why, "write `entry = \"shop.weir\"`"));
    };
    let entry = PathBuf::from(entry);
    if !stays_inside(&entry) || entry.extension().is_none_or(|ending| ending != "weir") {
        let why = "`entry` must be a .weir file inside the project".to_owned();
        return Err(wrong(text, &at, why, "write `entry = \"shop.weir\"`"));
    }
    let mut externs = BTreeMap::new();
    if let Some(all) = root.section("extern", "extern")? {
        for key in all.table.keys() {
            let name = key.get_ref().as_ref();
            let path = format!("extern.{name}");
            if let Some(section) = all.section(name, &path)? {
                externs.insert(name.to_owned(), read_extern(&section)?);
            }
        }
    }
    let settings = |section: Option<Section<'_>>| match section {
        Some(section) => settings(&section),
        None => Ok(BTreeMap::new()),
    };
    let config = settings(root.section("config", "config")?)?;
    let (mut test_config, mut test_secrets) = (BTreeMap::new(), BTreeMap::new());
    if let Some(test) = root.section("test", "test")? {
        test.knows(&["config", "secrets"])?;
        test_config = settings(test.section("config", "test.config")?)?;
        test_secrets = settings(test.section("secrets", "test.secrets")?)?;
    }
    Ok(Config {
        name: name.map(|(name, _)| name),
        version: version.map(|(version, _)| version),
        entry,
        externs,
        config,
        test_config,
        test_secrets,
        limits: match root.section("limits", "limits")? {
            Some(section) => limits(&section)?,
            None => Limits::default(),
        },
        retention: match root.section("retention", "retention")? {
            Some(section) => retention(&section)?,
            None => Retention::default(),
        },
    })
}

fn read_extern(section: &Section<'_>) -> Result<Extern, ConfigError> {
    let Section { text, name, .. } = section;
    section.knows(&["url", "component"])?;
    let url = section.text("url")?;
    if let Some((url, at)) = &url
        && !["http://", "https://"].iter().any(|s| url.starts_with(s))
    {
        let why = format!("`{name}.url` must start with http:// or https://");
        return Err(wrong(
            text,
            at,
            why,
            "write `url = \"http://127.0.0.1:9000\"`",
        ));
    }
    let component = section.text("component")?;
    if let Some((path, at)) = &component
        && !stays_inside(Path::new(path))
    {
        let why = format!("`{name}.component` must be a file inside the project");
        return Err(wrong(text, at, why, "write `component = \"image.wasm\"`"));
    }
    if url.is_none() && component.is_none() {
        let why =
            format!("`{name}` says neither the `url` of a service nor the file of a `component`");
        return Err(wrong(text, &section.at, why, "write one of them below it"));
    }
    Ok(Extern {
        url: url.map(|(url, _)| url),
        component: component.map(|(path, _)| path.into()),
    })
}

/// Settings by name. A text is what it says, all else is JSON.
fn settings(section: &Section<'_>) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut all = BTreeMap::new();
    for (key, value) in section.table {
        let name = key.get_ref().as_ref();
        if !is_module_name(name) {
            let why = format!("`{name}` cannot be the name of a setting");
            let help = "a name is lower-case letters, digits and `_`, and starts with a letter";
            return Err(wrong(section.text, &key.span(), why, help));
        }
        let written = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            _ => json(section.text, value).to_string(),
        };
        all.insert(name.to_owned(), written);
    }
    Ok(all)
}

/// Numbers as they are written, so that none is rounded.
fn json(text: &str, value: &Spanned<DeValue<'_>>) -> Document {
    match value.get_ref() {
        DeValue::String(text) => Document::String(text.to_string()),
        DeValue::Boolean(b) => Document::Bool(*b),
        DeValue::Array(items) => {
            Document::Array(items.iter().map(|item| json(text, item)).collect())
        }
        DeValue::Table(table) => {
            let member = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let name: &std::borrow::Cow<'_, str> = name.get_ref();
                (name.to_string(), json(text, value))
            };
            Document::Object(table.iter().map(member).collect())
        }
        DeValue::Datetime(time) => Document::String(time.to_string()),
        _ => Document::Number(text[value.span()].replace('_', "")),
    }
}

fn limits(section: &Section<'_>) -> Result<Limits, ConfigError> {
    section.knows(&[
        "step",
        "memory",
        "frame",
        "reply",
        "body",
        "events",
        "queue",
        "backlog",
        "blob",
        "scratch_memory",
        "scratch_disk",
    ])?;
    Ok(Limits {
        step_ms: section.number("step", Unit::Milliseconds, Limits::STEP_MS)?,
        memory_bytes: section.number("memory", Unit::Bytes, Limits::MEMORY_BYTES)?,
        frame_bytes: section.number("frame", Unit::Bytes, Limits::FRAME_BYTES)?,
        reply_bytes: section.number("reply", Unit::Bytes, Limits::REPLY_BYTES)?,
        body_bytes: section.number("body", Unit::Bytes, Limits::BODY_BYTES)?,
        events: section.number("events", Unit::Count, Limits::EVENTS)?,
        queue: section.number("queue", Unit::Count, Limits::QUEUE)?,
        backlog: section.number("backlog", Unit::Count, Limits::BACKLOG)?,
        blob_bytes: section.number("blob", Unit::Bytes, Limits::BLOB_BYTES)?,
        scratch_memory_bytes: section.number(
            "scratch_memory",
            Unit::Bytes,
            Limits::SCRATCH_MEMORY_BYTES,
        )?,
        scratch_disk_bytes: section.number(
            "scratch_disk",
            Unit::Bytes,
            Limits::SCRATCH_DISK_BYTES,
        )?,
    })
}

fn retention(section: &Section<'_>) -> Result<Retention, ConfigError> {
    section.knows(&["answers", "runs", "streams"])?;
    Ok(Retention {
        answers_s: section.number("answers", Unit::Seconds, Retention::SECONDS)?,
        runs_s: section.number("runs", Unit::Seconds, Retention::SECONDS)?,
        streams_s: section.number("streams", Unit::Seconds, Retention::SECONDS)?,
    })
}

/// Three numbers, and what may follow them.
fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let (numbers, rest) = match text.find(['-', '+']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let parts: Vec<&str> = numbers.split('.').collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-+.".contains(c);
    parts.len() == 3 && parts.into_iter().all(number) && rest.len() != 1 && rest.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match parse(text) {
            Ok(config) => format!("{config:?}"),
            Err(error) => format!("{error}; {}", error.help),
        }
    }

    #[test]
    fn everything_can_be_said() {
        let config = parse(
            "name = \"shop\"\nversion = \"1.4.0-beta.1\"\nentry = \"src/main.weir\"\n\
             [extern.payments]\nurl = \"https://pay.example\"\n[extern.image]\ncomponent = \"image.wasm\"\n\
             [limits]\nstep = \"50ms\"\nmemory = \"128MiB\"\nframe = \"64KiB\"\nreply = \"2MiB\"\nbody = 4096\nevents = 10\nqueue = 100\nbacklog = 500\nblob = \"2GiB\"\nscratch_memory = \"8MiB\"\nscratch_disk = \"1GiB\"\n\
             [retention]\nanswers = \"7d\"\nruns = \"90m\"\nstreams = \"30d\"\n",
        )
        .unwrap();
        assert_eq!(config.name.as_deref(), Some("shop"));
        assert_eq!(config.version.as_deref(), Some("1.4.0-beta.1"));
        assert_eq!(
            config.externs["payments"].url.as_deref(),
            Some("https://pay.example")
        );
        let limits = Limits {
            step_ms: Some(50),
            memory_bytes: Some(128 << 20),
            frame_bytes: Some(64 << 10),
            reply_bytes: Some(2 << 20),
            body_bytes: Some(4096),
            events: Some(10),
            queue: Some(100),
            backlog: Some(500),
            blob_bytes: Some(2 << 30),
            scratch_memory_bytes: Some(8 << 20),
            scratch_disk_bytes: Some(1 << 30),
        };
        assert_eq!(config.limits, limits);
        assert_eq!(config.retention.answers_s, Some(7 * 86_400));
        assert_eq!(config.retention.runs_us(), 90 * 60 * 1_000_000);
        assert_eq!(config.retention.streams_s, Some(30 * 86_400));
    }

    #[test]
    fn a_component_is_put_in_and_comments_stay() {
        let text =
            "# What people wrote.\nentry = \"a.weir\"  # the first\n\n[limits]\nstep = \"1s\"\n";
        let once = with_component(text, "image", "image.wasm").unwrap();
        assert_eq!(
            once,
            format!("{text}\n[extern.image]\ncomponent = \"image.wasm\"\n")
        );
        let twice = with_component(&once, "image", "wasm/image.wasm").unwrap();
        assert_eq!(twice, once.replace("\"image.wasm", "\"wasm/image.wasm"));
        let config = parse(&twice).unwrap();
        assert_eq!(
            config.externs["image"].component,
            Some("wasm/image.wasm".into())
        );
        assert!(with_component("entry =", "a", "b").is_err());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
        let with = |rest: &str| said(&format!("entry = \"a.weir\"\n{rest}"));
        assert_eq!(
            said("entri = \"a.weir\""),
            "1:1: there is no key `entri`; did you mean `entry`?"
        );
        assert_eq!(
            said("name = \"a\"\n"),
            "1:1: nothing says which file the program begins with; write `entry = \"shop.weir\"`"
        );
        assert_eq!(
            with("[limit]\n"),
            "2:2: there is no key `limit`; did you mean `limits`?"
        );
        assert_eq!(
            with("[limits]\n  stepp = \"1s\"\n"),
            "3:3: `limits` has no key `stepp`; did you mean `step`?"
        );
        assert_eq!(
            with("[limits]\nstep = 5\n"),
            "3:8: `limits.step` is a time, and this is `5`; write `step = \"5s\"`"
        );
        assert_eq!(
            with("[limits]\nmemory = \"64 parsecs\"\n"),
            "3:10: `limits.memory` is a size, and this is `\"64 parsecs\"`; write `memory = \"1GiB\"`"
        );
        assert_eq!(
            with("[limits]\nmemory = \"8GiB\"\n"),
            "3:10: `limits.memory` must be from \"4MiB\" to \"1GiB\"; write `memory = \"1GiB\"`"
        );
        assert_eq!(
            with("[retention]\nanswers = \"1s\"\n"),
            "3:11: `retention.answers` must be from \"1m\" to \"3650d\"; write `answers = \"3650d\"`"
        );
        assert_eq!(
            with("retention = \"1d\"\n"),
            "2:13: `retention` is a section; begin it with `[retention]`"
        );
        assert_eq!(
            with("name = \"My Shop\"\n"),
            "2:8: `My Shop` cannot be a program's name; a name is lower-case letters, digits and `_`, and starts with a letter"
        );
        assert_eq!(
            with("version = \"1\"\n"),
            "2:11: `1` is no version; write three numbers: `version = \"1.4.0\"`"
        );
        assert_eq!(
            with("version = 1.0\n"),
            "2:11: `version` is a text in double quotes, and this is `1.0`; write `version = \"..\"`"
        );
        assert_eq!(
            with("[extern.image]\ncomponents = \"a.wasm\"\n"),
            "3:1: `extern.image` has no key `components`; did you mean `component`?"
        );
        assert!(with("[extern.image]\n").starts_with("2:1: `extern.image` says neither"));
        assert!(
            with("name = \n").starts_with("2:8: "),
            "{}",
            with("name = \n")
        );
    }
}
