//! `porthole doctor --active` on real engines: what is tried, what it is said of, and that nothing is left.

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{codes, lab, on_docker_engines, parse, porthole_ok, wait_for};

/// The report, once every container has run long enough to be judged.
pub(crate) fn report(lab: &Lab) -> Value {
    let arguments = ["doctor", "--active", "--output", "json", "--fail-on", "never"];
    let mut report = Value::Null;
    wait_for("the containers to settle", || {
        report = parse(&porthole_ok(lab, &arguments));
        !report["gaps"].to_string().contains("started a moment ago")
    });
    assert!(!lab.sh_ok("ip -o link").contains("porthole"), "nothing is left");
    report
}

fn web(lab: &Lab) {
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
}

#[test]
fn a_healthy_host_has_no_finding_but_what_is_published_to_itself_alone() {
    on_docker_engines(|lab| {
        web(lab);
        lab.run("udp", &["-p", "5353:53/udp"], "peer:1", &["udp-echo", "[::]:53"]);
        lab.run("local", &["-p", "127.0.0.1:8081:80"], "peer:1", &["http", "80"]);
        let report = report(lab);
        assert_eq!(codes(&report), ["PH009"], "{report:#}");
    });
}

#[test]
fn podman_is_probed_too() {
    let lab = lab(Engine::Podman);
    web(&lab);
    assert_eq!(codes(&report(&lab)), Vec::<String>::new());
}

#[test]
fn ph120_a_container_that_filters_for_itself() {
    on_docker_engines(|lab| {
        web(lab);
        let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "web"]);
        lab.sh_ok(&format!("nsenter -t {pid} -n iptables -A INPUT ! -i lo -p tcp --dport 80 -j DROP"));
        let report = report(lab);
        assert_eq!(codes(&report), ["PH120"], "{report:#}");
        let finding = &report["findings"][0];
        assert!(
            finding["summary"].as_str().unwrap().contains("others do not reach it: no answer"),
            "{report:#}"
        );
        assert!(finding["evidence"].to_string().contains("in by porthole0"), "{report:#}");
        lab.sh_ok(&format!("nsenter -t {pid} -n iptables -F INPUT"));
        assert_eq!(codes(&self::report(lab)), Vec::<String>::new());
    });
}

#[test]
fn a_dropping_rule_has_its_own_finding_with_the_probe_beside_it() {
    on_docker_engines(|lab| {
        web(lab);
        lab.sh_ok("iptables -I DOCKER-USER -j DROP");
        let report = report(lab);
        assert_eq!(codes(&report), ["PH005"], "{report:#}");
        assert!(report["findings"][0]["evidence"].to_string().contains("no answer"), "{report:#}");
    });
}

#[test]
fn a_list_of_who_may_come_in_is_no_fault() {
    on_docker_engines(|lab| {
        web(lab);
        lab.sh_ok("iptables -I DOCKER-USER -i up0 ! -s 10.77.0.0/16 -j DROP");
        lab.sh_ok("iptables -I DOCKER-USER -i porthole+ -j DROP");
        let report = report(lab);
        assert_eq!(codes(&report), Vec::<String>::new(), "{report:#}");
        assert!(report["gaps"].to_string().contains("lets others in"), "{report:#}");
    });
}

/// `old` on the default bridge asks the host's servers itself, `app` has the engine's resolver, and neither publishes
/// anything; `web` tells by its port when all have run for a while.
fn asking(lab: &Lab) {
    lab.docker_ok(&["network", "create", "app"]);
    lab.run("old", &[], "peer:1", &["idle"]);
    lab.run("app", &["--network", "app"], "peer:1", &["idle"]);
    lab.run("neighbour", &["--network", "app"], "peer:1", &["idle"]);
    lab.docker_ok(&["network", "create", "shown"]);
    lab.run("web", &["--network", "shown", "-p", "8080:80"], "peer:1", &["http", "80"]);
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
}

