//! PH104: the engine's API is open on TCP to whoever can connect.

use std::net::IpAddr;

use porthole_model::{CheckCode, Engine, Gap, Severity, Subject, SubjectKind};

use super::{Check, Concern, Documentation, Found};
use crate::case::Case;

const CODE: CheckCode = CheckCode(104);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the engine's API is open on TCP",
    documentation: Documentation {
        checks: "Whether the engine itself warns, in `docker info`, that its API is reachable over TCP without TLS, or \
                 with TLS that asks for no client certificate.",
        why: "Whoever can connect to that port can start a container that sees the host's whole disk as root: no \
              password, no log line that tells. Scanners look for port 2375 all day. On the loopback address it is \
              less bad and still a way to root for every user and every program on the host, and for containers in \
              the host's network.",
        mend: "Take the `tcp://` address out of `hosts` in `/etc/docker/daemon.json` or of dockerd's arguments, and \
               reach the engine by SSH: `DOCKER_HOST=ssh://user@host`. Where TCP is needed, ask for client \
               certificates (`--tlsverify`).",
        example: "`dockerd -H tcp://0.0.0.0:2375`, once set up for a CI server, and a cryptocurrency miner a day later.",
    },
    run,
};

/// What the engine warns of: an address, and whether TLS at least hides what is said.
struct OpenAddress<'a> {
    url: &'a str,
    warning: &'a str,
}

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let warnings = &engine.info.known()?.warnings;
    let open = warnings.iter().filter_map(|warning| open_address(warning));
    Ok(Found { concerns: open.map(|open| concern(engine, &open)).collect(), gaps: Vec::new() })
}

/// `API is accessible on http://0.0.0.0:2375 without encryption. …` and `… on https://… without TLS client
/// verification. …` (`fillAPIInfo` in moby's `daemon/info.go`).
fn open_address(warning: &str) -> Option<OpenAddress<'_>> {
    let (_, rest) = warning.split_once("API is accessible on ")?;
    let url = rest.split_whitespace().next()?;
    url.starts_with("http").then_some(OpenAddress { url, warning })
}

fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn concern(engine: &Engine, open: &OpenAddress<'_>) -> Concern {
    let is_loopback = is_loopback(open.url);
    let (severity, whoever) = if is_loopback {
        (Severity::Warning, "every user and program of this host")
    } else {
        (Severity::Error, "whoever can connect to it")
    };
    let subject = Subject { kind: SubjectKind::Engine, name: format!("API at {}", open.url) };
    let summary = format!("the engine takes orders on {}: {whoever} can become root on this host", open.url);
    Concern::new(CODE, severity, subject, summary)
        .evidence(format!("GET /info of {}, Warnings", engine.endpoint), open.warning)
        .remedy(
            "find where the address is set, take it out there, and restart the engine",
            vec![
                "grep -s hosts /etc/docker/daemon.json".to_owned(),
                "systemctl cat docker.service | grep ExecStart".to_owned(),
            ],
        )
        .remedy(
            "from other machines, reach the engine by SSH",
            vec!["docker -H ssh://user@host ps".to_owned()],
        )
}
