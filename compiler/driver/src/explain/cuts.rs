//! Where a function that waits is cut, and what each frame holds: the part of `weir explain FUNCTION` about waiting.

use std::fmt::Write;

use weir_contract::manifest::{Frame, FrameRole, Manifest};
use weir_contract::scratch::Scratch;
use weir_contract::types::{DefKind, Defs};
use weir_contract::{Field, Type};

/// The cuts of the function called `name`, as lines; nothing when it has none.
pub fn cuts(manifest: &Manifest, name: &str) -> String {
    let mut text = String::new();
    let mine = |frame: &&Frame| {
        let rest = frame.label.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let frames: Vec<&Frame> = manifest.frames.iter().filter(mine).collect();
    let resumes = || frames.iter().filter(|f| f.role == FrameRole::Resume);
    if resumes().next().is_some() {
        text.push_str("\ncut at, and what is kept there\n");
    }
    for frame in resumes() {
        let what = match frame.waits_for.as_str() {
            "its next step" => "a step may end here".to_owned(),
            what => format!("waits for {what}"),
        };
        row(manifest, frame, &what, &mut text);
    }
    let later = |role| frames.iter().filter(move |f| f.role == role);
    for (role, title) in [
        (FrameRole::Branch, "\nruns beside it\n"),
        (FrameRole::Undo, "\nundone when the run fails, last first\n"),
    ] {
        if later(role).next().is_some() {
            text.push_str(title);
        }
        for frame in later(role) {
            row(manifest, frame, "", &mut text);
        }
    }
    if !text.is_empty() {
        text.push_str(RECORDS);
    }
    text
}

const RECORDS: &str = "
records  one for each step: the start, and each time it goes on; an event and the answer of an outside
         call are one each. Calls of entities share the record of the step around them.
";

fn row(manifest: &Manifest, frame: &Frame, what: &str, text: &mut String) {
    let place = manifest.place(frame.site);
    let kept = kept(manifest, frame);
    let _ = writeln!(text, "  {}", frame.label);
    let _ = writeln!(
        text,
        "    {place}{}{what}",
        if what.is_empty() { "" } else { "  " }
    );
    let _ = writeln!(text, "    keeps {kept}");
}

/// What is kept while a frame waits, with its size: `card: Text, total: Decimal (at least 2 B)`.
pub fn kept(manifest: &Manifest, frame: &Frame) -> String {
    let names: Vec<String> = frame
        .cells
        .iter()
        .map(|cell| format!("{}: {}", cell.name, shown(manifest, cell)))
        .collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        names => format!(
            "{} ({})",
            names.join(", "),
            size(&manifest.defs, &frame.cells)
        ),
    }
}

/// The type of a cell; of temporary data, which is kept as what it is made from, what comes of it.
fn shown(manifest: &Manifest, cell: &Field) -> String {
    let is_it = |scratch: &&Scratch| {
        let own = scratch.name.rsplit_once('.').map(|(_, own)| own);
        own == Some(cell.name.as_str()) && scratch.made_from == cell.ty
    };
    match manifest.scratches.iter().find(is_it) {
        Some(scratch) => format!("{}, temporary", manifest.defs.name_of(&scratch.gives)),
        None => manifest.defs.name_of(&cell.ty),
    }
}

/// The bytes of the cells of a frame: `up to 11 B`, or `at least 3 B` where a length is not known.
pub fn size(defs: &Defs, cells: &[Field]) -> String {
    let parts = cells.iter().map(|cell| bytes(defs, &cell.ty, 0));
    let (mut least, mut most) = (0, Some(0));
    for (low, high) in parts {
        least += low;
        most = most.zip(high).map(|(a, b)| a + b);
    }
    match most {
        Some(most) if most == least => format!("{least} B"),
        Some(most) => format!("{least} to {most} B"),
        None => format!("at least {least} B"),
    }
}

/// Least and, where there is one, most bytes of a value in the value encoding.
pub(crate) fn bytes(defs: &Defs, ty: &Type, depth: u32) -> (u32, Option<u32>) {
    let all = |types: &mut dyn Iterator<Item = &Type>| {
        types.fold((0, Some(0)), |(low, high): (u32, Option<u32>), ty| {
            let (l, h) = bytes(defs, ty, depth + 1);
            (low + l, high.zip(h).map(|(a, b)| a + b))
        })
    };
    // A type may mention itself.
    if depth > 16 {
        return (0, None);
    }
    match ty {
        Type::Unit => (0, Some(0)),
        Type::Bool => (1, Some(1)),
        Type::Int | Type::Time | Type::Duration | Type::Date => (1, Some(10)),
        Type::Decimal => (1, Some(19)),
        // A code of three letters behind its length, and the amount.
        Type::Money => (5, Some(23)),
        // A hash behind its length, a size, and a media type behind its length.
        Type::Blob => (35, Some(33 + 10 + 2 + 255)),
        Type::Float => (8, Some(8)),
        Type::Text | Type::Bytes | Type::List(_) | Type::Map(..) | Type::Set(_) => (1, None),
        Type::Option(of) => (1, bytes(defs, of, depth + 1).1.map(|high| high + 1)),
        Type::Result(..) => (1, None),
        Type::Tuple(fields) => all(&mut fields.iter().map(|f| &f.ty)),
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::New { base } => bytes(defs, base, depth + 1),
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => all(&mut fields.iter().map(|f| &f.ty)),
            DefKind::Enum { variants } => {
                let sizes = variants
                    .iter()
                    .map(|v| all(&mut v.fields.iter().map(|f| &f.ty)));
                let mut out = (u32::MAX, Some(0));
                for (low, high) in sizes {
                    out = (out.0.min(low), out.1.zip(high).map(|(a, b)| a.max(b)));
                }
                (out.0.min(1 << 20) + 1, out.1.map(|high| high + 1))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use crate::Disk;

    use super::cuts;

    /// A change here is a change of what sleeping runs hold, which a new version of a program must be able to take over.
    #[test]
    fn what_the_examples_keep() {
        for example in ["shop", "alarms", "support"] {
            insta::assert_snapshot!(example, all_cuts(example));
        }
    }

    fn all_cuts(example: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let program = crate::find(&Disk, &folder.join(example)).expect("it is there");
        let analysis = crate::check(&Disk, &program).expect("it is read");
        let bundle = crate::build(&program, &analysis).expect("it is right");
        let labels = bundle.manifest.frames.iter().map(|frame| &frame.label);
        let functions: BTreeSet<&str> = labels
            .filter(|label| !label.starts_with("test "))
            .filter_map(|label| label.split('/').next())
            .collect();
        let parts = functions.into_iter().map(|name| {
            let cuts = cuts(&bundle.manifest, name);
            format!("{name}\n{}", cuts.trim_end_matches(super::RECORDS))
        });
        parts.collect::<Vec<String>>().join("\n\n")
    }
}
