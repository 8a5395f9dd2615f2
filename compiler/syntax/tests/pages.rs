//! The pages of the syntax codes: the wrong program raises the code, the right one
//! says nothing.

use weir_diagnostics::{FileId, all_codes};
use weir_syntax::parse;

#[test]
fn pages_of_syntax_codes_are_true() {
    let mut checked = 0;
    for entry in all_codes() {
        let code = entry.code.as_str();
        if !code.starts_with("E01") && code != "W0701" {
            continue;
        }
        checked += 1;
        let block = |name: &str| -> &str {
            let start = entry.page.find(name).expect("a block") + name.len();
            let length = entry.page[start..].find("```").expect("its end");
            &entry.page[start..start + length]
        };
        let wrong = parse(FileId(0), block("```weir wrong\n")).diagnostics;
        assert!(!wrong.is_empty(), "{code}: the wrong program is accepted");
        for found in wrong {
            assert_eq!(found.code, entry.code, "{code}: {}", found.message);
        }
        let right = parse(FileId(0), block("```weir right\n")).diagnostics;
        assert!(right.is_empty(), "{code}: {right:?}");
    }
    assert!(checked >= 16, "only {checked} pages");
}
