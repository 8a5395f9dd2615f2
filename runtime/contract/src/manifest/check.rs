//! Whether a manifest contradicts itself: every id points at something, and what is said twice is the same. Nothing after it needs
//! to ask again.

use std::collections::BTreeSet;

use super::{EntityId, Failures, FunctionKind, Manifest, ManifestError, Promise, Workflow};
use crate::host_call::HostCall;
use crate::lattice;
use crate::scratch::{ScratchCode, may_be_made_from};
use crate::types::{DefId, DefKind, Defs, Field, Type};

impl Manifest {
    /// Checks that every id points at something and that slots are those of the fields.
    pub fn validate(&self) -> Result<(), ManifestError> {
        if let Some(problem) = self.limits.problem().or(self.retention.problem()) {
            return Err(ManifestError(problem));
        }
        check_defs(&self.defs)?;
        self.check_entities()?;
        self.check_functions()?;
        for number in 0..self.views.len() {
            self.check_view(number)?;
        }
        self.check_frames()?;
        self.check_externs()?;
        self.check_components()?;
        self.check_host_calls()?;
        self.check_streams()?;
        self.check_scratches()?;
        self.check_failures()?;
        self.check_tests()?;
        self.check_sites()
    }

    fn check_entities(&self) -> Result<(), ManifestError> {
        for (i, entity) in self.entities.iter().enumerate() {
            let what = format!("entity {}", entity.name);
            if self.entities[..i].iter().any(|e| e.name == entity.name) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
            if entity.keys.is_empty() {
                return Err(ManifestError(format!("{what} has no key")));
            }
            for field in &entity.keys {
                check_type(&self.defs, &field.ty, &what)?;
            }
            for field in &entity.fields {
                check_type(&self.defs, &field.ty, &what)?;
                if let Some(lattice) = &field.merge {
                    lattice::check(
                        &self.defs,
                        lattice,
                        &field.ty,
                        &format!("{what}.{}", field.name),
                    )?;
                }
            }
            if let Some(workflow) = &entity.workflow {
                self.check_workflow(i as EntityId, workflow, &what)?;
            }
            if entity.slots != entity.slots_of_fields(&self.defs) {
                return Err(ManifestError(format!(
                    "the slots of {what} are not those of its fields"
                )));
            }
        }
        Ok(())
    }

    fn check_workflow(
        &self,
        entity: EntityId,
        workflow: &Workflow,
        what: &str,
    ) -> Result<(), ManifestError> {
        let run = self.functions.get(workflow.run as usize);
        if !run.is_some_and(|f| f.kind == FunctionKind::Run && f.entity == Some(entity)) {
            return Err(ManifestError(format!("{what} has no run")));
        }
        let keys = &self.entities[entity as usize].keys;
        if workflow.begins
            && !(matches!(keys[..], [Field { ty: Type::Text, .. }])
                && run.is_some_and(|run| run.params.is_empty()))
        {
            return Err(ManifestError(format!("{what} cannot begin by itself")));
        }
        let kind = self.defs.defs.get(workflow.event_enum.0 as usize);
        let fits = match kind.map(|def| &def.kind) {
            Some(DefKind::Enum { variants }) => {
                variants.len() == workflow.events.len() + 1
                    && workflow.events.iter().zip(variants).all(|(e, v)| {
                        e.params.len() == v.fields.len()
                            && e.params.iter().zip(&v.fields).all(|(p, f)| p.ty == f.ty)
                    })
            }
            _ => false,
        };
        if !fits {
            return Err(ManifestError(format!(
                "{what}: its events are not those of its enum"
            )));
        }
        Ok(())
    }

    fn check_functions(&self) -> Result<(), ManifestError> {
        for function in &self.functions {
            let what = format!("function {}", function.name);
            match (function.kind, function.entity) {
                (FunctionKind::Function, None) => {}
                (
                    FunctionKind::Handler
                    | FunctionKind::Run
                    | FunctionKind::Field
                    | FunctionKind::Whole,
                    Some(entity),
                ) if (entity as usize) < self.entities.len() => {}
                _ => {
                    return Err(ManifestError(format!(
                        "{what} does not say which entity it is of"
                    )));
                }
            }
            for param in &function.params {
                check_type(&self.defs, &param.ty, &what)?;
            }
            check_type(&self.defs, &function.returns, &what)?;
            for error in &function.fails {
                check_error(&self.defs, *error, &what)?;
            }
        }
        Ok(())
    }

