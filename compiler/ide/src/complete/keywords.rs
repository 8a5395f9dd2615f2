//! Words of the language by place, and snippets for what is written often.

use weir_check::meanings::Def;

use super::front::{Of, Top};
use super::item::{Near, plain, sort};
use super::{Completion, Cursor, Suggested};
use crate::declared::Kind;

/// A word: what is written for it, as a snippet, and what it is for.
struct Word {
    label: &'static str,
    snippet: &'static str,
    what: &'static str,
}

const fn w(label: &'static str, snippet: &'static str, what: &'static str) -> Word {
    Word {
        label,
        snippet,
        what,
    }
}

const TOP: &[Word] = &[
    w(
        "fn",
        "fn ${1:name}($2)${3: -> ${4:Int}} {\n  $0\n}",
        "a function",
    ),
    w(
        "pub fn",
        "pub fn ${1:name}($2)${3: -> ${4:Int}} {\n  $0\n}",
        "a function that can be called over HTTP",
    ),
    w(
        "entity",
        "entity ${1:Name}(${2:id}: ${3:Text}) {\n  pub state ${4:count}: ${5:Int} = ${6:0}\n\n  pub fn ${7:add}(${8:n: Int}) {\n    $0\n  }\n}",
        "durable objects, one for each key",
    ),
    w(
        "workflow",
        "workflow ${1:Name}(${2:id}: ${3:Text}) {\n  pub event ${4:confirmed}()\n\n  pub fn run() {\n    $0\n  }\n}",
        "what takes many steps, and may wait for days",
    ),
    w(
        "record",
        "record ${1:Name}(${2:field}: ${3:Int})$0",
        "values with fields",
    ),
    w(
        "enum",
        "enum ${1:Name} { ${2:One}, ${3:Other} }$0",
        "one of several variants",
    ),
    w(
        "error",
        "error ${1:Name}(${2:why}: ${3:Text})$0",
        "what a call may fail with",
    ),
    w(
        "type",
        "type ${1:Name} = new ${2:Text}$0",
        "a type of its own, or another name for one",
    ),
    w("let", "let ${1:name} = $0", "a constant"),
    w(
        "stream",
        "@key(${1:id})\nstream ${2:entries}: ${3:Entry}$0",
        "entries that are kept on the log, and consumed in order",
    ),
    w(
        "pub stream",
        "@key(${1:id})\npub stream ${2:entries}: ${3:Entry}$0",
        "a stream that takes entries over HTTP",
    ),
    w(
        "view",
        "view ${1:name} =\n  for ${2:row} in ${3:Entity}\n  select $0",
        "a query that is kept up to date",
    ),
    w(
        "pub view",
        "@anyone\npub view ${1:name} =\n  for ${2:row} in ${3:Entity}\n  select $0",
        "a query that is kept up to date, read over HTTP",
    ),
    w(
        "on",
        "on ${1:entries}(${2:entry}) {\n  $0\n}",
        "what happens once for each entry of a stream",
    ),
    w(
        "every",
        "every ${1:1h} {\n  $0\n}",
        "what begins by itself, again and again",
    ),
    w(
        "every day at",
        "@at(\"${1:07:00}\")\nevery 1d {\n  $0\n}",
        "what begins by itself, at a time of the day",
    ),
    w("import", "import ${1:module}.{$0}", "names of another file"),
    w(
        "extern",
        "extern ${1:name} from \"http:${1:name}\" {\n  @idempotent\n  fn ${2:call}($3)${4: -> ${5:Text}}\n}$0",
        "functions of the outside",
    ),
    w(
        "test",
        "test \"${1:what holds}\" {\n  $0\n}",
        "run by `weir test`, also with crashes",
    ),
    w(
        "test with a mock",
        "test \"${1:what holds}\" {\n  mock(${2:payments.charge}, (${3:card, amount}) => ${4:\"ch_1\"})\n  $0\n}",
        "with an answer for a function of the outside",
    ),
    w(
        "test with values",
        "test \"${1:what holds}\" (${2:n: Int}) {\n  $0\n}",
        "with made-up inputs, small ones first",
    ),
];

const PUBLIC: &[Word] = &[
    w(
        "fn",
        "fn ${1:name}($2)${3: -> ${4:Int}} {\n  $0\n}",
        "a function that can be called over HTTP",
    ),
    w(
        "stream",
        "stream ${1:entries}: ${2:Entry}$0",
        "a stream that takes entries over HTTP",
    ),
    w(
        "view",
        "view ${1:name} =\n  for ${2:row} in ${3:Entity}\n  select $0",
        "a query that is kept up to date, read over HTTP",
    ),
];

