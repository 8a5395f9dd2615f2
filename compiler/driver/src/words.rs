//! What there is to say of a name that the library does not declare: types that merge, and what parts of other libraries are called here.

use weir_check::hir::LatticeKind;
use weir_syntax::familiar;

/// What a function of the library may be called here that is called so elsewhere, with its part in front or not: `xs.toList`. The
/// name itself, as names are written here, is among them.
pub fn names_for(name: &str) -> Vec<String> {
    let (part, function) = name.rsplit_once('.').unwrap_or(("", name));
    let word = familiar::snake_case(function);
    let mut names: Vec<&str> = familiar::in_library(part, &word).into_iter().collect();
    names.push(&word);
    names.extend(familiar::named(&word));
    // In that part, if it is there.
    let behind = |name: &&str| format!("{part}.{name}");
    let inside = names.iter().filter(|_| !part.is_empty()).map(behind);
    let alone = names.iter().map(|name| (*name).to_owned());
    inside.chain(alone).collect()
}

/// In a terminal: `type Counter` and what it is, or how what is called so elsewhere is written.
pub fn about(name: &str) -> Option<String> {
    if let Some(kind) = LatticeKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
    {
        let params = kind.type_params();
        let params = match params.is_empty() {
            true => String::new(),
            false => format!("<{}>", params.join(", ")),
        };
        return Some(format!(
            "type {name}{params}\n\n  {}\n  It stands behind `merge` in an entity.\n",
            kind.doc()
        ));
    }
    let word = familiar::snake_case(name.rsplit('.').next().unwrap_or(name));
    let types = ["List", "Text", "Int", "Money", "Duration", "Time", "Map"];
    let of_a_type = || types.iter().find_map(|of| familiar::written_of(of, &word));
    let written = familiar::library(name)
        .or_else(|| familiar::function(name))
        .or_else(of_a_type)
        .or_else(|| familiar::written(&word))?;
    Some(format!("there is no `{name}` in the library: {written}\n"))
}
