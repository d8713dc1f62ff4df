//! Documents made of what was observed and found, and the text, HTML, SVG and JSON they are printed as.
//!
//! Words and columns are decided once, in a [`doc::Doc`]; the printers only skin it. Nothing here computes a verdict.

pub mod api;
pub mod audit;
mod bytes;
pub mod content;
pub mod copy;
pub mod debug;
pub mod dns;
pub mod doc;
pub mod ending;
pub mod error;
mod escape;
pub mod events;
pub mod exchange;
pub mod explain;
pub mod export;
pub mod fix;
pub mod forward;
mod gaps;
pub mod gc;
mod harmless;
pub mod html;
pub mod json;
pub mod kept;
pub mod live;
mod markdown;
mod moment;
pub mod netdb;
pub mod ports;
#[cfg(test)]
mod properties;
pub mod raw;
pub mod report;
#[cfg(test)]
mod samples;
mod shell;
pub mod snapshot;
pub mod sockets;
pub mod take_over;
pub mod tap;
pub mod template;
pub mod testbox;
pub mod text;
pub mod toolbox;
pub mod topology;
mod units;

#[cfg(test)]
mod tests;
