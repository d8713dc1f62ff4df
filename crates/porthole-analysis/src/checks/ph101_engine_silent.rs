//! PH101: the engine does not answer.

use porthole_model::{CheckCode, Gap, GapKind, Observed, Process, Severity, Snapshot};

use super::concern::about_engine;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;

const CODE: CheckCode = CheckCode(101);

/// Processes whose absence, or presence, tells where to look next.
const DAEMONS: [&str; 3] = ["dockerd", "containerd", "podman"];

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the engine does not answer",
    documentation: Documentation {
        checks: "Whether the engine answers on the endpoint that the docker command would use: `--host`, `DOCKER_HOST`, \
                 the context in use, or the default socket.",
        why: "Without the engine, nothing about containers and networks can be asked, and every docker command fails. \
              The causes differ: there is no socket, there is one but nobody listens on it, the user may not open \
              it, the daemon accepts and then hangs, TLS is refused, or a context points to another machine.",
        mend: "The evidence says which of them it is. Start the engine and read why it stopped; or become a member of \
               the group that owns the socket; or point `DOCKER_HOST` or the context to the engine that is meant.",
        example: "`Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?`",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    match &snapshot.engine {
        Observed::Known(_) => Ok(Found::default()),
        Observed::Missing(gap) if gap.kind == GapKind::NotAsked => Err(gap.clone()),
        Observed::Missing(gap) => Ok(Found { concerns: vec![concern(snapshot, gap)], gaps: Vec::new() }),
    }
}

fn concern(snapshot: &Snapshot, gap: &Gap) -> Concern {
    let summary = match gap.kind {
        GapKind::Permission => {
            "you may not talk to the engine, so nothing about its containers could be checked"
        }
        _ => "the engine does not answer, so nothing about its containers could be checked",
    };
    let concern = Concern::new(CODE, Severity::Error, about_engine(), summary.to_owned())
        .alone_if(gap.kind == GapKind::Permission)
        .evidence(gap.what.clone(), gap.cause.clone());
    remedies(gap, with_daemons(snapshot, concern))
}

fn with_daemons(snapshot: &Snapshot, concern: Concern) -> Concern {
    let processes = snapshot.host.value().and_then(|host| host.processes.value());
    let Some(processes) = processes else { return concern };
    let is_daemon = |process: &&Process| DAEMONS.contains(&process.name.as_str());
    let line = |process: &Process| format!("{} (pid {})", process.name, process.pid);
    let daemons: Vec<_> = processes.iter().filter(is_daemon).map(line).collect();
    let observed = if daemons.is_empty() { "none".to_owned() } else { daemons.join(", ") };
    concern.evidence(format!("processes of this host named {}", DAEMONS.join(", ")), observed)
}

fn remedies(gap: &Gap, concern: Concern) -> Concern {
    let concern = match &gap.remedy {
        Some(remedy) => concern.remedy(remedy.clone(), Vec::new()),
        None => concern,
    };
    match gap.kind {
        GapKind::Permission => concern,
        _ => concern.remedy(
            "see whether the engine runs, and why it stopped",
            vec!["systemctl status docker".to_owned(), "journalctl --unit docker --lines 50".to_owned()],
        ),
    }
}
