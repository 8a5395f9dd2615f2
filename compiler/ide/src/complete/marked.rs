//! The text with a made-up name at the cursor: parsed, and checked around it.
//!
//! Only the item around the cursor is parsed again. With the name in it, it stands *behind* the text as it is, and takes the
//! place of the item that it is made of: so the spans of all other items stay what they are.
//!
//! ```text
//! fn a() { .. }   fn b() { x. }   fn c() { .. }   \n   fn b() { x.z_at_cursor }
//! ^ as it was     ^ left out      ^ as it was           ^ parsed
//! ```

use std::sync::Arc;

use weir_check::Around;
use weir_check::hir::Type;
use weir_diagnostics::Span;
use weir_driver::Library;
use weir_syntax::Parsed;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{self, ExprKind, FnDecl, ItemKind, MemberKind, PatternKind, TypeKind};

use super::Cursor;
use super::front::Hints;
use crate::{At, Snapshot, nodes};

const LOWER: &str = "z_at_cursor";
const UPPER: &str = "Z_at_cursor";

/// A program with a made-up name where the cursor is.
pub struct Marked {
    pub snapshot: Snapshot,
    pub around: Option<Around>,
    /// The made-up name.
    pub name: Span,
    /// What it replaced, in the text as it is.
    word: Span,
    /// The whole of what was put there.
    added: u32,
    /// Where the item begins, in the text as it is and here.
    moved: (u32, u32),
}

/// What the made-up name is in the tree.
pub enum Place<'a> {
    /// Behind the dot of this.
    Member(&'a ast::Expr),
    Name(Named<'a>),
    Pattern(InPattern<'a>),
    /// At the start of an arm of `wait`.
    Event,
    Type(&'a ast::TypePath),
    /// In a `fails` clause.
    Error,
    /// In the path of a route.
    Route,
    /// A name that is declared here.
    Nothing,
}

/// A value.
pub struct Named<'a> {
    /// It is all of a statement so far.
    pub is_statement: bool,
    /// It is all of an argument so far: of this call.
    pub argument_of: Option<(&'a [ast::Arg], &'a ast::Expr)>,
    /// Behind `fail`, or the `else` of `require`.
    pub is_failure: bool,
    /// Behind `in`: what a `for` walks over.
    pub is_source: bool,
    /// Behind `??`.
    pub is_otherwise: bool,
}

/// In a pattern.
pub struct InPattern<'a> {
    /// It is all of the pattern of an arm so far: of this `match`.
    pub arm_of: Option<&'a [ast::Arm]>,
    /// It is all of a part in parentheses: of this name.
    pub part_of: Option<(&'a ast::Ident, &'a [ast::PatternArg])>,
    /// Behind `is`, or inside of another pattern, or in an arm: not in a `let` or `for`.
    pub may_not_fit: bool,
}

impl Marked {
    /// The first way to put a name there that gives a tree with it.
    pub fn new(cursor: &Cursor, library: &Library, hints: &Hints) -> Option<Marked> {
        let names = match cursor.prefix().starts_with(char::is_uppercase) {
            true => [UPPER, LOWER],
            false => [LOWER, UPPER],
        };
        let mut endings = vec![""];
        if cursor.word.start == cursor.word.end {
            // In front of a statement it may be one of its own.
            endings.insert(0, "\n");
        }
        if hints.in_arms {
            endings.push(" => {}");
        }
        if hints.needs_block {
            endings.push(" {}");
        }
        if hints.in_hole {
            endings.extend(["}", "}\""]);
        }
        let mut tries = endings
            .iter()
            .flat_map(|ending| names.iter().map(move |name| (*name, *ending)))
            .chain(hints.needs_else.then_some((LOWER, " else Z")));
        tries.find_map(|(name, ending)| Marked::with(cursor, library, name, ending))
    }

    /// With a name of a certain kind.
    pub fn with(cursor: &Cursor, library: &Library, name: &str, ending: &str) -> Option<Marked> {
        let text = cursor.text();
        let end = match cursor.word.end > cursor.word.start || ending == "\n" {
            true => cursor.word.end as usize,
            // In front of a word the name takes its place: two words in a row would be a mistake.
            false => {
                let rest = &text[cursor.word.end as usize..];
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                text.len() - rest.trim_start_matches(is_word).len()
            }
        };
        let start = cursor.word.start as usize;
        let tree = &cursor.snapshot.file(cursor.file)?.parsed.module;
        let at = tree
            .items
            .partition_point(|item| item.span.start as usize <= start);
        let from = match at.checked_sub(1) {
            Some(own) => tree.items[own].span.start as usize,
            None => 0,
        };
        let to = tree
            .items
            .get(at)
            .map_or(text.len(), |next| next.span.start as usize);
        let item = format!("{}{name}{ending}{}", &text[from..start], text.get(end..to)?);
        let base = text.len() + 1;
        let parsed = weir_syntax::parse(cursor.file, &format!("{}\n{item}", " ".repeat(base - 1)));
        let here = (base + start - from) as u32;
        let name = Span::new(cursor.file, here, here + name.len() as u32);
        place_in(&parsed, name)?;
        let mut parsed = parsed;
        let made = std::mem::take(&mut parsed.module.items);
        let others = tree.items.iter().enumerate();
        let others = others.filter(|(other, _)| Some(*other) != at.checked_sub(1));
        parsed.module.items = others.map(|(_, item)| item.clone()).chain(made).collect();
        let survey = &cursor.snapshot.survey;
        let whole = format!("{text}\n{item}");
        let (survey, around) = weir_driver::look(
            survey,
            library,
            cursor.file,
            Arc::new(parsed),
            whole.into(),
            name,
        );
        Some(Marked {
            snapshot: Snapshot::after(survey, &library.modules, Some(cursor.snapshot)),
            around,
            name,
            word: Span::new(cursor.file, start as u32, end as u32),
            added: name.end - name.start + ending.len() as u32,
            moved: (from as u32, base as u32),
        })
    }

    pub fn place(&self) -> Place<'_> {
        let parsed = &self.file().parsed;
        place_in(parsed, self.name).unwrap_or(Place::Nothing)
    }

    pub fn file(&self) -> &weir_driver::SurveyedFile {
        let files = self.snapshot.survey.files.iter();
        let mut here = files.filter(|file| file.id == self.name.file);
        here.next().unwrap_or(&self.snapshot.survey.files[0])
    }

    /// The nodes around the name, the outermost first.
    pub fn path(&self) -> Vec<Node<'_>> {
        path(&self.file().parsed.module, self.name)
    }

    /// The type that the place would like.
    pub fn want(&self) -> Option<Type> {
        let told = self.around.as_ref().and_then(|around| around.want.clone());
        let is_known = |ty: &Type| !matches!(ty, Type::Unknown | Type::Infer(_));
        told.filter(is_known)
            .or_else(|| super::labels::wanted_of_argument(self))
    }

    /// The same place in the text as it is.
    pub fn as_it_is(&self, place: Span) -> Span {
        let (from, base) = self.moved;
        if place.file != self.word.file || place.start < base {
            return place;
        }
        let moved = |offset: u32| match offset < self.name.end {
            true => (offset - base + from).min(self.word.end),
            false => (offset - base + from + self.word.end - self.word.start) - self.added,
        };
        Span::new(place.file, moved(place.start), moved(place.end))
    }
}

