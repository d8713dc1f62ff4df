//! What holds for the whole project: its crates, its sources, and the script that the gate runs.

mod crates;
mod libraries;
mod second_chance;
mod sources;
mod workspace;
