//! Programs and components as text: what is taken, what is refused, and what comes of calls.

mod calls;
mod loading;
mod support;
mod values;
