//! Every output format over the same facts, as people and programs will see it.

use insta::assert_snapshot;

use crate::doc::Doc;
use crate::samples;
use crate::sockets::{RowWriter, SocketRow};
use crate::text::{self, TextSettings};
use crate::{dns, error, gc, html, json, report, sockets, take_over, topology};

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
fn what_gc_removed() {
    let names = ["porthole-helper-1".to_owned()];
    assert_snapshot!(
        "gc",
        piped(&gc::doc(&names, &["porthole:0.1.0".to_owned()], &["/run/docker.sock".to_owned()]))
    );
    assert_snapshot!("gc_nothing", piped(&gc::doc(&[], &[], &[])));
    assert_snapshot!("gc_json", json::removed(&names, &[], &["/run/docker.sock".to_owned()]));
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
