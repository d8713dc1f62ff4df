//! What every command costs before it does anything, and the least that can be measured.

use crate::error::BenchError;
use crate::host::Host;
use crate::race::{Contender, Scenario};

#[expect(clippy::unnecessary_wraps, reason = "prepared like the other scenarios")]
pub(crate) fn scenario(_: &Host) -> Result<Scenario, BenchError> {
    let contenders = vec![
        Contender::new("`porthole --version`", &["porthole", "--version"], "porthole", 1),
        Contender::new("`docker --version`", &["docker", "--version"], "Docker version", 1),
        Contender::new("`true`, the least there is", &["true"], "", 0),
    ];
    Ok(Scenario { title: "Start".to_owned(), contenders })
}
