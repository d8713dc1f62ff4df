//! What is wrong: the lowest broken rung that explains what is seen, then names that nobody has.

mod forwarders;
mod large;
mod names;
mod resolver;
mod servers;
mod words;

use porthole_model::{DnsRungKind, DnsVerdict, Observed, Severity};

use self::words::{Words, verdict};
use super::case::Case;

/// Everything that is wrong, the cause first.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsVerdict> {
    let mut verdicts: Vec<DnsVerdict> = Vec::new();
    verdicts.extend(file(case));
    verdicts.extend(if case.route.is_embedded { resolver::of(case) } else { servers::of(case) });
    verdicts.extend(large::of(case));
    let is_broken = verdicts.iter().any(|verdict| verdict.severity == Severity::Error);
    verdicts.extend(names::of(case, is_broken));
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.severity));
    verdicts
}

/// What is wrong with the file itself.
fn file(case: &Case<'_>) -> Option<DnsVerdict> {
    let problem = match &case.reading.resolver_file {
        Observed::Known(None) => "there is no such file",
        Observed::Known(Some(file)) if file.name_servers.is_empty() => "it names no server",
        Observed::Missing(_) | Observed::Known(Some(_)) => return None,
    };
    let answers = case.route.entries.first().and_then(|server| {
        case.voice_outside(server, super::case::DNS_PORT, porthole_model::DnsVantage::Container)
    });
    if answers.is_some_and(|voice| voice.is_alive()) {
        return None;
    }
    let words = Words::new(format!(
        "{} has no name server in its /etc/resolv.conf, and nobody answers at 127.0.0.1, where C libraries then ask",
        case.subject.label
    ));
    let words = words.seen("/etc/resolv.conf of the container", problem);
    let words =
        words.mend("Name a server when the container is made", vec![words::recreate(case, "--dns ADDRESS")]);
    Some(verdict(DnsRungKind::ResolverFile, Severity::Error, words))
}