    fn check_frames(&self) -> Result<(), ManifestError> {
        let mut labels = BTreeSet::new();
        for (i, frame) in self.frames.iter().enumerate() {
            let what = format!("frame {}", frame.label);
            // A runtime finds frames by their entries.
            if i > 0 && self.frames[i - 1].entry >= frame.entry {
                return Err(ManifestError(format!("{what} is out of order")));
            }
            if !labels.insert(&frame.label) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
            for ty in frame.result.iter().chain([&frame.returns]) {
                check_type(&self.defs, ty, &what)?;
            }
            for cell in &frame.cells {
                check_type(&self.defs, &cell.ty, &what)?;
            }
            for error in &frame.fails {
                check_error(&self.defs, *error, &what)?;
            }
            if frame
                .entity
                .is_some_and(|e| e as usize >= self.entities.len())
                || frame.site as usize >= self.sites.len() && !self.sites.is_empty()
            {
                return Err(ManifestError(format!("{what} names what is not there")));
            }
        }
        Ok(())
    }

    fn check_externs(&self) -> Result<(), ManifestError> {
        for function in &self.externs {
            let what = format!("extern {}.{}", function.module, function.name);
            for param in &function.params {
                check_type(&self.defs, &param.ty, &what)?;
            }
            check_type(&self.defs, &function.returns, &what)?;
            for error in &function.fails {
                check_error(&self.defs, *error, &what)?;
            }
            if function.promise == Promise::Pure && !function.is_component() {
                return Err(ManifestError(format!("{what} is pure, but no component")));
            }
        }
        Ok(())
    }

    /// No path is in here, so a name is all that says which file it is.
    fn check_components(&self) -> Result<(), ManifestError> {
        for (i, component) in self.components.iter().enumerate() {
            let what = format!("component {}", component.module);
            let mut externs = self.externs.iter().filter(|e| e.is_component());
            if !externs.any(|e| e.module == component.module) {
                return Err(ManifestError(format!("{what} is of no extern")));
            }
            // It is a part of a file's name.
            let plain = |c: char| c.is_alphanumeric() || c == '_';
            if !component.module.chars().all(plain) {
                return Err(ManifestError(format!("{what} has a name that is none")));
            }
            let mut before = self.components[..i].iter();
            if before.any(|c| c.module == component.module) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
        }
        Ok(())
    }

