//! Looking into collections: in memory through the prelude, in the store by slot operations.

use weir_check::hir;
use weir_contract::Type;

use super::body::Body;
use super::expr::is_simple;
use super::loops::list_type;
use super::state::View;
use super::{Context, Instance, Passed};
use crate::ir::*;

impl Body<'_, '_> {
    pub fn list_index(&mut self, list: &hir::Expr, index: &hir::Expr, ty: Type) -> Option<Reg> {
        if let Some(SlotKind::List(item)) = self.collection_slot(list)
            && is_simple(self.low.checked, index)
        {
            let (instance, slot) = self.collection(list)?;
            let index = self.expr(index)?;
            return Some(self.b.emit(item, Op::ListSlotGet(instance, slot, index)));
        }
        let regs = self.operands(&[list, index])?;
        let list = self.base(regs[0]);
        Some(self.b.emit(ty, Op::ListGet(list, regs[1])))
    }

    pub fn map_index(&mut self, map: &hir::Expr, key: &hir::Expr) -> Option<Reg> {
        if let Some(SlotKind::Map(k, v)) = self.collection_slot(map)
            && is_simple(self.low.checked, key)
        {
            let (instance, slot) = self.collection(map)?;
            let key = self.expr(key)?;
            let key = self.b.coerce(key, &k);
            return Some(self.b.emit(
                Type::Option(Box::new(v)),
                Op::MapSlotGet(instance, slot, key),
            ));
        }
        if let Some(found) = self.look_at(map, key) {
            return found;
        }
        let regs = self.operands(&[map, key])?;
        let map = self.base(regs[0]);
        Some(self.call_prelude("get", &[map, regs[1]]))
    }

    /// `value in collection`.
    pub fn contains(&mut self, value: &hir::Expr, collection: &hir::Expr) -> Option<Reg> {
        if let Some(SlotKind::Map(key, _) | SlotKind::Set(key)) = self.collection_slot(collection) {
            let value = self.expr(value)?;
            let value = self.b.coerce(value, &key);
            let (instance, slot) = self.collection(collection)?;
            return Some(self.b.emit(Type::Bool, Op::SlotHas(instance, slot, value)));
        }
        if let Some(found) = self.look_has(value, collection) {
            return found;
        }
        let regs = self.operands(&[value, collection])?;
        let collection = self.base(regs[1]);
        let name = if matches!(self.b.ty(collection), Type::List(_)) {
            "contains"
        } else {
            "has"
        };
        Some(self.call_prelude(name, &[collection, regs[0]]))
    }

    /// A call of a prelude function on a collection in the store, when there is an operation that does not load it.
    /// The outer `None`: there is none.
    pub fn call_on_slot(&mut self, name: &str, args: &[hir::Arg]) -> Option<Option<Reg>> {
        let Some(hir::Arg::Value(collection)) = args.first() else {
            return None;
        };
        if let Some(found) = self.look_call(name, args) {
            return Some(found);
        }
        let kind = self.collection_slot(collection)?;
        let mut rest = Vec::new();
        for arg in &args[1..] {
            match arg {
                hir::Arg::Value(e) if is_simple(self.low.checked, e) => rest.push(e),
                _ => return None,
            }
        }
        match (&kind, name) {
            (_, "length" | "is_empty") => {}
            (SlotKind::Map(..), "get" | "get_or" | "has") | (SlotKind::Set(_), "has") => {}
            (SlotKind::List(_), "get" | "first" | "last" | "take" | "drop" | "tail" | "slice") => {}
            _ => return None,
        }
        Some(self.run_on_slot(kind, name, collection, &rest))
    }

    fn run_on_slot(
        &mut self,
        kind: SlotKind,
        name: &str,
        collection: &hir::Expr,
        rest: &[&hir::Expr],
    ) -> Option<Reg> {
        let view = self.slot_view(collection)??;
        let slot = self.leaf(view.entity, &view.path)?;
        let instance = view.instance;
        let args = self.operands(rest)?;
        Some(match (&kind, name) {
            (_, "length") => self.b.emit(Type::Int, Op::SlotLen(instance, slot)),
            (_, "is_empty") => {
                let len = self.b.emit(Type::Int, Op::SlotLen(instance, slot));
                let zero = self.b.int(0);
                self.b.compare(CompareOp::Eq, len, zero)
            }
            (SlotKind::Map(k, v), "get") => {
                let key = self.b.coerce(args[0], k);
                self.b.emit(
                    Type::Option(Box::new(v.clone())),
                    Op::MapSlotGet(instance, slot, key),
                )
            }
            (SlotKind::Map(k, v), "get_or") => {
                let key = self.b.coerce(args[0], k);
                let other = self.b.coerce(args[1], v);
                let types = vec![k.clone(), v.clone()];
                self.prelude_on_slot("get_or", kind.value_type(), types, view, &[key, other])
            }
            (SlotKind::Map(k, _) | SlotKind::Set(k), _) => {
                let key = self.b.coerce(args[0], k);
                self.b.emit(Type::Bool, Op::SlotHas(instance, slot, key))
            }
            (SlotKind::List(_), "slice") => self.b.emit(
                kind.value_type(),
                Op::ListSlotSlice(instance, slot, args[0], args[1]),
            ),
            (SlotKind::List(item), _) => {
                let types = vec![item.clone()];
                self.prelude_on_slot(name, kind.value_type(), types, view, &args)
            }
            (SlotKind::Scalar(_), _) => unreachable!("a scalar is no collection"),
        })
    }

