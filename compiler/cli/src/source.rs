//! Where `weir log` and `weir state` look: at a running node, or into a directory that nobody serves.

use crate::client;
use crate::output::{Failure, Outcome, Style};
use crate::place::{self, Serving};
use crate::program;
use crate::routes::percent_encode;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_contract::Manifest;
use weir_contract::json::from_text;
use weir_contract::keys::encode_keys;
use weir_contract::manifest::Entity;
use weir_log::{Log, LogError, Lsn};
use weir_machine::Machine;
use weir_node::inspect::log_json;

/// Which log or state: of a node, of a directory, or of the program in this folder.
#[derive(clap::Args)]
pub struct From {
    /// Directory of the data [default: .weir/data/NAME of the program in this folder]
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// Address of a running node, as its first line says it
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub enum Source {
    Node { url: String },
    Directory { path: PathBuf, log: Arc<dyn Log> },
}

/// What was asked for and is not there: the reason.
type Missing = String;

/// How many instances are asked for at a time.
const PAGE: usize = 1_000;

impl From {
    /// Opens what was named. A directory that a node serves means that node.
    pub fn open(self) -> Outcome<Source> {
        if let Some(url) = self.url {
            return Ok(Source::Node { url });
        }
        let path = match self.data {
            Some(path) => path,
            None => {
                let program = program::find(Path::new("."))?;
                place::default_data(&program.folder, &program.name)
            }
        };
        if !path.is_dir() {
            return Err(
                Failure::new(format_args!("there is no data in {}", path.display()))
                    .next("run a program first, `weir run FILE`, or name a directory: --data DIR"),
            );
        }
        match place::open_raw(&path) {
            Ok(log) => Ok(Source::Directory { path, log }),
            Err(LogError::Locked { .. }) => match place::serving(&path) {
                Some(Serving { url, process }) => {
                    let style = Style::stderr();
                    eprintln!(
                        "{}: {} is served by process {process}, asking it at {url}",
                        style.bold("note"),
                        path.display()
                    );
                    Ok(Source::Node { url })
                }
                None => Err(place::in_use(&path)),
            },
            Err(error) => Err(Failure::new(error).next(place::damaged(&path))),
        }
    }
}

impl Source {
    /// Gives the records from `from` on, at most `limit`, each as one line of JSON.
    pub fn log(&self, from: u64, limit: u64, mut line: impl FnMut(&str)) -> Outcome {
        match self {
            Source::Node { url } => {
                let reply = ask(url, &format!("/_weir/log?from={from}&limit={limit}"))?;
                let text = reply.map_err(Failure::new)?;
                text.lines().for_each(line);
                Ok(())
            }
            Source::Directory { path, log } => {
                let mut left = limit;
                log_json(&**log, Lsn(from), |record| {
                    if left > 0 {
                        line(&record.to_string());
                        left -= 1;
                    }
                    left > 0
                })
                .map_err(|error| Failure::new(error).next(place::damaged(path)))
            }
        }
    }

    /// The running node, for what only it can do.
    pub fn node(&self) -> Outcome<&str> {
        match self {
            Source::Node { url } => Ok(url),
            Source::Directory { path, .. } => Err(Failure::new(format_args!(
                "nobody serves {}",
                path.display()
            ))
            .next("start it with `weir run`, then ask again")),
        }
    }

    /// Runs by number, at most `limit`, with `ended` also those that have ended.
    pub fn runs(&self, ended: bool, limit: usize, mut give: impl FnMut(Value) -> bool) -> Outcome {
        let mut after: Option<u64> = None;
        let mut left = limit;
        while left > 0 {
            let asked = left.min(PAGE);
            let page = match self {
                Source::Node { url } => {
                    let after = after.map_or(String::new(), |n| format!("&after={n}"));
                    let path = format!("/_weir/runs?limit={asked}&ended={ended}{after}");
                    parse(&ask(url, &path)?.map_err(Failure::new)?)?
                        .as_array()
                        .cloned()
                        .unwrap_or_default()
                }
                Source::Directory { path, log } => recovered(path, &**log)?
                    .runs_json(after, asked, ended)
                    .map_err(Failure::new)?,
            };
            let full = page.len() == asked;
            after = page.last().and_then(|run| run["run"].as_u64());
            for run in page {
                left -= give(run) as usize;
            }
            if !full {
                break;
            }
        }
        Ok(())
    }

