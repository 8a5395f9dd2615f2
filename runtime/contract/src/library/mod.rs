//! The closed set of pure library functions that the host lends to a step.
//!
//! What is easy in Weir is written in Weir (`stdlib/`); these are the rest: wide arithmetic,
//! conversions, Unicode, patterns, calendars, cryptography. The interpreter calls them on [`Value`]s ([`Op::apply`]), a compiled
//! step by number on encoded bytes ([`call`]), so both have one meaning by construction. None of them
//! reads anything but its arguments.

pub mod base64;
mod blob;
pub mod bytes;
mod calendar;
mod calendar_parse;
mod crypto;
mod csv;
pub mod date;
pub mod decimal;
pub mod duration;
mod float;
pub mod hex;
mod int;
mod kind;
pub mod money;
pub mod regex;
mod show;
mod text;
pub mod time;
mod unicode;
mod url;
pub mod zone;

pub use float::show as show_float;
pub use kind::Kind;
pub use show::show;

use crate::crash::CrashReason;
use crate::encode::{Reader, encode_into};
use crate::types::Defs;
use crate::value::{Money, Value};

/// Texts and bytes longer than this are not made; the step ends with `StepTooLarge`.
pub const RESULT_BYTES_MAX: usize = 32 << 20;

/// Lists of more items than this are not made either.
pub const RESULT_ITEMS_MAX: usize = 1 << 20;

/// Declares the operations: number, Rust name, name in `@intrinsic("...")`, parameters, result, implementation.
macro_rules! operations {
    ($($code:literal $op:ident $name:literal ($($param:ident),*) -> $result:ident = $run:path;)*) => {
        /// A library function. Its number is part of the step interface and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Op { $($op = $code),* }

        impl Op {
            /// All functions, by number.
            pub const ALL: &'static [Op] = &[$(Op::$op),*];

            /// The name that `@intrinsic` and the flow IR use.
            pub fn name(self) -> &'static str {
                match self { $(Op::$op => $name),* }
            }

            /// Kinds of the parameters.
            pub fn params(self) -> &'static [Kind] {
                match self { $(Op::$op => &[$(Kind::$param),*]),* }
            }

            /// Kind of the result.
            pub fn result(self) -> Kind {
                match self { $(Op::$op => Kind::$result),* }
            }

            /// Runs the function.
            ///
            /// # Panics
            /// When the arguments are not of the declared types.
            pub fn apply(self, args: &[Value]) -> Result<Value, CrashReason> {
                match self { $(Op::$op => $run(args)),* }
            }
        }
    };
}

