//! Parts of the libraries of other languages, and what functions of ours are called there.

/// What a function of a part of the library is called elsewhere: `json.stringify(..)`. The name is in snake case.
pub fn in_library(part: &str, name: &str) -> Option<&'static str> {
    Some(match (part, name) {
        ("json", "stringify" | "dumps" | "dump" | "write" | "show" | "to_text") => "encode",
        ("json", "loads" | "load" | "read") => "parse",
        ("log", "warning") => "warn",
        ("log", "trace") => "debug",
        ("log", "err" | "fatal" | "critical") => "error",
        ("random", "randint" | "range" | "next" | "integer" | "next_int" | "between") => "int",
        ("random", "choice" | "element" | "one_of") => "pick",
        ("random", "choices" | "weighted" | "weighted_choice") => "pick_by",
        ("random", "boolean" | "coin") => "bool",
        ("id", "new" | "next" | "uuid" | "make" | "generate") => "fresh",
        ("regex", "match" | "test" | "is_match" | "fullmatch") => "matches",
        ("regex", "search" | "first") => "find",
        ("regex", "findall" | "match_all" | "all" | "find_iter" | "finditer") => "find_all",
        ("regex", "exec" | "groups" | "capture") => "captures",
        ("regex", "replace" | "replace_all" | "sub" | "gsub") => "replace_matches",
        ("regex", "split") => "split_matches",
        ("regex", "escape" | "quote") => "escape_pattern",
        ("base64", "b64encode" | "btoa" | "encode_to_string" | "from_bytes") => "encode",
        ("base64", "b64decode" | "atob" | "decode_string" | "to_bytes") => "decode",
        ("base64", "urlsafe_b64encode" | "encode_url_safe" | "url_encode") => "encode_url",
        ("base64", "urlsafe_b64decode" | "decode_url_safe" | "url_decode") => "decode_url",
        ("hex", "hexlify" | "encode_to_string" | "from_bytes") => "encode",
        ("hex", "unhexlify" | "decode_string" | "to_bytes") => "decode",
        ("csv", "parse" | "read" | "decode" | "reader" | "loads") => "parse_csv",
        ("csv", "dict_reader" | "records" | "read_records") => "parse_csv_records",
        ("csv", "write" | "encode" | "stringify" | "writer" | "show" | "dumps") => "to_csv",
        ("crypto", "hmac" | "create_hmac") => "hmac_sha256",
        ("crypto", "hash" | "digest" | "create_hash") => "sha256",
        (
            "crypto",
            "compare_digest" | "timing_safe_equal" | "constant_time_equals" | "constant_time_eq",
        ) => "equals_in_constant_time",
        ("crypto", "verify" | "verify_ed25519" | "ed25519_verify") => "is_signed_ed25519",
        ("crypto", "bcrypt" | "argon2" | "scrypt") => "hash_password",
        ("math", "max" | "maximum") => "greater",
        ("math", "min" | "minimum") => "lesser",
        ("time", "parse" | "strptime") => "to_time",
        ("time", "strftime") => "format",
        ("date", "parse" | "strptime") => "to_date",
        ("date", "of" | "new") => "date",
        ("money", "of" | "new") => "money",
        ("money", "parse") => "to_money",
        _ => return None,
    })
}

