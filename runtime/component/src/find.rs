//! The functions of a component: those it exports by themselves, and those of its interfaces that belong to the package a program
//! names.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex};

/// A function that a component exports.
pub struct Export {
    /// `thumbnail`
    pub name: String,
    /// `acme:image/api@0.3.0`, where it is in an interface.
    pub interface: Option<String>,
    pub index: ComponentExportIndex,
    pub ty: ComponentFunc,
}

impl Export {
    /// As people read it: `acme:image/api@0.3.0.thumbnail`.
    pub fn path(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{interface}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it is of that package, given as `acme/image@0.3`. A function outside of interfaces is of any.
    pub fn is_of(&self, package: &str) -> bool {
        let Some(interface) = &self.interface else {
            return true;
        };
        let (wanted, version) = split(package);
        let (found, has) = split(interface);
        let name = found.split('/').next().unwrap_or_default();
        let begins = |has: &str, version: &str| {
            has == version
                || has
                    .strip_prefix(version)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        name == wanted.replace('/', ":")
            && match (has, version) {
                (Some(has), Some(version)) => begins(has, version),
                _ => true,
            }
    }
}

/// A name and the version behind its `@`.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

/// All functions, those outside of interfaces first.
pub fn exports(engine: &Engine, component: &Component) -> Vec<Export> {
    let ty = component.component_type();
    let mut own = Vec::new();
    let mut inside = Vec::new();
    for (name, item) in ty.exports(engine) {
        let Some(index) = component.get_export_index(None, name) else {
            continue;
        };
        match item.ty {
            ComponentItem::ComponentFunc(ty) => own.push(Export {
                name: name.to_owned(),
                interface: None,
                index,
                ty,
            }),
            ComponentItem::ComponentInstance(instance) => {
                for (function, item) in instance.exports(engine) {
                    let at = component.get_export_index(Some(&index), function);
                    if let (ComponentItem::ComponentFunc(ty), Some(index)) = (item.ty, at) {
                        inside.push(Export {
                            name: function.to_owned(),
                            interface: Some(name.to_owned()),
                            index,
                            ty,
                        });
                    }
                }
            }
            _ => {}
        }
    }
    own.extend(inside);
    own
}

/// What a component wants from outside, by name. Types are not wanted: they are only names.
pub fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    let is_type = |item: &ComponentItem| matches!(item, ComponentItem::Type(_));
    let ty = component.component_type();
    let wanted = ty.imports(engine).filter(|(_, item)| match &item.ty {
        ComponentItem::ComponentInstance(instance) => {
            let mut inside = instance.exports(engine);
            inside.any(|(_, item)| !is_type(&item.ty))
        }
        item => !is_type(item),
    });
    wanted.map(|(name, _)| name.to_owned()).collect()
}
