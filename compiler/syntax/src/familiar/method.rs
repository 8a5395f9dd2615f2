//! Methods of other languages: `xs.append(1)`, `s.toUpperCase()`.

/// The functions that a method in snake case may be called here: it is the first of them that the type has.
pub fn named(word: &str) -> &'static [&'static str] {
    any(word).unwrap_or_default()
}

/// How something is written that is no function of another name, as a sentence. `of` is the type without its arguments: `List`.
pub fn written_of(of: &str, word: &str) -> Option<&'static str> {
    match of {
        "Text" => of_text(word),
        "List" => of_list(word),
        "Map" => of_map(word),
        "Int" => of_int(word).or_else(|| of_number(word)),
        "Decimal" | "Float" => of_number(word),
        "Money" => of_money(word),
        "Duration" => of_duration(word),
        "Time" => of_time(word).or_else(|| of_day(word)),
        "Date" => of_day(word),
        _ => None,
    }
}

fn any(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        // Of anything that has items.
        "len" | "size" | "count" | "len_utf8" => &["length", "size"],
        "empty" | "is_empty" => &["is_empty"],
        "includes" | "has" | "includes_key" | "contains_key" | "has_key" | "has_own_property"
        | "member" | "contains" | "is_member" => &["contains", "has"],
        "append" | "push_back" | "add_last" | "add" => &["push"],
        "substring" | "substr" | "sub_list" | "subarray" => &["slice"],
        "skip" => &["drop"],
        "limit" => &["take"],
        "take_last" | "take_right" | "last_n" => &["tail"],
        "drop_right" | "skip_last" | "but_last" => &["drop_last"],
        "skip_while" => &["drop_while"],
        "head" | "front" => &["first"],
        "back" => &["last"],
        "nth" | "at" | "element_at" | "get_or_null" | "get_or_none" => &["get"],
        "index" | "index_of_first" => &["index_of", "position"],
        "find_index" | "index_where" => &["position"],
        "find_first" | "first_where" | "detect" => &["find"],
        "last_index" | "rindex" | "rfind" => &["last_index_of"],
        "reversed" | "rev" | "to_reversed" => &["reverse"],
        "sorted" | "to_sorted" => &["sort"],
        "sort_by_key" | "sorted_by" | "order_by" => &["sort_by"],
        "sorted_with" => &["sort_with"],
        "sort_desc" | "sort_descending" | "sorted_descending" | "sort_reverse" => &["sort_down"],
        "sort_by_descending" | "sorted_by_descending" | "sort_desc_by" | "order_by_desc" => {
            &["sort_down_by"]
        }
        "fold_left" | "foldl" | "inject" | "aggregate" => &["fold"],
        "reduce" => &["reduce", "fold"],
        "running_fold" | "running_total" | "scanl" | "accumulate" => &["scan"],
        "select_many" | "and_then" | "concat_map" | "bind" => &["flat_map"],
        "map_not_null" | "compact_map" => &["filter_map"],
        "compact" | "filter_not_null" | "without_none" => &["present"],
        "flat" => &["flatten"],
        "retain" | "where" | "keep_if" => &["filter"],
        "some" | "any_match" | "exists" => &["any"],
        "every" | "all_match" => &["all"],
        "distinct" | "dedup" | "uniq" | "nub" => &["unique"],
        "distinct_by" | "uniq_by" | "dedup_by" | "dedup_by_key" => &["unique_by"],
        "chunk" | "chunked" | "batch" | "batched" | "in_groups_of" | "chunks_exact" => &["chunks"],
        "windowed" | "sliding" | "each_cons" => &["windows"],
        "with_index" | "zip_with_index" | "each_with_index" | "indexed" => &["enumerate"],
        "frequencies" | "count_by" | "counter" | "value_counts" | "counts" => &["tally"],
        "max_by_key" | "max_of" => &["max_by"],
        "min_by_key" | "min_of" => &["min_by"],
        "maximum" => &["max", "greater"],
        "minimum" => &["min", "lesser"],
        "max" => &["greater"],
        "min" => &["lesser"],
        "sum_of" | "sum_by" => &["sum"],
        "avg" | "average_by" | "mean" => &["average"],
        "shuffled" => &["shuffle"],
        "choice" | "random_element" | "random" | "rand" => &["pick"],
        "weighted_choice" | "pick_weighted" | "choices" => &["pick_by"],
        "set_at" | "update_at" | "with_at" | "with" => &["replace_at"],
        "delete_at" => &["remove_at"],
        "to_hash_set" | "into_set" | "as_set" => &["to_set"],
        "into_map" | "to_dict" | "to_object" | "from_entries" => &["to_map"],
        "items" | "pairs" | "to_list" => &["entries", "to_list"],
        "upsert" | "alter" => &["update"],
        "setdefault" | "get_or_put" | "compute_if_absent" => &["get_or"],
        "key_set" => &["keys"],
        "get_or_default" => &["get_or"],
        "omit" | "without_keys" => &["except"],
        "pick_keys" | "pick" | "select_keys" => &["only"],
        "combine" | "merge_with" => &["merge"],
        "assign" | "update_all" => &["union"],
        "transform_values" => &["map_values"],
        "intersection" | "retain_all" => &["intersect"],
        "subtract" | "minus" | "except" | "remove_all" => &["difference", "without", "except"],
        "plus" => &["with", "concat"],
        "sym_diff" | "xor" => &["symmetric_difference", "bit_xor"],
        "issubset" | "subset_of" => &["is_subset"],
        "issuperset" | "contains_all" | "superset_of" => &["is_superset"],
        "isdisjoint" => &["is_disjoint"],
        // Of texts.
        "to_upper_case" | "to_uppercase" | "to_upper" | "upcase" | "uppercase" => &["upper"],
        "to_lower_case" | "to_lowercase" | "to_lower" | "downcase" | "lowercase" => &["lower"],
        "casefold" => &["fold_case"],
        "equals_ignore_case" | "eq_ignore_ascii_case" => &["equals_ignoring_case"],
        "ucfirst" | "upper_first" => &["capitalize"],
        "strip" => &["trim"],
        "lstrip" | "trim_left" => &["trim_start"],
        "rstrip" | "trim_right" | "chomp" => &["trim_end"],
        "startswith" | "has_prefix" | "begins_with" => &["starts_with"],
        "endswith" | "has_suffix" => &["ends_with"],
        "removeprefix" | "trim_prefix" | "remove_prefix" | "delete_prefix" => &["strip_prefix"],
        "removesuffix" | "trim_suffix" | "remove_suffix" | "delete_suffix" => &["strip_suffix"],
        "cut" => &["split_once"],
        "splitlines" | "split_lines" => &["lines"],
        "split_whitespace" | "fields" => &["words"],
        "characters" | "to_char_array" => &["chars"],
        "char_code_at" | "code_point_at" | "ord" => &["code_points"],
        "replace_all" => &["replace"],
        "gsub" | "sub" | "replace_regex" => &["replace_matches", "replace"],
        "ljust" | "pad_right" => &["pad_end"],
        "rjust" | "pad_left" | "zfill" => &["pad_start"],
        "isspace" | "is_space" | "is_whitespace" => &["is_blank"],
        "nfc" | "unicode_normalize" => &["normalize"],
        "get_bytes" | "as_bytes" | "encode" | "bytes" | "to_byte_array" => &["to_bytes"],
        "decode" | "decode_utf8" | "to_utf8" => &["text"],
        "to_integer" | "to_i" | "parse_int" | "as_int" => &["to_int"],
        "to_f" | "to_double" | "parse_float" => &["to_decimal", "to_float"],
        "to_date_time" | "parse_time" => &["to_time"],
        "parse_date" => &["to_date"],
        "test" | "match" | "is_match" | "regex" => &["matches"],
        "find_iter" | "findall" | "match_all" => &["find_all"],
        "exec" | "groups" => &["captures"],
        "percent_encode" | "url_encode" | "urlencode" => &["encode_url"],
        "percent_decode" | "url_decode" | "urldecode" => &["decode_url"],
        "read_csv" => &["parse_csv"],
        // Of bytes.
        "to_hex" | "hexdigest" | "hex_encode" | "hexlify" => &["hex"],
        "hex_decode" | "unhexlify" => &["from_hex"],
        "to_base64" | "base64_encode" => &["base64"],
        "base64_decode" | "decode_base64" => &["from_base64"],
        "to_base64_url" | "base64_url" => &["base64url"],
        "from_base64_url" => &["from_base64url"],
        "timing_safe_equal" | "compare_digest" | "constant_time_eq" => &["equals_in_constant_time"],
        "hash" | "digest" => &["sha256"],
        "hmac" => &["hmac_sha256"],
        "to_array" => &["to_list"],
        "read_int_be" | "from_be_bytes" | "read_u_int32_be" | "big_endian" => &["to_int"],
        "to_be_bytes" => &["to_bytes"],
        // Of numbers.
        "to_fixed" | "fixed" => &["to_text"],
        "to_locale_string" | "with_commas" | "thousands" | "to_format" => &["format"],
        "truncate" | "trunc" => &["round_down", "trunc", "take"],
        "round_half_even" | "bankers_round" => &["round"],
        "ceiling" => &["ceil"],
        "power" => &["pow"],
        "log" => &["ln"],
        "signum" => &["sign"],
        "rem_euclid" | "floor_mod" | "modulo" => &["mod_floor"],
        "floor_div" | "div_euclid" => &["div_floor"],
        "coerce_in" | "clip" => &["clamp"],
        "coerce_at_least" => &["greater"],
        "coerce_at_most" => &["lesser"],
        "between" => &["is_between"],
        "to_number" => &["to_decimal"],
        "even" => &["is_even"],
        "and" => &["bit_and"],
        "or" => &["bit_or"],
        "shl" => &["shift_left"],
        "shr" => &["shift_right"],
        // Of money.
        "distribute" | "share" | "prorate" => &["allocate"],
        "cents" | "to_cents" => &["to_minor_units"],
        "exchange" | "convert_to" => &["convert"],
        // Of times.
        "strftime" => &["format"],
        "get_time" | "timestamp" | "unix" => &["to_micros"],
        "get_full_year" => &["year"],
        "get_month" => &["month"],
        "get_date" | "get_day_of_month" | "day_of_month" => &["day"],
        "get_day" | "day_of_week" | "iso_weekday" => &["weekday"],
        "iso_week" | "week_of_year" => &["week"],
        "get_hours" => &["hour"],
        "get_minutes" => &["minute"],
        "get_seconds" => &["second"],
        "plus_days" => &["add_days"],
        "plus_months" => &["add_months"],
        "plus_years" => &["add_years"],
        "astimezone" | "with_zone" | "at_zone" | "to_zone" => &["in_zone"],
        "truncated_to" | "floor_to" | "trunc_to" => &["window"],
        "to_iso_text" => &["to_text"],
        _ => return None,
    })
}

