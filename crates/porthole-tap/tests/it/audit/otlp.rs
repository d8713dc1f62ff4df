//! Audits at a collector of the tests' own, which decodes what it is sent.

use porthole_tap::audit::Audit;

use super::collector::{Answering, Collector, attribute, text};
use super::{START, open, settings, talk};
use crate::server;
use crate::stand::Stand;

#[test]
fn a_call_is_a_record_by_the_semantic_conventions() {
    let collector = Collector::start();
    let (audit, _told) = open(collector.target(), false);
    let mut stand = Stand::audited(server::handle, audit.clone());
    talk(stand.tap(), b"POST /v1.41/containers/web/kill?signal=9 HTTP/1.1\r\nHost: d\r\n\r\n");
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
    let records = collector.records();
    let names: Vec<_> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["porthole.audit.opened", "porthole.audit.answered", "porthole.audit.closed"]);
    let record = &records[1];
    let pid = std::process::id().to_string();
    for (name, value) in [
        ("http.request.method", "POST"),
        ("url.path", "/v1.41/containers/web/kill"),
        ("url.query", "signal=9"),
        ("http.response.status_code", "200"),
        ("process.pid", &pid),
        ("porthole.operation", "ContainerKill"),
        ("porthole.resource.name", "web"),
        ("porthole.audit.sequence", "2"),
    ] {
        assert_eq!(attribute(&record.attributes, name).as_deref(), Some(value), "{name}");
    }
    assert!(record.time_unix_nano > 0);
    let body = text(record.body.as_ref().unwrap()).unwrap();
    assert!(body.starts_with("{\"version\":1,\"sequence\":2,") && body.contains("\"hash\":"), "{body}");
    let resource = collector.resource();
    assert_eq!(attribute(&resource, "service.name").as_deref(), Some("porthole"));
    assert!(attribute(&resource, "host.name").is_some());
}

#[test]
fn a_required_audit_passes_what_the_collector_took_and_nothing_else() {
    let collector = Collector::start();
    let (audit, _told) = open(collector.target(), true);
    let stand = Stand::audited(server::handle, audit.clone());
    assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 200"));
    for answering in [Answering::Refuses, Answering::TakesNone] {
        collector.answer(answering);
        assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 503"));
    }
    collector.answer(Answering::Takes);
    assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 200"));
    audit.finish().unwrap();
    let records = collector.records();
    let count = |name: &str| records.iter().filter(|record| record.event_name == name).count();
    assert_eq!((count("porthole.audit.asked"), count("porthole.audit.refused")), (2, 2));
}

#[test]
fn a_collector_that_is_not_there_is_known_at_once() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = format!("otlp://127.0.0.1:{port}").parse().unwrap();
    let error = Audit::open(&[target], settings(false).0).unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}
