//! PH120 of what containers ask by their networks: routers, name servers, and the engine's resolver.

use porthole_analysis::probe_plan;
use porthole_model::firewall::{InterfaceSide, Verdict};
use porthole_model::{
    Confidence, DnsAnswer, DnsOutcome, DnsTransport, Finding, Gap, NameProbe, NameRequest, Observed, Probe,
    ProbeOutcome, ProbeRequest, ProbeVantage, Probes, Refusal, ResponseCode,
};

use crate::lab::{Lab, known, refused};
use crate::names;
use crate::rules::{by, chain, insert, says};

const EMBEDDED: &str = "127.0.0.11";

/// `web`, which asks the engine's resolver, and `old`, which asks 10.77.0.1 itself; both have run for a while.
fn lab() -> Lab {
    let mut lab = names::lab();
    for container in known(&mut lab.engine().containers) {
        container.started = None;
    }
    lab
}

fn answer(code: ResponseCode) -> DnsOutcome {
    DnsOutcome::Answered(DnsAnswer { code, addresses: Vec::new(), aliases: Vec::new(), truncated: false })
}

/// What was tried, with the outcome that each packet and each question has here.
fn probe(
    lab: &mut Lab,
    packet: impl Fn(&ProbeRequest) -> ProbeOutcome,
    name: impl Fn(&NameRequest) -> DnsOutcome,
) {
    let plan = probe_plan(&lab.snapshot).expect("a plan");
    assert!(!plan.packets.is_empty() && !plan.names.is_empty(), "{plan:#?}");
    let tried = plan.packets.iter().map(|request| Probe {
        request: *request,
        source: None,
        outcome: packet(request),
        took: 1_234,
    });
    let names = plan.names.iter().map(|request| NameProbe {
        request: request.clone(),
        outcome: name(request),
        took: 700,
    });
    let (tried, names) = (tried.collect(), names.collect());
    lab.snapshot.probes = Observed::Known(Probes { outside: refused("place outside"), tried, names });
}

fn reset(_: &ProbeRequest) -> ProbeOutcome {
    ProbeOutcome::Refused(Refusal::Reset)
}

fn known_name(_: &NameRequest) -> DnsOutcome {
    answer(ResponseCode::NoSuchName)
}

/// `outcome` for what containers ask that server, and an answer for all else.
fn unless_asked(server: &str, outcome: DnsOutcome) -> impl Fn(&NameRequest) -> DnsOutcome {
    move |request| {
        let is_it = request.server.to_string() == server && request.from != ProbeVantage::Host;
        if is_it { outcome.clone() } else { answer(ResponseCode::NoError) }
    }
}

fn evidence(finding: &Finding) -> Vec<String> {
    finding.evidence.iter().map(|line| format!("{}: {}", line.source, line.observed)).collect()
}

#[test]
fn each_network_asks_whom_its_own_files_name_and_the_host_asks_the_same() {
    let plan = probe_plan(&lab().snapshot).expect("a plan");
    let mut asked: Vec<_> = plan
        .names
        .iter()
        .map(|request| {
            let NameRequest { from, server, over, question } = request;
            format!("{from} {server} {over} {}", question.name)
        })
        .collect();
    asked.sort();
    let expected = [
        "the container 10.77.0.1 tcp localhost",
        "the container 10.77.0.1 udp localhost",
        "the container 127.0.0.11 tcp web",
        "the container 127.0.0.11 udp localhost",
        "the container 127.0.0.11 udp web",
        "the host 10.77.0.1 tcp localhost",
        "the host 10.77.0.1 udp localhost",
    ];
    assert_eq!(asked, expected);
    let routers: Vec<_> =
        plan.packets.iter().map(|request| format!("{} {}", request.from, request.target)).collect();
    let router = "10.77.0.1:53";
    let expected =
        [format!("the host {router}"), format!("the container {router}"), format!("the container {router}")];
    assert_eq!(routers, expected);
}

#[test]
fn an_internal_network_asks_the_engines_resolver_alone() {
    let mut lab = lab();
    lab.network("app").internal = true;
    lab.network("bridge").internal = true;
    let plan = probe_plan(&lab.snapshot).expect("a plan");
    assert_eq!(plan.packets, []);
    assert!(plan.names.iter().all(|request| request.question.name == "web"), "{plan:#?}");
}

#[test]
fn whoever_is_answered_is_healthy() {
    for code in [ResponseCode::NoError, ResponseCode::NoSuchName] {
        let mut lab = lab();
        probe(&mut lab, reset, |_| answer(code));
        assert_eq!((lab.found(), lab.gaps(120)), (Vec::new(), Vec::new()));
    }
}

#[test]
fn a_host_without_a_way_out_is_no_containers_fault() {
    let mut lab = lab();
    let gone = |_: &ProbeRequest| ProbeOutcome::Silent;
    probe(&mut lab, gone, |request| match request.question.name.as_str() {
        "web" => answer(ResponseCode::NoError),
        _ if request.server.to_string() == EMBEDDED => answer(ResponseCode::ServerFailure),
        _ => DnsOutcome::Unreachable("network is unreachable".to_owned()),
    });
    assert_eq!((lab.found(), lab.gaps(120)), (Vec::new(), Vec::new()));
}

