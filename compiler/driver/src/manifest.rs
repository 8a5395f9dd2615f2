//! The manifest of a program: what the flow IR says of it, with places as lines of the source.

use std::collections::BTreeMap;
use std::path::Path;

use weir_check::{Checked, hir};
use weir_contract::manifest::{
    Access, Effect, Entity, Event, Frame, FrameRole, Function, FunctionKind, MANIFEST_VERSION,
    Manifest, Method, Param, Route, Site, Source, StateField, Test, Workflow,
};
use weir_contract::receipt::Receipt;
use weir_contract::stream::Stream;
use weir_contract::{DefId, DefKind, Field, Type};
use weir_diagnostics::{FileId, SourceMap};
use weir_flow::{call_graph, ir};

use crate::receipts::Frames;
use crate::scratches::scratches;
use crate::views;
use crate::within::Within;
use crate::{Program, hex_sha256};

/// Describes `module`. The hash of the Wasm module is left empty: [`crate::Bundle::new`] fills it in.
pub fn manifest(
    program: &Program,
    checked: &Checked,
    module: &ir::Module,
    sources: &SourceMap,
) -> Manifest {
    let numbered = || module.entries.iter().enumerate();
    let routes = Routes::new(checked);
    let within = Within::new(checked);
    let frames = Frames::new(module);
    let receipt = |entry: &ir::Entry| {
        let receipt = entry.receipt.clone()?;
        Some(Receipt {
            frame_bytes: frames.largest(entry.func),
            ..receipt
        })
    };
    let emits = call_graph::emits(module);
    let emits = |entry: u32| {
        let func = module.entries[entry as usize].func;
        emits[func.0 as usize].iter().copied().collect()
    };
    let reads = weir_flow::host_calls::views_read(module);
    let reads = |entry: &ir::Entry| reads[entry.func.0 as usize].iter().copied().collect();
    let functions: Vec<Function> = numbered()
        .filter_map(|(number, entry)| function(module, number as u32, entry, reads(entry)))
        .map(|function| Function {
            route: routes.of(&function),
            emits: emits(function.entry),
            receipt: receipt(&module.entries[function.entry as usize]),
            ..function
        })
        .collect();
    let walked = module.walked();
    let views = views::views(checked, module, &functions);
    Manifest {
        version: MANIFEST_VERSION,
        program: program.name.clone(),
        program_version: program.version.clone(),
        limits: program.limits,
        retention: program.retention,
        module_sha256: String::new(),
        defs: module.defs.clone(),
        entities: (0..module.entities.len() as u32)
            .zip(views::sources(checked))
            .map(|(number, is_source)| {
                let id = ir::EntityId(number);
                entity(module, id, is_source || walked.contains(&id))
            })
            .collect(),
        functions,
        frames: numbered()
            .filter_map(|(number, entry)| frame(module, number as u32, entry, reads(entry)))
            .map(|frame| Frame {
                emits: emits(frame.entry),
                ..frame
            })
            .collect(),
        externs: module.externs.clone(),
        // Known when their files are: `Bundle::with_components`.
        components: Vec::new(),
        host_calls: weir_flow::host_calls::all(module),
        views,
        scratches: scratches(module),
        failures: module.failures,
        roles: weir_check::roles(checked).into_iter().collect(),
        tests: numbered()
            .filter(|(_, entry)| entry.kind == ir::EntryKind::Test)
            .map(|(number, entry)| Test {
                name: entry.name.clone(),
                params: params(&entry.params),
                entry: number as u32,
                site: entry.site.0,
                views: reads(entry),
            })
            .collect(),
        sites: module
            .sites
            .iter()
            .map(|at| site(sources, &within, at))
            .collect(),
        sources: sources
            .files()
            .map(|(id, _)| source(program, sources, id))
            .collect(),
        streams: module.streams.iter().map(|s| stream(module, s)).collect(),
    }
}

fn entity(module: &ir::Module, id: ir::EntityId, walked: bool) -> Entity {
    let entity = module.entity(id);
    let DefKind::Entity { keys } = &module.defs.get(entity.def).kind else {
        unreachable!("an entity's definition is that of an entity");
    };
    let fields: Vec<StateField> = entity
        .fields
        .iter()
        .map(|field| StateField {
            name: field.name.clone(),
            ty: field.ty.clone(),
            public: field.public,
            merge: field.merge.clone(),
        })
        .collect();
    let mut entity_of = Entity {
        name: entity.name.clone(),
        keys: keys.clone(),
        slots: Vec::new(),
        fields,
        // Each entry asks the rule itself before it starts.
        allow: None,
        walked,
        workflow: entity.workflow.as_ref().map(|w| workflow(module, w)),
        doc: entity.doc.clone(),
    };
    entity_of.slots = entity_of.slots_of_fields(&module.defs);
    entity_of
}

