//! What the tokens in front of the cursor say, before anything is parsed: in most places but in code they say all.

use weir_syntax::token::{Tok, Token};

use super::Cursor;

/// Where the cursor is.
pub enum Front {
    /// A name that is declared, a comment, a text.
    Nothing,
    /// Behind `@`.
    Attribute,
    /// In the text of `@role("..")`.
    Role,
    Import(Import),
    /// Where items begin.
    Top(Top),
    /// Where members of something in braces begin.
    Member(Of),
    /// Behind `on`.
    Stream,
    /// Behind something that is whole: what may follow it.
    Continue(Vec<&'static str>),
    Type(TypeOf),
    Code(Hints),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    Any,
    /// Behind `pub`.
    Public,
    /// Behind an attribute.
    Attributed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Entity,
    Workflow,
    Extern,
    /// Behind `pub` in an entity.
    PublicEntity,
    PublicWorkflow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeOf {
    Value,
    /// Behind `type X =`: also `new`.
    Declared,
    /// In a `fails` clause.
    Error,
}

/// The parts of an import in front of the word.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// With a dot behind each.
    pub path: String,
    /// In the braces; with the names that are there already.
    pub names: Option<Vec<String>>,
}

/// What could be missing behind the cursor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// The braces around are of a `match` or `wait`.
    pub in_arms: bool,
    pub needs_block: bool,
    pub needs_else: bool,
    /// In the hole of a text.
    pub in_hole: bool,
}

pub fn front(cursor: &Cursor) -> Front {
    let text = cursor.text();
    let (start, offset) = (cursor.word.start as usize, cursor.offset);
    if let Some(inert) = inert(cursor, offset) {
        return inert;
    }
    if text[..start].ends_with('@') {
        return Front::Attribute;
    }
    if let Some(import) = import(cursor) {
        return import;
    }
    let before = cursor.before.as_slice();
    let Some(last) = before.last() else {
        return Front::Top(Top::Any);
    };
    let open = enclosing(before);
    let unit = unit(cursor, open);
    if last.kind == Tok::Dot {
        return Front::Code(hints(cursor, open, unit));
    }
    let mine = &before[unit..];
    if let Some(of) = of_type(cursor, open, mine) {
        return Front::Type(of);
    }
    if declares(cursor, open, mine) {
        return Front::Nothing;
    }
    let of = open.and_then(|open| holder(before, open));
    let begins = unit == before.len();
    let attributed = !begins && only_attributes(mine);
    let is_pub = matches!(mine, [.., token] if token.kind == Tok::Pub);
    match (open, of) {
        (None, _) if matches!(mine, [on] if on.kind == Tok::On) => return Front::Stream,
        (None, _) if begins => return Front::Top(Top::Any),
        (None, _) if attributed => return Front::Top(Top::Attributed),
        (None, _) if is_pub => return Front::Top(Top::Public),
        (_, Some(Tok::Entity)) if is_pub => return Front::Member(Of::PublicEntity),
        (_, Some(Tok::Workflow)) if is_pub => return Front::Member(Of::PublicWorkflow),
        (_, Some(Tok::Entity)) if begins || attributed => return Front::Member(Of::Entity),
        (_, Some(Tok::Workflow)) if begins || attributed => return Front::Member(Of::Workflow),
        (_, Some(Tok::Extern)) if begins || attributed => return Front::Member(Of::Extern),
        (_, Some(Tok::Extern)) if mine.iter().any(|t| t.kind == Tok::Fn) => {}
        (_, Some(Tok::Extern | Tok::Enum)) => return Front::Nothing,
        _ => {}
    }
    if !begins && ends_operand(last) && !is_keyword_here(mine) {
        return Front::Continue(continues(cursor, open, mine));
    }
    Front::Code(hints(cursor, open, unit))
}