operations! {
    1 DecimalMul "decimal.mul" (Decimal, Decimal) -> Decimal = decimal::op_mul;
    2 DecimalDiv "decimal.div" (Decimal, Decimal) -> Decimal = decimal::op_div;
    3 DecimalRem "decimal.rem" (Decimal, Decimal) -> Decimal = decimal::op_rem;
    4 DecimalRound "decimal.round" (Decimal, Int) -> Decimal = decimal::op_round;
    5 DecimalFloor "decimal.floor" (Decimal) -> Decimal = decimal::op_floor;
    6 DecimalCeil "decimal.ceil" (Decimal) -> Decimal = decimal::op_ceil;
    7 DecimalToInt "decimal.to_int" (Decimal) -> Int = decimal::op_to_int;
    8 DecimalToFloat "decimal.to_float" (Decimal) -> Float = decimal::op_to_float;
    9 DecimalShow "decimal.show" (Decimal) -> Text = decimal::op_show;
    10 DecimalParse "decimal.parse" (Text) -> OptDecimal = decimal::op_parse;
    11 DecimalRoundHalfUp "decimal.round_half_up" (Decimal, Int) -> Decimal = decimal::op_round_half_up;
    12 DecimalRoundDown "decimal.round_down" (Decimal, Int) -> Decimal = decimal::op_round_down;
    13 DecimalRoundUp "decimal.round_up" (Decimal, Int) -> Decimal = decimal::op_round_up;

    20 IntToDecimal "int.to_decimal" (Int) -> Decimal = int::op_to_decimal;
    21 IntToFloat "int.to_float" (Int) -> Float = int::op_to_float;
    22 IntShow "int.show" (Int) -> Text = int::op_show;
    23 IntParse "int.parse" (Text) -> OptInt = int::op_parse;
    24 IntPow "int.pow" (Int, Int) -> Int = int::op_pow;
    25 IntAtLeastOne "int.at_least_one" (Int) -> Int = int::op_at_least_one;
    26 IntToBase "int.to_base" (Int, Int) -> Text = int::op_to_base;
    27 IntFromBase "int.from_base" (Text, Int) -> OptInt = int::op_from_base;
    28 IntBitAnd "int.bit_and" (Int, Int) -> Int = int::op_bit_and;
    29 IntBitOr "int.bit_or" (Int, Int) -> Int = int::op_bit_or;
    30 IntBitXor "int.bit_xor" (Int, Int) -> Int = int::op_bit_xor;
    31 IntShiftLeft "int.shift_left" (Int, Int) -> Int = int::op_shift_left;
    32 IntShiftRight "int.shift_right" (Int, Int) -> Int = int::op_shift_right;

    40 FloatShow "float.show" (Float) -> Text = float::op_show;
    41 FloatParse "float.parse" (Text) -> OptFloat = float::op_parse;
    42 FloatFloor "float.floor" (Float) -> Float = float::op_floor;
    43 FloatCeil "float.ceil" (Float) -> Float = float::op_ceil;
    44 FloatRound "float.round" (Float) -> Float = float::op_round;
    45 FloatSqrt "float.sqrt" (Float) -> Float = float::op_sqrt;
    46 FloatPow "float.pow" (Float, Float) -> Float = float::op_pow;
    47 FloatExp "float.exp" (Float) -> Float = float::op_exp;
    48 FloatLn "float.ln" (Float) -> Float = float::op_ln;
    49 FloatSin "float.sin" (Float) -> Float = float::op_sin;
    50 FloatCos "float.cos" (Float) -> Float = float::op_cos;
    51 FloatToInt "float.to_int" (Float) -> Int = float::op_to_int;
    52 FloatToDecimal "float.to_decimal" (Float) -> OptDecimal = float::op_to_decimal;
    53 FloatRem "float.rem" (Float, Float) -> Float = float::op_rem;

    60 TextLength "text.length" (Text) -> Int = text::op_length;
    61 TextSlice "text.slice" (Text, Int, Int) -> Text = text::op_slice;
    62 TextSplit "text.split" (Text, Text) -> Texts = text::op_split;
    63 TextLines "text.lines" (Text) -> Texts = text::op_lines;
    64 TextWords "text.words" (Text) -> Texts = text::op_words;
    65 TextChars "text.chars" (Text) -> Texts = text::op_chars;
    66 TextJoin "text.join" (Texts, Text) -> Text = text::op_join;
    67 TextTrim "text.trim" (Text) -> Text = text::op_trim;
    68 TextLower "text.lower" (Text) -> Text = text::op_lower;
    69 TextUpper "text.upper" (Text) -> Text = text::op_upper;
    70 TextStartsWith "text.starts_with" (Text, Text) -> Bool = text::op_starts_with;
    71 TextEndsWith "text.ends_with" (Text, Text) -> Bool = text::op_ends_with;
    72 TextContains "text.contains" (Text, Text) -> Bool = text::op_contains;
    73 TextIndexOf "text.index_of" (Text, Text) -> OptInt = text::op_index_of;
    74 TextReplace "text.replace" (Text, Text, Text) -> Text = text::op_replace;
    75 TextRepeat "text.repeat" (Text, Int) -> Text = text::op_repeat;
    76 TextPadStart "text.pad_start" (Text, Int, Text) -> Text = text::op_pad_start;
    77 TextPadEnd "text.pad_end" (Text, Int, Text) -> Text = text::op_pad_end;
    78 TextToBytes "text.to_bytes" (Text) -> Bytes = text::op_to_bytes;
    79 TextTrimStart "text.trim_start" (Text) -> Text = text::op_trim_start;
    80 TextTrimEnd "text.trim_end" (Text) -> Text = text::op_trim_end;
    81 TextLastIndexOf "text.last_index_of" (Text, Text) -> OptInt = text::op_last_index_of;
    82 TextCodePoints "text.code_points" (Text) -> Ints = unicode::op_code_points;
    83 TextFromCodePoints "text.from_code_points" (Ints) -> OptText = unicode::op_from_code_points;
    84 TextGraphemes "text.graphemes" (Text) -> Texts = unicode::op_graphemes;
    85 TextNormalize "text.normalize" (Text) -> Text = unicode::op_normalize;
    86 TextFoldCase "text.fold_case" (Text) -> Text = unicode::op_fold_case;

    90 BytesLength "bytes.length" (Bytes) -> Int = bytes::op_length;
    91 BytesGet "bytes.get" (Bytes, Int) -> OptInt = bytes::op_get;
    92 BytesSlice "bytes.slice" (Bytes, Int, Int) -> Bytes = bytes::op_slice;
    93 BytesConcat "bytes.concat" (Bytes, Bytes) -> Bytes = bytes::op_concat;
    94 BytesText "bytes.text" (Bytes) -> OptText = bytes::op_text;
    95 HexEncode "hex.encode" (Bytes) -> Text = hex::op_encode;
    96 HexDecode "hex.decode" (Text) -> OptBytes = hex::op_decode;
    97 Base64Encode "base64.encode" (Bytes) -> Text = base64::op_encode;
    98 Base64Decode "base64.decode" (Text) -> OptBytes = base64::op_decode;
    99 Base64EncodeUrl "base64.encode_url" (Bytes) -> Text = base64::op_encode_url;
    100 Base64DecodeUrl "base64.decode_url" (Text) -> OptBytes = base64::op_decode_url;
    101 BytesToList "bytes.to_list" (Bytes) -> Ints = bytes::op_to_list;
    102 BytesFromList "bytes.from_list" (Ints) -> OptBytes = bytes::op_from_list;

    110 TimeShow "time.show" (Time) -> Text = time::op_show;
    111 TimeParse "time.parse" (Text) -> OptTime = time::op_parse;
    112 TimeYear "time.year" (Time) -> Int = time::op_year;
    113 TimeMonth "time.month" (Time) -> Int = time::op_month;
    114 TimeDay "time.day" (Time) -> Int = time::op_day;
    115 TimeHour "time.hour" (Time) -> Int = time::op_hour;
    116 TimeMinute "time.minute" (Time) -> Int = time::op_minute;
    117 TimeSecond "time.second" (Time) -> Int = time::op_second;
    118 TimeWeekday "time.weekday" (Time) -> Int = time::op_weekday;
    119 TimeFromDate "time.from_date" (Int, Int, Int) -> OptTime = time::op_from_date;
    120 TimeFloor "time.floor" (Time, Duration) -> Time = time::op_floor;
    121 TimeToMicros "time.to_micros" (Time) -> Int = time::op_to_micros;
    122 TimeFromMicros "time.from_micros" (Int) -> Time = time::op_from_micros;

    130 DurationShow "duration.show" (Duration) -> Text = duration::op_show;
    131 DurationToMicros "duration.to_micros" (Duration) -> Int = duration::op_to_micros;
    132 DurationFromMicros "duration.from_micros" (Int) -> Duration = duration::op_from_micros;
    133 DurationParse "duration.parse" (Text) -> OptDuration = duration::op_parse;

    140 RegexMatches "regex.matches" (Text, Text) -> Bool = regex::op_matches;
    141 RegexFind "regex.find" (Text, Text) -> OptText = regex::op_find;
    142 RegexFindAll "regex.find_all" (Text, Text) -> Texts = regex::op_find_all;
    143 RegexCaptures "regex.captures" (Text, Text) -> OptGroups = regex::op_captures;
    144 RegexReplace "regex.replace" (Text, Text, Text) -> Text = regex::op_replace;
    145 RegexSplit "regex.split" (Text, Text) -> Texts = regex::op_split;
    146 RegexEscape "regex.escape" (Text) -> Text = regex::op_escape;

    150 CsvParse "csv.parse" (Text) -> OptRows = csv::op_parse;
    151 CsvShow "csv.show" (Rows) -> Text = csv::op_show;
    152 CsvParseBy "csv.parse_by" (Text, Text) -> OptRows = csv::op_parse_by;
    153 CsvShowBy "csv.show_by" (Rows, Text) -> Text = csv::op_show_by;

    155 UrlEncode "url.encode" (Text) -> Text = url::op_encode;
    156 UrlDecode "url.decode" (Text) -> OptText = url::op_decode;

    160 CryptoSha256 "crypto.sha256" (Bytes) -> Bytes = crypto::op_sha256;
    161 CryptoSha512 "crypto.sha512" (Bytes) -> Bytes = crypto::op_sha512;
    162 CryptoHmacSha256 "crypto.hmac_sha256" (Bytes, Bytes) -> Bytes = crypto::op_hmac_sha256;
    163 CryptoCrc32 "crypto.crc32" (Bytes) -> Int = crypto::op_crc32;
    164 CryptoEquals "crypto.equals" (Bytes, Bytes) -> Bool = crypto::op_equals;
    165 CryptoVerifyEd25519 "crypto.verify_ed25519" (Bytes, Bytes, Bytes) -> Bool = crypto::op_verify_ed25519;

    166 CryptoHashPassword "crypto.hash_password" (Text, Bytes) -> Text = crypto::op_hash_password;
    167 CryptoVerifyPassword "crypto.verify_password" (Text, Text) -> Bool = crypto::op_verify_password;
    168 CryptoHmacSha512 "crypto.hmac_sha512" (Bytes, Bytes) -> Bytes = crypto::op_hmac_sha512;

    170 CalendarAddMonths "calendar.add_months" (Time, Int) -> Time = calendar::op_add_months;
    171 CalendarDaysInMonth "calendar.days_in_month" (Time) -> Int = calendar::op_days_in_month;
    172 CalendarFormat "calendar.format" (Time, Text) -> Text = calendar::op_format;
    173 CalendarFormatDate "calendar.format_date" (Date, Text) -> Text = calendar::op_format_date;
    174 CalendarParse "calendar.parse" (Text, Text) -> OptTime = calendar_parse::op_parse;
    175 CalendarParseDate "calendar.parse_date" (Text, Text) -> OptDate = calendar_parse::op_parse_date;

    180 ZoneIsKnown "zone.is_known" (Text) -> Bool = zone::op_is_known;
    181 ZoneOffset "zone.offset" (Time, Text) -> Duration = zone::op_offset;
    182 ZoneToTime "zone.to_time" (Time, Text) -> Time = zone::op_to_time;
    183 ZoneInZone "zone.in_zone" (Time, Text) -> Time = zone::op_in_zone;

    190 FloatTan "float.tan" (Float) -> Float = float::op_tan;
    191 FloatAsin "float.asin" (Float) -> Float = float::op_asin;
    192 FloatAcos "float.acos" (Float) -> Float = float::op_acos;
    193 FloatAtan "float.atan" (Float) -> Float = float::op_atan;
    194 FloatAtan2 "float.atan2" (Float, Float) -> Float = float::op_atan2;
    195 FloatLog2 "float.log2" (Float) -> Float = float::op_log2;
    196 FloatLog10 "float.log10" (Float) -> Float = float::op_log10;
    197 FloatCbrt "float.cbrt" (Float) -> Float = float::op_cbrt;
    198 FloatTrunc "float.trunc" (Float) -> Float = float::op_trunc;
    199 FloatShowPlaces "float.show_places" (Float, Int) -> Text = float::op_show_places;

    210 DateOf "date.of" (Int, Int, Int) -> OptDate = date::op_of;
    211 DateYear "date.year" (Date) -> Int = date::op_year;
    212 DateMonth "date.month" (Date) -> Int = date::op_month;
    213 DateDay "date.day" (Date) -> Int = date::op_day;
    214 DateAddDays "date.add_days" (Date, Int) -> Date = date::op_add_days;
    215 DateAddMonths "date.add_months" (Date, Int) -> Date = date::op_add_months;
    216 DateDaysInMonth "date.days_in_month" (Date) -> Int = date::op_days_in_month;
    217 DateToDays "date.to_days" (Date) -> Int = date::op_to_days;
    218 DateFromDays "date.from_days" (Int) -> Date = date::op_from_days;
    219 DateMidnight "date.midnight" (Date) -> Time = date::op_midnight;
    220 DateOfTime "date.of_time" (Time) -> Date = date::op_of_time;
    221 DateShow "date.show" (Date) -> Text = date::op_show;
    222 DateParse "date.parse" (Text) -> OptDate = date::op_parse;

    230 MoneyOf "money.of" (Decimal, Text) -> Money = money::op_of;
    231 MoneyAmount "money.amount" (Money) -> Decimal = money::op_amount;
    232 MoneyCurrency "money.currency" (Money) -> Text = money::op_currency;
    233 MoneyWithAmount "money.with_amount" (Money, Decimal) -> Money = money::op_with_amount;
    234 MoneyShow "money.show" (Money) -> Text = money::op_show;
    235 MoneyParse "money.parse" (Text) -> OptMoney = money::op_parse;
    236 MoneyIsCurrency "money.is_currency" (Text) -> Bool = money::op_is_currency;
    237 MoneyMinorUnits "money.minor_units" (Text) -> Int = money::op_minor_units;

    260 BlobSize "blob.size" (Blob) -> Int = blob::op_size;
    261 BlobMediaType "blob.media_type" (Blob) -> Text = blob::op_media_type;
    262 BlobHash "blob.hash" (Blob) -> Text = blob::op_hash;
}

