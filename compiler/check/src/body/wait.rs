//! `wait { .. }`: the oldest event that has come, or the deadline.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, Ident, WaitOn};

use super::{BodyCx, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

impl BodyCx<'_> {
    pub(super) fn wait(&mut self, arms: &[ast::WaitArm], want: Option<&Type>, span: Span) -> Expr {
        if arms.is_empty() {
            return self.nothing_comes(span, "this would wait for ever");
        }
        let mut events: Vec<WaitArm> = Vec::new();
        let mut after: Option<(Box<Expr>, Box<Expr>)> = None;
        let mut ty = Type::Never;
        let mut ty_span = span;
        for arm in arms {
            let (body, made) = self.scoped(|b| {
                let made = match &arm.on {
                    WaitOn::Event { name, args } => b.arm_event(name, args.as_deref()),
                    WaitOn::After(delay) => Some(On::After(b.expr_of(delay, &Type::Duration))),
                    WaitOn::Hole => None,
                };
                let hint = want
                    .cloned()
                    .or_else(|| (b.head(&ty) != Type::Never).then(|| ty.clone()));
                let body = match &hint {
                    Some(t) if b.head(t) == Type::Unit => b.value(&arm.body, &Type::Unit),
                    _ => b.expr(&arm.body, hint.as_ref()),
                };
                (body, made)
            });
            let joined = self.join(&ty, ty_span, &body.ty, body.span);
            if self.head(&ty) == Type::Never {
                ty_span = body.span;
            }
            ty = joined;
            match made {
                Some(On::Event(event, patterns)) => events.push(WaitArm {
                    event,
                    patterns,
                    body,
                }),
                Some(On::After(delay)) if after.is_none() => {
                    after = Some((Box::new(delay), Box::new(body)));
                }
                Some(On::After(delay)) => self.report(
                    Diagnostic::new(codes::E0602, delay.span, "nothing can reach this arm")
                        .label("there is one deadline")
                        .help("keep the `after` that comes first"),
                ),
                None => return hole(span),
            }
        }
        let kind = ExprKind::Wait {
            arms: events,
            after,
        };
        node(kind, ty, span)
    }

    fn arm_event(&mut self, name: &Ident, args: Option<&[ast::PatternArg]>) -> Option<On> {
        let workflow = self.entity.and_then(|entity| {
            let workflow = self.cx.program.entity(entity).workflow.as_ref();
            workflow.map(|w| w.events.clone())
        });
        let found = match &workflow {
            Some(events) => events.iter().position(|e| e.name == name.name),
            None => {
                self.nothing_comes(name.span, "events come to workflows, and this is none");
                None
            }
        };
        if let (Some(events), None) = (&workflow, found) {
            self.no_event(name, events);
        }
        let Some((events, at)) = workflow.zip(found) else {
            self.bind_all(args.unwrap_or_default().iter().map(|a| &a.pattern));
            return None;
        };
        if let Some(entity) = self.entity {
            self.means(name.span, Def::Event(entity, at as u32));
        }
        let patterns = self.pattern_args(name.span, name, &events[at].params, args);
        Some(On::Event(EventId(at as u32), patterns))
    }

    fn no_event(&mut self, name: &Ident, events: &[Event]) {
        let found = Diagnostic::new(
            codes::E0201,
            name.span,
            format!("this workflow has no event `{name}`"),
        )
        .label("not declared");
        let known = events.iter().map(|e| e.name.as_str());
        let found = did_you_mean(found, name.span, name.as_str(), known);
        self.report(found.or(|found| {
            found.help(format!(
                "declare it in the workflow: `pub event {name}(..)`"
            ))
        }));
    }

    fn nothing_comes(&mut self, span: Span, what: &str) -> Expr {
        self.report(
            Diagnostic::new(codes::E0805, span, what)
                .label("nothing to wait for")
                .help("declare an `event` in the workflow and name it here; to let time pass, `sleep(1d)`"),
        );
        hole(span)
    }
}

/// What an arm stands for.
enum On {
    Event(EventId, Vec<Pattern>),
    After(Expr),
}
