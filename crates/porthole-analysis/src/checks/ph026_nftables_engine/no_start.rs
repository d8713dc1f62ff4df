//! An engine that was told to use nftables, on a host that does not forward: it does not start.

use porthole_model::{
    EngineSettings, Gap, GapKind, Observed, Process, Severity, Snapshot, Subject, SubjectKind,
};

use super::super::concern::about_engine;
use super::super::{Concern, Found};
use super::CODE;
use crate::places::engine_namespace;

const FORWARDING: &str = "net.ipv4.ip_forward";

/// Of an engine that somebody may not ask, nothing is said.
pub(super) fn no_start(snapshot: &Snapshot, silence: &Gap) -> Result<Found, Gap> {
    if matches!(silence.kind, GapKind::NotAsked | GapKind::Permission) {
        return Err(silence.clone());
    }
    // A snapshot of an older porthole, and an engine elsewhere, have none: the engine is what is missing.
    let Observed::Known(settings) = &snapshot.settings_of_silent_engine else { return Err(silence.clone()) };
    let mut found = Found::default();
    if needs_forwarding(settings) && !runs(snapshot)? {
        let sysctl = engine_namespace(snapshot)?.stack.known()?.sysctl(FORWARDING);
        found.concerns.extend((sysctl.known()?.trim() == "0").then(concern));
    }
    Ok(found)
}

/// `checkIPv4Forwarding` of moby's bridge driver: for the default network, unless it was told to let forwarding be.
fn needs_forwarding(settings: &EngineSettings) -> bool {
    settings.firewall_backend.as_deref() == Some("nftables")
        && settings.ip_forward != Some(false)
        && settings.iptables != Some(false)
        && settings.bridge.as_deref() != Some("none")
}

/// One that runs and does not answer has another trouble.
fn runs(snapshot: &Snapshot) -> Result<bool, Gap> {
    let is_dockerd = |process: &Process| process.name == "dockerd";
    Ok(snapshot.host.known()?.processes.known()?.iter().any(is_dockerd))
}

fn concern() -> Concern {
    let subject = Subject { kind: SubjectKind::Engine, name: "firewall back end".to_owned() };
    let summary = "the engine does not start: its settings have it keep its rules with nftables, by which it does not turn \
                   forwarding on itself, and this host does not forward";
    Concern::new(CODE, Severity::Error, subject, summary.to_owned())
        .likely()
        .related(about_engine())
        .evidence("settings file of the engine, firewall-backend", "nftables")
        .evidence(format!("sysctl {FORWARDING}"), "0")
        .evidence("processes of this host named dockerd", "none")
        .remedy(
            "see to it that the host's firewall drops what it should not forward, turn forwarding on, and start the engine",
            vec![format!("sysctl -w {FORWARDING}=1"), "systemctl start docker".to_owned()],
        )
        .remedy(
            "and for the next boot",
            vec![format!("echo '{FORWARDING} = 1' > /etc/sysctl.d/90-ip-forward.conf")],
        )
        .remedy(
            "or have the engine start without, if its containers need no way out: \"ip-forward\": false in \
             /etc/docker/daemon.json",
            Vec::new(),
        )
}
