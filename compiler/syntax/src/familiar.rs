//! Names that people bring from other languages.

/// The type that is called so elsewhere, in any case: `string` and `String` are `Text`.
pub fn type_name(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "string" | "str" | "char" | "varchar" | "nvarchar" => "Text",
        "int" | "integer" | "long" | "short" | "byte" | "number" | "bigint" | "uint" | "i8"
        | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" | "int32"
        | "int64" => "Int",
        "bool" | "boolean" => "Bool",
        "float" | "double" | "real" | "f32" | "f64" | "float64" => "Float",
        "decimal" | "numeric" | "bigdecimal" => "Decimal",
        "array" | "vec" | "vector" | "arraylist" | "slice" | "seq" | "sequence" => "List",
        "dict" | "hashmap" | "dictionary" | "treemap" | "btreemap" => "Map",
        "hashset" | "treeset" | "btreeset" => "Set",
        "datetime" | "instant" | "timestamp" => "Time",
        "timedelta" | "timespan" | "interval" => "Duration",
        "blob" | "file" | "attachment" => "Blob",
        "buffer" | "bytearray" | "bytestring" => "Bytes",
        "gcounter" | "pncounter" => "Counter",
        "orset" | "awset" | "twophaseset" => "AddSet",
        "gset" => "GrowSet",
        "lwwregister" | "lww" | "register" => "Latest",
        "maxregister" => "MaxOf",
        "minregister" => "MinOf",
        "ormap" | "lwwmap" => "MergeMap",
        _ => return None,
    })
}

/// What a function or method that is called so elsewhere is called here, or how it is written.
pub enum Familiar {
    /// A function of another name that is used the same way, if the type has one of that name.
    Named(&'static str),
    /// Something else: the sentence that says what.
    Written(&'static str),
}

/// A function that stands alone elsewhere: `len(xs)`, `parseInt(s)`.
pub fn function(name: &str) -> Option<&'static str> {
    Some(match name {
        "print" | "println" | "printf" | "puts" | "echo" | "console" => {
            "a program has no screen: answer the value, look at it with `expect` in a test, or write it to the log"
        }
        "len" | "length" | "size" | "count" => "write `xs.length()`",
        "str" | "string" | "toString" | "to_string" | "String" => {
            "put the value into a text: `\"{value}\"`"
        }
        "today" => "write `now().date()`, which is the day in UTC",
        "time" | "datetime" | "date" | "Date" => "the time is `now()`, the day `now().date()`",
        "env" | "getenv" => {
            "write `config(\"name\")` for a setting, `secret(\"name\")` for a secret"
        }
        "uuid" | "uuid4" | "uuidv4" | "nanoid" | "gen_random_uuid" => "write `fresh_id()`",
        "sha1" | "md5" | "hash" => "write `bytes.sha256()`; `weir doc crypto` shows more",
        "floor" | "ceil" | "round" | "abs" | "sqrt" | "pow" => "call it on the number: `x.round()`",
        "upper" | "lower" | "trim" | "ucase" | "lcase" => "call it on the text: `text.upper()`",
        "coalesce" | "ifnull" | "nvl" => "write `value ?? other`",
        "set" | "hashSet" | "frozenset" => {
            "write `xs.to_set()`, or a list where a `Set` is wanted: `[1, 2]`"
        }
        "list" | "array" | "vec" => {
            "write `[1, 2]`; of a set or a map: `.to_list()`, `.keys()`, `.values()`"
        }
        "dict" | "map" | "hashmap" => "write `[key: value]`, and `[:]` for an empty one",
        "listOf" | "mutableListOf" | "arrayOf" | "emptyList" => {
            "write `[1, 2]`, and `[]` for an empty one"
        }
        "mapOf" | "mutableMapOf" | "emptyMap" => "write `[key: value]`, and `[:]` for an empty one",
        "setOf" | "mutableSetOf" => {
            "write a list where a `Set` is wanted, `[1, 2]`, or `xs.to_set()`"
        }
        "avg" | "mean" => {
            "write `xs.average(x => x.total)`, or `average(x.total)` behind `group by`"
        }
        "sorted" => "write `xs.sort()`, or `xs.sort_by(x => x.name)`",
        "reversed" => "write `xs.reverse()`",
        "zip" | "enumerate" => "call it on the list: `xs.enumerate()`, `xs.zip(ys)`",
        "parseInt" | "atoi" | "int" => "write `text.to_int()`: it gives an `Int?`",
        "parseFloat" | "float" | "atof" => "write `text.to_decimal()`: it gives a `Decimal?`",
        "setTimeout" | "setInterval" | "delay" => {
            "write `sleep(5s)` in a workflow, or `send self.f() after 5s`"
        }
        "assertEquals" | "assertEqual" | "assert_eq" | "assertThat" => "write `expect a == b`",
        "isinstance" | "typeof" | "type" => "types are known where the program is written",
        "panic" | "error" | "exit" | "die" => {
            "write `fail Error(..)` for what may happen; a broken `invariant` or `expect` is a mistake"
        }
        "fetch" | "axios" | "request" | "requests" => {
            "write `http.get(..)`, or declare an `extern` from \"http:name\""
        }
        _ => return None,
    })
}

/// A value that is there by itself elsewhere.
pub fn value(name: &str) -> Option<&'static str> {
    Some(match name {
        "this" => {
            "state and keys of an entity are called by their names; the entity itself is `self`"
        }
        "console" => "to see a value, look at it with `expect` in a test",
        _ => return None,
    })
}

