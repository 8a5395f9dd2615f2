//! What there is to say of a name that the library does not declare: types that merge, and what parts of other libraries are called here.

use weir_check::hir::LatticeKind;
use weir_syntax::familiar;

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
    let written = familiar::library(name).or_else(|| familiar::function(name))?;
    Some(format!("there is no `{name}` in the library: {written}\n"))
}
