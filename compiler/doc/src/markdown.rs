//! The comments of programs as HTML: paragraphs, lists, code between backticks, blocks of code.

use crate::html::escape;

/// `link` gives the address of a type that is named in code, if it has one.
pub fn html(text: &str, link: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with("    ") {
            let mut code = vec![line];
            while let Some(next) = lines.next_if(|l| l.starts_with("    ") || l.trim().is_empty()) {
                code.push(next);
            }
            let code: Vec<&str> = code
                .iter()
                .map(|l| l.strip_prefix("    ").unwrap_or(""))
                .collect();
            out += &format!(
                "<pre class=\"example\"><code>{}</code></pre>\n",
                escape(code.join("\n").trim_end())
            );
        } else if line.starts_with("```") {
            let code: Vec<&str> = lines
                .by_ref()
                .take_while(|l| !l.starts_with("```"))
                .collect();
            out += &format!(
                "<pre class=\"example\"><code>{}</code></pre>\n",
                escape(&code.join("\n"))
            );
        } else if let Some(first) = line.strip_prefix("- ") {
            out += "<ul>\n";
            let mut point = first.to_owned();
            loop {
                let next = lines.next_if(|l| !l.trim().is_empty() && !l.starts_with("    "));
                let Some(next) = next else { break };
                match next.strip_prefix("- ") {
                    Some(next) => {
                        out += &format!("<li>{}</li>\n", inline(&point, link));
                        point = next.to_owned();
                    }
                    None => point = format!("{point} {}", next.trim()),
                }
            }
            out += &format!("<li>{}</li>\n</ul>\n", inline(&point, link));
        } else {
            let mut paragraph = line.trim().to_owned();
            let goes_on =
                |l: &&str| !l.trim().is_empty() && !l.starts_with("- ") && !l.starts_with("```");
            while let Some(next) = lines.next_if(goes_on) {
                paragraph = format!("{paragraph} {}", next.trim());
            }
            out += &format!("<p>{}</p>\n", inline(&paragraph, link));
        }
    }
    out
}

/// The first sentence, in one line, without code blocks.
pub fn first_sentence(text: &str) -> String {
    let paragraph: Vec<&str> = text
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .collect();
    let all = paragraph.join(" ");
    // Not the dots of `for .. select ..`.
    let ends = |at: &usize| {
        let next = all[at + 2..].chars().next();
        !all[..*at].ends_with('.') && next.is_some_and(|next| !next.is_lowercase())
    };
    match all.match_indices(". ").map(|(at, _)| at).find(ends) {
        Some(at) => all[..=at].to_owned(),
        None => all,
    }
}

pub fn inline(text: &str, link: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 {
            out += &escape(part);
            continue;
        }
        let code = format!("<code>{}</code>", escape(part));
        out += &match link(part) {
            Some(to) => format!("<a href=\"{}\">{code}</a>", escape(&to)),
            None => code,
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comments_are_made_of() {
        let text = "Adds `Int`s <up>. More.\nGoes on.\n\n    1 + 1 == 2\n    2 < 3\n\n- one\n- `two`\n  of them\n\nEnd.";
        let link = |name: &str| (name == "two").then(|| "two.html".to_owned());
        assert_eq!(
            html(text, &link),
            "<p>Adds <code>Int</code>s &lt;up&gt;. More. Goes on.</p>\n\
             <pre class=\"example\"><code>1 + 1 == 2\n2 &lt; 3</code></pre>\n\
             <ul>\n<li>one</li>\n<li><a href=\"two.html\"><code>two</code></a> of them</li>\n</ul>\n<p>End.</p>\n"
        );
        assert_eq!(first_sentence(text), "Adds `Int`s <up>.");
        let dots = "What `for .. select ..` is. More.";
        assert_eq!(first_sentence(dots), "What `for .. select ..` is.");
    }
}
