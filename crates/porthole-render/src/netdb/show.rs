//! What stands in a network database, as tables.

use std::collections::BTreeMap;

use porthole_model::{
    ContainerId, DriverEndpoint, NetworkDatabase, Observed, Stored, StoredEndpoint, StoredNetwork,
    StoredSandbox,
};

use crate::doc::{Column, Doc, Line, Style, Table};
use crate::units;

/// The names of containers, where the engine told them.
pub type Names = BTreeMap<ContainerId, String>;

/// Everything that was understood, and how much was not.
pub fn show(database: &NetworkDatabase, names: &Names) -> Doc {
    let mut doc = Doc::new();
    doc.definitions(about(database)).blank();
    doc.append(faults(database));
    section(&mut doc, "Networks", networks(database));
    section(&mut doc, "Endpoints", endpoints(database, names));
    section(&mut doc, "Sandboxes", sandboxes(database, names));
    section(&mut doc, "Keys that are not understood", unknown(database));
    let fields: usize = database.records.iter().map(|record| record.unknown_fields.len()).sum();
    doc.paragraph(Line::of(
        Style::Faint,
        &format!("{} keys; {fields} fields beside these columns: --keys shows them", database.records.len()),
    ));
    doc
}

/// Every key, with what was not understood of its value.
pub fn keys(database: &NetworkDatabase) -> Doc {
    let mut doc = Doc::new();
    doc.append(faults(database));
    for record in &database.records {
        let mut line = Line::of(Style::Name, &record.key).plain(&format!("  change {}, ", record.index));
        line.push(Style::Plain, kind(&record.stored));
        doc.paragraph(line);
        let mut inner = Doc::new();
        if let Stored::Unknown(value) = &record.stored {
            inner.code([value.as_str()]);
        }
        let terms = record
            .unknown_fields
            .iter()
            .map(|(name, value)| (Line::of(Style::Faint, name), Line::of(Style::Code, value.as_str())));
        let terms: Vec<_> = terms.collect();
        if !terms.is_empty() {
            inner.definitions(terms);
        }
        doc.nested(inner);
    }
    doc
}

fn about(database: &NetworkDatabase) -> Vec<(Line, Line)> {
    let term = |word| Line::of(Style::Faint, word);
    let pages = database.page_size.map_or_else(String::new, |size| format!(", pages of {size} bytes"));
    let size = format!("{}{pages}", units::size(database.size));
    let transaction = database.transaction.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
    let mut about = vec![
        (term("file"), Line::of(Style::Code, &database.path)),
        (term("size"), size.into()),
        (term("transaction"), transaction.into()),
    ];
    about.push((term("lock"), lock(database)));
    about
}

fn lock(database: &NetworkDatabase) -> Line {
    match &database.lock_holders {
        Observed::Missing(gap) => Line::of(Style::Faint, &format!("not read: {}", gap.cause)),
        Observed::Known(holders) if holders.is_empty() => "nobody holds it".into(),
        Observed::Known(holders) => {
            let holder = |holder: &porthole_model::LockHolder| {
                let pid =
                    holder.pid.map_or_else(|| "a process not seen here".to_owned(), |pid| pid.to_string());
                let name = holder.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
                format!("{pid}{name}")
            };
            format!("held by {}", holders.iter().map(holder).collect::<Vec<_>>().join(", ")).into()
        }
    }
}

fn faults(database: &NetworkDatabase) -> Doc {
    let mut doc = Doc::new();
    if database.faults.is_empty() {
        return doc;
    }
    doc.paragraph(Line::of(Style::Error, "damaged:").plain(" what follows is what can still be read"));
    let lines = database.faults.iter().map(|fault| {
        let place = match (fault.page, fault.offset) {
            (Some(page), Some(offset)) => format!("page {page} at byte {offset}: "),
            _ => String::new(),
        };
        Line::of(Style::Code, &place).plain(&fault.problem)
    });
    doc.list(lines.collect()).blank();
    doc
}

fn section(doc: &mut Doc, title: &str, table: Table) {
    if !table.is_empty() {
        doc.heading(title).table(table).blank();
    }
}

fn networks(database: &NetworkDatabase) -> Table {
    let mut table = Table::new(vec![
        Column::new("NAME"),
        Column::new("ID"),
        Column::new("DRIVER"),
        Column::new("INTERFACE").may_drop(2),
        Column::new("SUBNET").wrap(14),
        Column::new("GATEWAY").wrap(12).may_drop(3),
        Column::new("ENDPOINTS").right(),
        Column::new("IS").wrap(10).may_drop(1),
    ]);
    let mut networks: Vec<_> = database.networks().collect();
    networks.sort_by_key(|network| &network.name);
    for network in networks {
        let subnets = network.subnets.iter().map(|subnet| subnet.pool.as_str());
        let gateways = network.subnets.iter().map(|subnet| subnet.gateway.as_str());
        table.row(vec![
            Line::of(Style::Name, &network.name),
            short(&network.id),
            network.driver.as_str().into(),
            interface(database, network),
            joined(subnets),
            joined(gateways),
            count(database, network).to_string().into(),
            joined(properties(network).into_iter()),
        ]);
    }
    table
}