/// The same of values of any type.
pub fn written(word: &str) -> Option<&'static str> {
    Some(match word {
        "for_each" | "each" | "foreach" => "write a loop: `for x in xs { .. }`",
        "unwrap" | "expect" | "get_or_insert" => {
            "say what happens without it: `?? other`, `?? fail Error`, or `if value is Some(x) { .. }`"
        }
        "unwrap_or" | "or_else" | "get_or_else" => "write `value ?? other`",
        "is_some_and" => "write `value is Some(x) and ..`",
        "is_not_empty" | "non_empty" | "is_present" => "write `not xs.is_empty()`",
        "to_string" | "str" | "to_iso_string" | "isoformat" => "put it into a text: `\"{value}\"`",
        "peek" => "write `peek` in front: `peek Page(url).likes`",
        "to_be" | "to_equal" | "should" => "write `expect a == b`",
        "put" => "write `m[key] = value`",
        "not" => "write `not` in front: `not x`",
        "iter" | "into_iter" | "collect" | "to_vec" | "stream" | "iterator" | "as_sequence" => {
            "leave it away: lists, sets and maps are walked as they are"
        }
        "clone" | "copy" | "deep_copy" | "dup" => {
            "leave it away: nobody else who has a value can change it"
        }
        "compare" | "compare_to" | "cmp" | "locale_compare" => {
            "write `a < b`: every type is ordered"
        }
        _ => return None,
    })
}