    /// One run, with all that is known of it.
    pub fn run(&self, number: u64) -> Outcome<Result<Value, Missing>> {
        match self {
            Source::Node { url } => match ask(url, &format!("/_weir/runs/{number}"))? {
                Ok(text) => Ok(Ok(parse(&text)?)),
                Err(missing) => Ok(Err(missing)),
            },
            Source::Directory { path, log } => {
                let machine = recovered(path, &**log)?;
                let found = machine.run_json(number).map_err(Failure::new)?;
                Ok(found.ok_or_else(|| format!("there is no run {number}")))
            }
        }
    }

    /// All streams, with how far their consumers are.
    pub fn streams(&self) -> Outcome<Vec<Value>> {
        match self {
            Source::Node { url } => {
                let reply = ask(url, "/_weir/streams")?.map_err(Failure::new)?;
                Ok(parse(&reply)?.as_array().cloned().unwrap_or_default())
            }
            Source::Directory { path, log } => Ok(recovered(path, &**log)?.streams_json()),
        }
    }

    /// Entries of a stream that are kept, from a position on.
    pub fn entries(
        &self,
        stream: &str,
        from: u64,
        limit: usize,
    ) -> Outcome<Result<Vec<Value>, Missing>> {
        let query = format!("?from={from}&limit={limit}");
        self.of_stream(stream, &query, |machine| {
            machine.entries_json(stream, from, limit)
        })
    }

    /// Entries of a stream that consumers have given up.
    pub fn dead_entries(&self, stream: &str) -> Outcome<Result<Vec<Value>, Missing>> {
        self.of_stream(stream, "/dead", |machine| machine.dead_json(stream))
    }

    fn of_stream(
        &self,
        stream: &str,
        rest: &str,
        look: impl FnOnce(&Machine) -> Result<Option<Vec<Value>>, weir_machine::BadRecord>,
    ) -> Outcome<Result<Vec<Value>, Missing>> {
        match self {
            Source::Node { url } => {
                let path = format!("/_weir/streams/{}{rest}", percent_encode(stream));
                match ask(url, &path)? {
                    Ok(text) => Ok(Ok(parse(&text)?.as_array().cloned().unwrap_or_default())),
                    Err(missing) => Ok(Err(missing)),
                }
            }
            Source::Directory { path, log } => {
                let machine = recovered(path, &**log)?;
                let found = look(&machine).map_err(Failure::new)?;
                Ok(found.ok_or_else(|| format!("there is no stream {stream}")))
            }
        }
    }

    /// One instance: its key, version and state.
    pub fn instance(&self, entity: &str, key: &[String]) -> Outcome<Result<Value, Missing>> {
        match self {
            Source::Node { url } => {
                let segments: String = key
                    .iter()
                    .map(|part| format!("/{}", percent_encode(part)))
                    .collect();
                match ask(
                    url,
                    &format!("/_weir/state/{}{segments}", percent_encode(entity)),
                )? {
                    Ok(text) => Ok(Ok(parse(&text)?)),
                    Err(missing) => Ok(Err(missing)),
                }
            }
            Source::Directory { path, log } => {
                let machine = recovered(path, &**log)?;
                let Some(manifest) = machine.program() else {
                    return Ok(Err("nothing has run here yet".into()));
                };
                let Some((id, definition)) = manifest.entity(entity) else {
                    return Ok(Err(format!("there is no entity {entity}")));
                };
                let key = match encoded(manifest, definition, key) {
                    Ok(key) => key,
                    Err(why) => return Ok(Err(why)),
                };
                let found = machine.instance_json(id, &key).map_err(Failure::new)?;
                Ok(found.ok_or_else(|| "it was never written".into()))
            }
        }
    }

