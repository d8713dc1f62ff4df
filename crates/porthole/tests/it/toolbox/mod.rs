//! The toolbox in an empty root directory: only the binary, its names, /proc and /dev.

mod list;
mod name_services;
mod one_liners;
mod root;
mod terminal;
