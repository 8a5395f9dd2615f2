//! Lines above declarations: run a test, what calling a `pub` function costs and where it is over HTTP, and what each entry of an
//! `on` and each tick of an `every` costs.

use weir_check::hir::FnId;
use weir_check::meanings::Def;
use weir_contract::manifest::Function;
use weir_diagnostics::{FileId, Span};
use weir_driver::receipts;

use crate::declared::Kind;
use crate::{Snapshot, facts};

/// A line above something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name of what it is about.
    pub span: Span,
    pub title: String,
    pub does: Does,
}

/// What happens when it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    Nothing,
    /// Runs the test of that name.
    RunTest(String),
    /// Runs all tests of the file.
    RunTests,
    /// Shows where the function is cut and what it touches: its name as `weir explain` takes it.
    Explain(String),
}

/// Of a file, in the order of the text. Those of functions need a program without errors.
pub fn lenses(snapshot: &Snapshot, file: FileId) -> Vec<Lens> {
    let mut found = Vec::new();
    let own = snapshot.declared.by_name.of(file);
    let mut is_first = true;
    for (span, declaration) in own {
        match declaration.kind {
            Kind::Test => {
                found.push(Lens {
                    span: *span,
                    title: "▶ Run test".to_owned(),
                    does: Does::RunTest(declaration.name.clone()),
                });
                if std::mem::take(&mut is_first) {
                    found.push(Lens {
                        span: *span,
                        title: "▶ Run all tests of this file".to_owned(),
                        does: Does::RunTests,
                    });
                }
            }
            Kind::Function | Kind::Handler if declaration.is_pub => {
                if let Some(Def::Function(id)) = snapshot.declared.defs.get(span) {
                    found.extend(of_function(snapshot, *span, *id));
                }
            }
            Kind::Schedule => {
                if let Some(planned) = facts::schedule(snapshot, *span) {
                    found.extend(of_run(snapshot, *span, planned, "each tick"));
                }
            }
            Kind::View | Kind::Stream if declaration.is_pub => {
                let def = snapshot.declared.defs.get(span);
                found.extend(def.and_then(|def| of_routes(snapshot, *span, *def)));
            }
            _ => {}
        }
    }
    for consumer in &snapshot.checked().consumers {
        if consumer.span.file == file
            && let Some(planned) = facts::planned(snapshot, consumer.function)
        {
            found.extend(of_run(snapshot, consumer.span, planned, "each entry"));
        }
    }
    found.sort_by_key(|lens| lens.span);
    found
}

/// `each entry · serial · 2 records, 1 outside call`: of what nobody calls.
fn of_run(snapshot: &Snapshot, span: Span, planned: &Function, what: &str) -> Option<Lens> {
    let manifest = snapshot.manifest()?;
    let receipt = planned.receipt.as_ref()?;
    let cost = receipts::each_tick(manifest, planned);
    let cost = cost.as_ref().unwrap_or(&receipt.cost);
    let parts = [
        what.to_owned(),
        receipt.class.name().to_owned(),
        receipts::cost(manifest, cost),
    ];
    Some(Lens {
        span,
        title: parts.join(" · "),
        does: Does::Explain(weir_driver::explain::full_name(manifest, planned)),
    })
}

/// `GET /hours · GET /hours/{key} · read`, `POST /sales · free · 1 record`: of a view or a stream.
fn of_routes(snapshot: &Snapshot, span: Span, def: Def) -> Option<Lens> {
    let checked = snapshot.checked();
    let functions: Vec<FnId> = match def {
        Def::View(id) => {
            let view = checked.view(id);
            [Some(view.all), view.at].into_iter().flatten().collect()
        }
        Def::Stream(id) => checked.streams[id.0 as usize].append.into_iter().collect(),
        _ => return None,
    };
    let manifest = snapshot.manifest()?;
    let is_public = |name: &String| {
        let mut public = manifest.functions.iter();
        public.find(|f| f.public && f.entity.is_none() && f.name == *name)
    };
    let names = functions.iter().map(|id| &checked.function(*id).name);
    let served: Vec<_> = names.filter_map(is_public).collect();
    let first = served.first()?;
    let routes = served.iter();
    let mut parts: Vec<String> = routes
        .map(|function| weir_driver::explain::route(manifest, function))
        .collect();
    if let Some(receipt) = &first.receipt {
        parts.push(receipt.class.name().to_owned());
        parts.push(weir_driver::receipts::cost(manifest, &receipt.cost));
    }
    Some(Lens {
        span,
        title: parts.join(" · "),
        does: Does::Explain(first.name.clone()),
    })
}

/// `POST /Account/{owner}/pay · serial · 1 record, 1 key, 1 read, 1 write · writes Account(owner)`
fn of_function(snapshot: &Snapshot, span: Span, id: FnId) -> Option<Lens> {
    let planned = facts::planned(snapshot, id)?;
    let manifest = snapshot.manifest()?;
    let mut parts = vec![weir_driver::explain::route(manifest, planned)];
    match &planned.receipt {
        Some(receipt) => {
            parts.push(receipt.class.name().to_owned());
            parts.push(weir_driver::receipts::cost(manifest, &receipt.cost));
        }
        None => parts.push(facts::effects(snapshot, id)),
    }
    let touched = weir_driver::explain::touched(planned);
    if !touched.is_empty() {
        parts.push(touched.join(", "));
    }
    let function = snapshot.checked().function(id);
    let name = match function.entity {
        Some(entity) => format!(
            "{}.{}",
            snapshot.checked().entity(entity).name,
            function.name
        ),
        None => planned.name.clone(),
    };
    Some(Lens {
        span,
        title: parts.join(" · "),
        does: Does::Explain(name),
    })
}
