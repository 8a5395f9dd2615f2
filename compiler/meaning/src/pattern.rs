//! Holding a pattern against a value.

use weir_check::hir::{Pattern, PatternKind};
use weir_contract::Value;

use crate::call::{Frame, Step};
use crate::stop::Eval;
use crate::types::error_def;

impl<'p> Step<'p> {
    /// Whether the value has the pattern's form. Names in the pattern are assigned on the way; when it does not
    /// match nobody can see them.
    pub fn matches(
        &mut self,
        pattern: &'p Pattern,
        value: Value,
        frame: &mut Frame<'p>,
    ) -> Eval<bool> {
        use PatternKind as P;
        Ok(match (&pattern.kind, value) {
            (P::Wildcard, _) => true,
            (P::Bind(local), value) => {
                frame.locals[local.0 as usize] = Some(value);
                true
            }
            (P::Bool(expected), value) => value == Value::Bool(*expected),
            (P::Literal(literal), value) => self.eval(literal, frame)? == value,
            (P::None, Value::Option(value)) => value.is_none(),
            (P::Some(inner), Value::Option(Some(value))) => self.matches(inner, *value, frame)?,
            (P::Ok(inner), Value::Ok(value)) => self.matches(inner, *value, frame)?,
            (P::Error(id, patterns), Value::Err(def, fields)) => {
                error_def(self.program, *id) == def && self.all_match(patterns, fields, frame)?
            }
            (P::Variant(_, tag, patterns), Value::Variant(found, fields)) => {
                *tag == found && self.all_match(patterns, fields, frame)?
            }
            (P::Fields(patterns), Value::Record(fields)) => {
                self.all_match(patterns, fields, frame)?
            }
            (P::List { items, rest }, Value::List(mut values)) => {
                let long_enough = match rest {
                    None => values.len() == items.len(),
                    Some(_) => values.len() >= items.len(),
                };
                if !long_enough {
                    return Ok(false);
                }
                let behind = values.split_off(items.len());
                if let Some(rest) = rest {
                    frame.locals[rest.0 as usize] = Some(Value::List(behind));
                }
                self.all_match(items, values, frame)?
            }
            (P::Or(alternatives), value) => {
                for alternative in alternatives {
                    if self.matches(alternative, value.clone(), frame)? {
                        return Ok(true);
                    }
                }
                false
            }
            (_, _) => false,
        })
    }

    fn all_match(
        &mut self,
        patterns: &'p [Pattern],
        values: Vec<Value>,
        frame: &mut Frame<'p>,
    ) -> Eval<bool> {
        assert_eq!(patterns.len(), values.len(), "a pattern for each part");
        for (pattern, value) in patterns.iter().zip(values) {
            if !self.matches(pattern, value, frame)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
