//! What happens when the source of a running program is saved.

use crate::components;
use crate::output::{Style, counted};
use crate::program::{self, ToRun};
use crate::settings;
use std::path::Path;
use std::sync::mpsc::channel;
use weir_contract::Manifest;
use weir_contract::host_call::Given;
use weir_driver::{Bundle, Session};
use weir_engine::Code;
use weir_node::Node;

pub enum Reloaded {
    /// It compiles to what is running.
    Same,
    /// The old program goes on, and why has been said.
    Refused,
    /// The new program runs; `said` tells of the state.
    New { running: Box<Running>, said: String },
}

/// What is being served.
pub struct Running {
    pub bundle: Bundle,
    pub settings: Given,
}

/// Compiles the program at `path` and puts it in force, if it has no errors and the state fits it.
pub fn reload(
    node: &Node,
    path: &Path,
    session: &mut Session,
    running: &Running,
    code: Code<'_>,
) -> Reloaded {
    let compiled = program::find(path).and_then(|program| {
        let bundle = program::compile_again(&program, session)?;
        let given = settings::to_run(Some(&program), &bundle.manifest)?;
        Ok((bundle, given))
    });
    let (bundle, given) = match compiled {
        Ok(found) => found,
        Err(failure) => {
            failure.report();
            return Reloaded::Refused;
        }
    };
    let is_set_anew = given != running.settings;
    if bundle == running.bundle && !is_set_anew {
        return Reloaded::Same;
    }
    let loaded = components::load_to_run(&bundle).and_then(|components| {
        let to_run = ToRun {
            bundle: &bundle,
            components: &components,
            code,
            settings: &given,
        };
        to_run.load()
    });
    let new = match loaded {
        Ok(program) => program,
        Err(failure) => {
            failure.report();
            return Reloaded::Refused;
        }
    };
    match node.reload(new) {
        Ok(()) => {
            let mut said = changes(&running.bundle.manifest, &bundle.manifest, kept(node));
            if is_set_anew {
                said.push_str("; with other settings");
            }
            let settings = given;
            Reloaded::New {
                running: Box::new(Running { bundle, settings }),
                said,
            }
        }
        Err(why) => {
            let style = Style::stderr();
            eprintln!(
                "{}: the state or the sleeping runs do not fit the program that was saved",
                style.red("error")
            );
            for sentence in &why.0 {
                eprintln!("  {sentence}");
            }
            eprintln!(
                "{}: bring back what is missing, end runs with `weir runs cancel`, or stop and begin without state: --data DIR",
                style.bold("next")
            );
            Reloaded::Refused
        }
    }
}

/// How many instances have state, and how many runs go on.
fn kept(node: &Node) -> (usize, usize) {
    let (sender, receiver) = channel();
    node.door().look(move |machine| {
        let instances = machine
            .state()
            .tables()
            .iter()
            .map(|table| table.len())
            .sum();
        let _ = sender.send((instances, machine.runs().going().len()));
    });
    receiver.recv().unwrap_or_default()
}

/// What became of the state, in one line.
fn changes(old: &Manifest, new: &Manifest, (instances, runs): (usize, usize)) -> String {
    let names = |manifest: &Manifest| -> Vec<String> {
        let entities = manifest.entities.iter();
        entities
            .flat_map(|entity| {
                let fields = entity.fields.iter();
                fields.map(|field| format!("{}.{}", entity.name, field.name))
            })
            .collect()
    };
    let (before, after) = (names(old), names(new));
    let mut said = match instances {
        0 => "there was no state to keep".to_string(),
        some => format!(
            "the state of {} is kept",
            counted(some, "instance", "instances")
        ),
    };
    if runs > 0 {
        let runs = counted(runs, "run goes on", "runs go on");
        said.push_str(&format!("; {runs} in the new program"));
    }
    for name in after.iter().filter(|name| !before.contains(name)) {
        said.push_str(&format!(
            "; {name} is new and starts with its initial value"
        ));
    }
    for name in before.iter().filter(|name| !after.contains(name)) {
        said.push_str(&format!("; {name} is gone, and was empty"));
    }
    said
}
