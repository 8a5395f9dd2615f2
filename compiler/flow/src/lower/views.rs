//! Views: the functions that a runtime keeps their rows with, and reading them.
//!
//! A read is a host call whose name carries the number that the view has in the manifest, `view.3`. It shows what is committed, so
//! waiting code ends its step in front of one.

use weir_check::hir;
use weir_contract::Type;

use super::Lowering;
use super::body::Body;
use crate::ir::*;

impl Lowering<'_> {
    /// The position of a view in the manifest.
    pub fn view_number(&self, id: hir::ViewId) -> usize {
        let order = self.checked.views_in_order();
        let at = order.iter().position(|view| *view == id);
        at.expect("every view is in the order")
    }
}

impl Body<'_, '_> {
    pub fn read_view(
        &mut self,
        view: hir::ViewId,
        key: Option<&hir::Expr>,
        ty: Type,
    ) -> Option<Reg> {
        let mut args = Vec::new();
        if let Some(key) = key {
            let at = self.low.checked.view(view).at;
            let at = at.expect("only what has a key is asked for one");
            let of = &self.low.checked.function(at).params[0].ty;
            let of = self.low.places.ty(of, &[]);
            let value = self.expr(key)?;
            args.push(self.b.coerce(value, &of));
        }
        self.step_ends();
        let number = self.low.view_number(view);
        Some(self.b.emit(ty, Op::Lib(format!("view.{number}"), args)))
    }

    /// In front of what reads views: waiting code goes on in another step, so that all it has done is committed. Also where it has done
    /// nothing: what its callers did in this step is not known here, and a strand that has to wait until a view is built waits
    /// at the beginning of a step, with nothing to be taken back.
    pub fn step_ends(&mut self) {
        if self.waits {
            self.suspend(Type::Unit, Wait::Yield, vec![]);
        }
    }
}
