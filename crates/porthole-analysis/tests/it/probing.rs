//! PH120, and probes as evidence of other findings.

use std::net::{IpAddr, SocketAddr};

use porthole_analysis::{confirm, probe_plan};
use porthole_model::firewall::Firewall;
use porthole_model::{
    Confidence, Evidence, Finding, Gap, GapKind, IcmpError, IcmpReason, InterfaceIndex, Observed,
    OutsidePlace, Probe, ProbeOutcome, ProbePlan, ProbeRequest, ProbeVantage, Probes, Refusal, Route,
    RouteKind, Timestamp,
};

use crate::lab::{Lab, NOW, known};
use crate::nouns::{default_route, routing_rule};
use crate::spec::{Spec, container};

/// What was tried, with the outcome that each request has here.
fn probe(lab: &mut Lab, outcome: impl Fn(&ProbeRequest) -> ProbeOutcome) {
    let plan = probe_plan(&lab.snapshot).expect("it is there");
    assert!(!plan.packets.is_empty());
    let source = |request: &ProbeRequest| {
        let outside: SocketAddr = "203.0.113.9:40001".parse().expect("it is there");
        (request.from == ProbeVantage::Outside).then_some(outside)
    };
    let tried = plan.packets.iter().map(|request| Probe {
        request: *request,
        source: source(request),
        outcome: outcome(request),
        took: 1_234,
    });
    let outside = OutsidePlace {
        interface: "porthole0".to_owned(),
        addresses: vec!["203.0.113.9".parse().expect("it is there")],
    };
    lab.snapshot.probes = Observed::Known(Probes {
        outside: Observed::Known(outside),
        tried: tried.collect(),
        names: Vec::new(),
    });
}

/// A host with rules that were read: there are none, and others reach it by 10.77.0.2.
fn open(mut lab: Lab, spec: Spec) -> Lab {
    lab.host_stack().firewall = Observed::Known(Firewall {
        nftables: Observed::Known(Vec::new()),
        iptables_legacy: Observed::Known(Vec::new()),
        ip6tables_legacy: Observed::Known(Vec::new()),
        ip_sets: Observed::Known(Vec::new()),
        hooks: Observed::Known(Vec::new()),
        wording_gaps: Vec::new(),
    });
    lab.sysctl("net.ipv4.ip_forward", "1");
    for name in ["default.rp_filter", "all.rp_filter", "default.forwarding", "default.route_localnet"] {
        lab.sysctl(&format!("net.ipv4.conf.{name}"), if name.contains("rp_filter") { "0" } else { "1" });
    }
    for (priority, table) in [(0, 255), (32_766, 254)] {
        known(&mut lab.host_stack().routing_rules).push(routing_rule(priority, table));
    }
    let own = Route {
        destination: "10.77.0.2/32".parse().expect("it is there"),
        kind: RouteKind::Local,
        gateway: None,
        table: 255,
        ..default_route("10.77.0.1", InterfaceIndex(2))
    };
    known(&mut lab.host_stack().routes).push(own);
    lab.run(spec);
    lab
}

fn web() -> Spec {
    container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80")
}

fn evidence(finding: &Finding) -> Vec<String> {
    let line = |evidence: &Evidence| format!("{}: {}", evidence.source, evidence.observed);
    finding.evidence.iter().map(line).collect()
}

fn from_outside(request: &ProbeRequest, outcome: ProbeOutcome) -> ProbeOutcome {
    if request.from == ProbeVantage::Outside { outcome } else { ProbeOutcome::Connected }
}

fn on_the_host(request: &ProbeRequest, outcome: ProbeOutcome) -> ProbeOutcome {
    if request.target.ip().is_loopback() { outcome } else { ProbeOutcome::Connected }
}

#[test]
fn nothing_is_said_of_probes_that_were_not_sent() {
    let mut lab = Lab::docker();
    lab.run(web());
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(120)[0].contains("porthole doctor --active"), "{:?}", lab.gaps(120));
}

