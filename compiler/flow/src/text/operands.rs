//! One table both ways between operations and their words: a mnemonic and a row of operands. Printer and
//! parser only know operands; this file alone knows operations.

use weir_contract::lattice::{Ask, Change};

use super::wait;
use crate::ir::*;

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Reg(Reg),
    /// A tag or a position.
    Number(u32),
    Slot(SlotId),
    Func(FuncId),
    Entity(EntityId),
    Literal(Literal),
    Name(String),
    Regs(Vec<Reg>),
}

/// The words of an operation.
pub fn of_op(op: &Op) -> (&'static str, Vec<Operand>) {
    use Operand::{
        Entity as E, Func as F, Literal as L, Name, Number as N, Reg as R, Regs, Slot as S,
    };
    match op {
        Op::Const(l) => ("const", vec![L(l.clone())]),
        Op::Copy(a) => ("copy", vec![R(*a)]),
        Op::Cast(a) => ("cast", vec![R(*a)]),
        Op::Arith(op, a, b) => (arith_name(*op), vec![R(*a), R(*b)]),
        Op::Neg(a) => ("neg", vec![R(*a)]),
        Op::Not(a) => ("not", vec![R(*a)]),
        Op::Compare(op, a, b) => (compare_name(*op), vec![R(*a), R(*b)]),
        Op::RecordMake(rs) => ("record", vec![Regs(rs.clone())]),
        Op::FieldGet(a, n) => ("field", vec![R(*a), N(*n)]),
        Op::FieldSet(a, n, b) => ("with", vec![R(*a), N(*n), R(*b)]),
        Op::VariantMake(tag, rs) => ("variant", vec![N(*tag), Regs(rs.clone())]),
        Op::VariantGet(a, tag, n) => ("payload", vec![R(*a), N(*tag), N(*n)]),
        Op::ListMake(rs) => ("list", vec![Regs(rs.clone())]),
        Op::ListLen(a) => ("list.len", vec![R(*a)]),
        Op::ListGet(a, b) => ("list.get", vec![R(*a), R(*b)]),
        Op::ListSet(a, b, c) => ("list.set", vec![R(*a), R(*b), R(*c)]),
        Op::ListSetField(a, b, n, c) => ("list.with", vec![R(*a), R(*b), N(*n), R(*c)]),
        Op::ListPush(a, b) => ("list.push", vec![R(*a), R(*b)]),
        Op::ListSlice(a, b, c) => ("list.slice", vec![R(*a), R(*b), R(*c)]),
        Op::ListConcat(a, b) => ("list.concat", vec![R(*a), R(*b)]),
        Op::ListInsert(a, b, c) => ("list.insert", vec![R(*a), R(*b), R(*c)]),
        Op::ListRemove(a, b) => ("list.remove", vec![R(*a), R(*b)]),
        Op::MapFind(a, b) => ("map.find", vec![R(*a), R(*b)]),
        Op::MapAt(a, b) => ("map.at", vec![R(*a), R(*b)]),
        Op::MapPut(a, b, c) => ("map.put", vec![R(*a), R(*b), R(*c)]),
        Op::MapRemove(a, b) => ("map.remove", vec![R(*a), R(*b)]),
        Op::MapLen(a) => ("map.len", vec![R(*a)]),
        Op::TextConcat(rs) => ("text.concat", vec![Regs(rs.clone())]),
        Op::Show(a) => ("show", vec![R(*a)]),
        Op::Lib(name, rs) => ("lib", vec![Name(name.clone()), Regs(rs.clone())]),
        Op::ByteAt(a, b) => ("bytes.at", vec![R(*a), R(*b)]),
        Op::BytesPlain(a) => ("bytes.plain", vec![R(*a)]),
        Op::Pure(n, rs) => ("pure", vec![N(*n), Regs(rs.clone())]),
        Op::Call(f, rs) => ("call", vec![F(*f), Regs(rs.clone())]),
        Op::Now => ("now", vec![]),
        Op::CallerId => ("caller.id", vec![]),
        Op::CallerRoles => ("caller.roles", vec![]),
        Op::Open(e, a) => ("open", vec![E(*e), R(*a)]),
        Op::Keys(a) => ("keys", vec![R(*a)]),
        Op::NextKey(e, after, first) => ("next_key", vec![E(*e), R(*after), Regs(first.clone())]),
        Op::Load(i, s) => ("load", vec![R(*i), S(*s)]),
        Op::Store(i, s, a) => ("store", vec![R(*i), S(*s), R(*a)]),
        Op::Present(i, s) => ("present", vec![R(*i), S(*s)]),
        Op::SlotLen(i, s) => ("slot.len", vec![R(*i), S(*s)]),
        Op::ListSlotGet(i, s, a) => ("slot.list.get", vec![R(*i), S(*s), R(*a)]),
        Op::ListSlotSet(i, s, a, b) => ("slot.list.set", vec![R(*i), S(*s), R(*a), R(*b)]),
        Op::ListSlotPush(i, s, a) => ("slot.list.push", vec![R(*i), S(*s), R(*a)]),
        Op::ListSlotPop(i, s) => ("slot.list.pop", vec![R(*i), S(*s)]),
        Op::ListSlotInsert(i, s, a, b) => ("slot.list.insert", vec![R(*i), S(*s), R(*a), R(*b)]),
        Op::ListSlotRemove(i, s, a) => ("slot.list.remove", vec![R(*i), S(*s), R(*a)]),
        Op::ListSlotSlice(i, s, a, b) => ("slot.list.slice", vec![R(*i), S(*s), R(*a), R(*b)]),
        Op::MapSlotGet(i, s, a) => ("slot.map.get", vec![R(*i), S(*s), R(*a)]),
        Op::MapSlotPut(i, s, a, b) => ("slot.map.put", vec![R(*i), S(*s), R(*a), R(*b)]),
        Op::MapSlotRemove(i, s, a) => ("slot.map.remove", vec![R(*i), S(*s), R(*a)]),
        Op::SlotHas(i, s, a) => ("slot.has", vec![R(*i), S(*s), R(*a)]),
        Op::SetSlotAdd(i, s, a) => ("slot.set.add", vec![R(*i), S(*s), R(*a)]),
        Op::SetSlotRemove(i, s, a) => ("slot.set.remove", vec![R(*i), S(*s), R(*a)]),
        Op::SlotClear(i, s) => ("slot.clear", vec![R(*i), S(*s)]),
        Op::Send {
            entry,
            instance,
            args,
            after,
        } => (
            "send",
            vec![
                N(entry.0),
                Regs(instance.iter().copied().collect()),
                Regs(args.clone()),
                Regs(after.iter().copied().collect()),
            ],
        ),
        Op::SendEvent {
            instance,
            event,
            args,
            after,
        } => (
            "event",
            vec![
                R(*instance),
                N(*event),
                Regs(args.clone()),
                Regs(after.iter().copied().collect()),
            ],
        ),
        Op::Cancel(a) => ("cancel", vec![R(*a)]),
        Op::PushUndo(entry, rs) => ("undo", vec![N(entry.0), Regs(rs.clone())]),
        Op::Spawn(entry, rs) => ("spawn", vec![N(entry.0), Regs(rs.clone())]),
        Op::Random => ("random", vec![]),
        Op::Fresh => ("fresh", vec![]),
        Op::Mock(function, entry, rs) => ("mock", vec![N(*function), N(entry.0), Regs(rs.clone())]),
        Op::CrashAt(a) => ("crash_at", vec![R(*a)]),
        Op::Emit {
            stream,
            key,
            time,
            value,
        } => (
            "emit",
            vec![
                N(*stream),
                Regs(key.iter().copied().collect()),
                Regs(time.iter().copied().collect()),
                R(*value),
            ],
        ),
        Op::SetHas(a, b) => ("set.has", vec![R(*a), R(*b)]),
        Op::SetPut(a, b) => ("set.put", vec![R(*a), R(*b)]),
        Op::SetRemove(a, b) => ("set.remove", vec![R(*a), R(*b)]),
        Op::SetLen(a) => ("set.len", vec![R(*a)]),
        Op::Suspend(what, rs) => ("wait", vec![Name(wait::print(what)), Regs(rs.clone())]),
        Op::Full => ("full", vec![]),
        Op::Suspended => ("suspended", vec![]),
        Op::Savepoint => ("savepoint", vec![]),
        Op::Rollback(a) => ("rollback", vec![R(*a)]),
        Op::TxEnter => ("tx_enter", vec![]),
        Op::TxLeave => ("tx_leave", vec![]),
        Op::MergeSlot {
            instance,
            slot,
            parts,
            change,
            args,
        } => (
            "slot.merge",
            vec![
                R(*instance),
                S(*slot),
                Name(way(parts, change.name())),
                Regs(args.clone()),
            ],
        ),
        Op::OpenReplica(e, a, b) => ("open_replica", vec![E(*e), R(*a), R(*b)]),
        Op::MergeSync(a, b) => ("merge_sync", vec![R(*a), R(*b)]),
        Op::MergeLook {
            instance,
            slot,
            parts,
            ask,
            args,
        } => (
            "slot.look",
            vec![
                R(*instance),
                S(*slot),
                Name(way(parts, ask.name())),
                Regs(args.clone()),
            ],
        ),
    }
}

