//! What can be done to a piece of the text: mistakes put right, code moved, what is missing written. One file an idea, each a
//! plain function from what is [`Asked`] to actions.
//!
//! ```text
//! selection -> fixes of what is wrong there, and assists that fit what stands there -> edits, or nothing
//! ```
//!
//! An action is offered only where it can be done without guessing what the program means; what it writes for something
//! that nobody knows (the body of a new function, the value of a missing field) is a value of the right type.

mod annotate;
mod body;
mod convert;
mod extract_function;
mod extract_value;
mod fields;
mod fixes;
mod imports;
mod inline;
mod missing_function;
mod undo;
mod unused;
mod write;

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_driver::SurveyedFile;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Expr, ExprKind, FnDecl, Item, ItemKind, Member, MemberKind, StmtKind};

pub use imports::organize;

use crate::{At, Edit, Snapshot, nodes};

/// What an action is for, as editors group them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// Puts a mistake right.
    QuickFix,
    Extract,
    Inline,
    /// The same program, written otherwise.
    Rewrite,
    OrganizeImports,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    pub kind: ActionKind,
    /// Of one file or more, none over another; in the order of the source.
    pub edits: Vec<Edit>,
    /// The diagnostic it puts right: its position among those of the program.
    pub mends: Option<usize>,
    /// Nothing else can have been meant.
    pub is_certain: bool,
}

impl Action {
    fn new(title: impl Into<String>, kind: ActionKind, edits: Vec<Edit>) -> Action {
        let mut edits = edits;
        edits.sort_by_key(|edit| edit.span);
        Action {
            title: title.into(),
            kind,
            edits,
            mends: None,
            is_certain: false,
        }
    }
}

/// All that can be done at a selection, which may be empty: a cursor.
pub fn actions(snapshot: &Snapshot, selected: Span) -> Vec<Action> {
    let Some(asked) = Asked::new(snapshot, selected) else {
        return Vec::new();
    };
    let mut all = fixes::fixes(&asked);
    let assists: [fn(&Asked) -> Vec<Action>; 12] = [
        fields::missing_fields,
        missing_function::missing_function,
        unused::unused_import,
        undo::undo,
        extract_value::extract_value,
        extract_function::extract_function,
        inline::inline,
        convert::if_to_match,
        convert::match_to_if,
        body::body,
        annotate::annotate,
        annotate::labels,
    ];
    all.extend(assists.iter().flat_map(|assist| assist(&asked)));
    let mut seen: Vec<Vec<Edit>> = Vec::new();
    all.retain(|action| {
        let is_new = !seen.contains(&action.edits);
        seen.push(action.edits.clone());
        is_new && !action.edits.is_empty()
    });
    all
}

/// What stands at a selection.
pub(crate) struct Asked<'a> {
    pub snapshot: &'a Snapshot,
    pub file: &'a SurveyedFile,
    /// Without blanks at its ends.
    pub selected: Span,
    /// The nodes around all of it, the outermost first.
    pub around: Vec<Node<'a>>,
}

impl<'a> Asked<'a> {
    fn new(snapshot: &'a Snapshot, selected: Span) -> Option<Asked<'a>> {
        let file = snapshot.file(selected.file)?;
        let selected = trimmed(snapshot, selected)?;
        let at = At {
            file: selected.file,
            offset: selected.start,
        };
        let mut around = nodes::around(&file.parsed.module, at);
        around.retain(|node| node.span().end >= selected.end);
        Some(Asked {
            snapshot,
            file,
            selected,
            around,
        })
    }

    pub fn text(&self) -> &'a str {
        self.snapshot.text(self.file.id)
    }