/// Comments and texts, where nothing is suggested but roles.
fn inert(cursor: &Cursor, offset: u32) -> Option<Front> {
    let file = cursor.snapshot.file(cursor.file)?;
    let inside = |span: weir_diagnostics::Span| span.start < offset && offset <= span.end;
    if file
        .parsed
        .comments
        .iter()
        .any(|comment| inside(comment.span))
    {
        return Some(Front::Nothing);
    }
    let tokens = &file.parsed.tokens;
    let at = tokens.iter().position(|token| {
        let is_text = matches!(
            token.kind,
            Tok::Str | Tok::StrHead | Tok::StrMid | Tok::StrTail | Tok::Time
        );
        let text = cursor.word_of(token);
        let leads_to_hole = matches!(token.kind, Tok::StrHead | Tok::StrMid);
        let closed = text.len() > 1 && text.ends_with('"') || leads_to_hole;
        is_text && token.start < offset && (offset < token.end || offset == token.end && !closed)
    })?;
    let role = at >= 2 && cursor.word_of(&tokens[at - 2]) == "@role"
        || at >= 3 && cursor.word_of(&tokens[at - 2]) == "role";
    Some(match role && tokens[at - 1].kind == Tok::LParen {
        true => Front::Role,
        false if unclosed_hole(cursor).is_some() => Front::Code(Hints {
            in_hole: true,
            ..Hints::default()
        }),
        false => Front::Nothing,
    })
}

fn import(cursor: &Cursor) -> Option<Front> {
    let line = cursor.text()[..cursor.word.start as usize]
        .rsplit('\n')
        .next()?;
    let rest = line.strip_prefix("import")?;
    if !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim_start();
    let is_path = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
    };
    if let Some((path, names)) = rest.split_once('{') {
        let names = names.split(',').map(|name| name.trim().to_owned());
        let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        // What stands behind the cursor is imported as well.
        let behind = cursor
            .behind()
            .split(['}', '\n'])
            .next()
            .unwrap_or_default();
        names.extend(behind.split(',').map(|name| name.trim().to_owned()));
        let open = !line.contains('}');
        return Some(match open && is_path(path) {
            true => Front::Import(Import {
                path: path.to_owned(),
                names: Some(names),
            }),
            false => Front::Nothing,
        });
    }
    let path = rest.to_owned();
    Some(
        match is_path(&path) && (path.is_empty() || path.ends_with('.')) {
            true => Front::Import(Import { path, names: None }),
            false if rest.trim_end().ends_with(" as") => Front::Nothing,
            false => Front::Continue(vec!["as"]),
        },
    )
}

/// The bracket that is open at the end.
pub fn enclosing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().rev() {
        if token.kind.is_close() {
            depth += 1;
        } else if token.kind.is_open() {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(at),
            }
        }
    }
    None
}

