//! Testboxes: one that serves, with the addresses to try, and a list of all.

use std::net::SocketAddr;

use porthole_model::{Container, Port, PortTrial, TestboxReport, TransportProtocol, TrialOutcome};

use crate::doc::{Column, Doc, Line, Style, Table};

/// The network whose containers have no names for each other.
const WITHOUT_NAMES: [&str; 3] = ["bridge", "podman", "host"];

/// A testbox that serves.
pub fn started(report: &TestboxReport) -> Doc {
    let container = &report.container;
    let mut doc = Doc::new();
    let time = format!(" serves, ready after {} ms.", report.ready_after);
    doc.paragraph(Line::of(Style::Name, &container.name).plain(&time));
    doc.blank();
    doc.table(addresses(report));
    if report.ports.iter().any(|trial| trial.outcome != TrialOutcome::Answered) {
        doc.blank();
        let hint = Line::of(Style::Note, "hint:").plain(" ").with(Style::Code, "porthole doctor");
        doc.paragraph(hint.plain(" says what is wrong with published ports on the engine's host"));
    }
    doc.blank();
    doc.paragraph(ending(report));
    doc
}

/// Its addresses, as a person types them.
fn addresses(report: &TestboxReport) -> Table {
    let mut table =
        Table::new(vec![Column::new("FROM"), Column::new("ADDRESS"), Column::new("TRIED").wrap(20)]);
    for trial in &report.ports {
        let tried = Line::of(style(&trial.outcome), &trial.outcome.words());
        table.row(vec!["published port".into(), Line::of(Style::Code, &published(trial)), tried]);
    }
    let container = &report.container;
    for attachment in &container.attachments {
        let network = &attachment.network_name;
        if !WITHOUT_NAMES.contains(&network.as_str()) {
            let from = Line::from("containers of ").with(Style::Name, network);
            table.row(vec![from, Line::of(Style::Code, &format!("http://{}/", container.name))]);
        }
        let addresses = [attachment.ipv4, attachment.ipv6].into_iter().flatten();
        for prefix in addresses {
            let from = Line::from("the host, and ").with(Style::Name, network);
            let address = SocketAddr::new(prefix.address, 80);
            table.row(vec![from, Line::of(Style::Code, &page(address))]);
        }
    }
    if container.network_mode == "host" {
        table.row(vec!["the host".into(), Line::of(Style::Code, "http://127.0.0.1/")]);
    }
    table
}

fn style(outcome: &TrialOutcome) -> Style {
    match outcome {
        TrialOutcome::Answered => Style::Good,
        TrialOutcome::Failed(_) => Style::Faint,
        TrialOutcome::Refused | TrialOutcome::Silent | TrialOutcome::NotTestbox => Style::Error,
    }
}

fn published(trial: &PortTrial) -> String {
    let binding = &trial.binding;
    let address = trial.tried.unwrap_or_else(|| SocketAddr::new(binding.host_address, binding.host_port.0));
    match (binding.protocol, binding.container_port) {
        (TransportProtocol::Tcp, port) if port != Port(7) => page(address),
        (protocol, port) => format!("{address} ({port}/{protocol}, echo)", port = port.0),
    }
}

fn page(address: SocketAddr) -> String {
    if address.port() == 80 { format!("http://{}/", host(address)) } else { format!("http://{address}/") }
}

fn host(address: SocketAddr) -> String {
    if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() }
}

fn ending(report: &TestboxReport) -> Line {
    if report.stays {
        let command = format!("porthole testbox rm {}", report.container.name);
        Line::from("It stays until ").with(Style::Code, &command).plain(".")
    } else {
        Line::from("Ctrl-C removes it. Requests are shown as they come.")
    }
}

/// All testboxes of an engine.
pub fn list(testboxes: &[Container]) -> Doc {
    let mut doc = Doc::new();
    if testboxes.is_empty() {
        doc.paragraph(Line::of(Style::Good, "The engine has no testbox."));
        return doc;
    }
    let columns = ["NAME", "STATE", "NETWORK", "ADDRESS", "PUBLISHED"];
    let mut table = Table::new(columns.into_iter().map(Column::new).collect());
    for testbox in testboxes {
        let networks = testbox.attachments.iter().map(|attachment| attachment.network_name.clone());
        let addresses =
            testbox.attachments.iter().filter_map(|attachment| attachment.ipv4.or(attachment.ipv6));
        let ports = testbox.published_ports.iter().map(|binding| {
            let from = SocketAddr::new(binding.host_address, binding.host_port.0);
            format!("{from}->{}/{}", binding.container_port.0, binding.protocol)
        });
        table.row(vec![
            Line::of(Style::Name, &testbox.name),
            testbox.state.to_string().into(),
            joined(networks),
            joined(addresses.map(|prefix| prefix.address.to_string())),
            joined(ports),
        ]);
    }
    doc.table(table);
    doc
}

fn joined(parts: impl Iterator<Item = String>) -> Line {
    parts.collect::<Vec<_>>().join(", ").into()
}

/// Testboxes that were removed.
pub fn removed(names: &[String]) -> Doc {
    crate::gc::doc(&crate::gc::Collected { containers: names, ..Default::default() })
}
