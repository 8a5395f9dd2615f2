//! Formulas of costs: sums of products over lengths that a call's arguments and the state have.
//!
//! ```text
//!   2 + |lines| + 3 * |lines| * |taxes|      a sum of terms; a term is a number and what it is multiplied with
//!   max(2, |lines|)                          a branch: the dearer way
//!   (1 + |lines|) / 64                       rounded down
//! ```
//! Kept in one normal form, so that equal costs are equal values: terms with the same factors are one term, nothing is
//! multiplied by 0, and what has no bound swallows its factors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A sum; without terms it is 0. `L` is what can be measured: in a manifest [`crate::receipt::Length`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Formula<L: Ord> {
    terms: Vec<Term<L>>,
}

/// A number times all factors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term<L: Ord> {
    /// Never 0.
    pub times: u64,
    /// Ascending; without any the term is its number.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Factor<L>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor<L: Ord> {
    Length(L),
    /// The greatest of them.
    Max(Vec<Formula<L>>),
    /// So many fit into it, as a whole number.
    Share(Box<Formula<L>>, u64),
    /// Nobody can say how often.
    Unbounded,
}

impl<L: Ord> Default for Formula<L> {
    fn default() -> Self {
        Formula { terms: Vec::new() }
    }
}

/// Of more ways than these only the greatest number of each term is kept, which is never too little.
const WAYS_MAX: usize = 4;
/// Nor is a formula with more terms worth reading.
const TERMS_MAX: usize = 32;

impl<L: Ord + Clone> Formula<L> {
    pub fn number(n: u64) -> Self {
        Formula::of_term(n, Vec::new())
    }

    pub fn length(of: L) -> Self {
        Formula::of_term(1, vec![Factor::Length(of)])
    }

    pub fn unbounded() -> Self {
        Formula::of_term(1, vec![Factor::Unbounded])
    }

    pub fn of_factor(factor: Factor<L>) -> Self {
        Formula::of_term(1, vec![factor])
    }

    fn of_term(times: u64, of: Vec<Factor<L>>) -> Self {
        let terms = match times {
            0 => Vec::new(),
            _ => vec![Term { times, of }],
        };
        Formula { terms }
    }

    fn of_terms(terms: impl IntoIterator<Item = (Vec<Factor<L>>, u64)>) -> Self {
        let mut sum: BTreeMap<Vec<Factor<L>>, u64> = BTreeMap::new();
        for (mut of, times) in terms {
            if times == 0 {
                continue;
            }
            if of.contains(&Factor::Unbounded) {
                sum.insert(vec![Factor::Unbounded], 1);
                continue;
            }
            of.sort();
            let known = sum.entry(of).or_default();
            *known = known.saturating_add(times);
        }
        // Whatever is added to what has no bound.
        if sum.contains_key([Factor::Unbounded].as_slice()) || sum.len() > TERMS_MAX {
            return Formula::unbounded();
        }
        let terms = sum.into_iter().map(|(of, times)| Term { times, of });
        Formula {
            terms: terms.collect(),
        }
    }

    pub fn terms(&self) -> &[Term<L>] {
        &self.terms
    }

    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn is_unbounded(&self) -> bool {
        let has = |term: &Term<L>| term.of.contains(&Factor::Unbounded);
        self.terms.iter().any(has)
    }

    /// The number, when it is one.
    pub fn as_number(&self) -> Option<u64> {
        match self.terms.as_slice() {
            [] => Some(0),
            [term] if term.of.is_empty() => Some(term.times),
            _ => None,
        }
    }

    pub fn plus(&self, other: &Self) -> Self {
        let all = self.terms.iter().chain(&other.terms);
        Formula::of_terms(all.map(|term| (term.of.clone(), term.times)))
    }

    pub fn times(&self, other: &Self) -> Self {
        let products = self.terms.iter().flat_map(|a| {
            other.terms.iter().map(move |b| {
                let of = a.of.iter().chain(&b.of).cloned().collect();
                (of, a.times.saturating_mul(b.times))
            })
        });
        Formula::of_terms(products)
    }

