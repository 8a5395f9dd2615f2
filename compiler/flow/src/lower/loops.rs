//! `while` and `for`.

use weir_check::hir;
use weir_contract::Type;

use super::body::{Body, Loop, Start};
use super::first_keys::first_keys;
use crate::ir::*;

impl Body<'_, '_> {
    pub fn while_(&mut self, cond: &hir::Expr, body: &hir::Expr) -> Option<Reg> {
        let (head, inside, after) = (self.b.block(), self.b.block(), self.b.block());
        self.b.jump(head);
        self.b.go_to(head);
        self.condition(cond, inside, after)?;
        self.b.go_to(inside);
        self.in_loop(after, head, |this| {
            if this.expr(body).is_some() {
                this.b.jump(head);
            }
        });
        self.b.go_to(after);
        Some(self.b.unit())
    }

    pub fn for_(&mut self, source: &hir::For, ty: Type) -> Option<Reg> {
        let out = match source.kind {
            hir::ForKind::Loop => None,
            hir::ForKind::Select => {
                let out = self.b.reg(RegType::Value(ty), None);
                self.b.emit_into(out, Op::ListMake(vec![]));
                Some(out)
            }
        };
        let after = self.b.block();
        let most = match &source.most {
            Some(most) => Some(self.most(most, after)?),
            None => None,
        };
        self.walk(&source.generators, &source.wheres, after, &mut |this| {
            let value = this.expr(&source.body);
            if let (Some(value), Some(out)) = (value, out) {
                let ty = this.b.item_type(out);
                let value = this.b.coerce(value, &ty);
                this.b.emit_into(out, Op::ListPush(out, value));
                if let Some(most) = most {
                    let (length, rest) = (this.b.len(out), this.b.block());
                    let more = this.b.compare(CompareOp::Lt, length, most);
                    this.b.end(Term::Branch(more, rest, after));
                    this.b.go_to(rest);
                }
            }
        })?;
        Some(match out {
            Some(out) => out,
            None => self.b.unit(),
        })
    }

    /// How many values are collected at most: for none at all, nothing is walked.
    fn most(&mut self, most: &hir::Expr, after: BlockId) -> Option<Reg> {
        let value = self.expr(most)?;
        let most = self.b.reg(RegType::Value(Type::Int), Some("limit"));
        self.b.assign(most, value);
        let (none, walks) = (self.b.int(0), self.b.block());
        let some = self.b.compare(CompareOp::Lt, none, most);
        self.b.end(Term::Branch(some, walks, after));
        self.b.go_to(walks);
        Some(most)
    }

    /// One loop for each generator, then the conditions and what is done inside. `break` leaves all of them, to
    /// `broken`. `None` when a source does not come back.
    pub fn walk(
        &mut self,
        generators: &[(hir::Pattern, hir::ForSource)],
        wheres: &[hir::Expr],
        broken: BlockId,
        inside: &mut dyn FnMut(&mut Self),
    ) -> Option<()> {
        self.generator(generators, wheres, Some(broken), broken, inside)
    }

    /// `after` is where the loop of the first of `generators` ends, a new block when it is not given.
    fn generator(
        &mut self,
        generators: &[(hir::Pattern, hir::ForSource)],
        wheres: &[hir::Expr],
        after: Option<BlockId>,
        broken: BlockId,
        innermost: &mut dyn FnMut(&mut Self),
    ) -> Option<()> {
        let Some(((pattern, from), rest)) = generators.split_first() else {
            self.innermost(wheres, innermost);
            return Some(());
        };
        let first = match from {
            hir::ForSource::Entities(_) => first_keys(self.locals, pattern, rest, wheres),
            _ => Vec::new(),
        };
        if let hir::ForSource::Collection(all) = from
            && let Some(of) = self.scratch_list(all)
        {
            let name = self.walked(pattern);
            self.scratch_rounds(of, &name, after, &mut |this, item, next| {
                this.bind(pattern, item);
                this.in_loop(broken, next, |this| {
                    let came_back = this.generator(rest, wheres, None, broken, innermost);
                    if came_back.is_some() && this.b.is_open() {
                        this.b.jump(next);
                    }
                });
            });
            return Some(());
        }
        let walk = self.start(from, self.walked(pattern), &first)?;
        self.round(&walk, after, &mut |this, item, next| {
            this.bind(pattern, item);
            this.in_loop(broken, next, |this| {
                let came_back = this.generator(rest, wheres, None, broken, innermost);
                if came_back.is_some() && this.b.is_open() {
                    this.b.jump(next);
                }
            });
        });
        Some(())
    }

