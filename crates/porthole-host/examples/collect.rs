//! Prints what this host shows, as the snapshot file holds it, and how long the reading took.

use std::time::Instant;

use porthole_host::{LinuxHost, Roots};
use porthole_model::{Scope, Topic};

fn main() {
    let scope = match std::env::args().nth(1).as_deref() {
        Some("links") => Scope::of(&[Topic::Links]),
        Some("listeners") => Scope::of(&[Topic::Listeners]),
        _ => Scope::everything(),
    };
    let host = LinuxHost::new(Roots::default());
    let begin = Instant::now();
    let seen = host.collect(&scope);
    let took = begin.elapsed();
    #[expect(clippy::print_stdout, reason = "an example speaks to its user")]
    {
        println!("{seen:#?}");
        println!("{took:?}");
    }
}
