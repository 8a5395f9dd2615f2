//! What there is to say about a `scratch let`: that it is kept nowhere, how it is made, and when it is dropped.

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{ClauseKind, Expr, ExprKind, StmtKind};

use crate::{At, Snapshot, nodes, references};

/// What the temporary data with a name is made of, where it is declared there.
pub fn declared(snapshot: &Snapshot, at: Span) -> Option<&Expr> {
    let place = At {
        file: at.file,
        offset: at.start,
    };
    let around = nodes::around(snapshot.module(at.file)?, place);
    around.into_iter().find_map(|node| match node {
        Node::Stmt(stmt) => match &stmt.kind {
            StmtKind::Let {
                scratch: true,
                pattern,
                value,
                ..
            } if pattern.span == at => Some(value),
            _ => None,
        },
        _ => None,
    })
}

/// Sentences in Markdown; none for other variables.
pub fn facts(snapshot: &Snapshot, at: Span) -> Vec<String> {
    let Some(value) = declared(snapshot, at) else {
        return Vec::new();
    };
    let mut facts = vec!["*temporary: in no log, made again where it is lost*".to_owned()];
    let made = match &value.kind {
        ExprKind::For(f) if f.parallel => {
            let is_group =
                |clause: &weir_syntax::ast::Clause| matches!(clause.kind, ClauseKind::GroupBy(_));
            match f.clauses.iter().any(is_group) {
                true => "made in tasks beside the run, each of which makes a part of every group",
                false => "made in tasks beside the run",
            }
        }
        _ => "made in one task beside the run",
    };
    facts.push(format!("- {made}\n- {}", dropped(snapshot, at)));
    facts
}

/// As the data lives from step to step, it goes when the step ends that reads it last.
fn dropped(snapshot: &Snapshot, at: Span) -> String {
    let all = references::all(snapshot, Def::Local(at));
    let read = all.iter().filter(|found| !found.is_declaration);
    let Some(last) = read.map(|found| found.span).max() else {
        return "never read".to_owned();
    };
    let line = |offset: u32| {
        let source = snapshot.survey.sources.file(at.file);
        source.line_column(offset).line
    };
    let place = At {
        file: last.file,
        offset: last.start,
    };
    let around = snapshot.module(last.file).map(|m| nodes::around(m, place));
    // A loop that it was made in front of reads it again in each round.
    let again = around.into_iter().flatten().find_map(|node| {
        let body = match node {
            Node::Expr(Expr {
                kind: ExprKind::For(f),
                span,
            }) => {
                let is_source = f.generators[0].source.span.contains(last);
                (!is_source).then_some(*span)
            }
            Node::Stmt(stmt) if matches!(stmt.kind, StmtKind::While { .. }) => Some(stmt.span),
            _ => None,
        };
        body.filter(|body| !body.contains(at))
    });
    match again {
        Some(body) => format!(
            "read last in the loop that ends in line {}, and dropped behind it",
            line(body.end)
        ),
        None => format!(
            "read last in line {}, and dropped when that step ends",
            line(last.start)
        ),
    }
}
