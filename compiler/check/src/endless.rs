//! Declarations that never come to an end.
//!
//! ```text
//! record Chain(next: Chain)                   // no value of it could ever be made
//! record Nest<T>(inner: Nest<List<T>>?)       // holds another type each time, and each needs a declaration of its own
//! ```
//!
//! The second goes through a circle of type parameters on which something grows, as with functions (`copies`): each
//! field that hands `T` on as `T`, or puts it into a larger type. What is told of is made [`Type::Unknown`], so that
//! whoever follows the fields of a type later comes to an end.

use std::collections::{BTreeMap, BTreeSet};

use weir_diagnostics::{Diagnostic, Span, codes};

use crate::copies::circles::circles_of;
use crate::hir::*;
use crate::messages;
use crate::scope::Cx;

pub fn check(cx: &mut Cx) {
    growing(cx);
    holding_themselves(cx);
}

fn declarations(program: &Checked) -> Vec<Nominal> {
    let records = (0..program.records.len()).map(|at| Nominal::Record(RecordId(at as u32)));
    let enums = (0..program.enums.len()).map(|at| Nominal::Enum(EnumId(at as u32)));
    let news = (0..program.news.len()).map(|at| Nominal::New(NewId(at as u32)));
    records.chain(enums).chain(news).collect()
}

/// A type inside a declaration, by its place there: the variant, the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Inside {
    of: Nominal,
    variant: usize,
    field: usize,
}

impl Inside {
    fn ty(self, program: &mut Checked) -> &mut Type {
        match self.of {
            Nominal::Record(id) => &mut program.records[id.0 as usize].fields[self.field].ty,
            Nominal::Enum(id) => {
                let variant = &mut program.enums[id.0 as usize].variants[self.variant];
                &mut variant.fields[self.field].ty
            }
            Nominal::New(id) => &mut program.news[id.0 as usize].base,
        }
    }

    /// Where it is written.
    fn span(self, cx: &Cx) -> Span {
        match self.of {
            Nominal::Record(id) => cx.records[id.0 as usize].fields[self.field].ty.span,
            Nominal::Enum(id) => {
                let variant = &cx.enums[id.0 as usize].variants[self.variant];
                variant.fields[self.field].ty.span
            }
            Nominal::New(id) => match &cx.news[id.0 as usize] {
                Some(decl) => decl.ty.span,
                None => cx.program.news[id.0 as usize].span,
            },
        }
    }
}

/// A field hands a type parameter of its declaration on as one of another.
struct Handed {
    from: (Nominal, u32),
    to: (Nominal, u32),
    inside: Inside,
    /// What is handed on when it is more than the parameter.
    grown: Option<Type>,
}

fn growing(cx: &mut Cx) {
    let handed = all_handed(&cx.program);
    let circle_of = circles_of(handed.iter().map(|one| (one.from, one.to)));
    let circle = |param| circle_of[&param];
    let mut told = BTreeSet::new();
    for one in &handed {
        let Some(grown) = &one.grown else { continue };
        if circle(one.from) != circle(one.to) || !told.insert(one.inside) {
            continue;
        }
        let (name, params) = cx.program.declared(one.from.0);
        let (other, _) = cx.program.declared(one.to.0);
        let found = Diagnostic::new(
            codes::E0307,
            one.inside.span(cx),
            match name == other {
                true => format!("`{name}` holds itself with a larger type each time, and each is another type"),
                false => format!("`{name}` holds `{other}` with a larger type each time it comes round, and each is another type"),
            },
        )
        .label(format!(
            "`{}` becomes `{}` here",
            params[one.from.1 as usize],
            messages::show(&cx.program, params, grown)
        ))
        .help("give it the same types; what grows while running can be a `List`, or an `enum` that holds itself");
        cx.report(found);
    }
    for inside in told {
        *inside.ty(&mut cx.program) = Type::Unknown;
    }
}