const ENTITY: &[Word] = &[
    w("state", "state ${1:name}: ${2:Int} = ${3:0}", "what lasts"),
    w(
        "pub state",
        "pub state ${1:name}: ${2:Int} = ${3:0}",
        "what lasts, and may be read from outside",
    ),
    w(
        "merge",
        "merge ${1:name}: ${2:Counter}",
        "what lasts, and of which changes merge",
    ),
    w(
        "pub merge",
        "pub merge ${1:name}: ${2:Counter}",
        "what lasts, of which changes merge, and may be read from outside",
    ),
    w(
        "fn",
        "fn ${1:name}($2) {\n  $0\n}",
        "a handler: a transaction",
    ),
    w(
        "pub fn",
        "pub fn ${1:name}($2) {\n  $0\n}",
        "a handler that can be called over HTTP",
    ),
    w(
        "invariant",
        "invariant ${0:condition}",
        "holds whenever a transaction ends",
    ),
    w(
        "allow",
        "allow ${0:caller.id == owner}",
        "who may call from outside",
    ),
];

const WORKFLOW: &[Word] = &[
    w(
        "run",
        "pub fn run($1)${2: -> ${3:Int}} {\n  $0\n}",
        "what a run does",
    ),
    w("event", "event ${1:name}($2)", "what the run can wait for"),
    w(
        "pub event",
        "pub event ${1:name}($2)",
        "what the run can wait for, from outside",
    ),
];

const PUBLIC_MEMBER: &[Word] = &[
    w(
        "fn",
        "fn ${1:name}($2) {\n  $0\n}",
        "a handler that can be called over HTTP",
    ),
    w(
        "state",
        "state ${1:name}: ${2:Int} = ${3:0}",
        "what lasts, and may be read from outside",
    ),
    w(
        "merge",
        "merge ${1:name}: ${2:Counter}",
        "what lasts, of which changes merge, and may be read from outside",
    ),
];

const EXTERN: &[Word] = &[w(
    "fn",
    "fn ${1:name}($2)${3: -> ${4:Text}}",
    "a function of the outside",
)];

const STATEMENTS: &[Word] = &[
    w("let", "let ${1:name} = $0", "a name for a value"),
    w("var", "var ${1:name} = $0", "a variable that changes"),
    w(
        "scratch let",
        "scratch let ${1:name} = parallel for ${2:item} in ${3:items} select $0",
        "temporary data: in no log, computed again when it is lost",
    ),
    w(
        "while",
        "while ${1:condition} {\n  $0\n}",
        "again and again",
    ),
    w(
        "require",
        "require ${1:condition} else ${0:Error}",
        "fails unless it holds",
    ),
    w("return", "return $0", "leaves the function"),
    w(
        "if else",
        "if ${1:condition} {\n  $2\n} else {\n  $0\n}",
        "one or the other",
    ),
    w(
        "scratch let",
        "scratch let ${1:rows} = parallel for ${2:f} in ${3:files}, ${4:line} in ${2:f}.lines()\n  select $0",
        "temporary data: made in tasks, kept nowhere, gone behind its last use",
    ),
];

const IN_TESTS: &[Word] = &[
    w(
        "expect",
        "expect $0",
        "ends the test where it does not hold",
    ),
    w(
        "expect is",
        "expect ${1:call} is Ok(${2:_})$0",
        "what a call comes out as",
    ),
];

const IN_LOOPS: &[Word] = &[
    w("break", "break", "leaves the loop"),
    w("continue", "continue", "goes on with the next"),
];

const EXPRESSIONS: &[Word] = &[
    w("if", "if ${1:condition} {\n  $0\n}", "when it holds"),
    w("match", "match ${1:value} {\n  $0\n}", "by what a value is"),
    w(
        "for",
        "for ${1:item} in ${2:items} {\n  $0\n}",
        "for each of them",
    ),
    w(
        "for select",
        "for ${1:item} in ${2:items} select ${0:item}",
        "a list of what is made of each",
    ),
    w(
        "parallel for",
        "parallel for ${1:item} in ${2:items} select ${0:item}",
        "for each of them, all at once",
    ),
    w(
        "parallel",
        "parallel {\n  $1\n  $0\n}",
        "branches at the same time",
    ),
    w(
        "send",
        "send $0",
        "makes the call later, exactly once, without waiting",
    ),
    w(
        "atomic",
        "atomic {\n  $0\n}",
        "one transaction of several calls",
    ),
    w("fail", "fail ${0:Error}", "makes the call fail"),
    w(
        "wait",
        "wait {\n  ${1:event} => $2\n  after ${3:1d} => $0\n}",
        "for an event, or the deadline",
    ),
    w("peek", "peek $0", "reads without waiting for the newest"),
    w("not", "not $0", "the other way round"),
    w("true", "true", "a Bool"),
    w("false", "false", "a Bool"),
];

