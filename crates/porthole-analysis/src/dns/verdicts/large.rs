//! Answers that do not fit a datagram and have no other way, and servers that do not understand EDNS.

use porthole_model::{DnsOutcome, DnsProbe, DnsRungKind, DnsTransport, DnsVantage, DnsVerdict, Severity};

use super::words::{Words, verdict};
use crate::dns::case::{Case, DNS_PORT};
use crate::dns::visits::is_puzzled;

/// What is wrong with the servers that the container asks, apart from whether they answer.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsVerdict> {
    [cut_off(case), puzzled(case)].into_iter().flatten().collect()
}

fn rung(case: &Case<'_>) -> DnsRungKind {
    if case.route.is_embedded { DnsRungKind::EmbeddedResolver } else { DnsRungKind::NameServer }
}

/// The questions that the container's servers were asked over UDP.
fn asked<'a>(case: &'a Case<'_>) -> impl Iterator<Item = &'a DnsProbe> {
    let servers = case.route.entries.iter();
    servers.flat_map(|server| case.asked(server, DNS_PORT, DnsVantage::Container, DnsTransport::Udp))
}

fn cut_off(case: &Case<'_>) -> Option<DnsVerdict> {
    let is_cut = |probe: &&DnsProbe| probe.outcome.answer().is_some_and(|answer| answer.truncated);
    let cut = asked(case).find(is_cut)?;
    let mut over_tcp = case.asked(&cut.server, DNS_PORT, DnsVantage::Container, DnsTransport::Tcp);
    let whole = over_tcp.find(|probe| probe.question == cut.question)?;
    if whole.outcome.is_knowledge() {
        return None;
    }
    let words = Words::new(format!(
        "the answer for {} does not fit a datagram, and {} does not give it over TCP",
        cut.question.name, cut.server
    ))
    .seen(format!("question to {}:53 over UDP", cut.server), "the answer is cut off (TC)")
    .seen("the same over TCP", outcome(&whole.outcome))
    .mend("Let TCP to port 53 pass, at the server and at every firewall between", Vec::new());
    Some(verdict(rung(case), Severity::Error, words))
}

fn puzzled(case: &Case<'_>) -> Option<DnsVerdict> {
    let is_puzzled = |probe: &&DnsProbe| match &probe.outcome {
        DnsOutcome::Answered(answer) => probe.edns && is_puzzled(answer.code),
        DnsOutcome::Silent => probe.edns,
        _ => false,
    };
    let with = asked(case).find(is_puzzled)?;
    let without = asked(case).find(|probe| !probe.edns && probe.question == with.question)?;
    if !without.outcome.is_knowledge() {
        return None;
    }
    let words = Words::new(format!(
        "{} does not understand questions with EDNS, which the container's resolv.conf asks for (options edns0)",
        with.server
    ))
    .seen(format!("question to {}:53 with EDNS", with.server), outcome(&with.outcome))
    .seen("the same without", outcome(&without.outcome))
    .mend("Take edns0 out of the options, or mend the server", Vec::new());
    Some(verdict(rung(case), Severity::Warning, words))
}

fn outcome(outcome: &DnsOutcome) -> String {
    match outcome {
        DnsOutcome::Answered(answer) => format!("answers {}", answer.code),
        DnsOutcome::Silent => "no answer".to_owned(),
        DnsOutcome::Refused => "refused".to_owned(),
        DnsOutcome::Unreachable(words) | DnsOutcome::Garbage(words) => words.clone(),
        DnsOutcome::Stranger(address) => format!("the answer came from {address}"),
        DnsOutcome::NotAsked(gap) => gap.to_string(),
    }
}
