//! Names that people bring from other languages.

mod library;
mod method;

pub use library::{in_library, in_library_written, library};
pub use method::{named, written, written_of};

/// `startOfMonth` as names are written here: `start_of_month`.
pub fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        // `toISOString`: a word begins behind a small letter, and in front of one.
        let is_small = |at: Option<usize>| {
            let letter = at.and_then(|at| letters.get(at));
            letter.is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        let begins =
            letter.is_ascii_uppercase() && (is_small(at.checked_sub(1)) || is_small(Some(at + 1)));
        if begins && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

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
        "divmod" => {
            "write `a.div_floor(b)` and `a.mod_floor(b)`, or `/` and `%`, which cut towards zero"
        }
        "btoa" | "b64encode" => {
            "write `base64.encode(bytes)`; of a text: `text.to_bytes().base64()`"
        }
        "atob" | "b64decode" => "write `base64.decode(text)`: it gives a `Bytes?`",
        "hexlify" | "bin2hex" => "write `hex.encode(bytes)`",
        "unhexlify" | "hex2bin" => "write `hex.decode(text)`: it gives a `Bytes?`",
        "encodeURIComponent" | "urlencode" => "write `text.encode_url()`",
        "decodeURIComponent" | "urldecode" => "write `text.decode_url()`: it gives a `Text?`",
        "hmac" => "write `message.hmac_sha256(key)`; both are bytes",
        "randint" | "randrange" => "write `random.int(1, 7)`",
        "choice" => "write `xs.pick()`",
        "ord" => "write `text.code_points()`",
        "chr" => "write `[97].from_code_points()`: it gives a `Text?`",
        "strptime" => "write `text.to_time(\"%d.%m.%Y\")`, or `text.to_date(..)`",
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

/// What is asked of a name with a capital elsewhere: `Math.sqrt(x)`.
pub fn namespace(name: &str) -> Option<&'static str> {
    Some(match name {
        "Int" | "Integer" | "Number" => "read a number with `text.to_int()`, which gives an `Int?`",
        "Decimal" => "write `.to_decimal()` behind the value",
        "Float" => "write `.to_float()` behind the value",
        "Text" | "String" => "put the value into a text: `\"{value}\"`",
        "Money" => "write `20USD`, or `money(amount, \"USD\")`",
        "Blob" => "write `blob.of(bytes, \"image/png\")`, or `blob.of_text(text)`",
        "Math" => {
            "call it on the number: `x.sqrt()`, `a.greater(b)`; `math.pi()` is a function of the library"
        }
        "Regex" | "RegExp" | "Pattern" => {
            "patterns are texts: `text.matches(\"^[0-9]+$\")`; `weir doc regex` shows more"
        }
        "Base64" => "write `base64.encode(bytes)` and `base64.decode(text)`",
        "Buffer" | "Bytes" => {
            "write `text.to_bytes()`, `[1, 2].to_bytes()`, `base64.decode(text)` or `hex.decode(text)`"
        }
        "Duration" | "TimeSpan" => "write `90m`, `1h30m`; of a number: `1s * n`",
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

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn words_begin_with_capitals() {
        for (name, here) in [
            ("startOfMonth", "start_of_month"),
            ("toISOString", "to_iso_string"),
            ("randomUUID", "random_uuid"),
            ("StartsWith", "starts_with"),
            ("b64encode", "b64encode"),
            ("to_text", "to_text"),
            ("PI", "pi"),
        ] {
            assert_eq!(snake_case(name), here);
        }
    }
}
