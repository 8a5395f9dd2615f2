//! From how far a trap or a call is into the module to its place in the source: reads `border::SECTION_PLACES`.

use wasmparser::{BinaryReader, Parser, Payload};
use wasmtime::WasmBacktrace;
use weir_contract::border::{PLACES_VERSION, SECTION_PLACES};

use crate::gate::Refused;

/// Calls that are told of at most, innermost first: enough to see how a recursion goes round.
pub const CALLERS_MAX: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// From that byte of the module on the code is of that place, 0 where it is of none; ascending.
    from: Vec<(u32, u32)>,
    /// Places below are sites.
    sites: u32,
    /// Of code that stands where it was called, the site and the place of the call, which lies in front in this list or is a site.
    inlined: Vec<(u32, u32)>,
}

impl Places {
    /// Of a module that is well formed. Without the section, no place is known.
    pub fn read(wasm: &[u8]) -> Result<Places, Refused> {
        let broken = |e: wasmparser::BinaryReaderError| Refused::Foreign(e.to_string());
        let mut bodies = Vec::new();
        let mut section = None;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(broken)? {
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::CustomSection(custom) if custom.name() == SECTION_PLACES => {
                    section = Some(custom);
                }
                _ => {}
            }
        }
        let Some(section) = section else {
            return Ok(Places::default());
        };
        let wrong = |what: &str| Refused::Foreign(format!("its section {SECTION_PLACES} {what}"));
        let mut r = BinaryReader::new(section.data(), section.data_offset());
        let version = r.read_u8().map_err(broken)?;
        if !(1..=PLACES_VERSION).contains(&version) {
            return Err(wrong("is of another version"));
        }
        let (mut sites, mut inlined) = (u32::MAX, Vec::new());
        if version > 1 {
            sites = r.read_var_u32().map_err(broken)?;
            for number in 0..r.read_var_u32().map_err(broken)? {
                let site = r.read_var_u32().map_err(broken)?;
                let called_at = r.read_var_u32().map_err(broken)?;
                if site >= sites || called_at >= sites.saturating_add(number) {
                    return Err(wrong("names a place that is not there"));
                }
                inlined.push((site, called_at));
            }
        }
        let mut places = Vec::new();
        let mut next = 0_usize;
        let mut site = 0_i64;
        for _ in 0..r.read_var_u32().map_err(broken)? {
            let number = next + r.read_var_u32().map_err(broken)? as usize;
            // What lies between is of the compiler, and of no place.
            places.extend(bodies.iter().take(number).skip(next).map(start));
            let body = bodies
                .get(number)
                .ok_or_else(|| wrong("names a function that is not there"))?;
            places.push(start(body));
            next = number + 1;
            let mut offset = body.start as u64;
            for _ in 0..r.read_var_u32().map_err(broken)? {
                offset += r.read_var_u32().map_err(broken)? as u64;
                site += r.read_var_i64().map_err(broken)?;
                let known = u32::try_from(site).map_err(|_| wrong("names a site below zero"))?;
                if known >= sites && (known - sites) as usize >= inlined.len() {
                    return Err(wrong("names a place that is not there"));
                }
                if offset >= body.end as u64 {
                    return Err(wrong("leaves a function"));
                }
                places.push((offset as u32, known));
            }
        }
        places.extend(bodies.iter().skip(next).map(start));
        match r.eof() {
            true => Ok(Places {
                from: places,
                sites,
                inlined,
            }),
            false => Err(wrong("does not end where it should")),
        }
    }

    /// The sites of the calls on the stack, innermost first, without what the compiler made itself. A call that calls itself at
    /// one place is there once.
    pub fn calls(&self, stack: &WasmBacktrace) -> Vec<u32> {
        let mut sites = Vec::new();
        for frame in stack.frames() {
            let mut next = frame.module_offset().and_then(|offset| self.at(offset));
            while let Some(place) = next {
                let (site, called_at) = match place.checked_sub(self.sites) {
                    Some(number) => self.inlined[number as usize],
                    None => (place, 0),
                };
                sites.push(site);
                next = (called_at != 0).then_some(called_at);
            }
        }
        sites.dedup();
        sites
    }

    /// The place of the code there.
    fn at(&self, offset: usize) -> Option<u32> {
        let after = self
            .from
            .partition_point(|(from, _)| *from as usize <= offset);
        let (_, place) = self.from.get(after.checked_sub(1)?)?;
        (*place != 0).then_some(*place)
    }
}

fn start(body: &std::ops::Range<usize>) -> (u32, u32) {
    (body.start as u32, 0)
}
