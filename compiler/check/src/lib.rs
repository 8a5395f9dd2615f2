//! Placeholder until this crate has content.