    /// Over all of a list that nobody changes meanwhile.
    pub fn each(&mut self, list: Reg, inside: &mut dyn FnMut(&mut Self, Reg)) {
        let at = self.b.int(0);
        let end = self.b.len(list);
        let list = Some(list);
        self.round(
            &Walk::Positions { at, end, list },
            None,
            &mut |this, item, next| {
                inside(this, item);
                this.b.jump(next);
            },
        );
    }

    /// Over temporary data: part by part, so that no more than one is in memory.
    fn scratch_rounds(
        &mut self,
        (of, ty): (Reg, Type),
        name: &str,
        after: Option<BlockId>,
        inside: &mut dyn FnMut(&mut Self, Reg, BlockId),
    ) {
        let kept = |this: &mut Self, ty: Type, part: &str| {
            let name = format!("{name}.{part}");
            this.b.reg(RegType::Value(ty), Some(&name))
        };
        let number = kept(self, Type::Int, "part");
        self.b.emit_into(number, Op::Const(Literal::Int(0)));
        let count = kept(self, Type::Int, "parts");
        let parts = Op::Lib("scratch.parts".to_owned(), vec![of]);
        self.b.emit_into(count, parts);
        let parts = Walk::Positions {
            at: number,
            end: count,
            list: None,
        };
        self.round(&parts, after, &mut |this, number, next| {
            let part = Op::Lib("scratch.part".to_owned(), vec![of, number]);
            let part = this.b.emit(ty.clone(), part);
            let list = kept(this, ty.clone(), "source");
            this.b.assign(list, part);
            let at = kept(this, Type::Int, "position");
            this.b.emit_into(at, Op::Const(Literal::Int(0)));
            let end = this.b.len(list);
            let list = Some(list);
            this.round(&Walk::Positions { at, end, list }, None, inside);
            this.b.jump(next);
        });
    }

    /// One loop; `inside` is given the item, and ends in the block that takes the next one. Goes on in `after`, a new block when
    /// it is not given.
    fn round(
        &mut self,
        walk: &Walk,
        after: Option<BlockId>,
        inside: &mut dyn FnMut(&mut Self, Reg, BlockId),
    ) {
        let (head, body, next) = (self.b.block(), self.b.block(), self.b.block());
        let after = after.unwrap_or_else(|| self.b.block());
        self.b.jump(head);
        self.b.go_to(head);
        let item = match walk {
            Walk::Positions { at, end, list } => {
                let more = self.b.compare(CompareOp::Lt, *at, *end);
                self.b.end(Term::Branch(more, body, after));
                self.b.go_to(body);
                match list {
                    None => *at,
                    Some(list) => {
                        let ty = self.b.item_type(*list);
                        self.b.emit(ty, Op::ListGet(*list, *at))
                    }
                }
            }
            Walk::Keys {
                entity,
                last,
                first,
            } => {
                let ty = self.b.ty(*last).clone();
                let next = Op::NextKey(*entity, *last, first.clone());
                let found = self.b.emit(ty, next);
                let item = self.b.some_or(found, after);
                self.b.emit_into(*last, Op::Copy(found));
                item
            }
        };
        inside(self, item, next);
        self.b.go_to(next);
        if let Walk::Positions { at, .. } = walk {
            let one = self.b.int(1);
            self.b.emit_into(*at, Op::Arith(ArithOp::Add, *at, one));
        }
        self.b.jump(head);
        self.b.go_to(after);
    }

    fn innermost(&mut self, wheres: &[hir::Expr], inside: &mut dyn FnMut(&mut Self)) {
        let on_continue = self.loops.last().expect("inside a loop").on_continue;
        for condition in wheres {
            let rest = self.b.block();
            if self.condition(condition, rest, on_continue).is_none() {
                return;
            }
            self.b.go_to(rest);
        }
        inside(self);
    }

