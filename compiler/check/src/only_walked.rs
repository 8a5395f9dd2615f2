//! Which functions of the library do nothing with a list they are given but walk over it.
//!
//! `flow` gives them two numbers for a range, so that no list is made of it. That a function passes the list on to another that only walks
//! is as good.

use crate::hir::*;
use crate::walk;

/// So deep calls of the library are looked through.
const CALLS_MAX: usize = 8;

impl Checked {
    /// Whether the list for that parameter is only walked over, in a call with these arguments.
    pub fn only_walks(&self, function: FnId, param: usize, args: &[Arg]) -> bool {
        self.walks(function, param, args, 0)
    }

    fn walks(&self, id: FnId, param: usize, args: &[Arg], calls: usize) -> bool {
        let function = self.function(id);
        let Implementation::Body(body) = &function.implementation else {
            return false;
        };
        // What a default may mention would have to be a list.
        let has_default = args.iter().any(|arg| matches!(arg, Arg::Default));
        if !function.is_prelude || has_default || calls == CALLS_MAX {
            return false;
        }
        let list = LocalId(param as u32);
        let is_list = |e: &Expr| matches!(e.kind, ExprKind::Local(id) if id == list);
        let (mut mentions, mut walks, mut is_captured) = (0, 0, false);
        walk::all(&body.root, &mut |e| match &e.kind {
            ExprKind::Local(id) if *id == list => mentions += 1,
            ExprKind::For(all) => {
                let sources = all.generators.iter().filter(
                    |(_, source)| matches!(source, ForSource::Collection(of) if is_list(of)),
                );
                walks += sources.count();
            }
            ExprKind::Call { function, args, .. } => {
                for (at, arg) in args.iter().enumerate() {
                    match arg {
                        Arg::Value(value) if is_list(value) => {
                            walks += usize::from(self.walks(*function, at, args, calls + 1));
                        }
                        Arg::Lambda(lambda) => is_captured |= lambda.captures.contains(&list),
                        _ => {}
                    }
                }
            }
            _ => {}
        });
        mentions == walks && !is_captured
    }
}