    pub fn snippet(&self, span: Span) -> &'a str {
        self.snapshot.snippet(span)
    }

    /// The innermost expression of a kind.
    pub fn innermost<T>(&self, pick: impl Fn(&'a Expr) -> Option<T>) -> Option<T> {
        self.around.iter().rev().find_map(|node| match node {
            Node::Expr(e) => pick(e),
            _ => None,
        })
    }

    /// The expression that is selected, with or without parentheses around it.
    pub fn selected_expr(&self) -> Option<&'a Expr> {
        if self.selected.start == self.selected.end {
            return None;
        }
        let mut inner = self.selected;
        loop {
            let is = |e: &'a Expr| {
                let is_it = e.span == inner || bare(self.snippet(e.span), e.span) == inner;
                is_it.then_some(e)
            };
            if let Some(found) = self.innermost(is) {
                return Some(found);
            }
            // An expression in parentheses does not contain them; those of a call are no such parentheses.
            let is_called = |e: &'a Expr| match &e.kind {
                ExprKind::Call { callee, .. } => (callee.span.end == inner.start).then_some(()),
                _ => None,
            };
            if self.innermost(is_called).is_some() {
                return None;
            }
            let text = self.snippet(inner);
            let within = text.strip_prefix('(')?.strip_suffix(')')?;
            let skipped = within.len() - within.trim_start().len();
            let start = inner.start + 1 + skipped as u32;
            inner = Span::new(inner.file, start, start + within.trim().len() as u32);
            let at = At {
                file: inner.file,
                offset: inner.start,
            };
            let found = nodes::around(&self.file.parsed.module, at);
            let found = found.into_iter().rev().find_map(|node| match node {
                Node::Expr(e) if e.span == inner => Some(e),
                _ => None,
            });
            if found.is_some() {
                return found;
            }
        }
    }

    /// Whether an expression is only a value: not what is called, assigned or changed in place, and not part of a pattern, an
    /// attribute or a declaration.
    pub fn is_value(&self, e: &Expr) -> bool {
        let is_place = |node: &Node| match node {
            Node::Stmt(stmt) => match &stmt.kind {
                StmtKind::Assign { target, .. } => target.span.contains(e.span),
                _ => false,
            },
            Node::Expr(around) => match &around.kind {
                ExprKind::Call { callee, .. } => {
                    callee.span == e.span
                        || match &callee.kind {
                            // `xs.push(1)` changes `xs`; of functions with a name this is known, of built-in ones all might.
                            ExprKind::Field { base, name } => {
                                let def = self.snapshot.meanings().name(name.span);
                                base.span == e.span && matches!(def, None | Some(Def::Builtin(_)))
                            }
                            _ => false,
                        }
                }
                _ => false,
            },
            Node::Pattern(_) | Node::Type(_) | Node::Attr(_) | Node::Field(_) => true,
            _ => false,
        };
        !self.around.iter().any(is_place)
    }

    /// The item around the selection.
    pub fn item(&self) -> Option<&'a Item> {
        self.around.iter().find_map(|node| match node {
            Node::Item(item) => Some(*item),
            _ => None,
        })
    }

    pub fn member(&self) -> Option<&'a Member> {
        self.around.iter().find_map(|node| match node {
            Node::Member(member) => Some(*member),
            _ => None,
        })
    }

    /// The function around the selection.
    pub fn function(&self) -> Option<&'a FnDecl> {
        if let Some(member) = self.member() {
            return match &member.kind {
                MemberKind::Fn(decl) => Some(decl),
                _ => None,
            };
        }
        match &self.item()?.kind {
            ItemKind::Fn(decl) => Some(decl),
            _ => None,
        }
    }

    /// The member or, outside of entities, the item around the selection.
    pub fn whole(&self) -> Option<Span> {
        let member = self.member().map(|member| member.span);
        member.or_else(|| self.item().map(|item| item.span))
    }

    /// What a line begins with: blanks.
    pub fn indent(&self, offset: u32) -> &'a str {
        let text = self.text();
        let start = text[..offset as usize].rfind('\n').map_or(0, |at| at + 1);
        let line = &text[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// A name that nothing in the file has: the wanted one, or with a number.
    pub fn free_name(&self, wanted: &str) -> String {
        let text = self.text();
        let is_taken = |name: &str| {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.into_iter().any(|word| word == name)
        };
        let numbered = (2..).map(|n| format!("{wanted}{n}"));
        let mut all = std::iter::once(wanted.to_owned()).chain(numbered);
        all.find(|name| !is_taken(name)).unwrap_or_default()
    }
}

/// Without the parentheses around all of it, where it has some.
pub(crate) fn bare(text: &str, span: Span) -> Span {
    let Some(inside) = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    else {
        return span;
    };
    let mut depth = 0_i32;
    for c in inside.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            // A comma makes a tuple; a quote may hide anything.
            ',' if depth == 0 => return span,
            '"' => return span,
            _ => {}
        }
        if depth < 0 {
            return span;
        }
    }
    let start = span.start + 1 + (inside.len() - inside.trim_start().len()) as u32;
    Span {
        start,
        end: start + inside.trim().len() as u32,
        ..span
    }
}

/// Without blanks at its ends; a cursor stays where it is. Nothing where it is outside of the text.
fn trimmed(snapshot: &Snapshot, selected: Span) -> Option<Span> {
    let text = snapshot.text(selected.file).get(selected.range())?;
    if text.trim().is_empty() {
        return Some(selected.before());
    }
    let start = selected.start + (text.len() - text.trim_start().len()) as u32;
    Some(Span {
        start,
        end: start + text.trim().len() as u32,
        ..selected
    })
}