/// A rule of a container's own.
fn inside(lab: &Lab, name: &str, rule: &str) {
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", name]);
    lab.sh_ok(&format!("nsenter -t {pid} -n iptables {rule}"));
}

#[test]
fn what_every_network_asks_is_healthy() {
    on_docker_engines(|lab| {
        asking(lab);
        let report = report(lab);
        assert_eq!(codes(&report), Vec::<String>::new(), "{report:#}");
        let said = gaps_of_120(&report);
        assert_eq!(said, Vec::<String>::new(), "{report:#}");
    });
}

fn gaps_of_120(report: &Value) -> Vec<String> {
    let gaps = report["gaps"].as_array().expect("gaps").iter();
    gaps.map(ToString::to_string).filter(|gap| gap.contains("PH120")).collect()
}

#[test]
fn ph120_a_container_that_does_not_hear_whom_the_host_hears() {
    on_docker_engines(|lab| {
        asking(lab);
        inside(lab, "old", "-A OUTPUT -d 10.77.0.1 -j DROP");
        let report = report(lab);
        assert_eq!(codes(&report), ["PH120"], "{report:#}");
        let finding = &report["findings"][0];
        assert_eq!(finding["subject"]["name"], "old", "{report:#}");
        let evidence = finding["evidence"].to_string();
        for line in [
            "probe from the container to 10.77.0.1:53/tcp",
            "question from the container to 10.77.0.1/udp, A of localhost",
            "question from the host to 10.77.0.1/udp, A of localhost",
        ] {
            assert!(evidence.contains(line), "{line}: {report:#}");
        }
        inside(lab, "old", "-F OUTPUT");
        assert_eq!(codes(&self::report(lab)), Vec::<String>::new());
    });
}

#[test]
fn a_resolver_that_is_cut_off_has_its_own_finding_with_the_question_beside_it() {
    on_docker_engines(|lab| {
        asking(lab);
        for name in ["app", "neighbour"] {
            inside(lab, name, "-t nat -F");
        }
        let report = report(lab);
        let found = codes(&report);
        assert!(!found.is_empty() && found.iter().all(|code| code == "PH021"), "{report:#}");
        let evidence = report["findings"].to_string();
        assert!(evidence.contains("question from the container to 127.0.0.11/udp, A of"), "{report:#}");
    });
}

#[test]
fn a_rule_that_lets_nobody_out_has_its_own_finding_with_what_was_asked_beside_it() {
    let lab = lab(Engine::newest());
    asking(&lab);
    lab.sh_ok("iptables -I DOCKER-USER -o eth0 -j DROP");
    let report = report(&lab);
    assert_eq!(codes(&report), ["PH005"], "{report:#}");
    let evidence = report["findings"][0]["evidence"].to_string();
    assert!(evidence.contains("probe from the container to 10.77.0.1:53/tcp"), "{report:#}");
}

#[test]
fn a_host_that_reaches_nobody_itself_has_no_container_to_blame() {
    on_docker_engines(|lab| {
        asking(lab);
        // Router and name server hear nobody of this host any more.
        lab.outside_ok(&["iptables", "-A", "INPUT", "-s", "10.77.0.2", "-j", "DROP"]);
        let report = report(lab);
        assert!(!codes(&report).contains(&"PH120".to_owned()), "{report:#}");
    });
}

#[test]
fn a_recording_with_probes_gives_the_same_report() {
    let lab = lab(Engine::Docker20);
    web(&lab);
    lab.run("mute", &["-p", "8082:82"], "peer:1", &["http", "83"]);
    let first = report(&lab);
    assert_eq!(codes(&first), ["PH011"]);
    porthole_ok(&lab, &["snapshot", "--active", "-o", "/tmp/active.zst"]);
    let replayed = parse(&porthole_ok(
        &lab,
        &["doctor", "--from", "/tmp/active.zst", "--output", "json", "--fail-on", "never"],
    ));
    assert_eq!(codes(&replayed), ["PH011"]);
    assert!(replayed["findings"][0]["evidence"].to_string().contains("probe from outside"), "{replayed:#}");
}