fn words_of(cursor: &Cursor, words: &[Word]) -> Vec<Completion> {
    words
        .iter()
        .map(|word| of(cursor, word, Near::Keyword))
        .collect()
}

fn of(cursor: &Cursor, word: &Word, near: Near) -> Completion {
    let is_word = !word.label.contains(' ') || word.label.starts_with("pub ");
    let kind = match is_word {
        true => Suggested::Keyword,
        false => Suggested::Snippet,
    };
    let mut one = plain(cursor, word.label, kind, near);
    one.detail = Some(word.what.to_owned());
    if !is_word {
        one.insert.clear();
    }
    one.snippet = (word.snippet != word.label).then(|| word.snippet.to_owned());
    one
}

/// Where items begin.
pub fn top(cursor: &Cursor, kind: Top) -> Vec<Completion> {
    match kind {
        Top::Any => words_of(cursor, TOP),
        Top::Public => words_of(cursor, PUBLIC),
        Top::Attributed => {
            let fits =
                |word: &&Word| matches!(word.label, "fn" | "pub fn" | "error" | "every" | "view");
            let words = TOP.iter().filter(fits);
            words.map(|word| of(cursor, word, Near::Keyword)).collect()
        }
    }
}

/// The streams of which `on` takes entries.
pub fn streams(cursor: &Cursor) -> Vec<Completion> {
    let Some(file) = cursor.snapshot.file(cursor.file) else {
        return Vec::new();
    };
    let is_written = cursor.behind().trim_start().starts_with('(');
    let seen = file.names.seen.iter();
    let streams = seen.filter_map(|(name, def)| match def {
        Def::Stream(id) => Some((name, id)),
        _ => None,
    });
    streams
        .map(|(name, id)| {
            let stream = &cursor.snapshot.checked().streams[id.0 as usize];
            let kind = Suggested::Declared(Kind::Stream);
            let mut one = plain(cursor, name, kind, Near::Wanted);
            let shown = cursor.snapshot.show(stream.span, &stream.ty);
            one.detail = Some(format!("stream {name}: {shown}"));
            one.declared = Some(stream.span);
            if !is_written {
                one.snippet = Some(format!("{name}(${{1:entry}}) {{\n  $0\n}}"));
            }
            one
        })
        .collect()
}

/// Where members begin.
pub fn member(cursor: &Cursor, kind: Of) -> Vec<Completion> {
    match kind {
        Of::Entity => words_of(cursor, ENTITY),
        Of::Workflow => {
            let mut all = words_of(cursor, WORKFLOW);
            all.extend(words_of(cursor, ENTITY));
            all
        }
        Of::Extern => words_of(cursor, EXTERN),
        Of::PublicEntity => words_of(cursor, PUBLIC_MEMBER),
        Of::PublicWorkflow => {
            let mut all = words_of(cursor, PUBLIC_MEMBER);
            all.extend(words_of(cursor, &WORKFLOW[1..2]));
            all
        }
    }
}

/// Words as they are, in their order.
pub fn words(cursor: &Cursor, words: &[&str]) -> Vec<Completion> {
    let numbered = words.iter().zip(b'a'..);
    let one = |(word, at): (&&str, u8)| {
        let mut one = plain(cursor, word, Suggested::Keyword, Near::Wanted);
        one.sort = sort(0, Near::Wanted, &(at as char).to_string(), "");
        one
    };
    numbered.map(one).collect()
}

/// Words that begin a statement.
pub fn statement(cursor: &Cursor, in_test: bool) -> Vec<Completion> {
    let mut all = words_of(cursor, STATEMENTS);
    if in_test {
        all.extend(words_of(cursor, IN_TESTS));
    }
    all.extend(words_of(cursor, EXPRESSIONS));
    all
}

/// Words that may stand in place of a value: those that leave.
pub fn leaving(cursor: &Cursor) -> Vec<Completion> {
    let leaves = |word: &&Word| matches!(word.label, "return" | "break" | "continue");
    let words = STATEMENTS.iter().chain(IN_LOOPS).filter(leaves);
    words.map(|word| of(cursor, word, Near::Keyword)).collect()
}

/// Words that leave or go on in a loop.
pub fn in_loop(cursor: &Cursor) -> Vec<Completion> {
    words_of(cursor, IN_LOOPS)
}

/// Words that begin an expression. Those of control flow are rarely meant inside of others.
pub fn expression(cursor: &Cursor) -> Vec<Completion> {
    words_of(cursor, EXPRESSIONS)
}
