//! Parts of values: fields, keys and state behind a dot, parts of tuples, items by their index.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use super::{BodyCx, entry, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

impl BodyCx<'_> {
    pub(super) fn field(
        &mut self,
        base: &ast::Expr,
        name: &ast::Ident,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Ast::Con(con) = &base.kind {
            return self.qualified(con, name, None, want, span);
        }
        if let Ast::Var(var) = &base.kind
            && var.name == "caller"
            && self.lookup("caller").is_none()
        {
            self.means(var.span, Def::Builtin("caller"));
            return self.caller(name, span);
        }
        if let (Ast::SelfRef, Some(entity)) = (&base.kind, self.entity)
            && let Some(found) = self.own_field(entity, name, span)
        {
            return found;
        }
        if self.outside_block(base).is_some() {
            return self.extern_value(span);
        }
        if let Some(view) = self.view_meant(base) {
            return self.member_of_view(view, name, None, span);
        }
        if let Some(inside) = self.in_module(base) {
            return self.value_in_module(inside, name, want, span);
        }
        if let Some(carried) = self.carried_state(base, name, span) {
            return carried;
        }
        if self.field_of_rows(base, name) {
            return hole(span);
        }
        let base = self.plain(base, None);
        self.field_of(base, name, span)
    }

    fn caller(&mut self, name: &ast::Ident, span: Span) -> Expr {
        match name.as_str() {
            "id" => {
                self.means(name.span, Def::Builtin("caller.id"));
                node(ExprKind::CallerId, Type::New(NewId(0), Vec::new()), span)
            }
            "roles" => {
                self.means(name.span, Def::Builtin("caller.roles"));
                node(ExprKind::CallerRoles, Type::Set(Box::new(Type::Text)), span)
            }
            other => {
                self.report(
                    Diagnostic::new(
                        codes::E0204,
                        name.span,
                        format!("`caller` has no `{other}`"),
                    )
                    .label("not there")
                    .help("it has `id` and `roles`"),
                );
                hole(span)
            }
        }
    }

    /// `base.name` on a checked base.
    fn field_of(&mut self, base: Expr, name: &ast::Ident, span: Span) -> Expr {
        let ty = self.head(&base.ty);
        let fields: Vec<NamedType> = match &ty {
            Type::Unknown => return hole(span),
            Type::Record(id, args) => self.cx.program.record_fields(*id, args),
            Type::Error(id) => self.cx.program.errors[id.0 as usize].fields.clone(),
            Type::Tuple(fields) => fields
                .iter()
                .map(|f| NamedType {
                    name: f.name.clone().unwrap_or_default(),
                    ty: f.ty.clone(),
                })
                .collect(),
            Type::Entity(id) => {
                let entity = self.cx.program.entity(*id);
                if let Some(at) = entity.fields.iter().position(|f| f.name == name.name) {
                    self.means(name.span, Def::State(*id, at as u32));
                    return self.state_of(base, *id, at, name, span);
                }
                entity.keys.clone()
            }
            Type::New(REPLICA, _) => return self.of_replica(base, name, None, span),
            Type::New(id, _) if self.is_merge_field(*id, name) => {
                let kind = LatticeKind::of_id(*id).expect("just asked");
                let found = self.merge_field(&base, kind, name, span);
                return found.expect("just asked");
            }
            Type::New(id, args) if name.as_str() == "value" => {
                self.means(name.span, Def::Builtin("value"));
                let inner = self.cx.program.base(*id, args);
                return node(ExprKind::Unwrap(*id, Box::new(base)), inner, span);
            }
            _ => Vec::new(),
        };
        if let Some(at) = fields.iter().position(|f| f.name == name.name) {
            self.means_field(name.span, &ty, at);
            return node(
                ExprKind::Field(Box::new(base), at as u32),
                fields[at].ty.clone(),
                span,
            );
        }
        // `xs.length` is `xs.length()`: a function of one parameter needs no parentheses.
        if let Some(call) = self.method_without_arguments(base, name, span) {
            return call;
        }
        if matches!(ty, Type::Infer(_)) {
            self.not_known_yet(name);
            return hole(span);
        }
        let shown = self.show(&ty);
        let found = Diagnostic::new(
            codes::E0204,
            name.span,
            format!("`{shown}` has no `{name}`"),
        )
        .label("not there");
        let known = fields.iter().map(|f| f.name.as_str());
        let found = did_you_mean(found, name.span, name.as_str(), known);
        self.report(found.or(|found| match fields.as_slice() {
            _ if matches!(&ty, Type::Map(key, _) if self.head(key) == Type::Text) => {
                found.help(format!("a map is asked by its keys: write `[\"{name}\"]`"))
            }
            [] if matches!(ty, Type::List(_)) => found.help(
                "these are many: take one, `xs[0]` or `xs.first()`, or go over all: `for x in xs select x.name`",
            ),
            [] if matches!(ty, Type::Option(_)) => found.help(format!(
                "it may be missing: look first, `if value is Some(x) {{ .. x.{name} .. }}`, or give another with `??`"
            )),
            [] => found.help("look at the type: it has no fields"),
            fields => {
                let named = fields.iter().filter(|f| !f.name.is_empty());
                let names: Vec<String> = named.map(|f| format!("`{}`", f.name)).collect();
                found.help(format!("it has {}", names.join(", ")))
            }
        }));
        hole(span)
    }

    /// A member of something whose type is not known here. In a broken program that is no news.
    pub(super) fn not_known_yet(&mut self, name: &ast::Ident) {
        if self.cx.diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        let message = format!("of what type is this, which is asked for `{name}`?");
        self.report(
            Diagnostic::new(codes::E0303, name.span, message)
                .label("not known yet here")
                .help("write the type where the value comes from, for example `let xs: List<Int> = []`"),
        );
    }

    /// Writes down that a name is a field of a type, by its position.
    pub(super) fn means_field(&mut self, name: Span, ty: &Type, at: usize) {
        let at = at as u32;
        let def = match ty {
            Type::Record(id, ..) => Def::RecordField(*id, at),
            Type::Error(id) => Def::ErrorField(*id, at),
            Type::Entity(id) => Def::Key(*id, at),
            _ => return,
        };
        self.means(name, def);
    }

    pub(super) fn state_of(
        &mut self,
        base: Expr,
        id: EntityId,
        at: usize,
        name: &ast::Ident,
        span: Span,
    ) -> Expr {
        let field = &self.cx.program.entity(id).fields[at];
        let (is_pub, declared, ty) = (field.is_pub, field.span, field.ty.clone());
        if !is_pub && self.entity != Some(id) {
            let entity = self.cx.program.entity(id).name.clone();
            self.report(
                Diagnostic::new(codes::E0503, name.span, format!("`{name}` is private to `{entity}`"))
                    .label("not visible here")
                      .secondary(declared, "declared without `pub`")
                    .help(format!("write `pub state {name}`, or add a function to `{entity}` that answers what you need")),
            );
        }
        node(
            ExprKind::StateOf {
                entity: id,
                target: Box::new(base),
                field: FieldId(at as u32),
            },
            ty,
            span,
        )
    }

    pub(super) fn tuple_field(
        &mut self,
        base: &ast::Expr,
        index: u32,
        index_span: Span,
        span: Span,
    ) -> Expr {
        let base = self.plain(base, None);
        let ty = self.head(&base.ty);
        match &ty {
            Type::Unknown => hole(span),
            Type::Tuple(fields) if (index as usize) < fields.len() => {
                let ty = fields[index as usize].ty.clone();
                node(ExprKind::Field(Box::new(base), index), ty, span)
            }
            _ => {
                let shown = self.show(&ty);
                self.report(
                    Diagnostic::new(
                        codes::E0204,
                        index_span,
                        format!("`{shown}` has no part {index}"),
                    )
                    .label("not there")
                    .help("parts of a tuple are counted from 0; items of a list are `xs[0]`"),
                );
                hole(span)
            }
        }
    }

    pub(super) fn index(
        &mut self,
        base: &ast::Expr,
        index: &ast::Expr,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some(view) = self.view_meant(base) {
            return self.index_of_view(view, base, index, span);
        }
        let base = self.plain(base, None);
        let ty = self.head(&base.ty);
        if let Ast::Range { start, end } = &index.kind
            && !matches!(ty, Type::Map(..))
        {
            return self.part(base, start, end, want, span);
        }
        match &ty {
            Type::List(item) => {
                self.counted_from_end(index);
                let index = self.expr_of(index, &Type::Int);
                node(
                    ExprKind::ListIndex(Box::new(base), Box::new(index)),
                    (**item).clone(),
                    span,
                )
            }
            Type::Map(key, value) => {
                let index = self.expr_of(index, key);
                node(
                    ExprKind::MapIndex(Box::new(base), Box::new(index)),
                    Type::option((**value).clone()),
                    span,
                )
            }
            Type::New(id, _) if *id == LatticeKind::MergeMap.id() => {
                self.merge_index(base, index, span)
            }
            Type::Unknown => hole(span),
            _ => {
                let shown = self.show(&ty);
                let help = match ty {
                    Type::Text => {
                        "take a part, `text.slice(0, 1)`, or the characters, `text.chars()`"
                    }
                    Type::Bytes => "a byte is asked for with `bytes.get(0)`: it gives an `Int?`",
                    Type::Option(_) => {
                        "it may be missing: say what is meant then, `(value ?? other)[0]`"
                    }
                    Type::Tuple(_) => "a part of a tuple is asked for with a dot: `pair.0`",
                    _ => "only lists (`xs[0]`) and maps (`m[key]`) can",
                };
                self.report(
                    Diagnostic::new(codes::E0305, span, format!("`{shown}` cannot be indexed"))
                        .label("neither a list nor a map")
                        .help(help),
                );
                hole(span)
            }
        }
    }

    /// `xs[a..b]`: a part of a list, a text or bytes, as `xs.slice(a, b)` gives it.
    fn part(
        &mut self,
        base: Expr,
        start: &ast::Expr,
        end: &ast::Expr,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let ty = self.head(&base.ty);
        match &ty {
            Type::List(_) | Type::Text | Type::Bytes => {}
            Type::Unknown => return hole(span),
            _ => {
                let shown = self.show(&ty);
                let message = format!("`{shown}` has no parts");
                self.report(
                    Diagnostic::new(codes::E0305, span, message)
                        .label("neither a list nor a text")
                        .help("`xs[a..b]` is a part of a list, a text or bytes"),
                );
                return hole(span);
            }
        }
        let argument = |value: &ast::Expr| ast::Arg {
            label: None,
            span: value.span,
            value: value.clone(),
        };
        let args = [argument(start), argument(end)];
        let name = ast::Ident {
            name: "slice".to_owned(),
            span,
        };
        let all = self.cx.names.functions.get("slice").cloned();
        let all: Vec<FnId> = all.unwrap_or_default();
        let of_library = all
            .into_iter()
            .filter(|id| self.cx.program.function(*id).is_prelude);
        let all: Vec<FnId> = of_library.collect();
        let fitting = self.fitting(&all, &base.ty, 3);
        self.call_function(&name, fitting, Some(base), &args, want, span)
    }

    /// `xs[-1]` is always out of range.
    fn counted_from_end(&mut self, index: &ast::Expr) {
        let Ast::Unary {
            op: ast::UnaryOp::Neg,
            operand,
        } = &index.kind
        else {
            return;
        };
        if matches!(operand.kind, Ast::Int(n) if n > 0) {
            self.report(
                Diagnostic::new(codes::E0305, index.span, "positions are counted from 0")
                    .label("in front of the first")
                    .help("the last item is `xs.last()`, the last two are `xs.tail(2)`"),
            );
        }
    }

    /// `totals[sku]` of a view.
    fn index_of_view(
        &mut self,
        view: ViewId,
        base: &ast::Expr,
        index: &ast::Expr,
        span: Span,
    ) -> Expr {
        let name = self.cx.program.view(view).name.clone();
        entry::view(self.cx, view);
        let has_keys = self.cx.program.view(view).at.is_some();
        let message = format!("`{name}` is a view, which is no map");
        let found = Diagnostic::new(codes::E0305, base.span, message).label("not read");
        let found = match has_keys {
            true => {
                let open = Span {
                    start: base.span.end,
                    end: index.span.start,
                    ..span
                };
                let close = Span {
                    start: index.span.end,
                    ..span
                };
                found
                    .help(format!("read the rows of a key: `{name}.at(..)`"))
                    .fix(
                        "read the rows of the key",
                        vec![(open, ".at(".into()), (close, ")".into())],
                    )
            }
            false => found.help(format!("read its rows: `{name}.all()`")),
        };
        self.report(found);
        hole(span)
    }
}
