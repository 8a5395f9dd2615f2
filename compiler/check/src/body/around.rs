//! What is in reach at the name somebody asks about ([`crate::look`]): written down when the checker comes to it.

use weir_syntax::ast::{self, ExprKind as Ast, PatternKind as AstPattern};

use super::BodyCx;
use crate::around::{Around, Near};
use crate::hir::Type;

impl BodyCx<'_> {
    /// At an expression, which may be the name itself, or what ends in it: `x.zz`, `zz(1)`.
    pub(super) fn look_around(&mut self, e: &ast::Expr, want: Option<&Type>) {
        let Some(asked) = self.cx.asked else {
            return;
        };
        let mut called = e;
        if let Ast::Call { callee, .. } = &e.kind {
            called = callee;
        }
        if let Ast::Var(name) | Ast::Con(name) | Ast::Field { name, .. } = &called.kind
            && name.span == asked
        {
            self.write_down(want);
        }
    }

    pub(super) fn look_around_pattern(&mut self, p: &ast::Pattern, ty: &Type) {
        if let AstPattern::Bind(name) | AstPattern::Con { name, .. } = &p.kind
            && self.cx.asked == Some(name.span)
        {
            self.write_down(Some(ty));
        }
    }

    /// The first time says it best: later ones are without what the place would like.
    fn write_down(&mut self, want: Option<&Type>) {
        if let Some(known) = &mut self.around {
            known.want = known.want.take().or_else(|| want.cloned());
            return;
        }
        let mut locals: Vec<Near> = Vec::new();
        for (name, id) in self
            .scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.iter().rev())
        {
            let local = &self.locals[id.0 as usize];
            // What the checker makes up has no name that could be written.
            let is_word = name.chars().all(|c| c.is_alphanumeric() || c == '_') && name != "_";
            if is_word && locals.iter().all(|known| known.name != *name) {
                locals.push(Near {
                    name: name.clone(),
                    ty: local.ty.clone(),
                    is_var: local.is_var,
                    span: local.span,
                });
            }
        }
        self.around = Some(Around {
            locals,
            want: want.cloned(),
            entity: self.entity,
            in_test: self.in_test,
            in_loop: self.loop_depth > 0,
        });
    }
}

/// With what was found out about its types until the end of the body.
pub(super) fn settled(around: Around, settle: impl Fn(&Type) -> Type) -> Around {
    let locals = around.locals.into_iter().map(|near| Near {
        ty: settle(&near.ty),
        ..near
    });
    Around {
        locals: locals.collect(),
        want: around.want.as_ref().map(&settle),
        ..around
    }
}
