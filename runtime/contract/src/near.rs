//! How far two names are from each other: for whoever asks "did you mean ..?".

/// How many letters to add, remove, change or swap with their neighbour to turn one into the other; capitals count as small letters.
///
/// The time it takes grows with the product of the lengths.
pub fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().flat_map(char::to_lowercase).collect();
    let (a, b): (Vec<char>, Vec<char>) = (letters(a), letters(b));
    // Of the letter before the last one, of the last one, and of this one.
    let mut rows = [
        Vec::new(),
        Vec::new(),
        (0..=b.len()).collect::<Vec<usize>>(),
    ];
    for (i, x) in a.iter().enumerate() {
        rows.rotate_left(1);
        let [before, last, row] = &mut rows;
        row.clear();
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
    }
    rows[2][b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn letters_are_added_removed_changed_and_swapped() {
        for (a, b, far) in [
            ("", "", 0),
            ("", "ab", 2),
            ("total", "Total", 0),
            ("total", "toatl", 1),
            ("total", "totl", 1),
            ("total", "tootal", 1),
            ("total", "tital", 1),
            ("ab", "ba", 1),
            ("ä", "a", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), far, "{a} {b}");
            assert_eq!(distance(b, a), far, "{b} {a}");
        }
    }
}
