//! Which names of WIT can be names of Weir.

/// Whether a field or function may be called so.
pub fn is_free(name: &str) -> bool {
    let text = format!(
        "record R({name}: Int)\nextern e from \"http:e\" {{ @read fn {name}({name}: Int) }}\n"
    );
    let parsed = weir_syntax::parse(Default::default(), &text);
    parsed.diagnostics.is_empty()
}

/// The name, or one like it that is no word of Weir.
pub fn free(name: &str) -> String {
    match is_free(name) {
        true => name.to_owned(),
        false => format!("{name}_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_weir_are_no_names() {
        assert!(is_free("width") && !is_free("match"));
        assert_eq!(
            (free("match"), free("entity")),
            ("match_".into(), "entity".into())
        );
    }
}
