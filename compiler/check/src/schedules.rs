//! `every 1h { .. }`: a workflow that nobody else can name, which begins by itself and never ends.
//!
//! ```text
//! @at("07:00") every 1d { body }
//!   workflow every_1d(schedule: Text) {
//!     fn run() { while true { sleep_until(next_tick(now(), 1d, 7h)); every_1d.tick() } }
//!   }
//!   fn every_1d.tick() { body }
//! ```
//! So a schedule is kept, woken and seen as any run is, and what it does may wait. Names begin with a small letter, as those
//! of no type a program can declare; so that a program may be changed elsewhere without a schedule becoming another one,
//! they say what the schedule is and not where it stands. A tick that is missed, because nothing ran or because the one before
//! took long, is made up for once: `next_tick` counts from now.

use std::sync::Arc;

use weir_contract::library::duration;
use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{
    Arg, Attr, Block, EntityDecl, EveryDecl, Expr, ExprKind as Ast, Field, FnBody, FnDecl, Ident,
    Member, MemberKind, Stmt, StmtKind, Type, TypeKind, TypePath,
};

use crate::scope::Cx;
use crate::signatures::text_arg;

const DAY_US: i64 = 86_400_000_000;

/// What a schedule becomes.
pub struct Desugared {
    pub workflow: Arc<EntityDecl>,
    pub tick: Arc<FnDecl>,
}

/// `None` when it is not right, and somebody was told.
pub fn desugar(cx: &mut Cx, decl: &EveryDecl, attrs: &[Attr]) -> Option<Desugared> {
    let span = decl.period.span;
    let Ast::Duration(period) = decl.period.kind else {
        wrong(
            cx,
            span,
            "the time between two ticks is a duration",
            "write it out: `every 15m { .. }`",
        );
        return None;
    };
    if period < 1_000_000 {
        let help = "write a second or more: `every 1s { .. }`";
        wrong(
            cx,
            span,
            "the time between two ticks is a second or more",
            help,
        );
        return None;
    }
    let mut at = None;
    for attr in attrs {
        match attr.name.as_str() {
            "at" => at = Some(offset(cx, attr, period)?),
            _ => cx.attribute_later(attr, "here"),
        }
    }
    let mut name = format!("every_{}", duration::show(period));
    if let Some(at) = at {
        name += &format!("_at_{}", duration::show(at));
    }
    let same = cx.program.entities.iter().filter(|e| {
        e.name
            .strip_prefix(&name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("_no"))
    });
    let same = same.count();
    if same > 0 {
        name += &format!("_no{}", same + 1);
    }
    let build = Build { span };
    let tick = format!("{name}.tick");
    let next = build.call(
        "next_tick",
        vec![
            build.call("now", vec![]),
            build.expr(Ast::Duration(period)),
            build.expr(Ast::Duration(at.unwrap_or(0))),
        ],
    );
    let round = vec![
        build.stmt(StmtKind::Expr(build.call("sleep_until", vec![next]))),
        build.stmt(StmtKind::Expr(build.call(&tick, vec![]))),
    ];
    let forever = StmtKind::While {
        cond: build.expr(Ast::Bool(true)),
        body: build.block(round),
    };
    let run = build.function("run", build.block(vec![build.stmt(forever)]));
    let workflow = EntityDecl {
        name: build.ident(&name),
        keys: vec![build.key()],
        members: vec![Member {
            doc: None,
            attrs: Vec::new(),
            kind: MemberKind::Fn(Arc::new(run)),
            span,
        }],
    };
    let tick = build.function(&tick, decl.body.clone());
    Some(Desugared {
        workflow: Arc::new(workflow),
        tick: Arc::new(tick),
    })
}

/// `@at("07:00")`: microseconds behind the beginning of the period.
fn offset(cx: &mut Cx, attr: &Attr, period: i64) -> Option<i64> {
    let clock = text_arg(attr).and_then(|text| {
        let (hours, minutes) = text.split_once(':')?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let (hours, minutes) = (
            digits(hours).then_some(hours)?,
            digits(minutes).then_some(minutes)?,
        );
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60_000_000)
    });
    let Some(clock) = clock else {
        let help = "write hours and minutes, in UTC: `@at(\"07:00\")`";
        wrong(cx, attr.span, "`@at` takes a time of the day", help);
        return None;
    };
    if clock >= period || period % DAY_US != 0 && DAY_US % period != 0 {
        let help = "with a time of the day, write `every 1d`; with minutes of the hour, `@at(\"00:15\") every 1h`";
        wrong(cx, attr.span, "this is not in every period", help);
        return None;
    }
    Some(clock)
}

fn wrong(cx: &mut Cx, span: Span, what: &str, help: &str) {
    cx.report(
        Diagnostic::new(codes::E0508, span, what)
            .label("no schedule")
            .help(help),
    );
}

/// Makes pieces of the tree at one place.
struct Build {
    span: Span,
}

impl Build {
    fn ident(&self, name: &str) -> Ident {
        Ident {
            name: name.to_owned(),
            span: self.span,
        }
    }

    fn expr(&self, kind: Ast) -> Expr {
        Expr {
            kind,
            span: self.span,
        }
    }

    fn stmt(&self, kind: StmtKind) -> Stmt {
        Stmt {
            kind,
            span: self.span,
        }
    }

    fn block(&self, stmts: Vec<Stmt>) -> Block {
        Block {
            stmts,
            span: self.span,
        }
    }

    fn call(&self, function: &str, args: Vec<Expr>) -> Expr {
        let arg = |value: Expr| Arg {
            label: None,
            span: value.span,
            value,
        };
        self.expr(Ast::Call {
            callee: Box::new(self.expr(Ast::Var(self.ident(function)))),
            args: args.into_iter().map(arg).collect(),
        })
    }

    fn function(&self, name: &str, body: Block) -> FnDecl {
        FnDecl {
            is_pub: None,
            name: self.ident(name),
            type_params: Vec::new(),
            params: Vec::new(),
            ret: None,
            fails: Vec::new(),
            body: FnBody::Block(body),
        }
    }

    /// An instance needs a key, and there is one instance.
    fn key(&self) -> Field {
        let path = TypePath {
            module: Vec::new(),
            name: self.ident("Text"),
            span: self.span,
        };
        Field {
            doc: None,
            attrs: Vec::new(),
            name: self.ident("schedule"),
            ty: Type {
                kind: TypeKind::Path {
                    path,
                    args: Vec::new(),
                },
                span: self.span,
            },
            default: None,
            span: self.span,
        }
    }
}
