//! Changes of a namespace, and taking them back.

use porthole_model::{GapKind, KernelChange, MacAddress};

use crate::world::{Namespace, host};

/// What the namespace is asked, to see whether a change is there.
struct Case {
    change: KernelChange,
    question: &'static str,
    after: &'static str,
}

fn cases() -> Vec<Case> {
    let link = || "veth1".to_owned();
    let case = |change, question, after| Case { change, question, after };
    vec![
        case(KernelChange::Up { link: link(), up: true }, "ip -br link show veth1", " UP "),
        case(
            KernelChange::Master { link: link(), from: None, to: Some("br1".to_owned()) },
            "ip link show veth1",
            "master br1",
        ),
        case(
            KernelChange::Master { link: link(), from: Some("br1".to_owned()), to: Some("br2".to_owned()) },
            "ip link show veth1",
            "master br2",
        ),
        case(
            KernelChange::Address {
                link: "br1".to_owned(),
                address: "10.1.0.1/24".parse().unwrap(),
                present: true,
            },
            "ip address show br1",
            "10.1.0.1/24",
        ),
        case(
            KernelChange::Address {
                link: "br1".to_owned(),
                address: "fd00:1::1/64".parse().unwrap(),
                present: true,
            },
            "ip address show br1",
            "fd00:1::1/64",
        ),
        case(
            KernelChange::DefaultRoute {
                link: "br1".to_owned(),
                gateway: "10.1.0.7".parse().unwrap(),
                present: true,
            },
            "ip route",
            "default via 10.1.0.7 dev br1",
        ),
        case(
            KernelChange::DefaultRoute {
                link: "br1".to_owned(),
                gateway: "fd00:1::7".parse().unwrap(),
                present: true,
            },
            "ip -6 route",
            "default via fd00:1::7 dev br1",
        ),
        case(
            KernelChange::Neighbour {
                link: "br1".to_owned(),
                address: "10.1.0.7".parse().unwrap(),
                mac: MacAddress([2, 0, 0, 0, 0, 1]),
                present: true,
            },
            "ip neigh show dev br1",
            "10.1.0.7 lladdr 02:00:00:00:00:01 PERMANENT",
        ),
        case(
            KernelChange::Sysctl {
                name: "net.ipv4.ip_forward".to_owned(),
                from: "0".to_owned(),
                to: "1".to_owned(),
            },
            "sysctl -n net.ipv4.ip_forward",
            "1",
        ),
    ]
}

#[test]
fn each_change_is_made_once_and_taken_back_once() {
    let namespace = Namespace::new();
    for bridge in ["br1", "br2"] {
        namespace.run(&format!("ip link add {bridge} type bridge"));
        namespace.run(&format!("ip link set {bridge} up"));
    }
    namespace.run("sysctl -qw net.ipv4.ip_forward=0");
    namespace.run("ip link add veth1 type veth peer name veth2");
    namespace.run("ip link set veth2 up");
    let host = host();
    let place = (namespace.pid(), namespace.id());
    let cases = cases();
    for Case { change, question, after } in &cases {
        assert!(!namespace.answer(question).contains(after), "{change:?}");
        host.alter(place, change).unwrap();
        assert!(namespace.answer(question).contains(after), "{change:?}");
    }
    for Case { change, question, after } in cases.iter().rev() {
        host.alter(place, &change.inverse()).unwrap();
        assert!(!namespace.answer(question).contains(after), "{change:?}");
    }
}

#[test]
fn what_is_not_as_it_was_read_is_left_alone() {
    let namespace = Namespace::new();
    namespace.run("ip link add br1 type bridge");
    namespace.run("sysctl -qw net.ipv4.ip_forward=1");
    let host = host();
    let refused = |change: KernelChange| {
        let gap = host.alter((namespace.pid(), namespace.id()), &change).unwrap_err();
        assert_eq!(gap.kind, GapKind::Vanished, "{gap}");
        gap.to_string()
    };
    let forwarding = |from: &str, to: &str| KernelChange::Sysctl {
        name: "net.ipv4.ip_forward".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    assert!(refused(forwarding("0", "1")).contains("it is 1 by now"));
    assert!(refused(KernelChange::Up { link: "br1".to_owned(), up: false }).contains("it is down by now"));
    assert!(refused(KernelChange::Up { link: "br9".to_owned(), up: true }).contains("no interface 'br9'"));
    let plug = KernelChange::Master { link: "br1".to_owned(), from: Some("lo".to_owned()), to: None };
    assert!(refused(plug).contains("plugged in elsewhere"));
    let neighbour = KernelChange::Neighbour {
        link: "br1".to_owned(),
        address: "10.1.0.7".parse().unwrap(),
        mac: MacAddress([2, 0, 0, 0, 0, 1]),
        present: false,
    };
    assert!(refused(neighbour).contains("no such permanent entry"));
}
