//! The closed set of pure library functions that the host lends to a step.
//!
//! What is easy in Weir is written in Weir (`stdlib/`); these are the rest: wide arithmetic,
//! conversions, Unicode, calendars. The interpreter calls them on [`Value`]s ([`Op::apply`]), a compiled
//! step by number on encoded bytes ([`call`]), so both have one meaning by construction. None of them
//! reads anything but its arguments.

pub mod bytes;
pub mod decimal;
pub mod duration;
mod float;
mod int;
mod show;
mod text;
pub mod time;

pub use float::show as show_float;
pub use show::show;

use crate::crash::CrashReason;
use crate::encode::{Reader, encode_into};
use crate::types::{Defs, Type};
use crate::value::Value;

/// Texts and bytes longer than this are not made; the step ends with `StepTooLarge`.
pub const RESULT_BYTES_MAX: usize = 32 << 20;

/// The types that occur in signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Bytes,
    Time,
    Duration,
    /// `List<Text>`.
    Texts,
    /// `Int?`, and so on.
    OptInt,
    OptDecimal,
    OptFloat,
    OptText,
    OptBytes,
    OptTime,
}

impl Kind {
    pub fn ty(self) -> Type {
        let option = |ty| Type::Option(Box::new(ty));
        match self {
            Kind::Bool => Type::Bool,
            Kind::Int => Type::Int,
            Kind::Decimal => Type::Decimal,
            Kind::Float => Type::Float,
            Kind::Text => Type::Text,
            Kind::Bytes => Type::Bytes,
            Kind::Time => Type::Time,
            Kind::Duration => Type::Duration,
            Kind::Texts => Type::List(Box::new(Type::Text)),
            Kind::OptInt => option(Type::Int),
            Kind::OptDecimal => option(Type::Decimal),
            Kind::OptFloat => option(Type::Float),
            Kind::OptText => option(Type::Text),
            Kind::OptBytes => option(Type::Bytes),
            Kind::OptTime => option(Type::Time),
        }
    }
}

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

    20 IntToDecimal "int.to_decimal" (Int) -> Decimal = int::op_to_decimal;
    21 IntToFloat "int.to_float" (Int) -> Float = int::op_to_float;
    22 IntShow "int.show" (Int) -> Text = int::op_show;
    23 IntParse "int.parse" (Text) -> OptInt = int::op_parse;
    24 IntPow "int.pow" (Int, Int) -> Int = int::op_pow;
    25 IntAtLeastOne "int.at_least_one" (Int) -> Int = int::op_at_least_one;

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

    90 BytesLength "bytes.length" (Bytes) -> Int = bytes::op_length;
    91 BytesGet "bytes.get" (Bytes, Int) -> OptInt = bytes::op_get;
    92 BytesSlice "bytes.slice" (Bytes, Int, Int) -> Bytes = bytes::op_slice;
    93 BytesConcat "bytes.concat" (Bytes, Bytes) -> Bytes = bytes::op_concat;
    94 BytesText "bytes.text" (Bytes) -> OptText = bytes::op_text;
    95 BytesHex "bytes.hex" (Bytes) -> Text = bytes::op_hex;
    96 BytesFromHex "bytes.from_hex" (Text) -> OptBytes = bytes::op_from_hex;
    97 BytesBase64 "bytes.base64" (Bytes) -> Text = bytes::op_base64;
    98 BytesFromBase64 "bytes.from_base64" (Text) -> OptBytes = bytes::op_from_base64;

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
}

/// The step's way in: arguments one after the other in the value encoding, and so the result.
/// Bytes that are not such arguments are a `BadArgument`: the module is at fault, never the host.
pub fn call(op: Op, args: &[u8]) -> Result<Vec<u8>, CrashReason> {
    let defs = Defs::default();
    let mut reader = Reader::new(args);
    let mut values = Vec::with_capacity(op.params().len());
    for param in op.params() {
        let value = reader.value(&defs, &param.ty());
        values.push(value.map_err(|_| CrashReason::BadArgument)?);
    }
    reader.finish().map_err(|_| CrashReason::BadArgument)?;
    let result = op.apply(&values)?;
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
argument!(text_at, Text, ref str);
argument!(bytes_at, Bytes, ref [u8]);
argument!(list_at, List, ref [Value]);

fn option(value: Option<Value>) -> Value {
    Value::Option(value.map(Box::new))
}

/// What a function gives that has no way to go wrong.
type Answer = Result<Value, CrashReason>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{decode, encode};

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
        assert_eq!(call(Op::TextSplit, &args), Err(CrashReason::BadArgument));
        assert_eq!(call(Op::TextSplit, &[9]), Err(CrashReason::BadArgument));
    }
}