impl Op {
    /// The function's number at the border of a module.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The function behind a number; `None` for a number no version has used.
    pub fn from_code(code: u32) -> Option<Op> {
        let position = Op::ALL.binary_search_by_key(&code, |op| op.code()).ok()?;
        Some(Op::ALL[position])
    }

    /// The function of a name such as `"text.split"`.
    pub fn from_name(name: &str) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.name() == name)
    }

    /// What is wrong with a text given as the argument at a position, when it can be told from the text alone: a pattern that is
    /// none. So a literal is refused when the program is checked.
    pub fn refuses(self, at: usize, text: &str) -> Option<Misread> {
        match (self, at) {
            (
                Op::RegexMatches
                | Op::RegexFind
                | Op::RegexFindAll
                | Op::RegexCaptures
                | Op::RegexReplace
                | Op::RegexSplit,
                1,
            ) => regex::problem(text),
            (Op::ZoneOffset | Op::ZoneToTime | Op::ZoneInZone, 1) => zone::problem(text),
            (
                Op::CalendarFormat
                | Op::CalendarFormatDate
                | Op::CalendarParse
                | Op::CalendarParseDate,
                1,
            ) => calendar::problem(text),
            (Op::CsvParseBy | Op::CsvShowBy, 1) => csv::problem(text),
            (Op::MoneyOf, 1) | (Op::MoneyMinorUnits, 0) => money::problem(text),
            _ => None,
        }
    }

    /// Functions that are slow on purpose: the time of a step does not count that of the first few.
    pub fn is_slow(self) -> bool {
        matches!(self, Op::CryptoHashPassword | Op::CryptoVerifyPassword)
    }

    fn why_refused(self, args: &[Value]) -> Option<String> {
        let misread = args.iter().enumerate().find_map(|(at, arg)| match arg {
            Value::Text(text) => self.refuses(at, text),
            _ => None,
        })?;
        Some(format!("{}: {}", misread.what, misread.why))
    }
}