fn of_list(word: &str) -> Option<&'static str> {
    Some(match word {
        "unshift" | "prepend" => "write `xs.insert(0, x)`",
        "init" | "initial" => "write `xs.drop_last(1)`",
        "rest" | "cdr" => "write `xs.drop(1)`",
        "to_map" => "write `xs.map(x => (x.id, x)).to_map()`",
        "join" | "join_to_string" | "join_to_text" | "mk_string" | "implode" => {
            "write `xs.join(\", \")`; of other things than texts, `xs.map(x => \"{x}\").join(\", \")`"
        }
        "fill" | "filled" => "write `[0].repeat(n)`",
        "without" | "remove_value" | "remove_item" => "write `xs.filter(x => x != y)`",
        "remove_all" | "minus" | "subtract" | "difference" | "except" => {
            "write `xs.filter(x => not ys.contains(x))`"
        }
        "contains_all" => "write `ys.all(y => xs.contains(y))`",
        "union" | "intersect" | "intersection" => {
            "sets have it: write `xs.to_set().union(ys.to_set())`"
        }
        "reduce_right" | "fold_right" | "foldr" => "turn it round: `xs.reverse().fold(..)`",
        "extend" | "add_all" | "append_all" | "push_all" => "write `xs = xs.concat(ys)`",
        "filter_not" | "reject" | "remove_if" | "remove_where" => "write `xs.filter(x => not ..)`",
        "none" | "none_match" => "write `not xs.any(..)`",
        "associate" | "associate_by" | "key_by" | "index_by" => {
            "write `xs.map(x => (x.id, x)).to_map()`"
        }
        "zip_with" => "write `xs.zip(ys).map(pair => pair.0 + pair.1)`",
        "split_at" => "write `(xs.take(n), xs.drop(n))`",
        "find_last" | "last_where" | "last_index_of" | "rfind" => {
            "turn it round: `xs.reverse().find(..)`"
        }
        "step_by" => "write `0.range(10, step: 2)` for numbers",
        "median" => "write `xs.percentile(0.5)`",
        "swap" => "write `let x = xs[a]`, then `xs[a] = xs[b]` and `xs[b] = x`",
        _ => return None,
    })
}