#[test]
fn every_stage_of_a_published_port_is_tried() {
    let lab = open(Lab::docker(), web().publish("127.0.0.1:9090", "80/tcp"));
    let plan = probe_plan(&lab.snapshot).unwrap();
    let lines: Vec<_> =
        plan.packets.iter().map(|request| format!("{} {}", request.from, request.target)).collect();
    let inside = &lab.snapshot.engine.known().unwrap().containers.known().unwrap()[0];
    let address = inside.attachments[0].ipv4.unwrap().address;
    let expected = [
        "outside 10.77.0.2:8080".to_owned(),
        "the host 127.0.0.1:8080".to_owned(),
        "the host 127.0.0.1:9090".to_owned(),
        format!("the host {address}:80"),
        format!("the container {address}:80"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_port_that_answers_everywhere_is_healthy() {
    for outcome in
        [ProbeOutcome::Connected, ProbeOutcome::Answered, ProbeOutcome::Closed, ProbeOutcome::Reset]
    {
        let mut lab = open(Lab::podman(), web());
        probe(&mut lab, |_| outcome.clone());
        assert_eq!(lab.found(), [""; 0]);
        assert_eq!(lab.gaps(120), [""; 0]);
    }
}

#[test]
fn a_port_that_others_do_not_reach_is_ph120() {
    let prohibited = IcmpError { from: "10.77.0.2".parse().unwrap(), reason: IcmpReason::Prohibited };
    for outcome in [
        ProbeOutcome::Silent,
        ProbeOutcome::Refused(Refusal::Reset),
        ProbeOutcome::Refused(Refusal::Icmp(prohibited)),
        ProbeOutcome::Closed,
    ] {
        let mut lab = open(Lab::podman(), web());
        probe(&mut lab, |request| from_outside(request, outcome.clone()));
        assert_eq!(lab.found(), ["error PH120 80/tcp of web"]);
        let finding = lab.only();
        assert_eq!(finding.confidence, Confidence::Likely);
        let line =
            format!("probe from outside (203.0.113.9, in by porthole0) to 10.77.0.2:8080/tcp: {outcome}");
        assert!(evidence(&finding).iter().any(|other| other.starts_with(&line)), "{finding:#?}");
        assert!(evidence(&finding).iter().any(|line| line.ends_with("connected, after 1.2 ms")));
    }
}

#[test]
fn what_was_seen_once_is_not_reported() {
    let mut lab = open(Lab::podman(), web());
    probe(&mut lab, |_| ProbeOutcome::Connected);
    let first = lab.diagnose();
    probe(&mut lab, |request| from_outside(request, ProbeOutcome::Silent));
    assert!(confirm(&first, lab.diagnose()).findings.is_empty());
}

#[test]
fn a_port_that_the_read_settings_close_is_their_finding_alone() {
    let mut lab = open(Lab::podman(), web());
    known(&mut lab.host_stack().routing_rules).clear();
    probe(&mut lab, |request| from_outside(request, ProbeOutcome::Silent));
    assert!(!lab.found().iter().any(|line| line.starts_with("error PH120")), "{:?}", lab.found());
}

#[test]
fn a_docker_proxy_that_does_not_reach_the_program_is_ph120() {
    for outcome in [ProbeOutcome::Closed, ProbeOutcome::Reset, ProbeOutcome::Silent] {
        let mut lab = Lab::docker();
        lab.run(web());
        probe(&mut lab, |request| on_the_host(request, outcome.clone()));
        assert_eq!(lab.found(), ["error PH120 80/tcp of web"]);
    }
}

#[test]
fn a_program_that_ends_what_it_takes_does_so_everywhere() {
    let mut lab = Lab::docker();
    lab.run(web());
    probe(&mut lab, |_| ProbeOutcome::Closed);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn loopback_without_docker_proxy_need_not_answer() {
    let mut lab = open(Lab::podman(), web());
    probe(&mut lab, |request| on_the_host(request, ProbeOutcome::Refused(Refusal::Reset)));
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_program_that_listens_and_does_not_answer_is_ph120() {
    let mut lab = Lab::docker();
    lab.run(web());
    probe(&mut lab, |_| ProbeOutcome::Silent);
    assert_eq!(lab.found(), ["error PH120 80/tcp of web"]);
    assert!(lab.only().summary.contains("does not answer there: no answer"), "{}", lab.only().summary);
}

#[test]
fn silence_is_no_fault_over_udp_and_a_refusal_is() {
    let dns = || container("dns").publish("0.0.0.0:5353", "53/udp").listen("udp", "0.0.0.0:53");
    let mut lab = open(Lab::podman(), dns());
    probe(&mut lab, |_| ProbeOutcome::Silent);
    assert_eq!(lab.found(), [""; 0]);
    probe(&mut lab, |request| match request.from {
        ProbeVantage::Outside => ProbeOutcome::Refused(Refusal::Unseen),
        _ => ProbeOutcome::Silent,
    });
    assert_eq!(lab.found(), ["error PH120 53/udp of dns"]);
}

#[test]
fn a_port_where_nobody_listens_has_its_own_finding_with_the_probes_beside_it() {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:3000"));
    probe(&mut lab, |_| ProbeOutcome::Refused(Refusal::Reset));
    assert_eq!(lab.found(), ["error PH011 80/tcp of web"]);
    let finding = lab.only();
    assert!(
        evidence(&finding).iter().any(|line| line.ends_with(":80/tcp: refused by a reset")),
        "{finding:#?}"
    );
    assert_eq!(finding.confidence, Confidence::Certain);
}

#[test]
fn a_probe_that_contradicts_a_finding_is_said() {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:3000"));
    probe(&mut lab, |_| ProbeOutcome::Connected);
    let finding = lab.only();
    assert_eq!((finding.code.0, finding.confidence), (11, Confidence::Likely));
    assert!(evidence(&finding).iter().any(|line| line.contains("contradicts this finding")), "{finding:#?}");
}

#[test]
fn a_probe_that_could_not_be_made_is_a_gap_and_no_finding() {
    let mut lab = open(Lab::podman(), web());
    let gap = Gap::new(GapKind::Permission, "probe from outside", "unshare: not permitted");
    probe(&mut lab, |request| from_outside(request, ProbeOutcome::NotTried(gap.clone())));
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(120), [gap.to_string()]);
}

#[test]
fn a_container_that_was_just_started_is_not_probed() {
    let mut lab = Lab::docker();
    lab.run(web()).started = Some(Timestamp(NOW));
    assert_eq!(probe_plan(&lab.snapshot).unwrap(), ProbePlan::default());
    known(&mut lab.engine().containers)[0].started = None;
    assert!(!probe_plan(&lab.snapshot).unwrap().packets.is_empty());
}

#[test]
fn a_probe_of_another_family_contradicts_nothing() {
    let mut lab = Lab::docker();
    let spec = container("web").publish("0.0.0.0:8080", "80/tcp").publish("[::]:8080", "80/tcp");
    lab.run(spec.listen("tcp", "0.0.0.0:80"));
    known(&mut lab.host().docker_proxies).retain(|proxy| proxy.host_address.is_ipv6());
    probe(&mut lab, |request| match request.target.ip() {
        IpAddr::V4(address) if address.is_loopback() => ProbeOutcome::Refused(Refusal::Reset),
        _ => ProbeOutcome::Connected,
    });
    let finding = lab.only();
    assert_eq!((finding.code.0, finding.confidence), (12, Confidence::Certain));
    assert!(evidence(&finding).iter().any(|line| line.contains("[::1]:8080/tcp: connected")), "{finding:#?}");
}
