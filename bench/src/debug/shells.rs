//! From the command to a shell that answers: porthole's two ways, and what else gives a shell.

use crate::error::BenchError;
use crate::host::{Host, RUNNER};
use crate::race::{Contender, Scenario};

/// The container to get into. Its image has a shell, so that `docker exec` can take part.
pub(super) const TARGET: &str = "web0";

/// The tools of the containers beside it: already on the engine, and busybox, which starts sooner than most.
const TOOLS: &str = "bb:1";

/// Where porthole's two ways and those they are compared with stand in the table.
pub(super) const LOCAL: usize = 0;
pub(super) const SIDECAR: usize = 1;
pub(super) const EXEC: usize = 2;
pub(super) const BESIDE: usize = 3;

/// Starts the target.
pub(super) fn scenario(host: &Host) -> Result<Scenario, BenchError> {
    host.run(TARGET, &[], &["bb:1", "httpd", "-f", "-p", "80"])?;
    let shared = format!("container:{TARGET}");
    let run = [
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--tty",
        "--pid",
        &shared,
        "--network",
        &shared,
        TOOLS,
        "sh",
    ];
    let contenders = vec![
        Contender::shell("`porthole debug C`", &["porthole", "debug", TARGET]),
        Contender::shell(
            "`porthole debug --mode sidecar C`",
            &["porthole", "debug", "--mode", "sidecar", TARGET],
        ),
        Contender::shell(
            "`docker exec -it C sh`",
            &["docker", "exec", "--interactive", "--tty", TARGET, "sh"],
        ),
        Contender::shell("docker-debug's way", &[RUNNER, "beside", TARGET, TOOLS]),
        Contender::shell("`docker run --rm -it --pid container:C --network container:C IMAGE sh`", &run),
    ];
    Ok(Scenario { title: "From the command to a shell that answers".to_owned(), contenders })
}

/// The ids of all containers.
pub(super) fn containers(host: &Host) -> Result<String, BenchError> {
    host.docker(&["ps", "--all", "--quiet", "--no-trunc"])
}

/// Holds when there are no others than before.
pub(super) fn nothing_left(host: &Host, before: &str) -> Result<(), BenchError> {
    let after = containers(host)?;
    if after == before {
        return Ok(());
    }
    let problem = format!("containers were left: {after}");
    Err(BenchError::Answer { command: "a shell".to_owned(), problem })
}
