//! What the machine has to know of a module of IR text.

use weir_contract::manifest::{
    Access, Effect, Entity, Event, Frame, FrameRole, Function, FunctionKind, MANIFEST_VERSION,
    Manifest, Param, Workflow,
};
use weir_contract::slots::{Slot, SlotKind};
use weir_contract::stream::Stream;
use weir_contract::{DefKind, Field, Type};
use weir_flow::ir;

pub fn manifest(module: &ir::Module) -> Manifest {
    let numbered = || module.entries.iter().zip(0..);
    Manifest {
        version: MANIFEST_VERSION,
        program: "test".into(),
        program_version: None,
        limits: Default::default(),
        retention: Default::default(),
        module_sha256: String::new(),
        defs: module.defs.clone(),
        entities: (0..module.entities.len() as u32)
            .map(|number| entity(module, ir::EntityId(number)))
            .collect(),
        functions: numbered()
            .filter_map(|(e, n)| function(module, e, n))
            .collect(),
        frames: numbered()
            .filter_map(|(e, n)| frame(module, e, n))
            .collect(),
        externs: module.externs.clone(),
        components: Vec::new(),
        host_calls: weir_flow::host_calls::all(module),
        views: Vec::new(),
        scratches: vec![],
        failures: module.failures,
        roles: vec![],
        tests: vec![],
        sites: vec![],
        sources: vec![],
        streams: module.streams.iter().map(stream).collect(),
    }
}

/// Who consumes it is a matter of the machine.
fn stream(stream: &ir::Stream) -> Stream {
    Stream {
        name: stream.name.clone(),
        ty: stream.ty.clone(),
        key: stream.key.clone(),
        timed: stream.timed,
        late_us: stream.late_us,
        keep: stream.keep.clone(),
        append: None,
        consumers: vec![],
        doc: None,
    }
}

fn entity(module: &ir::Module, id: ir::EntityId) -> Entity {
    let entity = module.entity(id);
    let DefKind::Entity { keys } = &module.defs.get(entity.def).kind else {
        panic!("not an entity")
    };
    let slot = |slot: &ir::Slot| Slot {
        path: vec![slot.name.clone()],
        kind: match slot.kind.clone() {
            ir::SlotKind::Scalar(ty) => SlotKind::Scalar(ty),
            ir::SlotKind::List(ty) => SlotKind::List(ty),
            ir::SlotKind::Map(key, ty) => SlotKind::Map(key, ty),
            ir::SlotKind::Set(ty) => SlotKind::Set(ty),
        },
        merge: slot.merge.clone(),
    };
    Entity {
        name: entity.name.clone(),
        keys: keys.clone(),
        fields: vec![],
        slots: entity.slots.iter().map(slot).collect(),
        allow: None,
        walked: module.walked().contains(&id),
        workflow: entity.workflow.as_ref().map(|w| workflow(module, w)),
        doc: None,
    }
}

fn workflow(module: &ir::Module, workflow: &ir::Workflow) -> Workflow {
    let before = &module.entries[..workflow.run.0 as usize];
    let event = |event: &ir::Event| Event {
        name: event.name.clone(),
        params: params(&event.params),
        public: true,
        access: Access::Anyone,
        guard: None,
        doc: None,
    };
    Workflow {
        run: before.iter().filter(|e| kind(e).is_some()).count() as u32,
        events: workflow.events.iter().map(event).collect(),
        begins: workflow.begins,
        event_enum: workflow.event_enum,
    }
}

fn kind(entry: &ir::Entry) -> Option<FunctionKind> {
    match entry.kind {
        ir::EntryKind::Function => Some(FunctionKind::Function),
        ir::EntryKind::Handler => Some(FunctionKind::Handler),
        ir::EntryKind::Run => Some(FunctionKind::Run),
        _ => None,
    }
}

fn function(module: &ir::Module, entry: &ir::Entry, number: u32) -> Option<Function> {
    let (returns, fails) = outcome(module, entry);
    Some(Function {
        name: entry.name.clone(),
        kind: kind(entry)?,
        entity: entry.entity.map(|e| e.0),
        entry: number,
        public: true,
        params: params(&entry.params),
        returns,
        fails,
        effect: match entry.effect {
            ir::Effect::Pure => Effect::Pure,
            ir::Effect::Read => Effect::Read,
            ir::Effect::Write => Effect::Write,
            ir::Effect::Wait => Effect::Wait,
        },
        access: Access::Anyone,
        route: None,
        plan: Default::default(),
        doc: None,
        views: Vec::new(),
        emits: Vec::new(),
        receipt: None,
    })
}

fn frame(module: &ir::Module, entry: &ir::Entry, number: u32) -> Option<Frame> {
    let role = match entry.kind {
        ir::EntryKind::Resume => FrameRole::Resume,
        ir::EntryKind::Undo => FrameRole::Undo,
        ir::EntryKind::Branch => FrameRole::Branch,
        ir::EntryKind::Mock => FrameRole::Mock,
        _ => return None,
    };
    let cell = |param: &ir::EntryParam| Field {
        name: param.name.clone(),
        ty: param.ty.clone(),
    };
    let mut cells: Vec<Field> = entry.params.iter().map(cell).collect();
    let result = (role == FrameRole::Resume).then(|| cells.remove(0).ty);
    let (returns, fails) = outcome(module, entry);
    Some(Frame {
        label: entry.name.clone(),
        entry: number,
        role,
        entity: entry.entity.map(|e| e.0),
        result,
        cells,
        returns,
        fails,
        waits_for: String::new(),
        site: 0,
        views: Vec::new(),
        emits: Vec::new(),
    })
}

fn outcome(module: &ir::Module, entry: &ir::Entry) -> (Type, Vec<weir_contract::DefId>) {
    match &module.func(entry.func).ret {
        Type::Result(ok, errors) => ((**ok).clone(), errors.clone()),
        plain => (plain.clone(), vec![]),
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