fn path(module: &ast::Module, name: Span) -> Vec<Node<'_>> {
    let at = At {
        file: name.file,
        offset: name.start + 1,
    };
    nodes::around(module, at)
}

/// What a name is in a tree; `None` where the tree has a hole there.
fn place_in(parsed: &Parsed, name: Span) -> Option<Place<'_>> {
    let path = path(&parsed.module, name);
    let at = path.len();
    let above = |n: usize| at.checked_sub(n + 1).map(|at| path[at]);
    let in_attribute = path.iter().any(|node| matches!(node, Node::Attr(_)));
    match *path.last()? {
        Node::Expr(e) => match &e.kind {
            ExprKind::Var(n) | ExprKind::Con(n) if n.span == name && in_attribute => {
                Some(Place::Route)
            }
            ExprKind::Var(n) | ExprKind::Con(n) if n.span == name => {
                Some(Place::Name(named(&path, e)))
            }
            ExprKind::Field { base, name: n } if n.span == name => Some(Place::Member(base)),
            _ => None,
        },
        Node::Pattern(p) => match &p.kind {
            PatternKind::Bind(n) | PatternKind::Con { name: n, .. } if n.span == name => {
                Some(pattern(&path, p))
            }
            PatternKind::Con {
                qualifier: Some(q), ..
            } if q.span == name => Some(pattern(&path, p)),
            PatternKind::Rest(Some(n)) if n.span == name => Some(Place::Nothing),
            _ => None,
        },
        Node::Type(ty) => match &ty.kind {
            TypeKind::Path { path, .. } if path.span.contains(name) => Some(Place::Type(path)),
            _ => None,
        },
        Node::WaitArm(arm) => match &arm.on {
            ast::WaitOn::Event { name: n, .. } if n.span == name => Some(Place::Event),
            _ => None,
        },
        Node::Item(item) => match &item.kind {
            ItemKind::Fn(decl) if fails_with(decl, name) => Some(Place::Error),
            ItemKind::Extern(decl) => {
                let mut all = decl.fns.iter().flat_map(|f| &f.fails);
                all.any(|path| path.span.contains(name))
                    .then_some(Place::Error)
            }
            ItemKind::Hole => None,
            _ => declares(above(0), name),
        },
        Node::Member(member) => match &member.kind {
            MemberKind::Fn(decl) if fails_with(decl, name) => Some(Place::Error),
            _ => declares(above(0), name),
        },
        node => declares(Some(node), name),
    }
}

fn fails_with(decl: &FnDecl, name: Span) -> bool {
    decl.fails.iter().any(|path| path.span.contains(name))
}

