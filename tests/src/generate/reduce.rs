//! Makes a program that shows a difference smaller: lines are taken away as long as it still shows one.

/// Takes away pieces of balanced lines, the largest first, while `fails` holds. `fails` must say no to what the
/// checker refuses. Tries at most `tries_max` programs.
pub fn reduce(source: &str, mut tries_max: usize, mut fails: impl FnMut(&str) -> bool) -> String {
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    loop {
        let before = lines.len();
        let mut at = 0;
        while at < lines.len() {
            let pieces = pieces_at(&lines, at);
            let smaller = pieces.into_iter().find(|end| {
                if tries_max == 0 {
                    return false;
                }
                tries_max -= 1;
                let without = [&lines[..at], &lines[*end..]].concat();
                fails(&text(&without))
            });
            match smaller {
                Some(end) => drop(lines.drain(at..end)),
                None => at += 1,
            }
        }
        if lines.len() == before || tries_max == 0 {
            return text(&lines);
        }
    }
}

/// Ends of balanced pieces that begin at a line: a whole item or block, then the line by itself.
fn pieces_at(lines: &[String], at: usize) -> Vec<usize> {
    let mut depth = 0i32;
    for (i, line) in lines.iter().enumerate().skip(at) {
        let opens = line.ends_with('{') as i32;
        let closes = line.trim_start().starts_with('}') as i32;
        depth += opens - closes;
        if depth < 0 {
            return Vec::new();
        }
        if depth == 0 {
            return vec![i + 1];
        }
    }
    Vec::new()
}

fn text(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::reduce;

    #[test]
    fn what_does_not_matter_goes() {
        let source = "record A(x: Int)\nfn f() {\n  let a = 1\n  if a > 0 {\n    bad()\n    good()\n  }\n}\n";
        let small = reduce(source, 100, |text| {
            text.contains("bad()") && text.contains("fn f")
        });
        assert_eq!(small, "fn f() {\n  if a > 0 {\n    bad()\n  }\n}\n");
    }
}
