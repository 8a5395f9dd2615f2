//! Mistakes that only follow from others are not told: the reader mends the first, and they are gone.

use weir_diagnostics::{Diagnostic, SourceMap, Span, codes};

/// Where a call cannot stand at all, how it may fail is no news.
pub fn drop_of_places(diagnostics: &mut Vec<Diagnostic>) {
    let misplaced: Vec<Span> = diagnostics
        .iter()
        .filter(|found| found.code == codes::E0502)
        .map(|found| found.primary.span)
        .collect();
    diagnostics
        .retain(|found| found.code != codes::E0401 || !misplaced.contains(&found.primary.span));
}

/// What a line declares that could not be parsed is not there for what follows: a name on such a line is not told to be
/// missing. Takes the diagnostics of the parser and of the checker together.
///
/// Likewise what such a line uses is not told to be unused, and nor is what an error points at.
pub fn drop_of_broken_text(sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    drop_of_pointed_at(diagnostics);
    let broken: Vec<(Span, &str)> = diagnostics
        .iter()
        .filter(|found| {
            let code = found.code;
            found.is_error() && (code.as_str().starts_with("E01"))
        })
        .filter_map(|found| Some((found.primary.span, line_of(sources, found.primary.span)?)))
        .collect();
    if broken.is_empty() {
        return;
    }
    let follows = |found: &Diagnostic| {
        let missing = found.code == codes::E0201 || found.code == codes::E0202;
        if found.code == codes::E0302 && broken.iter().any(|(place, _)| at_in(found, *place)) {
            return true;
        }
        let unused = found.code == codes::W0702 || found.code == codes::W0805;
        let at = found.primary.span;
        let word = sources.get(at.file).and_then(|s| s.text.get(at.range()));
        if unused {
            return broken.iter().any(|(place, line)| {
                place.file == at.file
                    && at.start < place.start
                    && word.is_some_and(|word| has_word(line, word))
            });
        }
        missing
            && broken.iter().any(|(place, line)| {
                place.file == at.file
                    && place.start < at.start
                    && word.is_some_and(|word| has_word(line, word))
            })
    };
    let keep: Vec<bool> = diagnostics.iter().map(|found| !follows(found)).collect();
    let mut keep = keep.into_iter();
    diagnostics.retain(|_| keep.next().unwrap_or(true));
}

/// A call whose arguments could not be read has another number of them.
fn at_in(found: &Diagnostic, place: Span) -> bool {
    found.primary.span.contains(place)
}

/// A variable that an error points at will be another when that is mended: whether it is used is no news, unless the warning
/// itself says what was meant.
fn drop_of_pointed_at(diagnostics: &mut Vec<Diagnostic>) {
    let errors = diagnostics.iter().filter(|found| found.is_error());
    let told: Vec<Span> = errors
        .flat_map(|found| std::iter::once(&found.primary).chain(&found.secondary))
        .map(|label| label.span)
        .collect();
    let plain = |found: &Diagnostic| {
        let help = found.help.as_deref().unwrap_or("");
        found.code == codes::W0702 && help.starts_with("remove it")
    };
    diagnostics.retain(|found| !plain(found) || !told.contains(&found.primary.span));
}

/// The line on which something starts.
fn line_of(sources: &SourceMap, at: Span) -> Option<&str> {
    let text: &str = &sources.get(at.file)?.text;
    let start = text
        .get(..at.start as usize)?
        .rfind('\n')
        .map_or(0, |n| n + 1);
    text[start..].lines().next()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|other| other == word)
}
