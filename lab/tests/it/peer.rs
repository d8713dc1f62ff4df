//! The roles of the program `peer`.

use porthole_lab::{Engine, Lab};

#[test]
fn connections_are_told_apart() {
    let mut lab = crate::bare();
    lab.outside_service(&["sink", "9000"]).unwrap();
    lab.sh_ok("ip route add blackhole 192.0.2.1/32; ip route add 192.0.2.7/32 dev eth0; ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:01 dev eth0");
    let connect = |address: &str| {
        let output = lab.exec(&["peer", "connect", address]);
        (output.code, output.stdout.trim().to_owned())
    };
    assert_eq!(connect("10.77.0.1:9000"), (0, "ok".to_owned()));
    assert_eq!(connect("10.77.0.1:9001"), (1, "refused".to_owned()));
    assert_eq!(connect("192.0.2.7:9000"), (2, "timeout".to_owned()));
}

#[test]
fn the_outside_answers_on_all_its_addresses() {
    let lab = crate::bare();
    for address in ["10.77.0.1", "203.0.113.10", "198.51.100.10", "[fd77::1]"] {
        assert_eq!(lab.exec_ok(&["peer", "get", &format!("http://{address}/")]), "outside");
    }
    assert_eq!(lab.exec_ok(&["peer", "get", "http://10.77.0.1/client"]), "10.77.0.2");
    assert_eq!(lab.exec_ok(&["peer", "get", "http://10.77.0.1/bytes/70000"]).len(), 70_000);
    let echo = "exec 3<>/dev/udp/198.51.100.10/7; echo ping >&3; timeout 10 head -c 5 <&3";
    assert_eq!(lab.exec_ok(&["bash", "-c", echo]), "ping");
}

#[test]
fn many_sockets_in_one_namespace() {
    let lab = crate::bare();
    let script = "peer sockets 3000 >/tmp/said & \
                  until grep -q open /tmp/said; do sleep 0.02; done; grep -c ' 01 ' /proc/net/tcp; kill $!";
    assert_eq!(lab.sh_ok(script), "3000");
}

#[test]
fn the_first_process_of_a_container_ends_at_once() {
    let lab = Lab::start(Engine::newest()).unwrap();
    lab.docker_ok(&["run", "--detach", "--name", "calm", "peer:1"]);
    lab.docker_ok(&["kill", "--signal", "TERM", "calm"]);
    assert_eq!(lab.docker_ok(&["wait", "calm"]), "0");
}

#[test]
fn a_full_backlog() {
    let mut lab = crate::bare();
    lab.outside_service(&["backlog", "9100", "1"]).unwrap();
    let listening = lab.outside_ok(&["ss", "-Hltn", "sport", "=", ":9100"]);
    assert_eq!(listening.split_whitespace().nth(2), Some("1"), "{listening}");
}
