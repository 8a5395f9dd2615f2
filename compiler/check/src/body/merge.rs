//! State that merges: changes of own `merge` fields, what is read of them, and replicas in tests.

use weir_contract::lattice::Change;
use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, Ident};

use super::{BodyCx, hole, node};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;

/// As editors know it.
pub fn builtin(change: Change) -> &'static str {
    match change {
        Change::Add => "merge.add",
        Change::Remove => "merge.remove",
        Change::Raise => "merge.raise",
        Change::Lower => "merge.lower",
        Change::Set => "merge.set",
        Change::Enable => "merge.enable",
    }
}

/// A `merge` field of the own state, or a part of one.
struct Merging {
    field: FieldId,
    path: Vec<MergeStep>,
    lattice: Lattice,
    ty: Type,
}

impl BodyCx<'_> {
    /// `likes.add(1)`: a change of own state that merges; `None` when it is another kind of call.
    pub(super) fn merge_change(
        &mut self,
        base: &ast::Expr,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Expr> {
        let change = Change::ALL
            .into_iter()
            .find(|c| c.name() == name.as_str())?;
        let field = self.merge_root(base)?;
        // A way through what is no part of it leads to a value, which has methods of its own.
        self.is_merge_path(base, field).then_some(())?;
        let at = self.merging(base)?;
        let Some(takes) = at.lattice.takes(change) else {
            return Some(self.no_change(&at, name, args, span));
        };
        self.means(name.span, Def::Builtin(builtin(change)));
        let value = match (&takes, args) {
            (None, []) => None,
            (Some(ty), [arg]) if arg.label.is_none() => Some(Box::new(self.taken(&at, arg, ty))),
            _ => {
                let wanted = usize::from(takes.is_some());
                let message = format!(
                    "`{name}` takes {wanted} value{}, found {}",
                    if wanted == 1 { "" } else { "s" },
                    args.len()
                );
                let help = match (&takes, at.lattice.clone()) {
                    (Some(ty), _) => format!("write `.{name}(..)` with a `{}`", self.show(ty)),
                    (None, _) => format!("write `.{name}()`"),
                };
                let found = Diagnostic::new(codes::E0302, span, message);
                self.report(found.label("wrong number of arguments").help(help));
                self.check_loose(args);
                return Some(hole(span));
            }
        };
        let kind = ExprKind::Merge {
            field: at.field,
            path: at.path,
            change,
            value,
        };
        Some(node(kind, Type::Unit, span))
    }

    /// What a change takes. To an average a whole number is added as it is.
    fn taken(&mut self, at: &Merging, arg: &ast::Arg, ty: &Type) -> Expr {
        if !matches!(at.lattice, Lattice::Leaf(LatticeKind::Average, _)) {
            return self.expr_of(&arg.value, ty);
        }
        let value = self.plain(&arg.value, None);
        match self.head(&value.ty) {
            Type::Int => self.of_library("to_decimal", vec![value], Type::Decimal),
            _ => self.fit(value, ty, None),
        }
    }

    fn no_change(&mut self, at: &Merging, name: &Ident, args: &[ast::Arg], span: Span) -> Expr {
        let shown = self.show(&at.ty);
        let found = Diagnostic::new(
            codes::E0204,
            name.span,
            format!("`{shown}` has no `{name}`"),
        )
        .label("not a change of it");
        let help = match &at.lattice {
            Lattice::Leaf(kind, _) => {
                let changes = kind.changes().iter();
                let all: Vec<String> = changes.map(|c| format!("`{}`", c.name())).collect();
                format!("it is changed with {}", all.join(" and "))
            }
            Lattice::Map(..) => "change what is at a key: `map[key].add(..)`".to_owned(),
            Lattice::Record(parts) => {
                let names: Vec<String> = parts.iter().map(|(n, _)| format!("`.{n}`")).collect();
                format!("change one of its parts: {}", names.join(", "))
            }
        };
        self.report(found.help(help));
        self.check_loose(args);
        hole(span)
    }

    /// The own `merge` field that a place begins at.
    pub(super) fn merge_root(&mut self, e: &ast::Expr) -> Option<FieldId> {
        let name = match &e.kind {
            Ast::Var(name) if self.lookup(name.as_str()).is_none() => name,
            Ast::Field { base, name } if matches!(base.kind, Ast::SelfRef) => name,
            Ast::Field { base, .. } | Ast::Index { base, .. } => return self.merge_root(base),
            _ => return None,
        };
        let fields = &self.cx.program.entity(self.entity?).fields;
        let at = fields.iter().position(|f| f.name == name.name)?;
        fields[at].merge.as_ref().map(|_| FieldId(at as u32))
    }

    /// Whether a way leads from part to part of what merges; nothing is reported.
    fn is_merge_path(&self, e: &ast::Expr, field: FieldId) -> bool {
        self.lattice_at(e, field).is_some()
    }

    fn lattice_at(&self, e: &ast::Expr, field: FieldId) -> Option<Lattice> {
        let root = || {
            let entity = self.cx.program.entity(self.entity?);
            entity.fields[field.0 as usize].merge.clone()
        };
        match &e.kind {
            Ast::Var(_) => root(),
            Ast::Field { base, .. } if matches!(base.kind, Ast::SelfRef) => root(),
            Ast::Field { base, name } => match self.lattice_at(base, field)? {
                Lattice::Record(parts) => {
                    let part = parts.into_iter().find(|(part, _)| *part == name.name);
                    part.map(|(_, lattice)| lattice)
                }
                _ => None,
            },
            Ast::Index { base, .. } => match self.lattice_at(base, field)? {
                Lattice::Map(_, of) => Some(*of),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same with the keys on the way checked.
    fn merging(&mut self, e: &ast::Expr) -> Option<Merging> {
        let root = |this: &mut Self, name: &Ident| {
            let entity = this.entity?;
            let Expr {
                kind: ExprKind::State(field),
                ty,
                ..
            } = this.own_field(entity, name, e.span)?
            else {
                return None;
            };
            let lattice = this.cx.program.entity(entity).fields[field.0 as usize]
                .merge
                .clone()?;
            Some(Merging {
                field,
                path: Vec::new(),
                lattice,
                ty,
            })
        };
        match &e.kind {
            Ast::Var(name) => root(self, name),
            Ast::Field { base, name } if matches!(base.kind, Ast::SelfRef) => root(self, name),
            Ast::Field { base, name } => {
                let mut at = self.merging(base)?;
                let Lattice::Record(parts) = at.lattice else {
                    return None;
                };
                let part = parts.iter().position(|(part, _)| *part == name.name)?;
                let Type::Record(id, args) = &at.ty else {
                    return None;
                };
                let fields = self.cx.program.record_fields(*id, args);
                self.means_field(name.span, &at.ty, part);
                at.ty = fields[part].ty.clone();
                at.lattice = parts[part].1.clone();
                at.path.push(MergeStep::Part(part as u32));
                Some(at)
            }
            Ast::Index { base, index } => {
                let mut at = self.merging(base)?;
                let (Lattice::Map(key, of), Type::New(_, args)) = (at.lattice, &at.ty) else {
                    return None;
                };
                let inner = args.get(1)?.clone();
                let key = self.expr_of(index, &key);
                at.path.push(MergeStep::Key(key));
                at.ty = inner;
                at.lattice = *of;
                Some(at)
            }
            _ => None,
        }
    }

    /// Says how a field that merges is changed, where it is assigned.
    pub(super) fn not_assigned(&mut self, name: &Ident, field: FieldId, span: Span) {
        let Some(entity) = self.entity else { return };
        let field = &self.cx.program.entity(entity).fields[field.0 as usize];
        let declared = field.span;
        let help = match &field.merge {
            Some(Lattice::Leaf(kind, _)) => {
                let changes = kind.changes().iter();
                let all = changes.map(|c| match c {
                    Change::Enable => format!("`{name}.enable()`"),
                    change => format!("`{name}.{}(..)`", change.name()),
                });
                format!("write {}", all.collect::<Vec<_>>().join(" or "))
            }
            Some(Lattice::Map(..)) => format!("change what is at a key: `{name}[key].add(..)`"),
            _ => format!("change one of its parts: `{name}.part.set(..)`"),
        };
        let message = format!("`{name}` merges, so nobody can say what it is");
        let found = Diagnostic::new(codes::E0501, span, message);
        self.report(
            found
                .label("changes of others may be on their way")
                .secondary(declared, "declared with `merge`")
                .help(help),
        );
    }

    /// What nothing has happened to.
    pub(super) fn bottom(&mut self, ty: &Type, span: Span) -> Expr {
        let head = self.head(ty);
        let kind = match &head {
            Type::New(id, args) => {
                let Some(kind) = LatticeKind::of_id(*id) else {
                    return hole(span);
                };
                let base = self.cx.program.base(*id, args);
                let inner = match (kind, &base) {
                    (LatticeKind::Counter, _) => ExprKind::Int(0),
                    (LatticeKind::Flag, _) => ExprKind::Bool(false),
                    (LatticeKind::MoneySum, _) => ExprKind::List(Vec::new()),
                    (LatticeKind::Average, _) => ExprKind::Tuple(vec![
                        node(ExprKind::Decimal(0), Type::Decimal, span),
                        node(ExprKind::Int(0), Type::Int, span),
                    ]),
                    (LatticeKind::MergeMap, _) => ExprKind::Map(Vec::new()),
                    (_, Type::Set(item)) => {
                        let list = node(ExprKind::List(Vec::new()), Type::List(item.clone()), span);
                        self.set_of(list, (**item).clone()).kind
                    }
                    _ => ExprKind::None,
                };
                ExprKind::Wrap(*id, Box::new(node(inner, base, span)))
            }
            Type::Record(id, args) => {
                let fields = self.cx.program.record_fields(*id, args);
                let fields = fields.iter().map(|f| self.bottom(&f.ty, span)).collect();
                ExprKind::Record(*id, fields)
            }
            _ => return hole(span),
        };
        node(kind, head, span)
    }

    /// What merges as what readers see of it: collections are walked and asked as they are.
    pub(super) fn seen(&mut self, mut value: Expr) -> Expr {
        while let Type::New(id, args) = self.head(&value.ty)
            && LatticeKind::of_id(id).is_some()
        {
            let base = self.cx.program.base(id, &args);
            let span = value.span;
            value = node(ExprKind::Unwrap(id, Box::new(value)), base, span);
        }
        value
    }

    /// `m[key]` of what merges: what nothing has happened to where there is nothing at that key.
    pub(super) fn merge_index(&mut self, base: Expr, index: &ast::Expr, span: Span) -> Expr {
        let base = self.seen(base);
        let Type::Map(key, of) = self.head(&base.ty) else {
            return hole(span);
        };
        let index = self.expr_of(index, &key);
        let found = node(
            ExprKind::MapIndex(Box::new(base), Box::new(index)),
            Type::option((*of).clone()),
            span,
        );
        let bottom = self.bottom(&of, span);
        let kind = ExprKind::Coalesce(Box::new(found), Box::new(bottom));
        node(kind, *of, span)
    }

    /// Whether [`BodyCx::merge_field`] has an answer.
    pub(super) fn is_merge_field(&self, id: NewId, name: &Ident) -> bool {
        match LatticeKind::of_id(id) {
            Some(LatticeKind::Average) => matches!(name.as_str(), "value" | "sum" | "count"),
            Some(LatticeKind::GrowSet | LatticeKind::AddSet) => name.as_str() == "values",
            _ => false,
        }
    }

    /// What is behind a dot of what merges and no method: `value` and its like.
    pub(super) fn merge_field(
        &mut self,
        base: &Expr,
        kind: LatticeKind,
        name: &Ident,
        span: Span,
    ) -> Option<Expr> {
        let seen = |this: &mut Self| this.seen(base.clone());
        let (known, found) = match (kind, name.as_str()) {
            (LatticeKind::Average, "value") => {
                let both = seen(self);
                let part =
                    |at: u32, ty| node(ExprKind::Field(Box::new(both.clone()), at), ty, span);
                let args = vec![part(0, Type::Decimal), part(1, Type::Int)];
                (
                    "merge.value",
                    self.of_library("average_of_sum", args, Type::Float),
                )
            }
            (LatticeKind::Average, "sum" | "count") => {
                let both = Box::new(seen(self));
                match name.as_str() {
                    "sum" => (
                        "merge.sum",
                        node(ExprKind::Field(both, 0), Type::Decimal, span),
                    ),
                    _ => (
                        "merge.count",
                        node(ExprKind::Field(both, 1), Type::Int, span),
                    ),
                }
            }
            (LatticeKind::GrowSet | LatticeKind::AddSet, "values") => ("merge.values", seen(self)),
            _ => return None,
        };
        self.means(name.span, Def::Builtin(known));
        Some(found)
    }

    /// `likes.at_least(100)`, of a counter; `items.contains(x)`, of a set.
    pub(super) fn merge_method(
        &mut self,
        base: &Expr,
        kind: LatticeKind,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Expr> {
        if kind
            .changes()
            .iter()
            .any(|change| change.name() == name.as_str())
        {
            let message = format!("`{name}` changes what merges, and this is only a value of it");
            let found = Diagnostic::new(codes::E0501, name.span, message);
            self.report(found.label("nothing to change").help(
                "only the functions of its entity change a field that merges: add one, and call that",
            ));
            self.check_loose(args);
            return Some(hole(span));
        }
        let [arg] = args else { return None };
        match (kind, name.as_str()) {
            (LatticeKind::Counter, "at_least") => {
                self.means(name.span, Def::Builtin("merge.at_least"));
                let n = self.expr_of(&arg.value, &Type::Int);
                let count = self.seen(base.clone());
                let kind = ExprKind::Compare(CompareOp::Ge, Box::new(count), Box::new(n));
                Some(node(kind, Type::Bool, span))
            }
            (LatticeKind::GrowSet | LatticeKind::AddSet, "contains") => {
                self.means(name.span, Def::Builtin("merge.contains"));
                let collection = self.seen(base.clone());
                let Type::Set(item) = self.head(&collection.ty) else {
                    return None;
                };
                let kind = ExprKind::In {
                    value: Box::new(self.expr_of(&arg.value, &item)),
                    collection: Box::new(collection),
                };
                Some(node(kind, Type::Bool, span))
            }
            _ => None,
        }
    }

    /// A comparison of the greatest value with a plain one: before there is any it is less than all.
    pub(super) fn of_greatest(&mut self, value: &Expr, other: Expr) -> Expr {
        let is_greatest =
            |e: &Expr| matches!(&e.kind, ExprKind::Unwrap(id, _) if *id == LatticeKind::MaxOf.id());
        let Type::Option(_) = self.head(&value.ty) else {
            return other;
        };
        if !is_greatest(value) || matches!(self.head(&other.ty), Type::Option(_) | Type::Unknown) {
            return other;
        }
        let (ty, span) = (Type::option(other.ty.clone()), other.span);
        node(ExprKind::Some(Box::new(other)), ty, span)
    }

    /// A function of the library that programs do not see.
    pub(super) fn of_library(&mut self, name: &str, args: Vec<Expr>, ret: Type) -> Expr {
        let span = args[0].span;
        let types: Vec<Type> = args.iter().map(|arg| self.head(&arg.ty)).collect();
        let takes = |f: &&FnId| {
            let function = self.cx.program.function(**f);
            let params = function.params.iter().map(|p| &p.ty);
            function.is_prelude && params.eq(&types)
        };
        let named = self.cx.names.functions.get(name);
        let function = named.and_then(|all| all.iter().find(takes)).copied();
        let Some(function) = function else {
            return hole(span); // only without the prelude
        };
        let kind = ExprKind::Call {
            function,
            type_args: Vec::new(),
            args: args.into_iter().map(Arg::Value).collect(),
        };
        node(kind, ret, span)
    }

    /// `replicas(Board("b1"))`: the instance itself, and another place that has it, which knows all that merges.
    pub(super) fn replicas(&mut self, arg: &ast::Expr, span: Span) -> Expr {
        let target = self.plain(arg, None);
        let entity = match self.head(&target.ty) {
            Type::Entity(id) => id,
            Type::Unknown => return hole(span),
            other => {
                let shown = self.show(&other);
                let message = format!("`replicas` takes an instance, found `{shown}`");
                let found = Diagnostic::new(codes::E0301, target.span, message);
                self.report(
                    found
                        .label("not an instance")
                        .help("write `replicas(Board(\"b1\"))`"),
                );
                return hole(span);
            }
        };
        let declared = self.cx.program.entity(entity);
        let plain = declared.fields.iter().find(|field| field.merge.is_none());
        if declared.workflow.is_some() || plain.is_some() || declared.fields.is_empty() {
            let name = declared.name.clone();
            let message = format!(
                "`{name}` has state that does not merge, so there is one place that has it"
            );
            let found = Diagnostic::new(codes::E0520, target.span, message).label("no replicas");
            let found = match plain {
                Some(field) => found.secondary(field.span, "plain state"),
                None => found,
            };
            self.report(found.help("replicas are there of entities of which all state is `merge`"));
            return hole(span);
        }
        let ty = Type::New(REPLICA, vec![Type::Entity(entity)]);
        let of = self.declare("the instance", target.ty.clone(), false, span);
        self.used[of.0 as usize] = true;
        let base = self.cx.program.base(REPLICA, &[Type::Entity(entity)]);
        let replica = |number| {
            let target = node(ExprKind::Local(of), Type::Entity(entity), span);
            let number = node(ExprKind::Int(number), Type::Int, span);
            let both = node(ExprKind::Tuple(vec![target, number]), base.clone(), span);
            node(ExprKind::Wrap(REPLICA, Box::new(both)), ty.clone(), span)
        };
        let sync = ExprKind::Sync(Box::new(replica(0)), Box::new(replica(1)));
        let part = TupleField {
            name: None,
            ty: ty.clone(),
        };
        let both = Type::Tuple(vec![part.clone(), part]);
        let pair = node(
            ExprKind::Tuple(vec![replica(0), replica(1)]),
            both.clone(),
            span,
        );
        let pattern = Pattern {
            kind: PatternKind::Bind(of),
            ty: target.ty.clone(),
            span,
        };
        let stmts = vec![
            Stmt::Let(pattern, target),
            Stmt::Expr(node(sync, Type::Unit, span)),
            Stmt::Expr(pair),
        ];
        node(ExprKind::Block(Block { stmts }), both, span)
    }

    /// `sync(a, b)`
    pub(super) fn sync(&mut self, a: &ast::Expr, b: &ast::Expr, span: Span) -> Expr {
        let a = self.plain(a, None);
        let b = self.plain(b, Some(&a.ty));
        for replica in [&a, &b] {
            let head = self.head(&replica.ty);
            if !matches!(&head, Type::New(REPLICA, _) | Type::Unknown) {
                let shown = self.show(&head);
                let message = format!("`sync` takes two replicas, found `{shown}`");
                let found = Diagnostic::new(codes::E0301, replica.span, message);
                self.report(
                    found
                        .label("not a replica")
                        .help("replicas come from `let (a, b) = replicas(Board(\"b1\"))`"),
                );
                return hole(span);
            }
        }
        let ty = a.ty.clone();
        let b = self.fit(b, &ty, None);
        node(ExprKind::Sync(Box::new(a), Box::new(b)), Type::Unit, span)
    }

    /// `a.like()` or `a.likes`, of a replica; `args` when it is called.
    pub(super) fn of_replica(
        &mut self,
        base: Expr,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        span: Span,
    ) -> Expr {
        let Type::New(REPLICA, of) = self.head(&base.ty) else {
            return hole(span);
        };
        let [Type::Entity(entity)] = of[..] else {
            return hole(span);
        };
        if let Some(args) = args
            && let Some(handler) = self.handler_of(entity, name.as_str())
        {
            self.means(name.span, Def::Function(handler));
            return self.call_handler(Some(base), handler, args, span);
        }
        let declared = self.cx.program.entity(entity);
        if args.is_none() {
            if let Some(at) = declared.fields.iter().position(|f| f.name == name.name) {
                self.means(name.span, Def::State(entity, at as u32));
                return self.state_of(base, entity, at, name, span);
            }
            if let Some(at) = declared.keys.iter().position(|k| k.name == name.name) {
                let ty = declared.keys[at].ty.clone();
                self.means_field(name.span, &Type::Entity(entity), at);
                let both = self.cx.program.base(REPLICA, &of);
                let both = node(ExprKind::Unwrap(REPLICA, Box::new(base)), both, span);
                let keys = node(
                    ExprKind::Field(Box::new(both), 0),
                    Type::Entity(entity),
                    span,
                );
                return node(ExprKind::Field(Box::new(keys), at as u32), ty, span);
            }
        }
        let shown = declared.name.clone();
        let known: Vec<String> = {
            let fields = declared.fields.iter().map(|f| f.name.clone());
            let handlers = declared.handlers.iter();
            let handlers = handlers.map(|h| self.cx.program.function(*h).name.clone());
            fields.chain(handlers).collect()
        };
        let message = format!("a replica of `{shown}` has no `{name}`");
        let found = Diagnostic::new(codes::E0204, name.span, message).label("not there");
        let names = known.iter().map(String::as_str);
        let found = did_you_mean(found, name.span, name.as_str(), names);
        self.report(found.or(|found| {
            found.help("it has the functions of the entity, and what of its state is `pub`")
        }));
        self.check_loose(args.unwrap_or_default());
        hole(span)
    }
}
