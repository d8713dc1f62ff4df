//! The tree: bridges, their ports, and who is behind each.

use porthole_model::{Observed, Topology, TopologyBridge, TopologyEnd, TopologyRow};

use super::words::{addresses, interface, occupant, state, unknown};
use crate::doc::{Doc, Line, Style, TreeNode};
use crate::gaps;

/// Uplinks, bridges with what is behind them, and what is behind no bridge.
pub fn tree(topology: &Topology) -> Doc {
    let mut roots = uplinks(topology);
    roots.extend(topology.bridges.iter().map(|bridge| self::bridge(bridge, &topology.rows)));
    roots.extend(behind_no_bridge(topology));
    let mut doc = Doc::new();
    if roots.is_empty() {
        doc.paragraph("No bridge, no uplink, and no interface of a container or of another namespace.");
    }
    doc.tree(roots);
    doc.append(gaps::not_seen(super::all_gaps(topology)));
    doc
}

fn uplinks(topology: &Topology) -> Vec<TreeNode> {
    let node = |uplink: &porthole_model::TopologyUplink| {
        let mut line = Line::from("uplink ");
        line.append(end(&uplink.end));
        line.push(Style::Faint, if uplink.default_route { " default route" } else { "" });
        TreeNode::new(line, Vec::new())
    };
    topology.uplinks.iter().map(node).collect()
}

fn bridge(bridge: &TopologyBridge, rows: &[TopologyRow]) -> TreeNode {
    let mut line = Line::from("bridge ");
    line.append(end(&bridge.end));
    if let Some((network, _)) = &bridge.network {
        line = line.with(Style::Faint, " network ").with(Style::Name, network);
    }
    let behind: Vec<&TopologyRow> =
        rows.iter().filter(|row| row.bridge.as_deref() == Some(bridge.end.name.as_str())).collect();
    let mut children: Vec<TreeNode> = behind.iter().map(|row| port(row)).collect();
    children.extend(empty_ports(bridge, &behind));
    TreeNode::new(line, children)
}

/// Ports behind which no namespace was seen.
fn empty_ports(bridge: &TopologyBridge, behind: &[&TopologyRow]) -> Vec<TreeNode> {
    let seen = |port: &&String| {
        let names = behind.iter().filter_map(|row| row.outside.value()?.as_ref());
        !names.into_iter().any(|end| end.name == **port)
    };
    let node = |port: &String| {
        let line = Line::from("port ").with(Style::Name, port);
        TreeNode::new(line.with(Style::Faint, " (no namespace seen behind it)"), Vec::new())
    };
    bridge.ports.iter().filter(seen).map(node).collect()
}

fn port(row: &TopologyRow) -> TreeNode {
    let mut line = Line::from("port ");
    match &row.outside {
        Observed::Known(Some(outside)) => line.append(end(outside)),
        Observed::Known(None) => line.push(Style::Plain, "-"),
        Observed::Missing(_) => line.append(unknown()),
    }
    TreeNode::new(line, vec![TreeNode::new(inside(row), Vec::new())])
}

fn inside(row: &TopologyRow) -> Line {
    let kind = if row.containers.is_empty() { "outside any engine: " } else { "container " };
    let mut line = Line::from(kind).with(Style::Name, &occupant(row)).plain(" ");
    match &row.inside {
        Observed::Known(inside) => {
            line.append(end(inside));
            if let Some(mac) = inside.mac {
                line.push(Style::Faint, &format!(" {mac}"));
            }
        }
        Observed::Missing(_) => line.append(unknown()),
    }
    line
}

fn end(end: &TopologyEnd) -> Line {
    let mut line = Line::of(Style::Strong, &interface(end)).plain(" ");
    line.append(state(end));
    if !end.addresses.is_empty() {
        line = line.plain(" ").with(Style::Code, &addresses(end));
    }
    line
}

fn behind_no_bridge(topology: &Topology) -> Option<TreeNode> {
    let known = |name: &str| topology.bridges.iter().any(|bridge| bridge.end.name == name);
    let rows = topology.rows.iter().filter(|row| !row.bridge.as_deref().is_some_and(known));
    let children: Vec<TreeNode> = rows.map(|row| TreeNode::new(alone(row), Vec::new())).collect();
    (!children.is_empty()).then(|| TreeNode::new("behind no bridge of this list", children))
}

fn alone(row: &TopologyRow) -> Line {
    let mut line = inside(row);
    match &row.outside {
        Observed::Known(Some(outside)) => {
            line.push(Style::Plain, " veth ");
            line.append(end(outside));
        }
        Observed::Known(None) => {}
        Observed::Missing(_) => {
            line.push(Style::Plain, " veth ");
            line.append(unknown());
        }
    }
    if let Some((network, _)) = &row.network {
        line = line.with(Style::Faint, " network ").with(Style::Name, network);
    }
    line
}
