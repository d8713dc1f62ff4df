//! The toolbox's network tools on a lab's host, against iproute2 and the services of the outside world.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use porthole_lab::{Engine, Lab, Output};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::support::{builder, lab, parse, start, wait_for};

fn run(lab: &Lab, line: &str) -> Output {
    lab.sh(&format!("porthole toolbox run {line}"))
}

/// Runs a tool, which must succeed, and gives what it printed.
fn ok(lab: &Lab, line: &str) -> String {
    let output = run(lab, line);
    assert_eq!(output.code, 0, "{line}\n{}\n{}", output.stdout, output.stderr);
    output.stdout.trim_end().to_owned()
}

/// A host without an engine.
fn host() -> Lab {
    start(builder(Engine::newest()).without_engine())
}

#[test]
fn ip_says_what_iproute2_says() {
    let lab = host();
    lab.sh_ok("ip link add v0 type veth peer name v1; ip addr add 192.0.2.1/24 dev v0; ip link set v0 up; ip link set v1 up");
    lab.sh_ok("ip route add blackhole 198.18.0.0/15; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0");
    for line in
        ["route", "route get 203.0.113.10", "-j addr", "-j link show dev v0", "-j neigh", "-6 -j route"]
    {
        if line.contains("-j") {
            same_values(&lab, line);
        } else {
            let first = |text: &str| text.lines().map(|line| words(line, 5)).collect::<Vec<_>>();
            let theirs = lab.sh_ok(&format!("ip {line} | grep -v cache"));
            assert_eq!(first(&ok(&lab, &format!("ip {line}"))), first(&theirs), "{line}");
        }
    }
    assert!(ok(&lab, "ip -br addr show dev v0").contains("192.0.2.1/24"));
    assert!(ok(&lab, "ip -br link").lines().any(|line| line.starts_with("lo ")));
    assert!(run(&lab, "ip addr show dev nix").stderr.contains("there is no device nix"));
}

fn words(line: &str, count: usize) -> Vec<String> {
    line.split_whitespace().take(count).map(Into::into).collect()
}

/// Each field that ours has is the same in iproute2's answer.
fn same_values(lab: &Lab, line: &str) {
    let (ours, theirs) = (parse(&ok(lab, &format!("ip {line}"))), parse(&lab.sh_ok(&format!("ip {line}"))));
    let (ours, theirs) = (ours.as_array().unwrap(), theirs.as_array().unwrap());
    assert_eq!(ours.len(), theirs.len(), "{line}\n{ours:#?}\n{theirs:#?}");
    for ours in ours {
        let key = ["ifname", "dst"].into_iter().find(|key| ours.get(key).is_some()).unwrap();
        let same = theirs.iter().filter(|each| each[key] == ours[key]);
        let fields =
            ["mtu", "operstate", "address", "dev", "gateway", "prefsrc", "lladdr", "metric", "state"];
        let agree = |theirs: &serde_json::Value| {
            fields.iter().all(|field| ours[field] == theirs[field] || ours[field].is_null())
        };
        assert!(same.into_iter().any(agree), "{line}\n{ours:#}\n{theirs:#?}");
    }
}

#[test]
fn ss_says_what_ss_says() {
    let lab = host();
    lab.sh_ok("(porthole toolbox run nc -lk -p 4711 >/dev/null 2>&1 </dev/null &) ; (porthole toolbox run nc -lU /tmp/x.sock </dev/null >/dev/null 2>&1 &) ; true");
    wait_for("the listener", || lab.sh("ss -Htln sport = :4711").stdout.contains("4711"));
    let listeners = ok(&lab, "ss -tlnp");
    let line = listeners.lines().find(|line| line.contains(":4711")).unwrap();
    assert!(
        line.starts_with("tcp   LISTEN") && line.contains("*:4711") && line.contains("\"nc\",pid="),
        "{line}"
    );
    let count = |line: &str| ok(&lab, line).lines().count();
    let theirs = |line: &str| lab.sh_ok(&format!("{line} | wc -l")).trim().parse::<usize>().unwrap();
    for options in ["-Htan", "-Huan", "-Htln", "-Hxl"] {
        assert_eq!(count(&format!("ss {options}")), theirs(&format!("ss {options}")), "{options}");
    }
    assert!(ok(&lab, "ss -xl").contains("/tmp/x.sock"));
}

#[test]
fn ping_and_traceroute_find_the_outside() {
    let lab = host();
    let pinged = ok(&lab, "ping -c 2 -i 0.1 -s 100 10.77.0.1");
    assert!(pinged.contains("108 bytes from 10.77.0.1: icmp_seq=2 ttl=64"), "{pinged}");
    assert!(pinged.contains("2 packets transmitted, 2 received, 0% packet loss"), "{pinged}");
    assert!(ok(&lab, "ping -6 -c 1 fd77::1").contains("from fd77::1: icmp_seq=1"));
    let lost = run(&lab, "ping -c 1 -W 0.2 10.77.0.99");
    assert_eq!(lost.code, 1, "{}", lost.stderr);
    assert!(lost.stdout.contains("100% packet loss"), "{}", lost.stdout);
    let route = ok(&lab, "traceroute -n -q 2 203.0.113.10");
    assert!(route.lines().last().unwrap().trim_start().starts_with("1  203.0.113.10  0."), "{route}");
    let report = ok(&lab, "mtr -n -c 2 -i 0.2 10.77.0.1");
    assert!(report.contains("10.77.0.1") && report.contains(" 0.0%     2"), "{report}");
}