fn interface(database: &NetworkDatabase, network: &StoredNetwork) -> Line {
    let kept = database.driver_networks().find(|kept| kept.network == network.id);
    kept.map(|kept| Line::from(kept.interface.as_str())).unwrap_or_default()
}

fn count(database: &NetworkDatabase, network: &StoredNetwork) -> usize {
    database.endpoints().filter(|endpoint| endpoint.network == network.id).count()
}

fn properties(network: &StoredNetwork) -> Vec<&'static str> {
    let all = [
        (network.internal, "internal"),
        (network.ipv6, "ipv6"),
        (network.attachable, "attachable"),
        (network.ingress, "ingress"),
        (network.in_delete, "being removed"),
    ];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect()
}

fn endpoints(database: &NetworkDatabase, names: &Names) -> Table {
    let mut table = Table::new(vec![
        Column::new("NETWORK"),
        Column::new("CONTAINER"),
        Column::new("IPV4"),
        Column::new("IPV6").may_drop(2),
        Column::new("MAC").may_drop(1),
        Column::new("PUBLISHED").wrap(16).may_drop(3),
        Column::new("ANSWERS TO").wrap(12).may_drop(4),
    ]);
    for endpoint in database.endpoints() {
        let kept = database.driver_endpoints().find(|kept| kept.id == endpoint.id);
        let ports: Vec<_> = kept.map(ports).unwrap_or_default();
        table.row(vec![
            network_name(database, &endpoint.network),
            container_of(database, endpoint, names),
            endpoint.ipv4.as_str().into(),
            endpoint.ipv6.as_str().into(),
            endpoint.mac.as_str().into(),
            joined(ports.iter().map(String::as_str)),
            joined(endpoint.names.iter().map(String::as_str)),
        ]);
    }
    table
}

fn container_of(database: &NetworkDatabase, endpoint: &StoredEndpoint, names: &Names) -> Line {
    let sandbox = database.sandboxes().find(|sandbox| sandbox.id == endpoint.sandbox);
    let name = sandbox.and_then(|sandbox| names.get(&sandbox.container));
    Line::of(Style::Name, name.map_or(endpoint.name.as_str(), String::as_str))
}

fn ports(kept: &DriverEndpoint) -> Vec<String> {
    let port = |port: &porthole_model::ForwardedPort| {
        let protocol = match port.protocol {
            6 => "tcp",
            17 => "udp",
            132 => "sctp",
            _ => "?",
        };
        let address = match port.host_address.as_str() {
            "" | "0.0.0.0" => String::new(),
            address if address.contains(':') => format!("[{address}]:"),
            address => format!("{address}:"),
        };
        format!("{address}{}->{}/{protocol}", port.host_port, port.port)
    };
    kept.ports.iter().map(port).collect()
}

fn sandboxes(database: &NetworkDatabase, names: &Names) -> Table {
    let mut table = Table::new(vec![
        Column::new("CONTAINER"),
        Column::new("SANDBOX").may_drop(1),
        Column::new("NETWORKS").wrap(10),
        Column::new("NAMES ARE ASKED OF").wrap(16),
    ]);
    for sandbox in database.sandboxes() {
        let networks: Vec<_> =
            sandbox.endpoints.iter().map(|(_, network)| network_name(database, network).text()).collect();
        let forwarders: Vec<_> = sandbox.forwarders.iter().map(forwarder).collect();
        table.row(vec![
            named(sandbox, names),
            short(&sandbox.id),
            joined(networks.iter().map(String::as_str)),
            joined(forwarders.iter().map(String::as_str)),
        ]);
    }
    table
}

fn forwarder(forwarder: &porthole_model::NameForwarder) -> String {
    let from = if forwarder.from_host { " from the host" } else { "" };
    format!("{}{from}", forwarder.address)
}

fn named(sandbox: &StoredSandbox, names: &Names) -> Line {
    match names.get(&sandbox.container) {
        Some(name) => Line::of(Style::Name, name),
        None => short(&sandbox.container.0),
    }
}

fn network_name(database: &NetworkDatabase, id: &str) -> Line {
    match database.networks().find(|network| network.id == id) {
        Some(network) => Line::of(Style::Name, &network.name),
        None => short(id).with(Style::Warning, " (gone)"),
    }
}

fn unknown(database: &NetworkDatabase) -> Table {
    let mut table = Table::new(vec![Column::new("KEY").elide(20), Column::new("VALUE").elide(20)]);
    for record in &database.records {
        if let Stored::Unknown(value) = &record.stored {
            table.row(vec![record.key.as_str().into(), Line::of(Style::Code, value.as_str())]);
        }
    }
    table
}

fn kind(stored: &Stored) -> &'static str {
    match stored {
        Stored::Network(_) => "a network",
        Stored::Endpoint(_) => "an endpoint",
        Stored::EndpointCount { .. } => "a count of endpoints",
        Stored::DriverNetwork(_) => "a driver's network",
        Stored::DriverEndpoint(_) => "a driver's endpoint",
        Stored::Sandbox(_) => "a sandbox",
        Stored::Marker => "a key without a value",
        Stored::Unknown(_) => "not understood",
    }
}

fn short(id: &str) -> Line {
    Line::from(id.get(..12).unwrap_or(id))
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> Line {
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ").into()
}
