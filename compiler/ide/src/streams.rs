//! What there is to say about a stream: what has an order in it, how long it is kept, who consumes it, where it takes entries.

use weir_check::hir::{Keep, StreamId};
use weir_contract::library::duration;

use crate::Snapshot;

/// Sentences in Markdown.
pub fn facts(snapshot: &Snapshot, id: StreamId) -> Vec<String> {
    let checked = snapshot.checked();
    let Some(stream) = checked.streams.get(id.0 as usize) else {
        return Vec::new();
    };
    let mut lines = vec![match &stream.key {
        Some(key) => format!(
            "- entries of one key, a `{}`, are consumed in their order",
            snapshot.show(stream.span, &key.ty)
        ),
        None => "- without a key: its entries are consumed side by side".to_owned(),
    }];
    lines.push(match &stream.keep {
        Keep::For(us) => format!("- kept for {}", duration::show(*us)),
        Keep::Ever(why) => format!("- kept for ever: {why}"),
        Keep::Configured => "- kept as long as the project says, or 7d".to_owned(),
    });
    if let Some(late) = stream.late_us {
        let late = duration::show(late);
        lines.push(format!("- views take entries that are up to {late} late"));
    }
    let consumers = checked.consumers.iter();
    lines.push(match consumers.filter(|on| on.stream == id).count() {
        0 => "- no `on` consumes it".to_owned(),
        1 => "- consumed by one `on`".to_owned(),
        many => format!("- consumed by {many} `on`, each of which has every entry"),
    });
    let mut said = vec![lines.join("\n")];
    if let (Some(append), Some(manifest)) = (stream.append, snapshot.manifest()) {
        let name = &checked.function(append).name;
        let mut public = manifest
            .functions
            .iter()
            .filter(|f| f.public && f.entity.is_none());
        let found = public.find(|f| f.name == *name);
        said.extend(found.map(|f| format!("`{}`", weir_driver::explain::route(manifest, f))));
    }
    said
}