#[test]
fn ping_works_without_rights_where_the_kernel_allows_it() {
    let lab = host();
    let as_nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all";
    lab.sh_ok("sysctl -qw net.ipv4.ping_group_range='1 0'");
    let refused = lab.sh(&format!("{as_nobody} porthole toolbox run ping -c 1 10.77.0.1"));
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("CAP_NET_RAW"), "{}", refused.stderr);
    lab.sh_ok("sysctl -qw net.ipv4.ping_group_range='0 65535'");
    let allowed = lab.sh(&format!("{as_nobody} porthole toolbox run ping -c 1 10.77.0.1"));
    assert_eq!(allowed.code, 0, "{}{}", allowed.stdout, allowed.stderr);
}

#[test]
fn names_are_asked_for() {
    let lab = host();
    let answer = ok(&lab, "dig www.outside.test");
    for words in ["status: ", ";; flags: qr", ";; QUESTION SECTION:", "SERVER: 10.77.0.1#53 (UDP)"] {
        assert!(answer.contains(words), "{words} is not in {answer}");
    }
    assert!(ok(&lab, "dig +tcp www.outside.test @10.77.0.1").contains("(TCP)"));
    assert_eq!(
        ok(&lab, "dig +noall +stats x.test").lines().filter(|line| line.starts_with(";; ")).count(),
        3
    );
    let silent = run(&lab, "dig +time=1 +tries=1 @10.77.0.2 x.test");
    assert_eq!(silent.code, 9, "{}", silent.stdout);
    assert!(silent.stderr.contains("refused"), "{}", silent.stderr);
    assert_eq!(run(&lab, "dig +frob x.test").code, 2);
    lab.sh_ok("echo 192.0.2.7 seven seven.test >>/etc/hosts");
    assert_eq!(ok(&lab, "getent hosts seven"), "192.0.2.7       seven");
    assert!(ok(&lab, "getent hosts 192.0.2.7").contains("seven seven.test"));
    assert!(ok(&lab, "getent passwd 0").starts_with("root:"));
    assert_eq!(run(&lab, "getent hosts no-such-name.test").code, 2);
    assert_eq!(run(&lab, "getent frob x").code, 1);
}

