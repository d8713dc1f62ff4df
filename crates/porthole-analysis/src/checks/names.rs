//! How the checks of name servers speak of containers, files and servers.

use porthole_model::{NameServer, Observed, ResolverFile, Snapshot, Subject, SubjectKind};

use super::Concern;
use super::concern::{about_container, client};
use crate::dns::Standing;
use crate::shell::word;

/// How many containers are named in a sentence.
const NAMED: usize = 5;

/// The container where it is one, and else the host.
pub(super) fn subject(standings: &[Standing<'_>]) -> Subject {
    match standings {
        [one] => about_container(one.container),
        _ => Subject { kind: SubjectKind::Host, name: "name servers of containers".to_owned() },
    }
}

/// `container 'web'`, or `containers 'a', 'b' and 7 others`.
pub(super) fn containers(standings: &[Standing<'_>]) -> String {
    let names: Vec<_> = standings.iter().map(|each| format!("'{}'", each.container.name)).collect();
    match names.as_slice() {
        [one] => format!("container {one}"),
        few if few.len() <= NAMED => format!("containers {}", few.join(", ")),
        many => format!("containers {} and {} others", many[..NAMED].join(", "), many.len() - NAMED),
    }
}

/// The verb that goes with them.
pub(super) fn verb<'t>(standings: &[Standing<'_>], one: &'t str, several: &'t str) -> &'t str {
    if standings.len() == 1 { one } else { several }
}

/// Servers in a sentence.
pub(super) fn listed<'s>(servers: impl IntoIterator<Item = &'s NameServer>) -> String {
    let words: Vec<_> = servers.into_iter().map(ToString::to_string).collect();
    if words.is_empty() { "no server".to_owned() } else { words.join(", ") }
}

/// Adds each container as touched, and what the first of them asks.
pub(super) fn with_containers(mut concern: Concern, standings: &[Standing<'_>]) -> Concern {
    for standing in standings {
        concern = concern.related(about_container(standing.container));
    }
    let Some(standing) = standings.first() else { return concern };
    let source = format!("/etc/resolv.conf of container '{}'", standing.container.name);
    let concern = concern.evidence(source, file_in_words(standing.file));
    if !standing.is_embedded() {
        return concern;
    }
    let asked = standing.asked();
    let noted = standing.file.remarks.forwarders.is_some() || standing.file.remarks.has_no_server;
    let source = if noted { "noted there" } else { "in the engine's network database" };
    concern.evidence(
        format!("servers that the engine's resolver asks for it, {source}"),
        listed(asked.iter().map(|each| &each.server)),
    )
}

/// Adds what the host's files say.
pub(super) fn with_host(concern: Concern, standings: &[Standing<'_>]) -> Concern {
    let Some(standing) = standings.first() else { return concern };
    let concern = concern.evidence("/etc/resolv.conf of the host", observed(&standing.host.resolver_file));
    match &standing.host.resolved_file {
        Observed::Known(Some(file)) => {
            concern.evidence("/run/systemd/resolve/resolv.conf of the host", file_in_words(file))
        }
        _ => concern,
    }
}

fn observed(file: &Observed<Option<ResolverFile>>) -> String {
    match file {
        Observed::Known(Some(file)) => file_in_words(file),
        Observed::Known(None) => "there is none".to_owned(),
        Observed::Missing(gap) => format!("not known: {}", gap.cause),
    }
}

fn file_in_words(file: &ResolverFile) -> String {
    match file.name_servers.as_slice() {
        [] => "names no server".to_owned(),
        servers => format!("nameserver {}", listed(servers)),
    }
}

/// The command that starts them anew.
pub(super) fn restart(snapshot: &Snapshot, standings: &[Standing<'_>]) -> Vec<String> {
    let Some(engine) = snapshot.engine.value() else { return Vec::new() };
    let names: Vec<_> = standings.iter().map(|each| word(&each.container.name)).collect();
    vec![format!("{} restart {}", client(engine), names.join(" "))]
}
