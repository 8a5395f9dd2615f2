//! Upper-case names: making records, errors, variants, entity references, `new` values.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, Ident};
use weir_syntax::familiar;

use super::sequence::behind;
use super::{BodyCx, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;
use crate::modules;
use crate::scope::TypeName;

impl BodyCx<'_> {
    /// `Name` or `Name(args)`.
    pub(super) fn constructor(
        &mut self,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if matches!(name.as_str(), "Some" | "None" | "Ok") && self.is_variant_of(name, want) {
            return self.bare_variant(name, args, want, span);
        }
        match (name.as_str(), args) {
            ("None", None) => {
                self.means(name.span, Def::Builtin("None"));
                let inner = match want.map(|t| self.head(t)) {
                    Some(Type::Option(inner)) => *inner,
                    _ => self.table.fresh(),
                };
                return node(ExprKind::None, Type::option(inner), span);
            }
            ("Some", Some([arg])) => {
                self.means(name.span, Def::Builtin("Some"));
                let inner = match want.map(|t| self.head(t)) {
                    Some(Type::Option(inner)) => Some(*inner),
                    _ => None,
                };
                let value = self.plain(&arg.value, inner.as_ref());
                let ty = Type::option(value.ty.clone());
                return node(ExprKind::Some(Box::new(value)), ty, span);
            }
            ("Some" | "None" | "Ok", _) => {
                self.report(
                    Diagnostic::new(
                        codes::E0302,
                        span,
                        format!("`{name}` is not written like this"),
                    )
                    .label("not a value")
                    .help(match name.as_str() {
                        "Ok" => "`Ok(x)` is only a pattern: a function that may fail ends in its plain value",
                        _ => "write `Some(value)` or `None`",
                    }),
                );
                return hole(span);
            }
            _ => {}
        }
        let stands_for = self.cx.names.types.get(name.as_str()).map(|(t, _)| *t);
        self.made_of(stands_for, name, args, want, span)
    }

    /// The same for what the name was found to stand for.
    pub(super) fn made_of(
        &mut self,
        stands_for: Option<TypeName>,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let given = args.unwrap_or_default();
        if let Some(found) = stands_for {
            self.cx.means_type(name.span, found);
        }
        match stands_for {
            Some(TypeName::Record(id)) => {
                let decl = self.cx.records[id.0 as usize].clone();
                let (types, ty) = self.applied(Nominal::Record(id), want);
                let fields = self.cx.program.record_fields(id, &types);
                if args.is_none() {
                    return self.needs_arguments(name, &fields, span);
                }
                let make = |values| node(ExprKind::Record(id, values), ty, span);
                self.made(name, &decl.fields, &fields, given, make, span)
            }
            Some(TypeName::Error(id)) if self.gives_way(id, name, want) => {
                self.bare_variant(name, args, want, span)
            }
            Some(TypeName::Error(id)) => {
                let decl = self.cx.errors[id.0 as usize].clone();
                let fields = self.cx.program.errors[id.0 as usize].fields.clone();
                let make = |values| node(ExprKind::Error(id, values), Type::Error(id), span);
                self.made(name, &decl.fields, &fields, given, make, span)
            }
            Some(TypeName::Entity(id)) => {
                let decl = self.cx.entities[id.0 as usize].clone();
                let keys = self.cx.program.entity(id).keys.clone();
                if args.is_none() {
                    return self.needs_arguments(name, &keys, span);
                }
                let make = |values| node(ExprKind::EntityRef(id, values), Type::Entity(id), span);
                self.made(name, &decl.keys, &keys, given, make, span)
            }
            Some(TypeName::New(id)) => {
                let (types, ty) = self.applied(Nominal::New(id), want);
                let base = self.cx.program.base(id, &types);
                match given {
                    [arg] => {
                        let value = self.expr_of(&arg.value, &base);
                        node(ExprKind::Wrap(id, Box::new(value)), ty, span)
                    }
                    _ => {
                        let shown = self.show(&base);
                        self.report(
                            Diagnostic::new(
                                codes::E0302,
                                span,
                                format!("`{name}` is made of one `{shown}`"),
                            )
                            .label("wrong number of arguments")
                            .help(format!("write `{name}(..)` with one `{shown}`")),
                        );
                        hole(span)
                    }
                }
            }
            Some(TypeName::Enum(_) | TypeName::Alias(_)) => {
                self.report(
                    Diagnostic::new(
                        codes::E0305,
                        name.span,
                        format!("`{name}` is a type, not a value"),
                    )
                    .label("a type")
                    .help(format!("name a variant: `{name}.Something`")),
                );
                hole(span)
            }
            Some(TypeName::Later) => hole(span),
            None => self.bare_variant(name, args, want, span),
        }
    }

    /// Whether an enum of the program is wanted that has a variant of the name.
    fn is_variant_of(&self, name: &Ident, want: Option<&Type>) -> bool {
        let Some(Type::Enum(id, _)) = want.map(|t| self.head(t)) else {
            return false;
        };
        let variants = &self.cx.program.enums[id.0 as usize].variants;
        variants.iter().any(|variant| variant.name == name.name)
    }

    /// Whether a builtin error leaves its name to a variant of the program: everywhere but after `fail`.
    fn gives_way(&self, id: ErrorId, name: &Ident, want: Option<&Type>) -> bool {
        let is_builtin = (id.0 as usize) < self.cx.prelude_errors;
        let has = |e: &Enum| e.variants.iter().any(|v| v.name == name.name);
        is_builtin && want != Some(&Type::Error(id)) && self.cx.program.enums.iter().any(has)
    }

    /// A variant without its enum's name: of the enum that is wanted, or of the only one that has it.
    fn bare_variant(
        &mut self,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let has = |e: &Enum| e.variants.iter().any(|v| v.name == name.name);
        let wanted = match want.map(|t| self.head(t)) {
            Some(Type::Enum(id, _)) if has(&self.cx.program.enums[id.0 as usize]) => Some(id),
            _ => {
                let in_reach = |e: &Enum| self.cx.names.types.contains_key(&e.name);
                let all: Vec<usize> = (0..self.cx.program.enums.len())
                    .filter(|at| has(&self.cx.program.enums[*at]))
                    .filter(|at| in_reach(&self.cx.program.enums[*at]))
                    .collect();
                match all[..] {
                    [only] => Some(EnumId(only as u32)),
                    _ => None,
                }
            }
        };
        if let Some(id) = wanted {
            return self.variant(id, name, args, want, span);
        }
        let owners: Vec<String> = self
            .cx
            .program
            .enums
            .iter()
            .filter(|e| has(e))
            .map(|e| e.name.clone())
            .collect();
        let mut known: Vec<String> = self.cx.names.types.keys().cloned().collect();
        known.extend(
            self.cx
                .program
                .enums
                .iter()
                .flat_map(|e| e.variants.iter().map(|v| v.name.clone())),
        );
        let mut found = Diagnostic::new(
            codes::E0201,
            name.span,
            format!("there is no `{name}` here"),
        )
        .label("not declared");
        found = if let Some(elsewhere) = modules::elsewhere(self.cx, name) {
            elsewhere.help(found)
        } else if let Some(instead) = familiar::namespace(name.as_str()) {
            found.help(instead)
        } else if !owners.is_empty() {
            found.help(format!(
                "several enums have it: write `{}.{name}`",
                owners[0]
            ))
        } else {
            let known = known.iter().map(String::as_str);
            did_you_mean(found, name.span, name.as_str(), known).or(|found| {
                found.help(format!(
                    "declare it, for example `record {name}(..)` or `error {name}`"
                ))
            })
        };
        self.report(found);
        for arg in args.unwrap_or_default() {
            self.expr(&arg.value, None);
        }
        hole(span)
    }

    /// `Enum.Variant` or `Enum.Variant(args)`.
    pub(super) fn qualified(
        &mut self,
        con: &Ident,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let stands_for = self.cx.names.types.get(con.as_str()).map(|(t, _)| *t);
        self.member_of_type(stands_for, con, name, args, want, span)
    }

    /// The same for what the name was found to stand for.
    pub(super) fn member_of_type(
        &mut self,
        stands_for: Option<TypeName>,
        con: &Ident,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some(found) = stands_for {
            self.cx.means_type(con.span, found);
        }
        match stands_for {
            Some(TypeName::Enum(id)) => self.variant(id, name, args, want, span),
            Some(TypeName::Later) => hole(span),
            Some(TypeName::New(id)) if name.as_str() == "fresh" && args == Some(&[]) => {
                self.means(name.span, Def::Builtin("fresh"));
                self.fresh(id, name, want, span)
            }
            Some(TypeName::Entity(_)) => {
                self.report(
                    Diagnostic::new(codes::E0305, con.span, format!("of which `{con}`?"))
                        .label("no key")
                        .help(format!("say which one: `{con}(..).{name}`")),
                );
                hole(span)
            }
            Some(_) => {
                self.report(
                    Diagnostic::new(codes::E0204, name.span, format!("`{con}` has no `{name}`"))
                        .label("not there")
                        .help("only enums have variants"),
                );
                hole(span)
            }
            None => {
                let con_expr = self.constructor(con, None, want, con.span);
                debug_assert!(con_expr.ty == Type::Unknown || !con.name.is_empty());
                hole(span)
            }
        }
    }

    fn variant(
        &mut self,
        id: EnumId,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let decl = self.cx.enums[id.0 as usize].clone();
        let (types, ty) = self.applied(Nominal::Enum(id), want);
        let variants = self.cx.program.variants(id, &types);
        let Some(at) = variants.iter().position(|v| v.name == name.name) else {
            let found = Diagnostic::new(
                codes::E0205,
                name.span,
                format!("`{}` has no variant `{name}`", decl.name),
            )
            .label("not one of its variants")
            .secondary(decl.name.span, "declared here");
            let known = variants.iter().map(|v| v.name.as_str());
            let found = did_you_mean(found, name.span, name.as_str(), known);
            self.report(found.or(|found| {
                let all: Vec<String> = variants.iter().map(|v| format!("`{}`", v.name)).collect();
                found.help(format!("it has {}", all.join(", ")))
            }));
            return hole(span);
        };
        self.means(name.span, Def::Variant(id, at as u32));
        let fields = variants[at].fields.clone();
        if args.is_none() && decl.variants[at].fields.iter().any(|f| f.default.is_none()) {
            let list: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
            let blanks = vec!["_"; fields.len()].join(", ");
            self.report(
                Diagnostic::new(codes::E0302, span, format!("`{name}` needs its values"))
                    .label("nothing given")
                    .help(format!(
                        "write `{name}({})`; to ask for the variant alone, `value is {name}({blanks})`",
                        list.join(", ")
                    )),
            );
            return hole(span);
        }
        let make = |values| {
            let kind = ExprKind::Variant(id, at as u32, values);
            node(kind, ty, span)
        };
        let given = args.unwrap_or_default();
        self.made(name, &decl.variants[at].fields, &fields, given, make, span)
    }

    /// The type arguments of what is made here, and its type. What is wanted says them, as far as it does; else they are
    /// worked out from what it is made of.
    pub(super) fn applied(&mut self, of: Nominal, want: Option<&Type>) -> (Vec<Type>, Type) {
        let count = self.cx.program.declared(of).1.len();
        let args: Vec<Type> = (0..count).map(|_| self.table.fresh()).collect();
        let ty = of.of(args.clone());
        let wanted = want.map(|want| self.head(want));
        if let Some(wanted) = wanted.filter(|want| want.nominal().is_some_and(|(w, _)| w == of)) {
            self.table.unify(&ty, &wanted);
        }
        (args, ty)
    }

    fn needs_arguments(&mut self, name: &Ident, fields: &[NamedType], span: Span) -> Expr {
        let list: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        self.report(
            Diagnostic::new(codes::E0302, span, format!("`{name}` needs its values"))
                .label("nothing given")
                .help(format!("write `{name}({})`", list.join(", "))),
        );
        hole(span)
    }

    /// Made of the values for its fields, in order; defaults are checked where they are used.
    fn made(
        &mut self,
        name: &Ident,
        decls: &[ast::Field],
        fields: &[NamedType],
        args: &[ast::Arg],
        make: impl FnOnce(Vec<Expr>) -> Expr,
        span: Span,
    ) -> Expr {
        let params: Vec<(&str, bool)> = decls
            .iter()
            .map(|f| (f.name.as_str(), f.default.is_some()))
            .collect();
        let Some(placed) = self.place_args(name.as_str(), &params, args, span) else {
            return hole(span);
        };
        let is_written: Vec<bool> = placed.iter().map(Option::is_some).collect();
        let mut values = Vec::new();
        for ((slot, decl), field) in placed.into_iter().zip(decls).zip(fields) {
            let value = match (slot, &decl.default) {
                (Some(e), _) => {
                    let found = self.expr(e, Some(&field.ty));
                    let why = Some((decl.ty.span, format!("`{}` is declared here", field.name)));
                    self.fit(found, &field.ty, why)
                }
                (None, Some(default)) => self.default_here(default, &field.ty),
                (None, None) => hole(span),
            };
            values.push(value);
        }
        let written = values.iter_mut().zip(fields).zip(is_written);
        let written = written
            .filter(|(_, is_written)| *is_written)
            .map(|((value, field), _)| (value, field.name.as_str()));
        let kept = self.keep_in_source_order(written.collect());
        behind(kept, make(values))
    }

    /// A default that is checked where it is used; it sees nothing of that place.
    pub(super) fn default_here(&mut self, default: &ast::Expr, ty: &Type) -> Expr {
        let scopes = std::mem::take(&mut self.scopes);
        let entity = self.entity.take();
        self.scopes.push(Vec::new());
        let outer = self.cx.enter(default.span);
        let value = self.expr_of(default, ty);
        self.cx.enter_module(outer);
        self.scopes = scopes;
        self.entity = entity;
        value
    }
}
