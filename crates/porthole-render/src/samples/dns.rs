//! A container whose forwarder is silent, with one of everything that a ladder can hold.

use porthole_model::{
    DnsAnswer, DnsLadder, DnsName, DnsOutcome, DnsProbe, DnsQuestion, DnsRung, DnsRungKind, DnsRungState,
    DnsTransport, DnsTry, DnsVantage, DnsVerdict, Evidence, Port, RecordKind, Remedy, ResponseCode, Severity,
};

use super::gap;

pub(crate) fn dns() -> DnsLadder {
    DnsLadder {
        subject: "container web".to_owned(),
        engine: Some("Docker 28.5.2".to_owned()),
        rungs: rungs(),
        names: vec![neighbour(), outside(), written()],
        verdicts: vec![verdict()],
        gaps: vec![gap()],
    }
}

/// The same with nothing wrong.
pub(crate) fn sound_dns() -> DnsLadder {
    DnsLadder { names: vec![neighbour()], verdicts: Vec::new(), gaps: Vec::new(), ..dns() }
}

fn rung(kind: DnsRungKind, title: &str, state: DnsRungState, notes: &[&str]) -> DnsRung {
    let notes = notes.iter().map(ToString::to_string).collect();
    DnsRung { kind, title: title.to_owned(), state, notes, probes: Vec::new() }
}

fn rungs() -> Vec<DnsRung> {
    let file = ["nameserver 127.0.0.11", "search corp.test", "ndots 0"];
    let silent = [
        "asked from the host (noted by the engine in the container's resolv.conf)",
        "udp no answer in 1500 ms",
    ];
    let forwarder = rung(DnsRungKind::Forwarder, "forwarder 10.0.0.1", DnsRungState::Failed, &silent);
    vec![
        rung(DnsRungKind::ResolverFile, "/etc/resolv.conf", DnsRungState::Good, &file),
        rung(DnsRungKind::EmbeddedResolver, "127.0.0.11:53", DnsRungState::Poor, &["udp answers in 1.7 ms"]),
        rung(
            DnsRungKind::EngineSockets,
            "the engine's resolver",
            DnsRungState::Unknown,
            &["permission denied"],
        ),
        DnsRung { probes: vec![probe()], ..forwarder },
    ]
}

fn probe() -> DnsProbe {
    DnsProbe {
        from: DnsVantage::Host,
        server: "10.0.0.1".parse::<std::net::IpAddr>().unwrap().into(),
        port: Port(53),
        over: DnsTransport::Udp,
        edns: false,
        question: DnsQuestion { name: "example.com".to_owned(), kind: RecordKind::A },
        outcome: DnsOutcome::Silent,
        took: 1_500_000,
    }
}

fn answer(code: ResponseCode, addresses: &[&str]) -> DnsOutcome {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    DnsOutcome::Answered(DnsAnswer { code, addresses, aliases: Vec::new(), truncated: false })
}

fn neighbour() -> DnsName {
    DnsName {
        name: "db".to_owned(),
        what: "container db".to_owned(),
        in_hosts_file: Vec::new(),
        tried: vec![DnsTry {
            name: "db".to_owned(),
            a: Some(answer(ResponseCode::NoError, &["172.18.0.3"])),
            aaaa: Some(answer(ResponseCode::NoError, &[])),
        }],
        with_musl: None,
        addresses: vec!["172.18.0.3".parse().unwrap()],
    }
}

fn outside() -> DnsName {
    let tried = |name: &str, a| DnsTry { name: name.to_owned(), a, aaaa: Some(DnsOutcome::Refused) };
    DnsName {
        name: "example.com".to_owned(),
        what: "outside".to_owned(),
        in_hosts_file: Vec::new(),
        tried: vec![
            tried("example.com", Some(DnsOutcome::Silent)),
            tried("example.com.corp.test", Some(answer(ResponseCode::NoSuchName, &[]))),
        ],
        with_musl: Some(vec!["example.com".to_owned()]),
        addresses: Vec::new(),
    }
}

fn written() -> DnsName {
    let addresses: Vec<_> = ["10.1.1.1", "fd00::1"].map(|text| text.parse().unwrap()).to_vec();
    DnsName {
        name: "written".to_owned(),
        what: "outside".to_owned(),
        in_hosts_file: addresses.clone(),
        tried: Vec::new(),
        with_musl: None,
        addresses,
    }
}

fn verdict() -> DnsVerdict {
    DnsVerdict {
        rung: DnsRungKind::Forwarder,
        severity: Severity::Error,
        summary: "the engine's resolver asks 10.0.0.1, which does not answer".to_owned(),
        evidence: vec![Evidence {
            source: "question to 10.0.0.1:53 from the host".to_owned(),
            observed: "no answer in 1500 ms".to_owned(),
        }],
        remedies: vec![Remedy::by_hand(
            "The engine reads the host's servers when a container starts",
            vec!["docker restart web".to_owned()],
        )],
    }
}
