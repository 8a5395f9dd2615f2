//! Every `match` covers, no arm is in vain, and the patterns of `let` and `for` always match.
//!
//! This is Maranget's way ("Warnings for pattern matching", 2007): arms are rows of a matrix; taking one constructor off the
//! first column gives a smaller matrix; a row is useful if something gets to it that no row above takes. Runs on
//! checked bodies, so types are known. What holds an unknown type is passed over.

use weir_diagnostics::{Diagnostic, Span, codes};

use crate::again::Again;
use crate::hir::*;
use crate::scope::Cx;
use crate::walk;

/// At most so many missing cases are named.
const NAMED_CASES_MAX: usize = 5;

/// Looks at the bodies that are not taken over; of the others it is known already.
pub fn check(cx: &mut Cx, again: &Again<'_>) {
    let mut found = Vec::new();
    for (_, body) in walk::bodies(&cx.program) {
        if again.is_taken(body.root.span) {
            continue;
        }
        walk::all(&body.root, &mut |expr| {
            check_expr(&cx.program, body, expr, &mut found)
        });
    }
    found
        .into_iter()
        .for_each(|diagnostic| cx.report(diagnostic));
}

/// The cases that the `match` over a subject leaves out, as they are written; nothing where there is no such `match`.
pub fn missing_cases(program: &Checked, subject: Span) -> Vec<String> {
    let mut found = Vec::new();
    for (_, body) in walk::bodies(program) {
        if body.root.span.file != subject.file {
            continue;
        }
        walk::all(&body.root, &mut |expr| {
            if let ExprKind::Match { subject: of, arms } = &expr.kind
                && of.span == subject
                && found.is_empty()
            {
                let plain = arms.iter().filter(|arm| arm.guard.is_none());
                let rows: Vec<Vec<Pat>> = plain.map(|arm| vec![simplify(&arm.pattern)]).collect();
                found = missing(program, &of.ty, &rows);
            }
        });
    }
    found
}

fn check_expr(program: &Checked, body: &Body, expr: &Expr, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Match { subject, arms } => check_match(program, body, subject, arms, found),
        ExprKind::Block(block) => {
            for stmt in &block.stmts {
                if let Stmt::Let(pattern, value) = stmt {
                    // The entry of a stream is taken apart by a `let` that nobody has written.
                    let what = match value.kind {
                        ExprKind::Local(_) if value.span.range().is_empty() => "on",
                        _ => "let",
                    };
                    always_matches(program, pattern, what, found);
                }
            }
        }
        ExprKind::For(for_) => {
            for (pattern, _) in &for_.generators {
                always_matches(program, pattern, "for", found);
            }
        }
        ExprKind::ParallelFor { generators, .. } => {
            for (pattern, _) in generators {
                always_matches(program, pattern, "for", found);
            }
        }
        ExprKind::Wait { arms, .. } => check_wait(program, arms, found),
        _ => {}
    }
}

/// The first arm that is a plain name, where a variant is called so but for its capital.
fn meant_variant<'p>(
    program: &'p Checked,
    body: &'p Body,
    subject: &Type,
    arms: &[Arm],
) -> Option<(&'p str, &'p str)> {
    let Type::Enum(id, _) = subject else {
        return None;
    };
    let variants = &program.enums[id.0 as usize].variants;
    arms.iter().find_map(|arm| {
        let PatternKind::Bind(local) = &arm.pattern.kind else {
            return None;
        };
        let name = body.locals[local.0 as usize].name.as_str();
        let called = |variant: &&Variant| variant.name.eq_ignore_ascii_case(name);
        let variant = variants.iter().find(called)?;
        Some((name, variant.name.as_str()))
    })
}

