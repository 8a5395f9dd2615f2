//! A log, its state and its program as JSON for people: from a running node or straight from a directory.

use serde_json::{Value as Json, json};
use weir_contract::Manifest;
use weir_contract::manifest::{Access, Effect, FunctionKind};
use weir_log::{Log, Lsn, RecordKind};
use weir_machine::pieces::{PROGRAM_PIECE, Pieces};
use weir_machine::record::{PROGRAM, STEP};
use weir_machine::show::{run_record_to_json, step_to_json};
use weir_machine::{BadRecord, Machine, ProgramRecord, StepRecord};

use crate::recovery::{PARTITION, RecoveryError};

/// Gives each durable record from `from` on to `line`, oldest first, until it answers false.
pub fn log_json(
    log: &dyn Log,
    from: Lsn,
    mut line: impl FnMut(Json) -> bool,
) -> Result<(), RecoveryError> {
    let mut program: Option<Manifest> = None;
    let mut pieces = Pieces::default();
    let first = log.tail(PARTITION)?.trimmed.plus(1);
    // The program in force at the first record was written before it; the snapshot up to there has it. Those of still earlier
    // records, which a crash may have left, have an older one.
    if first > Lsn::FIRST {
        let snapshots = log.snapshots();
        let all = snapshots.list(PARTITION)?;
        for id in all.into_iter().filter(|id| id.at >= first.before()) {
            if let Some(snapshot) = snapshots.newest(PARTITION, id.at)? {
                let machine = Machine::restore(&snapshot.body);
                let machine =
                    machine.map_err(|error| RecoveryError::Record { at: id.at, error })?;
                program = machine.program().map(|p| Manifest::clone(p));
                break;
            }
        }
    }
    for frame in log.read(PARTITION, first, None)? {
        let frame = frame?;
        let mut lsn = frame.base;
        for record in &frame.records {
            let bad = |error| RecoveryError::Record { at: lsn, error };
            let mut shown = match record.kind {
                RecordKind::EPOCH => json!({ "kind": "epoch" }),
                PROGRAM => {
                    let manifest = manifest_of(&record.body).map_err(bad)?;
                    shown_program(program.insert(manifest))
                }
                PROGRAM_PIECE => match pieces.take(&record.body).map_err(|e| bad(e.into()))? {
                    Some(whole) => {
                        let manifest = manifest_of(&whole).map_err(bad)?;
                        shown_program(program.insert(manifest))
                    }
                    None => json!({ "kind": "program_piece" }),
                },
                STEP if lsn < from => Json::Null,
                STEP => {
                    let step = StepRecord::decode(&record.body).map_err(|e| bad(e.into()))?;
                    let program = program
                        .as_ref()
                        .ok_or_else(|| bad(BadRecord("no program before it".to_owned())))?;
                    let mut shown = json!({ "kind": "step" });
                    if let (Json::Object(all), Json::Object(step)) =
                        (&mut shown, step_to_json(program, &step).map_err(bad)?)
                    {
                        all.extend(step);
                    }
                    shown
                }
                _ if lsn < from => Json::Null,
                RecordKind(kind) => {
                    let shown = program.as_ref().map(|p| run_record_to_json(p, record));
                    let shown = shown.transpose().map_err(bad)?.flatten();
                    shown.unwrap_or_else(|| json!({ "kind": kind }))
                }
            };
            if lsn >= from {
                shown["lsn"] = json!(lsn.0);
                if !line(shown) {
                    return Ok(());
                }
            }
            lsn = lsn.plus(1);
        }
    }
    Ok(())
}

fn manifest_of(body: &[u8]) -> Result<Manifest, BadRecord> {
    let record = ProgramRecord::decode(body)?;
    Manifest::from_json(record.manifest.as_bytes()).map_err(|e| BadRecord(e.to_string()))
}

fn shown_program(manifest: &Manifest) -> Json {
    json!({
        "kind": "program",
        "program": manifest.program,
        "module_sha256": manifest.module_sha256,
    })
}

/// What a caller from outside may ask of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// `/Account/{owner}/deposit`
    pub path: String,
    /// Names of the parameters, those with a default last.
    pub params: Vec<String>,
    /// Position in the manifest's functions.
    pub function: u32,
}

/// The routes of a program, in the manifest's order.
pub fn routes(manifest: &Manifest) -> Vec<Route> {
    let public = manifest
        .functions
        .iter()
        .enumerate()
        .filter(|(_, f)| f.public);
    public
        .map(|(number, function)| {
            let is_state = matches!(function.kind, FunctionKind::Field | FunctionKind::Whole);
            let by_name = match is_state || function.effect <= Effect::Read {
                true => "GET",
                false => "POST",
            };
            let method = function.route.as_ref().map(|route| route.method.name());
            Route {
                method: method.unwrap_or(by_name),
                path: manifest.path_of(function),
                params: function.params.iter().map(|p| p.name.clone()).collect(),
                function: number as u32,
            }
        })
        .collect()
}

/// The program in short: name, module, routes and who may call them.
pub fn program_json(manifest: &Manifest) -> Json {
    let shown = routes(manifest).into_iter().map(|route| {
        let function = &manifest.functions[route.function as usize];
        let access = match &function.access {
            Access::Anyone => json!("anyone"),
            Access::Roles(roles) => json!({ "roles": roles }),
            Access::Allow => json!("allow"),
            Access::SignedIn => json!("signed_in"),
        };
        json!({ "method": route.method, "path": route.path, "params": route.params, "access": access })
    });
    json!({
        "program": manifest.program,
        "version": manifest.program_version,
        "module_sha256": manifest.module_sha256,
        "limits": manifest.limits,
        "retention": manifest.retention,
        "routes": shown.collect::<Vec<_>>(),
    })
}
