//! PH040: paused containers and full queues.

use porthole_model::{ContainerState, SocketEndpoint};

use crate::lab::{Lab, commands, known, refused};
use crate::spec::container;

fn with_web() -> Lab {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lab
}

fn queue(lab: &mut Lab, waiting: u32, backlog: u32) {
    let socket = &mut known(&mut lab.stack_of("web").sockets)[0];
    let SocketEndpoint::Internet(internet) = &mut socket.endpoint else { unreachable!() };
    (internet.receive_queue, internet.send_queue) = (waiting, backlog);
}

#[test]
fn a_paused_container_is_ph040() {
    let mut lab = with_web();
    lab.container("web").state = ContainerState::Paused;
    assert_eq!(lab.found(), ["error PH040 web"]);
    assert_eq!(commands(&lab.only()), ["docker unpause web"]);
    lab.container("web").published_ports.clear();
    assert_eq!(lab.found(), ["warning PH040 web"]);
}

#[test]
fn a_full_queue_is_ph040() {
    let mut lab = with_web();
    for (waiting, backlog, full) in [(0, 128, false), (128, 128, false), (129, 128, true), (2, 0, false)] {
        queue(&mut lab, waiting, backlog);
        let expected: &[&str] = if full { &["error PH040 80/tcp of web"] } else { &[] };
        assert_eq!(lab.found(), expected, "{waiting} of {backlog}");
    }
    queue(&mut lab, 129, 128);
    assert!(lab.only().evidence[0].observed.ends_with("129 connections wait, the backlog is 128"));
}

#[test]
fn the_queue_of_a_paused_container_is_explained() {
    let mut lab = with_web();
    lab.container("web").state = ContainerState::Paused;
    queue(&mut lab, 129, 128);
    assert_eq!(lab.found(), ["error PH040 web <- error PH040 80/tcp of web"]);
}

#[test]
fn the_queue_of_another_container_is_not_explained() {
    let mut lab = with_web();
    lab.run(container("db")).state = ContainerState::Paused;
    queue(&mut lab, 129, 128);
    assert_eq!(lab.found(), ["error PH040 80/tcp of web", "warning PH040 db"]);
}

#[test]
fn sockets_that_could_not_be_read_are_a_gap() {
    let mut lab = with_web();
    lab.stack_of("web").sockets = refused("sockets of network namespace 5001");
    assert_eq!(lab.gaps(40), ["sockets of network namespace 5001: permission denied"]);
    lab.snapshot.host = refused("host");
    lab.container("web").state = ContainerState::Paused;
    assert_eq!(lab.gaps(40), ["host: permission denied"]);
    assert_eq!(lab.found(), ["error PH040 web"]);
}