fn check_match(
    program: &Checked,
    body: &Body,
    subject: &Expr,
    arms: &[Arm],
    found: &mut Vec<Diagnostic>,
) {
    // An arm whose end is not understood may have been several.
    let is_hole = |e: &Expr| matches!(e.kind, ExprKind::Unit) && e.ty == Type::Unknown;
    let broken = |arm: &Arm| is_broken(&arm.pattern) || is_hole(&arm.body);
    if is_open(&subject.ty) || arms.iter().any(broken) {
        return;
    }
    let types = [subject.ty.clone()];
    let mut rows: Vec<Vec<Pat>> = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    for arm in arms {
        let row = vec![simplify(&arm.pattern)];
        if !useful(program, &types, &rows, &row) {
            let mut diagnostic =
                Diagnostic::new(codes::E0602, arm.pattern.span, "nothing can reach this arm")
                    .label("every such value is taken by an arm above")
                    .help("remove this arm, or move it up");
            if let Some((first, variant)) = meant_variant(program, body, &subject.ty, arms) {
                diagnostic = diagnostic.help(format!(
                    "`{first}` is a name that takes any value; the variant is written `{variant}`"
                ));
            }
            if let [only] = spans[..] {
                diagnostic = diagnostic.secondary(only, "this arm takes them");
            }
            found.push(diagnostic);
        } else if arm.guard.is_none() {
            rows.push(row);
            spans.push(arm.pattern.span);
        }
    }
    let missing = missing(program, &subject.ty, &rows);
    if missing.is_empty() {
        return;
    }
    let shown: Vec<String> = missing
        .iter()
        .take(NAMED_CASES_MAX)
        .map(|case| format!("`{case}`"))
        .collect();
    let mut cases = shown.join(", ");
    if missing.len() > NAMED_CASES_MAX {
        cases.push_str(&format!(" and {} more", missing.len() - NAMED_CASES_MAX));
    }
    let first = &missing[0];
    if first == "_" {
        cases = "all other values".into();
    }
    found.push(
        Diagnostic::new(
            codes::E0601,
            subject.span,
            format!("this `match` does not cover {cases}"),
        )
        .label("not every value of this has an arm")
        .help(match first.as_str() {
            "_" => "add an arm `_ => ...` for all the rest".to_owned(),
            first => format!("add an arm `{first} => ...`, or `_ => ...` for all the rest"),
        }),
    );
}

/// For each event that is waited for, its arms cover whatever it carries: an event that has come is taken.
fn check_wait(program: &Checked, arms: &[WaitArm], found: &mut Vec<Diagnostic>) {
    let mut seen: Vec<EventId> = Vec::new();
    for first in arms {
        if seen.contains(&first.event) || first.patterns.iter().any(is_broken) {
            continue;
        }
        seen.push(first.event);
        let types: Vec<Type> = first.patterns.iter().map(|p| p.ty.clone()).collect();
        let mut rows: Vec<Vec<Pat>> = Vec::new();
        for arm in arms.iter().filter(|arm| arm.event == first.event) {
            if arm.patterns.iter().any(is_broken) {
                return;
            }
            let row: Vec<Pat> = arm.patterns.iter().map(simplify).collect();
            if !useful(program, &types, &rows, &row) {
                found.push(
                    Diagnostic::new(codes::E0602, arm_span(arm), "nothing can reach this arm")
                        .label("every such event is taken by an arm above")
                        .help("remove this arm, or move it up"),
                );
            }
            rows.push(row);
        }
        if let Some(case) = witness(program, &types, &rows) {
            let case = case.join(", ");
            found.push(
                Diagnostic::new(
                    codes::E0601,
                    arm_span(first),
                    format!("this `wait` does not cover this event with `({case})`"),
                )
                .label("not everything that may come has an arm")
                .help("add an arm for the rest, with `_` for what does not matter"),
            );
        }
    }
}

fn arm_span(arm: &WaitArm) -> Span {
    arm.patterns.first().map_or(arm.body.span, |p| p.span)
}

fn always_matches(program: &Checked, pattern: &Pattern, what: &str, found: &mut Vec<Diagnostic>) {
    if is_broken(pattern) {
        return;
    }
    if let Some(case) = missing(program, &pattern.ty, &[vec![simplify(pattern)]]).first() {
        let a = if what == "on" { "an" } else { "a" };
        let help = match what {
            "let" => "use `match`, or `if value is pattern { ... }`",
            _ => "bind a name here, and `match` in the body",
        };
        found.push(
            Diagnostic::new(
                codes::E0604,
                pattern.span,
                format!("the pattern of {a} `{what}` must always match, and this one does not match `{case}`"),
            )
            .label("does not match everything")
            .help(help),
        );
    }
}

/// Holds something that is not known; an error was reported then.
fn is_open(ty: &Type) -> bool {
    crate::infer::has_unknown(ty) || crate::infer::has_infer(ty)
}

/// A part of the pattern does not fit its value; somebody was told.
fn is_broken(pattern: &Pattern) -> bool {
    is_open(&pattern.ty)
        || match &pattern.kind {
            PatternKind::Some(part) | PatternKind::Ok(part) => is_broken(part),
            PatternKind::Error(_, parts)
            | PatternKind::Variant(_, _, parts)
            | PatternKind::Fields(parts)
            | PatternKind::Or(parts)
            | PatternKind::List { items: parts, .. } => parts.iter().any(is_broken),
            _ => false,
        }
}

