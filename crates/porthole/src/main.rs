//! The door: what was typed goes in, an exit code comes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    porthole::run().into()
}
