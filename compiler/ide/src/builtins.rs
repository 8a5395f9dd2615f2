//! What is part of the language and declared nowhere: how it would be declared, and what it is for.

use weir_check::hir::LatticeKind;

struct Builtin {
    name: &'static str,
    headline: &'static str,
    doc: &'static str,
}

const BUILTINS: &[Builtin] = &[
    b(
        "now",
        "fn now() -> Time",
        "The time of this step; the same wherever it is asked in one step.",
    ),
    b(
        "sleep",
        "fn sleep(time: Duration)",
        "Goes on after so long. The run may be gone from memory meanwhile; only what is used later is kept.",
    ),
    b(
        "sleep_until",
        "fn sleep_until(when: Time)",
        "Goes on at that time, or at once when it has passed.",
    ),
    b(
        "cancel",
        "fn cancel(ticket: Ticket)",
        "What was sent with a delay and has not begun will not.",
    ),
    b(
        "random",
        "fn random() -> Float",
        "A number from 0 up to, but without, 1.",
    ),
    b(
        "fresh_id",
        "fn fresh_id() -> Text",
        "A new id of 26 characters.",
    ),
    b(
        "fresh",
        "fn fresh() -> Self",
        "A new id as a value of this type.",
    ),
    b(
        "advance",
        "fn advance(time: Duration)",
        "In a test: lets time pass. Everything due on the way happens in its order.",
    ),
    b(
        "settle",
        "fn settle()",
        "In a test: everything that needs no time to pass happens.",
    ),
    b(
        "mock",
        "fn mock(function, answer)",
        "In a test: answers calls of a function of an `extern` block: `mock(payments.charge, (card, amount) => \"ch_1\")`.",
    ),
    b(
        "crash_at",
        "fn crash_at(label: Text)",
        "In a test: the process is killed when a step that ends at that label is durable.",
    ),
    b(
        "caller",
        "caller",
        "Who calls: `caller.id` and `caller.roles`.",
    ),
    b(
        "caller.id",
        "caller.id: UserId",
        "The identity of who calls.",
    ),
    b(
        "caller.roles",
        "caller.roles: Set<Text>",
        "The roles of who calls.",
    ),
    b(
        "Some",
        "Some(value)",
        "A value that is there, of a type `T?`.",
    ),
    b("None", "None", "No value, of a type `T?`."),
    b(
        "Ok",
        "Ok(value)",
        "In a pattern: a call that did not fail, and what it gave.",
    ),
    b(
        "all",
        "fn all() -> List<Row>",
        "All rows of a view as of the last commit.",
    ),
    b(
        "at",
        "fn at(key) -> List<Row>",
        "The rows of a view whose first key this is, as of the last commit.",
    ),
    b("value", "value", "What a `new` type is made of."),
    b(
        "with",
        "fn with(field: value)",
        "A copy of a record with some fields changed.",
    ),
    b(
        "set",
        "fn set(field: value)",
        "In a test: writes the state of an instance, also what is private.",
    ),
    b(
        "get",
        "fn get()",
        "In a test: all of the state of an instance, as a tuple with the fields' names.",
    ),
    b(
        "exists",
        "fn exists() -> Bool",
        "In a test: whether any of the state of an instance was ever written.",
    ),
    b(
        "within",
        "fn within(limit: Duration)",
        "How long to wait for the answer; fails with `TimedOut` after that. The call itself goes on.",
    ),
    b(
        "result",
        "fn result()",
        "Waits for the end of a run: what it gave, or what it failed with, or `Cancelled`.",
    ),
    b(
        "emit",
        "fn emit(entry) -> Int",
        "Puts an entry into the stream, if and only if this step is kept; a failure that leaves a handler takes it back. Gives its position. Each `on` of the stream runs once for it.",
    ),
    b(
        "push",
        "fn push(item)",
        "Adds an item at the end of a list.",
    ),
    b(
        "pop",
        "fn pop() -> Item?",
        "Takes the last item off a list.",
    ),
    b(
        "insert",
        "fn insert(at: Int, item)",
        "Puts an item into a list, before the one at that position.",
    ),
    b(
        "remove",
        "fn remove(what)",
        "Takes out of a list by position, out of a map by key, out of a set by item.",
    ),
    b("clear", "fn clear()", "Takes everything out."),
    b(
        "add",
        "fn add(item) -> Bool",
        "Puts an item into a set; whether it was new.",
    ),
    b(
        "aggregate.count",
        "fn count() -> Int",
        "How many rows the group has.",
    ),
    b(
        "aggregate.sum",
        "fn sum(value)",
        "Of each row of the group, added up.",
    ),
    b(
        "aggregate.average",
        "fn average(value)",
        "Of each row of the group, added up and divided by how many there are.",
    ),
    b(
        "aggregate.min",
        "fn min(value)",
        "The least of all rows of the group.",
    ),
    b(
        "aggregate.max",
        "fn max(value)",
        "The greatest of all rows of the group.",
    ),
    b(
        "aggregate.count_distinct",
        "fn count_distinct(value) -> Int",
        "How many different values the rows of the group have.",
    ),
    b(
        "aggregate.percentile",
        "fn percentile(value, part)",
        "The value below which so much of the group lies: `percentile(took, 0.95)`.",
    ),
    b(
        "aggregate.first",
        "fn first(value)",
        "Of the first row of the group, as they came.",
    ),
    b(
        "aggregate.last",
        "fn last(value)",
        "Of the last row of the group, as they came.",
    ),
    b(
        "aggregate.top",
        "fn top(value, count: Int) -> List<Value>",
        "The greatest of all rows of the group, the greatest first.",
    ),
    b(
        "aggregate.collect",
        "fn collect(value) -> List<Value>",
        "Of each row of the group, as a list in the order they came.",
    ),
    b(
        "UserId",
        "type UserId = new Text",
        "Who calls: the identity of a signed-in caller.",
    ),
    b("Bool", "type Bool", "`true` or `false`."),
    b(
        "Int",
        "type Int",
        "A whole number of 64 bits. What does not fit is a bug, and the step is dropped.",
    ),
    b(
        "Decimal",
        "type Decimal",
        "A number with nine places behind the point, exact: for amounts.",
    ),
    b(
        "Float",
        "type Float",
        "A floating point number of 64 bits, with the same bits on every machine.",
    ),
    b("Text", "type Text", "Unicode text."),
    b("Bytes", "type Bytes", "Bytes."),
    b("Time", "type Time", "A moment, in microseconds."),
    b(
        "Duration",
        "type Duration",
        "A length of time: `250ms`, `5s`, `5m`, `2h`, `1d`.",
    ),
    b(
        "Date",
        "type Date",
        "A day of the calendar, without a time or a zone.",
    ),
    b(
        "Money",
        "type Money",
        "An amount and its currency: `20USD`. Amounts of two currencies cannot be added.",
    ),
    b("List", "type List<Item>", "Items in an order."),
    b(
        "Map",
        "type Map<Key, Value>",
        "Values by key, in the order of the keys.",
    ),
    b("Set", "type Set<Item>", "Different items, in their order."),
    b(
        "Run",
        "type Run<Gives, Error..>",
        "A run of a workflow: what it gives and may fail with.",
    ),
    b(
        "Ticket",
        "type Ticket",
        "What was sent and may be cancelled.",
    ),
    b(
        "Blob",
        "type Blob",
        "A large content that does not change, such as a photo: its hash, size and media type. The content is kept beside the log; `blob.of(bytes)` makes one, `b.bytes()` reads it.",
    ),
    b(
        "replicas",
        "fn replicas(instance: Entity) -> (Replica<Entity>, Replica<Entity>)",
        "In a test: the instance itself, and another place that has it and knows all that merges. Neither hears of what the other does until `sync`.",
    ),
    b(
        "sync",
        "fn sync(one: Replica<Entity>, other: Replica<Entity>)",
        "In a test: two replicas of an instance tell each other all that merges.",
    ),
    b(
        "merge.add",
        "fn add(value)",
        "Adds to what merges. Others may do so at the same time.",
    ),
    b(
        "merge.remove",
        "fn remove(value)",
        "Takes an element away as far as it is seen here: what is added elsewhere at the same time stays.",
    ),
    b(
        "merge.raise",
        "fn raise(value)",
        "Makes it this value where that is greater.",
    ),
    b(
        "merge.lower",
        "fn lower(value)",
        "Makes it this value where that is less.",
    ),
    b(
        "merge.set",
        "fn set(value)",
        "Makes it this value. Of what is set at the same time elsewhere the later one stays.",
    ),
    b("merge.enable", "fn enable()", "From now on it is true."),
    b(
        "merge.at_least",
        "fn at_least(n: Int) -> Bool",
        "Whether it is that much. Of a counter that is never taken from, yes is final.",
    ),
    b(
        "merge.contains",
        "fn contains(value) -> Bool",
        "Whether the element is there.",
    ),
    b(
        "merge.values",
        "values: Set<Item>",
        "The elements as a set.",
    ),
    b(
        "merge.value",
        "value: Float",
        "The average of what was added; 0 when nothing was.",
    ),
    b("merge.sum", "sum: Decimal", "The sum of what was added."),
    b(
        "merge.count",
        "count: Int",
        "How often something was added.",
    ),
    lattice(LatticeKind::Counter, "type Counter"),
    lattice(LatticeKind::MoneySum, "type MoneySum"),
    lattice(LatticeKind::Average, "type Average"),
    lattice(LatticeKind::MaxOf, "type MaxOf<Item>"),
    lattice(LatticeKind::MinOf, "type MinOf<Item>"),
    lattice(LatticeKind::Flag, "type Flag"),
    lattice(LatticeKind::Latest, "type Latest<Item>"),
    lattice(LatticeKind::GrowSet, "type GrowSet<Item>"),
    lattice(LatticeKind::AddSet, "type AddSet<Item>"),
    lattice(LatticeKind::MergeMap, "type MergeMap<Key, Of>"),
];

const fn lattice(kind: LatticeKind, headline: &'static str) -> Builtin {
    b(kind.name(), headline, kind.doc())
}

const fn b(name: &'static str, headline: &'static str, doc: &'static str) -> Builtin {
    Builtin {
        name,
        headline,
        doc,
    }
}

pub fn headline(name: &str) -> Option<&'static str> {
    let found = BUILTINS.iter().find(|known| known.name == name);
    found.map(|known| known.headline)
}

pub fn doc(name: &str) -> Option<&'static str> {
    let found = BUILTINS.iter().find(|known| known.name == name);
    found.map(|known| known.doc)
}
