//! The views of a manifest. What their types are stands in their functions.

use weir_check::{Checked, hir};
use weir_contract::Type;
use weir_contract::manifest::Function;
use weir_contract::view::{
    Aggregate, Group, Order, SourceOf, View, ViewSource, Window, WindowKind,
};
use weir_contract::{DefKind, Field};
use weir_flow::{call_graph, ir, text};

use crate::hex_sha256;

/// All views, each behind those it is made of.
pub fn views(checked: &Checked, module: &ir::Module, functions: &[Function]) -> Vec<View> {
    let order = checked.views_in_order();
    let places = Places {
        checked,
        functions,
        order: &order,
    };
    let mut views: Vec<View> = Vec::new();
    for id in &order {
        let view = places.view(*id);
        let code = code(checked, module, functions, &view, &views);
        views.push(View { code, ..view });
    }
    views
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
            code: String::new(),
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

/// A digest of all that the rows of a view follow from: its functions with what they call, without their places in the source, the types
/// they are about, the slots of the instances they read with what those begin with, and the streams and views it is made of.
fn code(
    checked: &Checked,
    module: &ir::Module,
    functions: &[Function],
    view: &View,
    before: &[View],
) -> String {
    let mut all = format!(
        "{:?}\n{:?}\n{:?}\n",
        view.order,
        view.limit,
        view.group.as_ref().map(|g| &g.window)
    );
    let mut shown = Shown {
        module,
        seen: Vec::new(),
        out: String::new(),
    };
    for source in &view.sources {
        all += &match source.of {
            SourceOf::View(of) => before[of as usize].code.clone(),
            SourceOf::Entity(entity) => module.entities[entity as usize].name.clone(),
            SourceOf::Stream(stream) => checked.streams[stream as usize].name.clone(),
        };
        all += "\n";
    }
    let feeds = view.sources.iter().map(|source| source.feed);
    let numbers = feeds
        .chain(view.pair)
        .chain(view.group.iter().map(|group| group.row));
    let mut to_show: Vec<ir::FuncId> = numbers
        .map(|number| module.entries[functions[number as usize].entry as usize].func)
        .collect();
    let mut entities = Vec::new();
    let mut at = 0;
    while let Some(id) = to_show.get(at).copied() {
        at += 1;
        let mut func = module.func(id).clone();
        func.site = ir::SiteId(0);
        for block in &mut func.blocks {
            block.site = ir::SiteId(0);
            block
                .insts
                .iter_mut()
                .for_each(|inst| inst.site = ir::SiteId(0));
        }
        all += &text::print_func(module, &func);
        for reg in &func.regs {
            match &reg.ty {
                ir::RegType::Value(ty) => shown.ty(ty),
                ir::RegType::Instance(entity) if entities.contains(entity) => {}
                ir::RegType::Instance(entity) => {
                    entities.push(*entity);
                    let entity = module.entity(*entity);
                    shown.def(entity.def);
                    for slot in &entity.slots {
                        let init = match &slot.init {
                            ir::Init::Func(id) => {
                                if !to_show.contains(id) {
                                    to_show.push(*id);
                                }
                                String::new()
                            }
                            init => format!("{init:?}"),
                        };
                        all += &format!("{} {:?} {init}\n", slot.name, slot.merge);
                    }
                }
            }
        }
        for callee in call_graph::calls(&func) {
            if !to_show.contains(&callee) {
                to_show.push(callee);
            }
        }
    }
    all += &shown.out;
    hex_sha256(all.as_bytes())
}

/// Named types with what they are made of, each once.
struct Shown<'a> {
    module: &'a ir::Module,
    seen: Vec<weir_contract::DefId>,
    out: String,
}

impl Shown<'_> {
    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Named(id) => self.def(*id),
            Type::List(of) | Type::Set(of) | Type::Option(of) => self.ty(of),
            Type::Map(key, value) => {
                self.ty(key);
                self.ty(value);
            }
            Type::Tuple(parts) => parts.iter().for_each(|part| self.ty(&part.ty)),
            Type::Result(ok, errors) => {
                self.ty(ok);
                errors.iter().for_each(|error| self.def(*error));
            }
            _ => {}
        }
    }

    fn def(&mut self, id: weir_contract::DefId) {
        if self.seen.contains(&id) {
            return;
        }
        self.seen.push(id);
        let module = self.module;
        let def = module.defs.get(id);
        self.out += &format!("{}:", def.name);
        match &def.kind {
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => self.fields(fields),
            DefKind::New { base } => {
                self.out += &text::print_type(module, base);
                self.ty(base);
            }
            DefKind::Enum { variants } => {
                for variant in variants {
                    self.out += &format!("|{}", variant.name);
                    self.fields(&variant.fields);
                }
            }
        }
        self.out += "\n";
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            let ty = text::print_type(self.module, &field.ty);
            self.out += &format!("{}:{ty},", field.name);
        }
        fields.iter().for_each(|field| self.ty(&field.ty));
    }
}
