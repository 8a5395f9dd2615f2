//! What each tick of an `every` costs. Its run goes on for ever, so the cost of all of it says little: what is taken here is what
//! every round of the loop adds that was made for it.

use weir_contract::formula::Factor;
use weir_contract::manifest::{Function, Manifest};
use weir_contract::receipt::{Cost, Count, Length};

/// Of the run of a schedule, whose loop stands where the run does; `None` for others.
pub fn each_tick(manifest: &Manifest, function: &Function) -> Option<Cost> {
    let receipt = function.receipt.as_ref()?;
    let place = |site: u32| {
        let site = manifest.sites.get(site as usize)?;
        Some((site.source, site.line, site.column))
    };
    let at = place(receipt.at)?;
    let is_its_loop = |factor: &Factor<Length>| match factor {
        Factor::Length(Length::Rounds(site)) => place(*site) == Some(at),
        _ => false,
    };
    let each = |count: &Count| {
        let terms = count.without_shares();
        let mut sum = Count::default();
        for term in terms.terms() {
            let Some(round) = term.of.iter().position(is_its_loop) else {
                continue;
            };
            let rest = term.of.iter().enumerate().filter(|(n, _)| *n != round);
            let product = rest.fold(Count::number(term.times), |product, (_, factor)| {
                product.times(&Count::of_factor(factor.clone()))
            });
            sum = sum.plus(&product);
        }
        sum
    };
    let cost = &receipt.cost;
    let each = Cost {
        records: each(&cost.records),
        // An instance counts once, however often.
        keys: cost.keys.clone(),
        outside: each(&cost.outside),
        reads: each(&cost.reads),
        writes: each(&cost.writes),
        waits: each(&cost.waits),
        messages: each(&cost.messages),
    };
    (!each.records.is_zero()).then_some(each)
}
