//! What the module's memory holds before the first step: literals and the constants they share.

use std::collections::BTreeMap;

/// Address 0 stays free, so that it can mean "none".
const FIRST_ADDRESS: u32 = 16;

#[derive(Debug, Default)]
pub struct Data {
    bytes: Vec<u8>,
    known: BTreeMap<Vec<u8>, u32>,
}

impl Data {
    /// Address of an 8-aligned constant with these bytes.
    pub fn constant(&mut self, bytes: &[u8]) -> u32 {
        if let Some(address) = self.known.get(bytes) {
            return *address;
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let address = FIRST_ADDRESS + self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        self.known.insert(bytes.to_vec(), address);
        address
    }

    /// A `Text` or `Bytes`.
    pub fn text(&mut self, content: &[u8]) -> u32 {
        let mut bytes = (content.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(content);
        self.constant(&bytes)
    }

    /// A variant that has no fields.
    pub fn tag(&mut self, tag: u32) -> u32 {
        self.constant(&tag.to_le_bytes())
    }

    /// Shared by all.
    pub fn empty_list(&mut self) -> u32 {
        let words = [0u32, 0, 0, 1].map(u32::to_le_bytes);
        self.constant(words.as_flattened())
    }

    /// Where the constants start, and the constants.
    pub fn segment(&self) -> (u32, &[u8]) {
        (FIRST_ADDRESS, &self.bytes)
    }

    /// First free byte behind the constants, a multiple of 8.
    pub fn end(&self) -> u32 {
        (FIRST_ADDRESS + self.bytes.len() as u32).next_multiple_of(8)
    }
}
