//! `Money`: a decimal amount in a currency. Adding and ordering are the language's own (it refuses two currencies); here is
//! what needs the table of currencies, and how money is written.

use super::{Answer, Misread, decimal, decimal_at, money_at, option, text_at};
use crate::crash::CrashReason;
use crate::currency::Currency;
use crate::json::nearest;
use crate::value::{Money, Value};

/// Amount and code, with at least as many places as the currency's smallest coin takes: `19.90 USD`, `500 JPY`, `0.125 EUR`.
pub fn show(money: Money) -> String {
    let mut out = decimal::show(money.amount);
    let places = usize::from(money.currency.minor_units());
    let written = out.split_once('.').map_or(0, |(_, places)| places.len());
    if written == 0 && places > 0 {
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', places.saturating_sub(written)));
    format!("{out} {}", money.currency)
}

/// Why a text is no money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread<'t> {
    /// Not a number and three letters.
    Form,
    /// Three letters that are no currency.
    Currency(&'t str),
}

/// Reads what `show` writes, with or without the space: `19.9 USD`, `19.90USD`, `-5 EUR`.
pub fn parse(text: &str) -> Result<Money, Unread<'_>> {
    let at = text.len().checked_sub(3).ok_or(Unread::Form)?;
    let (amount, code) = text.split_at_checked(at).ok_or(Unread::Form)?;
    if !code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Unread::Form);
    }
    let amount = decimal::parse(amount.strip_suffix(' ').unwrap_or(amount));
    let amount = amount.ok_or(Unread::Form)?;
    let currency = Currency::of(code).ok_or(Unread::Currency(code))?;
    Ok(Money { currency, amount })
}

/// What is wrong with the code of a currency; `None` when there is one of this code.
pub fn problem(code: &str) -> Option<Misread> {
    if Currency::of(code).is_some() {
        return None;
    }
    let known: Vec<Currency> = Currency::all().collect();
    let why = match nearest(code, known.iter().map(Currency::code)) {
        Some(near) => format!("ISO 4217 has no `{code}`; did you mean `{near}`?"),
        None => format!("ISO 4217 has no `{code}`"),
    };
    Some(Misread {
        what: "this is no currency",
        why,
        help: "write the three capital letters of ISO 4217, as `USD` or `EUR`",
    })
}

fn currency_at(args: &[Value], at: usize) -> Result<Currency, CrashReason> {
    Currency::of(text_at(args, at)).ok_or(CrashReason::BadText)
}

pub(super) fn op_of(args: &[Value]) -> Answer {
    let (amount, currency) = (decimal_at(args, 0), currency_at(args, 1)?);
    Ok(Value::Money(Money { currency, amount }))
}

pub(super) fn op_amount(args: &[Value]) -> Answer {
    Ok(Value::Decimal(money_at(args, 0).amount))
}

pub(super) fn op_currency(args: &[Value]) -> Answer {
    Ok(Value::Text(money_at(args, 0).currency.code().to_owned()))
}

pub(super) fn op_with_amount(args: &[Value]) -> Answer {
    let (money, amount) = (money_at(args, 0), decimal_at(args, 1));
    Ok(Value::Money(Money { amount, ..money }))
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(show(money_at(args, 0))))
}

pub(super) fn op_parse(args: &[Value]) -> Answer {
    Ok(option(parse(text_at(args, 0)).ok().map(Value::Money)))
}

pub(super) fn op_is_currency(args: &[Value]) -> Answer {
    Ok(Value::Bool(Currency::of(text_at(args, 0)).is_some()))
}

pub(super) fn op_minor_units(args: &[Value]) -> Answer {
    Ok(Value::Int(i64::from(currency_at(args, 0)?.minor_units())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_the_places_of_its_currency() {
        for text in [
            "19.90 USD",
            "0.00 EUR",
            "-0.50 EUR",
            "500 JPY",
            "1.250 KWD",
            "0.125 EUR",
            "1.0000 CLF",
        ] {
            assert_eq!(show(parse(text).expect(text)), text);
        }
        assert_eq!(parse("19.9USD"), parse("19.90 USD"));
    }

    #[test]
    fn what_is_no_money_is_told_by_what_is_wrong() {
        for text in [
            "", "USD", " USD", "1", "1 usd", "1  USD", "USD 1", "1,5 USD", "é€",
        ] {
            assert_eq!(parse(text), Err(Unread::Form), "{text}");
        }
        assert_eq!(parse("1 USX"), Err(Unread::Currency("USX")));
        let why = problem("usd").unwrap().why;
        assert_eq!(why, "ISO 4217 has no `usd`; did you mean `USD`?");
    }
}