fn all_handed(program: &Checked) -> Vec<Handed> {
    let mut out = Vec::new();
    for of in declarations(program) {
        let mut add = |variant, fields: &[NamedType]| {
            for (field, named) in fields.iter().enumerate() {
                let inside = Inside { of, variant, field };
                handed_in(&named.ty, inside, &mut out);
            }
        };
        match of {
            Nominal::Record(id) => add(0, &program.records[id.0 as usize].fields),
            Nominal::Enum(id) => {
                let variants = program.enums[id.0 as usize].variants.iter();
                variants
                    .enumerate()
                    .for_each(|(at, variant)| add(at, &variant.fields));
            }
            Nominal::New(id) => {
                let inside = Inside {
                    of,
                    variant: 0,
                    field: 0,
                };
                handed_in(&program.news[id.0 as usize].base, inside, &mut out);
            }
        }
    }
    out
}

fn handed_in(ty: &Type, inside: Inside, out: &mut Vec<Handed>) {
    if let Some((to, args)) = ty.nominal() {
        for (at, arg) in args.iter().enumerate() {
            let mut params = BTreeSet::new();
            arg.params(&mut params);
            out.extend(params.into_iter().map(|param| Handed {
                from: (inside.of, param),
                to: (to, at as u32),
                inside,
                grown: (*arg != Type::Param(param)).then(|| arg.clone()),
            }));
        }
    }
    ty.map(&mut |part| {
        handed_in(part, inside, out);
        part.clone()
    });
}

/// What each value of a type has in it, whatever it is: a list may be empty, an optional value missing, an enum another
/// variant.
#[derive(Clone, Default, PartialEq)]
struct Held {
    declared: BTreeSet<Nominal>,
    params: BTreeSet<u32>,
}

/// A record that holds itself without a way out could never be made.
fn holding_themselves(cx: &mut Cx) {
    let program = &cx.program;
    let mut held: BTreeMap<Nominal, Held> = BTreeMap::new();
    // What a declaration holds depends on what the parameters of those inside it are for; this only grows.
    loop {
        let mut changed = false;
        for of in declarations(program) {
            let mut all = Held::default();
            match of {
                Nominal::Record(id) => {
                    for field in &program.records[id.0 as usize].fields {
                        hold(&field.ty, &held, &mut all);
                    }
                }
                Nominal::New(id) => hold(&program.news[id.0 as usize].base, &held, &mut all),
                Nominal::Enum(_) => {}
            }
            let inside: Vec<Nominal> = all.declared.iter().copied().collect();
            for other in inside {
                if let Some(further) = held.get(&other) {
                    all.declared.extend(&further.declared);
                }
            }
            if held.get(&of) != Some(&all) {
                held.insert(of, all);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for (of, _) in held.iter().filter(|(of, held)| held.declared.contains(of)) {
        let name = cx.program.declared(*of).0.to_owned();
        let found = match of {
            Nominal::New(id) => {
                let new = &mut cx.program.news[id.0 as usize];
                new.base = Type::Unknown;
                let message = format!("`{name}` is made of itself");
                let help = "name another type after `new`";
                Diagnostic::new(codes::E0507, new.span, message).help(help)
            }
            Nominal::Record(id) => {
                let span = cx.program.records[id.0 as usize].span;
                let message = format!("a `{name}` would hold a `{name}` for ever");
                let params = &cx.program.records[id.0 as usize].type_params;
                let args = (0..params.len()).map(|at| Type::Param(at as u32)).collect();
                let whole = messages::show(&cx.program, params, &Type::Record(*id, args));
                let help = format!("break the circle with `{whole}?` or `List<{whole}>`");
                Diagnostic::new(codes::E0507, span, message).help(help)
            }
            Nominal::Enum(_) => continue,
        };
        cx.report(found.label("can never be made"));
    }
}

fn hold(ty: &Type, held: &BTreeMap<Nominal, Held>, found: &mut Held) {
    match ty {
        Type::Param(param) => {
            found.params.insert(*param);
        }
        Type::Tuple(fields) => fields.iter().for_each(|part| hold(&part.ty, held, found)),
        Type::Record(_, args) | Type::New(_, args) => {
            let Some((of, _)) = ty.nominal() else { return };
            found.declared.insert(of);
            for param in held.get(&of).into_iter().flat_map(|held| &held.params) {
                if let Some(arg) = args.get(*param as usize) {
                    hold(arg, held, found);
                }
            }
        }
        _ => {}
    }
}