/// A name that is declared is nobody's to suggest.
fn declares<'a>(node: Option<Node<'_>>, name: Span) -> Option<Place<'a>> {
    let own = match node? {
        Node::Item(item) => match &item.kind {
            ItemKind::Fn(decl) => decl.name.span,
            ItemKind::Record(decl) => decl.name.span,
            ItemKind::Error(decl) => decl.name.span,
            ItemKind::Enum(decl) => {
                let mut names = decl
                    .variants
                    .iter()
                    .map(|v| v.name.span)
                    .chain([decl.name.span]);
                names.find(|span| *span == name)?
            }
            ItemKind::TypeAlias(decl) | ItemKind::NewType(decl) => decl.name.span,
            ItemKind::Let(decl) => decl.name.span,
            ItemKind::Entity(decl) | ItemKind::Workflow(decl) => decl.name.span,
            _ => return None,
        },
        Node::Member(member) => match &member.kind {
            MemberKind::Fn(decl) => decl.name.span,
            MemberKind::State(decl) => decl.name.span,
            MemberKind::Event(decl) => decl.name.span,
            _ => return None,
        },
        Node::Field(field) => field.name.span,
        Node::Stmt(stmt) => match &stmt.kind {
            ast::StmtKind::Var { name, .. } => name.span,
            _ => return None,
        },
        Node::Arg(arg) => arg.label.as_ref()?.span,
        Node::PatternArg(arg) => arg.label.as_ref()?.span,
        _ => return None,
    };
    (own == name).then_some(Place::Nothing)
}

fn named<'a>(path: &[Node<'a>], e: &ast::Expr) -> Named<'a> {
    let above = |n: usize| path.len().checked_sub(n + 2).map(|at| path[at]);
    let argument_of = match (above(0), above(1)) {
        (Some(Node::Arg(arg)), Some(Node::Expr(call))) if arg.label.is_none() => match &call.kind {
            ExprKind::Call { callee, args } => Some((args.as_slice(), &**callee)),
            _ => None,
        },
        _ => None,
    };
    let is_failure = match above(0) {
        Some(Node::Expr(outer)) => matches!(outer.kind, ExprKind::Fail(_)),
        Some(Node::Stmt(stmt)) => match &stmt.kind {
            ast::StmtKind::Require { otherwise, .. } => otherwise.span == e.span,
            _ => false,
        },
        _ => false,
    };
    let is_source = match above(0) {
        Some(Node::Expr(outer)) => match &outer.kind {
            ExprKind::For(inner) => inner.generators.iter().any(|g| g.source.span == e.span),
            _ => false,
        },
        _ => false,
    };
    let is_otherwise = match above(0) {
        Some(Node::Expr(outer)) => match &outer.kind {
            ExprKind::Coalesce { otherwise, .. } => otherwise.span == e.span,
            _ => false,
        },
        _ => false,
    };
    let is_statement = match above(0) {
        Some(Node::Stmt(stmt)) => stmt.span == e.span,
        // The body of an arm may be a statement.
        Some(Node::Arm(arm)) => arm.body.span == e.span,
        Some(Node::WaitArm(arm)) => arm.body.span == e.span,
        _ => false,
    };
    Named {
        is_statement,
        argument_of,
        is_failure,
        is_source,
        is_otherwise,
    }
}

fn pattern<'a>(path: &[Node<'a>], p: &ast::Pattern) -> Place<'a> {
    let mut above = path.iter().rev().skip(1).peekable();
    while above
        .next_if(|node| matches!(node, Node::Pattern(p) if matches!(p.kind, PatternKind::Or(_))))
        .is_some()
    {}
    let mut found = InPattern {
        arm_of: None,
        part_of: None,
        may_not_fit: false,
    };
    match (above.next().copied(), above.next().copied()) {
        (Some(Node::Arm(_)), Some(Node::Expr(e))) => {
            found.may_not_fit = true;
            if let ExprKind::Match { arms, .. } = &e.kind {
                found.arm_of = Some(arms);
            }
        }
        (Some(Node::PatternArg(arg)), Some(outer)) => {
            found.may_not_fit = true;
            let of = match outer {
                Node::Pattern(outer) => match &outer.kind {
                    PatternKind::Con { name, args, .. } => args.as_deref().map(|args| (name, args)),
                    _ => None,
                },
                Node::WaitArm(arm) => match &arm.on {
                    ast::WaitOn::Event { name, args } => args.as_deref().map(|args| (name, args)),
                    _ => None,
                },
                _ => None,
            };
            found.part_of = of.filter(|_| arg.label.is_none());
        }
        (Some(Node::Pattern(_)), _) => found.may_not_fit = true,
        (Some(Node::Expr(e)), _) => {
            found.may_not_fit = matches!(e.kind, ExprKind::Is { .. });
        }
        _ => {}
    }
    // `let x`, `for x in`: a name that is declared.
    match found.may_not_fit || matches!(p.kind, PatternKind::Con { .. }) {
        true => Place::Pattern(found),
        false => Place::Nothing,
    }
}
