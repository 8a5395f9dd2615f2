//! The one table of diagnostic codes.
//!
//! To add a code: one line here and one page `pages/CODE.md`. A code is never
//! reused for another meaning; people search the web for it.
//!
//! | numbers | about |
//! |---|---|
//! | E01xx | syntax |
//! | E02xx | names |
//! | E03xx | types |
//! | E04xx | failures: `fails`, `?`, `??`, `fail` |
//! | E05xx | effects, state, entities |
//! | E06xx | patterns |
//! | E08xx | workflows: waiting, undoing, the outside world |
//! | E09xx | parses, but has no meaning yet |
//! | W07xx | warnings |
//! | W08xx | warnings about workflows |
//! | H07xx | hints |
//! | H08xx | hints about workflows |
//!
//! A page is a heading `# CODE: title`, a few sentences, a block ```` ```weir wrong ````
//! that raises exactly this code, and a block ```` ```weir right ```` that is accepted.

use std::fmt;

use crate::Severity;

/// A stable diagnostic code such as `E0101`. Only the table below makes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    pub fn as_str(self) -> &'static str {
        self.0
    }

    pub fn severity(self) -> Severity {
        match self.0.as_bytes()[0] {
            b'W' => Severity::Warning,
            b'H' => Severity::Hint,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub code: Code,
    pub title: &'static str,
    /// The page in Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($code:ident $title:literal,)*) => {
        $(
            #[doc = $title]
            pub const $code: Code = Code(stringify!($code));
        )*

        static TABLE: &[Entry] = &[$(
            Entry {
                code: $code,
                title: $title,
                page: include_str!(concat!("../pages/", stringify!($code), ".md")),
            },
        )*];
    };
}

codes! {
    E0101 "something that cannot stand here",
    E0102 "text that is never closed",
    E0103 "a character the language does not use",
    E0104 "a number that does not fit or is not written right",
    E0105 "a bracket that is never closed",
    E0106 "a bracket that closes nothing",
    E0107 "an escape that does not exist",
    E0108 "a keyword used as a name",
    E0109 "an attribute that does not exist",
    E0110 "something that cannot be assigned to",
    E0111 "`send` needs a call",
    E0112 "a lambda parameter that is not a name",
    E0113 "a time or a date that is not written right",
    E0114 "nested too deeply",
    E0115 "an event with a body in a workflow",
    E0201 "a name that stands for nothing here",
    E0202 "a type that does not exist",
    E0203 "a name declared twice",
    E0204 "a member that is not there",
    E0205 "a case that is not there",
    E0206 "a module that is not there",
    E0207 "modules that import each other in a circle",
    E0301 "a value of another type",
    E0302 "arguments that do not fit",
    E0303 "a type that cannot be worked out",
    E0304 "an operator on types it does not take",
    E0305 "an index or range where it cannot stand",
    E0306 "something that cannot be walked or looked through",
    E0307 "copies without end",
    E0308 "a literal that the library does not understand",
    E0401 "a failure nobody looks at",
    E0402 "`?` or `??` on something that cannot fail",
    E0403 "a failure that is not declared",
    E0404 "something that is not an error",
    E0405 "a function used as data",
    E0406 "leaving a lambda",
    E0501 "something that cannot be changed",
    E0502 "more than the place allows",
    E0503 "state that is private",
    E0504 "an entity that is not complete",
    E0505 "a lambda that changes what is outside of it",
    E0506 "`self` outside an entity",
    E0507 "something that depends on itself",
    E0508 "something in the wrong place",
    E0520 "what merges, in a place where it cannot",
    E0521 "something that cannot be a view",
    E0522 "a view that would remember for ever",
    E0523 "a view that is read where it may just have changed",
    E0524 "temporary data that could not be computed again",
    E0525 "temporary data that would be kept",
    E0601 "a `match` that does not cover everything",
    E0602 "an arm that nothing can reach",
    E0603 "a pattern that does not fit",
    E0604 "a pattern that does not always match",
    E0605 "parts of a pattern that bind different names",
    E0801 "an outside call without a promise",
    E0802 "a workflow without a `run`",
    E0803 "a limit on something that waits for nobody",
    E0804 "an `undo` that could fail",
    E0805 "a `wait` with nothing to wait for",
    E0806 "an `extern` from nowhere",
    E0807 "two steps of one name",
    E0808 "a call that may cost more than its budget",
    E0901 "not in this version yet",
    W0701 "a doc comment with nothing below it",
    W0702 "a variable that is never used",
    W0703 "a value that nobody uses",
    W0704 "a statement that nothing comes to",
    W0705 "state that is written and never read",
    W0706 "a function of an entity that nobody calls",
    W0707 "state that is never written",
    W0708 "a variant that is never made",
    W0709 "a stream that nobody consumes",
    W0710 "a stream that nobody puts anything into",
    W0711 "a tuple of which only some parts have names",
    W0801 "something that a failed run would leave behind",
    W0802 "a decision on what may have changed",
    W0803 "runs that wait for each other",
    W0804 "an event that nobody can send",
    W0805 "an event that nobody waits for",
    W0806 "a transaction that leads back to itself",
    H0701 "state that only grows",
    H0801 "a wait that only somebody outside can end",
    H0802 "state that could merge",
}

/// Every registered code, in the order of the table.
pub fn all_codes() -> &'static [Entry] {
    TABLE
}

/// The row of a code as a person types it (`E0101`, `e0101`); `None` if there
/// is no such code.
pub fn explain(code: &str) -> Option<&'static Entry> {
    TABLE
        .iter()
        .find(|entry| entry.code.as_str().eq_ignore_ascii_case(code.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_page_is_registered_and_every_code_once() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/pages");
        let files: BTreeSet<String> = std::fs::read_dir(pages)
            .expect("pages directory")
            .map(|entry| entry.expect("entry").file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .collect();
        let codes: BTreeSet<String> = TABLE.iter().map(|e| e.code.to_string()).collect();
        assert_eq!(codes.len(), TABLE.len(), "a code is registered twice");
        assert_eq!(files, codes);
    }

    #[test]
    fn pages_have_a_heading_and_both_programs() {
        for Entry { code, title, page } in all_codes() {
            let heading = format!("# {code}: {title}\n");
            assert!(
                page.starts_with(&heading),
                "{code}: page must start with `{heading}`"
            );
            for block in ["\n```weir wrong\n", "\n```weir right\n"] {
                assert_eq!(
                    page.matches(block).count(),
                    1,
                    "{code}: one `{}`",
                    block.trim()
                );
            }
        }
    }

    #[test]
    fn codes_are_found_in_either_case() {
        assert_eq!(explain("e0101").unwrap().code, E0101);
        assert!(explain("E0000").is_none());
    }
}