    /// What the registers of a loop are called after, when it keeps them over a wait.
    pub fn walked(&self, pattern: &hir::Pattern) -> String {
        match pattern.kind {
            hir::PatternKind::Bind(local) => self.locals[local.0 as usize].name.clone(),
            _ => "item".to_owned(),
        }
    }

    fn start(&mut self, from: &hir::ForSource, name: String, first: &[&hir::Expr]) -> Option<Walk> {
        // What a loop keeps over a wait has a name.
        let kept = |this: &mut Self, ty: Type, part: &str| {
            let name = format!("{name}.{part}");
            this.b.reg(RegType::Value(ty), Some(&name))
        };
        Some(match from {
            hir::ForSource::Range(start, end) => {
                let at = kept(self, Type::Int, "position");
                let regs = self.operands(&[start, end])?;
                self.b.emit_into(at, Op::Copy(regs[0]));
                let end = kept(self, Type::Int, "end");
                self.b.emit_into(end, Op::Copy(regs[1]));
                let list = None;
                Walk::Positions { at, end, list }
            }
            hir::ForSource::Entries(..) => unreachable!("only what a view means walks a stream"),
            hir::ForSource::Collection(e) if let Some((from, to)) = self.bounds_of(e) => {
                let at = kept(self, Type::Int, "position");
                let start = match from {
                    Start::At(n) => Op::Const(Literal::Int(n)),
                    Start::Reg(from) => Op::Copy(from),
                };
                self.b.emit_into(at, start);
                let (end, list) = (to, None);
                Walk::Positions { at, end, list }
            }
            hir::ForSource::Collection(e) => {
                let at = kept(self, Type::Int, "position");
                let value = self.expr(e)?;
                let value = self.base(value);
                let ty = list_type(self.b.ty(value));
                // A copy, because the body may assign the variable it came from.
                let list = kept(self, ty, "source");
                self.b.assign(list, value);
                self.b.emit_into(at, Op::Const(Literal::Int(0)));
                let end = kept(self, Type::Int, "end");
                self.b.emit_into(end, Op::ListLen(list));
                let list = Some(list);
                Walk::Positions { at, end, list }
            }
            hir::ForSource::Entities(entity) => {
                let entity = EntityId(entity.0);
                let reference = Type::Named(self.low.module.entity(entity).def);
                let keys = crate::verify::record_fields(&self.low.module, &reference);
                let keys = keys.expect("a reference has keys");
                let values = self.operands(first)?;
                let mut first = Vec::new();
                for ((value, key), at) in values.into_iter().zip(keys).zip(0..) {
                    let given = kept(self, key, &format!("key{at}"));
                    self.b.assign(given, value);
                    first.push(given);
                }
                let last = kept(self, Type::Option(Box::new(reference)), "last");
                self.b.emit_into(last, Op::VariantMake(0, vec![]));
                Walk::Keys {
                    entity,
                    last,
                    first,
                }
            }
        })
    }

    fn in_loop(&mut self, on_break: BlockId, on_continue: BlockId, inside: impl FnOnce(&mut Self)) {
        self.loops.push(Loop {
            on_break,
            on_continue,
            atomics: self.atomics.len(),
        });
        inside(self);
        self.loops.pop();
    }
}

/// Where a loop is.
enum Walk {
    /// At a position, of a list or of a range itself.
    Positions {
        at: Reg,
        end: Reg,
        list: Option<Reg>,
    },
    /// Behind the keys of an instance, or in front of all.
    Keys {
        entity: EntityId,
        last: Reg,
        /// What the keys begin with.
        first: Vec<Reg>,
    },
}

/// A collection as the list it is in memory.
pub fn list_type(ty: &Type) -> Type {
    let field = |t: &Type| weir_contract::TupleField {
        name: None,
        ty: t.clone(),
    };
    match ty {
        Type::Map(k, v) => Type::List(Box::new(Type::Tuple(vec![field(k), field(v)]))),
        Type::Set(t) => Type::List(t.clone()),
        Type::List(_) => ty.clone(),
        other => panic!("{other:?} is no collection"),
    }
}