fn of_map(word: &str) -> Option<&'static str> {
    Some(match word {
        "map_keys" | "transform_keys" => "write `m.entries().map(entry => (.., entry.1)).to_map()`",
        "sum" | "average" | "product" => "ask its values: `m.values().sum()`",
        _ => return None,
    })
}

fn of_text(word: &str) -> Option<&'static str> {
    Some(match word {
        "count" => "write `text.length()`, or `text.occurrences(part)`",
        "insert" => "write `text.take(n) + part + text.drop(n)`",
        "replace_all" => {
            "write `text.replace(part, by)`; by a pattern, `text.replace_matches(pattern, by)`"
        }
        "char_at" | "at" => "write `text.slice(0, 1)`, or `text.chars()` for all of them",
        "is_digit" | "isdigit" | "is_numeric" | "isnumeric" | "is_number" => {
            "write `text.matches(\"^[0-9]+$\")`, or read it: `text.to_int() is Some(n)`"
        }
        "is_alpha" | "isalpha" | "is_letter" | "is_alphabetic" => {
            "write `text.matches(\"^\\\\p\\{L\\}+$\")`"
        }
        "is_alnum" | "isalnum" | "is_alphanumeric" => {
            "write `text.matches(\"^[\\\\p\\{L\\}\\\\p\\{N\\}]+$\")`"
        }
        "is_upper" | "isupper" | "is_uppercase" => "write `text == text.upper()`",
        "is_lower" | "islower" | "is_lowercase" => "write `text == text.lower()`",
        "title" | "titlecase" | "to_title_case" => {
            "write `text.words().map(word => word.capitalize()).join(\" \")`"
        }
        "center" => "write `text.pad_start(n)` or `text.pad_end(n)`",
        "to_bool" | "to_boolean" | "parse_bool" => "write `text == \"true\"`",
        "strptime" => "write `text.to_time(\"%d.%m.%Y\")`, or `text.to_date(..)`",
        _ => return None,
    })
}