/// A text that a function does not understand, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// `this is no pattern`.
    pub what: &'static str,
    /// `unclosed group`, or the name nothing has.
    pub why: String,
    /// What to do about it.
    pub help: &'static str,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: CrashReason,
    /// What of the arguments it was, where there is more to say than the reason.
    pub detail: String,
}

impl Refusal {
    /// Of temporary data: it is not the program that is wrong, but what the data is made of that is gone, or who makes it.
    pub fn is_loss(&self) -> bool {
        matches!(self.reason, CrashReason::NoBlob | CrashReason::NoScratch)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.detail.as_str() {
            "" => f.write_str(self.reason.text()),
            detail => write!(f, "{}: {detail}", self.reason.text()),
        }
    }
}

impl From<CrashReason> for Refusal {
    fn from(reason: CrashReason) -> Self {
        let detail = String::new();
        Refusal { reason, detail }
    }
}

/// The step's way in: arguments one after the other in the value encoding, and so the result.
/// Bytes that are not such arguments are a `BadArgument`: the module is at fault, never the host.
pub fn call(op: Op, args: &[u8]) -> Result<Vec<u8>, Refusal> {
    let defs = Defs::default();
    let mut reader = Reader::new(args);
    let mut values = Vec::with_capacity(op.params().len());
    for param in op.params() {
        let value = reader.value(&defs, &param.ty());
        values.push(value.map_err(|_| CrashReason::BadArgument)?);
    }
    reader.finish().map_err(|_| CrashReason::BadArgument)?;
    let result = op.apply(&values).map_err(|reason| Refusal {
        reason,
        detail: match reason {
            CrashReason::BadText => op.why_refused(&values).unwrap_or_default(),
            _ => String::new(),
        },
    })?;
    let mut out = Vec::new();
    encode_into(&defs, &op.result().ty(), &result, &mut out);
    Ok(out)
}