    /// The instances of one entity or of all, in order of their keys, at most `limit` of each.
    pub fn instances(
        &self,
        entity: Option<&str>,
        limit: usize,
        mut give: impl FnMut(&Value),
    ) -> Outcome {
        let entities = self.entities()?;
        if let Some(wanted) = entity
            && !entities.iter().any(|name| name == wanted)
        {
            return Err(Failure::new(format_args!("there is no entity {wanted}"))
                .next(format_args!("name one of {}", entities.join(", "))));
        }
        let wanted = entities
            .iter()
            .filter(|name| entity.is_none_or(|wanted| wanted == *name));
        match self {
            Source::Node { url } => {
                for name in wanted {
                    let mut left = limit;
                    let mut after = String::new();
                    while left > 0 {
                        let asked = left.min(PAGE);
                        let path = format!("/_weir/state/{name}?limit={asked}{after}");
                        let page = parse(&ask(url, &path)?.map_err(Failure::new)?)?;
                        let page = page.as_array().cloned().unwrap_or_default();
                        page.iter().for_each(&mut give);
                        left -= page.len().min(left);
                        match page.last() {
                            Some(last) if page.len() == asked => {
                                after = format!("&after={}", key_text(last))
                            }
                            _ => break,
                        }
                    }
                }
            }
            Source::Directory { path, log } => {
                let machine = recovered(path, &**log)?;
                for name in wanted {
                    let id = machine.program().and_then(|program| program.entity(name));
                    let Some((id, _)) = id else { continue };
                    let all = machine
                        .instances_json(id, None, limit)
                        .map_err(Failure::new)?;
                    all.iter().for_each(&mut give);
                }
            }
        }
        Ok(())
    }

    fn entities(&self) -> Outcome<Vec<String>> {
        match self {
            Source::Node { url } => {
                let overview = parse(&ask(url, "/_weir/state")?.map_err(Failure::new)?)?;
                let rows = overview.as_array().cloned().unwrap_or_default();
                Ok(rows
                    .iter()
                    .filter_map(|row| row["entity"].as_str().map(str::to_owned))
                    .collect())
            }
            Source::Directory { path, log } => {
                let machine = recovered(path, &**log)?;
                let entities = machine.program().map(|program| program.entities.clone());
                Ok(entities
                    .unwrap_or_default()
                    .into_iter()
                    .map(|entity| entity.name)
                    .collect())
            }
        }
    }
}

fn recovered(path: &Path, log: &dyn Log) -> Outcome<Machine> {
    let (machine, _) =
        weir_node::recover(log).map_err(|error| Failure::new(error).next(place::damaged(path)))?;
    Ok(machine)
}

/// The key of an instance from its parts as text.
fn encoded(manifest: &Manifest, entity: &Entity, parts: &[String]) -> Result<Vec<u8>, Missing> {
    if parts.len() != entity.keys.len() {
        return Err(format!(
            "{} has {} key fields",
            entity.name,
            entity.keys.len()
        ));
    }
    let values = entity
        .keys
        .iter()
        .zip(parts)
        .map(|(field, text)| from_text(&manifest.defs, &field.ty, text, &field.name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    Ok(encode_keys(&manifest.defs, &entity.keys, &values))
}

/// The key of an instance as the parameter `after` takes it.
fn key_text(instance: &Value) -> String {
    let fields = instance["key"]
        .as_object()
        .into_iter()
        .flat_map(|key| key.values());
    let parts: Vec<String> = fields
        .map(|value| {
            percent_encode(
                &value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )
        })
        .collect();
    parts.join("/")
}

/// The body of what a node answers, or why there is none.
fn ask(url: &str, path: &str) -> Outcome<Result<String, Missing>> {
    let reply = client::get(url, path)?;
    match reply.status {
        200 => Ok(Ok(reply.body)),
        404 => {
            let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            let reason = body["reason"].as_str().unwrap_or("it is not there");
            Ok(Err(reason.to_string()))
        }
        status => Err(Failure::new(format_args!(
            "the node at {url} answered {status}: {}",
            reply.body
        ))),
    }
}

fn parse(text: &str) -> Outcome<Value> {
    serde_json::from_str(text)
        .map_err(|error| Failure::new(format_args!("the answer of the node is not JSON: {error}")))
}