fn of_duration(word: &str) -> Option<&'static str> {
    Some(match word {
        "total_seconds" | "to_seconds" | "as_secs" | "in_seconds" | "seconds" => {
            "divide it: `duration / 1s` are its whole seconds"
        }
        "to_minutes" | "as_minutes" | "in_minutes" | "minutes" => {
            "divide it: `duration / 1m` are its whole minutes"
        }
        "to_hours" | "as_hours" | "in_hours" | "hours" => {
            "divide it: `duration / 1h` are its whole hours"
        }
        "to_days" | "as_days" | "in_days" | "days" => {
            "divide it: `duration / 1d` are its whole days"
        }
        "to_millis" | "as_millis" | "milliseconds" => {
            "divide it: `duration / 1ms` are its whole milliseconds"
        }
        _ => return None,
    })
}

fn of_int(word: &str) -> Option<&'static str> {
    Some(match word {
        "to_fixed" => {
            "put it into a text, `\"{n}\"`; with zeros behind a point, `n.to_decimal().to_text(2)`"
        }
        "is_odd" => "write `not n.is_even()`",
        "to_hex" => "write `n.to_base(16)`",
        "to_char" | "chr" => "write `[n].from_code_points()`: it gives a `Text?`",
        "divmod" | "div_mod" => "write `a.div_floor(b)` and `a.mod_floor(b)`",
        "times" => "write a loop: `for i in 0..n { .. }`",
        _ => return None,
    })
}

fn of_number(word: &str) -> Option<&'static str> {
    Some(match word {
        "is_negative" => "write `x < 0`",
        "is_positive" => "write `x > 0`",
        "is_zero" => "write `x == 0`",
        "negate" | "neg" | "negated" => "write `-x`",
        "is_integer" | "is_whole" => "write `x.floor() == x`",
        _ => return None,
    })
}

fn of_money(word: &str) -> Option<&'static str> {
    Some(match word {
        "is_negative" => "write `m.sign() < 0`",
        "is_positive" => "write `m.sign() > 0`",
        "negate" | "neg" | "negated" => "write `-m`",
        "percent" | "percentage" => "write `(m * 0.19).round()`",
        "times" | "multiply" => "write `m * 3`",
        "plus" | "add" => "write `a + b`",
        "minus" | "subtract" => "write `a - b`",
        _ => return None,
    })
}

fn of_time(word: &str) -> Option<&'static str> {
    Some(match word {
        "add_days" | "plus_days" => "write `time + 1d * n`",
        "add_weeks" | "plus_weeks" => "write `time + 7d * n`",
        "add_hours" | "plus_hours" => "write `time + 1h * n`",
        "add_minutes" | "plus_minutes" => "write `time + 1m * n`",
        "add_seconds" | "plus_seconds" => "write `time + 1s * n`",
        "start_of_hour" => "write `time.window(1h)`",
        "start_of_minute" => "write `time.window(1m)`",
        "diff" | "until" | "since" | "minus" | "subtract" => "write `a - b`: it gives a `Duration`",
        _ => return None,
    })
}

fn of_day(word: &str) -> Option<&'static str> {
    Some(match word {
        "add_weeks" | "plus_weeks" => "write `date.add_days(7 * n)`",
        "is_before" | "before" => "write `a < b`",
        "is_after" | "after" => "write `a > b`",
        "is_leap_year" => "write `date(year, 2, 29) is Some(_)`",
        "is_weekend" => "write `x.weekday() > 5`",
        "quarter" => "write `(x.month() + 2) / 3`",
        "end_of_year" => "write `date(x.year(), 12, 31)`: it gives a `Date?`",
        "diff" | "until" | "since" | "minus" | "subtract" => {
            "write `a.days_until(b)`, `a.months_until(b)` or `a.years_until(b)`"
        }
        _ => return None,
    })
}
