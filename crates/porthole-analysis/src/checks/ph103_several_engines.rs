//! PH103: another engine runs on this host beside the one that was asked.

use porthole_model::{
    CheckCode, Engine, Gap, MaskedText, Observed, Pid, Process, Severity, Subject, SubjectKind,
};

use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::places::other_daemons;

const CODE: CheckCode = CheckCode(103);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "several engines run on this host",
    documentation: Documentation {
        checks: "Whether a dockerd process runs on the host, outside of containers, that does not serve the endpoint \
                 that was asked.",
        why: "Each engine has its own containers, images and networks, and shows nothing of the other's. A rootless \
              engine beside the system's one, a snap package beside Debian's, or Docker Desktop's context: then \
              `docker ps` is empty and the containers still run, or a port is taken by nobody. Which engine a command \
              asks is decided by `--host`, `DOCKER_HOST` and the context in use.",
        mend: "See which endpoint each context names, and choose one; stop the engine that nobody wants.",
        example: "`sudo docker ps` shows the containers and `docker ps` none: the user's context is `rootless`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let host = snapshot.host.known()?;
    let engine = snapshot.engine.known()?;
    let asked = *engine.daemon.known()?;
    let is_outside = |process: &&Process| process.container == Observed::Known(None);
    // Engines in containers serve those.
    let others: Vec<_> = other_daemons(host, asked)?.filter(is_outside).collect();
    let concern = (!others.is_empty()).then(|| concern(engine, asked, &others));
    Ok(Found { concerns: concern.into_iter().collect(), gaps: Vec::new() })
}

fn concern(engine: &Engine, asked: Pid, others: &[&Process]) -> Concern {
    let subject = Subject { kind: SubjectKind::Host, name: "engines".to_owned() };
    let summary =
        "another Docker engine runs on this host, with containers of its own that this one does not show";
    let source = format!("engine at {}, by {}", engine.endpoint, engine.endpoint_origin);
    let mut concern = Concern::new(CODE, Severity::Note, subject, summary.to_owned())
        .evidence(source, format!("pid {asked}"));
    for other in others {
        let arguments = other.arguments.value().into_iter().flatten().map(MaskedText::as_str);
        let arguments = arguments.collect::<Vec<_>>().join(" ");
        concern = concern.evidence(format!("process {}, of user {}", other.pid, other.uid), arguments);
    }
    concern.remedy(
        "see which engine the docker command asks, and which others it knows",
        vec!["docker context ls".to_owned(), "printenv DOCKER_HOST".to_owned()],
    )
}