/// How something is written that is a function of a part elsewhere and none here: `time.now()`.
pub fn in_library_written(part: &str, name: &str) -> Option<&'static str> {
    Some(match (part, name) {
        ("time", "now" | "time") => "write `now()`",
        ("time", "sleep") => "write `sleep(5s)` in a workflow",
        ("date", "today" | "now") => "write `now().date()`, which is the day in UTC",
        ("random" | "math", "random" | "uniform" | "float" | "next_float") => {
            "write `random()`: a number from 0 up to 1"
        }
        ("random", "seed") => "leave it away: a step that runs again draws the same by itself",
        ("random" | "crypto", "bytes" | "random_bytes" | "token_hex" | "get_random_values") => {
            "what a program draws is no secret: take keys from outside, with `secret(\"name\")`; a new id is `fresh_id()`"
        }
        ("random" | "crypto", "random_uuid" | "uuid" | "uuid4") => "write `fresh_id()`",
        ("crypto", "sha1" | "md5") => "others can forge those: write `bytes.sha256()`",
        ("id", "v4" | "uuid4" | "v7") => "write `id.fresh()`, or `fresh_id()`",
        ("math", "log") => "write `x.ln()`, `x.log2()` or `x.log10()` of a float",
        ("math", "e") => "write `1.0f.exp()`",
        ("config", "get" | "read" | "env") => {
            "write `config(\"name\")`, or `config(\"name\", other)`"
        }
        ("secret", "get" | "read" | "env") => {
            "write `secret(\"name\")`, and `.reveal()` where it is needed"
        }
        ("list", "of" | "new" | "from" | "empty") => "write `[1, 2]`, and `[]` for an empty one",
        ("list", "filled" | "fill") => "write `[0].repeat(3)`",
        ("list", "range") => "write `0.range(10)`",
        ("map", "of" | "new" | "from" | "empty") => {
            "write `[key: value]`, and `[:]` for an empty one"
        }
        ("set", "of" | "new" | "from" | "empty") => "write `set_of([1, 2])`",
        ("text", "join") => "it is the list that is joined: `xs.join(\", \")`",
        ("text", "from" | "of" | "str") => "put the value into a text: `\"{value}\"`",
        ("int", "parse" | "from" | "of") => "write `text.to_int()`: it gives an `Int?`",
        ("decimal", "parse" | "from" | "of") => "write `text.to_decimal()`: it gives a `Decimal?`",
        ("float", "parse" | "from" | "of") => "write `text.to_float()`: it gives a `Float?`",
        ("log", "print" | "log" | "write") => "write `log.info(\"paid\", order: id)`",
        _ => return None,
    })
}

/// A module of other libraries: `re.match(..)`, `uuid.v4()`.
pub fn library(name: &str) -> Option<&'static str> {
    Some(match name {
        "re" | "regexp" | "pattern" => {
            "write `regex.matches(text, \"^[0-9]+$\")`, or `text.matches(..)`; `weir doc regex` shows more"
        }
        "binascii" => "write `hex.encode(bytes)` and `hex.decode(text)`",
        "uuid" | "ulid" | "nanoid" => {
            "write `fresh_id()`, or `OrderId.fresh()` with `type OrderId = new Text`"
        }
        "rand" => "write `random()`, or `random.int(1, 7)`; `weir doc random` shows more",
        "hashlib" | "hash" | "sha256" => "write `bytes.sha256()`; `weir doc crypto` shows more",
        "hmac" => "write `message.hmac_sha256(key)`; both are bytes",
        "bcrypt" | "argon2" | "scrypt" => {
            "write `crypto.hash_password(password)` and `crypto.verify_password(password, hash)`"
        }
        "logging" | "logger" | "console" => "write `log.info(\"paid\", order: id)`",
        "env" | "process" | "os" | "settings" => {
            "write `config(\"name\")` for a setting, `secret(\"name\")` for a secret"
        }
        "datetime" | "calendar" | "moment" | "chrono" => {
            "the time is `now()`; `weir doc time` and `weir doc date` show what can be done with it"
        }
        "strings" | "string" | "str" => {
            "call it on the text: `text.upper()`; `weir doc text` shows what there is"
        }
        "lists" | "itertools" | "functools" | "collections" | "lodash" => {
            "call it on the list: `xs.chunks(2)`; `weir doc list` shows what there is"
        }
        "statistics" => "call it on the list: `xs.average()`, `xs.percentile(0.5)`",
        "url" | "urllib" => "write `text.encode_url()` and `text.decode_url()`",
        "json" => "write `json.parse(text)`, `json.decode(text)` or `json.encode(value)`",
        _ => return None,
    })
}