/// The argument at a position, read as what the signature promises.
macro_rules! argument {
    ($name:ident, $variant:ident, $type:ty) => {
        fn $name(args: &[Value], at: usize) -> $type {
            match &args[at] {
                Value::$variant(x) => *x,
                other => panic!("argument {at} is {other:?}"),
            }
        }
    };
    ($name:ident, $variant:ident, ref $type:ty) => {
        fn $name(args: &[Value], at: usize) -> &$type {
            match &args[at] {
                Value::$variant(x) => x,
                other => panic!("argument {at} is {other:?}"),
            }
        }
    };
}
argument!(int_at, Int, i64);
argument!(decimal_at, Decimal, i128);
argument!(float_at, Float, f64);
argument!(time_at, Time, i64);
argument!(duration_at, Duration, i64);
argument!(date_at, Date, i64);
argument!(money_at, Money, Money);
argument!(text_at, Text, ref str);
argument!(bytes_at, Bytes, ref [u8]);
argument!(list_at, List, ref [Value]);

/// A list as long as lists may be.
fn list(items: impl Iterator<Item = Value>) -> Answer {
    let items: Vec<Value> = items.take(RESULT_ITEMS_MAX + 1).collect();
    match items.len() > RESULT_ITEMS_MAX {
        true => Err(CrashReason::StepTooLarge),
        false => Ok(Value::List(items)),
    }
}