/// What a function of a part of the library is called elsewhere: `json.stringify(..)`.
pub fn in_library(part: &str, name: &str) -> Option<&'static str> {
    Some(match (part, name) {
        ("json", "stringify" | "dumps" | "dump" | "write" | "show" | "to_text") => "encode",
        ("json", "loads" | "load" | "read") => "parse",
        ("log", "warning") => "warn",
        ("log", "trace") => "debug",
        ("log", "err" | "fatal" | "critical") => "error",
        ("random", "randint" | "range" | "next" | "integer") => "int",
        ("random", "choice" | "sample") => "pick",
        ("id", "new" | "next" | "uuid" | "make") => "fresh",
        _ => return None,
    })
}

/// A module of other libraries: `regex.match(..)`, `base64.encode(..)`.
pub fn library(name: &str) -> Option<&'static str> {
    Some(match name {
        "regex" | "re" | "regexp" => {
            "patterns are functions of texts: `text.matches(\"^[0-9]+$\")`, `find`, `captures`; `weir doc pattern` shows them"
        }
        "base64" => "write `bytes.base64()`, and `text.from_base64()` to read it",
        "hex" => "write `bytes.hex()`, and `text.from_hex()` to read it",
        "uuid" | "ulid" | "nanoid" => {
            "write `fresh_id()`, or `OrderId.fresh()` with `type OrderId = new Text`"
        }
        "rand" => "write `random()`, or `random.int(1, 7)`; `weir doc random` shows more",
        "hashlib" | "hash" | "sha256" => "write `bytes.sha256()`; `weir doc crypto` shows more",
        "bcrypt" | "argon2" | "scrypt" => {
            "write `crypto.hash_password(password)` and `crypto.verify_password(password, hash)`"
        }
        "logging" | "logger" | "console" => "write `log.info(\"paid\", order: id)`",
        "env" | "process" | "os" | "settings" => {
            "write `config(\"name\")` for a setting, `secret(\"name\")` for a secret"
        }
        "datetime" | "calendar" => {
            "the time is `now()`; `weir doc time` and `weir doc date` show what can be done with it"
        }
        "strings" | "string" | "str" => {
            "call it on the text: `text.upper()`; `weir doc text` shows what there is"
        }
        "url" | "urllib" => "write `text.encode_url()` and `text.decode_url()`",
        "json" => "write `json.parse(text)`, `json.decode(text)` or `json.encode(value)`",
        _ => return None,
    })
}