/// Where an entry stands among the functions of the manifest.
fn position(module: &ir::Module, entry: ir::EntryId) -> u32 {
    let before = module.entries[..entry.0 as usize].iter();
    before.filter(|e| function_kind(e).is_some()).count() as u32
}

fn stream(module: &ir::Module, stream: &ir::Stream) -> Stream {
    let consumers = stream.consumers.iter();
    Stream {
        name: stream.name.clone(),
        ty: stream.ty.clone(),
        key: stream.key.clone(),
        timed: stream.timed,
        late_us: stream.late_us,
        keep: stream.keep.clone(),
        append: stream.append.map(|entry| position(module, entry)),
        consumers: consumers.map(|entry| position(module, *entry)).collect(),
        doc: stream.doc.clone(),
    }
}

fn workflow(module: &ir::Module, workflow: &ir::Workflow) -> Workflow {
    let event = |event: &ir::Event| Event {
        name: event.name.clone(),
        params: params(&event.params),
        public: event.public,
        access: match &event.access {
            ir::Access::SignedIn if event.guard.is_some() => Access::Allow,
            access => access_rule(access),
        },
        guard: event.guard.map(|entry| entry.0),
        doc: event.doc.clone(),
    };
    Workflow {
        run: position(module, workflow.run),
        events: workflow.events.iter().map(event).collect(),
        begins: workflow.begins,
        event_enum: workflow.event_enum,
    }
}

fn params(params: &[ir::EntryParam]) -> Vec<Param> {
    let param = |param: &ir::EntryParam| Param {
        name: param.name.clone(),
        ty: param.ty.clone(),
        has_default: param.defaulted,
    };
    params.iter().map(param).collect()
}

fn access_rule(access: &ir::Access) -> Access {
    match access {
        ir::Access::Anyone => Access::Anyone,
        ir::Access::Roles(roles) => Access::Roles(roles.clone()),
        ir::Access::SignedIn => Access::SignedIn,
    }
}

/// `None` for what is no function of the manifest: tests and frames.
fn function_kind(entry: &ir::Entry) -> Option<FunctionKind> {
    match entry.kind {
        ir::EntryKind::Function => Some(FunctionKind::Function),
        ir::EntryKind::Handler => Some(FunctionKind::Handler),
        ir::EntryKind::Run => Some(FunctionKind::Run),
        ir::EntryKind::Field => Some(FunctionKind::Field),
        ir::EntryKind::Whole => Some(FunctionKind::Whole),
        _ => None,
    }
}

/// What the entry's function gives, and its errors.
fn outcome(module: &ir::Module, entry: &ir::Entry) -> (Type, Vec<DefId>) {
    match &module.funcs[entry.func.0 as usize].ret {
        Type::Result(ok, errors) => ((**ok).clone(), errors.clone()),
        plain => (plain.clone(), Vec::new()),
    }
}

fn frame(module: &ir::Module, number: u32, entry: &ir::Entry, views: Vec<u32>) -> Option<Frame> {
    let role = match entry.kind {
        ir::EntryKind::Resume => FrameRole::Resume,
        ir::EntryKind::Undo => FrameRole::Undo,
        ir::EntryKind::Branch => FrameRole::Branch,
        ir::EntryKind::Mock => FrameRole::Mock,
        _ => return None,
    };
    let (returns, fails) = outcome(module, entry);
    let mut cells: Vec<Field> = entry
        .params
        .iter()
        .map(|param| Field {
            name: param.name.clone(),
            ty: param.ty.clone(),
        })
        .collect();
    let result = (role == FrameRole::Resume).then(|| cells.remove(0).ty);
    Some(Frame {
        label: entry.name.clone(),
        entry: number,
        role,
        entity: entry.entity.map(|id| id.0),
        result,
        cells,
        returns,
        fails,
        waits_for: entry.waits_for.clone(),
        site: entry.site.0,
        views,
        emits: Vec::new(),
    })
}

