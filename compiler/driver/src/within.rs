//! Which function a place in the source is in, as people call it: `Account.transfer`, `invariant of Account`, `test "twice"`.
//!
//! A crash names a site; this gives the site its function. It is looked up by the text around the site and not by the code the
//! site ended up in, so that code which was copied or moved elsewhere is still called what it is in the source.

use std::collections::BTreeMap;

use weir_check::Checked;
use weir_check::hir::{Body, EntityId, Implementation};
use weir_diagnostics::Span;
use weir_flow::ir::Site;

/// The bodies of a program by where they begin: file and byte; then their end and whose they are. Bodies do not overlap.
pub struct Within(BTreeMap<(u32, u32), (u32, String)>);

impl Within {
    pub fn new(checked: &Checked) -> Within {
        let mut this = Within(BTreeMap::new());
        for function in &checked.functions {
            let name = match function.entity {
                Some(EntityId(entity)) => {
                    format!(
                        "{}.{}",
                        checked.entities[entity as usize].name, function.name
                    )
                }
                None => function.name.clone(),
            };
            this.add(function.span, &name);
            if let Implementation::Body(body) = &function.implementation {
                this.body(body, &name);
            }
            for param in &function.params {
                param.default.iter().for_each(|body| this.body(body, &name));
            }
        }
        for entity in &checked.entities {
            for field in &entity.fields {
                let name = format!("{}.{}", entity.name, field.name);
                this.add(field.span, &name);
                this.body(&field.init, &name);
            }
            let name = format!("invariant of {}", entity.name);
            entity.invariants.iter().for_each(|b| this.body(b, &name));
            let name = format!("allow of {}", entity.name);
            entity.allows.iter().for_each(|b| this.body(b, &name));
        }
        for constant in &checked.constants {
            this.body(&constant.body, &constant.name);
        }
        for test in &checked.tests {
            let name = format!("test \"{}\"", test.name);
            this.add(test.span, &name);
            this.body(&test.body, &name);
        }
        this
    }

    /// `None` for what is in no function.
    pub fn of(&self, site: &Site) -> Option<String> {
        let before = self.0.range(..=(site.file, site.start)).next_back();
        let ((file, _), (end, name)) = before?;
        (*file == site.file && site.start < *end).then(|| name.clone())
    }

    fn body(&mut self, body: &Body, name: &str) {
        self.add(body.root.span, name);
    }

    fn add(&mut self, span: Span, name: &str) {
        let at = (span.file.0, span.start);
        let known = self.0.entry(at).or_insert((span.end, name.to_owned()));
        known.0 = known.0.max(span.end);
    }
}