/// The parts of a text as a list.
fn texts<'a>(parts: impl Iterator<Item = &'a str>) -> Answer {
    list(parts.map(|part| Value::Text(part.to_owned())))
}

/// Lengths above the limit are refused before anything is made.
fn limit(bytes: usize) -> Result<(), CrashReason> {
    match bytes > RESULT_BYTES_MAX {
        true => Err(CrashReason::StepTooLarge),
        false => Ok(()),
    }
}

fn option(value: Option<Value>) -> Value {
    Value::Option(value.map(Box::new))
}

/// What a function gives that has no way to go wrong.
type Answer = Result<Value, CrashReason>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{decode, encode};
    use crate::types::Type;

    #[test]
    fn numbers_and_names_find_their_function() {
        for pair in Op::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code(), "{pair:?} out of order");
        }
        for &op in Op::ALL {
            assert_eq!(Op::from_code(op.code()), Some(op));
            assert_eq!(Op::from_name(op.name()), Some(op));
        }
        assert_eq!(Op::from_code(0), None);
        assert_eq!(Op::from_name("text.sing"), None);
    }

    #[test]
    fn a_call_on_bytes_is_the_call_on_values() {
        let defs = Defs::default();
        let mut args = encode(&defs, &Type::Text, &Value::Text("a,b".into()));
        args.extend(encode(&defs, &Type::Text, &Value::Text(",".into())));
        let out = call(Op::TextSplit, &args).unwrap();
        let list = decode(&defs, &Kind::Texts.ty(), &out).unwrap();
        assert_eq!(
            list,
            Value::List(vec![Value::Text("a".into()), Value::Text("b".into())])
        );
        args.push(0);
        let bad = Err(CrashReason::BadArgument.into());
        assert_eq!(call(Op::TextSplit, &args), bad);
        assert_eq!(call(Op::TextSplit, &[9]), bad);
    }

    #[test]
    fn a_text_that_means_nothing_is_told() {
        let defs = Defs::default();
        let mut args = encode(&defs, &Type::Text, &Value::Text("aa".into()));
        args.extend(encode(&defs, &Type::Text, &Value::Text("(a".into())));
        let refusal = call(Op::RegexMatches, &args).unwrap_err();
        assert_eq!(refusal.reason, CrashReason::BadText);
        assert_eq!(refusal.detail, "this is no pattern: unclosed group");
    }

    #[test]
    fn a_list_that_is_too_long_is_not_made() {
        let list = |n| Op::TextChars.apply(&[Value::Text("x".repeat(n))]);
        assert!(list(RESULT_ITEMS_MAX).is_ok());
        assert_eq!(list(RESULT_ITEMS_MAX + 1), Err(CrashReason::StepTooLarge));
    }
}
