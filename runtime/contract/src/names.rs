//! Names on both sides of a component: WIT writes `send-letter` what is `send_letter` here, and `out-of-stock` what is `OutOfStock`.

/// A name of ours in the way of WIT. `_` in front of a digit goes, because there a word begins with a letter.
pub fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let next = chars.get(i + 1);
        if c == '_' {
            if next.is_some_and(|next| !next.is_ascii_digit()) {
                out.push('-');
            }
            continue;
        }
        // `OutOfStock`, `V2Api`, `HTTPError`: an upper-case letter begins a word, unless it is inside of capitals.
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && next.is_some_and(char::is_ascii_lowercase)
            });
        if begins {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Whether both mean the same. WIT allows a word in capitals.
pub fn same(ours: &str, theirs: &str) -> bool {
    kebab(ours).eq_ignore_ascii_case(theirs)
}

/// A name of WIT as a field or function is called here.
pub fn snake(name: &str) -> String {
    name.replace('-', "_").to_ascii_lowercase()
}

/// A name of WIT as a case or error is called here.
pub fn camel(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    };
    let words = name.split('-').filter(|w| !w.is_empty());
    words.map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (ours, theirs) in [
            ("send_letter", "send-letter"),
            ("width", "width"),
            ("OutOfStock", "out-of-stock"),
            ("V2Api", "v2-api"),
            ("HTTPError", "http-error"),
            ("level_2", "level2"),
        ] {
            assert_eq!(kebab(ours), theirs);
        }
        assert!(same("HttpError", "HTTP-error") && !same("outofstock", "out-of-stock"));
        assert_eq!(
            (snake("send-letter"), camel("out-of-stock")),
            ("send_letter".into(), "OutOfStock".into())
        );
    }
}