    fn check_host_calls(&self) -> Result<(), ManifestError> {
        let functions = self.functions.iter().map(|f| &f.views);
        let frames = self.frames.iter().map(|f| &f.views);
        let tests = self.tests.iter().map(|t| &t.views);
        let mut read = functions.chain(frames).chain(tests).flatten();
        if read.any(|view| *view as usize >= self.views.len()) {
            return Err(ManifestError("a view is read that is not there".to_owned()));
        }
        for call in &self.host_calls {
            for ty in call.types() {
                check_type(&self.defs, ty, "a host call")?;
            }
            if let HostCall::View(read) = call {
                let view = self.views.get(read.view as usize);
                let keys = view.and_then(|view| view.group.as_ref());
                let first = keys.and_then(|group| group.keys.first());
                let fits = view.is_some_and(|view| view.row == read.row)
                    && read.key.as_ref().is_none_or(|key| Some(key) == first);
                if !fits {
                    let what = "a read of a view that is not there, or is of other types";
                    return Err(ManifestError(what.to_owned()));
                }
            }
            if let HostCall::Log(_, ty) = call {
                let is_line = match ty {
                    Type::Unit => true,
                    Type::Tuple(fields) => fields.iter().all(|f| f.name.is_some()),
                    _ => false,
                };
                if !is_line {
                    return Err(ManifestError("a line of the log is none".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn check_scratches(&self) -> Result<(), ManifestError> {
        for (i, scratch) in self.scratches.iter().enumerate() {
            let what = format!("the temporary data {}", scratch.name);
            for ty in scratch.types() {
                check_type(&self.defs, ty, &what)?;
            }
            if !may_be_made_from(&scratch.made_from) {
                return Err(ManifestError(format!("{what} is made from what is none")));
            }
            let mut before = self.scratches[..i].iter();
            if before.any(|other| other.name == scratch.name) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
            if let ScratchCode::Tasks(tasks) = &scratch.code {
                let fields = match &scratch.made_from {
                    Type::Tuple(fields) => fields.as_slice(),
                    _ => &[],
                };
                let other = fields.get(1).is_some_and(|f| may_be_made_from(&f.ty));
                if tasks.source.is_none() && !other {
                    return Err(ManifestError(format!("{what} has no items")));
                }
                if tasks.key.is_some() && tasks.finish.is_none() {
                    return Err(ManifestError(format!("{what} has a key and no use for it")));
                }
            }
        }
        Ok(())
    }

    fn check_failures(&self) -> Result<(), ManifestError> {
        if let Some(failures) = &self.failures {
            let Failures {
                cancelled,
                timed_out,
                unavailable,
                unknown,
            } = failures;
            for error in [cancelled, timed_out, unavailable, unknown] {
                check_error(&self.defs, *error, "the manifest")?;
            }
        } else if !self.frames.is_empty() || !self.externs.is_empty() {
            return Err(ManifestError(
                "the program waits, but has no failures".to_owned(),
            ));
        }
        Ok(())
    }

    fn check_tests(&self) -> Result<(), ManifestError> {
        for test in &self.tests {
            for param in &test.params {
                check_type(&self.defs, &param.ty, &test.name)?;
            }
            if test.site as usize >= self.sites.len() {
                return Err(ManifestError(format!(
                    "test \"{}\" names a site that is not there",
                    test.name
                )));
            }
        }
        Ok(())
    }

    fn check_sites(&self) -> Result<(), ManifestError> {
        for site in &self.sites {
            if site.source as usize >= self.sources.len() {
                return Err(ManifestError(
                    "a site names a source that is not there".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

fn check_defs(defs: &Defs) -> Result<(), ManifestError> {
    for def in &defs.defs {
        let what = format!("type {}", def.name);
        let check_all = |fields: &[Field]| {
            fields
                .iter()
                .try_for_each(|f| check_type(defs, &f.ty, &what))
        };
        match &def.kind {
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => check_all(fields)?,
            DefKind::Enum { variants } => variants.iter().try_for_each(|v| check_all(&v.fields))?,
            DefKind::New { base } => check_type(defs, base, &what)?,
        }
    }
    // Directly nested in itself, a type would have no finite value and flattening it would not end.
    let mut finished = vec![false; defs.defs.len()];
    for index in 0..defs.defs.len() {
        check_finite(
            defs,
            &Type::Named(DefId(index as u32)),
            &mut Vec::new(),
            &mut finished,
        )?;
    }
    Ok(())
}

fn check_finite(
    defs: &Defs,
    ty: &Type,
    open: &mut Vec<DefId>,
    finished: &mut [bool],
) -> Result<(), ManifestError> {
    match ty {
        Type::Tuple(fields) => fields
            .iter()
            .try_for_each(|f| check_finite(defs, &f.ty, open, finished)),
        Type::Named(id) if !finished[id.0 as usize] => {
            let def = defs.get(*id);
            if open.contains(id) {
                return Err(ManifestError(format!("type {} contains itself", def.name)));
            }
            open.push(*id);
            match &def.kind {
                DefKind::New { base } => check_finite(defs, base, open, finished)?,
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => {
                    for field in fields {
                        check_finite(defs, &field.ty, open, finished)?;
                    }
                }
                DefKind::Enum { .. } => {}
            }
            open.pop();
            finished[id.0 as usize] = true;
            Ok(())
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_type(defs: &Defs, ty: &Type, what: &str) -> Result<(), ManifestError> {
    match ty {
        Type::List(t) | Type::Set(t) | Type::Option(t) => check_type(defs, t, what),
        Type::Map(k, v) => check_type(defs, k, what).and_then(|()| check_type(defs, v, what)),
        Type::Tuple(fields) => fields
            .iter()
            .try_for_each(|f| check_type(defs, &f.ty, what)),
        Type::Named(id) if id.0 as usize >= defs.defs.len() => Err(ManifestError(format!(
            "{what} names type {} that is not there",
            id.0
        ))),
        Type::Result(ok, errors) => {
            check_type(defs, ok, what)?;
            errors
                .iter()
                .try_for_each(|id| check_error(defs, *id, what))
        }
        _ => Ok(()),
    }
}

fn check_error(defs: &Defs, id: DefId, what: &str) -> Result<(), ManifestError> {
    match defs.defs.get(id.0 as usize).map(|d| &d.kind) {
        Some(DefKind::Error { .. }) => Ok(()),
        _ => Err(ManifestError(format!(
            "{what} fails with type {} that is no error",
            id.0
        ))),
    }
}
