//! How a verb ends: done, or failed with a sentence and the next thing to type.

use std::fmt::Display;
use std::io::IsTerminal;
use std::process::ExitCode;

/// `println!` for people who stop reading, as `head` does: a closed pipe is no reason to panic, or to stop serving.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

/// `print!` likewise.
macro_rules! say_part {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stdout(), $($words)*);
    }};
}

pub(crate) use {say, say_part};

/// `1 row`, `2 rows`: how many there are of something, whose name it is for one and for several.
pub fn counted(number: impl TryInto<u64>, one: &str, several: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        number => format!("{number} {several}"),
    }
}

pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a verb did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// `None` when the verb has already said what is wrong, as with errors in a program.
    message: Option<String>,
    /// One thing to do next, in the words of the command line.
    next: Option<String>,
    exit: u8,
}

impl Failure {
    /// Exit code 1: understood, and not possible.
    pub fn new(message: impl Display) -> Self {
        Failure {
            message: Some(message.to_string()),
            next: None,
            exit: 1,
        }
    }

    /// Exit code 2: the command itself makes no sense.
    pub fn usage(message: impl Display) -> Self {
        Failure {
            exit: 2,
            ..Failure::new(message)
        }
    }

    /// Exit code 1, and everything worth saying has been printed.
    pub fn said() -> Self {
        Failure {
            message: None,
            next: None,
            exit: 1,
        }
    }

    /// Adds what to do next.
    pub fn next(mut self, next: impl Display) -> Self {
        self.next = Some(next.to_string());
        self
    }

    /// Prints to standard error and gives the exit code.
    pub fn report(self) -> ExitCode {
        let style = Style::stderr();
        if let Some(message) = &self.message {
            eprintln!("{}: {message}", style.red("error"));
        }
        if let Some(next) = &self.next {
            eprintln!("{}: {next}", style.bold("next"));
        }
        ExitCode::from(self.exit)
    }
}

/// Colour for people: only on a terminal, and not where `NO_COLOR` is set.
#[derive(Clone, Copy)]
pub struct Style {
    pub colour: bool,
}

impl Style {
    pub fn stdout() -> Self {
        Style::when(std::io::stdout().is_terminal())
    }

    pub fn stderr() -> Self {
        Style::when(std::io::stderr().is_terminal())
    }

    fn when(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Style {
            colour: terminal && !refused,
        }
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_no_plural() {
        let said = [0, 1, 2].map(|rows: u64| counted(rows, "row", "rows"));
        assert_eq!(said, ["0 rows", "1 row", "2 rows"]);
    }
}
