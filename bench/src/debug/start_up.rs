//! What a tool of the toolbox costs before it does anything, beside those of the lab host.

use crate::error::BenchError;
use crate::host::Host;
use crate::race::{Contender, Scenario};

/// Links that make porthole the tools they are named after.
const TOOLS: &str = "/run/tools";

pub(super) fn scenario(host: &Host) -> Result<Scenario, BenchError> {
    for command in [["mkdir", "-p", TOOLS, TOOLS], ["ln", "-sf", "/usr/local/bin/porthole", "/run/tools/sh"]]
    {
        host.output(&command.map(str::to_owned))?;
    }
    host.output(&["ln", "-sf", "/usr/local/bin/porthole", "/run/tools/echo"].map(str::to_owned))?;
    let contenders = vec![
        Contender::new("`porthole --version`", &["porthole", "--version"], "porthole", 1),
        Contender::new("`echo` of the toolbox", &["/run/tools/echo", "a"], "a", 1),
        Contender::new("`sh -c :` of the toolbox", &["/run/tools/sh", "-c", ":"], "", 0),
        Contender::new("`bash -c :`", &["bash", "-c", ":"], "", 0),
        Contender::new("`dash -c :`", &["dash", "-c", ":"], "", 0),
        Contender::new("`docker --version`", &["docker", "--version"], "Docker version", 1),
        Contender::new("`true`, the least there is", &["/bin/true"], "", 0),
    ];
    Ok(Scenario { title: "Start".to_owned(), contenders })
}
