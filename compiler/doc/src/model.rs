//! What a program has, as readers look for it.

use std::collections::BTreeMap;

use weir_check::hir::{self, Checked, Effect};
use weir_diagnostics::{FileId, Span};
use weir_syntax::ast::walk::{Node, walk_fn};
use weir_syntax::ast::{self, Attr, ItemKind, MemberKind};

use crate::Input;
use crate::highlight::Highlighted;

/// All of it.
pub struct Book {
    pub title: String,
    pub version: Option<String>,
    pub modules: Vec<Module>,
}

/// A file.
pub struct Module {
    /// `shop.orders`
    pub path: String,
    /// `shop/orders.weir`
    pub file: String,
    pub text: String,
    pub colours: Highlighted,
    /// What the library says of a part at the head of its file.
    pub about: Option<String>,
    pub items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Entity,
    Workflow,
    Record,
    Enum,
    Error,
    Type,
    Function,
    Constant,
    Extern,
    State,
    Event,
    Invariant,
    Allow,
    Handler,
    Test,
    Stream,
    View,
}

impl Kind {
    /// One of them.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Entity => "entity",
            Kind::Workflow => "workflow",
            Kind::Record => "record",
            Kind::Enum => "enum",
            Kind::Error => "error",
            Kind::Type => "type",
            Kind::Function | Kind::Handler => "fn",
            Kind::Constant => "let",
            Kind::Extern => "extern",
            Kind::State => "state",
            Kind::Event => "event",
            Kind::Invariant => "invariant",
            Kind::Allow => "allow",
            Kind::Test => "test",
            Kind::Stream => "stream",
            Kind::View => "view",
        }
    }

    /// Many of them.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Entity => "Entities",
            Kind::Workflow => "Workflows",
            Kind::Record => "Records",
            Kind::Enum => "Enums",
            Kind::Error => "Errors",
            Kind::Type => "Types",
            Kind::Function | Kind::Handler => "Functions",
            Kind::Constant => "Constants",
            Kind::Extern => "The outside world",
            Kind::State => "State",
            Kind::Event => "Events",
            Kind::Invariant => "Invariants",
            Kind::Allow => "Who may call",
            Kind::Test => "Tests",
            Kind::Stream => "Streams",
            Kind::View => "Views",
        }
    }

    /// Whether other places may name it as a type.
    pub fn is_type(self) -> bool {
        matches!(
            self,
            Kind::Entity | Kind::Workflow | Kind::Record | Kind::Enum | Kind::Error | Kind::Type
        )
    }
}

pub struct Item {
    pub kind: Kind,
    pub name: String,
    /// Where a link leads inside its page: `Account.deposit`, `map-2`.
    pub anchor: String,
    /// What is shown of its text: all but a body.
    pub signature: Vec<Span>,
    pub doc: Option<String>,
    /// From 1.
    pub line: u32,
    /// A function of the library that is called behind the name of its part only.
    pub is_behind_part: bool,
    /// May be called from outside, or be seen from there.
    pub is_public: bool,
    /// Shown only to those who want to see everything.
    pub is_inner: bool,
    /// What it does: `computes`, `reads`, `changes state`, `waits`.
    pub effect: Option<&'static str>,
    /// With what it may fail, worked out where it is not written.
    pub fails: Vec<String>,
    /// Who may call it: `anyone`, `teller`.
    pub access: Option<String>,
    pub route: Option<(String, String)>,
    /// The names of temporary data that it makes.
    pub temporary: Vec<String>,
    /// Its class with the reason, and what a call costs at most.
    pub costs: Option<(String, String)>,
    pub members: Vec<Item>,
}

pub fn read(input: &Input<'_>) -> Book {
    let known = input.checked.map(Known::new).unwrap_or_default();
    let modules = input.modules.iter().map(|(file, path, name)| {
        let text = &input.sources.file(*file).text;
        let parsed = weir_syntax::parse(*file, text);
        let reader = Reader {
            input,
            known: &known,
            file: *file,
        };
        let mut items: Vec<Item> = parsed
            .module
            .items
            .iter()
            .filter_map(|item| reader.item(item))
            .collect();
        if input.only_documented {
            items.retain(|item| item.doc.is_some());
        }
        number_anchors(&mut items);
        Module {
            path: path.clone(),
            file: name.clone(),
            text: text.to_string(),
            colours: Highlighted::new(&parsed),
            about: input.only_documented.then(|| head(text)),
            items,
        }
    });
    Book {
        title: input.title.to_owned(),
        version: input.version.map(str::to_owned),
        modules: modules.collect(),
    }
}

/// The comment that a file begins with.
fn head(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//"));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}

/// Several functions of the library have one name; the second is `map-2`.
fn number_anchors(items: &mut [Item]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let times = seen.entry(item.anchor.clone()).or_default();
        *times += 1;
        if *times > 1 {
            item.anchor = format!("{}-{times}", item.anchor);
        }
    }
}

/// What the checker knows of functions, by the place of their names.
#[derive(Default)]
struct Known<'a> {
    program: Option<&'a Checked>,
    functions: BTreeMap<Span, &'a hir::Function>,
}