#[test]
fn curl_ends_with_the_codes_of_curl() {
    let lab = host();
    lab.sh_ok("mkdir /tmp/www; echo 'in a file' >/tmp/www/a.txt");
    lab.sh_ok("(porthole toolbox run httpd -q -p 8000 /tmp/www >/dev/null 2>&1 </dev/null &) ; (porthole toolbox run testbox --page 8001 --echo 8007 >/dev/null 2>&1 </dev/null &)");
    wait_for("the servers", || {
        ["8000", "8001"].iter().all(|port| run(&lab, &format!("nc -z 127.0.0.1 {port}")).code == 0)
    });
    for (line, code) in [
        ("curl -sS http://no-such-name.test/", 6),
        ("curl -sS http://127.0.0.1:1/", 7),
        ("curl -sSf http://127.0.0.1:8000/missing", 22),
        ("curl -s http://127.0.0.1:8000/missing", 0),
        ("curl -sS -m 0.5 http://10.77.0.99/", 28),
        ("curl -sS https://127.0.0.1:8000/", 35),
        ("curl --frob http://x/", 2),
        ("curl -sS http://127.0.0.1:8000/a.txt --output /nix/x", 23),
    ] {
        let output = run(&lab, line);
        assert_eq!(output.code, code, "{line}\n{}\n{}", output.stdout, output.stderr);
    }
    assert_eq!(ok(&lab, "curl -s http://127.0.0.1:8000/a.txt"), "in a file");
    assert!(ok(&lab, "curl -s http://127.0.0.1:8000/").contains("<a href=\"/a.txt\">a.txt</a>"));
    assert_eq!(
        ok(&lab, "curl -s -o /dev/null -w '%{http_code} %{remote_ip}' http://127.0.0.1:8000/a.txt"),
        "200 127.0.0.1"
    );
    assert_eq!(ok(&lab, "wget -qO- http://127.0.0.1:8000/a.txt"), "in a file");
    assert_eq!(
        run(&lab, "curl -sS --path-as-is http://127.0.0.1:8000/").code,
        2,
        "an option of curl that is not here"
    );
    let posted = ok(
        &lab,
        "curl -s -u me:secret -d a=1 -d b=2 -H 'X-Trace: 7' -H 'Accept:' --resolve db.test:8001:127.0.0.1 http://db.test:8001/?format=json",
    );
    let headers = parse(&posted)["request"]["headers"].clone();
    let value = |name: &str| {
        let all = headers.as_array().unwrap().iter();
        all.clone()
            .find(|header| header["name"] == name)
            .map(|header| header["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(parse(&posted)["request"]["method"], "POST");
    assert_eq!(value("host").as_deref(), Some("db.test:8001"));
    assert_eq!(value("content-length").as_deref(), Some("7"));
    assert_eq!(value("authorization").as_deref(), Some("Basic bWU6c2VjcmV0"));
    assert_eq!((value("x-trace").as_deref(), value("accept")), (Some("7"), None));
    let aside = run(&lab, "curl -sv -I http://127.0.0.1:8001/").stderr;
    assert!(aside.contains("> HEAD / HTTP/1.1") && aside.contains("< HTTP/1.1 200 OK"), "{aside}");
}

#[test]
fn curl_speaks_over_the_engines_socket() {
    let lab = lab(Engine::newest());
    assert_eq!(ok(&lab, "curl -s --unix-socket /var/run/docker.sock http://docker/_ping"), "OK");
}

#[test]
fn nc_says_the_end_of_its_input_and_still_reads() {
    let lab = host();
    lab.sh_ok("(porthole toolbox run testbox --page 8001 --echo 8007 >/dev/null 2>&1 </dev/null &)");
    wait_for("the echo", || run(&lab, "nc -z 127.0.0.1 8007").code == 0);
    let echoed = lab.sh_ok("head -c 1000000 /dev/urandom >/tmp/sent; porthole toolbox run nc 127.0.0.1 8007 </tmp/sent >/tmp/heard; cmp /tmp/sent /tmp/heard && echo same");
    assert_eq!(echoed, "same");
    assert_eq!(lab.sh_ok("echo word | porthole toolbox run nc -u -w 1 127.0.0.1 8007"), "word");
    let refused = run(&lab, "nc -zv 127.0.0.1 1");
    assert!(refused.code == 1 && refused.stderr.contains("refused"), "{}", refused.stderr);
    assert!(run(&lab, "nc -zuv 127.0.0.1 1").stderr.contains("refused"));
    let through = lab.sh_ok("(porthole toolbox run nc -lU /tmp/n.sock </dev/null >/tmp/got &) ; while ! test -S /tmp/n.sock; do sleep 0.05; done; echo by path | porthole toolbox run nc -U /tmp/n.sock; while ! test -s /tmp/got; do sleep 0.05; done; cat /tmp/got");
    assert_eq!(through, "by path");
    assert_eq!(run(&lab, "nc").code, 2);
}

#[test]
fn a_chain_of_certificates_is_shown_and_judged() {
    let lab = lab(Engine::newest());
    let (authority, server) = certificates();
    for (name, text) in [("ca.pem", &authority), ("cert.pem", &server.0), ("key.pem", &server.1)] {
        lab.sh_ok(&format!("cat >/tmp/{name} <<'END'\n{text}END"));
    }
    lab.sh_ok("(porthole tap --listen tcp://127.0.0.1:2376 --tlscacert /tmp/ca.pem --tlscert /tmp/cert.pem --tlskey /tmp/key.pem >/dev/null 2>/tmp/tap.log </dev/null &)");
    wait_for("the tap", || run(&lab, "nc -z 127.0.0.1 2376").code == 0);
    let believed = ok(&lab, "tls localhost:2376 --cafile /tmp/ca.pem");
    for words in ["TLS 1.3", "believed   yes", "names    localhost, 127.0.0.1", "days left"] {
        assert!(believed.contains(words), "{words} is not in {believed}");
    }
    let unknown = run(&lab, "openssl s_client -connect 127.0.0.1:2376");
    assert_eq!(unknown.code, 1, "{}", unknown.stderr);
    assert!(unknown.stdout.contains("believed   no: "), "{}", unknown.stdout);
    let other = run(&lab, "tls 127.0.0.1:2376 --servername other.test --cafile /tmp/ca.pem");
    assert!(other.stdout.contains("believed   no: it is for other names"), "{}", other.stdout);
    let refused = run(&lab, "curl -sS https://localhost:2376/");
    assert_eq!(refused.code, 60, "{}", refused.stderr);
    assert_eq!(run(&lab, "tls 127.0.0.1:1").code, 7);
}

/// An authority, and a certificate of its for localhost with the key.
fn certificates() -> (String, (String, String)) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "the lab's authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    (authority.pem(), (server.pem(), key.serialize_pem()))
}

#[test]
fn every_tool_has_help_and_refuses_what_it_does_not_know() {
    let lab = host();
    for tool in [
        "curl",
        "dig",
        "getent",
        "httpd",
        "ip",
        "mtr",
        "nc",
        "openssl",
        "ping",
        "ss",
        "testbox",
        "tls",
        "traceroute",
        "wget",
    ] {
        let help = ok(&lab, &format!("{tool} --help"));
        assert!(help.contains("Usage: "), "{tool}: {help}");
        let unknown = run(&lab, &format!("{tool} --no-such-option"));
        assert_eq!(unknown.code, 2, "{tool}: {}{}", unknown.stdout, unknown.stderr);
        assert!(unknown.stderr.contains("--no-such-option"), "{tool}: {}", unknown.stderr);
    }
}
