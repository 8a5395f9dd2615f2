//! Why a step can stop as a bug. A bug drops the whole step; the reason and the place in the
//! source are what the caller and the log are told.

use serde::{Deserialize, Serialize};

/// The reason of a crash. Its number ([`CrashReason::code`]) crosses the border between a
/// module and its host, so numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashReason {
    /// A result outside the range of Int, Decimal, Time or Duration.
    Overflow,
    /// Division or remainder by zero.
    DivideByZero,
    /// A list position that does not exist.
    IndexOutOfRange,
    /// `m[k].f = ...` or `m[k] += ...` where `k` is not in `m`.
    MissingKey,
    /// An `invariant` that does not hold when its transaction ends.
    InvariantBroken,
    /// An `expect` that does not hold.
    ExpectFailed,
    /// The step needs more memory than a step may have.
    StepTooLarge,
    /// Calls nest deeper than a step may nest.
    StackOverflow,
    /// The step ran for longer than a step may run.
    StepTooLong,
    /// An argument a library function has no answer for.
    BadArgument,
    /// Code the compiler promised cannot be reached: a bug of the compiler itself.
    Unreachable,
    /// A component trapped, or gave what its type does not allow.
    ComponentFailed,
    /// A text that a library function does not understand: a pattern, the name of a time zone.
    BadText,
    /// Money of two currencies added, subtracted, divided or put in order.
    MixedCurrencies,
    /// A setting or a secret that the program needs and its host was not given.
    NotGiven,
    /// A content that a blob names and that cannot be read, or that cannot be kept.
    NoBlob,
    /// Temporary data that is not there, or cannot be had.
    NoScratch,
}

impl CrashReason {
    /// All reasons, by code.
    pub const ALL: [CrashReason; 17] = [
        CrashReason::Overflow,
        CrashReason::DivideByZero,
        CrashReason::IndexOutOfRange,
        CrashReason::MissingKey,
        CrashReason::InvariantBroken,
        CrashReason::ExpectFailed,
        CrashReason::StepTooLarge,
        CrashReason::StackOverflow,
        CrashReason::StepTooLong,
        CrashReason::BadArgument,
        CrashReason::Unreachable,
        CrashReason::ComponentFailed,
        CrashReason::BadText,
        CrashReason::MixedCurrencies,
        CrashReason::NotGiven,
        CrashReason::NoBlob,
        CrashReason::NoScratch,
    ];

    /// The number of this reason at the border of a module.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The reason behind a number; `None` for a number no version has used.
    pub fn from_code(code: u32) -> Option<CrashReason> {
        CrashReason::ALL.get(code as usize).copied()
    }

    /// The reason's name in text forms, in snake case.
    pub fn name(self) -> &'static str {
        match self {
            CrashReason::Overflow => "overflow",
            CrashReason::DivideByZero => "divide_by_zero",
            CrashReason::IndexOutOfRange => "index_out_of_range",
            CrashReason::MissingKey => "missing_key",
            CrashReason::InvariantBroken => "invariant_broken",
            CrashReason::ExpectFailed => "expect_failed",
            CrashReason::StepTooLarge => "step_too_large",
            CrashReason::StackOverflow => "stack_overflow",
            CrashReason::StepTooLong => "step_too_long",
            CrashReason::BadArgument => "bad_argument",
            CrashReason::Unreachable => "unreachable",
            CrashReason::ComponentFailed => "component_failed",
            CrashReason::BadText => "bad_text",
            CrashReason::MixedCurrencies => "mixed_currencies",
            CrashReason::NotGiven => "not_given",
            CrashReason::NoBlob => "no_blob",
            CrashReason::NoScratch => "no_scratch",
        }
    }

    /// What happened, for people.
    pub fn text(self) -> &'static str {
        match self {
            CrashReason::Overflow => "overflow",
            CrashReason::DivideByZero => "division by zero",
            CrashReason::IndexOutOfRange => "index out of range",
            CrashReason::MissingKey => "the map has no such key",
            CrashReason::InvariantBroken => "invariant broken",
            CrashReason::ExpectFailed => "expectation failed",
            CrashReason::StepTooLarge => "step too large",
            CrashReason::StackOverflow => "calls nested too deep",
            CrashReason::StepTooLong => "step took too long",
            CrashReason::BadArgument => "argument out of range",
            CrashReason::Unreachable => "internal error: code that cannot be reached",
            CrashReason::ComponentFailed => "a component failed",
            CrashReason::BadText => "text that is not understood",
            CrashReason::MixedCurrencies => "money of two currencies",
            CrashReason::NotGiven => "not configured",
            CrashReason::NoBlob => "the content of a blob",
            CrashReason::NoScratch => "temporary data",
        }
    }
}
