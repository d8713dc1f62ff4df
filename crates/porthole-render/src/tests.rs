//! Every output format over the same facts, as people and programs will see it.

use insta::assert_snapshot;

use crate::doc::Doc;
use crate::netdb::{self, CleanItem, ResetFacts, ResetOutcome, StepOutcome};
use crate::samples;
use crate::sockets::{RowWriter, SocketRow};
use crate::text::{self, TextSettings};
use crate::{dns, error, gc, html, json, ports, report, sockets, take_over, topology};

fn printed(doc: &Doc, width: Option<usize>, color: bool) -> String {
    let mut out = Vec::new();
    text::print(doc, &TextSettings { width, color }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn at(doc: &Doc, width: usize) -> String {
    printed(doc, Some(width), false)
}

fn piped(doc: &Doc) -> String {
    printed(doc, None, false)
}

#[test]
fn report_that_found_nothing() {
    assert_snapshot!("report_healthy_80", at(&report::doc(&samples::healthy()), 80));
}

#[test]
fn report_without_an_engine() {
    assert_snapshot!("report_without_engine_80", at(&report::doc(&samples::without_engine()), 80));
}

#[test]
fn report_with_findings_and_gaps() {
    let doc = report::doc(&samples::troubled());
    assert_snapshot!("report_40", at(&doc, 40));
    assert_snapshot!("report_80", at(&doc, 80));
    assert_snapshot!("report_120", at(&doc, 120));
    assert_snapshot!("report_pipe", piped(&doc));
    assert_snapshot!("report_color", printed(&doc, Some(80), true));
    assert_snapshot!("report_json", json::report(&samples::troubled()));
    assert_snapshot!("report_html", html::page("porthole doctor", &doc));
}

#[test]
fn the_way_of_a_name_in_every_format() {
    let doc = dns::doc(&samples::dns());
    assert_snapshot!("dns_60", at(&doc, 60));
    assert_snapshot!("dns_120", at(&doc, 120));
    assert_snapshot!("dns_pipe", piped(&doc));
    assert_snapshot!("dns_color", printed(&doc, Some(100), true));
    assert_snapshot!("dns_sound", piped(&dns::doc(&samples::sound_dns())));
    assert_snapshot!("dns_json", json::dns(&samples::dns()));
}

#[test]
fn published_ports_in_every_format() {
    let all = samples::ports();
    let rows = ports::doc(&all, ports::Detail::Rows);
    let stages = ports::doc(&all, ports::Detail::Stages);
    assert_snapshot!("ports_80", at(&rows, 80));
    assert_snapshot!("ports_120", at(&rows, 120));
    assert_snapshot!("ports_stages_80", at(&stages, 80));
    assert_snapshot!("ports_pipe", piped(&rows));
    assert_snapshot!("ports_color", printed(&rows, Some(120), true));
    assert_snapshot!("ports_sound_80", at(&ports::doc(&samples::sound_ports(), ports::Detail::Stages), 80));
    assert_snapshot!("ports_json", json::ports(&all));
    assert_eq!(json::ports_line(&all).lines().count(), 1);
    for (width, doc) in [(80, &rows), (80, &stages), (120, &rows)] {
        let wide: Vec<_> =
            at(doc, width).lines().filter(|line| text::width(line) > width).map(str::to_owned).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn published_ports_by_every_uplink_where_they_differ() {
    let ports = samples::ports_by_two_uplinks();
    assert_snapshot!("ports_uplinks_120", at(&ports::doc(&ports, ports::Detail::Stages), 120));
}

#[test]
fn no_published_ports() {
    let mut none = samples::sound_ports();
    none.ports.clear();
    assert_snapshot!("ports_none", piped(&ports::doc(&none, ports::Detail::Rows)));
}

#[test]
fn topology_in_every_format() {
    let topology = samples::topology();
    let table = topology::table(&topology);
    assert_snapshot!("topology_40", at(&table, 40));
    assert_snapshot!("topology_80", at(&table, 80));
    assert_snapshot!("topology_160", at(&table, 160));
    assert_snapshot!("topology_pipe", piped(&table));
    assert_snapshot!("topology_tree_100", at(&topology::tree(&topology), 100));
    assert_snapshot!("topology_tree_40", at(&topology::tree(&topology), 40));
    assert_snapshot!("topology_svg", topology::svg(&topology));
    assert_snapshot!("topology_json", json::topology(&topology));
}

#[test]
fn topology_of_an_empty_host() {
    let empty = porthole_model::Topology { rows: vec![], bridges: vec![], uplinks: vec![], gaps: vec![] };
    assert_snapshot!("topology_empty", piped(&topology::table(&empty)));
    assert_snapshot!("topology_empty_tree", piped(&topology::tree(&empty)));
    assert!(topology::svg(&empty).contains("0 interfaces"));
}

#[test]
fn sockets_in_every_format() {
    let sockets = samples::sockets();
    let places = ["web", "日本語-🐳-long-name-of-a-container"];
    let row = |(number, socket)| SocketRow { place: Some(places[number % 2]), socket };
    let rows: Vec<SocketRow<'_>> = sockets.iter().enumerate().map(row).collect();
    let of_one: Vec<SocketRow<'_>> = sockets.iter().map(|socket| SocketRow { place: None, socket }).collect();
    assert_snapshot!("sockets_40", at(&sockets::doc(&of_one, &[]), 40));
    assert_snapshot!("sockets_80", at(&sockets::doc(&of_one, &[]), 80));
    assert_snapshot!("sockets_places_100", at(&sockets::doc(&rows, &[samples::gap()]), 100));
    assert_snapshot!("sockets_pipe", piped(&sockets::doc(&rows, &[])));
    assert_snapshot!("sockets_none", piped(&sockets::doc(&[], &[samples::gap()])));
    assert_snapshot!("sockets_rows", row_writer(&rows));
    assert_snapshot!("sockets_json", stream(&rows));
}

fn row_writer(rows: &[SocketRow<'_>]) -> String {
    let mut out = Vec::new();
    let mut writer = RowWriter::new(&mut out, true).unwrap();
    rows.iter().try_for_each(|row| writer.row(*row)).unwrap();
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn stream(rows: &[SocketRow<'_>]) -> String {
    let mut out = Vec::new();
    let mut stream = json::SocketStream::new(&mut out).unwrap();
    rows.iter().try_for_each(|row| stream.row(*row)).unwrap();
    stream.gap(&samples::gap());
    stream.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_empty_stream_is_a_document() {
    let document: serde_json::Value = serde_json::from_str(&stream(&[])).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["sockets"].as_array().unwrap().len(), 0);
    assert_eq!(document["gaps"].as_array().unwrap().len(), 1);
}

#[test]
fn errors_name_their_causes_and_hints() {
    let causes = ["permission denied (os error 13)".to_owned()];
    let hints = ["run porthole as root".to_owned(), "or add --through-engine".to_owned()];
    assert_snapshot!("error", at(&error::doc("cannot read the processes of this host", &causes, &hints), 80));
    assert_snapshot!(
        "error_color",
        printed(&error::doc("no such container: x\x1b[2J", &[], &[]), None, true)
    );
}

#[test]
fn what_a_take_over_says() {
    let mut doc = take_over::taken("/run/docker.sock");
    doc.append(take_over::switched("container agent", "/var/run/docker.sock"));
    doc.append(take_over::taken_again("/run/docker.sock"));
    doc.append(take_over::given_back("/run/docker.sock"));
    doc.append(take_over::replaced("container late", "/var/run/docker.sock"));
    assert_snapshot!("take_over", piped(&doc));
}

#[test]
fn what_a_network_database_holds() {
    let (database, names) = (samples::network_database(), samples::names());
    assert_snapshot!("netdb_show_80", at(&netdb::show(&database, &names), 80));
    assert_snapshot!("netdb_show_pipe", piped(&netdb::show(&database, &names)));
    assert_snapshot!("netdb_keys", piped(&netdb::keys(&database)));
    assert_snapshot!("netdb_json", json::network_database(&database, &names));
}

#[test]
fn what_is_done_about_networks() {
    let commands = ["docker network create app".to_owned(), "docker start web".to_owned()];
    let notes = ["container 'gone' does not exist any more".to_owned()];
    let mut doc = netdb::steps_plan(&commands, &notes);
    doc.append(netdb::steps_plan(&[], &[]));
    let outcome = |result| StepOutcome {
        subject: "container 'web'".into(),
        command: "docker start web".into(),
        result,
    };
    let outcomes = [outcome(Ok(())), outcome(Err("no such container".into()))];
    doc.append(netdb::steps_done(&outcomes));
    let item = |name: &str, used_by: &[&str]| CleanItem {
        name: name.into(),
        kind: "bridge".into(),
        evidence: vec!["it still holds 172.18.0.1/16".into()],
        used_by: used_by.iter().map(ToString::to_string).collect(),
    };
    doc.append(netdb::clean_plan(&[item("br-0123456789ab", &[]), item("br-fedcba987654", &["veth0"])]));
    doc.append(netdb::clean_plan(&[]));
    doc.append(netdb::backup_written("b.tar.zst", 4, 3, Some("00ff")));
    assert_snapshot!("netdb_steps", piped(&doc));
    assert_snapshot!("netdb_steps_json", json::NetworkStepsDocument::done(&outcomes, &notes).text());
}

#[test]
fn what_a_reset_says() {
    let mut doc = netdb::reset_plan(&ResetFacts {
        lost: vec!["app (bridge, 172.18.0.0/16)".into()],
        containers: vec!["web (runs)".into()],
        live_restore: Some(false),
        database: "/var/lib/docker/network/files/local-kv.db".into(),
        moved_to: "/var/lib/docker/network/files/local-kv.db.before-20260301T120000Z".into(),
        backup: "b.tar.zst".into(),
        stop: vec!["kill 812".into()],
        start: vec!["dockerd --host unix:///run/docker.sock".into()],
    });
    doc.append(netdb::reset_done(&ResetOutcome {
        is_running: true,
        networks: vec!["bridge".into()],
        not_running: vec!["web".into()],
        stranded: vec!["db".into()],
        moved_to: "local-kv.db.before-20260301T120000Z".into(),
        backup: "b.tar.zst".into(),
    }));
    doc.append(netdb::reset_done(&ResetOutcome::default()));
    assert_snapshot!("netdb_reset_80", at(&doc, 80));
}

#[test]
fn what_gc_removed() {
    let names = ["porthole-helper-1".to_owned()];
    let sockets = ["/run/docker.sock".to_owned()];
    let (images, kept) = (["porthole:0.1.0".to_owned()], ["night".to_owned()]);
    let collected = gc::Collected { containers: &names, sockets: &sockets, ..gc::Collected::default() };
    assert_snapshot!(
        "gc",
        piped(&gc::doc(&gc::Collected { images: &images, kept_sessions: &kept, ..collected }))
    );
    assert_snapshot!("gc_nothing", piped(&gc::doc(&gc::Collected::default())));
    assert_snapshot!("gc_json", json::removed(&gc::Collected { sessions: &kept, ..collected }));
}

#[test]
fn every_schema_is_a_schema_of_its_version() {
    for (name, schema) in json::schemas() {
        assert_snapshot!(format!("schema_{name}"), schema);
    }
}

#[test]
fn what_a_snapshot_holds() {
    assert_snapshot!("snapshot", at(&crate::snapshot::doc(&samples::snapshot()), 80));
}

#[test]
fn a_page_holds_the_picture_and_the_table() {
    let page = topology::html(&samples::topology());
    assert!(page.contains(&topology::svg(&samples::topology())));
    assert!(page.contains("<td><span class=\"name\">shop-frontend-1.k3x9f0q2m8</span></td>"));
}

#[test]
fn kept_sessions() {
    use porthole_model::{Attached, KeptSession, SessionEnd, SessionWay, Timestamp, Uid};
    let detached = KeptSession {
        name: "night".to_owned(),
        target: "web".to_owned(),
        command: vec!["sh".to_owned(), "-c".to_owned(), "sleep 1; date".to_owned()],
        way: SessionWay::Local,
        began: Timestamp(1_772_366_400_250),
        attached: None,
        ended: None,
    };
    let attached = Attached { user: Uid(1000), since: Timestamp(1_772_366_500_000) };
    let ended = SessionEnd { code: 3, at: Timestamp(1_772_366_600_000) };
    let other = KeptSession { name: "long".to_owned(), way: SessionWay::Sidecar, ..detached.clone() };
    let sessions = [
        detached,
        KeptSession { command: Vec::new(), attached: Some(attached), ..other.clone() },
        KeptSession { name: "over".to_owned(), ended: Some(ended), ..other },
    ];
    assert_snapshot!("kept_sessions", piped(&crate::kept::list(&sessions)));
    assert_snapshot!("kept_sessions_none", piped(&crate::kept::list(&[])));
    assert_snapshot!("kept_sessions_json", json::kept_sessions(&sessions));
}