    /// The greater of two, whichever that will be.
    pub fn dearer(&self, other: &Self) -> Self {
        if other.is_at_most(self) {
            return self.clone();
        }
        if self.is_at_most(other) {
            return other.clone();
        }
        let mut ways = Vec::new();
        for side in [self, other] {
            match side.terms.as_slice() {
                [Term { times: 1, of }] if matches!(of.as_slice(), [Factor::Max(_)]) => {
                    let [Factor::Max(inner)] = of.as_slice() else {
                        continue;
                    };
                    ways.extend(inner.iter().cloned());
                }
                _ => ways.push(side.clone()),
            }
        }
        let is_less = |at: usize, way: &Self| {
            let others = ways.iter().enumerate().filter(|(other, _)| *other != at);
            others
                .into_iter()
                .any(|(other, than)| way.is_at_most(than) && (way != than || other < at))
        };
        let mut left: Vec<Self> = ways
            .iter()
            .enumerate()
            .filter(|(at, way)| !is_less(*at, way))
            .map(|(_, way)| way.clone())
            .collect();
        left.sort();
        match left.len() {
            1 => left.remove(0),
            2..=WAYS_MAX => Formula::of_term(1, vec![Factor::Max(left)]),
            _ => {
                let mut most: BTreeMap<Vec<Factor<L>>, u64> = BTreeMap::new();
                for term in left.iter().flat_map(|way| &way.terms) {
                    let known = most.entry(term.of.clone()).or_default();
                    *known = (*known).max(term.times);
                }
                Formula::of_terms(most)
            }
        }
    }

    /// How many times `n`, which is not 0, fits into it.
    pub fn share(&self, n: u64) -> Self {
        match self.as_number() {
            Some(number) => Formula::number(number / n),
            None if self.is_unbounded() => Formula::unbounded(),
            None => Formula::of_term(1, vec![Factor::Share(Box::new(self.clone()), n)]),
        }
    }

    /// Whether it is never more than the other, as far as the terms tell: no means that it is not known.
    pub fn is_at_most(&self, other: &Self) -> bool {
        other.is_unbounded()
            || self.terms.iter().all(|term| {
                let same = other.terms.iter().find(|than| than.of == term.of);
                same.is_some_and(|than| term.times <= than.times)
            })
    }

    /// Each length that is in it, once for each place.
    pub fn lengths(&self) -> Vec<&L> {
        let mut found = Vec::new();
        for factor in self.terms.iter().flat_map(|term| &term.of) {
            match factor {
                Factor::Length(of) => found.push(of),
                Factor::Max(ways) => found.extend(ways.iter().flat_map(Formula::lengths)),
                Factor::Share(of, _) => found.extend(of.lengths()),
                Factor::Unbounded => {}
            }
        }
        found
    }

    /// With other lengths, or whole formulas, in their place.
    pub fn with<M: Ord + Clone>(&self, of: &dyn Fn(&L) -> Formula<M>) -> Formula<M> {
        let factor = |factor: &Factor<L>| match factor {
            Factor::Length(length) => of(length),
            Factor::Max(ways) => {
                let ways = ways.iter().map(|way| way.with(of));
                ways.reduce(|a, b| a.dearer(&b)).unwrap_or_default()
            }
            Factor::Share(inner, n) => inner.with(of).share(*n),
            Factor::Unbounded => Formula::unbounded(),
        };
        let term = |term: &Term<L>| {
            let factors = term.of.iter().map(factor);
            factors.fold(Formula::number(term.times), |all, one| all.times(&one))
        };
        let terms = self.terms.iter().map(term);
        terms.fold(Formula::default(), |all, one| all.plus(&one))
    }

    /// Its value for these lengths; `None` when it has no bound, or a length is not known.
    pub fn value(&self, of: &dyn Fn(&L) -> Option<u64>) -> Option<u64> {
        let mut sum = 0u64;
        for term in &self.terms {
            let mut product = term.times;
            for factor in &term.of {
                let value = match factor {
                    Factor::Length(length) => of(length)?,
                    Factor::Max(ways) => {
                        let mut most = 0;
                        for way in ways {
                            most = most.max(way.value(of)?);
                        }
                        most
                    }
                    Factor::Share(inner, n) => inner.value(of)? / (*n).max(1),
                    Factor::Unbounded => return None,
                };
                product = product.saturating_mul(value);
            }
            sum = sum.saturating_add(product);
        }
        Some(sum)
    }

