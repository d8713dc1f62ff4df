//! Exchanges for people: a line each as they happen, one in full, and what many come to.

mod detail;
mod exec;
mod line;
mod line_writer;
mod summary;
#[cfg(test)]
mod tests;
mod words;

pub use detail::detail;
pub use exec::exec_calls;
pub use line::line;
pub use line_writer::LineWriter;
pub use summary::summary;
pub(crate) use words::{client, number, status, story};
