//! What there is to say about a view: its rows, what it is made of, what bounds its memory, how it is read.

use weir_check::hir::{Keep, SourceOf, Type, View, ViewId, WindowKind};
use weir_contract::library::duration;

use crate::Snapshot;

/// `view trending: List<Trend>`
pub fn headline(snapshot: &Snapshot, id: ViewId) -> String {
    let view = snapshot.checked().view(id);
    let own = view.name.rsplit('.').next().unwrap_or(&view.name);
    let rows = snapshot.show(view.span, &Type::list(view.row.clone()));
    format!("view {own}: {rows}")
}

/// The name of the first key of a view that has one.
pub fn first_key(snapshot: &Snapshot, view: &View) -> Option<String> {
    let row = snapshot.checked().function(view.group.as_ref()?.row);
    let name = &row.params.first()?.name;
    Some(match name.contains(' ') {
        true => "key".to_owned(),
        false => name.clone(),
    })
}

/// Sentences in Markdown.
pub fn facts(snapshot: &Snapshot, id: ViewId) -> Vec<String> {
    let checked = snapshot.checked();
    let view = checked.view(id);
    let mut lines = Vec::new();
    let mut is_known = true;
    let sources: Vec<String> = view
        .sources
        .iter()
        .map(|source| match source.of {
            SourceOf::Entity(entity) => {
                format!("the instances of `{}`", checked.entity(entity).name)
            }
            SourceOf::Stream(stream) => {
                format!(
                    "the entries of `{}`",
                    checked.streams[stream.0 as usize].name
                )
            }
            SourceOf::View(of) => {
                is_known &= of != id;
                format!("the rows of `{}`", checked.view(of).name)
            }
        })
        .collect();
    if !is_known {
        return Vec::new();
    }
    lines.push(format!("- made of {}", sources.join(" joined with ")));
    lines.push(format!("- {}", bound(snapshot, view)));
    lines.push(match first_key(snapshot, view) {
        Some(key) if view.at.is_some() => format!("- read with `.all()`, or with `.at({key})`"),
        _ => "- read with `.all()`".to_owned(),
    });
    let mut facts = vec![
        "*kept up to date; shows what was committed*".to_owned(),
        lines.join("\n"),
    ];
    if let Some(manifest) = snapshot.manifest() {
        facts[1].push_str(&costs(view, snapshot));
        let read = [Some(view.all), view.at].into_iter().flatten();
        let names: Vec<&String> = read.map(|id| &checked.function(id).name).collect();
        let public = manifest.functions.iter();
        let public = public.filter(|f| f.public && f.entity.is_none() && names.contains(&&f.name));
        let routes: Vec<String> = public
            .map(|f| format!("`{}`", weir_driver::explain::route(manifest, f)))
            .collect();
        if !routes.is_empty() {
            facts.push(routes.join("  \n"));
        }
    }
    facts
}

/// What keeping it up to date costs, besides the records that changes are anyway, and what reading it does.
fn costs(view: &View, snapshot: &Snapshot) -> String {
    let checked = snapshot.checked();
    let each: Vec<String> = view
        .sources
        .iter()
        .map(|source| match source.of {
            SourceOf::Entity(entity) => format!("change of `{}`", checked.entity(entity).name),
            SourceOf::Stream(stream) => {
                format!("entry of `{}`", checked.streams[stream.0 as usize].name)
            }
            SourceOf::View(of) => format!("changed row of `{}`", checked.view(of).name),
        })
        .collect();
    format!(
        "\n- costs no record: each {} is worked in when it is committed",
        each.join(" and each ")
    )
}

/// What ends what a view remembers.
fn bound(snapshot: &Snapshot, view: &View) -> String {
    let checked = snapshot.checked();
    if let Some(reason) = &view.keep {
        return format!("remembers for ever: {reason}");
    }
    let window = view.group.as_ref().and_then(|group| group.window);
    let stream = view.sources.iter().find_map(|source| match source.of {
        SourceOf::Stream(stream) => Some(&checked.streams[stream.0 as usize]),
        _ => None,
    });
    let keeps = |stream: &weir_check::hir::Stream| match &stream.keep {
        Keep::For(keep) => Some(duration::show(*keep)),
        _ => None,
    };
    match (window, stream) {
        (Some(window), stream) => {
            let window = match window.kind {
                WindowKind::Fixed(size) => format!("windows of {}", duration::show(size)),
                WindowKind::Session(gap) => {
                    format!("sessions that end with {} of silence", duration::show(gap))
                }
            };
            match stream.and_then(keeps) {
                Some(keep) => format!("{window}, forgotten {keep} after they end"),
                None => window,
            }
        }
        (None, Some(stream)) => match (keeps(stream), &stream.keep) {
            (Some(keep), _) => format!("as long as `{}` keeps its entries: {keep}", stream.name),
            (None, Keep::Ever(reason)) => {
                format!("`{}` remembers for ever: {reason}", stream.name)
            }
            (None, _) => format!("as long as `{}` keeps its entries", stream.name),
        },
        (None, None) => match view.limit {
            Some(limit) => format!("at most {limit} rows"),
            None => "as many rows as follow from what it is made of".to_owned(),
        },
    }
}
