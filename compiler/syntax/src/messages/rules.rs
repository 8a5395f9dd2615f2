//! The table of situations, from the most to the least particular.

mod dataflow;
mod declarations;
mod habits;
mod misplaced;
mod missing;
mod other_languages;
mod signs;

use super::{Said, Situation, said};

type Rule = fn(&Situation) -> Option<Said>;

pub const RULES: &[Rule] = &[
    dataflow::items,
    dataflow::clauses,
    declarations::items,
    dataflow::lists,
    dataflow::operators,
    habits::forms,
    habits::clauses,
    habits::places,
    declarations::types,
    other_languages::words,
    other_languages::words_before,
    other_languages::shapes,
    other_languages::types,
    other_languages::patterns,
    misplaced::keyword_as_name,
    misplaced::literal_in_pattern,
    misplaced::misplaced,
    missing::missing_value,
    missing::missing_head_part,
    signs::wrong_sign,
    signs::wrong_case,
    missing::missing_separator,
    missing::missing_after_operator,
];