/// Where the statement, member or item begins that goes on at the word; the number of tokens where the word begins one.
fn unit(cursor: &Cursor, open: Option<usize>) -> usize {
    let before = &cursor.before;
    let first = open.map_or(0, |open| open + 1);
    let lines = open.is_none_or(|open| before[open].kind == Tok::LBrace);
    // In other braces, and at the top, commas are part of a clause.
    let commas = match open {
        Some(open) if before[open].kind == Tok::LBrace => matches!(
            holder(before, open),
            Some(Tok::Match | Tok::Wait | Tok::Enum | Tok::Parallel)
        ),
        Some(_) => true,
        None => false,
    };
    let mut start = first;
    let mut depth = 0_usize;
    for at in first..before.len() {
        let token = &before[at];
        if depth == 0 && at > start && lines && token.indent.is_some() {
            let ended = before[at - 1].kind.ends_statement();
            let is_attribute = only_attributes(&before[start..at]);
            if ended && !token.kind.continues_statement() && !is_attribute {
                start = at;
            }
        }
        if token.kind.is_open() {
            depth += 1;
        } else if token.kind.is_close() {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && (token.kind == Tok::Semi || commas && token.kind == Tok::Comma) {
            start = at + 1;
        }
    }
    let ended = before.last().is_some_and(|last| {
        lines
            && cursor.on_later_line(last)
            && last.kind.ends_statement()
            && start < before.len()
            && !only_attributes(&before[start..])
            && !is_open_walk(&before[start..])
    });
    match ended {
        true => before.len(),
        false => start,
    }
}

/// Whether it ends with a `for` that has its source and neither a block nor `select`: the next line goes on with it.
fn is_open_walk(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    let mut is_open = false;
    let mut is_in = false;
    for token in tokens {
        if token.kind.is_close() {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            match token.kind {
                Tok::For => (is_open, is_in) = (true, false),
                Tok::In => is_in = true,
                Tok::Select | Tok::LBrace => is_open = false,
                _ => {}
            }
        }
        if token.kind.is_open() {
            depth += 1;
        }
    }
    is_open && is_in
}

fn only_attributes(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    let mut after_name = false;
    !tokens.is_empty()
        && tokens.iter().all(|token| {
            let fits = match token.kind {
                Tok::At => true,
                Tok::LParen => depth > 0 || after_name,
                _ => depth > 0,
            };
            after_name = token.kind == Tok::At;
            if token.kind.is_open() {
                depth += 1;
            } else if token.kind.is_close() {
                depth = depth.saturating_sub(1);
            }
            fits
        })
        && depth == 0
}

/// The word that a brace belongs to.
fn holder(tokens: &[Token], brace: usize) -> Option<Tok> {
    if tokens[brace].kind != Tok::LBrace {
        return None;
    }
    let mut depth = 0_usize;
    for token in tokens[..brace].iter().rev() {
        if token.kind.is_close() {
            depth += 1;
        } else if token.kind.is_open() {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return None,
            }
        }
        if depth > 0 {
            continue;
        }
        match token.kind {
            Tok::Match | Tok::Wait | Tok::Enum | Tok::Entity | Tok::Workflow | Tok::Extern => {
                return Some(token.kind);
            }
            Tok::Semi
            | Tok::Fn
            | Tok::Test
            | Tok::If
            | Tok::Else
            | Tok::For
            | Tok::While
            | Tok::FatArrow
            | Tok::Atomic
            | Tok::Parallel
            | Tok::Undo
            | Tok::RBrace => return Some(token.kind),
            _ => {}
        }
    }
    None
}

/// Whether the parentheses hold parameters, fields or keys: what is declared as `name: Type`.
fn holds_fields(tokens: &[Token], open: usize) -> bool {
    if tokens[open].kind != Tok::LParen {
        return false;
    }
    let mut before = tokens[..open].to_vec();
    // Type parameters.
    if before.last().is_some_and(|token| token.kind == Tok::Gt) {
        while before.pop().is_some_and(|token| token.kind != Tok::Lt) {}
    }
    match before.as_slice() {
        [.., word, _]
            if matches!(
                word.kind,
                Tok::Fn | Tok::Record | Tok::Error | Tok::Entity | Tok::Workflow | Tok::Event
            ) =>
        {
            true
        }
        [.., word, name] if word.kind == Tok::Test => name.kind == Tok::Str,
        [.., name] if name.kind == Tok::UpperName => {
            let brace = enclosing(&before);
            brace.and_then(|brace| holder(&before, brace)) == Some(Tok::Enum)
        }
        _ => false,
    }
}

