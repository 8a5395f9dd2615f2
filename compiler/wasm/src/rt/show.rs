//! The text of a value, as `weir_contract::library::show` defines it.
//!
//! The text grows at the heap; nothing else is allocated until it is complete. Numbers other than `Int` and quoted text
//! come from the host, which has the one definition of their spelling.

use weir_contract::{DefKind, Field, Type, border};

use crate::asm::{Asm, I32};
use crate::layout::{self, *};
use crate::module::{Gen, HEAP};
use crate::rt::digits::INT_BYTES_MAX;
use crate::rt::{Helper, map};

/// `(value)`: appends.
pub fn show(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let value = 0;
    let defs = g.defs();
    match defs.base(ty) {
        Type::Unit => literal(g, a, "()"),
        Type::Bool => {
            a.get(value).if_();
            literal(g, a, "true");
            a.else_();
            literal(g, a, "false");
            a.end();
        }
        Type::Int => int(g, a),
        Type::Time => number(g, a, border::SHOW_TIME),
        Type::Duration => number(g, a, border::SHOW_DURATION),
        Type::Date => number(g, a, border::SHOW_DATE),
        Type::Money => {
            let amount = a.local(I32);
            a.get(value).i32_load(MONEY_AMOUNT).set(amount);
            // The letters of the code; the byte behind them may be anything.
            a.get(value).i32_load(MONEY_CODE).i32_load(TEXT_HEADER);
            a.u32(0xff_ff_ff).i32_and();
            a.get(amount).i64_load(0).get(amount).i64_load(8);
            number_call(g, a);
        }
        Type::Float => {
            a.u32(border::SHOW_FLOAT)
                .get(value)
                .i64_reinterpret_f64()
                .i64(0);
            number_call(g, a);
        }
        Type::Decimal => {
            a.u32(border::SHOW_DECIMAL)
                .get(value)
                .i64_load(0)
                .get(value)
                .i64_load(8);
            number_call(g, a);
        }
        Type::Blob => {
            let names = ["hash", "size", "media_type"];
            let parts: Vec<_> = names.into_iter().zip(BLOB).collect();
            let parts: Vec<Field> = parts
                .into_iter()
                .map(|(name, ty)| Field {
                    name: name.to_owned(),
                    ty,
                })
                .collect();
            named(g, a, "Blob", &parts, 0);
        }
        Type::Text => bytes(g, a, border::SHOW_TEXT),
        Type::Bytes => bytes(g, a, border::SHOW_BYTES),
        Type::List(item) => items(g, a, "[", "]", false, item, part),
        Type::Set(item) => items(g, a, "{", "}", true, item, part),
        Type::Map(key, item) => {
            a.get(value).i32_load(LIST_LEN).i32_eqz().if_();
            literal(g, a, "[:]");
            a.return_();
            a.end();
            let entry = layout::entry(key, item);
            items(g, a, "[", "]", true, &entry, |g, a, _| {
                let at = a.local(I32);
                a.set(at);
                let types = [(**key).clone(), (**item).clone()];
                let (offsets, _) = layout::offsets(g.defs(), &types, 0);
                a.get(at);
                layout::load(a, g.defs(), &types[0], offsets[0]);
                part(g, a, &types[0]);
                literal(g, a, ": ");
                a.get(at);
                layout::load(a, g.defs(), &types[1], offsets[1]);
                part(g, a, &types[1]);
            });
        }
        Type::Option(inner) => {
            a.get(value).i32_load(0).i32_eqz().if_();
            literal(g, a, "None");
            a.return_();
            a.end();
            fields(g, a, "Some(", &[(None, (**inner).clone())], 4);
        }
        Type::Tuple(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|f| (f.name.clone(), f.ty.clone()))
                .collect();
            fields(g, a, "(", &parts, 0);
        }
        Type::Result(ok, errors) => {
            a.get(value).i32_load(0).i32_eqz().if_();
            fields(g, a, "Ok(", &[(None, (**ok).clone())], 4);
            a.return_();
            a.end();
            for id in errors {
                a.get(value).i32_load(0).u32(id.0 + 1).i32_eq().if_();
                let error = Type::Named(*id);
                let (offsets, _) = layout::offsets(g.defs(), std::slice::from_ref(&error), 4);
                a.get(value).i32_load(offsets[0]);
                part(g, a, &error);
                a.return_();
                a.end();
            }
        }
        Type::Named(id) => {
            let def = defs.get(*id);
            match &def.kind {
                DefKind::Record { fields } | DefKind::Error { fields, .. } => {
                    named(g, a, def.constructor(), fields, 0)
                }
                DefKind::Enum { variants } => {
                    for (tag, variant) in variants.iter().enumerate() {
                        a.get(value).i32_load(0).u32(tag as u32).i32_eq().if_();
                        named(g, a, &variant.name, &variant.fields, 4);
                        a.return_();
                        a.end();
                    }
                }
                DefKind::Entity { keys } => {
                    let keys: Vec<_> = keys.iter().map(|k| (None, k.ty.clone())).collect();
                    fields(g, a, &format!("{}(", def.name), &keys, 0);
                }
                DefKind::New { .. } => unreachable!("`base` looks through new types"),
            }
        }
    }
}