/// A pattern with only what matters for covering.
#[derive(Clone, Debug)]
enum Pat {
    Any,
    Make(Ctor, Vec<Pat>),
    /// A list that begins with the first and ends with the second, which do not overlap.
    Around(Vec<Pat>, Vec<Pat>),
    Or(Vec<Pat>),
}

#[derive(Clone, Debug, PartialEq)]
enum Ctor {
    Bool(bool),
    None,
    Some,
    Ok,
    Error(ErrorId),
    Variant(EnumId, u32),
    /// The one constructor of records and tuples.
    Fields,
    /// Lists of exactly this length.
    Length(usize),
    /// Lists with so many items at the beginning, so many others at the end, and any number between; only made by [`constructors`].
    Longer(usize, usize),
    /// A literal of a type with endlessly many values.
    Literal(String),
}

fn simplify(pattern: &Pattern) -> Pat {
    let all = |parts: &[Pattern]| parts.iter().map(simplify).collect::<Vec<_>>();
    match &pattern.kind {
        PatternKind::Wildcard | PatternKind::Bind(_) => Pat::Any,
        PatternKind::Bool(value) => Pat::Make(Ctor::Bool(*value), Vec::new()),
        PatternKind::Literal(value) => Pat::Make(Ctor::Literal(literal(value)), Vec::new()),
        PatternKind::None => Pat::Make(Ctor::None, Vec::new()),
        PatternKind::Some(part) => Pat::Make(Ctor::Some, vec![simplify(part)]),
        PatternKind::Ok(part) => Pat::Make(Ctor::Ok, vec![simplify(part)]),
        PatternKind::Error(id, parts) => Pat::Make(Ctor::Error(*id), all(parts)),
        PatternKind::Variant(id, n, parts) => Pat::Make(Ctor::Variant(*id, *n), all(parts)),
        PatternKind::Fields(parts) => Pat::Make(Ctor::Fields, all(parts)),
        PatternKind::List { items, rest: None } => Pat::Make(Ctor::Length(items.len()), all(items)),
        PatternKind::List {
            items,
            rest: Some(_),
        } if items.is_empty() => Pat::Any,
        PatternKind::List {
            items,
            rest: Some(rest),
        } => Pat::Around(all(&items[..rest.at]), all(&items[rest.at..])),
        PatternKind::Or(parts) => Pat::Or(all(parts)),
    }
}

/// Equal literals have equal texts.
fn literal(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Decimal(n) => n.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Neg(part) => format!("-{}", literal(part)),
        ExprKind::Wrap(_, part) => literal(part),
        other => format!("{other:?}"),
    }
}

/// Every constructor of a type, or `None` when there is no end to them or no row asks for one. How long lists must be looked at depends on
/// the first column of the matrix.
fn constructors(program: &Checked, ty: &Type, rows: &[Vec<Pat>]) -> Option<Vec<Ctor>> {
    // Nobody looks at it. To try what it is made of would never end with an enum that holds itself.
    if rows.iter().all(|row| takes_anything(&row[0])) {
        return None;
    }
    match ty {
        Type::Bool => Some(vec![Ctor::Bool(true), Ctor::Bool(false)]),
        Type::Option(_) => Some(vec![Ctor::None, Ctor::Some]),
        Type::Result(_, errors) => Some(
            std::iter::once(Ctor::Ok)
                .chain(errors.iter().map(|error| Ctor::Error(*error)))
                .collect(),
        ),
        Type::Enum(id, _) => {
            let count = program.enums[id.0 as usize].variants.len();
            Some((0..count).map(|n| Ctor::Variant(*id, n as u32)).collect())
        }
        Type::Record(..) | Type::Error(_) | Type::Tuple(_) | Type::Entity(_) => {
            Some(vec![Ctor::Fields])
        }
        Type::New(id, args) => constructors(program, &program.base(*id, args), rows),
        Type::List(_) => {
            // Lists so long that no two patterns look at the same item from both ends are told apart by their ends alone.
            let mut told = Told::default();
            rows.iter().for_each(|row| told.look_at(&row[0]));
            let length = told.longer_than.max(told.first + told.last);
            let all = (0..length).map(Ctor::Length);
            let longer = Ctor::Longer(length - told.last, told.last);
            Some(all.chain([longer]).collect())
        }
        _ => None,
    }
}

