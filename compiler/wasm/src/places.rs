//! The section that says which place in the source each instruction is of (`border::SECTION_PLACES`).
//!
//! A trap tells how far into the module the code had come, and so does each call on the stack; with this section the engine
//! makes places of the source of it. `CONTRACT.md` has the bytes.

use std::collections::BTreeSet;

use wasm_encoder::{CustomSection, Encode};
use weir_contract::border::{PLACES_VERSION, SECTION_PLACES};
use weir_flow::ir::{self, Inlined, SiteId};

/// From this byte of a function's body on, the code is of that site, which may be an inlined one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub offset: u32,
    pub site: u32,
}

/// `functions`: number of each function among those of the module itself, ascending, and its marks, likewise. Those without
/// marks are left out.
pub fn section<'a>(
    module: &ir::Module,
    functions: impl Iterator<Item = (u32, &'a [Mark])>,
) -> CustomSection<'static> {
    let functions: Vec<(u32, &[Mark])> = functions.filter(|(_, marks)| !marks.is_empty()).collect();
    let mut data = vec![PLACES_VERSION];
    let first = (module.count_sites() - module.inlined.len()) as u32;
    let marks = functions.iter().flat_map(|(_, marks)| *marks);
    let used = used(module, first, marks.map(|mark| mark.site));
    // Those that no code is of any more have no number.
    let number = |site: u32| match site.checked_sub(first) {
        Some(_) => first + used.binary_search(&site).expect("it is used") as u32,
        None => site,
    };
    first.encode(&mut data);
    used.len().encode(&mut data);
    for site in &used {
        let Inlined { site, called_at } = module.inlined[(site - first) as usize];
        site.0.encode(&mut data);
        number(called_at.0).encode(&mut data);
    }
    functions.len().encode(&mut data);
    let mut next = 0;
    let mut site = 0_i64;
    for (function, marks) in functions {
        (function - next).encode(&mut data);
        next = function + 1;
        marks.len().encode(&mut data);
        let mut offset = 0;
        for mark in marks {
            (mark.offset - offset).encode(&mut data);
            offset = mark.offset;
            // Neighbours in the code are neighbours in the source.
            let place = number(mark.site) as i64;
            (place - site).encode(&mut data);
            site = place;
        }
    }
    CustomSection {
        name: SECTION_PLACES.into(),
        data: data.into(),
    }
}

/// The inlined ones among the sites and all that they were called at, ascending.
fn used(module: &ir::Module, first: u32, sites: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut used = BTreeSet::new();
    for site in sites {
        let mut site = SiteId(site);
        while site.0 >= first && used.insert(site.0) {
            site = module.inlined[(site.0 - first) as usize].called_at;
        }
    }
    used.into_iter().collect()
}
