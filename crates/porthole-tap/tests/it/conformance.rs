//! Each property of the transport, directly and through the relay, with the same result.

use porthole_tap::Event;

use crate::probes::PROBES;
use crate::server;
use crate::stand::Stand;

#[test]
fn every_probe_sees_the_same_through_the_relay() {
    let stand = Stand::new(server::handle);
    let mut wrong = Vec::new();
    for probe in PROBES {
        let direct = (probe.run)(stand.direct());
        assert!(direct.contains(probe.sees), "{}: {direct:?} directly", probe.name);
        let through = (probe.run)(stand.tap());
        if direct != through {
            wrong.push(format!("{}: {direct:?} directly, {through:?} through the relay", probe.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_connection_of_the_probes_is_told_of_to_its_end() {
    let mut stand = Stand::new(server::handle);
    for probe in PROBES {
        (probe.run)(stand.tap());
    }
    stand.begin_stop();
    assert_eq!(stand.wait(), 0);
    let (mut opened, mut closed) = (0, 0);
    while let Ok(event) = stand.events.recv() {
        match event {
            Event::Opened { .. } => opened += 1,
            Event::Closed(_) => closed += 1,
            _ => {}
        }
    }
    assert_eq!((opened, closed), (PROBES.len(), PROBES.len()));
}
