//! The checks: each a row of one table, with its code, its documentation and a pure function.

mod concern;
mod names;
mod ph001_forwarding;
mod ph002_rules_gone;
mod ph003_translation_gone;
mod ph004_forward_policy;
mod ph005_foreign_rule;
mod ph006_two_firewalls;
mod ph007_input;
mod ph008_past_the_firewall;
mod ph009_published_on_loopback;
mod ph010_listens_on_loopback;
mod ph011_nothing_listens;
mod ph012_docker_proxy;
mod ph013_port_taken;
mod ph014_kernel_alone;
mod ph015_bridge_rules;
mod ph016_overlap;
mod ph017_address_pools;
mod ph018_mtu;
mod ph019_silent_mtu;
mod ph020_name_servers;
mod ph021_embedded_resolver;
mod ph022_stale_servers;
mod ph023_neighbour;
mod ph024_ipv6_off;
mod ph025_direct_routing;
mod ph026_nftables_engine;
mod ph027_conntrack_full;
mod ph028_stale_flow;
mod ph029_reverse_path;
mod ph030_same_mac;
mod ph031_same_address;
mod ph032_host_interface;
mod ph033_bridge;
mod ph034_inside;
mod ph035_network_gone;
mod ph036_orphans;
mod ph037_network_database;
mod ph038_no_module;
mod ph040_does_not_accept;
mod ph042_static_entry;
mod ph101_engine_silent;
mod ph102_api_range;
mod ph103_several_engines;
mod ph104_open_api;
mod ph105_engine_socket;
mod ph106_restart_loop;
mod ph107_memory;
mod ph108_storage;
mod ph109_health_check;
mod ph110_limits;
mod ph111_bind_source;
mod ph112_architecture;
mod ph113_unreachable;
mod ph120_no_answer;
mod stopped;

use porthole_model::{CheckCode, Gap};

use crate::case::Case;
pub use concern::{Concern, Found};
pub(crate) use concern::{about_container, about_network, about_port};
pub(crate) use concern::{client, client_of};

/// A check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its stable code.
    pub code: CheckCode,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// What a person should know of it.
    pub documentation: Documentation,
    /// The check itself; the gap says why it could not run.
    pub run: fn(&Case<'_>) -> Result<Found, Gap>,
}

/// A check's documentation, each part a paragraph or more of Markdown.
#[derive(Clone, Copy, Debug)]
pub struct Documentation {
    /// What it checks.
    pub checks: &'static str,
    /// Why that matters, and what people see.
    pub why: &'static str,
    /// How to mend what it finds.
    pub mend: &'static str,
    /// An example of what goes wrong.
    pub example: &'static str,
}

/// Every check, by code.
pub fn checks() -> &'static [Check] {
    &TABLE
}

/// The check of that code.
pub fn check(code: CheckCode) -> Option<&'static Check> {
    TABLE.iter().find(|check| check.code == code)
}

static TABLE: [Check; 54] = [
    ph001_forwarding::CHECK,
    ph002_rules_gone::CHECK,
    ph003_translation_gone::CHECK,
    ph004_forward_policy::CHECK,
    ph005_foreign_rule::CHECK,
    ph006_two_firewalls::CHECK,
    ph007_input::CHECK,
    ph008_past_the_firewall::CHECK,
    ph009_published_on_loopback::CHECK,
    ph010_listens_on_loopback::CHECK,
    ph011_nothing_listens::CHECK,
    ph012_docker_proxy::CHECK,
    ph013_port_taken::CHECK,
    ph014_kernel_alone::CHECK,
    ph015_bridge_rules::CHECK,
    ph016_overlap::CHECK,
    ph017_address_pools::CHECK,
    ph018_mtu::CHECK,
    ph019_silent_mtu::CHECK,
    ph020_name_servers::CHECK,
    ph021_embedded_resolver::CHECK,
    ph022_stale_servers::CHECK,
    ph023_neighbour::CHECK,
    ph024_ipv6_off::CHECK,
    ph025_direct_routing::CHECK,
    ph026_nftables_engine::CHECK,
    ph027_conntrack_full::CHECK,
    ph028_stale_flow::CHECK,
    ph029_reverse_path::CHECK,
    ph030_same_mac::CHECK,
    ph031_same_address::CHECK,
    ph032_host_interface::CHECK,
    ph033_bridge::CHECK,
    ph034_inside::CHECK,
    ph035_network_gone::CHECK,
    ph036_orphans::CHECK,
    ph037_network_database::CHECK,
    ph038_no_module::CHECK,
    ph040_does_not_accept::CHECK,
    ph042_static_entry::CHECK,
    ph101_engine_silent::CHECK,
    ph102_api_range::CHECK,
    ph103_several_engines::CHECK,
    ph104_open_api::CHECK,
    ph105_engine_socket::CHECK,
    ph106_restart_loop::CHECK,
    ph107_memory::CHECK,
    ph108_storage::CHECK,
    ph109_health_check::CHECK,
    ph110_limits::CHECK,
    ph111_bind_source::CHECK,
    ph112_architecture::CHECK,
    ph113_unreachable::CHECK,
    ph120_no_answer::CHECK,
];
