//! Exchanges for people: a line each as they happen, one in full, what many come to, and how two
//! recordings differ.

mod detail;
mod diff;
mod exec;
mod line;
mod line_writer;
mod summary;
#[cfg(test)]
mod tests;
mod words;

pub use detail::detail;
pub use diff::traffic_diff;
pub use exec::exec_calls;
pub use line::line;
pub use line_writer::LineWriter;
pub use summary::summary;
pub(crate) use words::{client, number, status, story};