/// `value →`.
fn part(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let show = g.helper(Helper::Show(ty.clone()));
    a.call(show);
}

fn literal(g: &mut Gen<'_>, a: &mut Asm, text: &str) {
    let append = g.helper(Helper::Append);
    let address = g.data.text(text.as_bytes());
    a.u32(address + TEXT_HEADER)
        .u32(text.len() as u32)
        .call(append);
}

fn int(g: &mut Gen<'_>, a: &mut Asm) {
    let end = a.local(I32);
    a.global(HEAP).u32(INT_BYTES_MAX).i32_add().tee(end);
    g.ensure(a, end);
    let put = g.helper(Helper::PutInt);
    a.get(0).global(HEAP).call(put).set_global(HEAP);
}

fn number(g: &mut Gen<'_>, a: &mut Asm, kind: u32) {
    a.u32(kind).get(0).i64(0);
    number_call(g, a);
}

/// `kind, low, high →`.
fn number_call(g: &mut Gen<'_>, a: &mut Asm) {
    a.global(HEAP).call(g.import("show_number"));
    a.global(HEAP).i32_add().set_global(HEAP);
}

fn bytes(g: &mut Gen<'_>, a: &mut Asm, kind: u32) {
    a.u32(kind)
        .get(0)
        .u32(TEXT_HEADER)
        .i32_add()
        .get(0)
        .i32_load(0);
    a.global(HEAP).call(g.import("show_bytes"));
    a.global(HEAP).i32_add().set_global(HEAP);
}

fn items(
    g: &mut Gen<'_>,
    a: &mut Asm,
    open: &str,
    close: &str,
    is_map: bool,
    item: &Type,
    each: impl FnOnce(&mut Gen<'_>, &mut Asm, &Type),
) {
    let (element, behind) = (a.local(g.val_type(item)), a.local(I32));
    literal(g, a, open);
    map::each(g, a, 0, is_map, item, |g, a| {
        a.set(element);
        a.get(behind).if_();
        literal(g, a, ", ");
        a.end();
        a.i32(1).set(behind);
        a.get(element);
        each(g, a, item);
    });
    literal(g, a, close);
}

fn named(g: &mut Gen<'_>, a: &mut Asm, name: &str, parts: &[Field], start: u32) {
    if parts.is_empty() {
        return literal(g, a, name);
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|f| (Some(f.name.clone()), f.ty.clone()))
        .collect();
    fields(g, a, &format!("{name}("), &parts, start);
}

fn fields(g: &mut Gen<'_>, a: &mut Asm, open: &str, parts: &[(Option<String>, Type)], start: u32) {
    let types: Vec<Type> = parts.iter().map(|(_, ty)| ty.clone()).collect();
    let (offsets, _) = layout::offsets(g.defs(), &types, start);
    let mut before = open.to_owned();
    for ((name, ty), offset) in parts.iter().zip(offsets) {
        if let Some(name) = name {
            before.push_str(name);
            before.push_str(": ");
        }
        literal(g, a, &before);
        a.get(0);
        layout::load(a, g.defs(), ty, offset);
        part(g, a, ty);
        before = ", ".to_owned();
    }
    if parts.is_empty() {
        literal(g, a, &before);
    }
    literal(g, a, ")");
}
