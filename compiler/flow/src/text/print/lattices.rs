//! How a slot or field merges, in the text form: behind its type, ` merge map Text, counter`.

use weir_contract::Lattice;
use weir_contract::lattice::Part;

use super::print_type;
use crate::ir::Module;

/// Nothing, or ` merge ..`.
pub fn merge(module: &Module, lattice: Option<&Lattice>) -> String {
    match lattice {
        Some(lattice) => format!(" merge {}", print(module, lattice)),
        None => String::new(),
    }
}

fn print(module: &Module, lattice: &Lattice) -> String {
    let ty = |ty| print_type(module, ty);
    match lattice {
        Lattice::Counter => "counter".to_owned(),
        Lattice::MoneySum => "money_sum".to_owned(),
        Lattice::Average => "average".to_owned(),
        Lattice::Flag => "flag".to_owned(),
        Lattice::MaxOf(of) => format!("max {}", ty(of)),
        Lattice::MinOf(of) => format!("min {}", ty(of)),
        Lattice::Latest(of) => format!("latest {}", ty(of)),
        Lattice::GrowSet(of) => format!("grow_set {}", ty(of)),
        Lattice::AddSet(of) => format!("add_set {}", ty(of)),
        Lattice::MergeMap(key, of) => format!("map {}, {}", ty(key), print(module, of)),
        Lattice::Record(parts) => {
            let part = |part: &Part| format!("{}: {}", part.name, print(module, &part.lattice));
            let parts: Vec<String> = parts.iter().map(part).collect();
            format!("{{{}}}", parts.join("; "))
        }
    }
}
