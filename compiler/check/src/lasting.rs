//! State that is of no use, and state that only grows (`analyses.md` 2.13). Remarks of `weir check` and of editors, on programs
//! without errors. `variants` and `streams` have the same of enums and of streams.
//!
//! Reachability on a closed program, open only at what is `pub`. What a test does counts as use: better to be silent than to be wrong.

mod streams;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use weir_diagnostics::{Diagnostic, Span, codes};

use weir_contract::lattice::Change;

use crate::advice;
use crate::hir::*;
use crate::walk::{self, Owner};

/// All remarks, in the order of the source.
pub fn remarks(program: &Checked) -> Vec<Diagnostic> {
    let mut seen = Seen::default();
    for (owner, body) in walk::bodies(program) {
        seen.body(program, owner, body);
    }
    // A view sees all of the entity that it is about.
    for source in program.views.iter().flat_map(|view| &view.sources) {
        if let SourceOf::Entity(entity) = source.of {
            let fields = program.entity(entity).fields.len() as u32;
            seen.reads.extend((0..fields).map(|f| (entity, FieldId(f))));
        }
    }
    let mut found = Vec::new();
    for (at, entity) in program.entities.iter().enumerate() {
        for (number, field) in entity.fields.iter().enumerate() {
            let id = (EntityId(at as u32), FieldId(number as u32));
            of_field(program, entity, field, id, &seen, &mut found);
        }
        for handler in &entity.handlers {
            let is_run = entity.workflow.as_ref().is_some_and(|w| w.run == *handler);
            let function = program.function(*handler);
            let is_hidden = function.name.starts_with('_') || function.of_view.is_some();
            if !is_run && !function.is_pub && !is_hidden && !seen.called.contains(handler) {
                found.push(not_called(program, *handler));
            }
        }
    }
    variants::remarks(program, &mut found);
    streams::remarks(program, &mut found);
    weir_diagnostics::sort(&mut found);
    found
}

fn of_field(
    program: &Checked,
    entity: &Entity,
    field: &StateField,
    id: (EntityId, FieldId),
    seen: &Seen,
    found: &mut Vec<Diagnostic>,
) {
    let name = &field.name;
    if name.starts_with('_') {
        return;
    }
    let is_read = field.is_pub || seen.reads.contains(&id);
    let written = seen.writes.get(&id);
    if let (false, Some(written)) = (is_read, written) {
        found.push(
            Diagnostic::new(
                codes::W0705,
                field.span,
                format!("`{name}` of `{}` is written and never read", entity.name),
            )
            .label("nobody sees what is in it")
            .secondary(*written, "written here")
            .help("remove it, or make it `pub` for those who ask from outside")
            .fix("let those outside read it", before(field.span, "state ")),
        );
        return;
    }
    if written.is_none() && field.keep.is_none() {
        found.push(never_written(entity, field, is_read));
        return;
    }
    let Some(grows) = seen.grows.get(&id) else {
        return;
    };
    let is_bounded = seen.shrinks.contains(&id)
        || seen.measured.contains(&id)
        || field.keep.is_some()
        || few_keys(program, &field.ty);
    if !is_bounded {
        let by = &grows.by;
        found.push(
            Diagnostic::new(
                codes::H0701,
                field.span,
                format!("`{name}` of `{}` grows for ever: one entry per `{by}`", entity.name),
            )
            .label("nothing is ever taken out")
            .secondary(grows.span, "put in here")
            .help(format!(
                "take out what is old, look at `{name}.length()` before, or say why it stays: `@keep(\"the ledger\")`"
            )),
        );
    }
}

/// `pub` in front of the word that stands before a name, in the one style.
fn before(name: Span, word: &str) -> Vec<(Span, String)> {
    let at = name.start.saturating_sub(word.len() as u32);
    vec![(Span::new(name.file, at, at), "pub ".to_owned())]
}

fn never_written(entity: &Entity, field: &StateField, is_read: bool) -> Diagnostic {
    let (name, of) = (&field.name, &entity.name);
    let what = match is_read {
        true => "read and never written",
        false => "neither written nor read",
    };
    let found = Diagnostic::new(
        codes::W0707,
        field.span,
        format!("`{name}` of `{of}` is {what}"),
    )
    .label("always what it begins with");
    match (is_read, field.merge.is_some()) {
        (false, _) => found.help("remove it"),
        (true, true) => found.help("change it in a function of the entity, or remove it"),
        (true, false) => found.help(format!(
            "write it in a function of the entity, or make it a constant at the top of the file: `let {name} = ..`"
        )),
    }
}

fn not_called(program: &Checked, id: FnId) -> Diagnostic {
    let function = program.function(id);
    let name = advice::name(program, id);
    Diagnostic::new(
        codes::W0706,
        function.span,
        format!("nobody calls `{name}`: it is not `pub`, and no code names it"),
    )
    .label("never runs")
    .help("make it `pub fn`, call it, or remove it")
    .fix("let those outside call it", before(function.span, "fn "))
}

/// Whether a map or set has as many keys as a type has values.
fn few_keys(program: &Checked, ty: &Type) -> bool {
    let key = match ty {
        Type::Map(key, _) | Type::Set(key) => key,
        _ => return false,
    };
    match &**key {
        Type::Bool => true,
        Type::Enum(id, args) => {
            let variants = program.variants(*id, args);
            variants.iter().all(|variant| variant.fields.is_empty())
        }
        _ => false,
    }
}

/// What the program does to its state.
#[derive(Default)]
struct Seen {
    reads: BTreeSet<Field>,
    /// Where first.
    writes: BTreeMap<Field, Span>,
    grows: BTreeMap<Field, Grows>,
    shrinks: BTreeSet<Field>,
    /// Its length is looked at.
    measured: BTreeSet<Field>,
    called: BTreeSet<FnId>,
}

