//! Recorded exchanges in the formats of other tools. Credentials were masked before they were recorded, and stay so.

mod content;
pub mod curl;
pub mod har;
#[cfg(test)]
mod har_tests;
pub mod jsonl;
#[cfg(test)]
mod samples;

pub use content::{Content, Missing};
pub(crate) use jsonl::hexadecimal;

use porthole_model::Exchange;

/// An exchange and what was recorded of its messages.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// What was recorded of the request; `None` where heads and bodies were not recorded.
    pub request: Option<Content<'a>>,
    /// What was recorded of the answer.
    pub answer: Option<Content<'a>>,
}
