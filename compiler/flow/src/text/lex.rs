//! Text -> tokens, each with its line.

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// Letters, digits, `_` and `.` after a letter: names, mnemonics, `r3`, `b0`.
    Word(String),
    /// Digits with an optional sign, fraction, exponent and suffix: `-5`, `12n`, `1e-7f`.
    Number(String),
    Str(String),
    Punct(char),
    End,
}

/// Tokens with their lines (from 1); ends with `End`.
pub fn lex(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let c = chars[i];
        let start = i;
        match c {
            '\n' => {
                line += 1;
                i += 1;
            }
            c if c.is_whitespace() => i += 1,
            '/' if chars.get(i + 1) == Some(&'/') => {
                while i < chars.len() && chars[i] != '\n' {
                    i += 1;
                }
            }
            '"' => {
                let (text, end) =
                    string(&chars, i + 1).ok_or(format!("line {line}: unfinished string"))?;
                out.push((Token::Str(text), line));
                line += chars[start..end].iter().filter(|c| **c == '\n').count();
                i = end;
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                while i < chars.len()
                    && (chars[i].is_ascii_alphanumeric() || matches!(chars[i], '_' | '.'))
                {
                    i += 1;
                }
                out.push((Token::Word(chars[start..i].iter().collect()), line));
            }
            c if c.is_ascii_digit()
                || (c == '-' && chars.get(i + 1).is_some_and(char::is_ascii_digit)) =>
            {
                i += 1;
                while i < chars.len()
                    && (chars[i].is_ascii_alphanumeric()
                        || chars[i] == '.'
                        || (matches!(chars[i], '-' | '+') && chars[i - 1] == 'e'))
                {
                    i += 1;
                }
                out.push((Token::Number(chars[start..i].iter().collect()), line));
            }
            c => {
                out.push((Token::Punct(c), line));
                i += 1;
            }
        }
    }
    out.push((Token::End, line));
    Ok(out)
}

/// The text of a string whose first character is at `i`, and the position after its closing quote.
fn string(chars: &[char], mut i: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    loop {
        match chars.get(i)? {
            '"' => return Some((text, i + 1)),
            '\\' => {
                match chars.get(i + 1)? {
                    'n' => text.push('\n'),
                    'u' => {
                        let end = i + chars[i..].iter().position(|c| *c == '}')?;
                        let hex: String = chars.get(i + 3..end)?.iter().collect();
                        text.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                        i = end + 1;
                        continue;
                    }
                    other => text.push(*other),
                }
                i += 2;
            }
            c => {
                text.push(*c);
                i += 1;
            }
        }
    }
}
