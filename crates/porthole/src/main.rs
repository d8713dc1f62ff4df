//! The door: what was typed goes in, an exit code comes out.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// What a tap notes of a call is freed by another thread than made it, which is slow in glibc.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    porthole::run().into()
}
