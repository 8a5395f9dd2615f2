//! The views of a manifest. What their types are stands in their functions.

use weir_check::{Checked, hir};
use weir_contract::Type;
use weir_contract::manifest::Function;
use weir_contract::view::{
    Aggregate, Group, Order, SourceOf, View, ViewSource, Window, WindowKind,
};

/// All views, each behind those it is made of.
pub fn views(checked: &Checked, functions: &[Function]) -> Vec<View> {
    let order = checked.views_in_order();
    let places = Places {
        checked,
        functions,
        order: &order,
    };
    order.iter().map(|id| places.view(*id)).collect()
}

/// Of each entity whether rows are made of its instances.
pub fn sources(checked: &Checked) -> Vec<bool> {
    let mut found = vec![false; checked.entities.len()];
    for source in checked.views.iter().flat_map(|view| &view.sources) {
        if let hir::SourceOf::Entity(entity) = source.of {
            found[entity.0 as usize] = true;
        }
    }
    found
}

struct Places<'a> {
    checked: &'a Checked,
    functions: &'a [Function],
    order: &'a [hir::ViewId],
}

impl Places<'_> {
    fn view(&self, id: hir::ViewId) -> View {
        let view = self.checked.view(id);
        let feeds = view.sources.iter().map(|source| ViewSource {
            of: self.source(source.of),
            feed: self.number(source.feed),
        });
        let element = |id: hir::FnId| match &self.functions[self.number(id) as usize].returns {
            Type::List(element) => (**element).clone(),
            other => unreachable!("{other:?} is no list"),
        };
        let makes_parts = view.pair.unwrap_or(view.sources[0].feed);
        let makes_rows = view.group.as_ref().map_or(makes_parts, |group| group.row);
        let sorted_by = parts(element(makes_rows), view.descending.len() + 1);
        let order = sorted_by.into_iter().zip(&view.descending);
        let group = view.group.as_ref();
        View {
            name: view.name.clone(),
            sources: feeds.collect(),
            pair: view.pair.map(|pair| self.number(pair)),
            group: group.map(|group| self.group(group, element(makes_parts))),
            row: element(view.all),
            order: order
                .map(|(ty, descending)| Order {
                    ty,
                    descending: *descending,
                })
                .collect(),
            limit: view.limit,
            all: self.number(view.all),
            at: view.at.map(|at| self.number(at)),
            doc: view.doc.clone(),
        }
    }

    fn group(&self, group: &hir::ViewGroup, part: Type) -> Group {
        let has_operand = |kind: &hir::ViewAggregate| *kind != hir::ViewAggregate::Count;
        let operands = group.aggregates.iter().filter(|kind| has_operand(kind));
        let mut keys = parts(part, group.keys + operands.count());
        let mut operands = keys.split_off(group.keys).into_iter();
        let mut operand = || operands.next().expect("each has one");
        let aggregate = |kind: &hir::ViewAggregate| match kind {
            hir::ViewAggregate::Count => Aggregate::Count,
            hir::ViewAggregate::Sum => Aggregate::Sum(operand()),
            hir::ViewAggregate::Min => Aggregate::Min(operand()),
            hir::ViewAggregate::Max => Aggregate::Max(operand()),
            hir::ViewAggregate::Distinct => Aggregate::Distinct(operand()),
            hir::ViewAggregate::Values => Aggregate::Values(operand()),
        };
        Group {
            aggregates: group.aggregates.iter().map(aggregate).collect(),
            keys,
            row: self.number(group.row),
            window: group.window.map(|window| Window {
                key: window.key,
                kind: match window.kind {
                    hir::WindowKind::Fixed(size_us) => WindowKind::Fixed { size_us },
                    hir::WindowKind::Session(gap_us) => WindowKind::Session { gap_us },
                },
            }),
        }
    }

    fn source(&self, of: hir::SourceOf) -> SourceOf {
        match of {
            hir::SourceOf::Stream(stream) => SourceOf::Stream(stream.0),
            hir::SourceOf::Entity(entity) => SourceOf::Entity(entity.0),
            hir::SourceOf::View(view) => {
                let at = self.order.iter().position(|id| *id == view);
                SourceOf::View(at.expect("all are in order") as u32)
            }
        }
    }

    /// Position among the functions of the manifest: nothing else has the name.
    fn number(&self, id: hir::FnId) -> u32 {
        let name = &self.checked.function(id).name;
        let is_it = |f: &Function| f.entity.is_none() && f.name == *name;
        let at = self.functions.iter().position(is_it);
        at.expect("functions of views can be started") as u32
    }
}

/// What a tuple of so many is made of; one alone is itself.
fn parts(ty: Type, count: usize) -> Vec<Type> {
    match ty {
        Type::Tuple(parts) if count > 1 => parts.into_iter().map(|part| part.ty).collect(),
        ty => vec![ty],
    }
}