/// The operation behind words; `None` when no operation has that name and shape.
pub fn to_op(name: &str, operands: &[Operand]) -> Option<Op> {
    use Operand::{
        Entity as E, Func as F, Literal as L, Name, Number as N, Reg as R, Regs, Slot as S,
    };
    if let [R(a), R(b)] = operands {
        if let Some(op) = ARITH.iter().find(|op| arith_name(**op) == name) {
            return Some(Op::Arith(*op, *a, *b));
        }
        if let Some(op) = COMPARE.iter().find(|op| compare_name(**op) == name) {
            return Some(Op::Compare(*op, *a, *b));
        }
    }
    Some(match (name, operands) {
        ("const", [L(l)]) => Op::Const(l.clone()),
        ("copy", [R(a)]) => Op::Copy(*a),
        ("cast", [R(a)]) => Op::Cast(*a),
        ("neg", [R(a)]) => Op::Neg(*a),
        ("not", [R(a)]) => Op::Not(*a),
        ("record", [Regs(rs)]) => Op::RecordMake(rs.clone()),
        ("field", [R(a), N(n)]) => Op::FieldGet(*a, *n),
        ("with", [R(a), N(n), R(b)]) => Op::FieldSet(*a, *n, *b),
        ("variant", [N(tag), Regs(rs)]) => Op::VariantMake(*tag, rs.clone()),
        ("payload", [R(a), N(tag), N(n)]) => Op::VariantGet(*a, *tag, *n),
        ("list", [Regs(rs)]) => Op::ListMake(rs.clone()),
        ("list.len", [R(a)]) => Op::ListLen(*a),
        ("list.get", [R(a), R(b)]) => Op::ListGet(*a, *b),
        ("list.set", [R(a), R(b), R(c)]) => Op::ListSet(*a, *b, *c),
        ("list.with", [R(a), R(b), N(n), R(c)]) => Op::ListSetField(*a, *b, *n, *c),
        ("list.push", [R(a), R(b)]) => Op::ListPush(*a, *b),
        ("list.slice", [R(a), R(b), R(c)]) => Op::ListSlice(*a, *b, *c),
        ("list.concat", [R(a), R(b)]) => Op::ListConcat(*a, *b),
        ("list.insert", [R(a), R(b), R(c)]) => Op::ListInsert(*a, *b, *c),
        ("list.remove", [R(a), R(b)]) => Op::ListRemove(*a, *b),
        ("map.find", [R(a), R(b)]) => Op::MapFind(*a, *b),
        ("bytes.at", [R(a), R(b)]) => Op::ByteAt(*a, *b),
        ("bytes.plain", [R(a)]) => Op::BytesPlain(*a),
        ("map.at", [R(a), R(b)]) => Op::MapAt(*a, *b),
        ("map.put", [R(a), R(b), R(c)]) => Op::MapPut(*a, *b, *c),
        ("map.remove", [R(a), R(b)]) => Op::MapRemove(*a, *b),
        ("map.len", [R(a)]) => Op::MapLen(*a),
        ("set.has", [R(a), R(b)]) => Op::SetHas(*a, *b),
        ("set.put", [R(a), R(b)]) => Op::SetPut(*a, *b),
        ("set.remove", [R(a), R(b)]) => Op::SetRemove(*a, *b),
        ("set.len", [R(a)]) => Op::SetLen(*a),
        ("text.concat", [Regs(rs)]) => Op::TextConcat(rs.clone()),
        ("show", [R(a)]) => Op::Show(*a),
        ("lib", [Name(n), Regs(rs)]) => Op::Lib(n.clone(), rs.clone()),
        ("pure", [N(n), Regs(rs)]) => Op::Pure(*n, rs.clone()),
        ("call", [F(f), Regs(rs)]) => Op::Call(*f, rs.clone()),
        ("now", []) => Op::Now,
        ("caller.id", []) => Op::CallerId,
        ("caller.roles", []) => Op::CallerRoles,
        ("open", [E(e), R(a)]) => Op::Open(*e, *a),
        ("keys", [R(a)]) => Op::Keys(*a),
        ("next_key", [E(e), R(after), Regs(first)]) => Op::NextKey(*e, *after, first.clone()),
        ("load", [R(i), S(s)]) => Op::Load(*i, *s),
        ("store", [R(i), S(s), R(a)]) => Op::Store(*i, *s, *a),
        ("present", [R(i), S(s)]) => Op::Present(*i, *s),
        ("slot.len", [R(i), S(s)]) => Op::SlotLen(*i, *s),
        ("slot.list.get", [R(i), S(s), R(a)]) => Op::ListSlotGet(*i, *s, *a),
        ("slot.list.set", [R(i), S(s), R(a), R(b)]) => Op::ListSlotSet(*i, *s, *a, *b),
        ("slot.list.push", [R(i), S(s), R(a)]) => Op::ListSlotPush(*i, *s, *a),
        ("slot.list.pop", [R(i), S(s)]) => Op::ListSlotPop(*i, *s),
        ("slot.list.insert", [R(i), S(s), R(a), R(b)]) => Op::ListSlotInsert(*i, *s, *a, *b),
        ("slot.list.remove", [R(i), S(s), R(a)]) => Op::ListSlotRemove(*i, *s, *a),
        ("slot.list.slice", [R(i), S(s), R(a), R(b)]) => Op::ListSlotSlice(*i, *s, *a, *b),
        ("slot.map.get", [R(i), S(s), R(a)]) => Op::MapSlotGet(*i, *s, *a),
        ("slot.map.put", [R(i), S(s), R(a), R(b)]) => Op::MapSlotPut(*i, *s, *a, *b),
        ("slot.map.remove", [R(i), S(s), R(a)]) => Op::MapSlotRemove(*i, *s, *a),
        ("slot.has", [R(i), S(s), R(a)]) => Op::SlotHas(*i, *s, *a),
        ("slot.set.add", [R(i), S(s), R(a)]) => Op::SetSlotAdd(*i, *s, *a),
        ("slot.set.remove", [R(i), S(s), R(a)]) => Op::SetSlotRemove(*i, *s, *a),
        ("slot.clear", [R(i), S(s)]) => Op::SlotClear(*i, *s),
        ("send", [N(entry), Regs(instance), Regs(args), Regs(after)]) => Op::Send {
            entry: EntryId(*entry),
            instance: at_most_one(instance)?,
            args: args.clone(),
            after: at_most_one(after)?,
        },
        ("event", [R(instance), N(event), Regs(args), Regs(after)]) => Op::SendEvent {
            instance: *instance,
            event: *event,
            args: args.clone(),
            after: at_most_one(after)?,
        },
        ("cancel", [R(a)]) => Op::Cancel(*a),
        ("undo", [N(entry), Regs(rs)]) => Op::PushUndo(EntryId(*entry), rs.clone()),
        ("spawn", [N(entry), Regs(rs)]) => Op::Spawn(EntryId(*entry), rs.clone()),
        ("random", []) => Op::Random,
        ("fresh", []) => Op::Fresh,
        ("mock", [N(function), N(entry), Regs(rs)]) => {
            Op::Mock(*function, EntryId(*entry), rs.clone())
        }
        ("crash_at", [R(a)]) => Op::CrashAt(*a),
        ("emit", [N(stream), Regs(key), Regs(time), R(value)]) => Op::Emit {
            stream: *stream,
            key: at_most_one(key)?,
            time: at_most_one(time)?,
            value: *value,
        },
        ("wait", [Name(what), Regs(rs)]) => Op::Suspend(wait::parse(what)?, rs.clone()),
        ("full", []) => Op::Full,
        ("suspended", []) => Op::Suspended,
        ("savepoint", []) => Op::Savepoint,
        ("rollback", [R(a)]) => Op::Rollback(*a),
        ("tx_enter", []) => Op::TxEnter,
        ("tx_leave", []) => Op::TxLeave,
        ("slot.merge", [R(i), S(s), Name(way), Regs(args)]) => {
            let (parts, change) = of_way(way)?;
            let change = Change::ALL.into_iter().find(|c| c.name() == change)?;
            Op::MergeSlot {
                instance: *i,
                slot: *s,
                parts,
                change,
                args: args.clone(),
            }
        }
        ("open_replica", [E(e), R(a), R(b)]) => Op::OpenReplica(*e, *a, *b),
        ("merge_sync", [R(a), R(b)]) => Op::MergeSync(*a, *b),
        ("slot.look", [R(i), S(s), Name(way), Regs(args)]) => {
            let (parts, ask) = of_way(way)?;
            Op::MergeLook {
                instance: *i,
                slot: *s,
                parts,
                ask: Ask::ALL.into_iter().find(|a| a.name() == ask)?,
                args: args.clone(),
            }
        }
        _ => return None,
    })
}