/// What patterns can tell of a list.
#[derive(Default)]
struct Told {
    /// More than any of those that ask for a length.
    longer_than: usize,
    /// How many items they look at from its beginning.
    first: usize,
    /// And from its end.
    last: usize,
}

impl Told {
    fn look_at(&mut self, pat: &Pat) {
        match pat {
            Pat::Make(Ctor::Length(n), _) => self.longer_than = self.longer_than.max(n + 1),
            Pat::Around(first, last) => {
                self.first = self.first.max(first.len());
                self.last = self.last.max(last.len());
            }
            Pat::Or(parts) => parts.iter().for_each(|part| self.look_at(part)),
            _ => {}
        }
    }
}

/// Types of the parts a constructor is made of.
fn part_types(program: &Checked, ty: &Type, ctor: &Ctor) -> Vec<Type> {
    let of = |fields: &[NamedType]| fields.iter().map(|field| field.ty.clone()).collect();
    match (ctor, ty) {
        (_, Type::New(id, args)) => part_types(program, &program.base(*id, args), ctor),
        (Ctor::Some, Type::Option(part)) | (Ctor::Ok, Type::Result(part, _)) => {
            vec![(**part).clone()]
        }
        (Ctor::Error(id), _) => of(&program.errors[id.0 as usize].fields),
        (Ctor::Variant(_, n), Type::Enum(id, args)) => program
            .variants(*id, args)
            .get(*n as usize)
            .map_or(Vec::new(), |variant| of(&variant.fields)),
        (Ctor::Fields, Type::Record(id, args)) => of(&program.record_fields(*id, args)),
        (Ctor::Fields, Type::Error(id)) => of(&program.errors[id.0 as usize].fields),
        (Ctor::Fields, Type::Entity(id)) => of(&program.entities[id.0 as usize].keys),
        (Ctor::Fields, Type::Tuple(fields)) => {
            fields.iter().map(|field| field.ty.clone()).collect()
        }
        (Ctor::Length(n), Type::List(item)) => vec![(**item).clone(); *n],
        (Ctor::Longer(first, last), Type::List(item)) => vec![(**item).clone(); first + last],
        _ => Vec::new(),
    }
}

/// What is left of a row when its first value is made by `ctor` from `arity` parts: nothing if the row does not take it,
/// several rows for an `|`.
fn specialize(row: &[Pat], ctor: &Ctor, arity: usize) -> Vec<Vec<Pat>> {
    let with = |mut parts: Vec<Pat>| {
        parts.resize(arity, Pat::Any);
        parts.extend_from_slice(&row[1..]);
        vec![parts]
    };
    match (&row[0], ctor) {
        (Pat::Any, _) => with(Vec::new()),
        (Pat::Or(parts), _) => parts
            .iter()
            .flat_map(|part| {
                let mut row = row.to_vec();
                row[0] = part.clone();
                specialize(&row, ctor, arity)
            })
            .collect(),
        (Pat::Make(made, parts), _) if made == ctor => with(parts.clone()),
        (Pat::Around(first, last), Ctor::Length(_) | Ctor::Longer(..))
            if first.len() + last.len() <= arity =>
        {
            let mut parts = first.clone();
            parts.resize(arity - last.len(), Pat::Any);
            parts.extend_from_slice(last);
            with(parts)
        }
        _ => Vec::new(),
    }
}

fn specialize_all(rows: &[Vec<Pat>], ctor: &Ctor, arity: usize) -> Vec<Vec<Pat>> {
    rows.iter()
        .flat_map(|row| specialize(row, ctor, arity))
        .collect()
}

/// Rows that take a first value no literal in the column names.
fn defaults(rows: &[Vec<Pat>]) -> Vec<Vec<Pat>> {
    rows.iter()
        .filter(|row| takes_anything(&row[0]))
        .map(|row| row[1..].to_vec())
        .collect()
}

fn takes_anything(pat: &Pat) -> bool {
    match pat {
        Pat::Any => true,
        Pat::Or(parts) => parts.iter().any(takes_anything),
        _ => false,
    }
}

