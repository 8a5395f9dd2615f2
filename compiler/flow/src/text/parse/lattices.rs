//! How a slot or field merges, as `print` writes it behind a type.

use weir_contract::Lattice;
use weir_contract::lattice::Part;

use super::{Parse, Parser};

impl Parser {
    /// What stands behind a type, if anything.
    pub(super) fn merge(&mut self) -> Parse<Option<Lattice>> {
        match self.eat_word("merge") {
            true => self.lattice().map(Some),
            false => Ok(None),
        }
    }

    fn lattice(&mut self) -> Parse<Lattice> {
        if self.eat('{') {
            let mut parts = Vec::new();
            while !self.eat('}') {
                if !parts.is_empty() {
                    self.expect(';')?;
                }
                let name = self.word()?;
                self.expect(':')?;
                let lattice = self.lattice()?;
                parts.push(Part { name, lattice });
            }
            return Ok(Lattice::Record(parts));
        }
        Ok(match self.word()?.as_str() {
            "counter" => Lattice::Counter,
            "money_sum" => Lattice::MoneySum,
            "average" => Lattice::Average,
            "flag" => Lattice::Flag,
            "max" => Lattice::MaxOf(self.ty()?),
            "min" => Lattice::MinOf(self.ty()?),
            "latest" => Lattice::Latest(self.ty()?),
            "grow_set" => Lattice::GrowSet(self.ty()?),
            "add_set" => Lattice::AddSet(self.ty()?),
            "map" => {
                let key = self.ty()?;
                self.expect(',')?;
                Lattice::MergeMap(key, Box::new(self.lattice()?))
            }
            other => return Err(format!("nothing merges as {other}")),
        })
    }
}