fn at_most_one(regs: &[Reg]) -> Option<Option<Reg>> {
    (regs.len() <= 1).then(|| regs.first().copied())
}

/// `0.1.add`: the parts on the way, and the change or what is asked.
fn way(parts: &[u32], what: &str) -> String {
    let parts: String = parts.iter().map(|part| format!("{part}.")).collect();
    format!("{parts}{what}")
}

fn of_way(way: &str) -> Option<(Vec<u32>, &str)> {
    let mut words: Vec<&str> = way.split('.').collect();
    let last = words.pop()?;
    let parts: Result<Vec<u32>, _> = words.into_iter().map(str::parse).collect();
    Some((parts.ok()?, last))
}

const ARITH: [ArithOp; 5] = [
    ArithOp::Add,
    ArithOp::Sub,
    ArithOp::Mul,
    ArithOp::Div,
    ArithOp::Rem,
];

fn arith_name(op: ArithOp) -> &'static str {
    match op {
        ArithOp::Add => "add",
        ArithOp::Sub => "sub",
        ArithOp::Mul => "mul",
        ArithOp::Div => "div",
        ArithOp::Rem => "rem",
    }
}

const COMPARE: [CompareOp; 6] = [
    CompareOp::Eq,
    CompareOp::Ne,
    CompareOp::Lt,
    CompareOp::Le,
    CompareOp::Gt,
    CompareOp::Ge,
];

fn compare_name(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "eq",
        CompareOp::Ne => "ne",
        CompareOp::Lt => "lt",
        CompareOp::Le => "le",
        CompareOp::Gt => "gt",
        CompareOp::Ge => "ge",
    }
}
