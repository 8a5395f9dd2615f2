//! `weir state get` and `weir state list`: what a program remembers, as JSON.

use crate::output::{Failure, Outcome, say};
use crate::source::{From, Source};
use serde_json::Value;
use std::io::Write;

/// Show what a program remembers.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Print one instance, or one field of it
    Get {
        #[command(flatten)]
        source: From,
        /// Name of the entity, such as Account
        entity: String,
        /// The parts of its key; after them may follow the name of a field
        #[arg(required = true, value_name = "KEY")]
        key: Vec<String>,
    },
    /// Print all instances, one a line
    List {
        #[command(flatten)]
        source: From,
        /// Only this entity
        entity: Option<String>,
        /// At most so many of each entity
        #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
        limit: usize,
    },
}

pub fn state(args: Args) -> Outcome {
    match args.verb {
        Verb::Get {
            source,
            entity,
            key,
        } => get(&source.open()?, &entity, &key),
        Verb::List {
            source,
            entity,
            limit,
        } => {
            let mut out = std::io::stdout().lock();
            source
                .open()?
                .instances(entity.as_deref(), limit, |instance| {
                    // Who reads may stop reading, as `head` does.
                    let _ = writeln!(out, "{instance}");
                })
        }
    }
}

fn get(source: &Source, entity: &str, words: &[String]) -> Outcome {
    let missing = |why: String| {
        let known = !why.starts_with("there is no entity");
        let next = if known {
            format!("weir state list {entity}")
        } else {
            "weir state list".into()
        };
        Failure::new(format_args!("{entity} {}: {why}", words.join(" "))).next(next)
    };
    let why = match source.instance(entity, words)? {
        Ok(instance) => {
            show(&instance);
            return Ok(());
        }
        Err(why) => why,
    };
    // How many words are the key only the program knows: when they are one too many, the last is a field.
    let Some((field, key)) = words.split_last().filter(|(_, key)| !key.is_empty()) else {
        return Err(missing(why));
    };
    match source.instance(entity, key)? {
        Ok(instance) => match instance["state"].get(field) {
            Some(value) => {
                show(value);
                Ok(())
            }
            None => Err(missing(format!("no `{field}` has been written there"))),
        },
        Err(_) => Err(missing(why)),
    }
}

fn show(value: &Value) {
    say!("{value:#}");
}
