//! `Text` as Unicode sees it: code points, what people take for one character, forms of the same text.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::{Answer, limit, list, list_at, option, text_at, texts};
use crate::value::Value;

pub(super) fn op_code_points(args: &[Value]) -> Answer {
    let chars = text_at(args, 0).chars();
    list(chars.map(|c| Value::Int(c as i64)))
}

/// The text of those code points; surrogates and numbers beyond Unicode have none.
pub(super) fn op_from_code_points(args: &[Value]) -> Answer {
    let char_of = |n: &Value| match n {
        Value::Int(n) => char::from_u32(u32::try_from(*n).ok()?),
        other => panic!("{other:?} is no number"),
    };
    let chars = list_at(args, 0).iter().map(char_of);
    Ok(option(chars.collect::<Option<_>>().map(Value::Text)))
}

/// Extended grapheme clusters: a letter with its accents, a flag, a family.
pub(super) fn op_graphemes(args: &[Value]) -> Answer {
    texts(text_at(args, 0).graphemes(true))
}

/// Normal form C: letters and accents as one code point where there is one.
pub(super) fn op_normalize(args: &[Value]) -> Answer {
    let text: String = text_at(args, 0).nfc().collect();
    limit(text.len())?;
    Ok(Value::Text(text))
}

/// Full case folding, as Unicode defines it for comparing.
pub(super) fn op_fold_case(args: &[Value]) -> Answer {
    let folded = unicase::UniCase::unicode(text_at(args, 0)).to_folded_case();
    limit(folded.len())?;
    Ok(Value::Text(folded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Op;

    fn text(s: &str) -> Value {
        Value::Text(s.to_owned())
    }

    #[test]
    fn what_people_see_as_one_character_stays_together() {
        let graphemes = op_graphemes(&[text("e\u{301}👩‍👩‍👧🇩🇪\r\n")]);
        let expected = ["e\u{301}", "👩‍👩‍👧", "🇩🇪", "\r\n"];
        assert_eq!(graphemes, texts(expected.into_iter()));
    }

    #[test]
    fn forms_of_one_text_become_the_same() {
        assert_eq!(op_normalize(&[text("e\u{301}")]), Ok(text("é")));
        for (a, b) in [("STRASSE", "Straße"), ("ΟΔΟΣ", "οδος"), ("ŻÓŁW", "żółw")] {
            assert_eq!(op_fold_case(&[text(a)]), op_fold_case(&[text(b)]));
        }
        // The dotless i is another letter.
        assert_ne!(op_fold_case(&[text("ı")]), op_fold_case(&[text("I")]));
    }

    #[test]
    fn code_points_there_and_back() {
        let points = Op::TextCodePoints.apply(&[text("a𝄞")]).unwrap();
        assert_eq!(
            points,
            Value::List(vec![Value::Int(97), Value::Int(0x1d11e)])
        );
        assert_eq!(op_from_code_points(&[points]), Ok(option(Some(text("a𝄞")))));
        for bad in [-1, 0xd800, 0x11_0000, i64::MAX] {
            let list = Value::List(vec![Value::Int(bad)]);
            assert_eq!(op_from_code_points(&[list]), Ok(option(None)), "{bad}");
        }
    }
}