/// What is asked of a name with a capital elsewhere: `Math.sqrt(x)`.
pub fn namespace(name: &str) -> Option<&'static str> {
    Some(match name {
        "Int" | "Integer" | "Number" => "read a number with `text.to_int()`, which gives an `Int?`",
        "Decimal" => "write `.to_decimal()` behind the value",
        "Float" => "write `.to_float()` behind the value",
        "Text" | "String" => "put the value into a text: `\"{value}\"`",
        "Money" => "write `20USD`, or `money(amount, \"USD\")`",
        "Blob" => "write `blob.of(bytes, \"image/png\")`, or `blob.of_text(text)`",
        "Math" => "call it on the number: `x.sqrt()`",
        "Date" | "DateTime" | "Instant" => "the time is `now()`",
        "JSON" => "write `json.encode(value)`, `json.parse(text)` or `json.decode(text)`",
        "Set" | "HashSet" => "write `xs.to_set()`, or a list where a `Set` is wanted: `[1, 2]`",
        "List" | "Array" | "Vec" => "write `[1, 2]`, and `[]` for an empty one",
        "Map" | "HashMap" | "Dict" | "Object" => "write `[key: value]`, and `[:]` for an empty one",
        "Promise" | "Task" | "Future" => {
            "a call waits by itself; several at once are `parallel { a(), b() }`"
        }
        "System" | "Console" => "to see a value, look at it with `expect` in a test",
        _ => return None,
    })
}

/// A method: `xs.append(1)`, `s.toUpperCase()`.
pub fn method(name: &str) -> Option<Familiar> {
    use Familiar::{Named, Written};
    Some(match name {
        "len" | "size" | "count" | "len_utf8" => Named("length"),
        "append" | "push_back" | "addLast" | "add" => Named("push"),
        "forEach" | "for_each" | "each" | "foreach" => {
            Written("write a loop: `for x in xs { .. }`")
        }
        "unwrap" | "expect" | "get_or_insert" => Written(
            "say what happens without it: `?? other`, `?? fail Error`, or `if value is Some(x) { .. }`",
        ),
        "unwrap_or" | "or_else" | "orElse" | "getOrElse" | "get_or_else" => {
            Written("write `value ?? other`")
        }
        "toUpperCase" | "to_uppercase" | "toUpper" | "upcase" | "to_upper" => Named("upper"),
        "toLowerCase" | "to_lowercase" | "toLower" | "downcase" | "to_lower" => Named("lower"),
        "includes" | "has" | "includes_key" | "contains_key" | "containsKey" | "member" => {
            Named("contains")
        }
        "substring" | "substr" | "subList" => Named("slice"),
        "strip" => Named("trim"),
        "reduce" | "foldl" | "inject" => Named("fold"),
        "toString" | "to_string" | "str" => Written("put it into a text: `\"{value}\"`"),
        "peek" => Written("write `peek` in front: `peek Page(url).likes`"),
        "toBe" | "toEqual" | "should" => Written("write `expect a == b`"),
        "isEmpty" | "empty" => Named("is_empty"),
        "some" | "anyMatch" => Named("any"),
        "every" | "allMatch" => Named("all"),
        "findIndex" | "find_index" | "indexWhere" => Named("position"),
        "unshift" | "prepend" => Written("write `xs.insert(0, x)`"),
        "extend" | "addAll" | "append_all" | "push_all" => Written("write `xs = xs.concat(ys)`"),
        "not" => Written("write `not` in front: `not x`"),
        "put" => Written("write `m[key] = value`"),
        "hasOwnProperty" | "has_key" | "hasKey" => Named("has"),
        "test" | "match" | "isMatch" | "is_match" => Named("matches"),
        "strftime" | "toLocaleString" | "toFormat" => Named("format"),
        "toISOString" | "isoformat" => Written("put it into a text: `\"{value}\"`"),
        "getTime" | "timestamp" | "unix" => Named("to_micros"),
        "getFullYear" => Named("year"),
        "getMonth" => Named("month"),
        "getDate" => Named("day"),
        "getDay" => Named("weekday"),
        "getHours" => Named("hour"),
        "getMinutes" => Named("minute"),
        "getSeconds" => Named("second"),
        "toFixed" => Written("write `x.round(2)` for the value, and put it into a text"),
        "charAt" | "char_at" => {
            Written("write `text.slice(0, 1)`, or `text.chars()` for all of them")
        }
        "startswith" | "startsWith" => Named("starts_with"),
        "endswith" | "endsWith" => Named("ends_with"),
        "replaceAll" | "replace_all" | "gsub" => Named("replace"),
        "keySet" => Named("keys"),
        "flatMap" | "selectMany" => Named("flat_map"),
        "sortBy" => Named("sort_by"),
        "groupBy" => Named("group_by"),
        _ => return None,
    })
}
