//! The engine's own resolver: the rules that lead to it, its sockets, and whether it passes questions on.

use porthole_model::{
    DnsRungKind, DnsTransport, DnsVantage, DnsVerdict, NameServer, Severity, TransportProtocol,
};

use super::forwarders;
use super::words::{Words, restart, verdict};
use crate::dns::case::{Case, DNS_PORT};
use crate::dns::route::EMBEDDED;
use crate::dns::rungs::{behind, owners};
use crate::dns::voice::Voice;

/// What is wrong from 127.0.0.11 on.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsVerdict> {
    let Some(front) = front(case, DnsTransport::Udp) else { return Vec::new() };
    let sockets = case.engine_sockets(TransportProtocol::Udp);
    if !front.is_alive() {
        return not_reached(case, &front, sockets.is_empty()).into_iter().collect();
    }
    let mut verdicts = forwarders::of(case);
    verdicts.extend(tcp_alone(case));
    verdicts
}

fn front(case: &Case<'_>, over: DnsTransport) -> Option<Voice> {
    case.voice(&NameServer::from(EMBEDDED), DNS_PORT, DnsVantage::Container, over)
}

fn not_reached(case: &Case<'_>, front: &Voice, is_without_socket: bool) -> Option<DnsVerdict> {
    let behind = behind(case, TransportProtocol::Udp, DnsTransport::Udp);
    if case.reading.engine_sockets.value().is_some() && is_without_socket {
        return Some(without_sockets(case, front));
    }
    match behind {
        Some(voice) if voice.is_alive() => Some(without_rules(case, front, &voice, "udp")),
        Some(voice) if case.subject.own_name.is_some() => Some(mute(case, front, &voice)),
        // Without a name that the resolver knows by itself, its silence may be that of those it asks.
        Some(voice) => forwarders::broken(case).or_else(|| Some(mute(case, front, &voice))),
        None => None,
    }
}

fn without_sockets(case: &Case<'_>, front: &Voice) -> DnsVerdict {
    let words = Words::new(format!(
        "the engine's resolver is not there: nothing of the engine listens in the network of {}",
        case.subject.label
    ))
    .seen("question to 127.0.0.11:53 from the container", front.to_string())
    .seen("sockets in the container's network namespace", "none is bound to 127.0.0.11")
    .mend("Start the engine, if it does not run, and the container anew", restart(case));
    verdict(DnsRungKind::EngineSockets, Severity::Error, words)
}

fn without_rules(case: &Case<'_>, front: &Voice, behind: &Voice, over: &str) -> DnsVerdict {
    let protocol = if over == "udp" { TransportProtocol::Udp } else { TransportProtocol::Tcp };
    let port = case.engine_sockets(protocol).first().map_or(0, |(address, _)| address.port());
    let words = Words::new(format!(
        "the rules that lead 127.0.0.11:53 ({over}) to the engine's resolver are gone from the network namespace of {}",
        case.subject.label
    ))
    .seen(format!("{over} question to 127.0.0.11:53 from the container"), front.to_string())
    .seen(format!("{over} question to the engine's own socket 127.0.0.11:{port}"), behind.to_string())
    .mend("The engine lays them anew when the container starts, or joins a network", restart(case));
    verdict(DnsRungKind::Redirect, Severity::Error, words)
}

fn mute(case: &Case<'_>, front: &Voice, behind: &Voice) -> DnsVerdict {
    let sockets = case.engine_sockets(TransportProtocol::Udp);
    let holder = sockets.first().and_then(|(_, socket)| owners(socket));
    let words =
        Words::new("the engine's resolver does not answer, not even for names that it knows by itself")
            .seen("question to 127.0.0.11:53 from the container", front.to_string())
            .seen("question to the engine's own socket", behind.to_string())
            .seen("that socket", holder.unwrap_or_else(|| "its holder is not known".to_owned()))
            .mend(
                "See whether the engine answers at all; if it hangs, restart it",
                vec!["systemctl restart docker".to_owned()],
            );
    verdict(DnsRungKind::EngineSockets, Severity::Error, words)
}

/// Answers that do not fit a datagram take TCP.
fn tcp_alone(case: &Case<'_>) -> Option<DnsVerdict> {
    let front = front(case, DnsTransport::Tcp).filter(|voice| !voice.is_alive())?;
    let behind = behind(case, TransportProtocol::Tcp, DnsTransport::Tcp).filter(Voice::is_alive)?;
    let mut found = without_rules(case, &front, &behind, "tcp");
    found.severity = Severity::Warning;
    Some(found)
}