    /// Without the terms that only come to something when there is very much: what people read.
    pub fn without_shares(&self) -> Self {
        let is_share = |factor: &Factor<L>| matches!(factor, Factor::Share(..));
        let terms = self.terms.iter();
        let terms = terms.filter(|term| !term.of.iter().any(is_share));
        Formula {
            terms: terms.cloned().collect(),
        }
    }

    /// In words, with lengths as `of` names them.
    pub fn text(&self, of: &dyn Fn(&L) -> String) -> String {
        if self.is_unbounded() {
            return "without bound".to_owned();
        }
        let terms: Vec<String> = self.terms.iter().map(|term| term_text(term, of)).collect();
        match terms.is_empty() {
            true => "0".to_owned(),
            false => terms.join(" + "),
        }
    }
}

fn term_text<L: Ord + Clone>(term: &Term<L>, of: &dyn Fn(&L) -> String) -> String {
    let mut parts = Vec::new();
    if term.times != 1 || term.of.is_empty() {
        parts.push(term.times.to_string());
    }
    for factor in &term.of {
        parts.push(match factor {
            Factor::Length(length) => of(length),
            Factor::Max(ways) => {
                let ways: Vec<String> = ways.iter().map(|way| way.text(of)).collect();
                format!("max({})", ways.join(", "))
            }
            Factor::Share(inner, n) => match inner.terms.len() {
                1 => format!("{} / {n}", inner.text(of)),
                _ => format!("({}) / {n}", inner.text(of)),
            },
            Factor::Unbounded => "without bound".to_owned(),
        });
    }
    parts.join(" * ")
}

#[cfg(test)]
mod tests {
    use super::*;

    type F = Formula<&'static str>;

    fn shown(formula: &F) -> String {
        formula.text(&|name| format!("|{name}|"))
    }

    #[test]
    fn equal_costs_are_equal_values() {
        let (n, m) = (F::length("n"), F::length("m"));
        let two = F::number(2);
        assert_eq!(n.plus(&m).times(&two), m.times(&two).plus(&n.times(&two)));
        assert_eq!(
            shown(&n.plus(&two).times(&m.plus(&two))),
            "4 + 2 * |m| + |m| * |n| + 2 * |n|"
        );
        assert_eq!(n.times(&F::number(0)), F::default());
        assert_eq!(F::unbounded().times(&F::default()), F::default());
        assert_eq!(shown(&F::unbounded().times(&n).plus(&two)), "without bound");
    }

    #[test]
    fn the_dearer_way_is_taken_where_one_is_known_to_be() {
        let (n, m) = (F::length("n"), F::length("m"));
        let more = n.plus(&F::number(1));
        assert_eq!(n.dearer(&more), more);
        assert_eq!(shown(&n.dearer(&m)), "max(|m|, |n|)");
        assert_eq!(n.dearer(&m).dearer(&n), n.dearer(&m));
        assert_eq!(
            shown(&n.dearer(&m).dearer(&F::number(3))),
            "max(|m|, |n|, 3)"
        );
        // Of many ways the most of each: never too little.
        let ways = ["a", "b", "c", "d", "e"].map(F::length);
        let all = ways.iter().fold(F::default(), |all, way| all.dearer(way));
        assert_eq!(all.value(&|_| Some(7)), Some(35));
    }

    #[test]
    fn a_formula_has_a_value_for_lengths() {
        let n = F::length("n");
        let yields = n.plus(&F::number(1)).share(65).plus(&n);
        assert_eq!(shown(&yields), "|n| + (1 + |n|) / 65");
        assert_eq!(yields.value(&|_| Some(64)), Some(65));
        assert_eq!(yields.value(&|_| None), None);
        assert_eq!(F::unbounded().value(&|_| Some(1)), None);
        let json = serde_json::to_string(&Formula::<String>::length("n".into())).unwrap();
        assert_eq!(json, r#"[{"times":1,"of":[{"length":"n"}]}]"#);
    }
}
