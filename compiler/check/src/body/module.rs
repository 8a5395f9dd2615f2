//! Names of modules that are imported as a whole: `trips.reserve(..)`, `trips.Trip("a")`, `trips.Status.Paid`, `trips.limit`.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};

use super::{BodyCx, entry, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::modules;
use crate::scope::TypeName;

/// What stands before the last dot: a module, or with the second part a type in it, as in `trips.Status.Paid`.
pub(super) type Inside<'e> = (usize, Option<(TypeName, &'e Ident)>);

impl BodyCx<'_> {
    /// The module that an expression names, unless something nearer has the name.
    pub(super) fn imported(&mut self, base: &ast::Expr) -> Option<usize> {
        let Ast::Var(name) = &base.kind else {
            return None;
        };
        let (_, module) = *self.cx.names.modules.get(name.as_str())?;
        let is_nearer = self.lookup(name.as_str()).is_some() || self.is_own_field(name.as_str());
        if is_nearer {
            return None;
        }
        self.means(name.span, Def::Module(module as u32 - 1));
        Some(module)
    }

    /// Whether what stands before a dot is a module or a type in one.
    pub(super) fn in_module<'e>(&mut self, base: &'e ast::Expr) -> Option<Inside<'e>> {
        if let Some(module) = self.imported(base) {
            return Some((module, None));
        }
        let Ast::Field { base, name: of } = &base.kind else {
            return None;
        };
        let module = self.imported(base)?;
        let (found, _) = *self.cx.modules.own[module].types.get(of.as_str())?;
        Some((module, Some((found, of))))
    }

    /// The `extern` block `pay.payments`.
    pub(super) fn block_in_module(&mut self, base: &ast::Expr) -> Option<(usize, Ident)> {
        let Ast::Field { base, name } = &base.kind else {
            return None;
        };
        let module = self.imported(base)?;
        let blocks = &self.cx.modules.own[module].externs;
        blocks
            .contains_key(name.as_str())
            .then(|| (module, name.clone()))
    }

    /// With arguments: a call, or something made.
    pub(super) fn call_in_module(
        &mut self,
        (module, ty): Inside<'_>,
        name: &Ident,
        args: &[ast::Arg],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some((found, of)) = ty {
            return self.member_of_type(Some(found), of, name, Some(args), want, span);
        }
        let own = &self.cx.modules.own[module];
        if let Some(all) = own.functions.get(name.as_str()).cloned() {
            return self.call_function(name, all, None, args, want, span);
        }
        if let Some((found, _)) = own.types.get(name.as_str()).copied() {
            return self.made_of(Some(found), name, Some(args), want, span);
        }
        if own.constants.contains_key(name.as_str()) {
            let message = format!("`{name}` is a value, it cannot be called");
            self.report(
                Diagnostic::new(codes::E0305, name.span, message)
                    .label("not a function")
                    .help("remove the parentheses"),
            );
        } else {
            modules::has_no(self.cx, module, name);
        }
        self.check_loose(args);
        hole(span)
    }

    /// Without arguments.
    pub(super) fn value_in_module(
        &mut self,
        (module, ty): Inside<'_>,
        name: &Ident,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if let Some((found, of)) = ty {
            return self.member_of_type(Some(found), of, name, None, want, span);
        }
        let own = &self.cx.modules.own[module];
        if let Some(id) = own.constants.get(name.as_str()).copied() {
            entry::constant(self.cx, id);
            self.means(name.span, Def::Constant(id));
            let ty = self.cx.program.constants[id.0 as usize].ty.clone();
            return node(ExprKind::Constant(id), ty, span);
        }
        if let Some((found, _)) = own.types.get(name.as_str()).copied() {
            return self.made_of(Some(found), name, None, want, span);
        }
        if own.functions.contains_key(name.as_str()) {
            return self.not_called(name, span);
        }
        if own.externs.contains_key(name.as_str()) {
            return self.extern_value(span);
        }
        if let Some(view) = own.views.get(name.as_str()).copied() {
            return self.view_as_value(view, name);
        }
        if let Some(stream) = own.streams.get(name.as_str()).copied() {
            self.means(name.span, Def::Stream(stream));
            return self.stream_value(stream, span);
        }
        modules::has_no(self.cx, module, name);
        hole(span)
    }

    /// The stream `social.posts`.
    pub(super) fn stream_in_module(&mut self, base: &ast::Expr) -> Option<(StreamId, Ident)> {
        let Ast::Field { base, name } = &base.kind else {
            return None;
        };
        let module = self.imported(base)?;
        let id = self.cx.modules.own[module].streams.get(name.as_str())?;
        Some((*id, name.clone()))
    }

    /// The entity that an expression names where all of its instances are meant: `Device`, `plant.Device`.
    pub(super) fn entity_meant(&mut self, e: &ast::Expr) -> Option<EntityId> {
        let (name, found) = match &e.kind {
            Ast::Con(name) => (name, self.cx.names.types.get(name.as_str())),
            Ast::Field { base, name } => {
                let module = self.imported(base)?;
                let types = &self.cx.modules.own[module].types;
                (name, types.get(name.as_str()))
            }
            _ => return None,
        };
        let Some((TypeName::Entity(id), _)) = found else {
            return None;
        };
        let id = *id;
        self.means(name.span, Def::Entity(id));
        Some(id)
    }

    /// The functions that an expression names where one is wanted: `double`, `shapes.double`.
    pub(super) fn functions_meant<'e>(
        &mut self,
        e: &'e ast::Expr,
    ) -> Option<(&'e Ident, Vec<FnId>)> {
        match &e.kind {
            Ast::Var(name) => Some((name, self.functions_named(name.as_str()))),
            Ast::Field { base, name } => {
                let module = self.imported(base)?;
                let all = self.cx.modules.own[module].functions.get(name.as_str());
                Some((name, all.cloned().unwrap_or_default()))
            }
            _ => None,
        }
    }
}
