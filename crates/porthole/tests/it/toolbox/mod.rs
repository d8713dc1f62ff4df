//! The toolbox in an empty root directory: only the binary, its names, /proc and /dev.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod list;
mod name_services;
mod one_liners;
mod root;
mod terminal;