impl<'a> Known<'a> {
    fn new(program: &'a Checked) -> Known<'a> {
        Known {
            program: Some(program),
            functions: program.functions.iter().map(|f| (f.span, f)).collect(),
        }
    }
}

struct Reader<'a> {
    input: &'a Input<'a>,
    known: &'a Known<'a>,
    file: FileId,
}

impl Reader<'_> {
    fn item(&self, item: &ast::Item) -> Option<Item> {
        let doc = item.doc.as_ref();
        let whole = |kind, name: &ast::Ident| {
            let mut made = self.made(kind, &name.name, name.span, vec![item.span], doc);
            made.is_public = true;
            made
        };
        Some(match &item.kind {
            ItemKind::Record(decl) => whole(Kind::Record, &decl.name),
            ItemKind::Enum(decl) => whole(Kind::Enum, &decl.name),
            ItemKind::Error(decl) => whole(Kind::Error, &decl.name),
            ItemKind::TypeAlias(decl) | ItemKind::NewType(decl) => whole(Kind::Type, &decl.name),
            ItemKind::Let(decl) => whole(Kind::Constant, &decl.name),
            ItemKind::Stream(decl) => whole(Kind::Stream, &decl.name),
            ItemKind::View(decl) => self.view(decl, item, doc),
            ItemKind::Extern(decl) => {
                let mut made = whole(Kind::Extern, &decl.name);
                made.is_inner = false;
                made
            }
            ItemKind::Fn(decl) => {
                self.function(Kind::Function, decl, &item.attrs, item.span, doc, None)
            }
            ItemKind::Entity(decl) => self.entity(Kind::Entity, decl, item, doc),
            ItemKind::Workflow(decl) => self.entity(Kind::Workflow, decl, item, doc),
            ItemKind::Test(decl) => {
                let head = Span::new(self.file, item.span.start, decl.body.span.start);
                let mut made = self.made(
                    Kind::Test,
                    &decl.name.value,
                    decl.name.span,
                    vec![head],
                    doc,
                );
                made.is_inner = true;
                made.anchor = format!("test-{}", made.line);
                made
            }
            _ => return None,
        })
    }

    /// The whole query: it says what a row is.
    fn view(&self, decl: &ast::ViewDecl, item: &ast::Item, doc: Option<&ast::Doc>) -> Item {
        let name = &decl.name;
        let mut made = self.made(Kind::View, &name.name, name.span, vec![item.span], doc);
        made.is_public = decl.is_pub.is_some();
        made.is_inner = !made.is_public && doc.is_none();
        made.access = access(&item.attrs);
        made.route = match made.is_public {
            true => self.route(None, &made.name),
            false => None,
        };
        made.effect = Some("kept up to date");
        made
    }

    fn entity(
        &self,
        kind: Kind,
        decl: &ast::EntityDecl,
        item: &ast::Item,
        doc: Option<&ast::Doc>,
    ) -> Item {
        let text = self.text();
        let keys = decl
            .keys
            .last()
            .map_or(decl.name.span.end, |key| key.span.end);
        let head = text[keys as usize..]
            .find('{')
            .map_or(keys, |at| keys + at as u32);
        let head = Span::new(self.file, item.span.start, head);
        let owner = decl.name.as_str();
        let mut made = self.made(kind, owner, decl.name.span, vec![head], doc);
        made.is_public = true;
        for member in &decl.members {
            let doc = member.doc.as_ref();
            let found = match &member.kind {
                MemberKind::Fn(f) => self.function(
                    Kind::Handler,
                    f,
                    &member.attrs,
                    member.span,
                    doc,
                    Some(owner),
                ),
                MemberKind::State(state) => {
                    let mut made = self.made(
                        Kind::State,
                        &state.name.name,
                        state.name.span,
                        vec![member.span],
                        doc,
                    );
                    made.is_public = state.is_pub.is_some();
                    made.is_inner = !made.is_public && doc.is_none();
                    made.route = self.route(Some(owner), &made.name);
                    made
                }
                MemberKind::Event(event) => {
                    let mut made = self.made(
                        Kind::Event,
                        &event.name.name,
                        event.name.span,
                        vec![member.span],
                        doc,
                    );
                    made.is_public = event.is_pub.is_some();
                    made.access = access(&member.attrs);
                    made.route = self.route(Some(owner), &made.name);
                    made
                }
                MemberKind::Invariant(_) => self.made(
                    Kind::Invariant,
                    "invariant",
                    member.span,
                    vec![member.span],
                    doc,
                ),
                MemberKind::Allow(_) => {
                    self.made(Kind::Allow, "allow", member.span, vec![member.span], doc)
                }
                MemberKind::Merge(merge) => {
                    let mut made = self.made(
                        Kind::State,
                        &merge.name.name,
                        merge.name.span,
                        vec![member.span],
                        doc,
                    );
                    made.is_public = merge.is_pub.is_some();
                    made.is_inner = !made.is_public && doc.is_none();
                    made.route = self.route(Some(owner), &made.name);
                    made
                }
                MemberKind::Hole => continue,
            };
            made.members.push(Item {
                anchor: format!("{owner}.{}", found.anchor),
                ..found
            });
        }
        number_anchors(&mut made.members);
        made
    }

    fn function(
        &self,
        kind: Kind,
        decl: &ast::FnDecl,
        attrs: &[Attr],
        span: Span,
        doc: Option<&ast::Doc>,
        owner: Option<&str>,
    ) -> Item {
        let end = match &decl.body {
            ast::FnBody::Block(block) => block.span.start,
            ast::FnBody::Expr(e) => {
                let before = &self.text()[..e.span.start as usize];
                before.trim_end().trim_end_matches('=').trim_end().len() as u32
            }
        };
        // How a function of the library is computed is nobody's business.
        let shown = attrs
            .iter()
            .filter(|attr| !matches!(attr.name.as_str(), "intrinsic" | "module"))
            .map(|attr| attr.span);
        let start = decl
            .is_pub
            .unwrap_or_else(|| self.keyword_before(decl.name.span));
        let head = Span::new(self.file, start.start, end.max(start.start));
        let signature = shown
            .filter(|attr| span.contains(*attr))
            .chain([head])
            .collect();
        let name = match self.input.only_documented {
            // Any word may follow a dot, but only this way can a keyword be declared.
            true => decl.name.name.trim_end_matches('_'),
            false => &decl.name.name,
        };
        let mut made = self.made(kind, name, decl.name.span, signature, doc);
        made.is_public = decl.is_pub.is_some();
        made.is_inner = !made.is_public && doc.is_none();
        made.is_behind_part =
            self.input.only_documented && attrs.iter().any(|attr| attr.name.as_str() == "module");
        made.access = access(attrs);
        made.fails = decl
            .fails
            .iter()
            .map(|error| error.name.name.clone())
            .collect();
        made.route = match made.is_public {
            true => self.route(owner, &made.name),
            false => None,
        };
        walk_fn(decl, &mut |node| {
            if let Node::Stmt(stmt) = node
                && let ast::StmtKind::Let {
                    scratch: true,
                    pattern,
                    ..
                } = &stmt.kind
            {
                let name = &self.text()[pattern.span.range()];
                made.temporary.push(name.to_owned());
            }
        });
        made.costs = self.input.costs.get(&self.full(owner, &made.name)).cloned();
        if let (Some(program), Some(known)) = (
            self.known.program,
            self.known.functions.get(&decl.name.span),
        ) {
            made.effect = match known.effect {
                // As nearly all of the library does.
                Effect::Pure if self.input.only_documented => None,
                Effect::Pure => Some("computes"),
                Effect::Read => Some("reads"),
                Effect::Write => Some("changes state"),
                Effect::Wait => Some("waits"),
            };
            let name = |id: &hir::ErrorId| program.errors[id.0 as usize].name.clone();
            made.fails = known.fails.iter().map(name).collect();
        }
        made
    }

    /// The `fn` in front of a name.
    fn keyword_before(&self, name: Span) -> Span {
        let before = &self.text()[..name.start as usize];
        let start = before.rfind("fn").unwrap_or(before.len()) as u32;
        Span::new(self.file, start, name.start)
    }

    fn route(&self, owner: Option<&str>, name: &str) -> Option<(String, String)> {
        self.input.routes.get(&self.full(owner, name)).cloned()
    }

    /// The name of a function in the manifest.
    fn full(&self, owner: Option<&str>, name: &str) -> String {
        match owner {
            Some(owner) => format!("{owner}.{name}"),
            None => match self.module_path() {
                Some(path) => format!("{path}.{name}"),
                None => name.to_owned(),
            },
        }
    }

    /// Of modules that others import; the functions of the first file have plain names.
    fn module_path(&self) -> Option<&str> {
        let at = self
            .input
            .modules
            .iter()
            .position(|(file, ..)| *file == self.file)?;
        (at > 0).then(|| self.input.modules[at].1.as_str())
    }

    fn made(
        &self,
        kind: Kind,
        name: &str,
        at: Span,
        signature: Vec<Span>,
        doc: Option<&ast::Doc>,
    ) -> Item {
        Item {
            kind,
            name: name.to_owned(),
            anchor: name.to_owned(),
            signature,
            doc: doc.map(|doc| doc.text.clone()),
            line: self
                .input
                .sources
                .file(self.file)
                .line_column(at.start)
                .line,
            is_behind_part: false,
            is_public: false,
            is_inner: false,
            effect: None,
            fails: Vec::new(),
            access: None,
            route: None,
            temporary: Vec::new(),
            costs: None,
            members: Vec::new(),
        }
    }

    fn text(&self) -> &str {
        &self.input.sources.file(self.file).text
    }
}

fn access(attrs: &[Attr]) -> Option<String> {
    let mut roles: Vec<&str> = Vec::new();
    for attr in attrs {
        match (attr.name.as_str(), attr.args.as_slice()) {
            ("anyone", _) => return Some("anyone".to_owned()),
            ("role", [arg]) => {
                if let ast::ExprKind::Text(role) = &arg.value.kind {
                    roles.push(role);
                }
            }
            _ => {}
        }
    }
    (!roles.is_empty()).then(|| roles.join(", "))
}
