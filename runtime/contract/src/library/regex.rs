//! Regular expressions on `Text`, of the kind that is matched in linear time: no look-around and no back-references, so that
//! no text makes a search run away. Looking for all matches is many searches: for a few odd patterns each looks at the whole rest.
//!
//! A pattern is bounded before it is compiled and while it is, and each thread keeps the compiled ones it used last. That is
//! seen by nobody: a pattern always means the same.

use std::cell::RefCell;

use regex::{Captures, Regex, RegexBuilder};

use super::{Answer, Misread, limit, option, text_at, texts};
use crate::crash::CrashReason;
use crate::value::Value;

const PATTERN_BYTES_MAX: usize = 8 << 10;
/// Of the compiled pattern, and once more for what a search remembers.
const COMPILED_BYTES_MAX: usize = 1 << 20;
const NESTING_MAX: u32 = 64;
/// For each thread.
const REMEMBERED_MAX: usize = 32;

/// What is wrong with a pattern, for people; `None` when it is one.
pub fn problem(pattern: &str) -> Option<Misread> {
    compile(pattern).err().map(|why| Misread {
        what: "this is no pattern",
        why,
        help: "a character that stands for itself has two backslashes in front of it: `\\\\(`",
    })
}

fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!("longer than {PATTERN_BYTES_MAX} bytes"));
    }
    let built = RegexBuilder::new(pattern)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .nest_limit(NESTING_MAX)
        .build();
    built.map_err(|error| match error {
        // A drawing of several lines; the last one says what it is.
        regex::Error::Syntax(drawing) => {
            let last = drawing.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
        regex::Error::CompiledTooBig(_) => "it stands for too much".to_owned(),
        other => other.to_string(),
    })
}

thread_local! {
    /// The last used one at the end.
    static REMEMBERED: RefCell<Vec<Regex>> = const { RefCell::new(Vec::new()) };
}

/// The pattern that is the second argument.
fn with_pattern(args: &[Value], search: impl FnOnce(&str, &Regex) -> Answer) -> Answer {
    let pattern = text_at(args, 1);
    let regex = REMEMBERED.with_borrow_mut(|remembered| {
        let regex = match remembered.iter().position(|r| r.as_str() == pattern) {
            Some(at) => remembered.remove(at),
            None => compile(pattern).map_err(|_| CrashReason::BadText)?,
        };
        if remembered.len() == REMEMBERED_MAX {
            remembered.remove(0);
        }
        remembered.push(regex.clone());
        Ok(regex)
    })?;
    search(text_at(args, 0), &regex)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn op_matches(args: &[Value]) -> Answer {
    with_pattern(args, |whole, regex| Ok(Value::Bool(regex.is_match(whole))))
}

pub(super) fn op_find(args: &[Value]) -> Answer {
    with_pattern(args, |whole, regex| {
        let found = regex.find(whole);
        Ok(option(found.map(|found| text(found.as_str()))))
    })
}

/// From left to right, none over another.
pub(super) fn op_find_all(args: &[Value]) -> Answer {
    with_pattern(args, |whole, regex| {
        texts(regex.find_iter(whole).map(|found| found.as_str()))
    })
}

/// The first match and its groups; one that takes no part is `None`.
pub(super) fn op_captures(args: &[Value]) -> Answer {
    with_pattern(args, |whole, regex| {
        let groups = |found: Captures| {
            let group = |group: Option<regex::Match>| option(group.map(|g| text(g.as_str())));
            Value::List(found.iter().map(group).collect())
        };
        Ok(option(regex.captures(whole).map(groups)))
    })
}

/// Every match, with `$1` and `$name` standing for its groups.
pub(super) fn op_replace(args: &[Value]) -> Answer {
    with_pattern(args, |whole, regex| {
        let by = text_at(args, 2);
        let mut out = String::new();
        let mut done = 0;
        for found in regex.captures_iter(whole) {
            let all = found.get_match();
            out.push_str(&whole[done..all.start()]);
            found.expand(by, &mut out);
            limit(out.len())?;
            done = all.end();
        }
        out.push_str(&whole[done..]);
        limit(out.len())?;
        Ok(Value::Text(out))
    })
}

pub(super) fn op_split(args: &[Value]) -> Answer {
    with_pattern(args, |whole, regex| texts(regex.split(whole)))
}

/// The pattern that matches just this text.
pub(super) fn op_escape(args: &[Value]) -> Answer {
    let escaped = regex::escape(text_at(args, 0));
    limit(escaped.len())?;
    Ok(Value::Text(escaped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Op;

    fn run(op: Op, args: &[&str]) -> Answer {
        let args: Vec<Value> = args.iter().map(|arg| text(arg)).collect();
        op.apply(&args)
    }

    #[test]
    fn a_wrong_pattern_says_in_a_line_what_is_wrong() {
        for (pattern, said) in [
            ("(a", "unclosed group"),
            (
                "a{2,1}",
                "invalid repetition count range, the start must be <= the end",
            ),
            (r"\w{9999}{9999}", "it stands for too much"),
        ] {
            assert_eq!(problem(pattern).expect(pattern).why, said);
            let answer = run(Op::RegexMatches, &["a", pattern]);
            assert_eq!(answer, Err(CrashReason::BadText));
        }
        assert!(problem(&"a".repeat(PATTERN_BYTES_MAX + 1)).is_some());
        assert!(problem(&"(".repeat(1000)).is_some());
        assert_eq!(problem(r"^\p{Greek}+$"), None);
    }

    #[test]
    fn more_patterns_than_are_remembered() {
        for round in 0..3 {
            for n in 0..REMEMBERED_MAX * 2 {
                let pattern = format!("^{n}$");
                let number = n.to_string();
                let found = run(Op::RegexMatches, &[&number, &pattern]);
                assert_eq!(found, Ok(Value::Bool(true)), "{round}");
            }
        }
        let remembered = REMEMBERED.with_borrow(|remembered| remembered.len());
        assert_eq!(remembered, REMEMBERED_MAX);
    }

    #[test]
    fn empty_matches_and_groups_that_take_no_part() {
        let found = run(Op::RegexReplace, &["ab", "x*", "-"]);
        assert_eq!(found, Ok(text("-a-b-")));
        let groups = run(Op::RegexCaptures, &["b", "(a)|(b)"]);
        let expected = [Some("b"), None, Some("b")].map(|g| option(g.map(text)));
        let expected = option(Some(Value::List(expected.to_vec())));
        assert_eq!(groups, Ok(expected));
    }

    #[test]
    fn what_grows_too_large_is_not_made() {
        let (whole, by) = ("a".repeat(1 << 16), "$0".repeat(1 << 12));
        let grown = run(Op::RegexReplace, &[&whole, "a", &by]);
        assert_eq!(grown, Err(CrashReason::StepTooLarge));
    }
}
