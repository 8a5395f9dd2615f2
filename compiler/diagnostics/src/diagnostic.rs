//! One problem, as data.

use crate::{Code, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    /// Worth a thought, and often right as it is.
    Hint,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

/// A place and what there is to say about it. The text may be empty: then only
/// the place is underlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A change that would remove the problem: each edit replaces a span by a text.
/// Edits of one fix do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<(Span, String)>,
    /// Whoever wrote the program can have meant nothing else, so a tool may apply it unasked.
    pub certain: bool,
}

/// What the compiler has to say about one problem.
///
/// ```
/// use weir_diagnostics::{codes, Diagnostic, FileId, Span};
/// let span = Span::new(FileId(0), 4, 7);
/// let found = Diagnostic::new(codes::E0101, span, "`foo` cannot stand here")
///     .label("not expected here")
///     .help("put it on a line of its own");
/// assert!(found.is_error());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// One sentence without a full stop: what was found and what was expected.
    pub message: String,
    /// Where the problem is.
    pub primary: Label,
    /// Other places that matter, such as the line this one disagrees with.
    pub secondary: Vec<Label>,
    /// Facts that help to understand the message.
    pub notes: Vec<String>,
    /// The one next step to take.
    pub help: Option<String>,
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// The severity follows from the code: `W....` warns, `H....` hints, all else is an error.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// The text shown under the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Points at another place.
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// One way out of several: people choose.
    pub fn fix(self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Diagnostic {
        self.fix_if_certain(title, edits, false)
    }

    /// The only way out.
    pub fn certain_fix(self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Diagnostic {
        self.fix_if_certain(title, edits, true)
    }

    pub fn fix_if_certain(
        mut self,
        title: impl Into<String>,
        edits: Vec<(Span, String)>,
        certain: bool,
    ) -> Diagnostic {
        self.fixes.push(Fix {
            title: title.into(),
            edits,
            certain,
        });
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Puts diagnostics in the order they are shown in: by place, then by code.
/// The order of equals is kept.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics
        .sort_by(|a, b| (a.primary.span, a.code.as_str()).cmp(&(b.primary.span, b.code.as_str())));
}