fn function(
    module: &ir::Module,
    number: u32,
    entry: &ir::Entry,
    views: Vec<u32>,
) -> Option<Function> {
    let (returns, fails) = outcome(module, entry);
    Some(Function {
        name: entry.name.clone(),
        kind: function_kind(entry)?,
        entity: entry.entity.map(|id| id.0),
        entry: number,
        public: entry.public,
        params: params(&entry.params),
        returns,
        fails,
        effect: match entry.effect {
            ir::Effect::Pure => Effect::Pure,
            ir::Effect::Read => Effect::Read,
            ir::Effect::Write => Effect::Write,
            ir::Effect::Wait => Effect::Wait,
        },
        access: match &entry.access {
            ir::Access::SignedIn if entry.guard.is_some() => Access::Allow,
            access => access_rule(access),
        },
        route: None,
        plan: entry.plan.clone(),
        doc: entry.doc.clone(),
        views,
        emits: Vec::new(),
        receipt: None,
    })
}

/// The routes that functions name themselves; the flow IR knows nothing of HTTP.
struct Routes<'a> {
    /// By entity and name.
    all: BTreeMap<(Option<u32>, &'a str), &'a hir::Route>,
}

impl<'a> Routes<'a> {
    fn new(checked: &'a Checked) -> Routes<'a> {
        let named = |f: &'a hir::Function| {
            let entity = f.entity.map(|e| e.0);
            f.route
                .as_ref()
                .map(|route| ((entity, f.name.as_str()), route))
        };
        Routes {
            all: checked.functions.iter().filter_map(named).collect(),
        }
    }

    fn of(&self, function: &Function) -> Option<Route> {
        self.all
            .get(&(function.entity, function.name.as_str()))
            .map(|found| route(found))
    }
}

fn route(found: &hir::Route) -> Route {
    let part = |part: &hir::RoutePart| match part {
        hir::RoutePart::Text(text) => format!("/{text}"),
        hir::RoutePart::Param(name) => format!("/{{{name}}}"),
    };
    Route {
        method: match found.method {
            hir::Method::Get => Method::Get,
            hir::Method::Post => Method::Post,
            hir::Method::Put => Method::Put,
            hir::Method::Patch => Method::Patch,
            hir::Method::Delete => Method::Delete,
        },
        path: found.parts.iter().map(part).collect(),
    }
}

fn site(sources: &SourceMap, within: &Within, site: &ir::Site) -> Site {
    let file = sources.file(FileId(site.file));
    let at = file.line_column(site.start);
    let number = at.line as usize - 1;
    let start = file.line_start(number).unwrap_or_default();
    let end = file.line_start(number + 1).unwrap_or(file.text.len());
    let line = file.text[start..end].trim_end();
    Site {
        source: site.file,
        line: at.line,
        column: at.column,
        text: line.to_owned(),
        function: within.of(site),
    }
}

fn source(program: &Program, sources: &SourceMap, id: FileId) -> Source {
    let file = sources.file(id);
    Source {
        path: path_inside(program, &file.name),
        sha256: hex_sha256(file.text.as_bytes()),
    }
}

/// A source by its path inside the program's folder, or inside the library: where those lie is nobody's business.
pub fn path_inside(program: &Program, name: &str) -> String {
    if weir_check::prelude::FILES
        .iter()
        .any(|(file, _)| *file == name)
    {
        return name.to_owned();
    }
    let path = Path::new(name);
    let here = program.folder == Path::new(".") && path.is_relative();
    let inside = here
        .then_some(path)
        .or_else(|| path.strip_prefix(&program.folder).ok())
        .or_else(|| path.file_name().map(Path::new))
        .unwrap_or(path);
    let parts: Vec<_> = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::{Memory, build, check, find};

    #[test]
    fn roles_that_only_a_rule_names_are_in_the_manifest() {
        let text = "entity Till(name: Text) {\n  state count: Int = 0\n  allow \"clerk\" in caller.roles\n  \
            @role(\"teller\")\n  pub fn add() { count += 1 }\n}\n";
        let world = Memory::default().with("till.weir", text);
        let program = find(&world, Path::new("till.weir")).unwrap();
        let analysis = check(&world, &program).unwrap();
        let bundle = build(&program, &analysis).expect("a program without errors");
        assert_eq!(bundle.manifest.roles, ["clerk", "teller"]);
    }
}