#[test]
fn a_server_that_answers_the_host_alone_is_ph120() {
    let mut lab = lab();
    probe(&mut lab, reset, unless_asked("10.77.0.1", DnsOutcome::Silent));
    assert_eq!(lab.found(), ["error PH120 old"]);
    let finding = lab.only();
    assert_eq!(finding.confidence, Confidence::Likely);
    assert!(finding.summary.ends_with("gets no answer from name server 10.77.0.1"), "{}", finding.summary);
    let told = evidence(&finding);
    let of_container = "question from the container to 10.77.0.1/udp, A of localhost: no answer";
    assert!(told.iter().any(|line| line.starts_with(of_container)), "{told:#?}");
    let of_host = "question from the host to 10.77.0.1/udp, A of localhost: answers";
    assert!(told.iter().any(|line| line.starts_with(of_host)), "{told:#?}");
}

#[test]
fn tcp_alone_is_a_warning() {
    let mut lab = lab();
    probe(&mut lab, reset, |request| match (request.from, request.over) {
        (ProbeVantage::Container(_), DnsTransport::Tcp) if request.server.to_string() != EMBEDDED => {
            DnsOutcome::Refused
        }
        _ => answer(ResponseCode::NoError),
    });
    assert_eq!(lab.found(), ["warning PH120 old"]);
}

#[test]
fn a_resolver_that_finds_nothing_out_for_what_the_host_does_is_ph120() {
    for outcome in [answer(ResponseCode::ServerFailure), DnsOutcome::Silent] {
        let mut lab = lab();
        probe(&mut lab, reset, |request| match request.question.name.as_str() {
            "localhost" if request.server.to_string() == EMBEDDED => outcome.clone(),
            _ => answer(ResponseCode::NoError),
        });
        assert_eq!(lab.found(), ["error PH120 web"]);
        assert!(lab.only().summary.contains("127.0.0.11 for names outside"), "{}", lab.only().summary);
    }
}

#[test]
fn a_resolver_that_is_silent_is_ph120_and_with_its_cause_none() {
    let silent = || unless_asked(EMBEDDED, DnsOutcome::Silent);
    let mut lab = lab();
    probe(&mut lab, reset, silent());
    assert_eq!(lab.found(), ["error PH120 web"]);
    lab.stack_of("web").firewall = lab.stack_of("old").firewall.clone();
    probe(&mut lab, reset, silent());
    assert_eq!(lab.found(), ["error PH021 web <- error PH120 web"]);
    let finding = lab.only();
    assert!(evidence(&finding).iter().any(|line| line.contains("to 127.0.0.11/udp, A of web: no answer")));
    assert_eq!(finding.confidence, Confidence::Certain);
    probe(&mut lab, reset, known_name);
    assert!(evidence(&lab.only()).iter().any(|line| line.contains("contradicts this finding")));
}

#[test]
fn a_router_that_answers_the_host_alone_is_ph120() {
    let mut lab = lab();
    let from_host = |request: &ProbeRequest| match request.from {
        ProbeVantage::Host => ProbeOutcome::Refused(Refusal::Reset),
        _ => ProbeOutcome::Silent,
    };
    probe(&mut lab, from_host, known_name);
    assert_eq!(lab.found(), ["error PH120 old", "error PH120 web"]);
}

#[test]
fn a_rule_that_stops_all_of_it_is_its_own_finding_with_what_was_tried() {
    let mut lab = lab();
    // The engine asks for it from the container's network, which meets the same rule.
    let files = known(&mut lab.snapshot.names).containers.values_mut().flat_map(known);
    for forwarder in files.flat_map(|file| &mut file.remarks.forwarders).flatten() {
        forwarder.from_host = false;
    }
    insert(&mut lab, "filter", "FORWARD", vec![by(InterfaceSide::Out, "eth0"), says(Verdict::Drop)]);
    let from_host = |request: &ProbeRequest| match request.from {
        ProbeVantage::Host => ProbeOutcome::Refused(Refusal::Reset),
        _ => ProbeOutcome::Silent,
    };
    probe(&mut lab, from_host, |request| match request.from {
        ProbeVantage::Container(_) if request.question.name == "localhost" => DnsOutcome::Silent,
        _ => answer(ResponseCode::NoError),
    });
    let found = lab.found();
    assert!(found.len() == 1 && found[0].starts_with("error PH005"), "{found:?}");
    assert!(evidence(&lab.only()).iter().any(|line| line.contains("to 10.77.0.1:53/tcp: no answer")));
    assert!(lab.gaps(120).iter().any(|gap| gap.contains("which stops the probe")), "{:?}", lab.gaps(120));
}

#[test]
fn what_leaves_with_the_containers_own_address_is_for_others_to_answer() {
    let mut lab = lab();
    chain(&mut lab, "nat", "POSTROUTING").rules.clear();
    let from_host = |request: &ProbeRequest| match request.from {
        ProbeVantage::Host => ProbeOutcome::Refused(Refusal::Reset),
        _ => ProbeOutcome::Silent,
    };
    probe(&mut lab, from_host, unless_asked("10.77.0.1", DnsOutcome::Silent));
    assert_eq!(lab.found(), ["error PH003 app", "error PH003 bridge"]);
    let findings = lab.diagnose().findings;
    assert!(evidence(&findings[1]).iter().any(|line| line.contains("to 10.77.0.1:53/tcp: no answer")));
    assert!(
        lab.gaps(120).iter().all(|gap| gap.contains("it leaves this host from 172.")),
        "{:?}",
        lab.gaps(120)
    );
}

#[test]
fn what_could_not_be_asked_is_a_gap() {
    let mut lab = lab();
    let gap = Gap::not_asked("socket");
    probe(&mut lab, |_| ProbeOutcome::NotTried(gap.clone()), |_| DnsOutcome::NotAsked(gap.clone()));
    assert_eq!((lab.found(), lab.gaps(120)), (Vec::new(), vec![gap.to_string()]));
}