/// Whether some value gets past all rows and is taken by `row`.
fn useful(program: &Checked, types: &[Type], rows: &[Vec<Pat>], row: &[Pat]) -> bool {
    if rows.is_empty() {
        return true;
    }
    let Some((ty, others)) = types.split_first() else {
        return false;
    };
    let under = |ctor: &Ctor| {
        let parts = part_types(program, ty, ctor);
        let rows = specialize_all(rows, ctor, parts.len());
        specialize(row, ctor, parts.len()).iter().any(|row| {
            let types: Vec<Type> = parts.iter().chain(others).cloned().collect();
            useful(program, &types, &rows, row)
        })
    };
    let mut column = rows.to_vec();
    column.push(row.to_vec());
    match (constructors(program, ty, &column), &row[0]) {
        (Some(all), _) => all.iter().any(under),
        (None, Pat::Make(ctor, _)) => under(ctor),
        (None, Pat::Or(parts)) => parts.iter().any(|part| {
            let mut row = row.to_vec();
            row[0] = part.clone();
            useful(program, types, rows, &row)
        }),
        (None, _) => useful(program, others, &defaults(rows), &row[1..]),
    }
}

/// The cases no row takes, one for each constructor that has some, as they are written.
fn missing(program: &Checked, ty: &Type, rows: &[Vec<Pat>]) -> Vec<String> {
    let tops = match constructors(program, ty, rows) {
        Some(all) if !rows.is_empty() => all,
        _ => return witness(program, std::slice::from_ref(ty), rows).unwrap_or_default(),
    };
    tops.iter()
        .filter_map(|ctor| under_constructor(program, ty, &[], rows, ctor))
        .map(|mut case| case.remove(0))
        .collect()
}

/// One value for each column that no row takes, as it is written.
fn witness(program: &Checked, types: &[Type], rows: &[Vec<Pat>]) -> Option<Vec<String>> {
    if rows.is_empty() {
        return Some(vec!["_".to_owned(); types.len()]);
    }
    let (ty, others) = types.split_first()?;
    match constructors(program, ty, rows) {
        Some(all) => all
            .iter()
            .find_map(|ctor| under_constructor(program, ty, others, rows, ctor)),
        None => {
            let mut case = witness(program, others, &defaults(rows))?;
            case.insert(0, "_".to_owned());
            Some(case)
        }
    }
}

fn under_constructor(
    program: &Checked,
    ty: &Type,
    others: &[Type],
    rows: &[Vec<Pat>],
    ctor: &Ctor,
) -> Option<Vec<String>> {
    let parts = part_types(program, ty, ctor);
    let rows = specialize_all(rows, ctor, parts.len());
    let types: Vec<Type> = parts.iter().chain(others).cloned().collect();
    let mut case = witness(program, &types, &rows)?;
    let rest = case.split_off(parts.len());
    let mut out = vec![written(program, ty, ctor, &case)];
    out.extend(rest);
    Some(out)
}

fn written(program: &Checked, ty: &Type, ctor: &Ctor, parts: &[String]) -> String {
    let call = |name: &str| match parts {
        [] => name.to_owned(),
        _ => format!("{name}({})", parts.join(", ")),
    };
    match ctor {
        Ctor::Bool(value) => value.to_string(),
        Ctor::None => "None".to_owned(),
        Ctor::Some => call("Some"),
        Ctor::Ok => call("Ok"),
        Ctor::Error(id) => call(&program.errors[id.0 as usize].name),
        Ctor::Variant(id, n) => match program.enums[id.0 as usize].variants.get(*n as usize) {
            Some(variant) => call(&variant.name),
            None => "_".to_owned(),
        },
        Ctor::Fields => match ty {
            Type::Record(id, _) => call(&program.records[id.0 as usize].name),
            Type::Error(id) => call(&program.errors[id.0 as usize].name),
            Type::Entity(id) => call(&program.entities[id.0 as usize].name),
            _ => call(""),
        },
        Ctor::Length(_) => format!("[{}]", parts.join(", ")),
        Ctor::Longer(0, 0) => "_".to_owned(),
        Ctor::Longer(first, _) => longer(parts, *first),
        Ctor::Literal(text) => text.clone(),
    }
}

/// `[_, _, ..]`, `[true, .., false]`: the rest stands behind what does not matter.
fn longer(parts: &[String], first: usize) -> String {
    let (first, last) = parts.split_at(first);
    let matters = |part: &String| part != "_";
    let (first, last) = match (first.iter().any(matters), last.iter().any(matters)) {
        (_, false) => (parts, &parts[parts.len()..]),
        (false, true) => (&parts[..0], parts),
        (true, true) => (first, last),
    };
    let shown: Vec<&str> = first
        .iter()
        .map(String::as_str)
        .chain([".."])
        .chain(last.iter().map(String::as_str))
        .collect();
    format!("[{}]", shown.join(", "))
}