type Field = (EntityId, FieldId);

struct Grows {
    by: String,
    span: Span,
}

impl Seen {
    fn body(&mut self, program: &Checked, owner: Owner, body: &Body) {
        // Where state is named without its instance it is that of the body's entity.
        let (entity, by, is_test) = match owner {
            Owner::Function(id) => (
                program.function(id).entity,
                advice::name(program, id),
                false,
            ),
            Owner::Test => (None, "test".to_owned(), true),
            Owner::Init(id) | Owner::Invariant(id) | Owner::Allow(id) => {
                (Some(id), String::new(), false)
            }
            Owner::Constant(_) | Owner::Default | Owner::View => (None, String::new(), false),
        };
        let own = |field: FieldId| entity.map(|entity| (entity, field));
        let is_rule = matches!(owner, Owner::Invariant(_) | Owner::Allow(_));
        walk::all(&body.root, &mut |expr| {
            match &expr.kind {
                ExprKind::State(field) => {
                    self.reads.extend(own(*field));
                    // A rule may be what bounds it.
                    self.measured.extend(own(*field).filter(|_| is_rule));
                }
                ExprKind::StateOf { entity, field, .. } => {
                    self.reads.insert((*entity, *field));
                }
                ExprKind::Assign { place, .. } | ExprKind::AssignOp { place, .. } => {
                    if let PlaceRoot::State(field) = place.root
                        && let Some(field) = own(field)
                    {
                        self.writes.entry(field).or_insert(expr.span);
                        match place.path.first() {
                            // A new whole: as long as that is.
                            None => {
                                self.shrinks.insert(field);
                            }
                            // With a key an entry is there afterwards.
                            Some(PlaceStep::MapKey(_)) if place.path.len() == 1 => {
                                self.grow(field, &by, expr.span, is_test);
                            }
                            Some(_) => {}
                        }
                    }
                }
                ExprKind::Mutate { place, op, .. } => {
                    if let PlaceRoot::State(field) = place.root
                        && let Some(field) = own(field)
                    {
                        self.mutate(field, *op, place.path.is_empty(), &by, expr.span);
                    }
                }
                ExprKind::SetState { entity, fields, .. } => {
                    for (field, _) in fields {
                        self.writes.entry((*entity, *field)).or_insert(expr.span);
                    }
                }
                ExprKind::Merge {
                    field,
                    path,
                    change,
                    ..
                } => {
                    if let Some(field) = own(*field) {
                        self.writes.entry(field).or_insert(expr.span);
                        self.merged(program, field, path, *change, (&by, expr.span));
                    }
                }
                ExprKind::Call { function, args, .. } => {
                    self.called.insert(*function);
                    self.passed(args);
                    self.measure(program, entity, *function, args);
                }
                ExprKind::CallHandler { function, args, .. } => {
                    self.called.insert(*function);
                    self.passed(args);
                }
                ExprKind::Send { message, .. } => match message {
                    Message::Function { function, args }
                    | Message::Handler { function, args, .. } => {
                        self.called.insert(*function);
                        self.passed(args);
                    }
                    Message::Event { .. } => {}
                },
                _ => {}
            };
        });
    }

    fn passed(&mut self, args: &[Arg]) {
        for arg in args {
            if let Arg::Function(function, _) = arg {
                self.called.insert(*function);
            }
        }
    }

    /// A function of the library that tells how long something is.
    fn measure(
        &mut self,
        program: &Checked,
        entity: Option<EntityId>,
        function: FnId,
        args: &[Arg],
    ) {
        let function = program.function(function);
        let is_length = matches!(function.name.as_str(), "length" | "is_empty");
        if !is_length || !function.is_prelude {
            return;
        }
        if let (
            Some(entity),
            Some(Arg::Value(Expr {
                kind: ExprKind::State(field),
                ..
            })),
        ) = (entity, args.first())
        {
            self.measured.insert((entity, *field));
        }
    }

    fn mutate(&mut self, field: Field, op: MutateOp, is_whole: bool, by: &str, span: Span) {
        self.writes.entry(field).or_insert(span);
        match op {
            MutateOp::ListPush | MutateOp::ListInsert if is_whole => {
                self.grow(field, by, span, false);
            }
            MutateOp::SetAdd => {
                // Whether it was new may be asked.
                self.reads.insert(field);
                if is_whole {
                    self.grow(field, by, span, false);
                }
            }
            MutateOp::ListPush | MutateOp::ListInsert => {}
            MutateOp::ListPop
            | MutateOp::ListRemove
            | MutateOp::MapRemove
            | MutateOp::SetRemove => {
                self.reads.insert(field);
                self.shrinks.insert(field);
            }
            MutateOp::ListClear | MutateOp::MapClear | MutateOp::SetClear => {
                self.shrinks.insert(field);
            }
        }
    }

    /// A `GrowSet` says by its name that it grows, and out of a map that merges nobody can take anything.
    fn merged(
        &mut self,
        program: &Checked,
        field: Field,
        path: &[MergeStep],
        change: Change,
        (by, span): (&str, Span),
    ) {
        let declared = &program.entity(field.0).fields[field.1.0 as usize];
        let is_set = matches!(declared.merge, Some(Lattice::Leaf(LatticeKind::AddSet, _)));
        match change {
            Change::Add if is_set && path.is_empty() => self.grow(field, by, span, false),
            Change::Remove => {
                self.shrinks.insert(field);
            }
            _ => {}
        }
    }

    fn grow(&mut self, field: Field, by: &str, span: Span, is_test: bool) {
        if !is_test {
            let by = by.to_owned();
            self.grows.entry(field).or_insert(Grows { by, span });
        }
    }
}