    /// The prelude's own definition, with the collection left in the store.
    fn prelude_on_slot(
        &mut self,
        name: &str,
        head: Type,
        types: Vec<Type>,
        view: View,
        args: &[Reg],
    ) -> Reg {
        let function = self.low.prelude(name, &head);
        let mut params = vec![Passed::Slot(view.entity, view.path)];
        params.extend(args.iter().map(|_| Passed::Value));
        let func = self.low.instance(Instance {
            function,
            types,
            params,
            context: Context::Outside,
        });
        let ret = self.low.module.func(func).ret.clone();
        let mut regs = vec![view.instance];
        regs.extend(args);
        self.b.emit(ret, Op::Call(func, regs))
    }

    /// The instance and slot of a collection in the store.
    fn collection(&mut self, e: &hir::Expr) -> Option<(Reg, SlotId)> {
        let view = self.slot_view(e)??;
        Some((view.instance, self.leaf(view.entity, &view.path)?))
    }

    /// Calls a prelude function on a collection in memory.
    pub fn call_prelude(&mut self, name: &str, args: &[Reg]) -> Reg {
        let head = self.b.ty(args[0]).clone();
        let types = match &head {
            Type::List(t) | Type::Set(t) | Type::Option(t) => vec![(**t).clone()],
            Type::Map(k, v) => vec![(**k).clone(), (**v).clone()],
            other => panic!("{other:?} is no collection"),
        };
        let function = self.low.prelude(name, &head);
        let wanted: Vec<Type> = self
            .low
            .checked
            .function(function)
            .params
            .iter()
            .map(|p| self.low.places.ty(&p.ty, &types))
            .collect();
        let params = vec![Passed::Value; args.len()];
        let func = self.low.instance(Instance {
            function,
            types,
            params,
            context: Context::Outside,
        });
        let ret = self.low.module.func(func).ret.clone();
        let regs = args
            .iter()
            .zip(&wanted)
            .map(|(r, ty)| self.b.coerce(*r, ty))
            .collect();
        self.b.emit(ret, Op::Call(func, regs))
    }

    pub fn map_literal(&mut self, ty: Type, entries: &[(hir::Expr, hir::Expr)]) -> Option<Reg> {
        let base = self.low.module.defs.base(&ty).clone();
        let items: Vec<&hir::Expr> = entries.iter().flat_map(|(k, v)| [k, v]).collect();
        let regs = self.operands(&items)?;
        let empty = self.b.emit(list_type(&base), Op::ListMake(vec![]));
        let mut map = self.b.emit(base, Op::Cast(empty));
        for pair in regs.chunks(2) {
            map = self.call_prelude("map_with", &[map, pair[0], pair[1]]);
        }
        Some(self.b.coerce(map, &ty))
    }

    /// A setting or a secret. Its name is part of the operation.
    pub fn named_intrinsic(&mut self, name: &str, ret: Type, args: &[Reg]) -> Reg {
        let Some(otherwise) = args.get(1) else {
            return self.b.emit(ret, Op::Lib(name.to_owned(), vec![]));
        };
        let may_miss = Type::Option(Box::new(ret));
        let found = self.b.emit(may_miss, Op::Lib(name.to_owned(), vec![]));
        self.call_prelude("unwrap_or", &[found, *otherwise])
    }

    /// What an intrinsic of the prelude does.
    pub fn intrinsic(&mut self, name: &str, ret: Type, args: &[Reg]) -> Reg {
        let op = match name {
            "list.len" => Op::ListLen(args[0]),
            "list.slice" => Op::ListSlice(args[0], args[1], args[2]),
            "map.find" => Op::MapFind(args[0], args[1]),
            "map.at" => Op::MapAt(args[0], args[1]),
            "map.put" => Op::MapPut(args[0], args[1], args[2]),
            "map.remove" => Op::MapRemove(args[0], args[1]),
            "map.len" => Op::MapLen(args[0]),
            "set.has" => Op::SetHas(args[0], args[1]),
            "set.put" => Op::SetPut(args[0], args[1]),
            "set.remove" => Op::SetRemove(args[0], args[1]),
            "set.len" => Op::SetLen(args[0]),
            "map.entries" | "map.from_sorted" | "set.items" | "set.from_sorted" => {
                Op::Cast(args[0])
            }
            _ => Op::Lib(name.to_string(), args.to_vec()),
        };
        self.b.emit(ret, op)
    }
}
