//! The section that says which place in the source each instruction is of (`border::SECTION_PLACES`).
//!
//! A trap tells how far into the module the code had come, and so does each call on the stack; with this section the engine
//! makes places of the source of it. `CONTRACT.md` has the bytes.

use wasm_encoder::{CustomSection, Encode};
use weir_contract::border::{PLACES_VERSION, SECTION_PLACES};

/// From this byte of a function's body on, the code is of that site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub offset: u32,
    pub site: u32,
}

/// `functions`: number of each function among those of the module itself, ascending, and its marks, likewise. Those without
/// marks are left out.
pub fn section<'a>(functions: impl Iterator<Item = (u32, &'a [Mark])>) -> CustomSection<'static> {
    let functions: Vec<(u32, &[Mark])> = functions.filter(|(_, marks)| !marks.is_empty()).collect();
    let mut data = vec![PLACES_VERSION];
    functions.len().encode(&mut data);
    let mut next = 0;
    let mut site = 0_i64;
    for (number, marks) in functions {
        (number - next).encode(&mut data);
        next = number + 1;
        marks.len().encode(&mut data);
        let mut offset = 0;
        for mark in marks {
            (mark.offset - offset).encode(&mut data);
            offset = mark.offset;
            // Neighbours in the code are neighbours in the source.
            (mark.site as i64 - site).encode(&mut data);
            site = mark.site as i64;
        }
    }
    CustomSection {
        name: SECTION_PLACES.into(),
        data: data.into(),
    }
}
