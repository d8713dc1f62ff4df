//! The checks of the firewall, proven: each fault is put into a real engine and found as exactly its code.

use porthole_lab::{Engine, Lab};
use serde_json::{Value, json};

use crate::support::{assert_codes, builder, mend, on_docker_engines, start, wait_for};

/// Two published containers on two networks, which answer.
fn serve(lab: &Lab) {
    lab.docker_ok(&["network", "create", "shop"]);
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.run("api", &["-p", "8081:80", "--network", "shop"], "peer:1", &["http", "80"]);
    for port in [8080, 8081] {
        let url = format!("http://10.77.0.2:{port}/");
        wait_for("the web servers", || lab.outside_peer(&["get", &url]).code == 0);
    }
}

fn finding(report: &Value) -> String {
    report["findings"][0].to_string()
}

#[test]
fn ph002_a_reload_flushed_all_rules() {
    on_docker_engines(|lab| {
        serve(lab);
        assert_codes(lab, &[]);
        lab.sh_ok("nft flush ruleset");
        let report = assert_codes(lab, &["PH002"]);
        assert_eq!(report["findings"][0]["severity"], "error");
        // What drops beside it is no second cause.
        lab.sh_ok("iptables -P FORWARD DROP");
        assert_codes(lab, &["PH002"]);
    });
}

#[test]
fn ph002_docker_was_told_to_lay_no_rules() {
    let lab = start(builder(Engine::newest()).daemon_json(json!({ "iptables": false })));
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    assert_codes(&lab, &[]);
}

#[test]
fn ph003_address_translation_was_flushed() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables -t nat -F");
        assert_codes(lab, &["PH003"]);
    });
}

#[test]
fn ph003_one_network_is_not_masqueraded() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables -t nat -D POSTROUTING -s 172.18.0.0/16 ! -o br-$(docker network inspect -f '{{slice .Id 0 12}}' shop) -j MASQUERADE");
        let report = assert_codes(lab, &["PH003"]);
        assert_eq!(report["findings"][0]["subject"]["name"], "shop");
    });
}

#[test]
fn ph003_a_port_is_not_translated() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables -t nat -D DOCKER \"$(iptables -t nat -L DOCKER --line-numbers | awk '/dpt:8081|tproxy/ {print $1}')\"");
        let report = assert_codes(lab, &["PH003"]);
        assert_eq!(report["findings"][0]["subject"]["name"], "80/tcp of api");
    });
}

#[test]
fn ph004_the_policy_stays_and_the_jumps_go() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables -P FORWARD DROP; iptables -F FORWARD");
        let report = assert_codes(lab, &["PH004"]);
        let text = finding(&report);
        assert!(text.contains("8080/tcp") && text.contains("network 'shop'"), "{report:#}");
        // Where the policy lets pass, networks are no longer kept apart.
        lab.sh_ok("iptables -P FORWARD ACCEPT");
        let report = assert_codes(lab, &["PH002"]);
        assert_eq!(report["findings"][0]["severity"], "warning");
    });
}

#[test]
fn ph005_rules_and_policies_that_are_not_dockers() {
    on_docker_engines(|lab| {
        serve(lab);
        let faults = [
            ("iptables -I DOCKER-USER -j DROP", "chain DOCKER-USER, rule 1"),
            ("iptables -I FORWARD -j REJECT", "chain FORWARD, rule 1"),
            (
                "nft add table inet own; nft add chain inet own through '{ type filter hook forward priority 10; policy drop; }'",
                "table inet own",
            ),
            (
                "iptables -t raw -I PREROUTING -p tcp --dport 8080 -j DROP",
                "table raw, chain PREROUTING, rule",
            ),
        ];
        for (fault, place) in faults {
            lab.sh_ok(fault);
            let report = assert_codes(lab, &["PH005"]);
            assert!(finding(&report).contains(place), "{report:#}");
            mend(lab, &report);
            assert_codes(lab, &[]);
        }
    });
}

#[test]
fn ph005_a_list_of_who_may_come_in_is_no_fault() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables -I DOCKER-USER -i eth0 ! -s 192.0.2.0/24 -j DROP");
        assert_codes(lab, &[]);
        lab.sh_ok("iptables -F DOCKER-USER; ipset create friends hash:net && ipset add friends 192.0.2.0/24 || true");
        lab.sh_ok(
            "iptables -A DOCKER-USER -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
            iptables -A DOCKER-USER -i eth0 -s 198.51.100.7 -j RETURN
            iptables -A DOCKER-USER -i eth0 -j DROP; iptables -A DOCKER-USER -j RETURN",
        );
        assert_codes(lab, &[]);
        lab.sh_ok(
            "iptables -F DOCKER-USER; iptables -A DOCKER-USER ! -d 172.16.0.0/12 -p tcp --dport 25 -j DROP",
        );
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph006_the_other_iptables_drops() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables-legacy -P FORWARD DROP");
        let report = assert_codes(lab, &["PH006"]);
        assert_eq!(report["findings"][0]["severity"], "error");
        lab.sh_ok("iptables-legacy -P FORWARD ACCEPT");
        assert_codes(lab, &[]);
        lab.sh_ok("iptables-legacy -A FORWARD -s 192.0.2.1 -j ACCEPT");
        let report = assert_codes(lab, &["PH006"]);
        assert_eq!(report["findings"][0]["severity"], "warning");
        mend(lab, &report);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph007_input_drops() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok("iptables -P INPUT DROP");
        let report = assert_codes(lab, &["PH007"]);
        assert_eq!(report["findings"][0]["severity"], "error");
        mend(lab, &report);
        assert_eq!(report["findings"][0]["remedies"][0]["commands"].as_array().unwrap().len(), 2);
    });
}

/// What ufw lays when it denies what comes in: chains of its own, the loopback and answers let in.
const UFW: &str = "iptables -N ufw-before-input; iptables -N ufw-user-input
    iptables -A INPUT -j ufw-before-input; iptables -P INPUT DROP
    iptables -A ufw-before-input -i lo -j ACCEPT
    iptables -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A ufw-before-input -p icmp --icmp-type 8 -j ACCEPT
    iptables -A ufw-before-input -j ufw-user-input
    iptables -A ufw-user-input -p tcp --dport 22 -j ACCEPT";

#[test]
fn ph008_published_past_ufw() {
    on_docker_engines(|lab| {
        serve(lab);
        lab.sh_ok(UFW);
        let report = assert_codes(lab, &["PH008"]);
        assert_eq!(report["findings"][0]["severity"], "note");
        assert!(finding(&report).contains("8080/tcp"), "{report:#}");
        // A port that the firewall lets in is no surprise.
        lab.sh_ok("iptables -A ufw-user-input -p tcp -m multiport --dports 8080,8081 -j ACCEPT");
        assert_codes(lab, &[]);
        // Who shuts a port by name means it.
        lab.sh_ok("iptables -I ufw-user-input -p tcp --dport 8080 -j DROP");
        let report = assert_codes(lab, &["PH008"]);
        assert_eq!(report["findings"][0]["severity"], "warning");
        lab.sh_ok("iptables -D ufw-user-input 1; iptables -D ufw-user-input -p tcp -m multiport --dports 8080,8081 -j ACCEPT");
        // The chain that packets to containers meet lets in whom the administrator names.
        lab.sh_ok("iptables -I DOCKER-USER -i eth0 ! -s 192.0.2.0/24 -j DROP");
        let report = assert_codes(lab, &["PH007"]);
        assert_eq!(report["findings"][0]["severity"], "note");
    });
}