/// Whether a type stands at the end of these tokens of one statement.
fn of_type(cursor: &Cursor, open: Option<usize>, mine: &[Token]) -> Option<TypeOf> {
    let before = &cursor.before;
    let fields = open.is_some_and(|open| holds_fields(before, open));
    let in_lines = open.is_none_or(|open| before[open].kind == Tok::LBrace);
    match mine.last().map(|last| last.kind).unwrap_or(Tok::Semi) {
        Tok::Arrow => return Some(TypeOf::Value),
        Tok::Colon if fields => return Some(TypeOf::Value),
        Tok::Colon if in_lines => {
            let declares = matches!(
                mine.iter()
                    .find(|token| !matches!(token.kind, Tok::Pub | Tok::Scratch))?
                    .kind,
                Tok::Let | Tok::Var | Tok::State | Tok::Merge | Tok::Stream
            );
            return declares.then_some(TypeOf::Value);
        }
        Tok::Eq if mine.iter().any(|t| t.kind == Tok::Type) && mine[0].kind == Tok::Type => {
            return Some(TypeOf::Declared);
        }
        Tok::New if mine.first().is_some_and(|first| first.kind == Tok::Type) => {
            return Some(TypeOf::Value);
        }
        _ => {}
    }
    let last = before.last()?;
    // `fails A, `: commas begin a new unit, so all of the line is looked at.
    let mut back = before.iter().rev();
    let listed = back.find(|token| {
        !matches!(token.kind, Tok::UpperName | Tok::Comma | Tok::Dot) && !token.kind.is_name()
            || token.kind == Tok::Fails
    });
    if matches!(last.kind, Tok::Fails | Tok::Comma)
        && listed.is_some_and(|token| token.kind == Tok::Fails)
    {
        return Some(TypeOf::Error);
    }
    // `List<`, `Map<Text, `
    let mut depth = 0_usize;
    for (at, token) in before.iter().enumerate().rev() {
        match token.kind {
            Tok::Gt => depth += 1,
            Tok::Lt if depth > 0 => depth -= 1,
            Tok::Lt => {
                let name = at.checked_sub(1).map(|at| &before[at]);
                let touches =
                    name.is_some_and(|name| name.kind == Tok::UpperName && name.end == token.start);
                let is_open = matches!(last.kind, Tok::Lt | Tok::Comma);
                return (touches && is_open).then_some(TypeOf::Value);
            }
            Tok::UpperName | Tok::Comma | Tok::Question | Tok::Dot => {}
            _ => return None,
        }
    }
    None
}

/// Whether the word is the name of something that is declared.
fn declares(cursor: &Cursor, open: Option<usize>, mine: &[Token]) -> bool {
    let before = &cursor.before;
    if let Some(open) = open
        && holds_fields(before, open)
    {
        // A default is code.
        return mine
            .iter()
            .all(|token| !matches!(token.kind, Tok::Eq | Tok::Colon));
    }
    let words: Vec<Tok> = mine.iter().map(|token| token.kind).collect();
    let words = match words.as_slice() {
        [Tok::Pub | Tok::Scratch, rest @ ..] => rest,
        all => all,
    };
    let at_top = open.is_none();
    match words {
        [Tok::Let | Tok::Var | Tok::Fn] => true,
        [Tok::Record | Tok::Enum | Tok::Error | Tok::Type | Tok::Entity | Tok::Workflow] => at_top,
        [Tok::Extern | Tok::Test | Tok::Stream | Tok::View] => at_top,
        [Tok::State | Tok::Event | Tok::Merge] => {
            let of = open.and_then(|open| holder(before, open));
            matches!(of, Some(Tok::Entity | Tok::Workflow))
        }
        [.., Tok::For] => true,
        _ => false,
    }
}

fn ends_operand(token: &Token) -> bool {
    token.kind.ends_statement() && !matches!(token.kind, Tok::Return | Tok::Break | Tok::Continue)
}

/// A soft keyword that is no name where it stands.
fn is_keyword_here(mine: &[Token]) -> bool {
    match mine {
        [only] => matches!(
            only.kind,
            Tok::Allow | Tok::Invariant | Tok::Every | Tok::On
        ),
        [.., last] => matches!(last.kind, Tok::Limit | Tok::Fails | Tok::New),
        [] => false,
    }
}

/// The words that may follow what is whole.
fn continues(cursor: &Cursor, open: Option<usize>, mine: &[Token]) -> Vec<&'static str> {
    let mut depth = 0_usize;
    let mut kinds: Vec<Tok> = Vec::new();
    for token in mine {
        if token.kind.is_close() {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            kinds.push(token.kind);
        }
        if token.kind.is_open() {
            depth += 1;
        }
    }
    let has = |kind: Tok| kinds.contains(&kind);
    let last = kinds.last().copied();
    let first = kinds
        .iter()
        .find(|kind| !matches!(kind, Tok::Pub | Tok::At))
        .copied();
    if first == Some(Tok::Fn) && !has(Tok::Eq) && !has(Tok::LBrace) {
        return match has(Tok::Fails) {
            true => Vec::new(),
            false => vec!["fails"],
        };
    }
    if first == Some(Tok::Extern) && open.is_none() {
        return vec!["from"];
    }
    if first == Some(Tok::Test) && open.is_none() {
        return Vec::new();
    }
    if open.is_none()
        && matches!(
            first,
            Some(Tok::Record | Tok::Error | Tok::Entity | Tok::Type)
        )
    {
        return Vec::new();
    }
    if last == Some(Tok::RBrace) {
        return match has(Tok::If) {
            true => vec!["else", "else if"],
            false => Vec::new(),
        };
    }
    let of = open.and_then(|open| holder(&cursor.before, open));
    if of == Some(Tok::Match) && !has(Tok::FatArrow) {
        return vec!["if"];
    }
    let mut words = Vec::new();
    if let Some(at) = kinds.iter().rposition(|kind| *kind == Tok::For) {
        let tail = &kinds[at..];
        let has = |kind: Tok| tail.contains(&kind);
        if !has(Tok::In) {
            return vec!["in"];
        }
        if has(Tok::Select) {
            words.push("limit");
        } else {
            words.extend(["where", "select", "join", "group by", "sort by"]);
            if has(Tok::SortBy) {
                words.push("desc");
            }
            if has(Tok::Join) {
                words.push("on");
            }
        }
    }
    if has(Tok::Require) && !has(Tok::Else) && !has(Tok::ElseThen) {
        words.push("else");
    }
    if has(Tok::Send) {
        words.push("after");
    }
    if matches!(last, Some(Tok::RParen | Tok::Question)) && !has(Tok::For) && !has(Tok::Undo) {
        words.push("undo");
    }
    words.extend(["and", "or", "is", "in"]);
    words
}

/// Whether the cursor stands in the hole of a text, closed or not.
fn in_hole(cursor: &Cursor) -> bool {
    let before = cursor.before.iter();
    let mut brackets = before.filter(|token| token.kind.is_open() || token.kind.is_close());
    brackets.any(|token| token.kind == Tok::StrHead) || unclosed_hole(cursor).is_some()
}

/// Where the code in an unfinished hole begins: `"Hello {na`. The lexer takes such a line for a text to its end.
fn unclosed_hole(cursor: &Cursor) -> Option<usize> {
    let file = cursor.snapshot.file(cursor.file)?;
    let offset = cursor.offset;
    let around = file.parsed.tokens.iter().find(|token| {
        let is_text = matches!(token.kind, Tok::Str | Tok::StrTail);
        is_text && token.start < offset && offset <= token.end
    })?;
    let text = cursor.text();
    let front = &text[around.start as usize..cursor.word.start as usize];
    let mut open = None;
    let mut depth = 0_usize;
    let mut bytes = front.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if open.is_none() => drop(bytes.next()),
            b'{' if open.is_none() => open = Some(at + 1),
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' => open = None,
            // A text in the hole, or the end of this one.
            b'"' => return None,
            _ => {}
        }
    }
    open.map(|at| around.start as usize + at)
}

fn hints(cursor: &Cursor, open: Option<usize>, unit: usize) -> Hints {
    let of = open.and_then(|open| holder(&cursor.before, open));
    let mine = &cursor.before[unit.min(cursor.before.len())..];
    let has = |kinds: &[Tok]| mine.iter().any(|token| kinds.contains(&token.kind));
    Hints {
        in_arms: matches!(of, Some(Tok::Match | Tok::Wait)),
        needs_block: has(&[Tok::If, Tok::While, Tok::For, Tok::Match, Tok::Fn]),
        needs_else: has(&[Tok::Require]),
        in_hole: in_hole(cursor),
    }
}
